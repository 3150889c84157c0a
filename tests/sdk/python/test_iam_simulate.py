"""Simulations, by the evaluator that decides requests."""

import json

import pytest

from world import World, refused, tags, word

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


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action, resource="*", **more):
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def entry(name, *values, kind="string"):
    return {"ContextKeyName": name, "ContextKeyValues": list(values), "ContextKeyType": kind}


def decisions(answer):
    return [(each["EvalActionName"], each["EvalDecision"]) for each in answer["EvaluationResults"]]


def test_the_example_of_awss_command_line_is_answered_as_there(dev):
    # source: AWS CLI's examples of simulate-custom-policy.
    policy = (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*",'
        '"Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":'
        '"2018-08-16T12:00:00Z"}}}}'
    )

    def simulate(*entries):
        answer = dev.iam.simulate_custom_policy(
            PolicyInputList=[policy],
            ActionNames=["dynamodb:CreateBackup"],
            ContextEntries=list(entries),
        )
        [result] = answer["EvaluationResults"]
        return result

    result = simulate(entry("aws:CurrentTime", "2019-04-25T11:00:00Z", kind="date"))
    [statement] = result.pop("MatchedStatements")
    assert result == {
        "EvalActionName": "dynamodb:CreateBackup",
        "EvalResourceName": "*",
        "EvalDecision": "allowed",
        "MissingContextValues": [],
    }
    assert statement == {
        "SourcePolicyId": "PolicyInputList.1",
        "SourcePolicyType": "IAM Policy",
        "StartPosition": {"Line": 1, "Column": 38},
        "EndPosition": {"Line": 1, "Column": 167},
    }
    early = simulate(entry("aws:CurrentTime", "2014-04-25T11:00:00Z", kind="date"))
    assert (early["EvalDecision"], early["MatchedStatements"]) == ("implicitDeny", [])
    lacking = simulate()
    assert lacking["EvalDecision"] == "implicitDeny"
    assert lacking["MissingContextValues"] == ["aws:CurrentTime"]


def test_each_action_is_told_once_and_each_resource_in_it(dev):
    ours = dev.arn("ssm", "parameter/app/a")
    other = dev.arn("ssm", "parameter/other")
    policy = document(allow("ssm:*", dev.arn("ssm", "parameter/app/*")), deny("ssm:Put*"))
    answer = dev.iam.simulate_custom_policy(
        PolicyInputList=[policy],
        ActionNames=["ssm:GetParameter", "ssm:PutParameter"],
        ResourceArns=[ours, other],
    )
    read, write = answer["EvaluationResults"]
    template = "arn:${Partition}:ssm:${Region}:${Account}:parameter/${ParameterNameWithoutLeadingSlash}"
    assert read["EvalResourceName"] == template
    assert (read["EvalDecision"], write["EvalDecision"]) == ("implicitDeny", "explicitDeny")
    by_resource = {
        each["EvalResourceName"]: each["EvalResourceDecision"]
        for each in read["ResourceSpecificResults"]
    }
    assert by_resource == {ours: "allowed", other: "implicitDeny"}
    assert read["EvalDecisionDetails"] == {}
    [first, _] = write["ResourceSpecificResults"]
    assert len(first["MatchedStatements"]) == 1, "only the denial made the decision"


def test_pages_are_of_actions(dev):
    policy = document(allow("ssm:*"))
    asked = {"PolicyInputList": [policy], "ActionNames": ["ssm:A", "ssm:B", "kms:C"]}
    first = dev.iam.simulate_custom_policy(**asked, MaxItems=2)
    assert first["IsTruncated"]
    rest = dev.iam.simulate_custom_policy(**asked, Marker=first["Marker"])
    assert not rest["IsTruncated"]
    wanted = [("ssm:A", "allowed"), ("ssm:B", "allowed"), ("kms:C", "implicitDeny")]
    assert decisions(first) + decisions(rest) == wanted


