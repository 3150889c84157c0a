"""Whom policies of resources name: who is there, and not who comes to have the name later."""

import json

import pytest

from people import allow, grant, key_policy, other_account, policy, role, session, user
from server import eventually
from world import refused, word

READ = "secretsmanager:GetSecretValue"
UNKNOWN = "This resource policy contains an unsupported principal."
INVALID = "Policy contains a statement with one or more invalid principals."


@pytest.fixture
def secret(world):
    name = word()
    world.sm.create_secret(Name=name, SecretString="v")
    yield world, name
    world.sm.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def named(*arns, action=READ):
    return policy(allow(action, Principal={"AWS": list(arns)}))


def nobodies(world):
    """Principals who are not there."""
    made = role(world, Path="/team/")[1]
    return [
        world.iam_arn(f"user/none-{word()}"),
        world.iam_arn(f"role/none-{word()}"),
        f"arn:aws:iam::{other_account(world).account}:role/none",
        # Somebody has the name, but under another path.
        made.replace("/team/", "/"),
    ]


def test_a_secrets_policy_names_nobody_who_is_not_there(secret):
    world, name = secret
    for arn in nobodies(world):
        with refused("MalformedPolicyDocumentException", UNKNOWN):
            world.sm.put_resource_policy(SecretId=name, ResourcePolicy=named(arn))
        spared = {"Effect": "Deny", "NotPrincipal": {"AWS": arn}, "Action": READ, "Resource": "*"}
        with refused("MalformedPolicyDocumentException", UNKNOWN):
            world.sm.put_resource_policy(SecretId=name, ResourcePolicy=policy(spared))
    assert "ResourcePolicy" not in world.sm.get_resource_policy(SecretId=name)


def test_a_key_policy_names_nobody_who_is_not_there(world):
    key = world.kms.create_key()["KeyMetadata"]["KeyId"]
    before = world.kms.get_key_policy(KeyId=key)["Policy"]
    for arn in nobodies(world):
        text = key_policy(world, allow("kms:Decrypt", Principal={"AWS": arn}))
        with refused("MalformedPolicyDocumentException", INVALID):
            world.kms.create_key(Policy=text)
        with refused("MalformedPolicyDocumentException", INVALID):
            world.kms.put_key_policy(KeyId=key, PolicyName="default", Policy=text)
    assert world.kms.get_key_policy(KeyId=key)["Policy"] == before


def test_a_parameter_is_shared_with_nobody_who_is_not_there(dev):
    dev.ssm.put_parameter(Name="/a", Value="v", Type="String", Tier="Advanced")
    arn = dev.arn("ssm", "parameter/a")
    for nobody in nobodies(dev):
        text = policy(allow("ssm:GetParameter", arn, Principal={"AWS": nobody}))
        with refused("MalformedResourcePolicyDocumentException"):
            dev.ssm.put_resource_policy(ResourceArn=arn, Policy=text)
    assert dev.ssm.get_resource_policies(ResourceArn=arn)["Policies"] == []


def test_the_policy_is_shown_as_it_was_put(secret):
    world, name = secret
    person = user(world)
    text = json.dumps(json.loads(named(person.arn_of_caller)), indent=4)
    world.sm.put_resource_policy(SecretId=name, ResourcePolicy=text)
    assert world.sm.get_resource_policy(SecretId=name)["ResourcePolicy"] == text
    assert person.sm.get_secret_value(SecretId=name)["SecretString"] == "v"


