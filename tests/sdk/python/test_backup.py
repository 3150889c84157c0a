"""`coffer backup` and `coffer restore`: a copy of a live store, and the way back."""

import contextlib
import os
import pathlib
import re
import resource
import shutil
import stat
import subprocess
import threading

import documents
from server import BINARY, ROOT, eventually
from stores import Place
from world import World, word

WRITERS = 3
SETTLED = 40


def coffer(*arguments, code=0):
    """What a command of the binary says that asks no server."""
    ended = subprocess.run(
        [BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def back_up(world):
    """Makes a backup; its file."""
    said = world.server.run(world, "backup")
    found = re.match(r"(\S+) at \S+: (\d+) rows, (\d+) bytes, SHA-256 ([0-9a-f]{64}); root", said)
    assert found, said
    file = pathlib.Path(found.group(1))
    assert file.stat().st_size == int(found.group(3))
    return file


def asked(world, operation):
    """What an operation of coffer's own service answers, which no SDK has a client for."""
    return world.call("coffer", operation, {}).json


def copied_key(source, place):
    """The root key, which no backup holds, at another place."""
    place.data.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(source / "root.key", place.data / "root.key")
    (place.data / "root.key").chmod(0o600)


def restored(started, file, source, place):
    """A server on a place that was filled from a backup."""
    assert "are in the store" in coffer("restore", file, "--to", place.target)
    copied_key(source, place)
    return started(place.data, *place.settings)


def at(world, server):
    """The same account and region at another server."""
    return World(server, world.account, world.access_key, world.secret, world.region)


class Writer(threading.Thread):
    """Counts a parameter and a secret up, and knows how far that was acknowledged."""

    def __init__(self, world, number):
        super().__init__()
        self.world = at(world, world.server)
        self.parameter, self.secret = f"/count/{number}", f"count-{number}"
        self.acknowledged = 0
        self.failure = None
        self.is_over = threading.Event()
        self.world.ssm.put_parameter(Name=self.parameter, Value="0", Type="SecureString")
        self.world.sm.create_secret(Name=self.secret, SecretString="0")

    def run(self):
        try:
            while not self.is_over.is_set() and self.acknowledged < 90:
                value = str(self.acknowledged + 1)
                self.world.ssm.put_parameter(
                    Name=self.parameter, Value=value, Type="SecureString", Overwrite=True
                )
                self.world.sm.put_secret_value(SecretId=self.secret, SecretString=value)
                self.acknowledged += 1
        except Exception as error:
            self.failure = error

    def check(self, world, at_least):
        """What a restored store has of it: one moment, not before this."""
        history = world.client("ssm").get_paginator("get_parameter_history")
        pages = history.paginate(Name=self.parameter, WithDecryption=True)
        entries = [entry for page in pages for entry in page["Parameters"]]
        values = [int(entry["Value"]) for entry in entries]
        assert values == list(range(len(values))), values
        assert [entry["Version"] for entry in entries] == [value + 1 for value in values]
        read = world.ssm.get_parameter(Name=self.parameter, WithDecryption=True)["Parameter"]
        assert (int(read["Value"]), read["Version"]) == (values[-1], len(values))
        secret = int(world.sm.get_secret_value(SecretId=self.secret)["SecretString"])
        # A writer writes the parameter first.
        assert at_least <= secret <= values[-1] <= secret + 1
        if secret > 0:
            before = world.sm.get_secret_value(SecretId=self.secret, VersionStage="AWSPREVIOUS")
            assert int(before["SecretString"]) == secret - 1


@contextlib.contextmanager
def writing(world):
    """Writers at work; each has got somewhere."""
    writers = [Writer(world, number) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    try:
        eventually(lambda: all(it.acknowledged > 3 or it.failure for it in writers), "writes")
        yield writers
    finally:
        for writer in writers:
            writer.is_over.set()
            writer.join(60)
    assert [writer.failure for writer in writers] == [None] * WRITERS


def filled(world):
    """Things of all kinds; how to see that a world has them."""
    names = [f"/settled/{number}" for number in range(SETTLED)]
    for name in names:
        world.ssm.put_parameter(Name=name, Value=f"value of {name}", Type="SecureString")
    world.sm.create_secret(Name="settled", SecretBinary=b"\x00\xff")
    key = world.kms.create_key()["KeyMetadata"]["KeyId"]
    blob = world.kms.encrypt(KeyId=key, Plaintext=b"plain")["CiphertextBlob"]
    user = f"reader-{word()}"
    world.iam.create_user(UserName=user)

    def check(world):
        for some in (names[start : start + 10] for start in range(0, SETTLED, 10)):
            read = world.ssm.get_parameters(Names=some, WithDecryption=True)["Parameters"]
            assert {it["Name"]: it["Value"] for it in read} == {it: f"value of {it}" for it in some}
        assert world.sm.get_secret_value(SecretId="settled")["SecretBinary"] == b"\x00\xff"
        assert world.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"plain"
        assert world.iam.get_user(UserName=user)["User"]["UserName"] == user

    return check


def test_a_backup_of_a_store_that_is_written_to_holds_all_that_was_acknowledged(
    new_place, started, tmp_path
):
    first = new_place()
    server = started(first.data, *first.settings)
    world = World.on_server(server)
    check = filled(world)
    with writing(world) as writers:
        before = [writer.acknowledged for writer in writers]
        file = back_up(world)
        meanwhile = [writer.acknowledged for writer in writers]
        # Nobody is kept waiting by it.
        eventually(
            lambda: all(
                writer.acknowledged > count or writer.acknowledged == 90
                for writer, count in zip(writers, meanwhile)
            ),
            "writers go on",
        )
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert b"value of /settled" not in file.read_bytes()
    key = first.data / "root.key"
    assert "each of them opens" in coffer("backup", "verify", file, "--root-key-file", key)

    # To a place of the same kind, and to a data directory.
    for place in (new_place(), Place(tmp_path / "embedded")):
        again = at(world, restored(started, file, first.data, place))
        check(again)
        for writer, count in zip(writers, before):
            writer.check(again, count)
        described = again.server.run(again, "events")
        assert "Parameter Store Change" in described
        found = again.client("cloudtrail").lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}]
        )
        assert len(found["Events"]) == 1
        # It is a store like any other: it is written to, audited, backed up and restored again.
        again.ssm.put_parameter(Name="/after", Value="1", Type="String")
        second = back_up(again)
        again.server.stop()
        settings = ("--data", place.data, *place.settings)
        assert "whole" in coffer("audit", "verify", *settings)
        third = at(world, restored(started, second, first.data, new_place()))
        assert third.ssm.get_parameter(Name="/after")["Parameter"]["Value"] == "1"
        check(third)
        third.server.stop()
    server.stop()


