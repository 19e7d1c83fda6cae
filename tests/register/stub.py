# SPDX-License-Identifier: MIT
"""Three registers on loopback with sample answers of our own. Prints its port, ends when its input ends.

The path's first part is the register (vies, gleif, dadata); what is asked decides how it behaves: see ANSWERS and do_GET.
GET /asked tells how many requests came.
"""
import http.server, json, sys, threading, time, urllib.parse


def vies(name="UAB Baltijos prekyba", address="Gedimino pr. 1\nVilnius", **more):
    return {"isValid": True, "requestDate": "2026-11-28T10:00:00.000Z", "userError": "VALID", "name": name, "address": address,
            "requestIdentifier": "", "vatNumber": more.pop("vat", ""), "viesApproximate": {"matchName": 3}, **more}


def gleif(name, status="ACTIVE", number="HRB 4711", events=()):
    return {"type": "lei-records", "id": "X", "attributes": {"lei": "X", "entity": {
        "legalName": {"name": name, "language": "de"}, "registeredAs": number, "status": status,
        "legalAddress": {"language": "de", "addressLines": ["Hauptstr. 1", "Hof"], "city": "Köln", "postalCode": "50667", "country": "DE", "region": None},
        "eventGroups": [{"groupType": "STANDALONE", "events": [{"type": e} for e in events]}]}}}


def dadata(short="ООО «Ромашка»", status="ACTIVE", inn="7707083893", **more):
    return {"value": short, "data": {"inn": inn, "kpp": "773601001", "ogrn": "1027700132195", "name": {
        "short_with_opf": short, "full_with_opf": "Общество с ограниченной ответственностью «Ромашка»"}, "state": {"status": status, "actuality_date": 1},
        "address": {"value": "г Москва, ул Вавилова, д 19", "data": {"postal_code": "117997", "city": "Москва"}}, **more}}


VIES = {
    "LT/100001919017": vies(vat="100001919017"),
    "DE/136695976": vies("---", "---"),
    "EE/100931558": {"isValid": False, "userError": "INVALID", "name": "---", "address": "---"},
    "AT/U13585627": {"isValid": False, "userError": "MS_UNAVAILABLE", "name": "---", "address": "---"},
    "NL/004495445B01": {"actionSucceed": False, "errorWrappers": [{"error": "MS_UNAVAILABLE"}]},
    "PL/8567346215": vies(name=["not", "a", "text"]),
    "FI/20774740": vies(name="x" * 100000),
    "DK/13585628": vies(name="Kun\u0007 <script>alert(1)</script>\u007f", address="A\r\nB"),
}
GLEIF = {"Köln": [gleif("Kölner Handel GmbH"), gleif("Köln Alt AG", "INACTIVE"), gleif("Köln Not GmbH", events=("INSOLVENCY",)), gleif("Köln Ende GmbH", events=("LIQUIDATION",))],
         "HRB 4711": [gleif("Kölner Handel GmbH")], "Deutsche Bank": [gleif("x") for _ in range(50)], "leer": []}
DADATA = {"7707083893": [dadata()], "7736050003": [dadata("ООО «Закат»", "LIQUIDATED", "7736050003")], "Ромашка": [dadata(), dadata("АО «Ромашка-2»", "BANKRUPT")],
          "7830002293": [dadata(inn=None)]}
RAW = {"vies/ms/SE/vat/556188840401": b"<html>not json</html>", "vies/ms/LU/vat/15027442": b"[" * 5000,
       "vies/ms/LV/vat/40003521600": b'{"isValid":true,"isValid":false}'}
asked = 0


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *a):
        pass

    def answer(self, body, status=200, head=()):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        for k, v in head:
            self.send_header(k, v)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        global asked
        url = urllib.parse.urlsplit(self.path)
        path, q = urllib.parse.unquote(url.path).lstrip("/"), urllib.parse.parse_qs(url.query)
        if path == "asked":
            return self.answer({"asked": asked})
        asked += 1
        if path in RAW:
            return self.answer(RAW[path])
        if path.startswith("vies/ms/BE/"):
            return self.answer(b"", 302, [("Location", "/vies/ms/LT/vat/100001919017")])
        if path.startswith("vies/ms/FR/"):
            time.sleep(5)
        if path.startswith("vies/ms/IT/"):  # without end
            self.send_response(200)
            self.end_headers()
            try:
                for _ in range(10000):
                    self.wfile.write(b" " * 65536)
            except OSError:
                pass
            return
        if path.startswith("vies/ms/"):
            _, _, state, _, n = path.split("/")
            known = VIES.get(f"{state}/{n}")
            return self.answer(known, 200) if known else self.answer({}, 500)
        if path == "gleif/lei-records":
            key = next((v[0] for k, v in q.items() if k in ("filter[fulltext]", "filter[entity.registeredAs]", "filter[lei]")), "")
            return self.answer({"meta": {}, "data": GLEIF.get(key, [])})
        self.answer({}, 404)

    def do_POST(self):
        global asked
        asked += 1
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers.get("Authorization") != "Token GEHEIM":
            return self.answer({"message": "no"}, 403)
        self.answer({"suggestions": DADATA.get(body["query"], [])})


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
