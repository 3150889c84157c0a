"""Secrets that rotate in a real PostgreSQL, with nothing deployed."""

import json
import threading

import pytest

from identities import allow, new_user
from postgresql import PASSWORD, PostgreSql
from server import eventually
from world import World, refused, word


@pytest.fixture(scope="module")
def postgresql():
    server = PostgreSql()
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.end()


@pytest.fixture
def user(postgresql):
    """A user who may read one table, with the password `first`."""
    name = f"app_{word()}"
    postgresql.admin(f"CREATE ROLE {name} LOGIN PASSWORD 'first'")
    postgresql.admin("CREATE TABLE IF NOT EXISTS goods (id int)")
    postgresql.admin(f"GRANT SELECT ON goods TO {name}")
    return name


def rotator(world, form):
    return world.arn("coffer", f"rotator/postgresql-{form}")


def make(world, value, name="app/db"):
    return world.sm.create_secret(Name=name, SecretString=json.dumps(value))["ARN"]


def current(world, name="app/db"):
    return json.loads(world.sm.get_secret_value(SecretId=name)["SecretString"])


def described(world):
    return world.sm.describe_secret(SecretId="app/db")


def rotate(world, form="single-user", **more):
    return world.sm.rotate_secret(
        SecretId="app/db", RotationLambdaARN=rotator(world, form), **more
    )


def rotated(world, version, seconds_max=60):
    """Waits for the rotation to make this version current."""

    def is_current():
        stages = described(world)["VersionIdsToStages"]
        return stages.get(version) == ["AWSCURRENT"]

    eventually(is_current, f"{version} is current", seconds_max)


def state(world):
    answer = world.call("coffer", "DescribeRotation", {"SecretId": "app/db"})
    return answer.json["Rotation"]


def test_a_single_user_gets_a_new_password_and_loses_the_old_one(world, postgresql, user):
    make(world, postgresql.login(user, "first", note="kept"))
    answer = rotate(world, RotationRules={"AutomaticallyAfterDays": 30})
    rotated(world, answer["VersionId"])
    value = current(world)
    assert value["note"] == "kept" and value["username"] == user
    assert postgresql.opens(user, value["password"])
    assert not postgresql.opens(user, "first")
    found = described(world)
    assert found["LastRotatedDate"] <= found["LastChangedDate"]
    assert found["RotationEnabled"] is True and "NextRotationDate" in found
    # By hand once more: nothing is said of the rotator, which stays.
    again = world.sm.rotate_secret(SecretId="app/db")
    rotated(world, again["VersionId"])
    assert not postgresql.opens(user, value["password"])
    assert postgresql.opens(user, current(world)["password"])


def test_an_application_never_fails_while_users_alternate(timed, postgresql, user):
    superuser = make(timed, postgresql.login("admin", PASSWORD), "admin")
    make(timed, postgresql.login(user, "first", masterarn=superuser))
    done, failures, reads = threading.Event(), [], []

    def application():
        sm = timed.client("secretsmanager")
        while not done.is_set():
            value = json.loads(sm.get_secret_value(SecretId="app/db")["SecretString"])
            is_read, said = postgresql.ask(
                value["username"], value["password"], "SELECT count(*) FROM goods"
            )
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
            rotated(timed, rotate(timed, "alternating-users")["VersionId"])
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


def test_a_schedule_rotates_with_the_clock(timed, postgresql, user):
    make(timed, postgresql.login(user, "first"))
    rules = {"ScheduleExpression": "rate(10 days)"}
    rotate(timed, RotationRules=rules, RotateImmediately=False)
    eventually(lambda: state(timed)["State"] == "IDLE", "the test is over")
    assert current(timed)["password"] == "first"
    passwords = ["first"]
    for _ in range(3):
        timed.server.advance("11d")
        value = eventually(
            lambda: current(timed)["password"] not in passwords and current(timed),
            "the password is another",
        )
        assert postgresql.opens(user, value["password"])
        assert not postgresql.opens(user, passwords[-1])
        passwords.append(value["password"])


def test_a_wrong_password_leaves_the_current_version_and_says_why(dev, postgresql, user):
    made = make(dev, postgresql.login(user, "wrong"))
    rotate(dev)
    failed = eventually(lambda: state(dev).get("LastFailure"), "the rotation has failed")
    assert "does not let the secret's user in" in failed and "wrong" not in failed
    assert current(dev)["password"] == "wrong"
    told = dev.server.run(dev, "rotation", "list")
    assert "WAITING\tapp/db\t" in told and "does not let" in told
    shown = json.loads(dev.server.run(dev, "rotation", "show", made))
    assert shown["Step"] == "createSecret" and shown["FailedAttempts"] >= 1
    # Whoever sets the password right has it go on, as this refusal promises.
    postgresql.admin(f"ALTER ROLE {user} PASSWORD 'wrong'")
    with refused("InvalidRequestException", "A previous rotation isn't complete."):
        rotate(dev)
    eventually(lambda: state(dev)["State"] == "IDLE", "the rotation has succeeded")
    assert postgresql.opens(user, current(dev)["password"])
    assert not postgresql.opens(user, "wrong")


