"""What pcaphop costs, in time, memory and bytes, beside what it is to be held against: a plain loop, tshark, a bare read of the file.

    python3 tests/bench/bench.py BUILD [WORLD...]    (make bench)

SIZE (200000) is packets at all points together, RUNS (3) how often each step is run, SEED (1) that of the simulated captures; worlds are two, four,
elephant, flood and growth. Every number is a median; what is compared was run in turn, and a ratio is the median of the ratios: that holds on a
machine that has other things to do. Exits with 1 when a bar is missed.
"""
import contextlib
import math
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

SIZE = int(os.environ.get("SIZE", 200000))
RUNS = int(os.environ.get("RUNS", 3))
SEED = os.environ.get("SEED", "1")
PATIENCE = 120       # seconds: after that, steps are not run again
PER_CONNECTION = 22  # packets at one point, of the simulator's load
MB = 1 << 20

# The bars.
PLAIN = 2            # times as fast as the plain loop
TSHARK = 40          # times as fast as tshark | sqlite3
RUN = 2.5            # times the import of the same captures
ANSWER = 0.05        # seconds: a diff, a view of one connection
CASE_BYTES = 80      # per packet
GROWTH = 9           # times the time for 8 times the work

OF_ONE = [
    ("its first 100 packets", "SELECT * FROM v_packet WHERE connection_id = %d LIMIT 100"),
    ("its hops", "SELECT * FROM v_hop WHERE connection_id = %d"),
    ("its first 100 delays", "SELECT * FROM v_delay WHERE connection_id = %d LIMIT 100"),
    ("all of its delays", "SELECT direction, count(*), avg(delay_ns) FROM v_delay WHERE connection_id = %d GROUP BY 1"),
    ("its changes", "SELECT * FROM v_change WHERE connection_id = %d"),
    ("its findings", "SELECT * FROM v_finding WHERE connection_id = %d"),
]
OF_ALL = [
    ("10 slowest answers", "SELECT * FROM v_timing ORDER BY server_max_ns DESC LIMIT 10"),
    ("failures by client", "SELECT client_addr, count(*) FROM v_connection WHERE outcome <> 'completed' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10"),
]


class Run:
    """A command that was run: seconds by the clock and of processors, peak memory in bytes."""

    def __init__(self, command):
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, shell=isinstance(command, str))
        said = process.stderr.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.wall = time.monotonic() - start
        self.cpu = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss * 1024
        if process.returncode != 0:
            sys.exit("bench: %s: %s" % (command, said.strip()))


class Read:
    """Nothing but a read of a file."""

    def __init__(self, path):
        start = time.monotonic()
        block = bytearray(MB)
        with open(path, "rb", buffering=0) as file:
            while file.readinto(block):
                pass
        self.wall = time.monotonic() - start


class Samples(list):
    """The same step, run several times."""

    def median(self, what="wall"):
        return statistics.median(getattr(s, what) for s in self)

    def times(self, other, what="wall"):
        """How many times as long it takes as the other, which was run in turn with it."""
        return statistics.median(getattr(a, what) / getattr(b, what) for a, b in zip(self, other))


def in_turn(*steps):
    """Runs the steps one after the other, several times; Samples of each."""
    samples = [Samples() for _ in steps]
    start = time.monotonic()
    for _ in range(RUNS):
        for step, taken in zip(steps, samples):
            taken.append(step())
        if time.monotonic() - start > PATIENCE:
            break
    return samples


class Bench:
    """Prints a line per number, and counts the bars that were missed."""

    def __init__(self, build):
        self.build = build
        self.prog = os.path.join(build, "pcaphop")
        self.missed = self.bars = 0

    def section(self, title):
        print("\n" + title, flush=True)

    def line(self, label, text, bar=None, value=None, least=False, show="{:.4g}".format):
        """With a bar, value is held against it: no more, or at least that."""
        verdict = ""
        if bar is not None:
            good = value >= bar if least else value <= bar
            off = bar / value if least else value / bar
            self.bars += 1
            self.missed += not good
            verdict = "%s %-7s %s" % ("at least" if least else "at most ", show(bar), "ok" if good else "MISSED by %.2f times" % off)
        print(("  %-29s %-29s %s" % (label, text, verdict)).rstrip(), flush=True)

    def ratio(self, label, slow, fast, bar, least):
        """By the clock, and by processors."""
        value = slow.times(fast)
        self.line(label, "%.2f (by processors %.2f)" % (value, slow.times(fast, "cpu")), bar, value, least)

    def fresh(self, case, *command):
        """A step that makes a case anew."""
        def step():
            with contextlib.suppress(FileNotFoundError):
                os.remove(case)
            return Run(command)
        return step


