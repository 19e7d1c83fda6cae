#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/parts.py - ./dev parts: every part that we pin ourselves with its version and the newest one, known holes of those
from npm, and the versions of Debian's libraries that are built against. Asks the network. SECURITY.md says how old a part
may be: a known hole, or a newer release of the same major version that has been out for more than DAYS, is a failure, and so is
no answer.
"""
import datetime, json, pathlib, re, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).parents[1]
DAYS = 90


def npm(*args, where=ROOT / "web"):
    out = subprocess.run(["npm", *args, "--json"], cwd=where, capture_output=True, text=True).stdout
    return json.loads(out) if out.strip() else {}


def pinned():
    """name, version, where"""
    for line in (ROOT / "tools/deps.lock").read_text().splitlines():
        m = re.match(r"\S+ (@?[^@ ]+)@(\S+) sha512", line)
        if m:
            yield m[1], m[2], "tools/deps.lock"
    package = json.loads((ROOT / "web/package.json").read_text())
    for kind in ("dependencies", "devDependencies"):
        for name, version in package[kind].items():
            yield name, version, "web/package.json"


def age(name, version):
    """Newest release, and for how many days there has been one of our major version that is newer than ours; None: nobody
    could be asked."""
    times = {v: t for v, t in npm("view", name, "time").items() if re.fullmatch(r"\d+\.\d+\.\d+", v)}
    if version not in times:
        return None, None
    number = lambda v: [int(n) for n in v.split(".")]
    newer = [t for v, t in times.items() if number(v) > number(version) and number(v)[0] == number(version)[0]]
    days = 0
    if newer:
        days = (datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(min(newer).replace("Z", "+00:00"))).days
    return max(times, key=number), days


def holes():
    """Of what the web app is made of, and of what tools/deps.lock pins; None: nobody could be asked."""
    found = {}
    with tempfile.TemporaryDirectory() as at:
        lock = {n: v for n, v, where in pinned() if where == "tools/deps.lock"}
        (pathlib.Path(at) / "package.json").write_text(json.dumps({"name": "parts", "version": "0.0.0", "dependencies": lock}))
        subprocess.run(["npm", "install", "--package-lock-only", "--ignore-scripts", "--force", "--silent"], cwd=at, capture_output=True)
        for where in (ROOT / "web", at):
            answer = npm("audit", where=where)
            if "vulnerabilities" not in answer:
                print(f"known holes: NOT ASKED ({answer.get('message', 'no answer')})")
                return None
            found.update(answer["vulnerabilities"])
    return found


def debian():
    names = re.search(r'NEED_build="([^"]+)"', (ROOT / "tools/need.sh").read_text())[1].split()
    out = subprocess.run(["dpkg-query", "-W", "-f=${Package} ${Version}\n", *[n for n in names if n.startswith("lib")]],
                         capture_output=True, text=True).stdout
    return [line.split() for line in out.splitlines()]


def main():
    bad = good = 0
    for name, version, where in pinned():
        newest, days = age(name, version)
        wrong = "NOT ASKED" if days is None else "TOO OLD" if days > DAYS else ""
        bad, good = bad + bool(wrong), good + (not wrong)
        print(f"{name:40} {version:12} newest {newest or '?':12} {f'newer for {days} days' if days else ''}  {wrong}  ({where})")
    known = holes()
    bad += known is None
    for name, hole in (known or {}).items():
        bad += 1
        print(f"{name:40} {hole.get('severity')}: {hole.get('range')}  HOLE")
    for name, version in debian():
        print(f"{name:40} {version} (Debian)")
    print(f"parts: {good} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
