"""Instance profiles, as far as Terraform makes them."""

import json
import re

import pytest

from world import pages, refused, tags, word

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ec2.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


@pytest.fixture
def profile(dev):
    name = f"profile-{word()}"
    dev.iam.create_instance_profile(InstanceProfileName=name)
    dev.iam.create_role(RoleName="app", AssumeRolePolicyDocument=TRUST)
    return name


def test_an_instance_profile_is_made_and_told_as_aws_tells_it(world):
    # Observed: tags are in CreateInstanceProfile's answer where there are any, in
    # GetInstanceProfile's always, and in lists never (localstack/localstack,
    # tests/aws/services/iam/test_iam_instance_profiles.snapshot.json, 2026-02).
    name = f"Profile-{word()}"
    made = world.iam.create_instance_profile(InstanceProfileName=name, Path="/team/")
    made = made["InstanceProfile"]
    assert made["Arn"] == world.iam_arn(f"instance-profile/team/{name}")
    assert re.fullmatch(r"AIPA[A-Z2-7]{17}", made["InstanceProfileId"])
    assert made["Roles"] == [] and "Tags" not in made
    found = world.iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    assert found == {**made, "Tags": []}
    listed, _ = pages(
        world.iam.list_instance_profiles, "InstanceProfiles", "Marker", PathPrefix="/team/"
    )
    assert made in listed
    sentence = f"Instance Profile {name.lower()} already exists."
    with refused("EntityAlreadyExists", sentence, 409):
        world.iam.create_instance_profile(InstanceProfileName=name.lower())
    world.iam.delete_instance_profile(InstanceProfileName=name)
    with refused("NoSuchEntity", f"Instance Profile {name} cannot be found.", 404):
        world.iam.get_instance_profile(InstanceProfileName=name)


def test_a_role_goes_in_and_out(dev, profile):
    both = {"InstanceProfileName": profile, "RoleName": "app"}
    dev.iam.add_role_to_instance_profile(**both)
    found = dev.iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]
    [role] = found["Roles"]
    assert role["RoleName"] == "app" and role["AssumeRolePolicyDocument"] == json.loads(TRUST)
    assert "MaxSessionDuration" not in role
    of_role = dev.iam.list_instance_profiles_for_role(RoleName="app")["InstanceProfiles"]
    assert [each["InstanceProfileName"] for each in of_role] == [profile]
    sentence = "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"
    with refused("LimitExceeded", sentence, 409):
        dev.iam.add_role_to_instance_profile(**both)
    sentence = "Cannot delete entity, must remove roles from instance profile first."
    with refused("DeleteConflict", sentence, 409):
        dev.iam.delete_instance_profile(InstanceProfileName=profile)
    dev.iam.remove_role_from_instance_profile(**both)
    sentence = f"Role app in Instance Profile {profile} cannot be found."
    with refused("NoSuchEntity", sentence, 404):
        dev.iam.remove_role_from_instance_profile(**both)
    assert dev.iam.list_instance_profiles_for_role(RoleName="app")["InstanceProfiles"] == []


def test_what_is_not_there_is_named(dev, profile):
    for call in (dev.iam.add_role_to_instance_profile, dev.iam.remove_role_from_instance_profile):
        with refused("NoSuchEntity", "Instance Profile gone cannot be found.", 404):
            call(InstanceProfileName="gone", RoleName="app")
        with refused("NoSuchEntity", "The role with name gone cannot be found.", 404):
            call(InstanceProfileName=profile, RoleName="gone")


def test_whoever_gives_a_role_to_ec2_needs_to_be_allowed_to_pass_it(dev, profile):
    dev.iam.create_user(UserName="ann")
    ann = dev.signed_by(dev.iam.create_access_key(UserName="ann")["AccessKey"])
    both = {"InstanceProfileName": profile, "RoleName": "app"}

    def allow(*actions):
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        dev.iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=document)

    allow("iam:AddRoleToInstanceProfile")
    with refused("AccessDenied", "perform: iam:PassRole on resource", 403):
        ann.iam.add_role_to_instance_profile(**both)
    allow("iam:AddRoleToInstanceProfile", "iam:PassRole")
    ann.iam.add_role_to_instance_profile(**both)
    ann.close()


def test_tags_and_pages(dev, profile):
    dev.iam.tag_instance_profile(InstanceProfileName=profile, Tags=tags(a="1", b="2"))
    dev.iam.untag_instance_profile(InstanceProfileName=profile, TagKeys=["A"])
    listed = dev.iam.list_instance_profile_tags(InstanceProfileName=profile)
    assert (listed["Tags"], listed["IsTruncated"]) == (tags(b="2"), False)
    for name in ("y", "x"):
        dev.iam.create_instance_profile(InstanceProfileName=name)
    found, count = pages(
        dev.iam.list_instance_profiles, "InstanceProfiles", "Marker", MaxItems=2
    )
    assert [each["InstanceProfileName"] for each in found] == [profile, "x", "y"]
    assert count == 2
