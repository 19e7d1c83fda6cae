#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""R14: clients at a few hot records, kill -9 in the midst, and the checker: test_consistency.py KONTOR [ROUNDS [SABOTAGE]]
On SQLite and, when KONTOR_TEST_PG names a server, on PostgreSQL. SABOTAGE: a Kontor that answers before it commits; the
same rounds must find it out."""
import http.client, itertools, json, pathlib, random, signal, sys, threading, time, urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
from history import OK, REFUSED, UNKNOWN, Op, check, gaps
from house import House, is_, on_pg, true, until

K, ROUNDS = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
SABOTAGE = sys.argv[3] if len(sys.argv) > 3 else ""
CLIENTS, RECORDS, LISTS, CAUGHT_WITHIN, APPENDS = 6, 3, 2, 20, 150
BEFORE, AFTER = 250, 120 # operations until the kill, at the most, and behind it
values = itertools.count(1)


class Client(threading.Thread):
    """Does at random what people do, one thing after the other, and writes down what it did and was told."""

    def __init__(self, h, n, round_, records, lists):
        super().__init__(daemon=True)
        self.h, self.n, self.round, self.records, self.lists = h, n, round_, records, lists
        self.rng, self.ops, self.odd, self.on, self.wire, self.port = random.Random(), [], [], True, None, 0
        self.known = {r: 1 for r in records} # the version that it has seen last
        self.room = APPENDS // CLIENTS       # a list is read in one page

    def ask(self, method, path, body=None, head=None):
        """(status, body); None: it never left, 0: no answer."""
        if not self.wire or self.port != self.h.port:
            self.wire, self.port = http.client.HTTPConnection("127.0.0.1", self.h.port, timeout=30), self.h.port
        try:
            self.wire.connect() if not self.wire.sock else None
        except OSError:
            self.wire = None
            return None, None
        try:
            self.wire.request(method, path, json.dumps(body) if body is not None else None,
                              {"Cookie": self.h.cookie, "X-CSRF-Token": self.h.csrf, "Content-Type": "application/json", **(head or {})})
            r = self.wire.getresponse()
            text = r.read()
            return r.status, json.loads(text) if text else None
        except (OSError, ValueError, http.client.HTTPException):
            self.wire = None
            return 0, None

    def note(self, kind, record, arg, begun, answer, told_of):
        """Into the history, when it can have had an effect or has told something."""
        st, body = answer
        op = Op(self.n, record, kind, arg, begun)
        if st is None or (st == 503 and body["code"] == "busy"):
            return None # for certain nothing happened
        if st == 0 or (st == 503 and body["code"] == "uncertain"):
            if kind in ("read", "list"):
                return None
            self.ops.append(op)
            return op
        op.ended = time.monotonic()
        if st in (200, 201, 204):
            op.outcome, op.told = OK, told_of(body)
        elif st == 404 and kind in ("patch", "delete", "read"):
            op.kind, op.arg, op.outcome, op.told = "read", None, OK, None # it is in the trash
        elif (st, kind) in ((412, "patch"), (412, "delete"), (404, "restore")):
            op.outcome = REFUSED
        else:
            self.odd.append((st, kind, body))
            return None
        self.ops.append(op)
        return op

    def do(self, kind, record, arg, method, path, body=None, head=None, told_of=lambda b: None):
        begun = time.monotonic()
        return self.note(kind, record, arg, begun, self.ask(method, path, body, head), told_of)

    def learn(self, record, op):
        if op and op.outcome == OK and op.kind in ("read", "patch", "restore") and op.told:
            self.known[record] = op.told[0] if op.kind == "read" else op.told

    def read(self, r):
        self.learn(r, self.do("read", r, None, "GET", f"/api/v1/company/{r}", told_of=lambda b: (b["version"], b["note"])))

    def patch(self, r):
        v, new = self.known[r], f"w{next(values)}"
        self.learn(r, self.do("patch", r, (v, new), "PATCH", f"/api/v1/company/{r}", {"note": new}, {"If-Match": f'"{v}"'},
                              lambda b: b["version"]))

    def delete(self, r):
        v = self.known[r]
        self.do("delete", r, v, "DELETE", f"/api/v1/company/{r}", None, {"If-Match": f'"{v}"'})

    def restore(self, r):
        self.learn(r, self.do("restore", r, None, "POST", f"/api/v1/company/{r}/restore", told_of=lambda b: b["version"]))

    def page(self, _):
        """All of them in one answer: a reading of each."""
        begun = time.monotonic()
        want = urllib.parse.quote(json.dumps({"field": "name", "op": "starts", "value": f"Runde {self.round} Firma"}))
        st, body = self.ask("GET", f"/api/v1/company?fields=note&limit=50&filter={want}")
        if st != 200:
            return
        rows = {b["id"]: (b["version"], b["note"]) for b in body["data"]}
        for r in self.records:
            self.ops.append(Op(self.n, r, "read", None, begun, time.monotonic(), OK, rows.get(r)))

    def append(self, _):
        l, x = self.rng.choice(self.lists), f"x{next(values)}"
        if self.room > 0:
            self.room -= 1
            self.do("append", l, x, "POST", "/api/v1/interaction", {"subject": x, "company": l})

    def list(self, _):
        self.see(self.rng.choice(self.lists))

    def see(self, l):
        want = urllib.parse.quote(json.dumps({"field": "company", "op": "eq", "value": l}))
        self.do("list", l, None, "GET", f"/api/v1/interaction?fields=subject&limit=200&filter={want}",
                told_of=lambda b: frozenset(x["subject"] for x in b["data"]))

    def run(self):
        what = [(self.read, 4), (self.patch, 6), (self.page, 2), (self.delete, 1), (self.restore, 2), (self.append, 3), (self.list, 3)]
        while self.on:
            fn, = self.rng.choices([f for f, _ in what], [w for _, w in what])
            fn(self.rng.choice(self.records))
            if not self.wire:
                time.sleep(0.02)


def log_of(h, db, records):
    """{record: the versions that its log tells}"""
    ids = ",".join(records)
    rows = json.loads(h.run("sql", f"SELECT record, version FROM change WHERE entity = 'company' AND record IN ({ids})", "--json", *db)[1])
    out = {r: [] for r in records}
    for row in rows:
        out[str(row["record"])].append(int(row["version"]))
    return out


def made(h, entity, body):
    st, got, _ = h.ask("POST", f"/api/v1/{entity}", body)
    is_("made", st, 201)
    return got["id"]


def one_round(h, n, db, again):
    """(what is wrong, how many operations, how many of them unknown)"""
    records = [made(h, "company", {"name": f"Runde {n} Firma {i}", "note": "v0"}) for i in range(RECORDS)]
    lists = [made(h, "company", {"name": f"Liste {n} {i}"}) for i in range(LISTS)]
    crowd = [Client(h, i, n, records, lists) for i in range(CLIENTS)]
    for c in crowd:
        c.start()
    done = lambda: sum(len(c.ops) for c in crowd)
    until(lambda: done() > BEFORE * (0.3 + 0.7 * random.random()), 20)
    h.kill()
    again()
    before = done()
    until(lambda: done() > before + AFTER, 20)
    for c in crowd:
        c.on = False
    for c in crowd:
        c.join(60)
    last = Client(h, CLIENTS, n, records, lists)
    for r in records:
        last.read(r)
    for l in lists:
        last.see(l)
    ops = [o for c in [*crowd, last] for o in c.ops]
    odd = [x for c in crowd for x in c.odd]
    start = {**{r: (1, "v0", False) for r in records}, **{l: frozenset() for l in lists}}
    bad = check(ops, start) + gaps(log_of(h, db, records)) + [f"answered: {x}" for x in odd[:3]]
    return bad, len(ops), sum(o.outcome == UNKNOWN for o in ops)


def house_of(h, db, **kw):
    pw = h.top / "pw"
    pw.write_text(house.PASSWORD + "\n")
    is_("init", h.run("init", *house.COUNTRY, "--password-file", str(pw), *db)[0], 0)
    h.serve(*db, **kw)
    h.login()


def honest(*db):
    with House(K) as h:
        house_of(h, db)
        ops = unknown = 0
        for n in range(ROUNDS):
            bad, k, u = one_round(h, n, db, lambda: h.serve(*db))
            is_(f"{'PostgreSQL' if db else 'SQLite'}, round {n}: each record has an order", bad[:5], [])
            ops, unknown = ops + k, unknown + u
        true(f"there was much to look at ({ops} operations)", ops > 100 * ROUNDS)
        is_("ended", h.kill(signal.SIGTERM), 0)
        print(f"  {'PostgreSQL' if db else 'SQLite'}: {ops} operations, {unknown} of unknown outcome, {ROUNDS} kills", file=sys.stderr)


def caught():
    """A Kontor that answers before it commits does not get through."""
    with House(SABOTAGE) as h:
        env = {"KONTOR_SABOTAGE": "answer_first"}
        house_of(h, (), env=env)
        for n in range(CAUGHT_WITHIN):
            bad, _, _ = one_round(h, n, (), lambda: h.serve(env=env))
            if bad:
                break
        true("who answers before the commit is found out", bad)
        print(f"  the sabotage is found in round {n + 1}: {bad[0][:300]}", file=sys.stderr)


honest()
on_pg("consistency", honest)
if SABOTAGE:
    caught()
house.end("consistency")
