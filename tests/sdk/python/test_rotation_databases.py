"""Secrets that rotate in real databases, with nothing deployed: what holds for each of them."""

import json
import random
import threading

import pytest

from database import PASSWORD
from mariadb import MariaDb
from postgresql import PostgreSql
from redis_server import Redis
from rotations import (
    current,
    described,
    failure,
    is_rotated,
    labelled,
    make,
    put,
    retried,
    rotate,
    rotated,
    state,
)
from server import eventually
from world import World, refused, word

KINDS = [PostgreSql, MariaDb, Redis]


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.__name__)
def database(request):
    server = request.param()
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.end()


@pytest.fixture
def user(database):
    """A user who may read one thing, with the password `first`."""
    name = f"app_{word()}"
    database.add_user(name, "first")
    return name


def single(database):
    return f"{database.rotators}-single-user"


def alternating(database):
    return f"{database.rotators}-alternating-users"


def make_alternating(world, database, user, **more):
    """A secret with the one of the superuser beside it."""
    superuser = make(world, database.login("admin", PASSWORD), "admin")
    make(world, database.login(user, "first", masterarn=superuser, **more))
    return superuser


def test_a_single_user_gets_a_new_password_and_loses_the_old_one(world, database, user):
    make(world, database.login(user, "first", note="kept"))
    value = is_rotated(world, single(database), RotationRules={"AutomaticallyAfterDays": 30})
    assert value["note"] == "kept" and value["username"] == user
    assert database.opens(user, value["password"]) and database.reads(user, value["password"])[0]
    assert not database.opens(user, "first")
    found = described(world)
    assert found["LastRotatedDate"] <= found["LastChangedDate"]
    assert found["RotationEnabled"] is True and "NextRotationDate" in found
    # By hand once more: nothing is said of the rotator, which stays.
    rotated(world, world.sm.rotate_secret(SecretId="app/db")["VersionId"])
    assert not database.opens(user, value["password"])
    assert database.opens(user, current(world)["password"])


def test_two_users_alternate_and_the_one_before_works_on(world, database, user):
    make_alternating(world, database, user, note="kept")
    second = is_rotated(world, alternating(database))
    assert second["username"] == f"{user}_clone" and second["note"] == "kept"
    assert database.reads(user, "first")[0]
    assert database.reads(second["username"], second["password"])[0]
    third = is_rotated(world, alternating(database))
    assert third["username"] == user and labelled(world, "AWSPREVIOUS") == second
    assert not database.opens(user, "first")
    assert database.reads(second["username"], second["password"])[0]
    assert database.reads(user, third["password"])[0]
    fourth = is_rotated(world, alternating(database))
    assert fourth["username"] == second["username"]
    assert not database.opens(second["username"], second["password"])


def test_an_application_never_fails_while_users_alternate(timed, database, user):
    make_alternating(timed, database, user)
    done, failures, reads = threading.Event(), [], []

    def application():
        sm = timed.client("secretsmanager")
        while not done.is_set():
            value = json.loads(sm.get_secret_value(SecretId="app/db")["SecretString"])
            is_read, said = database.reads(value["username"], value["password"])
            reads.append(value["username"])
            if not is_read:
                failures.append(said)

    thread = threading.Thread(target=application)
    thread.start()
    try:
        for number in range(100):
            if number == 50:
                # A secret keeps a hundred versions, and each of them for a day.
                timed.server.advance("25h")
            rotated(timed, rotate(timed, alternating(database))["VersionId"])
            # What was read is good until the rotation after the next one begins: nobody takes longer
            # from reading to logging in than two rotations are apart.
            begun = len(reads)
            eventually(lambda: len(reads) >= begun + 2, "the application has read anew")
    finally:
        done.set()
        thread.join(60)
    assert not failures, failures
    assert set(reads) == {user, f"{user}_clone"}
    assert current(timed)["username"] == user


def killed(server, world, seconds):
    """The server is killed after a while, and up again."""
    threading.Event().wait(seconds)
    server.kill()
    server.start()
    access_key, secret = server.credentials
    return World(server, world.account, access_key, secret, world.region)


