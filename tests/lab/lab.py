"""One scenario: what is set up, what is known of it from elsewhere than captures, and whether pcaphop says the same."""
import collections
import re

from claims import Case, Claim, label
from device import Wire
from hosts import Hosts
from net import HAS_DATA, LabError, Net

FAMILIES = (4, 6)


class Row(collections.namedtuple("Row", "oracle expected verdict found doubt", defaults=(0,))):
    """What an oracle counted, and how often pcaphop claims it; and, where a scenario concedes it, how often it only says that it cannot tell."""

    def right(self):
        return self.expected == self.found + self.doubt

    def silent(self):
        return not (self.expected or self.found or self.doubt)


# The classes of CONTRACT.md ("what"), first match wins; what has data is marked by the chain of net.py.
CLASSES = {
    "SYN": "tcp flags & (syn | ack) == syn",
    "SYN-ACK": "tcp flags & (syn | ack) == (syn | ack)",
    "RST.ACK": "tcp flags & (rst | ack) == (rst | ack)",
    "RST": "tcp flags & rst == rst",
    "data": "meta mark %d" % HAS_DATA,
    "FIN": "tcp flags & fin == fin",
    "ACK": "meta l4proto tcp",
}
TOWARDS = {"c2s": 'oifname "in"', "s2c": 'oifname "out"'}
# A counter of this name is a claim that must be made: KIND/WHAT/DIRECTION.
COUNTER = re.compile(r"([a-z]+)/([A-Za-z.-]+)/(c2s|s2c)$")


def each(match="", verdict="drop", kind="dropped", towards=TOWARDS):
    """Rules that count what they match by class and direction, and do verdict to it."""
    return "\n".join("%s %s %s counter name %s/%s/%s %s" % (towards[d], match, test, kind, what, d, verdict)
        for d in towards for what, test in CLASSES.items())


def first(what, direction, number=1):
    """Rules that drop the first packets of a class, of either family."""
    return "\n".join("meta nfproto ipv%d %s %s limit rate 1/day burst %d packets counter name dropped/%s/%s drop" % (
        family, TOWARDS[direction], CLASSES[what], number, what, direction) for family in FAMILIES)


class Lab:
    def __init__(self, folder, policy=None, **shape):
        self.net = Net(folder, **shape)
        self.device = Wire(self.net.wire, policy) if policy else None
        self.hosts = Hosts(self.net)
        self.expected = {}   # Claim: (oracle, number)
        self.changed = {}    # (field, direction, place): (oracle, number)
        self.allowed = set() # kinds that no oracle counts
        self.conceded = False
        self.opened = 0

    def __getattr__(self, name):
        return getattr(self.net, name)

    def close(self):
        if self.device:
            self.device.end()
        self.net.close()

    # What scenarios do.

    def listen(self, port, **options):
        self.hosts.listen(port, **options)

    def connect(self, *where, **more):
        self.opened += 1
        return self.hosts.connect(*where, **more)

    def start(self, *where, **more):
        self.opened += 1
        return self.hosts.start(*where, **more)

    def refuse(self, family, port, error, seconds=10):
        """A connection that fails for the client with this errno."""
        self.opened += 1
        got = self.hosts.refused(family, port, seconds)
        if got not in (error if isinstance(error, tuple) else (error,)):
            raise LabError("port %d: error %d, not %s" % (port, got, error))

    def talk(self, port, times=1, **more):
        """Whole connections of both families."""
        for family in FAMILIES * times:
            c = self.connect(family, port, **more)
            c.talk()
            if not c.finish():
                raise LabError("port %d: no end" % port)

    # What they know.

    def must(self, oracle, number, kind, what, direction, place):
        """pcaphop must claim this as often as the oracle says."""
        self.expected[Claim(kind, what, direction, place)] = (oracle, number)

    def changes(self, oracle, number, place, direction, *fields):
        for field in fields:
            self.changed[field, direction, place] = (oracle, number)

    def may(self, *kinds):
        """Claims that no oracle counts."""
        self.allowed.update(kinds)

    def concede(self):
        """Some drops leave room for doubt: each must be claimed or be called undecided there, and nothing else may."""
        self.conceded = True

    # What is compared.

    def hop(self, node, direction):
        ends = (self.at[node.name, "out"], self.at[node.name, "in"])
        return " > ".join(ends if direction == "c2s" else ends[::-1])

    def counters_must(self):
        """Every counter of a router that is named after a claim."""
        for node in self.devices:
            for name, packets in node.counters().items():
                named = COUNTER.match(name)
                if named:
                    kind, what, direction = named.groups()
                    self.must("nft %s: %s" % (node.name, name), packets, kind, what.replace(".", ","), direction, self.hop(node, direction))

    def host_rows(self, case, claims):
        """What the two hosts' TCP counts of itself: repeats and resets."""
        for node in (self.client, self.server):
            for counter, kind, whats in (("TcpRetransSegs", "retransmitted", None), ("TcpOutRsts", "sent", ("RST", "RST,ACK"))):
                mine = [c for c in claims if c.kind == kind and c.place == node.name and (not whats or c.what in whats)]
                found = sum(claims.pop(c) for c in mine)
                doubt = case.possible(kind, node.name) if self.conceded and not whats else 0
                yield Row("nstat %s: %s" % (node.name, counter), node.rose(counter), "%s at %s" % (
                    "sent RST" if whats else kind, node.name), found, doubt)

    def less_known(self, prog, claims):
        """Who knows less may claim less, but nothing else: without path and --running, and with the captures of the two hosts only."""
        ends = collections.Counter()
        for claim, number in claims.items():
            way = "server > client" if claim.direction == "s2c" else "client > server"
            ends[claim._replace(place=way) if " > " in claim.place else claim] += number
        for points, most, name in ((self.points, claims, "inferred"), (("client", "server"), ends, "ends")):
            for claim, number in Case(prog, self.net, points, name).claims().items():
                if number > most.get(claim, 0):
                    yield Row("as claimed when more is known", most.get(claim, 0), "%s: %s" % (name, label(claim)), number)

    def judge(self, prog):
        self.counters_must()
        case = Case(prog, self.net, self.points, "case", "--path", ",".join(self.points), "--running", "all")
        claims, doubts = case.claims(), case.doubts() if self.conceded else {}
        yield from self.less_known(prog, claims)
        yield Row("applications: connections", self.opened, "connections", case.connections())
        yield from self.host_rows(case, claims)
        for claim, (oracle, number) in self.expected.items():
            yield Row(oracle, number, label(claim), claims.pop(claim, 0), doubts.get(claim[1:], 0) if claim.kind == "dropped" else 0)
        for claim, number in claims.items():
            if claim.kind not in self.allowed:
                yield Row("-", 0, label(claim), number)
        changes = case.changes()
        for change, (oracle, number) in self.changed.items():
            yield Row(oracle, number, "changed " + label(change), changes.pop(change, 0))
        for change, number in changes.items():
            if "modified" not in self.allowed:
                yield Row("-", 0, "changed " + label(change), number)
