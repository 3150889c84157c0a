"""A rotation function for a user of PostgreSQL, with the four steps of AWS's documentation.

It asks the database by psql, so that one file is all of it.
"""

import json
import os
import subprocess

import boto3


def handler(event, context):
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    client = boto3.client("secretsmanager", endpoint_url=os.environ["SECRETS_MANAGER_ENDPOINT"])
    described = client.describe_secret(SecretId=arn)
    if not described.get("RotationEnabled"):
        raise ValueError(f"Secret {arn} is not enabled for rotation")
    stages = described["VersionIdsToStages"].get(token)
    if stages is None:
        raise ValueError(f"Secret version {token} has no stage for rotation of secret {arn}.")
    if "AWSCURRENT" in stages:
        return
    if "AWSPENDING" not in stages:
        raise ValueError(f"Secret version {token} not set as AWSPENDING for rotation of {arn}.")
    STEPS[step](client, arn, token)


def value(client, arn, stage, token=None):
    named = {"VersionId": token} if token else {}
    answer = client.get_secret_value(SecretId=arn, VersionStage=stage, **named)
    return json.loads(answer["SecretString"])


def create_secret(client, arn, token):
    current = value(client, arn, "AWSCURRENT")
    try:
        value(client, arn, "AWSPENDING", token)
    except client.exceptions.ResourceNotFoundException:
        excluded = os.environ.get("EXCLUDE_CHARACTERS", "/@\"'\\")
        drawn = client.get_random_password(ExcludeCharacters=excluded)
        current["password"] = drawn["RandomPassword"]
        client.put_secret_value(
            SecretId=arn,
            ClientRequestToken=token,
            SecretString=json.dumps(current),
            VersionStages=["AWSPENDING"],
        )


def ask(login, sql):
    command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", login["host"]]
    command += ["-p", str(login["port"]), "-d", login["dbname"], "-U", login["username"]]
    # Other processes see the words of a command, but neither its environment nor what it reads.
    environment = {**os.environ, "PGPASSWORD": login["password"]}
    asked = subprocess.run(
        command, input=sql, text=True, env=environment, capture_output=True, timeout=20
    )
    return asked.returncode == 0


def set_secret(client, arn, token):
    pending = value(client, arn, "AWSPENDING", token)
    if ask(pending, "SELECT 1"):
        return
    login = value(client, arn, "AWSCURRENT")
    user = login["username"].replace('"', '""')
    password = pending["password"].replace("'", "''")
    if not ask(login, f"ALTER USER \"{user}\" PASSWORD '{password}'"):
        raise ValueError(f"Unable to log into database with current secret of {arn}")


def test_secret(client, arn, token):
    if not ask(value(client, arn, "AWSPENDING", token), "SELECT now()"):
        raise ValueError(f"Unable to log into database with pending secret of {arn}")


def finish_secret(client, arn, token):
    stages = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    current = next(id for id, labels in stages.items() if "AWSCURRENT" in labels)
    client.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
    )


STEPS = {
    "createSecret": create_secret,
    "setSecret": set_secret,
    "testSecret": test_secret,
    "finishSecret": finish_secret,
}
