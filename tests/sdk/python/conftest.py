"""Fixtures: servers that live as long as the test run, and an empty world for each test."""

import pathlib
import shutil

import pytest

from server import Server
from world import REAL_ACCESS_KEY, REAL_ACCOUNT, REAL_SECRET, World


def _run(server):
    server.start()
    try:
        yield server
    except BaseException:
        server.kill()
        raise
    try:
        server.stop()
    finally:
        shutil.rmtree(server.scratch, ignore_errors=True)


@pytest.fixture(scope="session")
def dev_server():
    """`coffer dev`, its clock left alone."""
    yield from _run(Server("dev"))


@pytest.fixture(scope="session")
def timed_server():
    """`coffer dev` for the tests that move its clock."""
    yield from _run(Server("dev"))


@pytest.fixture(scope="session")
def real_server(tmp_path_factory):
    """`coffer server` on the embedded engine."""
    data = tmp_path_factory.mktemp("data") / "coffer-data"
    yield from _run(real(data))


def real(data, **options):
    """A `coffer server` on this directory, not started yet."""
    credentials = (REAL_ACCESS_KEY, REAL_SECRET)
    # The databases of tests are on this machine.
    extra = ("--rotation-allow-loopback", "true", *options.pop("extra", ()))
    return Server("server", pathlib.Path(data), REAL_ACCOUNT, credentials, extra, **options)


@pytest.fixture(params=["dev", "server"])
def world(request):
    """An empty account and region, on each kind of server in turn."""
    if request.param == "dev":
        made = World.on_dev(request.getfixturevalue("dev_server"))
    else:
        made = World.on_server(request.getfixturevalue("real_server"))
    yield made
    made.close()


@pytest.fixture
def dev(dev_server):
    """An empty account of the `dev` server, where the engine makes no difference."""
    made = World.on_dev(dev_server)
    yield made
    made.close()


@pytest.fixture
def timed(timed_server):
    """An empty account of a server whose clock the test may move."""
    made = World.on_dev(timed_server)
    yield made
    made.close()


@pytest.fixture
def restartable(tmp_path):
    """A `coffer server` of the test's own, which it may stop, kill and start again."""
    server = real(tmp_path / "coffer-data")
    server.start()
    try:
        yield server
        if server.process.poll() is None:
            server.stop()
        assert "panicked" not in server.log, server.log
    finally:
        server.kill()
        shutil.rmtree(server.scratch, ignore_errors=True)


@pytest.fixture
def servers():
    """Makes servers that the test starts and stops itself; none outlives a test that failed."""
    made = []

    def make(command, data=None):
        made.append(Server(command, data))
        return made[-1]

    yield make
    for server in made:
        if server.process is not None:
            server.kill()
        shutil.rmtree(server.scratch, ignore_errors=True)
