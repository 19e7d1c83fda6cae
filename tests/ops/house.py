# SPDX-License-Identifier: MIT
"""A data folder and the program that serves it, for the tests of this folder."""
import glob, http.client, json, os, pathlib, re, shutil, socket, sqlite3, subprocess, sys, tempfile, time

passed = failed = 0
PASSWORD = "correct horse battery"
SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "src/db/schema.def"
FAKETIME = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
COUNTRY = ["--country", "DE", "--language", "en", "--admin", "admin@example.org"]


def is_(what, got, want):
    global passed, failed
    if got == want:
        passed += 1
        return True
    failed += 1
    print(f"{what}\n  got:  {got!r}\n  want: {want!r}", file=sys.stderr)
    return False


def true(what, claim):
    return is_(what, bool(claim), True)


def end(name):
    print(f"{name}: {passed} passed, {failed} failed")
    sys.exit(failed > 0)


def until(claim, seconds=30):
    """The first true value of claim(), or its last one."""
    stop = time.monotonic() + seconds
    while True:
        got = claim()
        if got or time.monotonic() > stop:
            return got
        time.sleep(0.02)


class House:
    """with House(kontor) as h: h.init(); h.serve(); h.ask(...)"""

    def __init__(self, kontor, folder=None, prefix="kontor-ops-"):
        self.kontor = str(pathlib.Path(kontor).resolve())
        self.top = pathlib.Path(tempfile.mkdtemp(prefix=prefix))
        self.data = str(folder or self.top / "data")
        self.server, self.port, self.token, self.cookie, self.csrf = None, 0, "", "", ""
        # the leak checker of a sanitized build cannot work inside the fence
        self.env = dict(os.environ, **({"KONTOR_SANDBOX": "no"} if "asan" in self.kontor else {}))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.top, ignore_errors=True)

    def run(self, *args, **kw):
        """(exit code, standard output, standard error) of a command."""
        r = subprocess.run([self.kontor, *args, "--data", self.data], capture_output=True, text=True, timeout=120,
                           stdin=subprocess.DEVNULL, env=self.env, **kw)
        return r.returncode, r.stdout, r.stderr

    def init(self):
        pw = self.top / "pw"
        pw.write_text(PASSWORD + "\n")
        is_("init", self.run("init", *COUNTRY, "--password-file", str(pw))[0], 0)

    def certificate(self, name, days=30):
        """A new key and a certificate of its own for name, in a folder beside the data: the options that take them."""
        at = self.top / "tls"
        at.mkdir(exist_ok=True)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", str(days),
                        "-subj", f"/CN={name}", "-keyout", str(at / "key.new"), "-out", str(at / "cert.new")], check=True, capture_output=True)
        for part in ("key", "cert"):
            os.replace(at / f"{part}.new", at / f"{part}.pem")
            os.chmod(at / f"{part}.pem", 0o644)
        return "--tls-cert", str(at / "cert.pem"), "--tls-key", str(at / "key.pem")

    def begin(self, *options, env=None, wrap=()):
        """Starts the server without waiting for it."""
        self.log = open(self.top / "log", "ab+")
        listen = () if "--listen" in options else ("--listen", "127.0.0.1:0")
        self.server = subprocess.Popen([*wrap, self.kontor, "serve", "--data", self.data, *listen, "--backup-hour", "off", *options],
                                       stdout=self.log, stderr=self.log, env=dict(self.env, **(env or {})))

    def text(self):
        return (self.top / "log").read_text(errors="replace")

    def serve(self, *options, **kw):
        before = len(self.text()) if (self.top / "log").exists() else 0
        self.begin(*options, **kw)

        def ready():
            if self.server.poll() is not None:
                return "ended"
            return re.search(r"ready: https?://127\.0\.0\.1:(\d+)/", self.text()[before:])
        got = until(ready, 60)
        if not got or got == "ended":
            sys.exit(f"the server did not start:\n{self.text()}")
        self.port = int(got.group(1))
        token = re.search(r"token=([0-9a-f]+)", self.text()[before:])
        self.token = token.group(1) if token else ""

    def kill(self, sig=9):
        if self.server and self.server.poll() is None:
            self.server.send_signal(sig)
        if self.server:
            self.server.wait(60)
        code = self.server.returncode if self.server else None
        self.server = None
        return code

    def ask(self, method, path, body=None, headers=None, timeout=60):
        """(status, JSON or text, headers); 0 when there was no answer."""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        head = {"Cookie": self.cookie, "X-CSRF-Token": self.csrf, **(headers or {})} if self.cookie else dict(headers or {})
        data = None
        if body is not None:
            data, head["Content-Type"] = json.dumps(body), "application/json"
        try:
            c.request(method, path, data, head)
            r = c.getresponse()
            text = r.read().decode()
            try:
                return r.status, json.loads(text), r.headers
            except ValueError:
                return r.status, text, r.headers
        except (OSError, http.client.HTTPException):
            return 0, None, {}
        finally:
            c.close()

    def login(self):
        self.cookie = ""
        st, who, head = self.ask("POST", "/api/v1/session", {"mail": "admin@example.org", "password": PASSWORD})
        is_("log-in", st, 200)
        self.cookie, self.csrf = head["Set-Cookie"].split(";")[0], who["csrf"]


