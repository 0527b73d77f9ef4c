"""The scenarios: each sets up a net, lets applications talk, yields while the captures are ended, and then says what must be claimed, by whose count.

Counters of nft rules that are named KIND/WHAT/DIRECTION, and what the hosts count of repeats and resets, are compared in every scenario (lab.py).
"""
import errno
import shutil
import socket
import subprocess
import time

import device
from lab import FAMILIES, TOWARDS, each, first
from net import Missing

IP_MTU_DISCOVER, IP_PMTUDISC_DONT = 10, 0  # linux/in.h

SCENARIOS = {}


def scenario(**shape):
    def register(function):
        SCENARIOS[function.__name__.replace("_", "-")] = (function, shape)
        return function
    return register


@scenario()
def clean(lab):
    lab.listen(80)
    lab.talk(80, times=3)
    yield


@scenario(offloads=True)
def clean_offloads(lab):
    lab.listen(80)
    for family in FAMILIES:
        c = lab.connect(family, 80)
        c.talk(100000, 300000)
        c.finish()
    yield


@scenario(offloads=True)
def offloads_at_the_client(lab):
    """The client and the firewall's outside hold segments of up to 64 KB, the rest those of the wire."""
    for node, interface in ((lab.fw, "in"), (lab.server, "out")):
        node.offloads(interface, "off")
    lab.listen(80)
    for family in FAMILIES * 2:
        c = lab.connect(family, 80)
        c.talk(200000, 200000)
        c.finish()
    yield
    lab.may("resegmented")


@scenario()
def syn_drop(lab):
    lab.fw.nft(forward=each("tcp dport 81"))
    lab.listen(80)
    lab.talk(80)
    waiting = [lab.start(family, 81) for family in FAMILIES * 2]
    time.sleep(3.5)
    assert not any(c.wait(0) for c in waiting)
    lab.talk(80)
    yield


@scenario()
def random_drop(lab):
    lab.concede()
    lab.fw.nft(forward="numgen random mod 10 == 0 jump lose", lose=each())
    lab.listen(80)
    for family in FAMILIES * 3:
        c = lab.connect(family, 80)
        c.talk(30000, 30000)  # more, and one whose repeats are lost again and again takes too long
        c.finish(3)
    yield


def first_dropped(what, direction):
    def function(lab):
        if what == "data":
            lab.concede()  # Repeats within a millisecond are equal in IPv6, to the timestamp.
        lab.fw.nft(forward=first(what, direction))
        lab.listen(80)
        lab.talk(80, times=20)
        yield
    function.__name__ = "first_%s_dropped" % what.lower().replace("-", "")
    scenario()(function)


for packet, way in (("SYN", "c2s"), ("SYN-ACK", "s2c"), ("data", "s2c"), ("FIN", "c2s")):
    first_dropped(packet, way)


@scenario()
def midstream_drop(lab):
    lab.listen(80)
    open_ones = [lab.connect(family, 80) for family in FAMILIES]
    for c in open_ones:
        c.talk()
    lab.fw.nft(forward=each())
    for c in open_ones:
        assert c.ask(3000, seconds=1) == 0
    yield


@scenario()
def reject_reset(lab):
    lab.fw.nft(forward=each("tcp dport 81", "reject with tcp reset"), output=each("", "accept", "generated"))
    lab.listen(80)
    lab.talk(80)
    for family in FAMILIES * 2:
        lab.refuse(family, 81, errno.ECONNREFUSED)
    yield


@scenario()
def reject_reset_midstream(lab):
    lab.listen(80)
    open_ones = [lab.connect(family, 80) for family in FAMILIES]
    for c in open_ones:
        c.talk()
    lab.fw.nft(forward=each("", "reject with tcp reset", towards={"c2s": TOWARDS["c2s"]}), output=each("", "accept", "generated"))
    for c in open_ones:
        c.client.send(b"x" * 200)
    time.sleep(0.3)
    yield


