#!/usr/bin/env python3
"""page.py PROG SIMGEN: the pages of `pcaphop report`, read by a parser. (tests/browser/ uses them in a browser.)"""
import base64
import hashlib
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
# What may stay open (HTML, 13.1.2.4), and what ends it.
ENDS = {"li": {"li"}, "p": {"p", "pre", "ul", "table", "div", "details", "section", "h2", "h3", "form"}, "th": {"th", "td", "tr", "tbody"},
        "td": {"th", "td", "tr", "tbody"}, "tr": {"tr", "tbody"}}


class Page(html.parser.HTMLParser):
    """Everything of a page that a test asks about; what is wrong with its markup is in `wrong`."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.wrong, self.ids, self.attributes, self.tags = [], [], [], [], []
        self.parts = {"style": [], "script": [], "data": [], "title": [], "td": [], "text": []}
        self.feed(text)
        self.close()
        if self.open:
            self.wrong.append("never closed: %s" % self.open)

    def end_implied(self, wanted):
        while self.open and self.open[-1] in ENDS and wanted(self.open[-1]):
            self.open.pop()

    def handle_starttag(self, tag, attrs):
        if len(dict(attrs)) != len(attrs):
            self.wrong.append("attribute twice in <%s>" % tag)
        self.end_implied(lambda top: tag in ENDS[top])
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value for name, value in attrs if name == "id"]
        self.kind = "data" if tag == "script" and dict(attrs).get("type") == "application/json" else tag
        if tag in self.parts or self.kind == "data":
            self.parts[self.kind].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag in VOID:
            self.wrong.append("</%s>" % tag)
            return
        if self.open and self.open[-1] != tag:
            self.end_implied(lambda top: top != tag)
        if not self.open or self.open.pop() != tag:
            self.wrong.append("</%s> closes something else, at %s" % (tag, self.getpos()))

    def handle_data(self, data):
        top = self.open[-1] if self.open else ""
        kind = "data" if top == "script" and self.kind == "data" else top
        if kind in self.parts and self.parts[kind]:
            self.parts[kind][-1] += data
        self.parts["text"].append(data)

    def error(self, message):
        self.wrong.append(message)


class Failed(Exception):
    pass


def check(true, why):
    if not true:
        raise Failed(why)


def run(*command, **how):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how).stdout


def page_of(prog, case):
    """The page as text, its parts, and what every page must be."""
    text = run(prog, "report", case, "-o", "-").decode()
    page = Page(text)
    check(not page.wrong, "markup: %s" % page.wrong[:3])
    check(len(page.ids) == len(set(page.ids)), "an id twice")
    for tag in page.tags:
        check(tag not in {"link", "img", "iframe", "object", "embed", "base", "video", "audio", "image", "foreignobject"}, "a <%s>" % tag)
    for tag, name, value in page.attributes:
        check(not name.startswith("on") and name != "style" and name != "src", "<%s %s>" % (tag, name))
        check(name not in {"href", "xlink:href", "action"} or value.startswith("#"), "<%s %s=%r>" % (tag, name, value))
    for scheme in ("http:", "https:", "ftp:", "//", "url(", "@import"):
        for part in page.parts["style"] + [re.sub(r"^\s*//.*$", "", s, flags=re.M) for s in page.parts["script"]]:
            check(scheme not in part, "%s in style or script" % scheme)
    policy = [v for tag, name, v in page.attributes if tag == "meta" and name == "content" and "default-src" in v]
    check(len(policy) == 1 and policy[0].startswith("default-src 'none';") and "unsafe" not in policy[0], "policy: %s" % policy)
    for kind in ("style", "script"):
        check(len(page.parts[kind]) == 1, "more than one %s" % kind)
        digest = base64.b64encode(hashlib.sha256(page.parts[kind][0].encode()).digest()).decode()
        check("%s-src 'sha256-%s'" % (kind, digest) in policy[0], "the policy does not allow the %s" % kind)
    check(len(page.parts["data"]) == 1, "no data")
    data = json.loads(page.parts["data"][0])
    check_data(page, data)
    return text, page, data


def check_data(page, data):
    """Every reference has its phrase, every connection its row."""
    def text(reference):
        if isinstance(reference, int):
            return data["phrases"][reference]
        place, *digits = reference.split("|")
        check(data["phrases"][int(place)].count("#") == len(digits), "%r has not as many numbers as %r" % (reference, data["phrases"][int(place)]))
        return data["phrases"][int(place)]

    check([i for i in page.ids if re.fullmatch(r"c\d+", i)] == ["c%d" % c[0] for c in data["connections"]], "rows and data differ")
    for identity, _, digits, columns, rows, facts, findings, tags in data["connections"]:
        check(digits in (6, 9) and len(tags) % 2 == 0, "connection %d" % identity)
        for column in columns:
            check(len([data["phrases"][place] for place in column]) == 4, "column")
        for row in rows:
            if len(row) == 2:
                continue
            check(len(row) in (7, 8) and len(row[5]) == len(columns) and len(row[6]) == max(0, len(columns) - 1), "row of connection %d" % identity)
            for reference in row[2:5] + [h[0] if isinstance(h, list) else h for h in row[6]]:
                text(reference)
        for reference in facts + findings:
            check(re.fullmatch("[a-f]>?.*\x1f.*", text(reference), re.S), "paragraph %r" % text(reference))


# ---- the tests: each gets a folder of its own ----

def founding(prog, simgen, folder):
    for name in ("client", "behind-silent"):
        shutil.copy("fixtures/founding/%s.pcap" % name, folder)
    run(prog, "run", "-o", "case.db", "client=client.pcap", "behind=behind-silent.pcap", cwd=folder)
    text, page, data = page_of(prog, folder + "/case.db")
    check([c[0] for c in data["connections"]] == [6, 19], "which connections")
    rows = data["connections"][0][4]
    check([[r[5][0][1], r[5][1]] for r in rows] == [[51, 0], [72, 0], [73, 0], [94, 0]], "frames, and that behind saw nothing: %s" % rows)
    check([r[6][0][1] for r in rows] == [1, 1, 2, 2], "two cuts and two births: %s" % rows)
    for needle in ("took the SYNs and never passed them on", "4 dropped", "4 generated", "client + 37.250", "10.10.10.10:53810", "<noscript>"):
        check(needle in text, "no %r" % needle)
    check(text == page_of(prog, folder + "/case.db")[0], "not the same bytes again")
    run(prog, "run", "-o", "other.db", "behind=behind-silent.pcap", "client=client.pcap", cwd=folder)
    os.replace(folder + "/other.db", folder + "/case.db")
    check(text == page_of(prog, folder + "/case.db")[0], "not the same bytes in another order of import")


def hostile(prog, simgen, folder):
    """Names of points, files and the case come from outside."""
    evil = "</script><script>alert(1)</script>", "\"><img src=x onerror=alert(2)>'&amp;"
    names = [e.replace("/", "\u2044") for e in evil]
    os.makedirs(folder + "/d")
    shutil.copy("fixtures/founding/client.pcap", "%s/d/%s.pcap" % (folder, names[0]))
    shutil.copy("fixtures/founding/behind-silent.pcap", "%s/d/%s\n\u202e.pcap" % (folder, names[1]))
    points = ["<b onclick>'\"&", "]]-->{{7*7}}</title>"]
    files = sorted(os.listdir(folder + "/d"), key=lambda n: n.startswith('"'))
    run(prog, "run", "-o", "<i>&\".db", *["%s=d/%s" % (p, f) for p, f in zip(points, files)], cwd=folder)
    text, page, data = page_of(prog, folder + "/<i>&\".db")
    check("img" not in page.tags and "i" in page.tags and "<i>&" not in text, "markup from a name")
    check(not any(b in text for b in ("<b onclick", "<img", "<script>alert", "\u202e")), "markup from a name")
    check(points[0] in data["phrases"] and any(names[0] in p for p in data["phrases"]), "a name was lost")
    check(any(points[0] in t for t in page.parts["title"]), "a name was lost")
    check("&lt;i&gt;&amp;&quot;.db" in text, "the name of the case")


def many(prog, simgen, folder):
    """A thousand bad connections fit; of more, it is said how many do not."""
    run(simgen, "--troubles", "drops,rejects,resets,rewrites,path", "--connections", "3000", "--points", "3", "--seed", "5", "--no-truth", "--out", folder)
    files = sorted(f for f in os.listdir(folder) if f.endswith(".pcap"))
    run(prog, "run", "-o", "case.db", *["%s=%s" % (f[:-5], f) for f in files], cwd=folder)
    text, page, data = page_of(prog, folder + "/case.db")
    shown, size = len(data["connections"]), len(text.encode())
    check(shown >= 1000, "only %d connections" % shown)
    check(size < 1000000, "%d bytes" % size)
    more = re.search(r"([\d ]+) more connections with findings are not on this page", text)
    trouble = int(run("sqlite3", folder + "/case.db", "SELECT count(*) FROM connection WHERE severity >= 2"))
    check(more and int(more.group(1).replace(" ", "")) + shown >= trouble, "what is left out is not said")


def translated(prog, simgen, folder):
    """One long connection behind a NAT: its ladder is folded, and what became of its addresses is said."""
    run(simgen, "--elephant", "20000", "--loss", "0.001", "--seed", "3", "--no-truth", "--out", folder)
    run(prog, "run", "-o", "case.db", "p0=p0.pcap", "p1=p1.pcap", cwd=folder)
    text, page, data = page_of(prog, folder + "/case.db")
    inside, outside = run("sqlite3", "-separator", ":", folder + "/case.db", "SELECT DISTINCT client_addr FROM v_flow ORDER BY point").decode().split()
    check(all(any(td.startswith(a + ":") for td in page.parts["td"]) for a in (inside, outside)), "the translation is not in a table")
    check("source %s→%s" % (inside, outside) in "".join(page.parts["text"]), "what is changed on the way")
    rows = data["connections"][0][4]
    folds = [r for r in rows if len(r) == 2]
    packets = int(run("sqlite3", folder + "/case.db", "SELECT packets FROM v_connection"))
    check(folds and sum(r[0] for r in folds) + len(rows) - len(folds) == packets, "%d rows and %s hidden of %d" % (len(rows) - len(folds), folds, packets))
    check(all(data["phrases"][int(str(r[1]).split("|")[0])] for r in folds), "nothing is said of what is hidden")


def shapes(prog, simgen, folder):
    """One point, IPv6, NAT, steps of clocks, capture loss, many points: whatever there is, the page is one."""
    for seed in range(1, 13):
        world = "%s/%d" % (folder, seed)
        run(simgen, "--troubles", "all", "--seed", str(seed), "--points", str(2 + seed % 5), "--connections", "60", "--no-truth", "--out", world)
        files = sorted(f for f in os.listdir(world) if f.endswith(".pcap"))
        run(prog, "run", "-o", "case.db", *["%s=%s" % (f[:-5], f) for f in (files[:1] if seed == 12 else files)], cwd=world)
        page_of(prog, world + "/case.db")


def refused(prog, simgen, folder):
    """The case is not what a page is written over; what is no case is none; without -o nothing happens."""
    shutil.copy("fixtures/founding/client.pcap", folder)
    run(prog, "import", "case.db", "client=client.pcap", cwd=folder)
    for status, arguments, why in ((1, ("case.db", "-o", "case.db"), "is the case itself"), (2, ("case.db",), "-o FILE.html"), (1, ("case.db", "-o", "p.html"), "pcaphop correlate"),
                                   (1, ("client.pcap", "-o", "p.html"), "client.pcap"), (2, ("-o", "p.html"), "which case")):
        got = subprocess.run((prog, "report") + arguments, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check(got.returncode == status and why in got.stderr.decode(), "%s: %s" % (arguments, got))
        check(not os.path.exists(folder + "/p.html"), "a page all the same")
    run(prog, "correlate", "case.db", cwd=folder)
    got = subprocess.run((prog, "report", "case.db", "-o", "nowhere/p.html"), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check(got.returncode == 1 and b"nowhere/p.html: No such file" in got.stderr, "%s" % got)


def main():
    prog, simgen = (os.path.abspath(p) for p in sys.argv[1:3])
    os.environ.update(TZ="UTC", LC_ALL="C.UTF-8")
    failures = 0
    for test in (founding, hostile, many, translated, shapes, refused):
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(prog, simgen, folder)
            except (Failed, subprocess.CalledProcessError, ValueError) as e:
                failures += 1
                print("FAILED: page: %s: %s %s" % (test.__name__, e, getattr(e, "stderr", b"") or ""), file=sys.stderr)
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
