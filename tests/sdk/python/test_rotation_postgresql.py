"""Secrets that rotate in a real PostgreSQL: schedules, crashes, superusers, events."""

import json

import pytest

from database import PASSWORD
from identities import allow, new_user
from rotations import current, described, failure, make, put, rotate, rotated, state
from server import eventually
from world import refused, word

SINGLE = "postgresql-single-user"
ALTERNATING = "postgresql-alternating-users"


@pytest.fixture
def user(postgresql):
    """A user who may read one table, with the password `first`."""
    name = f"app_{word()}"
    postgresql.add_user(name, "first")
    return name


def test_a_schedule_rotates_with_the_clock(timed, postgresql, user):
    make(timed, postgresql.login(user, "first"))
    rules = {"ScheduleExpression": "rate(10 days)"}
    rotate(timed, SINGLE, RotationRules=rules, RotateImmediately=False)
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


def test_a_superuser_whom_the_caller_may_not_read_is_not_used(dev, postgresql, user):
    superuser = make(dev, postgresql.login("admin", PASSWORD), "admin")
    make(dev, postgresql.login(user, "first", masterarn=superuser))
    _, guest = new_user(dev, allow("secretsmanager:RotateSecret"))
    with refused("AccessDeniedException", "secretsmanager:GetSecretValue"):
        rotate(guest, ALTERNATING)
    assert not described(dev).get("RotationEnabled")
    _, guest = new_user(
        dev,
        allow("secretsmanager:RotateSecret"),
        allow("secretsmanager:GetSecretValue", resource=superuser),
    )
    rotated(dev, rotate(guest, ALTERNATING)["VersionId"])


def test_a_value_cannot_bring_another_superuser_into_play(timed, postgresql, user):
    superuser = make(timed, postgresql.login("admin", PASSWORD), "admin")
    other = make(timed, postgresql.login("admin", PASSWORD), "other")
    make(timed, postgresql.login(user, "first", masterarn=superuser))
    rules = {"ScheduleExpression": "rate(10 days)"}
    rotated(timed, rotate(timed, ALTERNATING, RotationRules=rules)["VersionId"])
    value = {**current(timed), "masterarn": other}
    put(timed, value)
    timed.server.advance("11d")
    assert "masterarn" in failure(timed)
    assert current(timed) == value


def test_each_rotation_leaves_its_service_events(dev, postgresql, user):
    arn = make(dev, postgresql.login(user, "first"))
    rotated(dev, rotate(dev, SINGLE)["VersionId"])
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
