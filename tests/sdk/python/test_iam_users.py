"""IAM users: made, renamed, tagged, ended; their inline and attached policies and boundaries."""

import datetime
import json
import re

import pytest

from world import World, pages, refused, tags, without_metadata, word


def policy(action="ssm:GetParameter", resource="*"):
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


AWS_POLICY = "arn:aws:iam::aws:policy/SecretsManagerReadWrite"


@pytest.fixture
def user(world):
    name = f"ann-{word()}"
    world.iam.create_user(UserName=name)
    return world, name


def test_a_user_is_made_with_path_tags_and_a_unique_id(world):
    name = f"Ann.{word()}@example"
    made = world.iam.create_user(
        UserName=name,
        Path="/team/db/",
        Tags=tags(team="db", Cost="1"),
        PermissionsBoundary=AWS_POLICY,
    )["User"]
    assert made["Arn"] == world.iam_arn(f"user/team/db/{name}")
    assert re.fullmatch(r"AIDA[A-Z2-7]{17}", made["UserId"])
    assert isinstance(made["CreateDate"], datetime.datetime)
    assert made["PermissionsBoundary"] == {
        "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
        "PermissionsBoundaryArn": AWS_POLICY,
    }
    assert world.iam.get_user(UserName=name)["User"] == made
    assert sorted(made["Tags"], key=lambda tag: tag["Key"]) == tags(Cost="1", team="db")


def test_names_are_unique_whatever_their_case_and_keep_the_one_they_were_given(world):
    name = f"Bob-{word()}"
    world.iam.create_user(UserName=name)
    with refused("EntityAlreadyExists", f"User with name {name.lower()} already exists.", 409):
        world.iam.create_user(UserName=name.lower())
    assert world.iam.get_user(UserName=name.upper())["User"]["UserName"] == name


def test_a_user_that_is_not_there_is_named(world):
    sentence = "The user with name nobody cannot be found."
    for call in (world.iam.get_user, world.iam.delete_user, world.iam.list_user_tags):
        with refused("NoSuchEntity", sentence, 404):
            call(UserName="nobody")


def test_bad_input_changes_nothing(world):
    name = f"ann-{word()}"
    for bad in ({"UserName": "a b"}, {"UserName": "x" * 65}, {"UserName": name, "Path": "no"}):
        with refused("ValidationError"):
            world.raw_iam.create_user(**bad)
    with refused("InvalidInput", "Duplicate tag keys found"):
        world.iam.create_user(UserName=name, Tags=tags(a="1", A="2"))
    missing = world.iam_arn(f"policy/{word()}")
    with refused("NoSuchEntity", f"Policy {missing} does not exist or is not attachable.", 404):
        world.iam.create_user(UserName=name, PermissionsBoundary=missing)
    with refused("NoSuchEntity", status=404):
        world.iam.get_user(UserName=name)


def test_the_root_asks_who_it_is(world):
    found = world.iam.get_user()["User"]
    assert (found["Arn"], found["UserId"]) == (world.iam_arn("root"), world.account)
    assert "UserName" not in found


def test_a_user_asks_who_it_is_and_keeps_its_key_when_it_is_renamed(user):
    world, name = user
    text = policy("iam:GetUser")
    world.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=text)
    key = world.iam.create_access_key(UserName=name)["AccessKey"]
    bearer = world.signed_by(key)
    assert bearer.iam.get_user()["User"]["UserName"] == name
    assert bearer.sts.get_caller_identity()["Arn"] == world.iam_arn(f"user/{name}")
    world.iam.update_user(UserName=name, NewUserName=f"{name}-new", NewPath="/moved/")
    assert bearer.iam.get_user()["User"]["Arn"] == world.iam_arn(f"user/moved/{name}-new")
    listed = world.iam.list_access_keys(UserName=f"{name}-new")["AccessKeyMetadata"]
    assert [(item["AccessKeyId"], item["UserName"]) for item in listed] == [
        (key["AccessKeyId"], f"{name}-new")
    ]
    bearer.close()


