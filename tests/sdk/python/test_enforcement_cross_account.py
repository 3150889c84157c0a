"""What one account shares with another: each side must allow, and the key must, too.

A security account owns a secret under a key of its own; a role of a workload account reads it (AWS
Secrets Manager user guide, "Access Secrets Manager secrets from a different account").
"""

import pytest

from people import (
    allow,
    deny,
    key_policy,
    other_account,
    policy,
    reader,
    refused_exactly,
    role,
    root_of,
    session,
)
from world import pages, refused, without_metadata, word

READ = "secretsmanager:GetSecretValue"
NO_KEY = "Access to KMS is not allowed"
DEFAULT_KEY = (
    "You can't access a secret from a different AWS account if you encrypt the secret with the "
    "default KMS service key."
)
NO_RESOURCE_POLICY = "because no resource-based policy allows the {} action"
# KMS tells of keys in other accounts in one sentence, whatever is lacking.
NOT_YOUR_KEY = (
    "because the resource does not exist in this Region, no resource-based policies allow access, "
    "or a resource-based policy explicitly denies access"
)


class Shared:
    """A secret, its key, and the role of another account that may read it."""

    def __init__(self, security):
        self.security = security
        self.workload = other_account(security)
        made = security.kms.create_key(Description="shared secrets")["KeyMetadata"]
        self.key, self.key_id = made["Arn"], made["KeyId"]
        made = security.sm.create_secret(
            Name="prod/db", SecretString="v", KmsKeyId=self.key
        )
        self.secret = made["ARN"]
        self.role_name, self.role_arn = role(self.workload)
        self.share_secret()
        self.share_key()
        self.let_role()
        self.reader = session(self.workload, self.role_arn)

    @property
    def role(self):
        return {"AWS": self.role_arn}

    def share_secret(self, *actions, principal=None, secret=None):
        statement = allow(list(actions) or READ, Principal=principal or self.role)
        self.security.sm.put_resource_policy(
            SecretId=secret or self.secret, ResourcePolicy=policy(statement), BlockPublicPolicy=True
        )

    def share_key(self, *actions, condition=None, principal=None):
        """As the guide has it: the role may open, through Secrets Manager."""
        statement = allow(
            list(actions) or ["kms:Decrypt", "kms:DescribeKey"],
            condition=condition or self.through_secrets_manager,
            Principal=principal or self.role,
        )
        self.put_key_policy(key_policy(self.security, statement))

    @property
    def through_secrets_manager(self):
        service = f"secretsmanager.{self.security.region}.amazonaws.com"
        return {"StringEquals": {"kms:ViaService": service}}

    def put_key_policy(self, text):
        self.security.kms.put_key_policy(KeyId=self.key, PolicyName="default", Policy=text)

    def let_role(self, *statements):
        usual = (allow(READ, self.secret), allow("kms:Decrypt", self.key))
        self.workload.iam.put_role_policy(
            RoleName=self.role_name,
            PolicyName="own",
            PolicyDocument=policy(*(statements or usual)),
        )

    def read(self, secret_id=None):
        return self.reader.sm.get_secret_value(SecretId=secret_id or self.secret)["SecretString"]

    def denied(self, reason=None, action=READ):
        return self.reader.denied(action, self.secret, reason)


@pytest.fixture
def shared(dev):
    return Shared(dev)


def test_a_role_of_another_account_reads_what_all_three_policies_allow(shared):
    found = without_metadata(shared.reader.sm.get_secret_value(SecretId=shared.secret))
    assert (found["ARN"], found["Name"], found["SecretString"]) == (shared.secret, "prod/db", "v")


def test_without_the_resource_policy_it_is_refused(shared):
    lacking = NO_RESOURCE_POLICY.format(READ)
    shared.share_secret(principal={"AWS": shared.security.iam_arn("root")})
    with shared.denied(lacking):
        shared.read()
    shared.security.sm.delete_resource_policy(SecretId=shared.secret)
    with shared.denied(lacking):
        shared.read()
    shared.share_secret()
    assert shared.read() == "v"


def test_without_the_key_policy_it_is_refused(shared):
    shared.put_key_policy(key_policy(shared.security))
    with refused_exactly(NO_KEY):
        shared.read()
    other_way = {"StringEquals": {"kms:ViaService": f"ssm.{shared.security.region}.amazonaws.com"}}
    shared.share_key(condition=other_way)
    with refused_exactly(NO_KEY):
        shared.read()
    shared.share_key()
    assert shared.read() == "v"