@scenario()
def reject_admin(lab):
    made = 'oifname "out" icmp type destination-unreachable icmp code 13 counter name generated/ICMP/s2c\n' \
        'oifname "out" icmpv6 type destination-unreachable icmpv6 code 1 counter name generated/ICMP/s2c'
    lab.fw.nft(forward=each("tcp dport 81", "reject with icmpx type admin-prohibited"), output=made)
    lab.listen(80)
    lab.talk(80)
    for family in FAMILIES * 2:
        lab.refuse(family, 81, (errno.EHOSTUNREACH, errno.EACCES))
    yield


def translated(lab, oracle, number, *sides):
    """NAT: addresses and ports of these sides differ behind the firewall."""
    names = {"client": ("src", "sport", "dst", "dport"), "server": ("dst", "dport", "src", "sport")}
    for side in sides:
        address, port, back_address, back_port = names[side]
        lab.changes(oracle, number, "fw-out > fw-in", "c2s", address, port)
        lab.changes(oracle, number, "fw-in > fw-out", "s2c", back_address, back_port)


@scenario()
def dnat(lab):
    lab.fw.nft(prerouting="tcp dport 80 meta nfproto ipv4 counter name nat dnat ip to 10.0.1.2:8080\n"
        "tcp dport 80 meta nfproto ipv6 counter name nat dnat ip6 to [fd00:1::2]:8080")
    lab.listen(8080)
    for family, vip in ((4, "10.0.0.2"), (6, "fd00:0::2")) * 3:
        c = lab.connect(family, 80, to=vip, at=8080)
        c.talk()
        c.finish()
    yield
    translated(lab, "nft fw: nat", lab.fw.counters()["nat"], "server")


@scenario()
def snat_port(lab):
    lab.fw.nft(postrouting='oifname "in" meta l4proto tcp counter name nat masquerade to :20000-30000 random')
    lab.listen(80)
    lab.talk(80, times=3)
    yield
    translated(lab, "nft fw: nat", lab.fw.counters()["nat"], "client")


@scenario()
def full_nat(lab):
    lab.fw.nft(prerouting="tcp dport 80 meta nfproto ipv4 dnat ip to 10.0.1.2:8080\ntcp dport 80 meta nfproto ipv6 dnat ip6 to [fd00:1::2]:8080",
        postrouting='oifname "in" meta l4proto tcp counter name nat masquerade to :20000-30000 random')
    lab.listen(8080)
    vips = {4: "10.0.0.2", 6: "fd00:0::2"}
    open_ones = [lab.connect(family, 80, to=vips[family], at=8080) for family in FAMILIES * 10]
    for c in open_ones:
        c.talk()
    for c in open_ones:
        c.finish()
    yield
    translated(lab, "nft fw: nat", lab.fw.counters()["nat"], "client", "server")


@scenario()
def closed_port(lab):
    lab.listen(80)
    lab.talk(80)
    for family in FAMILIES * 2:
        lab.refuse(family, 82, errno.ECONNREFUSED)
    yield


@scenario()
def server_aborts(lab):
    lab.listen(80)
    for family in FAMILIES * 2:
        c = lab.connect(family, 80)
        c.talk()
        c.abort("server")
    yield


@scenario()
def client_aborts(lab):
    lab.listen(80)
    for family in FAMILIES:
        c = lab.connect(family, 80)
        c.talk()
        c.abort("client")
    yield


@scenario()
def listen_overflow(lab):
    lab.listen(80)
    lab.listen(83, backlog=0)
    lab.talk(80)
    for family in FAMILIES:
        assert lab.start(family, 83).wait(5)
    waiting = [lab.start(family, 83) for family in FAMILIES * 2]
    time.sleep(2.5)
    assert not any(c.wait(0) for c in waiting)
    yield
    lab.must("nstat server: TcpExtListenDrops", lab.server.rose("TcpExtListenDrops"), "unanswered", "SYN", "c2s", "server")


