#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""D17: log-in by others with the program as it runs, inside its fence: test_signon.py KONTOR
A directory over TLS (libldap reads certificates and begins a thread while it runs), StartTLS, names that are looked up; two
providers of OpenID Connect at once, and the attacks that mix them up (RFC 9700 4.4, RFC 9207); the log-out there."""
import base64, hmac, http.client, json, os, pathlib, re, signal, socket, sqlite3, struct, subprocess, sys, time, urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
from house import House, free_port, is_, true, until
from provider import Provider

K = sys.argv[1]
TESTS = pathlib.Path(__file__).resolve().parents[1]


class Directory:
    """slapd in a folder of its own, with the firm of tests/ldap; its certificate is for 127.0.0.1 and the names of this machine:
    libldap asks for that one where it was told "localhost"."""

    def __init__(self, folder):
        self.plain, self.tls = free_port(), free_port()
        self.at = folder
        folder.mkdir()
        self.proc = subprocess.Popen(["sh", str(TESTS / "ldap/slapd.sh"), str(folder), str(self.plain), str(self.tls)],
                                     env=dict(os.environ, SLAPD_NAMES=f"IP:127.0.0.1,DNS:localhost,DNS:{socket.gethostname()},DNS:{socket.getfqdn()}"), stdin=subprocess.DEVNULL)
        add = ["ldapadd", "-x", "-H", f"ldap://127.0.0.1:{self.plain}", "-D", "cn=root,dc=firm,dc=lan", "-w", "root-password",
               "-f", str(TESTS / "ldap/firm.ldif")]
        true("the directory begins", until(lambda: subprocess.run(add, capture_output=True).returncode == 0, 60))
        self.ca = (folder / "ca.pem").read_text()

    def stop(self):
        self.proc.terminate()
        self.proc.wait(30)


class Browser:
    """Who goes where he is sent, with the cookies that he was given."""

    def __init__(self, h):
        self.h, self.jar = h, {}

    def ask(self, method, path):
        c = http.client.HTTPConnection("127.0.0.1", self.h.port, timeout=60)
        c.request(method, path, headers={"Cookie": "; ".join(f"{k}={v}" for k, v in self.jar.items())})
        r = c.getresponse()
        body = r.read()
        for one in r.headers.get_all("Set-Cookie") or []:
            k, v = one.split(";")[0].split("=", 1)
            self.jar[k] = v
        c.close()
        return r, body

    def begin(self, idp):
        r, body = self.ask("POST", f"/api/v1/sso/{idp}")
        is_("a log-in begins", r.status, 200)
        return json.loads(body)["url"]

    def there(self, url):
        """What the provider sends back with; it knows who he is."""
        at = urllib.parse.urlsplit(url)
        c = http.client.HTTPConnection("localhost", at.port, timeout=60)
        c.request("GET", f"{at.path}?{at.query}")
        r = c.getresponse()
        r.read()
        c.close()
        return urllib.parse.urlsplit(r.headers["Location"])

    def back(self, path, query):
        """Where he ends: "/" is inside."""
        r, _ = self.ask("GET", f"{path}?{query}")
        return r.headers.get("Location")

    def comes(self, idp):
        to = self.there(self.begin(idp))
        return self.back(to.path, to.query)

    def write(self, method, path, body=None):
        """As the page does it, with the token of the session."""
        csrf = json.loads(self.ask("GET", "/api/v1/session")[1])["csrf"]
        c = http.client.HTTPConnection("127.0.0.1", self.h.port, timeout=60)
        head = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.jar.items()), "X-CSRF-Token": csrf, "Content-Type": "application/json"}
        c.request(method, path, json.dumps(body) if body is not None else None, head)
        r = c.getresponse()
        text = r.read().decode()
        for one in r.headers.get_all("Set-Cookie") or []:
            k, v = one.split(";")[0].split("=", 1)
            self.jar[k] = v
        c.close()
        return r.status, json.loads(text) if text else None

    def who(self):
        r, body = self.ask("GET", "/api/v1/session")
        return json.loads(body)["user"] if r.status == 200 else None


def made(h, **idp):
    st, got, _ = h.ask("POST", "/api/v1/idp", {"active": True, "creates": True, "role": h.role, **idp})
    is_(f"{idp['name']} is described", st, 201)
    return got["id"]


def directory(h, d):
    """Over TLS by number and by name, with StartTLS, and not with a certificate that nobody knows."""
    mine = {"kind": "ldap", "name": "Haus", "base": "dc=firm,dc=lan", "filter": "(uid=%s)", "bind_dn": "cn=reader,dc=firm,dc=lan", "secret": "reader-password",
            "attr_id": "entryUUID", "attr_name": "cn", "attr_mail": "mail", "mail_trusted": True, "group_base": "ou=groups,dc=firm,dc=lan", "nested": "walk", "ca": d.ca}
    ways = [("ldaps", f"ldaps://127.0.0.1:{d.tls}", False, "ada"), ("ldaps by name", f"ldaps://localhost:{d.tls}", False, "ada"),
            ("StartTLS by name", f"ldap://localhost:{d.plain}", True, "bob")]
    idp = made(h, **{**mine, "url": ways[0][1]})
    for what, url, starttls, who in ways:
        is_(f"{what}: set", h.ask("PATCH", f"/api/v1/idp/{idp}", {"url": url, "starttls": starttls, "secret": mine["secret"]})[0], 200)
        is_(f"{what}: it answers", h.ask("POST", f"/api/v1/idp/{idp}/test", {})[:2], (200, {}))
        for password, want in (("wrong", 401), (f"{who}-password", 200)):
            st, got, _ = h.ask("POST", "/api/v1/session", {"mail": who, "password": password}, {"Cookie": ""})
            is_(f"{what}: {who} with {password}", st, want)
        is_(f"{what}: it is he", got.get("user", {}).get("mail"), f"{who}@firm.example")
    is_("without its authority", h.ask("PATCH", f"/api/v1/idp/{idp}", {"ca": "", "secret": mine["secret"]})[0], 200)
    st, got, _ = h.ask("POST", f"/api/v1/idp/{idp}/test", {})
    true(f"it is one that nobody knows: {got}", st == 422 and "certificate" in json.dumps(got))
    is_("ended", h.ask("DELETE", f"/api/v1/idp/{idp}")[0], 204)


def fresh(h, idp, other):
    """A log-in begun at `idp`, and one of the same browser at `other`: (browser, what it is sent back with, the path of `other`)."""
    b = Browser(h)
    elsewhere = b.there(b.begin(other)).path
    return b, b.there(b.begin(idp)), elsewhere


def mixed_up(h, a, b, one, two):
    """A begins, B ends: its own address, its own state, its own name, its own code. None lets anybody in, and no code goes where
    it was not made."""
    w, to, elsewhere = fresh(h, one, two)
    before = len(b.seen)
    is_("A's state at B's address", w.back(elsewhere, to.query), "/login?sso=state")
    is_("and B is asked for no token", [x for x in b.seen[before:] if x == "/token"], [])
    w, to, _ = fresh(h, one, two)
    wrong = urllib.parse.urlencode({**dict(urllib.parse.parse_qsl(to.query)), "iss": b.issuer})
    before = len(a.seen)
    is_("B's name in A's answer", w.back(to.path, wrong), "/login?sso=token")
    is_("and A is asked for no token", [x for x in a.seen[before:] if x == "/token"], [])
    w = Browser(h)
    theirs = dict(urllib.parse.parse_qsl(w.there(w.begin(two)).query))
    to = w.there(w.begin(one))
    mine = dict(urllib.parse.parse_qsl(to.query))
    is_("B's code in A's answer", w.back(to.path, urllib.parse.urlencode({"code": theirs["code"], "state": mine["state"]})), "/login?sso=token")
    w = Browser(h)
    b.send_iss = False
    is_("B tells its name always, and is silent now", w.comes(two), "/login?sso=token")
    b.send_iss = True
    true("nobody is in", not w.who())


def providers(h, a, b):
    """Both on the log-in page; one subject at both is two people."""
    one = made(h, kind="oidc", name="Eins", issuer=a.issuer, client_id="kontor", secret="x")
    two = made(h, kind="oidc", name="Zwei", issuer=b.issuer, client_id="kontor", secret="y")
    is_("both are offered", [(x["id"], x["name"]) for x in h.ask("GET", "/api/v1/door")[1]["sso"]], [(one, "Eins"), (two, "Zwei")])
    for idp, p in ((one, a), (two, b)):
        is_(f"{p.name}: it answers", h.ask("POST", f"/api/v1/idp/{idp}/test", {})[0], 200)
    mixed_up(h, a, b, one, two)
    first, second = Browser(h), Browser(h)
    is_("in by A", first.comes(one), "/")
    is_("in by B", second.comes(two), "/")
    x, y = first.who(), second.who()
    is_("each is whom his provider knows", (x["name"], y["name"]), (f"ada at {a.name}", f"ada at {b.name}"))
    true("and they are two", x["id"] != y["id"])
    again = Browser(h)
    is_("once more by A", again.comes(one), "/")
    is_("is the first again", again.who()["id"], x["id"])
    for who, p in ((x, a), (y, b)):
        ids = h.ask("GET", f"/api/v1/account/{who['id']}")[1]["identities"]
        is_(f"known by {p.name} alone", [i["name"] for i in ids], ["Eins" if p is a else "Zwei"])
    is_("A is turned off", h.ask("PATCH", f"/api/v1/idp/{one}", {"active": False})[0], 200)
    true("then its sessions end, and B's stay", not first.who() and second.who())


def code_of(secret):
    """What an app shows now (RFC 6238)."""
    raw = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), "sha1")
    at = raw[-1] & 15
    return f"{(struct.unpack('>I', raw[at:at + 4])[0] & 0x7FFFFFFF) % 1000000:06}"


def keys_of(h):
    """The names of the keys by which the words of sessions and the secrets of providers are sealed."""
    db = sqlite3.connect(f"{h.data}/kontor.db")
    got = [{x[3:11] for (x,) in db.execute(sql)} for sql in ("SELECT parting FROM session WHERE parting <> ''", "SELECT secret FROM idp WHERE secret <> ''")]
    db.close()
    return got


def leaves(what, w, c, end):
    """His log-out here, and what the provider is to be told there."""
    st, got = w.write("DELETE", "/api/v1/session")
    is_(f"{what}: he is out", (st, w.who()), (200, None))
    url, _, query = (got or {}).get("url", "").partition("?")
    is_(f"{what}: to the end there", (f"{url}?{query}").startswith(c.issuer + end), True)
    told = dict(urllib.parse.parse_qsl(query))
    is_(f"{what}: with the word he came by", told.get("id_token_hint"), c.told)
    is_(f"{what}: of ours", told.get("client_id"), "kontor")
    is_(f"{what}: and back", told.get("post_logout_redirect_uri"), f"http://127.0.0.1:{w.h.port}/login")


def logout(h, c):
    """OpenID Connect RP-Initiated Logout 1.0: where the administrator wants it and the provider has it, and only then."""
    c.end = "/end?x=1"
    idp = made(h, kind="oidc", name="Drei", issuer=c.issuer, client_id="kontor", secret="z", logout=True)
    got = next(x for x in h.ask("GET", "/api/v1/idp")[1]["data"] if x["id"] == idp)
    is_("it is on, and the address is told", (got["logout"], got["left"]), (True, f"http://127.0.0.1:{h.port}/login"))
    w = Browser(h)
    is_("in by C", w.comes(idp), "/")
    leaves("at once", w, c, "/end?x=1&")
    w = Browser(h)
    is_("in again", w.comes(idp), "/")
    st, app = w.write("POST", "/api/v1/factor/totp")
    st, codes = w.write("POST", "/api/v1/factor/totp/confirm", {"code": code_of(app["secret"])})
    is_("he has a second factor", st, 200)
    w = Browser(h)
    w.comes(idp)
    is_("which is asked for", w.write("POST", "/api/v1/session/factor", {"recovery": codes["recovery"][0]})[0], 200)
    leaves("after the second step", w, c, "/end?x=1&")
    w = Browser(h)
    w.comes(idp)
    h.kill(signal.SIGTERM)
    before = keys_of(h)
    is_("a new key for what is sealed", h.run("vault", "rotate")[0], 0)
    words, secrets = keys_of(h)
    true("it seals his word as it does all others", len(words) == 1 and words == secrets and words != before[0])
    h.serve(*h.options, env=h.more)
    h.login()
    leaves("with a new key", w, c, "/end?x=1&")
    w = Browser(h)
    w.comes(idp)
    is_("turned off", h.ask("PATCH", f"/api/v1/idp/{idp}", {"logout": False})[0], 200)
    is_("it is a log-out here alone", w.write("DELETE", "/api/v1/session"), (204, None))
    is_("of nobody's provider, too", h.ask("DELETE", "/api/v1/session")[0], 204)


with House(K) as h:
    d = Directory(h.top / "slapd")
    a, b = Provider(h.top, "a", "ada"), Provider(h.top, "b", "ada", says_iss=True)
    c = Provider(h.top, "c", "cleo")
    try:
        h.init()
        port = free_port()
        allow = ",".join([f"127.0.0.1:{d.tls}", f"localhost:{d.tls}", f"localhost:{d.plain}", f"localhost:{a.server_port}", f"localhost:{b.server_port}", f"localhost:{c.server_port}"])
        h.options, h.more = ("--listen", f"127.0.0.1:{port}", "--url", f"http://127.0.0.1:{port}"), {"KONTOR_OUTGOING_ALLOW": allow}
        h.serve(*h.options, env=h.more)
        if "asan" not in h.kontor:
            true("the fence stands", re.search(r"^Seccomp:\t2$", pathlib.Path(f"/proc/{h.server.pid}/status").read_text(), re.M))
        h.login()
        h.role = h.ask("GET", "/api/v1/role")[1]["data"][-1]["id"]
        directory(h, d)
        providers(h, a, b)
        logout(h, c)
        is_("it ends as it should", h.kill(signal.SIGTERM), 0)
    finally:
        d.stop()
        a.stop()
        b.stop()
        c.stop()
house.end("signon")
