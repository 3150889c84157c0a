"""KMS, as far as sealing needs it: keys, aliases, encryption, states."""

import datetime
import re
import uuid

import pytest

from world import pages, refused, refused_by_the_model

UNKNOWN = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def key(world):
    return world, world.kms.create_key(Description="Our key")["KeyMetadata"]


def state(world, key):
    return world.kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"]


def test_a_new_key_is_an_enabled_symmetric_one_of_the_customer(key):
    world, made = key
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made["KeyId"])
    assert made["Arn"] == world.arn("kms", f"key/{made['KeyId']}")
    assert isinstance(made["CreationDate"], datetime.datetime)
    wanted = {
        "AWSAccountId": world.account,
        "Enabled": True,
        "Description": "Our key",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": "Enabled",
        "Origin": "AWS_KMS",
        "KeyManager": "CUSTOMER",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": False,
    }
    assert {name: made.get(name) for name in wanted} == wanted
    assert "DeletionDate" not in made


def test_a_key_is_described_by_id_arn_and_alias(key):
    world, made = key
    world.kms.create_alias(AliasName="alias/own", TargetKeyId=made["KeyId"])
    names = [made["KeyId"], made["Arn"], "alias/own", world.arn("kms", "alias/own")]
    for name in names:
        assert world.kms.describe_key(KeyId=name)["KeyMetadata"]["Arn"] == made["Arn"]


def test_a_key_that_is_not_there_is_not_found(world):
    for name in (UNKNOWN, world.arn("kms", f"key/{UNKNOWN}"), "alias/none"):
        for call in (
            lambda name=name: world.kms.describe_key(KeyId=name),
            lambda name=name: world.kms.encrypt(KeyId=name, Plaintext=b"v"),
            lambda name=name: world.kms.generate_data_key(KeyId=name, KeySpec="AES_256"),
        ):
            with refused("NotFoundException"):
                call()
    with refused("NotFoundException", f"Key '{world.arn('kms', f'key/{UNKNOWN}')}' does not exist"):
        world.kms.describe_key(KeyId=UNKNOWN)


CONTEXTS = [{}, {"PARAMETER_ARN": "arn:aws:ssm:x"}, {"b": "2", "a": "1", "ä": "€"}]


@pytest.mark.parametrize("context", CONTEXTS, ids=["none", "one", "several"])
@pytest.mark.parametrize("size", [1, 4096])
def test_what_is_encrypted_is_decrypted(key, context, size):
    world, made = key
    text = b"\xff" * size
    sealed = world.kms.encrypt(KeyId=made["KeyId"], Plaintext=text, EncryptionContext=context)
    assert sealed["KeyId"] == made["Arn"]
    assert sealed["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    assert text not in sealed["CiphertextBlob"] or size == 1
    assert len(sealed["CiphertextBlob"]) <= 6144
    opened = world.kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=context)
    assert (opened["Plaintext"], opened["KeyId"]) == (text, made["Arn"])
    named = world.kms.decrypt(
        CiphertextBlob=sealed["CiphertextBlob"],
        EncryptionContext=dict(reversed(list(context.items()))),
        KeyId=made["Arn"],
    )
    assert named["Plaintext"] == text


def test_ciphertext_opens_with_its_context_and_key_only(key):
    world, made = key
    blob = world.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"v", EncryptionContext={"a": "1"})[
        "CiphertextBlob"
    ]
    for context in ({}, {"a": "2"}, {"A": "1"}, {"a": "1", "b": "2"}):
        with refused("InvalidCiphertextException"):
            world.kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
    other = world.kms.create_key()["KeyMetadata"]["KeyId"]
    with refused("IncorrectKeyException"):
        world.kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "1"}, KeyId=other)


def test_ciphertext_with_a_flipped_bit_does_not_open(key):
    world, made = key
    blob = world.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"value")["CiphertextBlob"]
    for place in (0, 1, len(blob) // 2, len(blob) - 1):
        broken = bytearray(blob)
        broken[place] ^= 1
        with refused("InvalidCiphertextException"):
            world.kms.decrypt(CiphertextBlob=bytes(broken))
    for broken in (b"x", b"no ciphertext" * 20, blob[:-1], blob + b"x"):
        with refused("InvalidCiphertextException"):
            world.kms.decrypt(CiphertextBlob=broken)


def test_another_account_does_not_open_ciphertext(dev):
    made = dev.kms.create_key()["KeyMetadata"]
    blob = dev.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"v")["CiphertextBlob"]
    other = type(dev).on_dev(dev.server)
    with refused(("AccessDeniedException", "InvalidCiphertextException", "NotFoundException")):
        other.kms.decrypt(CiphertextBlob=blob)
    with refused(("AccessDeniedException", "NotFoundException")):
        other.kms.describe_key(KeyId=made["Arn"])
    other.close()


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ({"KeySpec": "AES_256"}, 32),
        ({"KeySpec": "AES_128"}, 16),
        ({"NumberOfBytes": 1}, 1),
        ({"NumberOfBytes": 1024}, 1024),
    ],
    ids=str,
)
def test_a_data_key_comes_open_and_sealed(key, asked, size):
    world, made = key
    context = {"for": "a test"}
    answer = world.kms.generate_data_key(KeyId=made["KeyId"], EncryptionContext=context, **asked)
    assert len(answer["Plaintext"]) == size
    assert answer["KeyId"] == made["Arn"]
    opened = world.kms.decrypt(CiphertextBlob=answer["CiphertextBlob"], EncryptionContext=context)
    assert opened["Plaintext"] == answer["Plaintext"]
    again = world.kms.generate_data_key(KeyId=made["KeyId"], **asked)
    assert size == 1 or again["Plaintext"] != answer["Plaintext"]


