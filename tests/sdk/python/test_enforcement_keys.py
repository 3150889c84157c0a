"""The caller's own permission on keys: direct, through services, by context and by grant."""

import base64

import pytest

from people import allow, deny, grant, key_policy, policy, refused_exactly, role, session, user
from world import refused, word

NO_KEY = "Access to KMS is not allowed"
BY_PARAMETER = "kms:EncryptionContext:PARAMETER_ARN"
BY_SECRET = "kms:EncryptionContext:SecretARN"


@pytest.fixture
def sealed(world):
    """A secret, a standard and an advanced parameter under one key."""
    world.key = world.kms.create_key()["KeyMetadata"]["Arn"]
    world.named = word()
    world.sm.create_secret(Name=world.named, SecretString="v", KmsKeyId=world.key)
    world.secret_arn = world.sm.describe_secret(SecretId=world.named)["ARN"]
    for tier in ("Standard", "Advanced"):
        world.ssm.put_parameter(
            Name=f"/{world.named}/{tier}",
            Value="v",
            Type="SecureString",
            Tier=tier,
            KeyId=world.key,
        )
    yield world
    world.sm.delete_secret(SecretId=world.named, ForceDeleteWithoutRecovery=True)


def secret_of(person, sealed):
    return person.sm.get_secret_value(SecretId=sealed.named)["SecretString"]


def parameter_of(person, sealed, tier="Standard", **more):
    more = more or {"WithDecryption": True}
    return person.ssm.get_parameter(Name=f"/{sealed.named}/{tier}", **more)["Parameter"]["Value"]


def reads(*services):
    return [allow(f"{service}:Get*") for service in services]


def no_key(action="kms:Decrypt"):
    return refused("AccessDeniedException", f"is not authorized to perform: {action} on resource")


def via(service, world):
    return {"StringEquals": {"kms:ViaService": f"{service}.{world.region}.amazonaws.com"}}


def test_reading_needs_the_permission_to_decrypt(sealed):
    person = user(sealed, *reads("ssm", "secretsmanager"))
    with refused_exactly(NO_KEY):
        secret_of(person, sealed)
    for tier in ("Standard", "Advanced"):
        with no_key():
            parameter_of(person, sealed, tier)
    grant(sealed, person.name, *reads("ssm", "secretsmanager"), allow("kms:Decrypt", sealed.key))
    assert secret_of(person, sealed) == "v"
    for tier in ("Standard", "Advanced"):
        assert parameter_of(person, sealed, tier) == "v"


def test_a_ciphertext_may_be_read_without_the_key_and_opened_by_who_has_it(sealed):
    person = user(sealed, allow("ssm:GetParameter"))
    text = parameter_of(person, sealed, WithDecryption=False)
    context = {"PARAMETER_ARN": sealed.arn("ssm", f"parameter/{sealed.named}/Standard")}
    opening = {"CiphertextBlob": base64.b64decode(text), "EncryptionContext": context}
    with person.denied("kms:Decrypt", sealed.key):
        person.kms.decrypt(**opening)
    grant(sealed, person.name, allow("ssm:GetParameter"), allow("kms:Decrypt", sealed.key))
    assert person.kms.decrypt(**opening)["Plaintext"] == b"v"


def test_through_a_service_only(sealed):
    person = user(
        sealed,
        *reads("ssm", "secretsmanager"),
        allow("kms:Decrypt", sealed.key, via("secretsmanager", sealed)),
    )
    assert secret_of(person, sealed) == "v"
    with no_key():
        parameter_of(person, sealed)
    blob = sealed.kms.encrypt(KeyId=sealed.key, Plaintext=b"p")["CiphertextBlob"]
    with person.denied("kms:Decrypt", sealed.key):
        person.kms.decrypt(CiphertextBlob=blob)