class World:
    """Simulated captures in a folder of their own, gone at the end."""

    def __init__(self, bench, folder, *options):
        self.folder = tempfile.mkdtemp(dir=folder)
        command = [os.path.join(bench.build, "tests/bench/simgen"), "--seed", SEED, *options, "--nano", "--no-truth", "--out", self.folder]
        said = subprocess.run(command, check=True, stderr=subprocess.PIPE, text=True).stderr
        self.connections = int(re.match(r"\d+", said).group())
        self.open = int(re.search(r"at most (\d+) open", said).group(1))
        self.frames = [int(n) for n in re.findall(r"p\d+ (\d+)", said)]
        self.packets = sum(self.frames)
        self.files = [os.path.join(self.folder, "p%d.pcap" % i) for i in range(len(self.frames))]
        self.points = ["p%d=%s" % (i, f) for i, f in enumerate(self.files)]
        self.case = os.path.join(self.folder, "case.db")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def __str__(self):
        return "%s packets at %d points, %s connections" % (number(self.packets), len(self.files), number(self.connections))

    def memory_bar(self):
        return 64 * MB + 16 * self.packets + 1024 * self.open


def number(n):
    return "{:,}".format(n).replace(",", " ")


def seconds(s):
    return "%.1f ms" % (s * 1e3) if s < 1 else "%.2f s" % s


def imports(bench, world):
    """One point, beside the plain loop and a bare read of the file."""
    plain = os.path.join(world.folder, "plain.db")
    loop, ours, read = in_turn(
        bench.fresh(plain, os.path.join(bench.build, "tests/bench/plain"), plain, world.files[0]),
        bench.fresh(world.case, bench.prog, "import", world.case, world.points[0]),
        lambda: Read(world.files[0]))
    os.remove(plain)
    n = world.frames[0]
    bench.line("import of one point", "%s, %.3f M packets/s" % (seconds(ours.median()), n / ours.median() / 1e6))
    bench.line("  the plain loop", "%s, %.3f M packets/s" % (seconds(loop.median()), n / loop.median() / 1e6))
    bench.ratio("  times as fast as it", loop, ours, PLAIN, True)
    bench.line("  times a bare read", "%.1f" % ours.times(read))


def runs(bench, world):
    """All points: import, correlate, run."""
    both, correlate, run = in_turn(
        bench.fresh(world.case, bench.prog, "import", world.case, *world.points),
        lambda: Run([bench.prog, "correlate", world.case]),
        bench.fresh(world.case, bench.prog, "run", "-o", world.case, *world.points))
    bench.line("import of all points", seconds(both.median()))
    bench.line("correlate", "%s, %.2f us/packet" % (seconds(correlate.median()), correlate.median() / world.packets * 1e6))
    bench.line("run", seconds(run.median()) + (" (%d of %d runs)" % (len(run), RUNS) if len(run) < RUNS else ""))
    bench.ratio("  times the imports", run, both, RUN, False)
    for name, samples in ("import", both), ("correlate", correlate), ("run", run):
        peak = samples.median("memory")
        bench.line("peak memory, MB, " + name, "%.0f" % (peak / MB), round(world.memory_bar() / MB), peak / MB)


TSHARK_FIELDS = ("frame.number frame.time_epoch ip.src ip.dst ipv6.src ipv6.dst tcp.srcport tcp.dstport tcp.flags tcp.seq_raw tcp.ack_raw "
                 "tcp.window_size_value tcp.len tcp.options.timestamp.tsval tcp.options.timestamp.tsecr ip.id ip.ttl ip.dsfield")


