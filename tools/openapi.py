#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/openapi.py FOLDER - the replies of a test run against the API document of the same run (KONTOR_API_RECORD).

The document itself: every reference leads somewhere, every schema is one. Each reply: its route is there, its status is
listed, its body fits; of a refusal also its code is listed for that status. Entities that were made and gone within the
run are not in the document: theirs are counted apart. Refusals that are declared and that no test has met are told.
"""
import collections, json, pathlib, re, sys
from jsonschema import Draft202012Validator

sys.dont_write_bytecode = True
import surface

folder = pathlib.Path(sys.argv[1])
doc = json.loads((folder / "openapi.json").read_text())
bad, passed, aside, shown = 0, 0, 0, collections.Counter()
declared, met = set(), set()  # (method, route, code)


def wrong(what):
    global bad
    bad += 1
    shown[what[:160]] += 1
    if shown[what[:160]] == 1 and bad < 60:
        print(f"openapi: {what[:1000]}")


def at(ref):
    node = doc
    for part in ref.removeprefix("#/").split("/"):
        node = node[part]
    return node


def walk(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            try:
                at(node["$ref"])
            except KeyError:
                wrong(f"{node['$ref']} leads nowhere")
        for v in node.values():
            walk(v)
    elif isinstance(node, list):
        for v in node:
            walk(v)


walk(doc)
for name, schema in doc["components"]["schemas"].items():
    try:
        Draft202012Validator.check_schema(schema)
        passed += 1
    except Exception as e:
        wrong(f"schema {name}: {e}")

for path, item in doc["paths"].items():
    for method, op in item.items():
        names = collections.Counter((p["name"], p["in"]) for p in op.get("parameters", []))
        for (name, where), n in names.items():
            if n > 1:
                wrong(f"{method} {path}: {name} in {where} stands there {n} times")
        vague = [s for s in op["responses"] if s in ("4XX", "5XX")]
        if vague or "default" not in op["responses"]:
            wrong(f"{method} {path}: refusals are told one by one, and as default what comes before a request is read")

# a path's text -> its item; the longest literal first, as the server does
table = [(re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(p)) + "$"), p, item) for p, item in doc["paths"].items()]
table.sort(key=lambda x: x[1].count("{"))
checks = {}


def validator(schema):
    key = json.dumps(schema)
    if key not in checks:
        checks[key] = Draft202012Validator({**schema, "components": doc["components"]})
    return checks[key]


def response(x):
    return at(x["$ref"]) if "$ref" in x else x


def codes_of(answer):
    """The codes of a refusal's answer; of any other, none."""
    schema = answer.get("content", {}).get("application/problem+json", {}).get("schema", {})
    return next((s["properties"]["code"]["enum"] for s in schema.get("allOf", []) if "properties" in s), [])


def refusals(r, op):
    """What the operation says it can be refused with, by its route: an entity's routes are those of any."""
    listed = {c for s, x in op["responses"].items() if s != "default" for c in codes_of(response(x))}
    declared.update((r["method"], r["route"], c) for c in listed)


def problem(r, path, reply):
    """A refusal, listed or not: its code says its status, and is one of those listed."""
    body = json.loads(r["body"])
    where = f"{r['method']} {path}: {r['status']}"
    row = next((x for x in doc["components"]["schemas"]["Code"]["oneOf"] if x["const"] == body["code"]), None)
    if not row or row["x-status"] != r["status"]:
        return wrong(f"{where} {body['code']} is no code of that status")
    if not body.get("request_id"):
        return wrong(f"{where} {body['code']} has no request_id")
    if body["code"] not in codes_of(reply):
        return wrong(f"{where} {body['code']} is not listed")
    met.add((r["method"], r["route"], body["code"]))


def operation(r):
    for pattern, path, item in table:
        if pattern.match(r["path"]) and r["method"].lower() in item:
            return path, item[r["method"].lower()]
    return None, None


def check(r):
    global passed, aside
    if r["method"] in ("HEAD", "OPTIONS") or not r["route"].startswith(("/api/", "/healthz", "/readyz", "/metrics")):
        return
    path, op = operation(r)
    if not op:
        seen = "{entity}" in r["route"] or r["status"] in (404, 405, 403, 401)
        if not seen:
            wrong(f"{r['method']} {r['route']} is not in the document")
        aside += 1
        return
    status = str(r["status"])
    refusals(r, op)
    reply = op["responses"].get(status) or (op["responses"].get("2XX") if status[0] == "2" else None)
    if not reply:
        code = json.loads(r["body"])["code"] if r["type"].startswith("application/problem+json") else ""
        return wrong(f"{r['method']} {path}: {status} {code} is not listed")
    reply = response(reply)
    if r["type"].startswith("application/problem+json"):
        problem(r, path, reply)
    content = reply.get("content", {})
    if "body" in r and "*/*" not in content:
        if not r["body"]:
            if content and r["status"] not in (204, 304):
                wrong(f"{r['method']} {path}: {status} has no body")
            passed += 1
            return
        form = content.get(r["type"].split(";")[0])
        if not form:
            return wrong(f"{r['method']} {path}: {status} as {r['type']} is not listed")
        error = next(validator(form["schema"]).iter_errors(json.loads(r["body"])), None)
        if error:
            where = "/".join(map(str, error.absolute_path))
            return wrong(f"{r['method']} {path} {status} at {where}: {error.message[:300]}")
    passed += 1


for file in sorted(folder.glob("replies-*.jsonl")):
    for line in file.read_text().splitlines():
        check(json.loads(line))
if not passed or aside * 4 > passed:
    wrong(f"{aside} of {passed} replies are of entities that the document does not have: too many to mean anything")
try:  # ./dev attack can put something into each parameter
    passed += len(list(surface.reads(doc, collections.defaultdict(lambda: "1"))))
except SystemExit as e:
    wrong(str(e))
print(f"openapi: {aside} replies set aside")
never = collections.Counter(c for _, _, c in declared - met)
print(f"openapi: {len(declared & met)} of {len(declared)} declared refusals were met by a test; never, by code: "
      + ", ".join(f"{c} {n}" for c, n in never.most_common()))
print(f"openapi: {passed} passed, {bad} failed")
sys.exit(bad > 0)
