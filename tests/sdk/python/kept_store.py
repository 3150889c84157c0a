"""Whole stores that releases have left, which every later release has to serve.

`tests/stores/N` is one: the data directory of a server that was stopped, the backup that it made
before, and what its callers read of it. `cargo xtask store-fixture` makes the next one. None is
ever changed: somebody's store is like it.
"""

import base64
import datetime
import hashlib
import io
import json
import pathlib
import re
import shutil
import sqlite3
import sys
import tempfile
import zipfile

from conftest import FUNCTIONS, real
from server import ROOT, eventually
from world import REAL_ACCESS_KEY, REAL_ACCOUNT, REAL_SECRET, World

STORES = ROOT / "tests" / "stores"
REGION = "us-east-1"
# What callers read changes by being read.
RESTLESS = {"LastAccessedDate", "LastUsedDate", "RoleLastUsed", "PasswordLastUsed"}
RESTLESS |= {"ResponseMetadata"}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "*", "Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
    ],
}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["ssm:GetParameter*", "sts:AssumeRole"], "Resource": "*"},
    ],
}
# What a data directory and a backup are made of beside tables.
FORMATS = {
    "format of backups",
    "format of heads of journals",
    "format of rows",
    "format of segments of journals",
    "format of the data directory",
}
ROTATOR = "random/password:alphanumeric:24"


def kept():
    """The folders of all stores, oldest first."""
    return sorted(STORES.iterdir(), key=lambda folder: int(folder.name))


def sums(folder):
    """The SHA-256 of every file of a store."""
    files = sorted(it for it in folder.rglob("*") if it.is_file() and it.name != "sums.json")
    digest = lambda file: hashlib.sha256(file.read_bytes()).hexdigest()
    return {str(file.relative_to(folder)): digest(file) for file in files}


def plain(value):
    """An answer as JSON has it, without what changes by itself."""
    if isinstance(value, dict):
        return {key: plain(it) for key, it in value.items() if key not in RESTLESS}
    if isinstance(value, (list, tuple)):
        return [plain(it) for it in value]
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).isoformat()
    if hasattr(value, "read"):
        value = value.read()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def paged(client, operation, key, **arguments):
    pages = client.get_paginator(operation).paginate(**arguments)
    return [it for page in pages for it in page[key]]


