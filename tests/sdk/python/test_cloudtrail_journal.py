"""The journal on disk: whole while the server serves and after it was killed, and found broken when
it was tampered with, or cannot be written; who read a secret."""

import contextlib
import json
import resource
import shutil
import subprocess

import boto3
import botocore.config
import botocore.exceptions
import pytest

from conftest import real
from people import allow, key_policy, other_account, policy, role, session, user
from server import BINARY, eventually
from test_accounts import made
from world import World, refused


def client(server, service):
    access_key, secret = server.credentials
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=server.endpoint,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )


def run(server, *arguments, credentials=None):
    access_key, secret = credentials or server.credentials
    return subprocess.run(
        [BINARY, "audit", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={
            "AWS_ENDPOINT_URL": server.endpoint,
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_REGION": "us-east-1",
        },
    )


def verified(server):
    return run(server, "verify", "--data", str(server.data))


def test_the_journal_is_whole_while_it_is_written_and_after_a_kill(restartable):
    server = restartable
    client(server, "ssm").put_parameter(Name="/a", Value="a", Type="String")
    for _ in range(10):
        client(server, "ssm").get_parameter(Name="/a")
    told = verified(server)
    assert told.returncode == 0 and told.stdout.startswith("whole: "), told
    server.kill()
    assert verified(server).returncode == 0
    server.start()
    client(server, "ssm").get_parameter(Name="/a")
    assert verified(server).returncode == 0
    server.stop()
    told = verified(server)
    assert told.returncode == 0 and "whole: " in told.stdout, told


def test_a_changed_a_shortened_and_a_missing_journal_are_found(restartable):
    server = restartable
    for _ in range(10):
        client(server, "sts").get_caller_identity()
    server.stop()
    folder = server.data / "audit"
    (live,) = folder.glob("journal-*.log")
    original = live.read_bytes()
    middle = len(original) // 2
    changed = original[:middle] + bytes([original[middle] ^ 1]) + original[middle + 1 :]
    for broken in (changed, original[:-1], original[:60]):
        live.write_bytes(broken)
        told = verified(server)
        assert told.returncode == 1 and "broken at record" in told.stderr, told
    live.unlink()
    assert verified(server).returncode == 1
    live.write_bytes(original)
    assert verified(server).returncode == 0
    for path in folder.iterdir():
        path.unlink()
    told = verified(server)
    assert told.returncode == 1, told


@pytest.mark.parametrize(("on_failure", "status"), [("refuse", 503), ("continue", 200)])
def test_who_cannot_keep_records_is_not_ready_unless_it_goes_on(tmp_path, on_failure, status):
    """A limit on the length of files, that of the log too, stands for a disk that is full."""
    server = real(tmp_path / "data", extra=("--audit-on-failure", on_failure)).start()
    try:
        _, hard = limit = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (1, hard))
        assert whether_answered(server) == (status == 200)

        def told_so():
            answered, body = server.get("/_coffer/ready")
            return body if answered == status else None

        told = json.loads(eventually(told_so, f"readiness is answered with {status}"))
        if status == 503:
            assert told["status"] == "audit journal cannot be written"
            assert "File too large" in told["reason"], told
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, limit)
        eventually(server.is_ready, "the server is ready again")
        assert whether_answered(server)
        assert not (server.data / "audit" / "probe.new").exists()
        server.stop()
        assert verified(server).returncode == 0
    finally:
        server.kill()
        shutil.rmtree(server.scratch, ignore_errors=True)


def whether_answered(server):
    try:
        client(server, "sts").get_caller_identity()
    except botocore.exceptions.ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 503, error
        return False
    return True


def test_who_read_a_secret_is_told_and_who_could_not(restartable):
    server = restartable
    made = client(server, "secretsmanager").create_secret(Name="prod/db", SecretString="s")
    client(server, "secretsmanager").get_secret_value(SecretId="prod/db")
    client(server, "secretsmanager").get_secret_value(SecretId=made["ARN"])
    client(server, "secretsmanager").describe_secret(SecretId="prod/db")
    client(server, "ssm").put_parameter(Name="/app/a", Value="a", Type="String")
    client(server, "ssm").get_parameters_by_path(Path="/app")
    told = run(server, "who-read", "prod/db")
    assert told.returncode == 0, told
    lines = told.stdout.splitlines()
    assert len(lines) == 2, told
    for line in lines:
        assert f"arn:aws:iam::{server.account}:root GetSecretValue 127.0.0.1 read" in line
    assert len(run(server, "who-read", made["ARN"], "--since", "1h").stdout.splitlines()) == 2
    (line,) = run(server, "who-read", "/app/a").stdout.splitlines()
    assert "GetParametersByPath" in line
    assert run(server, "who-read", "/app/b").stdout == ""
    assert run(server, "who-read", "prod/db", "--since", "soon").returncode == 1


