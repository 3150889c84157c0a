"""Where the root key may be, and what is refused."""

import base64
import os
import subprocess

from conftest import real
from server import BINARY
from world import World

KEY = base64.b64encode(bytes(range(32))).decode()


def refusal(data, *arguments, **variables):
    """What a server says that does not start."""
    ended = subprocess.run(
        [BINARY, "server", "--listen", "127.0.0.1:0", "--data", str(data), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": os.environ["PATH"], **variables},
    )
    assert ended.returncode != 0, ended.stdout
    assert KEY not in ended.stdout + ended.stderr
    return ended.stderr


class Placed:
    """A server whose root key is in one place or another."""

    def __init__(self, folder):
        self.data = folder / "coffer-data"

    def check(self, *arguments, **variables):
        """Starts on a place, twice, and reads what was written before."""
        server = real(self.data, extra=arguments)
        usual = server.environment
        server.environment = lambda: {**usual(), **variables}
        server.start()
        try:
            world = World.on_server(server)
            world.ssm.put_parameter(Name="/a", Value="v", Type="SecureString", Overwrite=True)
            server.stop()
            server.start()
            world = World(server, world.account, world.access_key, world.secret, world.region)
            read = world.ssm.get_parameter(Name="/a", WithDecryption=True)
            assert read["Parameter"]["Value"] == "v"
            server.stop()
            assert KEY not in server.log
        finally:
            server.kill()


def test_the_same_key_opens_a_store_from_each_of_the_four_places(tmp_path):
    placed = Placed(tmp_path)
    placed.check(COFFER_ROOT_KEY=KEY)
    assert not (placed.data / "root.key").exists()

    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    file.chmod(0o400)
    placed.check("--root-key-file", str(file))

    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "root").write_text(KEY)
    (credentials / "root").chmod(0o400)
    placed.check("--root-key-credential", "root", CREDENTIALS_DIRECTORY=str(credentials))

    placed.check("--root-key-command", f"cat {file}")


def test_a_key_in_two_places_is_refused(tmp_path):
    said = refusal(tmp_path / "d", "--root-key-command", "cat key", COFFER_ROOT_KEY=KEY)
    assert "--root-key-command and COFFER_ROOT_KEY; keep one of them" in said
    assert not (tmp_path / "d").exists()


def test_a_file_that_everybody_can_read_is_refused(tmp_path):
    file = tmp_path / "key"
    file.write_text(KEY)
    file.chmod(0o644)
    assert "chmod o-rwx" in refusal(tmp_path / "d", "--root-key-file", str(file))
    file.chmod(0o640)
    Placed(tmp_path).check("--root-key-file", str(file))


def test_a_command_that_fails_is_told_by_its_standard_error_alone(tmp_path):
    command = f"sh -c 'echo the vault is locked >&2; echo {KEY}; exit 4'"
    said = refusal(tmp_path / "d", "--root-key-command", command)
    assert "the vault is locked" in said


def test_what_is_no_key_is_refused_without_being_shown(tmp_path):
    for arguments, variables in [
        ((), {"COFFER_ROOT_KEY": "hunter2"}),
        (("--root-key-command", "echo hunter2"), {}),
    ]:
        said = refusal(tmp_path / "d", *arguments, **variables)
        assert "32 bytes in base64" in said and "hunter2" not in said


def test_a_credential_without_systemd_is_refused(tmp_path):
    assert "LoadCredential=" in refusal(tmp_path / "d", "--root-key-credential", "root")