def test_without_the_identity_policy_for_the_secret_it_is_refused(shared):
    shared.let_role(allow("kms:Decrypt", shared.key))
    with shared.denied():
        shared.read()
    # What is granted to the role's account does not reach the role either.
    shared.share_secret(principal=root_of(shared.workload))
    with shared.denied():
        shared.read()
    shared.let_role()
    assert shared.read() == "v"


def test_without_the_identity_policy_for_the_key_it_is_refused(shared):
    shared.let_role(allow(READ, shared.secret))
    with refused_exactly(NO_KEY):
        shared.read()
    shared.let_role(allow(READ, shared.secret), allow("kms:*", shared.key[:-1]))
    with refused_exactly(NO_KEY):
        shared.read()


def test_the_account_may_be_named_and_then_its_policies_decide_who(shared):
    shared.share_secret(principal=root_of(shared.workload))
    shared.share_key(principal=root_of(shared.workload))
    assert shared.read() == "v"
    without_key = reader(shared.workload, allow(READ))
    with refused_exactly(NO_KEY):
        without_key.sm.get_secret_value(SecretId=shared.secret)
    with_both = reader(shared.workload, allow(READ), allow("kms:Decrypt"))
    assert with_both.sm.get_secret_value(SecretId=shared.secret)["SecretString"] == "v"


def test_by_name_it_is_the_callers_own_secret_that_is_meant(shared):
    with shared.reader.denied(READ, "prod/db"):
        shared.read("prod/db")
    shared.let_role(allow(READ), allow("kms:Decrypt"))
    with refused("ResourceNotFoundException", "Secrets Manager can't find the specified secret."):
        shared.read("prod/db")
    assert shared.read() == "v"


def test_a_secret_under_the_default_key_is_not_shared(shared):
    made = shared.security.sm.create_secret(Name="plain", SecretString="v")["ARN"]
    shared.share_secret(secret=made)
    shared.let_role(allow("secretsmanager:*"), allow("kms:*"))
    with refused("InvalidRequestException", DEFAULT_KEY):
        shared.read(made)
    shared.share_secret("secretsmanager:*", secret=made)
    with refused("InvalidRequestException", DEFAULT_KEY):
        shared.reader.sm.put_secret_value(SecretId=made, SecretString="w")
    assert shared.security.sm.get_secret_value(SecretId="plain")["SecretString"] == "v"


def test_a_denial_of_either_side_is_told_with_its_kind(shared):
    shared.let_role(allow("*"), deny(READ, shared.secret))
    with shared.denied("with an explicit deny in an identity-based policy"):
        shared.read()
    shared.let_role(allow("*"))
    both = policy(allow(READ, Principal=shared.role), deny(READ, Principal=shared.role))
    shared.security.sm.put_resource_policy(SecretId=shared.secret, ResourcePolicy=both)
    with shared.denied("with an explicit deny in a resource-based policy"):
        shared.read()


def test_another_accounts_root_reads_by_the_policies_of_secret_and_key_alone(shared):
    root = shared.workload
    with root_denied(root, READ, shared.secret):
        root.sm.get_secret_value(SecretId=shared.secret)
    shared.share_secret(principal=root_of(root))
    with refused_exactly(NO_KEY):
        root.sm.get_secret_value(SecretId=shared.secret)
    shared.share_key(principal=root_of(root))
    assert root.sm.get_secret_value(SecretId=shared.secret)["SecretString"] == "v"


def root_denied(world, action, resource):
    reason = NO_RESOURCE_POLICY.format(action)
    arn = world.iam_arn("root")
    told = f"User: {arn} is not authorized to perform: {action} on resource: {resource} {reason}"
    return refused_exactly(told)


def test_nobody_else_learns_whether_the_secret_is_there(shared):
    stranger = reader(shared.workload, allow("secretsmanager:*"), allow("kms:*"))
    missing = f"{shared.secret.rpartition(':')[0]}:nothing/here-AbCdEf"
    wrong_suffix = f"{shared.secret[:-6]}AbCdEf"
    calls = {
        READ: stranger.sm.get_secret_value,
        "secretsmanager:DescribeSecret": stranger.sm.describe_secret,
        "secretsmanager:DeleteSecret": stranger.sm.delete_secret,
        "secretsmanager:GetResourcePolicy": stranger.sm.get_resource_policy,
        "secretsmanager:ListSecretVersionIds": stranger.sm.list_secret_version_ids,
    }
    for action, call in calls.items():
        for arn in (shared.secret, missing, wrong_suffix):
            with stranger.denied(action, arn, NO_RESOURCE_POLICY.format(action)):
                call(SecretId=arn)


