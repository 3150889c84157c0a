"""Who may call at all: keys, signatures, clocks and scopes, each with AWS's own error."""

import datetime
import hashlib
import json
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.exceptions
import pytest

import wire
from world import REAL_ACCESS_KEY, World, new_account, refused

GET = {"Name": "/app/host"}


@pytest.fixture
def known(world):
    world.ssm.put_parameter(Name="/app/host", Value="h", Type="String")
    return world


def get(world, **options):
    return world.call("ssm", "GetParameter", GET, **options)


def test_a_signed_call_is_answered_with_a_request_id(known):
    answer = get(known)
    assert answer.status == 200, answer
    assert answer.json["Parameter"]["Value"] == "h"
    assert answer.headers["x-amzn-requestid"]
    assert answer.headers["content-type"] == "application/x-amz-json-1.1"


def test_each_answer_has_its_own_request_id(known):
    seen = {get(known).headers["x-amzn-requestid"] for _ in range(20)}
    assert len(seen) == 20


def test_an_unknown_key_is_no_client(known):
    answer = get(known, access_key="AKIANOBODYKNOWSTHIS0")
    assert (answer.status, answer.code) == (400, "UnrecognizedClientException"), answer
    assert answer.message == "The security token included in the request is invalid."


def test_a_wrong_secret_gives_a_wrong_signature(known):
    answer = get(known, secret="not the secret")
    assert (answer.status, answer.code) == (400, "InvalidSignatureException"), answer
    assert "does not match the signature you provided" in answer.message


def test_the_keys_of_dev_open_no_real_server(real_server):
    for access_key in ("test", new_account(), real_server.account):
        stranger = World(real_server, "000000000000", access_key, "test", "us-east-1")
        assert get(stranger).code == "UnrecognizedClientException"
    with_known_key = World(real_server, real_server.account, REAL_ACCESS_KEY, "test", "us-east-1")
    assert get(with_known_key).code == "InvalidSignatureException"


def test_an_unsigned_call_misses_its_token(known):
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "AmazonSSM.GetParameter",
    }
    answer = wire.send(known.server, json.dumps(GET).encode(), headers)
    assert (answer.status, answer.code) in (
        (400, "MissingAuthenticationTokenException"),
        (403, "MissingAuthenticationTokenException"),
    ), answer


@pytest.mark.parametrize(
    "header",
    [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=",
        "AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/ssm/aws4_request",
        "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=zz",
        "AWS4-HMAC-SHA256 Signature=" + "0" * 64,
        "Bearer something",
        "Basic dGVzdDp0ZXN0",
        "AWS4-HMAC-SHA256 " + "x" * 4000,
    ],
)
def test_an_authorization_that_can_not_be_read_is_refused(dev, header):
    headers = wire.sign(dev, "ssm", "AmazonSSM.GetParameter", b"{}")
    answer = wire.send(dev.server, b"{}", {**headers, "Authorization": header})
    assert answer.status in (400, 403), answer
    assert answer.code in (
        "IncompleteSignature",
        "IncompleteSignatureException",
        "MissingAuthenticationTokenException",
        "InvalidSignatureException",
        "UnrecognizedClientException",
    ), answer


class Clocked(botocore.auth.SigV4Auth):
    """A signer whose clock goes wrong."""

    minutes = 0

    def _modify_request_before_signing(self, request):
        moment = datetime.datetime.now(datetime.timezone.utc)
        moment += datetime.timedelta(minutes=self.minutes)
        request.context["timestamp"] = moment.strftime("%Y%m%dT%H%M%SZ")
        super()._modify_request_before_signing(request)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (-16, "Signature expired"),
        (-1440, "Signature expired"),
        (16, "Signature not yet current"),
        (1440, "Signature not yet current"),
    ],
)
def test_a_signature_of_another_time_is_refused(known, minutes, words):
    signer = type("Skewed", (Clocked,), {"minutes": minutes})
    answer = get(known, signer=signer)
    assert (answer.status, answer.code) == (400, "InvalidSignatureException"), answer
    assert words in answer.message


@pytest.mark.parametrize("minutes", [-14, 14])
def test_a_clock_that_is_a_little_wrong_is_forgiven(known, minutes):
    signer = type("Skewed", (Clocked,), {"minutes": minutes})
    assert get(known, signer=signer).status == 200


def test_a_body_that_was_changed_on_the_way_is_refused(known):
    body = json.dumps(GET).encode()
    headers = wire.sign(known, "ssm", "AmazonSSM.GetParameter", body)
    changed = body.replace(b"host", b"hose")
    answer = wire.send(known.server, changed, headers)
    assert (answer.status, answer.code) == (400, "InvalidSignatureException"), answer


def test_a_signed_header_that_was_changed_on_the_way_is_refused(known):
    body = json.dumps(GET).encode()
    headers = wire.sign(known, "ssm", "AmazonSSM.GetParameter", body)
    answer = wire.send(known.server, body, {**headers, "X-Amz-Target": "AmazonSSM.DeleteParameter"})
    assert (answer.status, answer.code) == (400, "InvalidSignatureException"), answer
    assert get(known).status == 200


