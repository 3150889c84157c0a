"""A change of who may do what bites with the next request."""

import pytest

from people import Person, allow, grant, policy, role, session, user
from world import World, refused, tags, word

GET = "ssm:GetParameter"


@pytest.fixture
def place(world):
    """A parameter to be read."""
    name = word()
    world.ssm.put_parameter(Name=f"/{name}", Value="v", Type="String", Tags=tags(team="blue"))
    world.parameter, world.resource = f"/{name}", world.arn("ssm", f"parameter/{name}")
    return world


def reads(person, place):
    found = person.ssm.get_parameter(Name=place.parameter)["Parameter"]
    return found["Value"] == "v"


def managed(world, *statements):
    made = world.iam.create_policy(
        PolicyName=f"policy-{word()}", PolicyDocument=policy(*statements)
    )
    return made["Policy"]["Arn"]


def test_an_inline_policy_that_is_changed_or_taken_away(place):
    person = user(place, allow(GET))
    for _ in range(3):
        assert reads(person, place)
        grant(place, person.name, allow("ssm:PutParameter"))
        with person.denied(GET, place.resource):
            reads(person, place)
        grant(place, person.name, allow(GET))
    assert reads(person, place)
    place.iam.delete_user_policy(UserName=person.name, PolicyName="own")
    with person.denied(GET, place.resource):
        reads(person, place)


def test_a_policy_that_is_detached(place):
    arn, person = managed(place, allow(GET)), user(place)
    with person.denied(GET, place.resource):
        reads(person, place)
    place.iam.attach_user_policy(UserName=person.name, PolicyArn=arn)
    assert reads(person, place)
    place.iam.detach_user_policy(UserName=person.name, PolicyArn=arn)
    with person.denied(GET, place.resource):
        reads(person, place)


def test_a_policy_version_that_is_switched(place):
    arn, person = managed(place, allow(GET)), user(place)
    place.iam.attach_user_policy(UserName=person.name, PolicyArn=arn)
    assert reads(person, place)
    none = policy(allow("ssm:PutParameter"))
    made = place.iam.create_policy_version(PolicyArn=arn, PolicyDocument=none)
    version = made["PolicyVersion"]["VersionId"]
    assert reads(person, place)
    place.iam.set_default_policy_version(PolicyArn=arn, VersionId=version)
    with person.denied(GET, place.resource):
        reads(person, place)
    place.iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    assert reads(person, place)
    place.iam.create_policy_version(PolicyArn=arn, PolicyDocument=none, SetAsDefault=True)
    with person.denied(GET, place.resource):
        reads(person, place)


def test_a_group_that_is_joined_changed_and_left(place):
    group, person = f"group-{word()}", user(place)
    place.iam.create_group(GroupName=group)
    inline = {"GroupName": group, "PolicyName": "own"}
    place.iam.put_group_policy(**inline, PolicyDocument=policy(allow(GET)))
    with person.denied(GET, place.resource):
        reads(person, place)
    place.iam.add_user_to_group(GroupName=group, UserName=person.name)
    assert reads(person, place)
    place.iam.put_group_policy(**inline, PolicyDocument=policy(allow("s3:*")))
    with person.denied(GET, place.resource):
        reads(person, place)
    place.iam.put_group_policy(**inline, PolicyDocument=policy(allow(GET)))
    assert reads(person, place)
    place.iam.remove_user_from_group(GroupName=group, UserName=person.name)
    with person.denied(GET, place.resource):
        reads(person, place)


def test_a_boundary_that_is_put_and_taken_away(place):
    person = user(place, allow(GET))
    assert reads(person, place)
    place.iam.put_user_permissions_boundary(
        UserName=person.name, PermissionsBoundary=managed(place, allow("s3:*"))
    )
    reason = f"because no permissions boundary allows the {GET} action"
    with person.denied(GET, place.resource, reason):
        reads(person, place)
    place.iam.delete_user_permissions_boundary(UserName=person.name)
    assert reads(person, place)


def test_an_access_key_that_is_deactivated_and_a_user_who_is_deleted(place):
    person = user(place, allow(GET))
    key = {"UserName": person.name, "AccessKeyId": person.access_key}
    assert reads(person, place)
    place.iam.update_access_key(**key, Status="Inactive")
    with refused("UnrecognizedClientException"):
        reads(person, place)
    place.iam.update_access_key(**key, Status="Active")
    assert reads(person, place)
    place.iam.delete_access_key(**key)
    place.iam.delete_user_policy(UserName=person.name, PolicyName="own")
    place.iam.delete_user(UserName=person.name)
    with refused("UnrecognizedClientException"):
        reads(person, place)


def test_a_session_of_a_user_ends_with_the_user_and_not_with_its_key(place):
    person = user(place, allow([GET, "sts:GetSessionToken"]))
    given = person.sts.get_session_token()["Credentials"]
    again = place.keeps(Person(place, given, person.arn_of_caller, person.name))
    assert reads(again, place)
    grant(place, person.name, allow("sts:*"))
    with again.denied(GET, place.resource):
        reads(again, place)
    grant(place, person.name, allow(GET))
    place.iam.delete_access_key(UserName=person.name, AccessKeyId=person.access_key)
    assert reads(again, place)
    place.iam.delete_user_policy(UserName=person.name, PolicyName="own")
    place.iam.delete_user(UserName=person.name)
    with refused("UnrecognizedClientException"):
        reads(again, place)
    # Somebody else of this name does not give it back.
    user(place, allow(GET), name=person.name)
    with refused("UnrecognizedClientException"):
        reads(again, place)


