# SPDX-License-Identifier: MIT
"""A server under a preloaded library that makes calls fail (tests/torture/preload.h), and what is asked of it meanwhile."""
import http.client, json, mmap, pathlib, re, struct, subprocess

from house import true, until

PICTURE = (pathlib.Path(__file__).parents[1] / "fixtures/pictures/plain.jpg").read_bytes()
TABLE = ("Name;Telefon\n" + "".join(f"Kunde {i};0151 2345{i:04}\n" for i in range(300))).encode()


class Ctl:
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


def sqlite_in(kontor):
    """Where in the program SQLite stands, which is linked into it: KONTOR_MEM_FOREIGN (tests/torture/memfail.c)."""
    lines = subprocess.run(["nm", kontor], capture_output=True, text=True, check=True).stdout
    at = [int(x, 16) for x in re.findall(r"^([0-9a-f]+) [tT] sqlite3\w+$", lines, re.M)]
    true("SQLite was found in the program", len(at) > 100 and max(at) - min(at) < 4 << 20)
    return f"{min(at):x}-{max(at):x}"


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


def furnish(h):
    """A person, a table and a picture to be asked for."""
    return (send(h, "POST", "/api/v1/person", {"name": "Kunde"})[1]["id"], send(h, "POST", "/api/v1/file?name=k.csv", TABLE, "text/csv")[1]["id"],
            send(h, "POST", "/api/v1/file?name=k.jpg&as=picture", PICTURE, "image/jpeg")[1]["id"])


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


def serve(h, ctl, env):
    ctl.rest()
    h.serve(env=env)
    h.login()


def back(h, ctl, env):
    """Alive, or started anew. How it had ended: its exit code, or None."""
    ctl.rest()
    if not until(lambda: h.server.poll() is not None, 0.1):
        return None
    code = h.kill()
    serve(h, ctl, env)
    return code
