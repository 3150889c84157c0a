"""KMS's key pairs for encryption, agreement and encapsulation, and those it makes for callers."""

import concurrent.futures
import time

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mlkem, padding, rsa

from world import refused, refused_by_the_model

OAEP = {"RSAES_OAEP_SHA_1": hashes.SHA1, "RSAES_OAEP_SHA_256": hashes.SHA256}
CURVES = {
    "ECC_NIST_P256": ec.SECP256R1,
    "ECC_NIST_P384": ec.SECP384R1,
    "ECC_NIST_P521": ec.SECP521R1,
}
KEMS = {
    "ML_KEM_512": (768, None),
    "ML_KEM_768": (1088, mlkem.MLKEM768PublicKey),
    "ML_KEM_1024": (1568, mlkem.MLKEM1024PublicKey),
}


def oaep(algorithm):
    chosen = OAEP[algorithm]()
    return padding.OAEP(padding.MGF1(chosen), chosen, None)


def der(key):
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def key_of(world, spec, usage):
    made = world.kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]
    shown = world.kms.get_public_key(KeyId=made["KeyId"])
    assert (shown["KeyId"], shown["KeySpec"], shown["KeyUsage"]) == (made["Arn"], spec, usage)
    return made, shown


@pytest.mark.parametrize("algorithm", OAEP)
@pytest.mark.parametrize("spec", ["RSA_2048", "RSA_3072"])
def test_what_is_encrypted_for_a_pair_is_decrypted_wherever_it_was_encrypted(
    world, spec, algorithm
):
    made, shown = key_of(world, spec, "ENCRYPT_DECRYPT")
    assert made["EncryptionAlgorithms"] == list(OAEP)
    assert shown["EncryptionAlgorithms"] == list(OAEP)
    asked = {"KeyId": made["KeyId"], "EncryptionAlgorithm": algorithm}
    sealed = world.kms.encrypt(**asked, Plaintext=b"attack at dawn")
    assert (sealed["KeyId"], sealed["EncryptionAlgorithm"]) == (made["Arn"], algorithm)
    assert len(sealed["CiphertextBlob"]) == int(spec[-4:]) // 8
    opened = world.kms.decrypt(**asked, CiphertextBlob=sealed["CiphertextBlob"])
    assert opened["Plaintext"] == b"attack at dawn"
    assert (opened["KeyId"], opened["EncryptionAlgorithm"]) == (made["Arn"], algorithm)
    assert "KeyMaterialId" not in opened
    outside = serialization.load_der_public_key(shown["PublicKey"])
    sealed = outside.encrypt(b"from outside", oaep(algorithm))
    assert world.kms.decrypt(**asked, CiphertextBlob=sealed)["Plaintext"] == b"from outside"


@pytest.mark.parametrize(
    ("spec", "algorithm", "size"),
    [
        ("RSA_2048", "RSAES_OAEP_SHA_1", 214),
        ("RSA_2048", "RSAES_OAEP_SHA_256", 190),
        ("RSA_3072", "RSAES_OAEP_SHA_1", 342),
        ("RSA_4096", "RSAES_OAEP_SHA_256", 446),
    ],
)
def test_a_message_for_a_pair_is_as_long_as_the_modulus_lets_it_be(dev, spec, algorithm, size):
    made, _ = key_of(dev, spec, "ENCRYPT_DECRYPT")
    asked = {"KeyId": made["KeyId"], "EncryptionAlgorithm": algorithm}
    dev.kms.encrypt(**asked, Plaintext=b"x" * size)
    message = (
        f"Algorithm {algorithm} and key spec {spec} cannot encrypt data larger than {size} bytes."
    )
    with refused("ValidationException", message):
        dev.kms.encrypt(**asked, Plaintext=b"x" * (size + 1))


def test_a_ciphertext_of_a_pair_opens_with_its_pair_and_algorithm_only(dev):
    made, _ = key_of(dev, "RSA_2048", "ENCRYPT_DECRYPT")
    other, _ = key_of(dev, "RSA_2048", "ENCRYPT_DECRYPT")
    first, second = OAEP
    blob = dev.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"v", EncryptionAlgorithm=first)
    blob = blob["CiphertextBlob"]
    for key, algorithm, sealed in (
        (other, first, blob),
        (made, second, blob),
        (made, first, blob[:-1]),
        (made, first, bytes([blob[0] ^ 1]) + blob[1:]),
    ):
        with refused("InvalidCiphertextException"):
            dev.kms.decrypt(
                KeyId=key["KeyId"], CiphertextBlob=sealed, EncryptionAlgorithm=algorithm
            )
    with refused("ValidationException"):
        dev.kms.decrypt(CiphertextBlob=blob, EncryptionAlgorithm=first)
    with refused("InvalidCiphertextException"):
        dev.kms.decrypt(CiphertextBlob=blob)