def test_directly_only(sealed):
    not_via = {"Null": {"kms:ViaService": "true"}}
    person = user(
        sealed,
        *reads("ssm", "secretsmanager"),
        allow("kms:Decrypt", sealed.key, not_via),
    )
    blob = sealed.kms.encrypt(KeyId=sealed.key, Plaintext=b"p")["CiphertextBlob"]
    assert person.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"p"
    with refused_exactly(NO_KEY):
        secret_of(person, sealed)
    with no_key():
        parameter_of(person, sealed)
    indirect = {"Bool": {"aws:ViaAWSService": "true"}}
    grant(
        sealed,
        person.name,
        *reads("ssm", "secretsmanager"),
        allow("kms:*"),
        deny("kms:*", condition=indirect),
    )
    person.kms.decrypt(CiphertextBlob=blob)
    with refused_exactly(NO_KEY):
        secret_of(person, sealed)
    with refused("AccessDeniedException", "with an explicit deny in an identity-based policy"):
        parameter_of(person, sealed)


def test_by_the_context_that_services_bind_values_to(sealed):
    mine = {"StringEquals": {BY_SECRET: sealed.secret_arn}}
    person = user(sealed, *reads("ssm", "secretsmanager"), allow("kms:Decrypt", "*", mine))
    assert secret_of(person, sealed) == "v"
    with no_key():
        parameter_of(person, sealed)
    arn = sealed.arn("ssm", f"parameter/{sealed.named}/Standard")
    mine = {"StringEquals": {BY_PARAMETER: arn}}
    grant(
        sealed,
        person.name,
        *reads("ssm", "secretsmanager"),
        allow("kms:Decrypt", "*", mine),
    )
    with refused_exactly(NO_KEY):
        secret_of(person, sealed)
    assert parameter_of(person, sealed) == "v"
    with no_key():
        parameter_of(person, sealed, "Advanced")
    below = {"StringLike": {BY_PARAMETER: f"{arn.rpartition('/')[0]}/*"}}
    grant(sealed, person.name, *reads("ssm"), allow("kms:Decrypt", "*", below))
    assert parameter_of(person, sealed, "Advanced") == "v"


def test_writing_needs_the_key_by_tier_and_service(sealed):
    name = f"/{sealed.named}/new"
    put = {"Name": name, "Value": "w", "Type": "SecureString", "KeyId": sealed.key}
    person = user(sealed, allow("ssm:PutParameter"), allow("kms:Encrypt", sealed.key))
    with no_key("kms:GenerateDataKey"):
        person.ssm.put_parameter(**put, Tier="Advanced")
    person.ssm.put_parameter(**put, Tier="Standard")
    grant(sealed, person.name, allow("ssm:PutParameter"), allow("kms:GenerateDataKey"))
    with no_key("kms:Encrypt"):
        person.ssm.put_parameter(**put, Overwrite=True)
    person.ssm.put_parameter(**put, Tier="Advanced", Overwrite=True)
    assert sealed.ssm.get_parameter(Name=name)["Parameter"]["Version"] == 2
    secrets = ("secretsmanager:PutSecretValue", "secretsmanager:GetSecretValue")
    # AWS: who writes a secret must be able to open it, too.
    for actions in (["kms:GenerateDataKey"], ["kms:Decrypt"]):
        grant(sealed, person.name, allow(secrets), allow(actions))
        with refused_exactly(NO_KEY):
            person.sm.put_secret_value(SecretId=sealed.named, SecretString="w")
    assert secret_of(sealed, sealed) == "v"
    grant(sealed, person.name, allow(secrets), allow(["kms:GenerateDataKey", "kms:Decrypt"]))
    person.sm.put_secret_value(SecretId=sealed.named, SecretString="w")
    assert secret_of(person, sealed) == "w"


