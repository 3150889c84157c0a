"""Managed policies: their versions, who has them, and those of AWS."""

import json
import re

import pytest

from world import pages, refused, tags, word

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
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


def policy(action="ssm:GetParameter", resource="*"):
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def arn(dev):
    made = dev.iam.create_policy(PolicyName=f"own-{word()}", PolicyDocument=policy())
    return made["Policy"]["Arn"]


def test_a_policy_is_made_and_told_as_aws_tells_it(world):
    # Observed: CreatePolicy's answer and lists have no description, GetPolicy has tags always
    # (localstack/localstack, tests/aws/services/iam/test_iam_policies.snapshot.json, 2026-02).
    name = f"Own.{word()}"
    made = world.iam.create_policy(
        PolicyName=name, Path="/team/", PolicyDocument=policy(), Description="what it gives"
    )["Policy"]
    assert made["Arn"] == world.iam_arn(f"policy/team/{name}")
    assert re.fullmatch(r"ANPA[A-Z2-7]{17}", made["PolicyId"])
    assert "Description" not in made and "Tags" not in made
    assert (made["DefaultVersionId"], made["IsAttachable"]) == ("v1", True)
    assert (made["AttachmentCount"], made["PermissionsBoundaryUsageCount"]) == (0, 0)
    found = world.iam.get_policy(PolicyArn=made["Arn"])["Policy"]
    assert found == {**made, "Description": "what it gives", "Tags": []}
    listed, _ = pages(
        world.iam.list_policies, "Policies", "Marker", Scope="Local", PathPrefix="/team/"
    )
    assert made in listed


def test_names_are_unique_whatever_path_and_case(dev, arn):
    name = arn.rsplit("/", 1)[1].upper()
    sentence = f"A policy called {name} already exists. Duplicate names are not allowed."
    with refused("EntityAlreadyExists", sentence, 409):
        dev.iam.create_policy(PolicyName=name, Path="/other/", PolicyDocument=policy())


def test_versions_come_and_go(dev, arn):
    second = dev.iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=policy("ssm:PutParameter"), SetAsDefault=True
    )["PolicyVersion"]
    assert (second["VersionId"], second["IsDefaultVersion"]) == ("v2", True)
    assert "Document" not in second
    dev.iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("ssm:DeleteParameter"))
    versions = dev.iam.list_policy_versions(PolicyArn=arn)["Versions"]
    told = [(each["VersionId"], each["IsDefaultVersion"]) for each in versions]
    assert told == [("v3", False), ("v2", True), ("v1", False)]
    found = dev.iam.get_policy_version(PolicyArn=arn, VersionId="v3")["PolicyVersion"]
    assert found["Document"] == json.loads(policy("ssm:DeleteParameter"))
    dev.iam.set_default_policy_version(PolicyArn=arn, VersionId="v3")
    assert dev.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v3"
    with refused("DeleteConflict", "Cannot delete the default version of a policy.", 409):
        dev.iam.delete_policy_version(PolicyArn=arn, VersionId="v3")
    with refused("DeleteConflict", "This policy has more than one version.", 409):
        dev.iam.delete_policy(PolicyArn=arn)
    for version in ("v1", "v2"):
        dev.iam.delete_policy_version(PolicyArn=arn, VersionId=version)
    dev.iam.delete_policy(PolicyArn=arn)
    with refused("NoSuchEntity", f"Policy {arn} was not found.", 404):
        dev.iam.get_policy(PolicyArn=arn)


def test_a_policy_has_five_versions_and_no_number_twice(dev, arn):
    for _ in range(4):
        dev.iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy())
    sentence = (
        "A managed policy can have up to 5 versions. Before you create a new version, you must "
        "delete an existing version."
    )
    with refused("LimitExceeded", sentence, 409):
        dev.iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy())
    dev.iam.delete_policy_version(PolicyArn=arn, VersionId="v5")
    made = dev.iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy())
    assert made["PolicyVersion"]["VersionId"] == "v6"


def test_versions_that_are_not_there_are_named(dev, arn):
    gone = dev.iam_arn("policy/gone")
    for policy_arn, version in ((arn, "v9"), (gone, "v1")):
        sentence = f"Policy {policy_arn} version {version} does not exist or is not attachable."
        for call in (dev.iam.get_policy_version, dev.iam.set_default_policy_version):
            with refused("NoSuchEntity", sentence, 404):
                call(PolicyArn=policy_arn, VersionId=version)
    with refused("NoSuchEntity", "version v9 does not exist", 404):
        dev.iam.delete_policy_version(PolicyArn=arn, VersionId="v9")
    with refused("ValidationError", "ARN just-a-name-and-no-arn is not valid."):
        dev.iam.get_policy(PolicyArn="just-a-name-and-no-arn")


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("{", None),
        ('{"Version": "2012-10-17"}', "Syntax errors in policy."),
        (policy("nothing"), None),
        (policy(resource="not-an-arn"), 'must be in ARN format or "*".'),
    ],
)
def test_what_is_no_policy_is_refused(dev, arn, document, sentence):
    with refused("MalformedPolicyDocument", sentence):
        dev.iam.create_policy(PolicyName="bad", PolicyDocument=document)
    with refused("MalformedPolicyDocument", sentence):
        dev.iam.create_policy_version(PolicyArn=arn, PolicyDocument=document)
    assert len(dev.iam.list_policies(Scope="Local")["Policies"]) == 1
    assert len(dev.iam.list_policy_versions(PolicyArn=arn)["Versions"]) == 1


