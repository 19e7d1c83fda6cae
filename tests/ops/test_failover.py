#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""R12: PostgreSQL dies and another takes over, stops, is slow, is full, is a standby: test_failover.py KONTOR [ROUNDS]
Nothing that was acknowledged is lost or there twice, nobody waits beyond a bound, and Kontor comes back by itself."""
import http.client, json, pathlib, random, signal, sys, threading, time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
from cluster import Cluster, Wire, have_pg, sit_down
from house import COUNTRY, House, PASSWORD, is_, true, until

K, ROUNDS = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
HANDS = 5
LEASE = 60.0 # of a job (src/jobs/jobs.c)
BOUND = 20.0 # seconds: a silent server is found after 5 + 3, two hosts are tried for 5 each, and two cores are shared
STOP = 20.0 if ROUNDS > 1 else 10.0


class Hand(threading.Thread):
    """Creates firms, each under a key of its own, and asks the same again until it is told that it is there."""

    def __init__(self, h, name):
        super().__init__(daemon=True)
        self.h, self.label, self.on = h, name, True
        self.acked, self.odd, self.longest, self.refused, self.last = {}, [], 0.0, 0, 0.0

    def ask(self, name):
        begun = time.monotonic()
        st, body, head = self.h.ask("POST", "/api/v1/company", {"name": name}, {"Idempotency-Key": name})
        took = time.monotonic() - begun
        self.longest = max(self.longest, took)
        if st == 201:
            self.acked[name], self.last = body["id"], time.monotonic()
            return True
        self.refused += 1
        wait = head.get("Retry-After")
        clear = st == 503 and (body["code"] == "uncertain" or body["code"] == "busy" and wait and 1 <= int(wait) <= 10)
        if not clear:
            self.odd.append((st, body, wait, round(took, 1)))
        return False

    def run(self):
        n = 0
        while self.on:
            name = f"{self.label} {n}"
            while not self.ask(name) and self.on:
                time.sleep(0.05 + random.random() / 10)
            n += 1


class Ear(threading.Thread):
    """Listens to the live events, and comes back when they end."""

    def __init__(self, h):
        super().__init__(daemon=True)
        self.h, self.heard, self.on = h, 0, True

    def run(self):
        while self.on:
            try:
                c = http.client.HTTPConnection("127.0.0.1", self.h.port, timeout=10)
                c.request("GET", "/api/v1/events", headers={"Cookie": self.h.cookie})
                r = c.getresponse()
                while self.on and (line := r.readline()):
                    self.heard += line.startswith(b"data:")
            except (OSError, http.client.HTTPException):
                time.sleep(0.2)


def hands_of(h, name):
    hands = [Hand(h, f"{name} Hand {i}") for i in range(HANDS)]
    for w in hands:
        w.start()
    true(f"{name}: writes go through", until(lambda: all(len(w.acked) > 2 for w in hands), 60))
    return hands


def rest(hands, acked, what):
    """Ends them; they all came back, were told clearly what was the matter, and none hung."""
    before = [len(w.acked) for w in hands]
    true(f"{what}: all write again", until(lambda: all(len(w.acked) > n + 2 for w, n in zip(hands, before)), 60))
    for w in hands:
        w.on = False
    for w in hands:
        w.join(60)
        acked.update(w.acked)
        is_(f"{what}: nothing but a clear 503 was answered", w.odd[:3], [])
    longest = max(w.longest for w in hands)
    true(f"{what}: nobody waited longer than {BOUND} s ({longest:.1f} s)", longest < BOUND)
    print(f"  {what}: {sum(len(w.acked) for w in hands)} written, {sum(w.refused for w in hands)} told 503,"
          f" the longest wait {longest:.1f} s", file=sys.stderr)


def ready(h):
    """(status of /readyz, how long it took)"""
    begun = time.monotonic()
    return h.ask("GET", "/readyz")[0], time.monotonic() - begun


def unready_then(h, what):
    st, took = until(lambda: (r := ready(h))[0] == 503 and r, 30) or (0, 0)
    is_(f"{what}: /readyz says so", st, 503)
    true(f"{what}: in time ({took:.1f} s)", took < BOUND)
    is_(f"{what}: the server itself is well", h.ask("GET", "/healthz", timeout=5)[0], 200)


def back(h, what):
    begun = time.monotonic()
    is_(f"{what}: ready again", until(lambda: ready(h)[0] == 200, 60), True)
    return time.monotonic() - begun


def all_there(h, node, acked, what):
    rows = dict(line.split("|") for line in node.sql("SELECT id, name FROM company", "kontor").splitlines())
    is_(f"{what}: nothing acknowledged is lost", [n for n, i in acked.items() if rows.get(i) != n][:3], [])
    is_(f"{what}: nothing is there twice", len(rows) - len(set(rows.values())), 0)
    extra = len(set(rows.values()) - set(acked))
    true(f"{what}: and nothing that nobody wrote ({extra})", extra <= HANDS * 12) # one a hand and storm was on its way


def start(h, url):
    pw = h.top / "pw"
    pw.write_text(PASSWORD + "\n")
    is_("init", h.run("init", *COUNTRY, "--password-file", str(pw), "--db", url)[0], 0)
    h.serve("--db", url)
    h.login()


def upload(h, rows):
    table = "Name;Telefon\n" + "".join(f"Kunde {i};0151 {2000000 + i}\n" for i in range(rows))
    c = http.client.HTTPConnection("127.0.0.1", h.port, timeout=60)
    c.request("POST", "/api/v1/file?name=k.csv", table.encode(), {"Cookie": h.cookie, "X-CSRF-Token": h.csrf})
    file = json.loads(c.getresponse().read())["id"]
    return h.ask("POST", "/api/v1/import/run", {"file": file, "entity": "person"})[1]["job"]


def failover(h, c, acked, rows=2000):
    """kill -9 of the primary in the midst of writes and of a job; the other is promoted; Kontor is not touched."""
    what, pid = "failover", h.server.pid
    ear = Ear(h)
    ear.start()
    hands, job = hands_of(h, what), upload(h, rows)
    true("the job is at work", until(lambda: c.first.sql("SELECT count(*) > 50 FROM person", "kontor") == "t", 60))
    time.sleep(random.random() / 2)
    c.first.signal(signal.SIGKILL)
    died = time.monotonic()
    midway = int(c.second.sql("SELECT count(*) FROM person", "kontor"))
    true(f"{what}: in the midst of the job ({midway})", 0 < midway < rows)
    unready_then(h, what)
    time.sleep(0.5)
    c.second.sql("SELECT pg_promote()")
    gap = until(lambda: (t := max(w.last for w in hands)) > died + 0.5 and t - died, 60)
    true(f"{what}: writes go on by themselves ({gap:.1f} s after the death)", gap)
    back(h, what)
    true(f"{what}: the job goes on, long before its lease would have ended ({midway})",
         until(lambda: int(c.second.sql("SELECT count(*) FROM person", "kontor")) > midway, LEASE / 2))
    rest(hands, acked, what)
    heard = ear.heard
    is_("a firm more", h.ask("POST", "/api/v1/company", {"name": "danach"}, {"Idempotency-Key": "danach"})[0], 201)
    acked["danach"] = c.second.sql("SELECT id FROM company WHERE name = 'danach'", "kontor")
    true(f"{what}: live events go on ({heard} before)", until(lambda: ear.heard > heard, 30))
    ear.on = False
    state = until(lambda: (s := h.ask("GET", f"/api/v1/job/{job}")[1].get("state")) in ("done", "failed") and s, 150)
    is_(f"{what}: the job goes on to its end: {h.ask('GET', f'/api/v1/job/{job}')[1]}", state, "done")
    is_(f"{what}: each row of it once", c.second.sql("SELECT count(*), count(DISTINCT name) FROM person", "kontor"), f"{rows}|{rows}")
    is_(f"{what}: the same process", (h.server.pid, h.server.poll()), (pid, None))
    all_there(h, c.second, acked, what)


def stopped(h, node, acked):
    """The server stands still (SIGSTOP), with its connections open, and goes on later."""
    what, hands = "stopped", hands_of(h, "stopped")
    node.signal(signal.SIGSTOP)
    begun = time.monotonic()
    try:
        unready_then(h, what)
        time.sleep(max(0.0, STOP - (time.monotonic() - begun)))
    finally:
        node.signal(signal.SIGCONT)
    true(f"{what}: soon ready ({back(h, what):.1f} s)", True)
    rest(hands, acked, what)
    all_there(h, node, acked, what)


def full(h, node, acked):
    """Every connection is taken and Kontor's own are gone."""
    what, hands, seats = "no connection left", hands_of(h, "full"), []
    with node.talk() as say: # has its own connection already
        deadline = time.monotonic() + 30
        while ready(h)[0] != 503 and time.monotonic() < deadline: # till the last of Kontor's is gone, too
            say("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'kontor'")
            time.sleep(0.05)
            seats += sit_down(node.port)
    unready_then(h, what)
    for s in seats:
        s.close()
    back(h, what)
    rest(hands, acked, what)
    all_there(h, node, acked, what)


