"""Users and roles for a test, and the worlds as those see them who bear their credentials."""

import json

import boto3
import botocore
import botocore.config

from world import World, word


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions, resource="*", **more):
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def trust(principal, *actions, condition=None):
    statement = {"Effect": "Allow", "Principal": principal, "Action": list(actions)}
    return policy({**statement, "Condition": condition} if condition else statement)


def new_user(world, *statements):
    """A user that may do this much, and the world as it sees it."""
    name = f"user-{word()}"
    world.iam.create_user(UserName=name)
    if statements:
        document = policy(*statements)
        world.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    key = world.iam.create_access_key(UserName=name)["AccessKey"]
    return name, world.signed_by(key)


def new_role(world, trusting, *statements, **more):
    """A role with this trust policy that may do this much: its ARN."""
    name = f"role-{word()}"
    role = world.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusting, **more)["Role"]
    if statements:
        document = policy(*statements)
        world.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)
    return role["Arn"]


class Session(World):
    """A world as the bearer of temporary credentials sees it."""

    def __init__(self, world, credentials):
        super().__init__(
            world.server,
            world.account,
            credentials["AccessKeyId"],
            credentials["SecretAccessKey"],
            world.region,
        )
        self.token = credentials["SessionToken"]

    def client(self, service, region=None, checked=True):
        key = (service, region or self.region, checked)
        if key not in self._clients:
            self._clients[key] = boto3.Session().client(
                service,
                region_name=key[1],
                endpoint_url=self.server.endpoint,
                aws_access_key_id=self.access_key,
                aws_secret_access_key=self.secret,
                aws_session_token=self.token,
                config=botocore.config.Config(
                    retries={"total_max_attempts": 1}, parameter_validation=checked
                ),
            )
        return self._clients[key]


def unsigned_sts(world, attempts=1):
    """STS for who has no credentials at all."""
    return boto3.Session().client(
        "sts",
        region_name=world.region,
        endpoint_url=world.server.endpoint,
        config=botocore.config.Config(
            signature_version=botocore.UNSIGNED,
            retries={"total_max_attempts": attempts, "mode": "standard"},
        ),
    )
