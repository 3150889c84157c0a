"""The calls that Terraform's provider makes for users, groups and their keys and policies."""

import json

import pytest

from world import pages, refused, tags, word

AWS_POLICY = "arn:aws:iam::aws:policy/SecretsManagerReadWrite"
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["ssm:GetParameter*"], "Resource": "*"}],
    }
)


@pytest.fixture(autouse=True)
def starts(world):
    """Every run begins by asking who calls and for the account's alias."""
    assert world.sts.get_caller_identity()["Account"] == world.account
    world.iam.list_account_aliases()
    return world


def make_user(world):
    name = f"tf-{word()}"
    with refused("NoSuchEntity", status=404):
        world.iam.get_user(UserName=name)
    world.iam.create_user(Path="/", UserName=name, Tags=tags(a="1"))
    return name


def test_aws_iam_user(world):
    name = make_user(world)
    found = world.iam.get_user(UserName=name)["User"]
    assert (found["Path"], found["Tags"]) == ("/", tags(a="1"))
    world.iam.untag_user(UserName=name, TagKeys=["a"])
    world.iam.tag_user(UserName=name, Tags=tags(b="2"))
    world.iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=AWS_POLICY)
    new = f"tf-{word()}"
    world.iam.update_user(UserName=name, NewUserName=new, NewPath="/tf/")
    found = world.iam.get_user(UserName=new)["User"]
    assert (found["Arn"], found["Tags"]) == (world.iam_arn(f"user/tf/{new}"), tags(b="2"))
    # The way of `force_destroy`, without what coffer has no users' credentials of.
    for call, key in (
        (world.iam.list_groups_for_user, "Groups"),
        (world.iam.list_access_keys, "AccessKeyMetadata"),
        (world.iam.list_mfa_devices, "MFADevices"),
        (world.iam.list_virtual_mfa_devices, "VirtualMFADevices"),
    ):
        arguments = {} if call == world.iam.list_virtual_mfa_devices else {"UserName": new}
        pages(call, key, token="Marker", **arguments)
    world.iam.delete_user(UserName=new)
    with refused("NoSuchEntity", status=404):
        world.iam.get_user(UserName=new)


def test_aws_iam_access_key(world):
    name = make_user(world)
    key = world.iam.create_access_key(UserName=name)["AccessKey"]
    read, _ = pages(world.iam.list_access_keys, "AccessKeyMetadata", token="Marker", UserName=name)
    assert [(item["AccessKeyId"], item["Status"]) for item in read] == [
        (key["AccessKeyId"], "Active")
    ]
    world.iam.update_access_key(UserName=name, AccessKeyId=key["AccessKeyId"], Status="Inactive")
    # The import of a key asks whose it is.
    assert world.iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["UserName"] == name
    world.iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    assert world.iam.list_access_keys(UserName=name)["AccessKeyMetadata"] == []
    world.iam.delete_user(UserName=name)


def test_aws_iam_user_policy_and_attachment(world):
    name = make_user(world)
    world.iam.put_user_policy(UserName=name, PolicyName="tf", PolicyDocument=POLICY)
    read = world.iam.get_user_policy(UserName=name, PolicyName="tf")["PolicyDocument"]
    assert read == json.loads(POLICY)
    world.iam.attach_user_policy(UserName=name, PolicyArn=AWS_POLICY)
    attached, _ = pages(
        world.iam.list_attached_user_policies, "AttachedPolicies", token="Marker", UserName=name
    )
    assert [item["PolicyArn"] for item in attached] == [AWS_POLICY]
    world.iam.detach_user_policy(UserName=name, PolicyArn=AWS_POLICY)
    world.iam.delete_user_policy(UserName=name, PolicyName="tf")
    with refused("NoSuchEntity", status=404):
        world.iam.get_user_policy(UserName=name, PolicyName="tf")
    world.iam.delete_user(UserName=name)


def test_aws_iam_group_membership_and_policies(world):
    users = sorted(make_user(world) for _ in range(2))
    group = f"tf-{word()}"
    world.iam.create_group(GroupName=group, Path="/")
    world.iam.put_group_policy(GroupName=group, PolicyName="tf", PolicyDocument=POLICY)
    world.iam.attach_group_policy(GroupName=group, PolicyArn=AWS_POLICY)
    for user in users:
        world.iam.add_user_to_group(GroupName=group, UserName=user)
    read, _ = pages(world.iam.get_group, "Users", token="Marker", GroupName=group)
    assert [item["UserName"] for item in read] == users
    new = f"tf-{word()}"
    world.iam.update_group(GroupName=group, NewGroupName=new, NewPath="/tf/")
    read, _ = pages(world.iam.list_groups_for_user, "Groups", token="Marker", UserName=users[0])
    assert [item["GroupName"] for item in read] == [new]
    for user in users:
        world.iam.remove_user_from_group(GroupName=new, UserName=user)
        world.iam.delete_user(UserName=user)
    world.iam.detach_group_policy(GroupName=new, PolicyArn=AWS_POLICY)
    world.iam.delete_group_policy(GroupName=new, PolicyName="tf")
    world.iam.delete_group(GroupName=new)
    with refused("NoSuchEntity", status=404):
        world.iam.get_group(GroupName=new)


def test_aws_iam_account_alias_and_password_policy(dev):
    alias = f"tf-{word()}"
    dev.iam.create_account_alias(AccountAlias=alias)
    assert dev.iam.list_account_aliases()["AccountAliases"] == [alias]
    dev.iam.delete_account_alias(AccountAlias=alias)
    dev.iam.update_account_password_policy(
        AllowUsersToChangePassword=True, MinimumPasswordLength=8, HardExpiry=False
    )
    assert dev.iam.get_account_password_policy()["PasswordPolicy"]["MinimumPasswordLength"] == 8
    dev.iam.delete_account_password_policy()