def test_the_size_of_a_data_key_is_said_once(key):
    world, made = key
    for asked in ({}, {"KeySpec": "AES_256", "NumberOfBytes": 32}):
        with refused("ValidationException"):
            world.kms.generate_data_key(KeyId=made["KeyId"], **asked)


@pytest.mark.parametrize(
    ("operation", "bad"),
    [
        ("encrypt", {"Plaintext": b""}),
        ("encrypt", {"Plaintext": b"v" * 4097}),
        ("encrypt", {"Plaintext": b"v", "EncryptionAlgorithm": "ROT13"}),
        ("generate_data_key", {"NumberOfBytes": 0}),
        ("generate_data_key", {"NumberOfBytes": 1025}),
        ("generate_data_key", {"KeySpec": "AES_512"}),
        ("schedule_key_deletion", {"PendingWindowInDays": 0}),
    ],
    ids=lambda part: part if isinstance(part, str) else "-".join(part),
)
def test_what_the_model_forbids_is_refused_in_its_words(dev, operation, bad):
    made = dev.kms.create_key()["KeyMetadata"]
    with refused_by_the_model():
        getattr(dev.raw_kms, operation)(KeyId=made["KeyId"], **bad)


def test_a_disabled_key_does_nothing_until_it_is_enabled(key):
    world, made = key
    blob = world.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"v")["CiphertextBlob"]
    world.kms.disable_key(KeyId=made["KeyId"])
    found = world.kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    assert (found["KeyState"], found["Enabled"]) == ("Disabled", False)
    for call in (
        lambda: world.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"v"),
        lambda: world.kms.decrypt(CiphertextBlob=blob),
        lambda: world.kms.generate_data_key(KeyId=made["KeyId"], KeySpec="AES_256"),
    ):
        with refused("DisabledException", f"{made['Arn']} is disabled"):
            call()
    world.kms.enable_key(KeyId=made["KeyId"])
    assert world.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"v"


def test_a_key_awaits_its_deletion_and_can_be_kept(key):
    world, made = key
    blob = world.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"v")["CiphertextBlob"]
    answer = world.kms.schedule_key_deletion(KeyId=made["KeyId"], PendingWindowInDays=7)
    assert (answer["KeyId"], answer["KeyState"]) == (made["Arn"], "PendingDeletion")
    assert answer["PendingWindowInDays"] == 7
    window = answer["DeletionDate"] - made["CreationDate"]
    assert datetime.timedelta(days=6) < window < datetime.timedelta(days=8)
    found = world.kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    assert (found["KeyState"], found["Enabled"]) == ("PendingDeletion", False)
    for call in (
        lambda: world.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"v"),
        lambda: world.kms.decrypt(CiphertextBlob=blob),
        lambda: world.kms.enable_key(KeyId=made["KeyId"]),
        lambda: world.kms.schedule_key_deletion(KeyId=made["KeyId"]),
    ):
        with refused("KMSInvalidStateException", "is pending deletion"):
            call()
    kept = world.kms.cancel_key_deletion(KeyId=made["KeyId"])
    assert kept["KeyId"] == made["Arn"]
    assert state(world, made) == "Disabled"
    world.kms.enable_key(KeyId=made["KeyId"])
    assert world.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"v"


def test_only_what_awaits_deletion_can_be_kept(key):
    world, made = key
    with refused("KMSInvalidStateException"):
        world.kms.cancel_key_deletion(KeyId=made["KeyId"])


@pytest.mark.parametrize("days", [6, 31])
def test_a_window_is_seven_to_thirty_days(dev, days):
    made = dev.kms.create_key()["KeyMetadata"]
    with refused("ValidationException"):
        dev.kms.schedule_key_deletion(KeyId=made["KeyId"], PendingWindowInDays=days)
    assert state(dev, made) == "Enabled"


def test_a_window_ends_with_the_end_of_the_key(timed):
    made = timed.kms.create_key()["KeyMetadata"]
    timed.kms.create_alias(AliasName="alias/own", TargetKeyId=made["KeyId"])
    timed.kms.schedule_key_deletion(KeyId=made["KeyId"], PendingWindowInDays=7)
    timed.server.advance("6d")
    assert state(timed, made) == "PendingDeletion"
    timed.server.advance("2d")
    with refused("NotFoundException"):
        timed.kms.describe_key(KeyId=made["KeyId"])
    with refused("NotFoundException"):
        timed.kms.describe_key(KeyId="alias/own")


