# SPDX-License-Identifier: MIT
# clamd_stub.py - a scanner that speaks clamd's INSTREAM: "virus" is found, at "silent" it hangs up, at "odd" it babbles,
# of more than 50,000 bytes it wants no more. Prints its port; ends when its input does.
import os
import socket
import struct
import sys
import threading


def take(c, n):
    b = b""
    while len(b) < n:
        part = c.recv(n - len(b))
        if not part:
            raise EOFError
        b += part
    return b


def serve(c):
    with c:
        assert take(c, 10) == b"zINSTREAM\0"
        data = b""
        while n := struct.unpack(">I", take(c, 4))[0]:
            data += take(c, n)
            if len(data) > 50000:
                c.sendall(b"INSTREAM size limit exceeded. ERROR\0")
                return
        if b"silent" in data:
            return
        c.sendall(b"hello\0" if b"odd" in data else b"stream: Eicar-Signature FOUND\0" if b"virus" in data else b"stream: OK\0")


def listen(s):
    while True:
        c, _ = s.accept()
        threading.Thread(target=lambda: serve(c), daemon=True).start()


s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
threading.Thread(target=listen, args=(s,), daemon=True).start()
sys.stdin.read()
os._exit(0)
