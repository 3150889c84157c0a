"""Condition keys as policies of real life use them, each one both met and not met."""

import time

import pytest

from people import Person, allow, deny, grant, policy, role, session, user
from test_iam_mfa import code, codes
from world import refused, tags, word

GET = "ssm:GetParameter"
READ = "secretsmanager:GetSecretValue"


@pytest.fixture
def person(dev):
    """A user without policies, a parameter and a secret."""
    dev.ssm.put_parameter(Name="/app/host", Value="v", Type="String", Tags=tags(team="blue"))
    dev.sm.create_secret(Name="app/db", SecretString="v", Tags=tags(team="blue"))
    made = user(dev)
    made.owner = dev
    return made


def get(person):
    return person.ssm.get_parameter(Name="/app/host")["Parameter"]["Value"]


def read(person, **more):
    return person.sm.get_secret_value(SecretId="app/db", **more)["SecretString"]


def holds(person, condition):
    """Whether a read is allowed under this condition; and denied by a denial under it."""
    grant(person.owner, person.name, allow(GET, condition=condition))
    try:
        get(person)
        is_met = True
    except person.ssm.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException"
        is_met = False
    grant(person.owner, person.name, allow(GET), deny(GET, condition=condition))
    try:
        get(person)
        assert not is_met, condition
    except person.ssm.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException"
        assert is_met, condition
    return is_met


@pytest.mark.parametrize(
    ("condition", "is_met"),
    [
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
        ({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "127.0.0.1"]}}, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
        ({"NotIpAddress": {"aws:SourceIp": "127.0.0.1/32"}}, False),
        ({"Bool": {"aws:SecureTransport": "false"}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, False),
        ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, True),
        ({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, False),
        ({"NumericGreaterThan": {"aws:EpochTime": "1577836800"}}, True),
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, True),
        ({"StringEquals": {"aws:RequestedRegion": "eu-central-1"}}, False),
        ({"StringLike": {"aws:UserAgent": "Boto3/*"}}, True),
        ({"StringLike": {"aws:UserAgent": "Mozilla/*"}}, False),
        ({"Bool": {"aws:ViaAWSService": "false"}}, True),
        ({"Null": {"aws:CalledVia": "true"}}, True),
        ({"Bool": {"aws:PrincipalIsAWSService": "false"}}, True),
        ({"StringEquals": {"aws:PrincipalType": "User"}}, True),
        ({"StringEquals": {"aws:PrincipalType": "AssumedRole"}}, False),
        ({"StringEquals": {"ssm:resourceTag/team": "blue"}}, True),
        ({"StringEquals": {"aws:ResourceTag/Team": "blue"}}, True),
        ({"StringEquals": {"aws:ResourceTag/team": "red"}}, False),
        ({"StringEquals": {"aws:ResourceTag/other": "blue"}}, False),
        ({"Null": {"aws:ResourceTag/other": "true"}}, True),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, False),
        ({"Bool": {"aws:MultiFactorAuthPresent": "false"}}, False),
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, True),
        ({"Null": {"aws:MultiFactorAuthPresent": "true"}}, True),
        ({"Null": {"aws:TokenIssueTime": "true"}}, True),
        ({"Null": {"aws:RequestTag/team": "true"}}, True),
        ({"StringEquals": {"aws:PrincipalTag/team": "blue"}}, False),
        ({"StringEquals": {"AWS:USERNAME": "nobody"}}, False),
    ],
)
def test_global_keys(person, condition, is_met):
    assert holds(person, condition) is is_met


