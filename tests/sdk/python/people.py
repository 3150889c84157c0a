"""Users and roles with policies, and the world as their credentials see it."""

import json
import re

import botocore.config

from world import SESSION, World, new_account, refused, word


def policy(*statements):
    """A policy document of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions, resource="*", condition=None, **more):
    """A statement that allows; `Principal=…` makes it one of a resource's policy."""
    return _statement("Allow", actions, resource, condition, more)


def deny(actions, resource="*", condition=None, **more):
    """A statement that denies."""
    return _statement("Deny", actions, resource, condition, more)


def _statement(effect, actions, resource, condition, more):
    statement = {"Effect": effect, "Action": actions, "Resource": resource, **more}
    return {**statement, "Condition": condition} if condition else statement


def root_of(world):
    """An account, as policies of resources name it."""
    return {"AWS": world.iam_arn("root")}


def key_policy(world, *statements):
    """The key policy that lets the account decide, and these statements."""
    return policy(allow("kms:*", Principal=root_of(world)), *statements)


class Person(World):
    """A user or a session of a role: the world by its credentials."""

    token = None

    def __init__(self, world, credentials, arn, name):
        id, secret = credentials["AccessKeyId"], credentials["SecretAccessKey"]
        super().__init__(world.server, world.account, id, secret, world.region)
        self.token = credentials.get("SessionToken")
        self.arn_of_caller = arn
        self.name = name

    def client(self, service, region=None, checked=True):
        key = (service, region or self.region, checked)
        if key not in self._clients:
            self._clients[key] = SESSION.client(
                service,
                region_name=key[1],
                endpoint_url=self.server.endpoint,
                aws_access_key_id=self.access_key,
                aws_secret_access_key=self.secret,
                aws_session_token=self.token,
                config=botocore.config.Config(
                    retries={"total_max_attempts": 1},
                    parameter_validation=checked,
                    connect_timeout=10,
                    read_timeout=90,
                ),
            )
        return self._clients[key]

    def denied(self, action, resource=None, reason=None, query=False):
        """The block is refused in AWS's whole sentence about this caller.

        Without a reason it is that no identity-based policy allows the action.
        """
        on = f" on resource: {resource}" if resource else ""
        why = reason or f"because no identity-based policy allows the {action} action"
        told = f"User: {self.arn_of_caller} is not authorized to perform: {action}{on} {why}"
        return refused_exactly(told, query)


def refused_exactly(told, query=False):
    """The block is refused as what is not allowed, with this message and no more words."""
    code, status = ("AccessDenied", 403) if query else ("AccessDeniedException", 400)
    return refused(code, re.compile(rf"\A{re.escape(told)}\Z"), status)


def user(world, *statements, name=None, **more):
    """A new user with these statements, and its access key."""
    name = name or f"user-{word()}"
    arn = world.iam.create_user(UserName=name, **more)["User"]["Arn"]
    if statements:
        grant(world, name, *statements)
    key = world.iam.create_access_key(UserName=name)["AccessKey"]
    return world.keeps(Person(world, key, arn, name))


def grant(world, user_name, *statements):
    """Puts these statements in the place of those that a user has."""
    world.iam.put_user_policy(
        UserName=user_name, PolicyName="own", PolicyDocument=policy(*statements)
    )


def role(world, *statements, trusted=None, name=None, **more):
    """A new role with these statements, which its own account may assume: its name and ARN."""
    name = name or f"role-{word()}"
    trust = policy(
        {
            "Effect": "Allow",
            "Principal": trusted or root_of(world),
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
    )
    made = world.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **more)["Role"]
    if statements:
        world.iam.put_role_policy(
            RoleName=name, PolicyName="own", PolicyDocument=policy(*statements)
        )
    return name, made["Arn"]


def session(world, arn, name="s1", by=None, **more):
    """A session of a role of this world, for a user that may do nothing else."""
    by = by or user(world, allow(["sts:AssumeRole", "sts:TagSession"]))
    given = by.sts.assume_role(RoleArn=arn, RoleSessionName=name, **more)
    return world.keeps(Person(world, given["Credentials"], given["AssumedRoleUser"]["Arn"], name))


def reader(world, *statements, **more):
    """A session of a new role with these statements."""
    return session(world, role(world, *statements)[1], **more)


def other_account(world):
    """An account of the same server that nobody has used yet."""
    return world.keeps(World.on_dev(world.server, new_account()))
