"""The sentences of refusals, word for word, and what they name.

AWS: IAM user guide, "Troubleshoot access denied error messages".
"""

import json
import os
import subprocess
import sys

import pytest

from people import (
    Person,
    allow,
    deny,
    grant,
    policy,
    reader,
    refused_exactly,
    role,
    session,
    user,
)
from test_cli import AWS
from world import refused, word

GET = "ssm:GetParameter"
READ = "secretsmanager:GetSecretValue"


@pytest.fixture
def there(world):
    """A parameter and a secret."""
    name = word()
    world.ssm.put_parameter(Name=f"/{name}", Value="v", Type="String")
    secret = world.sm.create_secret(Name=name, SecretString="v")["ARN"]
    world.named, world.parameter, world.secret_arn = name, f"/{name}", secret
    world.parameter_arn = world.arn("ssm", f"parameter/{name}")
    yield world
    world.sm.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def test_who_has_no_policy_is_refused_by_name(there):
    nobody = user(there)
    with nobody.denied(GET, there.parameter_arn):
        nobody.ssm.get_parameter(Name=there.parameter)
    arn = there.iam_arn(f"user/{nobody.name}")
    told = (
        f"User: {arn} is not authorized to perform: {GET} on resource: {there.parameter_arn} "
        f"because no identity-based policy allows the {GET} action"
    )
    with refused_exactly(told):
        nobody.ssm.get_parameter(Name=there.parameter_arn)
    with nobody.denied(GET, there.parameter_arn):
        nobody.ssm.get_parameter(Name=f"{there.parameter}:1")


def test_a_role_is_named_by_its_session(there):
    name, arn = role(there)
    person = session(there, arn, "deploy")
    assert person.arn_of_caller == f"arn:aws:sts::{there.account}:assumed-role/{name}/deploy"
    with person.denied(GET, there.parameter_arn):
        person.ssm.get_parameter(Name=there.parameter)


def test_a_secret_is_named_as_the_caller_named_it(there):
    nobody = user(there)
    for secret_id in (there.named, there.secret_arn, there.secret_arn[:-7], "not/there"):
        with nobody.denied(READ, secret_id):
            nobody.sm.get_secret_value(SecretId=secret_id)


def test_an_explicit_denial_is_told_as_one(there):
    person = user(there, allow("*"), deny(GET, there.parameter_arn))
    with person.denied(
        GET, there.parameter_arn, "with an explicit deny in an identity-based policy"
    ):
        person.ssm.get_parameter(Name=there.parameter)
    person.ssm.get_parameters(Names=[there.parameter])


def test_a_boundary_is_told_as_one(there):
    boundary = there.iam.create_policy(
        PolicyName=f"bounds-{word()}", PolicyDocument=policy(allow("secretsmanager:*"))
    )["Policy"]["Arn"]
    person = user(there, allow("*"), PermissionsBoundary=boundary)
    reason = f"because no permissions boundary allows the {GET} action"
    with person.denied(GET, there.parameter_arn, reason):
        person.ssm.get_parameter(Name=there.parameter)
    denying = policy(allow("*"), deny(GET))
    there.iam.create_policy_version(
        PolicyArn=boundary, PolicyDocument=denying, SetAsDefault=True
    )
    with person.denied(
        GET, there.parameter_arn, "with an explicit deny in a permissions boundary"
    ):
        person.ssm.get_parameter(Name=there.parameter)


def test_a_session_policy_is_told_as_one(there):
    _, arn = role(there, allow("*"))
    person = session(there, arn, Policy=policy(allow("secretsmanager:*")))
    reason = f"because no session policy allows the {GET} action"
    with person.denied(GET, there.parameter_arn, reason):
        person.ssm.get_parameter(Name=there.parameter)
    person = session(there, arn, Policy=policy(allow("*"), deny("ssm:Get*")))
    with person.denied(GET, there.parameter_arn, "with an explicit deny in a session policy"):
        person.ssm.get_parameter(Name=there.parameter)