def test_a_user_who_is_made_anew_is_not_the_one_who_was_named(secret):
    world, name = secret
    person = user(world)
    id = world.iam.get_user(UserName=person.name)["User"]["UserId"]
    world.sm.put_resource_policy(SecretId=name, ResourcePolicy=named(person.arn_of_caller))
    assert person.sm.get_secret_value(SecretId=name)["SecretString"] == "v"
    world.iam.delete_access_key(UserName=person.name, AccessKeyId=person.access_key)
    world.iam.delete_user(UserName=person.name)
    again = user(world, name=person.name)
    assert again.arn_of_caller == person.arn_of_caller
    with again.denied(READ, name):
        again.sm.get_secret_value(SecretId=name)
    # AWS shows the id that is left of whom the policy named.
    shown = json.loads(world.sm.get_resource_policy(SecretId=name)["ResourcePolicy"])
    assert shown["Statement"][0]["Principal"] == {"AWS": [id]}
    world.sm.put_resource_policy(SecretId=name, ResourcePolicy=named(again.arn_of_caller))
    assert again.sm.get_secret_value(SecretId=name)["SecretString"] == "v"


def test_a_role_of_another_account_that_is_made_anew_is_not_trusted(dev):
    workload = other_account(dev)
    key = dev.kms.create_key()["KeyMetadata"]["Arn"]
    name, arn = role(workload, allow("kms:*"))
    text = key_policy(dev, allow("kms:*", Principal={"AWS": arn}))
    dev.kms.put_key_policy(KeyId=key, PolicyName="default", Policy=text)
    session(workload, arn).kms.encrypt(KeyId=key, Plaintext=b"p")
    workload.iam.delete_role_policy(RoleName=name, PolicyName="own")
    workload.iam.delete_role(RoleName=name)
    _, again = role(workload, allow("kms:*"), name=name)
    assert again == arn
    with refused("AccessDeniedException", "kms:Encrypt on resource"):
        session(workload, again).kms.encrypt(KeyId=key, Plaintext=b"p")
    assert arn not in dev.kms.get_key_policy(KeyId=key)["Policy"]
    dev.kms.put_key_policy(KeyId=key, PolicyName="default", Policy=text)
    session(workload, again).kms.encrypt(KeyId=key, Plaintext=b"p")


def test_a_grant_is_for_the_role_that_there_was(dev):
    key = dev.kms.create_key()["KeyMetadata"]["Arn"]
    sealed = dev.kms.encrypt(KeyId=key, Plaintext=b"p")["CiphertextBlob"]
    name, arn = role(dev)
    give = {"KeyId": key, "GranteePrincipal": arn, "Operations": ["Decrypt"], "Name": "reader"}
    dev.kms.create_grant(**give)
    session(dev, arn).kms.decrypt(CiphertextBlob=sealed)
    dev.iam.delete_role(RoleName=name)
    role(dev, name=name)
    again = session(dev, arn)
    with again.denied("kms:Decrypt", key):
        again.kms.decrypt(CiphertextBlob=sealed)
    dev.kms.create_grant(**give)
    again.kms.decrypt(CiphertextBlob=sealed)


def test_who_was_denied_is_denied_under_another_name(secret):
    """AWS keeps the id, so renaming a user does not free it from a denial."""
    world, name = secret
    person = user(world, allow("*"))
    text = policy(
        {"Effect": "Deny", "Principal": {"AWS": person.arn_of_caller}, "Action": READ,
         "Resource": "*"}
    )
    world.sm.put_resource_policy(SecretId=name, ResourcePolicy=text)
    with person.denied(READ, name, "with an explicit deny in a resource-based policy"):
        person.sm.get_secret_value(SecretId=name)
    world.iam.update_user(UserName=person.name, NewUserName=f"{person.name}-2")
    with refused("AccessDeniedException", "with an explicit deny in a resource-based policy"):
        person.sm.get_secret_value(SecretId=name)


