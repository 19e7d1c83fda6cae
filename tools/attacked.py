# SPDX-License-Identifier: MIT
"""What ./dev attack attacks: a Kontor with a demo base, and a page with holes that its scanners must find."""
import collections, contextlib, http.client, http.server, json, re, sqlite3, ssl, subprocess, sys, threading, urllib.parse

import house

PEOPLE = "300"
# Rows that come and go with the requests themselves.
VOLATILE = {"session", "security_event", "login_attempt", "login_guard", "user_hour", "idem", "captcha", "known_device", "api_key", "follower", "search_upto", "audit_seal"}
HOUSEKEEPING = re.compile(r"\(?'?(tidy_last|backup_last)")  # rows of the table setting


class Site(house.House):
    """A Kontor with a demo base, logged in, and a key."""

    def __init__(self, kontor, tls=False, pg=""):
        super().__init__(kontor, prefix="kontor-attack-")
        self.tls, self.pg, self.seen = tls, pg, 0
        self.options = ["--log-level", "debug"] + (["--db", pg] if pg else [])

    def open(self):
        pw = self.top / "pw"
        pw.write_text(house.PASSWORD + "\n")
        db = ["--db", self.pg] if self.pg else []
        for command in (["init", *house.COUNTRY, "--password-file", str(pw)], ["demo", "--people", PEOPLE]):
            code, _, err = self.run(*command, *db)
            if code:
                sys.exit(f"attack: kontor {command[0]}: {err}")
        self.serve(*self.options, *(self.certificate() if self.tls else []))
        self.base = f"http{'s' * self.tls}://127.0.0.1:{self.port}"
        self.login()
        key = {"name": "attack", "scopes": ["read", "write", "settings", "users", "log"], "password": house.PASSWORD}
        self.key = self.ask("POST", "/api/v1/key", key)[1]["key"]
        return self

    def certificate(self):
        """One that could stand: testssl shall see what Kontor does, not what openssl's defaults are."""
        cert, key = str(self.top / "cert.pem"), str(self.top / "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "90", "-subj",
                        "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert], check=True, capture_output=True)
        return "--tls-cert", cert, "--tls-key", key

    def ask(self, method, path, body=None, headers=None, timeout=60, raw=None):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        c = (http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=context) if self.tls else
             http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout))
        head = {"Cookie": self.cookie, "X-CSRF-Token": self.csrf, **(headers or {})}
        if body is not None:
            head["Content-Type"] = "application/json"
        c.request(method, path, raw if body is None else json.dumps(body), head)
        r = c.getresponse()
        text = r.read().decode(errors="replace")
        c.close()
        try:
            return r.status, json.loads(text), r.headers
        except ValueError:
            return r.status, text, r.headers

    def upload(self):
        return self.ask("POST", "/api/v1/file?name=a.csv", headers={"Content-Type": "text/csv"}, raw="Name\nAnna\n")[1]["id"]

    def answers(self):
        """Statuses of the requests since the last call, and lines of those that failed."""
        with open(self.top / "log", errors="replace") as f:
            f.seek(self.seen)
            new = f.read()
            self.seen = f.tell()
        lines = [line for line in new.splitlines() if " what=request " in line]
        return collections.Counter(int(re.search(r" status=(\d+)", line)[1]) for line in lines), [x for x in lines if " status=5" in x]

    def rows(self):
        """Each row of each table of ours, by its table."""
        if self.pg:
            def ask(sql):
                return subprocess.run(["psql", "-qAtX", self.pg, "-c", sql], capture_output=True, text=True, check=True).stdout.splitlines()
            names = ask("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'")
            return {n: ours(ask(f'SELECT * FROM "{n}"')) for n in names if n not in VOLATILE}
        # the parts of a search index are put together by themselves, whenever there is time: its texts are in search_doc
        db = sqlite3.connect(f"file:{self.data}/kontor.db?mode=ro", uri=True)
        names = [n for n, sql in db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'") if "VIRTUAL" not in sql and "_fts" not in n]
        return {n: ours(map(repr, db.execute(f'SELECT * FROM "{n}"'))) for n in names if n not in VOLATILE}


def ours(rows):
    return collections.Counter(r for r in rows if not HOUSEKEEPING.match(r))


def lost(before, after):
    """How many rows of before are gone or not what they were, by table."""
    return {n: sum((rows - after.get(n, collections.Counter())).values()) for n, rows in before.items() if rows - after.get(n, collections.Counter())}


class Hole(http.server.BaseHTTPRequestHandler):
    """What scanners must find: a value put into SQL, or into a page, as it came."""

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        q = urllib.parse.parse_qs(url.query, keep_blank_values=True).get("q", [""])[0]
        kind, body = "application/json", "[]"
        if url.path == "/page":
            kind, body = "text/html", f"<html><body>Nothing like {q}</body></html>"
        else:
            db = sqlite3.connect(":memory:")
            db.execute("CREATE TABLE person (name TEXT)")
            db.executemany("INSERT INTO person VALUES (?)", [("Anna",), ("Anton",), ("Berta",)])
            try:
                body = json.dumps([r[0] for r in db.execute(f"SELECT name FROM person WHERE name LIKE '{q}%'")])
            except sqlite3.Error:
                pass
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def hole():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hole) as s:
        threading.Thread(target=s.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{s.server_port}"
        s.shutdown()
