"""KMS's grants: how they are made, listed, retired and revoked, and what they allow."""

import json
import re

import pytest

from world import refused, refused_by_the_model, word

OPERATIONS = ["Decrypt", "Encrypt", "GenerateDataKey", "DescribeKey"]


def role(world, name="reader"):
    return f"arn:aws:iam::{world.account}:role/{name}"


@pytest.fixture
def key(world):
    return world, world.kms.create_key()["KeyMetadata"]


def grants(world, key, **more):
    return world.kms.list_grants(KeyId=key["KeyId"], **more)["Grants"]


def grant(world, key, **more):
    asked = {"GranteePrincipal": role(world), "Operations": OPERATIONS, **more}
    return world.kms.create_grant(KeyId=key["KeyId"], **asked)


def test_a_grant_is_made_and_listed_as_it_was_made(key):
    world, made = key
    constraints = {"EncryptionContextSubset": {"a": "1"}}
    given = grant(
        world,
        made,
        Name="our-grant",
        Constraints=constraints,
        RetiringPrincipal=role(world, "clerk"),
    )
    assert re.fullmatch("[0-9a-f]{64}", given["GrantId"])
    assert given["GrantToken"]
    (listed,) = grants(world, made)
    assert listed["GrantId"] == given["GrantId"]
    assert listed["KeyId"] == made["Arn"]
    assert listed["Name"] == "our-grant"
    assert listed["GranteePrincipal"] == role(world)
    assert listed["RetiringPrincipal"] == role(world, "clerk")
    assert listed["IssuingAccount"] == f"arn:aws:iam::{world.account}:root"
    assert sorted(listed["Operations"]) == sorted(OPERATIONS)
    assert listed["Constraints"] == constraints
    assert listed["CreationDate"] >= made["CreationDate"]
    assert "GranteeServicePrincipal" not in listed


def test_a_named_grant_is_made_once_and_one_without_a_name_each_time(key):
    world, made = key
    first, again = grant(world, made, Name="same"), grant(world, made, Name="same")
    assert first["GrantId"] == again["GrantId"]
    assert first["GrantToken"] != again["GrantToken"]
    assert len(grants(world, made)) == 1
    other = grant(world, made, Name="same", Operations=["Decrypt"])
    assert other["GrantId"] != first["GrantId"]
    ids = {grant(world, made)["GrantId"] for _ in range(2)}
    assert len(ids) == 2
    assert len(grants(world, made)) == 4


def test_grants_are_found_by_id_and_by_grantee(key):
    world, made = key
    first = grant(world, made)
    second = grant(world, made, GranteePrincipal=role(world, "other"))
    (found,) = grants(world, made, GrantId=second["GrantId"])
    assert found["GranteePrincipal"] == role(world, "other")
    (found,) = grants(world, made, GranteePrincipal=role(world))
    assert found["GrantId"] == first["GrantId"]
    assert grants(world, made, GranteePrincipal=role(world, "nobody")) == []
    assert grants(world, made, GranteePrincipal=role(world), GrantId=second["GrantId"]) == []
    other = world.kms.create_key()["KeyMetadata"]
    assert grants(world, other) == []
    with refused("NotFoundException"):
        grants(world, other, GrantId=first["GrantId"])
    with refused("InvalidGrantIdException"):
        grants(world, made, GrantId="x")


def test_grants_come_in_pages(key):
    world, made = key
    ids = {grant(world, made, Name=f"n{number}")["GrantId"] for number in range(7)}
    for more in ({}, {"GranteePrincipal": role(world)}):
        page, found = world.kms.list_grants(KeyId=made["KeyId"], Limit=3, **more), []
        while True:
            found += [item["GrantId"] for item in page["Grants"]]
            assert page["Truncated"] is ("NextMarker" in page)
            if not page["Truncated"]:
                break
            page = world.kms.list_grants(
                KeyId=made["KeyId"], Limit=3, Marker=page["NextMarker"], **more
            )
        assert len(found) == 7 and set(found) == ids
    with refused("InvalidMarkerException"):
        world.kms.list_grants(KeyId=made["KeyId"], Marker="x")


