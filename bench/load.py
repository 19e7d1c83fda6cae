#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""bench/load.py [quick] [CHECK...] [--people N (10,000)] [--long S] [--flood S] - ./dev load: what a storm does to those who work on.

Starts a Kontor of its own on loopback with a demo base, and beside each storm 50 people at work. Their p99 is held against what it
was just before and just after in the same run. Each check prints its figures and ends with "name: N passed, M failed".
quick: everything shorter, the sync door 60 s at each rate instead of 30 and 5 minutes. Needs build/kontor, wrk, slowhttptest."""
import argparse, collections, contextlib, http.client, json, os, pathlib, random, resource, select, shutil, socket, sqlite3, statistics
import subprocess, sys, tempfile, threading, time

sys.dont_write_bytecode = True
import bed, figures
from bed import Failed

STORM = bed.BUILD / "bench/storm"
PEOPLE, LOGINS = 50, 600  # at work; accounts that come in
# On one machine the server and those who are measured are not to wait for the CPU behind the storm, which elsewhere would have machines
# of its own, nor behind whatever else runs here. Nothing happens where we are not root. For the clients that are measured a low nice is
# not enough: the kernel gives a thread that wakes the CPU at its next tick only, so they are real-time ones. (The server cannot be: where
# such a thread takes a whole core, the kernel stops it for 50 ms in each second.) Beside `overload` and `writes` the storm must reach what
# the server does not: each has half of the cores.
SERVER_NICE, STORM_NICE, USERS_NICE, USERS_RT = -20, -18, -19, 10
ALL = sorted(os.sched_getaffinity(0))
HALVES = (set(ALL[:len(ALL) // 2]), set(ALL[len(ALL) // 2:])) if len(ALL) > 1 else (None, None)
USERS_NET, STORM_NET, IDLE_NET = 3, 5, 9  # 127.0.N.x: whose connections they are
passed = failed = 0


def figure(name, value, op, target, unit="", text=""):
    global passed, failed
    ok = value is not None and (value >= target if op == ">=" else value <= target if op == "<=" else value == target)
    passed, failed = passed + ok, failed + (not ok)
    shown = "-" if value is None else f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
    print(f"  {name:34} {shown + (' ' + unit if unit else ''):>14} {op + ' ' + format(target, ','):>12}  {'ok' if ok else 'MISSED':6}  {text}",
          flush=True)


def raw(method, path, cookie="", body=None, csrf="", addr="", close=False):
    data = b"" if body is None else json.dumps(body).encode()
    head = [f"{method} {path} HTTP/1.1", "Host: x"]
    head += [f"Cookie: {cookie}"] if cookie else []
    head += [f"X-CSRF-Token: {csrf}"] if csrf else []
    head += [f"X-Forwarded-For: {addr}"] if addr else []
    head += ["Content-Type: application/json", f"Content-Length: {len(data)}"] if body is not None else []
    head += ["Connection: close"] if close else []
    return "\r\n".join(head).encode() + b"\r\n\r\n" + data


def requests_file(name, requests):
    f = bed.KEEP / f"{name}.requests"
    f.write_bytes(b"".join(b"%d\n%b" % (len(r), r) for r in requests))
    return f


def storm_begin(server, file, seconds, conns, *options, nice=0, cores=None):
    """The storm as a process."""
    return subprocess.Popen([str(x) for x in (STORM, server.port, file, int(seconds), conns, *options)], stdout=subprocess.PIPE, text=True,
                            preexec_fn=lambda: bed.with_priority(nice, cores))


def real_time(task, priority):
    with contextlib.suppress(OSError):
        os.sched_setscheduler(task, os.SCHED_RR, os.sched_param(priority))


def told(p):
    out = p.communicate()[0]
    if p.returncode:
        raise Failed(f"storm: exit code {p.returncode}")
    t = json.loads(out)
    t["status"] = collections.Counter({int(k): v for k, v in t["status"].items()})
    return t


def statuses(t):
    return ", ".join(f"{k}: {v:,}" for k, v in sorted(t["status"].items())) + (f", lost {t['lost']:,}" if t["lost"] else "") + (
        f", late {t['late']:,}" if t["late"] else "") + (f", unsent {t['unsent']:,}" if t["unsent"] else "")


def files_of(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Load:
    """The server, its base, who works there."""

    def __init__(self, o):
        self.o, self.port = o, o.port
        self.data = bed.copy_of(bed.data_of(o.people))
        self.server, self.halves = None, (None, None)

    def start(self):
        self.server = bed.kontor(self.data, self.port, "--trusted-proxies", "127.0.0.0/8", nice=SERVER_NICE, cores=self.halves[0])
        self.begun()

    def begun(self):
        took = self.server.wait()
        self.cookie, self.csrf = bed.login(self.server)
        self.helpers = [int(p) for p in pathlib.Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children").read_text().split()]
        return took

    def restart(self):
        self.server.stop()
        self.start()

    def __enter__(self):
        self.start()
        paths = [f"/api/v1/person/{i}" for i in figures.ids_of(self.data, self.o.people)]
        lists = figures.lists_of(self.data)
        self.paths = [x for i, p in enumerate(paths) for x in ([p, lists[i % len(lists)]] if i % 4 == 0 else [p])]
        self.work_file()
        return self

    def work_file(self):
        self.work = requests_file("users", [raw("GET", p, self.cookie, addr=f"10.1.0.{i % PEOPLE + 1}") for i, p in enumerate(self.paths)])

    def __exit__(self, *_):
        self.server.stop()
        shutil.rmtree(self.data, ignore_errors=True)

    def users(self, seconds):
        """50 people who look at something each half second."""
        p = storm_begin(self.server, self.work, seconds + 1, PEOPLE, "pause", 100, "from", USERS_NET, "skip", 1, nice=USERS_NICE, cores=self.halves[1])
        real_time(p.pid, USERS_RT)
        return p

    def by_halves(self):
        """The server on the one half of the cores, all clients on the other."""
        self.server.stop()
        self.halves = HALVES
        self.start()
        self.work_file()

    def others(self, seconds):
        t = told(self.users(seconds))
        if t["lost"] or t["late"] or set(t["status"]) != {200}:
            raise Failed(f"those at work were answered {statuses(t)}")
        return t

    def rss(self):
        """Own memory of the server and of the processes that work for it."""
        total = bed.rss_anon(self.server.pid)
        for p in self.helpers:
            with contextlib.suppress(OSError):
                total += bed.rss_anon(p)
        return total


def beside(b, storm, seconds=None, rounds=None, name="others"):
    """The figure of those at work beside storm() (a context manager), and what each storm gave."""
    seconds, rounds = seconds or b.o.seconds, rounds or b.o.rounds
    ratios, texts, gave = [], [], []
    b.others(1)
    for _ in range(rounds):
        before = b.others(seconds)
        with storm() as got:
            during = b.others(seconds)
            gave.append(got)
        time.sleep(1)
        after = b.others(seconds)
        base = (before["p99"] + after["p99"]) / 2
        ratios.append(during["p99"] / base)
        texts.append((ratios[-1], base, during["p99"], after["p99"] / before["p99"], during["p50"] * 2 / (before["p50"] + after["p50"])))
    middle = sorted(texts)[len(texts) // 2]
    figure(f"{name}_p99", statistics.median(ratios), "<=", 2.0, "x", f"p99 {middle[2] / 1000:.2f} ms, without {middle[1] / 1000:.2f} ms; p50 {middle[4]:.2f} x; "
           f"all: {', '.join(f'{r:.2f}' for r in ratios)}")
    return gave


# ---- slow clients ----
SLOW = {"headers": ("-H", "-i", "5", "-t", "GET"), "body": ("-B", "-i", "5", "-s", "8192", "-x", "24", "-t", "POST"),
        "read": ("-X", "-n", "5", "-w", "10", "-y", "20", "-z", "5", "-k", "10")}


@contextlib.contextmanager
def slow_ones(b, how, count, longest, note):
    """slowhttptest at work: all connections are open when the block begins; `note` gets memory and how many were left at the end."""
    page = next(p for p in b.paths if "?" in p)
    path = {"headers": "/", "body": "/api/v1/session", "read": page}[how]
    before, rss = files_of(b.server.pid), b.rss()
    t0 = time.time()
    p = subprocess.Popen(["slowhttptest", "-c", str(count), "-r", "1000", "-l", str(longest), "-u", f"http://127.0.0.1:{b.server.port}{path}", "-p", "30",
                          "-j", b.cookie, "-v", "1", *SLOW[how]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    peak, opened = rss, 0
    try:
        while time.time() < t0 + 8 and opened < count * 0.98:
            opened = max(opened, files_of(b.server.pid) - before)
            time.sleep(0.05)
        yield note
        note["cut_s"] = None
        while p.poll() is None and time.time() < t0 + longest:
            left = files_of(b.server.pid) - before
            opened, peak = max(opened, left), max(peak, b.rss())
            if left <= count // 100 + PEOPLE:
                note["cut_s"] = time.time() - t0
                break
            time.sleep(0.2)
    finally:
        if p.poll() is None:
            p.terminate()
        p.communicate()
    note.update(opened=opened, peak=peak - rss)


def slow(b):
    count = 1000
    for how, limit in (("headers", 10), ("body", 30), ("read", 30)):
        note = {}
        beside(b, lambda: slow_ones(b, how, count, limit + 45, note), seconds=min(b.o.seconds, 6), rounds=1 if b.o.quick else b.o.rounds, name=f"slow_{how}_others")
        figure(f"slow_{how}_open", note["opened"], ">=", count - 20, "", "connections that were held open at once")
        figure(f"slow_{how}_cut", note["cut_s"], "<=", limit + 8, "s", f"until they were gone, {limit} s by the limit and the time to open them")
        figure(f"slow_{how}_memory", note["peak"] / count / 1024, "<=", 64.0, "KiB", "own memory of each (RssAnon), at most")


# ---- many ----
@contextlib.contextmanager
def held(b, count, request, net):
    """So many connections that had their answer and wait."""
    kept, poll = [], select.epoll()
    try:
        for i in range(count):
            s = socket.socket()
            s.bind((f"127.0.{net}.{1 + i % 200}", 0))
            s.connect(("127.0.0.1", b.server.port))
            s.sendall(request)
            kept.append(s)
        for s in kept:
            s.settimeout(20)
            if not s.recv(4096).startswith(b"HTTP/1.1 200"):
                raise Failed("an idle one was not answered 200")
        yield kept
    finally:
        poll.close()
        for s in kept:
            s.close()


def idle(b):
    count, rss = 10000, b.rss()
    note = []

    @contextlib.contextmanager
    def storm():
        with held(b, count, raw("GET", "/healthz"), IDLE_NET) as kept:
            note.append((b.rss() - rss) / count)
            yield kept
            note.append(sum(bool(select.select([s], [], [], 0)[0]) for s in kept[:200]))  # select takes small numbers only
    beside(b, storm, rounds=1 if b.o.quick else b.o.rounds)
    figure("idle_open", count, ">=", 10000, "", "idle connections, each of which was answered before")
    figure("idle_memory", note[0], "<=", 512.0, "bytes", "own memory of each (RssAnon)")
    figure("idle_closed", note[1], "==", 0, "", "closed by the server meanwhile (of 200)")


@contextlib.contextmanager
def storming(b, file, conns, *options, seconds=None, nice=0):
    seconds = seconds or b.o.seconds + 3
    p = storm_begin(b.server, file, seconds, conns, *options, nice=nice, cores=b.halves[1])
    time.sleep(1)
    got = {}
    try:
        yield got
        got.update(told(p))
    finally:
        if p.poll() is None:
            p.terminate()
            p.wait()


def fair(name, t):
    figure(f"{name}_lost", t["lost"] + t["late"], "==", 0, "", statuses(t))
    figure(f"{name}_other_answers", sum(n for s, n in t["status"].items() if s not in (200, 201, 202, 429, 503)), "==", 0, "", "neither done nor 429 or 503")
    figure(f"{name}_no_retry_after", t["bare"], "==", 0, "", f"of {t['status'][429] + t['status'][503]:,} answers 429 and 503; seconds told: {t['retry']}")


def connects(b):
    file = requests_file("connects", [raw("GET", "/healthz", close=True)])
    seconds = 20 if not b.o.quick else b.o.seconds + 3
    got = beside(b, lambda: storming(b, file, 4000, "rate", 120000, "fresh", "from", STORM_NET, seconds=seconds), seconds=seconds - 3)
    t = min(got, key=lambda t: t["answered"])
    figure("connects_a_second", t["sent"] / t["us"] * 1e6, ">=", 1990.0, "/s", f"{t['sent']:,} in {t['us'] / 1e6:.0f} s; p99 of theirs {t['p99'] / 1000:.2f} ms")
    fair("connects", t)


def flood(b, name, many, memory):
    """Five times as many senders as reach capacity, from a thousand addresses, none of them with a pause."""
    def capacity(seconds):
        with storming(b, many, 64, "from", STORM_NET, seconds=seconds, nice=STORM_NICE) as got:
            pass
        return got["good"] / got["us"] * 1e6

    capacity(1)
    most = statistics.median(capacity(b.o.seconds) for _ in range(3))
    rss, peak = b.rss(), [0]

    @contextlib.contextmanager
    def storm():
        with storming(b, many, 320, "from", STORM_NET, nice=STORM_NICE) as got:
            yield got
            peak[0] = max(peak[0], b.rss())
    got = beside(b, storm, name=f"{name}_others")
    rate = statistics.median(sum(g["per_second"][:-1]) / (len(g["per_second"]) - 1) for g in got)
    figure(f"{name}_answered", rate / most, ">=", 0.8, "x", f"{rate:,.0f}/s of {most:,.0f}/s")
    fair(name, got[0])
    figure(f"{name}_memory", (peak[0] - rss) / 2**20, "<=", memory, "MiB", "own memory above what it was (RssAnon)")


def overload(b):
    """Lists: they cost the server more than those who ask for them."""
    b.by_halves()
    lists = [p for p in b.paths if "?" in p]
    flood(b, "overload", requests_file("flood", [raw("GET", lists[i % len(lists)], b.cookie, addr=f"10.{2 + i % 200}.{i % 250}.7")
                                                 for i in range(1000)]), 64.0)
    time.sleep(8)
    base, again = b.others(b.o.seconds)["p99"], b.others(b.o.seconds)["p99"]
    figure("overload_normal_again", base / again, "<=", 2.0, "x", "p99 from 9 s after the storm on by the same later on")


def writes(b):
    """The same of writes: what waits for the disk has a queue with an end."""
    b.by_halves()
    flood(b, "writes", requests_file("writes", [raw("POST", "/api/v1/company", b.cookie, {"name": f"Sturm {i} {random.random()}"}, b.csrf,
                                                    addr=f"10.{2 + i % 200}.{i % 250}.7") for i in range(40000)]), 128.0)


def restart(b):
    """1,000 clients that lose their server and all come back at once."""
    many = requests_file("back", [raw("GET", p, b.cookie, addr=f"10.{2 + i % 200}.{i % 250}.7") for i, p in enumerate(b.paths)])
    base = b.others(b.o.seconds)["p99"]
    b.server.stop()
    gone = storm_begin(b.server, many, 12, 1000, "pause", 1000, "from", STORM_NET)
    time.sleep(2)
    port = b.server.port
    b.server = bed.kontor(b.data, port, "--trusted-proxies", "127.0.0.0/8", nice=SERVER_NICE)
    if b.server.port != port:
        raise Failed("its port was taken meanwhile")
    took = b.begun()
    b.work_file()
    during = b.others(3)["p99"]
    t = told(gone)
    after = b.others(b.o.seconds)["p99"]
    figure("restart_s", took, "<=", 1.0, "s", f"until it answered; p99 of those at work in the next 3 s {during / 1000:.2f} ms; the crowd: {statuses(t)}")
    figure("restart_normal", after / base, "<=", 2.0, "x", f"p99 {after / 1000:.2f} ms, before {base / 1000:.2f} ms")
    figure("restart_bare", t["bare"], "==", 0, "", "answers 429 and 503 without Retry-After")


# ---- log-ins ----
def accounts(b):
    """LOGINS people with a password, made when the server is down: each hash would take its time."""
    b.server.stop()
    db = sqlite3.connect(b.data / "kontor.db")
    have = db.execute("SELECT count(*) FROM \"user\" WHERE mail_f LIKE 'login%'").fetchone()[0]
    db.close()
    b.start()
    if not have:
        for i in range(LOGINS):
            bed.made(b.server, b.cookie, b.csrf, "user", {"name": f"Login {i}", "mail": f"login{i}@bench.example"})
        b.server.stop()
        db = sqlite3.connect(b.data / "kontor.db")
        db.execute("INSERT INTO credential (user_id, hash, changed_at) SELECT u.id, c.hash, 0 FROM \"user\" u, credential c"
                   " WHERE u.mail_f LIKE 'login%' AND c.user_id = (SELECT id FROM \"user\" WHERE mail_f = ?)", (bed.MAIL,))
        db.commit()
        db.close()
        b.start()
    b.work_file()


def login_body(mail, password=bed.PASSWORD):
    return {"mail": mail, "password": password}


def logins_file(password=bed.PASSWORD):
    return requests_file("logins", [raw("POST", "/api/v1/session", "", login_body(f"login{i}@bench.example", password),
                                        addr=f"10.{2 + i % 200}.{i % 250}.9") for i in range(LOGINS)])


def logins(b):
    accounts(b)
    file = logins_file()
    alone = told(storm_begin(b.server, file, b.o.seconds, 4, "from", STORM_NET))["good"] / b.o.seconds
    got = beside(b, lambda: storming(b, file, 1000, "rate", 7200, "from", STORM_NET))
    t = got[0]
    figure("logins_a_second", t["sent"] / t["us"] * 1e6, ">=", 118.0, "/s", f"let in {sum(t['per_second'][:-1]) / (len(t['per_second']) - 1):.0f}/s; four clients alone {alone:.0f}/s")
    fair("logins", t)
    # 200 at once: no more than four hashes of 19 MiB
    rss, peak = b.rss(), 0
    p = storm_begin(b.server, file, 2, 200, "pause", 1000, "from", STORM_NET)
    while p.poll() is None:
        peak = max(peak, b.rss())
        time.sleep(0.005)
    t = told(p)
    figure("logins_200_memory", (peak - rss) / 2**20, "<=", 4 * 19 + 24.0, "MiB", f"own memory above what it was: four hashes have 76; {statuses(t)}")
    fair("logins_200", t)


def names(b):
    """D01: wrong passwords of names that there are and of names that there are not, in turn. The server is started anew before its
    count of strangers' failures ends."""
    accounts(b)
    took = {True: [], False: []}
    seen = {True: set(), False: set()}
    count = 0
    for batch in range(4 if not b.o.quick else 2):
        b.restart()
        line = http.client.HTTPConnection("127.0.0.1", b.server.port, timeout=30)
        for i in range(125):
            for known in ((True, False), (False, True))[i % 2]:
                count += 1
                n = batch * 125 + i
                mail = f"login{n}@bench.example" if known else f"nobody{n}@bench.example"
                head = {"Content-Type": "application/json", "X-Forwarded-For": f"10.{20 + count % 200}.{count // 200}.3"}
                t0 = time.perf_counter()
                line.request("POST", "/api/v1/session", json.dumps(login_body(mail, "Falsches Wort 77")), head)
                r = line.getresponse()
                body = json.loads(r.read())
                took[known].append(time.perf_counter() - t0)
                body.pop("request_id", None)
                seen[known].add((r.status, json.dumps(body), tuple(sorted(k for k, _ in r.getheaders()))))
        line.close()
    known, unknown = (statistics.median(took[k]) for k in (True, False))
    figure("names_differ", abs(known / unknown - 1) * 100, "<=", 5.0, "%", f"medians {known * 1000:.2f} ms of known names, {unknown * 1000:.2f} ms of unknown ones; {count:,} log-ins")
    figure("names_same_answer", len(seen[True] | seen[False]), "==", 1, "", f"{seen[True] | seen[False]}"[:120])


