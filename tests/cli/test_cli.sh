#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/test_cli.sh KONTOR - what scripts rely on: init, import, count, who, undo, export, sql; on SQLite and (when
# KONTOR_TEST_PG names a server) on PostgreSQL, by an own process and through a running server.
set -u
K=$1 F=$(pwd)/tests/fixtures/kunden.xlsx
T=$(mktemp -d) passed=0 failed=0 server= made=
LC_ALL=C.UTF-8
export LC_ALL
# the leak checker of a sanitized build cannot work inside the fence: there the server goes without it
case $K in *asan*) export KONTOR_SANDBOX=no ;; esac

end() {
    [ -z "$server" ] || kill "$server" 2>/dev/null
    for name in $made; do psql -qX "$KONTOR_TEST_PG" -c "DROP DATABASE \"$name\" WITH (FORCE)" >/dev/null; done
    rm -rf "$T"
}
trap end EXIT
trap 'exit 130' INT TERM HUP

# is WHAT GOT WANT
is() {
    if [ "$2" = "$3" ]; then passed=$((passed + 1)); return; fi
    failed=$((failed + 1))
    printf '%s: %s\n  got:  %s\n  want: %s\n' "$round" "$1" "$2" "$3" >&2
}
# has WHAT TEXT PART
has() { case $2 in *"$3"*) is "$1" y y ;; *) is "$1" "$2" "...$3..." ;; esac; }
# json KEY TEXT: a number or text of an object's first such member
json() { printf '%s' "$2" | sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" | head -1; }
# status KEY: what the server answers to who shows this API key
status() { python3 -c 'import http.client, sys; c = http.client.HTTPConnection(sys.argv[1]); c.request("GET", "/api/v1/person?limit=1", headers={"Authorization": "Bearer " + sys.argv[2]}); print(c.getresponse().status)' "$at" "$1"; }
# Runs kontor on the data: its output, its errors in $T/err, its exit code in $code
k() { out=$("$K" "$@" $data 2>"$T/err" </dev/null); code=$?; err=$(cat "$T/err"); }

reads() {
    k count person
    is "count" "$out" "$1"
    k count person --json
    is "count as JSON" "$out" "{\"entity\":\"person\",\"count\":$1}"
}

scenario() {
    reads 0
    k import "$F" --dry-run --json
    is "dry run: exit" "$code" 0
    has "dry run" "$out" '"rows":8,"new":6,"joined":1'
    reads 0
    k import "$F" --json
    has "without --yes nothing is written" "$out" '"dry":true'
    reads 0
    k import "$F" --yes --json --report "$T/report.xlsx" --refused "$T/refused.xlsx"
    batch=$(json batch "$out")
    is "import: exit" "$code" 0
    for key in rows new joined refused empty batch seconds; do has "import: $key" "$out" "\"$key\":"; done
    is "report" "$(head -c 2 "$T/report.xlsx")" PK
    is "refused rows" "$(head -c 2 "$T/refused.xlsx")" PK
    reads 5
    k who '8 612 34567' --json
    has "who: name" "$out" '"name":"Rūta Žukauskaitė","company":"UAB „Baltijos langai“"'
    has "who: phones" "$out" '"e164":"+37061234567"'
    has "who: last interaction" "$out" '"last_interaction":null'
    k who 61234567
    has "who by the last digits" "$out" 'Rūta Žukauskaitė'
    k who 1 --json
    is "who: nobody" "$code $out" "0 []"
    k count person --filter '{"field":"name","op":"contains","value":"muller"}'
    is "count with filter" "$out" 1
    k export person --format csv -o "$T/p.csv" --json
    has "export: rows" "$out" '"rows":5'
    is "export: checksum" "$(json sha256 "$out")" "$(sha256sum "$T/p.csv" | cut -d' ' -f1)"
    for format in xlsx vcf jsonl; do
        k export person --format "$format" -o "$T/p.$format"
        is "export $format" "$code" 0
    done
    is "a line for each" "$(wc -l <"$T/p.jsonl")" 5
    k export person --format jsonl
    is "export to the output" "$out" "$(cat "$T/p.jsonl")"
    k export person --format csv --fields name,company.name,company.people_count
    has "export: a column of the linked company" "$out" 'Rūta Žukauskaitė;UAB „Baltijos langai“;1'
    k export person --format csv --fields name,company.nosuch
    is "export: no such column" "$code" 1
    k sql "SELECT count(*) AS n FROM person WHERE deleted_at IS NULL" --json
    is "sql" "$out" '[{"n":5}]'
    k sql "WITH x AS (SELECT 1) DELETE FROM person"
    is "sql never writes" "$code" 1
    k sql "SELECT nothing FROM person" --json
    has "sql: the engine's words" "$err" nothing
    k sql "DELETE FROM person"
    has "sql: only reading" "$err" "only SELECT"
    reads 5
    k user add $user --name 'Anna Berg' --password-file "$T/pw" --json
    is "user add" "$code" 0
    k user add $user --name 'Anna Berg' --password-file "$T/pw"
    is "user add twice" "$code" 1
    k count person --as $user
    is "as a user" "$out" 5
    k user reset-factor $user --json
    is "user reset-factor" "$code" 0
    k user reset-factor nobody@firma.de
    is "user reset-factor: nobody" "$code" 1
    k user disable $user
    is "user disable" "$code" 0
    k count person --as $user
    is "as a user who is switched off" "$code" 1
    k user list --json
    has "user list" "$out" "\"mail\":\"$user\",\"role\":\"Administrator\",\"active\":false"
    keys
    own
    own_options
    k undo "$batch" --json
    is "undo: exit" "$code" 0
    has "undo" "$out" '"conflicts":0'
    again=$(json batch "$out")
    reads 0
    k undo "$again" --json
    is "redo" "$code" 0
    redo=$(json batch "$out")
    reads 5
    k undo 4711
    is "undo of nothing" "$code" 1
    k undo x
    is "undo of a word: usage" "$code" 2
    k count persn --json
    has "errors as JSON" "$err" '{"error":{"code":"not_found","detail":"there is no entity '
    k import "$T/none.csv" --yes
    is "a file that is not there" "$code" 1
    k import "$F" --yes --dry-run
    is "two that exclude each other: usage" "$code" 2
    is "no file is left in tmp" "$(ls "$T/data/tmp" 2>/dev/null)" ""
}

# API keys: made for a user, shown once, listed, ended. $user is switched off by now.
keys() {
    k key make $user --name Shop
    is "no key for who is switched off" "$code" 1
    k user enable $user
    k key make $user --name 'Web shop' --scopes 'read, write:company' --role Administrator --days 30 --json
    id=$(json id "$out") secret=$(json key "$out")
    is "key make" "$code ${secret%_*}" "0 kontor_$id"
    has "key make: what it opens" "$out" '"user":"Anna Berg","role":"Administrator","scopes":["read","write:company"],"expires_at":"2'
    k key make $user --name Buchhaltung --days 0 --as $user
    is "key make: the own one" "$code" 0
    case $out in kontor_*_????????????????????????????????????????????????????????????????) is "its form" y y ;; *) is "its form" "$out" kontor_ ;; esac
    [ -z "$server" ] || is "it opens" "$(status "$out")" 200
    own_key=$out
    k key list $user --json
    has "key list" "$out" '"name":"Buchhaltung","user":"Anna Berg","role":"","scopes":["read"],"expires_at":null'
    is "no secret in it" "$(printf %s "$out" | grep -c kontor_)" 0
    k key list chef@firma.example --json
    is "key list: of another" "$out" "[]"
    k key list --as $user
    has "key list as text" "$out" "Web shop"
    k key make chef@firma.example --name x --as $user
    is "a key for another" "$code" 1
    for wrong in "--name x --scopes root" "--name x --role Nosuch" "--scopes read"; do
        k key make $user $wrong
        is "key make $wrong" "$code" 1
    done
    k key make $user --name x --days -1
    is "key make: no such days: usage" "$code" 2
    k key make
    is "key make of nobody: usage" "$code" 2
    k key end "$id" --json
    is "key end" "$code $out" "0 {\"id\":\"$id\"}"
    k key end "$id"
    is "key end twice" "$code" 1
    k key end x
    is "key end of a word: usage" "$code" 2
    k key end "${own_key#kontor_}"
    is "a key's number is not its secret: usage" "$code" 2
    id=${own_key#kontor_}
    k key end "${id%_*}"
    [ -z "$server" ] || is "it opens no more" "$(status "$own_key")" 401
    k user disable $user
}