def fill(world):
    """Things of all kinds, some in several versions, some that wait for a day to come."""
    ssm, sm, kms, iam = world.ssm, world.sm, world.kms, world.iam
    key = kms.create_key(Description="data", Tags=[{"TagKey": "team", "TagValue": "a"}])
    key = key["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/data", TargetKeyId=key)
    kms.enable_key_rotation(KeyId=key)
    kms.rotate_key_on_demand(KeyId=key)
    for spec, usage in [
        ("RSA_2048", "ENCRYPT_DECRYPT"),
        ("ECC_NIST_P256", "SIGN_VERIFY"),
        ("HMAC_256", "GENERATE_VERIFY_MAC"),
    ]:
        made = kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=f"alias/{spec.lower()}", TargetKeyId=made)
    going = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/going", TargetKeyId=going)
    kms.schedule_key_deletion(KeyId=going, PendingWindowInDays=7)
    kms.create_grant(KeyId=key, GranteePrincipal=world.iam_arn("root"), Operations=["Decrypt"])

    tagged = [{"Key": "k", "Value": "v"}]
    ssm.put_parameter(Name="/app/plain", Value="one", Type="String", Tags=tagged)
    for value in ("two", "three"):
        ssm.put_parameter(Name="/app/plain", Value=value, Type="String", Overwrite=True)
    ssm.label_parameter_version(Name="/app/plain", ParameterVersion=2, Labels=["good"])
    ssm.put_parameter(Name="/app/list", Value="a,b,c", Type="StringList")
    ssm.put_parameter(Name="/app/secure", Value="hidden", Type="SecureString")
    ssm.put_parameter(Name="/app/keyed", Value="under a key", Type="SecureString", KeyId=key)
    ssm.put_parameter(Name="/app/large", Value="x" * 6000, Type="SecureString", Tier="Advanced")
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)
    expires = {
        "Type": "Expiration",
        "Version": "1.0",
        "Attributes": {"Timestamp": soon.strftime("%Y-%m-%dT%H:%M:%S.000Z")},
    }
    ssm.put_parameter(
        Name="/app/expires",
        Value="soon gone",
        Type="String",
        Tier="Advanced",
        Policies=json.dumps([expires]),
    )
    ssm.put_parameter(Name="/app/deleted", Value="gone", Type="String")
    ssm.delete_parameter(Name="/app/deleted")

    sm.create_secret(Name="app/db", SecretString='{"password": "first"}', Description="login")
    sm.put_secret_value(SecretId="app/db", SecretString='{"password": "second"}')
    sm.put_secret_value(SecretId="app/db", SecretString="{}", VersionStages=["candidate"])
    sm.put_resource_policy(
        SecretId="app/db",
        ResourcePolicy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": world.iam_arn("root")},
                        "Action": "secretsmanager:GetSecretValue",
                        "Resource": "*",
                    }
                ],
            }
        ),
    )
    sm.create_secret(Name="app/bytes", SecretBinary=b"\x00\xff", KmsKeyId=key)
    sm.create_secret(Name="app/going", SecretString="bye")
    sm.delete_secret(SecretId="app/going", RecoveryWindowInDays=7)
    sm.create_secret(Name="app/rotates", SecretString='{"password": "never rotated"}')
    sm.rotate_secret(
        SecretId="app/rotates",
        RotationLambdaARN=world.arn("coffer", f"rotator/{ROTATOR}"),
        RotationRules={"ScheduleExpression": "rate(4 days)"},
        RotateImmediately=False,
    )
    sm.create_secret(
        Name="app/replicated", SecretString="both", AddReplicaRegions=[{"Region": "eu-west-1"}]
    )

    iam.create_user(UserName="reader", Path="/people/", Tags=[{"Key": "team", "Value": "a"}])
    iam.put_user_policy(UserName="reader", PolicyName="inline", PolicyDocument=json.dumps(POLICY))
    made = iam.create_policy(PolicyName="reads", PolicyDocument=json.dumps(POLICY))["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=made, PolicyDocument=json.dumps(POLICY), SetAsDefault=True)
    iam.attach_user_policy(UserName="reader", PolicyArn=made)
    iam.create_group(GroupName="readers")
    iam.add_user_to_group(GroupName="readers", UserName="reader")
    iam.create_role(RoleName="lambda", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.attach_role_policy(RoleName="app", PolicyArn=made)
    iam.create_account_alias(AccountAlias="kept")
    secret = iam.create_access_key(UserName="reader")["AccessKey"]
    reader = world.signed_by(secret)
    reader.ssm.get_parameter(Name="/app/plain")
    try:
        reader.sm.get_secret_value(SecretId="app/db")
    except reader.sm.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException", error
    reader.sts.assume_role(RoleArn=world.iam_arn("role/app"), RoleSessionName="once")

    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("bootstrap", "#!/bin/sh\nexit 1\n")
    world.functions.create_function(
        FunctionName="kept",
        Runtime="provided.al2023",
        Handler="bootstrap",
        Role=world.iam_arn("role/lambda"),
        Code={"ZipFile": code.getvalue()},
        Environment={"Variables": {"STAGE": "kept"}},
    )
    world.functions.publish_version(FunctionName="kept")
    sealed = {}
    for alias in ("alias/data", "alias/rsa_2048"):
        how = {} if alias == "alias/data" else {"EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
        blob = kms.encrypt(KeyId=alias, Plaintext=alias.encode(), **how)["CiphertextBlob"]
        sealed[alias] = base64.b64encode(blob).decode()
    signing = {"Message": b"kept", "SigningAlgorithm": "ECDSA_SHA_256"}
    signature = kms.sign(KeyId="alias/ecc_nist_p256", **signing)["Signature"]
    mac = kms.generate_mac(KeyId="alias/hmac_256", Message=b"kept", MacAlgorithm="HMAC_SHA_256")
    sealed["signature"] = base64.b64encode(signature).decode()
    sealed["mac"] = base64.b64encode(mac["Mac"]).decode()
    return {"sealed": sealed, "reader": [secret["AccessKeyId"], secret["SecretAccessKey"]]}


def opened(world, made):
    """What the keys of the store open and vouch for that was made when it was."""
    blob = lambda name: base64.b64decode(made["sealed"][name])
    kms = world.kms
    oaep = {"KeyId": "alias/rsa_2048", "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    return {
        "data": kms.decrypt(CiphertextBlob=blob("alias/data"))["Plaintext"],
        "rsa": kms.decrypt(CiphertextBlob=blob("alias/rsa_2048"), **oaep)["Plaintext"],
        "signature": kms.verify(
            KeyId="alias/ecc_nist_p256",
            Message=b"kept",
            Signature=blob("signature"),
            SigningAlgorithm="ECDSA_SHA_256",
        )["SignatureValid"],
        "mac": kms.verify_mac(
            KeyId="alias/hmac_256", Message=b"kept", Mac=blob("mac"), MacAlgorithm="HMAC_SHA_256"
        )["MacValid"],
    }


def users(world):
    iam = world.iam
    found = iam.get_user(UserName="reader")["User"]
    return {
        "user": found,
        "inline": iam.get_user_policy(UserName="reader", PolicyName="inline")["PolicyDocument"],
        "attached": iam.list_attached_user_policies(UserName="reader")["AttachedPolicies"],
        "groups": iam.list_groups_for_user(UserName="reader")["Groups"],
        "roles": paged(iam, "list_roles", "Roles"),
        "policies": paged(iam, "list_policies", "Policies", Scope="Local"),
        "alias": iam.list_account_aliases()["AccountAliases"],
        "keys": iam.list_access_keys(UserName="reader")["AccessKeyMetadata"],
    }


def keys(world):
    kms = world.kms
    found = sorted(it["KeyId"] for it in paged(kms, "list_keys", "Keys"))
    return {
        "keys": [kms.describe_key(KeyId=it)["KeyMetadata"] for it in found],
        "aliases": paged(kms, "list_aliases", "Aliases"),
        "grants": paged(kms, "list_grants", "Grants", KeyId=_key_of(kms, "alias/data")),
        "rotation": kms.get_key_rotation_status(KeyId=_key_of(kms, "alias/data")),
    }


def _key_of(kms, alias):
    return kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"]


def parameters(world):
    ssm = world.ssm
    names = [it["Name"] for it in paged(ssm, "describe_parameters", "Parameters")]
    history = lambda name: paged(
        ssm, "get_parameter_history", "Parameters", Name=name, WithDecryption=True
    )
    return {
        "described": paged(ssm, "describe_parameters", "Parameters"),
        "by path": paged(
            ssm, "get_parameters_by_path", "Parameters", Path="/app", WithDecryption=True
        ),
        "history": {name: history(name) for name in names},
        "labelled": ssm.get_parameter(Name="/app/plain:good")["Parameter"],
        "tags": ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/app/plain"),
    }


def secrets(world):
    sm = world.sm
    listed = paged(sm, "list_secrets", "SecretList", IncludePlannedDeletion=True)
    values, versions = {}, {}
    for it in listed:
        name = it["Name"]
        found = sm.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"]
        versions[name] = found
        if "DeletedDate" not in it:
            ids = sorted(it["VersionId"] for it in found if it.get("VersionStages"))
            values[name] = [sm.get_secret_value(SecretId=name, VersionId=it) for it in ids]
    return {
        "listed": listed,
        "versions": versions,
        "values": values,
        "policy": sm.get_resource_policy(SecretId="app/db"),
        "replica": world.client("secretsmanager", "eu-west-1").get_secret_value(
            SecretId="app/replicated"
        ),
    }


def functions(world):
    found = world.functions.get_function(FunctionName="kept")["Configuration"]
    return {
        "function": found,
        "versions": world.functions.list_versions_by_function(FunctionName="kept")["Versions"],
    }


def history(world):
    """What LookupEvents finds: each event whole, by its id."""
    found = {}
    for name in ("CreateUser", "PutParameter", "CreateSecret", "GetSecretValue", "AssumeRole"):
        wanted = [{"AttributeKey": "EventName", "AttributeValue": name}]
        trail = world.client("cloudtrail")
        for event in paged(trail, "lookup_events", "Events", LookupAttributes=wanted):
            found[event["EventId"]] = json.loads(event["CloudTrailEvent"])
    return found


def permitted(world, made):
    """What the user may do, by an access key of the time."""
    reader = world.signed_by(dict(zip(("AccessKeyId", "SecretAccessKey"), made["reader"])))
    may = {"read": reader.ssm.get_parameter(Name="/app/plain")["Parameter"]["Value"]}
    change = {"Name": "/app/plain", "Value": "not by me", "Type": "String", "Overwrite": True}
    try:
        reader.ssm.put_parameter(**change)
    except reader.ssm.exceptions.ClientError as error:
        may["write"] = error.response["Error"]["Code"]
    reader.close()
    return may


def content(world, made):
    """All that callers read of a store, by the kind of thing."""
    found = {
        "keys": keys(world),
        "opened": opened(world, made),
        "parameters": parameters(world),
        "secrets": secrets(world),
        "users": users(world),
        "functions": functions(world),
        "permitted": permitted(world, made),
    }
    return plain(found)


def tables(database):
    """The tables that have rows, by the keys, which are not sealed."""
    with sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True) as connection:
        rows = connection.execute("SELECT key FROM rows")
        return sorted({bytes(key).split(b"\0")[0].decode() for (key,) in rows})


def make(folder, versions):
    """Makes the next store of a real server, in a folder that is not there yet.

    `versions` lists those of everything; the store lists those of what is in it.
    """
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="coffer-kept-"))
    data = scratch / "data"
    server = real(data, extra=FUNCTIONS)
    try:
        world = World(server.start(), server.account, REAL_ACCESS_KEY, REAL_SECRET, REGION)
        made = fill(world)
        eventually(lambda: len(history(world)) >= 12, "the events are to be found")
        eventually(lambda: _is_replicated(world), "the replica is there")
        server.stop()
        world = World(server.start(), server.account, REAL_ACCESS_KEY, REAL_SECRET, REGION)
        made["content"], made["history"] = content(world, made), history(world)
        made["at"] = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
        said = server.run(world, "backup")
        server.stop()
        folder.mkdir(parents=True)
        shutil.copy(re.match(r"(\S+) at", said).group(1), folder / "store.backup")
        shutil.rmtree(data / "backups")
        (data / "coffer.lock").unlink()
        shutil.copytree(data, folder / "data")
        write(folder / "made.json", made)
        kept = {*tables(folder / "data" / "coffer.db"), *FORMATS}
        lines = versions.read_text().splitlines(keepends=True)
        of_it = [line for line in lines if line.rpartition(" ")[0] in kept]
        (folder / "versions.txt").write_text("".join(of_it))
        write(folder / "sums.json", sums(folder))
    finally:
        server.kill()
        shutil.rmtree(server.scratch, ignore_errors=True)
        shutil.rmtree(scratch, ignore_errors=True)


