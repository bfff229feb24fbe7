"""A real Prometheus (Debian's) that scrapes a node, and promtool, which judges what the node says."""
import json
import subprocess
import urllib.parse
import urllib.request

from support import tools
from support.ports import free_port
from support.process import Process

DEPLOY = tools.REPOSITORY / "deploy"


def promtool(*arguments, stdin=None, folder=None):
    """Fails the test when promtool finds fault; returns what it said."""
    done = subprocess.run(["promtool", *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=60,
                          cwd=folder, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


class Prometheus:
    """With the scrape configuration and the rules of deploy/prometheus, but for address and interval."""

    def __init__(self, folder, node):
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        text = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
        text = text.replace("127.0.0.1:8042", f"127.0.0.1:{node.http_port}").replace("15s", "500ms")
        (folder / "prometheus.yml").write_text("global: {scrape_timeout: 500ms}\n" + text)
        (folder / "alerts.yml").write_text((DEPLOY / "prometheus" / "alerts.yml").read_text())
        self._process = Process(["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
                                 f"--web.listen-address=127.0.0.1:{self.port}"], folder / "prometheus.log")

    def query(self, expression):
        """[(labels, value)]; none while it is starting."""
        address = f"http://127.0.0.1:{self.port}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return [(item["metric"], float(item["value"][1])) for item in json.load(answer)["data"]["result"]]
        except OSError:
            return []

    def wait_for(self, expression, value, timeout=30):
        tools.wait_until(lambda: any(found == value for _, found in self.query(expression)), timeout,
                         lambda: f"{expression} to be {value}; it is {self.query(expression)}")

    def stop(self):
        self._process.kill()
