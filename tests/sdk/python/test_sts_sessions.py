"""Sessions at work: what they read, when they end; those of users and of federations."""

import datetime
import json

import pytest

from identities import Session, allow, new_role, new_user, policy, trust
from world import World, refused, tags, word


def role_session(world, user, *statements, **more):
    account = {"AWS": f"arn:aws:iam::{world.account}:root"}
    arn = new_role(world, trust(account, "sts:AssumeRole"), *statements)
    given = user.sts.assume_role(RoleArn=arn, RoleSessionName="s1", **more)
    return arn, Session(world, given["Credentials"])


@pytest.fixture
def user(world):
    made = new_user(world, allow("sts:*"))[1]
    yield made
    made.close()


def test_a_roles_session_reads_parameters_and_secrets_that_it_may(world, user):
    mine, other = f"/{word()}/a", f"/{word()}/b"
    for name in (mine, other):
        world.ssm.put_parameter(Name=name, Value="one", Type="SecureString")
    secret = world.sm.create_secret(Name=f"s-{word()}", SecretString="two")["ARN"]
    _, session = role_session(
        world,
        user,
        allow("ssm:GetParameter", resource=world.arn("ssm", f"parameter{mine}")),
        allow("secretsmanager:GetSecretValue", resource=secret),
        allow("kms:Decrypt"),
    )
    found = session.ssm.get_parameter(Name=mine, WithDecryption=True)
    assert found["Parameter"]["Value"] == "one"
    assert session.sm.get_secret_value(SecretId=secret)["SecretString"] == "two"
    with refused("AccessDeniedException", "is not authorized to perform: ssm:GetParameter"):
        session.ssm.get_parameter(Name=other)
    with refused("AccessDeniedException", "is not authorized to perform: ssm:PutParameter"):
        session.ssm.put_parameter(Name=mine, Value="x", Type="String", Overwrite=True)
    session.close()


def test_a_session_is_its_key_its_secret_and_its_token_together(world, user):
    _, session = role_session(world, user)
    _, second = role_session(world, user)
    for token in (None, second.token, session.token[:-8] + "AAAAAAAA", "none"):
        broken = Session(
            world,
            {
                "AccessKeyId": session.access_key,
                "SecretAccessKey": session.secret,
                "SessionToken": token,
            },
        )
        with refused("InvalidClientTokenId", status=403):
            broken.sts.get_caller_identity()
        broken.close()
    wrong = {
        "AccessKeyId": session.access_key,
        "SecretAccessKey": second.secret,
        "SessionToken": session.token,
    }
    broken = Session(world, wrong)
    with refused("SignatureDoesNotMatch", status=403):
        broken.sts.get_caller_identity()
    for each in (broken, session, second):
        each.close()


def test_a_session_ends_when_its_time_is_over(timed):
    user = new_user(timed, allow("sts:*"))[1]
    _, session = role_session(timed, user, allow("ssm:*"), DurationSeconds=900)
    timed.ssm.put_parameter(Name="/a", Value="v", Type="String")
    session.ssm.get_parameter(Name="/a")
    timed.server.advance("14m")
    session.ssm.get_parameter(Name="/a")
    timed.server.advance("1m")
    with refused("ExpiredTokenException", "expired"):
        session.ssm.get_parameter(Name="/a")
    with refused("ExpiredToken", "expired", 403):
        session.sts.get_caller_identity()
    session.close()
    user.close()


def test_sessions_of_a_deleted_role_are_refused_though_it_is_made_anew(world, user):
    arn, session = role_session(world, user)
    session.sts.get_caller_identity()
    name = arn.rsplit("/", 1)[1]
    document = world.iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    world.iam.delete_role(RoleName=name)
    with refused("InvalidClientTokenId", status=403):
        session.sts.get_caller_identity()
    world.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
    with refused("InvalidClientTokenId", status=403):
        session.sts.get_caller_identity()
    session.close()


