"""Functions that are the operator's: commands of the host, and services that answer Invoke."""

import contextlib
import importlib.util
import json
import shutil

import pytest

from conftest import FUNCTIONS, real
from function_service import Service
from functions import execution_role, let_secrets_manager_in, make, rotation_role
from identities import allow, policy
from issuer import authority
from server import ROOT, eventually
from rotations import current, rotated, state
from rotations import make as make_secret
from world import World, refused, word

EXAMPLES = ROOT / "docs" / "operate" / "functions"
BOOTSTRAP = EXAMPLES / "shell" / "bootstrap"
INVALID = "InvalidParameterValueException"


@contextlib.contextmanager
def on(server):
    """A world on a server that is started for the block."""
    server.start()
    made = World.on_dev(server) if server.command == "dev" else World.on_server(server)
    try:
        yield made
        assert "panicked" not in server.log, server.log
    finally:
        made.close()
        server.kill()
        shutil.rmtree(server.scratch, ignore_errors=True)


def of(world, bucket, key, **more):
    """A function of what the operator has named."""
    settings = {
        "Runtime": "provided.al2023",
        "Handler": "none",
        "Timeout": 30,
        "MemorySize": 512,
        "Code": {"S3Bucket": f"coffer-{bucket}", "S3Key": key},
        **more,
    }
    return make(world, **settings)


def rotates(world, postgresql, function):
    """A secret of a user of PostgreSQL gets another value by this function."""
    user = f"app_{word()}"
    postgresql.admin(f"CREATE ROLE {user} LOGIN PASSWORD 'first'")
    make_secret(world, postgresql.login(user, "first"))
    let_secrets_manager_in(world, function)
    answer = world.sm.rotate_secret(SecretId="app/db", RotationLambdaARN=function)
    rotated(world, answer["VersionId"])
    assert postgresql.opens(user, current(world)["password"])
    assert not postgresql.opens(user, "first")


def invoked(world, function, **more):
    answer = world.functions.invoke(FunctionName=function, Payload=b'{"a": 1}', **more)
    return answer.get("FunctionError"), json.load(answer["Payload"])


def test_a_command_of_the_operator_s_rotates_a_user(servers, postgresql):
    named = ["--functions-command", f"rotate={BOOTSTRAP}"]
    with on(servers("dev", extra=["--functions-enabled", *named])) as world:
        made = of(world, "command", "rotate", Role=rotation_role(world))
        assert made["CodeSize"] == 0 and made["State"] == "Active"
        shown = world.functions.get_function(FunctionName=made["FunctionName"])["Code"]
        assert shown["RepositoryType"] == "coffer"
        rotates(world, postgresql, made["FunctionArn"])
        # By its name alone, to the letter: no path, no words of a command.
        for other in (str(BOOTSTRAP), "Rotate", "rotate --more", f"rotate={BOOTSTRAP}"):
            with refused(INVALID, "does not allow"):
                of(world, "command", other)
        with refused(INVALID, "does not allow"):
            of(world, "url", "rotate")


def answers(content, **headers):
    body = json.dumps(content).encode()
    return lambda _: (200, {name.replace("_", "-"): it for name, it in headers.items()}, body)


