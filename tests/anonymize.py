#!/usr/bin/env python3
"""anonymize.py PROG [NAME ...]: findings commute with anonymisation (ALGORITHMS I-44).

Every set of captures in fixtures/, and every scenario of ../shared/lab if that is there, is correlated as it is and as `PROG anonymize` has copied it. Both
cases must say the same in every view, once the addresses of the one are renamed to those of the other - by a mapping that is one to one, keeps how far two
addresses begin alike, and is found from the packets alone. Nothing of an original's addresses, names, comments and payload may be in the bytes of its copy.
NAME: only sets whose name begins so.
"""
import collections, concurrent.futures, glob, ipaddress, json, os, re, shlex, shutil, sqlite3, struct, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LAB = os.path.join(os.path.dirname(HERE), "shared", "lab", "captures")

ADDRESS = re.compile(r"(?<![0-9A-Za-z:.])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?)(?![0-9A-Za-z])")
MAC = re.compile(r"(?<![0-9a-f])[0-9a-f]{12}(?![0-9a-f])")

# Every view; rows are compared as sets, so numbers of rows are left out.
VIEWS = {
    "v_connection": "id, client_addr, client_port, server_addr, server_port, start_ns, end_ns, outcome, verdict, points, packets, bytes",
    "v_flow": "connection_id, point, client_addr, client_port, server_addr, server_port, client_isn, server_isn, packets, join_state, join_evidence, tunnel",
    "v_hop": "*",
    "v_change": "connection_id, from_point, to_point, direction, field, before, after, delta, count",
    "v_clock": "*",
    "v_finding": "connection_id, kind, what, direction, count, from_point, to_point, point, confidence, rule, text",
    "v_summary": "*",
    "v_packet": "connection_id, point, time_ns, aligned_ns, direction, src_addr, src_port, dst_addr, dst_port, flags, seq, ack, rel_seq, rel_ack, \"window\","
                " length, tsval, tsecr, ip_id, ttl, dscp, ecn, mss, wscale, sack_permitted, options, icmp_type, icmp_code",
    "tie": "front_id, back_id, evidence, confidence",
}


def run(*argv, **kw):
    p = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, **kw)
    if p.returncode not in (0, 3):
        raise SystemExit("%s: %s" % (" ".join(argv), p.stderr))
    return p.stdout


def lab_sets():
    for d in sorted(glob.glob(os.path.join(LAB, "*", "truth.json"))):
        with open(d) as f:
            truth = json.load(f)
        args = []
        for v in truth["vantages"]:
            for name in v.get("files") or [v["file"]]:
                at = "@%s" % v["interface_id"] if v.get("interface_id") is not None else ""
                args.append("%s=%s%s" % (v["name"], os.path.join(os.path.dirname(d), name), at))
        if args:
            yield "lab/" + truth["scenario"], args


def fixture_sets():
    for d in sorted(os.listdir(os.path.join(HERE, "fixtures"))):
        files = [f for e in ("pcap", "pcapng", "pcap.gz", "pcapng.gz") for f in sorted(glob.glob(os.path.join(HERE, "fixtures", d, "*." + e)))]
        if d == "fuzz" or not files:
            continue
        points = ["%s=%s" % (os.path.basename(f).split(".")[0], f) for f in files]
        if d != "damaged":
            yield "fixtures/" + d, points
        for p in points:
            name = "fixtures/%s/%s" % (d, os.path.basename(p.split("=", 1)[1]))
            for how in ([], ["--split", "interface"], ["--split", "vlan"], ["-f", "tcp[13] & 8 == 0"]):
                yield " ".join([name] + how), how + [p]
            for at in ("@0", "@1", "@eth0", "@if2", "@vlan7", "@02:00:00:00:01:01"):
                yield name + at, [p + at]


class Mapping:
    """Which value became which; every use of one must agree with the others, both ways."""

    def __init__(self):
        self.to, self.fro = {}, {}

    def learn(self, a, b, why):
        if a is None and b is None:
            return
        assert a is not None and b is not None, "%s: %s became %s" % (why, a, b)
        if self.to.setdefault(a, b) != b or self.fro.setdefault(b, a) != a:
            raise AssertionError("%s: %s became %s, but also %s" % (why, a, b, self.to[a] if self.to[a] != b else self.fro[b]))


