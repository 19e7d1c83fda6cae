#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""F08: servers with bad certificates: test_certs.py KONTOR
Webhooks, registers, providers of single sign-on and the store of backups: a wrong name, an expired, a self-signed
certificate, one of an unknown authority and one too old in its protocol are refused, told by kind alone; a good one is
taken once the authority is configured, and only then. (Mail: tests/mail.)"""
import http.server, json, pathlib, ssl, subprocess, sys, threading, warnings

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
from house import House, is_, true, until

K = sys.argv[1]
warnings.simplefilter("ignore", DeprecationWarning)  # the old protocol is what is tested
EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
BAD = {"name": "wrong name", "expired": "expired", "self": "self-signed", "stranger": "unknown authority", "old": "an old protocol"}


class Certs:
    def __init__(self, folder):
        self.at = folder
        folder.mkdir()
        for ca in ("ca", "other"):
            self.ssl("req", "-x509", *EC, "-days", "9", "-subj", f"/CN={ca}", "-keyout", f"{ca}.key", "-out", f"{ca}.pem")
        self.leaf("good", "ca", "localhost", "9")
        self.leaf("old", "ca", "localhost", "9")
        self.leaf("name", "ca", "elsewhere.example", "9")
        self.leaf("expired", "ca", "localhost", "-1")
        self.leaf("stranger", "other", "localhost", "9")
        self.ssl("req", "-x509", *EC, "-days", "9", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                 "-keyout", "self.key", "-out", "self.pem")

    def ssl(self, *args):
        subprocess.run(["openssl", *args], cwd=self.at, check=True, capture_output=True)

    def leaf(self, name, ca, host, days):
        (self.at / "ext").write_text(f"subjectAltName=DNS:{host}\n")
        self.ssl("req", *EC, "-subj", f"/CN={host}", "-keyout", f"{name}.key", "-out", "csr")
        self.ssl("x509", "-req", "-in", "csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-CAcreateserial", "-days", days,
                 "-extfile", "ext", "-out", f"{name}.pem")


class Answers(http.server.BaseHTTPRequestHandler):
    def all(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.heard += 1
        body = b'{"data":[]}'
        if self.path.endswith("openid-configuration"):
            u = f"https://localhost:{self.server.server_port}"
            body = json.dumps({"issuer": u, "authorization_endpoint": u + "/a", "token_endpoint": u + "/t", "jwks_uri": u + "/k"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = all

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # who hangs up at the certificate


def server(certs, name):
    s = Server(("127.0.0.1", 0), Answers)
    s.heard = 0
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(certs.at / f"{name}.pem", certs.at / f"{name}.key")
    if name == "old":
        c.set_ciphers("DEFAULT@SECLEVEL=0")
        c.minimum_version, c.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    s.socket = c.wrap_socket(s.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=s.serve_forever, daemon=True).start()
    return s


def url(s):
    return f"https://localhost:{s.server_port}"


def told(h, hook):
    """What became of its first delivery: (state, kind of failure)."""
    def look():
        d = h.ask("GET", f"/api/v1/hook/{hook}/delivery")[1]["data"]
        return d[0] if d and d[0]["sent_at"] else None
    d = until(look, 20) or {"state": "never", "answer": ""}
    return d["state"], d["answer"]


def webhook(h, s):
    st, hook, _ = h.ask("POST", "/api/v1/hook", {"name": "h", "url": url(s) + "/x", "ops": ["create"]})
    is_("a webhook", st, 201)
    is_("its test", h.ask("POST", f"/api/v1/hook/{hook['id']}/test")[0], 202)
    return told(h, hook["id"])


def provider(h, s):
    st, p, _ = h.ask("POST", "/api/v1/idp", {"name": "p", "issuer": url(s), "client_id": "k"})
    is_("a provider", st, 201)
    st, got, _ = h.ask("POST", f"/api/v1/idp/{p['id']}/test")
    h.ask("DELETE", f"/api/v1/idp/{p['id']}")
    return st, got.get("detail", "") if isinstance(got, dict) else got


def store(h, s, *more):
    return h.run("backup", "--s3-endpoint", url(s), "--s3-bucket", "b", "--s3-key", "k", "--s3-secret", "geheim-9", *more)


def quiet(what, text):
    """An error tells the kind, and nothing of where and whom."""
    true(f"{what}: no path, no secret, no library's talk: {text}", not any(w in text for w in ("geheim", "/tmp", ".pem", "OpenSSL", "error:")))


def refused(h, servers):
    for name, what in BAD.items():
        s = servers[name]
        is_(f"{what}: a webhook is not sent", webhook(h, s), ("waiting", "certificate"))
        st, text = provider(h, s)
        is_(f"{what}: no provider", (st >= 400, "certificate" in text), (True, True))
        quiet(what, text)
        code, out, err = store(h, s, *refused.ca)
        is_(f"{what}: no store", code, 1)
        quiet(what, err)
        is_(f"{what}: nothing was said to it", s.heard, 0)


def registers(h, name, s, want, *ca):
    h.serve("--outgoing-allow", "localhost:*", "--registers", "gleif", "--register-gleif", url(s), *ca)
    h.login()
    st, got, _ = h.ask("GET", "/api/v1/register?name=Anna")
    how = [p["how"] for p in got.get("providers", got.get("asked", []))] if isinstance(got, dict) else got
    is_(f"{name}: a register", (st, how, s.heard > 0), (200, want, want != ["down"]))
    quiet(name, json.dumps(got))
    h.kill(15)


with House(K) as h:
    certs = Certs(h.top / "ca")
    servers = {n: server(certs, n) for n in [*BAD, "good"]}
    ca = ("--outgoing-ca", str(certs.at / "ca.pem"))
    h.init()
    for name in servers:
        registers(h, name, servers[name], ["down"] if name != "good" else ["nothing"], *ca)
    for s in servers.values():
        s.heard = 0
    h.serve("--outgoing-allow", "localhost:*", *ca)
    h.login()
    refused.ca = ca
    refused(h, servers)
    is_("a good one: the webhook is sent", webhook(h, servers["good"])[0], "delivered")
    true("a good one: the provider answers", "certificate" not in provider(h, servers["good"])[1])
    store(h, servers["good"], *ca)
    true("and each was heard", servers["good"].heard >= 3)
    h.kill(15)
    servers["good"].heard = 0
    h.serve("--outgoing-allow", "localhost:*")  # without the authority
    h.login()
    is_("an authority that is not configured: no webhook", webhook(h, servers["good"]), ("waiting", "certificate"))
    true("no provider", "certificate" in provider(h, servers["good"])[1])
    is_("no store", store(h, servers["good"])[0], 1)
    is_("and nothing was said", servers["good"].heard, 0)
    h.kill(15)
    registers(h, "an authority that is not configured", servers["good"], ["down"])
    bad = h.top / "none.pem"
    bad.write_text("no certificate")
    code, out, err = store(h, servers["good"], "--outgoing-ca", str(bad))
    is_("a file without one is no authority", (code, "outgoing_ca" in err), (2, True))
house.end("certs")
