"""Key material that its owner brings: wrapped outside, imported, expired, deleted, rotated to."""

import datetime
import os

import pytest
from cryptography.hazmat.primitives import hashes, hmac, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, padding, rsa

from world import refused, refused_by_the_model

OAEP = {"RSAES_OAEP_SHA_1": hashes.SHA1, "RSAES_OAEP_SHA_256": hashes.SHA256}
AES = {"RSA_AES_KEY_WRAP_SHA_1": hashes.SHA1, "RSA_AES_KEY_WRAP_SHA_256": hashes.SHA256}
FOREVER = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}


def wrapped(parameters, algorithm, material):
    """Material as ImportKeyMaterial takes it."""
    public = serialization.load_der_public_key(parameters["PublicKey"])
    chosen = {**OAEP, **AES}[algorithm]()
    oaep = padding.OAEP(padding.MGF1(chosen), chosen, None)
    if algorithm in OAEP:
        return public.encrypt(material, oaep)
    key = os.urandom(32)
    return public.encrypt(key, oaep) + keywrap.aes_key_wrap_with_padding(key, material)


def bring(world, made, material, algorithm="RSA_AES_KEY_WRAP_SHA_256", spec="RSA_2048", **more):
    """Imports material; for good, unless something else is said."""
    parameters = world.kms.get_parameters_for_import(
        KeyId=made["KeyId"], WrappingAlgorithm=algorithm, WrappingKeySpec=spec
    )
    return world.kms.import_key_material(
        KeyId=made["KeyId"],
        ImportToken=parameters["ImportToken"],
        EncryptedKeyMaterial=wrapped(parameters, algorithm, material),
        **(more if "ExpirationModel" in more or "ValidTo" in more else {**FOREVER, **more}),
    )


def external(world, **more):
    return world.kms.create_key(Origin="EXTERNAL", **more)["KeyMetadata"]


def told(world, made):
    return world.kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]


def pkcs8(key):
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def materials(world, made):
    listed = world.kms.list_key_rotations(
        KeyId=made["KeyId"], IncludeKeyMaterial="ALL_KEY_MATERIAL"
    )
    return listed["Rotations"]


@pytest.mark.parametrize("algorithm", [*OAEP, *AES])
@pytest.mark.parametrize("spec", ["RSA_2048", "RSA_3072"])
def test_symmetric_material_comes_in_by_every_wrapping(world, algorithm, spec):
    made = external(world, Description="ours")
    assert (made["KeyState"], made["Enabled"], made["Origin"]) == (
        "PendingImport",
        False,
        "EXTERNAL",
    )
    assert "CurrentKeyMaterialId" not in made and "ExpirationModel" not in made
    pending = f"{made['Arn']} is pending import."
    with refused("KMSInvalidStateException", pending):
        world.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"v")
    answer = bring(world, made, os.urandom(32), algorithm, spec)
    assert answer["KeyId"] == made["Arn"]
    now = told(world, made)
    assert (now["KeyState"], now["Enabled"]) == ("Enabled", True)
    assert now["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE"
    assert now["CurrentKeyMaterialId"] == answer["KeyMaterialId"]
    assert "ValidTo" not in now
    blob = world.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"v")["CiphertextBlob"]
    assert world.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"v"


def test_material_that_is_deleted_comes_back_and_opens_what_it_sealed(world):
    made, material = external(world), os.urandom(32)
    first = bring(world, made, material)
    blob = world.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"v")["CiphertextBlob"]
    deleted = world.kms.delete_imported_key_material(KeyId=made["KeyId"])
    assert deleted["KeyMaterialId"] == first["KeyMaterialId"]
    assert told(world, made)["KeyState"] == "PendingImport"
    for call in (
        lambda: world.kms.decrypt(CiphertextBlob=blob),
        lambda: world.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"v"),
        lambda: world.kms.enable_key(KeyId=made["KeyId"]),
        lambda: world.kms.disable_key(KeyId=made["KeyId"]),
    ):
        with refused("KMSInvalidStateException", "is pending import."):
            call()
    with refused("IncorrectKeyMaterialException"):
        bring(world, made, os.urandom(32))
    again = bring(world, made, material)
    assert again["KeyMaterialId"] == first["KeyMaterialId"]
    assert world.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"v"


