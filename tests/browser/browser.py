#!/usr/bin/env python3
"""browser.py PROG SIMGEN [FOLDER]: use the page of `pcaphop report` in Chromium, as a reader would. FOLDER: keep pictures there."""
import os
import subprocess
import sys
import tempfile

from driver import Browser, installed

SHOWN = "[...document.querySelectorAll('#list > tbody > tr:not(.detail)')].filter((r) => !r.hidden)"


class Failed(Exception):
    pass


def check(true, why):
    if not true:
        raise Failed(why)


def quiet(b, page):
    """Nothing on the console, no request but for the page itself, no sideways scrolling."""
    messages = [entry["message"] for entry in b.log("browser")]
    check(not messages, "console: %s" % messages[:3])
    asked = [u for u in b.requests() if u not in ("about:blank", "file://" + page)]
    check(not asked, "requests: %s" % asked[:3])
    check(b.js("return document.documentElement.scrollWidth <= innerWidth"), "wider than the window: %s" % b.js(
        "return [document.documentElement.scrollWidth, innerWidth, [...document.querySelectorAll('main *')].filter((e) => !e.closest('.scroll') && "
        "e.getBoundingClientRect().right > innerWidth).slice(0, 5).map((e) => e.outerHTML.slice(0, 100))]"))


def opens(b, founding, many):
    """The first connection is open, with its ladder, frames and filters."""
    b.open(founding)
    check(b.js("return document.querySelectorAll('.ladder').length") == 1, "one ladder")
    words = b.js("return document.querySelector('.ladder').textContent")
    for word in ("SYN ECE CWR", "RST,ACK", "dropped, repeats 1", "generated", "3.00 s", "+7.268 659"):
        check(word in words, "%r is not in the ladder" % word)
    check(b.js("return document.querySelectorAll('.ladder .cut').length + 10 * document.querySelectorAll('.ladder .born').length") == 22, "two cuts, two births")
    check(b.js("return [...document.querySelectorAll('.frames tbody tr')].map((r) => r.cells[5].textContent).join()") == "51,72,73,94", "frames")
    filters = b.js("return [...document.querySelectorAll('.filters code')].map((c) => c.textContent)")
    check(filters == ["ip.addr == 10.10.10.10 && tcp.port == 53810 && ip.addr == 20.20.20.20 && tcp.port == 443", "frame.number in {51, 72, 73, 94}"], filters)
    for display in filters:
        got = subprocess.run(["tshark", "-r", "fixtures/founding/client.pcap", "-Y", display, "-T", "fields", "-e", "frame.number"], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, check=True).stdout.split()
        check(got == [b"51", b"72", b"73", b"94"], "%s finds %s" % (display, got))


def slopes(b, founding, many):
    """Time runs down: no arrow goes up, and what was later at a point is lower there."""
    b.open(many)
    b.js("document.querySelectorAll('.buttons button')[0].click()")
    check(b.js("return document.querySelectorAll('.ladder').length") >= 1000, "not all ladders")
    up = b.js("return [...document.querySelectorAll('.ladder > g:nth-of-type(2) > line')].filter((l) => +l.getAttribute('y2') < +l.getAttribute('y1') - 0.01).length")
    check(up == 0, "%d arrows go up" % up)
    bad = b.js("""return [...document.querySelectorAll('.ladder')].filter((l) => {
        const last = {};
        return [...l.querySelectorAll('g:nth-of-type(3) > text')].some((t) => {
            if (!/^[+]/.test(t.textContent) || t.getAttribute('text-anchor') !== 'end')
                return false;
            const y = +t.getAttribute('y'), wrong = y < (last.y || 0) + 15;
            last.y = y;
            return wrong;
        });
    }).length""")
    check(bad == 0, "rows of %d ladders overlap" % bad)


def searches(b, founding, many):
    b.open(many)
    all_of_them = b.js("return %s.length" % SHOWN)
    check(all_of_them >= 1000, "rows")
    b.click("#find input")
    b.press("no such thing")
    check(b.js("return %s.length" % SHOWN) == 0 and b.js("return found.textContent").startswith("0 of"), "nothing is found")
    b.js("const i = document.querySelector('#find input'); i.value = ''; i.dispatchEvent(new Event('input', {bubbles: true}))")
    for number, value, test in ((0, "dropped", "kinds"), (1, None, "places")):
        b.js("""const s = document.querySelectorAll('#find select')[arguments[0]]; s.value = arguments[1] || s.options[1].value;
                s.dispatchEvent(new Event('input', {bubbles: true}))""", number, value)
        n = b.js("return %s.length" % SHOWN)
        check(0 < n < all_of_them, "%s leave %d" % (test, n))
    b.js("document.querySelectorAll('#find select').forEach((s) => { s.value = ''; }); found.dispatchEvent(new Event('input'))")
    ends = b.js("return %s[5].cells[3].textContent" % SHOWN)
    address, port = ends.rsplit(":", 1)
    for label, value in (("Address", address), ("Port", port)):
        b.js("""const i = [...document.querySelectorAll('#find label')].find((l) => l.textContent === arguments[0]).querySelector('input');
                i.value = arguments[1]; i.dispatchEvent(new Event('input', {bubbles: true}))""", label, value)
    check(b.js("return %s.every((r) => r.textContent.includes(arguments[0]))" % SHOWN, ends) and b.js("return %s.length" % SHOWN) >= 1, "by address and port")