def test_a_new_value_from_another_account_is_the_owners(shared):
    """Its events, its records and its versions are those of the account that has the secret."""
    shared.share_secret(READ, "secretsmanager:PutSecretValue", "secretsmanager:DescribeSecret")
    shared.let_role(allow("secretsmanager:*", shared.secret), allow("kms:*", shared.key))
    with refused_exactly(NO_KEY):
        shared.reader.sm.put_secret_value(SecretId=shared.secret, SecretString="w")
    assert shared.read() == "v"
    shared.share_key("kms:Decrypt", "kms:GenerateDataKey")
    put = shared.reader.sm.put_secret_value(SecretId=shared.secret, SecretString="w")
    assert put["ARN"] == shared.secret
    assert shared.read() == "w"
    assert shared.security.sm.get_secret_value(SecretId="prod/db")["SecretString"] == "w"
    described = shared.reader.sm.describe_secret(SecretId=shared.secret)
    assert described["Name"] == "prod/db"
    assert set(described["VersionIdsToStages"][put["VersionId"]]) == {"AWSCURRENT"}
    events = shared.security.server.events(shared.security)
    (event,) = [each for each in events if each["detail"].get("versionId") == put["VersionId"]]
    assert event["resources"] == [shared.secret]
    assert not shared.workload.server.events(shared.workload)
    assert not shared.workload.sm.list_secrets()["SecretList"]


def test_a_deletion_from_another_account_is_carried_out_in_the_owners(timed):
    shared = Shared(timed)
    shared.share_secret("secretsmanager:DeleteSecret")
    shared.let_role(allow("secretsmanager:*", shared.secret))
    shared.reader.sm.delete_secret(SecretId=shared.secret, RecoveryWindowInDays=7)
    assert "DeletedDate" in timed.sm.describe_secret(SecretId="prod/db")
    timed.server.advance("8d")
    with refused("ResourceNotFoundException"):
        timed.sm.describe_secret(SecretId="prod/db")


def test_what_belongs_to_an_account_is_not_done_from_another(shared):
    """A stranger that may do everything at home makes and lists nothing abroad."""
    shared.share_secret("secretsmanager:*")
    shared.let_role(allow("secretsmanager:*"), allow("kms:*"))
    listed, _ = pages(shared.reader.sm.list_secrets, "SecretList")
    assert listed == []
    found = shared.reader.sm.batch_get_secret_value(
        Filters=[{"Key": "name", "Values": ["prod"]}]
    )
    assert (found["SecretValues"], found["Errors"]) == ([], [])


# Parameters


class SharedParameter:
    """An advanced parameter under a key of the security account, shared with another one."""

    def __init__(self, security):
        self.security = security
        self.workload = other_account(security)
        self.key = security.kms.create_key()["KeyMetadata"]["Arn"]
        security.ssm.put_parameter(
            Name="/prod/pin", Value="v", Type="SecureString", Tier="Advanced", KeyId=self.key
        )
        self.arn = security.arn("ssm", "parameter/prod/pin")
        self.role_name, self.role_arn = role(self.workload)
        self.let_role(allow("ssm:*"), allow("kms:Decrypt", self.key))
        self.reader = session(self.workload, self.role_arn)
        self.put = self.share()
        self.share_key()

    def let_role(self, *statements):
        self.workload.iam.put_role_policy(
            RoleName=self.role_name, PolicyName="own", PolicyDocument=policy(*statements)
        )

    def share(self, **version):
        actions = ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParameterHistory"]
        text = policy(allow(actions, self.arn, Principal={"AWS": self.workload.account}))
        put = self.security.ssm.put_resource_policy(ResourceArn=self.arn, Policy=text, **version)
        return {"PolicyId": put["PolicyId"], "PolicyHash": put["PolicyHash"]}

    def share_key(self):
        statement = allow("kms:Decrypt", Principal={"AWS": self.role_arn})
        text = key_policy(self.security, statement)
        self.security.kms.put_key_policy(KeyId=self.key, PolicyName="default", Policy=text)

    def read(self, name=None, **more):
        found = self.reader.ssm.get_parameter(Name=name or self.arn, **more)["Parameter"]
        return found["Value"]


