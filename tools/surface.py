# SPDX-License-Identifier: MIT
"""What there is to attack: the API document's routes and parameters, each with a sample that reaches its handler.

A star marks where sqlmap puts in what it tries. A parameter without a sample is an error: whoever adds one to a route
adds it here. Bodies are ours, the document says of most of them only that they are objects.
"""
import json, re, time, urllib.parse

FILTER = '{"field":"name","op":"contains","value":"a"}'
PROVIDER = {"kind": "oidc", "name": "Provider", "issuer": "https://login.example.com", "client_id": "kontor", "secret": "x", "active": True}
RULE = {"name": "Rule", "reason": "Art. 5", "entity": "person", "filter": json.loads(FILTER), "since": "created", "n": 30, "unit": "years", "act": "trash"}
# By name, or by "route name" where a route wants another one. $x: what make() has put there.
SAMPLES = {
    "q": "an", "filter": FILTER, "sort": "name", "limit": "5", "cursor": "$next", "fields": "name,company.name", "count": "1",
    "deleted": "0", "at": "$now", "include": "company", "all": "1", "addr": "127.0.0.1", "outcome": "wrong", "name": "x",
    "state": "", "entity": "person", "external": "4711", "code": "x", "batch": "$batch", "from": "$now", "until": "$now",
    "number": "030 123456", "country": "DE", "unread": "1", "days": "7", "format": "jsonl", "shared": "erase",
    "shared_with": "me", "kind": "login", "user": "$user",
    "system": "shop",
    "/api/v1/batch cursor": "", "/api/v1/job cursor": "", "/api/v1/erasure cursor": "", "/api/v1/usage cursor": "",
    "/api/v1/attempt cursor": "", "/api/v1/security/event cursor": "", "/api/v1/mail cursor": "", "/api/v1/key cursor": "", "/api/v1/hook/{id}/delivery cursor": "",
    "/api/v1/sync/{system}/item cursor": "", "/api/v1/person/{id}/history cursor": "", "/api/v1/as_of/{id} cursor": "",
    "/api/v1/person/{id} include": "task.person",
    "/api/v1/batch/{id} id": "$batch", "/api/v1/file/{id} id": "$file", "/api/v1/job/{id} id": "$job", "/api/v1/draft/{id} id": "$draft",
    "/api/v1/hook/{id} id": "$hook", "/api/v1/hook/{id}/delivery id": "$hook", "/api/v1/account/{id} id": "$user",
    "/api/v1/sso/{id}/callback id": "$idp", "/api/v1/sso/{id}/callback state": "0" * 32, "/api/v1/upload/{id} id": "$upload",
    "/api/v1/retention/{id}/run id": "$rule", "/api/v1/retention/{id}/run cursor": "",
    "/api/v1/as_of/{id} id": "$asof", "/api/v1/sync/{system}/batch/{id} id": "$synced", "/api/v1/sync/{system}/item/{id} id": "$item",
}
# Must not be asked: open for ever, or there is nothing in this house that they could show.
LEFT_OUT = {"/api/v1/events": "a stream without an end", "/api/v1/mail/{id}": "there are no mails", "/api/v1/register": "asks others",
            "/api/v1/session/factor": "a step of a log-in", "/api/v1/setup": "", "/api/v1/door": "", "/healthz": "", "/readyz": ""}
