#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The program under a supervisor, started by root, and commands beside it: test_serve.py KONTOR"""
import http.client, json, os, pathlib, pwd, re, shutil, signal, socket, ssl, subprocess, sys, time, warnings

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
from house import House, is_, older, true, until

K = sys.argv[1]
NOBODY = "nobody"


def notes(sock, seconds):
    """What the supervisor is told within the seconds."""
    sock.settimeout(0.1)
    got, stop = [], time.monotonic() + seconds
    while time.monotonic() < stop:
        try:
            got.append(sock.recv(100).decode())
        except socket.timeout:
            pass
    return got


def watchdog():
    with House(K) as h, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(str(h.top / "notify"))
        h.init()
        h.serve(env={"NOTIFY_SOCKET": str(h.top / "notify"), "WATCHDOG_USEC": "200000"})
        got = notes(s, 2)
        is_("ready is told first or between pings", got.count("READY=1"), 1)
        true("pings", 5 <= got.count("WATCHDOG=1") <= 30)
        h.server.send_signal(signal.SIGSTOP)
        notes(s, 0.3)
        is_("a stopped process pings nobody", notes(s, 1), [])
        h.server.send_signal(signal.SIGCONT)
        true("it goes on", "WATCHDOG=1" in notes(s, 2))
        is_("ended by a signal", h.kill(signal.SIGTERM), 0)
        true("stopping is told", "STOPPING=1" in notes(s, 0.5))


def status(pid):
    return dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())


def root():
    if os.geteuid() != 0:
        print("root: skipped, not root")
        return
    who = pwd.getpwnam(NOBODY)
    with House(K) as h:
        os.chmod(h.top, 0o755)  # the way to the folder
        h.serve("--user", NOBODY)
        st = status(h.server.pid)
        is_("uid: real, effective, saved, file system", st["Uid"].split(), [str(who.pw_uid)] * 4)
        is_("gid", st["Gid"].split(), [str(who.pw_gid)] * 4)
        is_("groups", st["Groups"].split(), [str(who.pw_gid)])
        for caps in ("CapPrm", "CapEff", "CapAmb"):
            is_(caps, int(st[caps], 16), 0)
        is_("threads too", {status(t)["Uid"].split()[0] for t in os.listdir(f"/proc/{h.server.pid}/task")},
            {str(who.pw_uid)})
        is_("the new folder is his", (os.stat(h.data).st_uid, os.stat(h.data).st_mode & 0o777), (who.pw_uid, 0o700))
        is_("so is the database", os.stat(h.data + "/kontor.db").st_uid, who.pw_uid)
        is_("it serves", h.ask("GET", "/readyz")[0], 200)
        is_("ended", h.kill(signal.SIGTERM), 0)
        h.serve("--user", NOBODY)
        is_("and again", h.ask("GET", "/readyz")[0], 200)
        h.kill(signal.SIGTERM)
        os.chown(h.data + "/kontor.db", 0, 0)
        refused(h, f"{h.data}/kontor.db belongs to uid 0, but the server is to run as nobody: chown -R nobody: {h.data}")
    with House(K) as h:
        os.chmod(h.top, 0o755)
        h.init()
        refused(h, f"{h.data}/. belongs to uid 0, but the server is to run as nobody: chown -R nobody: {h.data}")
        subprocess.run(["chown", "-R", NOBODY + ":", h.data], check=True)
        h.serve("--user", NOBODY)
        is_("as it was told", h.ask("GET", "/readyz")[0], 200)
        h.kill(signal.SIGTERM)
        os.chmod(h.top, 0o700)
        refused(h, "cannot be read and written by uid")
        os.chmod(h.top, 0o755)
        refused(h, "no such system user: nobody-of-that-name", "nobody-of-that-name")


def refused(h, part, user=NOBODY):
    before = len(h.text()) if (h.top / "log").exists() else 0
    h.begin("--user", user)
    is_("refused: exit", until(lambda: h.server.poll()), 1)
    said = h.text()[before:]
    is_("refused: why", part if part in said else said, part)


