"""Several accounts in one server: `coffer account`."""

import re
import stat
import subprocess

import pytest

from server import BINARY
from world import World, refused


def coffer(server, *arguments, key=None, code=0):
    """Runs `coffer account …` as the first account, or with another access key."""
    access_key, secret = key or server.credentials
    ended = subprocess.run(
        [BINARY, "account", *arguments, "--endpoint", server.endpoint],
        capture_output=True,
        text=True,
        timeout=60,
        env={
            **server.environment(),
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret,
        },
    )
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def made(server, *arguments):
    """A new account: its id, and a world of its root."""
    said = coffer(server, "create", *arguments)
    account = re.search(r"account (\d{12}) was made", said)[1]
    access_key = re.search(r"AWS_ACCESS_KEY_ID=(\S+)", said)[1]
    secret = re.search(r"AWS_SECRET_ACCESS_KEY=(\S+)", said)[1]
    return World(server, account, access_key, secret, "us-east-1")


def test_a_new_account_is_entered_with_the_key_that_is_shown_and_has_nothing_of_others(restartable):
    first = World.on_server(restartable)
    first.ssm.put_parameter(Name="/a", Value="first", Type="String")
    second = made(restartable, "--name", "second", "--email", "second@example.com")
    assert second.sts.get_caller_identity()["Account"] == second.account
    with refused("ParameterNotFound"):
        second.ssm.get_parameter(Name="/a")
    second.ssm.put_parameter(Name="/a", Value="second", Type="SecureString")
    listed = coffer(restartable, "list")
    assert f"{second.account}\tACTIVE\tsecond\tsecond@example.com" in listed
    assert f"{restartable.account}\tACTIVE" in listed

    restartable.stop()
    restartable.start()
    second = World(restartable, second.account, second.access_key, second.secret, second.region)
    read = second.ssm.get_parameter(Name="/a", WithDecryption=True)
    assert read["Parameter"]["Value"] == "second"
    assert second.secret not in restartable.log


def test_an_id_that_is_chosen_is_used_once(restartable):
    world = made(restartable, "--id", "444455556666")
    assert world.account == "444455556666"
    said = coffer(restartable, "create", "--id", "444455556666", code=1)
    assert "AccountExistsException" in said
    said = coffer(restartable, "create", "--id", restartable.account, code=1)
    assert "AccountExistsException" in said
    assert "ValidationException" in coffer(restartable, "create", "--id", "12", code=1)


def test_a_credentials_file_is_private_and_never_written_over(restartable, tmp_path):
    file = tmp_path / "credentials"
    said = coffer(restartable, "create", "--new-credentials-file", str(file))
    assert "AWS_SECRET_ACCESS_KEY" not in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert "aws_access_key_id = AKIA" in text
    coffer(restartable, "create", "--new-credentials-file", str(file), code=1)
    assert file.read_text() == text
    other = tmp_path / "other"
    coffer(restartable, "create", "--id", "1", "--new-credentials-file", str(other), code=1)
    assert not other.exists()


def test_a_closed_account_has_no_callers_and_others_go_on(restartable):
    second, third = made(restartable), made(restartable)
    second.sts.get_caller_identity()
    coffer(restartable, "close", second.account)
    with refused("InvalidClientTokenId", status=403):
        second.sts.get_caller_identity()
    third.sts.get_caller_identity()
    assert f"{second.account}\tCLOSED" in coffer(restartable, "list")
    said = coffer(restartable, "close", second.account, code=1)
    assert "AccountAlreadyClosedException" in said
    said = coffer(restartable, "close", restartable.account, code=1)
    assert "ConstraintViolationException" in said


@pytest.mark.parametrize("command", [("create",), ("list",), ("close", "444455556666")])
def test_other_accounts_do_not_operate_the_server(restartable, command):
    other = made(restartable)
    said = coffer(restartable, *command, key=(other.access_key, other.secret), code=1)
    assert "AccessDeniedException" in said
