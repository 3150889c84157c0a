"""Who may use KMS's keys: users by policies with conditions, and by grants."""

import json

import pytest

from world import refused, word


def user(world, *statements):
    """A user with a policy of these statements, as a caller."""
    name = f"user-{word()}"
    world.iam.create_user(UserName=name)
    if statements:
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        world.iam.put_user_policy(
            UserName=name, PolicyName="p", PolicyDocument=json.dumps(document)
        )
    key = world.iam.create_access_key(UserName=name)["AccessKey"]
    return world.signed_by(key), f"arn:aws:iam::{world.account}:user/{name}"


def allow(action, resource="*", **condition):
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


@pytest.fixture
def keys(world):
    """One key of each usage."""
    kinds = {
        "symmetric": {},
        "signs": {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"},
        "codes": {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"},
        "agrees": {"KeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT"},
        "encapsulates": {"KeySpec": "ML_KEM_512", "KeyUsage": "ENCAPSULATE_DECAPSULATE"},
        "external": {"Origin": "EXTERNAL"},
        "regional": {"MultiRegion": True},
    }
    made = {
        name: world.kms.create_key(**kind)["KeyMetadata"]["KeyId"] for name, kind in kinds.items()
    }
    return world, made


SIGN = {"Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
MAC = {"Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
KEM = {"EncapsulationAlgorithm": "ML_KEM"}
CALLS = [
    ("symmetric", "generate_data_key_pair", {"KeyPairSpec": "ECC_NIST_P256"}),
    ("symmetric", "generate_data_key_pair_without_plaintext", {"KeyPairSpec": "ECC_NIST_P256"}),
    ("symmetric", "list_grants", {}),
    ("symmetric", "get_key_last_usage", {}),
    ("symmetric", "revoke_grant", {"GrantId": "0" * 64}),
    ("symmetric", "retire_grant", {"GrantId": "0" * 64}),
    ("signs", "get_public_key", {}),
    ("signs", "sign", SIGN),
    ("signs", "verify", {**SIGN, "Signature": b"x"}),
    ("codes", "generate_mac", MAC),
    ("codes", "verify_mac", {**MAC, "Mac": b"x"}),
    ("agrees", "derive_shared_secret", {"KeyAgreementAlgorithm": "ECDH", "PublicKey": b"x"}),
    ("encapsulates", "encapsulate", KEM),
    ("encapsulates", "decapsulate", {**KEM, "SharedSecretCiphertextBlob": b"x"}),
    (
        "external",
        "get_parameters_for_import",
        {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"},
    ),
    ("external", "import_key_material", {"ImportToken": b"x", "EncryptedKeyMaterial": b"x"}),
    ("external", "delete_imported_key_material", {}),
    ("regional", "replicate_key", {"ReplicaRegion": "us-west-2"}),
    ("regional", "update_primary_region", {"PrimaryRegion": "us-west-2"}),
]


def camel(name):
    return "".join(part.capitalize() for part in name.split("_"))


def test_who_has_no_permission_does_nothing_with_any_key(keys):
    world, made = keys
    caller, arn = user(world)
    for kind, name, more in CALLS:
        action = f"kms:{camel(name)}"
        told = f"User: {arn} is not authorized to perform: {action} on resource: "
        with refused("AccessDeniedException", told):
            getattr(caller.kms, name)(KeyId=made[kind], **more)
    with refused("AccessDeniedException"):
        caller.kms.create_grant(
            KeyId=made["symmetric"], GranteePrincipal=arn, Operations=["Decrypt"]
        )
    with refused("AccessDeniedException"):
        caller.kms.list_retirable_grants(RetiringPrincipal=arn)
    assert world.kms.list_grants(KeyId=made["symmetric"])["Grants"] == []
    related = world.kms.describe_key(KeyId=made["regional"])["KeyMetadata"]
    assert related["MultiRegionConfiguration"]["ReplicaKeys"] == []


def test_who_has_the_permission_is_not_refused_for_want_of_one(keys):
    world, made = keys
    actions = [f"kms:{camel(name)}" for _, name, _ in CALLS]
    caller, _ = user(world, allow([*actions, "kms:CreateKey"]))
    for kind, name, more in CALLS:
        try:
            getattr(caller.kms, name)(KeyId=made[kind], **more)
        except caller.kms.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] != "AccessDeniedException", name


def test_a_user_is_let_in_by_a_grant_alone(keys):
    world, made = keys
    caller, arn = user(world)
    sign = {"KeyId": made["signs"], **SIGN}
    with refused("AccessDeniedException"):
        caller.kms.sign(**sign)
    given = world.kms.create_grant(
        KeyId=made["signs"], GranteePrincipal=arn, Operations=["Sign", "RetireGrant"]
    )
    signed = caller.kms.sign(**sign, GrantTokens=[given["GrantToken"]])["Signature"]
    caller.kms.sign(**sign)
    with refused("AccessDeniedException"):
        caller.kms.verify(**sign, Signature=signed)
    caller.kms.retire_grant(GrantToken=given["GrantToken"])
    with refused("AccessDeniedException"):
        caller.kms.sign(**sign)


def test_a_user_reads_a_parameter_by_a_grant_on_its_key(keys):
    world, made = keys
    world.ssm.put_parameter(Name="/p", Value="pin", Type="SecureString", KeyId=made["symmetric"])
    caller, arn = user(world, allow("ssm:GetParameter"))
    with refused(("AccessDeniedException", "InvalidKeyId")):
        caller.ssm.get_parameter(Name="/p", WithDecryption=True)
    context = {"PARAMETER_ARN": world.arn("ssm", "parameter/p")}
    world.kms.create_grant(
        KeyId=made["symmetric"],
        GranteePrincipal=arn,
        Operations=["Decrypt"],
        Constraints={"EncryptionContextEquals": context},
    )
    found = caller.ssm.get_parameter(Name="/p", WithDecryption=True)["Parameter"]
    assert found["Value"] == "pin"


@pytest.mark.parametrize("tier", ["Standard", "Advanced"])
def test_a_user_writes_by_a_grant_on_the_key_through_a_service(keys, tier):
    world, made = keys
    caller, arn = user(world, allow(["ssm:PutParameter", "secretsmanager:CreateSecret"]))
    name = f"/{word()}"
    put = {"Name": name, "Value": "pin", "Type": "SecureString", "Tier": tier}
    with refused(("AccessDeniedException", "InvalidKeyId")):
        caller.ssm.put_parameter(**put, KeyId=made["symmetric"])
    secret = {"Name": word(), "SecretString": "pin", "KmsKeyId": made["symmetric"]}
    with refused("AccessDeniedException"):
        caller.sm.create_secret(**secret)
    world.kms.create_grant(
        KeyId=made["symmetric"],
        GranteePrincipal=arn,
        Operations=["Encrypt", "GenerateDataKey", "Decrypt", "DescribeKey"],
    )
    caller.ssm.put_parameter(**put, KeyId=made["symmetric"])
    found = world.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert found["Value"] == "pin"
    caller.sm.create_secret(**secret)
    assert world.sm.get_secret_value(SecretId=secret["Name"])["SecretString"] == "pin"


def test_conditions_ask_for_what_a_request_says(keys):
    world, made = keys
    caller, arn = user(
        world,
        allow("kms:Sign", StringEquals={"kms:SigningAlgorithm": "RSASSA_PSS_SHA_256"}),
        allow("kms:Verify", StringEquals={"kms:MessageType": "DIGEST"}),
        allow("kms:GenerateMac", StringEquals={"kms:MacAlgorithm": "HMAC_SHA_256"}),
        allow("kms:GenerateDataKeyPair", StringLike={"kms:DataKeyPairSpec": "ECC_*"}),
        allow("kms:ReplicateKey", StringEquals={"kms:ReplicaRegion": "us-west-2"}),
        allow("kms:CreateKey", StringEquals={"kms:KeySpec": "HMAC_256"}),
        allow(
            "kms:CreateGrant",
            **{
                "ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt", "Encrypt"]},
                "StringEquals": {"kms:GrantConstraintType": "EncryptionContextSubset"},
            },
        ),
    )
    kms = caller.kms
    with refused("AccessDeniedException"):
        kms.sign(KeyId=made["signs"], **SIGN)
    rsa = world.kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    kms.sign(KeyId=rsa, Message=b"m", SigningAlgorithm="RSASSA_PSS_SHA_256")
    with refused("AccessDeniedException"):
        kms.sign(KeyId=rsa, Message=b"m", SigningAlgorithm="RSASSA_PSS_SHA_512")
    signed = world.kms.sign(KeyId=made["signs"], **SIGN)["Signature"]
    with refused("AccessDeniedException"):
        kms.verify(KeyId=made["signs"], **SIGN, Signature=signed)
    with refused("KMSInvalidSignatureException"):
        verify = {**SIGN, "Message": b"x" * 32, "MessageType": "DIGEST"}
        kms.verify(KeyId=made["signs"], **verify, Signature=signed)
    kms.generate_mac(KeyId=made["codes"], **MAC)
    kms.generate_data_key_pair(KeyId=made["symmetric"], KeyPairSpec="ECC_NIST_P256")
    with refused("AccessDeniedException"):
        kms.generate_data_key_pair(KeyId=made["symmetric"], KeyPairSpec="RSA_2048")
    with refused("AccessDeniedException"):
        kms.replicate_key(KeyId=made["regional"], ReplicaRegion="us-west-1")
    with refused("AccessDeniedException"):
        kms.create_key()
    kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    grant = {"KeyId": made["symmetric"], "GranteePrincipal": arn}
    subset = {"EncryptionContextSubset": {"a": "1"}}
    kms.create_grant(**grant, Operations=["Decrypt"], Constraints=subset)
    for more in (
        {"Operations": ["Decrypt"]},
        {"Operations": ["Decrypt", "CreateGrant"], "Constraints": subset},
        {"Operations": ["Decrypt"], "Constraints": {"EncryptionContextEquals": {"a": "1"}}},
    ):
        with refused("AccessDeniedException"):
            kms.create_grant(**grant, **more)


def test_a_key_policy_may_ask_for_the_kind_of_its_key(keys):
    world, made = keys
    caller, _ = user(
        world,
        allow("kms:DescribeKey", StringEquals={"kms:KeyUsage": "SIGN_VERIFY"}),
        allow("kms:ListGrants", StringEquals={"kms:MultiRegionKeyType": "PRIMARY"}),
        allow("kms:GetKeyLastUsage", StringEquals={"kms:KeyOrigin": "EXTERNAL"}),
    )
    caller.kms.describe_key(KeyId=made["signs"])
    caller.kms.list_grants(KeyId=made["regional"])
    caller.kms.get_key_last_usage(KeyId=made["external"])
    for name in ("describe_key", "list_grants", "get_key_last_usage"):
        with refused("AccessDeniedException"):
            getattr(caller.kms, name)(KeyId=made["symmetric"])