def beside():
    with House(K) as h:
        cut_off = pathlib.Path(h.data, "spool", "body-1")
        cut_off.parent.mkdir(parents=True, mode=0o700)
        cut_off.write_text("half an upload")
        os.chmod(h.data, 0o700)
        h.serve()
        true("what a server that died had half received is gone", not cut_off.exists() and cut_off.parent.exists())
        pid = f"(pid {h.server.pid})"
        pw = h.top / "pw"
        pw.write_text(house.PASSWORD)
        init = ["init", *house.COUNTRY, "--password-file", str(pw)]
        code, _, err = h.run(*init)
        is_("init beside a server that is not set up", (code, pid in err, "browser" in err, err.count("\n")),
            (1, True, True, 1))
        h.kill(signal.SIGTERM)
        h.init()
        h.serve()
        pid = f"(pid {h.server.pid})"
        code, _, err = h.run(*init)
        is_("init where all is set up", (code, "is set up already" in err, pid in err), (1, True, True))
        code, out, _ = h.run(*init, "--json")
        code, _, err = h.run("upgrade")
        is_("upgrade beside a server", (code, pid in err, "stop it" in err), (1, True, True))
        code, out, _ = h.run("upgrade", "--check", "--json")
        is_("its rehearsal", (code, '"rehearsed":true' in out), (0, True))
        code, _, err = h.run("serve", "--listen", "127.0.0.1:0")
        is_("a second server", (code, pid in err), (1, True))
        code, out, _ = h.run("doctor")
        true("doctor names it", pid in out)
        limits = pathlib.Path(f"/proc/{h.server.pid}/limits").read_text()
        true("no core file", re.search(r"Max core file size +0 +0 ", limits))
        is_("it goes on", h.ask("GET", "/readyz")[0], 200)
        h.kill(signal.SIGTERM)
        code, out, _ = h.run("upgrade", "--json")
        is_("upgrade alone", (code, '"from"' in out), (0, True))


def upgrade():
    phases = ["copying the data first", "checking that copy", "changing the data", "making new columns and indexes"]
    with House(K) as h, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(str(h.top / "notify"))
        h.init()
        last = older(h.data)
        code, out, err = h.run("upgrade", "--check", "--json")
        is_("a rehearsal tells how far it is", (code, f'"to":{last}' in out, "changing the data" in err), (0, True, True))
        is_("and leaves nothing", [f for f in os.listdir(h.data) if "check" in f], [])
        code, out, err = h.run("upgrade")
        is_("upgrade", (code, f"schema {last - 1} to {last}" in out), (0, True))
        is_("it tells each phase", [p for p in phases if f"upgrade: {p}" in err], phases[:3])
        true("the copy is there", os.path.exists(f"{h.data}/kontor.db.before-{last}"))
        code, out, err = h.run("upgrade")
        is_("nothing to do, nothing to tell", (code, err), (0, ""))
        older(h.data)
        h.serve(env={"NOTIFY_SOCKET": str(h.top / "notify")})
        got = notes(s, 1)
        ready = got.index("READY=1")
        for p in phases[:3]:
            true(f"told to the supervisor before it is ready: {p}",
                 any(f"STATUS=upgrade: {p}" in g and "EXTEND_TIMEOUT_USEC=" in g for g in got[:ready]))
            true(f"logged: {p}", f"upgrade: {p}" in h.text())
        h.kill(signal.SIGTERM)


def send_raw(h, method, path, what, head):
    c = http.client.HTTPConnection("127.0.0.1", h.port, timeout=60)
    c.request(method, path, what, {"Cookie": h.cookie, "X-CSRF-Token": h.csrf, **head})
    r = c.getresponse()
    text = r.read()
    c.close()
    return r.status, json.loads(text) if text else None, r.headers