def test_a_renamed_user_keeps_id_groups_tags_and_policies(user):
    world, name = user
    group = f"staff-{word()}"
    world.iam.create_group(GroupName=group)
    world.iam.add_user_to_group(GroupName=group, UserName=name)
    world.iam.tag_user(UserName=name, Tags=tags(a="1"))
    world.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy())
    before = world.iam.get_user(UserName=name)["User"]
    new = f"renamed-{word()}"
    world.iam.update_user(UserName=name, NewUserName=new)
    after = world.iam.get_user(UserName=new)["User"]
    assert (after["UserId"], after["Tags"]) == (before["UserId"], tags(a="1"))
    assert world.iam.list_user_policies(UserName=new)["PolicyNames"] == ["p"]
    members = world.iam.get_group(GroupName=group)["Users"]
    assert [member["UserName"] for member in members] == [new]
    groups = world.iam.list_groups_for_user(UserName=new)["Groups"]
    assert [item["GroupName"] for item in groups] == [group]
    with refused("NoSuchEntity", status=404):
        world.iam.get_user(UserName=name)
    world.iam.update_user(UserName=new, NewUserName=new.upper())
    assert world.iam.get_user(UserName=new)["User"]["UserName"] == new.upper()


def test_a_user_is_not_renamed_to_one_that_is_there(user):
    world, name = user
    other = f"other-{word()}"
    world.iam.create_user(UserName=other)
    with refused("EntityAlreadyExists", f"User with name {other} already exists.", 409):
        world.iam.update_user(UserName=name, NewUserName=other)
    assert world.iam.get_user(UserName=name)["User"]["UserName"] == name


def test_users_are_listed_by_path_in_pages(world):
    path = f"/{word()}/"
    names = [f"u{number}-{word()}" for number in range(5)]
    for name in reversed(names):
        world.iam.create_user(UserName=name, Path=f"{path}sub/", Tags=tags(a="1"))
    world.iam.create_user(UserName=f"out-{word()}", Path="/elsewhere/")
    listed, count = pages(
        world.iam.list_users, "Users", token="Marker", PathPrefix=path, MaxItems=2
    )
    assert [item["UserName"] for item in listed] == names
    assert count == 3
    assert all("Tags" not in item and "PermissionsBoundary" not in item for item in listed)
    first = world.iam.list_users(PathPrefix=path, MaxItems=2)
    assert first["IsTruncated"] is True
    assert world.iam.list_users(PathPrefix=path)["IsTruncated"] is False
    with refused("ValidationError"):
        world.iam.list_users(Marker="no marker of ours!")


def test_tags_are_joined_listed_and_taken_away(user):
    world, name = user
    world.iam.tag_user(UserName=name, Tags=tags(a="1", b="2", c="3"))
    world.iam.tag_user(UserName=name, Tags=tags(b="two"))
    world.iam.untag_user(UserName=name, TagKeys=["c", "never-there"])
    listed, count = pages(
        world.iam.list_user_tags, "Tags", token="Marker", UserName=name, MaxItems=1
    )
    assert (listed, count) == (tags(a="1", b="two"), 2)
    many = [{"Key": str(number), "Value": ""} for number in range(49)]
    with refused("LimitExceeded", status=409):
        world.iam.tag_user(UserName=name, Tags=many)
    assert len(world.iam.list_user_tags(UserName=name)["Tags"]) == 2
    with refused("InvalidInput", "Tag keys beginning with aws: are reserved for system use."):
        world.iam.tag_user(UserName=name, Tags=[{"Key": "aws:x", "Value": ""}])
    assert len(world.iam.list_user_tags(UserName=name)["Tags"]) == 2


