"""What outlives the process: values, tokens of pages, settings, jobs, and the first start."""

import configparser
import re
import stat
import subprocess

import pytest

from conftest import real
from server import BINARY
from world import World, pages, refused, tags


def restarted(server):
    server.stop()
    server.start()


def test_everything_is_there_again_after_a_restart(restartable):
    world = World.on_server(restartable)
    key = world.kms.create_key()["KeyMetadata"]["KeyId"]
    world.kms.create_alias(AliasName="alias/own", TargetKeyId=key)
    world.ssm.put_parameter(Name="/app/host", Value="h", Type="String", Tags=tags(a="b"))
    world.ssm.put_parameter(Name="/app/pin", Value="p", Type="SecureString", KeyId="alias/own")
    world.ssm.put_parameter(Name="/app/pin", Value="q", Type="SecureString", Overwrite=True)
    world.ssm.label_parameter_version(Name="/app/pin", ParameterVersion=1, Labels=["old"])
    world.ssm.update_service_setting(
        SettingId="/ssm/parameter-store/default-parameter-tier", SettingValue="Advanced"
    )
    made = world.sm.create_secret(Name="app/db", SecretString="first")
    world.sm.put_secret_value(SecretId="app/db", SecretBinary=b"\x00second")
    world.sm.create_secret(Name="app/gone", SecretString="v")
    world.sm.delete_secret(SecretId="app/gone")
    world.close()

    restarted(restartable)
    again = World(restartable, world.account, world.access_key, world.secret, world.region)

    def value(name):
        return again.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]

    assert (value("/app/host"), value("/app/pin"), value("/app/pin:old")) == ("h", "q", "p")
    listed = again.ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/app/host")
    assert listed["TagList"] == tags(a="b")
    assert again.ssm.put_parameter(Name="/new", Value="v", Type="String")["Tier"] == "Advanced"
    found = again.sm.get_secret_value(SecretId="app/db")
    assert (found["ARN"], found["SecretBinary"]) == (made["ARN"], b"\x00second")
    previous = again.sm.get_secret_value(SecretId="app/db", VersionStage="AWSPREVIOUS")
    assert previous["SecretString"] == "first"
    assert "DeletedDate" in again.sm.describe_secret(SecretId="app/gone")
    assert again.kms.describe_key(KeyId="alias/own")["KeyMetadata"]["KeyId"] == key
    again.close()


def test_tokens_of_pages_survive_a_restart(restartable):
    world = World.on_server(restartable)
    names = [f"/page/{number:02}" for number in range(12)]
    for name in names:
        world.ssm.put_parameter(Name=name, Value="v", Type="String")
        world.sm.create_secret(Name=name.strip("/"), SecretString="v")
    parameters = world.ssm.get_parameters_by_path(Path="/page", MaxResults=5)
    described = world.ssm.describe_parameters(MaxResults=5)
    secrets = world.sm.list_secrets(MaxResults=5, SortBy="name", SortOrder="asc")
    world.close()
    restarted(restartable)
    again = World(restartable, world.account, world.access_key, world.secret, world.region)

    def rest(operation, member, first, **arguments):
        found, token = list(first[member]), first["NextToken"]
        while token:
            page = operation(NextToken=token, **arguments)
            found += page[member]
            token = page.get("NextToken")
        return sorted(item["Name"] for item in found)

    by_path = rest(again.ssm.get_parameters_by_path, "Parameters", parameters, Path="/page")
    assert by_path == names
    assert rest(again.ssm.describe_parameters, "Parameters", described) == names
    in_order = {"SortBy": "name", "SortOrder": "asc"}
    found = rest(again.sm.list_secrets, "SecretList", secrets, **in_order)
    assert found == [name.strip("/") for name in names]
    again.close()