def test_a_key_that_is_not_there_is_told_only_to_who_might_use_it(world):
    missing = world.arn("kms", "key/11111111-2222-3333-4444-555555555555")
    key = world.kms.create_key()["KeyMetadata"]["Arn"]
    person = user(world, allow(["ssm:*", "secretsmanager:*"]))
    for arn in (key, missing, world.arn("kms", "alias/none")):
        for more in ({}, {"SecretString": "v"}):
            with refused_exactly(NO_KEY):
                person.sm.create_secret(Name=word(), KmsKeyId=arn, **more)
        with no_key("kms:Encrypt"):
            person.ssm.put_parameter(Name=f"/{word()}", Value="v", Type="SecureString", KeyId=arn)
    grant(world, person.name, allow("*"))
    with refused("EncryptionFailure"):
        person.sm.create_secret(Name=word(), KmsKeyId=missing, SecretString="v")
    with refused("InvalidKeyId", "does not exist"):
        person.ssm.put_parameter(Name=f"/{word()}", Value="v", Type="SecureString", KeyId=missing)


def test_another_key_is_taken_only_by_who_may_use_both(sealed):
    other = sealed.kms.create_key()["KeyMetadata"]["Arn"]
    write = allow(["secretsmanager:UpdateSecret", "secretsmanager:GetSecretValue"])
    uses = ["kms:Decrypt", "kms:GenerateDataKey"]
    person = user(sealed, write, allow(uses, sealed.key))
    with refused_exactly(NO_KEY):
        person.sm.update_secret(SecretId=sealed.named, KmsKeyId=other)
    empty = word()
    sealed.sm.create_secret(Name=empty)
    with refused_exactly(NO_KEY):
        person.sm.update_secret(SecretId=empty, KmsKeyId=other)
    grant(sealed, person.name, write, allow(uses, [sealed.key, other]))
    person.sm.update_secret(SecretId=sealed.named, KmsKeyId=other)
    person.sm.update_secret(SecretId=empty, KmsKeyId=other)
    assert sealed.sm.describe_secret(SecretId=sealed.named)["KmsKeyId"] == other
    grant(sealed, person.name, write, allow(uses, other))
    assert secret_of(person, sealed) == "v"


def test_managed_keys_are_for_all_of_the_account_through_their_service(dev):
    """Without any statement about KMS: the keys' own policies allow it."""
    person = user(dev, allow(["ssm:*Parameter", "secretsmanager:*"]))
    person.ssm.put_parameter(Name="/a", Value="v", Type="SecureString")
    found = person.ssm.get_parameter(Name="/a", WithDecryption=True)["Parameter"]
    assert found["Value"] == "v"
    person.sm.create_secret(Name="a", SecretString="v")
    assert person.sm.get_secret_value(SecretId="a")["SecretString"] == "v"
    key = dev.kms.describe_key(KeyId="alias/aws/ssm")["KeyMetadata"]["Arn"]
    reason = "because no resource-based policy allows the kms:Encrypt action"
    grant(dev, person.name, allow("*"))
    for caller, world in ((dev.iam_arn("root"), dev), (person.arn_of_caller, person)):
        with refused("AccessDeniedException") as caught:
            world.kms.encrypt(KeyId=key, Plaintext=b"p")
        assert caught.message == (
            f"User: {caller} is not authorized to perform: kms:Encrypt on resource: {key} {reason}"
        )


def test_a_denial_of_all_of_kms_stops_reads_even_under_managed_keys(dev):
    dev.ssm.put_parameter(Name="/a", Value="v", Type="SecureString")
    dev.sm.create_secret(Name="a", SecretString="v")
    person = user(dev, allow("*"), deny("kms:*"))
    with refused_exactly(NO_KEY):
        person.sm.get_secret_value(SecretId="a")
    with refused("AccessDeniedException", "with an explicit deny in an identity-based policy"):
        person.ssm.get_parameter(Name="/a", WithDecryption=True)
    found = person.sm.batch_get_secret_value(SecretIdList=["a"])
    assert found["SecretValues"] == []
    assert [each["Message"] for each in found["Errors"]] == [NO_KEY]
    person.ssm.get_parameter(Name="/a")
    person.sm.describe_secret(SecretId="a")
    with no_key("kms:Encrypt"):
        person.ssm.put_parameter(Name="/a", Value="w", Type="SecureString", Overwrite=True)
    assert dev.ssm.get_parameter(Name="/a", WithDecryption=True)["Parameter"]["Value"] == "v"


