# SPDX-License-Identifier: MIT
"""One function for each group of figures; each yields (name, value, target, unit, absolute numbers)."""
import http.client, json, os, pathlib, random, resource, shutil, socket, statistics, subprocess, threading, time, urllib.parse

import bed
from bed import Failed

MORE, LESS = ">=", "<="


class Bench:
    """A run: sizes, the base in hand, its server, and nginx beside it."""

    def __init__(self, people, seconds, rounds, port):
        self.people, self.seconds, self.rounds, self.port = people, seconds, rounds, port
        self.nginx = self.big = self.cookie = None
        bed.KEEP.mkdir(parents=True, exist_ok=True)
        self.data = bed.data_of(self.people)

    def __enter__(self):
        self.nginx = bed.Nginx(self.port + 1)
        self.big, self.cookie = self.served(self.data, self.port + 10)
        return self

    def __exit__(self, *_):
        for p in (self.big, self.nginx):
            if p:
                p.stop()

    def served(self, data, port):
        s = bed.kontor(data, port)
        s.wait("/healthz")
        cookie, _ = bed.login(s)
        return s, cookie

    def get(self, server, name, paths, cookie, **more):
        try:
            return bed.wrk(server, "ask.lua", bed.paths_file(name, paths), cookie, seconds=self.seconds, **more)
        except Failed as e:
            status, body, _ = server.get(paths[0], cookie)
            raise Failed(f"{name}: {e}; now {paths[0][:60]} answers {status} {body[:150]!r}") from e

    def beside_nginx(self, name, paths):
        """Rounds in turn; medians of both, and the size of a reply. A round before them is not counted: nginx's one file is
        in memory at once, a base of 10 GB is when it has been asked (figures are those of a server at work)."""
        sizes = []
        for p in paths[:20]:
            status, body, _ = self.big.get(p, self.cookie)
            if status != 200:
                raise Failed(f"{p}: {status} {body[:120]!r}")
            sizes.append(len(body))
        size = int(statistics.mean(sizes))
        file = self.nginx.serve(size)
        ours, theirs = [], []
        self.get(self.big, name, paths, self.cookie)
        for _ in range(self.rounds):
            ours.append(self.get(self.big, name, paths, self.cookie))
            theirs.append(self.get(self.nginx, "nginx", [file], ""))
        return middle(ours), middle(theirs), size


