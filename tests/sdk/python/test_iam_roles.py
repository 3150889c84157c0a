"""IAM roles: whom they trust, what they may do, and how they go."""

import datetime
import json
import re

import pytest

from world import pages, refused, tags, without_metadata, word

AWS_POLICY = "arn:aws:iam::aws:policy/SecretsManagerReadWrite"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def trust(principal=None, action="sts:AssumeRole", **more):
    principal = principal or {"Service": "ec2.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def policy(action="ssm:GetParameter", resource="*"):
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def role(dev):
    name = f"app-{word()}"
    dev.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust())
    return name


def test_a_role_is_made_and_told_as_aws_tells_it(world):
    # Observed: CreateRole's answer has neither MaxSessionDuration nor RoleLastUsed
    # (localstack/localstack, tests/aws/services/iam/test_iam_roles.snapshot.json, 2026-02).
    name = f"App.{word()}@x"
    made = world.iam.create_role(
        RoleName=name,
        Path="/team/",
        Description="the app",
        AssumeRolePolicyDocument=trust(),
        MaxSessionDuration=7200,
        PermissionsBoundary=READ_ONLY,
        Tags=tags(team="db"),
    )["Role"]
    assert made["Arn"] == world.iam_arn(f"role/team/{name}")
    assert re.fullmatch(r"AROA[A-Z2-7]{17}", made["RoleId"])
    assert made["AssumeRolePolicyDocument"] == json.loads(trust())
    assert isinstance(made["CreateDate"], datetime.datetime)
    assert "MaxSessionDuration" not in made and "RoleLastUsed" not in made
    found = world.iam.get_role(RoleName=name)["Role"]
    assert found == {**made, "MaxSessionDuration": 7200, "RoleLastUsed": {}}
    assert found["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ_ONLY
    listed, _ = pages(world.iam.list_roles, "Roles", "Marker", PathPrefix="/team/")
    [listed] = [each for each in listed if each["RoleName"] == name]
    assert listed["MaxSessionDuration"] == 7200 and listed["Description"] == "the app"
    assert not {"Tags", "PermissionsBoundary", "RoleLastUsed"} & set(listed)


def test_documents_come_back_percent_encoded(dev, role):
    bodies = []
    dev.iam.meta.events.register(
        "after-call.iam.GetRole", lambda http_response, **_: bodies.append(http_response.text)
    )
    dev.iam.get_role(RoleName=role)
    assert "%7B%22Version%22%3A%20%222012-10-17%22" in bodies[0]


def test_the_path_of_services_own_roles_is_theirs(dev):
    # Organizations' policies leave roles of that path alone, so nobody may make one
    # (the sentence: tilfin/aws-iam-policy-tool#9).
    name = f"app-{word()}"
    sentence = "Path prefix '/aws-service-role/' can only be used for AWS Service linked Roles"
    with refused("InvalidInput", sentence):
        dev.iam.create_role(
            RoleName=name,
            Path="/aws-service-role/ecs.amazonaws.com/",
            AssumeRolePolicyDocument=trust(),
        )
    with refused("NoSuchEntity", status=404):
        dev.iam.get_role(RoleName=name)


def test_names_are_unique_whatever_their_case(dev, role):
    with refused("EntityAlreadyExists", f"Role with name {role.upper()} already exists.", 409):
        dev.iam.create_role(RoleName=role.upper(), AssumeRolePolicyDocument=trust())
    assert dev.iam.get_role(RoleName=role.upper())["Role"]["RoleName"] == role


def test_a_role_that_is_not_there_is_named(dev):
    sentence = "The role with name nobody cannot be found."
    iam = dev.iam
    for call in (iam.get_role, iam.delete_role, iam.update_role, iam.list_role_tags):
        with refused("NoSuchEntity", sentence, 404):
            call(RoleName="nobody")
    with refused("NoSuchEntity", sentence, 404):
        iam.put_role_policy(RoleName="nobody", PolicyName="p", PolicyDocument=policy())
    with refused("NoSuchEntity", sentence, 404):
        iam.attach_role_policy(RoleName="nobody", PolicyArn=AWS_POLICY)


def test_a_role_is_changed_and_what_is_not_said_stays(dev, role):
    dev.iam.update_role(RoleName=role, Description="first", MaxSessionDuration=43200)
    dev.iam.update_role(RoleName=role)
    found = dev.iam.get_role(RoleName=role)["Role"]
    assert (found["Description"], found["MaxSessionDuration"]) == ("first", 43200)
    told = dev.iam.update_role_description(RoleName=role, Description="second")["Role"]
    assert told["Description"] == "second" and "MaxSessionDuration" not in told
    with refused("ValidationError", "less than or equal to 43200"):
        dev.client("iam", checked=False).update_role(RoleName=role, MaxSessionDuration=43201)
    with refused("ValidationError", "greater than or equal to 3600"):
        dev.client("iam", checked=False).update_role(RoleName=role, MaxSessionDuration=3599)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("not json", "This policy contains invalid Json"),
        (
            trust(action="ssm:GetParameter"),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (trust(Resource="*"), "Has prohibited field Resource"),
        # Observed: aws/aws-cdk#5746.
        (trust("*"), 'AssumeRolepolicy contained an invalid principal: "STAR":"*".'),
        # Observed: hashicorp/terraform#35086, with a service that there is not.
        (trust({"Service": "*"}), 'Invalid principal in policy: "SERVICE":"*"'),
        # Observed: terraform-aws-modules/terraform-aws-eks#2594.
        (
            trust({"Federated": ""}),
            "Federated principals must be valid domain names or SAML metadata ARNs",
        ),
    ],
)
def test_what_is_no_trust_policy_is_refused_and_changes_nothing(dev, role, document, sentence):
    # Observed: the same file as above, test_update_assume_role_policy_errors.
    with refused("MalformedPolicyDocument", sentence):
        dev.iam.update_assume_role_policy(RoleName=role, PolicyDocument=document)
    with refused("MalformedPolicyDocument", sentence):
        dev.iam.create_role(RoleName="other", AssumeRolePolicyDocument=document)
    assert dev.iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"] == json.loads(trust())
    assert [each["RoleName"] for each in dev.iam.list_roles()["Roles"]] == [role]


