"""Secrets that rotate by Lambda functions in Python, against a real PostgreSQL.

Those in Node and a shell are in test_functions_guide.py.
"""

import io
import json
import stat
import zipfile

import pytest

import functions
from identities import allow, new_user
from rotations import current, described, make, rotated, state
from server import ROOT, eventually
from world import refused, word

PYTHON = (ROOT / "docs" / "operate" / "functions" / "python" / "app.py").read_text()
PYTHON = PYTHON.replace(
    "    client = boto3", "    assert len(event['RotationToken']) == 36\n    client = boto3", 1
)
NOT_INVOKED = "Secrets Manager cannot invoke the specified Lambda function."

HANGS = """
import threading

def handler(event, context):
    threading.Event().wait(60)
"""


@pytest.fixture
def user(postgresql):
    name = f"app_{word()}"
    postgresql.admin(f"CREATE ROLE {name} LOGIN PASSWORD 'first'")
    return name


def zipped(name, content):
    """A zip with one file that may be executed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = (stat.S_IFREG | 0o755) << 16
        archive.writestr(info, content)
    return buffer.getvalue()


def deploy(world, name, content, permitted=True, **more):
    """A function that may rotate secrets, and whose policy lets Secrets Manager in."""
    role = functions.rotation_role(world)
    settings = {"Runtime": "python3.13", "Handler": "app.handler", "Timeout": 30, **more}
    made = functions.make(world, Role=role, Code={"ZipFile": zipped(name, content)}, **settings)
    if permitted:
        functions.let_secrets_manager_in(world, made["FunctionName"])
    return made["FunctionArn"]


def deploy_python(world, content=PYTHON, **more):
    excluded = {"Variables": {"EXCLUDE_CHARACTERS": "/@\"'\\"}}
    return deploy(world, "app.py", content, Environment=excluded, MemorySize=512, **more)


def rotate(world, function, **more):
    return world.sm.rotate_secret(SecretId="app/db", RotationLambdaARN=function, **more)


def failure(world):
    return eventually(lambda: state(world).get("LastFailure"), "the rotation has failed", 60)


def test_a_python_function_rotates_a_user_of_postgresql_on_a_schedule(timed, postgresql, user):
    make(timed, postgresql.login(user, "first"))
    function = deploy_python(timed)
    rules = {"ScheduleExpression": "rate(10 days)"}
    rotated(timed, rotate(timed, function, RotationRules=rules)["VersionId"])
    passwords = ["first"]
    for _ in range(2):
        value = current(timed)["password"]
        assert value not in passwords
        assert postgresql.opens(user, value) and not postgresql.opens(user, passwords[-1])
        passwords.append(value)
        before = described(timed)["LastRotatedDate"]
        timed.server.advance("11d")
        eventually(lambda: described(timed)["LastRotatedDate"] > before, "it has rotated", 60)
    assert state(timed)["State"] == "IDLE"
    assert postgresql.opens(user, current(timed)["password"])


def test_a_function_that_secrets_manager_may_not_invoke_is_refused(dev, postgresql, user):
    make(dev, postgresql.login(user, "first"))
    with refused("AccessDeniedException", NOT_INVOKED):
        rotate(dev, dev.arn("lambda", "function:none"))
    function = deploy_python(dev, permitted=False)
    with refused("AccessDeniedException", NOT_INVOKED):
        rotate(dev, function)
    permission = {
        "FunctionName": function,
        "Action": "lambda:InvokeFunction",
        "Principal": "secretsmanager.amazonaws.com",
    }
    dev.functions.add_permission(
        **permission, StatementId="other", SourceArn=dev.arn("secretsmanager", "secret:other-??????")
    )
    with refused("AccessDeniedException", NOT_INVOKED):
        rotate(dev, function)
    assert not described(dev).get("RotationEnabled")
    dev.functions.add_permission(**permission, StatementId="this")
    _, guest = new_user(dev, allow("secretsmanager:RotateSecret"))
    with refused("AccessDeniedException", "lambda:InvokeFunction"):
        rotate(guest, function)
    rotated(dev, rotate(dev, function)["VersionId"])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("def handler(event, context):\n    raise ValueError('this went wrong')\n", "ValueError"),
        ("import os\ndef handler(event, context):\n    os._exit(3)\n", "Runtime.ExitError"),
        (HANGS, "Timedout"),
        ("import nothing_of_this_name\n", "Runtime.ImportModuleError"),
        ("def handler(event, context):\n    return None\n", "has not moved AWSCURRENT"),
    ],
    ids=["raises", "exits", "hangs", "does not load", "does nothing"],
)
def test_a_function_that_fails_leaves_the_current_version_and_says_why(dev, content, told):
    make(dev, {"password": "first"})
    seconds = 2 if content is HANGS else 30
    function = deploy_python(dev, content, Timeout=seconds)
    rotate(dev, function)
    assert told in failure(dev)
    assert current(dev) == {"password": "first"}
    assert state(dev)["State"] == "WAITING"
    # A function that is mended has the rotation go on.
    mended = zipped("app.py", MENDED)
    dev.functions.update_function_code(FunctionName=function, ZipFile=mended)
    dev.server.run(dev, "rotation", "retry", "app/db")
    eventually(lambda: state(dev)["State"] == "IDLE", "the rotation has succeeded", 60)
    assert current(dev) == {"password": "second"}


MENDED = PYTHON.replace(
    "drawn = client.get_random_password(ExcludeCharacters=excluded)",
    'drawn = {"RandomPassword": "second"}',
).replace('"setSecret": set_secret', '"setSecret": print').replace(
    '"testSecret": test_secret', '"testSecret": print'
)


def test_a_function_that_is_deleted_is_told_of(dev, postgresql, user):
    make(dev, postgresql.login(user, "first"))
    function = deploy_python(dev)
    rotated(dev, rotate(dev, function)["VersionId"])
    dev.functions.delete_function(FunctionName=function)
    with refused("AccessDeniedException", NOT_INVOKED):
        dev.sm.rotate_secret(SecretId="app/db")
    assert postgresql.opens(user, current(dev)["password"])


def test_functions_are_invoked_by_clients_too(dev):
    content = "def handler(event, context):\n    print('seen')\n    return {'got': event}\n"
    function = deploy_python(dev, content)
    answer = dev.functions.invoke(FunctionName=function, Payload=b'{"a": 1}', LogType="Tail")
    assert json.load(answer["Payload"]) == {"got": {"a": 1}}
    assert "FunctionError" not in answer and answer["ExecutedVersion"] == "$LATEST"
    assert answer["LogResult"]
