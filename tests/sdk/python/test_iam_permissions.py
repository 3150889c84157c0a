"""What each of IAM's operations on users, groups, devices and the account asks its caller for."""

import json

import pytest

from world import World, refused, tags

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
CODES = {"AuthenticationCode1": "000000", "AuthenticationCode2": "000001"}
POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
)


@pytest.fixture(scope="module")
def account(dev_server):
    """An account with a user that may do nothing, and some that others could do something to."""
    root = World.on_dev(dev_server)
    root.iam.create_user(UserName="nobody")
    root.iam.create_user(UserName="ann", Path="/team/", Tags=tags(team="db"))
    root.iam.create_group(GroupName="staff", Path="/team/")
    root.iam.create_virtual_mfa_device(VirtualMFADeviceName="phone", Path="/team/")
    bearer = root.signed_by(root.iam.create_access_key(UserName="nobody")["AccessKey"])
    yield root, bearer
    bearer.close()
    root.close()


ANN, STAFF, PHONE = "user/team/ann", "group/team/staff", "mfa/team/phone"
USER, GROUP = {"UserName": "ann"}, {"GroupName": "staff"}
INLINE = {"PolicyName": "p", "PolicyDocument": POLICY}
TAGS = {"Tags": tags(a="1")}
# The call, its arguments, and the resource that its action is on; `*` for what has none.
CALLS = [
    ("create_user", {"UserName": "new", "Path": "/team/"}, "user/team/new"),
    ("get_user", USER, ANN),
    ("get_user", {}, "user/nobody"),
    ("get_user", {"UserName": "not-there"}, "user/not-there"),
    ("update_user", {**USER, "NewPath": "/"}, ANN),
    ("delete_user", USER, ANN),
    ("list_users", {}, "user/"),
    ("list_users", {"PathPrefix": "/team/"}, "user/team/"),
    ("tag_user", {**USER, **TAGS}, ANN),
    ("untag_user", {**USER, "TagKeys": ["team"]}, ANN),
    ("list_user_tags", USER, ANN),
    ("create_access_key", USER, ANN),
    ("create_access_key", {}, "user/nobody"),
    ("list_access_keys", USER, ANN),
    ("update_access_key", {**USER, "AccessKeyId": "A" * 20, "Status": "Inactive"}, ANN),
    ("delete_access_key", {**USER, "AccessKeyId": "A" * 20}, ANN),
    ("create_group", {"GroupName": "new"}, "group/new"),
    ("get_group", GROUP, STAFF),
    ("update_group", {**GROUP, "NewGroupName": "other"}, STAFF),
    ("delete_group", GROUP, STAFF),
    ("list_groups", {}, "group/"),
    ("add_user_to_group", {**USER, **GROUP}, STAFF),
    ("remove_user_from_group", {**USER, **GROUP}, STAFF),
    ("list_groups_for_user", USER, ANN),
    ("put_user_policy", {**USER, **INLINE}, ANN),
    ("get_user_policy", {**USER, "PolicyName": "p"}, ANN),
    ("delete_user_policy", {**USER, "PolicyName": "p"}, ANN),
    ("list_user_policies", USER, ANN),
    ("attach_user_policy", {**USER, "PolicyArn": ADMINISTRATOR}, ANN),
    ("detach_user_policy", {**USER, "PolicyArn": ADMINISTRATOR}, ANN),
    ("list_attached_user_policies", USER, ANN),
    ("put_user_permissions_boundary", {**USER, "PermissionsBoundary": READ_ONLY}, ANN),
    ("delete_user_permissions_boundary", USER, ANN),
    ("put_group_policy", {**GROUP, **INLINE}, STAFF),
    ("get_group_policy", {**GROUP, "PolicyName": "p"}, STAFF),
    ("delete_group_policy", {**GROUP, "PolicyName": "p"}, STAFF),
    ("list_group_policies", GROUP, STAFF),
    ("attach_group_policy", {**GROUP, "PolicyArn": ADMINISTRATOR}, STAFF),
    ("detach_group_policy", {**GROUP, "PolicyArn": ADMINISTRATOR}, STAFF),
    ("list_attached_group_policies", GROUP, STAFF),
    ("create_virtual_mfa_device", {"VirtualMFADeviceName": "new"}, "mfa/new"),
    ("enable_mfa_device", {**USER, "SerialNumber": PHONE, **CODES}, ANN),
    ("deactivate_mfa_device", {**USER, "SerialNumber": PHONE}, ANN),
    ("resync_mfa_device", {**USER, "SerialNumber": PHONE, **CODES}, ANN),
    ("delete_virtual_mfa_device", {"SerialNumber": PHONE}, PHONE),
    ("list_mfa_devices", USER, ANN),
    ("list_virtual_mfa_devices", {}, "mfa/"),
    ("get_mfa_device", {**USER, "SerialNumber": PHONE}, ANN),
    ("tag_mfa_device", {"SerialNumber": PHONE, **TAGS}, PHONE),
    ("untag_mfa_device", {"SerialNumber": PHONE, "TagKeys": ["a"]}, PHONE),
    ("list_mfa_device_tags", {"SerialNumber": PHONE}, PHONE),
    ("create_account_alias", {"AccountAlias": "an-alias-of-nobody"}, "*"),
    ("delete_account_alias", {"AccountAlias": "an-alias-of-nobody"}, "*"),
    ("list_account_aliases", {}, "*"),
    ("get_account_summary", {}, "*"),
    ("update_account_password_policy", {"RequireSymbols": True}, "*"),
    ("get_account_password_policy", {}, "*"),
    ("delete_account_password_policy", {}, "*"),
]


