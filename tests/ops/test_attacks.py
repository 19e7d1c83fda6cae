#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is tried over the wire, by the program itself: test_attacks.py KONTOR
Headers, hosts, other sites, sizes, ranges, bad certificates; afterwards no secret is in any file or line of the log, and each line is one."""
import http.client, json, os, pathlib, re, signal, socket, ssl, subprocess, sys, threading, time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
from house import House, is_, true, until

K = sys.argv[1]
LINE = re.compile(r'^time=\d{4}-\d\d-\d\dT[\d:.]+Z level=(error|warn|info|debug) room=\w+( \w+=("([^"\\]|\\.)*"|[^\s"]*))*$')


def wire(h, data, seconds=20):
    """What comes back for these bytes until the other side closes, or for a while."""
    with socket.create_connection(("127.0.0.1", h.port), seconds) as s:
        s.settimeout(seconds)
        try:
            s.sendall(data)
        except OSError:
            pass  # it has closed: what it said before counts
        got = b""
        try:
            while part := s.recv(65536):
                got += part
        except OSError:
            pass
        return got


def status(got):
    m = re.match(rb"HTTP/1\.1 (\d{3}) ", got)
    return int(m[1]) if m else 0


def get(h, path, *lines, method="GET", body=b""):
    """One request with exactly these header lines."""
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{line}\r\n" for line in lines)
    return wire(h, head.encode() + b"Connection: close\r\n\r\n" + body)


def attempts(h):
    return h.ask("GET", "/api/v1/attempt")[1]["data"]


def headers(h):
    """A11, I06, I07: what stands in headers is text in the log and in the list of log-ins, and nobody's address."""
    hostile = ['" level=error room=auth what="root came in', "'||(select group_concat(mail) from user)||'", "\u202egnp.exe", "<script>alert(1)</script>", "%0d%0aSet-Cookie: a=b",
               "${jndi:ldap://127.0.0.1/a}", "() { :; }; id", "x" * 2000, "=1+1"]
    body = b'{"mail":"nobody@example.org","password":"planted-password-1"}'
    for i, text in enumerate(hostile):
        own = [f"User-Agent: {text}", f"Referer: {text}", f"X-Forwarded-For: 6.6.6.6, {text[:40]}", "X-Real-IP: 6.6.6.6", "Forwarded: for=6.6.6.6", f"Cookie: kontor={text[:200]}; other={text[:100]}"]
        got = get(h, "/api/v1/session", "Host: 127.0.0.1", "Content-Type: application/json", f"Content-Length: {len(body)}", *own, method="POST", body=body)
        true(f"header {i} does not break the log-in ({status(got)})", status(got) in (401, 422, 429))
        true(f"header {i} sets no header", b"\r\nSet-Cookie: a=b" not in got)
        got = get(h, "/api/v1/person", "Host: 127.0.0.1", *own, "Authorization: Basic " + "Jyk7ZHJvcCB0YWJsZSB1c2VyOi0t")
        is_(f"header {i} opens nothing", status(got), 401)
    rows = attempts(h)
    true("the list of log-ins holds them", len(rows) >= 3 and all(r["addr"] == "127.0.0.1" for r in rows))
    for bad in (b"User-Agent: a\x1b[31m", b"User-Agent: a\rb", b"User-Agent: a\x00b", b"X: " + b"y" * (1 << 20), b"X y: z"):
        got = wire(h, b"GET /api/v1/person HTTP/1.1\r\nHost: 127.0.0.1\r\n" + bad + b"\r\n\r\n")
        true(f"refused: {bad[:20]}", status(got) in (400, 431))


def sizes(h):
    """D13, I03: what is too large is refused before it is read, and no password is hashed."""
    before, tick = len(attempts(h)), os.sysconf("SC_CLK_TCK")
    kids = pathlib.Path(f"/proc/{h.server.pid}/task/{h.server.pid}/children").read_text().split()  # one of them hashes
    used = lambda: sum(int(x) for p in [h.server.pid, *kids] for x in pathlib.Path(f"/proc/{p}/stat").read_text().rsplit(")", 1)[1].split()[11:13]) / tick
    cpu, start = used(), time.monotonic()
    for _ in range(20):
        got = get(h, "/api/v1/session", "Host: 127.0.0.1", "Content-Type: application/json", f"Content-Length: {10 << 20}", method="POST", body=b'{"mail":"admin@example.org","password":"' + b"a" * 65536)
        is_("10 MB at the log-in", status(got), 413)
    many = b"".join(b"fff0\r\n" + b"a" * 0xFFF0 + b"\r\n" for _ in range(160))
    got = get(h, "/api/v1/session", "Host: 127.0.0.1", "Content-Type: application/json", "Transfer-Encoding: chunked", method="POST", body=many + b"0\r\n\r\n")
    is_("10 MB in chunks", status(got), 413)
    true(f"twenty of them cost less than a hash each ({used() - cpu:.2f} s)", used() - cpu < 2 and time.monotonic() - start < 20)
    is_("and none was tried", len(attempts(h)), before)
    got = get(h, "/api/v1/session", "Host: 127.0.0.1", "Content-Type: application/json", "Content-Encoding: gzip", "Content-Length: 4", method="POST", body=b"\x1f\x8b\x08\x00")
    is_("packed bodies are not unpacked", status(got), 415)
    is_("a target of 100 kB", status(get(h, "/?" + "a" * 100000, "Host: 127.0.0.1")), 414)
    is_("10,000 headers", status(get(h, "/", "Host: 127.0.0.1", *["X: y"] * 10000)), 431)