# Own fields and entities; what an earlier round left is in the trash or has another name.
own() {
    k field add person --label Kundennummer --index --json
    field=$(json name "$out")
    is "field add: exit" "$code $(json entity "$out")" "0 person"
    k field add company '{"kind":"choice","label":{"en":"Size"},"choices":[["s","small"]],"index":true}' --choices 'klein,gross' --json
    size=$(json name "$out")
    is "field add by JSON" "$code ${size%_*}" "0 ${size%_*}"
    k field list company --json
    has "field list" "$out" "{\"entity\":\"company\",\"name\":\"$size\",\"kind\":\"choice\",\"label\":\"Size\",\"trashed\":false}"
    k count company --filter "{\"field\":\"$size\",\"op\":\"eq\",\"value\":\"gross\"}"
    is "options stand over the JSON" "$code $out" "0 0"
    k field change person "$field" --label Kunde-Nr --json
    is "field change" "$code $(json name "$out")" "0 $field"
    k field change person "$field" --kind int --dry-run
    has "field change: rehearsal" "$out" "0 values would fit, 0 do not fit"
    k field change person "$field" --kind int --json
    is "field change of kind" "$code" 0
    k field change person "$field" --kind text --json
    is "field change of kind, back" "$code" 0
    k field change person "$field" '{"default":"neu"}' --section main --pos 0
    is "field change of place and default" "$code" 0
    k field change person "$field" '{"default":7}' --json
    is "field change: a default of another kind" "$code" 1
    has "field change: it is told" "$err" '"field":"default"'
    k field list person
    has "field list as text" "$out" "Kunde-Nr"
    k field trash person "$field"
    is "field trash" "$code" 0
    k count person --filter "{\"field\":\"$field\",\"op\":\"notempty\"}"
    is "a trashed field cannot be asked for" "$code" 1
    k field list person --json
    has "field list: trash" "$out" "\"name\":\"$field\",\"kind\":\"text\",\"label\":\"Kunde-Nr\",\"trashed\":true"
    k field restore person "$field"
    k count person --filter "{\"field\":\"$field\",\"op\":\"notempty\"}"
    is "field restore" "$code $out" "0 0"
    k field trash person name
    is "what is built in is not trashed" "$code" 1
    k field add persn --label x --json
    has "field add: no such entity" "$err" "did you mean person?"
    k field add person --kind nosuch --label x
    is "field add: no such kind" "$code" 1
    k field add person '[1]'
    is "field add: no object: usage" "$code" 2
    k field trash person
    is "field trash of nothing: usage" "$code" 2
    k field move person x
    is "field: no such verb: usage" "$code" 2
    k entity add --label Machine --plural Machines --icon cog --json
    machine=$(json name "$out")
    is "entity add: exit" "$code" 0
    k count "$machine"
    is "an own entity is there" "$code $out" "0 0"
    k entity change "$machine" '{"plural":{"en":"Engines"}}' --icon car --json
    is "entity change" "$code $(json name "$out")" "0 $machine"
    k entity change "$machine" '{"fields":[]}' --json
    is "entity change: not that" "$code" 1
    k entity trash "$machine" --json
    is "entity trash" "$code $(json name "$out")" "0 $machine"
    k count "$machine"
    is "a trashed entity is not" "$code" 1
    k entity list --json
    has "entity list" "$out" "{\"name\":\"$machine\",\"label\":\"Machine\",\"trashed\":true}"
    k entity restore "$machine"
    k count "$machine"
    is "entity restore" "$code $out" "0 0"
    k entity trash person
    is "a built-in entity stays" "$code" 1
    k entity list x
    is "entity list: usage" "$code" 2
}

