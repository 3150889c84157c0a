"""A disk that is full, slow, or fails, under a server that is written to and read."""

import random
import shutil
import subprocess
import threading
import time

import boto3
import botocore.config
import botocore.exceptions
import pytest

from conftest import real
from disk import Faults, SmallDisk, less, never_rested_on_given_up_pages, parse, traced_to
from history import Act, History, out_of_order
from privileges import needs, without
from server import BINARY, eventually
from test_crash import as_root
from world import World, refused

DISK_MEGABYTES = 48
SEEDS = (1, 2)
KEPT = 40
# A sync that takes so long, in microseconds.
SLOW = 400_000


@pytest.fixture
def small_disk(tmp_path):
    needs(without(["mount", "umount"]), "a full disk")
    with SmallDisk(tmp_path / "disk", DISK_MEGABYTES) as disk:
        yield disk


@pytest.fixture
def traced():
    needs(without(["strace"]), "a slow or failing disk")


@pytest.fixture
def started(request):
    """Starts a server on a folder; it is held to ending well."""
    made = []

    def start(data, **options):
        made.append(real(data, **options).start())
        return made[-1]

    yield start
    for server in made:
        try:
            if server.process.poll() is None:
                server.stop()
            assert "panicked" not in server.log, server.log
        finally:
            server.kill()
            shutil.rmtree(server.scratch, ignore_errors=True)


def region_of(server):
    return as_root(server, World.on_server(server).region)