def elsewhere(h):
    """E01, E02, E08, E09, B13: another site's page gets nothing done and reads nothing, and no data is a page or a script."""
    count = lambda: h.ask("GET", "/api/v1/count/person")[1]["value"]
    before, cookie, csrf = count(), f"Cookie: {h.cookie}", f"X-CSRF-Token: {h.csrf}"
    body = b'{"name":"CANARY forged"}'
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=b", "application/json"):
        for origin in ("Origin: https://evil.example", "Origin: null", "Origin: https://127.0.0.1.evil.example", "Sec-Fetch-Site: cross-site", "Referer: https://evil.example/"):
            got = get(h, "/api/v1/person", "Host: 127.0.0.1", cookie, f"Content-Type: {kind}", origin, f"Content-Length: {len(body)}", method="POST", body=body)
            true(f"a form of another site ({kind}, {origin}): {status(got)}", status(got) in (403, 415))
            true("it may not be read there", b"Access-Control" not in got and b"CANARY" not in got)
    got = get(h, "/api/v1/person", "Host: 127.0.0.1", cookie, csrf, "Content-Type: application/json", "Origin: https://evil.example", f"Content-Length: {len(body)}", method="POST", body=body)
    is_("with the token, from elsewhere", status(got), 403)
    for path in ("/api/v1/person?_method=POST&name=x", "/api/v1/session?_method=DELETE", "/api/v1/undo?change=1", "/api/v1/import/run?file=1"):
        get(h, path, "Host: 127.0.0.1", cookie, "X-HTTP-Method-Override: POST")
    is_("nothing was made", count(), before)
    is_("and he is still in", h.ask("GET", "/api/v1/session")[0], 200)
    for origin in ("https://evil.example", "null", "https://127.0.0.1.evil.example"):
        got = get(h, "/api/v1/person", "Host: 127.0.0.1", cookie, f"Origin: {origin}", "Access-Control-Request-Method: DELETE", "Access-Control-Request-Headers: x-csrf-token", method="OPTIONS")
        true(f"no leave for {origin}", b"Access-Control" not in got)
        is_(f"no stream for {origin}", status(get(h, "/api/v1/events", "Host: 127.0.0.1", cookie, f"Origin: {origin}")), 403)
    for path in ("/api/v1/person", "/api/v1/meta", "/api/v1/export/person?format=csv", "/api/v1/nosuch"):
        got = get(h, path, "Host: 127.0.0.1", cookie, "Accept: text/html", "Sec-Fetch-Dest: script")
        kind = re.search(rb"\r\nContent-Type: ([^\r]+)", got)[1]
        true(f"{path} is neither page nor script: {kind}", b"html" not in kind and b"script" not in kind)
        for line in (b"X-Content-Type-Options: nosniff", b"Cross-Origin-Resource-Policy: same-origin"):
            true(f"{path}: {line.decode()}", line in got)
        true(f"{path} is kept by nobody on the way", b"Cache-Control: no-store" in got or b"Cache-Control: private, no-cache" in got)


def ranges(h):
    """G13: whatever of a file is asked for, no more comes than the file has."""
    size = 200000
    c = http.client.HTTPConnection("127.0.0.1", h.port, timeout=60)
    c.request("POST", "/api/v1/file?name=a.bin", os.urandom(size), {"Cookie": h.cookie, "X-CSRF-Token": h.csrf})
    file = json.loads(c.getresponse().read())["id"]
    asked = {"bytes=0-9": 206, "bytes=" + ",".join(f"{i}-{i}" for i in range(1000)): 200, "bytes=" + ",".join(["0-"] * 1000): 200, "bytes=-0": 416, "bytes=--1": 200, "bytes=-999999999": 206,
             "bytes=5-1": 200, f"bytes={size}-": 416, "bytes=0-99999999999999999999": 200, "bytes=x": 200, "items=0-1": 200, "bytes=": 200}
    for what, want in asked.items():
        got = get(h, f"/api/v1/file/{file}", "Host: 127.0.0.1", f"Cookie: {h.cookie}", f"Range: {what}")
        is_(f"Range: {what[:30]}", status(got), want)
        true(f"{what[:30]}: no more than there is", len(got) <= size + 2000)
    got = get(h, f"/api/v1/file/{file}", "Host: 127.0.0.1", f"Cookie: {h.cookie}", "Range: bytes=0-9", 'If-Range: "old"')
    true("of another state: the whole", status(got) == 200 and len(got) > size)


