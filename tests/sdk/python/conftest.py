"""Fixtures: servers that live as long as the test run, and an empty world for each test."""

import itertools
import os
import pathlib
import shutil

import pytest

from etcd import Etcd
from postgresql import PostgreSql
from server import Server
from stores import Place
from world import REAL_ACCESS_KEY, REAL_ACCOUNT, REAL_SECRET, World


# Root does not run functions as itself.
FUNCTIONS = ["--functions-enabled", "true"]
if os.geteuid() == 0:
    FUNCTIONS += ["--functions-users", "60000-60063:60000"]


def running(server):
    """The server while it is needed; it is held to ending well."""
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
    """`coffer dev`, its clock left alone; functions may be made."""
    yield from running(Server("dev", extra=["--functions-enabled"]))


@pytest.fixture(scope="session")
def timed_server():
    """`coffer dev` for the tests that move its clock."""
    yield from running(Server("dev", extra=["--functions-enabled"]))


@pytest.fixture(scope="session")
def real_server(tmp_path_factory):
    """`coffer server` on the embedded engine."""
    data = tmp_path_factory.mktemp("data") / "coffer-data"
    yield from running(real(data, extra=FUNCTIONS))


@pytest.fixture(scope="session")
def store_database():
    """A PostgreSQL server that keeps the rows of coffer servers."""
    yield from _database()


def _database():
    server = PostgreSql()
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.end()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory, store_database):
    """`coffer server` on the PostgreSQL engine."""
    data = tmp_path_factory.mktemp("data") / "coffer-data"
    store = ("--store", store_database.url(), "--reads", "cached")
    yield from running(real(data, extra=(*FUNCTIONS, *store)))


@pytest.fixture(scope="session")
def store_cluster():
    """An etcd cluster that keeps the rows of coffer servers."""
    cluster = Etcd()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.end()


@pytest.fixture(scope="session")
def etcd_server(tmp_path_factory, store_cluster):
    """`coffer server` on the etcd engine."""
    data = tmp_path_factory.mktemp("data") / "coffer-data"
    yield from running(real(data, extra=(*FUNCTIONS, "--store", store_cluster.url())))


def real(data, **options):
    """A `coffer server` on this directory, not started yet."""
    credentials = (REAL_ACCESS_KEY, REAL_SECRET)
    # The databases of tests are on this machine.
    extra = ("--rotation-allow-loopback", "true", *options.pop("extra", ()))
    return Server("server", pathlib.Path(data), REAL_ACCOUNT, credentials, extra, **options)


SERVERS = {"server": "real_server", "postgres": "postgres_server", "etcd": "etcd_server"}


@pytest.fixture(params=["dev", *SERVERS])
def world(request):
    """An empty account and region, on each engine in turn."""
    if request.param == "dev":
        made = World.on_dev(request.getfixturevalue("dev_server"))
    else:
        made = World.on_server(request.getfixturevalue(SERVERS[request.param]))
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
    server = real(tmp_path / "coffer-data", extra=FUNCTIONS)
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
def deployments(tmp_path):
    """Makes servers that hold replicas for each other, which the test starts itself."""
    # It makes them by what is here.
    from peers import Deployments

    made = Deployments(tmp_path)
    try:
        yield made
        made.stop()
    finally:
        made.end()


@pytest.fixture(scope="module")
def postgresql():
    """A PostgreSQL server whose users the tests of a module rotate."""
    yield from _database()


@pytest.fixture
def servers():
    """Makes servers that the test starts and stops itself; none outlives a test that failed."""
    made = []

    def make(command, data=None, **options):
        made.append(Server(command, data, **options))
        return made[-1]

    yield make
    for server in made:
        if server.process is not None:
            server.kill()
        shutil.rmtree(server.scratch, ignore_errors=True)


@pytest.fixture
def started():
    """Starts servers on places; all are gone afterwards."""
    made = []

    def start(data, *settings):
        made.append(real(data, extra=settings))
        return made[-1].start()

    yield start
    for server in made:
        server.kill()
        shutil.rmtree(server.scratch, ignore_errors=True)


@pytest.fixture(params=["embedded", "postgres", "etcd"])
def new_place(request, tmp_path):
    """Makes places for stores, on each engine in turn."""
    count = itertools.count()

    def make():
        data = tmp_path / f"place-{next(count)}"
        if request.param == "postgres":
            return Place(data, request.getfixturevalue("store_database").place())
        if request.param == "etcd":
            return Place(data, request.getfixturevalue("store_cluster").place())
        return Place(data)

    return make
