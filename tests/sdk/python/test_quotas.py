"""Quotas on the rates of requests: AWS's, and the operator's own."""

import shutil
import subprocess

import botocore.config
import pytest
from botocore.exceptions import ClientError
from botocore.retries.standard import ThrottledRetryableChecker

from conftest import running
from identities import Session, allow, new_role, new_user, trust
from server import BINARY, Server
from test_cloudtrail import looked_up, record_of
from world import SESSION, World, refused, word

# Nothing flows back while a test runs, unless a quota says so.
NEVER = "requests_per_second = 0.0001\nburst = {burst}\n"
OWN = f"""
[[quota]]
service = "ssm"
operations = ["GetParameter", "GetParameters"]
scope = "account"
{NEVER.format(burst=3)}

[[quota]]
service = "secretsmanager"
operations = ["GetSecretValue"]
scope = "principal"
{NEVER.format(burst=2)}

[[quota]]
service = "kms"
operations = ["DescribeKey"]
scope = "account"
{NEVER.format(burst=2)}

[[quota]]
service = "iam"
operations = ["ListUsers"]
scope = "account"
{NEVER.format(burst=2)}

[[quota]]
service = "lambda"
operations = ["ListFunctions"]
scope = "account"
{NEVER.format(burst=1)}

[[quota]]
service = "organizations"
operations = ["DescribeOrganization"]
scope = "account"
{NEVER.format(burst=1)}

[[quota]]
service = "sts"
operations = ["AssumeRoleWithWebIdentity"]
scope = "account"
{NEVER.format(burst=1)}

[[quota]]
service = "sts"
operations = ["GetCallerIdentity"]
scope = "account"
requests_per_second = 2
burst = 1
"""


class ByVariable(Server):
    """A server that is told of quotas by its environment."""

    def environment(self):
        return {**super().environment(), "COFFER_QUOTAS": "aws"}


KMS_SENTENCE = (
    "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."
)


@pytest.fixture(scope="module")
def own_server(tmp_path_factory):
    path = tmp_path_factory.mktemp("quotas") / "quotas.toml"
    path.write_text(OWN)
    yield from running(Server("dev", extra=["--quotas-file", str(path)]))


@pytest.fixture(scope="module")
def aws_server():
    yield from running(Server("dev", extra=["--quotas", "aws"]))


@pytest.fixture
def own(own_server):
    """An empty account under the operator's quotas."""
    made = World.on_dev(own_server)
    yield made
    made.close()


@pytest.fixture
def aws(aws_server):
    """An empty account under AWS's quotas."""
    made = World.on_dev(aws_server)
    yield made
    made.close()


def calls_until_throttled(call, message="Rate exceeded", calls_max=300):
    """How many calls went well before one was too many."""
    for count in range(calls_max):
        try:
            call()
        except ClientError as error:
            with refused("ThrottlingException", message):
                raise error
            return count
    raise AssertionError(f"{calls_max} calls went well")


def test_each_service_says_it_as_aws_does(own):
    own.ssm.put_parameter(Name="p", Value="v", Type="String")
    own.sm.create_secret(Name="s", SecretString="v")
    key = own.kms.create_key()["KeyMetadata"]["KeyId"]
    for count, call, code, message, status in [
        (3, lambda: own.ssm.get_parameter(Name="p"), "ThrottlingException", "Rate exceeded", 400),
        (
            2,
            lambda: own.sm.get_secret_value(SecretId="s"),
            "ThrottlingException",
            "Rate exceeded",
            400,
        ),
        (2, lambda: own.kms.describe_key(KeyId=key), "ThrottlingException", KMS_SENTENCE, 400),
        (2, own.iam.list_users, "Throttling", "Rate exceeded", 400),
        (1, own.functions.list_functions, "TooManyRequestsException", "Rate exceeded", 429),
    ]:
        for _ in range(count):
            call()
        with refused(code, status=status) as told:
            call()
        assert told.message == message


def test_organizations_says_it_by_an_error_of_its_own(own):
    organizations = own.client("organizations")
    organizations.create_organization()
    organizations.describe_organization()
    with refused("TooManyRequestsException", "too many requests") as told:
        organizations.describe_organization()
    assert isinstance(told.error, organizations.exceptions.TooManyRequestsException)