def test_who_was_refused_within_an_answer_or_through_parameter_store_is_told(dev):
    other = dev.sm.create_secret(Name="other", SecretString="s")["ARN"]
    made = dev.sm.create_secret(Name="prod/db", SecretString="s")["ARN"]
    dev.ssm.put_parameter(Name="/a", Value="a", Type="String")
    reference = "/aws/reference/secretsmanager/prod/db"
    may = allow(["secretsmanager:BatchGetSecretValue", "ssm:Get*"])
    person = user(dev, may, allow("secretsmanager:GetSecretValue", other))
    for asked in ("prod/db", made):
        answer = person.sm.batch_get_secret_value(SecretIdList=[asked, "other"])
        assert [each["Name"] for each in answer["SecretValues"]] == ["other"]
    for asked in (reference, f"{reference}:AWSCURRENT"):
        with refused("AccessDeniedException"):
            person.ssm.get_parameter(Name=asked, WithDecryption=True)
    with refused("AccessDeniedException"):
        person.ssm.get_parameters(Names=["/a", reference], WithDecryption=True)
    person.ssm.get_parameters(Names=["/a", "/b:3"])
    for name in ("prod/db", made, reference):
        told = outcomes(dev, name, person)
        assert told == ["AccessDenied"] * 5, (name, told)
    assert outcomes(dev, "other", person) == ["read"] * 2
    assert outcomes(dev, "/a", person) == ["read", "AccessDenied"]
    assert outcomes(dev, "/b", person) == ["ParameterNotFound"]


def test_each_secret_of_a_batch_has_a_record_of_its_own_too(dev):
    """As the API reference of BatchGetSecretValue says."""
    arn = dev.sm.create_secret(Name="one", SecretString="s")["ARN"]
    dev.sm.create_secret(Name="two", SecretString="s")
    may = allow(["secretsmanager:BatchGetSecretValue", "secretsmanager:ListSecrets"])
    person = user(dev, may, allow("secretsmanager:GetSecretValue", arn))
    answer = person.sm.batch_get_secret_value(SecretIdList=["one", "two", "none"])
    assert len(answer["SecretValues"]) == 1
    person.sm.batch_get_secret_value(Filters=[{"Key": "name", "Values": ["one"]}])
    records = [
        json.loads(event["CloudTrailEvent"])
        for event in events(dev)
        if event["EventSource"] == "secretsmanager.amazonaws.com"
    ]
    of_person = [each for each in records if each["userIdentity"]["arn"] == person.arn_of_caller]
    assert len({each["eventID"] for each in of_person}) == len(of_person) == 6
    batches = [each for each in of_person if each["eventName"] == "BatchGetSecretValue"]
    assert [each["responseElements"] for each in batches] == [None, None]
    reads = [each for each in of_person if each["eventName"] == "GetSecretValue"]
    told = [(each["requestParameters"]["secretId"], each.get("errorCode")) for each in reads]
    assert sorted(told, key=str) == [
        (arn, None),
        ("none", "AccessDenied"),
        ("one", None),
        ("two", "AccessDenied"),
    ]
    for each in reads:
        is_read = "errorCode" not in each
        assert [each["ARN"] for each in each.get("resources", [])] == ([arn] if is_read else [])
        assert ("not authorized to perform" in each.get("errorMessage", "")) != is_read
        assert each["requestID"] in {batch["requestID"] for batch in batches}
        assert each["readOnly"] is True and "itemCalls" not in each
    by_name = dev.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": "one"}]
    )["Events"]
    assert [each["EventName"] for each in by_name].count("GetSecretValue") == 2


def test_long_names_push_no_secret_of_a_batch_out_of_the_records(dev):
    key = dev.kms.create_key()["KeyMetadata"]["Arn"]
    arns = [
        dev.sm.create_secret(Name=f"{number:03}{'n' * 509}", SecretString="s", KmsKeyId=key)["ARN"]
        for number in range(13)
    ]
    nonsense = ["\x01" * 2048, *("\x02" * 2000 + str(number) for number in range(6))]
    answer = dev.sm.batch_get_secret_value(SecretIdList=[*nonsense, *arns])
    assert (len(answer["SecretValues"]), len(answer["Errors"])) == (13, 7)
    reads = [
        json.loads(event["CloudTrailEvent"])
        for event in events(dev)
        if event["EventName"] == "GetSecretValue"
    ]
    assert len(reads) == 20
    read = {each["requestParameters"]["secretId"] for each in reads if "errorCode" not in each}
    assert read == set(arns)
    refusals = [each for each in reads if "errorCode" in each]
    assert all(len(each["requestParameters"]["secretId"]) == 100 for each in refusals)