def test_imported_codes_are_those_of_the_material(world):
    for spec, size in (("HMAC_224", 28), ("HMAC_256", 64), ("HMAC_384", 48), ("HMAC_512", 128)):
        made = external(world, KeySpec=spec, KeyUsage="GENERATE_VERIFY_MAC")
        material = os.urandom(size)
        assert "KeyMaterialId" not in bring(world, made, material, "RSAES_OAEP_SHA_256")
        code = world.kms.generate_mac(
            KeyId=made["KeyId"], Message=b"m", MacAlgorithm=f"HMAC_SHA_{spec[-3:]}"
        )["Mac"]
        outside = hmac.HMAC(material, getattr(hashes, f"SHA{spec[-3:]}")())
        outside.update(b"m")
        assert code == outside.finalize()


def make_private(spec):
    curves = {
        "ECC_NIST_P256": ec.SECP256R1,
        "ECC_NIST_P384": ec.SECP384R1,
        "ECC_NIST_P521": ec.SECP521R1,
        "ECC_SECG_P256K1": ec.SECP256K1,
    }
    if spec in curves:
        return ec.generate_private_key(curves[spec]())
    if spec.startswith("RSA"):
        return rsa.generate_private_key(65537, int(spec[-4:]))
    if spec == "ML_DSA_65":
        return mldsa.MLDSA65PrivateKey.generate()
    return ed25519.Ed25519PrivateKey.generate()


@pytest.mark.parametrize(
    ("spec", "algorithm"),
    [
        ("ECC_NIST_P256", "ECDSA_SHA_256"),
        ("ECC_NIST_P384", "ECDSA_SHA_384"),
        ("ECC_NIST_P521", "ECDSA_SHA_512"),
        ("ECC_SECG_P256K1", "ECDSA_SHA_256"),
        ("ECC_NIST_EDWARDS25519", "ED25519_SHA_512"),
        ("RSA_2048", "RSASSA_PSS_SHA_256"),
        ("RSA_4096", "RSASSA_PKCS1_V1_5_SHA_512"),
        ("ML_DSA_65", "ML_DSA_SHAKE_256"),
    ],
)
def test_an_imported_private_key_has_its_own_public_key_and_signs(world, spec, algorithm):
    made = external(world, KeySpec=spec, KeyUsage="SIGN_VERIFY")
    private = make_private(spec)
    bring(world, made, pkcs8(private))
    assert told(world, made)["KeyState"] == "Enabled"
    shown = world.kms.get_public_key(KeyId=made["KeyId"])["PublicKey"]
    assert shown == private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    asked = {"KeyId": made["KeyId"], "Message": b"m", "SigningAlgorithm": algorithm}
    signed = world.kms.sign(**asked)["Signature"]
    assert world.kms.verify(**asked, Signature=signed)["SignatureValid"]
    if spec == "ECC_NIST_EDWARDS25519":
        assert signed == private.sign(b"m")
    # An imported pair stays what it is.
    with refused("IncorrectKeyMaterialException"):
        bring(world, made, pkcs8(make_private(spec)))
    assert world.kms.sign(**asked)["KeyId"] == made["Arn"]


def test_an_imported_pair_opens_what_was_encrypted_for_it_before(dev):
    made = external(dev, KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    private = make_private("RSA_2048")
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    sealed = private.public_key().encrypt(b"before", oaep)
    bring(dev, made, pkcs8(private))
    opened = dev.kms.decrypt(
        KeyId=made["KeyId"], CiphertextBlob=sealed, EncryptionAlgorithm="RSAES_OAEP_SHA_256"
    )
    assert opened["Plaintext"] == b"before"


def test_a_key_pair_that_was_made_here_is_imported_here(dev):
    """What GenerateDataKeyPair gives is what ImportKeyMaterial takes, ML-KEM too."""
    key = dev.kms.create_key()["KeyMetadata"]
    for spec, usage in (("ML_KEM_768", "ENCAPSULATE_DECAPSULATE"), ("RSA_2048", "SIGN_VERIFY")):
        pair = dev.kms.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec=spec)
        made = external(dev, KeySpec=spec, KeyUsage=usage)
        bring(dev, made, pair["PrivateKeyPlaintext"])
        assert dev.kms.get_public_key(KeyId=made["KeyId"])["PublicKey"] == pair["PublicKey"]


