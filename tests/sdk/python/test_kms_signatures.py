"""KMS's key pairs for signing, and its keys for codes; checked by another library."""

import hashlib
import hmac

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

from world import World, refused, refused_by_the_model

RSA = ["RSASSA_PKCS1_V1_5_SHA_%d", "RSASSA_PSS_SHA_%d"]
RSA = [name % bits for name in RSA for bits in (256, 384, 512)]
SIGNING = {
    "RSA_2048": RSA,
    "RSA_3072": RSA,
    "ECC_NIST_P256": ["ECDSA_SHA_256"],
    "ECC_NIST_P384": ["ECDSA_SHA_384"],
    "ECC_NIST_P521": ["ECDSA_SHA_512"],
    "ECC_SECG_P256K1": ["ECDSA_SHA_256"],
    "ECC_NIST_EDWARDS25519": ["ED25519_SHA_512"],
    "ML_DSA_44": ["ML_DSA_SHAKE_256"],
    "ML_DSA_65": ["ML_DSA_SHAKE_256"],
    "ML_DSA_87": ["ML_DSA_SHAKE_256"],
}
HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
MACS = {f"HMAC_{bits}": f"HMAC_SHA_{bits}" for bits in (224, 256, 384, 512)}
FORMER_NAMES = {name for name in SIGNING if not name.startswith("ML_") and "25519" not in name}


def signer(world, spec):
    return world.kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]


def public_key(world, made):
    der = world.kms.get_public_key(KeyId=made["KeyId"])["PublicKey"]
    return serialization.load_der_public_key(der)


def verify_outside(key, algorithm, signature, message):
    chosen = HASHES.get(algorithm[-3:], hashes.SHA512)()
    if algorithm.startswith("RSASSA_PSS"):
        salted = padding.PSS(padding.MGF1(chosen), chosen.digest_size)
        key.verify(signature, message, salted, chosen)
    elif algorithm.startswith("RSASSA_PKCS1"):
        key.verify(signature, message, padding.PKCS1v15(), chosen)
    elif algorithm.startswith("ECDSA"):
        key.verify(signature, message, ec.ECDSA(chosen))
    else:
        key.verify(signature, message)


@pytest.mark.parametrize("spec", SIGNING)
def test_what_a_key_signs_is_verified_here_and_outside(world, spec):
    made = signer(world, spec)
    assert made["SigningAlgorithms"] == SIGNING[spec]
    assert (made["KeySpec"], made["KeyUsage"]) == (spec, "SIGN_VERIFY")
    assert made.get("CustomerMasterKeySpec") == (spec if spec in FORMER_NAMES else None)
    assert "EncryptionAlgorithms" not in made and "CurrentKeyMaterialId" not in made
    outside = public_key(world, made)
    for algorithm in SIGNING[spec]:
        asked = {"KeyId": made["KeyId"], "Message": b"message", "SigningAlgorithm": algorithm}
        signed = world.kms.sign(**asked)
        assert (signed["KeyId"], signed["SigningAlgorithm"]) == (made["Arn"], algorithm)
        verify_outside(outside, algorithm, signed["Signature"], b"message")
        with pytest.raises(InvalidSignature):
            verify_outside(outside, algorithm, signed["Signature"], b"massage")
        verified = world.kms.verify(**asked, Signature=signed["Signature"])
        assert verified["SignatureValid"] is True
        assert (verified["KeyId"], verified["SigningAlgorithm"]) == (made["Arn"], algorithm)
        with refused("KMSInvalidSignatureException", ""):
            world.kms.verify(**{**asked, "Message": b"massage"}, Signature=signed["Signature"])
        with refused("KMSInvalidSignatureException"):
            world.kms.verify(**asked, Signature=b"no signature")


