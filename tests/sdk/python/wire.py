"""Requests made by hand: signed with botocore's signer, sent with the standard library."""

import http.client
import json

import botocore.auth
import botocore.awsrequest
import botocore.credentials

TARGETS = {
    "ssm": "AmazonSSM",
    "secretsmanager": "secretsmanager",
    "kms": "TrentService",
    "coffer": "Coffer_20261123",
}


class Answer:
    """A response as it came over the wire."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The error's code, without the namespace that some services put before it."""
        return self.json.get("__type", "").rpartition("#")[2]

    @property
    def message(self):
        found = self.json
        return found.get("message", found.get("Message", ""))

    def __repr__(self):
        return f"<{self.status} {self.body[:400]!r}>"


def sign(world, service, target, body, headers=None, **options):
    """The request's headers, signed; options replace what goes into the signature."""
    credentials = botocore.credentials.Credentials(
        options.get("access_key", world.access_key),
        options.get("secret", world.secret),
        options.get("session_token"),
    )
    all_headers = {"Content-Type": "application/x-amz-json-1.1", **(headers or {})}
    if target:
        all_headers["X-Amz-Target"] = target
    request = botocore.awsrequest.AWSRequest(
        method="POST", url=f"{world.server.endpoint}/", data=body, headers=all_headers
    )
    signer = options.get("signer", botocore.auth.SigV4Auth)
    signer(
        credentials, options.get("scope", service), options.get("region", world.region)
    ).add_auth(request)
    return dict(request.headers.items())


def send(server, body, headers, method="POST", path="/", timeout=30):
    """Sends a request as it is and reads the whole answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)
    try:
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, response.getheaders(), response.read())
    finally:
        connection.close()


def call(world, service, operation, body, **options):
    """A signed call of an operation with any JSON value, or any bytes, as its input."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    target = options.pop("target", f"{TARGETS[service]}.{operation}")
    return send(world.server, body, sign(world, service, target, body, **options))