def test_material_of_another_kind_is_not_taken(dev):
    symmetric = external(dev)
    codes = external(dev, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    pair = external(dev, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    for made, material in (
        (symmetric, os.urandom(16)),
        (symmetric, os.urandom(33)),
        (codes, os.urandom(31)),
        (codes, os.urandom(65)),
        (pair, os.urandom(32)),
        (pair, pkcs8(make_private("ECC_NIST_P384"))),
        (pair, pkcs8(make_private("RSA_2048"))),
    ):
        with refused("IncorrectKeyMaterialException"):
            bring(dev, made, material)
        assert told(dev, made)["KeyState"] == "PendingImport"


def test_a_token_is_for_its_key_its_wrapping_and_its_public_key(dev):
    made, other = external(dev), external(dev)
    algorithm = "RSAES_OAEP_SHA_256"
    asked = {"WrappingAlgorithm": algorithm, "WrappingKeySpec": "RSA_2048"}
    first, second = (
        dev.kms.get_parameters_for_import(KeyId=made["KeyId"], **asked) for _ in range(2)
    )
    assert first["KeyId"] == made["Arn"]
    day = first["ParametersValidTo"] - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(hours=23) < day < datetime.timedelta(hours=25)
    material = wrapped(first, algorithm, os.urandom(32))
    give = {"EncryptedKeyMaterial": material, **FOREVER}
    for key, token, code in (
        (other, first["ImportToken"], "InvalidImportTokenException"),
        (made, first["ImportToken"][:-1] + b"x", "InvalidImportTokenException"),
        (made, b"x", "InvalidImportTokenException"),
        (made, second["ImportToken"], "InvalidCiphertextException"),
    ):
        with refused(code):
            dev.kms.import_key_material(KeyId=key["KeyId"], ImportToken=token, **give)
    for broken in (material[:-1], b"x", wrapped(first, "RSAES_OAEP_SHA_1", b"x" * 32)):
        with refused("InvalidCiphertextException"):
            dev.kms.import_key_material(
                KeyId=made["KeyId"],
                ImportToken=first["ImportToken"],
                EncryptedKeyMaterial=broken,
                **FOREVER,
            )
    assert told(dev, made)["KeyState"] == told(dev, other)["KeyState"] == "PendingImport"
    dev.kms.import_key_material(KeyId=made["KeyId"], ImportToken=first["ImportToken"], **give)
    assert told(dev, made)["KeyState"] == "Enabled"


def test_a_token_is_good_for_a_day(timed):
    made = external(timed)
    parameters = timed.kms.get_parameters_for_import(
        KeyId=made["KeyId"], WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048"
    )
    timed.server.advance("25h")
    with refused("ExpiredImportTokenException"):
        timed.kms.import_key_material(
            KeyId=made["KeyId"],
            ImportToken=parameters["ImportToken"],
            EncryptedKeyMaterial=wrapped(parameters, "RSAES_OAEP_SHA_256", os.urandom(32)),
            **FOREVER,
        )


def test_wrappings_that_can_not_be_are_refused(dev):
    made = external(dev)
    private = external(dev, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    own = dev.kms.create_key()["KeyMetadata"]
    for key, algorithm, spec in (
        (made, "RSAES_PKCS1_V1_5", "RSA_2048"),
        (made, "SM2PKE", "SM2"),
        (made, "RSAES_OAEP_SHA_256", "SM2"),
        (private, "RSAES_OAEP_SHA_256", "RSA_4096"),
    ):
        with refused("UnsupportedOperationException"):
            dev.kms.get_parameters_for_import(
                KeyId=key["KeyId"], WrappingAlgorithm=algorithm, WrappingKeySpec=spec
            )
    message = f"{own['Arn']} origin is AWS_KMS which is not valid for this operation."
    with refused("UnsupportedOperationException", message):
        dev.kms.get_parameters_for_import(
            KeyId=own["KeyId"], WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048"
        )
    with refused("UnsupportedOperationException", message):
        dev.kms.import_key_material(
            KeyId=own["KeyId"], ImportToken=b"x", EncryptedKeyMaterial=b"x", **FOREVER
        )
    with refused("UnsupportedOperationException", message):
        dev.kms.delete_imported_key_material(KeyId=own["KeyId"])


def test_how_long_material_stays_is_said_in_one_way(dev):
    made, material = external(dev), os.urandom(32)
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=3)
    message = "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"
    with refused("ValidationException", message):
        bring(dev, made, material, ExpirationModel="KEY_MATERIAL_EXPIRES")
    for more in (
        {**FOREVER, "ValidTo": soon},
        {"ValidTo": soon - datetime.timedelta(days=4)},
        {"ValidTo": soon + datetime.timedelta(days=365)},
    ):
        with refused("ValidationException"):
            bring(dev, made, material, **more)
    assert told(dev, made)["KeyState"] == "PendingImport"
    bring(dev, made, material, ValidTo=soon)
    now = told(dev, made)
    assert now["ExpirationModel"] == "KEY_MATERIAL_EXPIRES"
    assert abs(now["ValidTo"] - soon) < datetime.timedelta(seconds=1)
    bring(dev, made, material)
    now = told(dev, made)
    assert now["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE" and "ValidTo" not in now


def test_material_expires_when_its_time_is_over(timed):
    made, material = external(timed), os.urandom(32)
    start = timed.kms.create_key()["KeyMetadata"]["CreationDate"]
    bring(timed, made, material, ValidTo=start + datetime.timedelta(days=3))
    blob = timed.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"v")["CiphertextBlob"]
    timed.server.advance("2d")
    assert timed.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"v"
    # Said anew, the first time no longer counts.
    bring(timed, made, material, ValidTo=start + datetime.timedelta(days=10))
    timed.server.advance("2d")
    assert timed.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"v"
    timed.server.advance("7d")
    now = told(timed, made)
    assert now["KeyState"] == "PendingImport" and "ValidTo" not in now
    with refused("KMSInvalidStateException", "is pending import."):
        timed.kms.decrypt(CiphertextBlob=blob)
    bring(timed, made, material)
    assert timed.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"v"


def test_a_key_is_rotated_to_material_that_was_brought_for_it(world):
    made = external(world)
    first = bring(world, made, os.urandom(32), KeyMaterialDescription="the first one")
    old = world.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"old")["CiphertextBlob"]
    with refused("KMSInvalidStateException", "No available key material pending rotation"):
        world.kms.rotate_key_on_demand(KeyId=made["KeyId"])
    second_material = os.urandom(32)
    second = bring(world, made, second_material, ImportType="NEW_KEY_MATERIAL")
    assert second["KeyMaterialId"] != first["KeyMaterialId"]
    assert told(world, made)["CurrentKeyMaterialId"] == first["KeyMaterialId"]
    listed = materials(world, made)
    assert [item["KeyMaterialState"] for item in listed] == ["CURRENT", "PENDING_ROTATION"]
    assert [item["ImportState"] for item in listed] == ["IMPORTED", "IMPORTED"]
    assert listed[0]["KeyMaterialDescription"] == "the first one"
    with refused("KMSInvalidStateException"):
        bring(world, made, os.urandom(32), ImportType="NEW_KEY_MATERIAL")
    world.kms.rotate_key_on_demand(KeyId=made["KeyId"])
    assert told(world, made)["CurrentKeyMaterialId"] == second["KeyMaterialId"]
    listed = materials(world, made)
    assert [item["KeyMaterialState"] for item in listed] == ["NON_CURRENT", "CURRENT"]
    assert listed[1]["RotationType"] == "ON_DEMAND"
    opened = world.kms.decrypt(CiphertextBlob=old)
    assert opened["Plaintext"] == b"old"
    assert opened["KeyMaterialId"] == first["KeyMaterialId"]
    # All of the material has to be there for the key to be usable.
    world.kms.delete_imported_key_material(
        KeyId=made["KeyId"], KeyMaterialId=first["KeyMaterialId"]
    )
    assert told(world, made)["KeyState"] == "PendingImport"
    assert [item["ImportState"] for item in materials(world, made)] == [
        "PENDING_IMPORT",
        "IMPORTED",
    ]


def test_material_that_waits_for_its_rotation_may_be_taken_back(dev):
    made = external(dev)
    bring(dev, made, os.urandom(32))
    waiting = bring(dev, made, os.urandom(32), ImportType="NEW_KEY_MATERIAL")
    dev.kms.delete_imported_key_material(
        KeyId=made["KeyId"], KeyMaterialId=waiting["KeyMaterialId"]
    )
    assert told(dev, made)["KeyState"] == "Enabled"
    assert len(materials(dev, made)) == 1
    with refused("NotFoundException"):
        dev.kms.delete_imported_key_material(
            KeyId=made["KeyId"], KeyMaterialId=waiting["KeyMaterialId"]
        )


def test_material_is_what_its_importer_says_it_is(dev):
    made, material = external(dev), os.urandom(32)
    with refused("IncorrectKeyMaterialException"):
        bring(dev, made, material, ImportType="EXISTING_KEY_MATERIAL")
    first = bring(dev, made, material)
    for more in (
        {"ImportType": "NEW_KEY_MATERIAL"},
        {"ImportType": "EXISTING_KEY_MATERIAL", "KeyMaterialId": "0" * 64},
    ):
        with refused("IncorrectKeyMaterialException"):
            bring(dev, made, material, **more)
    with refused("ValidationException"):
        bring(dev, made, os.urandom(32), ImportType="NEW_KEY_MATERIAL", KeyMaterialId="0" * 64)
    again = bring(dev, made, material, KeyMaterialId=first["KeyMaterialId"])
    assert again["KeyMaterialId"] == first["KeyMaterialId"]
    codes = external(dev, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    with refused("ValidationException"):
        bring(dev, codes, material, ImportType="NEW_KEY_MATERIAL")
    with refused_by_the_model():
        dev.raw_kms.delete_imported_key_material(KeyId=made["KeyId"], KeyMaterialId="x")


def test_imported_material_is_not_rotated_by_itself(dev):
    made = external(dev)
    bring(dev, made, os.urandom(32))
    message = f"{made['Arn']} origin is EXTERNAL which is not valid for this operation."
    with refused("UnsupportedOperationException", message):
        dev.kms.enable_key_rotation(KeyId=made["KeyId"])
    assert dev.kms.get_key_rotation_status(KeyId=made["KeyId"])["KeyRotationEnabled"] is False


def test_a_key_without_material_is_deleted_and_kept_like_any_other(dev):
    made = external(dev)
    dev.kms.schedule_key_deletion(KeyId=made["KeyId"])
    assert told(dev, made)["KeyState"] == "PendingDeletion"
    with refused("KMSInvalidStateException", "is pending deletion."):
        bring(dev, made, os.urandom(32))
    dev.kms.cancel_key_deletion(KeyId=made["KeyId"])
    assert told(dev, made)["KeyState"] == "PendingImport"
    bring(dev, made, os.urandom(32))
    assert told(dev, made)["KeyState"] == "Enabled"


def test_values_under_imported_material_go_and_come_back_with_it(dev):
    made, material = external(dev), os.urandom(32)
    bring(dev, made, material)
    dev.ssm.put_parameter(Name="/p", Value="pin", Type="SecureString", KeyId=made["KeyId"])
    dev.kms.delete_imported_key_material(KeyId=made["KeyId"])
    with refused("InvalidKeyId"):
        dev.ssm.get_parameter(Name="/p", WithDecryption=True)
    bring(dev, made, material)
    found = dev.ssm.get_parameter(Name="/p", WithDecryption=True)["Parameter"]
    assert found["Value"] == "pin"