def test_a_key_policy_that_does_not_know_iam_lets_only_whom_it_names(sealed):
    """Without a statement for the account, identity policies are worth nothing on the key."""
    person = user(sealed, *reads("ssm", "secretsmanager"), allow("kms:*"))
    other = user(sealed, *reads("ssm", "secretsmanager"), allow("kms:*"))
    admin = {"ArnEquals": {"aws:PrincipalArn": sealed.iam_arn("root")}}
    text = policy(
        allow("kms:*", condition=admin, Principal={"AWS": sealed.iam_arn("root")}),
        allow("kms:Decrypt", Principal={"AWS": person.arn_of_caller}),
    )
    sealed.kms.put_key_policy(KeyId=sealed.key, PolicyName="default", Policy=text)
    assert secret_of(person, sealed) == "v"
    assert parameter_of(person, sealed) == "v"
    with refused_exactly(NO_KEY):
        secret_of(other, sealed)
    reason = "because no resource-based policy allows the kms:Decrypt action"
    with refused("AccessDeniedException", reason):
        parameter_of(other, sealed)


def test_a_key_policy_that_denies_is_obeyed(sealed):
    person = user(sealed, allow("*"))
    text = key_policy(sealed, deny("kms:Decrypt", Principal={"AWS": person.arn_of_caller}))
    sealed.kms.put_key_policy(KeyId=sealed.key, PolicyName="default", Policy=text)
    with refused_exactly(NO_KEY):
        secret_of(person, sealed)
    with refused("AccessDeniedException", "with an explicit deny in a resource-based policy"):
        parameter_of(person, sealed)
    assert secret_of(sealed, sealed) == "v"


def test_a_grant_lets_somebody_read_and_no_more(sealed):
    _, arn = role(sealed, *reads("ssm", "secretsmanager"))
    person = session(sealed, arn)
    with refused_exactly(NO_KEY):
        secret_of(person, sealed)
    granted = sealed.kms.create_grant(
        KeyId=sealed.key, GranteePrincipal=arn, Operations=["Decrypt"]
    )
    assert secret_of(person, sealed) == "v"
    assert parameter_of(person, sealed) == "v"
    with person.denied("kms:Encrypt", sealed.key):
        person.kms.encrypt(KeyId=sealed.key, Plaintext=b"p")
    sealed.kms.revoke_grant(KeyId=sealed.key, GrantId=granted["GrantId"])
    with refused_exactly(NO_KEY):
        secret_of(person, sealed)


def test_a_grant_for_one_context_opens_nothing_else(sealed):
    _, arn = role(sealed, *reads("ssm", "secretsmanager"))
    person = session(sealed, arn)
    sealed.kms.create_grant(
        KeyId=sealed.key,
        GranteePrincipal=arn,
        Operations=["Decrypt"],
        Constraints={"EncryptionContextSubset": {"SecretARN": sealed.secret_arn}},
    )
    assert secret_of(person, sealed) == "v"
    with no_key():
        parameter_of(person, sealed)


def test_a_grant_does_not_help_against_a_denial(sealed):
    _, arn = role(sealed, *reads("secretsmanager"), deny("kms:Decrypt"))
    person = session(sealed, arn)
    sealed.kms.create_grant(KeyId=sealed.key, GranteePrincipal=arn, Operations=["Decrypt"])
    with refused_exactly(NO_KEY):
        secret_of(person, sealed)


