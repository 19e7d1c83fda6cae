#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""R16: the server is killed (-9) while it sends webhooks to a receiver that fails, dawdles and hangs up: test_hooks.py KONTOR [KILLS]
Every change arrives at least once, under one id and with one body however often; those of a record in their order; none is
lost. On SQLite and, with KONTOR_TEST_PG, on PostgreSQL. An erasure is told to who was sent the record, after all else."""
import http.server, json, os, pathlib, random, signal, socket, struct, subprocess, sys, threading, time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
from house import COUNTRY, PASSWORD, House, is_, true, until

K, KILLS = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 6
RECORDS, WRITERS = 12, 3


class Receiver(http.server.ThreadingHTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.daemon_threads = True
        self.lock, self.heard, self.taken, self.kind = threading.Lock(), [], [], True
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        s = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        what = "ok" if s.kind else random.choices(["ok", "500", "reset", "slow"], [12, 2, 2, 1])[0]
        with s.lock:
            s.heard.append((self.headers["webhook-id"], body))
        if what == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        if what == "slow":
            time.sleep(random.uniform(0.2, 1))
        with s.lock:
            if what != "500":
                s.taken.append((self.headers["webhook-id"], body))
        try:
            self.send_response(500 if what == "500" else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()
        except OSError:
            pass  # it was killed meanwhile

    def log_message(self, *_):
        pass


class Writer(threading.Thread):
    """Makes records and changes them in turn; what was not answered is looked up and not counted on."""

    def __init__(self, h, n):
        super().__init__(daemon=True)
        self.h, self.label, self.on, self.acked, self.last = h, n, True, {}, {}

    def run(self):
        ids, n = [], 0
        while self.on:
            n += 1
            if len(ids) < RECORDS:
                st, r, head = self.h.ask("POST", "/api/v1/person", {"name": f"P {self.label} {n}"})
                if st == 201:
                    ids.append(r["id"])
            else:
                st, r, head = self.h.ask("PATCH", "/api/v1/person/" + ids[n % RECORDS], {"note": f"{self.label} {n}"})
            if st in (200, 201) and head.get("X-Change"):
                self.acked[head["X-Change"]] = r["id"]
                self.last[r["id"]] = int(head["X-Change"])
            time.sleep(0.01 if st else 0.1)


def killed_often(h, options):
    for i in range(KILLS):
        time.sleep(random.uniform(0.4, 1.6))
        h.kill(signal.SIGKILL)
        h.serve(*options)


def drained(h, hook):
    def look():
        st, got, _ = h.ask("GET", f"/api/v1/hook/{hook}")
        return st == 200 and got["waiting"] == 0
    return until(look, 240)


def judge(r, writers):
    acked = {c: i for w in writers for c, i in w.acked.items()}
    until(lambda: set(acked) <= {b["change"] for _, b in list(r.taken)}, 60) # none waits, yet the last may not be queued
    bodies, first = {}, {}
    for wid, b in r.heard:
        bodies.setdefault(wid, set()).add((b["type"], b["data"]["id"], b.get("change")))
    is_("an id has one change, however often it came", [w for w, b in bodies.items() if len(b) > 1], [])
    changes = {}
    for wid, b in r.taken:
        changes.setdefault(b["change"], set()).add(wid)
    is_("no change is lost", [c for c in acked if c not in changes], [])
    is_("a change has one id", [c for c, w in changes.items() if len(w) > 1], [])
    order = {}
    for wid, b in r.taken:
        if b["change"] not in first:
            first[b["change"]] = True
            order.setdefault(b["data"]["id"], []).append(int(b["change"]))
    is_("of each record in its order", [i for i, c in order.items() if c != sorted(c)], [])
    more = len(r.heard) - len(changes)
    print(f"hooks: {len(acked)} changes answered, {len(changes)} told, {more} of {len(r.heard)} requests once more, {KILLS} kills", file=sys.stderr)
    true("there was enough to be judged", len(changes) > 50)


def erased(h, r, hook):
    """Told with the id alone, after all else, also to a webhook that asked for other things."""
    st, p, _ = h.ask("POST", "/api/v1/person", {"name": "Zora Kanarienvogel"})
    st, q, _ = h.ask("POST", "/api/v1/person", {"name": "Andere"})
    true("told of her", until(lambda: any(b["data"]["id"] == p["id"] for _, b in r.taken), 30))
    st, got, _ = h.ask("GET", f"/api/v1/person/{p['id']}/erase")
    st, got, _ = h.ask("POST", f"/api/v1/person/{p['id']}/erase", {"confirm": got.get("confirm", "Zora Kanarienvogel"), "ground": "duty"})
    is_("erased", st, 202)
    true("the webhook is told", until(lambda: any(b["type"] == "person.erased" for _, b in r.taken), 60))
    time.sleep(1)
    told = [b for _, b in r.taken if b["data"]["id"] == p["id"]]
    is_("by its id alone, and last", (told[-1]["type"], told[-1]["data"]), ("person.erased", {"id": p["id"]}))
    is_("nobody else", [b for _, b in r.taken if b["type"] == "person.erased" and b["data"]["id"] != p["id"]], [])
    log = h.ask("GET", f"/api/v1/hook/{hook}/delivery")[1]["data"]
    true("nothing of her stands in the log", "Zora" not in json.dumps(log) and "Zora" not in h.run("sql", "SELECT answer FROM hook_delivery")[1])
    is_("but that she was told of", [d["state"] for d in log if d["record"] == p["id"]], ["delivered"])


def all_of(*db):
    with House(K) as h:
        pw = h.top / "pw"
        pw.write_text(PASSWORD + "\n")
        is_("init", h.run("init", *COUNTRY, "--password-file", str(pw), *db)[0], 0)
        r = Receiver()
        options = ("--outgoing-allow", f"127.0.0.1:{r.server_port}")
        h.serve(*options)
        h.login()
        st, hook, _ = h.ask("POST", "/api/v1/hook", {"name": "h", "url": f"http://127.0.0.1:{r.server_port}/x", "entity": "person", "ops": ["create", "update"]})
        is_("a webhook", st, 201)
        r.kind = False
        writers = [Writer(h, n) for n in range(WRITERS)]
        for w in writers:
            w.start()
        killed_often(h, options)
        for w in writers:
            w.on = False
        for w in writers:
            w.join()
        r.kind = True
        true("all is told in the end", drained(h, hook["id"]))
        judge(r, writers)
        erased(h, r, hook["id"])


all_of()
house.on_pg("hooks", all_of)
house.end("hooks")
