"""A running `calcnode serve`, or a `calcnode worker` of its own, on a folder of its own."""
import json
import re
import subprocess
import urllib.error
import urllib.request

from support import tools
from support.process import Process, children

READY = re.compile(r"calcnode: (?:DICOM on \S+:(?P<port>\d+))?(?:, )?(?:DICOM over TLS on \S+:(?P<tls_port>\d+))? "
                   r"\(AE title (?P<title>\S+)\), HTTP on \S+:(?P<http_port>\d+), data in .+")

# Everything that would make a test wait is short; what a test is about it sets itself.
QUICK = {
    "dicom.listen_address": "127.0.0.1",
    "assembly.settle": "200ms",
    "assembly.quiet": "60s",
    "analysis.lease": "3s",
    "delivery.first_retry": "200ms",
    "delivery.longest_retry": "2s",
    "delivery.connect_timeout": "5s",
    "delivery.response_timeout": "20s",
}


def nested(settings):
    """{"a.b": 1} -> {"a": {"b": 1}}: the configuration file of these settings."""
    tree = {}
    for key, value in settings.items():
        node = tree
        *folders, name = key.split(".")
        for folder in folders:
            node = node.setdefault(folder, {})
        node[name] = value
    return tree


class Node:
    """`pacs`: a support.pacs.Pacs, a {name: Pacs}, or None (results are sent nowhere). Settings that are lists or
    mappings go into a configuration file, the others onto the command line."""

    ae_title = "CALCNODE"

    def __init__(self, folder, pacs=None, journal_url="", settings=None, program=tools.CALCNODE):
        self.folder = folder
        self.program = program
        self.port = 0
        self.tls_port = 0  # 0: does not listen there
        self.http_port = 0
        self.environment = {}  # beside the tests' own, from the next start on
        self._process = None
        self._log = folder / "serve.log"
        folder.mkdir(parents=True, exist_ok=True)
        self.settings = {**QUICK, "data_dir": str(folder / "data"), "journal.url": journal_url}
        targets = pacs if isinstance(pacs, dict) else ({"pacs": pacs} if pacs else {})
        self.settings["destinations"] = {
            name: {"ae_title": target.ae_title, "host": "127.0.0.1", "port": target.port, **target.profile}
            for name, target in targets.items()}
        self.settings["routes"] = [{"name": "everything", "match": {}, "destinations": list(targets)}]
        if program != tools.CALCNODE:
            self.settings["analysis.models_folder"] = str(tools.MODELS)
        self.settings.update(settings or {})

    # -- life
    def start(self):
        """Returns when it listens. After the first start the ports stay."""
        command = [self.program, "serve", *self._options(),
                   "--set", f"dicom.port={self.port}", "--set", f"http.port={self.http_port}"]
        self._process = Process(command, self._log, announces=True, environment=self.environment)
        line = self._process.stdout.readline().decode()
        match = READY.match(line)
        assert match, f"serve did not come up: {line!r}\n{self.log_tail()}"
        self.port, self.tls_port = int(match["port"] or 0), int(match["tls_port"] or 0)
        self.http_port, self.ae_title = int(match["http_port"]), match["title"]
        return self

    def worker(self, name):
        """One more worker process on the same journal and spool; the caller stops it."""
        log = self.folder / f"{name}.log"
        return Process([self.program, "worker", *self._options()], log)

    def stop(self):
        if self._process:
            status = self._process.stop()
            self._process = None
            assert status == 0, f"serve ended with status {status}\n{self.log_tail()}"

    def kill(self):
        """kill -9 of serve; its workers go with it. Returns when all are gone, as after a power cut."""
        workers = self.worker_pids()
        self._process.kill()
        self._process = None
        tools.wait_until(lambda: not any(is_alive(pid) for pid in workers), 60, "the workers of a killed serve to end")

    def abandon(self):
        """For teardown: no questions asked."""
        if self._process:
            self._process.kill()
            self._process = None

    def command(self, name, *arguments):
        """Another command of calcnode's on the same configuration; a subprocess.CompletedProcess."""
        return subprocess.run([tools.CALCNODE, name, *self._options(), *arguments], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=False)

    # -- watching
    @property
    def pid(self):
        return self._process.pid

    def is_running(self):
        return self._process is not None and self._process.is_running()

    def worker_pids(self):
        return children(self._process.pid)

    def http(self, path):
        """(status, body) of a GET."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def status(self):
        code, body = self.http("/api/v1/status")
        assert code == 200, f"status: {code} {body}"
        return json.loads(body)

    def wait_for(self, condition, timeout=60, what="a status"):
        """Until condition(status); returns that status."""
        last = {}

        def probe():
            last.update(self.status())
            return condition(last)

        tools.wait_until(probe, timeout, lambda: f"{what}; status {last}\n{self.log_tail()}")
        return last

    def wait_idle(self, results=1, timeout=120):
        """Until nothing is left to do and at least `results` objects were made. Sound at any moment after a sender got
        its Success: study, job and delivery follow each other within transactions, so that one of them is always there."""
        return self.wait_for(lambda s: is_idle(s) and s["results"] >= results, timeout, f"idle with {results} results")

    def log(self):
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def log_tail(self):
        return "--- log of serve\n" + self.log()[-6000:]

    def _options(self):
        plain = {key: value for key, value in self.settings.items() if not isinstance(value, (dict, list))}
        rest = {key: value for key, value in self.settings.items() if key not in plain}
        file = self.folder / "node.yaml"  # JSON is YAML
        file.write_text(json.dumps(nested(rest), indent=1))
        return ["--config", file, *[word for key, value in plain.items() for word in ("--set", f"{key}={value}")]]


def is_idle(status):
    return (status["studies"]["open"] == 0 and status["jobs"]["queued"] == 0 and status["jobs"]["running"] == 0
            and status["deliveries"]["pending"] == 0)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