def told_nothing(h):
    """I08: an error tells its kind and a number to ask by; nothing of what is inside."""
    who = ["Host: 127.0.0.1", f"Cookie: {h.cookie}"]
    tried = [("GET", "/api/v1/person?sort='", 400), ("GET", "/api/v1/person?filter={", 400), ("GET", "/api/v1/person/1", 404), ("GET", "/api/v1/nosuch", 404), ("PUT", "/api/v1/person", 405), ("GET", "/%00", 400),
             ("POST", "/api/v1/person", 403), ("GET", "/assets/../../etc/passwd", 400), ("GET", "/api/v1/file/1", 404), ("TRACE", "/", 501), ("GET", "/api/v1/person?cursor='", 400), ("GET", "/server-status", 200)]
    for method, path, want in tried:
        got = get(h, path, *who, method=method)
        is_(f"{method} {path}", status(got), want)
        text = got.decode(errors="replace")
        said = re.search(r"sqlite|postgres|SELECT |\.c:\d|/src/|/usr/|0\.1\.0|\nServer:|X-Powered|Traceback|at 0x|" + re.escape(str(h.top)), text if want >= 400 else text.split("\r\n\r\n")[0], re.I)
        is_(f"{method} {path} tells nothing", said and said[0], None)
        true(f"{method} {path} has a number to ask by", want < 400 or "%" in path or ".." in path or want == 501 or "request_id" in text)


def hosts():
    """D06, I09: a name that is not ours opens nothing."""
    with House(K) as h:
        h.init()
        h.port = house.free_port()
        h.begin("--url", "https://crm.example.org/", "--hosts", "kontor.lan", "--listen", f"127.0.0.1:{h.port}")
        is_("it comes up", until(lambda: h.ask("GET", "/readyz")[0]), 200)
        for name in ("crm.example.org", "CRM.example.org:8443", "kontor.lan", "localhost", "127.0.0.1", "[::1]:80"):
            is_(f"Host: {name}", status(get(h, "/healthz", f"Host: {name}")), 200)
        for name in ("evil.example", "crm.example.org.evil.example", "127.0.0.1.evil.example", "xcrm.example.org", "example.org", "crm"):
            for path in ("/", "/api/v1/door", "/api/v1/person", "/healthz", "/x.css"):
                is_(f"Host: {name} {path}", status(get(h, path, f"Host: {name}")), 421)
        is_("another name by the target", status(get(h, "http://evil.example/healthz", "Host: crm.example.org")), 421)
        is_("two of them", status(get(h, "/healthz", "Host: crm.example.org", "Host: evil.example")), 400)
        got = get(h, "/", "Host: crm.example.org", "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example", "X-Original-URL: /metrics", "X-Rewrite-URL: /metrics")
        true("what else names a host is not heard", status(got) == 200 and b"evil" not in got)


class Receiver(threading.Thread):
    """Speaks TLS with a certificate nobody trusts; counts those who go on nevertheless."""

    def __init__(self, h, name, days):
        super().__init__(daemon=True)
        self.came, self.asked = 0, 0
        options = h.certificate(name, days)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(options[1], options[3])
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                c, _ = self.socket.accept()
            except OSError:
                return
            self.came += 1
            c.settimeout(10)
            try:
                with self.context.wrap_socket(c, server_side=True) as s:
                    self.asked += b"POST" in s.recv(1000)
            except OSError:
                c.close()


def certificates():
    """F08: a webhook's receiver whose certificate nobody vouches for hears nothing."""
    with House(K) as h:
        h.init()
        all_ = [Receiver(h, name, days) for name, days in (("127.0.0.1", 30), ("other.example", 30))]
        h.serve("--outgoing-allow", ",".join(f"127.0.0.1:{r.port}" for r in all_))
        h.login()
        for r in all_:
            st, hook, _ = h.ask("POST", "/api/v1/hook", {"name": "h", "url": f"https://127.0.0.1:{r.port}/", "ops": ["create"]})
            is_("a webhook", st, 201)
            is_("its test", h.ask("POST", f"/api/v1/hook/{hook['id']}/test")[0], 202)
            log = until(lambda: [d for d in h.ask("GET", f"/api/v1/hook/{hook['id']}/delivery")[1]["data"] if d["tries"]])
            true(f"it is not delivered: {log}", log and log[0]["state"] in ("waiting", "dead") and not log[0]["status"])
            true("the receiver was called and heard nothing", r.came >= 1 and r.asked == 0)
            r.socket.close()