def verified(server):
    ended = subprocess.run(
        [BINARY, "audit", "verify", "--data", str(server.data)],
        capture_output=True,
        text=True,
        timeout=60,
        env=server.environment(),
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def goes_on(server, history, writes=30):
    """Waits until so many more writes and reads are answered."""
    eventually(server.is_ready, "the server is ready", 60)
    before = history.answered("write"), history.answered("read")
    more = lambda: (
        history.answered("write") >= before[0] + writes
        and history.answered("read") >= before[1] + writes
    )
    eventually(lambda: history.errors or more(), "writes and reads are answered", 60)


def check_after_restart(server, world, history):
    """What was acknowledged is there, for this process and for the next one."""
    history.check(world)
    verified(server)
    server.stop()
    server.start()
    again = as_root(server, world.region)
    history.check(again)
    again.close()
    world.close()


def test_a_history_that_no_order_explains_is_told_from_others():
    def act(kind, version, began, ended):
        made = Act(kind, "/a", str(version))
        made.version, made.began, made.ended = version, began, ended
        return made

    fine = [act("write", 1, 0, 2), act("read", 1, 1, 3), act("write", 2, 2.5, 4)]
    assert out_of_order(fine, 0.0) is None
    stale = [*fine, act("read", 1, 5, 6)]
    assert out_of_order(stale, 0.0), "a stale read"
    assert out_of_order(stale, 2.0) is None
    assert out_of_order([*fine, act("write", 2, 5, 6)], 2.0), "a lost update"


@pytest.mark.parametrize("on_failure", ["refuse", "continue"])
def test_a_full_disk_refuses_what_it_cannot_keep_and_loses_nothing(
    small_disk, started, on_failure
):
    data = small_disk.folder / "data"
    server = started(data, extra=("--audit-on-failure", on_failure))
    world = region_of(server)
    with History([world], seed=1) as history:
        goes_on(server, history)
        for _ in range(2):
            before = history.refused("write")
            small_disk.fill()
            full = lambda b=before: history.errors or history.refused("write") >= b + 20
            eventually(full, "writes are refused", 60)
            check_refusals(world, on_failure)
            reads = history.answered("read")
            if on_failure == "continue":
                eventually(lambda r=reads: history.answered("read") > r + 20, "reads go on", 30)
            else:
                eventually(lambda: server.get("/_coffer/ready")[0] == 503, "it is not ready", 30)
            small_disk.free()
            goes_on(server, history)
    codes = {act.refusal for act in history.acts if act.refusal}
    assert codes == {("ServiceUnavailable", 503)}, codes
    if on_failure == "continue":
        assert not history.refused("read"), "reads need no room"
    assert server.process.poll() is None
    check_after_restart(server, world, history)


def check_refusals(world, on_failure):
    """What is refused is refused by each protocol in the form that AWS's clients try again."""
    secret = {"Name": "full", "SecretString": "s" * 60_000}
    calls = [
        lambda: world.sm.create_secret(**secret),
        lambda: world.kms.create_key(),
        lambda: world.iam.create_user(UserName="full"),
    ]
    if on_failure == "refuse":
        calls += [
            lambda: world.sts.get_caller_identity(),
            lambda: world.functions.list_functions(),
            lambda: world.ssm.describe_parameters(),
        ]
    for call in calls:
        with refused("ServiceUnavailable", status=503):
            # A few small rows may still fit into what was allotted before.
            for _ in range(200):
                call()


def test_a_full_disk_is_bridged_by_the_retries_of_a_client(small_disk, started):
    server = started(small_disk.folder / "data")
    access_key, secret = server.credentials
    client = boto3.client(
        "ssm",
        region_name="us-east-1",
        endpoint_url=server.endpoint,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
        config=botocore.config.Config(retries={"mode": "standard", "total_max_attempts": 12}),
    )
    world = region_of(server)
    put = lambda value: client.put_parameter(Name="/p", Value=value, Type="String", Overwrite=True)
    put("before")
    small_disk.fill()
    with refused("ServiceUnavailable", status=503):
        for _ in range(200):
            world.ssm.describe_parameters()
    room = threading.Timer(1.5, small_disk.free)
    room.start()
    try:
        assert put("after")["Version"] == 2
    finally:
        room.join()
    assert client.get_parameter(Name="/p")["Parameter"]["Value"] == "after"
    client.close()
    world.close()


def test_a_server_on_a_full_disk_says_so_and_starts_when_there_is_room(small_disk, started):
    server = started(small_disk.folder / "data")
    world = region_of(server)
    world.ssm.put_parameter(Name="/kept", Value="1", Type="String")
    server.kill()
    small_disk.fill()
    server.spawn()
    ended = eventually(lambda: server.process.poll() is not None or server.is_ready(), "it starts")
    assert ended
    if server.process.poll() is not None:
        assert "No space left" in server.log or "full" in server.log, server.log
    else:
        server.kill()
    small_disk.free()
    server.start()
    again = as_root(server, world.region)
    assert again.ssm.get_parameter(Name="/kept")["Parameter"]["Value"] == "1"
    verified(server)
    again.close()
    world.close()


def store_files(server):
    return [server.data / "coffer.db-wal", server.data / "coffer.db"]


def journal_files(server):
    return sorted((server.data / "audit").glob("journal-*.log"))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("which", ["store", "journal"])
def test_after_a_sync_that_failed_nothing_rests_on_what_it_was_to_sync(
    tmp_path, traced, started, which, seed
):
    server = started(tmp_path / "data")
    world = region_of(server)
    files = store_files(server) if which == "store" else journal_files(server)
    log = files[0]
    chance = random.Random(f"{seed} {which}")
    first, step = chance.randrange(2, 9), chance.randrange(3, 9)
    injection = f"fsync,fdatasync:error=EIO:when={first}+{step}"
    with History([world], seed=seed) as history:
        goes_on(server, history)
        with Faults(server, files, injection, log=tmp_path / "calls") as faults:
            goes_on_through(faults, history, which)
        goes_on(server, history)
    given_up = never_rested_on_given_up_pages(faults.calls, log)
    assert given_up > 0, f"seed {seed}: nothing was given up"
    codes = {act.refusal for act in history.acts if act.refusal}
    assert codes <= {("ServiceUnavailable", 503)}, codes
    assert server.process.poll() is None
    check_after_restart(server, world, history)


# What is refused: a change is recorded in its own commit, a read in the journal.
MET_BY = {"store": "write", "journal": "read"}


def goes_on_through(faults, history, which):
    """Waits until several faults were met, and it went on between them."""
    kind = MET_BY[which]
    before = history.refused(kind), history.answered(kind)
    met = lambda: (
        faults.count() >= 4
        and history.refused(kind) >= before[0] + 5
        and history.answered(kind) >= before[1] + 25
    )
    eventually(lambda: history.errors or met(), f"{kind}s are refused and answered", 60)


@pytest.mark.parametrize("which", ["store", "journal"])
def test_what_a_failing_disk_left_is_written_again_by_the_next_process(
    tmp_path, traced, started, which
):
    server = started(tmp_path / "data")
    world = region_of(server)
    files = store_files(server) if which == "store" else journal_files(server)
    with History([world], seed=5, may_lose_connections=True) as history:
        goes_on(server, history)
        with Faults(server, files, "fsync,fdatasync:error=EIO", log=tmp_path / "calls") as faults:
            kind = MET_BY[which]
            before = history.refused(kind)
            met = lambda: history.errors or history.refused(kind) >= before + 5
            eventually(met, f"{kind}s are refused", 60)
            server.kill()
    written = [it for it in faults.calls if it.path == str(files[0]) and it.length]
    given_up = [(it.offset, it.end) for it in written]
    assert given_up
    log = tmp_path / "starting"
    # The tracer is no parent of the server's, which is ended as ever.
    server.run_by = [*traced_to(log), "--daemonize"]
    server.start()
    server.run_by = ()
    calls = [it for it in parse(log.read_text()) if it.path == str(files[0])]
    synced = next(number for number, it in enumerate(calls) if it.is_sync and not it.failed)
    for written in [(it.offset, it.end) for it in calls[:synced] if it.length]:
        given_up = [piece for it in given_up for piece in less(it, written)]
    assert not given_up, "it was taken for what the disk has"
    after = as_root(server, world.region)
    history.check(after)
    verified(server)
    after.close()
    world.close()


def test_a_page_that_cannot_be_read_refuses_what_needs_it_and_ends_nothing(
    tmp_path, traced, started
):
    server = started(tmp_path / "data")
    world = region_of(server)
    for number in range(KEPT):
        world.ssm.put_parameter(Name=f"/kept/{number}", Value=str(number), Type="String")
    world.close()
    # What the next process has in memory is what it has been asked for.
    server.stop()
    server.start()
    again = as_root(server, world.region)
    again.ssm.get_parameter(Name="/kept/0")
    fault = "pread64:error=EIO"
    with Faults(server, store_files(server), fault, log=tmp_path / "calls") as faults:
        refusals = set(filter(None, (refusal_of(again, number) for number in range(1, KEPT))))
        assert faults.count() > 0
    # SQLite takes what cannot be read for damage.
    assert refusals == {("InternalFailure", 500)}
    assert server.process.poll() is None
    eventually(server.is_ready, "the server is ready", 60)
    assert not any(refusal_of(again, number) for number in range(KEPT))
    again.close()
    verified(server)


def refusal_of(world, number):
    """Why a parameter cannot be read now, or nothing."""
    # So long that the page may have to be read again for what was committed meanwhile.
    threading.Event().wait(0.05)
    try:
        read = world.ssm.get_parameter(Name=f"/kept/{number}")
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    assert read["Parameter"]["Value"] == str(number)
    return None


def test_a_slow_disk_delays_writes_and_not_reads(tmp_path, traced, started):
    server = started(tmp_path / "data")
    world = region_of(server)
    injection = f"fsync,fdatasync:delay_enter={SLOW}"
    files = [*store_files(server), *journal_files(server)]
    with History([world], seed=3) as history:
        goes_on(server, history)
        with Faults(server, files, injection, log=tmp_path / "calls") as faults:
            began = time.monotonic()
            slowly = lambda: sum(it.kind == "write" for it in history.since(began)) >= 12
            eventually(lambda: history.errors or slowly(), "it goes on", 60)
            acts = history.since(began)
        goes_on(server, history)
    assert not any(act.refusal for act in history.acts)
    of_kind = lambda kind: sorted(act.seconds for act in acts if act.kind == kind)
    writes, reads = of_kind("write"), of_kind("read")
    assert writes[0] >= SLOW / 1e6 * 0.9, writes
    assert reads[len(reads) // 2] < SLOW / 1e6 / 2, reads
    check_after_restart(server, world, history)