def _is_replicated(world):
    described = world.sm.describe_secret(SecretId="app/replicated")["ReplicationStatus"]
    return described[0]["Status"] == "InSync"


def write(path, value):
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n")


class Address:
    """A server as a client has to know it."""

    def __init__(self, endpoint):
        self.endpoint = endpoint


def due(world):
    """Whether what waits in the store for a day to come was done."""

    def is_gone(call, **arguments):
        try:
            call(**arguments)
        except world.ssm.exceptions.ClientError as error:
            return "NotFound" in error.response["Error"]["Code"]
        return False

    rotated = world.sm.get_secret_value(SecretId="app/rotates")["SecretString"]
    return {
        "a parameter expires": is_gone(world.ssm.get_parameter, Name="/app/expires"),
        "a secret ends": is_gone(world.sm.describe_secret, SecretId="app/going"),
        "a key ends": is_gone(world.kms.describe_key, KeyId="alias/going"),
        "a secret rotates": "never rotated" not in rotated,
    }


def ask(command, endpoint, made):
    """Prints what callers find at a server: run by tests at the time that it believes in."""
    made = json.loads(pathlib.Path(made).read_text())
    world = World(Address(endpoint), REAL_ACCOUNT, REAL_ACCESS_KEY, REAL_SECRET, REGION)
    if command == "due":
        found = due(world)
    else:
        found = {"content": content(world, made), "history": history(world)}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "make":
        last = max((int(folder.name) for folder in STORES.glob("*")), default=0)
        make(STORES / str(last + 1), pathlib.Path(*arguments))
    else:
        ask(command, *arguments)