def sorts(b, founding, many):
    b.open(many)
    for column, name in enumerate(["Number", "Start, UTC", "Took", "Client", "Server", "Outcome", "Verdict"]):
        for order in ("ascending", "descending"):
            b.click("#list thead th:nth-child(%d) button" % (column + 1))
            check(b.js("return document.querySelector('#list th[aria-sort]').textContent + ' ' + document.querySelector('#list th[aria-sort]').getAttribute('aria-sort')") ==
                  "%s %s" % (name, order), name)
            ids = b.js("return %s.map((r) => +r.id.slice(1))" % SHOWN)
            if column < 2:
                check(ids == sorted(ids, reverse=order == "descending"), name)
            check(b.js("return [...document.querySelectorAll('tr.detail')].every((d) => d.previousElementSibling.id === 'c' + d.id.slice(1))"), "a ladder left its connection")


def keyboard(b, founding, many):
    """Everything by Tab, Enter and Space, and where one is can be seen."""
    b.open(founding)
    seen = []
    for _ in range(60):
        b.press("Tab")
        seen.append(b.js("const a = document.activeElement; return a.getAttribute('aria-label') || a.textContent.slice(0, 20) || (a.labels && a.labels[0].textContent.slice(0, 7))"))
        if seen[-1] == "Connection 19":
            break
    for name in ("To the connections", "Search", "Open all", "Number", "Connection 6", "Connection 19"):
        check(name in seen, "Tab does not come to %r: %s" % (name, seen))
    check(b.js("return getComputedStyle(document.activeElement).outlineStyle") == "solid", "no ring around what has the focus")
    b.press("Enter")
    check(b.js("return document.activeElement.getAttribute('aria-expanded') === 'true' && !document.getElementById('d19').hidden"), "Enter opens")
    b.press("Space")
    check(b.js("return document.activeElement.getAttribute('aria-expanded') === 'false' && document.getElementById('d19').hidden"), "Space closes")
    for _ in range(60):
        b.press("Shift+Tab")
        if b.js("return document.activeElement.textContent") == "Took":
            break
    b.press("Enter")
    check(b.js("return document.querySelector('#list th[aria-sort]').textContent") == "Took", "Enter sorts")


def spoken(b, founding, many):
    """What a screen reader needs: names for everything that can be used or is a picture."""
    for page in (founding, many):
        b.open(page)
        nameless = b.js("""return [...document.querySelectorAll('button, input, select, svg[role=img], [role=region], table')].filter((e) =>
            !(e.getAttribute('aria-label') || e.textContent.trim() || (e.labels && e.labels.length) || e.querySelector('title, caption'))).map((e) => e.outerHTML.slice(0, 80))""")
        check(not nameless, "no name: %s" % nameless[:3])
        check(b.js("return [...document.querySelectorAll('svg[role=img]')].every((e) => e.firstElementChild && e.firstElementChild.tagName === 'title')"), "a picture without a title")
        check(b.js("return document.documentElement.lang") == "en" and b.js("return document.querySelectorAll('h1').length") == 1, "language, one title")


def contrast(b, founding, many):
    """Words can be read on their background, by light and in the dark (WCAG 2: 4.5)."""
    for dark in (False, True):
        b.open(founding, dark=dark)
        low = b.js("""
            const part = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
            const light = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number); return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b); };
            const back = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\\)$/.test(c)) return c; } return 'rgb(255, 255, 255)'; };
            return [...document.querySelectorAll('body *')].filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length).map((e) => {
                const style = getComputedStyle(e), a = light(e.namespaceURI.includes('svg') ? style.fill : style.color), b = light(back(e));
                return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.tagName + ' ' + e.className + ' ' + e.textContent.slice(0, 30)];
            }).filter(([c]) => c < 4.5)""")
        check(not low, "%s: %s" % ("dark" if dark else "light", low[:3]))


