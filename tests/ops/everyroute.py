# SPDX-License-Identifier: MIT
"""Every route that writes or moves files, with a request that it takes: the table of routes says which there are, the rows
of the matrix (tests/api/matrix.c) what to ask. What a row needs ($x: a thing of its own) is made over the API first."""
import pathlib, re

from faulted import PICTURE, TABLE, send

TOP = pathlib.Path(__file__).resolve().parents[2]
# Those that would end the session that asks, need a first start, another server or a token that a mail has.
APART = {("POST", "/api/v1/setup"), ("DELETE", "/api/v1/session"), ("DELETE", "/api/v1/session/list"), ("POST", "/api/v1/sso/{id}"), ("POST", "/api/v1/idp/{id}/test"),
         ("POST", "/api/v1/session")} # asked as "log-in" in faulted.py
FILES = ("R_STREAM", "R_UPLOAD", "R_WRITE")


def listed():
    """(method, path, flags) of each route that writes or moves files."""
    rows = re.findall(r'^ROUTE\((\w+),\s+"([^"]+)",\s+\w+,\s+([^"]*?)\s*,\s*[\w ]+,\s*"', (TOP / "src/api/routes.def").read_text(), re.M)
    return [(m, p, flags) for m, p, flags in rows if any(f in flags for f in FILES) or p in ("/api/v1/file/{id}", "/api/v1/upload/{id}")]


def asked():
    """{(method, path): [(target, body, thing)]} of the matrix."""
    rows, found = re.findall(r'^    \{(\w+), "([^"]+)", "([^"]+)", (NULL|"(?:[^"\\]|\\.)*"), (\w+),', (TOP / "tests/api/matrix.c").read_text(), re.M), {}
    for method, path, target, body, thing in rows:
        text = None if body == "NULL" else body[1:-1].replace("\\n", "\n")
        if text and text[0] == "{":
            text = text.replace("'", '"')
        found.setdefault((method, path), []).append((target, text, thing))
    return found


class Things:
    """What rows name: made when it is asked for, a new one each time."""

    def __init__(self, h):
        self.h, self.n, self.begun = h, 0, None
        self.fix = {}
        self.fix["rolerep"] = self.new("role", {"name": "io", "rights": {"*": {"see": "all"}}})
        self.fix["teamb"] = self.new("team", {"name": "io"})
        self.fix["repb1"] = self.new("user", {"name": "io", "mail": "io@example.org", "role": self.fix["rolerep"]})

    def new(self, path, body, kind="application/json", **head):
        st, got = send(self.h, "POST", f"/api/v1/{path}", body, kind, **head)
        assert st in (200, 201, 202), (path, st, got)
        return got.get("id") or got.get("job")

    def make(self, thing):
        self.n += 1
        name = f"io {self.n}"
        if thing in ("FILE_", "BOUND"):
            return self.new("file?name=k.csv", TABLE, "text/csv")
        if thing == "UPLOAD":
            if self.begun: # there may be so many and no more
                send(self.h, "DELETE", f"/api/v1/upload/{self.begun}", Tus_Resumable="1.0.0")
            self.begun = self.new("upload", None, Upload_Length="5")
            return self.begun
        if thing == "JOB":
            return self.new("import/dry", {"file": self.make("FILE_"), "entity": "person"})
        made = {"PERSON": ("person", {"name": name}), "DRAFT": ("draft", {"data": {}}), "MAPPING": ("import/mapping", {"name": name, "mapping": {}}),
                "KEY": ("key", {"name": name, "scopes": ["read"]}), "HOOK": ("hook", {"name": name, "url": "https://example.com/", "ops": ["create"]})}
        if thing not in made:
            return "1" # none of these can be made from outside: its route answers that there is none, and has looked for it
        if thing == "KEY":
            self.prove()
        self.few(made[thing][0])
        return self.new(*made[thing])

    def prove(self):
        send(self.h, "POST", "/api/v1/session/proof", {"password": "correct horse battery"})

    def few(self, path):
        """There may be so many and no more: those of before go."""
        if path in ("key", "draft", "idp", "hook", "retention"):
            for old in send(self.h, "GET", f"/api/v1/{path}")[1]["data"]:
                send(self.h, "DELETE", f"/api/v1/{path}/{old['id']}")

    def fill(self, text, x):
        every = {**self.fix, "x.seq": "1", "x": x}
        if text and "$mine" in text:
            every["mine"] = self.make("PERSON")
        return re.sub(r"\$(x\.seq|\w+)", lambda m: every.get(m[1], m[0]), text) if text else text


def head_of(path, method):
    if path == "/api/v1/file":
        return "text/csv", {}
    if path == "/api/v1/upload":
        return "application/json", {"Upload_Length": "7"}
    if path == "/api/v1/upload/{id}" and method == "PATCH":
        return "application/offset+octet-stream", {"Upload_Offset": "0"}
    return "application/json", {}


def every_route(h):
    """Name, what makes its request ready, and what sends it then."""
    things, rows, calls = Things(h), asked(), []
    for method, path, flags in listed():
        if (method, path) in APART:
            continue
        target, body, thing = rows[(method, path)][0]
        kind, head = head_of(path, method)

        def ready(path=path, flags=flags, target=target, body=body, thing=thing):
            if "R_PROOF_OWN" in flags:
                things.prove()
            things.few(path.removeprefix("/api/v1/"))
            x = things.make(thing) if "$x" in target + (body or "") else ""
            return things.fill(target, x), things.fill(body, x)

        def ask(made, method=method, kind=kind, head=head):
            st, got = send(h, method, made[0], made[1].encode() if made[1] else None, kind, **head)
            if made[0] == "/api/v1/upload" and st == 201:
                send(h, "DELETE", f"/api/v1/upload/{got['id']}", Tus_Resumable="1.0.0")
            return st, got

        calls.append((f"{method} {path}", ready, ask))
    calls.append(("POST a picture", lambda: None, lambda _: send(h, "POST", "/api/v1/file?name=k.jpg&as=picture", PICTURE, "image/jpeg")))
    return calls