def test_a_boundary_and_organization_policies_limit(dev):
    asked = {"PolicyInputList": [document(allow("ssm:*"))], "ActionNames": ["ssm:GetParameter"]}
    [result] = dev.iam.simulate_custom_policy(
        **asked, PermissionsBoundaryPolicyInputList=[document(allow("kms:*"))]
    )["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny"
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    for account_policy, allowed in ((allow("ssm:*"), True), (allow("kms:*"), False)):
        [result] = dev.iam.simulate_custom_policy(
            **asked,
            OrderedOrganizationPolicyInputList=[
                {"ServiceControlPolicyInputList": [document(allow("*"))]},
                {"ServiceControlPolicyInputList": [document(account_policy)]},
            ],
        )["EvaluationResults"]
        assert result["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": allowed}
        assert result["EvalDecision"] == ("allowed" if allowed else "implicitDeny")


def test_a_resource_policy_counts_for_the_caller_that_it_names(dev):
    secret = dev.arn("secretsmanager", "secret:db-AbCdEf")
    ann = dev.iam_arn("user/ann")
    resource_policy = document(
        {**allow("secretsmanager:GetSecretValue"), "Principal": {"AWS": ann}}
    )
    asked = {
        "PolicyInputList": [document(allow("ssm:*"))],
        "ActionNames": ["secretsmanager:GetSecretValue"],
        "ResourceArns": [secret],
        "ResourcePolicy": resource_policy,
    }
    with refused("InvalidInput"):
        dev.iam.simulate_custom_policy(**asked)
    for caller, decision in ((ann, "allowed"), (dev.iam_arn("user/bob"), "implicitDeny")):
        [result] = dev.iam.simulate_custom_policy(**asked, CallerArn=caller)["EvaluationResults"]
        assert result["EvalDecision"] == decision
    [statement] = dev.iam.simulate_custom_policy(**asked, CallerArn=ann)["EvaluationResults"][0][
        "MatchedStatements"
    ]
    assert statement["SourcePolicyId"] == "ResourcePolicy"
    theirs = "arn:aws:secretsmanager:us-east-1:444455556666:secret:db-AbCdEf"
    across = {**asked, "ResourceArns": [theirs], "CallerArn": ann}
    [result] = dev.iam.simulate_custom_policy(**across)["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny"
    assert result["EvalDecisionDetails"] == {
        "IAM Policy": "implicitDeny",
        "Resource Policy": "allowed",
    }


@pytest.mark.parametrize(
    "bad",
    [
        {"PolicyInputList": ["{}"]},
        {"ActionNames": ["GetParameter"]},
        {"ActionNames": ["ssm:*"]},
        {"CallerArn": "arn:aws:sts::111122223333:assumed-role/a/b"},
        {"ResourceOwner": "somebody"},
        {"ContextEntries": [entry("aws:MultiFactorAuthPresent", "maybe", kind="boolean")]},
        {"ContextEntries": [entry("aws:username", "a", "b")]},
        {"PermissionsBoundaryPolicyInputList": [document(allow("*"))] * 2},
        {"ResourceHandlingOption": "nothing"},
    ],
)
def test_what_cannot_be_simulated_is_refused(dev, bad):
    good = {"PolicyInputList": [document(allow("*"))], "ActionNames": ["ssm:GetParameter"]}
    dev.iam.simulate_custom_policy(**good)
    with refused("InvalidInput"):
        dev.iam.simulate_custom_policy(**{**good, **bad})


def test_a_user_is_simulated_with_its_groups_and_found_as_requests_are_decided(dev):
    iam = dev.iam
    iam.create_user(UserName="ann", Tags=tags(team="db"))
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(GroupName="staff", UserName="ann")
    own = document(
        allow("ssm:PutParameter", Condition={"StringEquals": {"aws:PrincipalTag/team": "db"}})
    )
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=own)
    iam.put_group_policy(
        GroupName="staff", PolicyName="reads", PolicyDocument=document(allow("ssm:GetParameter"))
    )
    managed = "arn:aws:iam::aws:policy/AWSSecretsManagerClientReadOnlyAccess"
    iam.attach_user_policy(UserName="ann", PolicyArn=managed)
    source = dev.iam_arn("user/ann")
    actions = ["ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter"]
    answer = iam.simulate_principal_policy(PolicySourceArn=source, ActionNames=actions)
    assert [decision for _, decision in decisions(answer)] == ["allowed", "allowed", "implicitDeny"]
    ids = [
        each["MatchedStatements"][0]["SourcePolicyId"] for each in answer["EvaluationResults"][:2]
    ]
    assert ids == ["group_staff_reads", "user_ann_own"]
    ann = dev.signed_by(iam.create_access_key(UserName="ann")["AccessKey"])
    ann.ssm.put_parameter(Name="/a", Value="1", Type="String")
    ann.ssm.get_parameter(Name="/a")
    with refused("AccessDeniedException"):
        ann.ssm.delete_parameter(Name="/a")
    ann.close()
    secret = dev.arn("secretsmanager", "secret:db-AbCdEf")
    asked = {
        "PolicySourceArn": source,
        "ActionNames": ["secretsmanager:GetSecretValue"],
        "ResourceArns": [secret],
    }
    assert decisions(iam.simulate_principal_policy(**asked))[0][1] == "allowed"
    for left_out in ({"PolicyArn": managed}, {"PolicyType": "aws-managed"}):
        without = iam.simulate_principal_policy(**asked, PolicyExclusionList=[left_out])
        assert decisions(without)[0][1] == "implicitDeny"
    inline = {"PolicyName": "own", "AttachmentType": "user", "AttachmentName": "ann"}
    without = iam.simulate_principal_policy(
        PolicySourceArn=source,
        ActionNames=["ssm:PutParameter", "ssm:GetParameter"],
        PolicyExclusionList=[{"InlinePolicyIdentifier": inline}],
    )
    assert [decision for _, decision in decisions(without)] == ["implicitDeny", "allowed"]


def test_a_roles_boundary_counts_and_may_be_tried_otherwise(dev):
    iam = dev.iam
    edge = iam.create_policy(PolicyName="edge", PolicyDocument=document(allow("kms:*")))
    iam.create_role(
        RoleName="app",
        AssumeRolePolicyDocument=TRUST,
        PermissionsBoundary=edge["Policy"]["Arn"],
    )
    iam.attach_role_policy(
        RoleName="app", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    asked = {"PolicySourceArn": dev.iam_arn("role/app"), "ActionNames": ["ssm:GetParameter"]}
    assert decisions(iam.simulate_principal_policy(**asked))[0][1] == "implicitDeny"
    wider = iam.simulate_principal_policy(
        **asked, PermissionsBoundaryPolicyInputList=[document(allow("ssm:*"))]
    )
    assert decisions(wider)[0][1] == "allowed"
    boundless = iam.simulate_principal_policy(
        **asked, PolicyExclusionList=[{"PolicyType": "permission-boundary"}]
    )
    assert decisions(boundless)[0][1] == "allowed"
    with refused("NoSuchEntity", status=404):
        iam.simulate_principal_policy(
            PolicySourceArn=dev.iam_arn("role/gone"), ActionNames=["ssm:GetParameter"]
        )


def test_condition_keys_are_found_in_conditions_and_variables(dev):
    policy = document(
        allow(
            "ssm:*",
            "arn:aws:ssm:*:*:parameter/${aws:username}/*",
            Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        )
    )
    found = dev.iam.get_context_keys_for_custom_policy(PolicyInputList=[policy])
    assert found["ContextKeyNames"] == ["aws:MultiFactorAuthPresent", "aws:username"]
    dev.iam.create_user(UserName="ann")
    dev.iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=policy)
    more = document(allow("ssm:*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}))
    found = dev.iam.get_context_keys_for_principal_policy(
        PolicySourceArn=dev.iam_arn("user/ann"), PolicyInputList=[more]
    )
    wanted = ["aws:MultiFactorAuthPresent", "aws:PrincipalOrgID", "aws:username"]
    assert found["ContextKeyNames"] == wanted


def test_the_policies_of_the_accounts_organization_count(dev):
    org = dev.client("organizations")
    org.create_organization()
    name = word()
    made = org.create_account(AccountName=name, Email=f"{name}@example.com")
    member = World.on_dev(dev.server, made["CreateAccountStatus"]["AccountId"])
    root = org.list_roots()["Roots"][0]["Id"]
    org.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    no_keys = org.create_policy(
        Name="no-keys",
        Description="",
        Content=document(deny("kms:*")),
        Type="SERVICE_CONTROL_POLICY",
    )["Policy"]["PolicySummary"]["Id"]
    org.attach_policy(PolicyId=no_keys, TargetId=root)
    member.iam.create_user(UserName="ann")
    member.iam.put_user_policy(
        UserName="ann", PolicyName="all", PolicyDocument=document(allow("*"))
    )
    asked = {
        "PolicySourceArn": member.iam_arn("user/ann"),
        "ActionNames": ["ssm:GetParameter", "kms:CreateKey"],
    }
    answer = member.iam.simulate_principal_policy(**asked)
    assert [decision for _, decision in decisions(answer)] == ["allowed", "explicitDeny"]
    told = [
        each["OrganizationsDecisionDetail"]["AllowedByOrganizations"]
        for each in answer["EvaluationResults"]
    ]
    assert told == [True, False]
    assert answer["EvaluationResults"][1]["MatchedStatements"] == []
    without = member.iam.simulate_principal_policy(
        **asked, PolicyExclusionList=[{"PolicyType": "scp"}]
    )
    assert [decision for _, decision in decisions(without)] == ["allowed", "allowed"]
    assert "OrganizationsDecisionDetail" not in without["EvaluationResults"][0]
    member.close()