def test_a_quota_is_shared_by_its_operations_and_by_no_others(own):
    own.ssm.put_parameter(Name="p", Value="v", Type="String")
    own.ssm.get_parameter(Name="p")
    own.ssm.get_parameters(Names=["p"])
    own.ssm.get_parameter(Name="p")
    with refused("ThrottlingException"):
        own.ssm.get_parameters(Names=["p"])
    own.ssm.get_parameters_by_path(Path="/")
    own.ssm.describe_parameters()


def test_other_accounts_and_regions_go_on(own):
    other = own.keeps(World.on_dev(own.server))
    elsewhere = own.client("ssm", region="eu-west-1")
    for ssm in [own.ssm, other.ssm, elsewhere]:
        ssm.put_parameter(Name="p", Value="v", Type="String")
        for _ in range(3):
            ssm.get_parameter(Name="p")
        with refused("ThrottlingException"):
            ssm.get_parameter(Name="p")


def test_each_principal_has_its_own_and_sessions_of_a_role_share_theirs(own):
    own.sm.create_secret(Name="s", SecretString="v")
    reads = allow("secretsmanager:GetSecretValue")
    _, one = new_user(own, reads, allow("sts:AssumeRole"))
    _, two = new_user(own, reads)
    role = new_role(own, trust({"AWS": own.account}, "sts:AssumeRole"), reads)
    for world in [own, one, two]:
        for _ in range(2):
            world.sm.get_secret_value(SecretId="s")
        with refused("ThrottlingException"):
            world.sm.get_secret_value(SecretId="s")
    sessions = []
    for name in ["first", "second"]:
        made = one.sts.assume_role(RoleArn=role, RoleSessionName=name)
        sessions.append(own.keeps(Session(own, made["Credentials"])))
    for session in sessions:
        session.sm.get_secret_value(SecretId="s")
    for session in sessions:
        with refused("ThrottlingException"):
            session.sm.get_secret_value(SecretId="s")
    own.keeps(one)
    own.keeps(two)


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_a_client_that_retries_gets_through(own, mode):
    config = botocore.config.Config(retries={"mode": mode, "total_max_attempts": 8})
    sts = SESSION.client(
        "sts",
        region_name="us-east-1",
        endpoint_url=own.server.endpoint,
        aws_access_key_id=own.account,
        aws_secret_access_key="test",
        config=config,
    )
    answers = [sts.get_caller_identity() for _ in range(3)]
    sts.close()
    assert [answer["Account"] for answer in answers] == [own.account] * 3
    assert any(answer["ResponseMetadata"]["RetryAttempts"] > 0 for answer in answers)


def test_sdks_know_every_code_as_throttling():
    known = ThrottledRetryableChecker._THROTTLED_ERROR_CODES
    assert {"ThrottlingException", "Throttling", "TooManyRequestsException"} <= set(known)


def test_a_throttled_request_leaves_its_record_without_what_was_asked(own):
    own.ssm.put_parameter(Name="p", Value="v", Type="String")
    for _ in range(3):
        own.ssm.get_parameter(Name="p")
    with refused("ThrottlingException") as told:
        own.ssm.get_parameter(Name="p")
    trail = own.client("cloudtrail")

    def is_it(event):
        return "errorCode" in record_of(event)

    (event,) = looked_up(trail, is_it, EventName="GetParameter")
    record = record_of(event)
    assert record["errorCode"] == "ThrottlingException"
    assert record["errorMessage"] == "Rate exceeded"
    assert record["requestParameters"] is None and record["responseElements"] is None
    assert record["requestID"] == told.response["ResponseMetadata"]["RequestId"]
    assert record["userIdentity"]["accountId"] == own.account
    assert record["awsRegion"] == "us-east-1" and record["readOnly"] is True


def test_a_throttled_request_of_a_query_service_goes_by_the_same_code_in_records(own):
    for _ in range(2):
        own.iam.list_users()
    with refused("Throttling"):
        own.iam.list_users()
    trail = own.client("cloudtrail")
    (event,) = looked_up(trail, lambda it: "errorCode" in record_of(it), EventName="ListUsers")
    assert record_of(event)["errorCode"] == "ThrottlingException"


