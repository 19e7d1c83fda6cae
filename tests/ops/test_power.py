#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The power goes under the running server: test_power.py KONTOR FORGETFS [ROUNDS [SABOTAGED]]
Its data folder is a file system that forgets what was not synced, or half of it (tests/torture/forgetfs.c). What was acknowledged is there, once: people,
their changes, files, pictures; and what `kontor init` and `kontor backup` said was made. A SABOTAGED Kontor, which answers before it commits, must lose
something within 50 rounds."""
import hashlib, os, pathlib, random, signal, subprocess, sys, threading, time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
from faulted import PICTURE, send
from house import House, is_, true, until

K, FORGETFS, ROUNDS = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 3
SABOTAGED = sys.argv[4] if len(sys.argv) > 4 else None
HANDS, MOST_S, CATCH_WITHIN, CAP_SYS_ADMIN = 4, 0.6, 50, 21


def refused():
    """Why nothing like that can be mounted here; None: it can."""
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except OSError as e:
        return f"/dev/fuse: {e.strerror}"
    bound = next(l for l in open("/proc/self/status") if l.startswith("CapBnd")).split()[1]
    return None if int(bound, 16) >> CAP_SYS_ADMIN & 1 else "nothing in this container may mount"


class Disk:
    """A folder that forgets."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()

    def __enter__(self):
        self.p = subprocess.Popen([FORGETFS, str(self.folder)], stdout=subprocess.PIPE)
        is_("the file system is mounted", self.p.stdout.readline(), b"ready\n")
        return self

    def power_goes(self, how):
        os.setxattr(self.folder, "user.power", how.encode())

    def __exit__(self, *_):
        self.p.send_signal(signal.SIGTERM)
        is_("the file system ended well", self.p.wait(30), 0)
        if self.folder.is_mount():
            subprocess.run(f"fusermount3 -q -u -z '{self.folder}' || umount -l '{self.folder}'", shell=True, check=False)
            true("it was still mounted", False)


class Hand(threading.Thread):
    """Writes until nobody answers any more; remembers what it was told."""

    def __init__(self, h, label):
        super().__init__(daemon=True)
        self.h, self.label, self.people, self.files, self.odd = h, label, {}, {}, []

    def done(self, st, got):
        if st not in (0, 200, 201, 503): # 503: one picture after the other, and only so many wait
            self.odd.append((st, got))
        return st in (200, 201)

    def one(self, i):
        name = f"{self.label} {i}"
        st, got = send(self.h, "POST", "/api/v1/person", {"name": name})
        if self.done(st, got):
            at = got["id"]
            self.people[at] = (name, [None])
            self.people[at][1].append(name + "!") # on its way: either is right until it is told
            st, got = send(self.h, "PATCH", f"/api/v1/person/{at}", {"note": name + "!"})
            if self.done(st, got):
                self.people[at][1].pop(0)
        text = f"Name;Note\n{name};{'x' * random.randrange(20000)}\n".encode()
        st, got = send(self.h, "POST", "/api/v1/file?name=t.csv", text, "text/csv")
        if self.done(st, got):
            self.files[got["id"]] = hashlib.sha256(text).hexdigest()
        if i % 4 == 0:
            st, got = send(self.h, "POST", "/api/v1/file?name=p.jpg&as=picture", PICTURE, "image/jpeg")
            if self.done(st, got):
                self.files[got["id"]] = None # drawn anew
        return st

    def run(self):
        i = 0
        while self.one(i):
            i += 1


def kept(h, hands):
    """What of all that is not there, or is another."""
    lost = []
    for at, (name, notes) in [x for w in hands for x in w.people.items()]:
        st, got, _ = h.ask("GET", f"/api/v1/person/{at}")
        if st != 200 or got["name"] != name or got.get("note") not in notes:
            lost.append(f"person {name}: {st}, {got if st != 200 else got.get('note')}")
    for at, digest in [x for w in hands for x in w.files.items()]:
        st, got = send(h, "GET", f"/api/v1/file/{at}")
        if st != 200 or digest not in (None, hashlib.sha256(got).hexdigest() if isinstance(got, bytes) else ""):
            lost.append(f"file {at}: {st}, {got if st != 200 else len(got)}")
    names = [name for w in hands for name, _ in w.people.values()]
    st, got, _ = h.ask("GET", "/api/v1/count/person")
    more = got["value"] - len(names) if st == 200 else -1
    return lost, more


def power_round(h, disk, n, all_, **kw):
    """How the power went, and kept()."""
    how = random.choice(["none", f"half {random.randrange(1 << 30)}"])
    hands = [Hand(h, f"Runde {n} Hand {i}") for i in range(HANDS)]
    for w in hands:
        w.start()
    true("all of them write", until(lambda: all(w.people and w.files for w in hands)))
    time.sleep(random.random() * MOST_S)
    h.kill()
    for w in hands:
        w.join(60)
        is_("nothing odd was answered", w.odd[:3], [])
    disk.power_goes(how)
    h.serve(**kw)
    h.login()
    all_ += hands
    return how, *kept(h, all_)


def first_file(h, disk):
    """The folder of files is made with the first one."""
    text = b"Name\nKunde\n"
    st, got = send(h, "POST", "/api/v1/file?name=t.csv", text, "text/csv")
    is_("the first file", st, 201)
    h.kill()
    disk.power_goes("none")
    h.serve()
    h.login()
    is_("is there", send(h, "GET", f"/api/v1/file/{got['id']}"), (200, text))


def backed_up(h, disk):
    """A backup that was told to be there is there, and opens."""
    rc, said, err = h.run("backup")
    is_(f"backup {err[-300:]}", rc, 0)
    h.kill()
    disk.power_goes("none")
    found = sorted((pathlib.Path(h.data) / "backups").glob("*"))
    true(f"a backup is there ({said.strip()[-200:]})", found)


def honest():
    with House(K) as h, Disk(h.top / "data") as disk:
        try:
            h.init()
            disk.power_goes("none")
            h.serve()
            h.login() # whom init had made
            first_file(h, disk)
            all_ = []
            for n in range(ROUNDS):
                how, lost, more = power_round(h, disk, n, all_)
                is_(f"round {n}, {how}: all is there that was acknowledged", lost[:5], [])
                true(f"and next to nothing else ({more})", 0 <= more <= HANDS * (n + 1))
            backed_up(h, disk)
            is_("the base is whole", h.run("verify")[0], 0)
            people, files = (sum(len(getattr(w, what)) for w in all_) for what in ("people", "files"))
            print(f"power: {ROUNDS} rounds, {people} people, {files} files acknowledged")
        finally:
            h.kill()


def caught():
    with House(SABOTAGED) as h, Disk(h.top / "data") as disk:
        try:
            h.init()
            env, lost, all_ = {"KONTOR_SABOTAGE": "answer_first"}, [], []
            h.serve(env=env)
            h.login()
            for n in range(CATCH_WITHIN):
                lost = lost or power_round(h, disk, n, all_, env=env)[1]
                if lost:
                    print(f"  the sabotage is found in round {n + 1}: {lost[0]}", file=sys.stderr)
                    break
            true("a Kontor that answers before it commits is found out", lost)
        finally:
            h.kill()


why = refused()
if why:
    print(f"not possible here: {why}; not tried")
    true("not possible here", why)
    house.end("power: not possible here")
honest()
if SABOTAGED:
    caught()
house.end("power")
