"""IAM groups: made, renamed, ended; who is in them, and the policies they have."""

import json
import re

import pytest

from world import pages, refused, word

AWS_POLICY = "arn:aws:iam::aws:policy/SecretsManagerReadWrite"


def policy(resource="*"):
    statement = {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def group(world):
    name = f"Staff-{word()}"
    world.iam.create_group(GroupName=name)
    return world, name


@pytest.fixture
def member(group):
    world, name = group
    user = f"ann-{word()}"
    world.iam.create_user(UserName=user)
    world.iam.add_user_to_group(GroupName=name, UserName=user)
    return world, name, user


def test_a_group_is_made_and_told(world):
    name = f"Staff-{word()}"
    made = world.iam.create_group(GroupName=name, Path="/team/")["Group"]
    assert made["Arn"] == world.iam_arn(f"group/team/{name}")
    assert re.fullmatch(r"AGPA[A-Z2-7]{17}", made["GroupId"])
    found = world.iam.get_group(GroupName=name.lower())
    assert (found["Group"], found["Users"], found["IsTruncated"]) == (made, [], False)
    with refused("EntityAlreadyExists", f"Group with name {name.upper()} already exists.", 409):
        world.iam.create_group(GroupName=name.upper())
    with refused("NoSuchEntity", "The group with name nothing cannot be found.", 404):
        world.iam.get_group(GroupName="nothing")


def test_users_come_and_go(member):
    world, group, user = member
    world.iam.add_user_to_group(GroupName=group, UserName=user)
    assert [item["UserName"] for item in world.iam.get_group(GroupName=group)["Users"]] == [user]
    found = world.iam.list_groups_for_user(UserName=user)["Groups"]
    assert [item["GroupName"] for item in found] == [group]
    world.iam.remove_user_from_group(GroupName=group, UserName=user)
    world.iam.remove_user_from_group(GroupName=group, UserName=user)
    assert world.iam.get_group(GroupName=group)["Users"] == []
    assert world.iam.list_groups_for_user(UserName=user)["Groups"] == []
    with refused("NoSuchEntity", "The user with name nobody cannot be found.", 404):
        world.iam.add_user_to_group(GroupName=group, UserName="nobody")
    with refused("NoSuchEntity", "The group with name nothing cannot be found.", 404):
        world.iam.add_user_to_group(GroupName="nothing", UserName=user)


def test_a_user_is_in_ten_groups_at_most(member):
    world, _, user = member
    for number in range(9):
        name = f"g{number}-{word()}"
        world.iam.create_group(GroupName=name)
        world.iam.add_user_to_group(GroupName=name, UserName=user)
    last = f"last-{word()}"
    world.iam.create_group(GroupName=last)
    with refused("LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10", 409):
        world.iam.add_user_to_group(GroupName=last, UserName=user)
    assert world.iam.get_group(GroupName=last)["Users"] == []
    groups, count = pages(
        world.iam.list_groups_for_user, "Groups", token="Marker", UserName=user, MaxItems=4
    )
    assert (len(groups), count) == (10, 3)


def test_the_users_of_a_group_come_in_pages(group):
    world, name = group
    users = [f"u{number}-{word()}" for number in range(3)]
    for user in users:
        world.iam.create_user(UserName=user)
        world.iam.add_user_to_group(GroupName=name, UserName=user)
    found, count = pages(world.iam.get_group, "Users", token="Marker", GroupName=name, MaxItems=1)
    assert ([item["UserName"] for item in found], count) == (users, 3)


def test_a_renamed_group_keeps_its_users_and_policies(member):
    world, group, user = member
    world.iam.put_group_policy(GroupName=group, PolicyName="p", PolicyDocument=policy())
    new = f"renamed-{word()}"
    world.iam.update_group(GroupName=group, NewGroupName=new, NewPath="/moved/")
    found = world.iam.get_group(GroupName=new)
    assert found["Group"]["Arn"] == world.iam_arn(f"group/moved/{new}")
    assert [item["UserName"] for item in found["Users"]] == [user]
    groups = world.iam.list_groups_for_user(UserName=user)["Groups"]
    assert [item["GroupName"] for item in groups] == [new]
    assert world.iam.list_group_policies(GroupName=new)["PolicyNames"] == ["p"]
    with refused("NoSuchEntity", status=404):
        world.iam.get_group(GroupName=group)
    other = f"other-{word()}"
    world.iam.create_group(GroupName=other)
    with refused("EntityAlreadyExists", f"Group with name {other} already exists.", 409):
        world.iam.update_group(GroupName=new, NewGroupName=other)


def test_groups_are_listed_by_path(world):
    path = f"/{word()}/"
    names = [f"g{number}-{word()}" for number in range(3)]
    for name in names:
        world.iam.create_group(GroupName=name, Path=path)
    listed, count = pages(
        world.iam.list_groups, "Groups", token="Marker", PathPrefix=path, MaxItems=2
    )
    assert ([item["GroupName"] for item in listed], count) == (names, 2)


def test_a_group_has_inline_policies_of_5120_characters(group):
    world, name = group
    text = policy(resource=f"arn:aws:ssm:*:*:parameter/{'x' * 4900}")
    world.iam.put_group_policy(GroupName=name, PolicyName="p", PolicyDocument=text)
    found = world.iam.get_group_policy(GroupName=name, PolicyName="p")
    assert (found["GroupName"], found["PolicyDocument"]) == (name, json.loads(text))
    sentence = f"Maximum policy size of 5120 bytes exceeded for group {name}"
    with refused("LimitExceeded", sentence, 409):
        another = policy(resource=f"arn:aws:s3:::{'y' * 99}")
        world.iam.put_group_policy(GroupName=name, PolicyName="q", PolicyDocument=another)
    world.iam.delete_group_policy(GroupName=name, PolicyName="p")
    with refused("NoSuchEntity", "The group policy with name p cannot be found.", 404):
        world.iam.get_group_policy(GroupName=name, PolicyName="p")


def test_a_group_has_attached_policies(group):
    world, name = group
    world.iam.attach_group_policy(GroupName=name, PolicyArn=AWS_POLICY)
    attached = world.iam.list_attached_group_policies(GroupName=name)["AttachedPolicies"]
    assert [item["PolicyArn"] for item in attached] == [AWS_POLICY]
    world.iam.detach_group_policy(GroupName=name, PolicyArn=AWS_POLICY)
    assert world.iam.list_attached_group_policies(GroupName=name)["AttachedPolicies"] == []


def test_a_group_is_ended_only_when_it_has_nothing_any_more(member):
    world, group, user = member
    world.iam.attach_group_policy(GroupName=group, PolicyArn=AWS_POLICY)
    world.iam.put_group_policy(GroupName=group, PolicyName="p", PolicyDocument=policy())
    in_the_way = [
        ("remove users from group", "remove_user_from_group", {"UserName": user}),
        ("detach all policies", "detach_group_policy", {"PolicyArn": AWS_POLICY}),
        ("delete policies", "delete_group_policy", {"PolicyName": "p"}),
    ]
    for what, call, arguments in in_the_way:
        with refused("DeleteConflict", f"Cannot delete entity, must {what} first.", 409):
            world.iam.delete_group(GroupName=group)
        getattr(world.iam, call)(GroupName=group, **arguments)
    world.iam.delete_group(GroupName=group)
    with refused("NoSuchEntity", status=404):
        world.iam.get_group(GroupName=group)