def pieces():
    """An upload in pieces goes on after a kill; pictures are drawn by a process that ends with the server."""
    with House(K) as h:
        h.init()
        h.serve()
        h.login()
        body = os.urandom(5 << 20)
        st, made, head = send_raw(h, "POST", "/api/v1/upload", b"", {"Upload-Length": str(len(body))})
        path = head["Location"]
        is_("begun", (st, made["offset"]), (201, 0))

        def piece(at, n):
            st, _, head = send_raw(h, "PATCH", path, body[at:at + n], {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(at)})
            return st, head["Upload-Offset"]

        is_("a piece beyond what memory keeps", piece(0, 3 << 20), (204, str(3 << 20)))
        is_("killed", h.kill(), -signal.SIGKILL)
        h.serve()
        h.login()
        is_("it stands where it stood", h.ask("HEAD", path)[2]["Upload-Offset"], str(3 << 20))
        is_("the first piece again", piece(0, 3 << 20), (409, str(3 << 20)))
        is_("the last piece", piece(3 << 20, 2 << 20), (204, str(5 << 20)))
        true("whole", pathlib.Path(h.data, "files", made["id"]).read_bytes() == body)
        is_("nothing half", os.listdir(f"{h.data}/uploads"), [])

        photo = pathlib.Path("tests/fixtures/pictures/turned.jpg").read_bytes()
        kids = lambda: [k for k in pathlib.Path(f"/proc/{h.server.pid}/task/{h.server.pid}/children").read_text().split()
                        if b"draw-pictures" in pathlib.Path(f"/proc/{k}/cmdline").read_bytes()]
        st, f, _ = send_raw(h, "POST", "/api/v1/file?name=a.jpg&as=picture", photo, {})
        is_("a picture", (st, f["type"]), (201, "image/jpeg"))
        drawn = pathlib.Path(h.data, "files", f["id"]).read_bytes()
        true("drawn anew", len(drawn) > 100 and b"SECRET" not in drawn and b"script" not in drawn)
        is_("no picture", send_raw(h, "POST", "/api/v1/file?name=a.jpg&as=picture", b"<svg/>", {})[0], 422)
        child = kids()
        is_("one process draws", len(child), 1)
        os.kill(int(child[0]), signal.SIGKILL)
        is_("without it", send_raw(h, "POST", "/api/v1/file?name=a.jpg&as=picture", photo, {})[0], 503)
        is_("ended", h.kill(signal.SIGTERM), 0)
        h.serve()
        child = kids()
        is_("ended once more", h.kill(signal.SIGTERM), 0)
        true("and with it who draws", not os.path.exists(f"/proc/{child[0]}"))


def stands_still():
    """Who hashes passwords does not answer: they are hashed all the same, and the server can be ended."""
    with House(K) as h:
        h.init()
        h.serve()
        all_ = pathlib.Path(f"/proc/{h.server.pid}/task/{h.server.pid}/children").read_text().split()
        hasher = [k for k in all_ if b"hash-passwords" in pathlib.Path(f"/proc/{k}/cmdline").read_bytes()]
        is_("one hashes", len(hasher), 1)
        os.kill(int(hasher[0]), signal.SIGSTOP)
        h.login()
        true("it is told", "does not answer" in h.text())
        h.login()
        is_("ended", h.kill(signal.SIGTERM), 0)
        true("and with it who stood still", until(lambda: not os.path.exists(f"/proc/{hasher[0]}"), 5))


def uploads():
    """A file larger than what is kept in memory, sent again under its key: one file."""
    with House(K) as h:
        h.init()
        h.serve()
        h.login()
        body = os.urandom(3 << 20)

        def send(what, key):
            c = http.client.HTTPConnection("127.0.0.1", h.port, timeout=60)
            c.request("POST", "/api/v1/file?name=a.bin", what, {"Cookie": h.cookie, "X-CSRF-Token": h.csrf, "Idempotency-Key": key})
            r = c.getresponse()
            st, text = r.status, json.loads(r.read())
            c.close()
            return st, text.get("id"), text.get("bytes")

        st, first, size = send(body, "one")
        is_("an upload", (st, size), (201, len(body)))
        is_("the same again", send(body, "one"), (201, first, len(body)))
        is_("another under its key", send(body[:-1] + bytes([body[-1] ^ 1]), "one")[0], 422)
        true("another key, another file", send(body, "two")[1] not in (None, first))
        files = sorted(os.listdir(f"{h.data}/files"))
        is_("two files, nothing half", (len(files), os.listdir(f"{h.data}/spool")), (2, []))
        true("with its bytes", pathlib.Path(h.data, "files", first).read_bytes() == body)
        code, _, err = h.run("backup", "--s3-part", "4")
        is_("parts too small", (code, "from 5 to 5120" in err), (2, True))
        h.kill(signal.SIGTERM)
        h.serve("--s3-endpoint", "http://127.0.0.1:1")  # incomplete, but there are no backups (--backup-hour off)
        h.kill(signal.SIGTERM)