def test_what_is_damaged_is_refused_and_nothing_is_made_of_it(started, tmp_path):
    server = started(tmp_path / "data")
    world = World.on_server(server)
    filled(world)
    file = back_up(world)
    whole = file.read_bytes()
    key = ("--root-key-file", tmp_path / "data" / "root.key")
    damaged = tmp_path / "damaged.backup"
    target = tmp_path / "target"
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for content, told in [
        (whole[: len(whole) // 2], "is cut off after"),
        (whole[:-1], "is cut off after"),
        (b"", "not a backup"),
        (bytes(flipped), "is damaged"),
        (whole + b"\n", "is damaged"),
        (whole[:14] + b"2" + whole[15:], "format is a newer one"),
    ]:
        damaged.write_bytes(content)
        assert told in coffer("restore", damaged, "--to", target, code=1)
        assert told in coffer("backup", "verify", damaged, *key, code=1)
        assert not target.exists()
    assert "No such file" in coffer("restore", tmp_path / "none", "--to", target, code=1)
    other = tmp_path / "other.key"
    other.write_text("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
    other.chmod(0o600)
    said = coffer("backup", "verify", file, "--root-key-file", other, code=1)
    assert "does not open backup" in said
    said = coffer("backup", "verify", file, "--root-key-file", tmp_path / "none.key", code=1)
    assert "no root key at" in said and "is whole" in said
    server.stop()


def test_a_place_that_holds_something_is_left_alone(new_place, started):
    first, other = new_place(), new_place()
    server = started(first.data, *first.settings)
    world = World.on_server(server)
    world.ssm.put_parameter(Name="/whose", Value="first", Type="String")
    file = back_up(world)
    world.ssm.put_parameter(Name="/whose", Value="first, later", Type="String", Overwrite=True)
    server.stop()
    theirs = at(world, started(other.data, *other.settings))
    theirs.ssm.put_parameter(Name="/whose", Value="other", Type="String")
    if other.url is None:
        assert "lock held by" in coffer("restore", file, "--to", other.target, code=1)
    theirs.server.stop()
    for place, value in ((first, "first, later"), (other, "other")):
        assert "is a store already" in coffer("restore", file, "--to", place.target, code=1)
        again = at(world, started(place.data, *place.settings))
        assert again.ssm.get_parameter(Name="/whose")["Parameter"]["Value"] == value
        again.server.stop()


def test_a_folder_that_holds_what_no_store_puts_there_is_left_as_it_is(started, tmp_path):
    server = started(tmp_path / "data")
    file = back_up(World.on_server(server))
    server.stop()
    target = tmp_path / "target"
    target.mkdir()
    (target / "accounts.xlsx").write_text("theirs")
    said = coffer("restore", file, "--to", target, code=1)
    assert f"`{target}` has what no store puts there: `accounts.xlsx`; choose an empty" in said
    assert [it.name for it in target.iterdir()] == ["accounts.xlsx"]
    # What a lost store has left behind may stay, such as its journal and its backups.
    (server.data / "coffer.db").unlink()
    copied = server.data / "backups" / file.name
    assert copied.exists() and (server.data / "audit").is_dir()
    assert "are in the store" in coffer("restore", copied, "--to", server.data)
    started(server.data).stop()


def test_a_server_does_not_start_where_it_could_make_no_backup(started, tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("theirs")
    ended = subprocess.run(
        [BINARY, "server", "--listen", "127.0.0.1:0", "--data", tmp_path / "data"]
        + ["--backups", taken / "below"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert f"cannot make the folder of backups `{taken / 'below'}`" in ended.stderr
    assert "choose another with --backups" in ended.stderr
    assert not (tmp_path / "data" / "coffer.db").exists() and taken.read_text() == "theirs"


def test_a_backup_that_is_killed_leaves_none_that_looks_whole_and_is_made_again(started, tmp_path):
    server = started(tmp_path / "data")
    world = World.on_server(server)
    check = filled(world)
    for number in range(120):
        world.sm.create_secret(Name=f"large-{number}", SecretString="x" * 60_000)
    folder = server.data / "backups"
    is_cut_off = False
    for _ in range(20):
        asking = threading.Thread(target=lambda: asked(world, "CreateBackup"))
        before = {file.name for file in folder.glob("*")} if folder.exists() else set()
        asking.start()
        for _ in range(1_000_000):
            found = {file.name for file in folder.glob("*")} - before if folder.exists() else set()
            if found:
                break
        server.kill()
        asking.join()
        is_cut_off = any(name.endswith(".part") for name in (f.name for f in folder.glob("*")))
        for file in folder.glob("*.backup"):
            coffer("backup", "verify", file, "--root-key-file", server.data / "root.key")
        server = started(server.data)
        world = at(world, server)
        done = lambda: asked(world, "DescribeBackup").get("State") == "DONE"
        eventually(done, "the backup is made by the next process", 60)
        assert not list(folder.glob("*.part"))
        if is_cut_off:
            break
    assert is_cut_off, "no backup was caught unfinished"
    file = pathlib.Path(asked(world, "DescribeBackup")["File"])
    check(at(world, restored(started, file, server.data, Place(tmp_path / "place"))))
    server.stop()


def test_a_full_disk_leaves_no_backup_and_says_why(started, tmp_path):
    server = started(tmp_path / "data")
    world = World.on_server(server)
    for number in range(60):
        world.sm.create_secret(Name=f"large-{number}", SecretString="x" * 60_000)
    # What it has logged for the store goes into the store's file.
    server.stop()
    server = started(tmp_path / "data")
    world = at(world, server)
    _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (1 << 20, hard))
    told = asked(world, "CreateBackup")
    eventually(lambda: asked(world, "DescribeBackup")["State"] == "FAILED", "it fails")
    described = asked(world, "DescribeBackup")
    assert described["BackupId"] == told["BackupId"]
    assert "cannot write into" in described["Failure"] and "too large" in described["Failure"]
    assert "File" not in described and "LastDone" not in described
    assert list((server.data / "backups").iterdir()) == []
    world.ssm.put_parameter(Name="/still", Value="served", Type="String")
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    back_up(world)
    assert "LastDone" in asked(world, "DescribeBackup")
    server.stop()


def test_the_newest_backups_stay_in_the_folder_that_the_operator_names(started, tmp_path):
    folder = tmp_path / "elsewhere"
    server = started(tmp_path / "data", "--backups", folder, "--backups-keep", "2")
    world = World.on_server(server)
    files = [back_up(world) for _ in range(3)]
    assert all(file.parent == folder for file in files)
    assert sorted(folder.iterdir()) == files[1:]
    server.stop()


def test_the_guide_is_right(started, tmp_path):
    server = started(tmp_path / "data")
    world = World.on_server(server)
    check = filled(world)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "coffer").symlink_to(BINARY)
    access_key, secret = server.credentials
    place = Place(tmp_path / "restored")
    environment = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "AWS_ENDPOINT_URL": server.endpoint,
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "ROOT_KEY": str(server.data / "root.key"),
        "DATA": str(place.data),
    }
    make, *others = documents.blocks((ROOT / "docs" / "operate" / "backup.md").read_text())
    ended = documents.run(make, tmp_path, environment)
    assert ended.returncode == 0, ended.stderr
    environment["FILE"] = ended.stdout.split()[0]
    for block in others:
        ended = documents.run(block, tmp_path, environment)
        assert ended.returncode == 0, ended.stderr
    check(at(world, started(place.data)))
    server.stop()
