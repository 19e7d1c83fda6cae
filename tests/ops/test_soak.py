#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""R22: does it leak, does it age? test_soak.py KONTOR HEAP [SECONDS]
People at work for SECONDS (60) with all that a day has: log-ins and wrong ones, lists, searches, changes and their undo, imports and theirs,
uploads, exports, streams of events that come and go, other systems that send. The clock runs ahead by hours, so that nights pass with their
tidying. Behind a warm-up of a third nothing may grow: what is asked for and not given back (HEAP counts it, by who asked: tests/torture/heap.c),
the process's own memory, open files, threads, the log of the base, files beside it. Growth is the slope in the middle of all slopes between two
samples (Theil and Sen), so that a peak or a night bends nothing. HOURS of it: ./dev soak."""
import collections, http.client, os, pathlib, random, re, signal, statistics, struct, subprocess, sys, threading, time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
from faulted import PICTURE, TABLE, good, send, sqlite_in
from house import House, is_, true, until

K, LIB, SECONDS = sys.argv[1], str(pathlib.Path(sys.argv[2]).resolve()), int(sys.argv[3]) if len(sys.argv) > 3 else 60
WARM, WORKERS, NIGHT_EVERY, HOURS = 1 / 3, 4, 3, 7
# How much each may have grown from the warm-up's end to the end, however long that is: hours find what minutes let pass. heap: the table of remembered
# sessions fills up to some 1 MB (auth/keep.c).
GROWTH = {"heap": 2 << 20, "own": 12 << 20, "sqlite": 24 << 20, "files": 12, "threads": 2, "wal": 24 << 20, "beside": 2}
# The caches of pages of the one connection that writes and of those that read fill up while the base grows (db_sqlite.c), to this and no further.
SQLITE_MOST = (64 + 8 * 10 + 16) << 20
if SECONDS >= 600: # long enough to fill them
    GROWTH["sqlite"] = SQLITE_MOST
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


class Heap:
    """Who holds how much, by the table that the library keeps in the server."""

    def __init__(self, h):
        self.file = pathlib.Path(f"{h.top}/heap.{h.server.pid}")
        self.maps = f"/proc/{h.server.pid}/maps"
        first = next(l for l in open(self.maps) if l.rstrip().endswith("/kontor"))
        self.base = int(first.split("-")[0], 16)
        self.sqlite = [self.base + int(x, 16) for x in sqlite_in(K).split("-")]

    def places(self):
        """{where: (bytes, blocks)}"""
        return {at: (size, n) for at, size, n in struct.iter_unpack("qqq", self.file.read_bytes()) if at}

    def sums(self):
        """(bytes of all but SQLite, bytes of SQLite)"""
        held = [0, 0]
        for at, (size, _) in self.places().items():
            held[self.sqlite[0] <= at < self.sqlite[1]] += size
        return held

    def name(self, at):
        """The program's function and line, or the library."""
        for line in open(self.maps):
            part = line.split()
            low, high = (int(x, 16) for x in part[0].split("-"))
            if low <= at < high and len(part) > 5 and not part[5].endswith("/kontor"):
                return pathlib.Path(part[5]).name
        return " ".join(subprocess.run(["addr2line", "-fse", K, hex(max(0, at - self.base - 1))], capture_output=True, text=True).stdout.split())

    def growth(self, before):
        """The places that grew the most."""
        now = self.places()
        grown = sorted(((now[at][0] - before.get(at, (0, 0))[0], at) for at in now), reverse=True)[:8]
        return [f"{size:+,} {self.name(at)}" for size, at in grown if size > 0]


def sample(h, heap):
    """What the process holds now."""
    status = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{h.server.pid}/status").read_text().splitlines())
    kb = lambda key: int(status[key].split()[0]) * 1024
    top = pathlib.Path(h.data)
    wal = top / "kontor.db-wal"
    beside = sum(1 for x in top.iterdir() if x.is_file())
    uploads = top / "uploads"
    beside += sum(1 for _ in uploads.rglob("*.in")) + sum(1 for _ in uploads.rglob("*.new")) if uploads.exists() else 0
    held, sqlite = heap.sums()
    return {"heap": held, "own": kb("RssAnon") - sqlite, "sqlite": sqlite, "rss": kb("VmRSS"), "threads": int(status["Threads"]),
            "files": len(os.listdir(f"/proc/{h.server.pid}/fd")), "wal": wal.stat().st_size if wal.exists() else 0, "beside": beside}


def slope(points):
    """The middle of the slopes between any two of at most 200 points that stand apart."""
    some = points[:: max(1, len(points) // 200)]
    steep = [(y - x[1]) / (t - x[0]) for i, (t, y) in enumerate(some) for x in some[:i] if t - x[0] > (some[-1][0] - some[0][0]) / 10]
    return statistics.median(steep) if steep else 0


def judged(samples):
    rest = [s for s in samples if s[0] >= WARM * SECONDS]
    took = rest[-1][0] - rest[0][0]
    for key in ("rss", *GROWTH):
        each = slope([(t, s[key]) for t, s in rest])
        begun, middle = statistics.median(s[key] for t, s in samples if t < 10), statistics.median(s[key] for _, s in rest)
        print(f"  {key:8} first {begun:13,.0f}  middle {middle:13,.0f}  most {max(s[key] for _, s in rest):13,.0f}"
              f"  grown by {each * took:+12,.0f} in {took:.0f} s, {each * 3600:+13,.0f} an hour")
        if key in GROWTH: # rss: with pages of the base, which the system takes back
            true(f"{key} does not grow ({each * took:+,.0f}, at most {GROWTH[key]:,})", each * took <= GROWTH[key])


def main():
    with House(K) as h:
        clock = house.Clock(h.top / "clock")
        h.init()
        is_("some people", h.run("demo", "--people", "200")[0], 0)
        h.serve(env={**clock.env, "LD_PRELOAD": f"{LIB}:{clock.env['LD_PRELOAD']}", "KONTOR_HEAP": str(h.top / "heap"),
                     "MALLOC_ARENA_MAX": "1"}) # else each thread's arena comes to its own high water one day: that is no leak, and hides one
        heap = Heap(h)
        h.login()
        workers = [Worker(h, i) for i in range(WORKERS)]
        for w in workers:
            is_("log-in", w.login(), 200)
            w.start()
        begun, samples, ahead, warm = time.monotonic(), [], 0, None
        while (t := time.monotonic() - begun) < SECONDS:
            if t // NIGHT_EVERY > ahead:
                ahead = int(t // NIGHT_EVERY)
                clock.set(f"+{ahead * HOURS}h")
            samples.append((t, sample(h, heap)))
            if not warm and t >= WARM * SECONDS:
                warm = heap.places()
            if not true("it runs", h.server.poll() is None):
                break
            time.sleep(0.5)
        print("  what grew since the warm-up, by who asked for it: " + "; ".join(heap.growth(warm or {})))
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
