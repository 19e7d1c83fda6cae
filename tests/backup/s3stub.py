#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A store on loopback for test_backup_s3: PUT, GET, HEAD, DELETE, and a strict check of every AWS SigV4 signature.

Prints its port, serves until its standard input closes. One key: AKTEST / SECRET, bucket "box", region eu-test-1.
Objects named busy* answer 503."""
import hashlib, hmac, http.server, re, sys, threading, urllib.parse

KEYS, STORE = {"AKTEST": "SECRET"}, {}
HEAD = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
                  r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$")


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Store(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def wrong(self, body):
        m = HEAD.match(self.headers.get("authorization", ""))
        payload = self.headers.get("x-amz-content-sha256")
        if not m or not payload:
            return 403, "AccessDenied"
        key, day, region, signed, given = m.groups()
        if key not in KEYS:
            return 403, "InvalidAccessKeyId"
        if "host" not in signed.split(";") or "x-amz-date" not in signed.split(";"):
            return 403, "AccessDenied"
        if payload != hashlib.sha256(body).hexdigest():
            return 400, "XAmzContentSHA256Mismatch"
        url = urllib.parse.urlsplit(self.path)
        lines = "".join(f"{h}:{' '.join(self.headers[h].split())}\n" for h in signed.split(";"))
        canon = "\n".join([self.command, url.path, url.query, lines, signed, payload])
        text = "\n".join(["AWS4-HMAC-SHA256", self.headers["x-amz-date"], f"{day}/{region}/s3/aws4_request",
                          hashlib.sha256(canon.encode()).hexdigest()])
        k = mac(mac(mac(mac(("AWS4" + KEYS[key]).encode(), day), region), "s3"), "aws4_request")
        if not hmac.compare_digest(mac(k, text).hex(), given):
            return 403, "SignatureDoesNotMatch"
        if region != "eu-test-1":
            return 400, "AuthorizationHeaderMalformed"
        if not url.path.startswith("/box/"):
            return 404, "NoSuchBucket"
        return (503, "SlowDown") if url.path.startswith("/box/busy") else None

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def serve(self):
        if self.headers.get("expect"):
            self.send_response_only(100)
            self.end_headers()
        body = self.rfile.read(int(self.headers.get("content-length") or 0)) if self.command == "PUT" else b""
        bad = self.wrong(body)
        if bad:
            return self.answer(bad[0], f"<Error><Code>{bad[1]}</Code></Error>".encode())
        if self.command == "PUT":
            STORE[self.path] = body
            return self.answer(200)
        if self.command == "DELETE":
            STORE.pop(self.path, None)
            return self.answer(204)
        if self.path not in STORE:
            return self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        return self.answer(200, STORE[self.path])

    do_GET = do_HEAD = do_PUT = do_DELETE = serve

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
sys.stdout.write(f"{server.server_address[1]}\n")
sys.stdout.flush()
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