def planted():
    """K03, O4: secrets stand in no file, no answer, no line of the log; and nothing is dumped when the program dies."""
    with House(K) as h:
        h.init()
        h.serve("--log-level", "debug")
        h.login()
        pw, mail, key, seed = house.PASSWORD, "planted-mail-password", None, None
        is_("proved", h.ask("POST", "/api/v1/session/proof", {"password": pw})[0], 204)
        st, key, _ = h.ask("POST", "/api/v1/key", {"name": "k", "scopes": ["read"]})
        is_("a key", st, 201)
        st, hook, _ = h.ask("POST", "/api/v1/hook", {"name": "h", "url": "https://example.com/", "ops": ["create"]})
        is_("a webhook", st, 201)
        st, seed, _ = h.ask("POST", "/api/v1/factor/totp", {"password": pw})
        is_("a second factor", st, 200)
        is_("a mail server", h.ask("PUT", "/api/v1/mail/server", {"host": "127.0.0.1", "port": 9, "security": "none", "from": "a@example.org", "user": "u", "password": mail})[0], 204)
        idp = {"name": "i", "issuer": "https://login.example.com", "client_id": "c", "secret": "planted-client-secret"}
        is_("a provider", h.ask("POST", "/api/v1/idp", idp)[0], 201)
        secrets = {"password": pw, "key": key["key"].split("_")[-1], "webhook": hook["secret"].split("_")[-1], "seed": seed["secret"], "mail": mail, "provider": idp["secret"],
                   "session": h.cookie.split("=")[1], "csrf": h.csrf, "wrong": "planted-wrong-password"}
        h.ask("POST", "/api/v1/session", {"mail": "admin@example.org", "password": secrets["wrong"]}, {"Cookie": ""})
        h.ask("GET", f"/api/v1/person?token={key['key']}")
        h.ask("POST", "/api/v1/person", {"name": "x"}, {"X-CSRF-Token": "x", "Authorization": f"Bearer {key['key']}"})
        h.ask("GET", "/api/v1/person", headers={"Cookie": "", "Authorization": f"Bearer {key['key'][:-1]}"})
        told = "".join(json.dumps(h.ask("GET", path)[1]) for path in ("/api/v1/key", "/api/v1/hook", "/api/v1/factor", "/api/v1/mail/server", "/api/v1/idp", "/api/v1/attempt", "/api/v1/session/list", "/api/v1/setting",
                                                                       "/api/v1/export/user?format=jsonl", "/api/v1/user", "/api/v1/meta", "/api/v1/openapi.json", "/metrics"))
        is_("a backup", h.run("backup")[0], 0)
        core = pathlib.Path(f"/proc/{h.server.pid}/limits").read_text()
        true("no core is written", re.search(r"Max core file size +0 ", core))
        is_("ended by a crash", h.kill(signal.SIGABRT), -signal.SIGABRT)
        files = [p for p in pathlib.Path(h.data).rglob("*") if p.is_file()]
        true("the base, its log and a backup are among them", len(files) >= 3 and any("backup" in str(p) for p in files))
        for name, secret in secrets.items():
            at = [str(p) for p in files if secret.encode() in p.read_bytes()]
            is_(f"{name} stands in no file", at if name != "csrf" else [], [])  # that one is of no use without the session's token
            true(f"{name} stands in no answer", secret not in told)
            true(f"{name} stands in no line of the log", secret not in h.text())


def main():
    with House(K) as h:
        h.init()
        h.serve()
        h.login()
        h.ask("POST", "/api/v1/person", {"name": "CANARY", "note": "CANARY"})
        for f in (headers, sizes, elsewhere, ranges, told_nothing):
            f(h)
        is_("ended", h.kill(signal.SIGTERM), 0)
        lines = [line for line in h.text().splitlines() if not line.startswith(("ready:", " ", "Kontor")) and line.strip()]
        is_("each line of the log is one of ours", [line[:200] for line in lines if not LINE.match(line)][:3], [])
        text = h.text()
        true("refusals are told, with who and where", re.search(r"level=info room=http .*user=\d+ .*path=/api/v1/person status=403 .*addr=127\.0\.0\.1 ", text))
        is_("no secret, no canary, no address that was made up", [w for w in (house.PASSWORD, "planted-password-1", h.cookie.split("=")[1], h.csrf, "CANARY", "6.6.6.6", "\x1b", "\u202e") if w in text], [])
        true("no line is long", max(map(len, lines)) < 5000)
    hosts()
    certificates()
    planted()


main()
house.end("attacks")