def test_what_a_principal_may_retire_is_listed(key):
    world, made = key
    clerk = role(world, f"clerk-{word()}")
    other = world.kms.create_key()["KeyMetadata"]
    ids = {
        grant(world, made, RetiringPrincipal=clerk)["GrantId"],
        grant(world, other, RetiringPrincipal=clerk)["GrantId"],
    }
    grant(world, made, RetiringPrincipal=role(world, "somebody"))
    grant(world, made)
    listed = world.kms.list_retirable_grants(RetiringPrincipal=clerk)
    assert {item["GrantId"] for item in listed["Grants"]} == ids
    assert listed["Truncated"] is False
    page = world.kms.list_retirable_grants(RetiringPrincipal=clerk, Limit=1)
    assert page["Truncated"] is True
    rest = world.kms.list_retirable_grants(RetiringPrincipal=clerk, Marker=page["NextMarker"])
    assert {item["GrantId"] for item in page["Grants"] + rest["Grants"]} == ids
    assert world.kms.list_retirable_grants(RetiringPrincipal=role(world))["Grants"] == []
    with refused("AccessDeniedException"):
        world.kms.list_retirable_grants(RetiringPrincipal="arn:aws:iam::111111111111:role/r")
    with refused("ValidationException"):
        world.raw_kms.list_retirable_grants()


def test_a_grant_is_retired_by_token_and_by_id(key):
    world, made = key
    first, second, third = (grant(world, made) for _ in range(3))
    world.kms.retire_grant(GrantToken=first["GrantToken"])
    world.kms.retire_grant(KeyId=made["Arn"], GrantId=second["GrantId"])
    assert [item["GrantId"] for item in grants(world, made)] == [third["GrantId"]]
    with refused("NotFoundException"):
        world.kms.retire_grant(GrantToken=first["GrantToken"])
    with refused("NotFoundException"):
        world.kms.retire_grant(KeyId=made["Arn"], GrantId=second["GrantId"])
    with refused("InvalidGrantTokenException"):
        world.kms.retire_grant(GrantToken="no token")
    for asked in ({}, {"KeyId": made["Arn"]}, {"GrantId": third["GrantId"]}):
        with refused("ValidationException"):
            world.kms.retire_grant(**asked)
    with refused("DryRunOperationException"):
        world.kms.retire_grant(GrantToken=third["GrantToken"], DryRun=True)
    assert len(grants(world, made)) == 1


def test_a_grant_is_revoked(key):
    world, made = key
    given = grant(world, made)
    with refused("DryRunOperationException"):
        world.kms.revoke_grant(KeyId=made["KeyId"], GrantId=given["GrantId"], DryRun=True)
    assert len(grants(world, made)) == 1
    world.kms.revoke_grant(KeyId=made["KeyId"], GrantId=given["GrantId"])
    assert grants(world, made) == []
    with refused("NotFoundException"):
        world.kms.revoke_grant(KeyId=made["KeyId"], GrantId=given["GrantId"])
    with refused("InvalidGrantIdException"):
        world.kms.revoke_grant(KeyId=made["KeyId"], GrantId="none")


def test_tokens_of_grants_are_taken_and_others_refused(key):
    world, made = key
    given = grant(world, made)
    tokens = [given["GrantToken"], grant(world, made)["GrantToken"]]
    blob = world.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"v", GrantTokens=tokens)
    blob = blob["CiphertextBlob"]
    assert world.kms.decrypt(CiphertextBlob=blob, GrantTokens=tokens)["Plaintext"] == b"v"
    changed = tokens[0][:-2] + ("aa" if tokens[0][-2:] != "aa" else "bb")
    for wrong in ("x", changed, tokens[0] + "x"):
        with refused("InvalidGrantTokenException"):
            world.kms.decrypt(CiphertextBlob=blob, GrantTokens=[tokens[1], wrong])
    world.kms.revoke_grant(KeyId=made["KeyId"], GrantId=given["GrantId"])
    with refused("InvalidGrantTokenException"):
        world.kms.decrypt(CiphertextBlob=blob, GrantTokens=tokens)
    with refused_by_the_model():
        world.raw_kms.decrypt(CiphertextBlob=blob, GrantTokens=["x"] * 11)


