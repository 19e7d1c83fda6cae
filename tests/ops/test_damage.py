#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A base that somebody or something has bent, and an upgrade that is killed midway: test_damage.py KONTOR [ROUNDS]
Whatever stands in the files: an answer, never a crash, and what is served is either whole or refused with a way out."""
import http.client, json, pathlib, random, re, shutil, signal, sqlite3, subprocess, sys, time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
from house import House, is_, older, true, until

K, ROUNDS = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20


def copy(at, to):
    shutil.copytree(at, to, ignore=shutil.ignore_patterns("*.sock"))


def furnished(h):
    """Some hundred people, and a log of the base that was not written back."""
    h.init()
    is_("some people", h.run("demo", "--people", "60")[0], 0)
    h.serve()
    h.login()
    for i in range(20):
        h.ask("POST", "/api/v1/person", {"name": f"Person {i}", "note": "x" * 500})
    h.kill()


def bend(path, rng):
    """Turns some bytes over, cuts the end off, puts zeros or another page in."""
    data = bytearray(path.read_bytes())
    how, at = rng.randrange(5), rng.randrange(len(data))
    if how == 0:
        for _ in range(rng.randrange(1, 9)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif how == 1:
        del data[at:]
    elif how == 2:
        data[at:at + 4096] = bytes(min(4096, len(data) - at))
    elif how == 3:
        page, other = at // 4096 * 4096, rng.randrange(len(data)) // 4096 * 4096
        data[page:page + 4096] = data[other:other + 4096]
    else:
        data[rng.randrange(min(100, len(data)))] = rng.randrange(256)  # its head
    path.write_bytes(data)
    return f"{path.name}, way {how} at {at}"


def flipped():
    """R21: bytes of the base, and of the log beside it that a kill left there."""
    rng = random.Random(21)
    with House(K) as h:
        furnished(h)
        logged, whole, found = h.top / "logged", h.top / "whole", 0
        copy(h.data, logged)
        wal = logged / "kontor.db-wal"
        true("there is a log beside the base", wal.exists() and wal.stat().st_size > 4096)
        is_("and none after an orderly end", (h.serve(), h.kill(signal.SIGTERM))[1], 0)
        copy(h.data, whole)
        for n in range(ROUNDS):
            good, name = (logged, "kontor.db-wal") if n % 4 == 3 else (whole, "kontor.db")
            shutil.rmtree(h.data)
            copy(good, h.data)
            what = bend(pathlib.Path(h.data, name), rng)
            code, out, err = h.run("verify")
            found += code != 0 and good == whole
            true(f"{what}: verify ends by itself ({code})", code >= 0 and "Sanitizer" not in err)
            true(f"{what}: what is wrong is told", code == 0 or (out + err).strip())
            (h.top / "log").unlink()
            h.begin()
            up = until(lambda: h.server.poll() is not None or "Kontor is ready" in h.text(), 30)
            true(f"{what}: it starts or tells why not", up)
            if h.server.poll() is None:
                h.port = int(re.findall(r"is ready: http://127\.0\.0\.1:(\d+)/", h.text())[-1])
                for path in ("/readyz", "/api/v1/door", "/api/v1/person"):
                    h.ask("GET", path, headers={"Cookie": h.cookie})
                h.ask("POST", "/api/v1/session", {"mail": "admin@example.org", "password": house.PASSWORD}, {"Cookie": ""})
                is_(f"{what}: it ends as it should", h.kill(signal.SIGTERM), 0)
            else:
                true(f"{what}: a refusal, not a crash ({h.server.returncode})", h.server.returncode > 0)
                h.server = None
            true(f"{what}: no fault of ours", "Sanitizer" not in h.text())
        bent = ROUNDS - ROUNDS // 4
        true(f"most of what is bent in the base is found ({found} of {bent})", found * 3 >= bent)


NOTE = "Bestellung vom Dienstag, nur mit Lieferschein"


def findings(h):
    """(exit code, [(what, where, ids, text)]) of verify."""
    code, out, err = h.run("verify", "--json")
    true(f"verify ends by itself ({code} {err[-200:]})", code >= 0 and "Sanitizer" not in err)
    return code, [(f["what"], f["where"], f["ids"], f["text"]) for f in json.loads(out)["findings"] if f["bad"]] if out else []


def lived(h):
    """A base with a history, seals, and a note that is nowhere twice; (its person, the log's last row)."""
    h.init()
    is_("some people", h.run("demo", "--people", "60")[0], 0)
    h.serve()
    h.login()
    who = h.ask("POST", "/api/v1/person", {"name": "Bitz", "note": NOTE, "phones": ["+49 151 23456789"]})[1]["id"]
    for i in range(3):
        h.ask("PATCH", f"/api/v1/person/{who}", {"name": f"Bitz {i}"})
    gone = h.ask("POST", "/api/v1/person", {"name": "Vergessen", "note": "geht bald"})[1]["id"]
    h.ask("PATCH", f"/api/v1/person/{gone}", {"note": "geht jetzt"})
    confirm = h.ask("GET", f"/api/v1/person/{gone}/erase")[1].get("confirm", "Vergessen")
    st, said, _ = h.ask("POST", f"/api/v1/person/{gone}/erase", {"confirm": confirm, "ground": "duty"})
    true(f"erased by law: {st} {said}", 200 <= st < 300)
    until(lambda: h.ask("GET", f"/api/v1/person/{gone}")[0] == 404)
    is_("ended", h.kill(signal.SIGTERM), 0)
    true("the head is kept", pathlib.Path(h.data, "audit.head").exists())
    return who


def put_back(h, good):
    for beside in ("-wal", "-shm"):
        pathlib.Path(h.data, "kontor.db" + beside).unlink(missing_ok=True)
    pathlib.Path(h.data, "kontor.db").write_bytes(good)


def by_hand(h, sql, *values):
    db = sqlite3.connect(f"{h.data}/kontor.db")
    n = db.execute(sql, values).rowcount
    db.commit()
    db.close()
    return n


def each_byte(h, who, good):
    """Each byte of a text in the file, wherever it stands: the record, and the field, or at least that it is not whole."""
    file = pathlib.Path(h.data, "kontor.db")
    places = [m.start() for m in re.finditer(re.escape(NOTE.encode()), file.read_bytes())]
    true(f"the note stands in the file ({len(places)})", places)
    told = 0
    for n, at in enumerate([p + i for p in places for i in range(0, len(NOTE), 11 if "asan" in K else 5)]):
        data = bytearray(good)
        data[at] ^= 1 << n % 7
        put_back(h, data)
        code, bad = findings(h)
        told += ("values", "person.note", [who]) in [b[:3] for b in bad]
        is_(f"byte {at}: it is found ({bad})", code, 1)
    true(f"the record and the field are named ({told})", told >= len(NOTE) // 11)
    put_back(h, good)


def named():
    """R21: what is bent within a record, in the log, in the index is found, and said to be there and nowhere else."""
    with House(K) as h:
        who = lived(h)
        is_("as it was, erased history and all", findings(h), (0, []))
        file, kept = pathlib.Path(h.data, "kontor.db"), pathlib.Path(h.data, "audit.head")
        good = file.read_bytes()
        each_byte(h, who, good)
        last = int(json.loads(h.run("sql", f"SELECT max(seq) AS n FROM change WHERE record = {who}", "--json")[1])[0]["n"])
        turns = [("a number", "UPDATE person SET created_at = created_at + 1 WHERE id = ?", who, ("values", "person.created_at", [who])),
                 ("a text's folded twin", "UPDATE person SET name_f = 'bits' WHERE id = ?", who, ("values", "person.name", [who])),
                 ("nothing there", "UPDATE person SET owner = NULL WHERE id = ?", who, ("values", "person.owner", [who])),
                 ("a phone", "UPDATE contact_point SET norm = '+4915123456780' WHERE record = ?", who, ("contact_point", "person.phones", [who])),
                 ("a row of the log", "UPDATE change SET old = replace(old, 'Bitz 1', 'Bitz 7') WHERE seq = ?", last, ("log", "change", [str(last)])),
                 ("a row of the log is gone", "DELETE FROM change WHERE seq = ?", last, ("log", "change", [str(last)])),
                 ("the index", "UPDATE search_doc SET text = text || 'x' WHERE record = ?", who, ("search", "search_doc", []))]
        for label, sql, at, want in turns:
            is_(f"{label}: bent", by_hand(h, sql, int(at)), 1)
            code, bad = findings(h)
            true(f"{label}: {want} is among {bad}", code == 1 and want in [b[:3] for b in bad])
            if label == "the index":
                is_("the index is no loss", [b[3] for b in bad], ["texts to be searched that are not what was written; the records are whole"])
            put_back(h, good)
        is_("put back", findings(h), (0, []))
        cut_end(h, file, kept)


def cut_end(h, file, kept):
    """The whole end of the log with its seals, as an older file of the base has it: the head beside it tells."""
    before = file.read_bytes()
    h.serve()
    h.login()
    h.ask("POST", "/api/v1/person", {"name": "Das Ende"})
    is_("ended", h.kill(signal.SIGTERM), 0)
    is_("the longer log", findings(h), (0, []))
    put_back(h, before)
    code, bad = findings(h)
    true(f"the cut end is found: {bad}", code == 1 and any("cut off" in b[3] for b in bad))
    head = kept.read_bytes()
    h.serve()
    true("the server says so", until(lambda: "its end was cut off" in h.text(), 5))
    h.login()
    h.ask("POST", "/api/v1/person", {"name": "Danach"})
    is_("it ends as ever", h.kill(signal.SIGTERM), 0)
    is_("and the head that tells is left", kept.read_bytes(), head)
    is_("so it is still found", findings(h)[0], 1)
    kept.unlink()
    is_("meant so", findings(h), (0, []))


def killed_midway():
    """R19: an upgrade of the data that is killed at any moment ends, the next time, as one that was not."""
    rng = random.Random(19)
    with House(K) as h:
        furnished(h)
        h.serve()
        h.login()
        people = h.ask("GET", "/api/v1/count/person")[1]["value"]
        h.kill(signal.SIGTERM)
        last = older(h.data)
        good, left = h.top / "good", 0
        copy(h.data, good)
        begun = time.monotonic()
        is_("the upgrade as it is", h.run("upgrade")[0], 0)
        whole = time.monotonic() - begun
        for n in range(ROUNDS):
            shutil.rmtree(h.data)
            copy(good, h.data)
            p = subprocess.Popen([h.kontor, "upgrade", "--data", h.data], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=h.env)
            time.sleep(whole * (n + rng.random()) / ROUNDS) # somewhere in every part of it
            p.kill()
            left += p.wait() == -signal.SIGKILL
            code, out, err = h.run("upgrade")
            true(f"round {n}: it ends the second time ({code} {err[-200:]})", code == 0 and (f"to {last}" in out or not err))
            is_(f"round {n}: the base is whole", h.run("verify")[0], 0)
            h.serve()
            h.login()
            is_(f"round {n}: everybody is there", h.ask("GET", "/api/v1/count/person")[1]["value"], people)
            h.kill(signal.SIGTERM)
        true(f"it was killed midway ({left} of {ROUNDS})", left > ROUNDS // 4)


def import_killed():
    """R15: a job that is killed between its effect and its mark: every row comes in, none twice."""
    rows = 4000 if "asan" in K else 9000 # a count is exact up to 10,000
    with House(K) as h:
        h.init()
        h.serve()
        h.login()
        table = "Name;Telefon;E-Mail\n" + "".join(f"Kunde {i};0151 {2000000 + i};k{i}@kunde{i}.example\n" for i in range(rows))
        c = http.client.HTTPConnection("127.0.0.1", h.port, timeout=60)
        c.request("POST", "/api/v1/file?name=k.csv", table.encode(), {"Cookie": h.cookie, "X-CSRF-Token": h.csrf})
        file = json.loads(c.getresponse().read())["id"]
        st, run, _ = h.ask("POST", "/api/v1/import/run", {"file": file, "entity": "person"})
        is_("it begins", st, 202)
        midway = 0
        for n in range(min(ROUNDS, 6)):
            until(lambda: h.ask("GET", "/api/v1/count/person")[1]["value"] >= rows * (n + 1) // 10, 20)
            h.kill()
            h.serve()
            h.login()
            midway += 0 < h.ask("GET", "/api/v1/count/person")[1]["value"] < rows
        true(f"it was killed midway ({midway} times)", midway)
        done = until(lambda: h.ask("GET", f"/api/v1/job/{run['job']}")[1].get("state") in ("done", "failed"), 120)
        job = h.ask("GET", f"/api/v1/job/{run['job']}")[1]
        true(f"it ends: {job}", done and job["state"] == "done")
        is_("each row once", h.ask("GET", "/api/v1/count/person")[1]["value"], rows)
        is_("and no name twice", json.loads(h.run("sql", "SELECT count(DISTINCT name) AS n FROM person", "--json")[1])[0]["n"], rows)
        h.kill(signal.SIGTERM)
        is_("the base is whole", h.run("verify")[0], 0)


flipped()
named()
killed_midway()
import_killed()
house.end("damage")
