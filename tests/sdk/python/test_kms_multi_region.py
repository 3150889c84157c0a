"""Keys that are related across regions: one material, one id, several keys."""

import os
import re

import pytest

from test_kms_import import bring, materials
from world import refused, refused_by_the_model, word


def regions(world):
    """Two more regions, which no other test uses."""
    return f"test-{word(10)}-2", f"test-{word(10)}-3"


def at(world, region):
    return world.client("kms", region)


def told(world, region, made):
    return at(world, region).describe_key(KeyId=made["KeyId"])["KeyMetadata"]


def material(world, region, made):
    return told(world, region, made)["CurrentKeyMaterialId"]


@pytest.fixture
def primary(world):
    return world, world.kms.create_key(MultiRegion=True, Description="ours")["KeyMetadata"]


def test_a_primary_key_says_so(primary):
    world, made = primary
    assert re.fullmatch("mrk-[0-9a-f]{32}", made["KeyId"])
    assert made["MultiRegion"] is True
    assert made["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "PRIMARY",
        "PrimaryKey": {"Arn": made["Arn"], "Region": world.region},
        "ReplicaKeys": [],
    }
    alone = world.kms.create_key()["KeyMetadata"]
    assert alone["MultiRegion"] is False and "MultiRegionConfiguration" not in alone


def test_a_replica_has_the_same_id_and_material_and_its_own_properties(primary):
    world, made = primary
    there, other = regions(world)
    with refused("NotFoundException"):
        told(world, there, made)
    answer = world.kms.replicate_key(
        KeyId=made["KeyId"],
        ReplicaRegion=there,
        Description="theirs",
        Tags=[{"TagKey": "team", "TagValue": "blue"}],
    )
    replica = answer["ReplicaKeyMetadata"]
    assert replica["KeyId"] == made["KeyId"]
    assert replica["Arn"] == world.arn("kms", f"key/{made['KeyId']}", there)
    assert replica["Description"] == "theirs"
    assert answer["ReplicaTags"] == [{"TagKey": "team", "TagValue": "blue"}]
    assert "kms:*" in answer["ReplicaPolicy"]
    world.kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion=other)
    configurations = [
        told(world, region, made)["MultiRegionConfiguration"]
        for region in (world.region, there, other)
    ]
    assert [item["MultiRegionKeyType"] for item in configurations] == [
        "PRIMARY",
        "REPLICA",
        "REPLICA",
    ]
    for item in configurations:
        assert item["PrimaryKey"] == {"Arn": made["Arn"], "Region": world.region}
        assert [key["Region"] for key in item["ReplicaKeys"]] == sorted([there, other])
    assert told(world, world.region, made)["Description"] == "ours"
    assert world.kms.list_resource_tags(KeyId=made["KeyId"])["Tags"] == []
    assert at(world, other).list_resource_tags(KeyId=made["KeyId"])["Tags"] == []


def test_what_is_sealed_in_one_region_opens_in_the_others(primary):
    world, made = primary
    there, other = regions(world)
    before = world.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"before")["CiphertextBlob"]
    for region in (there, other):
        world.kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion=region)
    opened = at(world, there).decrypt(CiphertextBlob=before)
    assert opened["Plaintext"] == b"before"
    assert opened["KeyId"] == world.arn("kms", f"key/{made['KeyId']}", there)
    context = {"a": "1"}
    blob = at(world, there).encrypt(
        KeyId=made["KeyId"], Plaintext=b"there", EncryptionContext=context
    )["CiphertextBlob"]
    for region in (world.region, there, other):
        opened = at(world, region).decrypt(
            CiphertextBlob=blob, EncryptionContext=context, KeyId=made["KeyId"]
        )
        assert opened["Plaintext"] == b"there"
    with refused("InvalidCiphertextException"):
        at(world, other).decrypt(CiphertextBlob=blob)
    with refused("AccessDeniedException"):
        at(world, f"test-{word(10)}-4").decrypt(CiphertextBlob=blob, EncryptionContext=context)