def test_who_is_not_there_cannot_be_trusted(dev, role):
    # Observed: hashicorp/terraform-provider-aws#8905.
    gone = dev.iam_arn("role/gone")
    with refused("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{gone}"'):
        dev.iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust({"AWS": gone}))
    for principal in (
        {"AWS": dev.iam_arn(f"role/{role}")},
        {"AWS": dev.account},
        {"AWS": dev.iam_arn("root")},
        {"AWS": "*"},
        {"Federated": dev.iam_arn("oidc-provider/a.example.com")},
        {"Federated": "accounts.google.com"},
    ):
        dev.iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust(principal))


def test_a_role_made_anew_under_its_name_is_not_the_one_that_was_trusted(dev, role):
    caller = f"caller-{word()}"
    first = dev.iam.create_role(RoleName=caller, AssumeRolePolicyDocument=trust())["Role"]
    document = trust({"AWS": first["Arn"]})
    dev.iam.update_assume_role_policy(RoleName=role, PolicyDocument=document)

    def trusted():
        found = dev.iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
        return found["Statement"][0]["Principal"]["AWS"]

    assert trusted() == first["Arn"]
    dev.iam.delete_role(RoleName=caller)
    assert trusted() == first["RoleId"]
    dev.iam.create_role(RoleName=caller, AssumeRolePolicyDocument=trust())
    assert trusted() == first["RoleId"]
    dev.iam.update_assume_role_policy(RoleName=role, PolicyDocument=document)
    assert trusted() == first["Arn"]


def test_a_trust_policy_is_bounded(dev, role):
    long = trust({"AWS": [dev.iam_arn("root")] * 60})
    with refused("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", 409):
        dev.iam.update_assume_role_policy(RoleName=role, PolicyDocument=long)


def test_inline_policies_are_put_read_and_taken_away(dev, role):
    for name in ("second", "first"):
        dev.iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=policy())
    found = without_metadata(dev.iam.get_role_policy(RoleName=role, PolicyName="first"))
    wanted = {"RoleName": role, "PolicyName": "first", "PolicyDocument": json.loads(policy())}
    assert found == wanted
    names, count = pages(
        dev.iam.list_role_policies, "PolicyNames", "Marker", RoleName=role, MaxItems=1
    )
    assert (names, count) == (["first", "second"], 2)
    dev.iam.delete_role_policy(RoleName=role, PolicyName="first")
    sentence = "The role policy with name first cannot be found."
    for call in (dev.iam.get_role_policy, dev.iam.delete_role_policy):
        with refused("NoSuchEntity", sentence, 404):
            call(RoleName=role, PolicyName="first")


