#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The disk fills up under the running server and is freed again: test_full.py KONTOR [ROUNDS]
Writers are told 507, readers go on, and everything that was acknowledged is there, once, without a restart."""
import ctypes, os, pathlib, signal, sys, threading

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
from house import House, is_, true, until

K, ROUNDS = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2
SIZE, RESERVE, HANDS = 48 << 20, 12 << 20, 4
libc = ctypes.CDLL(None, use_errno=True)


def mount(folder):
    return libc.mount(b"tmpfs", str(folder).encode(), b"tmpfs", 0, f"size={SIZE}".encode()) == 0


def ballast(disk, most):
    """Takes up to `most` bytes of the disk, as many as there are."""
    f = os.open(disk / "ballast", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        for _ in range(most // 65536):
            os.write(f, b"x" * 65536)
    except OSError:
        pass  # full
    os.close(f)


class Writer(threading.Thread):
    """Creates people until it is stopped; remembers what was acknowledged and what else was answered."""

    def __init__(self, h, name):
        super().__init__(daemon=True)
        self.h, self.label, self.acked, self.said, self.on = h, name, [], {}, True

    def run(self):
        for i in range(1 << 30):
            if not self.on:
                return
            name = f"{self.label} {i}"
            body = {"name": name, "note": "voll " * 4000}
            st, got, _ = self.h.ask("POST", "/api/v1/person", body, {"Idempotency-Key": name})
            if st == 201:
                self.acked.append((name, got["id"]))
            self.said[st] = got


def count(h):
    return h.ask("GET", "/api/v1/count/person")[1]["value"]


def full_round(h, disk, n, acked):
    hands = [Writer(h, f"Runde {n} Hand {i}") for i in range(HANDS)]
    for w in hands:
        w.start()
    true("writes go through before", until(lambda: all(w.acked for w in hands)))
    ballast(disk, SIZE)
    full = until(lambda: all(507 in w.said for w in hands), 60)
    true(f"every writer is told 507 (they were told {[sorted(w.said) for w in hands]})", full)
    is_("the error says what it is", hands[0].said.get(507, {}).get("code"), "disk_full")
    st, page, _ = h.ask("GET", "/api/v1/person?limit=5")
    is_("reading goes on", (st, len(page["data"]) if st == 200 else 0), (200, 5))
    is_("the server is alive", h.ask("GET", "/healthz")[0], 200)
    os.unlink(disk / "ballast")
    before = [len(w.acked) for w in hands]
    more = until(lambda: all(len(w.acked) > k + 2 for w, k in zip(hands, before)), 60)
    true("freed, writes go through again, without a restart", more)
    for w in hands:
        w.on = False
    for w in hands:
        w.join()
        acked += w.acked
        is_("nothing else was answered", sorted(set(w.said) - {201, 507}), [])


def all_there(h, acked):
    is_("as many as were acknowledged", count(h), len(acked))
    names = {i: n for n, i in acked}
    is_("each has an id of its own", len(names), len(acked))
    lost = [n for i, n in names.items() if h.ask("GET", f"/api/v1/person/{i}?fields=name")[1].get("name") != n]
    is_("all are there", lost, [])


def full_house(n):
    """One round on a disk of its own; False when none may be mounted."""
    with House(K) as h:
        disk = h.top / "disk"
        disk.mkdir()
        if not mount(disk):
            return False
        h.data, acked = str(disk / "data"), []
        ballast(disk, RESERVE)
        try:
            h.init()
            h.serve()
            h.login()
            full_round(h, disk, n, acked)
            all_there(h, acked)
            is_("ended", h.kill(signal.SIGTERM), 0)
            h.serve()
            h.login()
            all_there(h, acked)
            is_("ended again", h.kill(signal.SIGTERM), 0)
            is_("the base is whole", h.run("verify")[0], 0)
        finally:
            h.kill()
            libc.umount2(str(disk).encode(), 2)
    return True


for n in range(ROUNDS):
    if not full_house(n):
        print("full: skipped, no tmpfs may be mounted here")
        break
    if ROUNDS > 5:
        print(f"disk full: round {n + 1} of {ROUNDS}", file=sys.stderr)
house.end("full")