def rows(db, view, columns):
    cur = db.execute("SELECT %s FROM %s" % (columns, view))
    names = [c[0] for c in cur.description]
    return [dict(zip(names, r)) for r in cur]


def packets(db):
    """Packets of each point in order; frames that import left out may have gone, so their numbers do not count."""
    return db.execute("SELECT p.point, p.time_ns, p.src_addr, p.dst_addr, p.src_port, p.dst_port, p.seq FROM v_packet p "
                      "JOIN capture c ON c.name = p.capture ORDER BY p.point, c.first_ns, p.frame").fetchall()


def learn(a, b):
    addr, mac = Mapping(), Mapping()
    x, y = packets(a), packets(b)
    assert len(x) == len(y), "%d packets became %d" % (len(x), len(y))
    for p, q in zip(x, y):
        assert p[:2] == q[:2] and p[4:] == q[4:], "%r became %r" % (p, q)
        addr.learn(p[2], q[2], "packets")
        addr.learn(p[3], q[3], "packets")
    sql = ("SELECT f.id, q.first_ns, CASE WHEN fp.a_is_client THEN q.a_mac ELSE q.b_mac END, CASE WHEN fp.a_is_client THEN q.b_mac ELSE q.a_mac END, "
           "ts.text, td.text, fw.text FROM flow f JOIN flow_part fp ON fp.flow_id = f.id JOIN part q ON q.id = fp.part_id LEFT JOIN tunnel t ON t.id = q.tunnel_id "
           "LEFT JOIN addr ts ON ts.id = t.src LEFT JOIN addr td ON td.id = t.dst LEFT JOIN forwarded w ON w.part_id = q.id LEFT JOIN addr fw ON fw.id = w.src_addr "
           "JOIN point p ON p.id = f.point_id ORDER BY f.connection_id, p.name, f.client_port, f.server_port, q.first_ns")
    for p, q in zip(a.execute(sql), b.execute(sql)):
        mac.learn(p[2], q[2], "MACs")
        mac.learn(p[3], q[3], "MACs")
        for i in (4, 5, 6):
            addr.learn(p[i], q[i], "tunnels, proxies")
    return addr, mac


def prefix(a, b):
    a, b = ipaddress.ip_address(a), ipaddress.ip_address(b)
    return a.max_prefixlen - (int(a) ^ int(b)).bit_length()


def check_prefixes(addr):
    by = collections.defaultdict(list)
    for a in addr.to:
        if a:
            by[ipaddress.ip_address(a).version].append(a)
    for group in by.values():
        group = group[:200]
        for i, a in enumerate(group):
            for b in group[:i]:
                assert prefix(a, b) == prefix(addr.to[a], addr.to[b]), "%s %s have another prefix in common than %s %s" % (a, b, addr.to[a], addr.to[b])


def rename(value, addr, mac):
    if not isinstance(value, str):
        return value

    def one(m):
        return addr.to.get(m.group(0), m.group(0))

    def hw(m):
        n = int(m.group(0), 16)
        return "%012x" % mac.to.get(n, n)
    return MAC.sub(hw, ADDRESS.sub(one, value))


def compare(a, b, addr, mac):
    bad = []
    for view, columns in VIEWS.items():
        x = collections.Counter(tuple(rename(v, addr, mac) for v in r.values()) for r in rows(a, view, columns))
        y = collections.Counter(tuple(r.values()) for r in rows(b, view, columns))
        for r in list((x - y))[:3]:
            bad.append("%s lost %r" % (view, r))
        for r in list((y - x))[:3]:
            bad.append("%s has  %r" % (view, r))
    return bad


def leaks(a, folder):
    """Addresses, as text and as bytes. (Those with zeros in them, or so few bits, may be anything's.)"""
    bad = []
    for path in sorted(glob.glob(os.path.join(folder, "copies", "*"))):
        with open(path, "rb") as f:
            copy = f.read()
        for (text,) in a.execute("SELECT text FROM addr"):
            address = ipaddress.ip_address(text)
            if text.encode() in copy and len(text) > 7 or (all(address.packed[:3]) or address.version == 6) and address.packed in copy:
                bad.append("%s: %s is in it" % (os.path.basename(path), text))
    return bad