# told ENTITY FIELD: what stands in the description of an own field; or of an own ENTITY.
told() {
    if [ -n "${2:-}" ]; then k sql "SELECT json AS j FROM meta_field WHERE entity = '$1' AND name = '$2'"
    else k sql "SELECT json AS j FROM meta_entity WHERE name = '$1'"; fi
}

# All that the API knows of an own field, by options.
own_options() {
    k field add person --label Rank --label de=Rang --label 'ru=Ранг=1' --help-text de='Von 1 bis 9' --section en=Sizes --section de=Maße \
        --kind int --default 5 --rule '{"field":"name","op":"notempty"}' --required --json
    rank=$(json name "$out")
    is "field add by options" "$code" 0
    told person "$rank"
    has "label in the languages" "$out" '"label":{"en":"Rank","de":"Rang","lt":"Rank","ru":"Ранг=1"}'
    has "help in one" "$out" '"help":{"de":"Von 1 bis 9"}'
    has "section in two" "$out" '"section":{"label":{"en":"Sizes","de":"Maße"}}'
    has "default of its kind, rule" "$out" '"default":5,"rule":{"field":"name","op":"notempty"},"required":true'
    k field change person "$rank" --label lt=Rangas --section lt=Dydžiai --help-text '' --no-required --rule ''
    told person "$rank"
    has "one language more" "$out" '"label":{"en":"Rank","de":"Rang","lt":"Rangas","ru":"Ранг=1"}'
    has "one language more of the section" "$out" '"section":{"name":"Sizes","label":{"en":"Sizes","de":"Maße","lt":"Dydžiai"}}'
    has "required no longer" "$out" '"required":false'
    has "no rule" "$out" '"rule":null'
    has "no help" "$out" '"help":""'
    k field change person "$rank" --kind text --default 7 --unique
    told person "$rank"
    has "the default of a text is one" "$out" '"default":"7"'
    k field change person "$rank" --default '' --no-unique
    told person "$rank"
    has "no default, not unique" "$out" '"default":null'
    has "not unique" "$out" '"unique":false'
    k field change person "$rank" --required --no-required
    is "two that exclude each other" "$code" 2
    k field change person "$rank" --rule '{'
    is "a rule that is no JSON: usage" "$code" 2
    k field change person "$rank" --label de=A --label de=B
    is "a language twice: usage" "$code" 2
    k field trash person "$rank"
    k field add company --label Done --kind rollup --to interaction --via company --def '{"agg":"count","where":{"field":"status","op":"eq","value":"done"}}' --json
    done=$(json name "$out")
    is "a roll-up with a condition" "$code" 0
    told company "$done"
    has "its condition" "$out" '"to":"interaction","via":"company","def":{"agg":"count","where":{"field":"status","op":"eq","value":"done"}}'
    k field change company "$done" --def '{"agg":"count","where":{"field":"at","op":"within","value":{"last_days":30}}}' --json
    is "a condition that cannot be kept" "$code" 1
    has "it is told" "$err" '"field":"def.where"'
    k field trash company "$done"
    k entity add --label Boat --label de=Boot --plural Boats --plural de=Boote --json
    boat=$(json name "$out")
    k entity change "$boat" --list name,changed_at --sections '[{"name":"main","label":{"en":"Main","lt":"Pagrindiniai"},"fields":["name","owner"]}]' --label lt=Valtis
    is "entity change by options" "$code" 0
    told "$boat"
    has "its list" "$out" '"list":["name","changed_at"]'
    has "its sections" "$out" '"sections":[{"name":"main","label":{"en":"Main","lt":"Pagrindiniai"},"fields":["name","owner"]}]'
    has "its label" "$out" '"label":{"en":"Boat","de":"Boot","lt":"Valtis","ru":"Boat"}'
    k entity change "$boat" --list name,nosuch
    is "a column that is not there" "$code" 1
    k entity trash "$boat"
}

