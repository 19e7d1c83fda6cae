#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""R06: memory is refused to the libraries, and to the program itself: test_mem.py KONTOR MEMFAIL [MOST [SECONDS]]
For each route: the first, second, ... allocation that a library makes is refused once (MOST: the highest of them; a few in between
are left out below 100), then each for the length of a request. Every answer is a good one or tells of a fault, nothing is half
done, the next request is fine. The program's own allocations are not refused by halves: it stops (base/base.h), comes back by a
restart, and what was acknowledged is there, once. Where it was refused is told for what stopped the server."""
import collections, pathlib, random, signal, sys, time, urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
from faulted import Ctl, back, furnish, good, routes, send, serve, sqlite_in
from house import House, end, is_, true, until

K, LIB = sys.argv[1], str(pathlib.Path(sys.argv[2]).resolve())
MOST, SECONDS = int(sys.argv[3]) if len(sys.argv) > 3 else 40, int(sys.argv[4]) if len(sys.argv) > 4 else 60
LIBRARY, OWN = 1, 2
EVERY = -1
TOLD = ("internal", "busy", "disk_full", "uncertain", "auth", "too_slow")
ABORTED = -signal.SIGABRT


def turns():
    """The allocations that are refused in turn: all of them, or ever fewer."""
    n = 1
    while n <= MOST:
        yield n
        n = n + 1 if MOST >= 100 or n < 4 else n + n // 3
    yield EVERY


class Run:
    def __init__(self, h, ctl, env):
        self.h, self.ctl, self.env, self.acked, self.open = h, ctl, env, {}, set()
        self.said, self.places, self.met, self.stops = collections.Counter(), collections.Counter(), 0, collections.Counter()
        self.log = h.top / "refused"

    def where(self):
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        self.log.write_text("")  # the library adds at its end
        return lines

    def named(self, tag):
        """How many people have this name."""
        q = urllib.parse.urlencode({"filter": f'{{"field":"name","op":"eq","value":"{tag}"}}', "limit": 50})
        st, got = send(self.h, "GET", f"/api/v1/person?{q}")
        return sum(r["name"] == tag for r in got["data"]) if st == 200 else f"{st} {got}"

    def once(self, kind, name, ask, nth):
        tag = f"k{kind} {name} {nth}".replace(" ", "-").replace("'", "")
        self.where()
        self.ctl.arm(kind, 0, nth)
        st, got = ask(tag)
        met = self.ctl.hits()
        code = back(self.h, self.ctl, self.env)
        places = self.where()
        self.met += met
        self.said[st] += 1
        self.places.update(p.split("+")[0] for p in places)
        if code is not None:
            self.stops[places[-1] if places else "?"] += 1
            is_(f"{tag}: a stop is one by intent ({places[-3:]})", code, ABORTED)
        true(f"{tag}: an answer, or a stream that breaks off, or the server stopped", st or code is not None or name in ("export", "archive"))
        if st >= 400:
            true(f"{tag}: {st} says what it is: {got} ({places[-1:]})", isinstance(got, dict) and got.get("code") in TOLD)
        if name in ("create", "create once", "bulk"):
            self.whole(tag, st, got)
        again = until(lambda: good(ask(tag + "-again")[0]), 10)
        true(f"{tag}: the next one is fine ({st}, then {ask(tag + '-then') if not again else ''})", again)
        return met

    def whole(self, tag, st, got):
        """All of it or nothing; what was acknowledged, and once."""
        n = self.named(tag)
        if good(st):
            is_(f"{tag}: acknowledged, and there once", n, 1)
            self.acked[tag] = 1
        elif st == 0 or (isinstance(got, dict) and got.get("code") == "uncertain"):
            true(f"{tag}: there once or not at all: {n}", n in (0, 1))
        else:
            is_(f"{tag}: refused, and nothing there", n, 0)


def main(engine, seconds, db=""):
    with House(K) as h:
        h.env["KONTOR_DB"] = db
        ctl = Ctl(h.top / "ctl")
        env = {"LD_PRELOAD": LIB, "KONTOR_IO_CTL": str(h.top / "ctl"), "KONTOR_MEM_LOG": str(h.top / "refused"), "KONTOR_MEM_FOREIGN": sqlite_in(K)}
        h.init()
        serve(h, ctl, env)
        known = furnish(h)
        r, late = Run(h, ctl, env), time.monotonic() + seconds
        asked = routes(h, known)
        random.Random(6).shuffle(asked)
        skipped = 0
        for kind, label in ((LIBRARY, "libraries"), (OWN, "the program")):
            before, r.met, said = r.met, 0, collections.Counter(r.said)
            for name, ask in asked if kind != OWN else asked[:4]:
                for nth in turns() if kind == LIBRARY else (1, 40):
                    if time.monotonic() > late and kind == LIBRARY:
                        skipped += 1
                        break
                    if not r.once(kind, name, ask, nth) and nth != EVERY:
                        break
            print(f"{engine}, {label}: refused {r.met} times, answers {dict(sorted((r.said - said).items()))}")
            true(f"{label}: somebody was refused", r.met > 0)
        print(f"refused in {dict(r.places.most_common())}; stops at {dict(r.stops)}; {skipped} routes cut short by the clock")
        lost = [tag for tag in r.acked if r.named(tag) != 1]
        is_("what was acknowledged is there, once", lost, [])
        is_("ended", h.kill(signal.SIGTERM), 0)
        code, out, err = h.run("verify")
        is_("the base is sound", (code, err), (0, ""))


main("SQLite", SECONDS)
house.on_pg("mem", lambda _, url: main("PostgreSQL", SECONDS // 2, url))
end("mem")