def test_a_changed_policy_counts_for_sessions_that_are_there(world, user):
    prefix = f"/{word()}"
    world.ssm.put_parameter(Name=f"{prefix}/a", Value="v", Type="String")
    arn, session = role_session(world, user)
    with refused("AccessDeniedException"):
        session.ssm.get_parameter(Name=f"{prefix}/a")
    world.iam.put_role_policy(
        RoleName=arn.rsplit("/", 1)[1],
        PolicyName="p",
        PolicyDocument=policy(allow("ssm:GetParameter")),
    )
    session.ssm.get_parameter(Name=f"{prefix}/a")
    session.close()


def test_a_users_own_session_may_what_the_user_may(world):
    name, user = new_user(world, allow("ssm:PutParameter"))
    given = user.sts.get_session_token(DurationSeconds=900)["Credentials"]
    session = Session(world, given)
    assert session.sts.get_caller_identity()["Arn"] == world.iam_arn(f"user/{name}")
    session.ssm.put_parameter(Name=f"/{word()}", Value="v", Type="String")
    with refused("AccessDeniedException"):
        session.ssm.get_parameter(Name="/none")
    for call, arguments in (("get_session_token", {}), ("get_federation_token", {"Name": "bob"})):
        with refused("AccessDenied", status=403):
            getattr(session.sts, call)(**arguments)
    usual = user.sts.get_session_token()["Credentials"]["Expiration"]
    left = usual - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(hours=11, minutes=58) < left <= datetime.timedelta(hours=12)
    session.close()
    user.close()


def test_a_roots_session_lasts_an_hour_at_most(world):
    given = world.sts.get_session_token(DurationSeconds=43200)["Credentials"]
    left = given["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
    assert left <= datetime.timedelta(hours=1)
    session = Session(world, given)
    assert session.sts.get_caller_identity()["Arn"] == world.iam_arn("root")
    session.close()


def test_a_federated_user_may_what_both_user_and_policy_allow(world):
    prefix = f"/{word()}"
    for name in ("a", "b"):
        world.ssm.put_parameter(Name=f"{prefix}/{name}", Value="v", Type="String")
    own = allow("ssm:GetParameter", resource=world.arn("ssm", f"parameter{prefix}/a"))
    user = new_user(world, own, allow("sts:GetFederationToken", "sts:TagSession"))[1]
    given = user.sts.get_federation_token(
        Name="bob", Policy=policy(allow("ssm:*")), Tags=tags(team="a")
    )
    arn = f"arn:aws:sts::{world.account}:federated-user/bob"
    assert given["FederatedUser"] == {
        "FederatedUserId": f"{world.account}:bob",
        "Arn": arn,
    }
    session = Session(world, given["Credentials"])
    assert session.sts.get_caller_identity()["Arn"] == arn
    session.ssm.get_parameter(Name=f"{prefix}/a")
    with refused("AccessDeniedException"):
        session.ssm.get_parameter(Name=f"{prefix}/b")
    session.close()
    bare = Session(world, user.sts.get_federation_token(Name="eve")["Credentials"])
    with refused("AccessDeniedException"):
        bare.ssm.get_parameter(Name=f"{prefix}/a")
    bare.close()
    user.close()


def test_federation_needs_a_permission(world):
    user = new_user(world)[1]
    with refused("AccessDenied", "is not authorized to perform: sts:GetFederationToken", 403):
        user.sts.get_federation_token(Name="bob")
    user.close()


def test_sessions_outlive_a_restart(restartable):
    world = World.on_server(restartable)
    user = new_user(world, allow("sts:*"))[1]
    _, session = role_session(world, user)
    before = session.sts.get_caller_identity()["Arn"]
    restartable.stop()
    restartable.start()
    again = Session(
        world,
        {
            "AccessKeyId": session.access_key,
            "SecretAccessKey": session.secret,
            "SessionToken": session.token,
        },
    )
    assert again.sts.get_caller_identity()["Arn"] == before
    for each in (world, user, session, again):
        each.close()