def test_a_service_of_the_operator_s_rotates_a_user(servers, postgresql, monkeypatch):
    found = importlib.util.spec_from_file_location("app", EXAMPLES / "python" / "app.py")
    app = importlib.util.module_from_spec(found)
    found.loader.exec_module(app)

    def answer(asked):
        app.handler(asked.event, None)
        return 200, {}, b"null"

    with Service(answer) as service:
        named = ["--functions-url", service.url]
        with on(servers("dev", extra=["--functions-enabled", *named])) as world:
            # The service has an access of its own to the secret.
            for name, value in {
                "SECRETS_MANAGER_ENDPOINT": world.server.endpoint,
                "AWS_ACCESS_KEY_ID": world.access_key,
                "AWS_SECRET_ACCESS_KEY": world.secret,
                "AWS_DEFAULT_REGION": world.region,
            }.items():
                monkeypatch.setenv(name, value)
            function = of(world, "url", service.url)
            rotates(world, postgresql, function["FunctionArn"])
            steps = [asked.event["Step"] for asked in service.asked]
            assert steps == ["createSecret", "setSecret", "testSecret", "finishSecret"]
            name = function["FunctionName"]
            path = f"/base/2015-03-31/functions/{name}/invocations"
            assert {asked.path for asked in service.asked} == {path}
            for other in (f"{service.url}/", service.url.replace("127.0.0.1", "localhost")):
                with refused(INVALID, "does not allow"):
                    of(world, "url", other)


def test_a_service_is_asked_by_requests_that_the_role_has_signed(servers):
    verified = []

    def answer(asked):
        # Who has it sent on first lets it be verified: the path and the host are what was signed.
        if not verified:
            verified.append(None)
            port = world.server.port
            verified[:] = [asked.send(port), asked.send(port, b'{"a": 2}')]
        return 200, {}, b'{"by": "the service"}'

    with Service(answer) as service:
        # Without a path of its own it has that of Lambda.
        url = service.url.removesuffix("/base")
        named = ["--functions-url", url]
        with on(servers("dev", extra=["--functions-enabled", *named])) as world:
            role = execution_role(world)
            world.iam.put_role_policy(
                RoleName=role.rpartition("/")[2],
                PolicyName="p",
                PolicyDocument=policy(allow("lambda:InvokeFunction")),
            )
            function = of(world, "url", url, Role=role)["FunctionName"]
            assert invoked(world, function) == (None, {"by": "the service"})
            (status, content), (other_status, other) = verified
            assert (status, json.loads(content)) == (200, {"by": "the service"})
            assert other_status == 403 and b"signature" in other.lower(), other
            asked = service.asked[0].headers
            scope = f"/{world.region}/lambda/aws4_request"
            assert scope in asked["authorization"] and asked["x-amz-security-token"]
            assert asked["x-amz-invocation-type"] == "RequestResponse"
            # Its caller is a session of the function's role.
            told = world.client("cloudtrail")

            def callers():
                lookup = {"AttributeKey": "EventName", "AttributeValue": "Invoke"}
                events = told.lookup_events(LookupAttributes=[lookup])["Events"]
                records = [json.loads(event["CloudTrailEvent"]) for event in events]
                return [record["userIdentity"].get("arn", "") for record in records]

            found = eventually(
                lambda: [arn for arn in callers() if f"/{function}" in arn], "it is recorded"
            )
            assert ":assumed-role/run-" in found[0], found


def test_what_a_service_answers_is_bounded_and_follows_nowhere(servers):
    with Service(answers({"b": 2}, X_Amz_Executed_Version="7")) as service:
        named = ["--functions-url", service.url]
        with on(servers("dev", extra=["--functions-enabled", *named])) as world:
            function = of(world, "url", service.url, Timeout=2)["FunctionName"]
            assert invoked(world, function) == (None, {"b": 2})
            service.answer = answers({"errorType": "E"}, X_Amz_Function_Error="Unhandled")
            assert invoked(world, function) == ("Unhandled", {"errorType": "E"})
            asked = len(service.asked)
            location = {"Location": f"{service.url}/2015-03-31/functions/f/invocations"}
            for answer in (
                lambda _: (302, location, b""),
                lambda _: (307, location, b""),
                lambda _: (500, {}, b""),
                lambda _: (200, {}, b"1" * (7 * 1024 * 1024)),
            ):
                service.answer = answer
                with refused("ServiceException", None, 500):
                    invoked(world, function)
            assert len(service.asked) == asked + 4
            make_secret(world, {"password": "first"})
            service.answer = lambda _: (302, location, b"")
            let_secrets_manager_in(world, function)
            arn = world.arn("lambda", f"function:{function}")
            world.sm.rotate_secret(SecretId="app/db", RotationLambdaARN=arn)
            failed = eventually(lambda: state(world).get("LastFailure"), "it has failed")
            assert "302" in failed and service.url in failed
            assert current(world) == {"password": "first"}