def aliases(world, **more):
    found, _ = pages(world.kms.list_aliases, "Aliases", token="Marker", **more)
    return {item["AliasName"]: item.get("TargetKeyId") for item in found}


def test_aliases_are_made_moved_listed_and_deleted(key):
    world, made = key
    other = world.kms.create_key()["KeyMetadata"]
    world.kms.create_alias(AliasName="alias/app/db", TargetKeyId=made["Arn"])
    world.kms.create_alias(AliasName="alias/second", TargetKeyId=made["KeyId"])
    assert aliases(world, KeyId=made["KeyId"]) == {
        "alias/app/db": made["KeyId"],
        "alias/second": made["KeyId"],
    }
    listed = world.kms.list_aliases(KeyId=made["KeyId"])
    assert listed["Truncated"] is False
    assert listed["Aliases"][0]["AliasArn"] == world.arn("kms", "alias/app/db")
    world.kms.update_alias(AliasName="alias/app/db", TargetKeyId=other["KeyId"])
    assert world.kms.describe_key(KeyId="alias/app/db")["KeyMetadata"]["Arn"] == other["Arn"]
    world.kms.delete_alias(AliasName="alias/app/db")
    with refused("NotFoundException"):
        world.kms.describe_key(KeyId="alias/app/db")
    assert state(world, other) == "Enabled"


def test_an_alias_moves_between_keys_of_one_kind_only(key):
    world, made = key
    world.kms.create_alias(AliasName="alias/own", TargetKeyId=made["KeyId"])
    for spec, usage in (("HMAC_256", "GENERATE_VERIFY_MAC"), ("RSA_2048", "ENCRYPT_DECRYPT")):
        other = world.kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]
        with refused("ValidationException"):
            world.kms.update_alias(AliasName="alias/own", TargetKeyId=other["KeyId"])
        assert aliases(world, KeyId=other["KeyId"]) == {}
    assert aliases(world, KeyId=made["KeyId"]) == {"alias/own": made["KeyId"]}


def test_aliases_come_in_pages(key):
    world, made = key
    for number in range(7):
        world.kms.create_alias(AliasName=f"alias/n{number}", TargetKeyId=made["KeyId"])
    first = world.kms.list_aliases(KeyId=made["KeyId"], Limit=3)
    assert len(first["Aliases"]) == 3
    assert first["Truncated"] is True
    second = world.kms.list_aliases(KeyId=made["KeyId"], Limit=10, Marker=first["NextMarker"])
    names = {item["AliasName"] for item in first["Aliases"] + second["Aliases"]}
    assert names == {f"alias/n{number}" for number in range(7)}
    assert second["Truncated"] is False


def test_an_alias_is_taken_once(key):
    world, made = key
    world.kms.create_alias(AliasName="alias/own", TargetKeyId=made["KeyId"])
    with refused("AlreadyExistsException"):
        world.kms.create_alias(AliasName="alias/own", TargetKeyId=made["KeyId"])


@pytest.mark.parametrize("name", ["own", "alias/aws/mine", "alias/"])
def test_alias_names_that_can_not_be_are_refused(dev, name):
    made = dev.kms.create_key()["KeyMetadata"]
    with refused(("InvalidAliasNameException", "ValidationException", "NotAuthorizedException")):
        dev.kms.create_alias(AliasName=name, TargetKeyId=made["KeyId"])


def test_aliases_of_what_is_not_there_are_refused(world):
    with refused("NotFoundException"):
        world.kms.create_alias(AliasName="alias/own", TargetKeyId=str(uuid.uuid4()))
    with refused("NotFoundException"):
        world.kms.update_alias(AliasName="alias/none", TargetKeyId=str(uuid.uuid4()))
    with refused("NotFoundException"):
        world.kms.delete_alias(AliasName="alias/none")


def test_a_key_of_aws_is_neither_disabled_nor_deleted(world):
    world.ssm.put_parameter(Name="/app/pin", Value="pin", Type="SecureString")
    made = world.kms.describe_key(KeyId="alias/aws/ssm")["KeyMetadata"]
    codes = (
        "AccessDeniedException",
        "UnsupportedOperationException",
        "ValidationException",
        "KMSInvalidStateException",
    )
    for call in (
        lambda: world.kms.disable_key(KeyId=made["KeyId"]),
        lambda: world.kms.schedule_key_deletion(KeyId=made["KeyId"]),
    ):
        with refused(codes):
            call()
    assert state(world, made) == "Enabled"


@pytest.mark.parametrize("usage", ["ENCRYPT_DECRYPT", "SIGN_VERIFY", "KEY_AGREEMENT"])
def test_keys_of_kinds_that_are_not_made_here_are_refused_and_not_faked(dev, usage):
    with refused("UnsupportedOperationException"):
        dev.kms.create_key(KeySpec="SM2", KeyUsage=usage)
    assert dev.kms.list_keys()["Keys"] == []


def test_keys_have_tags(world):
    made = world.kms.create_key(Tags=[{"TagKey": "team", "TagValue": "blue"}])["KeyMetadata"]
    tags = world.kms.list_resource_tags(KeyId=made["KeyId"])["Tags"]
    assert tags == [{"TagKey": "team", "TagValue": "blue"}]
