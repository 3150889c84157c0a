"""The journal on disk: whole while the server serves and after it was killed, and found broken when
it was tampered with; who read a secret."""

import json
import subprocess

import boto3
import botocore.config

from server import BINARY


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


def run(server, *arguments):
    access_key, secret = server.credentials
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


def readers(server, resource):
    told = run(server, "who-can-read", resource)
    assert told.returncode == 0, told
    lines = [line.split("\t", 1) for line in told.stdout.splitlines()]
    return {principal.rsplit("/", 1)[1]: because for principal, because in lines}