def test_grants_that_can_not_be_are_refused_and_not_made(key):
    world, made = key
    signs = world.kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    for principal in ("nobody", f"arn:aws:iam::{world.account}:group/g", "ssm.amazonaws.com"):
        with refused("InvalidArnException"):
            grant(world, made, GranteePrincipal=principal)
        with refused("InvalidArnException"):
            grant(world, made, RetiringPrincipal=principal)
    for target, operations in ((made, ["Sign"]), (signs, ["Decrypt"]), (signs, ["GenerateMac"])):
        with refused("ValidationException"):
            grant(world, target, Operations=operations)
    with refused_by_the_model():
        world.raw_kms.create_grant(
            KeyId=made["KeyId"], GranteePrincipal=role(world), Operations=["Disable"]
        )
    for constraints in (
        {"EncryptionContextEquals": {f"k{number}": "v" for number in range(9)}},
        {"EncryptionContextSubset": {"k": "v" * 385}},
    ):
        with refused("ValidationException"):
            grant(world, made, Constraints=constraints)
    with refused("ValidationException"):
        constraints = {"EncryptionContextEquals": {"a": "1"}}
        grant(world, signs, Operations=["Sign"], Constraints=constraints)
    with refused("ValidationException"):
        world.kms.create_grant(KeyId=made["KeyId"], Operations=OPERATIONS)
    with refused("DryRunOperationException"):
        grant(world, made, DryRun=True)
    with refused(("NotFoundException", "InvalidArnException")):
        world.kms.create_grant(
            KeyId="alias/none", GranteePrincipal=role(world), Operations=OPERATIONS
        )
    assert grants(world, made) == grants(world, signs) == []


def test_a_service_is_granted_something_for_one_source_only(key):
    world, made = key
    service = {"GranteeServicePrincipal": "logs.amazonaws.com", "Operations": ["Decrypt"]}
    source = {"SourceArn": f"arn:aws:logs:{world.region}:{world.account}:log-group:g"}
    with refused("ValidationException"):
        world.kms.create_grant(KeyId=made["KeyId"], **service)
    with refused("ValidationException"):
        world.kms.create_grant(KeyId=made["KeyId"], **service, Constraints=source)
    world.kms.create_grant(
        KeyId=made["KeyId"],
        **service,
        Constraints=source,
        RetiringServicePrincipal="logs.amazonaws.com",
    )
    (listed,) = grants(world, made)
    assert listed["GranteeServicePrincipal"] == "logs.amazonaws.com"
    assert listed["RetiringServicePrincipal"] == "logs.amazonaws.com"
    assert listed["Constraints"] == source
    assert "GranteePrincipal" not in listed


def test_a_disabled_key_gets_no_grants_and_keeps_those_that_it_has(key):
    world, made = key
    given = grant(world, made)
    world.kms.disable_key(KeyId=made["KeyId"])
    with refused("DisabledException"):
        grant(world, made)
    assert [item["GrantId"] for item in grants(world, made)] == [given["GrantId"]]
    world.kms.revoke_grant(KeyId=made["KeyId"], GrantId=given["GrantId"])
    assert grants(world, made) == []


def test_grants_go_with_their_key(timed):
    made = timed.kms.create_key()["KeyMetadata"]
    clerk = role(timed, "clerk")
    for _ in range(3):
        grant(timed, made, RetiringPrincipal=clerk)
    timed.kms.schedule_key_deletion(KeyId=made["KeyId"], PendingWindowInDays=7)
    timed.server.advance("8d")
    with refused("NotFoundException"):
        grants(timed, made)
    assert timed.kms.list_retirable_grants(RetiringPrincipal=clerk)["Grants"] == []