def test_a_replica_is_guarded_by_the_same_people(dev):
    dev.sm.create_secret(
        Name="a", SecretString="v", AddReplicaRegions=[{"Region": "eu-west-1"}]
    )
    person = user(dev)
    dev.sm.put_resource_policy(SecretId="a", ResourcePolicy=named(person.arn_of_caller))
    abroad = person.client("secretsmanager", "eu-west-1")
    def readable():
        try:
            return abroad.get_secret_value(SecretId="a")["SecretString"] == "v"
        except abroad.exceptions.ClientError:
            return False

    eventually(readable, "the replica follows with its policy")
    dev.iam.delete_access_key(UserName=person.name, AccessKeyId=person.access_key)
    dev.iam.delete_user(UserName=person.name)
    again = user(dev, name=person.name)
    with again.denied(READ, "a"):
        again.client("secretsmanager", "eu-west-1").get_secret_value(SecretId="a")


def test_a_session_may_be_named_by_itself(secret):
    world, name = secret
    _, arn = role(world)
    person = session(world, arn, "one")
    other = session(world, arn, "two")
    world.sm.put_resource_policy(SecretId=name, ResourcePolicy=named(person.arn_of_caller))
    assert person.sm.get_secret_value(SecretId=name)["SecretString"] == "v"
    with other.denied(READ, name):
        other.sm.get_secret_value(SecretId=name)
    world.sm.put_resource_policy(SecretId=name, ResourcePolicy=named(arn))
    assert other.sm.get_secret_value(SecretId=name)["SecretString"] == "v"


def test_a_boundary_limits_what_a_role_is_granted_and_not_what_a_user_is(secret):
    """AWS: IAM user guide, "Permissions boundaries", evaluation within one account."""
    world, name = secret
    bounds = world.iam.create_policy(
        PolicyName=f"bounds-{word()}", PolicyDocument=policy(allow("ssm:*"))
    )["Policy"]["Arn"]
    person = user(world, PermissionsBoundary=bounds)
    role_name, arn = role(world, PermissionsBoundary=bounds)
    bounded = session(world, arn)
    text = named(person.arn_of_caller, arn)
    world.sm.put_resource_policy(SecretId=name, ResourcePolicy=text)
    assert person.sm.get_secret_value(SecretId=name)["SecretString"] == "v"
    with bounded.denied(READ, name, f"because no permissions boundary allows the {READ} action"):
        bounded.sm.get_secret_value(SecretId=name)
    world.iam.delete_role_permissions_boundary(RoleName=role_name)
    assert bounded.sm.get_secret_value(SecretId=name)["SecretString"] == "v"


def test_a_public_policy_is_let_through_and_blocked_when_asked(secret):
    world, name = secret
    stranger = user(world)
    public = policy(allow(READ, Principal="*"))
    with refused("PublicPolicyException"):
        world.sm.put_resource_policy(
            SecretId=name, ResourcePolicy=public, BlockPublicPolicy=True
        )
    with stranger.denied(READ, name):
        stranger.sm.get_secret_value(SecretId=name)
    world.sm.put_resource_policy(SecretId=name, ResourcePolicy=public)
    assert stranger.sm.get_secret_value(SecretId=name)["SecretString"] == "v"


def test_who_must_block_public_policies_cannot_put_one(secret):
    """The guide's example: a condition on `secretsmanager:BlockPublicPolicy`."""
    world, name = secret
    must = {"Bool": {"secretsmanager:BlockPublicPolicy": "true"}}
    person = user(world, allow("secretsmanager:PutResourcePolicy", condition=must))
    text = named(world.iam_arn("root"))
    for given in ({}, {"BlockPublicPolicy": False}):
        with person.denied("secretsmanager:PutResourcePolicy", name):
            person.sm.put_resource_policy(SecretId=name, ResourcePolicy=text, **given)
    person.sm.put_resource_policy(SecretId=name, ResourcePolicy=text, BlockPublicPolicy=True)
    public = policy(allow(READ, Principal="*"))
    with refused("PublicPolicyException"):
        person.sm.put_resource_policy(
            SecretId=name, ResourcePolicy=public, BlockPublicPolicy=True
        )
    grant(world, person.name, allow("secretsmanager:*"))
    person.sm.put_resource_policy(SecretId=name, ResourcePolicy=public)