def test_a_token_belongs_to_its_operation(dev):
    for number in range(4):
        dev.ssm.put_parameter(Name=f"/page/{number}", Value="v", Type="String")
    token = dev.ssm.describe_parameters(MaxResults=2)["NextToken"]
    with refused("InvalidNextToken"):
        dev.ssm.get_parameters_by_path(Path="/page", NextToken=token)
    assert "/page/" not in token


def test_the_first_start_makes_an_account_and_tells_how_to_use_it(tmp_path, servers):
    server = servers("server", tmp_path / "coffer-data")
    server.start()
    printed = server.log
    exports = dict(re.findall(r"export (AWS_[A-Z_]+)=['\"]?([^\s'\"]+)", printed))
    assert exports["AWS_ENDPOINT_URL"] == server.endpoint
    access_key, secret = exports["AWS_ACCESS_KEY_ID"], exports["AWS_SECRET_ACCESS_KEY"]
    world = World(server, None, access_key, secret, "us-east-1")
    identity = world.sts.get_caller_identity()
    assert re.fullmatch(r"\d{12}", identity["Account"])
    assert identity["Arn"] == f"arn:aws:iam::{identity['Account']}:root"
    world.ssm.put_parameter(Name="/app/host", Value="h", Type="String")

    files = [path for path in tmp_path.rglob("*") if path.is_file() and _holds(path, secret)]
    assert files, "no credentials file was written"
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        parsed = configparser.ConfigParser()
        parsed.read(path)
        section = parsed[parsed.sections()[0]]
        assert section["aws_access_key_id"] == access_key
        assert section["aws_secret_access_key"] == secret
    world.close()

    server.stop()
    length = len(server.log)
    server.start()
    assert secret not in server.log[length:], "the secret is shown once"
    again = World(server, None, access_key, secret, "us-east-1")
    assert again.sts.get_caller_identity()["Account"] == identity["Account"]
    assert again.ssm.get_parameter(Name="/app/host")["Parameter"]["Value"] == "h"
    again.close()
    server.stop()


def _holds(path, text):
    return text.encode() in path.read_bytes()


def test_two_first_starts_make_different_secrets(tmp_path, servers):
    seen = set()
    for number in range(2):
        server = servers("server", tmp_path / f"data-{number}")
        server.start()
        seen.add(re.search(r"AWS_SECRET_ACCESS_KEY=['\"]?([^\s'\"]+)", server.log)[1])
        server.stop()
    assert len(seen) == 2


def test_a_data_directory_has_one_server(restartable):
    second = real(restartable.data)
    ended = subprocess.run(
        [BINARY, "server", "--listen", "127.0.0.1:0", "--data", str(restartable.data)],
        capture_output=True,
        text=True,
        timeout=60,
        env=second.environment(),
    )
    assert ended.returncode != 0
    assert "panicked" not in ended.stderr
    assert str(restartable.data) in ended.stderr + ended.stdout
    assert restartable.is_ready()


@pytest.mark.parametrize("arguments", [["server", "--listen", "nonsense"], ["serve"], ["dev", "x"]])
def test_a_command_that_can_not_be_is_explained(tmp_path, arguments):
    ended = subprocess.run(
        [BINARY, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={"HOME": str(tmp_path)},
    )
    assert ended.returncode not in (0, 101)
    assert ended.stderr
    assert "panicked" not in ended.stderr


def test_a_dev_server_keeps_nothing(servers):
    server = servers("dev")
    server.start()
    world = World.on_dev(server)
    world.ssm.put_parameter(Name="/app/host", Value="h", Type="String")
    world.close()
    server.stop()
    # What functions are run by is the test's own.
    kept = [path for path in server.scratch.iterdir() if path.name != "tools"]
    files = [file for path in kept for file in [path, *path.rglob("*")] if file.is_file()]
    assert files == [server.log_path]
    server.start()
    again = World.on_dev(server, world.account)
    found, _ = pages(again.ssm.describe_parameters, "Parameters")
    assert found == []
    again.close()
    server.stop()