def test_a_service_proves_by_a_certificate_who_it_is(tmp_path):
    ca, certificate, key = authority(tmp_path)
    data = tmp_path / "data"
    with Service(answers({"b": 2}), certificate=(certificate, key)) as service:
        named = [*FUNCTIONS, "--functions-url", service.url]
        with on(real(data, extra=[*named, "--functions-ca-file", str(ca)])) as world:
            function = of(world, "url", service.url)["FunctionName"]
            assert invoked(world, function) == (None, {"b": 2})
            region = world.region
        # Nobody vouches for it any more.
        with on(real(data, extra=named)) as world:
            world.region = region
            with refused("ServiceException", None, 500):
                invoked(world, function)
            assert "no TLS" in world.server.log
        # What is not allowed any more is not run, though it was made.
        with on(real(data, extra=FUNCTIONS)) as world:
            world.region = region
            with refused("InvalidZipFileException", "is not let run it", 502):
                invoked(world, function)
            assert described_code(world, function) == service.url
    assert len(service.asked) == 1


def described_code(world, function):
    shown = world.functions.get_function(FunctionName=function)["Code"]
    return shown["ResolvedS3Object"]["S3Key"]


@pytest.mark.parametrize(
    ("named", "told"),
    [
        (["--functions-command", "rotate"], "NAME=COMMAND"),
        (["--functions-command", "rotate=bootstrap"], "by its whole path"),
        (["--functions-command", "rotate=/gone/rotate"], "no such file"),
        (["--functions-command", "rotate=/tmp"], "a folder"),
        (["--functions-command", "rotate=/etc/passwd"], "not executable"),
        (["--functions-url", "http://db.example/"], "https URL"),
        (["--functions-url", "https://db.example:65536/"], "none of 1 to 65535"),
        (["--functions-ca-file", "/etc/passwd"], "is for services that are functions"),
        (["--functions-path", "/usr/bin:bin"], "`bin` is no whole path"),
    ],
)
def test_a_setting_that_cannot_be_meant_stops_the_server(servers, named, told):
    server = servers("dev", extra=["--functions-enabled", *named])
    server.port = 1
    server.spawn()
    assert server.process.wait(30) != 0
    assert told in server.log, server.log


@pytest.mark.parametrize(
    ("named", "told"),
    [
        (["--functions-users", "0-63:60000"], "root's and the system's"),
        (["--functions-users", "100000-4294967000:60000"], "more than 1024 users"),
        (["--functions-command", "rotate=/gone/rotate"], "no such file"),
        (["--functions-path", "bin"], "`bin` is no whole path"),
    ],
)
def test_nothing_is_made_where_a_setting_cannot_be_meant(servers, tmp_path, named, told):
    data = tmp_path / "data"
    usual = FUNCTIONS[:2] if "--functions-users" in named else FUNCTIONS
    server = servers("server", data=data, extra=[*usual, *named])
    server.port = 1
    server.spawn()
    assert server.process.wait(30) != 0
    assert told in server.log, server.log
    assert not data.exists() or not any(data.iterdir())


def test_an_environment_names_one_a_line(servers, monkeypatch):
    server = servers("dev", extra=["--functions-enabled"])
    variables = {"COFFER_FUNCTIONS_COMMANDS": "one=/bin/true\ntwo=/bin/true -x\n"}
    environment = server.environment
    monkeypatch.setattr(server, "environment", lambda: {**environment(), **variables})
    with on(server) as world:
        for name in ("one", "two"):
            of(world, "command", name)
        with refused(INVALID, "does not allow three"):
            of(world, "command", "three")
