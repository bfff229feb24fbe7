"""Orthanc: a PACS that is not built on our code, with a REST interface. Debian's package, a process and a folder a test."""
import json
import urllib.error
import urllib.request

from support import tools
from support.ports import free_port, is_listening
from support.process import Process


class Orthanc:
    ae_title = "ORTHANC"

    def __init__(self, folder, profile=None, **settings):
        """`profile`: what the node's configuration says of it beside its address. `settings` are added to Orthanc's
        configuration, or replace what stands here: Plugins=[...] and the like."""
        self.folder = folder
        self.profile = profile or {}
        self.port, self.http_port = free_port(), free_port()
        self._process = None
        folder.mkdir(parents=True, exist_ok=True)
        self._configuration = {
            "Name": "tests", "StorageDirectory": str(folder / "storage"), "IndexDirectory": str(folder / "storage"),
            "DicomAet": self.ae_title, "DicomPort": self.port, "DicomCheckCalledAet": False,
            "DicomAlwaysAllowStore": True, "DicomAlwaysAllowEcho": True, "HttpPort": self.http_port,
            "RemoteAccessAllowed": False, "AuthenticationEnabled": False, "Plugins": [], "DicomModalities": {},
            "DicomScuTimeout": 10, "ConcurrentJobs": 2, **settings}

    def start(self):
        file = self.folder / "orthanc.json"
        file.write_text(json.dumps(self._configuration, indent=1))
        self._process = Process(["Orthanc", file], self.folder / "orthanc.log")
        tools.wait_until(lambda: self._listens() or not self._process.is_running(), 60, "Orthanc to listen")
        assert self._process.is_running(), self.log()
        return self

    def stop(self):
        if self._process:
            self._process.kill()
            self._process = None

    def restart(self):
        self.stop()
        return self.start()

    def log(self):
        return (self.folder / "orthanc.log").read_text(errors="replace")

    # -- REST
    def get(self, path):
        return json.loads(self.get_bytes(path))

    def get_bytes(self, path):
        return self._request("GET", path)

    def post(self, path, value):
        """A value that is no bytes goes as JSON. The answer is JSON, too."""
        return json.loads(self._request("POST", path, value if isinstance(value, bytes) else json.dumps(value).encode()))

    def put(self, path, value):
        self._request("PUT", path, json.dumps(value).encode())

    def delete(self, path):
        self._request("DELETE", path)

    def knows(self, name, peer, host="127.0.0.1"):
        """Makes `peer` (.ae_title, .port) known as the modality `name`, storage commitment included."""
        self.put(f"/modalities/{name}", {"AET": peer.ae_title, "Host": host, "Port": peer.port,
                                         "AllowStorageCommitment": True})
        return self

    def instances(self):
        """SOP Instance UID -> Orthanc's id of everything that it holds."""
        found = self.get("/instances?expand")
        return {item["MainDicomTags"]["SOPInstanceUID"]: item["ID"] for item in found}

    def _listens(self):
        return is_listening(self.port) and is_listening(self.http_port)

    def _request(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.http_port}{path}", data=body, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read()[:500]!r}") from error
