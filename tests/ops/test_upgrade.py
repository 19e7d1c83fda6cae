#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""R19: an upgrade of the data on a disk that is full, and of many rows: test_upgrade.py KONTOR [ROWS]
Either the new form or the old one, untouched, with a word about the disk; with ROWS people time and memory are told."""
import ctypes, hashlib, os, pathlib, re, shutil, signal, sqlite3, subprocess, sys, time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
from house import House, is_, older, true

K, ROWS = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100000
DISK, SPARE, MEMORY, SECONDS = 96 << 20, 4 << 20, 256 << 20, 120
libc = ctypes.CDLL(None, use_errno=True)


def grown(data, rows):
    """So many people and rows of the log more, by copying one of each."""
    db = sqlite3.connect(f"{data}/kontor.db")
    for table, key in (("person", "id"), ("change", "seq")):
        cols = [c[1] for c in db.execute(f"PRAGMA table_info({table})") if c[1] != key]
        high, = db.execute(f"SELECT max({key}) FROM {table}").fetchone()
        names = ", ".join(f'"{c}"' for c in cols)
        db.execute(f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) INSERT INTO {table} ({key}, {names})"
                   f" SELECT {high} + i, {names} FROM n, (SELECT {names} FROM {table} ORDER BY {key} LIMIT 1)")
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def state(data):
    """What an older program would find: schema, people, rows of the log, and every table's making."""
    db = sqlite3.connect(f"{data}/kontor.db")
    one = lambda sql: db.execute(sql).fetchall()
    made = hashlib.sha256(repr(one("SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2")).encode()).hexdigest()[:12]
    got = one("SELECT max(n) FROM migration")[0][0], one("SELECT count(*) FROM person")[0][0], one("SELECT count(*) FROM change")[0][0], made
    is_("whole", one("PRAGMA integrity_check")[0][0], "ok")
    db.close()
    return got


def upgrade(h):
    """(exit code, its words, seconds, bytes of memory at the most)"""
    begun = time.monotonic()
    with open(h.top / "said", "wb+") as said:
        p = subprocess.Popen([h.kontor, "upgrade", "--data", h.data], stdout=said, stderr=said, stdin=subprocess.DEVNULL, env=h.env)
        _, status, use = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        return p.returncode, said.read().decode(errors="replace"), time.monotonic() - begun, use.ru_maxrss * 1024


def furnished(h, rows):
    h.init()
    h.serve()
    h.login()
    for i in range(3):
        is_("a person", h.ask("POST", "/api/v1/person", {"name": f"Person {i}", "note": "x" * 200})[0], 201)
    is_("ended", h.kill(signal.SIGTERM), 0)
    grown(h.data, rows)
    return older(h.data)


def many_rows():
    with House(K) as h:
        last = furnished(h, ROWS)
        was, good = state(h.data), h.top / "good"
        shutil.copytree(h.data, good, ignore=shutil.ignore_patterns("*.sock"))
        code, said, took, memory = upgrade(h)
        size = os.path.getsize(f"{h.data}/kontor.db") >> 20
        is_(f"the upgrade of many: {said[-300:]}", code, 0)
        now = state(h.data)
        is_("everybody is there", (now[0], now[1]), (last, was[1]))
        true(f"in time ({took:.1f} s)", took < SECONDS)
        true(f"in bounds ({memory >> 20} MB)", memory < MEMORY or "asan" in K)
        print(f"  upgrade: {ROWS} people and as many rows of the log, {size} MB: {took:.2f} s, {memory >> 20} MB of memory", file=sys.stderr)
        for n in range(3):
            shutil.rmtree(h.data)
            shutil.copytree(good, h.data)
            p = subprocess.Popen([h.kontor, "upgrade", "--data", h.data], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=h.env)
            time.sleep(took * (n + 1) / 4)
            p.kill()
            p.wait()
            is_(f"killed in part {n + 1} of 4: it ends the second time", upgrade(h)[0], 0)
            is_("with everybody", state(h.data)[:2], (last, was[1]))


def room_left(disk, left):
    """Fills the disk up to `left` bytes."""
    f = os.open(disk / "ballast", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize - left
    os.posix_fallocate(f, 0, max(free, 1))
    os.close(f)


def files(data):
    return sorted(p.name for p in pathlib.Path(data).iterdir() if not re.search(r"\.sock$|-wal$|-shm$|lock", p.name))


def full_disk(h, disk, last, left):
    """With so much room left: done, or refused with everything as it was, and done when there is room. False: refused."""
    what, was, lay = f"{left >> 10} KiB left", state(h.data), files(h.data)
    room_left(disk, left)
    code, said, _, _ = upgrade(h)
    os.unlink(disk / "ballast")
    if code == 0:
        is_(f"{what}: the new form", state(h.data)[:2], (last, was[1]))
        return True
    true(f"{what}: no crash ({code})", code > 0)
    true(f"{what}: the word is of the disk: {said[-300:]}", re.search("disk (is )?full|no room left|No space left", said, re.I))
    is_(f"{what}: the base is as it was", state(h.data), was)
    new = set(files(h.data)) - set(lay)
    true(f"{what}: nothing half-done lies about ({new})", all(n.startswith("kontor.db.before-") for n in new))
    for name in new: # a copy that was made whole
        db = sqlite3.connect(f"file:{h.data}/{name}?mode=ro", uri=True)
        is_(f"{what}: {name} is whole", db.execute("PRAGMA integrity_check").fetchone()[0], "ok")
        db.close()
    is_(f"{what}: and with room it goes on", upgrade(h)[0], 0)
    is_(f"{what}: to the new form", state(h.data)[:2], (last, was[1]))
    return False


def disks():
    with House(K) as h:
        last = furnished(h, 6000)
        good, disk = h.top / "good", h.top / "disk"
        shutil.copytree(h.data, good, ignore=shutil.ignore_patterns("*.sock"))
        disk.mkdir()
        if libc.mount(b"tmpfs", str(disk).encode(), b"tmpfs", 0, f"size={DISK}".encode()) != 0:
            print("upgrade: no tmpfs may be mounted here")
            return
        try:
            h.data, size, done = str(disk / "data"), os.path.getsize(good / "kontor.db"), []
            for left in (0, 8192, size // 2, size - 4096, size + 4096, size + 16384, size + 65536, size + 262144, size * 2 + SPARE):
                shutil.copytree(good, h.data)
                done.append(full_disk(h, disk, last, left))
                shutil.rmtree(h.data)
            true(f"some were refused ({done})", not done[0])
            true("with room it was not", done[-1])
            shutil.copytree(good, h.data) # and the server itself, which upgrades at its start
            was = state(h.data)
            room_left(disk, 8192)
            code, out, err = h.run("serve", "--listen", "127.0.0.1:0")
            os.unlink(disk / "ballast")
            true(f"the server does not start ({code}) and says why: {err[-300:]}", code > 0 and re.search("disk|room|space", out + err, re.I))
            is_("its base is as it was", state(h.data), was)
            h.serve()
            h.login()
            is_("with room it starts", h.ask("GET", "/readyz")[0], 200)
            is_("ended", h.kill(signal.SIGTERM), 0)
        finally:
            h.kill()
            libc.umount2(str(disk).encode(), 2)


many_rows()
disks()
house.end("upgrade")
