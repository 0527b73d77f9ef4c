"""The live lab: real TCP stacks, real rules, tcpdump at every interface; what pcaphop says is held against what the kernel counted.

    python3 tests/lab PROG [SCENARIO...]    (in namespaces of its own: lab.sh)

Prints a table and exits with 1 if anything differs. With LAB_KEEP=FOLDER the captures and cases stay there.
"""
import concurrent.futures
import os
import shutil
import signal
import sys
import time
import traceback

from lab import Lab
from net import LabError, Missing
from scenarios import SCENARIOS

AT_ONCE = 6
SECONDS = 60  # for one scenario
TRIES = 3     # until the lab can do it: losses are random, machines are busy
QUIET = 0.3   # for what is still on its way


def late(*_):
    raise LabError("not done in %d s" % SECONDS)


def play(prog, name, folder, number):
    """One scenario: its rows."""
    function, shape = SCENARIOS[name]
    signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    # A veth keeps the order only of what one processor sends.
    os.sched_setaffinity(0, {number % os.cpu_count()})
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    lab = Lab(folder, **shape)
    try:
        steps = function(lab)
        lab.hosts.meet()
        lab.start_captures()
        next(steps)
        time.sleep(QUIET)
        lab.hosts.end()
        time.sleep(QUIET)
        lab.stop_captures()
        next(steps, None)
        return list(lab.judge(prog))
    finally:
        signal.alarm(0)
        lab.close()


def outcome(*scenario):
    """Its rows, or why there are none. Played again only where the lab failed: what pcaphop says of a scenario stands."""
    for _ in range(TRIES):
        try:
            return play(*scenario)
        except Missing as e:
            return "skipped: %s" % e
        except Exception as e:
            where = traceback.extract_tb(e.__traceback__)[-1]
            broken = "BROKEN: %s (%s:%d)" % (e or type(e).__name__, os.path.basename(where.filename), where.lineno)
            if not isinstance(e, LabError):
                break
    return broken


def show(name, result):
    """Print the rows of a scenario that say something; True if all is well, None if it was skipped."""
    if isinstance(result, str):
        print("%-22s %s" % (name, result))
        return None if result.startswith("skipped") else False
    for row in result:
        if not row.silent():
            doubt = " and %d undecided" % row.doubt if row.doubt else ""
            print("%-22s %-38s %5d   %-48s %5d%s  %s" % (name, row.oracle, row.expected, row.verdict, row.found, doubt, "ok" if row.right() else "WRONG"))
            name = ""
    return all(row.right() for row in result)


def stop(number, _):
    """This is the first process of its namespaces: all others, and all files, go with it."""
    os._exit(128 + number)


def main():
    prog, names = os.path.abspath(sys.argv[1]), sys.argv[2:] or list(SCENARIOS)
    unknown = [n for n in names if n not in SCENARIOS]
    if unknown:
        sys.exit("lab: there is no scenario %s" % unknown[0])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    folder = os.environ.get("LAB_KEEP") or "/run/lab"
    with concurrent.futures.ProcessPoolExecutor(AT_ONCE) as pool:
        running = [(n, pool.submit(outcome, prog, n, os.path.join(folder, n), i)) for i, n in enumerate(names)]
        print("%-22s %-38s %5s   %-48s %5s" % ("scenario", "oracle", "", "verdict", ""))
        right = [show(n, r.result()) for n, r in running]
    for (name, _), well in zip(running, right):
        if well is False:
            print("lab: not as it should be: " + name)
    skipped = right.count(None)
    print("lab: %d of %d scenarios as they should be%s" % (right.count(True), len(right), ", %d skipped" % skipped if skipped else ""))
    return 1 if False in right else 0


sys.exit(main())
