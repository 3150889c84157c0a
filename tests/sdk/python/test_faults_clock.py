"""A clock of the day that jumps while a server serves."""

import collections
import datetime
import json
import shutil
import threading

import boto3
import botocore.config
import pytest

from clock import JumpingClock, why_not
from conftest import real
from history import History
from privileges import needs
from rotations import current, described, make, rotate
from server import eventually
from test_crash import as_root
from test_faults_disk import goes_on, verified
from world import World, pages, refused

DAY = 86_400
RULE = "random/password:alphanumeric:32"
# What comes when the clock has jumped, between a signature and its check.
SKEWED = ("InvalidSignatureException",)


@pytest.fixture
def clock(tmp_path):
    needs(why_not(), "a clock that jumps")
    return JumpingClock(tmp_path / "clock")


@pytest.fixture
def server(tmp_path, clock):
    made = clock.of(real(tmp_path / "data")).start()
    try:
        yield made
        if made.process.poll() is None:
            made.stop()
        assert "panicked" not in made.log, made.log
    finally:
        made.kill()
        shutil.rmtree(made.scratch, ignore_errors=True)


@pytest.fixture
def world(server):
    made = World.on_server(server)
    yield made
    made.close()


def moment(clock, seconds):
    there = datetime.datetime.fromtimestamp(clock.now() + seconds, datetime.timezone.utc)
    return there.strftime("%Y-%m-%dT%H:%M:%SZ")


def expiring(world, clock, name, seconds):
    """A parameter that ends in so many seconds of the clock."""
    policy = {"Type": "Expiration", "Version": "1.0"}
    policy["Attributes"] = {"Timestamp": moment(clock, seconds)}
    put = {"Name": name, "Value": "1", "Type": "String", "Tier": "Advanced", "Overwrite": True}
    world.ssm.put_parameter(**put, Policies=json.dumps([policy]))


def is_there(world, name):
    return bool(world.ssm.get_parameters(Names=[name])["Parameters"])


def versions(world, name):
    listed = world.sm.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)
    return len(listed["Versions"])


def test_signatures_go_by_the_clock_of_the_day(clock, world):
    world.ssm.put_parameter(Name="/a", Value="1", Type="String")
    for ahead in (14 * 60, -14 * 60):
        clock.jump(ahead)
        assert is_there(world, "/a")
        assert world.sts.get_caller_identity()["Account"] == world.account
    for ahead, told in ((16 * 60, "Signature expired"), (-16 * 60, "Signature not yet current")):
        clock.jump(ahead)
        with refused("InvalidSignatureException", told):
            world.ssm.get_parameters(Names=["/a"])
        with refused("SignatureDoesNotMatch", told, status=403):
            world.sts.get_caller_identity()
        with clock.signing():
            assert is_there(world, "/a")


def test_credentials_of_a_session_go_by_the_clock_of_the_day(clock, world):
    with clock.signing():
        given = world.sts.get_session_token(DurationSeconds=3600)["Credentials"]
        client = world.keeps(
            boto3.client(
                "ssm",
                region_name=world.region,
                endpoint_url=world.server.endpoint,
                aws_access_key_id=given["AccessKeyId"],
                aws_secret_access_key=given["SecretAccessKey"],
                aws_session_token=given["SessionToken"],
                config=botocore.config.Config(retries={"total_max_attempts": 1}),
            )
        )
        client.get_parameters(Names=["/a"])
        clock.jump(3700)
        with refused("ExpiredTokenException"):
            client.get_parameters(Names=["/a"])
        clock.jump(-3600)
        client.get_parameters(Names=["/a"])