def test_a_policy_is_bounded_without_its_white_space(dev):
    bare = len(policy(resource="arn:aws:s3:::").replace(" ", ""))
    fits = policy(resource="arn:aws:s3:::" + "r" * (6144 - bare))
    dev.iam.create_policy(PolicyName="fits", PolicyDocument=json.dumps(json.loads(fits), indent=8))
    with refused("LimitExceeded", "Cannot exceed quota for PolicySize: 6144", 409):
        too_long = policy(resource="arn:aws:s3:::" + "r" * (6145 - bare))
        dev.iam.create_policy(PolicyName="long", PolicyDocument=too_long)


def test_policies_of_aws_are_there_and_cannot_be_changed(dev):
    found = dev.iam.get_policy(PolicyArn=ADMINISTRATOR)["Policy"]
    assert (found["PolicyName"], found["PolicyId"]) == (
        "AdministratorAccess",
        "ANPAIWMBCKSKIEE64ZLYK",
    )
    version = dev.iam.get_policy_version(PolicyArn=ADMINISTRATOR, VersionId="v1")
    [statement] = version["PolicyVersion"]["Document"]["Statement"]
    assert statement == {"Effect": "Allow", "Action": "*", "Resource": "*"}
    basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    assert dev.iam.get_policy(PolicyArn=basic)["Policy"]["Path"] == "/service-role/"
    for call in (dev.iam.delete_policy, dev.iam.list_policy_versions):
        if call == dev.iam.list_policy_versions:
            assert call(PolicyArn=ADMINISTRATOR)["Versions"][0]["VersionId"] == "v1"
            continue
        with refused("InvalidInput"):
            call(PolicyArn=ADMINISTRATOR)
    with refused("NoSuchEntity", status=404):
        dev.iam.get_policy(PolicyArn="arn:aws:iam::aws:policy/NoSuchPolicyOfAws")


def test_lists_are_by_scope_use_and_path(dev, arn):
    def names(**how):
        listed, _ = pages(dev.iam.list_policies, "Policies", "Marker", MaxItems=7, **how)
        return [each["PolicyName"] for each in listed]

    own = arn.rsplit("/", 1)[1]
    assert names(Scope="Local") == [own]
    assert "AdministratorAccess" in names(Scope="AWS") and own not in names(Scope="AWS")
    assert set(names()) == {own, *names(Scope="AWS")}
    assert len(names()) == len(set(names()))
    assert names(OnlyAttached=True) == []
    assert names(Scope="AWS", PathPrefix="/service-role/") == ["AWSLambdaBasicExecutionRole"]
    dev.iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    dev.iam.attach_role_policy(RoleName="r", PolicyArn=ADMINISTRATOR)
    dev.iam.put_role_permissions_boundary(RoleName="r", PermissionsBoundary=arn)
    assert names(OnlyAttached=True) == ["AdministratorAccess", own]
    assert names(PolicyUsageFilter="PermissionsPolicy") == ["AdministratorAccess"]
    assert names(PolicyUsageFilter="PermissionsBoundary") == [own]
    assert dev.iam.get_policy(PolicyArn=ADMINISTRATOR)["Policy"]["AttachmentCount"] == 1


def test_who_has_a_policy_is_listed(dev, arn):
    dev.iam.create_user(UserName="ann", Path="/x/")
    dev.iam.create_group(GroupName="staff")
    dev.iam.create_role(RoleName="app", AssumeRolePolicyDocument=TRUST)
    dev.iam.attach_user_policy(UserName="ann", PolicyArn=arn)
    dev.iam.attach_group_policy(GroupName="staff", PolicyArn=arn)
    dev.iam.put_role_permissions_boundary(RoleName="app", PermissionsBoundary=arn)

    def entities(**how):
        found = dev.iam.list_entities_for_policy(PolicyArn=arn, **how)
        kinds = (("PolicyGroups", "GroupName"), ("PolicyRoles", "RoleName"))
        kinds += (("PolicyUsers", "UserName"),)
        return [each[name] for kind, name in kinds for each in found[kind]]

    assert entities() == ["staff", "app", "ann"]
    assert entities(EntityFilter="Role") == ["app"]
    assert entities(PathPrefix="/x/") == ["ann"]
    assert entities(PolicyUsageFilter="PermissionsPolicy") == ["staff", "ann"]
    assert entities(PolicyUsageFilter="PermissionsBoundary") == ["app"]
    first = dev.iam.list_entities_for_policy(PolicyArn=arn, MaxItems=2)
    assert first["IsTruncated"] and len(first["PolicyGroups"]) == len(first["PolicyRoles"]) == 1
    rest = dev.iam.list_entities_for_policy(PolicyArn=arn, Marker=first["Marker"])
    assert [each["UserName"] for each in rest["PolicyUsers"]] == ["ann"]