def commands(said):
    lines = said.split("to correlate them:\n")[1].split("\n\n")[0].splitlines()
    return [shlex.split(x) for x in lines]


def check(prog, name, args, folder):
    a, b = os.path.join(folder, "a.db"), os.path.join(folder, "b.db")
    if subprocess.run([prog, "run", "-o", a] + args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        return None     # nothing in it can be read
    with open(os.path.join(folder, "key"), "w") as f:
        f.write("0123456789abcdef" * 4 + "\n")
    said = run(prog, "anonymize", a, "--key", "key", "-o", "copies", cwd=folder)
    for c in commands(said):
        c = [prog] + [x.replace("copies.db", b) for x in c[1:]]
        if c[1] == "run":
            c[2:2] = ["-o", b]
        run(*c, cwd=folder)
    x, y = sqlite3.connect(a), sqlite3.connect(b)
    try:
        addr, mac = learn(x, y)
        check_prefixes(addr)
    except AssertionError as e:
        return [str(e)]
    bad = compare(x, y, addr, mac) + leaks(x, folder)
    if "left out\n" in said:
        bad.append("frames are left out: " + said)
    return bad


def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def block(kind, body):
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def frame(payload):
    tcp = struct.pack(">HHIIBBHHH", 40000, 80, 1000, 2000, 0x50, 0x18, 500, 0, 0) + payload
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 7, 0, 64, 6, 0) + bytes([192, 0, 2, 1, 198, 51, 100, 7])
    return b"\2SECRET\2SECR"[:12] + b"\x08\0" + ip + tcp + b"SECRET-TRAILER"


def words(prog, folder):
    """Nothing that people have written into a pcapng file, or into a packet, comes through."""
    data = frame(b"GET /SECRET HTTP/1.1\r\nHost: SECRET.example\r\n\r\nSECRET")
    packet = struct.pack("<IIIII", 0, 0, 1000, len(data), len(data)) + data + bytes(-len(data) % 4) + option(1, b"SECRET-REMARK") + option(0, b"")
    lookup = struct.pack("<HH", 1, 18) + bytes([192, 0, 2, 1]) + b"SECRET.example" + bytes(2) + bytes(4)
    section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + b"".join(option(i, b"SECRET-%d" % i) for i in (1, 2, 3, 4)) + option(0, b"")
    interface = struct.pack("<HHI", 1, 0, 0) + b"".join(option(i, b"SECRET-%d" % i) for i in (1, 2, 3, 12, 15)) + option(11, b"\0host SECRET") + option(0, b"")
    statistics = struct.pack("<III", 0, 0, 2000) + option(1, b"SECRET-STATISTICS") + option(0, b"")
    with open(os.path.join(folder, "x.pcapng"), "wb") as f:
        f.write(block(0x0A0D0D0A, section) + block(1, interface) + block(4, lookup) + block(6, packet) + block(10, b"SECRET-TLS-KEYS.") +
                block(5, statistics) + block(0xBAD, struct.pack("<I", 9) + b"SECRET--"))
    run(prog, "run", "-o", "a.db", "p=x.pcapng", cwd=folder)
    run(prog, "anonymize", "a.db", "-o", "copies", cwd=folder)
    with open(os.path.join(folder, "copies", "p.pcapng"), "rb") as f:
        copy = f.read()
    return ["%s is in the copy" % w for w in ("SECRET", "example", "192.0.2.1") if w.encode() in copy] + ["no packet"] * (b"GET /" not in copy)


def one(check_it, *args):
    folder = tempfile.mkdtemp()
    try:
        return check_it(*args, folder)
    except SystemExit as e:
        return [str(e)]
    finally:
        shutil.rmtree(folder)


def main():
    prog, only = os.path.abspath(sys.argv[1]), sys.argv[2:]
    sets = [s for s in list(fixture_sets()) + list(lab_sets()) if not only or any(s[0].startswith(o) for o in only)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda s: one(check, prog, *s), sets)) + [one(words, prog)]
    for name, bad in zip([s[0] for s in sets] + ["words"], results):
        for line in bad or []:
            print("%s: %s" % (name, line))
    failed, done = sum(bool(r) for r in results), sum(r is not None for r in results)
    print("%d sets of captures, %d of them differ" % (done, failed))
    return 1 if failed or done < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
