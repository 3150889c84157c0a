"""What an account has besides its identities: alias, summary, password policy."""

import pytest

import wire
from world import World, refused, without_metadata, word


@pytest.fixture
def other(dev_server):
    made = World.on_dev(dev_server)
    yield made
    made.close()


def test_an_account_has_one_alias_that_no_other_has(dev, other):
    alias, second = f"team-{word()}", f"team-{word()}"
    assert dev.iam.list_account_aliases()["AccountAliases"] == []
    dev.iam.create_account_alias(AccountAlias=alias)
    with refused("EntityAlreadyExists", f"The account alias {alias} already exists.", 409):
        other.iam.create_account_alias(AccountAlias=alias)
    assert other.iam.list_account_aliases()["AccountAliases"] == []
    dev.iam.create_account_alias(AccountAlias=second)
    assert dev.iam.list_account_aliases()["AccountAliases"] == [second]
    other.iam.create_account_alias(AccountAlias=alias)
    with refused("NoSuchEntity", status=404):
        dev.iam.delete_account_alias(AccountAlias=alias)
    dev.iam.delete_account_alias(AccountAlias=second)
    assert dev.iam.list_account_aliases()["AccountAliases"] == []
    for bad in ("Team", "a--b", "-team", "te"):
        with refused("ValidationError"):
            dev.raw_iam.create_account_alias(AccountAlias=bad)


def test_the_password_policy_is_kept_and_forgotten(dev):
    none = f"The Password Policy with domain name {dev.account} cannot be found."
    with refused("NoSuchEntity", none, 404):
        dev.iam.get_account_password_policy()
    dev.iam.update_account_password_policy(
        MinimumPasswordLength=14, RequireSymbols=True, MaxPasswordAge=90, PasswordReusePrevention=5
    )
    assert dev.iam.get_account_password_policy()["PasswordPolicy"] == {
        "MinimumPasswordLength": 14,
        "RequireSymbols": True,
        "RequireNumbers": False,
        "RequireUppercaseCharacters": False,
        "RequireLowercaseCharacters": False,
        "AllowUsersToChangePassword": False,
        "ExpirePasswords": True,
        "MaxPasswordAge": 90,
        "PasswordReusePrevention": 5,
        "HardExpiry": False,
    }
    dev.iam.update_account_password_policy(RequireNumbers=True)
    found = dev.iam.get_account_password_policy()["PasswordPolicy"]
    assert (found["MinimumPasswordLength"], found["RequireSymbols"]) == (6, False)
    assert (found["ExpirePasswords"], found["RequireNumbers"]) == (False, True)
    assert "MaxPasswordAge" not in found
    dev.iam.delete_account_password_policy()
    gone = "The account policy with name PasswordPolicy cannot be found."
    with refused("NoSuchEntity", gone, 404):
        dev.iam.delete_account_password_policy()


def test_the_summary_counts_what_there_is(dev):
    empty = dev.iam.get_account_summary()["SummaryMap"]
    assert len(empty) == len(dev.iam.meta.service_model.shape_for("summaryKeyType").enum)
    counted = ("Users", "Groups", "Roles", "Policies", "MFADevices", "MFADevicesInUse")
    assert [empty[name] for name in counted] == [0] * len(counted)
    assert (empty["AccessKeysPerUserQuota"], empty["UsersQuota"]) == (2, 5000)
    dev.iam.create_user(UserName="ann")
    dev.iam.create_user(UserName="bob")
    dev.iam.create_group(GroupName="staff")
    dev.iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")
    full = dev.iam.get_account_summary()["SummaryMap"]
    assert [full[name] for name in counted] == [2, 1, 0, 0, 1, 0]


def test_a_request_of_another_version_is_refused(dev):
    body = b"Action=ListUsers&Version=2011-01-01"
    headers = wire.sign(
        dev, "iam", None, body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    answer = wire.send(dev.server, body, headers)
    assert answer.status == 400 and b"<Code>InvalidAction</Code>" in answer.body


def test_answers_are_the_xml_of_iam(dev):
    body = b"Action=ListUsers&Version=2010-05-08"
    headers = wire.sign(
        dev, "iam", None, body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    answer = wire.send(dev.server, body, headers)
    assert answer.status == 200, answer
    namespace = b'xmlns="https://iam.amazonaws.com/doc/2010-05-08/"'
    start = b"<ListUsersResponse " + namespace + b"><ListUsersResult>"
    assert answer.body.startswith(start)
    assert without_metadata(dev.iam.list_users()) == {"Users": [], "IsTruncated": False}
