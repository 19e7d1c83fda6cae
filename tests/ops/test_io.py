#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""R07: reading, writing, syncing, opening, renaming fail in turn under a running server: test_io.py KONTOR IOFAIL [MOST]
For each kind of fault and each route: the first, second, ... call of that kind fails, until the request goes through without
meeting it (MOST at most). Every answer is a good one or tells of a fault; the next request is fine; what was acknowledged is
there, once; the base is sound. Then every route that writes or moves files (everyroute.py), as the table of routes lists them: by
the first call that fails for want of room or of a descriptor; with MOST over 4 by each kind and call, too. A sync that failed is not tried again: the server may stop, and comes back by a restart."""
import errno, pathlib, signal, sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from everyroute import every_route
from faulted import Ctl, back, furnish, good, routes, send, serve
from house import House, end, is_, true, until

K, LIB, MOST = sys.argv[1], str(pathlib.Path(sys.argv[2]).resolve()), int(sys.argv[3]) if len(sys.argv) > 3 else 6
READ, WRITE, SYNC, OPEN, RENAME, UNLINK, TRUNCATE, SHORT = range(1, 9)
KINDS = [("read", READ, errno.EIO), ("write", WRITE, errno.EIO), ("no room", WRITE, errno.ENOSPC), ("half a write", SHORT, 0), ("sync", SYNC, errno.EIO),
         ("open", OPEN, errno.EMFILE), ("rename", RENAME, errno.EIO), ("unlink", UNLINK, errno.EIO)]

CODES = ("internal", "busy", "disk_full", "uncertain", "auth")


def faulty(h, disk, env, kind, known, acked):
    label, op, error = kind
    said, stops, total = {}, 0, 0
    for name, ask in routes(h, known):
        for nth in range(1, MOST + 1):
            tag = f"{label} {name} {nth}".replace(" ", "-").replace("'", "")
            disk.arm(op, error, nth)
            st, got = ask(tag)
            met = disk.hits()
            total += met
            stops += back(h, disk, env) is not None
            said[st] = said.get(st, 0) + 1
            if st >= 400:
                true(f"{tag}: {st} says what it is: {got}", isinstance(got, dict) and got.get("code") in CODES)
            if name.startswith("create") and st == 201:
                acked.append(got["id"])
            again = until(lambda: good(ask(tag + "-again")[0]), 10)
            true(f"{tag}: the next one is fine ({st}, then {ask(tag + '-then')[0]})", again)
            if not met:
                break
    return said, stops, total


def each(h, disk, env, calls, usual, kind, most):
    """Every route: its answer under the fault is the usual one or tells of it, the next one is the usual one."""
    label, op, error = kind
    met = stops = 0
    for name, ready, ask in calls:
        for nth in range(1, most + 1):
            made = ready()
            disk.arm(op, error, nth)
            st, got = ask(made)
            hits = disk.hits()
            met += hits
            stops += back(h, disk, env) is not None
            # a session that could not be read is none, what could not be looked for is not there
            told = st >= 500 and isinstance(got, dict) and got.get("code") in CODES
            fair = st == usual[name] or told or (st < 400 and 0 < usual[name] < 400 and st) or st in (401, 403, 404) or (st == 0 and op == SYNC)
            true(f"{label} {name} {nth}: {st} where {usual[name]} is usual: {got if st >= 400 else ''}", bool(fair))
            then = until(lambda: (ask(ready())[0] < 400) == (usual[name] < 400), 10)
            true(f"{label} {name} {nth}: the next one is as usual", then)
            if not hits:
                break
    return met, stops


def every(h, disk, env):
    calls, usual = every_route(h), {}
    for name, ready, ask in calls:
        usual[name] = ask(ready())[0]
        true(f"{name} without a fault: {usual[name]}", 0 < usual[name] < 500)
    fine = sum(1 for st in usual.values() if st < 400)
    true(f"most of them go through without a fault ({fine} of {len(calls)})", fine > len(calls) * 0.55)
    kinds = KINDS if MOST > 4 else [k for k in KINDS if k[0] in ("no room", "open")]
    for kind in kinds:
        met, stops = each(h, disk, env, calls, usual, kind, MOST if MOST > 4 else 1)
        print(f"every route, {kind[0]}: met {met} times, {stops} stops")
        true(f"every route, {kind[0]}: somebody met it", met > 0)
        true(f"every route, {kind[0]}: nothing stops the server but a sync ({stops})", not stops or kind[1] == SYNC)


def main():
    with House(K) as h:
        disk = Ctl(h.top / "ctl")
        env = {"LD_PRELOAD": LIB, "KONTOR_IO_CTL": str(h.top / "ctl"), "KONTOR_IO_DIR": h.data}
        h.init()
        serve(h, disk, env)
        known = furnish(h)
        acked = [known[0]]
        for kind in KINDS:
            said, stops, total = faulty(h, disk, env, kind, known, acked)
            print(f"{kind[0]}: met {total} times, answers {dict(sorted(said.items()))}, {stops} stops")
            true(f"{kind[0]}: somebody met it: {said}", total > 0)
            true(f"{kind[0]}: nothing stops the server but a sync ({stops})", not stops or kind[1] == SYNC)
        every(h, disk, env)
        lost = [i for i in acked if send(h, "GET", f"/api/v1/person/{i}")[0] != 200]
        is_("what was acknowledged is there", lost, [])
        is_("ended", h.kill(signal.SIGTERM), 0)
        code, out, err = h.run("verify")
        is_("the base is sound", (code, err), (0, ""))


main()
end("io")