@pytest.mark.parametrize(
    ("spec", "algorithm"),
    [
        ("RSA_2048", "RSASSA_PSS_SHA_384"),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_512"),
        ("ECC_NIST_P256", "ECDSA_SHA_256"),
        ("ECC_NIST_P521", "ECDSA_SHA_512"),
        ("ECC_SECG_P256K1", "ECDSA_SHA_256"),
    ],
)
def test_a_message_may_come_as_its_digest(dev, spec, algorithm):
    made = signer(dev, spec)
    digest = hashlib.new(f"sha{algorithm[-3:]}", b"message").digest()
    asked = {"KeyId": made["KeyId"], "SigningAlgorithm": algorithm}
    signed = dev.kms.sign(**asked, Message=digest, MessageType="DIGEST")["Signature"]
    verify_outside(public_key(dev, made), algorithm, signed, b"message")
    assert dev.kms.verify(**asked, Message=b"message", Signature=signed)["SignatureValid"]
    whole = dev.kms.sign(**asked, Message=b"message", MessageType="RAW")["Signature"]
    dev.kms.verify(**asked, Message=digest, MessageType="DIGEST", Signature=whole)
    for wrong in (digest[1:], digest + b"x"):
        message = f"Digest is invalid length for algorithm {algorithm}."
        with refused("ValidationException", message):
            dev.kms.sign(**asked, Message=wrong, MessageType="DIGEST")
        with refused("ValidationException", message):
            dev.kms.verify(**asked, Message=wrong, MessageType="DIGEST", Signature=signed)


def test_a_signature_made_outside_of_a_prehashed_message_is_told_apart(dev):
    made = signer(dev, "ECC_NIST_P384")
    key = public_key(dev, made)
    digest = hashlib.sha384(b"message").digest()
    signed = dev.kms.sign(
        KeyId=made["KeyId"], Message=digest, MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_384"
    )["Signature"]
    key.verify(signed, digest, ec.ECDSA(utils.Prehashed(hashes.SHA384())))
    with refused("KMSInvalidSignatureException"):
        dev.kms.verify(
            KeyId=made["KeyId"],
            Message=digest,
            MessageType="RAW",
            Signature=signed,
            SigningAlgorithm="ECDSA_SHA_384",
        )


@pytest.mark.parametrize("kind", ["DIGEST", "EXTERNAL_MU"])
def test_schemes_that_take_whole_messages_take_nothing_else(dev, kind):
    for spec, algorithm in (
        ("ECC_NIST_EDWARDS25519", "ED25519_SHA_512"),
        ("ML_DSA_44", "ML_DSA_SHAKE_256"),
    ):
        made = signer(dev, spec)
        with refused("ValidationException", f"Message type {kind}"):
            dev.kms.sign(
                KeyId=made["KeyId"],
                Message=b"x" * 64,
                MessageType=kind,
                SigningAlgorithm=algorithm,
            )


def test_a_key_has_its_own_algorithms_only(dev):
    for spec in ("RSA_2048", "ECC_NIST_P256", "ECC_NIST_EDWARDS25519", "ML_DSA_44"):
        made = signer(dev, spec)
        for algorithm in ("ECDSA_SHA_384", "ED25519_PH_SHA_512", "SM2DSA"):
            message = f"Algorithm {algorithm} is incompatible with key spec {spec}."
            with refused("InvalidKeyUsageException", message):
                dev.kms.sign(KeyId=made["KeyId"], Message=b"x", SigningAlgorithm=algorithm)