def test_nothing_is_lost_or_done_twice_by_a_clock_that_jumps(server, clock, world):
    with clock.signing(), History([world], seed=1, tolerated=SKEWED) as history:
        prepare(world, clock)
        for ahead, check in (
            (0, nothing_is_due),
            (DAY + 3600, a_day_has_gone),
            (-2 * 3600, a_day_has_gone),
            (31 * DAY, a_month_has_gone),
            (-7 * 3600, a_month_has_gone),
            (31 * DAY, a_month_has_gone),
            (0, a_month_has_gone),
        ):
            clock.jump(ahead)
            goes_on(server, history, 12)
            check(world)
    history.check(world)
    jumps = [line for line in server.log.splitlines() if "the clock was set" in line]
    assert len(jumps) >= 6, jumps
    check_events(server, world, history)
    verified(server)
    server.stop()
    server.start()
    again = as_root(server, world.region)
    history.check(again)
    a_month_has_gone(again)
    check_events(server, again, history)
    verified(server)
    again.close()


def prepare(world, clock):
    """What is due in a day, and in a month."""
    expiring(world, clock, "/day", DAY)
    expiring(world, clock, "/month", 30 * DAY)
    expiring(world, clock, "/year", 365 * DAY)
    make(world, {"password": "first"}, name="rotated")
    rotate(world, RULE, name="rotated", RotationRules={"AutomaticallyAfterDays": 20})
    eventually(lambda: current(world, "rotated")["password"] != "first", "it is rotated", 30)
    make(world, {"password": "first"}, name="deleted")
    world.sm.delete_secret(SecretId="deleted", RecoveryWindowInDays=7)


def stands(check, what):
    """It is so, and stays so for as long as jobs would take that are due."""
    eventually(check, what, 30)
    wait = threading.Event()
    for _ in range(8):
        wait.wait(0.1)
        assert check(), f"{what}, and then not any more"


def nothing_is_due(world):
    is_so = lambda: (
        all(is_there(world, name) for name in ("/day", "/month", "/year"))
        and versions(world, "rotated") == 2
        and "DeletedDate" in described(world, "deleted")
    )
    stands(is_so, "nothing is done")


def a_day_has_gone(world):
    is_so = lambda: (
        not is_there(world, "/day")
        and is_there(world, "/month")
        and versions(world, "rotated") == 2
        and "DeletedDate" in described(world, "deleted")
    )
    stands(is_so, "what was due in a day is done")


def a_month_has_gone(world):
    def is_so():
        listed, _ = pages(world.sm.list_secrets, "SecretList", IncludePlannedDeletion=True)
        return (
            not any(is_there(world, name) for name in ("/day", "/month"))
            and is_there(world, "/year")
            and versions(world, "rotated") == 3
            and [secret["Name"] for secret in listed] == ["rotated"]
        )

    stands(is_so, "what was due in a month is done, once")


def check_events(server, world, history):
    """Each write has one record, and each job one event, whichever time is written in them."""
    done = collections.Counter(
        (event["detail-type"], event["detail"].get("name"), event["detail"].get("operation"))
        for event in server.events(world)
    )
    ended = [count for (_, name, what), count in done.items() if what == "Delete" and name]
    assert ended == [1, 1], done
    ahead = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=60)
    puts = {"AttributeKey": "EventName", "AttributeValue": "PutParameter"}
    wanted = {"LookupAttributes": [puts], "EndTime": ahead}
    look = world.client("cloudtrail").lookup_events
    acknowledged = history.answered("write")

    def all_told():
        return len(pages(look, "Events", **wanted, MaxResults=50)[0]) >= acknowledged + 3

    eventually(all_told, "all writes are told", 30)
    whole, _ = pages(look, "Events", **wanted, MaxResults=50)
    small, count = pages(look, "Events", **wanted, MaxResults=17)
    ids = [event["EventId"] for event in whole]
    assert len(set(ids)) == len(ids)
    assert [event["EventId"] for event in small] == ids and count > 2
    times = [event["EventTime"] for event in whole]
    assert times == sorted(times, reverse=True)
    assert len(ids) == acknowledged + 3, (len(ids), acknowledged)