# ---- open desks ----
def streams(b):
    count, turns = 1000, 40
    person = next(p for p in b.paths if "?" not in p).rsplit("/", 1)[1]
    ask = raw("GET", "/api/v1/events", b.cookie)
    with held(b, count, ask, IDLE_NET) as kept:
        poll, by = select.epoll(), {}
        for s in kept:
            s.setblocking(False)
            by[s.fileno()] = s
            poll.register(s, select.EPOLLIN)
        late, missing = [], 0
        line = http.client.HTTPConnection("127.0.0.1", b.server.port, timeout=30)
        for n in range(turns):
            time.sleep(0.15)
            while poll.poll(0):
                for fd, _ in poll.poll(0):
                    by[fd].recv(65536)
            t0 = time.perf_counter()
            writer = threading.Thread(target=lambda: bed_patch(line, b, person, n))
            writer.start()
            heard = set()
            while len(heard) < count and time.perf_counter() - t0 < 5:
                for fd, _ in poll.poll(0.2):
                    if b"event: change" in by[fd].recv(65536):
                        if fd not in heard:
                            late.append(time.perf_counter() - t0)
                        heard.add(fd)
            missing += count - len(heard)
            writer.join()
        poll.close()
    late.sort()
    figure("streams_missed", missing, "==", 0, "", f"{turns} events to {count:,} streams")
    figure("streams_p99", late[int(len(late) * 0.99)] * 1000, "<=", 100.0, "ms", f"from the request that changes to the stream; p50 {late[len(late) // 2] * 1000:.1f} ms, last {late[-1] * 1000:.1f} ms")


