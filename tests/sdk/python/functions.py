"""Functions to be made, and the roles that they have."""

import io
import json
import zipfile

from identities import allow, policy
from world import word


def zipped(content="def handler(event, context):\n    return event\n", name="app.py"):
    """A zip with one file in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def execution_role(world, service="lambda.amazonaws.com", **more):
    """The ARN of a new role that a service may assume."""
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    made = world.iam.create_role(
        RoleName=f"run-{word()}", AssumeRolePolicyDocument=document, **more
    )
    return made["Role"]["Arn"]


def rotation_role(world):
    """The ARN of a role that Lambda may assume, and that may rotate secrets."""
    made = execution_role(world)
    statement = allow(
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
        "secretsmanager:ListSecretVersionIds",
        "secretsmanager:GetRandomPassword",
    )
    world.iam.put_role_policy(
        RoleName=made.rpartition("/")[2], PolicyName="p", PolicyDocument=policy(statement)
    )
    return made


def let_secrets_manager_in(world, function):
    """Lets Secrets Manager invoke a function for the secrets of its account."""
    world.functions.add_permission(
        FunctionName=function,
        StatementId="SecretsManager",
        Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
        SourceAccount=world.account,
    )


def make(world, name=None, by=None, **more):
    """A new function; gives what is answered."""
    settings = {
        "FunctionName": name or f"f-{word()}",
        "Runtime": "python3.13",
        "Handler": "app.handler",
        "Code": {"ZipFile": zipped()},
        **more,
    }
    if "Role" not in settings:
        settings["Role"] = execution_role(world)
    return (by or world).functions.create_function(**settings)
