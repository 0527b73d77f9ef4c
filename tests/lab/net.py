"""Hosts and routers as network namespaces, wired in a row, with a capture at every interface.

The lab runs in mount, network and process namespaces of its own (lab.sh): names clash with nobody, and all of this is gone when it ends,
however it ends.
"""
import contextlib
import ctypes
import json
import os
import re
import signal
import subprocess

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
OFFLOADS = ("rx", "tx", "sg", "tso", "gso", "gro")


class LabError(Exception):
    """The lab could not do what a scenario needs; this says nothing about pcaphop."""


class Missing(LabError):
    """The kernel or the tools cannot do it here."""


def run(*command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode:
        raise LabError("%s: %s" % (" ".join(command), done.stderr.strip()))
    return done.stdout


class Node:
    """One namespace: a host, a router, or a device on the wire."""

    def __init__(self, name, path):
        self.name, self.path = name, path
        self.before = {}

    @contextlib.contextmanager
    def inside(self):
        """What the thread opens here (sockets, files of /proc/net) belongs to this namespace, and stays there."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            self._enter(os.open(self.path, os.O_RDONLY))
            yield
        finally:
            self._enter(home)

    @staticmethod
    def _enter(fd):
        if LIBC.setns(fd, CLONE_NEWNET):
            raise LabError("setns: " + os.strerror(ctypes.get_errno()))
        os.close(fd)

    def command(self, *words):
        return ("nsenter", "--net=" + self.path, *words)

    def run(self, *words, text=None):
        return run(*self.command(*words), text=text)

    def offloads(self, interface, switch):
        self.run("ethtool", "-K", interface, *(word for offload in OFFLOADS for word in (offload, switch)))

    def sysctl(self, **values):
        with self.inside():
            for name, value in values.items():
                with open("/proc/sys/net/" + name.replace("__", "/"), "w") as f:
                    f.write(str(value))

    def snmp(self):
        """What nstat shows: {TcpRetransSegs: n, TcpExtListenDrops: n, ...}"""
        values = {}
        with self.inside():
            for name in ("snmp", "netstat"):
                with open("/proc/thread-self/net/" + name) as f:
                    for names, numbers in zip(f, f):
                        group, *names = names.split()
                        values.update({group[:-1] + n: int(v) for n, v in zip(names, numbers.split()[1:])})
            with open("/proc/thread-self/net/snmp6") as f:
                values.update({n: int(v) for n, v in map(str.split, f)})
        return values

    def rose(self, *names):
        """By how much these host counters rose since the scenario began, added up."""
        now = self.snmp()
        return sum(now[n] - self.before[n] for n in names)

    def nft(self, **chains):
        """Load rules; a chain is named after its hook. Counters that they name are made."""
        chains["sized"] = SIZED
        text = "table inet lab {\n"
        for name in sorted(set(re.findall(r"counter name (\S+)", "\n".join(chains.values())))):
            text += "counter %s { }\n" % name
        for name in sorted(chains, key=lambda n: n in HOOKS):
            text += "chain %s {\n%s\n%s\n}\n" % (name, HOOKS.get(name, ""), chains[name])
        try:
            self.run("nft", "-f", "-", text=text + "}\n")
        except LabError as e:
            if "Could not process rule" not in str(e):
                raise
            raise Missing("the kernel knows no such rule: " + str(e).split("\n")[1].strip()) from e

    def counters(self):
        """Packets by name of the counter."""
        found = json.loads(self.run("nft", "-j", "list", "counters"))["nftables"]
        return {c["counter"]["name"]: c["counter"]["packets"] for c in found if "counter" in c}


# nft compares lengths with constants only: a rule for each length of a TCP header tells which packets have data.
HAS_DATA = 1
SIZED = "\n".join("tcp doff %d ip length > %d meta mark set %d\ntcp doff %d ip6 length > %d meta mark set %d" % (
    words, 20 + 4 * words, HAS_DATA, words, 4 * words, HAS_DATA) for words in range(5, 16))
HOOKS = {
    "sized": "type filter hook prerouting priority -400;",
    "raw": "type filter hook prerouting priority raw;",
    "prerouting": "type nat hook prerouting priority dstnat;",
    "forward": "type filter hook forward priority 0;",
    "mangle": "type filter hook forward priority mangle;",
    "input": "type filter hook input priority 0;",
    "output": "type filter hook output priority 0;",
    "postrouting": "type nat hook postrouting priority srcnat;",
}


class Capture:
    """A tcpdump that runs until stop(); file is what it wrote."""

    def __init__(self, node, interface, file, longest):
        self.file = file
        # Immediate mode and -U: what was captured is in the file at once.
        with open(file, "wb") as out:
            self.process = subprocess.Popen(
                node.command("tcpdump", "-i", interface, "-U", "--immediate-mode", "-n", "-s", str(longest), "-B", "16384", "-w", "-"),
                stdout=out, stderr=subprocess.PIPE, text=True)
        said = ""
        for line in self.process.stderr:
            said += line
            if "listening on" in line:
                return
        raise LabError("tcpdump: " + said.strip())

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        said = self.process.communicate(timeout=10)[1]
        lost = re.search(r"(\d+) packets? dropped by kernel", said)
        if not lost or int(lost.group(1)):
            raise LabError("tcpdump lost packets: " + " ".join(said.split("\n")[-3:]))


class Net:
    """
    nodes, from client to server, each wired to the next; one whose name begins with wire has no addresses (device.py).
    What the server sends goes by back, if given.
    """

    def __init__(self, folder, nodes=("client", "fw", "server"), back=None, offloads=False):
        self.folder, self.offloads = folder, offloads
        self.points, self.captures, self.nodes, self.at = [], {}, {}, {}
        for name in (*nodes, back) if back else nodes:
            path = "/run/netns/%s-%s" % (os.path.basename(folder), name)
            run("ip", "netns", "add", os.path.basename(path))
            self.nodes[name] = Node(name, path)
            self.nodes[name].run("ip", "link", "set", "lo", "up")
        self.row = [self.nodes[n] for n in nodes]
        self.back = self.nodes.get(back)
        self.devices = [n for n in self.nodes.values() if n not in (self.client, self.server)]
        self._wire()
        self._route()
        if back:
            self._way_back()
        ends = [(node.name, interface) for node in (*self.row[:-1], *([self.back] if back else []), self.row[-1]) for interface in ("out", "in")]
        self.points = [self.at[end] for end in ends if end in self.at]

    def __getattr__(self, name):
        try:
            return self.__dict__["nodes"][name]
        except KeyError:
            raise AttributeError(name) from None

    def _wire(self):
        subnet = 0
        for left, right in zip(self.row, self.row[1:]):
            # A device on the wire divides no subnet.
            self._link(left, "in", right, "out", subnet, [n for n in (left, right) if not n.name.startswith("wire")])
            subnet += not right.name.startswith("wire")
        self.subnets = subnet

    def _link(self, left, left_end, right, right_end, subnet, addressed):
        run("ip", "link", "add", left_end, "netns", os.path.basename(left.path), "type", "veth",
            "peer", "name", right_end, "netns", os.path.basename(right.path))
        for node, interface, host in ((left, left_end, 1), (right, right_end, 2)):
            self.at[node.name, interface] = node.name if node in (self.client, self.server) else node.name + "-" + interface
            if not self.offloads:
                node.offloads(interface, "off")
            node.run("ip", "link", "set", interface, "up")
            if node in addressed:
                node.run("ip", "address", "add", "10.0.%d.%d/24" % (subnet, host), "dev", interface)
                node.run("ip", "address", "add", "fd00:%d::%d/64" % (subnet, host), "dev", interface, "nodad")

    @staticmethod
    def _forward(node):
        # A router answers every packet that it rejects: no limits on ICMP errors.
        node.sysctl(ipv4__ip_forward=1, ipv6__conf__all__forwarding=1, ipv4__icmp_ratelimit=0, ipv6__icmp__ratelimit=0)

    def _route(self):
        routers = [n for n in self.row[1:-1] if not n.name.startswith("wire")]
        for node in routers:
            self._forward(node)
        for i, node in enumerate([self.client, *routers, self.server]):
            for subnet in range(self.subnets):
                if subnet < i - 1:
                    self._via(node, subnet, i - 1, 1)
                elif subnet > i:
                    self._via(node, subnet, i, 2)

    def _way_back(self):
        """Another router, for what the server sends."""
        near, far = self.subnets, self.subnets + 1
        self._link(self.client, "back", self.back, "out", near, (self.client, self.back))
        self._link(self.back, "in", self.server, "back", far, (self.back, self.server))
        self._forward(self.back)
        self._via(self.server, 0, far, 1)
        self._via(self.back, 0, near, 1)
        self._via(self.back, self.subnets - 1, far, 2)

    @staticmethod
    def _via(node, subnet, link, host):
        node.run("ip", "route", "replace", "10.0.%d.0/24" % subnet, "via", "10.0.%d.%d" % (link, host))
        node.run("ip", "route", "replace", "fd00:%d::/64" % subnet, "via", "fd00:%d::%d" % (link, host))

    def server_address(self, family):
        return {4: "10.0.%d.2", 6: "fd00:%d::2"}[family] % (self.subnets - 1)

    def start_captures(self):
        # A slot of tcpdump's buffer is as long as the longest packet may be: of segments of 64 KB only the headers are kept.
        longest = 256 if self.offloads else 2000
        for (node, interface), point in self.at.items():
            if point not in self.captures:
                # A host with two interfaces is one point.
                where = "any" if self.back and node == point else interface
                self.captures[point] = Capture(self.nodes[node], where, "%s/%s.pcap" % (self.folder, point), longest)
        for node in self.nodes.values():
            node.before = node.snmp()

    def stop_captures(self):
        for capture in self.captures.values():
            capture.stop()

    def close(self):
        """Whatever still runs ends, and the namespaces go."""
        for capture in self.captures.values():
            capture.process.kill()
        for node in self.nodes.values():
            run("ip", "netns", "del", os.path.basename(node.path))
