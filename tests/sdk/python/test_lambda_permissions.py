"""Who may do what with functions, and the statements of their policies."""

import json

import pytest

from functions import execution_role, make, zipped
from people import allow, deny, other_account, user
from world import refused

INVALID = "InvalidParameterValueException"
INVOKE = "lambda:InvokeFunction"


def statement(world, name="f", **more):
    """Adds a statement; gives it as it was written."""
    asked = {
        "StatementId": "s",
        "Action": INVOKE,
        "Principal": "secretsmanager.amazonaws.com",
        **more,
    }
    given = world.functions.add_permission(FunctionName=name, **asked)
    assert given["ResponseMetadata"]["HTTPStatusCode"] == 201
    return json.loads(given["Statement"])


def policy_of(world, **more):
    found = world.functions.get_policy(FunctionName="f", **more)
    return json.loads(found["Policy"]), found["RevisionId"]


def denied(action, on):
    told = f"is not authorized to perform: {action} on resource: {on}"
    return refused("AccessDeniedException", told, 403)


def test_statements_are_added_shown_and_removed(world):
    make(world, "f")
    arn = world.arn("lambda", "function:f")
    with refused("ResourceNotFoundException", "The resource you requested does not exist.", 404):
        world.functions.get_policy(FunctionName="f")
    first = statement(world, SourceAccount=world.account, SourceArn="arn:aws:x:::y")
    assert first == {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"Service": "secretsmanager.amazonaws.com"},
        "Action": INVOKE,
        "Resource": arn,
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": world.account},
            "ArnLike": {"AWS:SourceArn": "arn:aws:x:::y"},
        },
    }
    second = statement(world, StatementId="t", Principal="111122223333")
    assert second["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
    document, revision = policy_of(world)
    assert document == {"Version": "2012-10-17", "Id": "default", "Statement": [first, second]}
    with refused("ResourceConflictException", "The statement id (s) provided already", 409):
        statement(world)
    with refused("PreconditionFailedException", "Call the GetPolicy API", 412):
        statement(world, StatementId="u", RevisionId="other")
    with refused("ResourceNotFoundException", "Statement u is not found", 404):
        world.functions.remove_permission(FunctionName="f", StatementId="u")
    gone = world.functions.remove_permission(
        FunctionName="f", StatementId="s", RevisionId=revision
    )
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert policy_of(world)[0]["Statement"] == [second]
    world.functions.remove_permission(FunctionName="f", StatementId="t")
    with refused("ResourceNotFoundException", None, 404):
        world.functions.get_policy(FunctionName="f")
    with refused("ResourceNotFoundException", "No policy is associated", 404):
        world.functions.remove_permission(FunctionName="f", StatementId="t")


def test_a_version_has_a_policy_of_its_own(world):
    make(world, "f", Publish=True)
    added = statement(world, Qualifier="1")
    assert added["Resource"] == f"{world.arn('lambda', 'function:f')}:1"
    assert policy_of(world, Qualifier="1")[0]["Statement"] == [added]
    with refused("ResourceNotFoundException", None, 404):
        world.functions.get_policy(FunctionName="f")


@pytest.mark.parametrize("principal", ["nobody", "arn:aws:iam::{}:user/none", "a/b.c"])
def test_who_is_not_there_cannot_be_let_in(dev, principal):
    make(dev, "f")
    with refused(INVALID, "The provided principal was invalid."):
        statement(dev, Principal=principal.format(dev.account))
    with refused("ResourceNotFoundException", None, 404):
        dev.functions.get_policy(FunctionName="f")


def test_a_policy_has_a_bound(dev):
    make(dev, "f")
    with refused("PolicyLengthExceededException", "is bigger than the limit (20480)."):
        for number in range(200):
            statement(dev, StatementId=f"s{number}")
    # What was there before is still there.
    assert len(policy_of(dev)[0]["Statement"]) > 50


def test_who_has_no_permission_learns_nothing_and_changes_nothing(dev):
    arn = make(dev, "f")["FunctionArn"]
    role = execution_role(dev)
    nobody = user(dev)
    client = nobody.functions
    statement(dev)
    for action, asked in (
        ("GetFunction", lambda name: client.get_function(FunctionName=name)),
        (
            "GetFunctionConfiguration",
            lambda name: client.get_function_configuration(FunctionName=name),
        ),
        ("GetPolicy", lambda name: client.get_policy(FunctionName=name)),
        ("InvokeFunction", lambda name: client.invoke(FunctionName=name)),
        ("DeleteFunction", lambda name: client.delete_function(FunctionName=name)),
        ("PublishVersion", lambda name: client.publish_version(FunctionName=name)),
        (
            "ListVersionsByFunction",
            lambda name: client.list_versions_by_function(FunctionName=name),
        ),
        (
            "UpdateFunctionCode",
            lambda name: client.update_function_code(FunctionName=name, ZipFile=zipped()),
        ),
        (
            "UpdateFunctionConfiguration",
            lambda name: client.update_function_configuration(FunctionName=name, Timeout=9),
        ),
        (
            "RemovePermission",
            lambda name: client.remove_permission(FunctionName=name, StatementId="s"),
        ),
        ("CreateFunction", lambda name: make(dev, name, by=nobody, Role=role)),
    ):
        for name in ("f", "none"):
            with denied(f"lambda:{action}", arn[:-1] + name):
                asked(name)
    with denied("lambda:ListTags", arn):
        client.list_tags(Resource=arn)
    with denied("lambda:TagResource", arn):
        client.tag_resource(Resource=arn, Tags={"a": "b"})
    with refused("AccessDeniedException", "lambda:ListFunctions", 403):
        client.list_functions()
    assert dev.functions.get_function_configuration(FunctionName="f")["Timeout"] == 3
    assert len(policy_of(dev)[0]["Statement"]) == 1


def test_a_role_is_given_by_who_may_pass_it_to_lambda(dev):
    role = execution_role(dev)
    create = allow("lambda:CreateFunction")
    with denied("iam:PassRole", role):
        make(dev, "f", by=user(dev, create), Role=role)
    to_others = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    with denied("iam:PassRole", role):
        make(dev, "f", by=user(dev, create, allow("iam:PassRole", role, to_others)), Role=role)
    to_lambda = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    maker = user(dev, create, allow("iam:PassRole", role, to_lambda))
    with denied("lambda:TagResource", dev.arn("lambda", "function:f")):
        make(dev, "f", by=maker, Role=role, Tags={"a": "b"})
    make(dev, "f", by=maker, Role=role)
    with denied("lambda:UpdateFunctionConfiguration", dev.arn("lambda", "function:f")):
        maker.functions.update_function_configuration(FunctionName="f", Timeout=9)
    changer = user(dev, allow("lambda:UpdateFunctionConfiguration"))
    changer.functions.update_function_configuration(FunctionName="f", Timeout=9)
    with denied("iam:PassRole", role):
        changer.functions.update_function_configuration(FunctionName="f", Role=role)


def test_a_role_of_another_service_or_account_makes_no_function(dev):
    with refused(INVALID, "The role defined for the function cannot be assumed by Lambda."):
        make(dev, "f", Role=execution_role(dev, "ec2.amazonaws.com"))
    other = other_account(dev)
    with refused("AccessDeniedException", None, 403):
        make(dev, "f", Role=execution_role(other))
    assert dev.functions.list_functions()["Functions"] == []


def test_another_account_does_what_the_policy_lets_it(dev):
    arn = make(dev, "f")["FunctionArn"]
    other = other_account(dev)
    friend = user(other, allow("lambda:*"))
    with denied("lambda:GetFunctionConfiguration", arn):
        friend.functions.get_function_configuration(FunctionName=arn)
    statement(dev, Action="lambda:GetFunctionConfiguration", Principal=other.account)
    shown = friend.functions.get_function_configuration(FunctionName=arn)
    assert shown["FunctionArn"] == arn
    with denied("lambda:GetFunction", arn):
        friend.functions.get_function(FunctionName=arn)
    with denied("lambda:GetFunctionConfiguration", arn):
        user(other).functions.get_function_configuration(FunctionName=arn)
    # By its name alone it is one of the caller's own account.
    with refused("ResourceNotFoundException", other.account, 404):
        friend.functions.get_function_configuration(FunctionName="f")


def test_tags_and_principals_are_condition_keys(dev):
    blue = {"StringEquals": {"aws:ResourceTag/team": "blue"}}
    reader = user(dev, allow("lambda:GetFunction", condition=blue))
    make(dev, "blue", Tags={"team": "blue"})
    red = make(dev, "red", Tags={"team": "red"})["FunctionArn"]
    reader.functions.get_function(FunctionName="blue")
    with denied("lambda:GetFunction", red):
        reader.functions.get_function(FunctionName="red")
    only_services = {"StringNotLike": {"lambda:Principal": "*.amazonaws.com"}}
    opener = user(
        dev, allow("lambda:AddPermission"), deny("lambda:AddPermission", condition=only_services)
    )
    given = {"FunctionName": "red", "Action": INVOKE}
    opener.functions.add_permission(
        StatementId="a", Principal="secretsmanager.amazonaws.com", **given
    )
    with refused("AccessDeniedException", "explicit deny", 403):
        opener.functions.add_permission(StatementId="b", Principal="*", **given)
    tagger = user(
        dev,
        allow("lambda:TagResource", condition={"StringEquals": {"aws:RequestTag/team": "red"}}),
    )
    tagger.functions.tag_resource(Resource=red, Tags={"team": "red"})
    with denied("lambda:TagResource", red):
        tagger.functions.tag_resource(Resource=red, Tags={"team": "blue"})


def test_a_version_is_a_resource_of_its_own(dev):
    arn = make(dev, "f", Publish=True)["FunctionArn"]
    reader = user(dev, allow("lambda:GetFunction", arn))
    reader.functions.get_function(FunctionName="f", Qualifier="1")
    with denied("lambda:GetFunction", arn.removesuffix(":1")):
        reader.functions.get_function(FunctionName="f")


def test_calls_are_answered_dry_runs_decided_and_events_queued(dev):
    make(dev, "f")
    answer = dev.functions.invoke(FunctionName="f", Payload=b'{"a": 1}')
    assert (answer["StatusCode"], json.load(answer["Payload"])) == (200, {"a": 1})
    dry = dev.functions.invoke(FunctionName="f", InvocationType="DryRun")
    assert dry["StatusCode"] == 204
    with refused("InvalidRequestContentException", "Could not parse request body into json"):
        dev.functions.invoke(FunctionName="f", Payload=b"{")
    queued = dev.functions.invoke(FunctionName="f", InvocationType="Event", Payload=b"{}")
    assert (queued["StatusCode"], queued["Payload"].read()) == (202, b"")
    # What is gone is not tried again.
    dev.functions.delete_function(FunctionName="f")