@pytest.mark.parametrize("form", [single, alternating])
def test_kills_of_the_server_at_any_moment_are_made_up_for(restartable, database, user, form):
    world = World.on_server(restartable)
    make_alternating(world, database, user)
    chance = random.Random(f"{database.engine} {form.__name__}")
    seen = [current(world)]
    for number in range(8):
        version = rotate(world, form(database))["VersionId"]
        # A rotation takes some tens of milliseconds; every other one is killed a second time, when
        # what the first kill has left is gone on with.
        world = killed(restartable, world, chance.uniform(0, 0.08))
        if number % 2:
            world = killed(restartable, world, chance.uniform(0, 0.08))
        # Nobody else can be at it, so nobody waits until the killed one's minute is over.
        rotated(world, version, 45)
        value, before = current(world), seen[-1]
        assert value["password"] not in [it["password"] for it in seen]
        assert database.reads(value["username"], value["password"])[0]
        # The password from before is of another user, who works on, or of no use any more.
        is_other = value["username"] != before["username"]
        assert is_other == (form is alternating)
        assert database.opens(before["username"], before["password"]) == is_other
        seen.append(value)


def test_a_wrong_password_leaves_the_current_version_and_says_why(dev, database, user):
    made = make(dev, database.login(user, "wrong"))
    rotate(dev, single(database))
    failed = failure(dev)
    assert "does not let the secret's user in" in failed and "wrong" not in failed
    assert current(dev)["password"] == "wrong"
    told = dev.server.run(dev, "rotation", "list")
    assert "WAITING\tapp/db\t" in told and "does not let" in told
    shown = json.loads(dev.server.run(dev, "rotation", "show", made))
    assert shown["Step"] == "createSecret" and shown["FailedAttempts"] >= 1
    # Whoever sets the password right has it go on, as this refusal promises.
    database.set_password(user, "wrong")
    with refused("InvalidRequestException", "A previous rotation isn't complete."):
        rotate(dev, single(database))
    eventually(lambda: state(dev)["State"] == "IDLE", "the rotation has succeeded")
    assert database.opens(user, current(dev)["password"])
    assert not database.opens(user, "wrong")


def test_a_superuser_s_wrong_password_leaves_both_users_as_they_were(dev, database, user):
    make_alternating(dev, database, user)
    put(dev, database.login("admin", "wrong"), "admin")
    rotate(dev, alternating(database))
    failed = failure(dev)
    assert "superuser's secret" in failed and "wrong" not in failed
    assert database.reads(user, "first")[0] and current(dev)["username"] == user
    put(dev, database.login("admin", PASSWORD), "admin")
    value = retried(dev)
    assert value["username"] == f"{user}_clone"
    assert database.reads(value["username"], value["password"])[0]


def test_an_abort_leaves_the_secret_as_it_was(dev, database, user):
    make(dev, database.login(user, "wrong"))
    rotate(dev, single(database))
    failure(dev)
    dev.server.run(dev, "rotation", "abort", "app/db")
    assert [["AWSCURRENT"]] == list(described(dev)["VersionIdsToStages"].values())
    assert state(dev)["State"] == "FAILED"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_database_that_is_down_is_rotated_when_it_is_back(dev, kind):
    server = kind()
    try:
        server.make()
        server.start()
        server.add_user("app", "first")
        server.stop()
        make(dev, server.login("app", "first"))
        rotate(dev, single(server))
        assert "Connection refused" in failure(dev)
        assert current(dev)["password"] == "first"
        server.start()
        value = retried(dev)
        assert server.opens("app", value["password"]) and not server.opens("app", "first")
    finally:
        server.end()


def test_a_secret_of_another_database_is_refused(dev, database, user):
    other = "redis" if database.engine != "redis" else "mysql"
    make(dev, {**database.login(user, "first"), "engine": other})
    with refused("InvalidRequestException", "`engine` is not of this rotator"):
        rotate(dev, single(database))
    put(dev, database.login(user, "first"))
    with refused("InvalidRequestException", "masterarn"):
        rotate(dev, alternating(database))
    superuser = make(dev, {**database.login("admin", PASSWORD), "host": "192.0.2.1"}, "admin")
    put(dev, database.login(user, "first", masterarn=superuser))
    with refused("InvalidRequestException", "is not for the host `127.0.0.1`"):
        rotate(dev, alternating(database))
    assert not described(dev).get("RotationEnabled") and database.opens(user, "first")
