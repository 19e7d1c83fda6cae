# SPDX-License-Identifier: MIT
"""A provider of OpenID Connect on loopback for the tests of this folder: description, keys, log-in without a question, tokens
signed with RS256 by openssl. What it was asked stands in .seen; what it tells can be changed."""
import base64, hashlib, http.server, json, pathlib, re, subprocess, threading, time, urllib.parse


def coded(b):
    return base64.urlsafe_b64encode(b if isinstance(b, bytes) else b.encode()).rstrip(b"=").decode()


class Provider(http.server.ThreadingHTTPServer):
    def __init__(self, folder, name, sub, says_iss=False):
        super().__init__(("127.0.0.1", 0), Door)
        self.name, self.sub, self.says_iss = name, sub, says_iss
        self.issuer = f"http://localhost:{self.server_port}"
        self.key = pathlib.Path(folder) / f"{name}.key"
        self.codes, self.seen, self.send_iss, self.end, self.told = {}, [], says_iss, "", ""
        subprocess.run(["openssl", "genrsa", "-out", str(self.key), "2048"], check=True, capture_output=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()

    def described(self):
        u = self.issuer
        return {"issuer": u, "authorization_endpoint": u + "/authorize", "token_endpoint": u + "/token", "jwks_uri": u + "/jwks",
                **({"end_session_endpoint": u + self.end} if self.end else {}), "authorization_response_iss_parameter_supported": self.says_iss}

    def keys(self):
        out = subprocess.run(["openssl", "rsa", "-in", str(self.key), "-modulus", "-noout"], check=True, capture_output=True, text=True).stdout
        n = bytes.fromhex(re.search(r"=([0-9A-F]+)", out)[1])
        return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.name, "n": coded(n), "e": "AQAB"}]}

    def token(self, ask):
        now = int(time.time())
        head = {"alg": "RS256", "kid": self.name, "typ": "JWT"}
        body = {"iss": self.issuer, "aud": ask["client_id"], "sub": self.sub, "nonce": ask["nonce"], "iat": now, "exp": now + 300, "auth_time": now,
                "name": f"{self.sub} at {self.name}", "email": f"{self.sub}@{self.name}.example", "email_verified": True}
        text = f"{coded(json.dumps(head))}.{coded(json.dumps(body))}"
        sign = subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(self.key)], input=text.encode(), check=True, capture_output=True).stdout
        self.told = f"{text}.{coded(sign)}"
        return self.told


class Door(http.server.BaseHTTPRequestHandler):
    def say(self, status, body, head=()):
        data = json.dumps(body).encode()
        self.send_response(status)
        for k, v in (("Content-Type", "application/json"), ("Content-Length", str(len(data))), *head):
            self.send_header(k, v)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        p, at = self.server, urllib.parse.urlsplit(self.path)
        q = dict(urllib.parse.parse_qsl(at.query))
        p.seen.append(at.path)
        if at.path == "/.well-known/openid-configuration":
            return self.say(200, p.described())
        if at.path == "/jwks":
            return self.say(200, p.keys())
        if at.path != "/authorize":
            return self.say(404, {})
        code = coded(hashlib.sha256(f"{time.monotonic_ns()}".encode()).digest())
        p.codes[code] = q
        back = {"code": code, "state": q["state"], **({"iss": p.issuer} if p.send_iss else {})}
        self.say(302, {}, [("Location", f"{q['redirect_uri']}?{urllib.parse.urlencode(back)}")])

    def do_POST(self):
        p, form = self.server, dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        p.seen.append(self.path)
        ask = p.codes.pop(form.get("code"), None)
        fits = ask and ask["redirect_uri"] == form.get("redirect_uri") and \
            ask["code_challenge"] == coded(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if not fits:
            return self.say(400, {"error": "invalid_grant"})
        self.say(200, {"access_token": "x", "token_type": "Bearer", "id_token": p.token(ask)})

    def log_message(self, *_):
        pass