# Method, path, body, what is meant to be written. The star is sqlmap's own: each value of a JSON body.
BODIES = [
    ("POST", "/api/v1/person/query", {"q": "an", "filter": json.loads(FILTER), "sort": ["name"], "fields": ["name", "company.name"], "limit": 5}),
    ("POST", "/api/v1/markup", {"texts": ["**a** <b>c</b>"]}),
    ("POST", "/api/v1/person/duplicates", {"name": "Anna", "mails": ["anna@example.org"]}),
    ("POST", "/api/v1/person", {"name": "Anna", "mails": ["anna@example.org"], "tags": ["a"], "note": "b"}),
    ("PATCH", "/api/v1/person/$own", {"name": "Anna", "job_title": "x"}),
    ("PUT", "/api/v1/person/by/shop/4711", {"name": "Anna"}),
    ("POST", "/api/v1/person/bulk", {"items": [{"op": "create", "values": {"name": "Anna"}}]}),
    ("POST", "/api/v1/person/mass", {"act": "change", "filter": {"field": "name", "op": "eq", "value": "nobody of this name"}, "values": {"job_title": "x"}}),
    ("POST", "/api/v1/person/$own/external", {"system": "erp", "key": "1"}),
    ("POST", "/api/v1/person/$own/share", {"to": "$mate", "right": "see", "why": "x"}),
    ("POST", "/api/v1/draft", {"data": {"name": "x"}}),
    ("PUT", "/api/v1/setting/attack", {"value": {"a": "b"}}),
    ("POST", "/api/v1/sync/shop", {"items": [{"id": "1", "entity": "company", "key": "4711", "values": {"name": "Firma"}}]}),
    ("POST", "/api/v1/undo", {"change": "999999999999"}),
    ("POST", "/api/v1/user", {"name": "Mate", "mail": "other@example.org"}),
    ("POST", "/api/v1/idp", PROVIDER),
    ("PATCH", "/api/v1/idp/$idp", {"name": "Another", "groups": "teams"}),
    ("PATCH", "/api/v1/retention/$rule", {"name": "z", "filter": json.loads(FILTER)}),
    ("POST", "/api/v1/retention", RULE),
    ("POST", "/api/v1/link", {"token": "0" * 64}),
    ("POST", "/api/v1/session", {"mail": "nobody@example.org", "password": "x"}),
]
HEADERS = {"User-Agent": "attack*", "Accept-Language": "de*", "If-None-Match": '"x*"', "X-Forwarded-For": "192.0.2.1*",
           "X-Kontor-As": "$user*", "Range": "bytes=0-9*"}
QUICK = {"GET /api/v1/person q", "GET /api/v1/person sort", "GET /api/v1/person filter", "GET /api/v1/person filter field",
         "GET /api/v1/person fields", "GET /api/v1/person cursor", "GET /api/v1/person include", "GET /api/v1/person at",
         "GET /api/v1/person limit", "GET /api/v1/count/person filter", "GET /api/v1/export/person q", "GET /api/v1/search q",
         "GET /api/v1/who number", "GET /api/v1/person/{id} id", "GET /api/v1/attempt name", "GET /api/v1/sync/{system}/item external",
         "POST /api/v1/person/query", "POST /api/v1/person", "POST /api/v1/person/duplicates", "GET headers", "POST /api/v1/session"}


class Target:
    """One place to attack. path and body hold a star, or sqlmap attacks every value of the body."""

    def __init__(self, name, method, path, body=None, head=None):
        self.name, self.method, self.path, self.body, self.head = name, method, path, body, head or {}
        # its own limits answer after a while, or it never has a right
        self.is_door = path in ("/api/v1/session", "/api/v1/link") or path.startswith("/api/v1/sso/")
        self.writes = method != "GET" and not path.endswith(("/query", "/duplicates", "/markup")) and not self.is_door
        self.fails = self.is_door or path.endswith(("/undo", "/user")) or ("/export/" in path and "shared_with" in path)  # the sample is refused by its handler: that is reached, too