def test_a_key_does_what_it_is_for_and_nothing_else(dev):
    symmetric = dev.kms.create_key()["KeyMetadata"]
    codes = dev.kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]
    signs = signer(dev, "ECC_NIST_P256")
    agrees = dev.kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")["KeyMetadata"]
    sealed = dev.kms.encrypt(KeyId=symmetric["KeyId"], Plaintext=b"v")["CiphertextBlob"]
    blob, alg = {"Message": b"x"}, {"SigningAlgorithm": "ECDSA_SHA_256"}
    calls = [
        (symmetric, "GenerateMac", dev.kms.generate_mac, {**blob, "MacAlgorithm": "HMAC_SHA_256"}),
        (codes, "Sign", dev.kms.sign, {**blob, **alg}),
        (symmetric, "Verify", dev.kms.verify, {**blob, **alg, "Signature": b"x"}),
        (agrees, "Sign", dev.kms.sign, {**blob, **alg}),
        (signs, "Encrypt", dev.kms.encrypt, {"Plaintext": b"x"}),
        (codes, "Encrypt", dev.kms.encrypt, {"Plaintext": b"x"}),
        (signs, "GenerateDataKey", dev.kms.generate_data_key, {"KeySpec": "AES_256"}),
        (signs, "ReEncryptTo", dev.kms.re_encrypt, {"CiphertextBlob": sealed}),
        (codes, "GenerateDataKeyPair", dev.kms.generate_data_key_pair, {"KeyPairSpec": "RSA_2048"}),
    ]
    for made, name, call, more in calls:
        member = "DestinationKeyId" if name == "ReEncryptTo" else "KeyId"
        message = f"{made['Arn']} key usage is {made['KeyUsage']} which is not valid for {name}."
        with refused("InvalidKeyUsageException", message):
            call(**{member: made["KeyId"]}, **more)
    with refused("IncorrectKeyException"):
        dev.kms.decrypt(CiphertextBlob=sealed, KeyId=signs["KeyId"])
    for made in (symmetric, codes):
        with refused("UnsupportedOperationException"):
            dev.kms.get_public_key(KeyId=made["KeyId"])


def test_a_key_that_may_not_be_used_signs_nothing_and_shows_nothing(dev):
    made = signer(dev, "ECC_NIST_P256")
    asked = {"KeyId": made["KeyId"], "Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"}
    signed = dev.kms.sign(**asked)["Signature"]
    dev.kms.disable_key(KeyId=made["KeyId"])
    calls = [
        lambda: dev.kms.sign(**asked),
        lambda: dev.kms.verify(**asked, Signature=signed),
        lambda: dev.kms.get_public_key(KeyId=made["KeyId"]),
    ]
    for call in calls:
        with refused("DisabledException", f"{made['Arn']} is disabled."):
            call()
    dev.kms.schedule_key_deletion(KeyId=made["KeyId"])
    for call in calls:
        with refused("KMSInvalidStateException", f"{made['Arn']} is pending deletion."):
            call()
    dev.kms.cancel_key_deletion(KeyId=made["KeyId"])
    dev.kms.enable_key(KeyId=made["KeyId"])
    assert dev.kms.verify(**asked, Signature=signed)["SignatureValid"]


def test_key_pairs_are_not_rotated(dev):
    made = signer(dev, "ECC_NIST_P256")
    for call in (
        dev.kms.enable_key_rotation,
        dev.kms.disable_key_rotation,
        dev.kms.rotate_key_on_demand,
        dev.kms.list_key_rotations,
    ):
        with refused("UnsupportedOperationException"):
            call(KeyId=made["KeyId"])
    assert dev.kms.get_key_rotation_status(KeyId=made["KeyId"])["KeyRotationEnabled"] is False


def test_a_dry_run_signs_nothing(dev):
    made = signer(dev, "ECC_NIST_P256")
    asked = {"KeyId": made["KeyId"], "Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"}
    with refused("DryRunOperationException"):
        dev.kms.sign(**asked, DryRun=True)
    with refused("DryRunOperationException"):
        dev.kms.verify(**asked, Signature=b"x", DryRun=True)
    with refused("InvalidKeyUsageException"):
        dev.kms.sign(**{**asked, "SigningAlgorithm": "ECDSA_SHA_384"}, DryRun=True)


def test_a_message_has_at_most_four_kilobytes(dev):
    made = signer(dev, "ECC_NIST_P256")
    asked = {"KeyId": made["KeyId"], "SigningAlgorithm": "ECDSA_SHA_256"}
    dev.kms.sign(**asked, Message=b"x" * 4096)
    for message in (b"", b"x" * 4097):
        with refused_by_the_model():
            dev.raw_kms.sign(**asked, Message=message)


