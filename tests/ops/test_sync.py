#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The server is killed (-9) in a stream of batches: test_sync.py KONTOR [ROUNDS]
Every item that was answered with 202 is applied once, in the order of its key; one that was sent again with its id, too."""
import json, pathlib, random, signal, sys, threading, time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
from house import House, is_, true, until

K, ROUNDS = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
KEYS, ITEMS = 12, 25


class Sender(threading.Thread):
    """One sender has its own keys and waits for each answer; what was not answered is sent again, the same."""

    def __init__(self, h, name):
        super().__init__(daemon=True)
        self.h, self.label, self.acked, self.odd, self.n, self.on = h, name, {}, [], 0, True

    def batch(self):
        out = []
        for _ in range(ITEMS):
            self.n += 1
            key = f"{self.label}-{self.n % KEYS}"
            out.append({"id": f"{self.label}-{self.n}", "entity": "company", "key": key,
                        "values": {"name": f"Firma {key}", "note": str(self.n)}})
        return out

    def send(self, items):
        """Until it is answered, whatever happens to the server meanwhile."""
        while True:
            try:
                st, body, _ = self.h.ask("POST", "/api/v1/sync/shop", {"items": items})
            except (OSError, ValueError, house.http.client.HTTPException):
                st = 0
            if st == 202:
                return body
            if st not in (0, 401, 403, 503):
                self.odd.append(f"{st} {body}")
            time.sleep(0.05)

    def run(self):
        while self.on:
            items = self.batch()
            body = self.send(items)
            if body["refused"] or body["received"] + body["duplicates"] != len(items):
                self.odd.append(str(body))
            for i in items:
                self.acked[i["key"]] = i["values"]["note"]


def open_items(h):
    st, body, _ = h.ask("GET", "/api/v1/sync/shop")
    return sum(body["open"].values()) if st == 200 else -1


def count(h, sql):
    return json.loads(h.run("sql", sql, "--json")[1])[0]["n"]


def main():
    with House(K) as h:
        h.init()
        h.serve()
        h.login()
        senders = [Sender(h, f"s{i}") for i in range(3)]
        for s in senders:
            s.start()
        for _ in range(ROUNDS):
            time.sleep(0.5 + random.random())
            is_("killed", h.kill(), -signal.SIGKILL)
            h.serve()
            h.login()
        time.sleep(0.5)
        for s in senders:
            s.on = False
        for s in senders:
            s.join(60)
            is_("nothing odd was answered", s.odd[:3], [])
        true("the queue empties", until(lambda: open_items(h) == 0, 120))
        acked = {k: v for s in senders for k, v in s.acked.items()}
        sent = sum(s.n for s in senders)
        wrong = [k for k, v in acked.items() if h.ask("GET", f"/api/v1/company/by/shop/{k}")[1].get("note") != v]
        is_("each key has what was sent last", wrong, [])
        is_("a record a key", h.ask("GET", "/api/v1/count/company")[1]["value"], len(acked))
        is_("ended", h.kill(signal.SIGTERM), 0)
        is_("each item is there once", count(h, "SELECT count(*) AS n FROM sync_item WHERE state = 4"), sent)
        is_("each was written once", count(h, "SELECT count(*) AS n FROM change WHERE entity = 'company'"), sent)
        is_("in the order of its key", count(h, "SELECT count(*) AS n FROM (SELECT change, lag(change) OVER (PARTITION BY system,"
                                             " entity, key ORDER BY id) AS before FROM sync_item) AS o WHERE change < before"), 0)
        rc, said, _ = h.run("verify")
        true(f"the base is whole: {said[-600:]}", rc == 0)
        print(f"  {sent} items, {ROUNDS} kills", file=sys.stderr)


main()
house.end("sync")