def test_a_role_that_is_changed_and_deleted(place):
    name, arn = role(place, allow(GET))
    person = session(place, arn)
    assert reads(person, place)
    own = {"RoleName": name, "PolicyName": "own"}
    place.iam.put_role_policy(**own, PolicyDocument=policy(allow("s3:*")))
    with person.denied(GET, place.resource):
        reads(person, place)
    place.iam.put_role_policy(**own, PolicyDocument=policy(allow(GET)))
    assert reads(person, place)
    place.iam.delete_role_policy(**own)
    place.iam.delete_role(RoleName=name)
    with refused("UnrecognizedClientException"):
        reads(person, place)
    role(place, allow(GET), name=name)
    with refused("UnrecognizedClientException"):
        reads(person, place)


def test_a_roles_sessions_are_revoked_by_the_time_they_began(place):
    """What the console's "revoke active sessions" puts on a role."""
    name, arn = role(place, allow(GET))
    person = session(place, arn)
    assert reads(person, place)
    older = {"DateLessThan": {"aws:TokenIssueTime": "2099-01-01T00:00:00Z"}}
    revoked = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": older}
    place.iam.put_role_policy(
        RoleName=name, PolicyName="AWSRevokeOlderSessions", PolicyDocument=policy(revoked)
    )
    with person.denied(GET, place.resource, "with an explicit deny in an identity-based policy"):
        reads(person, place)


def test_tags_that_are_changed(place):
    same = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    person = user(place, allow(GET, condition=same), Tags=tags(team="blue"))
    assert reads(person, place)
    place.iam.tag_user(UserName=person.name, Tags=tags(team="red"))
    with person.denied(GET, place.resource):
        reads(person, place)
    retag = {"ResourceType": "Parameter", "ResourceId": place.parameter}
    place.ssm.add_tags_to_resource(**retag, Tags=tags(team="red"))
    assert reads(person, place)
    place.ssm.remove_tags_from_resource(**retag, TagKeys=["team"])
    with person.denied(GET, place.resource):
        reads(person, place)


def test_a_session_that_is_over(timed):
    timed.ssm.put_parameter(Name="/a", Value="v", Type="String")
    person = session(timed, role(timed, allow(GET))[1], DurationSeconds=900)
    person.ssm.get_parameter(Name="/a")
    timed.server.advance("14m")
    person.ssm.get_parameter(Name="/a")
    timed.server.advance("2m")
    with refused("ExpiredTokenException", "The security token included in the request is expired"):
        person.ssm.get_parameter(Name="/a")
    with refused("ExpiredToken", status=403):
        person.sts.get_caller_identity()


def test_permissions_that_are_for_a_time(timed):
    """A date in a policy is compared with the server's clock, which may be moved."""
    timed.ssm.put_parameter(Name="/a", Value="v", Type="String")
    name = timed.ssm.get_parameter(Name="/a")["Parameter"]["LastModifiedDate"]
    until = name.replace(microsecond=0).isoformat()
    soon = {"DateLessThan": {"aws:CurrentTime": until}}
    later = {"DateGreaterThan": {"aws:CurrentTime": until}}
    person = user(timed, allow(GET, condition=soon))
    with person.denied(GET, timed.arn("ssm", "parameter/a")):
        person.ssm.get_parameter(Name="/a")
    timed.server.advance("1m")
    grant(timed, person.name, allow(GET, condition=later))
    person.ssm.get_parameter(Name="/a")


def test_permissions_are_there_after_a_restart(restartable):


    world = World.on_server(restartable)
    world.ssm.put_parameter(Name="/a", Value="v", Type="String")
    world.sm.create_secret(Name="a", SecretString="v")
    person = user(world, allow(GET))
    of_role = session(world, role(world, allow(GET))[1])
    named = policy(
        allow("secretsmanager:GetSecretValue", Principal={"AWS": person.arn_of_caller})
    )
    world.sm.put_resource_policy(SecretId="a", ResourcePolicy=named)
    restartable.stop()
    restartable.start()
    for bearer in (person, of_role):
        again = type(bearer)(
            world,
            {
                "AccessKeyId": bearer.access_key,
                "SecretAccessKey": bearer.secret,
                "SessionToken": bearer.token,
            },
            bearer.arn_of_caller,
            bearer.name,
        )
        assert again.ssm.get_parameter(Name="/a")["Parameter"]["Value"] == "v"
        with again.denied("ssm:DeleteParameter", world.arn("ssm", "parameter/a")):
            again.ssm.delete_parameter(Name="/a")
        if bearer is person:
            assert again.sm.get_secret_value(SecretId="a")["SecretString"] == "v"
        else:
            with again.denied("secretsmanager:GetSecretValue", "a"):
                again.sm.get_secret_value(SecretId="a")
        again.close()
    world.close()
