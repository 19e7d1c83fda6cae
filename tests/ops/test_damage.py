#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A base that somebody or something has bent, and an upgrade that is killed midway: test_damage.py KONTOR [ROUNDS]
Whatever stands in the files: an answer, never a crash, and what is served is either whole or refused with a way out."""
import http.client, json, pathlib, random, re, shutil, signal, subprocess, sys, time

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
killed_midway()
import_killed()
house.end("damage")
