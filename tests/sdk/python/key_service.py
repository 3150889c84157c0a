"""A service of the test's own that issues, checks and revokes API keys over HTTP."""

import base64
import http.server
import json
import os
import pathlib
import secrets
import socket
import threading
import urllib.parse

from loopback import Loopback

ADMIN = "token-of-the-administrator"
OWN = """
[api_key.{name}]
key = "api_key"
id = "key_id"
take = {{ api_key = "/data/key", key_id = "/data/id" }}
create.method = "POST"
create.url = "{url}/keys"
create.headers = {{ Authorization = "Bearer {{key.api_key}}" }}
create.form = {{ name = "coffer {{version}}" }}
test.method = "GET"
test.url = "{url}/me"
test.headers = {{ Authorization = "Bearer {{key.api_key}}" }}
revoke.method = "DELETE"
revoke.url = "{url}/keys/{{key.key_id}}"
revoke.headers = {{ Authorization = "Bearer {{new.api_key}}" }}
"""
SUPERUSER = """
[api_key.superuser]
key = "api_key"
id = "key_id"
superuser = true
take = {{ api_key = "/data/key", key_id = "/data/id" }}
same = {{ key_id = "/id", owner = "/owner" }}
create.method = "POST"
create.url = "{url}/keys"
create.headers = {{ Authorization = "Bearer {{superuser.token}}" }}
create.json = {{ name = "coffer {{version}}", owner = "{{key.owner}}" }}
test.method = "GET"
test.url = "{url}/me"
test.headers = {{ Authorization = "Bearer {{key.api_key}}" }}
revoke.method = "DELETE"
revoke.url = "{url}/keys/{{key.key_id}}"
revoke.headers = {{ Authorization = "Bearer {{superuser.token}}" }}
"""


# What is added to a key's own rule: a service that says 201 alone, and one that allows two keys.
STRICT = "create.status = [201]\n"
SCARCE = "revoke_first = true\n"


class KeyService:
    """The keys that it knows, what it was asked, and how it misbehaves."""

    def __init__(self):
        self.keys = {}
        self.asked = []
        self.labels = []
        # Takes a handler, the request's line and the service; true where it has answered.
        self.trouble = None
        # How many keys an owner may have at one time.
        self.limit = None
        self.http = None
        self.port = None
        self.released = threading.Event()

    def start(self, certificate=None):
        """Listens; with a pair of PEM files, certificate and key, by TLS."""
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                service.answer(self)

            do_GET = do_DELETE = do_POST

            def log_message(self, *_):
                """Nothing is printed."""

        self.http = Loopback(Handler, certificate)
        self.port = self.http.port

    def stop(self):
        self.released.set()
        if self.http is not None:
            self.http.stop()
        self.http = None

    def issue(self, owner):
        """A key as an administrator would make it by hand: its id and the key."""
        id, key = f"ak-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
        self.keys[id] = {"key": key, "owner": owner}
        return id, key

    def works(self, key):
        return any(entry["key"] == key for entry in self.keys.values())

    def answer(self, handler):
        line = f"{handler.command} {handler.path}"
        self.asked.append(line)
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length)
        if self.trouble and self.trouble(handler, line, self):
            return
        url = urllib.parse.urlsplit(handler.path)
        name, _, id = url.path.strip("/").partition("/")
        token = (handler.headers.get("Authorization") or "").removeprefix("Bearer ")
        caller = next((it for it in self.keys.items() if it[1]["key"] == token), None)
        is_admin = token == ADMIN
        if name == "me" and caller:
            return reply(handler, 200, {"id": caller[0], "owner": caller[1]["owner"]})
        if name == "basic" and self.is_basic(handler):
            return reply(handler, 204, None)
        if name != "keys" or not (caller or is_admin):
            return reply(handler, 401, {"error": f"no such key: {token}"})
        if handler.command == "POST":
            asked = self.read(handler, body)
            owner = asked.get("owner") or caller[1]["owner"]
            owned = [entry for entry in self.keys.values() if entry["owner"] == owner]
            if self.limit is not None and len(owned) >= self.limit:
                return reply(handler, 409, {"error": "too many keys"})
            self.labels.append(asked["name"])
            id, key = self.issue(owner)
            return reply(handler, 201, {"data": {"id": id, "key": key}})
        entry = self.keys.get(urllib.parse.unquote(id))
        if entry is None:
            return reply(handler, 404, {"error": "no such key"})
        if not is_admin and entry["owner"] != caller[1]["owner"]:
            return reply(handler, 403, {"error": "not yours"})
        del self.keys[urllib.parse.unquote(id)]
        return reply(handler, 204, None)

    def is_basic(self, handler):
        pair = (handler.headers.get("Authorization") or "").removeprefix("Basic ")
        id, _, key = base64.b64decode(pair).decode().partition(":")
        return id in self.keys and self.keys[id]["key"] == key

    @staticmethod
    def read(handler, body):
        if handler.headers["Content-Type"] == "application/json":
            return json.loads(body)
        return dict(urllib.parse.parse_qsl(body.decode()))

    def value(self, owner, **more):
        """A secret's value with a key of this owner."""
        id, key = self.issue(owner)
        return {"api_key": key, "key_id": id, "owner": owner, **more}


def reply(handler, status, answer):
    body = b"" if answer is None else json.dumps(answer).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
    return True


def free_listener():
    """A socket that listens, and whoever connects waits for ever."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


def rules(directory, **urls):
    """A file with the rule of a superuser at `service`, and with one of a key's own at each URL."""
    text = SUPERUSER.format(url=urls["service"])
    text += "".join(OWN.format(name=name, url=url) for name, url in urls.items())
    text += OWN.format(name="strict", url=urls["service"]) + STRICT
    text += OWN.format(name="scarce", url=urls["service"]).replace("take =", f"{SCARCE}take =")
    path = pathlib.Path(directory) / "rules.toml"
    path.write_text(text)
    return path


def answers(status, body, headers=()):
    """Trouble: POST is answered by this, and nothing is made."""

    def trouble(handler, line, _):
        if not line.startswith("POST"):
            return False
        handler.send_response(status)
        for name, value in headers:
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
        return True

    return trouble


def cuts(handler, line, _):
    """Trouble: the connection ends before POST is answered."""
    if line.startswith("POST"):
        handler.connection.close()
        handler.wfile = open(os.devnull, "wb")
        return True
    return False


def is_late(handler, line, service):
    """Trouble: the answer to POST begins, and its end is waited for in vain."""
    if not line.startswith("POST"):
        return False
    handler.send_response(201)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b'{"data":')
    handler.wfile.flush()
    service.released.wait(60)
    return True


def is_of_no_use(handler, line, service):
    """Trouble: a key is given that does not work."""
    if line.startswith("POST"):
        return reply(handler, 201, {"data": {"id": f"ak-{secrets.token_hex(4)}", "key": "of-no-use"}})
    return False


def is_the_same(handler, line, service):
    """Trouble: the key that is there already is given once more."""
    if line.startswith("POST"):
        key = handler.headers["Authorization"].removeprefix("Bearer ")
        return reply(handler, 201, {"data": {"id": "ak-same", "key": key}})
    return False