@pytest.fixture
def parameter(dev):
    return SharedParameter(dev)


def test_a_shared_parameter_is_read_by_its_arn(parameter):
    assert parameter.read(WithDecryption=True) == "v"
    found = parameter.reader.ssm.get_parameters(Names=[parameter.arn], WithDecryption=True)
    assert [each["Value"] for each in found["Parameters"]] == ["v"]
    assert found["Parameters"][0]["ARN"] == parameter.arn
    with refused("ParameterNotFound"):
        parameter.read("/prod/pin")


def test_a_parameter_that_is_shared_no_longer_is_refused(parameter):
    parameter.security.ssm.delete_resource_policy(ResourceArn=parameter.arn, **parameter.put)
    action = "ssm:GetParameter"
    missing = parameter.security.arn("ssm", "parameter/no/thing")
    for arn in (parameter.arn, missing):
        with parameter.reader.denied(action, arn, NO_RESOURCE_POLICY.format(action)):
            parameter.read(arn)


def test_a_shared_parameter_needs_the_readers_own_permission_too(parameter):
    parameter.let_role(allow("kms:Decrypt"))
    with parameter.reader.denied("ssm:GetParameter", parameter.arn):
        parameter.read()


def test_the_key_of_a_shared_parameter_is_asked_for_by_who_decrypts(parameter):
    parameter.let_role(allow("ssm:*"))
    assert parameter.read() != "v"
    told = (
        f"User: {parameter.reader.arn_of_caller} is not authorized to perform: kms:Decrypt on "
        f"resource: {parameter.key} {NOT_YOUR_KEY} (Service: AWSKMS; Status Code: 400; Error "
        "Code: AccessDeniedException; Request ID: "
    )
    with refused("AccessDeniedException", told):
        parameter.read(WithDecryption=True)
    parameter.let_role(allow("ssm:*"), allow("kms:Decrypt"))
    assert parameter.read(WithDecryption=True) == "v"
    parameter.security.kms.put_key_policy(
        KeyId=parameter.key, PolicyName="default", Policy=key_policy(parameter.security)
    )
    with refused("AccessDeniedException", told):
        parameter.read(WithDecryption=True)


def test_what_is_shared_to_read_is_not_written(parameter):
    writes = {
        "ssm:AddTagsToResource": lambda: parameter.reader.ssm.add_tags_to_resource(
            ResourceType="Parameter", ResourceId=parameter.arn, Tags=[{"Key": "a", "Value": "b"}]
        ),
        "ssm:PutResourcePolicy": lambda: parameter.reader.ssm.put_resource_policy(
            ResourceArn=parameter.arn, Policy=policy(allow("ssm:*", Principal="*"))
        ),
        "ssm:DeleteResourcePolicy": lambda: parameter.reader.ssm.delete_resource_policy(
            ResourceArn=parameter.arn, **parameter.put
        ),
    }
    for call in writes.values():
        with refused(("AccessDeniedException", "ResourceNotFoundException", "InvalidResourceId")):
            call()
    assert parameter.read(WithDecryption=True) == "v"
    kept = parameter.security.ssm.get_resource_policies(ResourceArn=parameter.arn)["Policies"]
    assert [each["PolicyId"] for each in kept] == [parameter.put["PolicyId"]]


# Keys


def test_a_key_is_used_from_another_account_where_both_sides_allow_it(dev):
    workload = other_account(dev)
    key = dev.kms.create_key()["KeyMetadata"]["Arn"]
    person = reader(workload, allow(["kms:Encrypt", "kms:Decrypt"], key))
    with person.denied("kms:Encrypt", key, NOT_YOUR_KEY):
        person.kms.encrypt(KeyId=key, Plaintext=b"p")
    text = key_policy(dev, allow("kms:*", Principal=root_of(workload)))
    dev.kms.put_key_policy(KeyId=key, PolicyName="default", Policy=text)
    sealed = person.kms.encrypt(KeyId=key, Plaintext=b"p")["CiphertextBlob"]
    assert person.kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"p"
    assert dev.kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"p"
    with person.denied("kms:GenerateDataKey", key, NOT_YOUR_KEY):
        person.kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    nobody = reader(workload)
    with nobody.denied("kms:Decrypt", key, NOT_YOUR_KEY):
        nobody.kms.decrypt(CiphertextBlob=sealed)


