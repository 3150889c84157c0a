"""Organizations by boto3: accounts, units, policies."""

import json

import pytest

from world import World, refused, tags

DENY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "kms:*", "Resource": "*"}],
    }
)
SCP = "SERVICE_CONTROL_POLICY"
RCP = "RESOURCE_CONTROL_POLICY"


@pytest.fixture
def org(dev):
    """A client of an organization's management account."""
    client = dev.client("organizations")
    client.create_organization()
    return client


def new_account(org, name):
    made = org.create_account(AccountName=name, Email=f"{name}@example.com")
    return made["CreateAccountStatus"]["AccountId"]


def root_of(org):
    return org.list_roots()["Roots"][0]["Id"]


def new_unit(org, name, parent=None):
    made = org.create_organizational_unit(ParentId=parent or root_of(org), Name=name)
    return made["OrganizationalUnit"]["Id"]


def new_policy(org, name="no-keys", content=DENY, kind=SCP):
    made = org.create_policy(Name=name, Description="", Content=content, Type=kind)
    return made["Policy"]["PolicySummary"]["Id"]


def test_an_account_is_in_no_organization_before_one_is_made(dev):
    client = dev.client("organizations")
    with refused("AWSOrganizationsNotInUseException"):
        client.describe_organization()
    made = client.create_organization()["Organization"]
    assert made["MasterAccountId"] == dev.account and made["FeatureSet"] == "ALL"
    arn = f"arn:aws:organizations::{dev.account}:organization/{made['Id']}"
    assert made["Arn"] == arn
    assert client.describe_organization()["Organization"] == made
    with refused("AlreadyInOrganizationException"):
        client.create_organization()