def test_who_tags_with_nothing_is_told_so(user):
    # Observed: radkawar/stackd, testdata/aws/iam/tag_inputs.json; who may not tag learns it first.
    world, name = user
    iam = world.iam
    trust = json.dumps(
        {"Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}}
    )
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    iam.create_instance_profile(InstanceProfileName=name)
    arn = iam.create_policy(PolicyName=name, PolicyDocument=policy())["Policy"]["Arn"]
    provider = iam.create_open_id_connect_provider(Url=f"https://{name}.example.com")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
    for tag in (
        lambda: iam.tag_user(UserName=name, Tags=[]),
        lambda: iam.tag_role(RoleName=name, Tags=[]),
        lambda: iam.tag_instance_profile(InstanceProfileName=name, Tags=[]),
        lambda: iam.tag_policy(PolicyArn=arn, Tags=[]),
        lambda: iam.tag_open_id_connect_provider(
            OpenIDConnectProviderArn=provider["OpenIDConnectProviderArn"], Tags=[]
        ),
        lambda: iam.tag_mfa_device(SerialNumber=device["SerialNumber"], Tags=[]),
    ):
        with refused("InvalidInput", "Error occurred while validating input. "):
            tag()
    key = iam.create_access_key(UserName=name)["AccessKey"]
    stranger = World(
        world.server, world.account, key["AccessKeyId"], key["SecretAccessKey"], world.region
    )
    with refused("AccessDenied", status=403):
        stranger.iam.tag_user(UserName=name, Tags=[])
    stranger.close()


def test_an_inline_policy_comes_back_as_it_was_written(user):
    world, name = user
    statement = '{"Effect":"Allow", "Action":"a:b",\t"Resource":"*"}'
    text = f'{{"Version": "2012-10-17",\n "Statement": [{statement}]}}'
    world.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=text)
    found = world.iam.get_user_policy(UserName=name, PolicyName="p")
    assert (found["UserName"], found["PolicyName"]) == (name, "p")
    assert found["PolicyDocument"] == json.loads(text)
    assert world.iam.list_user_policies(UserName=name)["PolicyNames"] == ["p"]
    world.iam.delete_user_policy(UserName=name, PolicyName="p")
    for call in (world.iam.get_user_policy, world.iam.delete_user_policy):
        with refused("NoSuchEntity", "The user policy with name p cannot be found.", 404):
            call(UserName=name, PolicyName="p")


def test_inline_policies_have_2048_characters_in_all(user):
    world, name = user
    long = policy(resource=f"arn:aws:ssm:*:*:parameter/{'x' * 1800}")
    world.iam.put_user_policy(UserName=name, PolicyName="one", PolicyDocument=long)
    sentence = f"Maximum policy size of 2048 bytes exceeded for user {name}"
    with refused("LimitExceeded", sentence, 409):
        another = policy(resource=f"arn:aws:s3:::{'y' * 99}")
        world.iam.put_user_policy(UserName=name, PolicyName="two", PolicyDocument=another)
    assert world.iam.list_user_policies(UserName=name)["PolicyNames"] == ["one"]


@pytest.mark.parametrize("text", ["{", "[]", "{}", '"x"'])
def test_what_is_no_policy_is_refused(user, text):
    world, name = user
    with refused("MalformedPolicyDocument"):
        world.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=text)
    assert world.iam.list_user_policies(UserName=name)["PolicyNames"] == []


def test_managed_policies_are_attached_listed_and_detached(user):
    world, name = user
    world.iam.attach_user_policy(UserName=name, PolicyArn=AWS_POLICY)
    world.iam.attach_user_policy(UserName=name, PolicyArn=AWS_POLICY)
    attached = world.iam.list_attached_user_policies(UserName=name)
    assert attached["AttachedPolicies"] == [
        {"PolicyName": "SecretsManagerReadWrite", "PolicyArn": AWS_POLICY}
    ]
    under = world.iam.list_attached_user_policies(UserName=name, PathPrefix="/team/")
    assert under["AttachedPolicies"] == []
    world.iam.detach_user_policy(UserName=name, PolicyArn=AWS_POLICY)
    with refused("NoSuchEntity", f"Policy {AWS_POLICY} was not found.", 404):
        world.iam.detach_user_policy(UserName=name, PolicyArn=AWS_POLICY)
    missing = world.iam_arn(f"policy/{word()}")
    with refused("NoSuchEntity", f"Policy {missing} does not exist or is not attachable.", 404):
        world.iam.attach_user_policy(UserName=name, PolicyArn=missing)


