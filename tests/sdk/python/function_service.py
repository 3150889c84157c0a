"""A service that answers Lambda's Invoke API on loopback, as functions by URL are asked."""

import dataclasses
import http.client
import http.server
import json

from loopback import Loopback


@dataclasses.dataclass
class Asked:
    """A request as it came."""

    path: str
    headers: dict
    body: bytes

    @property
    def event(self):
        return json.loads(self.body)

    def send(self, port, body=None):
        """Sends it on to another port as it is, or with another body."""
        body = self.body if body is None else body
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            headers = {**self.headers, "content-length": str(len(body))}
            connection.request("POST", self.path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


class Service:
    """A running service; `answer` is given each request, and gives a status, headers and a body."""

    def __init__(self, answer, certificate=None):
        self.answer = answer
        self.asked = []
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.path, headers, body)
                service.asked.append(asked)
                status, more, content = service.answer(asked)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **more}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = Loopback(Handler, certificate)

    @property
    def url(self):
        return f"{self.server.scheme}://127.0.0.1:{self.server.port}/base"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop()
