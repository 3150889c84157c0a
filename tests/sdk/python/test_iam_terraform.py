"""The calls of Terraform's provider on roles, policies, instance profiles and OpenID providers."""

import json

import pytest

from world import refused, tags, word

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def policy(action="ssm:GetParameter"):
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.fixture(autouse=True)
def starts(world):
    """Every run begins by asking who calls."""
    assert world.sts.get_caller_identity()["Account"] == world.account
    return world


def make_role(world, name):
    world.iam.create_role(
        RoleName=name,
        Path="/",
        AssumeRolePolicyDocument=json.dumps(TRUST),
        MaxSessionDuration=3600,
        Tags=tags(managed="terraform"),
    )


def refresh_role(world, name):
    """What the provider reads of a role after each change."""
    role = world.iam.get_role(RoleName=name)["Role"]
    assert role["Arn"].startswith("arn:aws:iam::"), "a unique id here means that it is not ready"
    inline = world.iam.list_role_policies(RoleName=name)["PolicyNames"]
    found = {
        each: world.iam.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"]
        for each in inline
    }
    attached = world.iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    return role, found, [each["PolicyArn"] for each in attached]


def destroy_role(world, name):
    profiles = world.iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"]
    for profile in profiles:
        world.iam.remove_role_from_instance_profile(
            InstanceProfileName=profile["InstanceProfileName"], RoleName=name
        )
    for each in world.iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        world.iam.detach_role_policy(RoleName=name, PolicyArn=each["PolicyArn"])
    for each in world.iam.list_role_policies(RoleName=name)["PolicyNames"]:
        world.iam.delete_role_policy(RoleName=name, PolicyName=each)
    world.iam.delete_role(RoleName=name)
    with refused("NoSuchEntity", status=404):
        world.iam.get_role(RoleName=name)


def test_aws_iam_role_with_its_policies(world):
    name = f"tf-{word()}"
    make_role(world, name)
    role, inline, attached = refresh_role(world, name)
    assert (role["AssumeRolePolicyDocument"], inline, attached) == (TRUST, {}, [])
    # aws_iam_role_policy and aws_iam_role_policy_attachment.
    world.iam.put_role_policy(
        RoleName=name, PolicyName="inline", PolicyDocument=json.dumps(policy())
    )
    managed = "arn:aws:iam::aws:policy/SecretsManagerReadWrite"
    world.iam.attach_role_policy(RoleName=name, PolicyArn=managed)
    _, inline, attached = refresh_role(world, name)
    assert (inline, attached) == ({"inline": policy()}, [managed])
    # An update of everything that can be.
    changed = json.loads(json.dumps(TRUST))
    changed["Statement"][0]["Principal"] = {"Service": "lambda.amazonaws.com"}
    world.iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(changed))
    world.iam.update_role_description(RoleName=name, Description="changed")
    world.iam.update_role(RoleName=name, MaxSessionDuration=7200)
    world.iam.untag_role(RoleName=name, TagKeys=["managed"])
    world.iam.tag_role(RoleName=name, Tags=tags(by="tf"))
    role, _, _ = refresh_role(world, name)
    assert role["AssumeRolePolicyDocument"] == changed
    assert (role["Description"], role["MaxSessionDuration"]) == ("changed", 7200)
    assert role["Tags"] == tags(by="tf")
    destroy_role(world, name)


def test_aws_iam_policy(world):
    name = f"tf-{word()}"
    arn = world.iam.create_policy(
        PolicyName=name, Path="/", Description="d", PolicyDocument=json.dumps(policy())
    )["Policy"]["Arn"]

    def refresh():
        found = world.iam.get_policy(PolicyArn=arn)["Policy"]
        version = world.iam.get_policy_version(
            PolicyArn=arn, VersionId=found["DefaultVersionId"]
        )
        return found, version["PolicyVersion"]["Document"]

    assert refresh()[1] == policy()
    for number in range(6):
        versions = world.iam.list_policy_versions(PolicyArn=arn)["Versions"]
        if len(versions) == 5:
            oldest = min(
                (each for each in versions if not each["IsDefaultVersion"]),
                key=lambda each: each["CreateDate"],
            )
            world.iam.delete_policy_version(PolicyArn=arn, VersionId=oldest["VersionId"])
        world.iam.create_policy_version(
            PolicyArn=arn, PolicyDocument=json.dumps(policy(f"ssm:A{number}")), SetAsDefault=True
        )
        assert refresh()[1] == policy(f"ssm:A{number}")
    for version in world.iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            world.iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    world.iam.delete_policy(PolicyArn=arn)
    with refused("NoSuchEntity", status=404):
        world.iam.get_policy(PolicyArn=arn)


def test_aws_iam_instance_profile(world):
    name = f"tf-{word()}"
    make_role(world, name)
    world.iam.create_instance_profile(InstanceProfileName=name, Path="/", Tags=tags(a="1"))
    world.iam.get_instance_profile(InstanceProfileName=name)
    world.iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    found = world.iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    assert [each["RoleName"] for each in found["Roles"]] == [name]
    world.iam.get_role(RoleName=name)
    world.iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=name)
    world.iam.delete_instance_profile(InstanceProfileName=name)
    destroy_role(world, name)


def test_aws_iam_openid_connect_provider(world):
    host = f"tf-{word()}.example.com"
    made = world.iam.create_open_id_connect_provider(
        Url=f"https://{host}", ClientIDList=["sts.amazonaws.com"], ThumbprintList=["a" * 40]
    )
    named = {"OpenIDConnectProviderArn": made["OpenIDConnectProviderArn"]}
    assert world.iam.get_open_id_connect_provider(**named)["Url"] == host
    world.iam.update_open_id_connect_provider_thumbprint(**named, ThumbprintList=["b" * 40])
    world.iam.add_client_id_to_open_id_connect_provider(**named, ClientID="other")
    world.iam.remove_client_id_from_open_id_connect_provider(**named, ClientID="sts.amazonaws.com")
    world.iam.tag_open_id_connect_provider(**named, Tags=tags(a="1"))
    found = world.iam.get_open_id_connect_provider(**named)
    assert (found["ClientIDList"], found["ThumbprintList"]) == (["other"], ["b" * 40])
    world.iam.delete_open_id_connect_provider(**named)
    with refused("NoSuchEntity", status=404):
        world.iam.get_open_id_connect_provider(**named)