# A large undo is killed at several moments: the same command goes on, and nothing is done twice.
killed() {
    awk 'BEGIN { print "Name;Telefon"; for (i = 1; i <= 700; i++) printf "Kunde %d;0221 55%05d\n", i, i }' >"$T/many.csv"
    k count person
    before=$out
    k import "$T/many.csv" --yes --json
    large=$(json batch "$out")
    for pause in 0.05 0.2 0.5; do
        "$K" undo "$large" $data >/dev/null 2>&1 &
        child=$!
        sleep $pause
        kill -9 $child 2>/dev/null
        wait $child 2>/dev/null
    done
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do # on PostgreSQL the dead one is given some seconds
        k undo "$large"
        case $err in *gerade*) sleep 2 ;; *) break ;; esac
    done
    case $err in *schon*) code=0 ;; esac # killed after its end
    is "a killed undo goes on" "$code $err" "0 $err"
    k count person
    is "all is taken back" "$out" "$before"
    k sql "SELECT count(*) AS n FROM change WHERE op = 'delete' AND batch IN (SELECT id FROM batch WHERE undo_of = $large)" --json
    has "and each once" "$out" 700
    k sql "SELECT count(*) AS n FROM batch WHERE undo_of = $large" --json
    has "by one undo" "$out" '"n":1'
}

