#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""R15: 100,000 jobs that wait, and a server that stands still at one: test_crowd.py KONTOR [ROUNDS]
In order, once each, with memory that stays, beside people who are not held up. ROUNDS: how often people come and go while
it is looked on; 0 = five times, and then until all are done.
What people get is counted in jobs, not in time: a busy machine makes both slower."""
import http.client, json, pathlib, random, shutil, signal, sqlite3, statistics, sys, threading, time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
from cluster import tool
from house import House, is_, on_pg, true, until

K, ROUNDS = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
JOBS, HANDS, PAUSE, GROWTH = 100000, 3, 0.004, 48 << 20 # hands that hardly rest: also where an answer takes no millisecond they are at work
PHASE = 2.0 # seconds with people, and as many without
SHARE = 0.5 # of what they do alone jobs may do beside people: they rest four times as long as they work
PASSED_BY = 4 # jobs begun between a write of somebody and its answer, in the middle: two work, people's writes go first


class Person(threading.Thread):
    """Reads and writes with short rests; remembers how long each answer took, and how many jobs passed each write by."""

    def __init__(self, h, firm):
        super().__init__(daemon=True)
        self.h, self.firm, self.on, self.bad = h, firm, True, []
        self.took, self.passed_by = {"read": [], "write": []}, []

    def run(self):
        db = base(self.h)
        wire = http.client.HTTPConnection("127.0.0.1", self.h.port, timeout=60)
        head = {"Cookie": self.h.cookie, "X-CSRF-Token": self.h.csrf, "Content-Type": "application/json"}
        n = 0
        while self.on:
            n += 1
            kind = "write" if n % 3 == 0 else "read"
            jobs, begun = turn(db) if kind == "write" else 0, time.monotonic()
            if kind == "write":
                wire.request("PATCH", f"/api/v1/company/{self.firm}", json.dumps({"note": f"{n}"}), head)
            else:
                wire.request("GET", "/api/v1/company?limit=20", headers=head)
            r = wire.getresponse()
            r.read()
            self.took[kind].append(time.monotonic() - begun)
            if kind == "write":
                self.passed_by.append(turn(db) - jobs)
            if r.status != 200:
                self.bad.append(r.status)
            time.sleep(PAUSE * random.random() * 2)
        db.close()


def begun_in(h, wait):
    """How many jobs were begun while wait() went on, in a second."""
    db = base(h)
    first, begun = turn(db), time.monotonic()
    wait()
    rate = (turn(db) - first) / (time.monotonic() - begun)
    db.close()
    return rate


def people(h, firms, seconds):
    """They come, work for so long, and go."""
    crowd = [Person(h, f) for f in firms]
    for p in crowd:
        p.start()
    time.sleep(seconds)
    for p in crowd:
        p.on = False
    for p in crowd:
        p.join(60)
        is_("nobody was refused", p.bad[:3], [])
    return crowd


def in_turns(h, firms):
    """People come and go, so that both are looked at under whatever else goes on here."""
    with_them, without, seen = [], [], []
    for _ in range(ROUNDS or 5):
        with_them.append(begun_in(h, lambda: seen.extend(people(h, firms, PHASE))))
        without.append(begun_in(h, lambda: time.sleep(PHASE)))
    rest, full = sum(with_them) / len(with_them), sum(without) / len(without)
    passed_by = [n for p in seen for n in p.passed_by]
    took = {k: f"{statistics.median(t for p in seen for t in p.took[k]) * 1000:.1f} ms" for k in ("read", "write")}
    print(f"  {rest:.0f} jobs a second beside people ({took}), {full:.0f} without; {statistics.mean(passed_by):.1f} pass a write by", file=sys.stderr)
    true(f"jobs leave the writer to people ({rest:.0f} of {full:.0f} a second)", rest < SHARE * full)
    true(f"they are worked off beside people, too ({rest:.1f})", rest > 1)
    true(f"a write is not passed by ({statistics.median(passed_by)})", statistics.median(passed_by) <= PASSED_BY)


def memory(pid):
    return int(next(l for l in open(f"/proc/{pid}/status") if l.startswith("RssAnon")).split()[1]) << 10


def base(h):
    db = sqlite3.connect(f"file:{h.data}/kontor.db?mode=ro", uri=True, timeout=30)
    db.execute("PRAGMA mmap_size = 0")
    return db


def turn(db):
    """The place of the next one in the row of those that wait."""
    return db.execute("SELECT coalesce(min(due_at), 0) FROM job WHERE state = 'waiting' AND prio = 0").fetchone()[0]


def numbers(h):
    """How many are done, done or begun more than once, and wait although a later one was begun."""
    db = base(h)
    got = db.execute("SELECT sum(state = 'done'), sum(tries > 1), sum(state = 'waiting' AND due_at < (SELECT max(due_at) FROM job WHERE"
                     " state <> 'waiting')), sum(state = 'failed') FROM job").fetchone()
    db.close()
    return tuple(x or 0 for x in got)


def queue(h, n):
    db = sqlite3.connect(f"{h.data}/kontor.db")
    now, high = int(time.time() * 1000) - 2 * n, 1 << 40
    db.execute("WITH RECURSIVE q(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM q WHERE i < ?) INSERT INTO job (id, kind, args, state, due_at,"
               " lease_by, lease_until, tries, key, created_at, created_by, progress, result, error) SELECT ? + (i * 7919) % ?, 'duplicates',"
               " '{\"entity\":\"interaction\"}', 'waiting', ? + i, '', 0, 0, NULL, ? + i, 0, '', '', '' FROM q", (n, high, n, now, now))
    db.commit()
    db.close()


def crowd():
    """A hundred thousand wait; the ids do not go the way of the turns."""
    with House(K) as h:
        h.init()
        h.serve()
        h.login()
        firms = [h.ask("POST", "/api/v1/company", {"name": f"Firma {i}"})[1]["id"] for i in range(HANDS)]
        is_("ended", h.kill(signal.SIGTERM), 0)
        queue(h, JOBS)
        h.serve()
        people(h, firms, 1)
        before = memory(h.server.pid)
        in_turns(h, firms)
        if not ROUNDS:
            true("all are done", until(lambda: numbers(h)[0] >= JOBS, 3600))
        after = memory(h.server.pid)
        done, again, skipped, failed = numbers(h)
        print(f"  {done} of {JOBS} jobs; memory {before >> 20} to {after >> 20} MB", file=sys.stderr)
        is_("none fails, none is begun twice", (failed, again), (0, 0))
        true(f"in the order of their turns ({skipped})", skipped <= 2) # two are at work at a time
        kept = 256 << 20 if "asan" in h.kontor else 0 # a sanitizer keeps what was given back, to find late use
        true(f"memory stays ({before >> 20} to {after >> 20} MB)", after - before < GROWTH + kept)
        h.kill() # in the midst of it
        h.serve()
        more = until(lambda: numbers(h)[0] > done or numbers(h)[0] == JOBS, 30)
        true("killed, it goes on", more)
        is_("ended again", h.kill(signal.SIGTERM), 0)
        true(f"none but those at work was begun twice ({numbers(h)[1]})", numbers(h)[1] <= 2)


def stands_still(*db):
    """Of two servers of one base one stands still (SIGSTOP) in the midst of an import; its minute goes by, the other takes
    the job over and ends it; the first wakes up and writes nothing more."""
    rows, url = 1500, db[1]
    sql = lambda text: tool("psql", "-XAtq", url, "-c", text).strip()
    with House(K) as a, House(K) as b:
        pw = a.top / "pw"
        pw.write_text(house.PASSWORD + "\n")
        is_("init", a.run("init", *house.COUNTRY, "--password-file", str(pw), *db)[0], 0)
        a.serve(*db)
        a.login()
        table = "Name;Telefon\n" + "".join(f"Kunde {i};0151 {2000000 + i}\n" for i in range(rows))
        c = http.client.HTTPConnection("127.0.0.1", a.port, timeout=60)
        c.request("POST", "/api/v1/file?name=k.csv", table.encode(), {"Cookie": a.cookie, "X-CSRF-Token": a.csrf})
        file = json.loads(c.getresponse().read())["id"]
        job = a.ask("POST", "/api/v1/import/run", {"file": file, "entity": "person"})[1]["job"]
        until(lambda: int(sql("SELECT count(*) FROM person")) > 50, 60)
        a.server.send_signal(signal.SIGSTOP)
        midway = int(sql("SELECT count(*) FROM person"))
        true(f"it stands still midway ({midway})", 0 < midway < rows)
        b.data = a.data + "-b"
        pathlib.Path(b.data).mkdir(mode=0o700)
        for name in ("secret.key", "files"):
            at = pathlib.Path(a.data, name)
            if at.is_dir():
                pathlib.Path(b.data, name).symlink_to(at) # one store for both
            elif at.exists():
                shutil.copy(at, b.data) # with its mode
        b.serve(*db, "--sandbox", "no")
        b.cookie, b.csrf = a.cookie, a.csrf
        is_("the other serves", b.ask("POST", "/api/v1/company", {"name": "nebenan"})[0], 201)
        # what the server of the base does after a minute by itself
        sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND datname = current_database()")
        sql(f"UPDATE job SET lease_until = 1 WHERE id = {job}")
        state = until(lambda: (s := sql(f"SELECT state FROM job WHERE id = {job}")) in ("done", "failed") and s, 120)
        is_(f"the other ends it: {sql(f'SELECT state, tries, error FROM job WHERE id = {job}')}", state, "done")
        a.server.send_signal(signal.SIGCONT)
        is_("the first is well again", until(lambda: a.ask("GET", "/readyz")[0] == 200, 60), True)
        time.sleep(2)
        is_("each row once", sql("SELECT count(*), count(DISTINCT name) FROM person"), f"{rows}|{rows}")
        is_("it stays done", sql(f"SELECT state, tries FROM job WHERE id = {job}"), "done|2")
        is_("both end", (a.kill(signal.SIGTERM), b.kill(signal.SIGTERM)), (0, 0))


crowd()
on_pg("crowd", stands_still)
house.end("crowd")
