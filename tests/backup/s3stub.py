#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A store on loopback for test_backup_s3: PUT, GET, HEAD, DELETE, uploads in parts, and a strict check of every AWS SigV4
signature with the checksum of the body it promises.

Prints its port, serves until its standard input closes. One key: AKTEST / SECRET, bucket "box", region eu-test-1.
Objects named busy* answer 503. Uploads in parts go wrong when the object's name holds
  flaky    every part is refused once with 503          damaged  part 2 is refused once as damaged on the way
  dead     part 3 is refused always with 500            nobegin  no upload begins
  lost     put together, but the answer is not sent     gone     as lost, and the upload is forgotten
  late     the first answer is 200 with InternalError   never    every answer is 200 with InternalError
  refused  the answer is 200 with InvalidPart           mute     the answer is 200 with nothing in it
  files/0  it is listed as begun on 2026-11-01; else a database's upload when its name says, others on 2026-11-22 at 9
The length of /box/_open is the number of open uploads, of /box/_sent that of all parts sent."""
import hashlib, hmac, http.server, re, sys, threading, urllib.parse

PART_MIN = 65536  # of all parts but the last
KEYS, STORE, META, UPLOADS, TRIED, SENT = {"AKTEST": "SECRET"}, {}, {}, {}, {}, []
HEAD = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
                  r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$")


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def begun(path):
    m = re.search(r"(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)\.db$", path)
    if m:
        return "{}-{}-{}T{}:{}:{}.000Z".format(*m.groups())
    return "2026-11-01T10:00:00.000Z" if "files/0" in path else "2026-11-22T09:00:00.000Z"


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
        pairs = sorted(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        query = "&".join(f"{urllib.parse.quote(k, safe='-_.~')}={urllib.parse.quote(v, safe='-_.~')}" for k, v in pairs)
        lines = "".join(f"{h}:{' '.join(self.headers[h].split())}\n" for h in signed.split(";"))
        canon = "\n".join([self.command, url.path, query, lines, signed, payload])
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

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for k, v in headers.items():
            self.send_header(k.replace("_", "-"), v)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status, code):
        self.answer(status, f"<Error><Code>{code}</Code></Error>".encode())

    def first(self, what, key):
        """True at the first try of this, when the object's name asks for it."""
        n = TRIED[what, key] = TRIED.get((what, key), 0) + 1
        return what in self.path and n == 1

    def part(self, up, n, body):
        SENT.append(1)
        if self.first("flaky", (up["path"], n)):
            return self.refuse(503, "SlowDown")
        if n == 2 and self.first("damaged", up["path"]):
            return self.refuse(400, "XAmzContentSHA256Mismatch")
        if n == 3 and "dead" in self.path:
            return self.refuse(500, "InternalError")
        up["parts"][n] = body
        return self.answer(200, ETag=f'"{hashlib.md5(body).hexdigest()}"')

    def complete(self, path, key, up, body):
        asked = re.findall(r"<Part><PartNumber>(\d+)</PartNumber><ETag>&quot;([0-9a-f]{32})&quot;</ETag></Part>", body.decode())
        have = [(str(n), hashlib.md5(p).hexdigest()) for n, p in sorted(up["parts"].items())]
        if asked != have or "refused" in path:
            return self.answer(200, b"<?xml version='1.0'?>   <Error><Code>InvalidPart</Code></Error>")
        if any(len(p) < PART_MIN for n, p in up["parts"].items() if n != len(asked)):
            return self.refuse(400, "EntityTooSmall")
        if "never" in path or self.first("late", path):
            return self.answer(200, b"<?xml version='1.0'?>   <Error><Code>InternalError</Code></Error>")
        if "mute" in path:
            return self.answer(200)
        STORE[path], META[path] = b"".join(up["parts"][int(n)] for n, _ in asked), up["sha"]
        if "lost" in path or "gone" in path:
            if "gone" in path:
                del UPLOADS[key]
            self.close_connection = True
            return self.connection.close()
        del UPLOADS[key]
        return self.answer(200, b"<?xml version='1.0'?>   <CompleteMultipartUploadResult></CompleteMultipartUploadResult>")

    def uploads(self, query):
        """Two a page, whatever is asked for: who wants all of them has to page on."""
        after = (query.get("key-marker", ""), query.get("upload-id-marker", ""))
        found = sorted((up["path"][5:], key) for key, up in UPLOADS.items() if up["path"][5:].startswith(query["prefix"]))
        found = [one for one in found if one > after]
        said = "".join(f"<Upload><Key>{p}</Key><UploadId>{key}</UploadId><Initiated>{begun('/box/' + p)}</Initiated></Upload>" for p, key in found[:2])
        if len(found) > 2:
            said += f"<IsTruncated>true</IsTruncated><NextKeyMarker>{found[1][0]}</NextKeyMarker><NextUploadIdMarker>{found[1][1]}</NextUploadIdMarker>"
        return f"<ListMultipartUploadsResult>{said}</ListMultipartUploadsResult>"

    def in_parts(self, path, query, body):
        if self.command == "GET" and "uploads" in query and path == "/box/":
            return self.answer(200, self.uploads(query).encode())
        if self.command == "POST" and "uploads" in query:
            if "nobegin" in path:
                return self.answer(200, b"<InitiateMultipartUploadResult/>")
            key = f"up/{len(TRIED)}+{len(UPLOADS)}~=x"  # signs that must be encoded
            TRIED["begun", key] = 1
            UPLOADS[key] = {"path": path, "parts": {}, "sha": self.headers.get("x-amz-meta-sha256", "")}
            return self.answer(200, f"<InitiateMultipartUploadResult><UploadId>{key}</UploadId>"
                                    "</InitiateMultipartUploadResult>".encode())
        key = query.get("uploadId", "")
        up = UPLOADS.get(key)
        if not up or up["path"] != path:
            return self.refuse(404, "NoSuchUpload")
        if self.command == "PUT":
            return self.part(up, int(query["partNumber"]), body)
        if self.command == "POST":
            return self.complete(path, key, up, body)
        del UPLOADS[key]
        return self.answer(204)

    def serve(self):
        if self.headers.get("expect"):
            self.send_response_only(100)
            self.end_headers()
        body = self.rfile.read(int(self.headers.get("content-length") or 0)) if self.command in ("PUT", "POST") else b""
        bad = self.wrong(body)
        if bad:
            return self.refuse(*bad)
        url = urllib.parse.urlsplit(self.path)
        if url.query:
            return self.in_parts(url.path, dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True)), body)
        if self.path in ("/box/_open", "/box/_sent"):
            return self.answer(200, b"x" * len(UPLOADS if self.path == "/box/_open" else SENT))
        if self.command == "PUT":
            STORE[self.path] = body
            META.pop(self.path, None)
            return self.answer(200)
        if self.command == "DELETE":
            STORE.pop(self.path, None)
            return self.answer(204)
        if self.path not in STORE:
            return self.refuse(404, "NoSuchKey")
        return self.answer(200, STORE[self.path], **({"x_amz_meta_sha256": META[self.path]} if self.path in META else {}))

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = serve

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
sys.stdout.write(f"{server.server_address[1]}\n")
sys.stdout.flush()
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
