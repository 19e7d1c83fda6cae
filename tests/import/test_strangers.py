# SPDX-License-Identifier: MIT
"""Each file of strangers.py is imported into an empty base by the program itself, and what came of it is compared.
With KONTOR_TEST_PG on PostgreSQL too, at the same time: there each import is taken back before the next one.
test_strangers.py KONTOR [NAME...]: only those cases, told at length."""
import json, os, pathlib, shutil, subprocess, sys, tempfile, uuid
from concurrent.futures import ThreadPoolExecutor

import oddities  # noqa: F401 - adds its cases
import strangers

KONTOR = str(pathlib.Path(sys.argv[1]).resolve())
ENV = dict(os.environ, **({"KONTOR_SANDBOX": "no"} if "asan" in KONTOR else {}))
COUNTRIES = ("DE", "RU", "LT")
COUNTS = ("rows", "new", "joined", "refused", "empty", "companies", "made", "interactions", "problems")


def kontor(*args):
    r = subprocess.run([KONTOR, *args], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, env=ENV)
    if r.returncode:
        raise RuntimeError(f"{args[0]}: {r.stdout}{r.stderr}")
    return r.stdout


def records(entity, *where):
    return [json.loads(line) for line in kontor("export", entity, "--format", "jsonl", *where).splitlines()]


def found(result, where):
    """The base as the cases speak of it."""
    people, firms = records("person", *where), records("company", *where)
    got = {c: result[c] for c in COUNTS}
    got["people"] = {p["title"]: sorted(x.get("e164") or x["value"] for x in p["phones"] or []) for p in people}
    got["n_people"] = len(people)
    got["firms"] = sorted(f["title"] for f in firms)
    got["taxes"] = sorted(f["inn"] for f in firms if f["inn"])
    got["kpps"] = sorted(f["kpp"] for f in firms if f["kpp"])
    got["ogrns"] = sorted(f["ogrn"] for f in firms if f["ogrn"])
    got["mails"] = sorted(m["value"] for r in people + firms for m in r["mails"] or [])
    got["zips"] = sorted(a["zip"] for r in people + firms for a in r["addresses"] or [] if a.get("zip"))
    got["birthdays"] = sorted(p["birthday"] for p in people if p["birthday"])
    got["people_of"] = {f["title"]: f["people_count"] for f in firms}
    got["uses"] = sorted(x["type"] for p in people for x in (p["phones"] or []) + (p["mails"] or []))
    got["sums"] = [t["sum"] for t in result["totals"] if t["sum"] == t["file"]]
    got["left_out"] = [s["sheet"] for s in result["left_out"]]
    got["no_fields"] = result["new_fields"] == 0
    return got


def differences(want, got):
    for key, w in want.items():
        if key in ("country", "error"):
            continue
        g = got[key]
        if key == "people":
            if sorted(w) != sorted(g) or got["n_people"] != len(w):
                yield key, sorted(g), sorted(w)
            for name, phones in w.items():
                phones = sorted([phones] if isinstance(phones, str) else phones or [])
                if name in g and g[name] != phones:
                    yield "phones of " + name, g[name], phones
        elif g != (sorted(w) if isinstance(w, list) and key != "sums" else w):
            yield key, g, w


class Sqlite:
    """Each case has a copy of an empty base."""
    def __init__(self, top):
        self.top = top

    def __enter__(self):
        for country in COUNTRIES:
            init(self.top, country)
        return self

    def open(self, country):
        shutil.copytree(self.top / country, self.top / "now")
        return ("--data", str(self.top / "now"))

    def close(self, where, batches):
        shutil.rmtree(self.top / "now")

    def __exit__(self, *_):
        pass