def test_a_resource_policy_that_denies_is_told_as_one(there):
    person = user(there, allow("*"))
    told = policy(deny(READ, Principal={"AWS": person.arn_of_caller}))
    there.sm.put_resource_policy(SecretId=there.named, ResourcePolicy=told)
    with person.denied(READ, there.named, "with an explicit deny in a resource-based policy"):
        person.sm.get_secret_value(SecretId=there.named)
    # The account's root is not above the policies of its resources.
    told = policy(deny(READ, Principal="*"))
    there.sm.put_resource_policy(SecretId=there.named, ResourcePolicy=told)
    root = there.iam_arn("root")
    sentence = (
        f"User: {root} is not authorized to perform: {READ} on resource: {there.named} with an "
        "explicit deny in a resource-based policy"
    )
    with refused_exactly(sentence):
        there.sm.get_secret_value(SecretId=there.named)


def test_a_key_policy_that_does_not_allow_is_told_as_one(there):
    person = user(there, allow("*"))
    text = policy(allow("kms:*", Principal={"AWS": there.iam_arn("root")}))
    only_root = policy(
        allow(
            "kms:*",
            condition={"ArnEquals": {"aws:PrincipalArn": there.iam_arn("root")}},
            Principal={"AWS": there.iam_arn("root")},
        )
    )
    key = there.kms.create_key(Policy=only_root)["KeyMetadata"]["Arn"]
    reason = "because no resource-based policy allows the kms:Encrypt action"
    with person.denied("kms:Encrypt", key, reason):
        person.kms.encrypt(KeyId=key, Plaintext=b"p")
    there.kms.put_key_policy(KeyId=key, PolicyName="default", Policy=text)
    person.kms.encrypt(KeyId=key, Plaintext=b"p")
    grant(there, person.name, allow("ssm:*"))
    with person.denied("kms:Encrypt", key):
        person.kms.encrypt(KeyId=key, Plaintext=b"p")
    grant(there, person.name, allow("*"), deny("kms:*"))
    with person.denied("kms:Encrypt", key, "with an explicit deny in an identity-based policy"):
        person.kms.encrypt(KeyId=key, Plaintext=b"p")


def test_actions_without_a_resource_name_none(there):
    nobody = user(there)
    for action, call in {
        "secretsmanager:ListSecrets": nobody.sm.list_secrets,
        "secretsmanager:GetRandomPassword": nobody.sm.get_random_password,
        "kms:ListKeys": nobody.kms.list_keys,
        "kms:ListAliases": nobody.kms.list_aliases,
        "kms:CreateKey": nobody.kms.create_key,
        "kms:GenerateRandom": lambda: nobody.kms.generate_random(NumberOfBytes=8),
        "secretsmanager:BatchGetSecretValue": lambda: nobody.sm.batch_get_secret_value(
            SecretIdList=[there.named]
        ),
    }.items():
        with nobody.denied(action):
            call()


def test_describe_parameters_is_refused_on_all_of_ssm(there):
    """AWS: on the ARN of the region with `*` (observed by many: "...:us-east-1:123456789012:*")."""
    nobody = user(there)
    with nobody.denied("ssm:DescribeParameters", there.arn("ssm", "*")):
        nobody.ssm.describe_parameters()


def test_iam_and_sts_refuse_in_their_own_form(there):
    nobody = user(there)
    arn = nobody.arn_of_caller
    with nobody.denied("iam:GetUser", arn, query=True):
        nobody.iam.get_user(UserName=nobody.name)
    with nobody.denied("iam:CreateUser", there.iam_arn("user/new"), query=True):
        nobody.iam.create_user(UserName="new")
    with nobody.denied("iam:ListUsers", there.iam_arn("user/"), query=True):
        nobody.iam.list_users()
    missing = there.iam_arn("user/missing")
    with nobody.denied("iam:DeleteUser", missing, query=True):
        nobody.iam.delete_user(UserName="missing")
    _, closed = role(there)
    for to in (closed, there.iam_arn("role/missing")):
        told = f"User: {arn} is not authorized to perform: sts:AssumeRole on resource: {to}"
        with refused_exactly(told, query=True):
            nobody.sts.assume_role(RoleArn=to, RoleSessionName="s1")
    assert nobody.sts.get_caller_identity()["Arn"] == arn