def test_a_grant_to_another_account_allows_what_it_says_there_and_nothing_else(dev):
    """A grant lets a root of another account in, whom no key policy names."""
    made = dev.kms.create_key()["KeyMetadata"]
    other = type(dev).on_dev(dev.server)
    guest = f"arn:aws:iam::{other.account}:root"
    context = {"tenant": "blue"}
    asked = {"KeyId": made["Arn"], "EncryptionContext": context}
    with refused("AccessDeniedException"):
        other.kms.encrypt(**asked, Plaintext=b"v")
    given = dev.kms.create_grant(
        KeyId=made["KeyId"],
        GranteePrincipal=guest,
        Operations=["Encrypt", "Decrypt"],
        Constraints={"EncryptionContextEquals": context},
    )
    blob = other.kms.encrypt(**asked, Plaintext=b"v")["CiphertextBlob"]
    opened = other.kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
    assert (opened["Plaintext"], opened["KeyId"]) == (b"v", made["Arn"])
    for wrong in (
        lambda: other.kms.encrypt(KeyId=made["Arn"], Plaintext=b"v"),
        lambda: other.kms.encrypt(
            KeyId=made["Arn"], Plaintext=b"v", EncryptionContext={"tenant": "red"}
        ),
        lambda: other.kms.generate_data_key(**asked, KeySpec="AES_256"),
        lambda: other.kms.describe_key(KeyId=made["Arn"]),
        lambda: other.kms.list_grants(KeyId=made["Arn"]),
        lambda: other.kms.disable_key(KeyId=made["Arn"]),
        lambda: other.kms.revoke_grant(KeyId=made["Arn"], GrantId=given["GrantId"]),
    ):
        with refused("AccessDeniedException"):
            wrong()
    dev.kms.revoke_grant(KeyId=made["KeyId"], GrantId=given["GrantId"])
    with refused("AccessDeniedException"):
        other.kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
    other.close()


def test_a_grantee_passes_on_no_more_than_was_given(dev):
    made = dev.kms.create_key()["KeyMetadata"]
    other = type(dev).on_dev(dev.server)
    guest = f"arn:aws:iam::{other.account}:root"
    third = f"arn:aws:iam::{other.account}:role/third"
    subset = {"EncryptionContextSubset": {"a": "1"}}
    dev.kms.create_grant(
        KeyId=made["KeyId"],
        GranteePrincipal=guest,
        Operations=["CreateGrant", "Decrypt"],
        Constraints=subset,
    )
    asked = {"KeyId": made["Arn"], "GranteePrincipal": third}
    for wrong in (
        {"Operations": ["Encrypt"], "Constraints": subset},
        {"Operations": ["Decrypt"]},
        {"Operations": ["Decrypt"], "Constraints": {"EncryptionContextSubset": {"a": "2"}}},
    ):
        with refused("AccessDeniedException"):
            other.kms.create_grant(**asked, **wrong)
    stricter = {"EncryptionContextEquals": {"a": "1", "b": "2"}}
    given = other.kms.create_grant(**asked, Operations=["Decrypt"], Constraints=stricter)
    listed = {item["GrantId"]: item for item in grants(dev, made)}
    assert listed[given["GrantId"]]["IssuingAccount"] == guest
    # Who made it may end it.
    other.kms.retire_grant(KeyId=made["Arn"], GrantId=given["GrantId"])
    assert given["GrantId"] not in {item["GrantId"] for item in grants(dev, made)}
    other.close()


def test_a_grant_is_retired_by_whom_it_names_and_by_no_stranger(dev):
    made = dev.kms.create_key()["KeyMetadata"]
    clerk, stranger = type(dev).on_dev(dev.server), type(dev).on_dev(dev.server)
    given = grant(dev, made, RetiringPrincipal=f"arn:aws:iam::{clerk.account}:root")
    with refused("AccessDeniedException"):
        stranger.kms.retire_grant(KeyId=made["Arn"], GrantId=given["GrantId"])
    with refused("AccessDeniedException"):
        stranger.kms.retire_grant(GrantToken=given["GrantToken"])
    assert len(grants(dev, made)) == 1
    clerk.kms.retire_grant(GrantToken=given["GrantToken"])
    assert grants(dev, made) == []
    clerk.close()
    stranger.close()