def test_names_of_a_policys_tags_differ_by_case(dev, arn):
    # Observed: the same file as above, test_policy_tag_operations.
    dev.iam.tag_policy(PolicyArn=arn, Tags=tags(a="low", A="high"))
    assert dev.iam.list_policy_tags(PolicyArn=arn)["Tags"] == tags(A="high", a="low")
    dev.iam.untag_policy(PolicyArn=arn, TagKeys=["a"])
    assert dev.iam.get_policy(PolicyArn=arn)["Policy"]["Tags"] == tags(A="high")
    with refused("InvalidInput", "Duplicate tag keys found."):
        dev.iam.tag_policy(PolicyArn=arn, Tags=[*tags(x="1"), *tags(x="2")])


def test_an_attached_policy_decides_by_the_version_in_force(dev, arn):
    dev.iam.create_user(UserName="ann")
    ann = dev.signed_by(dev.iam.create_access_key(UserName="ann")["AccessKey"])
    dev.ssm.put_parameter(Name="/a", Value="1", Type="String")
    with refused("AccessDeniedException"):
        ann.ssm.get_parameter(Name="/a")
    dev.iam.attach_user_policy(UserName="ann", PolicyArn=arn)
    assert ann.ssm.get_parameter(Name="/a")["Parameter"]["Value"] == "1"
    dev.iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=policy("ssm:PutParameter"), SetAsDefault=True
    )
    with refused("AccessDeniedException"):
        ann.ssm.get_parameter(Name="/a")
    dev.iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    ann.ssm.get_parameter(Name="/a")
    dev.iam.detach_user_policy(UserName="ann", PolicyArn=arn)
    dev.iam.attach_user_policy(
        UserName="ann", PolicyArn="arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"
    )
    ann.ssm.get_parameter(Name="/a")
    with refused("AccessDeniedException"):
        ann.ssm.put_parameter(Name="/a", Value="2", Type="String", Overwrite=True)
    ann.close()


def test_authorization_details_tell_all_page_by_page(dev, arn):
    dev.iam.create_group(GroupName="staff")
    dev.iam.create_user(UserName="ann", Tags=tags(a="1"))
    dev.iam.add_user_to_group(GroupName="staff", UserName="ann")
    dev.iam.put_user_policy(UserName="ann", PolicyName="i", PolicyDocument=policy())
    dev.iam.create_role(RoleName="app", AssumeRolePolicyDocument=TRUST)
    dev.iam.create_instance_profile(InstanceProfileName="p")
    dev.iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="app")
    dev.iam.attach_role_policy(RoleName="app", PolicyArn=ADMINISTRATOR)
    whole = dev.iam.get_account_authorization_details()
    [ann] = whole["UserDetailList"]
    assert ann["GroupList"] == ["staff"] and ann["Tags"] == tags(a="1")
    assert ann["UserPolicyList"] == [
        {"PolicyName": "i", "PolicyDocument": json.loads(policy())}
    ]
    [app] = whole["RoleDetailList"]
    assert app["InstanceProfileList"][0]["InstanceProfileName"] == "p"
    assert app["AssumeRolePolicyDocument"] == json.loads(TRUST)
    assert [each["PolicyArn"] for each in app["AttachedManagedPolicies"]] == [ADMINISTRATOR]
    assert [each["Arn"] for each in whole["Policies"]] == [arn, ADMINISTRATOR]
    assert whole["Policies"][0]["PolicyVersionList"][0]["Document"] == json.loads(policy())
    kinds = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
    seen, marker = [], {}
    for _ in range(10):
        page = dev.iam.get_account_authorization_details(MaxItems=1, **marker)
        seen += [each["Arn"] for kind in kinds for each in page[kind]]
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["Marker"]}
    assert seen == [each["Arn"] for kind in kinds for each in whole[kind]]
    only = dev.iam.get_account_authorization_details(Filter=["LocalManagedPolicy"])
    assert [len(only[kind]) for kind in kinds] == [0, 0, 0, 1]