def fits(b, founding, many):
    """No sideways scrolling, however wide or narrow, also with an open ladder."""
    for page in (founding, many):
        for width in (400, 800, 1600):
            b.open(page, width=width, dark=width == 800)
            check(b.until("return document.querySelector('.ladder') !== null"), "no ladder")
            quiet(b, page)
            ladder = b.js("const r = document.querySelector('.ladder').getBoundingClientRect(); return [r.left, r.right]")
            check(ladder[0] >= 0 and (ladder[1] <= width or page == many), "a ladder of two points is %s wide in %d" % (ladder, width))
    b.open(founding, width=1600)
    b.cdp("Emulation.setDeviceMetricsOverride", width=500, height=900, deviceScaleFactor=1, mobile=False)
    check(b.until("return document.querySelector('.ladder').getBoundingClientRect().right <= 500"), "a ladder does not follow the window")


def prints(b, founding, many):
    b.open(founding, dark=True)
    b.cdp("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    check(b.js("return getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)", "dark paper")
    check(b.js("return getComputedStyle(document.getElementById('find')).display") == "none", "a form on paper")
    b.cdp("Emulation.setEmulatedMedia", media="", features=[])
    pdf = b.pdf()
    check(pdf[:5] == b"%PDF-" and len(pdf) > 20000, "no PDF")
    with tempfile.NamedTemporaryFile(suffix=".pdf") as f:
        f.write(pdf)
        f.flush()
        text = subprocess.run(["pdftotext", "-layout", f.name, "-"], stdout=subprocess.PIPE, check=True).stdout.decode()
    for word in ("SYN ECE CWR", "4 dropped", "Frame numbers", "frame.number in {51, 72, 73, 94}", "Connection", "around"):
        check(word in text, "%r is not printed" % word)


def named(b, founding, many):
    """The address names a connection."""
    b.open(founding + "#c19")
    check(b.js("return !document.getElementById('d19').hidden && document.getElementById('d6') === null"), "19 is open, and only that")
    b.js("location.hash = '#c6'")
    check(b.until("return document.getElementById('d6') !== null"), "then 6")


def copies(b, founding, many):
    b.open(founding)
    b.click(".filters button")
    check(b.until("return document.querySelector('.filters button').textContent === 'Copied'"), "not copied")


def scriptless(b, founding, many):
    """Without its script the page still says everything, the ladders as text."""
    b.cdp("Emulation.setScriptExecutionDisabled", value=True)
    try:
        b.open(founding)
        text = b.cdp("DOM.getOuterHTML", nodeId=b.cdp("DOM.getDocument", depth=1)["root"]["nodeId"])["outerHTML"]
    finally:
        b.cdp("Emulation.setScriptExecutionDisabled", value=False)
    check("╳" in text and "took the SYNs and never passed them on" in text and "<pre" in text, "nothing without the script")


def pages(prog, simgen, folder):
    """Paths of the two pages: the founding case, and one of a thousand bad connections at three points."""
    fixtures = os.path.abspath("fixtures/founding")
    subprocess.run([simgen, "--troubles", "drops,rejects,resets,rewrites,path", "--connections", "3000", "--points", "3", "--seed", "5", "--no-truth", "--out", folder], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    made = sorted(f for f in os.listdir(folder) if f.endswith(".pcap"))
    for name, files in (("founding", ["client=%s/client.pcap" % fixtures, "behind=%s/behind-silent.pcap" % fixtures]), ("many", ["%s=%s/%s" % (f[:-5], folder, f) for f in made])):
        subprocess.run([prog, "run", "-o", "%s/%s.db" % (folder, name)] + files, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run([prog, "report", "%s/%s.db" % (folder, name), "-o", "%s/%s.html" % (folder, name)], check=True)
    return folder + "/founding.html", folder + "/many.html"


def pictures(b, founding, many, folder):
    for name, page in (("founding", founding), ("many", many)):
        for width, dark in ((400, True), (1200, False)):
            b.open(page, width=width, height=3000, dark=dark)
            b.picture("%s/%s-%d%s.png" % (folder, name, width, "-dark" if dark else ""))


def main():
    prog, simgen = (os.path.abspath(p) for p in sys.argv[1:3])
    if not installed():
        print("SKIPPED: the page was not tested in a browser: chromium and chromedriver are not installed (.ci/setup test)", file=sys.stderr)
        return 0
    failures = 0
    with tempfile.TemporaryDirectory() as folder, Browser() as b:
        both = pages(prog, simgen, folder)
        for test in (opens, slopes, searches, sorts, keyboard, spoken, contrast, fits, prints, named, copies, scriptless):
            try:
                test(b, *both)
                quiet(b, both[1] if test in (slopes, searches, sorts) else both[0]) if test not in (fits, spoken, named) else None
            except (Failed, RuntimeError, subprocess.CalledProcessError) as e:
                failures += 1
                print("FAILED: browser: %s: %s" % (test.__name__, e), file=sys.stderr)
            b.log("browser"), b.requests()
        if len(sys.argv) > 3:
            pictures(b, *both, sys.argv[3])
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
