# SPDX-License-Identifier: MIT
"""A directory that behaves as Active Directory does where slapd cannot: it takes a bind by user@domain (UPN), shows nobody anything
before a bind, tells a closed account as a wrong password (data 533), and knows LDAP_MATCHING_RULE_IN_CHAIN. Loopback only; prints its
port first, ends when its input does. Each operation is a line of the file KONTOR_AD_LOG: what, by whom, of what.
"""
import os, socket, sys, threading

BASE = "DC=firm,DC=lan"
CHAIN = "1.2.840.113556.1.4.1941"
GUID = bytes(range(0x10, 0x20))


def person(cn, sam, guid, flags=512, **more):
    return {"objectClass": ["top", "person", "organizationalPerson", "user"], "cn": [cn], "displayName": [cn], "sAMAccountName": [sam],
            "userPrincipalName": [sam + "@firm.lan"], "objectGUID": [guid], "userAccountControl": [str(flags)], **more}


def group(cn, *members):
    return {"objectClass": ["top", "group"], "cn": [cn], "member": list(members)}


ADA, EVE = f"CN=Ada Anders,OU=Staff,{BASE}", f"CN=Eve Ende,OU=Staff,{BASE}"
ENTRIES = {
    BASE: {"objectClass": ["top", "domain"], "dc": ["firm"]},
    ADA: person("Ada Anders", "ada", GUID, mail=["ada@firm.example"], memberOf=[f"CN=Sales,OU=Groups,{BASE}"]),
    EVE: person("Eve Ende", "eve", bytes(16), flags=514),
    f"CN=Sales,OU=Groups,{BASE}": group("Sales", ADA),
    f"CN=Staff,OU=Groups,{BASE}": group("Staff", f"CN=Sales,OU=Groups,{BASE}", EVE),
    f"CN=House,OU=Groups,{BASE}": group("House", f"CN=Staff,OU=Groups,{BASE}"),
    f"CN=Others,OU=Groups,{BASE}": group("Others", EVE),
}
PASSWORDS = {ADA: "ada-password", EVE: "eve-password"}
lock = threading.Lock()


def told(*words):
    with lock, open(os.environ["KONTOR_AD_LOG"], "a") as f:
        print(*words, file=f)


# ---- BER, as far as LDAP has it ----
def read_exactly(s, n):
    b = b""
    while len(b) < n:
        more = s.recv(n - len(b))
        if not more:
            raise EOFError
        b += more
    return b


def read_message(s):
    head = read_exactly(s, 2)
    n = head[1]
    if n & 0x80:
        more = read_exactly(s, n & 0x7F)
        n = int.from_bytes(more, "big")
    return read_exactly(s, n)


def parts(b):
    """The elements of a constructed value: (tag, bytes) each."""
    out, i = [], 0
    while i < len(b):
        tag, n, i = b[i], b[i + 1], i + 2
        if n & 0x80:
            k = n & 0x7F
            n, i = int.from_bytes(b[i:i + k], "big"), i + k
        out.append((tag, b[i:i + n]))
        i += n
    return out


