#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The clock jumps under the running server: test_clock.py KONTOR [ROUNDS]
Ten years on and back, the end of 32 bits, leap day, the hour that daylight saving skips, backwards in mid-request:
nothing that was acknowledged is lost or doubled, no id comes twice, no waiting line is cut, no job is forgotten."""
import http.client, os, pathlib, random, signal, sys, threading, time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
from house import Clock, House, is_, true, until

K, ROUNDS = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
YEAR = 365 * 86400
JUMPS = ["+1h", f"+{10 * YEAR}", "+0", f"-{10 * YEAR}", "+0", "@2038-01-19 03:14:05", "@2038-01-19 03:14:09",
         "@2028-02-28 23:59:58", "@2028-03-01 00:00:01", "@2027-03-28 00:59:59", "@2027-03-28 01:00:01",
         "@2027-10-31 00:59:59", "+0", "-2", "+0"]


class Writer(threading.Thread):
    """Creates people, each under a key, and each request twice: the second answer must be the first."""

    def __init__(self, h, name):
        super().__init__(daemon=True)
        self.h, self.label, self.acked, self.odd, self.on = h, name, [], [], True

    def run(self):
        i = 0
        while self.on:
            i += 1
            name = f"{self.label} {i}"
            got = [self.h.ask("POST", "/api/v1/person", {"name": name}, {"Idempotency-Key": name})[:2] for _ in "12"]
            ids = {body["id"] for st, body in got if st == 201}
            if len(ids) == 1:
                self.acked.append((name, ids.pop()))
            elif ids:
                self.odd.append(f"{name} came twice: {ids}")
            self.odd += [f"{name}: {st} {body}" for st, body in got if st not in (201, 401, 403)]
            if any(st in (401, 403) for st, _ in got):
                time.sleep(0.02)  # the log-in has run out in between: the main thread logs in again


def enter(h):
    """The log-in is renewed where it has run out."""
    if h.ask("GET", "/api/v1/session")[0] != 200:
        h.login()


def jump(h, clock, to, writers):
    line = http.client.HTTPConnection("127.0.0.1", h.port, timeout=10)
    line.request("GET", "/healthz")
    is_(f"before {to}", line.getresponse().read() is not None, True)
    clock.set(to)
    time.sleep(0.05)
    line.request("GET", "/healthz")  # on the same connection: what runs out runs by another clock
    is_(f"{to}: the waiting line still stands", line.getresponse().status, 200)
    line.close()
    enter(h)
    st, job, _ = h.ask("POST", "/api/v1/person/duplicates/scan", {})
    is_(f"{to}: a job is taken", st, 202)
    before = [len(w.acked) for w in writers]
    true(f"{to}: writing goes on", until(lambda: all(len(w.acked) > n + 3 for w, n in zip(writers, before))))
    return job["job"] if st == 202 else None


def done(h, job):
    enter(h)
    return h.ask("GET", f"/api/v1/job/{job}")[1].get("state") == "done"


def all_there(h, acked, when):
    ids = [i for _, i in acked]
    is_(f"{when}: each id once", len(set(ids)), len(ids))
    gone = [n for n, i in acked if h.ask("GET", f"/api/v1/person/{i}?fields=name")[1].get("name") != n]
    is_(f"{when}: all acknowledged are there", gone, [])


def clock_round(n):
    with House(K) as h:
        clock = Clock(h.top / "clock")
        h.init()
        h.serve(env=clock.env)
        h.login()
        writers = [Writer(h, f"Uhr {n} {i}") for i in range(3)]
        for w in writers:
            w.start()
        order = JUMPS if n == 0 else random.Random(n).sample(JUMPS, len(JUMPS))
        jobs = [jump(h, clock, to, writers) for to in order]
        clock.set("+0")
        for job in jobs:
            true("the jobs of all times are done", until(lambda: done(h, job)))
        for w in writers:
            w.on = False
        for w in writers:
            w.join()
            is_("nothing odd was answered", w.odd[:3], [])
        acked = [a for w in writers for a in w.acked]
        all_there(h, acked, "at the end")
        is_("as many as were acknowledged", h.ask("GET", "/api/v1/count/person")[1]["value"], len(acked))
        h.kill()  # and a start with a clock far behind the newest row
        clock.set(f"-{10 * YEAR}")
        h.serve(env=clock.env)
        h.login()
        st, new, _ = h.ask("POST", "/api/v1/person", {"name": "nach der Rückkehr"})
        is_("it writes with a clock that is behind", st, 201)
        true("its id is above all others", int(new["id"]) > max(int(i) for _, i in acked))
        all_there(h, acked, "behind")
        is_("ended", h.kill(signal.SIGTERM), 0)
        is_("the base is whole", h.run("verify")[0], 0)


if not house.FAKETIME:
    sys.exit("clock: libfaketime is not installed")
for n in range(ROUNDS):
    clock_round(n)
    if ROUNDS > 5:
        print(f"clock: round {n + 1} of {ROUNDS}", file=sys.stderr)
house.end("clock")
