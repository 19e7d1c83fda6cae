#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A new key of secret.key: test_vault.py KONTOR [ROUNDS]. On SQLite and, with KONTOR_TEST_PG, on PostgreSQL.
Every secret is sealed anew and opens; killed (-9) at any moment, the same command goes on; the log's older seals still fit."""
import json, os, pathlib, random, signal, sqlite3, subprocess, sys, time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
from house import COUNTRY, PASSWORD, House, is_, true

K, ROUNDS = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10
SEALED = {"user_totp": ["seed", "pending"], "hook": ["secret"], "idp": ["secret"], "setting": ["value"]}


def keys(h):
    return pathlib.Path(h.data, "secret.key").read_text().split()


def rows(h, sql):
    return json.loads(h.run("sql", sql, "--json")[1] or "[]")


def sealed(h):
    """The sealed texts of the base, by their key's name."""
    out = {}
    for table, columns in SEALED.items():
        for c in columns:
            for r in rows(h, f"SELECT {c} AS v FROM {table}"):
                text = r["v"] or ""
                at = text.find('"v1.') + 1 if table == "setting" else 0
                if text[at:at + 3] == "v1.":
                    out.setdefault(text[at + 3:at + 11], []).append(text)
    return out


def furnish(h):
    """One secret of each kind."""
    h.serve()
    h.login()
    st, hook, _ = h.ask("POST", "/api/v1/hook", {"name": "h", "url": "https://example.com/x", "ops": ["create"]})
    is_("a webhook", st, 201)
    is_("a provider", h.ask("POST", "/api/v1/idp", {"name": "p", "issuer": "https://login.example.com", "client_id": "k", "secret": "geheim-7"})[0], 201)
    is_("a mail server", h.ask("PUT", "/api/v1/mail/server", {"host": "mail.example.com", "port": 465, "security": "tls", "user": "u",
                                                              "password": "geheim-8", "from": "a@example.com"})[0], 204)
    is_("a proof", h.ask("POST", "/api/v1/session/proof", {"password": PASSWORD})[0], 204)
    is_("an app for codes", h.ask("POST", "/api/v1/factor/totp")[0], 200)
    code, out, err = h.run("vault", "rotate")
    is_("not beside a running server", (code, "stop it" in err), (1, True))
    is_("a clean stop", h.kill(signal.SIGTERM), 0)
    is_("four secrets", sum(map(len, sealed(h).values())), 4)


def audit(h):
    code, out, _ = h.run("audit", "verify", "--json")
    return code, json.loads(out)


def rotated(h):
    was, before = keys(h), sealed(h)
    start = time.monotonic()
    code, out, err = h.run("vault", "rotate", "--json")
    killed.most = time.monotonic() - start
    got = json.loads(out)
    is_("rotated", (code, got["new"], got["secrets"], got["sealed"], got["lost"]), (0, True, 4, 4, 0))
    is_("a new key before the others", (len(keys(h)), keys(h)[1:]), (len(was) + 1, was))
    is_("mode", oct(os.stat(pathlib.Path(h.data, "secret.key")).st_mode & 0o777), "0o600")
    now = sealed(h)
    is_("all are sealed with it", (list(now), len(now[got["key"]])), ([got["key"]], 4))
    true("and none is what it was", not set(sum(before.values(), [])) & set(now[got["key"]]))
    is_("the log says so", rows(h, "SELECT kind, n FROM security_event WHERE kind = 'vault.rotated' ORDER BY seq DESC LIMIT 1"),
        [{"kind": "vault.rotated", "n": 4}])