@pytest.mark.parametrize("spec", MACS)
def test_codes_are_made_and_checked(world, spec):
    made = world.kms.create_key(KeySpec=spec, KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]
    algorithm = MACS[spec]
    assert made["MacAlgorithms"] == [algorithm]
    asked = {"KeyId": made["KeyId"], "Message": b"message", "MacAlgorithm": algorithm}
    code = world.kms.generate_mac(**asked)
    assert (code["KeyId"], code["MacAlgorithm"]) == (made["Arn"], algorithm)
    assert len(code["Mac"]) == int(spec[-3:]) // 8
    assert world.kms.generate_mac(**asked)["Mac"] == code["Mac"]
    checked = world.kms.verify_mac(**asked, Mac=code["Mac"])
    assert (checked["MacValid"], checked["KeyId"]) == (True, made["Arn"])
    for wrong in ({"Message": b"massage", "Mac": code["Mac"]}, {"Mac": code["Mac"][1:]}):
        with refused("KMSInvalidMacException", ""):
            world.kms.verify_mac(**{**asked, **wrong})
    other = next(name for name in MACS.values() if name != algorithm)
    message = f"Algorithm {other} is incompatible with key spec {spec}."
    with refused("InvalidKeyUsageException", message):
        world.kms.generate_mac(**{**asked, "MacAlgorithm": other})
    with refused("DryRunOperationException"):
        world.kms.generate_mac(**asked, DryRun=True)


def test_two_keys_make_different_codes(dev):
    codes = set()
    for _ in range(2):
        made = dev.kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
        key_id = made["KeyMetadata"]["KeyId"]
        codes.add(
            dev.kms.generate_mac(KeyId=key_id, Message=b"x", MacAlgorithm="HMAC_SHA_256")["Mac"]
        )
    assert len(codes) == 2
    assert hmac.new(b"", b"x", "sha256").digest() not in codes


def test_keys_and_signatures_last_over_a_restart(restartable):
    world = World.on_server(restartable)
    made = {spec: signer(world, spec) for spec in ("RSA_2048", "ECC_NIST_P256", "ML_DSA_44")}
    asked = {
        spec: {"KeyId": key["KeyId"], "Message": b"x", "SigningAlgorithm": SIGNING[spec][-1]}
        for spec, key in made.items()
    }
    signed = {spec: world.kms.sign(**asked[spec])["Signature"] for spec in made}
    shown = {spec: world.kms.get_public_key(KeyId=key["KeyId"]) for spec, key in made.items()}
    world.close()
    restartable.stop()
    restartable.start()
    world = World(restartable, world.account, world.access_key, world.secret, world.region)
    for spec, key in made.items():
        assert world.kms.verify(**asked[spec], Signature=signed[spec])["SignatureValid"]
        again = world.kms.get_public_key(KeyId=key["KeyId"])
        assert again["PublicKey"] == shown[spec]["PublicKey"]
    world.close()


def test_what_no_key_can_be_is_refused(dev):
    for asked in (
        {"KeySpec": "RSA_2048", "KeyUsage": "GENERATE_VERIFY_MAC"},
        {"KeySpec": "HMAC_256", "KeyUsage": "SIGN_VERIFY"},
        {"KeySpec": "ECC_NIST_P256", "KeyUsage": "ENCRYPT_DECRYPT"},
        {"KeySpec": "ECC_SECG_P256K1", "KeyUsage": "KEY_AGREEMENT"},
        {"KeySpec": "ML_KEM_512", "KeyUsage": "SIGN_VERIFY"},
        {"KeySpec": "ML_DSA_44", "KeyUsage": "ENCAPSULATE_DECAPSULATE"},
        {"KeyUsage": "SIGN_VERIFY"},
    ):
        spec = asked.get("KeySpec", "SYMMETRIC_DEFAULT")
        message = f"KeyUsage {asked['KeyUsage']} is not compatible with KeySpec {spec}"
        with refused("ValidationException", message):
            dev.kms.create_key(**asked)
    for spec in ("RSA_2048", "HMAC_256", "ML_DSA_44"):
        with refused("ValidationException", "You must specify a KeyUsage value"):
            dev.kms.create_key(KeySpec=spec)
    assert dev.kms.list_keys()["Keys"] == []