def test_accounts_are_made_listed_in_pages_and_described(org, dev):
    ids = {new_account(org, f"a{number}") for number in range(24)} | {dev.account}
    pages = org.get_paginator("list_accounts").paginate()
    listed = [account for page in pages for account in page["Accounts"]]
    assert {account["Id"] for account in listed} == ids and len(listed) == 25
    account = next(account for account in listed if account["Name"] == "a3")
    assert account["Email"] == "a3@example.com" and account["Status"] == "ACTIVE"
    assert org.describe_account(AccountId=account["Id"])["Account"] == account
    with refused("AccountNotFoundException"):
        org.describe_account(AccountId="000000000001")
    status = org.create_account(AccountName="again", Email="A3@example.com")
    status = status["CreateAccountStatus"]
    assert (status["State"], status["FailureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS")
    told = org.describe_create_account_status(CreateAccountRequestId=status["Id"])
    assert told["CreateAccountStatus"]["State"] == "FAILED"


def test_a_member_sees_the_organization_and_changes_nothing(org, dev):
    member = World.on_dev(dev.server, new_account(org, "member")).client("organizations")
    told = member.describe_organization()["Organization"]
    assert told["MasterAccountId"] == dev.account
    with refused("AccessDeniedException"):
        member.list_accounts()
    with refused("AccessDeniedException"):
        member.create_organizational_unit(ParentId=root_of(org), Name="u")
    with refused("AlreadyInOrganizationException"):
        member.create_organization()


def test_units_form_a_tree_that_accounts_move_in(org):
    root, account = root_of(org), new_account(org, "a")
    outer = new_unit(org, "outer")
    inner = new_unit(org, "inner", outer)
    with refused("DuplicateOrganizationalUnitException"):
        new_unit(org, "outer")
    org.move_account(AccountId=account, SourceParentId=root, DestinationParentId=inner)
    with refused("SourceParentNotFoundException"):
        org.move_account(AccountId=account, SourceParentId=root, DestinationParentId=inner)
    parents = org.list_parents(ChildId=account)["Parents"]
    assert parents == [{"Id": inner, "Type": "ORGANIZATIONAL_UNIT"}]
    assert org.list_parents(ChildId=outer)["Parents"] == [{"Id": root, "Type": "ROOT"}]
    units = org.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"]
    assert [unit["Id"] for unit in units] == [outer]
    children = org.list_children(ParentId=inner, ChildType="ACCOUNT")["Children"]
    assert children == [{"Id": account, "Type": "ACCOUNT"}]
    assert [a["Id"] for a in org.list_accounts_for_parent(ParentId=inner)["Accounts"]] == [account]
    for unit in (outer, inner):
        with refused("OrganizationalUnitNotEmptyException"):
            org.delete_organizational_unit(OrganizationalUnitId=unit)
    org.move_account(AccountId=account, SourceParentId=inner, DestinationParentId=root)
    org.delete_organizational_unit(OrganizationalUnitId=inner)
    org.update_organizational_unit(OrganizationalUnitId=outer, Name="renamed")
    told = org.describe_organizational_unit(OrganizationalUnitId=outer)["OrganizationalUnit"]
    assert told["Name"] == "renamed"
    with refused("OrganizationalUnitNotFoundException"):
        org.describe_organizational_unit(OrganizationalUnitId=inner)
    deepest = outer
    for level in range(4):
        deepest = new_unit(org, f"l{level}", deepest)
    with refused("ConstraintViolationException"):
        new_unit(org, "too-deep", deepest)


def attached(org, target, kind=SCP):
    listed = org.list_policies_for_target(TargetId=target, Filter=kind)["Policies"]
    return {policy["Name"] for policy in listed}


@pytest.mark.parametrize(
    ("kind", "managed"), [(SCP, "p-FullAWSAccess"), (RCP, "p-RCPFullAWSAccess")]
)
def test_enabling_a_type_attaches_awss_policy_everywhere(org, dev, kind, managed):
    root, unit, account = root_of(org), new_unit(org, "u"), new_account(org, "a")
    assert attached(org, account, kind) == set()
    with refused("PolicyTypeNotEnabledException"):
        org.attach_policy(PolicyId=managed, TargetId=root)
    told = org.enable_policy_type(RootId=root, PolicyType=kind)["Root"]
    assert told["PolicyTypes"] == [{"Type": kind, "Status": "ENABLED"}]
    with refused("PolicyTypeAlreadyEnabledException"):
        org.enable_policy_type(RootId=root, PolicyType=kind)
    targets = org.list_targets_for_policy(PolicyId=managed)["Targets"]
    assert {target["TargetId"] for target in targets} == {root, unit, account, dev.account}
    policy = org.describe_policy(PolicyId=managed)["Policy"]
    assert policy["PolicySummary"]["AwsManaged"]
    with refused("InvalidInputException"):
        org.delete_policy(PolicyId=managed)
    org.disable_policy_type(RootId=root, PolicyType=kind)
    assert org.list_targets_for_policy(PolicyId=managed)["Targets"] == []


def test_policies_are_attached_detached_and_deleted(org):
    root, account = root_of(org), new_account(org, "a")
    org.enable_policy_type(RootId=root, PolicyType=SCP)
    policy = new_policy(org)
    with refused("DuplicatePolicyException"):
        new_policy(org)
    org.attach_policy(PolicyId=policy, TargetId=account)
    with refused("DuplicatePolicyAttachmentException"):
        org.attach_policy(PolicyId=policy, TargetId=account)
    assert attached(org, account) == {"FullAWSAccess", "no-keys"}
    with refused("PolicyInUseException"):
        org.delete_policy(PolicyId=policy)
    org.detach_policy(PolicyId="p-FullAWSAccess", TargetId=account)
    with refused("ConstraintViolationException"):
        org.detach_policy(PolicyId=policy, TargetId=account)
    for number in range(4):
        org.attach_policy(PolicyId=new_policy(org, f"p{number}"), TargetId=account)
    with refused("ConstraintViolationException"):
        org.attach_policy(PolicyId="p-FullAWSAccess", TargetId=account)
    org.detach_policy(PolicyId=policy, TargetId=account)
    with refused("PolicyNotAttachedException"):
        org.detach_policy(PolicyId=policy, TargetId=account)
    org.delete_policy(PolicyId=policy)
    with refused("PolicyNotFoundException"):
        org.describe_policy(PolicyId=policy)
    new_policy(org)


def test_what_is_no_policy_of_its_type_is_refused(org):
    for content in ("{", "[]", '{"Version":"2012-10-17"}', DENY.replace("Deny", "Maybe")):
        with refused("MalformedPolicyDocumentException"):
            new_policy(org, content=content)
    with refused("ConstraintViolationException"):
        new_policy(org, content=DENY + " " * 5200)
    with refused("MalformedPolicyDocumentException"):
        new_policy(org, content=DENY, kind=RCP)
    with refused("PolicyTypeNotAvailableForOrganizationException"):
        new_policy(org, content="{}", kind="TAG_POLICY")
    assert len(org.list_policies(Filter=SCP)["Policies"]) == 1
    policy = new_policy(org)
    with refused("MalformedPolicyDocumentException"):
        org.update_policy(PolicyId=policy, Content="{")
    org.update_policy(PolicyId=policy, Name="renamed", Description="d")
    told = org.describe_policy(PolicyId=policy)["Policy"]
    assert told["PolicySummary"]["Name"] == "renamed" and told["Content"] == DENY


def test_roots_units_accounts_and_policies_have_tags(org):
    for resource in (root_of(org), new_unit(org, "u"), new_account(org, "a"), new_policy(org)):
        org.tag_resource(ResourceId=resource, Tags=tags(a="1", b="2"))
        org.untag_resource(ResourceId=resource, TagKeys=["a", "none"])
        assert org.list_tags_for_resource(ResourceId=resource)["Tags"] == tags(b="2")
        with refused("InvalidInputException"):
            org.tag_resource(ResourceId=resource, Tags=tags(**{"aws:a": "1"}))
    with refused("TargetNotFoundException"):
        org.list_tags_for_resource(ResourceId="ou-zzzz-00000000")
