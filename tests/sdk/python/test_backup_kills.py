"""kill -9 of servers on a database or a cluster while they make backups, asked for or planned."""

import base64
import concurrent.futures
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from conftest import real
from line import by_lines
from postgresql import PostgreSql
from server import BINARY, eventually
from stores import Place
from test_backup import at, asked, back_up, coffer
from test_nodes import key_file
from world import World

# Of 80 kB each as they are kept. A database gives 64 rows at a time: when 12 MiB of 200 secrets
# have come, at least 64 of them are on the disk, and some are still to come.
SECRETS, SECRET = 200, "x" * 60_000
CUT_AFTER_BYTES, BYTES_MIN = 12 << 20, 2 << 20
# Of so few, of which a cluster gives all at a time, none is.
FEW, CUT_AFTER_BYTES_OF_FEW = 25, 1 << 20
# What a server was at is another one's when its lease has been seen to stand for a minute.
TAKEN_OVER_SECONDS_MAX = 120


class Store:
    """A store of its own, servers on it, and a backup that is cut off by a kill."""

    # How many secrets it has, how much comes before it is cut off, and how much is on disk then.
    secrets, cut_after, bytes_min = FEW, CUT_AFTER_BYTES_OF_FEW, 0

    def __init__(self, folder, database):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.database, self.url = database, database.place()
        self.key = key_file(self.folder / "root.key", base64.b64encode(os.urandom(32)).decode())
        self.servers, self.lines = [], []
        self.world = None

    def add(self, *settings, url=None):
        data = self.folder / f"node-{len(self.servers)}"
        where = ("--store", url or self.url, "--root-key-file", str(self.key))
        self.servers.append(real(data, extra=(*where, *settings)))
        return self.servers[-1]

    def add_by_line(self, *settings):
        """A server that can be cut off from the store."""
        url, lines = by_lines(self.url)
        self.lines += lines
        return self.add(*settings, url=url)

    def end(self):
        for server in self.servers:
            if server.process is not None:
                # One that is stopped is ended by it as well.
                server.kill()
            shutil.rmtree(server.scratch, ignore_errors=True)
        for line in self.lines:
            line.end()

    def prepare(self):
        """Servers, the first of which has started."""
        raise NotImplementedError

    def cut_off(self):
        """Has a backup made, and kills whoever makes it; `world` is then where it goes on."""
        raise NotImplementedError

    def fill(self):
        for number in range(self.secrets):
            self.world.sm.create_secret(Name=f"large/{number}", SecretString=SECRET)

    def goes_on_at(self, server):
        self.world = at(self.world, server)

    def files(self, ending):
        found = [*self.folder.glob("*/coffer-*"), *self.folder.glob("*/backups/coffer-*")]
        return sorted(file for file in found if file.suffix == f".{ending}")

    def kill_when_cut(self, server):
        is_cut = lambda: any(line.is_cut.is_set() for line in self.lines)
        eventually(is_cut, "it is cut off from the store", 60)
        # What has come by then is written beside it.
        is_there = lambda: [it for it in self.files("part") if it.stat().st_size >= self.bytes_min]
        eventually(is_there, "what has come is on the disk")
        self.kill(server)

    @staticmethod
    def kill(server):
        assert server.process.poll() is None, server.log
        server.kill()

    def check_half(self):
        """What is there of it is no backup, whatever it is called."""
        told = asked(self.world, "DescribeBackup")
        assert told["State"] == "IN_PROGRESS" and "File" not in told, told
        assert not self.files("backup")
        (half,) = self.files("part")
        called = self.folder / half.with_suffix(".backup").name
        shutil.copy(half, called)
        target = self.folder / "target"
        for command in (
            ("backup", "verify", called, "--root-key-file", self.key),
            ("restore", called, "--to", target),
        ):
            said = coffer(*command, code=1)
            assert "is cut off after" in said or "not a backup" in said, said
        assert not target.exists()
        called.unlink()
        assert self.world.call("coffer", "CreateBackup", {}).code == "BackupInProgressException"
        return half

    def verify_all(self):
        found = self.files("backup")
        for file in found:
            said = coffer("backup", "verify", file, "--root-key-file", self.key)
            assert "each of them opens" in said
        return found

    def is_done(self):
        return asked(self.world, "DescribeBackup")["State"] == "DONE"

    def check_whole(self):
        """The one that was made in its place, and the next one, are backups."""
        told = asked(self.world, "DescribeBackup")
        file = pathlib.Path(told["File"])
        assert hashlib.sha256(file.read_bytes()).hexdigest() == told["Sha256"]
        assert file in self.verify_all()
        # Nothing is left of another one beside it.
        assert not list(file.parent.glob("*.part"))
        assert back_up(self.world) in self.verify_all()
        return file