def test_who_asks(person):
    owner = person.owner
    id = owner.iam.get_user(UserName=person.name)["User"]["UserId"]
    for key, value in {
        "aws:username": person.name,
        "aws:userid": id,
        "aws:PrincipalArn": person.arn_of_caller,
        "aws:PrincipalAccount": owner.account,
        "aws:ResourceAccount": owner.account,
    }.items():
        assert holds(person, {"StringEquals": {key: value}}), key
        assert not holds(person, {"StringNotEquals": {key: value}}), key
        assert not holds(person, {"StringEquals": {key: f"{value}x"}}), key
    assert holds(person, {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{owner.account}:user/*"}})


def test_a_principal_reads_what_has_its_own_tag(person):
    """Attribute-based access: `aws:ResourceTag` against `aws:PrincipalTag`."""
    same = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    grant(person.owner, person.name, allow([GET, READ], condition=same))
    for team, is_allowed in (("red", False), ("blue", True), ("Blue", False)):
        person.owner.iam.tag_user(UserName=person.name, Tags=tags(team=team))
        if is_allowed:
            assert (get(person), read(person)) == ("v", "v")
        else:
            with person.denied(READ, "app/db"):
                read(person)
    person.owner.iam.untag_user(UserName=person.name, TagKeys=["team"])
    with person.denied(READ, "app/db"):
        read(person)


def test_a_session_has_its_roles_tags_and_those_it_was_given(person):
    same = {"StringEquals": {"secretsmanager:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    _, arn = role(person.owner, allow(READ, condition=same), Tags=tags(team="red"))
    red = session(person.owner, arn)
    with red.denied(READ, "app/db"):
        read(red)
    assert read(session(person.owner, arn, Tags=tags(team="blue"))) == "v"


def test_the_users_name_in_a_resources_path(dev):
    own = [
        allow("ssm:*", dev.arn("ssm", "parameter/home/${aws:username}/*")),
        allow("secretsmanager:*", dev.arn("secretsmanager", "secret:${aws:username}/*")),
    ]
    ann, bob = user(dev, *own), user(dev, *own)
    ann.ssm.put_parameter(Name=f"/home/{ann.name}/a", Value="v", Type="String")
    ann.sm.create_secret(Name=f"{ann.name}/a", SecretString="v")
    assert ann.sm.get_secret_value(SecretId=f"{ann.name}/a")["SecretString"] == "v"
    with bob.denied(GET, dev.arn("ssm", f"parameter/home/{ann.name}/a")):
        bob.ssm.get_parameter(Name=f"/home/{ann.name}/a")
    with bob.denied(READ, f"{ann.name}/a"):
        bob.sm.get_secret_value(SecretId=f"{ann.name}/a")
    # A role's session has no user name, so the statement is about nothing.
    nameless = session(dev, role(dev, *own)[1])
    with nameless.denied(GET, dev.arn("ssm", f"parameter/home/{ann.name}/a")):
        nameless.ssm.get_parameter(Name=f"/home/{ann.name}/a")


def test_tags_that_a_request_must_and_may_bring(dev):
    must = {
        "StringEquals": {"aws:RequestTag/team": ["blue", "green"]},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage"]},
    }
    making = [
        "secretsmanager:CreateSecret",
        "secretsmanager:TagResource",
        "ssm:PutParameter",
        "ssm:AddTagsToResource",
        "iam:CreateUser",
        "iam:TagUser",
        "kms:CreateKey",
        "kms:TagResource",
    ]
    person = user(dev, allow(making, condition=must))
    calls = {
        "secretsmanager:CreateSecret": lambda **t: person.sm.create_secret(Name=word(), **t),
        "ssm:PutParameter": lambda **t: person.ssm.put_parameter(
            Name=f"/{word()}", Value="v", Type="String", **t
        ),
        "iam:CreateUser": lambda **t: person.iam.create_user(UserName=word(), **t),
        "kms:CreateKey": lambda Tags=(): person.kms.create_key(
            Tags=[{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in Tags]
        ),
    }
    for action, call in calls.items():
        is_query = action.startswith("iam:")
        code, status = ("AccessDenied", 403) if is_query else ("AccessDeniedException", 400)
        for bad in (
            {},
            {"Tags": tags(team="red")},
            {"Tags": tags(stage="prod")},
            {"Tags": tags(team="blue", other="x")},
        ):
            with refused(code, f"is not authorized to perform: {action} ", status):
                call(**bad)
        call(Tags=tags(team="blue"))
        call(Tags=tags(team="green", stage="prod"))


def test_the_tagging_that_comes_with_making_is_a_permission_of_its_own(dev):
    making = ["secretsmanager:CreateSecret", "ssm:PutParameter", "iam:CreateUser", "kms:CreateKey"]
    person = user(dev, allow(making))
    with refused("AccessDeniedException", "to perform: secretsmanager:TagResource on"):
        person.sm.create_secret(Name="a", Tags=tags(a="1"))
    with refused("AccessDeniedException", "to perform: ssm:AddTagsToResource on"):
        person.ssm.put_parameter(Name="/a", Value="v", Type="String", Tags=tags(a="1"))
    with refused("AccessDenied", "to perform: iam:TagUser on", 403):
        person.iam.create_user(UserName="a", Tags=tags(a="1"))
    with refused("AccessDeniedException", "to perform: kms:TagResource"):
        person.kms.create_key(Tags=[{"TagKey": "a", "TagValue": "1"}])
    assert dev.sm.list_secrets()["SecretList"] == []
    assert dev.ssm.describe_parameters()["Parameters"] == []
    assert dev.kms.list_keys()["Keys"] == []


def test_tags_are_added_and_taken_only_as_far_as_their_keys_allow(person):
    team = {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}
    changing = [
        "secretsmanager:TagResource",
        "secretsmanager:UntagResource",
        "ssm:AddTagsToResource",
        "ssm:RemoveTagsFromResource",
    ]
    grant(person.owner, person.name, allow(changing, condition=team))
    parameter = {"ResourceType": "Parameter", "ResourceId": "/app/host"}
    person.sm.tag_resource(SecretId="app/db", Tags=tags(team="red"))
    person.ssm.add_tags_to_resource(**parameter, Tags=tags(team="red"))
    with person.denied("secretsmanager:TagResource", "app/db"):
        person.sm.tag_resource(SecretId="app/db", Tags=tags(team="red", owner="me"))
    with person.denied("secretsmanager:UntagResource", "app/db"):
        person.sm.untag_resource(SecretId="app/db", TagKeys=["owner"])
    arn = person.owner.arn("ssm", "parameter/app/host")
    with person.denied("ssm:AddTagsToResource", arn):
        person.ssm.add_tags_to_resource(**parameter, Tags=tags(owner="me"))
    with person.denied("ssm:RemoveTagsFromResource", arn):
        person.ssm.remove_tags_from_resource(**parameter, TagKeys=["owner", "team"])
    person.sm.untag_resource(SecretId="app/db", TagKeys=["team"])
    person.ssm.remove_tags_from_resource(**parameter, TagKeys=["team"])


# Multi-factor authentication


def test_a_session_with_a_code_has_multi_factor_authentication(person):
    owner = person.owner
    made = owner.iam.create_virtual_mfa_device(VirtualMFADeviceName=f"phone-{word()}")
    serial = made["VirtualMFADevice"]["SerialNumber"]
    seed = made["VirtualMFADevice"]["Base32StringSeed"]
    # The codes of the two steps before the present one, which is left for the session.
    owner.iam.enable_mfa_device(
        UserName=person.name, SerialNumber=serial, **codes(seed, steps_from_now=-1)
    )
    with_mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    young = {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}
    grant(
        owner, person.name, allow(GET, condition=with_mfa), allow(READ, condition=young)
    )
    for call in (get, read):
        with refused("AccessDeniedException"):
            call(person)
    plain = person.sts.get_session_token()["Credentials"]
    plain = owner.keeps(Person(owner, plain, person.arn_of_caller, person.name))
    for call in (get, read):
        with refused("AccessDeniedException"):
            call(plain)
    given = session_token(person, serial, seed)
    strong = owner.keeps(Person(owner, given, person.arn_of_caller, person.name))
    assert (get(strong), read(strong)) == ("v", "v")


def session_token(person, serial, seed):
    """A session with a code; the step may just have changed, so the next one is tried, too."""
    first = code(seed)
    try:
        given = person.sts.get_session_token(SerialNumber=serial, TokenCode=first)
    except person.sts.exceptions.ClientError:
        assert code(seed) != first, f"refused at {time.time()}"
        given = person.sts.get_session_token(SerialNumber=serial, TokenCode=code(seed))
    return given["Credentials"]


# Secrets Manager's own keys


def test_the_stage_that_is_read(person):
    owner = person.owner
    owner.sm.put_secret_value(SecretId="app/db", SecretString="w")
    current = {"StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}}
    grant(person.owner, person.name, allow(READ, condition=current))
    assert read(person) == "w"
    assert read(person, VersionStage="AWSCURRENT") == "w"
    with person.denied(READ, "app/db"):
        read(person, VersionStage="AWSPREVIOUS")
    versions = owner.sm.describe_secret(SecretId="app/db")["VersionIdsToStages"]
    old = next(id for id, stages in versions.items() if "AWSPREVIOUS" in stages)
    with person.denied(READ, "app/db"):
        read(person, VersionId=old)
    by_id = {"StringEquals": {"secretsmanager:VersionId": old}}
    grant(owner, person.name, allow(READ, condition=by_id))
    assert read(person, VersionId=old) == "v"
    with person.denied(READ, "app/db"):
        read(person)


def test_the_secret_by_its_id_and_tags(person):
    arn = person.owner.sm.describe_secret(SecretId="app/db")["ARN"]
    for key, right in (
        ("secretsmanager:SecretId", arn),
        ("secretsmanager:ResourceTag/team", "blue"),
        ("secretsmanager:SecretPrimaryRegion", "us-east-1"),
        ("aws:ResourceTag/team", "blue"),
    ):
        grant(person.owner, person.name, allow(READ, condition={"StringEquals": {key: right}}))
        assert read(person) == "v"
        wrong = {"StringEquals": {key: f"{right}x"}}
        grant(person.owner, person.name, allow(READ, condition=wrong))
        with person.denied(READ, "app/db"):
            read(person)


def test_what_a_new_secret_may_be_called_and_sealed_with(dev):
    key = dev.kms.create_key()["KeyMetadata"]["Arn"]
    person = user(
        dev,
        allow(
            "secretsmanager:CreateSecret",
            condition={
                "StringLike": {"secretsmanager:Name": "app/*"},
                "StringEquals": {"secretsmanager:KmsKeyId": key},
            },
        ),
        allow("kms:*", key),
    )
    made = {"SecretString": "v", "KmsKeyId": key}
    with person.denied("secretsmanager:CreateSecret", "other"):
        person.sm.create_secret(Name="other", **made)
    with person.denied("secretsmanager:CreateSecret", "app/a"):
        person.sm.create_secret(Name="app/a", SecretString="v")
    person.sm.create_secret(Name="app/a", **made)


def test_how_a_secret_may_be_deleted(person):
    action = "secretsmanager:DeleteSecret"
    long = {"NumericGreaterThanEquals": {"secretsmanager:RecoveryWindowInDays": "14"}}
    grant(person.owner, person.name, allow(action, condition=long))
    for how in ({}, {"RecoveryWindowInDays": 7}, {"ForceDeleteWithoutRecovery": True}):
        with person.denied(action, "app/db"):
            person.sm.delete_secret(SecretId="app/db", **how)
    person.sm.delete_secret(SecretId="app/db", RecoveryWindowInDays=14)
    person.owner.sm.restore_secret(SecretId="app/db")
    never = {"Bool": {"secretsmanager:ForceDeleteWithoutRecovery": "true"}}
    grant(person.owner, person.name, allow(action), deny(action, condition=never))
    with person.denied(action, "app/db", "with an explicit deny in an identity-based policy"):
        person.sm.delete_secret(SecretId="app/db", ForceDeleteWithoutRecovery=True)
    assert "DeletedDate" not in person.owner.sm.describe_secret(SecretId="app/db")
    person.sm.delete_secret(SecretId="app/db")


# Parameter Store's own keys


def test_a_parameter_is_made_but_not_overwritten(dev):
    new = {"StringEquals": {"ssm:Overwrite": "false"}}
    person = user(dev, allow("ssm:PutParameter", condition=new))
    put = {"Name": "/a", "Value": "v", "Type": "String"}
    person.ssm.put_parameter(**put)
    with person.denied("ssm:PutParameter", dev.arn("ssm", "parameter/a")):
        person.ssm.put_parameter(**put, Overwrite=True)
    with refused("ParameterAlreadyExists"):
        person.ssm.put_parameter(**put)


def test_a_path_is_listed_but_not_what_is_below_it(person):
    action, arn = "ssm:GetParametersByPath", person.owner.arn("ssm", "parameter/app")
    flat = {"StringEquals": {"ssm:Recursive": "true"}}
    grant(person.owner, person.name, allow(action), deny(action, condition=flat))
    found = person.ssm.get_parameters_by_path(Path="/app")["Parameters"]
    assert [each["Name"] for each in found] == ["/app/host"]
    with person.denied(action, arn, "with an explicit deny in an identity-based policy"):
        person.ssm.get_parameters_by_path(Path="/app", Recursive=True)


def test_another_region_is_another_request(person):
    here = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
    grant(person.owner, person.name, allow("ssm:*", condition=here))
    assert get(person) == "v"
    with refused("AccessDeniedException", "arn:aws:ssm:eu-west-1"):
        person.client("ssm", "eu-west-1").get_parameter(Name="/app/host")


def test_a_resource_policy_may_have_conditions_of_its_own(person):
    for condition, is_met in (
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
        ({"StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}}, True),
        ({"StringEquals": {"secretsmanager:VersionStage": "AWSPENDING"}}, False),
    ):
        text = policy(
            allow(READ, condition=condition, Principal={"AWS": person.arn_of_caller})
        )
        person.owner.sm.put_resource_policy(SecretId="app/db", ResourcePolicy=text)
        if is_met:
            assert read(person) == "v"
        else:
            with person.denied(READ, "app/db"):
                read(person)