@scenario()
def ecn_drop(lab):
    lab.fw.nft(forward=each("tcp flags & (ecn | cwr) == (ecn | cwr)"))
    lab.client.sysctl(ipv4__tcp_ecn=1)
    lab.listen(80)
    lab.talk(80, times=2)
    yield


@scenario()
def mss_clamp(lab):
    lab.fw.nft(mangle="\n".join(
        "%s tcp flags & syn == syn counter name clamped/%s tcp option maxseg size set 1200" % (TOWARDS[d], d) for d in TOWARDS))
    lab.listen(80)
    lab.talk(80, times=2)
    yield
    lab.changes("nft fw: clamped/c2s", lab.fw.counters()["clamped/c2s"], "fw-out > fw-in", "c2s", "opt.mss")
    lab.changes("nft fw: clamped/s2c", lab.fw.counters()["clamped/s2c"], "fw-in > fw-out", "s2c", "opt.mss")


@scenario()
def dscp(lab):
    lab.fw.nft(mangle='oifname "in" tcp flags & (syn | ack) == syn counter name marked\noifname "in" ip dscp set af41\noifname "in" ip6 dscp set af41')
    lab.listen(80)
    lab.talk(80, times=2)
    yield
    lab.changes("nft fw: marked", lab.fw.counters()["marked"], "fw-out > fw-in", "c2s", "tos")


@scenario(nodes=("client", "fw", "fw2", "server"))
def two_routers(lab):
    lab.fw.nft(forward=each("tcp dport 81") + "\n" + each("tcp dport 83", "reject with tcp reset"), output=each("", "accept", "generated"))
    lab.fw2.nft(forward=each("tcp dport 82") + "\n" + first("SYN-ACK", "s2c"))
    lab.listen(80)
    lab.talk(80)
    waiting = [lab.start(family, port) for family in FAMILIES for port in (81, 82)]
    for family in FAMILIES:
        lab.refuse(family, 83, errno.ECONNREFUSED)
    time.sleep(1.5)
    assert not any(c.wait(0) for c in waiting)
    yield


@scenario()
def synproxy(lab):
    lab.fw.sysctl(netfilter__nf_conntrack_tcp_loose=0)
    lab.fw.nft(
        raw='iifname "out" tcp dport 80 tcp flags & (syn | ack) == syn counter name syns notrack',
        forward='iifname "out" tcp dport 80 ct state invalid,untracked counter name proxied synproxy mss 1460 wscale 7 sack-perm\nct state invalid drop')
    lab.listen(80)
    for _ in range(3):
        lab.connect(4, 80).talk()  # nft lets the kernel answer no SYN of IPv6 there
    yield
    number = lab.fw.counters()["syns"]
    for what, direction, place in (("SYN", "c2s", "fw-out > fw-in"), ("ACK", "c2s", "fw-out > fw-in"), ("SYN-ACK", "s2c", "fw-in > fw-out")):
        lab.must("nft fw: syns", number, "dropped", what, direction, place)
    for what, direction, place in (("SYN", "c2s", "fw-out > fw-in"), ("ACK", "c2s", "fw-out > fw-in"), ("SYN-ACK", "s2c", "fw-in > fw-out"),
            ("ACK", "s2c", "fw-in > fw-out")):
        lab.must("nft fw: syns", number, "generated", what, direction, place)
    lab.must("nft fw: syns", number, "syn_proxy", "connection", "", "fw-out > fw-in")
    lab.may("modified")


@scenario()
def zero_window(lab):
    lab.listen(80, SO_RCVBUF=4096)
    for family in FAMILIES:
        c = lab.connect(family, 80)
        c.talk()
        c.client.send(bytes(60000))
    time.sleep(3)
    yield
    lab.must("nstat client: TcpExtTCPWinProbe", lab.client.rose("TcpExtTCPWinProbe"), "keepalive", "ACK", "c2s", "client")
    lab.must("nstat server: TcpExtTCPToZeroWindowAdv", lab.server.rose("TcpExtTCPToZeroWindowAdv"), "zero_window", "ACK", "s2c", "server")


