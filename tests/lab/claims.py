"""What pcaphop says of the captures of a scenario."""
import collections
import os
import sqlite3
import subprocess

Claim = collections.namedtuple("Claim", "kind what direction place")


# These are said of connections, not of packets.
SITUATIONS = "'zero_window', 'port_reuse', 'stale_state', 'syn_proxy', 'ecn_bleached', 'pmtu_blackhole', 'idle_timeout'"


class Failed(Exception):
    """pcaphop did not do its work."""


def label(claim):
    return " ".join(w for w in claim if w)


def place(start, end, point):
    return "%s > %s" % (start, end) if start else point or ""


class Case:
    """The captures of these points, correlated."""

    def __init__(self, prog, net, points, name, *options):
        file = os.path.join(net.folder, name + ".db")
        captures = ["%s=%s" % (p, net.captures[p].file) for p in points]
        done = subprocess.run([prog, "run", "-o", file, *options, *captures], capture_output=True, text=True)
        if done.returncode:
            raise Failed("pcaphop: " + done.stderr.strip())
        self.db = sqlite3.connect(file)

    def claims(self):
        """{Claim: packets}; for situations, which are not packets, connections."""
        rows = self.db.execute("SELECT kind, what, direction, from_point, to_point, point,"
            " iif(kind IN (%s), count(DISTINCT connection_id), sum(count)) FROM v_finding" % SITUATIONS +
            " WHERE confidence IN ('certain', 'likely') AND kind NOT IN ('modified', 'undecided') GROUP BY 1, 2, 3, 4, 5, 6")
        return {Claim(kind, what, direction or "", place(start, end, point)): n for kind, what, direction, start, end, point, n in rows}

    def doubts(self):
        """{(what, direction, place): packets that are undecided there}"""
        rows = self.db.execute("SELECT what, direction, from_point, to_point, sum(count) FROM v_finding WHERE kind = 'undecided' GROUP BY 1, 2, 3, 4")
        return {(what, direction, place(start, end, "")): n for what, direction, start, end, n in rows}

    def possible(self, kind, point):
        """Packets of findings that are only possible."""
        rows = self.db.execute("SELECT coalesce(sum(count), 0) FROM v_finding WHERE confidence = 'possible' AND kind = ? AND point = ?", (kind, point))
        return rows.fetchone()[0]

    def changes(self):
        """{(field, direction, place): connections}"""
        rows = self.db.execute("SELECT field, direction, from_point, to_point, count(DISTINCT connection_id) FROM v_change GROUP BY 1, 2, 3, 4")
        return {(field, direction, place(start, end, None)): n for field, direction, start, end, n in rows}

    def connections(self):
        return self.db.execute("SELECT count(*) FROM v_connection").fetchone()[0]