def bed_patch(line, b, person, n):
    line.request("PATCH", f"/api/v1/person/{person}", json.dumps({"job_title": f"Platz {n}"}),
                 {"Cookie": b.cookie, "X-CSRF-Token": b.csrf, "Content-Type": "application/json"})
    r = line.getresponse()
    r.read()
    if r.status != 200:
        raise Failed(f"PATCH: {r.status}")


# ---- the sync door ----
def sync(b):
    rng = random.Random(1)
    items = [raw("POST", "/api/v1/sync/bench", b.cookie, {"items": [{"entity": "company", "key": f"k{i % 5000}", "values": {
        "name": f"Firma {i % 5000}", "note": f"{i} {rng.random()}"}}]}, b.csrf) for i in range(20000)]
    file = requests_file("sync", items)
    for rate, seconds in ((3500, b.o.long), (10500, b.o.flood)):
        window = seconds / 3 if seconds > 60 else seconds
        got = beside(b, lambda: storming(b, file, 64, "rate", rate, "from", STORM_NET, seconds=seconds + 3), seconds=seconds, rounds=1, name=f"sync_{rate}_others")
        t = got[0]
        figure(f"sync_{rate}_a_minute", t["status"][202] / t["us"] * 60e6, ">=", rate * 0.99, "/min", f"{t['status'][202]:,} handed over in {t['us'] / 1e6:.0f} s")
        figure(f"sync_{rate}_errors", t["sent"] - t["status"][202] + t["unsent"], "==", 0, "", statuses(t))
        figure(f"sync_{rate}_p99", t["p99"] / 1000, "<=", 1000.0, "ms", f"of the sender; p50 {t['p50'] / 1000:.1f} ms")
        t0 = time.time()
        while figures.open_items(b.server, b.cookie) and time.time() < t0 + 60:
            time.sleep(0.1)
        figure(f"sync_{rate}_left", figures.open_items(b.server, b.cookie), "==", 0, "", f"items not written {time.time() - t0:.1f} s after the last")


