#!/usr/bin/env python3
"""queries.py PROG: a case is a good SQLite database for other programs, and the example queries are right there, too.

Every query of correlate/queries/ gives the same rows in pcaphop, in the sqlite3 shell and in Python, reads no packets that it need not, and is told by
'pcaphop help queries' and the manual page. Tables and views keep to what their readers rely on.
"""
import csv
import glob
import io
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

PROG = os.path.abspath(sys.argv[1])
POINTS = ["client", "fw-outside", "fw-inside", "lb-outside", "lb-inside", "server"]
failures = []


def complain(text):
    failures.append(text)
    print(text, file=sys.stderr)


def run(*command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8")
    if done.returncode != 0:
        complain(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def make_case(folder):
    case = os.path.join(folder, "case.db")
    run(PROG, "run", "-o", case, "--running", "all", *(f"{p}=fixtures/six/{p}.pcap" for p in POINTS))
    return case


def value_of(text):
    """Numbers are equal however they are written."""
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else text


def rows_of(text):
    return [[value_of(field) for field in row] for row in csv.reader(io.StringIO(text))]


def in_python(db, sql):
    cursor = db.execute(sql)
    head = [column[0] for column in cursor.description]
    return [head] + [["" if value is None else value_of(str(value)) for value in row] for row in cursor]


def plan_of(db, sql):
    return db.execute("EXPLAIN QUERY PLAN " + sql).fetchall()


def reads_all_packets(plan):
    """Single packets (k in v_packet) are to be read by connection, or not at all: no loop around them runs over a whole table."""
    for number, (_, parent, _, detail) in enumerate(plan):
        around = [row[3] for row in plan[:number] if row[1] == parent]
        if re.match(r"SCAN k\b", detail) or (re.match(r"SEARCH k\b", detail) and any(text.startswith("SCAN ") for text in around)):
            return True
    return False


def check_query(db, case, name, sql, page):
    told = run(PROG, "help", "queries", name)
    here = rows_of(run(PROG, "query", "--format", "csv", case, "-", text=sql))
    shell = rows_of(run("sqlite3", "-readonly", "-csv", "-header", case, text=sql))
    plan = plan_of(db, sql)
    if told != sql:
        complain(f"{name}: 'help queries' says something else")
    if not sql.startswith("-- ") or "?" not in sql.split("\n")[0]:
        complain(f"{name}: the first line is no question")
    if here != shell or here != in_python(db, sql):
        complain(f"{name}: other rows in the sqlite3 shell or in Python")
    if len(here) < 2:
        complain(f"{name}: no rows, nothing is tested")
    if reads_all_packets(plan):
        complain(f"{name}: reads every packet: {plan}")
    if not re.search(rf"^ +{name}( |$)", page, re.M):
        complain(f"{name}: not in the manual page")


def check_queries(db, case):
    page = run("mandoc", "-T", "ascii", "correlate/pcaphop.1")
    page = run("col", "-bx", text=page)
    names = sorted(os.path.basename(path)[:-4] for path in glob.glob("correlate/queries/*.sql"))
    told = re.findall(r"^  ([a-z_]+)  ", run(PROG, "help", "queries"), re.M)
    if sorted(told) != names:
        complain(f"'help queries' has {sorted(told)}, correlate/queries has {names}")
    plan = plan_of(db, "SELECT count(*) FROM v_packet WHERE flags = 'SYN'")
    if not reads_all_packets(plan):
        complain(f"this plan is not seen to read all packets: {plan}")
    for name in names:
        with open(f"correlate/queries/{name}.sql", encoding="utf-8") as file:
            check_query(db, case, name, file.read(), page)


def check_tables(db):
    """What others who open the file rely on: strict types, keys that hold, comments that stay."""
    for name, strict in db.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'"):
        if not strict:
            complain(f"table {name} is not STRICT")
        for column, kind, key in list(db.execute("SELECT name, type, pk FROM pragma_table_info(?)", (name,))):
            if (column.endswith("_ns") or column.endswith("_id")) and kind != "INTEGER":
                complain(f"{name}.{column} is {kind}")
    if db.execute("PRAGMA foreign_key_check").fetchall():
        complain("PRAGMA foreign_key_check finds rows without their parent")
    if not db.execute("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%REFERENCES%'").fetchone()[0]:
        complain("no foreign keys are declared")
    if db.execute("PRAGMA application_id").fetchone()[0] != 0x70686F70 or not db.execute("PRAGMA user_version").fetchone()[0]:
        complain("application_id or user_version is not set")
    if "-- as given on the command line" not in db.execute("SELECT sql FROM sqlite_schema WHERE name = 'capture'").fetchone()[0]:
        complain("the comments are not in .schema")


def check_views(db):
    """Every view can be read without a function of ours; times are integers with ISO text beside them."""
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'view'").fetchall():
        row = db.execute(f"SELECT * FROM {name} LIMIT 1").fetchone()
        for column, value in zip((c[0] for c in db.execute(f"SELECT * FROM {name} LIMIT 0").description), row or ()):
            if column.endswith("_ns") and value is not None and not isinstance(value, int):
                complain(f"{name}.{column} is {value!r}")
            if column in ("time", "start_time") and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", value):
                complain(f"{name}.{column} is {value!r}")


def main():
    folder = tempfile.mkdtemp()
    try:
        case = make_case(folder)
        db = sqlite3.connect(f"file:{case}?mode=ro", uri=True)
        check_queries(db, case)
        check_tables(db)
        check_views(db)
        db.close()
    finally:
        shutil.rmtree(folder)
    return 1 if failures else 0


sys.exit(main())