def wire(h, c, node, acked):
    """A long and slow way to the server, then a cable that is pulled out: no end is told of it."""
    w = Wire(node.port)
    try:
        h.kill(signal.SIGTERM)
        h.serve("--db", f"postgresql://kontor@127.0.0.1:{w.at}/kontor")
        h.login()
        w.delay = 0.02
        hands = hands_of(h, "slow")
        is_("slow: ready all the same", ready(h)[0], 200)
        is_("slow: nobody is refused", sum(x.refused for x in hands), 0)
        w.delay, w.dead = 0.0, True
        unready_then(h, "cut")
        w.dead = False
        back(h, "cut")
        rest(hands, acked, "cut")
        all_there(h, node, acked, "cut")
    finally:
        h.kill(signal.SIGTERM)
        w.close()


def on_a_standby(h, c):
    """Who names a standby alone is told what it is, and nothing hangs."""
    begun = time.monotonic()
    code, out, err = h.run("serve", "--db", c.url(c.second), "--listen", "127.0.0.1:0")
    true(f"a standby: refused ({code})", code > 0)
    true(f"a standby: it is said what it is: {out + err}", "standby" in out + err and "Sanitizer" not in err)
    true("a standby: at once", time.monotonic() - begun < BOUND)


def main():
    for n in range(ROUNDS):
        acked = {}
        with Cluster() as c, House(K) as h:
            start(h, c.url(c.first, c.second))
            with House(K) as other:
                on_a_standby(other, c)
            failover(h, c, acked)
            stopped(h, c.second, acked)
            full(h, c.second, acked)
            wire(h, c, c.second, acked)
            true("no fault of ours", "Sanitizer" not in h.text())
            print(f"  round {n + 1} of {ROUNDS}: {len(acked)} firms acknowledged, all there", file=sys.stderr)


if have_pg():
    main()
else:
    print("failover: skipped, there is no PostgreSQL here")
    house.true("skipped", True)
house.end("failover")
