#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The door for other systems when too much waits behind it: test_door.py KONTOR
A full queue answers 503 and says when to come again; it keeps what it has, another system's goes on, a kill changes nothing,
and it takes again once it has drained. On SQLite and, with KONTOR_TEST_PG, on PostgreSQL."""
import pathlib, signal, sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
from house import COUNTRY, PASSWORD, House, is_, true, until

K, BOUND = sys.argv[1], 5
SERVE = ("--sync-waiting", str(BOUND))


class Door:
    """What one system sends; each item that was taken is remembered."""

    def __init__(self, h, system):
        self.h, self.at, self.taken, self.refused, self.n = h, f"/api/v1/sync/{system}", [], [], 0

    def item(self, key, values):
        return {"entity": "company", "key": key, "values": values}

    def send(self):
        """One item of a key of its own: the status and Retry-After."""
        self.n += 1
        key = f"k{self.n}"
        st, body, head = self.h.ask("POST", self.at, {"items": [self.item(key, {"name": f"Firma {key}"})]})
        (self.taken if st == 202 else self.refused).append(key)
        return st, body, head.get("Retry-After", "")

    def until_status(self, want):
        """Sends until it is answered so; the last answer."""
        return until(lambda: (lambda a: a if a[0] == want else None)(self.send()), 60) or (0, None, "")

    def keys(self):
        """All keys that stand in its ledger."""
        found, cursor = set(), ""
        while True:
            _, body, _ = self.h.ask("GET", f"{self.at}/item" + (f"?cursor={cursor}" if cursor else ""))
            found |= {i["external"] for i in body["data"]}
            cursor = body["next"]
            if not cursor:
                return found

    def open(self):
        _, body, _ = self.h.ask("GET", self.at)
        return {k: v for k, v in body["open"].items() if v}


def fill(d):
    """One item that is refused holds the others of its key: they wait until somebody mends it."""
    items = [d.item("held", {"name": "Held", "nix": 1})] + [d.item("held", {"name": "Held", "note": str(n)}) for n in range(BOUND)]
    st, body, _ = d.h.ask("POST", d.at, {"items": items})
    is_("all of it is taken at once", (st, body["received"]), (202, BOUND + 1))
    d.taken.append("held")
    full = {"refused": 1, "held": BOUND}
    is_("they wait", until(lambda: d.open() == full and d.open()) or d.open(), full)
    return full


def is_full(d, what):
    st, body, wait = d.until_status(503)
    is_(f"{what}: full", (st, body and body["code"]), (503, "busy"))
    true(f"{what}: and says when to come again: {wait}", wait.isdigit() and 1 <= int(wait) <= 600)


def drain(d):
    _, body, _ = d.h.ask("GET", f"{d.at}/item?state=refused")
    st, _, _ = d.h.ask("PATCH", f"{d.at}/item/{body['data'][0]['id']}", {"values": {"name": "Held"}})
    is_("the one that held them is mended", st, 200)
    is_("nothing waits any more", until(lambda: d.open() == {} and "none") or d.open(), "none")


def all_of(*db):
    with House(K) as h:
        pw = h.top / "pw"
        pw.write_text(PASSWORD + "\n")
        is_("init", h.run("init", *COUNTRY, "--password-file", str(pw), *db)[0], 0)
        is_("a bound that is none", h.run("serve", "--listen", "127.0.0.1:0", "--sync-waiting", "5000001")[0], 2)
        h.serve(*SERVE)
        h.login()
        d, other = Door(h, "shop"), Door(h, "erp")
        st, _, _ = d.send()
        is_("an empty queue takes", st, 202)
        full = fill(d)
        is_full(d, "filled")
        is_("another system's is not", other.send()[0], 202)
        is_("it has what it had", until(lambda: d.open() == full and d.open()) or d.open(), full)
        is_("and nothing that it did not take", d.keys(), set(d.taken))
        is_("killed", h.kill(), -signal.SIGKILL)
        h.serve(*SERVE)
        h.login()
        is_full(d, "after a kill")
        is_("still what it had", until(lambda: d.open() == full and d.open()) or d.open(), full)
        drain(d)
        is_("it takes again", d.until_status(202)[0], 202)
        is_("all that was taken stands in the ledger, and no more", d.keys(), set(d.taken))
        true("it was refused meanwhile", len(d.refused) >= 2)
        is_("nothing waits", until(lambda: d.open() == {} and "none") or d.open(), "none")
        lost = [k for k in d.taken if h.ask("GET", f"/api/v1/company/by/shop/{k}")[0] != 200]
        is_("what was taken is there", lost, [])
        is_("the last of its key came last", h.ask("GET", "/api/v1/company/by/shop/held")[1].get("note"), str(BOUND - 1))
        is_("what was not taken is not", [k for k in d.refused if h.ask("GET", f"/api/v1/company/by/shop/{k}")[0] != 404], [])
        is_("ended", h.kill(signal.SIGTERM), 0)


all_of()
house.on_pg("door", all_of)
house.end("door")