def test_of_keys_in_other_accounts_nothing_is_told(dev):
    workload = other_account(dev)
    key = dev.kms.create_key()["KeyMetadata"]["Arn"]
    dev.kms.create_alias(AliasName="alias/there", TargetKeyId=key)
    missing = dev.arn("kms", "key/11111111-2222-3333-4444-555555555555")
    person = reader(workload, allow("kms:*"))
    for arn in (key, missing):
        with person.denied("kms:Encrypt", arn, NOT_YOUR_KEY):
            person.kms.encrypt(KeyId=arn, Plaintext=b"p")
        with person.denied("kms:DescribeKey", arn, NOT_YOUR_KEY):
            person.kms.describe_key(KeyId=arn)
    for name in ("alias/there", "alias/missing"):
        with refused("AccessDeniedException", NOT_YOUR_KEY):
            person.kms.encrypt(KeyId=dev.arn("kms", name), Plaintext=b"p")


def test_secrets_and_parameters_tell_nothing_of_keys_in_other_accounts(dev):
    workload = other_account(dev)
    key = dev.kms.create_key()["KeyMetadata"]["Arn"]
    missing = dev.arn("kms", "key/11111111-2222-3333-4444-555555555555")
    told = []
    person = reader(workload, allow("*"))
    for arn in (key, missing):
        with refused_exactly(NO_KEY):
            person.sm.create_secret(Name=word(), SecretString="v", KmsKeyId=arn)
        with refused_exactly(NO_KEY):
            person.sm.create_secret(Name=word(), KmsKeyId=arn)
        with refused("AccessDeniedException", NOT_YOUR_KEY) as caught:
            person.ssm.put_parameter(Name="/a", Value="v", Type="SecureString", KeyId=arn)
        told.append(caught.message.split("Request ID")[0].replace(arn, "KEY"))
    assert told[0] == told[1]
    assert person.sm.list_secrets()["SecretList"] == []


def test_a_secret_is_sealed_under_the_key_of_another_account_that_lets_it(dev):
    workload = other_account(dev)
    statement = allow(["kms:GenerateDataKey", "kms:Decrypt"], Principal=root_of(workload))
    key = dev.kms.create_key(Policy=key_policy(dev, statement))["KeyMetadata"]["Arn"]
    person = reader(workload, allow("secretsmanager:*"), allow("kms:*", key))
    person.sm.create_secret(Name="here", SecretString="v", KmsKeyId=key)
    assert person.sm.get_secret_value(SecretId="here")["SecretString"] == "v"
    dev.kms.disable_key(KeyId=key)
    with refused("DecryptionFailure"):
        person.sm.get_secret_value(SecretId="here")


def test_the_managed_keys_of_other_accounts_are_out_of_reach(dev):
    dev.ssm.put_parameter(Name="/a", Value="v", Type="SecureString")
    managed = dev.kms.describe_key(KeyId="alias/aws/ssm")["KeyMetadata"]["Arn"]
    person = reader(other_account(dev), allow("*"))
    with person.denied("kms:Encrypt", managed, NOT_YOUR_KEY):
        person.kms.encrypt(KeyId=managed, Plaintext=b"p")
    with refused("AccessDeniedException", NOT_YOUR_KEY):
        person.ssm.put_parameter(Name="/a", Value="v", Type="SecureString", KeyId=managed)


def test_a_grant_lets_another_accounts_role_use_a_key(dev):
    workload = other_account(dev)
    key = dev.kms.create_key()["KeyMetadata"]["Arn"]
    _, arn = role(workload, allow("kms:*"))
    person = session(workload, arn)
    sealed = dev.kms.encrypt(KeyId=key, Plaintext=b"p")["CiphertextBlob"]
    with person.denied("kms:Decrypt", key, NOT_YOUR_KEY):
        person.kms.decrypt(CiphertextBlob=sealed)
    granted = dev.kms.create_grant(KeyId=key, GranteePrincipal=arn, Operations=["Decrypt"])
    assert person.kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"p"
    dev.kms.revoke_grant(KeyId=key, GrantId=granted["GrantId"])
    with person.denied("kms:Decrypt", key, NOT_YOUR_KEY):
        person.kms.decrypt(CiphertextBlob=sealed)
