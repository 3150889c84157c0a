"""No plaintext in any file, log, error or metric: values that are known are looked for."""

import base64
import json
import secrets
import zlib

import botocore.exceptions
import pytest

import wire
from functions import make, zipped
from world import REAL_SECRET, World


class Canaries:
    """Values that occur nowhere by chance, in every spelling that they might be found in."""

    def __init__(self):
        self.values = {}

    def text(self, what):
        value = f"canary-{secrets.token_hex(24)}"
        self.values[what] = value.encode()
        return value

    def binary(self, what):
        value = secrets.token_bytes(48)
        self.values[what] = value
        return value

    def spellings(self):
        for what, value in self.values.items():
            yield what, value
            yield f"{what}, in hex", value.hex().encode()
            yield f"{what}, in HEX", value.hex().upper().encode()
            # Base64 of a value inside a longer text depends on where it begins.
            for skip in range(3):
                inner = base64.b64encode(value[skip:][: (len(value) - skip) // 3 * 3])
                yield f"{what}, in base64", inner
                yield f"{what}, in base64url", inner.replace(b"+", b"-").replace(b"/", b"_")

    def found_in(self, data):
        return sorted({what for what, spelling in self.spellings() if spelling in data})


def swallow(call, texts, **arguments):
    """Makes a call that may fail, and keeps what its error says."""
    try:
        return call(**arguments)
    except (botocore.exceptions.ClientError, botocore.exceptions.ParamValidationError) as error:
        texts.append(str(error))
        response = getattr(error, "response", {})
        texts.append(repr(response.get("Error")))
        return None


def write_parameters(world, canary, texts):
    put = world.ssm.put_parameter
    for tier in ("Standard", "Advanced"):
        for kind in ("String", "StringList", "SecureString"):
            name = f"/canary/{kind}/{tier}"
            value = canary.text(f"{kind} of tier {tier}")
            put(Name=name, Value=value, Type=kind, Tier=tier)
            put(
                Name=name,
                Value=canary.text(f"second {kind} of tier {tier}"),
                Type=kind,
                Tier=tier,
                Overwrite=True,
                Description=canary.text(f"description of {name}"),
            )
    failing = {"Name": "/canary/fails", "Type": "SecureString"}
    for what, more in {
        "a value that is too long": {"padding": "v" * 5000},
        "a value against its pattern": {"AllowedPattern": "^[0-9]$"},
        "a value of an unknown key": {"KeyId": "alias/none"},
        "a value of another data type": {"DataType": "integer"},
        "a value of a type that is none": {"Type": "Number"},
        "a value with an empty name": {"Name": ""},
        "a value that is nested": {"padding": "{{x}}"},
    }.items():
        padding = more.pop("padding", "")
        request = {**failing, "Value": canary.text(what) + padding, **more}
        swallow(world.raw_ssm.put_parameter, texts, **request)
    name = "/canary/SecureString/Standard"
    for value in (canary.text("a value that exists"),):
        swallow(world.ssm.put_parameter, texts, Name=name, Value=value, Type="SecureString")
        swallow(
            world.ssm.put_parameter, texts, Name=name, Value=value, Type="String", Overwrite=True
        )
    world.ssm.get_parameter(Name=name, WithDecryption=True)
    world.ssm.get_parameter_history(Name=name, WithDecryption=True)
    world.ssm.get_parameters_by_path(Path="/canary", Recursive=True, WithDecryption=True)


def write_secrets(world, canary, texts):
    sm = world.sm
    sm.create_secret(
        Name="canary/text",
        SecretString=canary.text("a secret"),
        Description=canary.text("a secret's description"),
        AddReplicaRegions=[{"Region": "eu-west-1"}],
    )
    sm.create_secret(Name="canary/bytes", SecretBinary=canary.binary("a binary secret"))
    sm.put_secret_value(SecretId="canary/text", SecretString=canary.text("a second secret"))
    sm.update_secret(SecretId="canary/text", SecretString=canary.text("a third secret"))
    key = world.kms.create_key()["KeyMetadata"]["KeyId"]
    sm.update_secret(SecretId="canary/text", KmsKeyId=key)
    sm.get_secret_value(SecretId="canary/text")
    sm.batch_get_secret_value(SecretIdList=["canary/text", "canary/bytes"])
    world.ssm.get_parameter(Name="/aws/reference/secretsmanager/canary/text", WithDecryption=True)
    token = "t" * 36
    sm.put_secret_value(
        SecretId="canary/text", SecretString=canary.text("by token"), ClientRequestToken=token
    )
    failing = [
        (sm.put_secret_value, {"SecretId": "canary/text", "ClientRequestToken": token}),
        (sm.put_secret_value, {"SecretId": "canary/none"}),
        (sm.create_secret, {"Name": "canary/text"}),
        (sm.create_secret, {"Name": "not a name"}),
        (sm.create_secret, {"Name": "canary/key", "KmsKeyId": "alias/none"}),
        (sm.create_secret, {"Name": "canary/both", "SecretBinary": b"b"}),
    ]
    for number, (call, arguments) in enumerate(failing):
        value = canary.text(f"a secret that is refused, {number}")
        swallow(call, texts, SecretString=value, **arguments)
    world.kms.disable_key(KeyId=key)
    value = canary.text("a secret whose key is disabled")
    swallow(sm.put_secret_value, texts, SecretId="canary/text", SecretString=value)
    swallow(sm.get_secret_value, texts, SecretId="canary/text")
    world.kms.enable_key(KeyId=key)
    sm.create_secret(Name="canary/deleted", SecretString=canary.text("a deleted secret"))
    sm.delete_secret(SecretId="canary/deleted", ForceDeleteWithoutRecovery=True)


def use_keys(world, canary):
    key = world.kms.create_key()["KeyMetadata"]["KeyId"]
    value = canary.binary("a plaintext for KMS")
    blob = world.kms.encrypt(KeyId=key, Plaintext=value)["CiphertextBlob"]
    assert world.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == value
    data_key = world.kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    canary.values["a data key"] = data_key["Plaintext"]
    password = world.sm.get_random_password()["RandomPassword"]
    canary.values["a random password"] = password.encode()


def use_functions(world, canary, texts):
    """Environments, code, events and what clients say of themselves."""
    code = zipped(canary.text("the code of a function"))
    variables = {"CANARY": canary.text("a variable of a function")}
    made = make(world, Code={"ZipFile": code}, Environment={"Variables": variables})
    name = made["FunctionName"]
    assert made["Environment"]["Variables"] == variables
    client = world.functions
    client.get_function(FunctionName=name)
    client.publish_version(FunctionName=name)
    client.update_function_configuration(
        FunctionName=name,
        Environment={"Variables": {"CANARY": canary.text("a second variable")}},
    )
    for number, variables in enumerate(({"AWS_REGION": ""}, {"A": ""}, {"a b": ""})):
        refused = {key: canary.text(f"a refused variable, {number}") for key in variables}
        swallow(
            world.raw_functions.update_function_configuration,
            texts,
            FunctionName=name,
            Environment={"Variables": refused},
        )
    for number, kind in enumerate(("RequestResponse", "Event", "DryRun")):
        swallow(
            client.invoke,
            texts,
            FunctionName=name,
            InvocationType=kind,
            LogType="Tail",
            Payload=json.dumps(canary.text(f"an event, {number}")),
            ClientContext=canary.text(f"what a client says, {number}"),
        )
    payload = "{" + canary.text("an event that is no JSON")
    swallow(client.invoke, texts, FunctionName=name, Payload=payload)
    client.delete_function(FunctionName=name)


def send_by_hand(world, canary, texts):
    """Bodies that can not be read, or are signed wrongly, hold values too."""
    bodies = [
        b'{"Name": "/x", "Type": "String", "Value": ["%s"]}',
        b'{"Name": "/x", "Type": "String", "Value": "%s"',
        b'{"Name": 7, "Value": "%s"}',
    ]
    for number, body in enumerate(bodies):
        value = canary.text(f"a value in a body that can not be read, {number}")
        texts.append(repr(world.call("ssm", "PutParameter", body % value.encode())))
    value = canary.text("a value in a body with a wrong signature")
    body = b'{"Name": "/x", "Type": "String", "Value": "%s"}' % value.encode()
    texts.append(repr(world.call("ssm", "PutParameter", body, secret="wrong")))
    texts.append(repr(world.call("ssm", "NoSuchThing", body)))
    headers = wire.sign(world, "ssm", "AmazonSSM.PutParameter", body)
    texts.append(repr(wire.send(world.server, body + b" ", headers)))


@pytest.fixture
def spoken(restartable):
    world = World.on_server(restartable)
    canary, texts = Canaries(), []
    write_parameters(world, canary, texts)
    write_secrets(world, canary, texts)
    use_keys(world, canary)
    use_functions(world, canary, texts)
    send_by_hand(world, canary, texts)
    canary.values["the root's secret key"] = REAL_SECRET.encode()
    yield restartable, world, canary, texts
    world.close()


def test_no_plaintext_is_left_anywhere(spoken):
    server, world, canary, texts = spoken
    _, metrics = server.get("/metrics")
    assert canary.found_in(metrics.encode()) == [], "in /metrics"
    assert len(texts) > 20
    for text in texts:
        assert canary.found_in(text.encode()) == [], f"in an error: {text[:200]}"
    server.run(world, "backup")
    look_at_files(server, canary)
    server.stop()
    look_at_files(server, canary)
    assert list(server.data.glob("backups/*.backup")), "nor in a backup"
    assert canary.found_in(server.log.encode()) == [], "in the log"


def look_at_files(server, canary):
    files = [path for path in server.data.rglob("*") if path.is_file()]
    assert files, "nothing was written"
    for path in files:
        data = path.read_bytes()
        assert canary.found_in(data) == [], f"in {path.name}"


def test_the_canary_is_found_where_it_is(tmp_path):
    """The search itself: each spelling is found, also in the middle of something longer."""
    canary = Canaries()
    value = canary.text("a text").encode()
    for data in (
        b"xx" + value + b"yy",
        b"a" + base64.b64encode(b"1" + value + b"2"),
        b"a" + base64.b64encode(b"12" + value),
        value.hex().encode(),
    ):
        assert canary.found_in(data), data
    assert canary.found_in(zlib.compress(value[:20])) == []


def test_what_a_killed_server_leaves_holds_no_plaintext_either(spoken):
    server, _, canary, _ = spoken
    server.kill()
    look_at_files(server, canary)
    server.start()
