"""`coffer rekey`: the root key is changed while the server serves."""

import base64
import shutil
import subprocess
import threading

from server import BINARY, eventually
from world import World


def rekey(server, *arguments, code=(0,)):
    access_key, secret = server.credentials
    ended = subprocess.run(
        [BINARY, "rekey", "--endpoint", server.endpoint, *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        env={
            **server.environment(),
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret,
        },
    )
    assert ended.returncode in code, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def refused_start(data, key_file):
    """What a server says that is given the wrong root key."""
    ended = subprocess.run(
        [
            *(BINARY, "server", "--listen", "127.0.0.1:0", "--data", str(data)),
            *("--root-key-file", str(key_file)),
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode != 0, ended.stdout
    return ended.stderr


def sealed(world):
    key = world.kms.create_key()["KeyMetadata"]["KeyId"]
    return world.kms.encrypt(KeyId=key, Plaintext=b"plain")["CiphertextBlob"]


def again(world):
    """The same world of a server that has been started again, on another port."""
    return World(world.server, world.account, world.access_key, world.secret, world.region)


def opens(world, blob):
    return world.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"plain"


def test_after_a_change_the_new_key_opens_everything_and_the_old_one_nothing(restartable, tmp_path):
    world = World.on_server(restartable)
    world.ssm.put_parameter(Name="/pin", Value="1234", Type="SecureString")
    world.sm.create_secret(Name="db", SecretString="secret")
    blobs = [sealed(world) for _ in range(3)]
    pair = world.kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    pair = pair["KeyMetadata"]["KeyId"]
    signing = {"KeyId": pair, "Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
    signature = world.kms.sign(**signing)["Signature"]
    old = tmp_path / "old.key"
    shutil.copy(restartable.data / "root.key", old)

    said = rekey(restartable)
    assert "is in force" in said
    assert (restartable.data / "root.key").read_text() != old.read_text()
    assert not (restartable.data / "root.key.new").exists()

    def check(world):
        read = world.ssm.get_parameter(Name="/pin", WithDecryption=True)
        assert read["Parameter"]["Value"] == "1234"
        assert world.sm.get_secret_value(SecretId="db")["SecretString"] == "secret"
        assert all(opens(world, blob) for blob in blobs)
        assert world.kms.verify(**signing, Signature=signature)["SignatureValid"]

    check(world)
    restartable.stop()
    assert "does not open this store" in refused_start(restartable.data, old)
    restartable.start()
    check(again(world))


def test_a_key_is_taken_from_a_file_that_is_named(restartable, tmp_path):
    world = World.on_server(restartable)
    blob = sealed(world)
    file = tmp_path / "next.key"
    file.write_text(base64.b64encode(bytes(range(32))).decode())
    file.chmod(0o644)
    said = rekey(restartable, "--new-root-key-file", str(file), code=(1,))
    assert "was not changed" in said and "chmod o-rwx" in said
    file.chmod(0o600)
    said = rekey(restartable, "--new-root-key-file", str(file))
    assert f"--root-key-file {file}" in said
    assert "in force already" in rekey(restartable, "--new-root-key-file", str(file), code=(1,))
    restartable.stop()
    old = restartable.data / "root.key"
    assert "does not open this store" in refused_start(restartable.data, old)
    restartable.extra = ("--root-key-file", str(file))
    restartable.start()
    assert opens(again(world), blob)


def test_writers_lose_nothing_while_the_key_is_changed(restartable):
    world = World.on_server(restartable)
    old = (restartable.data / "root.key").read_text()
    done = threading.Event()
    blobs, troubles = [], []

    def write():
        try:
            while not done.is_set():
                blobs.append(sealed(world))
        except Exception as error:
            troubles.append(error)

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(3):
            before = len(blobs)
            rekey(restartable)
            eventually(lambda: len(blobs) > before or troubles, "the writers go on")
    finally:
        done.set()
        for writer in writers:
            writer.join()
    assert not troubles, troubles
    restartable.stop()
    assert (restartable.data / "root.key").read_text() != old
    restartable.start()
    world = again(world)
    assert all(opens(world, blob) for blob in blobs)


def test_a_server_that_is_killed_meanwhile_opens_and_has_lost_nothing(restartable):
    world = World.on_server(restartable)
    blobs = [sealed(world) for _ in range(150)]
    # The command finds its server gone, or was quicker.
    client = threading.Thread(target=lambda: rekey(restartable, code=(0, 1)))
    drawn, present = restartable.data / "root.key.new", restartable.data / "root.key"
    old = present.read_text()
    client.start()
    eventually(lambda: drawn.exists() or present.read_text() != old, "the new key is drawn")
    restartable.kill()
    client.join()
    restartable.start()
    world = again(world)
    assert all(opens(world, blob) for blob in blobs)
    blobs.append(sealed(world))
    restartable.stop()
    restartable.start()
    world = again(world)
    assert all(opens(world, blob) for blob in blobs)
