"""A browser without a screen, driven by WebDriver (W3C) with nothing but Python's own library."""
import base64
import json
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--hide-scrollbars"]
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Space": " ", "Shift": "\ue008"}


def installed():
    return shutil.which("chromedriver") and (shutil.which("chromium") or shutil.which("chromium-browser"))


class Browser:
    """One window; everything it logs and asks for is kept."""

    def __enter__(self):
        self.profile = tempfile.mkdtemp()
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            self.base = "http://127.0.0.1:%s" % self.port()
            options = {"binary": installed(), "args": FLAGS + ["--user-data-dir=" + self.profile]}
            capabilities = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
            self.base += "/session/" + self.call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})["sessionId"]
            # What it does on its own when it starts is not the page's doing.
            self.call("POST", "/url", {"url": "about:blank"})
            self.log("performance")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            if "/session/" in getattr(self, "base", ""):
                self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()
            shutil.rmtree(self.profile, ignore_errors=True)

    def port(self):
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                return found.group(1)
        raise RuntimeError("chromedriver does not start")

    def call(self, method, path, body=None):
        request = urllib.request.Request(self.base + path, method=method, data=None if method != "POST" else json.dumps(body or {}).encode())
        # Straight to the driver, whatever proxy the environment names.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as e:
            raise RuntimeError("%s %s: %s" % (method, path, json.load(e)["value"]["message"])) from None

    def cdp(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, path, width=1200, height=900, dark=False):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("POST", "/url", {"url": "about:blank"})
        self.call("POST", "/url", {"url": "file://" + path})

    def js(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def until(self, script, *arguments):
        """Wait until it is true; false after five seconds."""
        for _ in range(100):
            if self.js(script, *arguments):
                return True
            time.sleep(0.05)
        return False

    def click(self, selector):
        found = self.call("POST", "/element", {"using": "css selector", "value": selector})
        self.js("arguments[0].scrollIntoView({block: 'center'})", found)
        self.call("POST", "/element/%s/click" % found[ELEMENT])

    def press(self, *keys):
        """Keys of KEYS one after the other; 'Shift+Tab' for both; other text is typed."""
        actions = []
        for key in keys:
            held, _, last = key.rpartition("+") if key != "+" else ("", "", key)
            for c in [KEYS[last]] if last in KEYS else last:
                actions += [{"type": "keyDown", "value": KEYS[held]}] if held else []
                actions += [{"type": "keyDown", "value": c}, {"type": "keyUp", "value": c}]
                actions += [{"type": "keyUp", "value": KEYS[held]}] if held else []
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def log(self, kind):
        """What was logged since the last time."""
        return self.call("POST", "/se/log", {"type": kind})

    def requests(self):
        """Addresses that were asked for since the last time."""
        messages = [json.loads(entry["message"])["message"] for entry in self.log("performance")]
        return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]

    def pdf(self):
        return base64.b64decode(self.call("POST", "/print", {"background": True}))

    def picture(self, path):
        """What the window shows."""
        with open(path, "wb") as out:
            out.write(base64.b64decode(self.cdp("Page.captureScreenshot")["data"]))