# engine URL
both() {
    engine=$1 url=$2
    round=$engine
    data="--data $T/data"
    out=$("$K" init $data --country DE --language de --admin chef@firma.example --password-file "$T/pw" ${url:+--db "$url"} 2>&1)
    is "init" "$? $out" "0 $T/data is ready; log in as chef@firma.example. Start it: kontor serve $data"
    k init --country DE --language de --admin chef@firma.example --password-file "$T/pw"
    is "init twice" "$code" 1
    user=anna@firma.example
    scenario
    k undo "$redo"
    is "undo of the redo" "$code" 0
    killed
    round="$engine, through the server"
    "$K" serve $data --listen 127.0.0.1:0 >"$T/serve.log" 2>&1 &
    server=$!
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -S "$T/data/kontor.sock" ] && break; sleep 0.2; done
    is "the server's socket" "$(ls "$T/data/kontor.sock")" "$T/data/kontor.sock"
    at=$(sed -n 's/.*\(127.0.0.1:[0-9]*\).*/\1/p' "$T/serve.log" | head -1)
    k upgrade
    is "upgrade beside a server" "$code" 1
    user=bert@firma.example
    scenario
    kill "$server"
    wait "$server"
    is "the server's end" "$?" 0
    server=
    is "the socket is gone" "$(ls "$T/data/kontor.sock" 2>/dev/null)" ""
    k verify
    [ -n "$url" ] || is "verify" "$code" 0
    k audit verify
    is "the log is what we wrote" "$code" 0
    k audit head
    has "its head" "$out" ":"
    k audit verify --kept "$out" --json
    is "the head is in it" "$code $(json faults "$out")" "0 0"
    k audit verify --kept 1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
    is "another head is not" "$code" 1
    k audit verify --kept 1
    is "half a head is none" "$code" 2
    k doctor --json
    is "doctor" "$code $(json verdict "$out")" "0 ok"
    [ -z "$url" ] || has "the tests' account may too much" "$out" NOCREATEDB
    if [ -z "$url" ]; then
        python3 -c 'import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); d.execute("UPDATE change SET who = 5 WHERE seq = (SELECT min(seq) FROM change)"); d.commit()' "$T/data/kontor.db"
        k audit verify
        is "a changed row" "$code" 1
        has "a changed row is named" "$out" "of the log was changed"
    fi
    rm -rf "$T/data"
}

echo 'Langes-Pferd-7788' >"$T/pw"
round=plain data=
is "version" "$("$K" --version | cut -d' ' -f1)" kontor
k --help
has "help" "$out" "usage: kontor COMMAND"
for name in $("$K" --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
    k "$name" --help
    is "$name --help" "$code" 0
    has "$name --help" "$out" "usage: kontor $name"
done
k
is "no command: usage" "$code" 2
k imprt
is "unknown command" "$code $err" "2 kontor: there is no command 'imprt': did you mean import?"
k count person --data "$T/nowhere"
is "no data" "$code" 1
has "no data" "$err" "kontor init"
made_by() { sed -n "/^<!-- made by: kontor $1 -->/,/^<!-- end/p" docs/admin.md | grep '^|'; }
is "settings in docs/admin.md" "$(made_by 'doctor --settings')" "$("$K" doctor --settings)"
is "limits in docs/admin.md" "$(made_by 'doctor --limits')" "$("$K" doctor --limits)"
is "kinds of security events in docs/admin.md" "$(made_by 'audit kinds')" "$("$K" audit kinds)"
if command -v groff >/dev/null; then
    "$K" man >"$T/kontor.1"
    is "man page" "$(groff -ww -man -Tutf8 "$T/kontor.1" 2>&1 >/dev/null)" ""
fi
both sqlite ""
if [ -n "${KONTOR_TEST_PG:-}" ] && command -v psql >/dev/null; then
    name=kontor-cli-$$
    psql -qX "$KONTOR_TEST_PG" -c "CREATE DATABASE \"$name\"" && made=$name
    server_part=${KONTOR_TEST_PG#*://}
    both postgresql "postgresql://${server_part%%/*}/$name"
fi
echo "test_cli: $passed passed, $failed failed"
[ "$failed" = 0 ]