def tshark(bench, folder):
    """tshark -T fields into the sqlite3 shell, on a capture of its own: per packet."""
    if not (shutil.which("tshark") and shutil.which("sqlite3")):
        bench.line("tshark | sqlite3", "not installed")
        return
    with World(bench, folder, "--load", "--connections", str(max(SIZE // 500, 2000))) as world:
        table = os.path.join(world.folder, "tshark.db")
        command = "tshark -n -r %s -T fields -E separator=, -e %s | sqlite3 %s '.mode csv' 'CREATE TABLE packet(%s)' '.import /dev/stdin packet'" % (
            world.files[0], " -e ".join(TSHARK_FIELDS.split()), table, ", ".join('"%s"' % f for f in TSHARK_FIELDS.split()))
        theirs, ours = in_turn(bench.fresh(table, "sh", "-c", command),
                               bench.fresh(world.case, bench.prog, "import", world.case, world.points[0]))
        with contextlib.closing(sqlite3.connect(table)) as db:
            rows, = db.execute("SELECT count(*) FROM packet").fetchone()
        if rows != world.frames[0]:
            sys.exit("bench: tshark | sqlite3: %d of %d packets" % (rows, world.frames[0]))
        bench.line("tshark | sqlite3", "%s, %.3f M packets/s" % (seconds(theirs.median()), world.frames[0] / theirs.median() / 1e6))
        bench.ratio("  import, times as fast", theirs, ours, TSHARK, True)


def questions(bench, case):
    """What people ask of a case. A connection of usual size that something happened to, and the largest one."""
    with contextlib.closing(sqlite3.connect(case)) as db:
        usual = db.execute("SELECT id FROM connection ORDER BY severity DESC, id LIMIT 1").fetchone()[0]
        largest = db.execute("SELECT id FROM connection ORDER BY packets DESC, id LIMIT 1").fetchone()[0]
    def ask(label, bar, *command):
        taken = in_turn(lambda: Run([bench.prog, *command]))[0].median()
        bench.line(label, seconds(taken), bar, taken, show=seconds)

    ask("list", None, "list", case)
    ask("diff, usual connection", ANSWER, "diff", case, str(usual))
    if largest != usual:
        ask("diff, largest connection", ANSWER, "diff", case, str(largest))
    for name, sql in OF_ONE:
        ask("query, " + name, ANSWER, "query", case, sql % usual)
    for name, sql in OF_ALL:
        ask("query, " + name, None, "query", case, sql)


def table_bytes(case):
    """Bytes of each table, its indexes included (dbstat), the largest first."""
    with contextlib.closing(sqlite3.connect(case)) as db:
        return db.execute("SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s LEFT JOIN sqlite_schema m ON m.name = s.name "
                          "WHERE s.aggregate = TRUE GROUP BY m.tbl_name ORDER BY 2 DESC, 1").fetchall()


def sizes(bench, world):
    per_packet = os.path.getsize(world.case) / world.packets
    bench.line("case, bytes per packet", "%.1f" % per_packet, CASE_BYTES, per_packet)
    for table, size in table_bytes(world.case):
        if size >= world.packets / 2:
            bench.line("  " + (table or "(schema)"), "%5.1f" % (size / world.packets))


def cheapest(bench, world):
    """Processor seconds of import and correlate, the least of the runs: what load there is beside must not count."""
    taken = in_turn(bench.fresh(world.case, bench.prog, "import", world.case, *world.points),
                    lambda: Run([bench.prog, "correlate", world.case]))
    return [min(s.cpu for s in samples) for samples in taken]


def scale(bench, folder, idle, name, steps):
    """The same with more and more work: how many times the time, if work grew 8 times as it did here from first to last. idle: what a case of a few
    packets costs, which does not grow."""
    packets, cost = [], []
    for options in steps:
        with World(bench, folder, *options) as world:
            packets.append(world.packets)
            cost.append([c - i for c, i in zip(cheapest(bench, world), idle)])
    for i, command in enumerate(("import", "correlate")):
        each = ["%.2g" % (c[i] / n * 1e6) for c, n in zip(cost, packets)]
        growth = (cost[-1][i] / cost[0][i]) ** (math.log(8) / math.log(packets[-1] / packets[0]))
        bench.line("%s, %s" % (name, command), "%4.1f (%s)" % (growth, " ".join(each)), GROWTH, growth)


def growth(bench, folder):
    base = max(SIZE // 32, 20000)
    few, many, steps = base // 400, base // 2 // PER_CONNECTION, (1, 2, 4, 8)
    bench.section("8 times the work takes so many times the time   (us of processor per packet at each step)")
    with World(bench, folder, "--load", "--connections", "5", "--lengthy", "0") as world:
        idle = cheapest(bench, world)
    scale(bench, folder, idle, "longer connections",
          [("--load", "--connections", str(few), "--lengthy", "1", "--lengthy-response", str(k * 70000)) for k in steps])
    scale(bench, folder, idle, "more connections", [("--load", "--connections", str(k * many)) for k in steps])
    scale(bench, folder, idle, "2, 4, 6 points", [("--load", "--connections", str(many), "--points", str(k)) for k in (2, 4, 6)])
    scale(bench, folder, idle, "elephant", [("--elephant", str(k * base // 2)) for k in steps])
    scale(bench, folder, idle, "flood", [("--flood", str(k * base // 2)) for k in steps])


def world(bench, folder, title, *options):
    """All that is measured of one world, and tshark on a smaller one like it."""
    with World(bench, folder, *options) as made:
        bench.section("%s: %s" % (title, made))
        imports(bench, made)
        if len(made.files) == 2 and "--load" in options:
            tshark(bench, folder)
        runs(bench, made)
        questions(bench, made.case)
        sizes(bench, made)


def main():
    bench = Bench(sys.argv[1])
    folder = tempfile.mkdtemp(prefix="pcaphop-bench-")
    connections = SIZE // PER_CONNECTION
    worlds = {
        "two": lambda: world(bench, folder, "Two points, a NAT between", "--load", "--connections", str(connections // 2)),
        "four": lambda: world(bench, folder, "Four points", "--load", "--connections", str(connections // 4), "--points", "4"),
        "elephant": lambda: world(bench, folder, "Elephant", "--elephant", str(SIZE // 2)),
        "flood": lambda: world(bench, folder, "Flood", "--flood", str(SIZE // 2)),
        "growth": lambda: growth(bench, folder),
    }
    print("%d cores, load %.1f, SIZE=%d RUNS=%d SEED=%s" % (os.cpu_count(), os.getloadavg()[0], SIZE, RUNS, SEED))
    try:
        for name in sys.argv[2:] or worlds:
            worlds[name]()
    finally:
        shutil.rmtree(folder)
    print("\n%d of %d bars missed" % (bench.missed, bench.bars))
    return bench.missed > 0


if __name__ == "__main__":
    sys.exit(main())
