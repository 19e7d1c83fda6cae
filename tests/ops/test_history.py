#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The checker of histories against histories of which it is known whether they are good."""
import pathlib, random, sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
from history import OK, REFUSED, UNKNOWN, Op, check, gaps, list_step, linearizable, record_step
from house import is_, true

R = {"r": (1, "a", False)}


def read(c, t0, t1, told):
    return Op(c, "r", "read", None, t0, t1, OK, told)


def patch(c, t0, t1, expected, value, outcome=OK, told=None):
    if outcome == UNKNOWN:
        return Op(c, "r", "patch", (expected, value), t0)
    return Op(c, "r", "patch", (expected, value), t0, t1, outcome, told or (expected + 1 if outcome == OK else None))


def other(kind, c, t0, t1, arg=None, outcome=OK, told=None):
    return Op(c, "r", kind, arg, t0, t1, outcome, told)


def judge(what, ops, good, start=R):
    found = check(ops, start)
    is_(what if good else f"{what}: is found", not found, good)
    return " ".join(found)


def registers():
    judge("nothing happened", [], True)
    judge("one after the other", [read(1, 0, 1, (1, "a")), patch(1, 2, 3, 1, "b"), read(2, 4, 5, (2, "b"))], True)
    judge("beside each other, either way", [patch(1, 0, 9, 1, "b"), read(2, 1, 2, (1, "a")), read(3, 3, 4, (2, "b"))], True)
    judge("a stale read", [patch(1, 0, 1, 1, "b"), read(2, 2, 3, (1, "a"))], False)
    judge("back again, by two others", [patch(1, 0, 9, 1, "b"), read(2, 1, 2, (2, "b")), read(3, 3, 4, (1, "a"))], False)
    judge("a lost update", [patch(1, 0, 9, 1, "b"), patch(2, 1, 8, 1, "c")], False)
    judge("one of the two was refused", [patch(1, 0, 9, 1, "b"), patch(2, 1, 8, 1, "c", REFUSED)], True)
    judge("refused without a reason", [patch(1, 0, 1, 1, "b", REFUSED)], False)
    judge("a version too many", [patch(1, 0, 1, 1, "b", OK, 3)], False)
    judge("an acknowledged write is lost", [patch(1, 0, 1, 1, "b"), patch(2, 2, 3, 1, "c"), read(1, 4, 5, (2, "c"))], False)
    judge("a value that nobody wrote", [read(1, 0, 1, (2, "x"))], False)
    told = judge("a fork", [patch(1, 0, 9, 1, "b"), read(2, 0, 9, (2, "b")), read(3, 0, 9, (2, "c"))], False)
    true(f"and is told as one: {told}", "version 2" in told)


def unknown():
    lost = patch(1, 0, 0, 1, "b", UNKNOWN)
    judge("it happened", [lost, read(2, 5, 6, (2, "b"))], True)
    judge("it did not", [lost, read(2, 5, 6, (1, "a"))], True)
    judge("late", [lost, read(2, 5, 6, (1, "a")), read(2, 7, 8, (2, "b"))], True)
    judge("and was taken back", [lost, read(2, 5, 6, (2, "b")), read(3, 7, 8, (1, "a"))], False)
    judge("before it began", [read(2, 0, 1, (2, "b")), patch(1, 2, 0, 1, "b", UNKNOWN)], False)
    judge("another wrote on top of it", [lost, patch(2, 1, 2, 2, "c")], True)
    judge("the other stands in its way", [lost, patch(2, 1, 2, 1, "c"), read(3, 3, 4, (2, "b"))], False)
    judge("a trash that is not known", [Op(1, "r", "delete", 1, 0), read(2, 3, 4, None), other("restore", 2, 5, 6, told=3)], True)


def trash():
    judge("away and back", [other("delete", 1, 0, 1, 1), read(1, 2, 3, None), other("restore", 1, 4, 5, told=3), read(2, 6, 7, (3, "a"))], True)
    judge("seen in the trash", [other("delete", 1, 0, 1, 1), read(1, 2, 3, (1, "a"))], False)
    judge("restored what was never away", [other("restore", 1, 0, 1, told=2)], False)
    judge("restored twice", [other("delete", 1, 0, 1, 1), other("restore", 1, 2, 9, told=3), other("restore", 2, 2, 9, told=3)], False)
    judge("the second was refused", [other("delete", 1, 0, 1, 1), other("restore", 1, 2, 9, told=3), other("restore", 2, 2, 9, outcome=REFUSED)], True)
    judge("changed in the trash", [other("delete", 1, 0, 1, 1), patch(2, 2, 3, 2, "b")], False)


