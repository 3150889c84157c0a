"""Each metric moves when its thing happens, and a read that a cache answers costs the store nothing."""

import json
import pathlib
import re
import resource

import pytest

from conftest import running
from functions import make
from server import Server, eventually
from world import REAL_ACCESS_KEY, REAL_ACCOUNT, REAL_SECRET, World

SAMPLE = re.compile(r"^(\w+(?:\{.*\})?) (\S+)$", re.MULTILINE)


def read(server):
    """All samples of a server, by name and labels."""
    status, text = server.get("/metrics")
    assert status == 200, text
    return {name: float(value) for name, value in SAMPLE.findall(text)}


def stored(server, verb, outcome="OK"):
    return read(server)[f'coffer_store_requests_total{{outcome="{outcome}",verb="{verb}"}}']


@pytest.fixture(scope="module")
def quiet_server(tmp_path_factory):
    """A server that nobody else asks."""
    data = tmp_path_factory.mktemp("data") / "coffer-data"
    credentials = (REAL_ACCESS_KEY, REAL_SECRET)
    yield from running(Server("server", data, REAL_ACCOUNT, credentials))


@pytest.fixture
def quiet(quiet_server):
    made = World.on_server(quiet_server)
    yield made
    made.close()


def test_what_the_cache_has_is_not_read_from_the_store(quiet):
    quiet.ssm.put_parameter(Name="/m", Value="v", Type="SecureString")
    quiet.ssm.get_parameter(Name="/m", WithDecryption=True)
    before = read(quiet.server)
    for _ in range(50):
        quiet.ssm.get_parameter(Name="/m", WithDecryption=True)
    after = read(quiet.server)
    moved = lambda name: after[name] - before[name]
    assert moved("coffer_cache_hits_total") >= 50
    # The loop of jobs looks into the store all the time, and reads no single row for that.
    assert moved('coffer_store_requests_total{outcome="OK",verb="read"}') < 10
    assert after["coffer_cache_records"] > 0 and after["coffer_cache_bytes"] > 0
    with pytest.raises(quiet.ssm.exceptions.ParameterNotFound):
        quiet.ssm.get_parameter(Name="/none")
    assert read(quiet.server)["coffer_cache_misses_total"] > after["coffer_cache_misses_total"]


def test_commits_are_counted_and_timed(quiet):
    before, count = read(quiet.server), 5
    for number in range(count):
        quiet.ssm.put_parameter(Name=f"/c/{number}", Value="v", Type="String")
    after = read(quiet.server)
    for name in (
        'coffer_store_requests_total{outcome="OK",verb="commit"}',
        'coffer_store_request_duration_seconds_count{verb="commit"}',
    ):
        assert after[name] >= before[name] + count
    spent = 'coffer_store_request_duration_seconds_sum{verb="commit"}'
    assert after[spent] > before[spent]


def test_the_process_and_its_release_are_told(quiet):
    found = read(quiet.server)
    assert found["coffer_ready"] == 1
    version = quiet.server.health()[1]["version"]
    assert found[f'coffer_build_info{{version="{version}"}}'] == 1
    process = pathlib.Path(f"/proc/{quiet.server.process.pid}")
    assert abs(found["process_open_fds"] - len(list((process / "fd").iterdir()))) < 10
    resident = int(re.search(r"VmRSS:\s+(\d+) kB", (process / "status").read_text())[1]) * 1024
    assert 0.5 < found["process_resident_memory_bytes"] / resident < 2
    assert found["process_cpu_seconds_total"] >= 0 and found["process_threads"] > 2
    assert found["coffer_store_feed_age_seconds"] == 0, "there are no other servers"
    assert found["coffer_tls_certificate_expiry_timestamp_seconds"] == 0