@scenario()
def keepalive(lab):
    lab.listen(80)
    for family in FAMILIES:
        c = lab.connect(family, 80)
        c.client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        c.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
        c.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
        c.talk()
    time.sleep(3.5)
    yield
    lab.must("nstat client: TcpExtTCPKeepAlive", lab.client.rose("TcpExtTCPKeepAlive"), "keepalive", "ACK", "c2s", "client")


def idle(lab, verdict):
    """A firewall that forgets connections, and what it then does to their packets."""
    lab.fw.sysctl(netfilter__nf_conntrack_tcp_loose=0, netfilter__nf_conntrack_tcp_timeout_established=1)
    lab.fw.nft(forward="ct state established,new accept\n" + each("", verdict), output=each("", "accept", "generated"))
    lab.listen(80)
    open_ones = [lab.connect(family, 80) for family in FAMILIES]
    for c in open_ones:
        c.talk()
    time.sleep(3)
    for c in open_ones:
        c.client.send(b"x" * 300)
    time.sleep(1)
    lab.may("idle_timeout")


@scenario()
def idle_timeout_drop(lab):
    idle(lab, "drop")
    yield


@scenario()
def idle_timeout_reset(lab):
    idle(lab, "reject with tcp reset")
    yield


@scenario()
def pmtu_black_hole(lab):
    lab.fw.run("ip", "link", "set", "in", "mtu", "1300")
    lab.fw.nft(output="icmp type destination-unreachable counter name silenced drop\nicmpv6 type packet-too-big counter name silenced drop")
    lab.listen(80)
    for family in FAMILIES:
        c = lab.connect(family, 80)
        c.talk(400, 400)
        assert c.ask(8000, seconds=2) < 8000
    yield
    lab.must("nft fw: silenced", lab.fw.counters()["silenced"], "dropped", "data", "c2s", "fw-out > fw-in")
    lab.may("pmtu_blackhole")


@scenario()
def fragments(lab):
    lab.fw.run("ip", "link", "set", "in", "mtu", "1000")
    lab.listen(80)
    for _ in range(3):
        c = lab.connect(4, 80)
        c.client.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
        c.talk(20000, 400)
        c.finish()
    yield
    lab.must("nstat fw: IpFragOKs", lab.fw.rose("IpFragOKs"), "fragmented", "data", "c2s", "fw-out > fw-in")


@scenario()
def ecn_stripped(lab):
    lab.fw.nft(mangle='oifname "in" tcp flags & (syn | ecn | cwr) == (syn | ecn | cwr) counter name stripped tcp flags set syn')
    lab.client.sysctl(ipv4__tcp_ecn=1)
    lab.listen(80)
    lab.talk(80, times=2)
    yield
    number = lab.fw.counters()["stripped"]
    lab.changes("nft fw: stripped", number, "fw-out > fw-in", "c2s", "flags")
    lab.may("ecn_bleached")


@scenario()
def ecn_bleached(lab):
    lab.fw.nft(mangle='ip ecn set not-ect\nip6 ecn set not-ect\ntcp flags & (syn | ack | ecn | cwr) == (syn | ack | ecn) counter name granted')
    lab.client.sysctl(ipv4__tcp_ecn=1)
    lab.listen(80)
    lab.talk(80, times=2)
    yield
    number = lab.fw.counters()["granted"]
    lab.changes("nft fw: granted", number, "fw-out > fw-in", "c2s", "tos")
    lab.changes("nft fw: granted", number, "fw-in > fw-out", "s2c", "tos")
    lab.may("ecn_bleached")


@scenario()
def timestamps_stripped(lab):
    lab.fw.nft(mangle=TOWARDS["c2s"] + " tcp flags & syn == syn counter name stripped reset tcp option timestamp")
    lab.listen(80)
    lab.talk(80, times=2)
    yield
    for field in ("opt.tsval", "opt.tsecr"):
        lab.changes("nft fw: stripped", lab.fw.counters()["stripped"], "fw-out > fw-in", "c2s", field)