def snapshot(root):
    """All that the calls above could change."""
    iam = root.iam
    return [
        iam.list_users()["Users"],
        iam.list_user_tags(UserName="ann")["Tags"],
        iam.list_user_policies(UserName="ann")["PolicyNames"],
        iam.list_attached_user_policies(UserName="ann")["AttachedPolicies"],
        iam.list_access_keys(UserName="ann")["AccessKeyMetadata"],
        iam.list_access_keys(UserName="nobody")["AccessKeyMetadata"],
        iam.get_user(UserName="ann")["User"],
        iam.list_groups()["Groups"],
        iam.get_group(GroupName="staff")["Users"],
        iam.list_group_policies(GroupName="staff")["PolicyNames"],
        iam.list_attached_group_policies(GroupName="staff")["AttachedPolicies"],
        iam.list_virtual_mfa_devices()["VirtualMFADevices"],
        iam.list_account_aliases()["AccountAliases"],
        iam.get_account_summary()["SummaryMap"],
    ]


@pytest.mark.parametrize(
    ("call", "arguments", "resource"), CALLS, ids=[f"{call[0]}-{call[2]}" for call in CALLS]
)
def test_who_may_not_is_told_what_is_missing_and_changes_nothing(
    account, call, arguments, resource
):
    root, bearer = account
    if arguments.get("SerialNumber") == PHONE:
        arguments = {**arguments, "SerialNumber": root.iam_arn(PHONE)}
    before = snapshot(root)
    operation = bearer.iam.meta.method_to_api_mapping[call]
    arn = resource if resource == "*" else root.iam_arn(resource)
    sentence = (
        f"User: {root.iam_arn('user/nobody')} is not authorized to perform: iam:{operation} on "
        f"resource: {arn} because no identity-based policy allows the iam:{operation} action"
    )
    with refused("AccessDenied", sentence, 403):
        getattr(bearer.iam, call)(**arguments)
    assert snapshot(root) == before


def test_every_operation_of_users_and_groups_is_among_them(dev):
    words = ("user", "group", "access_key", "mfa_device", "account")
    known = {call for call, _, _ in CALLS} | {"get_access_key_last_used"}
    lacking = {"get_account_authorization_details", "get_account_properties"}
    lacking |= {"put_account_properties"}
    named = {
        name
        for name in dev.iam.meta.method_to_api_mapping
        if any(word in name for word in words) and name not in lacking
    }
    assert named <= known


@pytest.fixture
def persona(dev):
    """Makes a user with these statements, and gives what its own access key can do."""
    made = []

    def make(*statements):
        text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        name = f"persona{len(made)}"
        dev.iam.create_user(UserName=name)
        dev.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=text)
        made.append(dev.signed_by(dev.iam.create_access_key(UserName=name)["AccessKey"]))
        return made[-1].iam

    yield make
    for bearer in made:
        bearer.close()


def allow(action, resource="*", **conditions):
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**statement, "Condition": conditions} if conditions else statement


def test_a_boundary_may_be_made_a_condition_of_new_users(dev, persona):
    condition = {"iam:PermissionsBoundary": READ_ONLY}
    delegate = persona(allow("iam:CreateUser", StringEquals=condition))
    with refused("AccessDenied", status=403):
        delegate.create_user(UserName="free")
    with refused("AccessDenied", status=403):
        delegate.create_user(UserName="free", PermissionsBoundary=ADMINISTRATOR)
    delegate.create_user(UserName="bound", PermissionsBoundary=READ_ONLY)
    assert {user["UserName"] for user in dev.iam.list_users()["Users"]} == {"bound", "persona0"}


