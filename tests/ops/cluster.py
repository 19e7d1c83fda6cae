# SPDX-License-Identifier: MIT
"""PostgreSQL for the storms: servers of one's own on loopback, a primary and who follows it, each in its own folder and ended by pid."""
import contextlib, glob, os, pathlib, pwd, shutil, signal, socket, struct, subprocess, sys, tempfile, threading, time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from house import free_port, until

BIN = max(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: int(p.split("/")[4]), default="")


def have_pg():
    return bool(BIN) and os.path.exists(BIN + "/initdb")


def as_him():
    """PostgreSQL refuses to run as root."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}


def tool(name, *args):
    r = subprocess.run([f"{BIN}/{name}", *args], capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd="/", timeout=120, **as_him())
    if r.returncode:
        raise RuntimeError(f"{name}: {r.stdout}{r.stderr}")
    return r.stdout


class Node:
    def __init__(self, top, name):
        self.top, self.at, self.port, self.proc = top, str(top / name), free_port(), None

    def start(self, *settings):
        listen = ["-p", str(self.port), "-h", "127.0.0.1", "-k", str(self.top), "-F", "-c", "log_min_messages=fatal"]
        with open(self.at + ".log", "ab") as log:
            self.proc = subprocess.Popen([f"{BIN}/postgres", "-D", self.at, *listen, *(x for s in settings for x in ("-c", s))],
                                         stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/", **as_him())
        up = until(lambda: self.proc.poll() is not None or self.answers(), 60)
        if not up or self.proc.poll() is not None:
            raise RuntimeError("the server did not start: " + open(self.at + ".log").read()[-2000:])

    def answers(self):
        return subprocess.run([f"{BIN}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-t", "2"]).returncode == 0

    def sql(self, text, base="postgres"):
        return tool("psql", "-XAtq", "-h", "127.0.0.1", "-p", str(self.port), "-U", "kontor", "-d", base, "-c", text).strip()

    @contextlib.contextmanager
    def talk(self):
        """A connection that is kept: a function that says something over it."""
        p = subprocess.Popen([f"{BIN}/psql", "-XAtq", "-h", "127.0.0.1", "-p", str(self.port), "-U", "kontor", "-d", "postgres"], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

        def say(text):
            p.stdin.write(text + ";\n")
            p.stdin.flush()
            return p.stdout.readline().strip()
        try:
            say("SELECT 1")
            yield say
        finally:
            p.kill()
            p.communicate()

    def pids(self):
        """The server and its children."""
        found = [self.proc.pid]
        for stat in glob.glob("/proc/[0-9]*/stat"):
            try:
                text = open(stat).read()
            except OSError:
                continue
            if int(text.rsplit(")", 1)[1].split()[1]) == self.proc.pid:
                found.append(int(text.split()[0]))
        return found

    def signal(self, sig):
        for pid in self.pids():
            try:
                os.kill(pid, sig)
            except ProcessLookupError:
                pass

    def end(self):
        if self.proc and self.proc.poll() is None:
            self.signal(signal.SIGKILL)
            self.proc.wait(30)


class Cluster:
    """with Cluster() as c: c.first is a primary that waits for c.second, which follows it."""

    def __enter__(self):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="kontor-cluster-"))
        if os.getuid() == 0:
            os.chown(self.top, pwd.getpwnam("postgres").pw_uid, -1)
        self.first, self.second = Node(self.top, "first"), Node(self.top, "second")
        try:
            self.begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def begin(self):
        a, b = self.first, self.second
        tool("initdb", "-D", a.at, "-U", "kontor", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        a.start("max_connections=80")
        tool("pg_basebackup", "-h", "127.0.0.1", "-p", str(a.port), "-U", "kontor", "-D", b.at, "-R", "-X", "stream", "-c", "fast", "--no-sync")
        b.start("max_connections=80")
        until(lambda: a.sql("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "1", 30)
        a.sql("ALTER SYSTEM SET synchronous_standby_names = '*'") # of the primary's folder alone
        a.sql("SELECT pg_reload_conf()")
        until(lambda: a.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1", 30)
        a.sql("CREATE DATABASE kontor")

    def url(self, *nodes):
        return f"postgresql://kontor@/kontor?host={','.join('127.0.0.1' for _ in nodes)}&port={','.join(str(n.port) for n in nodes)}"

    def __exit__(self, *_):
        self.first.end()
        self.second.end()
        shutil.rmtree(self.top, ignore_errors=True)


def sit_down(port, most=200):
    """Takes every connection that the server still has: the sockets."""
    seats = []
    ask = b"user\0kontor\0database\0postgres\0\0"
    for _ in range(most):
        s = socket.create_connection(("127.0.0.1", port), 5)
        s.sendall(struct.pack("!ii", 8 + len(ask), 196608) + ask)
        if s.recv(1) != b"R":
            s.close()
            return seats
        seats.append(s)
    return seats


class Wire:
    """A wire to a port of this machine that can be made slow or dead: what is sent then waits or is swallowed."""

    def __init__(self, port):
        self.port, self.delay, self.dead, self.on = port, 0.0, False, True
        self.door = socket.create_server(("127.0.0.1", 0))
        self.at = self.door.getsockname()[1]
        threading.Thread(target=self.take, daemon=True).start()

    def take(self):
        while self.on:
            try:
                near = self.door.accept()[0]
            except OSError:
                return
            if self.dead: # nobody is there to answer
                threading.Thread(target=self.hold, args=(near,), daemon=True).start()
                continue
            far = socket.create_connection(("127.0.0.1", self.port))
            for a, b in ((near, far), (far, near)):
                a.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.carry, args=(a, b), daemon=True).start()

    def hold(self, s):
        while self.on and self.dead:
            time.sleep(0.05)
        s.close()

    def carry(self, a, b):
        try:
            while data := a.recv(65536):
                if self.delay:
                    time.sleep(self.delay)
                if self.dead:
                    continue # a cut wire: no end is told of it
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.on = False
        self.door.close()