def events(world):
    pages = world.client("cloudtrail").get_paginator("lookup_events").paginate()
    return [event for page in pages for event in page["Events"]]


def test_who_read_from_another_account_is_told_with_the_account(dev):
    workload = other_account(dev)
    key = dev.kms.create_key()["KeyMetadata"]["Arn"]
    secret = dev.sm.create_secret(Name="db", SecretString="v", KmsKeyId=key)["ARN"]
    read = ("secretsmanager:GetSecretValue", "kms:Decrypt")
    _, arn = role(workload, allow(list(read)))
    text = policy(allow(read[0], Principal={"AWS": arn}))
    dev.sm.put_resource_policy(SecretId=secret, ResourcePolicy=text)
    text = key_policy(dev, allow(read[1], Principal={"AWS": arn}))
    dev.kms.put_key_policy(KeyId=key, PolicyName="default", Policy=text)
    person = session(workload, arn)
    person.sm.get_secret_value(SecretId=secret)
    identity = person.client("sts").get_caller_identity()["UserId"]
    (line,) = lines_of(dev, "db")
    assert f" {workload.account}:{identity} GetSecretValue " in line


def lines_of(world, name):
    """What `who-read` prints."""
    credentials = (world.access_key, world.secret)
    told = run(world.server, "who-read", name, credentials=credentials)
    assert told.returncode == 0, told
    return told.stdout.splitlines()


def outcomes(world, name, person):
    """How this person's reads were answered, newest first."""
    lines = [line.split(" ") for line in lines_of(world, name)]
    return [line[-1] for line in lines if line[1] == person.arn_of_caller]


