#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""R07: reading, writing, syncing, opening, renaming fail in turn under a running server: test_io.py KONTOR IOFAIL [MOST]
For each kind of fault and each route: the first, second, ... call of that kind fails, until the request goes through without
meeting it (MOST at most). Every answer is a good one or tells of a fault; the next request is fine; what was acknowledged is
there, once; the base is sound. A sync that failed is not tried again: the server may stop, and comes back by a restart."""
import errno, http.client, json, mmap, os, pathlib, signal, struct, sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from house import House, end, is_, true, until

K, LIB, MOST = sys.argv[1], str(pathlib.Path(sys.argv[2]).resolve()), int(sys.argv[3]) if len(sys.argv) > 3 else 6
READ, WRITE, SYNC, OPEN, RENAME, UNLINK, TRUNCATE, SHORT = range(1, 9)
PICTURE = (pathlib.Path(__file__).parents[1] / "fixtures/pictures/plain.jpg").read_bytes()
TABLE = ("Name;Telefon\n" + "".join(f"Kunde {i};0151 2345{i:04}\n" for i in range(300))).encode()
KINDS = [("read", READ, errno.EIO), ("write", WRITE, errno.EIO), ("no room", WRITE, errno.ENOSPC), ("half a write", SHORT, 0), ("sync", SYNC, errno.EIO),
         ("open", OPEN, errno.EMFILE), ("rename", RENAME, errno.EIO), ("unlink", UNLINK, errno.EIO)]


class Disk:
    """What goes wrong, told to the library in the server."""

    def __init__(self, path):
        path.write_bytes(bytes(16))
        with open(path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 16)

    def arm(self, kind, error, nth):
        self.map[8:16] = struct.pack("ii", 0, 0)
        self.map[0:8] = struct.pack("ii", kind, error)
        self.map[8:12] = struct.pack("i", nth)

    def hits(self):
        return struct.unpack("i", self.map[12:16])[0]

    def rest(self):
        self.map[8:12] = struct.pack("i", 0)


def send(h, method, path, body=None, kind="application/json", **head):
    """(status, JSON or bytes); 0: no answer."""
    c = http.client.HTTPConnection("127.0.0.1", h.port, timeout=60)
    head = {"Cookie": h.cookie, "X-CSRF-Token": h.csrf, **{k.replace("_", "-"): v for k, v in head.items()}}
    if body is not None:
        head["Content-Type"] = kind
    try:
        c.request(method, path, json.dumps(body) if isinstance(body, (dict, list)) else body, head)
        r = c.getresponse()
        data = r.read()
        return r.status, json.loads(data) if "json" in (r.getheader("Content-Type") or "") and data[:1] in b"{[" else data
    except (OSError, http.client.HTTPException):
        return 0, None
    finally:
        c.close()


def routes(h, known):
    """Name, and what it asks with the i-th name."""
    p, f, pic = known
    return [
        ("create", lambda i: send(h, "POST", "/api/v1/person", {"name": i, "phones": ["+49 151 23456789"], "note": "n" * 3000})),
        ("create once", lambda i: send(h, "POST", "/api/v1/person", {"name": i}, Idempotency_Key=i)),
        ("change", lambda i: send(h, "PATCH", f"/api/v1/person/{p}", {"note": i})),
        ("bulk", lambda i: send(h, "POST", "/api/v1/person/bulk", {"items": [{"op": "create", "values": {"name": i}}], "atomic": True})),
        ("read", lambda i: send(h, "GET", f"/api/v1/person/{p}")),
        ("list", lambda i: send(h, "GET", "/api/v1/person?limit=50&sort=name")),
        ("search", lambda i: send(h, "GET", "/api/v1/search?q=Kunde")),
        ("upload", lambda i: send(h, "POST", f"/api/v1/file?name={i}.csv", TABLE, "text/csv")),
        ("picture", lambda i: send(h, "POST", f"/api/v1/file?name={i}.jpg&as=picture", PICTURE, "image/jpeg")),
        ("download", lambda i: send(h, "GET", f"/api/v1/file/{pic}")),
        ("import's plan", lambda i: send(h, "POST", "/api/v1/import/plan", {"file": f, "entity": "person"})),
        ("export", lambda i: send(h, "GET", "/api/v1/export/person?format=xlsx")),
        ("archive", lambda i: send(h, "GET", f"/api/v1/person/{p}/archive")),
        ("own field", lambda i: send(h, "POST", "/api/v1/meta/field", {"entity": "group", "kind": "text", "label": i})),
        ("log-in", lambda i: send(h, "POST", "/api/v1/session", {"mail": "admin@example.org", "password": "correct horse battery"})),
    ]


def good(st):
    return 200 <= st < 300


def serve(h, disk, where):
    disk.rest()
    h.serve(env={"LD_PRELOAD": LIB, "KONTOR_IO_CTL": str(where), "KONTOR_IO_DIR": h.data})
    h.login()


def back(h, disk, where):
    """Alive, or started anew after a sync that failed. How often it had stopped."""
    disk.rest()
    if until(lambda: h.server.poll() is not None, 0.1):
        h.kill()
        serve(h, disk, where)
        return 1
    return 0


def faulty(h, disk, where, kind, known, acked):
    label, op, error = kind
    said, stops, total = {}, 0, 0
    for name, ask in routes(h, known):
        for nth in range(1, MOST + 1):
            tag = f"{label} {name} {nth}".replace(" ", "-").replace("'", "")
            disk.arm(op, error, nth)
            st, got = ask(tag)
            met = disk.hits()
            total += met
            stops += back(h, disk, where)
            said[st] = said.get(st, 0) + 1
            if st >= 400:
                true(f"{tag}: {st} says what it is: {got}", isinstance(got, dict) and got.get("code") in ("internal", "busy", "disk_full", "uncertain", "auth"))
            if name.startswith("create") and st == 201:
                acked.append(got["id"])
            again = until(lambda: good(ask(tag + "-again")[0]), 10)
            true(f"{tag}: the next one is fine ({st}, then {ask(tag + '-then')[0]})", again)
            if not met:
                break
    return said, stops, total


def main():
    with House(K) as h:
        where = h.top / "ctl"
        disk = Disk(where)
        h.init()
        serve(h, disk, where)
        known = (send(h, "POST", "/api/v1/person", {"name": "Kunde"})[1]["id"], send(h, "POST", "/api/v1/file?name=k.csv", TABLE, "text/csv")[1]["id"],
                 send(h, "POST", "/api/v1/file?name=k.jpg&as=picture", PICTURE, "image/jpeg")[1]["id"])
        acked = [known[0]]
        for kind in KINDS:
            said, stops, total = faulty(h, disk, where, kind, known, acked)
            print(f"{kind[0]}: met {total} times, answers {dict(sorted(said.items()))}, {stops} stops")
            true(f"{kind[0]}: somebody met it: {said}", total > 0)
            true(f"{kind[0]}: nothing stops the server but a sync ({stops})", not stops or kind[1] == SYNC)
        lost = [i for i in acked if send(h, "GET", f"/api/v1/person/{i}")[0] != 200]
        is_("what was acknowledged is there", lost, [])
        is_("ended", h.kill(signal.SIGTERM), 0)
        code, out, err = h.run("verify")
        is_("the base is sound", (code, err), (0, ""))


main()
end("io")