def test_a_pair_takes_its_own_algorithms_and_no_context(dev):
    made, _ = key_of(dev, "RSA_2048", "ENCRYPT_DECRYPT")
    symmetric = dev.kms.create_key()["KeyMetadata"]
    message = "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."
    with refused("InvalidKeyUsageException", message):
        dev.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"v")
    with refused("InvalidKeyUsageException", message):
        dev.kms.generate_data_key(KeyId=made["KeyId"], KeySpec="AES_256")
    message = "Algorithm RSAES_OAEP_SHA_1 is incompatible with key spec SYMMETRIC_DEFAULT."
    with refused("InvalidKeyUsageException", message):
        dev.kms.encrypt(
            KeyId=symmetric["KeyId"], Plaintext=b"v", EncryptionAlgorithm="RSAES_OAEP_SHA_1"
        )
    with refused("ValidationException"):
        dev.kms.encrypt(
            KeyId=made["KeyId"],
            Plaintext=b"v",
            EncryptionAlgorithm="RSAES_OAEP_SHA_1",
            EncryptionContext={"a": "1"},
        )


def test_a_ciphertext_goes_from_a_symmetric_key_to_a_pair_and_back(dev):
    pair, _ = key_of(dev, "RSA_2048", "ENCRYPT_DECRYPT")
    symmetric = dev.kms.create_key()["KeyMetadata"]
    context = {"a": "1"}
    blob = dev.kms.encrypt(
        KeyId=symmetric["KeyId"], Plaintext=b"value", EncryptionContext=context
    )["CiphertextBlob"]
    there = dev.kms.re_encrypt(
        CiphertextBlob=blob,
        SourceEncryptionContext=context,
        DestinationKeyId=pair["KeyId"],
        DestinationEncryptionAlgorithm="RSAES_OAEP_SHA_256",
    )
    assert there["SourceEncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    assert there["DestinationEncryptionAlgorithm"] == "RSAES_OAEP_SHA_256"
    assert there["SourceKeyId"] == symmetric["Arn"] and there["KeyId"] == pair["Arn"]
    back = dev.kms.re_encrypt(
        CiphertextBlob=there["CiphertextBlob"],
        SourceKeyId=pair["KeyId"],
        SourceEncryptionAlgorithm="RSAES_OAEP_SHA_256",
        DestinationKeyId=symmetric["KeyId"],
        DestinationEncryptionContext={"b": "2"},
    )
    opened = dev.kms.decrypt(CiphertextBlob=back["CiphertextBlob"], EncryptionContext={"b": "2"})
    assert opened["Plaintext"] == b"value"


def test_services_seal_with_symmetric_keys_only(dev):
    made, _ = key_of(dev, "RSA_2048", "ENCRYPT_DECRYPT")
    with refused("InvalidKeyId"):
        dev.ssm.put_parameter(Name="/p", Value="v", Type="SecureString", KeyId=made["KeyId"])
    with refused("EncryptionFailure"):
        dev.sm.create_secret(Name="s", SecretString="v", KmsKeyId=made["KeyId"])
    assert dev.ssm.describe_parameters()["Parameters"] == []
    assert dev.sm.list_secrets()["SecretList"] == []


@pytest.mark.parametrize("spec", CURVES)
def test_a_secret_is_agreed_on_with_somebody_outside(world, spec):
    made, shown = key_of(world, spec, "KEY_AGREEMENT")
    assert made["KeyAgreementAlgorithms"] == ["ECDH"]
    private = ec.generate_private_key(CURVES[spec]())
    asked = {"KeyId": made["KeyId"], "KeyAgreementAlgorithm": "ECDH"}
    agreed = world.kms.derive_shared_secret(**asked, PublicKey=der(private.public_key()))
    inside = serialization.load_der_public_key(shown["PublicKey"])
    assert agreed["SharedSecret"] == private.exchange(ec.ECDH(), inside)
    assert (agreed["KeyId"], agreed["KeyOrigin"]) == (made["Arn"], "AWS_KMS")
    assert agreed["KeyAgreementAlgorithm"] == "ECDH"
    with refused("DryRunOperationException"):
        world.kms.derive_shared_secret(
            **asked, PublicKey=der(private.public_key()), DryRun=True
        )


def test_a_secret_is_not_agreed_on_with_what_is_no_key_of_the_curve(dev):
    made, _ = key_of(dev, "ECC_NIST_P256", "KEY_AGREEMENT")
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    bare = point.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    off = bytearray(der(point))
    off[-1] ^= 1
    others = [
        b"x",
        bare,
        bytes(off),
        der(ec.generate_private_key(ec.SECP384R1()).public_key()),
        der(rsa.generate_private_key(65537, 2048).public_key()),
    ]
    for wrong in others:
        with refused("ValidationException"):
            dev.kms.derive_shared_secret(
                KeyId=made["KeyId"], KeyAgreementAlgorithm="ECDH", PublicKey=wrong
            )


@pytest.mark.parametrize("spec", KEMS)
def test_a_secret_is_encapsulated_and_recovered(world, spec):
    made, shown = key_of(world, spec, "ENCAPSULATE_DECAPSULATE")
    assert made["EncapsulationAlgorithms"] == ["ML_KEM"]
    size, public = KEMS[spec]
    asked = {"KeyId": made["KeyId"], "EncapsulationAlgorithm": "ML_KEM"}
    drawn = world.kms.encapsulate(**asked)
    sealed = drawn["SharedSecretCiphertextBlob"]
    assert (len(sealed), len(drawn["SharedSecret"])) == (size, 32)
    recovered = world.kms.decapsulate(**asked, SharedSecretCiphertextBlob=sealed)
    assert recovered["SharedSecret"] == drawn["SharedSecret"]
    assert recovered["KeyId"] == drawn["KeyId"] == made["Arn"]
    if public is not None:
        outside = serialization.load_der_public_key(shown["PublicKey"])
        assert isinstance(outside, public)
        secret, sealed = outside.encapsulate()
        recovered = world.kms.decapsulate(**asked, SharedSecretCiphertextBlob=sealed)
        assert recovered["SharedSecret"] == secret


def test_another_ciphertext_has_another_secret_and_one_of_another_length_none(dev):
    made, _ = key_of(dev, "ML_KEM_768", "ENCAPSULATE_DECAPSULATE")
    other, _ = key_of(dev, "ML_KEM_768", "ENCAPSULATE_DECAPSULATE")
    algorithm = {"EncapsulationAlgorithm": "ML_KEM"}
    drawn = dev.kms.encapsulate(KeyId=made["KeyId"], **algorithm)
    sealed = drawn["SharedSecretCiphertextBlob"]
    implicit = dev.kms.decapsulate(
        KeyId=other["KeyId"], **algorithm, SharedSecretCiphertextBlob=sealed
    )
    assert implicit["SharedSecret"] != drawn["SharedSecret"]
    for wrong in (sealed[1:], sealed + b"x", b"x"):
        with refused("InvalidCiphertextException"):
            dev.kms.decapsulate(
                KeyId=made["KeyId"], **algorithm, SharedSecretCiphertextBlob=wrong
            )


PAIRS = {
    "RSA_2048": rsa.RSAPrivateKey,
    "ECC_NIST_P256": ec.EllipticCurvePrivateKey,
    "ECC_NIST_P384": ec.EllipticCurvePrivateKey,
    "ECC_NIST_P521": ec.EllipticCurvePrivateKey,
    "ECC_SECG_P256K1": ec.EllipticCurvePrivateKey,
    "ECC_NIST_EDWARDS25519": ed25519.Ed25519PrivateKey,
}


@pytest.mark.parametrize("spec", PAIRS)
def test_a_key_pair_for_the_caller_comes_open_and_sealed(world, spec):
    key = world.kms.create_key()["KeyMetadata"]
    context = {"for": "a test"}
    pair = world.kms.generate_data_key_pair(
        KeyId=key["KeyId"], KeyPairSpec=spec, EncryptionContext=context
    )
    assert (pair["KeyId"], pair["KeyPairSpec"]) == (key["Arn"], spec)
    assert len(pair["KeyMaterialId"]) == 64
    private = serialization.load_der_private_key(pair["PrivateKeyPlaintext"], None)
    assert isinstance(private, PAIRS[spec])
    assert der(private.public_key()) == pair["PublicKey"]
    opened = world.kms.decrypt(
        CiphertextBlob=pair["PrivateKeyCiphertextBlob"], EncryptionContext=context
    )
    assert opened["Plaintext"] == pair["PrivateKeyPlaintext"]
    with refused("InvalidCiphertextException"):
        world.kms.decrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"])


@pytest.mark.parametrize("spec", ["RSA_4096", "ML_KEM_512", "ML_KEM_768", "ML_KEM_1024"])
def test_a_key_pair_for_the_caller_may_come_sealed_only(dev, spec):
    key = dev.kms.create_key()["KeyMetadata"]
    pair = dev.kms.generate_data_key_pair_without_plaintext(KeyId=key["KeyId"], KeyPairSpec=spec)
    assert "PrivateKeyPlaintext" not in pair
    assert pair["KeyPairSpec"] == spec
    opened = dev.kms.decrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"])["Plaintext"]
    assert opened[:1] == b"\x30"
    if spec == "ML_KEM_512":
        return
    assert der(serialization.load_der_public_key(pair["PublicKey"])) == pair["PublicKey"]
    if spec == "RSA_4096":
        private = serialization.load_der_private_key(opened, None)
        assert der(private.public_key()) == pair["PublicKey"]


def test_key_pairs_that_are_not_made_here_are_refused(dev):
    key = dev.kms.create_key()["KeyMetadata"]
    with refused("UnsupportedOperationException"):
        dev.kms.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec="SM2")
    with refused_by_the_model():
        dev.raw_kms.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec="RSA_1024")
    with refused("DryRunOperationException"):
        dev.kms.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec="RSA_2048", DryRun=True)


