#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/parts.py - ./dev parts: every part that we pin ourselves with its version and the newest one, known holes of those
from npm, and the versions of Debian's libraries that are built against. Asks the network. SECURITY.md says how old a part
may be: a known hole, or a newest release that has been out for more than DAYS and is not ours, is a failure.
"""
import datetime, json, pathlib, re, subprocess, sys

ROOT = pathlib.Path(__file__).parents[1]
DAYS = 90


def npm(*args):
    out = subprocess.run(["npm", *args, "--json"], cwd=ROOT / "web", capture_output=True, text=True).stdout
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
    """Newest release of the same major version, and for how many days it has been out without being ours."""
    about = npm("view", name, "time")
    major = version.split(".")[0]
    out = {v: t for v, t in about.items() if re.fullmatch(major + r"\.\d+\.\d+", v)}
    newest = max(out, key=lambda v: [int(n) for n in v.split(".")], default=version)
    since = datetime.datetime.fromisoformat(out.get(newest, "1970-01-01T00:00:00Z").replace("Z", "+00:00"))
    return newest, 0 if newest == version else (datetime.datetime.now(datetime.timezone.utc) - since).days


def debian():
    names = re.search(r'NEED_build="([^"]+)"', (ROOT / "tools/need.sh").read_text())[1].split()
    out = subprocess.run(["dpkg-query", "-W", "-f=${Package} ${Version}\n", *[n for n in names if n.startswith("lib")]],
                         capture_output=True, text=True).stdout
    return [line.split() for line in out.splitlines()]


def main():
    bad = good = 0
    for name, version, where in pinned():
        newest, days = age(name, version)
        old = days > DAYS
        bad, good = bad + old, good + (not old)
        print(f"{name:40} {version:12} newest {newest:12} {f'{days} days behind' if days else ''}{'  TOO OLD' if old else ''}  ({where})")
    answer = npm("audit")
    if "vulnerabilities" not in answer: # no word is no good word
        bad += 1
        print(f"known holes: NOT ASKED ({answer.get('message', 'no answer')})")
    for name, hole in answer.get("vulnerabilities", {}).items():
        bad += 1
        print(f"{name:40} {hole.get('severity')}: {hole.get('range')}  HOLE")
    for name, version in debian():
        print(f"{name:40} {version} (Debian)")
    print(f"parts: {good} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