def test_a_rotation_that_is_aborted_leaves_the_secret_as_it_was(dev, postgresql, user):
    make(dev, postgresql.login(user, "wrong"))
    rotate(dev)
    eventually(lambda: state(dev).get("LastFailure"), "the rotation has failed")
    dev.server.run(dev, "rotation", "abort", "app/db")
    assert [["AWSCURRENT"]] == list(described(dev)["VersionIdsToStages"].values())
    assert state(dev)["State"] == "FAILED"


def test_a_database_that_is_down_is_rotated_when_it_is_back(dev, user):
    server = PostgreSql()
    try:
        server.make()
        make(dev, server.login("admin", PASSWORD))
        rotate(dev)
        failed = eventually(lambda: state(dev).get("LastFailure"), "the rotation has failed")
        assert "cannot connect" in failed
        assert current(dev)["password"] == PASSWORD
        server.start()
        dev.server.run(dev, "rotation", "retry", "app/db")
        eventually(lambda: state(dev)["State"] == "IDLE", "the rotation has succeeded")
        assert server.opens("admin", current(dev)["password"])
        assert not server.opens("admin", PASSWORD)
    finally:
        server.end()


def test_a_crash_of_the_server_between_steps_is_made_up_for(restartable, postgresql, user):
    world = World.on_server(restartable)
    make(world, postgresql.login(user, "first"))
    passwords = ["first"]
    for _ in range(5):
        version = rotate(world)["VersionId"]
        restartable.kill()
        restartable.start()
        access_key, secret = restartable.credentials
        world = World(restartable, world.account, access_key, secret, world.region)
        # Whoever was at it had claimed it for a minute.
        rotated(world, version, 90)
        value = current(world)["password"]
        assert value not in passwords and postgresql.opens(user, value)
        passwords.append(value)


def test_a_superuser_whom_the_caller_may_not_read_is_not_used(dev, postgresql, user):
    superuser = make(dev, postgresql.login("admin", PASSWORD), "admin")
    make(dev, postgresql.login(user, "first", masterarn=superuser))
    _, guest = new_user(dev, allow("secretsmanager:RotateSecret"))
    with refused("AccessDeniedException", "secretsmanager:GetSecretValue"):
        rotate(guest, "alternating-users")
    assert not described(dev).get("RotationEnabled")
    _, guest = new_user(
        dev,
        allow("secretsmanager:RotateSecret"),
        allow("secretsmanager:GetSecretValue", resource=superuser),
    )
    rotated(dev, rotate(guest, "alternating-users")["VersionId"])


def test_a_value_cannot_bring_another_superuser_into_play(timed, postgresql, user):
    superuser = make(timed, postgresql.login("admin", PASSWORD), "admin")
    other = make(timed, postgresql.login("admin", PASSWORD), "other")
    make(timed, postgresql.login(user, "first", masterarn=superuser))
    rules = {"ScheduleExpression": "rate(10 days)"}
    rotated(timed, rotate(timed, "alternating-users", RotationRules=rules)["VersionId"])
    value = {**current(timed), "masterarn": other}
    timed.sm.put_secret_value(SecretId="app/db", SecretString=json.dumps(value))
    timed.server.advance("11d")
    failed = eventually(lambda: state(timed).get("LastFailure"), "the rotation has failed")
    assert "masterarn" in failed
    assert current(timed) == value


def test_each_rotation_leaves_its_service_events(dev, postgresql, user):
    arn = make(dev, postgresql.login(user, "first"))
    rotated(dev, rotate(dev)["VersionId"])
    lookup = {"AttributeKey": "EventName", "AttributeValue": "RotationSucceeded"}
    trail = dev.client("cloudtrail")

    def found():
        events = trail.lookup_events(LookupAttributes=[lookup])["Events"]
        return [json.loads(event["CloudTrailEvent"]) for event in events]

    record = eventually(found, "the record is there")[0]
    assert record["eventType"] == "AwsServiceEvent"
    assert record["userIdentity"]["invokedBy"] == "secretsmanager.amazonaws.com"
    assert record["additionalEventData"] == {"SecretId": arn}
    assert record["requestID"].startswith(f"Rotation-{arn}-")
    told = dev.server.events(dev)
    names = [event["detail"].get("eventName") for event in told]
    assert [name for name in names if name] == ["RotationStarted", "RotationSucceeded"]
    assert all("first" not in json.dumps(event) for event in told)