def test_inline_policies_together_are_bounded(dev, role):
    def long(characters):
        bare = len(policy(resource="arn:aws:s3:::").replace(" ", ""))
        return policy(resource="arn:aws:s3:::" + "r" * (characters - bare))

    dev.iam.put_role_policy(RoleName=role, PolicyName="a", PolicyDocument=long(10240))
    sentence = f"Maximum policy size of 10240 bytes exceeded for role {role}"
    with refused("LimitExceeded", sentence, 409):
        dev.iam.put_role_policy(RoleName=role, PolicyName="b", PolicyDocument=policy())


def test_managed_policies_are_attached_and_detached(dev, role):
    arn = dev.iam.create_policy(PolicyName="own", PolicyDocument=policy())["Policy"]["Arn"]
    for each in (arn, AWS_POLICY, AWS_POLICY):
        dev.iam.attach_role_policy(RoleName=role, PolicyArn=each)
    attached = dev.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert {"PolicyName": "own", "PolicyArn": arn} in attached and len(attached) == 2
    assert dev.iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    dev.iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    with refused("NoSuchEntity", f"Policy {arn} was not found.", 404):
        dev.iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    assert dev.iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 0


def test_what_cannot_be_attached_is_refused(dev, role):
    gone = dev.iam_arn("policy/gone")
    with refused("NoSuchEntity", f"Policy {gone} does not exist or is not attachable.", 404):
        dev.iam.attach_role_policy(RoleName=role, PolicyArn=gone)
    with refused("ValidationError", "ARN longpolicynamebutnoarn is not valid."):
        dev.iam.attach_role_policy(RoleName=role, PolicyArn="longpolicynamebutnoarn")
    for number in range(10):
        made = dev.iam.create_policy(PolicyName=f"p{number}", PolicyDocument=policy())
        dev.iam.attach_role_policy(RoleName=role, PolicyArn=made["Policy"]["Arn"])
    with refused("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10", 409):
        dev.iam.attach_role_policy(RoleName=role, PolicyArn=AWS_POLICY)


def test_a_boundary_is_put_and_taken_away(dev, role):
    arn = dev.iam.create_policy(PolicyName="edge", PolicyDocument=policy())["Policy"]["Arn"]
    dev.iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=arn)
    assert dev.iam.get_policy(PolicyArn=arn)["Policy"]["PermissionsBoundaryUsageCount"] == 1
    with refused("DeleteConflict", "Cannot delete a policy attached to entities.", 409):
        dev.iam.delete_policy(PolicyArn=arn)
    dev.iam.delete_role_permissions_boundary(RoleName=role)
    assert "PermissionsBoundary" not in dev.iam.get_role(RoleName=role)["Role"]
    with refused("NoSuchEntity", status=404):
        dev.iam.delete_role_permissions_boundary(RoleName=role)
    dev.iam.delete_policy(PolicyArn=arn)


def test_a_role_goes_when_nothing_hangs_on_it(dev, role):
    dev.iam.create_instance_profile(InstanceProfileName="p")
    dev.iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName=role)
    dev.iam.attach_role_policy(RoleName=role, PolicyArn=AWS_POLICY)
    dev.iam.put_role_policy(RoleName=role, PolicyName="i", PolicyDocument=policy())
    arn = dev.iam.create_policy(PolicyName="edge", PolicyDocument=policy())["Policy"]["Arn"]
    dev.iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=arn)

    def conflict(what):
        with refused("DeleteConflict", f"Cannot delete entity, must {what} first.", 409):
            dev.iam.delete_role(RoleName=role)

    conflict("remove roles from instance profile")
    dev.iam.remove_role_from_instance_profile(InstanceProfileName="p", RoleName=role)
    conflict("detach all policies")
    dev.iam.detach_role_policy(RoleName=role, PolicyArn=AWS_POLICY)
    conflict("delete policies")
    dev.iam.delete_role_policy(RoleName=role, PolicyName="i")
    dev.iam.delete_role(RoleName=role)
    assert dev.iam.get_policy(PolicyArn=arn)["Policy"]["PermissionsBoundaryUsageCount"] == 0
    with refused("NoSuchEntity", status=404):
        dev.iam.get_role(RoleName=role)