def test_a_boundary_may_be_made_a_condition_of_changes(dev, persona):
    dev.iam.create_user(UserName="free")
    dev.iam.create_user(UserName="bound", PermissionsBoundary=READ_ONLY)
    condition = {"iam:PermissionsBoundary": READ_ONLY}
    delegate = persona(allow(["iam:PutUserPolicy", "iam:AttachUserPolicy"], StringEquals=condition))
    inline = {"PolicyName": "p", "PolicyDocument": POLICY}
    for call, arguments in (
        (delegate.put_user_policy, inline),
        (delegate.attach_user_policy, {"PolicyArn": ADMINISTRATOR}),
    ):
        with refused("AccessDenied", status=403):
            call(UserName="free", **arguments)
        call(UserName="bound", **arguments)


def test_which_policies_are_attached_may_be_a_condition(dev, persona):
    dev.iam.create_user(UserName="ann")
    dev.iam.create_group(GroupName="staff")
    condition = {"iam:PolicyARN": READ_ONLY}
    delegate = persona(
        allow(["iam:AttachUserPolicy", "iam:AttachGroupPolicy"], ArnEquals=condition)
    )
    for call, who in (
        (delegate.attach_user_policy, {"UserName": "ann"}),
        (delegate.attach_group_policy, {"GroupName": "staff"}),
    ):
        with refused("AccessDenied", status=403):
            call(**who, PolicyArn=ADMINISTRATOR)
        call(**who, PolicyArn=READ_ONLY)


@pytest.mark.parametrize("key", ["aws:ResourceTag/team", "iam:ResourceTag/team"])
def test_tags_of_users_decide(dev, persona, key):
    dev.iam.create_user(UserName="ann", Tags=tags(team="db"))
    dev.iam.create_user(UserName="bob", Tags=tags(team="web"))
    delegate = persona(allow("iam:GetUser", StringEquals={key: "db"}))
    delegate.get_user(UserName="ann")
    with refused("AccessDenied", status=403):
        delegate.get_user(UserName="bob")


def test_tags_of_requests_decide(dev, persona):
    delegate = persona(
        allow(
            ["iam:CreateUser", "iam:TagUser"],
            StringEquals={"aws:RequestTag/team": "db"},
            **{"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "cost"]}},
        )
    )
    for refused_tags in (tags(team="web"), tags(team="db", other="1"), tags(cost="1")):
        with refused("AccessDenied", status=403):
            delegate.create_user(UserName="ann", Tags=refused_tags)
    delegate.create_user(UserName="ann", Tags=tags(team="db", cost="1"))
    with refused("AccessDenied", status=403):
        delegate.tag_user(UserName="ann", Tags=tags(team="web"))
    assert dev.iam.list_user_tags(UserName="ann")["Tags"] == tags(cost="1", team="db")


def test_who_makes_users_needs_another_permission_to_tag_them(persona):
    delegate = persona(allow("iam:CreateUser"))
    delegate.create_user(UserName="plain")
    with refused("AccessDenied", "iam:TagUser", 403):
        delegate.create_user(UserName="tagged", Tags=tags(a="1"))


def test_who_renames_needs_the_permission_on_both_names(dev, persona):
    dev.iam.create_user(UserName="ann")
    delegate = persona(allow("iam:UpdateUser", dev.iam_arn("user/ann")))
    with refused("AccessDenied", dev.iam_arn("user/bob"), 403):
        delegate.update_user(UserName="ann", NewUserName="bob")
    allowed = persona(allow("iam:UpdateUser", [dev.iam_arn("user/ann"), dev.iam_arn("user/bob")]))
    allowed.update_user(UserName="ann", NewUserName="bob")


def test_what_a_group_may_its_users_may(dev):
    dev.iam.create_user(UserName="ann")
    dev.iam.create_group(GroupName="staff")
    bearer = dev.signed_by(dev.iam.create_access_key(UserName="ann")["AccessKey"])
    text = json.dumps({"Version": "2012-10-17", "Statement": [allow("iam:GetUser")]})
    dev.iam.put_group_policy(GroupName="staff", PolicyName="p", PolicyDocument=text)
    with refused("AccessDenied", status=403):
        bearer.iam.get_user()
    dev.iam.add_user_to_group(GroupName="staff", UserName="ann")
    assert bearer.iam.get_user()["User"]["UserName"] == "ann"
    dev.iam.update_group(GroupName="staff", NewGroupName="crew")
    assert bearer.iam.get_user()["User"]["UserName"] == "ann"
    dev.iam.remove_user_from_group(GroupName="crew", UserName="ann")
    with refused("AccessDenied", status=403):
        bearer.iam.get_user()
    bearer.close()