class Postgres(Sqlite):
    """A base for each country: what a case brought in is taken back."""
    def __enter__(self):
        self.server, self.names = os.environ["KONTOR_TEST_PG"], {c: f"strangers_{c.lower()}_{uuid.uuid4().hex[:8]}" for c in COUNTRIES}
        for country, name in self.names.items():
            psql(self.server, f"CREATE DATABASE {name}")
            init(self.top, "pg" + country, *self.url(country))
        return self

    def url(self, country):
        scheme, rest = self.server.split("://", 1)
        return ("--db", f"{scheme}://{rest.split('/')[0]}/{self.names[country]}")

    def open(self, country):
        return ("--data", str(self.top / ("pg" + country)), *self.url(country))

    def close(self, where, batches):
        for batch in reversed(batches):
            kontor("undo", batch, *where)

    def __exit__(self, *_):
        for name in self.names.values():
            psql(self.server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def psql(server, sql):
    subprocess.run(["psql", "-qX", server, "-c", sql], check=True, stdout=subprocess.DEVNULL)


def init(top, folder, *more):
    kontor("init", "--data", str(top / folder), "--country", folder[-2:], "--language", "en", "--admin", "a@b.example",
           "--password-file", str(top / "password"), *more)


def refusal(path, where, part):
    """A file that must be refused: at once, with a message that says why, and without a trace."""
    for how in ("--dry-run", "--yes"):
        r = subprocess.run([KONTOR, "import", str(path), how, "--json", *where], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, env=ENV)
        try:
            told = json.loads(r.stderr)["error"]["detail"]
        except (ValueError, KeyError):
            told = None
        if r.returncode != 1 or not told or part.lower() not in told.lower():
            yield "refusal " + how, (r.returncode, told, r.stdout[:300], r.stderr[:300]), part
    if records("person", *where) or records("company", *where):
        yield "left behind", len(records("person", *where)), 0


def once_more(path, where, batches):
    """The same file again: whoever he is, nobody comes into being a second time."""
    dry = json.loads(kontor("import", str(path), "--dry-run", "--json", *where))
    again = json.loads(kontor("import", str(path), "--yes", "--json", *where))
    batches.append(again["batch"])
    for c in ("new", "made", "companies", "groups", "interactions"):
        if again[c] or dry[c]:
            yield "again " + c, (dry[c], again[c]), 0


def try_case(engine, name, file, data, want, tell):
    where, batches = engine.open(want["country"]), []
    path = engine.top / file
    path.write_bytes(data)
    try:
        if "error" in want:
            return list(refusal(path, where, want["error"]))
        dry = json.loads(kontor("import", str(path), "--dry-run", "--json", *where))
        result = json.loads(kontor("import", str(path), "--yes", "--json", *where))
        batches.append(result["batch"])
        bad = list(differences(want, found(result, where)))
        bad += [("dry " + c, dry[c], result[c]) for c in COUNTS if dry[c] != result[c]]
        bad += list(once_more(path, where, batches))
        if tell:
            print(json.dumps(result, ensure_ascii=False, indent=1))
        return bad
    except (RuntimeError, KeyError) as e:
        return [("error", repr(e), "none")]
    finally:
        path.unlink()
        engine.close(where, batches)


def try_all(kind, cases, tell):
    """All cases on one engine, in a folder of its own: how many failed."""
    top, failed = pathlib.Path(tempfile.mkdtemp(prefix="kontor-strangers-")), 0
    try:
        (top / "password").write_text("correct horse battery\n")
        with kind(top) as engine:
            for name, file, data, want in cases:
                bad = try_case(engine, name, file, data, want, tell)
                failed += bool(bad)
                for what, got, wanted in bad:
                    print(f"{kind.__name__}: {name}: {what}\n  got:  {got!r}\n  want: {wanted!r}", file=sys.stderr)
    finally:
        shutil.rmtree(top)
    return failed


def main():
    only = sys.argv[2:]
    cases = [c for c in strangers.CASES if not only or c[0] in only]
    engines = [Sqlite] + ([Postgres] if os.environ.get("KONTOR_TEST_PG") and shutil.which("psql") else [])
    with ThreadPoolExecutor() as pool:
        failed = sum(pool.map(lambda kind: try_all(kind, cases, only), engines))
    print(f"strangers: {len(cases) * len(engines) - failed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