def test_a_key_may_be_chosen_by_its_tags_and_aliases(sealed):
    sealed.kms.tag_resource(KeyId=sealed.key, Tags=[{"TagKey": "team", "TagValue": "blue"}])
    alias = f"alias/{sealed.named}"
    sealed.kms.create_alias(AliasName=alias, TargetKeyId=sealed.key)
    person = user(sealed)
    for right, wrong in (
        (
            {"StringEquals": {"aws:ResourceTag/team": "blue"}},
            {"StringEquals": {"aws:ResourceTag/team": "red"}},
        ),
        (
            {"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias}},
            {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/other"}},
        ),
        (
            {"StringEquals": {"kms:CallerAccount": sealed.account}},
            {"StringEquals": {"kms:CallerAccount": "111122223333"}},
        ),
    ):
        grant(sealed, person.name, *reads("secretsmanager"), allow("kms:Decrypt", "*", right))
        assert secret_of(person, sealed) == "v"
        grant(sealed, person.name, *reads("secretsmanager"), allow("kms:Decrypt", "*", wrong))
        with refused_exactly(NO_KEY):
            secret_of(person, sealed)


# The operations whose KeyId is "the key ID or key ARN" in the API reference, and what else they ask.
NO_ALIAS = {
    "cancel_key_deletion": {},
    "create_grant": {"GranteePrincipal": "arn:aws:iam::111122223333:root", "Operations": ["Decrypt"]},
    "delete_imported_key_material": {},
    "disable_key": {},
    "disable_key_rotation": {},
    "enable_key": {},
    "enable_key_rotation": {},
    "get_key_last_usage": {},
    "get_key_policy": {},
    "get_key_rotation_status": {},
    "get_parameters_for_import": {
        "WrappingAlgorithm": "RSAES_OAEP_SHA_256",
        "WrappingKeySpec": "RSA_2048",
    },
    "import_key_material": {"ImportToken": b"t", "EncryptedKeyMaterial": b"m"},
    "list_grants": {},
    "list_key_policies": {},
    "list_key_rotations": {},
    "list_resource_tags": {},
    "put_key_policy": {"Policy": "{}"},
    "replicate_key": {"ReplicaRegion": "eu-west-3"},
    "retire_grant": {"GrantId": "0" * 64},
    "revoke_grant": {"GrantId": "0" * 64},
    "rotate_key_on_demand": {},
    "schedule_key_deletion": {},
    "tag_resource": {"Tags": [{"TagKey": "a", "TagValue": "b"}]},
    "untag_resource": {"TagKeys": ["a"]},
    "update_key_description": {"Description": "d"},
    "update_primary_region": {"PrimaryRegion": "eu-west-3"},
}


@pytest.mark.parametrize("operation", NO_ALIAS)
def test_an_alias_is_not_followed_by_operations_that_take_none(sealed, operation):
    """Else a refusal would tell somebody without permissions which key it stands for."""
    ask = getattr(user(sealed).kms, operation)
    there, gone = f"alias/{sealed.named}", f"alias/{word()}"
    sealed.kms.create_alias(AliasName=there, TargetKeyId=sealed.key)
    for alias in (there, gone):
        with refused("NotFoundException", f"Invalid keyId '{alias}'"):
            ask(KeyId=alias, **NO_ALIAS[operation])
        with refused("InvalidArnException", "Key Aliases are not supported for this operation."):
            ask(KeyId=sealed.arn("kms", alias), **NO_ALIAS[operation])


def test_an_alias_for_an_alias_is_refused_before_it_is_followed(sealed):
    person = user(sealed)
    alias = f"alias/{sealed.named}"
    sealed.kms.create_alias(AliasName=alias, TargetKeyId=sealed.key)
    for target in (alias, f"alias/{word()}", sealed.arn("kms", alias)):
        with refused("ValidationException", "Aliases must refer to keys. Not aliases"):
            person.kms.create_alias(AliasName=f"alias/{word()}", TargetKeyId=target)
        with refused("ValidationException", "Aliases must refer to keys. Not aliases"):
            person.kms.update_alias(AliasName=alias, TargetKeyId=target)