def test_a_slow_key_pair_holds_up_nobody(dev):
    """While RSA keys are made, other requests are answered."""
    key = dev.kms.create_key()["KeyMetadata"]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        slow = [
            pool.submit(dev.kms.create_key, KeySpec="RSA_4096", KeyUsage="SIGN_VERIFY")
            for _ in range(4)
        ]
        answered = 0
        while not all(made.done() for made in slow) and answered < 1000:
            began = time.monotonic()
            dev.kms.describe_key(KeyId=key["KeyId"])
            assert time.monotonic() - began < 5
            answered += 1
        for made in slow:
            assert made.result()["KeyMetadata"]["KeyState"] == "Enabled"
    assert answered > 0


def test_the_last_use_of_a_key_is_told(world):
    made = world.kms.create_key()["KeyMetadata"]
    before = world.kms.get_key_last_usage(KeyId=made["KeyId"])
    assert before["KeyLastUsage"] == {}
    assert before["KeyId"] == made["KeyId"]
    assert before["KeyCreationDate"] == before["TrackingStartDate"] == made["CreationDate"]
    answer = world.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"v")
    last = world.kms.get_key_last_usage(KeyId=made["KeyId"])["KeyLastUsage"]
    assert last["Operation"] == "Encrypt"
    assert last["KmsRequestId"] == answer["ResponseMetadata"]["RequestId"]
    assert last["Timestamp"] >= made["CreationDate"]
    other = world.kms.create_key()["KeyMetadata"]
    with refused("DryRunOperationException"):
        world.kms.encrypt(KeyId=other["KeyId"], Plaintext=b"v", DryRun=True)
    assert world.kms.get_key_last_usage(KeyId=other["KeyId"])["KeyLastUsage"] == {}


def test_a_later_use_of_a_key_is_told_instead(timed):
    made = timed.kms.create_key()["KeyMetadata"]
    blob = timed.kms.encrypt(KeyId=made["KeyId"], Plaintext=b"v")["CiphertextBlob"]
    first = timed.kms.get_key_last_usage(KeyId=made["KeyId"])["KeyLastUsage"]
    timed.server.advance("1h")
    timed.kms.decrypt(CiphertextBlob=blob)
    last = timed.kms.get_key_last_usage(KeyId=made["KeyId"])["KeyLastUsage"]
    assert (first["Operation"], last["Operation"]) == ("Encrypt", "Decrypt")
    assert last["Timestamp"] > first["Timestamp"]