def test_a_signature_for_another_service_is_refused(known):
    answer = get(known, scope="s3")
    assert answer.status in (400, 403), answer
    assert answer.code in ("InvalidSignatureException", "SignatureDoesNotMatch"), answer


def test_a_session_token_that_nobody_gave_is_refused(known):
    answer = get(known, session_token="made up")
    assert answer.status in (400, 403), answer
    assert answer.code in (
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "ExpiredTokenException",
        "InvalidSignatureException",
    ), answer


class PresignedBody(botocore.auth.SigV4QueryAuth):
    """Signs the hash of a body that is sent as it is; botocore would move it into the query."""

    def __init__(self, *arguments, body, **options):
        super().__init__(*arguments, **options)
        self.body = body

    def payload(self, request):
        return hashlib.sha256(self.body).hexdigest()


def presigned(world, seconds=300, method="POST", body=b"", query=None, **options):
    """The path of a URL that carries its signature."""
    query = urllib.parse.urlencode(query or {})
    url = f"{world.server.endpoint}/" + (f"?{query}" if query else "")
    headers = options.get("headers", {})
    request = botocore.awsrequest.AWSRequest(method=method, url=url, headers=headers)
    credentials = botocore.credentials.Credentials(
        world.access_key, options.get("secret", world.secret)
    )
    service = options.get("service", "sts")
    signer = options.get("signer", PresignedBody)
    signer(credentials, service, world.region, expires=seconds, body=body).add_auth(request)
    parts = urllib.parse.urlsplit(request.url)
    return f"{parts.path}?{parts.query}"


IDENTITY = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}


def test_a_presigned_get_is_answered(world):
    path = presigned(world, method="GET", query=IDENTITY)
    answer = wire.send(world.server, None, {}, method="GET", path=path)
    assert answer.status == 200, answer
    assert f"<Account>{world.account}</Account>".encode() in answer.body


def test_a_presigned_post_is_answered(known):
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "AmazonSSM.GetParameter",
    }
    body = json.dumps(GET).encode()
    path = presigned(known, body=body, service="ssm", headers=headers)
    answer = wire.send(known.server, body, headers, path=path)
    assert answer.status == 200, answer
    assert answer.json["Parameter"]["Value"] == "h"


def test_a_presigned_url_with_a_wrong_secret_is_refused(world):
    path = presigned(world, method="GET", query=IDENTITY, secret="wrong")
    answer = wire.send(world.server, None, {}, method="GET", path=path)
    assert answer.status == 403, answer
    assert b"SignatureDoesNotMatch" in answer.body


def test_a_presigned_url_that_was_changed_is_refused(world):
    path = presigned(world, method="GET", query=IDENTITY)
    answer = wire.send(world.server, None, {}, method="GET", path=path + "&More=1")
    assert answer.status == 403, answer


def test_a_presigned_url_says_a_time_that_can_be(world):
    for seconds in (-60, 604801):
        path = presigned(world, seconds=seconds, method="GET", query=IDENTITY)
        answer = wire.send(world.server, None, {}, method="GET", path=path)
        assert answer.status in (400, 403), answer


@pytest.mark.parametrize("seconds", [60, 604800])
def test_a_presigned_url_is_good_for_a_quarter_of_an_hour_whatever_it_says(world, seconds):
    # Observed: kubernetes-sigs/aws-iam-authenticator#160, aws/aws-sdk-go#2167.
    for minutes, status in ((-14, 200), (-16, 403), (14, 200), (16, 403)):
        signer = type("Skewed", (Clocked, PresignedBody), {"minutes": minutes})
        path = presigned(world, seconds=seconds, method="GET", query=IDENTITY, signer=signer)
        answer = wire.send(world.server, None, {}, method="GET", path=path)
        assert answer.status == status, answer
        assert (b"SignatureDoesNotMatch" in answer.body) == (status == 403), answer


def test_the_sdk_sees_the_errors_it_knows(dev):
    stranger = World(dev.server, dev.account, dev.access_key, "wrong", dev.region)
    with refused("InvalidSignatureException"):
        stranger.ssm.get_parameter(Name="/app/host")
    with refused("InvalidSignatureException"):
        stranger.sm.get_secret_value(SecretId="app/db")
    nobody = World(dev.server, dev.account, "AKIANOBODYKNOWSTHIS0", "x", dev.region)
    with refused("UnrecognizedClientException"):
        nobody.kms.list_keys()
    for world in (stranger, nobody):
        world.close()


def test_who_is_refused_changes_nothing(known):
    body = {"Name": "/app/host", "Value": "stolen", "Type": "String", "Overwrite": True}
    assert known.call("ssm", "PutParameter", body, secret="wrong").status == 400
    assert known.ssm.get_parameter(Name="/app/host")["Parameter"]["Value"] == "h"