def lists():
    start = {"l": frozenset()}
    add = lambda c, t0, t1, x, outcome=OK: Op(c, "l", "append", x, t0, t1 if outcome != UNKNOWN else float("inf"), outcome)
    see = lambda c, t0, t1, *x: Op(c, "l", "list", None, t0, t1, OK, frozenset(x))
    judge("grows", [add(1, 0, 1, "x"), see(2, 2, 3, "x"), add(2, 4, 5, "y"), see(1, 6, 7, "x", "y")], True, start)
    judge("one is lost", [add(1, 0, 1, "x"), add(2, 2, 3, "y"), see(2, 4, 5, "y")], False, start)
    judge("a phantom", [see(1, 0, 1, "x")], False, start)
    judge("goes back", [add(1, 0, 9, "x"), see(2, 1, 2, "x"), see(2, 3, 4)], False, start)
    judge("does not see its own", [add(1, 0, 1, "x"), see(1, 2, 3)], False, start)
    judge("two that see them in different order", [add(1, 0, 9, "x"), add(2, 0, 9, "y"), see(3, 1, 2, "x"), see(4, 1, 2, "y")], False, start)
    judge("unknown, seen", [add(1, 0, 1, "x", UNKNOWN), see(2, 2, 3, "x")], True, start)
    judge("unknown, not seen", [add(1, 0, 1, "x", UNKNOWN), see(2, 2, 3)], True, start)
    judge("refused, and there", [add(1, 0, 1, "x", REFUSED), see(2, 2, 3, "x")], False, start)


def made(rng, n, clients, lost):
    """A good history: each operation takes effect somewhere between its beginning and its end."""
    state, ops, t, free = (1, "v0", False), [], 0.0, [0.0] * clients
    for i in range(n):
        c = rng.randrange(clients)
        t = max(t + rng.random(), free[c])
        begun = max(free[c], t - rng.random() * 3)
        kind = rng.choice(["read", "read", "patch", "patch", "delete", "restore"])
        version, value, gone = state
        ahead = rng.random() < 0.7 # else it asks for an old version
        op = Op(c, "r", kind, None, begun)
        expected = version if ahead else version - 1
        op.arg = (expected, f"v{i + 1}") if kind == "patch" else expected if kind == "delete" else None
        does = kind == "restore" and gone or kind != "restore" and not gone and ahead
        if kind == "read":
            op.told = None if gone else (version, value)
        elif does:
            state = (version + 1, op.arg[1] if kind == "patch" else value, kind == "delete")
            op.told = version + 1 if kind != "delete" else None
        op.outcome = OK if does or kind == "read" else REFUSED
        op.ended = t + rng.random() * 3
        free[c] = op.ended
        if kind != "read" and rng.random() < lost:
            op.outcome, op.ended, op.told = UNKNOWN, float("inf"), None
        ops.append(op)
    return ops


def many():
    """Made at random: good ones are good, and one answer made false is found whenever the plain search says so, too."""
    rng, found = random.Random(14), 0
    for n in range(60):
        ops = made(rng, 120, 5, 0.1)
        judge(f"history {n}", ops, True, {"r": (1, "v0", False)})
    for n in range(60):
        ops = made(rng, 7, 3, 0.2)
        victim = rng.choice(ops)
        if victim.kind == "read" and victim.told:
            victim.told = (victim.told[0] - 1, "v0")
        elif victim.outcome != UNKNOWN:
            victim.outcome = REFUSED if victim.outcome == OK else OK
            victim.told = 2
        is_(f"bent history {n}", linearizable(ops, (1, "v0", False), record_step)[0], plain(ops, (1, "v0", False)))
        found += not plain(ops, (1, "v0", False))
    true(f"some of them are bad ({found})", found > 10)


def plain(ops, state):
    """The same by trying every order."""
    left = [o for o in ops if o.outcome != UNKNOWN]
    if not left:
        return True
    end = min(o.ended for o in left)
    for o in ops:
        after = record_step(state, o) if o.begun <= end else None
        if after is not None and plain([x for x in ops if x is not o], after):
            return True
    return False


registers()
unknown()
trash()
lists()
many()
is_("versions without a gap", gaps({"r": [1, 2, 3], "s": [1]}), [])
is_("a gap, a version twice, a late beginning", len(gaps({"r": [1, 3], "s": [1, 2, 2], "t": [2, 3]})), 3)
is_("an empty list is a state", linearizable([], frozenset(), list_step), (True, None))
house.end("history")