CHECKS = {"slow": slow, "idle": idle, "connects": connects, "overload": overload, "writes": writes, "restart": restart, "logins": logins,
          "names": names, "streams": streams, "sync": sync}


def run(name, o):
    global passed, failed
    passed = failed = 0
    print(f"{name}: load of the machine {os.getloadavg()[0]:.1f}", flush=True)
    try:
        with Load(o) as b:
            CHECKS[name](b)
    except (Failed, OSError, ValueError, KeyError, IndexError, subprocess.SubprocessError, http.client.HTTPException) as e:
        failed += 1
        print(f"  {type(e).__name__}: {e}", flush=True)
    print(f"{name}: {passed} passed, {failed} failed", flush=True)
    return failed


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("checks", nargs="*", metavar="quick|CHECK", help=", ".join(CHECKS))
    p.add_argument("--people", type=int, default=10000)
    p.add_argument("--seconds", type=int, default=0, help="of one measure of those at work (10, quick 5)")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--long", type=int, default=0, help="seconds of the sync door at 3,500 a minute (1800, quick 60)")
    p.add_argument("--flood", type=int, default=0, help="seconds of it at 10,500 a minute (300, quick 60)")
    p.add_argument("--port", type=int, default=18700)
    o = p.parse_args()
    o.quick = "quick" in o.checks
    checks = [c for c in o.checks if c != "quick"] or list(CHECKS)
    o.seconds = o.seconds or (5 if o.quick else 10)
    o.long = o.long or (60 if o.quick else 1800)
    o.flood = o.flood or (60 if o.quick else 300)
    for c in checks:
        if c not in CHECKS:
            p.error(f"no check named {c}: {', '.join(CHECKS)}")
    if not bed.PROGRAM.exists():
        sys.exit("load: build/kontor is not there: ./dev build")
    if not os.environ.get("KONTOR_BENCH_BUILD"):
        subprocess.run(["ninja", "-C", bed.BUILD, "bench/fsync", "bench/make_base", "bench/storm"], check=True, stdout=subprocess.DEVNULL)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < 12000:
        print(f"load: only {hard} open files are allowed here: 10,000 idle connections need 12,000 (ulimit -Hn)")
    bed.KEEP.mkdir(parents=True, exist_ok=True)
    sys.exit(sum(run(c, o) for c in checks) > 0)


if __name__ == "__main__":
    main()
