"""An empty account and region of a running server, with clients that show every error."""

import contextlib
import random
import re
import string

import boto3
import botocore.config
import botocore.exceptions

import wire

SESSION = boto3.Session()
REAL_ACCESS_KEY = "AKIACOFFERTESTS00001"
REAL_SECRET = "a-secret-of-forty-characters/for+tests00"
REAL_ACCOUNT = "210987654321"


def word(length=8):
    """A random word, to be part of a name."""
    return "".join(random.choices(string.ascii_lowercase, k=length))


def new_account():
    """An account id that nobody has used yet."""
    return str(random.randrange(10**11, 10**12))


class World:
    """One account in one region. Nothing is in it before the test puts it there."""

    def __init__(self, server, account, access_key, secret, region):
        self.server = server
        self.account = account
        self.access_key = access_key
        self.secret = secret
        self.region = region
        self._clients = {}
        self._guests = []

    @classmethod
    def on_dev(cls, server, account=None):
        account = account or new_account()
        return cls(server, account, account, "test", "us-east-1")

    @classmethod
    def on_server(cls, server):
        access_key, secret = server.credentials
        # One account only, so a region of its own is what keeps tests apart.
        return cls(server, server.account, access_key, secret, f"test-{word(10)}-1")

    def client(self, service, region=None, checked=True):
        """A client without retries; `checked=False` lets bad input reach the server."""
        key = (service, region or self.region, checked)
        if key not in self._clients:
            self._clients[key] = SESSION.client(
                service,
                region_name=key[1],
                endpoint_url=self.server.endpoint,
                aws_access_key_id=self.access_key,
                aws_secret_access_key=self.secret,
                config=botocore.config.Config(
                    retries={"total_max_attempts": 1},
                    parameter_validation=checked,
                    connect_timeout=10,
                    read_timeout=90,
                ),
            )
        return self._clients[key]

    @property
    def ssm(self):
        return self.client("ssm")

    @property
    def sm(self):
        return self.client("secretsmanager")

    @property
    def kms(self):
        return self.client("kms")

    @property
    def sts(self):
        return self.client("sts")

    @property
    def functions(self):
        return self.client("lambda")

    @property
    def raw_functions(self):
        return self.client("lambda", checked=False)

    @property
    def iam(self):
        return self.client("iam")

    @property
    def raw_iam(self):
        return self.client("iam", checked=False)

    @property
    def raw_ssm(self):
        return self.client("ssm", checked=False)

    @property
    def raw_sm(self):
        return self.client("secretsmanager", checked=False)

    @property
    def raw_kms(self):
        return self.client("kms", checked=False)

    def signed_by(self, access_key):
        """The same account and region, for the bearer of an access key that IAM has given out."""
        id, secret = access_key["AccessKeyId"], access_key["SecretAccessKey"]
        return World(self.server, self.account, id, secret, self.region)

    def iam_arn(self, resource):
        """The ARN of what is an account's and no region's."""
        return f"arn:aws:iam::{self.account}:{resource}"

    def arn(self, service, resource, region=None):
        return f"arn:aws:{service}:{region or self.region}:{self.account}:{resource}"

    def call(self, service, operation, body, **options):
        """A signed request made by hand: what no SDK would send can be sent by it."""
        return wire.call(self, service, operation, body, **options)

    def keeps(self, guest):
        """Gives the guest back, whose clients are closed together with this world's."""
        self._guests.append(guest)
        return guest

    def close(self):
        for open_one in (*self._clients.values(), *self._guests):
            open_one.close()


@contextlib.contextmanager
def refused(code, message=None, status=400):
    """The block's last call is refused with this code and (a part of) this message.

    `code` may be several, where it is not known which one AWS chooses; `message` may be text, a
    compiled pattern, or None when AWS's words are not known.
    """
    codes = (code,) if isinstance(code, str) else code
    caught = Refusal()
    try:
        yield caught
    except botocore.exceptions.ClientError as error:
        caught.response = error.response
        caught.error = error
    else:
        raise AssertionError(f"not refused, though {codes} was expected")
    found = caught.response["Error"]
    told = f"{found.get('Code')}: {found.get('Message')}"
    assert found.get("Code") in codes, f"expected {codes}, got {told}"
    assert caught.response["ResponseMetadata"]["HTTPStatusCode"] == status, told
    assert caught.response["ResponseMetadata"].get("RequestId"), f"no request id: {told}"
    if isinstance(message, re.Pattern):
        assert message.search(found["Message"]), told
    elif message is not None:
        assert message in found["Message"], told


class Refusal:
    """What `refused` caught."""

    response = None
    error = None

    @property
    def message(self):
        return self.response["Error"]["Message"]


def refused_by_the_model(message=None):
    """A constraint of the API's model was broken: AWS's one sentence, all violations in it."""
    return refused("ValidationException", message or re.compile(r"validation error"))


def pages(operation, result_key, token="NextToken", pages_max=200, **arguments):
    """All items of a paginated operation and how many pages they came on."""
    items, count, next_token = [], 0, None
    while count < pages_max:
        page = operation(**arguments, **({token: next_token} if next_token else {}))
        items += page[result_key]
        count += 1
        next_token = page.get(token)
        if not next_token:
            return items, count
    raise AssertionError(f"more than {pages_max} pages")


def tags(**values):
    """Tags as most services spell them."""
    return [{"Key": key, "Value": value} for key, value in values.items()]


def without_metadata(response):
    """A response's own members, without what botocore adds."""
    return {key: value for key, value in response.items() if key != "ResponseMetadata"}