def make(h):
    """Things of our own that samples speak of: their ids by name."""
    def new(method, path, body=None, key="id", **head):
        st, got, _ = h.ask(method, path, body, {k.replace("_", "-"): v for k, v in head.items()})
        if st >= 300:
            raise SystemExit(f"attack: {method} {path}: {st} {got}")
        return str(got[key])

    people = h.ask("GET", "/api/v1/person?limit=5&sort=name&q=an")[1]
    own = new("POST", "/api/v1/person", {"name": "Otto Opfer"})
    synced = new("POST", "/api/v1/sync/shop", {"items": [{"id": "0", "entity": "person", "key": "4711", "values": {"name": "Kunde"}}]}, "batch")
    asof = new("POST", "/api/v1/as_of", {"entity": "person", "at": "2100-01-01T00:00:00Z"}, "job")
    now = {"own": own, "synced": synced, "asof": asof, "job": asof, "person": people["data"][0]["id"], "next": people["next"],
           "batch": h.ask("GET", "/api/v1/batch")[1]["data"][0]["id"], "user": h.ask("GET", "/api/v1/session")[1]["user"]["id"],
           "idp": new("POST", "/api/v1/idp", PROVIDER), "upload": new("POST", "/api/v1/upload", Upload_Length="11"),
           "rule": new("POST", "/api/v1/retention", RULE), "mate": new("POST", "/api/v1/user", {"name": "Mate", "mail": "mate@example.org"}), "draft": new("POST", "/api/v1/draft", {"data": {"name": "x"}}), "now": "2100-01-01T00:00:00Z",
           "hook": new("POST", "/api/v1/hook", {"name": "x", "url": "https://example.org/", "ops": ["create"], "filter": None, "active": False}),
           "file": h.upload()}
    until_there(h, "/api/v1/person/by/shop/4711")
    until_there(h, f"/api/v1/as_of/{asof}")
    now["item"] = h.ask("GET", "/api/v1/sync/shop/item")[1]["data"][0]["id"]
    return now


def until_there(h, path):
    stop = time.monotonic() + 60
    while h.ask("GET", path)[0] != 200 and time.monotonic() < stop:
        time.sleep(0.05)


def sample(route, name, things):
    """The value of a parameter, or None when nobody has said one."""
    v = SAMPLES.get(f"{route} {name}", SAMPLES.get(name))
    if v is None and name == "id" and route.startswith("/api/v1/person/"):
        v = "$person"
    return things[v[1:]] if v and v.startswith("$") else v


def quoted(v):
    return urllib.parse.quote(v, safe="*,:-_.")


def reads(document, things):
    """A target for each parameter of each route that reads; of entities person stands for all."""
    entities = {p.split("/")[4] for p in document["paths"] if p.startswith("/api/v1/count/")} - {"person"}
    for route, item in document["paths"].items():
        parts = route.split("/")
        if "get" not in item or route in LEFT_OUT or any(p in entities for p in parts[3:5]):
            continue
        params = [(p["name"], p["in"]) for p in item["get"]["parameters"] if p["in"] != "header"]
        for name, where in params:
            if sample(route, name, things) is None:
                raise SystemExit(f"attack: no sample for {name} of {route}: give it one in tools/surface.py")

        def path(star, value=None):
            def put(m):
                return quoted(sample(route, m[1], things)) + ("*" if m[1] == star else "")
            at = re.sub(r"\{(\w+)\}", put, route)
            if star and (star, "query") in params:
                v = sample(route, star, things) if value is None else value
                at += f"?{star}={quoted(v)}" + ("" if "*" in v else "*")
            if route == "/api/v1/person" and star == "cursor":
                at += "&limit=5&sort=name&q=an"
            if route.endswith("/item") and star == "external":
                at += "&entity=person"
            return at

        for name, where in params:
            if name == "filter":
                yield Target(f"GET {route} filter", "GET", path(name, FILTER.replace('"a"', '"a*"')))
                yield Target(f"GET {route} filter field", "GET", path(name, FILTER.replace('"name"', '"name*"')))
            else:
                yield Target(f"GET {route} {name}", "GET", path(name))


def named(text, things):
    return re.sub(r"\$(\w+)", lambda m: things[m[1]], text)


def targets(document, things, quick):
    every = list(reads(document, things))
    for method, path, body in BODIES:
        every.append(Target(f"{method} {path}", method, named(path, things), json.loads(named(json.dumps(body), things))))
    head = {k: named(v, things) for k, v in HEADERS.items()}
    every.append(Target("GET headers", "GET", "/api/v1/person?limit=5", head=head))
    every.sort(key=lambda t: t.writes)  # what reads comes first: nothing may change meanwhile
    missing = QUICK - {t.name for t in every}
    if missing:
        raise SystemExit(f"attack: quick names what is not there: {missing}")
    return [t for t in every if not quick or t.name in QUICK]