def opens(h):
    """The server works with them: a webhook is signed, and what was sealed by the old key is verified still."""
    h.serve()
    h.login()
    st, got, _ = h.ask("GET", "/api/v1/mail/server")
    is_("the mail server", (st, got["host"]), (200, "mail.example.com"))
    is_("a person", h.ask("POST", "/api/v1/person", {"name": "Anna"})[0], 201)
    time.sleep(2.5)  # the sealer is about a second behind
    is_("a clean stop", h.kill(signal.SIGTERM), 0)
    code, r = audit(h)
    is_("older and newer seals fit", (code, r["ok"], r["faults"], r["other_keys"], r["open"]), (0, True, 0, 0, 0))


def tampered(h):
    """K01 for security events, by the command: which row, and what was done to it."""
    db = sqlite3.connect(f"{h.data}/kontor.db")
    (seq, addr), = db.execute("SELECT seq, addr FROM security_event WHERE kind = 'login' ORDER BY seq LIMIT 1").fetchall()
    db.execute("UPDATE security_event SET addr = '192.0.2.9' WHERE seq = ?", (seq,))
    db.commit()
    code, r = audit(h)
    seal = r["first"][0].get("seal")
    is_("a changed event is named", (code, r["faults"], r["first"]), (1, 1, [{"fault": "changed", "row": str(seq), "log": "security", "seal": seal}]))
    is_("with a seal of events", db.execute("SELECT count(*) FROM audit_seal WHERE log = 1 AND n = ?", (seal,)).fetchone()[0], 1)
    true("in words, too", f"security event {seq} of the log was changed" in h.run("audit", "verify")[1])
    db.execute("UPDATE security_event SET addr = ? WHERE seq = ?", (addr, seq))
    db.commit()
    is_("put right", audit(h)[0], 0)
    db.execute("DELETE FROM security_event WHERE seq = ?", (seq,))
    db.commit()
    db.close()
    is_("one that is gone is named", audit(h)[1]["first"], [{"fault": "missing", "row": str(seq), "log": "security", "seal": seal}])


def half_way(h):
    """The new key stands in the file and nothing is sealed with it yet, as a kill between the two leaves it."""
    path = pathlib.Path(h.data, "secret.key")
    path.write_text("ab" * 32 + "\n" + path.read_text())
    n = len(keys(h))
    got = json.loads(h.run("vault", "rotate", "--json")[1])
    is_("it goes on with that key", (got["new"], got["sealed"], len(keys(h))), (False, 4, n))
    path.write_text("cd" * 32 + "\n")
    got = json.loads(h.run("vault", "rotate", "--json")[1])
    is_("a lost key is told", (got["lost"], got["sealed"], got["secrets"]), (4, 0, 4))


def killed(h):
    """At any moment: no secret is lost, the file is whole, and the next one finishes."""
    done = 0
    for _ in range(ROUNDS):
        p = subprocess.Popen([K, "vault", "rotate", "--data", h.data], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=h.env)
        time.sleep(random.uniform(0, killed.most))
        p.kill()
        done += p.wait() == 0
        names = len(keys(h))
        if names > 14:  # sixteen at most; those in the middle sealed nothing that is still looked at
            path = pathlib.Path(h.data, "secret.key")
            path.write_text("\n".join(keys(h)[:4] + keys(h)[-3:]) + "\n")
        code, out, err = h.run("vault", "rotate", "--json")
        got = json.loads(out or "{}")
        if not is_("after a kill it goes on", (code, got.get("lost"), got.get("secrets"), list(sealed(h))), (0, 0, 4, [got.get("key")])):
            print(err, file=sys.stderr)
            return
    print(f"vault: {done} of {ROUNDS} were faster than their kill", file=sys.stderr)


def all_of(*db):
    with House(K) as h:
        pw = h.top / "pw"
        pw.write_text(PASSWORD + "\n")
        is_("init", h.run("init", *COUNTRY, "--password-file", str(pw), *db)[0], 0)
        furnish(h)
        rotated(h)
        opens(h)
        rotated(h)
        killed(h)
        opens(h)
        if not db:
            tampered(h)
        half_way(h)


all_of()
house.on_pg("vault", all_of)
house.end("vault")