def test_parameter_store_tells_what_kms_refuses_and_how(there):
    person = user(there, allow("ssm:*"))
    key = there.kms.create_key()["KeyMetadata"]["Arn"]
    put = {"Name": f"/{word()}", "Value": "v", "Type": "SecureString", "KeyId": key}
    for tier, action in (("Standard", "kms:Encrypt"), ("Advanced", "kms:GenerateDataKey")):
        with refused("AccessDeniedException") as caught:
            person.ssm.put_parameter(**put, Tier=tier)
        id = caught.response["ResponseMetadata"]["RequestId"]
        assert caught.message == (
            f"User: {person.arn_of_caller} is not authorized to perform: {action} on resource: "
            f"{key} because no identity-based policy allows the {action} action (Service: AWSKMS; "
            f"Status Code: 400; Error Code: AccessDeniedException; Request ID: {id}; Proxy: null)"
        )
    there.ssm.put_parameter(**put)
    with refused("AccessDeniedException", f"kms:Decrypt on resource: {key} because no identity"):
        person.ssm.get_parameter(Name=put["Name"], WithDecryption=True)
    person.ssm.get_parameter(Name=put["Name"])


def test_secrets_manager_tells_what_kms_refuses_in_one_sentence(there):
    person = user(there, allow("secretsmanager:*"))
    key = there.kms.create_key()["KeyMetadata"]["Arn"]
    named = word()
    there.sm.create_secret(Name=named, SecretString="v", KmsKeyId=key)
    for call in (
        lambda: person.sm.get_secret_value(SecretId=named),
        lambda: person.sm.put_secret_value(SecretId=named, SecretString="w"),
        lambda: person.sm.update_secret(SecretId=named, SecretString="w"),
        lambda: person.sm.create_secret(Name=word(), SecretString="w", KmsKeyId=key),
        lambda: person.sm.create_secret(Name=word(), KmsKeyId=key),
    ):
        with refused_exactly("Access to KMS is not allowed"):
            call()
    assert there.sm.get_secret_value(SecretId=named)["SecretString"] == "v"
    there.sm.delete_secret(SecretId=named, ForceDeleteWithoutRecovery=True)


def test_root_may_do_everything_in_its_account(there):
    there.ssm.get_parameter(Name=there.parameter)
    there.sm.get_secret_value(SecretId=there.named)
    there.iam.get_account_summary()
    there.kms.list_keys()


def test_a_session_of_the_user_has_what_the_user_has(there):
    person = user(there, allow(GET, there.parameter_arn), allow("sts:GetSessionToken"))
    given = person.sts.get_session_token()["Credentials"]
    again = session_of(there, given, person)
    again.ssm.get_parameter(Name=there.parameter)
    with again.denied("ssm:GetParameters", there.parameter_arn):
        again.ssm.get_parameters(Names=[there.parameter])


def session_of(world, credentials, person):
    """A session of the user itself."""
    return world.keeps(Person(world, credentials, person.arn_of_caller, person.name))


def test_the_cli_prints_the_whole_sentence(there, tmp_path):
    person = reader(there, allow("secretsmanager:DescribeSecret"))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": there.server.endpoint,
        "AWS_ACCESS_KEY_ID": person.access_key,
        "AWS_SECRET_ACCESS_KEY": person.secret,
        "AWS_SESSION_TOKEN": person.token,
        "AWS_DEFAULT_REGION": there.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_PAGER": "",
    }

    def aws(*arguments):
        return subprocess.run(
            [sys.executable, str(AWS), *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            env=environment,
            cwd=tmp_path,
        )

    described = aws("secretsmanager", "describe-secret", "--secret-id", there.named)
    assert json.loads(described.stdout)["ARN"] == there.secret_arn
    refusal = aws("secretsmanager", "get-secret-value", "--secret-id", there.named)
    assert refusal.returncode not in (0, None)
    assert (
        "An error occurred (AccessDeniedException) when calling the GetSecretValue operation: "
        f"User: {person.arn_of_caller} is not authorized to perform: {READ} on resource: "
        f"{there.named} because no identity-based policy allows the {READ} action"
    ) in refusal.stderr
    refusal = aws("iam", "list-users")
    assert refusal.returncode not in (0, None)
    assert "An error occurred (AccessDenied) when calling the ListUsers operation" in refusal.stderr