def test_tags_are_put_listed_and_taken_away(dev, role):
    dev.iam.tag_role(RoleName=role, Tags=tags(a="1", b="2"))
    dev.iam.tag_role(RoleName=role, Tags=tags(a=""))
    listed, count = pages(dev.iam.list_role_tags, "Tags", "Marker", RoleName=role, MaxItems=1)
    assert (listed, count) == (tags(a="", b="2"), 2)
    dev.iam.untag_role(RoleName=role, TagKeys=["a", "none"])
    assert dev.iam.get_role(RoleName=role)["Role"]["Tags"] == tags(b="2")
    sentence = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
    with refused("InvalidInput", sentence):
        dev.iam.tag_role(RoleName=role, Tags=tags(x="1", X="2"))


def test_roles_are_listed_by_name_and_path(dev):
    for name, path in (("c", "/"), ("a", "/x/"), ("b", "/x/y/")):
        dev.iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=trust())
    roles, count = pages(dev.iam.list_roles, "Roles", "Marker", MaxItems=2)
    assert ([each["RoleName"] for each in roles], count) == (["a", "b", "c"], 2)
    under = dev.iam.list_roles(PathPrefix="/x/")["Roles"]
    assert [each["RoleName"] for each in under] == ["a", "b"]


def test_a_caller_without_permission_is_refused_and_changes_nothing(dev, role):
    dev.iam.create_user(UserName="ann")
    key = dev.iam.create_access_key(UserName="ann")["AccessKey"]
    ann = dev.signed_by(key)
    arn = dev.iam_arn(f"role/{role}")
    sentence = (
        f"User: {dev.iam_arn('user/ann')} is not authorized to perform: iam:DeleteRole on "
        f"resource: {arn} because no identity-based policy allows the iam:DeleteRole action"
    )
    for name, resource in ((role, sentence), ("gone", "role/gone because")):
        with refused("AccessDenied", resource, 403):
            ann.iam.delete_role(RoleName=name)
    dev.iam.get_role(RoleName=role)
    only = policy("iam:*", dev.iam_arn("role/app-*"))
    dev.iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=only)
    ann.iam.get_role(RoleName=role)
    with refused("AccessDenied", f"resource: {dev.iam_arn('role/')} because", 403):
        ann.iam.list_roles()
    with refused("AccessDenied", status=403):
        ann.iam.create_role(RoleName="other", AssumeRolePolicyDocument=trust())
    ann.close()


def test_conditions_ask_for_boundary_policy_and_tags(dev, role):
    dev.iam.create_user(UserName="ann")
    ann = dev.signed_by(dev.iam.create_access_key(UserName="ann")["AccessKey"])
    statements = [
        {
            "Effect": "Allow",
            "Action": "iam:AttachRolePolicy",
            "Resource": "*",
            "Condition": {"ArnEquals": {"iam:PolicyARN": AWS_POLICY}},
        },
        {
            "Effect": "Allow",
            "Action": "iam:CreateRole",
            "Resource": "*",
            "Condition": {
                "StringEquals": {
                    "iam:PermissionsBoundary": READ_ONLY,
                    "aws:RequestTag/team": "db",
                }
            },
        },
        {
            "Effect": "Allow",
            "Action": "iam:DeleteRole",
            "Resource": "*",
            "Condition": {"StringEquals": {"iam:ResourceTag/team": "db"}},
        },
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    dev.iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=document)
    ann.iam.attach_role_policy(RoleName=role, PolicyArn=AWS_POLICY)
    with refused("AccessDenied", status=403):
        ann.iam.attach_role_policy(RoleName=role, PolicyArn=READ_ONLY)
    request = {"RoleName": "made", "AssumeRolePolicyDocument": trust()}
    with refused("AccessDenied", status=403):
        ann.iam.create_role(**request, PermissionsBoundary=READ_ONLY)
    with refused("AccessDenied", status=403):
        ann.iam.create_role(**request, Tags=tags(team="db"))
    whole = {**request, "PermissionsBoundary": READ_ONLY, "Tags": tags(team="db")}
    with refused("AccessDenied", "perform: iam:TagRole on resource", 403):
        ann.iam.create_role(**whole)
    statements.append({"Effect": "Allow", "Action": "iam:TagRole", "Resource": "*"})
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    dev.iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=document)
    ann.iam.create_role(**whole)
    with refused("AccessDenied", status=403):
        ann.iam.delete_role(RoleName=role)
    ann.iam.delete_role(RoleName="made")
    ann.close()
