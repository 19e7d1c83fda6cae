#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""R22: does it leak, does it age? test_soak.py KONTOR MEMFAIL [SECONDS]
People at work for SECONDS (60) with all that a day has: log-ins and wrong ones, lists, searches, changes and their undo, imports and theirs,
uploads, exports, streams of events that come and go, other systems that send. The clock runs ahead by hours, so that nights pass with their
tidying. Behind a warm-up of a quarter: memory
(without SQLite's, which has a bound of its own), open files, threads, the log of the base and files beside it must not grow. The two halves of
the rest are held against each other by their medians, and over five minutes and more the line through all samples as well.
MINUTES of it: ./dev soak."""
import collections, http.client, os, pathlib, random, signal, statistics, struct, sys, threading, time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
from faulted import PICTURE, TABLE, good, send, sqlite_in
from house import House, is_, true, until

K, LIB, SECONDS = sys.argv[1], str(pathlib.Path(sys.argv[2]).resolve()), int(sys.argv[3]) if len(sys.argv) > 3 else 60
WARM, LONG, WORKERS, NIGHT_EVERY, HOURS = 0.25, 300, 4, 3, 7
SLACK = {"own": 4 << 20, "sqlite": 24 << 20, "files": 6, "threads": 2, "wal": 24 << 20, "beside": 2}
SHARE = {"own": 0.05, "sqlite": 1, "files": 0, "threads": 0, "wal": 0.5, "beside": 0}  # of the first half
# The caches of pages of the one connection that writes and of those that read fill up while the base grows (db_sqlite.c), to this and no further.
SQLITE_MOST = (64 + 8 * 10 + 16) << 20
HOURLY = {"own": 8 << 20, "files": 4, "threads": 1, "beside": 4}  # the line's slope, at most
# What is on its way into the folder is a day old by the moved clock, so that a night's sweep may take it for a stray: once in a while.
SWEPT, SWEPT_PERCENT = ("picture", "upload"), 25


class Worker(threading.Thread):
    """One of those at work: each with a session of his own, which is renewed when the clock has ended it."""

    def __init__(self, top, n):
        super().__init__(daemon=True)
        self.top, self.rng, self.on = top, random.Random(n), True
        self.port, self.cookie, self.csrf, self.n = top.port, "", "", 0
        self.said, self.odd, self.label = collections.Counter(), [], f"w{n}"

    def call(self, *a, **kw):
        return send(self, *a, **kw)

    def login(self):
        self.cookie = ""
        h = self.top
        st, who, head = h.ask("POST", "/api/v1/session", {"mail": "admin@example.org", "password": house.PASSWORD}, {"Cookie": ""})
        if st == 200:
            self.cookie, self.csrf = head["Set-Cookie"].split(";")[0], who["csrf"]
        else:
            time.sleep(0.3)
        return st

    def name(self):
        self.n += 1
        return f"{self.label}-{self.n}"

    def create(self):
        st, got = self.call("POST", "/api/v1/person", {"name": self.name(), "note": "n" * self.rng.randrange(2000), "phones": [f"+49 151 2{self.rng.randrange(10**7):07}"]})
        if not good(st):
            return st
        p = f"/api/v1/person/{got['id']}"
        st, got = self.call("PATCH", p, {"note": "anders"})
        seq = got.get("change") if good(st) else None
        if seq:
            st, _ = self.call("POST", "/api/v1/undo", {"change": seq})
        return self.call("DELETE", p)[0] if good(st) else st

    def imported(self):
        rows = "Name;Telefon;E-Mail\n" + "".join(f"Einfuhr {self.label} {self.n} {i};0151 3{self.rng.randrange(10**7):07};\n" for i in range(60))
        self.n += 1
        st, f = self.call("POST", "/api/v1/file?name=t.csv", rows.encode(), "text/csv")
        if not good(st):
            return st
        st, run = self.call("POST", "/api/v1/import/run", {"file": f["id"], "entity": "person"})
        if not good(st):
            return st
        job = until(lambda: (lambda j: j if j and j.get("state") in ("done", "failed") else None)(self.call("GET", f"/api/v1/job/{run['job']}")[1]), 20)
        batch = job and (job.get("result") or {}).get("batch")
        return self.call("POST", "/api/v1/undo", {"batch": batch, "mode": "force"})[0] if batch else st

    def stream(self):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            c.request("GET", "/api/v1/events", headers={"Cookie": self.cookie})
            r = c.getresponse()
            r.read(10) if r.status == 200 and self.rng.randrange(2) else None
            return r.status
        except OSError:
            return 200  # nothing happened within the time
        finally:
            c.close()

    def sync(self):
        n = self.rng.randrange(200)
        self.n += 1
        return self.call("POST", "/api/v1/sync/shop", {"items": [{"id": f"{self.label}-{self.n}", "entity": "company", "key": f"k{n}", "values": {"name": f"Firma {n}", "note": str(self.n)}}]})[0]

    def wrong(self):
        return self.top.ask("POST", "/api/v1/session", {"mail": f"nobody{self.rng.randrange(9)}@example.org", "password": "not this one"}, {"Cookie": ""})[0]

    def doings(self):
        get = lambda path: lambda: self.call("GET", path)[0]
        return [(12, "list", get("/api/v1/person?limit=50&sort=name")), (8, "search", get("/api/v1/search?q=Ein")), (6, "count", get("/api/v1/count/company")),
                (6, "create", self.create), (1, "import", self.imported), (4, "sync", self.sync), (3, "stream", self.stream),
                (3, "upload", lambda: self.call("POST", f"/api/v1/file?name={self.name()}.csv", TABLE, "text/csv")[0]),
                (2, "picture", lambda: self.call("POST", f"/api/v1/file?name={self.name()}.jpg&as=picture", PICTURE, "image/jpeg")[0]),
                (2, "export", get("/api/v1/export/company?format=xlsx")), (1, "export", get("/api/v1/export/person?format=csv")),
                (2, "log-in", self.login), (0.2, "wrong", self.wrong), (2, "meta", get("/api/v1/meta")), (2, "metrics", get("/metrics"))]

    def run(self):
        table = self.doings()
        while self.on:
            _, name, fn = self.rng.choices(table, [t[0] for t in table])[0]
            try:
                st = fn()
            except Exception as e:  # told at the end
                st, self.odd = 0, self.odd + [f"{name}: {e!r}"]
            self.said[(name, st)] += 1
            if st == 401 and name != "wrong":
                self.login()
            if (st >= 500 or st == 0) and name not in SWEPT:
                self.odd.append(f"{name}: {st}")
            time.sleep(0.01)


def sample(h):
    """What the process holds now."""
    status = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{h.server.pid}/status").read_text().splitlines())
    kb = lambda key: int(status[key].split()[0]) * 1024
    top = pathlib.Path(h.data)
    wal = top / "kontor.db-wal"
    beside = sum(1 for x in top.iterdir() if x.is_file())
    uploads = top / "uploads"
    beside += sum(1 for _ in uploads.rglob("*.in")) + sum(1 for _ in uploads.rglob("*.new")) if uploads.exists() else 0
    held = struct.unpack("q", (h.top / "held").read_bytes())[0]
    return {"own": kb("RssAnon") - held, "sqlite": held, "rss": kb("VmRSS"), "threads": int(status["Threads"]), "files": len(os.listdir(f"/proc/{h.server.pid}/fd")),
            "wal": wal.stat().st_size if wal.exists() else 0, "beside": beside}


def slope(points):
    """Of the line through (x, y) by least squares."""
    mx, my = statistics.fmean(x for x, _ in points), statistics.fmean(y for _, y in points)
    below = sum((x - mx) ** 2 for x, _ in points)
    return sum((x - mx) * (y - my) for x, y in points) / below if below else 0


def judged(samples):
    rest = [s for s in samples if s[0] >= WARM * SECONDS]
    middle = (rest[0][0] + rest[-1][0]) / 2
    for key in ("rss", *SLACK):
        first, second = ([s[1][key] for s in rest if (s[0] < middle) == before] for before in (True, False))
        a, b, hourly = statistics.median(first), statistics.median(second), slope([(t / 3600, s[key]) for t, s in rest])
        if key == "rss":  # with pages of the base, which the system takes back
            print(f"  {key:9} first half {a:14,.0f}  second half {b:14,.0f}  {'':22}  {hourly:+14,.0f} an hour")
            continue
        bound = a * (1 + SHARE[key]) + SLACK[key]
        print(f"  {key:9} first half {a:14,.0f}  second half {b:14,.0f}  at most {bound:14,.0f}  {hourly:+14,.0f} an hour")
        true(f"{key}: the second half is like the first ({a:,.0f}, {b:,.0f})", b <= bound)
        if SECONDS >= LONG and key in HOURLY:
            true(f"{key}: the line is flat ({hourly:+,.0f} an hour, at most {HOURLY[key]:,})", hourly <= HOURLY[key])


def main():
    with House(K) as h:
        clock = house.Clock(h.top / "clock")
        h.init()
        is_("some people", h.run("demo", "--people", "200")[0], 0)
        (h.top / "held").write_bytes(bytes(8))
        h.serve(env={**clock.env, "LD_PRELOAD": f"{LIB}:{clock.env['LD_PRELOAD']}", "KONTOR_MEM_FOREIGN": sqlite_in(K), "KONTOR_MEM_COUNT": str(h.top / "held")})
        h.login()
        workers = [Worker(h, i) for i in range(WORKERS)]
        for w in workers:
            is_("log-in", w.login(), 200)
            w.start()
        begun, samples, ahead = time.monotonic(), [], 0
        while (t := time.monotonic() - begun) < SECONDS:
            if t // NIGHT_EVERY > ahead:
                ahead = int(t // NIGHT_EVERY)
                clock.set(f"+{ahead * HOURS}h")
            samples.append((t, sample(h)))
            if not true("it runs", h.server.poll() is None):
                break
            time.sleep(0.5)
        for w in workers:
            w.on = False
        for w in workers:
            w.join(60)
            is_("nothing odd was answered", w.odd[:3], [])
        said = sum((w.said for w in workers), collections.Counter())
        did = collections.Counter()
        for (name, st), n in said.items():
            did[name] += n if st < 400 else 0
        print(f"soak: {sum(said.values())} requests in {SECONDS} s, {ahead * HOURS / 24:.1f} days by its clock: {dict(did)}")
        print(f"  other answers: {dict((f'{n} {st}', c) for (n, st), c in sorted(said.items()) if st >= 400)}")
        lost = sum(n for (name, st), n in said.items() if name in SWEPT and not good(st))
        true(f"few uploads met a night ({lost})", 100 * lost <= SWEPT_PERCENT * sum(did[n] for n in SWEPT))
        for name in {t[1] for t in workers[0].doings()} - {"wrong"}:
            true(f"{name} was done", did[name] > 0)
        judged(samples)
        most = max(s["sqlite"] for _, s in samples)
        true(f"SQLite keeps to its caches ({most:,})", 1 << 20 < most < SQLITE_MOST)
        is_("ended", h.kill(signal.SIGTERM), 0)
        is_("the base is whole", h.run("verify")[0], 0)


if not house.FAKETIME:
    sys.exit("soak: libfaketime is not installed")
main()
house.end("soak")
