# SPDX-License-Identifier: MIT
"""R14: whether a history of what clients did and were told has an order in which each thing happened at one moment.

The search of Wing and Gong, with Lowe's memory of what was tried: among the operations that had begun before any of the
others has ended, one is taken as the next that happened, when the state allows its answer; dead ends are gone back from.
Exact, for one record at a time: a history of several is linearizable when that of each is. An operation whose outcome is
not known may have happened at any time from its beginning on, or never."""
import dataclasses, math

OK, REFUSED, UNKNOWN = "ok", "refused", "unknown"


@dataclasses.dataclass
class Op:
    client: int
    record: object
    kind: str
    arg: object = None       # patch: (expected version, value), delete: expected version, append: the value
    begun: float = 0.0
    ended: float = math.inf  # of an unknown one: never
    outcome: str = UNKNOWN
    told: object = None      # read: (version, value) or None in the trash; patch, restore: the new version; list: a set


# ---- the record: (version, value, in the trash) ----

def record_step(s, op):
    """The state after it, or None when it cannot have been answered so in this state."""
    version, value, gone = s
    if op.kind == "read":
        seen = None if gone else (version, value)
        return s if op.told == seen else None
    if op.kind == "patch":
        expected, new = op.arg
        fits = not gone and version == expected
        if op.outcome == REFUSED:
            return None if fits else s
        if not fits or (op.outcome == OK and op.told != version + 1):
            return None
        return version + 1, new, False
    if op.kind == "delete":
        fits = not gone and version == op.arg
        if op.outcome == REFUSED:
            return None if fits else s
        return (version + 1, value, True) if fits else None
    if op.kind == "restore":
        if op.outcome == REFUSED:
            return None if gone else s
        if not gone or (op.outcome == OK and op.told != version + 1):
            return None
        return version + 1, value, False
    raise ValueError(op.kind)


# ---- the list: a set that only grows ----

def list_step(s, op):
    if op.kind == "append":
        return s if op.outcome == REFUSED else s | {op.arg}
    return s if op.told == s else None


def linearizable(ops, start, step):
    """(True, None) or (False, the operations at which the longest attempt got stuck)."""
    ops = sorted(ops, key=lambda o: o.begun)
    must = sum(1 << i for i, o in enumerate(ops) if o.outcome != UNKNOWN)
    tried, best, stuck = set(), -1, []

    def next_ones(done):
        """Those that may have happened next: begun before any other that is left has ended."""
        end, found = math.inf, []
        for i, o in enumerate(ops):
            if o.begun > end:
                break
            if not done >> i & 1:
                found.append(i)
                end = min(end, o.ended)
        return sorted((i for i in found if ops[i].begun <= end), key=lambda i: ops[i].ended)

    path = [(0, start, iter(next_ones(0)))]
    while path:
        done, state, rest = path[-1]
        if done & must == must:
            return True, None
        count = bin(done & must).count("1")
        if count > best:
            best, stuck = count, [ops[i] for i in next_ones(done)]
        for i in rest:
            after = step(state, ops[i])
            mark = (done | 1 << i, after)
            if after is not None and mark not in tried:
                tried.add(mark)
                path.append((*mark, iter(next_ones(mark[0]))))
                break
        else:
            path.pop()
    return False, stuck


def seen_of(op):
    """What an operation told of its record: [(version, value or None)], None: a version without its value."""
    if op.outcome != OK:
        return []
    if op.kind == "read" and op.told:
        return [op.told]
    if op.kind == "patch":
        return [(op.told, op.arg[1])]
    return []


def forks(ops):
    """A version that two clients saw with different values."""
    was, bad = {}, []
    for o in ops:
        for version, value in seen_of(o):
            if was.setdefault((o.record, version), value) != value:
                bad.append(f"version {version} of {o.record} is {was[o.record, version]!r} and {value!r}")
    return bad


def went_back(ops):
    """For each client alone: what it saw or wrote of a record is never older than what it saw or wrote before."""
    last, bad = {}, []
    for o in sorted(ops, key=lambda o: o.ended):
        at = (o.client, o.record)
        if o.outcome != OK:
            continue
        now = o.told if o.kind == "list" else max((v for v, _ in seen_of(o)), default=None)
        if o.kind == "append":
            last.setdefault(at, frozenset())
            last[at] |= {o.arg}
        elif o.kind == "list":
            if not last.get(at, frozenset()) <= now:
                bad.append(f"client {o.client} no longer sees {sorted(last[at] - now)[:3]} in {o.record}")
            last[at] = now
        elif now is not None:
            if now < last.get(at, 0):
                bad.append(f"client {o.client} sees version {now} of {o.record} after {last[at]}")
            last[at] = now
    return bad


def gaps(versions):
    """{record: the versions that its log tells}: each from 1 on, once."""
    return [f"{r}: {sorted(v)}" for r, v in versions.items() if sorted(v) != list(range(1, len(v) + 1))]


def unseen(ops):
    """Without appends of unknown outcome that nobody ever saw: they may as well never have happened."""
    seen = frozenset().union(*(o.told for o in ops if o.kind == "list" and o.outcome == OK))
    return [o for o in ops if o.kind != "append" or o.outcome != UNKNOWN or o.arg in seen]


def check(ops, start):
    """What is wrong with a history. start: {record: its state at the beginning}, a frozenset for a list."""
    bad = forks(ops) + went_back(ops)
    for record, state in start.items():
        mine, step = [o for o in ops if o.record == record], record_step
        if isinstance(state, frozenset):
            mine, step = unseen(mine), list_step
        good, stuck = linearizable(mine, state, step)
        if not good:
            bad.append(f"{record}: {len(mine)} operations have no order; none of these can be the next: {stuck[:6]}")
    return bad
