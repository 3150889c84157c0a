"""Whole stores that releases have left are served by this one, and their jobs go on."""

import glob
import json
import os
import pathlib
import shutil
import subprocess
import sys
from datetime import datetime, timedelta

import pytest

import kept_store
from conftest import FUNCTIONS
from server import BINARY, Server, eventually
from stores import Place
from world import REAL_ACCESS_KEY, REAL_ACCOUNT, REAL_SECRET

SCRIPT = pathlib.Path(kept_store.__file__)
KEPT = kept_store.kept()


def at(time):
    """The environment of a process that takes this for the time at which it starts.

    A store that is kept is looked at when it was made, however long that is ago: nothing in it has
    become too old since, and nothing due.
    """
    (library,) = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    return {
        "LD_PRELOAD": library,
        "FAKETIME": f"@{time:%Y-%m-%d %H:%M:%S}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "TZ": "UTC",
    }


class Then(Server):
    """A server that takes another time for the present one."""

    def __init__(self, place, time):
        credentials = (REAL_ACCESS_KEY, REAL_SECRET)
        settings = [*FUNCTIONS, *place.settings]
        super().__init__("server", place.data, REAL_ACCOUNT, credentials, settings)
        self.time = time

    def environment(self):
        return {**super().environment(), **at(self.time)}


class Kept:
    """One of the stores."""

    def __init__(self, folder):
        self.folder = folder
        self.made = json.loads((folder / "made.json").read_text())
        self.time = datetime.fromisoformat(self.made["at"])

    def ask(self, command, server):
        """What a client finds who takes the server's time for the present one."""
        ended = subprocess.run(
            [sys.executable, SCRIPT, command, server.endpoint, self.folder / "made.json"],
            capture_output=True,
            text=True,
            timeout=300,
            cwd=SCRIPT.parent,
            env={"PATH": os.environ["PATH"], **at(server.time)},
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def copy(self, place):
        """A copy of its data directory."""
        shutil.copytree(self.folder / "data", place.data)
        place.data.chmod(0o700)
        (place.data / "root.key").chmod(0o600)

    def restore(self, place):
        """Its backup, brought back to a place."""
        ended = subprocess.run(
            [BINARY, "restore", self.folder / "store.backup", "--to", place.target],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ended.returncode == 0, ended.stderr
        place.data.mkdir(mode=0o700, exist_ok=True)
        shutil.copy(self.folder / "data" / "root.key", place.data)
        (place.data / "root.key").chmod(0o600)


@pytest.fixture(params=KEPT, ids=lambda folder: folder.name)
def kept(request):
    return Kept(request.param)


@pytest.fixture
def then():
    """Starts servers at a time; all are gone afterwards."""
    made = []

    def start(place, time):
        made.append(Then(place, time))
        return made[-1].start()

    yield start
    for server in made:
        server.kill()
        shutil.rmtree(server.scratch, ignore_errors=True)


def must_be_whole(place):
    ended = subprocess.run(
        [BINARY, "audit", "verify", "--data", place.data, *place.settings],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0 and "whole" in ended.stdout, ended.stdout + ended.stderr


def differences(found, expected, path=""):
    """Where something is otherwise than it was; what a later release tells besides counts not."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key, value in expected.items():
            yield from differences(found.get(key, "nothing"), value, f"{path}/{key}")
    elif isinstance(expected, list) and isinstance(found, list) and len(found) == len(expected):
        for place, pair in enumerate(zip(found, expected)):
            yield from differences(*pair, f"{path}/{place}")
    elif found != expected:
        yield f"{path}: {found!r} and not {expected!r}"


def must_read_as_ever(kept, server):
    found = kept.ask("read", server)
    told = list(differences(found["content"], kept.made["content"]))
    told += differences(found["history"], kept.made["history"])
    assert not told, "\n".join(told)


def test_no_store_that_is_kept_was_changed():
    assert KEPT and [folder.name for folder in KEPT] == [str(it + 1) for it in range(len(KEPT))]
    for folder in KEPT:
        assert kept_store.sums(folder) == json.loads((folder / "sums.json").read_text()), folder


def test_a_difference_is_found():
    expected = {"a": [{"b": 1}], "c": None}
    assert list(differences({"a": [{"b": 1, "new": 2}], "c": None}, expected)) == []
    assert list(differences({"a": [{"b": 2}], "c": None}, expected)) == ["/a/0/b: 2 and not 1"]
    assert len(list(differences({"a": []}, expected))) == 2


def test_a_data_directory_of_an_earlier_release_is_served(kept, then, tmp_path):
    place = Place(tmp_path / "data")
    kept.copy(place)
    must_be_whole(place)
    server = then(place, kept.time + timedelta(minutes=1))
    must_read_as_ever(kept, server)
    assert not any(kept.ask("due", server).values()), "nothing is due yet"
    server.stop()
    # The journal goes on where it was.
    must_be_whole(place)


@pytest.mark.parametrize("engine", ["embedded", "postgres", "etcd"])
def test_a_backup_of_an_earlier_release_is_served_by_every_engine(
    kept, then, tmp_path, request, engine
):
    urls = {
        "embedded": lambda: None,
        "postgres": lambda: request.getfixturevalue("store_database").place(),
        "etcd": lambda: request.getfixturevalue("store_cluster").place(),
    }
    place = Place(tmp_path / "data", urls[engine]())
    kept.restore(place)
    server = then(place, kept.time + timedelta(minutes=1))
    must_read_as_ever(kept, server)
    server.stop()
    must_be_whole(place)


def test_what_an_earlier_release_has_asked_for_is_done_when_it_is_due(kept, then, tmp_path):
    place = Place(tmp_path / "data")
    kept.copy(place)
    server = then(place, kept.time + timedelta(days=8))
    waiting = lambda: {key for key, is_done in kept.ask("due", server).items() if not is_done}
    eventually(lambda: not waiting(), "all jobs are done", 60)
    server.stop()