class Clock:
    """What the server believes the time to be; asked anew at each look."""

    def __init__(self, file):
        self.file = file
        self.set("+0")
        self.env = {"LD_PRELOAD": FAKETIME[0], "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1",
                    "FAKETIME_DONT_FAKE_MONOTONIC": "1", "KONTOR_SANDBOX": "no"}

    def set(self, to):
        new = self.file.with_suffix(".new")
        new.write_text(to + "\n")
        new.rename(self.file)


def older(data):
    """Takes the last number of the schema back, as far as a table or column tells how."""
    (pathlib.Path(data) / "audit.head").unlink(missing_ok=True) # an older program kept no head of the log beside it
    steps = re.findall(r'^(?:BOTH|SQLITE)\((\d+), ((?:\s*"[^"]*")+)', SCHEMA.read_text(), re.M)
    db, last = sqlite3.connect(f"{data}/kontor.db"), max(int(n) for n, _ in steps)
    for n, sql in reversed(steps):
        made = re.match(r'\s*"CREATE TABLE (\w+)', sql)
        index = re.match(r'\s*"CREATE (?:UNIQUE )?INDEX (\w+)', sql)
        added = re.match(r'\s*"ALTER TABLE (\w+) ADD COLUMN (\w+)', sql)
        dropped = re.match(r'\s*"DROP INDEX (\w+)', sql)
        if int(n) == last and dropped: # as an older number made it
            made_by = [s for m, s in steps if int(m) < last and re.match(rf'\s*"CREATE (?:UNIQUE )?INDEX {dropped[1]} ', s)][-1]
            db.execute("".join(re.findall(r'"([^"]*)"', made_by)))
        if int(n) == last and index:
            db.execute(f"DROP INDEX IF EXISTS {index[1]}")
        if int(n) == last and made:
            db.execute(f"DROP TABLE {made[1]}")
        if int(n) == last and added:
            db.execute(f"ALTER TABLE {added[1]} DROP COLUMN {added[2]}")
    db.execute("DELETE FROM audit_seal") # those of events stand in the same chain, and an older program had none
    db.execute("DELETE FROM follower WHERE name IN ('audit', 'audit_event')") # all is sealed anew
    db.execute("DELETE FROM migration WHERE n = ?", (last,))
    db.commit()
    db.close()
    return last


def on_pg(name, run):
    """run("--db", URL) over an empty base of the server that KONTOR_TEST_PG names, if it names one."""
    server = os.environ.get("KONTOR_TEST_PG")
    if not server:
        return
    name = f"{name}_{os.getpid()}"
    psql = lambda sql: subprocess.run(["psql", "-qX", server, "-c", sql], check=True, stdout=subprocess.DEVNULL)
    psql(f'CREATE DATABASE "{name}"')
    try:
        run("--db", f"postgresql://{server.split('://')[1].split('/')[0]}/{name}")
    finally:
        psql(f'DROP DATABASE "{name}" WITH (FORCE)')


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