@scenario()
def port_reused(lab):
    lab.listen(80)
    for family in FAMILIES:
        for _ in range(3):
            c = lab.connect(family, 80, source=40000)
            c.talk()
            c.finish(first="server")
            c.client.close()
    yield
    lab.must("applications: on a used port", lab.opened - len(FAMILIES), "port_reuse", "connection", "", "client")


@scenario()
def stale_server(lab):
    lab.listen(80)
    for family in FAMILIES:
        old = lab.connect(family, 80, source=40000)
        old.talk()
        lab.hosts.forget(old.client)
        time.sleep(0.7)
        c = lab.connect(family, 80, source=40000)
        c.talk()
        c.finish()
    yield
    challenges = lab.server.rose("TcpExtTCPSYNChallenge")
    lab.must("nstat server: TcpExtTCPSYNChallenge", challenges, "sent", "ACK", "s2c", "server")
    lab.must("nstat server: TcpExtTCPSYNChallenge", challenges, "stale_state", "ACK", "s2c", "server")
    lab.may("port_reuse")


def on_the_wire(policy, kind):
    def function(lab):
        if kind == "dropped":
            lab.concede()  # as in first_data_dropped
        lab.listen(80)
        # A segment that comes late is repeated within a millisecond, and in IPv6 nothing tells which is which.
        for family in (4, 4) if kind == "reordered" else FAMILIES:
            c = lab.connect(family, 80)
            c.talk(2000, 200000)
            c.finish()
        yield
        lab.must("the device on the wire", lab.device.count, kind, "data", "s2c", "wire-in > wire-out")
    function.__name__ = "wire_" + kind
    scenario(nodes=("client", "wire", "server"), policy=policy)(function)


on_the_wire(device.lose, "dropped")
on_the_wire(device.double, "duplicated")
on_the_wire(device.delay, "reordered")
on_the_wire(device.corrupt, "corrupted")


@scenario(back="fwb")
def two_ways(lab):
    """What the client sends goes by fw, what the server sends by fwb."""
    lab.fw.nft(forward=each("tcp dport 81"))
    lab.fwb.nft(forward=each("tcp sport 82"))
    for port in (80, 81, 82):
        lab.listen(port)
    lab.talk(80, times=2)
    waiting = [lab.start(family, port) for family in FAMILIES for port in (81, 82)]
    time.sleep(2.5)
    assert not any(c.wait(0) for c in waiting)
    yield


PROXY = """
defaults
    mode tcp
    log stdout format raw local0
    option tcplog
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend lab
    bind :80
    bind :::80 v6only
    default_backend server
backend server
    server one 10.0.1.2:8080 send-proxy
"""


@scenario()
def haproxy(lab):
    if not shutil.which("haproxy"):
        raise Missing("there is no haproxy")
    with open(lab.folder + "/haproxy.cfg", "w") as f:
        f.write(PROXY)
    with open(lab.folder + "/haproxy.log", "w") as log:
        proxy = subprocess.Popen(lab.fw.command("haproxy", "-db", "-f", f.name), stdout=log, stderr=log)
    try:
        time.sleep(1)
        lab.listen(8080)
        for family, address in ((4, "10.0.0.2"), (6, "fd00:0::2")) * 3:
            c = lab.start(family, 80, to=address)
            assert c.wait(5)
            lab.hosts.accept(c, 4, 8080)
            lab.opened += 1
            time.sleep(0.1)
            assert c.server.recv(107, socket.MSG_PEEK).startswith(b"PROXY TCP")
            c.server.recv(c.server.recv(107, socket.MSG_PEEK).index(b"\n") + 1)
            c.talk()
            c.finish()
        yield
    finally:
        proxy.terminate()
        proxy.wait()
    with open(log.name) as f:
        logged = f.read().count(" lab server/one ")
    for kind, what, direction in (("terminated", "connection", ""), ("originated", "connection", ""), ("inserted", "data", "c2s")):
        lab.must("haproxy: its log", logged, kind, what, direction, "fw-out > fw-in")