def test_a_policy_that_denies_is_stronger_than_a_grant(dev):
    made = dev.kms.create_key()["KeyMetadata"]
    other = type(dev).on_dev(dev.server)
    guest = f"arn:aws:iam::{other.account}:root"
    dev.kms.create_grant(KeyId=made["KeyId"], GranteePrincipal=guest, Operations=["Encrypt"])
    other.kms.encrypt(KeyId=made["Arn"], Plaintext=b"v")
    policy = json.loads(dev.kms.get_key_policy(KeyId=made["KeyId"])["Policy"])
    denied = {"Effect": "Deny", "Principal": {"AWS": guest}, "Action": "kms:*", "Resource": "*"}
    policy["Statement"].append(denied)
    dev.kms.put_key_policy(KeyId=made["KeyId"], Policy=json.dumps(policy))
    with refused("AccessDeniedException"):
        other.kms.encrypt(KeyId=made["Arn"], Plaintext=b"v")
    other.close()


def test_what_manages_a_key_is_for_its_own_account_whatever_its_policy_says(dev):
    made = dev.kms.create_key()["KeyMetadata"]
    other = type(dev).on_dev(dev.server)
    policy = json.loads(dev.kms.get_key_policy(KeyId=made["KeyId"])["Policy"])
    guest = {"AWS": f"arn:aws:iam::{other.account}:root"}
    policy["Statement"].append(
        {"Effect": "Allow", "Principal": guest, "Action": "kms:*", "Resource": "*"}
    )
    dev.kms.put_key_policy(KeyId=made["KeyId"], Policy=json.dumps(policy))
    assert other.kms.describe_key(KeyId=made["Arn"])["KeyMetadata"]["Arn"] == made["Arn"]
    for call in (
        other.kms.disable_key,
        other.kms.schedule_key_deletion,
        other.kms.enable_key_rotation,
        other.kms.rotate_key_on_demand,
        other.kms.get_key_policy,
        other.kms.list_key_policies,
        other.kms.list_resource_tags,
        other.kms.list_key_rotations,
        other.kms.get_key_last_usage,
        other.kms.list_aliases,
    ):
        with refused("AccessDeniedException"):
            call(KeyId=made["Arn"])
    assert dev.kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]["KeyState"] == "Enabled"
    other.close()


def test_a_grant_opens_a_shared_secret(dev):
    """A secret's resource policy lets an account in, and a grant on its key does the rest."""
    made = dev.kms.create_key()["KeyMetadata"]
    other = type(dev).on_dev(dev.server)
    guest = f"arn:aws:iam::{other.account}:root"
    secret = dev.sm.create_secret(Name="shared", SecretString="pin", KmsKeyId=made["KeyId"])
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": guest},
                "Action": "secretsmanager:GetSecretValue",
                "Resource": "*",
            }
        ],
    }
    dev.sm.put_resource_policy(SecretId=secret["ARN"], ResourcePolicy=json.dumps(policy))
    with refused("AccessDeniedException"):
        other.sm.get_secret_value(SecretId=secret["ARN"])
    given = dev.kms.create_grant(
        KeyId=made["KeyId"],
        GranteePrincipal=guest,
        Operations=["Decrypt"],
        Constraints={"EncryptionContextSubset": {"SecretARN": secret["ARN"]}},
    )
    assert other.sm.get_secret_value(SecretId=secret["ARN"])["SecretString"] == "pin"
    dev.kms.revoke_grant(KeyId=made["KeyId"], GrantId=given["GrantId"])
    with refused("AccessDeniedException"):
        other.sm.get_secret_value(SecretId=secret["ARN"])
    other.close()
