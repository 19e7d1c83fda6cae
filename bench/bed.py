# SPDX-License-Identifier: MIT
"""What the figures stand on: data folders, the server, nginx, wrk, and what the kernel tells of a process."""
import contextlib, hashlib, http.client, json, os, pathlib, re, resource, shutil, socket, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("KONTOR_BENCH_BUILD", ROOT / "build"))
KEEP = BUILD / "bench"
PROGRAM = BUILD / "kontor"
MAIL, PASSWORD = "chef@bench.example", "Sieben Zwerge im Regen 9"
TICKS = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """A figure that could not be measured; its text is shown instead."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(*args, **more):
    r = subprocess.run([str(a) for a in args], capture_output=True, text=True, check=False, **more)
    if r.returncode:
        raise Failed(f"{pathlib.Path(str(args[0])).name} {args[1] if len(args) > 1 else ''}: "
                     f"{(r.stderr or r.stdout).strip()[-300:]}")
    return r.stdout


# ---- data ----
def schema_key():
    """Changes with whatever changes what a data base of the same size holds."""
    h = hashlib.sha256()
    files = [ROOT / "src/db/schema.def", *sorted(ROOT.glob("src/meta/entities/*.json")), *sorted(ROOT.glob("src/demo/*.[ch]")),
             *sorted(ROOT.glob("src/fmt/fold*")), ROOT / "src/search/search_index.c"]
    for f in files:
        h.update(f.read_bytes())
    return h.hexdigest()[:12]


def init(data, country="RU", language="ru"):
    with tempfile.NamedTemporaryFile("w", suffix=".pw") as pw:
        pw.write(PASSWORD + "\n")
        pw.flush()
        run(PROGRAM, "init", "--data", data, "--country", country, "--language", language, "--admin", MAIL,
            "--password-file", pw.name)


def data_of(people):
    """A folder with so many people (0: only set up), made once for each schema. Nothing writes into it for good."""
    folder = KEEP / f"people-{people}-{schema_key()}"
    if (folder / "made.json").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    KEEP.mkdir(parents=True, exist_ok=True)
    say(f"bench: making {people} people in {folder}")
    init(folder)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    t0, made = time.time(), "{}"
    if people:
        helper = BUILD / "bench/make_base" # longer slices than the command's: nobody else is at work here
        made = (run(helper, f"sqlite:{folder}/kontor.db", "ru", people) if helper.exists() else
                run(PROGRAM, "demo", "--data", folder, "--people", people, "--lang", "ru", "--seed", 1, "--json"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    (folder / "made.json").write_text(json.dumps({"seconds": time.time() - t0, "cpu": cpu, "made": json.loads(made)}))
    return folder


def copy_of(folder):
    """For figures that write. The caller removes it."""
    to = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=KEEP))
    run("cp", "-a", "--reflink=auto", f"{folder}/.", to)
    return to


def rows(data, sql, limit=5000):
    out = json.loads(run(PROGRAM, "sql", sql, "--data", data, "--limit", limit, "--json"))
    found = out.get("rows", out.get("data", [])) if isinstance(out, dict) else out
    return [list(r.values()) if isinstance(r, dict) else r for r in found]


# ---- the kernel's view ----
def stat(pid):
    return open(f"/proc/{pid}/stat", encoding="utf-8").read().rsplit(")", 1)[1].split()


def cpu_of(pid):
    """Seconds of the process and its children (nginx's workers)."""
    total = 0
    for p in os.listdir("/proc"):
        if p.isdigit():
            try:
                f = stat(p)
            except OSError:
                continue
            if int(p) == pid or int(f[1]) == pid:
                total += int(f[11]) + int(f[12])
    return total / TICKS


def rss_anon(pid):
    m = re.search(r"RssAnon:\s+(\d+) kB", open(f"/proc/{pid}/status", encoding="utf-8").read())
    return int(m.group(1)) * 1024 if m else 0


def free_port(want):
    for port in range(want, want + 60):
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise Failed("no free port")


# ---- servers ----
def with_priority(nice, cores=None):
    """For preexec_fn. nice: of the process's group, for where the kernel shares by groups of sessions that of a process counts among its
    own alone. Below 0 for root only: else nothing happens. cores: which; None = all."""
    if cores:
        os.sched_setaffinity(0, cores)
    if nice:
        os.setsid()
        with contextlib.suppress(OSError):
            try:
                pathlib.Path("/proc/self/autogroup").write_text(str(nice))
            except FileNotFoundError:
                os.setpriority(os.PRIO_PROCESS, 0, nice)


class Process:
    """A server of ours to start and to end by its own id."""

    def __init__(self, args, port, log, nice=0, cores=None):
        self.port, self.log = port, log
        self.t0 = time.perf_counter()
        self.p = subprocess.Popen([str(a) for a in args], stdout=subprocess.DEVNULL, stderr=open(log, "w", encoding="utf-8"),
                                  preexec_fn=lambda: with_priority(nice, cores))
        self.pid = self.p.pid

    def wait(self, path="/healthz", cookie="", seconds=30):
        """Until it answers 200 (seconds since its start); polls every millisecond."""
        while time.perf_counter() - self.t0 < seconds:
            if self.p.poll() is not None:
                break
            try:
                if self.get(path, cookie)[0] == 200:
                    return time.perf_counter() - self.t0
            except OSError:
                time.sleep(0.001)
        self.stop()
        raise Failed(f"{path} is not answered: {open(self.log, encoding='utf-8').read().strip()[-300:]}")

    def get(self, path, cookie=""):
        return self.ask("GET", path, {"Cookie": cookie} if cookie else {})

    def ask(self, method, path, headers=None, body=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            c.request(method, path, body, headers or {})
            r = c.getresponse()
            return r.status, r.read(), r
        finally:
            c.close()

    def stop(self):
        if self.p.poll() is None:
            self.p.terminate()
            try:
                self.p.wait(20)
            except subprocess.TimeoutExpired:
                self.p.kill()
                self.p.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def kontor(data, port, *options, nice=0, cores=None):
    port = free_port(port)
    return Process([PROGRAM, "serve", "--data", data, "--listen", f"127.0.0.1:{port}", "--log-level", "error",
                    "--backup-hour", "off", *options], port, KEEP / "serve.log", nice, cores)


def login(server, mail=MAIL):
    status, body, r = server.ask("POST", "/api/v1/session", {"Content-Type": "application/json"},
                                 json.dumps({"mail": mail, "password": PASSWORD}))
    if status not in (200, 201):
        raise Failed(f"log-in: {status} {body[:200]!r}")
    return r.getheader("Set-Cookie").split(";")[0], json.loads(body)["csrf"]


def written(server, cookie, csrf, method, path, values):
    status, body, _ = server.ask(method, path, {"Content-Type": "application/json", "Cookie": cookie, "X-CSRF-Token": csrf},
                                 json.dumps(values))
    if status not in (200, 201, 204):
        raise Failed(f"{method} {path}: {status} {body[:200]!r}")
    return json.loads(body) if body else None


def made(server, cookie, csrf, entity, values):
    return written(server, cookie, csrf, "POST", f"/api/v1/{entity}", values)["id"]


def changed(server, cookie, csrf, entity, record, values):
    written(server, cookie, csrf, "PATCH", f"/api/v1/{entity}/{record}", values)


def colleague(data, mail):
    with tempfile.NamedTemporaryFile("w", suffix=".pw") as pw:
        pw.write(PASSWORD + "\n")
        pw.flush()
        run(PROGRAM, "user", "add", mail, "--data", data, "--password-file", pw.name)


NGINX = """daemon off; pid {d}/pid; error_log stderr crit; worker_processes {cores};
events {{ worker_connections 1024; multi_accept on; }}
http {{ access_log off; open_file_cache max=100; sendfile on; tcp_nopush on; keepalive_requests 100000000;
 default_type application/json; client_body_temp_path {d}; proxy_temp_path {d}; fastcgi_temp_path {d}; uwsgi_temp_path {d};
 scgi_temp_path {d}; server {{ listen 127.0.0.1:{port} reuseport; root {d}; }} }}
"""


class Nginx(Process):
    def __init__(self, port):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="nginx-", dir=KEEP))
        os.chmod(self.folder, 0o755)
        port = free_port(port)
        (self.folder / "conf").write_text(NGINX.format(d=self.folder, cores=os.cpu_count(), port=port))
        self.serve(300)
        args = ["nginx", "-e", "stderr", "-p", self.folder, "-c", self.folder / "conf"]
        super().__init__(args, port, KEEP / "nginx.log")
        self.wait("/300")

    def serve(self, size):
        """A file of that size; its path."""
        (self.folder / str(size)).write_text("x" * size)
        return f"/{size}"

    def stop(self):
        super().stop()
        shutil.rmtree(self.folder, ignore_errors=True)


# ---- load ----
class Load:
    def __init__(self, text, cpu):
        m = re.search(r"^BENCH (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)$", text, re.M)
        if not m:
            raise Failed(f"wrk: {text.strip()[-200:]}")
        n, us, self.p50_us, self.p99_us, self.errors, self.refused = map(int, m.groups())
        self.n, self.rps, self.cpu_us = n, n / (us / 1e6), cpu / max(n, 1) * 1e6


def wrk(server, script, *args, seconds=3, conns=64):
    before = cpu_of(server.pid)
    threads = min(2, conns)
    out = run("wrk", f"-t{threads}", f"-c{conns}", f"-d{seconds}s", "-s", ROOT / "bench" / script,
              f"http://127.0.0.1:{server.port}", "--", *args)
    got = Load(out, cpu_of(server.pid) - before)
    if got.errors or got.refused:
        raise Failed(f"{script}: {got.refused} refused, {got.errors} broken of {got.n}")
    return got


def paths_file(name, paths):
    f = KEEP / f"{name}.paths"
    f.write_text("\n".join(paths) + "\n")
    return f


def fsyncs(folder):
    return int(run(BUILD / "bench" / "fsync", folder, 1500).split()[0])