def tlv(tag, *values):
    b = b"".join(values)
    n = len(b)
    size = bytes([n]) if n < 0x80 else bytes([0x80 | (n.bit_length() + 7) // 8]) + n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag]) + size + b


def octets(s):
    return tlv(4, s if isinstance(s, bytes) else s.encode())


def result(tag, code, text=""):
    return tlv(tag, tlv(10, bytes([code])), octets(""), octets(text))


# ---- filters ----
def same(a, b):
    return a == b if isinstance(a, bytes) else a.lower() == b.decode("utf-8", "replace").lower()


def values(entry, attr):
    return next((v for k, v in entry.items() if k.lower() == attr.lower()), [])


def in_chain(dn, member, seen=()):
    """Is `member` in the group `dn`, directly or by others?"""
    for one in values(ENTRIES[dn], "member"):
        if one.lower() == member.lower():
            return True
        if one in ENTRIES and one not in seen and in_chain(one, member, (*seen, one)):
            return True
    return False


def fits(dn, entry, tag, b):
    if tag in (0xA0, 0xA1):
        return (all if tag == 0xA0 else any)(fits(dn, entry, t, x) for t, x in parts(b))
    if tag == 0xA2:
        return not fits(dn, entry, *parts(b)[0])
    if tag == 0x87:
        return bool(values(entry, b.decode()))
    if tag == 0xA3:
        (_, attr), (_, value) = parts(b)
        return any(same(v, value) for v in values(entry, attr.decode()))
    if tag == 0xA9:
        p = dict(parts(b))
        return p.get(0x81, b"").decode() == CHAIN and p.get(0x82, b"").decode() == "member" and in_chain(dn, p[0x83].decode())
    raise ValueError(f"filter {tag:x}")


def text_of(tag, b):
    if tag in (0xA0, 0xA1):
        return "(" + "&|"[tag - 0xA0] + "".join(text_of(t, x) for t, x in parts(b)) + ")"
    if tag == 0x87:
        return f"({b.decode()}=*)"
    if tag == 0xA3:
        (_, attr), (_, value) = parts(b)
        return f"({attr.decode()}={value.decode('utf-8', 'replace')})"
    p = dict(parts(b))
    return f"({p.get(0x82, b'').decode()}:{p.get(0x81, b'').decode()}:={p.get(0x83, b'').decode()})"


# ---- operations ----
def dn_of(name):
    for dn, e in ENTRIES.items():
        if dn in PASSWORDS and name.lower() in (dn.lower(), values(e, "userPrincipalName")[0].lower()):
            return dn
    return None


def bind(who, b):
    (_, _), (_, name), (tag, password) = parts(b)[:3]
    name, dn = name.decode(), dn_of(name.decode())
    right = tag == 0x80 and dn and PASSWORDS[dn] == password.decode()
    closed = right and int(values(ENTRIES[dn], "userAccountControl")[0]) & 2
    told("bind", name, "closed" if closed else "right" if right else "wrong")
    if right and not closed:
        return dn, result(0x61, 0)
    why = "533" if closed else "52e"
    return None, result(0x61, 49, f"80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data {why}, v4563")


def search(who, b):
    p = parts(b)
    base, scope, most, cond, wanted = p[0][1].decode(), p[1][1][0], int.from_bytes(p[3][1], "big"), p[6], [x.decode() for _, x in parts(p[7][1])]
    told("search", who or "-", base, text_of(*cond))
    if not who:
        yield result(0x65, 1, "000004DC: LdapErr: DSID-0C090CD3, comment: In order to perform this operation a successful bind must be completed")
        return
    found = 0
    for dn, e in ENTRIES.items():
        within = dn.lower() == base.lower() or (scope == 2 and dn.lower().endswith("," + base.lower()))
        if not within or not fits(dn, e, *cond):
            continue
        if most and found == most:
            yield result(0x65, 4)
            return
        found += 1
        shown = [(k, v) for k, v in e.items() if k.lower() in [w.lower() for w in wanted]]
        yield tlv(0x64, octets(dn), tlv(0x30, *[tlv(0x30, octets(k), tlv(0x31, *map(octets, v))) for k, v in shown]))
    yield result(0x65, 0)


def serve(s):
    who = None
    with s:
        while True:
            try:
                (_, number), (tag, body) = parts(read_message(s))[:2]
            except (EOFError, OSError):
                return
            if tag == 0x60:
                who, answer = bind(who, body)
                answers = [answer]
            elif tag == 0x63:
                answers = search(who, body)
            else:
                return
            for a in answers:
                s.sendall(tlv(0x30, tlv(2, number), a))


def main():
    door = socket.create_server(("127.0.0.1", 0))
    print(door.getsockname()[1], flush=True)

    def accept():
        while True:
            threading.Thread(target=serve, args=(door.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


main()