def test_who_can_read_a_parameter_is_told_by_whichever_operation(restartable):
    server = restartable
    root = client(server, "iam")
    client(server, "ssm").put_parameter(Name="/app/db/a", Value="a", Type="SecureString")
    client(server, "secretsmanager").create_secret(Name="prod/db", SecretString="s")
    any_parameter = f"arn:aws:ssm:us-east-1:{server.account}:parameter"
    allowed = {
        "one": ("ssm:GetParameter", "*"),
        "many": ("ssm:GetParameters", f"{any_parameter}/app/db/a"),
        "past": ("ssm:GetParameterHistory", "*"),
        "path": ("ssm:GetParametersByPath", f"{any_parameter}/app"),
        "elsewhere": ("ssm:GetParametersByPath", f"{any_parameter}/other"),
        "names": ("ssm:DescribeParameters", "*"),
        "secret": ("secretsmanager:GetSecretValue", "*"),
        "batch": ("secretsmanager:BatchGetSecretValue", "*"),
    }
    for user, (action, resource) in allowed.items():
        root.create_user(UserName=user)
        statement = {"Effect": "Allow", "Action": action, "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        root.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=document)
    told = readers(server, "/app/db/a")
    assert told.keys() == {"one", "many", "past", "path"}
    assert all("identity-based policy statement 1" in because for because in told.values()), told
    assert readers(server, "prod/db").keys() == {"secret"}
    assert run(server, "who-can-read", "/no").returncode == 1


def test_who_can_read_is_told_with_the_grants_and_with_nothing_that_gives_nothing(dev):
    key = dev.kms.create_key()["KeyMetadata"]["Arn"]
    secret = dev.sm.create_secret(Name="db", SecretString="v", KmsKeyId=key)["ARN"]
    read = allow("secretsmanager:GetSecretValue", secret)
    people = {name: user(dev, read, name=name) for name in ("named", "granted", "bound", "other")}
    people["both"] = user(dev, read, allow("kms:*"), name="both")
    granted = {
        name: dev.kms.create_grant(
            KeyId=key,
            GranteePrincipal=people[name].arn_of_caller,
            Operations=[operation],
            **({"Constraints": {"EncryptionContextSubset": context}} if context else {}),
        )["GrantId"]
        for name, operation, context in (
            ("granted", "Decrypt", None),
            ("bound", "Decrypt", {"SecretARN": secret}),
            ("other", "Decrypt", {"SecretARN": "another"}),
            ("other", "Encrypt", None),
        )
    }
    named = allow("kms:Decrypt", Principal={"AWS": people["named"].arn_of_caller}, Sid="Named")
    dev.kms.put_key_policy(KeyId=key, PolicyName="default", Policy=key_policy(dev, named))
    by_policy = "secretsmanager:GetSecretValue by identity-based policy statement 1"
    assert readers(dev.server, "db", (dev.access_key, dev.secret)) == {
        "named": f"kms:Decrypt by resource-based policy statement Named, {by_policy}",
        "granted": f"kms:Decrypt by grant {granted['granted']}, {by_policy}",
        "bound": f"kms:Decrypt by grant {granted['bound']}, {by_policy}",
        "both": "kms:Decrypt by identity-based policy statement 2, "
        f"kms:Decrypt by resource-based policy statement 1, {by_policy}",
    }
    for name, person in people.items():
        outcome = contextlib.nullcontext() if name != "other" else refused("AccessDeniedException")
        with outcome:
            person.sm.get_secret_value(SecretId="db")


def test_nobody_can_read_what_a_disabled_key_has_sealed(dev):
    key = dev.kms.create_key()["KeyMetadata"]["Arn"]
    dev.sm.create_secret(Name="db", SecretString="v", KmsKeyId=key)
    person = user(dev, allow(["secretsmanager:GetSecretValue", "kms:Decrypt"]), name="person")
    credentials = (dev.access_key, dev.secret)
    assert readers(dev.server, "db", credentials).keys() == {"person"}
    dev.kms.disable_key(KeyId=key)
    with refused("DecryptionFailure"):
        person.sm.get_secret_value(SecretId="db")
    told = run(dev.server, "who-can-read", "db", credentials=credentials)
    assert (told.returncode, told.stdout) == (0, "")
    assert told.stderr == f"nobody can read it now: {key} is disabled.\n"
    dev.kms.enable_key(KeyId=key)
    assert readers(dev.server, "db", credentials).keys() == {"person"}


def test_who_can_read_looks_into_every_account_where_a_policy_names_everybody(dev):
    workload = other_account(dev)
    key = dev.kms.create_key()["KeyMetadata"]["Arn"]
    secret = dev.sm.create_secret(Name="db", SecretString="v", KmsKeyId=key)["ARN"]
    read = allow("secretsmanager:GetSecretValue", secret)
    user(workload, read, allow("kms:Decrypt", key), name="abroad")
    user(workload, read, name="no-key")
    credentials = (dev.access_key, dev.secret)
    everybody = allow("kms:Decrypt", Principal={"AWS": workload.account})
    dev.kms.put_key_policy(KeyId=key, PolicyName="default", Policy=key_policy(dev, everybody))
    assert readers(dev.server, "db", credentials) == {}
    text = policy(allow("secretsmanager:GetSecretValue", Principal="*"))
    dev.sm.put_resource_policy(SecretId=secret, ResourcePolicy=text)
    assert readers(dev.server, "db", credentials).keys() == {"abroad"}


def test_who_can_read_tells_of_other_accounts_to_the_first_account_alone(restartable):
    first = World(restartable, restartable.account, *restartable.credentials, "us-east-1")
    second = made(restartable, "--name", "second", "--email", "second@example.com")
    for world, name in ((first, "ours"), (second, "theirs")):
        user(world, allow(["secretsmanager:GetSecretValue", "kms:Decrypt"]), name=name)
    for world in (first, second):
        everybody = allow("kms:Decrypt", Principal="*")
        key = world.kms.create_key(Policy=key_policy(world, everybody))["KeyMetadata"]["Arn"]
        secret = world.sm.create_secret(Name="db", SecretString="v", KmsKeyId=key)["ARN"]
        text = policy(allow("secretsmanager:GetSecretValue", Principal="*"))
        world.sm.put_resource_policy(SecretId=secret, ResourcePolicy=text)
        told = readers(restartable, secret, (world.access_key, world.secret))
        theirs = {"theirs", "OrganizationAccountAccessRole"}
        assert told.keys() == (theirs | {"ours"} if world is first else theirs)


def readers(server, resource, credentials=None):
    told = run(server, "who-can-read", resource, credentials=credentials)
    assert told.returncode == 0, told
    lines = [line.split("\t", 1) for line in told.stdout.splitlines()]
    return {principal.rsplit("/", 1)[1]: because for principal, because in lines}