def test_throttled_requests_are_counted(own):
    line = 'coffer_throttled_requests_total{operation="DescribeKey",service="kms"} '

    def count():
        status, text = own.server.get("/metrics")
        assert status == 200
        found = [it for it in text.splitlines() if it.startswith(line)]
        return float(found[0].removeprefix(line)) if found else 0

    key = own.kms.create_key()["KeyMetadata"]["KeyId"]
    before = count()
    for _ in range(2):
        own.kms.describe_key(KeyId=key)
    for _ in range(3):
        with refused("ThrottlingException"):
            own.kms.describe_key(KeyId=key)
    # The other tests of this file are on this server as well, one after the other.
    assert count() == before + 3


def test_parameter_store_s_throughput_is_as_the_account_has_set_it(aws):
    """AWS: PutParameter three times a second, ten times with higher throughput."""
    setting = "/ssm/parameter-store/high-throughput-enabled"

    def put():
        aws.ssm.put_parameter(Name="p", Value=word(), Type="String", Overwrite=True)

    assert calls_until_throttled(put) >= 3
    aws.ssm.update_service_setting(SettingId=setting, SettingValue="true")
    # Another quota, so a full one.
    assert calls_until_throttled(put) >= 10


def test_kms_counts_by_the_kind_of_key_pair(aws):
    """AWS: RSA_4096 once a second, ECC_NIST_P256 a hundred times; GetParametersForImport once."""
    key = aws.kms.create_key()["KeyMetadata"]["KeyId"]

    def pair(spec):
        aws.kms.generate_data_key_pair_without_plaintext(KeyId=key, KeyPairSpec=spec)

    for _ in range(5):
        pair("ECC_NIST_P256")
    imported = aws.kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]

    def parameters():
        aws.kms.get_parameters_for_import(
            KeyId=imported, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048"
        )

    assert calls_until_throttled(aws.kms.create_key, KMS_SENTENCE) >= 3
    assert calls_until_throttled(parameters, KMS_SENTENCE) >= 1
    for _ in range(5):
        pair("ECC_NIST_P384")


def test_history_is_looked_up_twice_a_second(aws):
    trail = aws.client("cloudtrail")
    assert calls_until_throttled(trail.lookup_events) >= 2


def test_unsigned_requests_count_to_nobody(own):
    """Or else whoever can reach the server could keep everybody from exchanging tokens."""
    for _ in range(5):
        with refused(("InvalidIdentityToken", "AccessDenied", "ValidationError"), status=400):
            own.sts.assume_role_with_web_identity(
                RoleArn=f"arn:aws:iam::{own.account}:role/r",
                RoleSessionName="session",
                WebIdentityToken="no-token-at-all",
            )


@pytest.mark.parametrize("command", ["dev", "server"])
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[quota]]\nservice = "s3"\n', "line 1: missing field `scope`"),
        (OWN.replace('"ssm"', '"s3"'), "line 3: there is no service `s3`"),
        (OWN.replace('"GetSecretValue"', '"GetSecrets"'), "has no operation `GetSecrets`"),
        (OWN + 'scope = "nobody"\n', "line "),
    ],
)
def test_a_wrong_file_is_refused_at_the_start(tmp_path, command, text, says):
    path = tmp_path / "quotas.toml"
    path.write_text(text)
    told = subprocess.run(
        [BINARY, command, "--listen", "127.0.0.1:0", "--quotas-file", path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode != 0
    assert f"cannot use the quotas in `{path}`" in told.stderr, told.stderr
    assert says in told.stderr, told.stderr
    assert not (tmp_path / "coffer-data").exists(), "nothing is opened before"


def test_settings_come_from_the_environment_and_the_file(tmp_path):
    settings = tmp_path / "coffer.toml"
    settings.write_text('quotas = "all"\n')
    told = subprocess.run(
        [BINARY, "server", "--listen", "127.0.0.1:0", "--config", settings],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "quotas `all`: give aws or off" in told.stderr
    server = ByVariable("dev").start()
    try:
        world = World.on_dev(server)
        calls_until_throttled(world.client("cloudtrail").lookup_events)
        world.close()
    finally:
        server.kill()
        shutil.rmtree(server.scratch, ignore_errors=True)
