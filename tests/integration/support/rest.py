"""Asks a node's REST interface as a user of its file of tokens."""
import json
import urllib.error
import urllib.request


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)


class Rest:
    """`token`: None asks as nobody."""

    def __init__(self, node, token=None):
        self._node = node
        self.token = token

    @classmethod
    def admin(cls, node):
        """The user that the node made at its first start."""
        words = [line.split() for line in (node.folder / "data" / "http-tokens").read_text().splitlines()]
        return cls(node, next(line[2] for line in words if line[0] == "admin"))

    def ask(self, method, path, body=None, headers=None, timeout=60):
        """Never fails on a status. `body`: bytes, or a value that becomes JSON."""
        headers = dict(headers or {})
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if body is not None and not isinstance(body, bytes):
            body, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = urllib.request.Request(f"http://127.0.0.1:{self._node.http_port}{path}", body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def get(self, path):
        answer = self.ask("GET", path)
        assert answer.status == 200, (path, answer.status, answer.body)
        return answer.json()

    def post(self, path, body=None):
        answer = self.ask("POST", path, {} if body is None else body)
        assert answer.status in (200, 202), (path, answer.status, answer.body)
        return answer.json()

    def events(self, timeout=30):
        """An open stream of server-sent events; yields the name of each."""
        request = urllib.request.Request(f"http://127.0.0.1:{self._node.http_port}/api/v1/events",
                                         headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=timeout) as stream:
            for line in stream:
                if line.startswith(b"event: "):
                    yield line[7:].strip().decode()
