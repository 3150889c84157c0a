"""The commands of docs/operate/functions.md, run as they stand there, and what they deploy.

Functions in Python, Node and a shell, which rotate users of a real PostgreSQL on a schedule.
"""

import datetime
import json
import os
import pathlib
import re
import shutil
import sys

import pytest

import documents
from server import ROOT, eventually
from rotations import current, described, make, state
from world import World, word

GUIDE = ROOT / "docs" / "operate" / "functions.md"
FUNCTIONS = ROOT / "docs" / "operate" / "functions"
TOOLS = pathlib.Path(sys.executable).parent
# Where the test command has put the packages of Node that npm would get.
NODE_PACKAGES = TOOLS.parent / "node" / "node_modules"
# The account of the documents.
ACCOUNT = "111122223333"
DAY = datetime.timedelta(days=1)
ROW = re.compile(r"^\| (\w+) \| `([^`]+)` \| `([^`]+)` \|$", re.MULTILINE)


def variants(text):
    """What the guide's table says of each runtime: how it is zipped, and how it is made."""
    return {name: (zipped, made) for name, zipped, made in ROW.findall(text)}


def script_for(kind, text):
    """The guide's commands, with the two that the table gives another runtime."""
    (script,) = documents.blocks(text)
    rows = variants(text)
    for written, other in zip(rows["Python"], rows[kind], strict=True):
        assert script.count(written) == 1, f"the guide's commands are not its table's: {written}"
        script = script.replace(written, other)
    return script


def folder_for(kind, parent):
    """A copy of the function's folder, as its reader has it."""
    folder = parent / kind
    shutil.copytree(FUNCTIONS / kind.lower(), folder)
    if kind == "Node":
        assert NODE_PACKAGES.is_dir(), "run `cargo xtask test`, which installs Node's packages"
        shutil.copytree(NODE_PACKAGES, folder / "node_modules", symlinks=True)
    return folder


def environment_of(world, home):
    return {
        "PATH": os.pathsep.join([str(TOOLS), os.environ["PATH"]]),
        "HOME": str(home),
        "AWS_ENDPOINT_URL": world.server.endpoint,
        "AWS_ACCESS_KEY_ID": world.access_key,
        "AWS_SECRET_ACCESS_KEY": world.secret,
        "AWS_DEFAULT_REGION": world.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }


def date(world):
    return described(world).get("LastRotatedDate")


READS = """
import boto3

def handler(event, context):
    client = boto3.client("secretsmanager")
    return client.get_secret_value(SecretId=event["SecretId"])["SecretString"]
"""


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", ["Python", "Node", "shell"])
def test_a_function_that_the_guide_deploys_rotates_a_user_on_a_schedule(
    kind, servers, postgresql, tmp_path
):
    # Each has a server to itself, where the documents' account is empty.
    server = servers("dev", extra=["--functions-enabled"]).start()
    world = World.on_dev(server, ACCOUNT)
    user = f"app_{word()}"
    postgresql.admin(f"CREATE ROLE {user} LOGIN PASSWORD 'first'")
    make(world, postgresql.login(user, "first", note="kept"))
    folder = folder_for(kind, tmp_path)
    script = script_for(kind, GUIDE.read_text())
    ended = documents.run(script, folder, environment_of(world, tmp_path))
    assert ended.returncode == 0, f"{ended.stderr}\n{server.log}"
    eventually(lambda: date(world) or _fail_if_given_up(world), "it has rotated at once", 60)
    passwords = ["first"]
    for turn in range(3):
        value = current(world)
        assert value["note"] == "kept" and value["username"] == user
        assert value["password"] not in passwords
        assert postgresql.opens(user, value["password"])
        assert not postgresql.opens(user, passwords[-1]), f"turn {turn}: the old password opens"
        passwords.append(value["password"])
        if turn == 2:
            break
        before = date(world)
        _advance_into_the_window(world, server)
        eventually(lambda: date(world) > before or _fail_if_given_up(world), "it has rotated", 60)
    stages = described(world)["VersionIdsToStages"].values()
    assert sorted(map(tuple, stages)) == [("AWSCURRENT",), ("AWSPREVIOUS",)]
    assert state(world)["State"] == "IDLE"
    world.close()
    server.stop()


def _advance_into_the_window(world, server):
    """Nothing rotates on the ninth day of ten; on the tenth the window is open for three hours."""
    before, closes = date(world), described(world)["NextRotationDate"]
    opened = (before + DAY * 10).astimezone(datetime.timezone.utc).date()
    assert closes.astimezone(datetime.timezone.utc).isoformat() == f"{opened}T02:59:59+00:00"
    server.advance("9d")
    assert state(world)["State"] == "IDLE" and date(world) == before
    # Since the last rotation the clock has gone on by the moments that the test itself took.
    server.advance(f"{int((closes - before - DAY * 9).total_seconds()) - 3600}s")


def _fail_if_given_up(world):
    failure = state(world).get("LastFailure")
    assert not failure, f"{failure}\n{world.server.log}"


def test_the_guide_s_policy_lets_a_function_do_no_more(servers, tmp_path):
    server = servers("dev", extra=["--functions-enabled"]).start()
    world = World.on_dev(server, ACCOUNT)
    make(world, {"password": "first"})
    other = world.sm.create_secret(Name="other", SecretString="not for it")["ARN"]
    script = script_for("Python", GUIDE.read_text())
    folder = folder_for("Python", tmp_path)
    # The function of the guide, but for its code: what it reads is not its to read.
    (folder / "app.py").write_text(READS)
    ended = documents.run(script, folder, environment_of(world, tmp_path))
    assert ended.returncode == 0, ended.stderr

    def invoke(secret):
        answer = world.functions.invoke(
            FunctionName="rotate", Payload=json.dumps({"SecretId": secret})
        )
        return json.load(answer["Payload"])

    assert json.loads(invoke("app/db")) == {"password": "first"}
    refused = invoke(other)
    assert "AccessDeniedException" in refused["errorMessage"], refused
    world.close()
    server.stop()