class AskedFor(Store):
    """Two servers that share a folder of backups; the one that makes it is killed midway."""

    def prepare(self):
        if isinstance(self.database, PostgreSql):
            self.secrets, self.cut_after, self.bytes_min = SECRETS, CUT_AFTER_BYTES, BYTES_MIN
        self.shared = self.folder / "shared"
        self.maker = self.add_by_line("--backups", str(self.shared))
        self.other = self.add("--backups", str(self.shared))
        self.maker.start()
        self.other.start()

    def cut_off(self):
        # It leaves the backup to the first one.
        self.other.process.send_signal(signal.SIGSTOP)
        for line in self.lines:
            line.cut_after(self.cut_after)
        command = subprocess.Popen(
            [BINARY, "backup", "--endpoint", self.maker.endpoint, "--region", self.world.region],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **self.maker.environment(),
                "AWS_ACCESS_KEY_ID": self.world.access_key,
                "AWS_SECRET_ACCESS_KEY": self.world.secret,
            },
        )
        self.kill_when_cut(self.maker)
        self.other.process.send_signal(signal.SIGCONT)
        said, why = command.communicate(timeout=60)
        assert (command.returncode, said) == (1, ""), said + why
        self.goes_on_at(self.other)
        assert self.check_half().stat().st_size >= self.bytes_min


class Planned(Store):
    """A server that makes a backup by itself, as it was told, and is killed; it is started anew."""

    def prepare(self):
        self.maker = self.add_by_line()
        self.maker.start()

    def cut_off(self):
        self.maker.stop()
        self.maker.extra += ("--backup-every", "10m")
        for line in self.lines:
            line.cut_after(self.cut_after)
        # It may be cut off before it is ready.
        self.maker.spawn()
        self.kill_when_cut(self.maker)
        for line in self.lines:
            line.mend()
        self.goes_on_at(self.maker.start())
        self.check_half()


class InPlace(Store):
    """A server that is killed as the backup gets its name, so that hardly anybody knows of it."""

    def prepare(self):
        self.maker = self.add()
        self.maker.start()

    def cut_off(self):
        asked(self.world, "CreateBackup")
        for _ in range(1_000_000):
            if self.files("backup"):
                break
        self.kill(self.maker)
        assert len(self.verify_all()) == 1
        self.goes_on_at(self.maker.start())


@pytest.fixture
def stores(tmp_path, store_database, store_cluster):
    """Those of all kinds, in a database and in a cluster."""
    made = [
        kind(tmp_path / f"{kind.__name__}-{database.__class__.__name__}", database)
        for kind in (AskedFor, Planned, InPlace)
        for database in (store_database, store_cluster)
    ]
    try:
        yield made
        for server in (server for store in made for server in store.servers):
            assert "panicked" not in server.log, server.log
    finally:
        for store in made:
            store.end()


# Backups that were cut off are made again when a lease has ended: all of them wait for it together.
@pytest.mark.timeout(400)
def test_a_backup_that_is_cut_off_is_none_and_another_server_or_the_next_one_makes_it(
    stores, tmp_path, started
):
    def each(what):
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            list(pool.map(what, stores))

    each(lambda store: store.prepare())
    for store in stores:
        store.world = World.on_server(store.maker)
        # Clients are made before the threads start, which boto3 does not do safely in them.
        assert store.world.sm
    each(lambda store: store.fill())
    each(lambda store: store.cut_off())
    for store in stores:
        eventually(store.is_done, f"{store.folder.name} is done", TAKEN_OVER_SECONDS_MAX)
    files = [store.check_whole() for store in stores]
    for store, file in list(zip(stores, files))[:2]:
        assert not store.files("part")
        place = Place(tmp_path / f"restored-{store.folder.name}")
        coffer("restore", file, "--to", place.target)
        shutil.copy(store.key, place.data / "root.key")
        again = at(store.world, started(place.data))
        for number in (0, store.secrets // 2, store.secrets - 1):
            read = again.sm.get_secret_value(SecretId=f"large/{number}")
            assert read["SecretString"] == SECRET
        again.close()
    for store in stores:
        store.world.close()