def test_a_boundary_is_put_replaced_and_taken_away(user):
    world, name = user
    for arn in (AWS_POLICY, "arn:aws:iam::aws:policy/ReadOnlyAccess"):
        world.iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=arn)
        found = world.iam.get_user(UserName=name)["User"]["PermissionsBoundary"]
        assert found["PermissionsBoundaryArn"] == arn
    world.iam.delete_user_permissions_boundary(UserName=name)
    assert "PermissionsBoundary" not in world.iam.get_user(UserName=name)["User"]
    with refused("NoSuchEntity", status=404):
        world.iam.delete_user_permissions_boundary(UserName=name)


def test_a_managed_policy_counts_whom_it_is_attached_to_and_whom_it_bounds(user):
    world, name = user
    made = world.iam.create_policy(PolicyName=f"p-{word()}", PolicyDocument=policy())["Policy"]
    arn = made["Arn"]

    def counts():
        found = world.iam.get_policy(PolicyArn=arn)["Policy"]
        return found["AttachmentCount"], found["PermissionsBoundaryUsageCount"]

    group, other = f"staff-{word()}", f"bob-{word()}"
    world.iam.create_group(GroupName=group)
    world.iam.create_user(UserName=other, PermissionsBoundary=arn)
    world.iam.attach_user_policy(UserName=name, PolicyArn=arn)
    world.iam.attach_user_policy(UserName=name, PolicyArn=arn)
    world.iam.attach_group_policy(GroupName=group, PolicyArn=arn)
    world.iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=arn)
    world.iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=arn)
    assert counts() == (2, 2)
    world.iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=AWS_POLICY)
    world.iam.detach_user_policy(UserName=name, PolicyArn=arn)
    assert counts() == (1, 1)
    world.iam.delete_user(UserName=other)
    world.iam.detach_group_policy(GroupName=group, PolicyArn=arn)
    assert counts() == (0, 0)
    world.iam.delete_policy(PolicyArn=arn)


def test_a_user_is_ended_only_when_it_has_nothing_any_more(user):
    world, name = user
    group = f"staff-{word()}"
    world.iam.create_group(GroupName=group)
    world.iam.attach_user_policy(UserName=name, PolicyArn=AWS_POLICY)
    world.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy())
    world.iam.add_user_to_group(GroupName=group, UserName=name)
    key = world.iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
    in_the_way = [
        ("detach all policies", "detach_user_policy", {"PolicyArn": AWS_POLICY}),
        ("delete policies", "delete_user_policy", {"PolicyName": "p"}),
        ("remove users from group", "remove_user_from_group", {"GroupName": group}),
        ("delete access keys", "delete_access_key", {"AccessKeyId": key}),
    ]
    for what, call, arguments in in_the_way:
        with refused("DeleteConflict", f"Cannot delete entity, must {what} first.", 409):
            world.iam.delete_user(UserName=name)
        getattr(world.iam, call)(UserName=name, **arguments)
    world.iam.delete_user(UserName=name)
    with refused("NoSuchEntity", status=404):
        world.iam.get_user(UserName=name)
    assert world.iam.get_group(GroupName=group)["Users"] == []


def test_a_user_that_is_made_anew_is_another(user):
    world, name = user
    first = world.iam.get_user(UserName=name)["User"]["UserId"]
    key = world.iam.create_access_key(UserName=name)["AccessKey"]
    bearer = world.signed_by(key)
    assert bearer.sts.get_caller_identity()["UserId"] == first
    world.iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    world.iam.delete_user(UserName=name)
    second = world.iam.create_user(UserName=name)["User"]["UserId"]
    assert first != second
    with refused("InvalidClientTokenId", status=403):
        bearer.sts.get_caller_identity()
    bearer.close()


def test_accounts_have_users_of_their_own(dev_server, dev):
    other = World.on_dev(dev_server)
    dev.iam.create_user(UserName="ann")
    assert other.iam.list_users()["Users"] == []
    with refused("NoSuchEntity", status=404):
        other.iam.get_user(UserName="ann")
    assert without_metadata(dev.client("iam", "eu-west-1").get_user(UserName="ann"))["User"]
    other.close()