@pytest.mark.parametrize(
    ("spec", "usage"), [("ECC_NIST_P256", "SIGN_VERIFY"), ("HMAC_256", "GENERATE_VERIFY_MAC")]
)
def test_pairs_and_codes_are_replicated_too(world, spec, usage):
    made = world.kms.create_key(MultiRegion=True, KeySpec=spec, KeyUsage=usage)["KeyMetadata"]
    there, _ = regions(world)
    world.kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion=there)
    message = {"KeyId": made["KeyId"], "Message": b"m"}
    if usage == "SIGN_VERIFY":
        algorithm = {"SigningAlgorithm": "ECDSA_SHA_256"}
        signed = at(world, there).sign(**message, **algorithm)["Signature"]
        assert world.kms.verify(**message, **algorithm, Signature=signed)["SignatureValid"]
    else:
        algorithm = {"MacAlgorithm": "HMAC_SHA_256"}
        code = at(world, there).generate_mac(**message, **algorithm)["Mac"]
        assert world.kms.verify_mac(**message, **algorithm, Mac=code)["MacValid"]


def test_replicas_are_rotated_with_their_primary(primary):
    world, made = primary
    there, _ = regions(world)
    world.kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion=there)
    old = at(world, there).encrypt(KeyId=made["KeyId"], Plaintext=b"old")["CiphertextBlob"]
    first = told(world, there, made)["CurrentKeyMaterialId"]
    for call in (
        at(world, there).rotate_key_on_demand,
        at(world, there).enable_key_rotation,
        at(world, there).disable_key_rotation,
    ):
        with refused("UnsupportedOperationException"):
            call(KeyId=made["KeyId"])
    world.kms.rotate_key_on_demand(KeyId=made["KeyId"])
    current = {material(world, region, made) for region in (world.region, there)}
    assert len(current) == 1 and first not in current
    new = world.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"new")["CiphertextBlob"]
    assert at(world, there).decrypt(CiphertextBlob=new)["Plaintext"] == b"new"
    for region in (world.region, there):
        assert at(world, region).decrypt(CiphertextBlob=old)["Plaintext"] == b"old"
    world.kms.enable_key_rotation(KeyId=made["KeyId"], RotationPeriodInDays=100)
    status = at(world, there).get_key_rotation_status(KeyId=made["KeyId"])
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 100)
    assert len(at(world, there).list_key_rotations(KeyId=made["KeyId"])["Rotations"]) == 1


def test_a_rotation_that_is_due_is_done_in_all_regions_by_whichever_is_primary(timed):
    made = timed.kms.create_key(MultiRegion=True)["KeyMetadata"]
    there, _ = regions(timed)
    timed.kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion=there)
    timed.kms.enable_key_rotation(KeyId=made["KeyId"], RotationPeriodInDays=90)
    seen = {told(timed, there, made)["CurrentKeyMaterialId"]}
    timed.server.advance("91d")
    seen.add(told(timed, there, made)["CurrentKeyMaterialId"])
    assert len(seen) == 2
    timed.kms.update_primary_region(KeyId=made["KeyId"], PrimaryRegion=there)
    timed.server.advance("90d")
    current = {material(timed, region, made) for region in (timed.region, there)}
    assert len(current) == 1 and not current & seen
    assert len(timed.kms.list_key_rotations(KeyId=made["KeyId"])["Rotations"]) == 2


def test_a_replica_becomes_the_primary(primary):
    world, made = primary
    there, other = regions(world)
    for region in (there, other):
        world.kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion=region)
    world.kms.update_primary_region(KeyId=made["KeyId"], PrimaryRegion=there)
    for region in (world.region, there, other):
        related = told(world, region, made)["MultiRegionConfiguration"]
        assert related["PrimaryKey"]["Region"] == there
        assert [key["Region"] for key in related["ReplicaKeys"]] == sorted([world.region, other])
        assert related["MultiRegionKeyType"] == ("PRIMARY" if region == there else "REPLICA")
    with refused("UnsupportedOperationException"):
        world.kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion=f"test-{word(10)}-4")
    fourth = f"test-{word(10)}-4"
    at(world, there).replicate_key(KeyId=made["KeyId"], ReplicaRegion=fourth)
    assert told(world, fourth, made)["KeyState"] == "Enabled"