def test_records_are_shipped_and_a_full_disk_is_told(quiet, quiet_server):
    unshipped = lambda: read(quiet_server)["coffer_audit_unshipped_records"]
    eventually(lambda: unshipped() == 0, "all is shipped")
    _, hard = limit = resource.prlimit(quiet_server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(quiet_server.process.pid, resource.RLIMIT_FSIZE, (1, hard))
    try:
        with pytest.raises(quiet.ssm.exceptions.ClientError):
            quiet.ssm.describe_parameters()
        eventually(lambda: read(quiet_server)["coffer_audit_journal_failing"] == 1, "it is told")
        eventually(lambda: read(quiet_server)["coffer_ready"] == 0, "it is not ready")
    finally:
        resource.prlimit(quiet_server.process.pid, resource.RLIMIT_FSIZE, limit)
    eventually(lambda: read(quiet_server)["coffer_audit_journal_failing"] == 0, "it goes on")
    eventually(lambda: read(quiet_server)["coffer_ready"] == 1, "it is ready")
    eventually(lambda: unshipped() == 0, "all is shipped")


def test_a_backup_is_told_of(quiet):
    name = "coffer_backup_last_success_timestamp_seconds"
    assert read(quiet.server)[name] == 0
    snapshots = stored(quiet.server, "snapshot")
    quiet.server.run(quiet, "backup")
    assert stored(quiet.server, "snapshot") == snapshots + 1
    started = quiet.call("coffer", "DescribeBackup", {}).json["LastDone"]
    eventually(lambda: read(quiet.server)[name] == int(started), "the backup is told of")


def test_a_rotation_that_is_given_up_is_counted(timed):
    name = "coffer_rotations_given_up_total"
    before = read(timed.server)[name]
    timed.sm.create_secret(Name="lost", SecretString=json.dumps({"key": "first"}))
    timed.sm.rotate_secret(
        SecretId="lost",
        RotationLambdaARN=timed.arn("coffer", "rotator/random/key:hex:16"),
        RotationRules={"ScheduleExpression": "rate(10 days)"},
    )
    state = lambda: timed.call("coffer", "DescribeRotation", {"SecretId": "lost"}).json["Rotation"]
    eventually(lambda: state()["State"] == "IDLE", "it has rotated")
    timed.sm.put_secret_value(SecretId="lost", SecretString="{}")
    timed.server.advance("11d")
    eventually(lambda: state().get("LastFailure"), "it has failed")
    for _ in range(20):
        if state()["State"] == "FAILED":
            break
        timed.server.advance("1d")
    assert state()["State"] == "FAILED", state()
    assert read(timed.server)[name] >= before + 1
    timed.sm.cancel_rotate_secret(SecretId="lost")


def test_processes_of_functions_are_counted(dev, dev_server):
    instances = lambda: read(dev_server)["coffer_function_instances"]
    made = make(dev)
    dev.functions.invoke(FunctionName=made["FunctionName"])
    assert instances() >= 1


def test_a_database_that_goes_away_is_seen(tmp_path, postgresql, started):
    server = started(tmp_path / "data", "--store", postgresql.place())
    world = World.on_server(server)
    world.ssm.put_parameter(Name="/m", Value="v", Type="String")
    eventually(lambda: read(server)["coffer_store_feed_age_seconds"] < 2, "the feed is fresh")
    postgresql.stop()
    eventually(lambda: read(server)["coffer_store_feed_age_seconds"] > 3, "the feed is old", 30)
    with pytest.raises(world.ssm.exceptions.ClientError):
        world.ssm.get_parameter(Name="/m")
    refused = stored(server, "read", "Unavailable") + stored(server, "scan", "Unavailable")
    assert refused > 0 and read(server)["coffer_ready"] == 0
    assert read(server)["coffer_audit_unshipped_records"] > 0
    postgresql.start()
    eventually(lambda: read(server)["coffer_store_feed_age_seconds"] < 2, "the feed is back", 30)
    eventually(lambda: read(server)["coffer_ready"] == 1, "the server is ready")
    eventually(lambda: read(server)["coffer_audit_unshipped_records"] == 0, "all is shipped")
    server.stop()