def tls():
    with House(K) as h:
        os.chmod(h.top, 0o755)
        options = h.certificate("first")  # beside the data folder, where nothing else may be read
        h.init()
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", NOBODY + ":", h.data], check=True)
            options += ("--user", NOBODY)
        h.serve(*options)

        def name():
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(socket.create_connection(("127.0.0.1", h.port), 10)) as s:
                s.sendall(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                head = b""
                while part := s.recv(4096):
                    head += part
                text = ssl.DER_cert_to_PEM_cert(s.getpeercert(True))
            subject = subprocess.run(["openssl", "x509", "-noout", "-subject"], input=text, capture_output=True, text=True).stdout
            return subject.split("=")[-1].strip(), head.split(b"\r\n")[0], b"Strict-Transport-Security: max-age=" in head

        is_("TLS by the files given", name(), ("first", b"HTTP/1.1 200 OK", True))
        h.certificate("second", days=3)
        true("a renewed one is taken while running", until(lambda: name()[0] == "second", 25))
        true("and that it soon ends is told", re.search('level=warn room=http what="the certificate is good for [23] days', h.text()))
        (h.top / "tls/key.pem").write_text("no key\n")
        true("one that does not load is told", until(lambda: "the new certificate is not taken" in h.text(), 25))
        is_("and the old one stays", name()[0], "second")
        is_("ended", h.kill(signal.SIGTERM), 0)
        code, _, err = h.run("serve", "--listen", "127.0.0.1:0", *options)
        is_("nothing starts with such a key", (code != 0, "do not load or do not belong together" in err), (True, True))


def in_the_clear():
    """Nobody serves others without TLS by oversight."""
    with House(K) as h:
        for listen in ("0.0.0.0:0", "127.0.0.1:0,0.0.0.0:0", "[::]:0", "192.0.2.1:0"):
            code, _, err = h.run("serve", "--listen", listen)
            code2, _, err2 = h.run("serve", "--listen", listen, "--trusted-proxies", "junk")
            is_(f"{listen} behind junk", (code2, "trusted_proxies" in err2 or "junk" in err2), (1, True))
            is_(f"{listen} without TLS", (code, "without TLS" in err, "plain_http" in err, (pathlib.Path(h.data) / "kontor.db").exists()), (1, True, True, False))


def sealed():
    """What leaves for another machine without TLS is refused by the setting's name, unless plain_outgoing says yes; doctor tells."""
    store = ("--s3-endpoint", "http://192.0.2.1:9", "--s3-bucket", "b", "--s3-key", "k", "--s3-secret", "s")
    with House(K) as h:
        for name, options in (("scan", ("--scan", "192.0.2.1:3310")), ("db", ("--db", "postgresql://k@192.0.2.1/k")), ("db", ("--db", "postgresql://k@192.0.2.1/k?sslmode=prefer"))):
            code, _, err = h.run("serve", "--listen", "127.0.0.1:0", *options)
            is_(f"{name} in the clear", (code, f"{name}: " in err, "plain_outgoing" in err), (1, True, True))
        h.init()
        for command in (("serve", "--listen", "127.0.0.1:0"), ("backup",)):
            code, _, err = h.run(*command, *store)
            is_(f"{command[0]} with a store in the clear", (code, "s3_endpoint: " in err, "plain_outgoing" in err), (1, True, True))
        for what, lines, want in (("nothing goes in the clear", "", (0, "ok", "to other machines by TLS alone")),
                                  ("what is refused", "scan = 192.0.2.1:3310\ns3_endpoint = http://192.0.2.1:9\n", (1, "bad", "s3_endpoint scan")),
                                  ("what goes in the clear", "plain_outgoing = yes\nscan = 192.0.2.1:3310\n", (0, "warning", "scan")),
                                  ("it may and need not", "plain_outgoing = yes\n", (0, "warning", "plain_outgoing = yes: connections to other machines may go without TLS; take it back where none has to"))):
            (pathlib.Path(h.data) / "kontor.conf").write_text(lines)
            code, out, _ = h.run("doctor")
            found = re.findall(r"^(\w+) +outgoing +(.*)$", out, re.M)
            is_(f"doctor: {what}", (code, found and found[0][0], bool(found) and found[0][1].endswith(want[2])), (want[0], want[1], True))
        h.serve("--plain-outgoing", "yes", "--scan", "192.0.2.1:3310")
        is_("it starts when it may", h.kill(signal.SIGTERM), 0)


def browser():
    """What every answer tells a browser under TLS, cookies, and what is told in the log when something is refused."""
    with House(K) as h:
        options = h.certificate("localhost")
        h.init()
        h.serve(*options)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

        def ask(method, path, body=None, **head):
            c = http.client.HTTPSConnection("127.0.0.1", h.port, timeout=60, context=context)
            head = {k.replace("_", "-"): v for k, v in head.items()}
            c.request(method, path, json.dumps(body) if body else None, dict(head, **({"Content-Type": "application/json"} if body else {})))
            r = c.getresponse()
            text = r.read().decode()
            c.close()
            return r, text

        r, text = ask("POST", "/api/v1/session", {"mail": "admin@example.org", "password": house.PASSWORD})
        cookies = r.headers.get_all("Set-Cookie")
        is_("two cookies", [c.split("=")[0] for c in cookies], ["__Host-kontor", "__Host-kontor-device"])
        for c in cookies:
            flags = c.split("; ")[1:]
            true(f"flags of {flags}", {"Path=/", "HttpOnly", "SameSite=Lax", "Secure"} <= set(flags) and "Domain" not in c)
            true("its value is nowhere else", c.split(";")[0].split("=")[1] not in text)
        cookie, csrf = cookies[0].split(";")[0], json.loads(text)["csrf"]
        data, problem = "application/json", "application/problem+json"
        for path, status, kind, who in (("/", 200, "text/html; charset=utf-8", ""), ("/readyz", 200, "text/plain; charset=utf-8", ""),
                                        ("/api/v1/person", 200, data, cookie), ("/api/v1/person/1", 404, problem, cookie),
                                        ("/api/v1/person", 401, problem, ""), ("/metrics", 401, problem, ""), ("/assets/", 404, problem, ""),
                                        ("/.git/config", 404, problem, ""), ("/kontor.db", 404, problem, ""), ("/%", 400, problem, "")):
            r, _ = ask("GET", path, Origin="https://evil.example", **({"Cookie": who} if who else {}))
            is_(path, (r.status, r.headers["Content-Type"]), (status, kind))
            is_(f"{path}: HSTS", r.headers["Strict-Transport-Security"], "max-age=31536000; includeSubDomains")
            is_(f"{path}: sniffing", r.headers["X-Content-Type-Options"], "nosniff")
            is_(f"{path}: referrer", r.headers["Referrer-Policy"], "same-origin")
            is_(f"{path}: opener", r.headers["Cross-Origin-Opener-Policy"], "same-origin")
            is_(f"{path}: embedding", r.headers["Cross-Origin-Resource-Policy"], "same-origin")
            policy = r.headers["Content-Security-Policy"]
            true(f"{path}: policy", all(part in policy for part in ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'")))
            is_(f"{path}: caching", r.headers["Cache-Control"], "no-cache" if path == "/" else "no-store")
            is_(f"{path}: no word of other origins", [k for k in r.headers if k.startswith("Access-Control")], [])
        is_("without the token", ask("POST", "/api/v1/person", {"name": "x"}, Cookie=cookie)[0].status, 403)
        true("a refusal is told: whom, where from, what",
             until(lambda: re.search(r"level=info room=http req=\w+ user=\d+ what=request method=POST path=/api/v1/person status=403 us=\d+ addr=127\.0\.0\.1 error=", h.text())))
        true("what was found is not", "status=200" not in h.text() and "status=404" not in h.text())
        r, _ = ask("DELETE", "/api/v1/session", Cookie=cookie, X_CSRF_Token=csrf)
        true("the browser forgets at the log-out", r.status == 204 and '"cache"' in r.headers["Clear-Site-Data"])
        is_("and so does the server", ask("GET", "/api/v1/person", Cookie=cookie)[0].status, 401)
        warnings.simplefilter("ignore", DeprecationWarning)  # what is old is meant to be
        for what, weak in (("TLS 1.1", {"maximum_version": ssl.TLSVersion.TLSv1_1}), ("without forward secrecy", {"ciphers": "AES128-GCM-SHA256"}),
                           ("CBC", {"ciphers": "ECDHE-ECDSA-AES128-SHA256"})):
            old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            old.check_hostname, old.verify_mode, old.minimum_version = False, ssl.CERT_NONE, ssl.TLSVersion.MINIMUM_SUPPORTED
            old.maximum_version = weak.get("maximum_version", ssl.TLSVersion.TLSv1_2)
            old.set_ciphers(weak.get("ciphers", "ALL") + ":@SECLEVEL=0")
            try:
                old.wrap_socket(socket.create_connection(("127.0.0.1", h.port), 10)).close()
                true(f"{what} is refused", False)
            except OSError:
                true(f"{what} is refused", True)
        is_("no plain text on that port", h.ask("GET", "/readyz")[0], 0)


watchdog()
root()
tls()
browser()
in_the_clear()
sealed()
stands_still()
beside()
upgrade()
uploads()
pieces()
house.end("serve")