def test_what_has_no_related_keys_is_neither_replicated_nor_moved(world):
    there, other = regions(world)
    alone = world.kms.create_key()["KeyMetadata"]
    made = world.kms.create_key(MultiRegion=True)["KeyMetadata"]
    with refused("UnsupportedOperationException"):
        world.kms.replicate_key(KeyId=alone["KeyId"], ReplicaRegion=there)
    with refused("UnsupportedOperationException"):
        world.kms.update_primary_region(KeyId=alone["KeyId"], PrimaryRegion=there)
    with refused("NotFoundException"):
        world.kms.update_primary_region(KeyId=made["KeyId"], PrimaryRegion=there)
    with refused("UnsupportedOperationException"):
        world.kms.update_primary_region(KeyId=made["KeyId"], PrimaryRegion=world.region)
    with refused("AlreadyExistsException"):
        world.kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion=world.region)
    world.kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion=there)
    with refused("AlreadyExistsException"):
        world.kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion=there)
    with refused("UnsupportedOperationException"):
        at(world, there).replicate_key(KeyId=made["KeyId"], ReplicaRegion=other)
    with refused_by_the_model():
        world.raw_kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion="nowhere")
    world.kms.disable_key(KeyId=made["KeyId"])
    with refused("DisabledException"):
        world.kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion=other)
    with refused("NotFoundException"):
        told(world, other, made)


def test_related_keys_are_disabled_one_by_one(primary):
    world, made = primary
    there, _ = regions(world)
    world.kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion=there)
    at(world, there).disable_key(KeyId=made["KeyId"])
    blob = world.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"v")["CiphertextBlob"]
    assert world.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"v"
    with refused("DisabledException"):
        at(world, there).decrypt(CiphertextBlob=blob)


def test_a_primary_waits_for_its_replicas_to_go_first(timed):
    made = timed.kms.create_key(MultiRegion=True)["KeyMetadata"]
    there, _ = regions(timed)
    timed.kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion=there)
    answer = timed.kms.schedule_key_deletion(KeyId=made["KeyId"], PendingWindowInDays=7)
    assert answer["KeyState"] == "PendingReplicaDeletion" and "DeletionDate" not in answer
    now = told(timed, timed.region, made)
    assert now["KeyState"] == "PendingReplicaDeletion"
    assert now["PendingDeletionWindowInDays"] == 7 and "DeletionDate" not in now
    timed.server.advance("30d")
    assert told(timed, timed.region, made)["KeyState"] == "PendingReplicaDeletion"
    timed.kms.cancel_key_deletion(KeyId=made["KeyId"])
    assert told(timed, timed.region, made)["KeyState"] == "Disabled"
    timed.kms.schedule_key_deletion(KeyId=made["KeyId"], PendingWindowInDays=10)
    at(timed, there).schedule_key_deletion(KeyId=made["KeyId"], PendingWindowInDays=7)
    timed.server.advance("8d")
    with refused("NotFoundException"):
        told(timed, there, made)
    now = told(timed, timed.region, made)
    assert now["KeyState"] == "PendingDeletion" and now["DeletionDate"]
    assert now["MultiRegionConfiguration"]["ReplicaKeys"] == []
    timed.server.advance("11d")
    with refused("NotFoundException"):
        told(timed, timed.region, made)


def test_imported_material_is_imported_in_each_region_before_it_is_rotated_to(world):
    made = world.kms.create_key(MultiRegion=True, Origin="EXTERNAL")["KeyMetadata"]
    first, there = os.urandom(32), regions(world)[0]
    replica = Elsewhere(world, there)
    bring(world, made, first)
    answer = world.kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion=there)
    assert answer["ReplicaKeyMetadata"]["KeyState"] == "PendingImport"
    with refused("KMSInvalidStateException"):
        replica.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"v")
    with refused("IncorrectKeyMaterialException"):
        bring(replica, made, os.urandom(32))
    with refused("UnsupportedOperationException"):
        bring(replica, made, os.urandom(32), ImportType="NEW_KEY_MATERIAL")
    bring(replica, made, first)
    blob = world.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"v")["CiphertextBlob"]
    assert replica.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"v"
    following = os.urandom(32)
    bring(world, made, following, ImportType="NEW_KEY_MATERIAL")
    waiting = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"
    assert materials(world, made)[1]["KeyMaterialState"] == waiting
    with refused("KMSInvalidStateException"):
        world.kms.rotate_key_on_demand(KeyId=made["KeyId"])
    bring(replica, made, following)
    assert materials(world, made)[1]["KeyMaterialState"] == "PENDING_ROTATION"
    world.kms.rotate_key_on_demand(KeyId=made["KeyId"])
    blob = replica.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"w")["CiphertextBlob"]
    assert world.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"w"
    replica.kms.delete_imported_key_material(KeyId=made["KeyId"])
    assert told(world, there, made)["KeyState"] == "PendingImport"
    assert told(world, world.region, made)["KeyState"] == "Enabled"


class Elsewhere:
    """The same account in another region."""

    def __init__(self, world, region):
        self.kms = world.client("kms", region)
