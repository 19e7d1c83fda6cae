# SPDX-License-Identifier: MIT
"""What Postfix asks for passwords (Dovecot's auth protocol 1.1) for tools/with-postfix.sh: crm, geheim-geheim, nobody else.

auth_stub.py PORT: serves on loopback until it is ended."""
import base64, socketserver, sys

GREETING = "VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t00\nDONE\n"
RIGHT = base64.b64encode(b"\0crm\0geheim-geheim").decode()


class Auth(socketserver.StreamRequestHandler):
    def say(self, *words):
        self.wfile.write(("\t".join(words) + "\n").encode())

    def judge(self, number, response):
        if response == RIGHT:
            self.say("OK", number, "user=crm")
        else:
            self.say("FAIL", number, "user=crm")

    def handle(self):
        self.wfile.write(GREETING.encode())
        for line in self.rfile:
            word = line.decode().rstrip("\n").split("\t")
            if word[0] == "CONT":
                self.judge(word[1], word[2])
            elif word[0] == "AUTH":
                response = [w[5:] for w in word if w.startswith("resp=")]
                if response:
                    self.judge(word[1], response[0])
                else:
                    self.say("CONT", word[1], "")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


Server(("127.0.0.1", int(sys.argv[1])), Auth).serve_forever()