def middle(loads):
    return sorted(loads, key=lambda l: l.rps)[len(loads) // 2]


def both(ours, theirs, size):
    return (f"{ours.rps:,.0f}/s, nginx {theirs.rps:,.0f}/s of {size:,} bytes; CPU {ours.cpu_us:.0f} and {theirs.cpu_us:.0f} us each, "
            f"ratio {theirs.cpu_us / max(ours.cpu_us, 1e-9):.2f}; "
            f"p50 {ours.p50_us / 1000:.2f} ms, p99 {ours.p99_us / 1000:.2f} ms")


# ---- 1: reads ----
def ids_of(data, people, n=2000):
    step = max(1, people // n)
    found = [str(r[0]) for r in bed.rows(data, "SELECT id FROM person ORDER BY id LIMIT 200000", 200000)]
    if not found:
        raise Failed("the base has no people")
    return found[::step][:n]


def lists_of(data):
    owners = [str(r[0]) for r in bed.rows(data, "SELECT DISTINCT owner FROM company WHERE owner IS NOT NULL LIMIT 50")]
    fields = "name,company,phones,mails"
    return [f"/api/v1/person?limit=50&sort=name&fields={fields}&filter=" +
            urllib.parse.quote(json.dumps({"field": "owner", "op": "eq", "value": o})) for o in owners]


def words_of(data):
    """What someone types: the beginnings of last names, a name and a piece of his number. Of people from all of the base:
    the numbers of its first ones are all noughts."""
    first, last = bed.rows(data, "SELECT min(id), max(id) FROM person")[0]
    step = max(1, (int(last) - int(first)) // 220)
    out = []
    for i in range(200):
        got = bed.rows(data, "SELECT p.last_name, p.first_name, c.tail FROM person p JOIN contact_point c ON c.record = p.id"
                             f" WHERE p.id >= {int(first) + i * step} AND c.tail IS NOT NULL LIMIT 1", 1)
        for last_name, first_name, tail in got:
            out += [last_name[:4], last_name, f"{first_name} {tail[:3]}", tail[:5], f"{last_name[:5]} {first_name[:3]}"]
    return out


def search_paths(data):
    return ["/api/v1/search?q=" + urllib.parse.quote(w) for w in words_of(data)]


def who_paths(data):
    got = bed.rows(data, "SELECT norm FROM contact_point WHERE tail IS NOT NULL LIMIT 4000", 4000)[::2]
    return ["/api/v1/who?number=" + urllib.parse.quote(r[0]) for r in got]


def reads(b):
    with b:
        yield from reads_inside(b)


def reads_inside(b):
    ours, theirs, size = b.beside_nginx("plain", ["/healthz"])
    yield "no_data_over_nginx", ours.rps / theirs.rps, (MORE, 1.1), "", both(ours, theirs, size)
    one, theirs, size = b.beside_nginx("one", [f"/api/v1/person/{i}" for i in ids_of(b.data, b.people)])
    yield "one_over_nginx", one.rps / theirs.rps, (MORE, 0.45), "", both(one, theirs, size)
    page, theirs, size = b.beside_nginx("list", lists_of(b.data))
    yield "list_over_nginx", page.rps / theirs.rps, (MORE, 0.09), "", both(page, theirs, size)
    yield from list_growth(b)
    found, theirs, size = b.beside_nginx("search", search_paths(b.data))
    yield "search_over_nginx", found.rps / theirs.rps, (MORE, 0.03), "", both(found, theirs, size)
    alone = b.get(b.big, "search", search_paths(b.data), b.cookie, conns=1)
    yield "search_p50_ms", alone.p50_us / 1000, (LESS, 2), "ms", f"p99 {alone.p99_us / 1000:.2f} ms, one client"
    who = middle([b.get(b.big, "who", who_paths(b.data), b.cookie) for _ in range(b.rounds)])
    yield "who_over_one", who.rps / one.rps, (MORE, 0.35), "", f"{who.rps:,.0f}/s against {one.rps:,.0f}/s; p50 {who.p50_us / 1000:.2f} ms"


def list_growth(b):
    small = bed.data_of(10000)
    server, cookie = b.served(small, b.port + 20)
    with server:
        few, many = [], []
        for _ in range(b.rounds):
            few.append(b.get(server, "few", lists_of(small), cookie))
            many.append(b.get(b.big, "many", lists_of(b.data), b.cookie))
    few, many = middle(few), middle(many)
    yield ("list_growth", few.rps / many.rps, (LESS, 1.5), "",
           f"{many.rps:,.0f}/s of {b.people:,} people, {few.rps:,.0f}/s of 10,000; by CPU {many.cpu_us / max(few.cpu_us, 1e-9):.2f}")


# ---- 2: durable creates ----
def creates(b):
    data = bed.copy_of(b.data)
    try:
        server = bed.kontor(data, b.port + 30)
        with server:
            server.wait()
            cookie, csrf = bed.login(server)
            run = iter(range(1, 1000))

            def load(conns, mode):
                got = bed.wrk(server, "create.lua", cookie, csrf, next(run), mode, seconds=b.seconds, conns=conns)
                return got.rps / (2 if mode == "check" else 1)

            one, many, check, disk = [], [], [], []
            for _ in range(b.rounds):
                disk.append(bed.fsyncs(data))
                one.append(load(1, "check"))
                disk.append(bed.fsyncs(data))
                many.append(load(64, "off"))
                check.append(load(64, "check"))
            disk.append(bed.fsyncs(data))
            disk, one, many, check = map(statistics.median, (disk, one, many, check))
    finally:
        shutil.rmtree(data, ignore_errors=True)
    base = f"{disk:,.0f} fdatasync/s of 4 KiB"
    yield "create_1_over_fdatasync", one / disk, (MORE, 0.35), "", f"{one:,.0f} creates/s with duplicate check; {base}"
    yield "create_64_over_fdatasync", many / disk, (MORE, 0.8), "", f"{many:,.0f} creates/s; {base}"
    yield "create_check_over_off", check / many, (MORE, 0.8), "", f"{check:,.0f} creates/s with, {many:,.0f} without (two requests, one)"


# ---- 3: import ----
FIRST = "Anna Boris Clara Dmitrij Elena Frank Gerda Heinz Inga Jonas Karl Lena Max Nina Olga Paul Rita Sergej Tanja Uwe".split()
LAST = "Berg Kaiser Orlow Weber Brandt Petrow Hartmann Nowak Linde Schwarz Sommer Winter Keller Vogel Stein Roth Lang Wolf".split()


def csv_of(rows):
    file = bed.KEEP / f"import-{rows}.csv"
    if not file.exists():
        with open(file, "w", encoding="utf-8") as f:
            f.write("Name;Firma;Telefon;Mobil;E-Mail;Straße;PLZ;Ort\n")
            for i in range(rows):
                a, z = FIRST[i % 20], LAST[i * 7 % 18]
                f.write(f"{a} {z}-{LAST[i // 18 % 18]}{i:x};{z} & Co {i // 5} GmbH;0221 {2000000 + i};0151 {20000000 + i};"
                        f"{a.lower()}.{i}@firma{i // 5}.example;Hauptstraße {i % 90 + 1};{50000 + i % 9000};Köln\n")
    return file


def peak_of(p):
    """RssAnon while it runs; the process's CPU seconds, its peak RSS and what it printed."""
    peak = 0
    while p.poll() is None:
        try:
            peak = max(peak, bed.rss_anon(p.pid))
        except OSError:
            pass
        time.sleep(0.05)
    return peak


def imports(b):
    rows, data = b.people, bed.KEEP / "import-data"
    shutil.rmtree(data, ignore_errors=True)
    bed.init(data, "DE", "de")
    file = csv_of(rows)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    t0 = time.time()
    p = subprocess.Popen([bed.PROGRAM, "import", file, "--data", data, "--yes", "--json"], stdout=subprocess.PIPE,
                         stderr=open(bed.KEEP / "import.log", "w", encoding="utf-8"))
    peak = peak_of(p)
    took, out = time.time() - t0, p.stdout.read().decode()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    shutil.rmtree(data, ignore_errors=True)
    if p.returncode:
        raise Failed("import: " + (bed.KEEP / "import.log").read_text()[-300:])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told = json.loads(out)
    if told.get("new") != rows:
        raise Failed(f"import: {told.get('new')} new of {rows}")
    yield ("import_rows_per_cpu_second", rows / cpu, (MORE, 7000), "", f"{rows:,} rows, {cpu:.1f} s CPU, {took:.1f} s by the clock")
    yield "import_peak_mib", peak / 2**20, (LESS, 200), "MiB", "own memory (RssAnon), the highest seen"


def beside_import(b):
    """What others wait for while an import runs in the same server, by what they wait for without: p50 of each."""
    data, p = bed.copy_of(b.data), None
    try:
        with bed.kontor(data, b.port + 40) as server:
            server.wait()
            cookie, csrf = bed.login(server)
            paths = [f"/api/v1/person/{i}" for i in ids_of(data, b.people)]
            run = iter(range(1, 1000))

            def waits():
                read = [b.get(server, "beside", paths, cookie, conns=4).p50_us for _ in range(b.rounds)]
                create = [bed.wrk(server, "create.lua", cookie, csrf, next(run), "off", seconds=b.seconds, conns=4).p50_us
                          for _ in range(b.rounds)]
                return statistics.median(read), statistics.median(create)

            waits() # caches are warm for both
            alone = waits()
            newest = bed.rows(data, "SELECT max(id) FROM person LIMIT 1")
            file = csv_of(max(50000, 20000 * b.seconds * b.rounds))
            p = subprocess.Popen([bed.PROGRAM, "import", file, "--data", data, "--yes", "--json"], stdout=subprocess.DEVNULL,
                                 stderr=open(bed.KEEP / "import.log", "w", encoding="utf-8"))
            until = time.time() + 300
            while bed.rows(data, "SELECT max(id) FROM person LIMIT 1") == newest:
                if p.poll() is not None or time.time() > until:
                    raise Failed("import: nothing came: " + (bed.KEEP / "import.log").read_text()[-300:])
                time.sleep(0.2)
            beside = waits()
            if p.poll() is not None:
                raise Failed("the import was through before the others were: its file is too short")
    finally:
        if p and p.poll() is None:
            p.terminate()
            p.wait()
        shutil.rmtree(data, ignore_errors=True)
    for name, then, now in zip(("read", "create"), alone, beside):
        yield (f"{name}_beside_import", now / then, (LESS, 2), "", f"p50 {now / 1000:.2f} ms beside a running import, "
               f"{then / 1000:.2f} ms without; 4 clients")


# ---- 4: memory ----
def held_open(b, server, n, request, answered):
    """Own memory of the server for each of n connections that have had `request` answered and are idle since."""
    def grown(count, kept):
        for i in range(count):
            s = socket.socket()
            s.bind((f"127.0.0.{2 + i % 40}", 0))
            s.connect(("127.0.0.1", server.port))
            s.sendall(request)
            kept.append(s)
        for s in kept[-count:]:
            s.settimeout(20)
            got = b""
            while answered not in got:
                more = s.recv(4096)
                if not more:
                    raise Failed("closed: " + got[:200].decode(errors="replace"))
                got += more
        time.sleep(2)
        for s in kept:
            s.setblocking(False)
            try:
                if not s.recv(1, socket.MSG_PEEK):
                    raise Failed("the server has closed an idle one")
            except BlockingIOError:
                pass
        return bed.rss_anon(server.pid)

    kept = []
    try:
        few = grown(n // 4, kept)
        many = grown(n, kept)
    finally:
        for s in kept:
            s.close()
    return (many - few) / n


def memory(b):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    n = min(4000, hard // 2 - 100)
    for kind, limit, request, answered in (
            ("stream", 2048, "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nCookie: {c}\r\n\r\n", b"\r\n\r\n"),
            ("connection", 256, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n\r\n")):
        server, cookie = b.served(b.data, b.port + 40)
        with server:
            if kind == "stream":
                time.sleep(1)
                yield ("own_memory_mib", bed.rss_anon(server.pid) / 2**20, (LESS, 30), "MiB",
                       f"RssAnon after start, log-in and a second, {b.people:,} people")
            if kind == "stream": # what the readers keep of the base is theirs, not the streams'
                b.get(server, "warm", [f"/api/v1/person/{i}" for i in ids_of(b.data, b.people)], cookie)
            each = held_open(b, server, n, request.format(c=cookie).encode(), answered)
        yield f"idle_{kind}_bytes", each, (LESS, limit), "bytes", f"of {n:,} more, RssAnon"
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# ---- 5: start ----
def starts(b):
    for name, data, limit in (("start_with_data_s", b.data, 1.0), ("start_without_data_s", bed.data_of(0), 0.1)):
        took = []
        server, cookie = b.served(data, b.port + 50)
        server.stop()
        for _ in range(max(3, b.rounds)):
            with bed.kontor(data, b.port + 50) as s:
                took.append(s.wait("/api/v1/person?limit=1", cookie))
        yield name, statistics.median(took), (LESS, limit), "s", f"a page of people answered; best {min(took):.3f}, worst {max(took):.3f}"


# ---- 6: rights ----
def restricted(server, data):
    """A colleague with three roles, each with a condition, one with a mask; he sees all people. His cookie."""
    admin, csrf = bed.login(server)
    groups = [str(r[0]) for r in bed.rows(data, 'SELECT id FROM "group" LIMIT 3')]
    rights = ({"person": {"see": "own", "filter": {"field": "groups", "op": "in", "value": groups}}},
              {"person": {"see": "team", "filter": {"field": "rating", "op": "ge", "value": 3}}},
              {"*": {"see": "all"}, "person": {"see": "all", "filter": {"field": "name", "op": "notempty"},
                                               "fields": {"birthday": "hidden", "note": "hidden", "source": "read"}}})
    made = [bed.made(server, admin, csrf, "role", {"name": f"bench {i}", "rights": r}) for i, r in enumerate(rights)]
    mail = "berg@bench.example"
    bed.colleague(data, mail)
    user = str(bed.rows(data, f"SELECT id FROM \"user\" WHERE mail_f = '{mail}'")[0][0])
    bed.changed(server, admin, csrf, "user", user, {"role": made[0], "roles": made[1:]})
    return admin, bed.login(server, mail)[0]


def rights(b):
    """CPU of a request with three roles, their filters and a mask against the same without rights."""
    data = bed.copy_of(bed.data_of(10000))
    try:
        with bed.kontor(data, b.port + 60) as server:
            server.wait()
            free, bound = restricted(server, data)
            for name, paths, limit in (("rights_point_cpu", [f"/api/v1/person/{i}" for i in ids_of(data, 10000)], 1.25),
                                       ("rights_list_cpu", lists_of(data), 1.4), ("rights_search_cpu", search_paths(data), 1.4)):
                loads = {free: [], bound: []}
                for turn in range(b.rounds + 1):
                    for cookie, got in loads.items():
                        load = b.get(server, name, paths, cookie)
                        if turn:
                            got.append(load.cpu_us)
                without, within = (statistics.median(v) for v in loads.values())
                yield name, within / without, (LESS, limit), "", f"{within:.0f} us CPU against {without:.0f}, 10,000 people"
    finally:
        shutil.rmtree(data, ignore_errors=True)


# ---- 7: the door for other systems ----
def open_items(server, cookie):
    status, body, _ = server.get("/api/v1/sync/bench", cookie)
    return sum(json.loads(body)["open"].values()) if status == 200 else 0


def drained(server, cookie, seconds=300):
    """Until all that was handed over is written; how many a second were."""
    before, t0 = open_items(server, cookie), time.perf_counter()
    while open_items(server, cookie):
        if time.perf_counter() - t0 > seconds:
            raise Failed("the queue does not empty")
        time.sleep(0.05)
    return before / max(time.perf_counter() - t0, 1e-9)


def senders_of(server, cookie, csrf, count=40):
    """A file of API keys: each is a sender with a rate of its own."""
    bed.written(server, cookie, csrf, "POST", "/api/v1/session/proof", {"password": bed.PASSWORD})
    keys = [bed.written(server, cookie, csrf, "POST", "/api/v1/key", {"name": f"bench {i}", "scopes": ["read", "write"]})["key"] for i in range(count)]
    file = bed.KEEP / "senders.keys"
    file.write_text("\n".join(keys) + "\n")
    return file


def door(b, server, cookie, csrf, run):
    """Creates of 64 clients, single items of 64 clients, items in hundreds, and how fast a queue is written."""
    creates, single, hundreds, applied = [], [], [], []
    keys = senders_of(server, cookie, csrf)
    for _ in range(b.rounds):
        creates.append(bed.wrk(server, "create.lua", cookie, csrf, next(run), "off", seconds=b.seconds).rps)
        single.append(bed.wrk(server, "sync.lua", keys, next(run), 1, seconds=b.seconds).rps)
        drained(server, cookie)
        hundreds.append(100 * bed.wrk(server, "sync.lua", keys, next(run), 100, seconds=1, conns=4).rps)
        applied.append(drained(server, cookie))
    return map(statistics.median, (creates, single, hundreds, applied))


class Users:
    """So many people at work, each with a pause after each of his requests: reads, lists, and one in ten a create."""

    def __init__(self, server, cookie, csrf, paths, count=50, pause=0.5):
        self.server, self.paths, self.pause, self.took, self.on = server, paths, pause, [], True
        self.head = {"Cookie": cookie, "X-CSRF-Token": csrf, "Content-Type": "application/json"}
        self.threads = [threading.Thread(target=self.work, args=(i,), daemon=True) for i in range(count)]

    def work(self, i):
        line, rng, n = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30), random.Random(i), 0
        while self.on:
            time.sleep(self.pause * (0.5 + rng.random()))
            n += 1
            write = n % 10 == 0
            t0 = time.perf_counter()
            if write:
                line.request("POST", "/api/v1/person", json.dumps({"name": f"Nutzer {i} {n} {rng.random()}"}), self.head)
            else:
                line.request("GET", rng.choice(self.paths), headers=self.head)
            r = line.getresponse()
            r.read()
            if r.status not in (200, 201):
                raise Failed(f"a user was answered {r.status}")
            self.took.append(time.perf_counter() - t0)

    def run(self, seconds):
        for t in self.threads:
            t.start()
        time.sleep(seconds)
        self.on = False
        for t in self.threads:
            t.join()
        return sorted(self.took)[int(len(self.took) * 0.99)], len(self.took)


def sender(server, cookie, csrf, per_minute, stop, got):
    """One item a request, evenly; what was answered other than 202 is counted."""
    line, n, t0 = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30), 0, time.perf_counter()
    head = {"Cookie": cookie, "X-CSRF-Token": csrf, "Content-Type": "application/json"}
    while not stop.is_set():
        n += 1
        key = f"{threading.get_ident()}-{n % 500}"
        line.request("POST", "/api/v1/sync/bench", json.dumps({"items": [{"entity": "company", "key": key, "values": {
            "name": f"Firma {key}", "note": str(n)}}]}), head)
        r = line.getresponse()
        r.read()
        got.append(r.status)
        time.sleep(max(0.0, t0 + n * 60 / per_minute - time.perf_counter()))


def beside_senders(b, server, cookie, csrf, per_minute):
    """p99 of 50 users beside so many requests a minute, and what the senders heard."""
    paths = [f"/api/v1/person/{i}" for i in ids_of(b.data, b.people)] + lists_of(b.data)
    stop, got = threading.Event(), []
    many = [threading.Thread(target=sender, args=(server, cookie, csrf, per_minute / 4, stop, got), daemon=True)
            for _ in range(4 if per_minute else 0)]
    for t in many:
        t.start()
    p99, n = Users(server, cookie, csrf, paths).run(b.seconds * 5)
    stop.set()
    for t in many:
        t.join()
    if any(s != 202 for s in got):
        raise Failed(f"the door refused {sum(s != 202 for s in got)} of {len(got)}")
    return p99, n, len(got)


def sync(b):
    data, run = bed.copy_of(b.data), iter(range(1, 1000))
    try:
        with bed.kontor(data, b.port + 70) as server:
            server.wait()
            cookie, csrf = bed.login(server)
            creates, single, hundreds, applied = door(b, server, cookie, csrf, run)
            beside_senders(b, server, cookie, csrf, 0) # caches are warm
            idle = [beside_senders(b, server, cookie, csrf, 0)[0] for _ in range(b.rounds)]
            loads = {rate: [beside_senders(b, server, cookie, csrf, rate) for _ in range(b.rounds)] for rate in (3500, 10500)}
            left = open_items(server, cookie)
    finally:
        shutil.rmtree(data, ignore_errors=True)
    base = f"{creates:,.0f} creates/s of 64 clients"
    yield "sync_door_over_creates", single / creates, (MORE, 0.7), "", f"{single:,.0f} single items/s of 64 clients durable; {base}"
    yield "sync_bulk_over_creates", hundreds / creates, (MORE, 0.7), "", f"{hundreds:,.0f} items/s in hundreds; {base}"
    yield "sync_applied_over_creates", applied / creates, (MORE, 0.3), "", f"{applied:,.0f} items/s written from the queue; {base}"
    quiet = statistics.median(idle)
    for rate, got in loads.items():
        p99 = statistics.median(g[0] for g in got)
        yield (f"users_p99_beside_{rate}", p99 / quiet, (LESS, 2), "",
               f"p99 {p99 * 1000:.1f} ms, idle {quiet * 1000:.1f} ms; 50 users, {sum(g[1] for g in got):,} requests; "
               f"{sum(g[2] for g in got):,} handed over, {left} left open at the end")


GROUPS = {"reads": reads, "creates": creates, "import": imports, "beside": beside_import, "memory": memory, "start": starts, "rights": rights, "sync": sync}
