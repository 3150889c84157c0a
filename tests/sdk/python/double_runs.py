"""Jobs of several servers with effects that can be counted, while servers are killed, paused for
longer than a lease and cut off from the store, and their clocks differ by minutes.
"""

import collections
import contextlib
import datetime
import signal
import subprocess
import threading
import time

import boto3

from clock import JumpingClock, why_not
from line import by_lines
from privileges import needs
from rotations import SECRET, current, make, rotate, rotated
from server import eventually
from test_faults_clock import expiring, is_there, versions
from test_nodes import NODES, Cluster
from test_rotation_function_kills import WITNESSED
from test_rotation_functions import deploy
from world import pages

RULE = "random/password:alphanumeric:32"
# How far the clocks of the servers are ahead of the real time.
AHEAD_SECONDS = (0, 120, -120)
# Longer than a lease.
PAUSE_SECONDS_MIN = 70
CUT_SECONDS = 8
# A minute, and what a busy machine adds; with the difference between the clocks it would be more.
TAKEN_SECONDS_MAX = 120
PAUSE = threading.Event()
# In the future for all of them, and soon for one.
EXPIRES_SECONDS = max(AHEAD_SECONDS) + 5
EXPIRING = 10
ROTATED = 8
# The steps that need no database.
COUNTED = WITNESSED.replace('"setSecret": set_secret', '"setSecret": print').replace(
    '"testSecret": test_secret', '"testSecret": print'
)


class Disturbed(Cluster):
    """Servers with a clock and a line each."""

    def __init__(self, folder, store):
        super().__init__(folder, store, "cached")
        self.lines = []
        for number, node in enumerate(self.nodes):
            settings = list(node.extra)
            at = settings.index("--store") + 1
            settings[at], lines = by_lines(settings[at])
            self.lines.append(lines)
            node.extra = tuple(settings)
            clock = JumpingClock(folder / f"clock-{number}")
            clock.jump(AHEAD_SECONDS[number])
            clock.of(node)

    def end(self):
        for node in self.nodes:
            if node.process is not None and node.process.poll() is None:
                node.process.send_signal(signal.SIGCONT)
        super().end()
        for line in (line for lines in self.lines for line in lines):
            line.end()

    @contextlib.contextmanager
    def cut(self, number):
        with contextlib.ExitStack() as cuts:
            for line in self.lines[number]:
                cuts.enter_context(line.cut())
            yield

    def is_at_work(self, number):
        """Whether a server runs a function now."""
        pid = self.nodes[number].process.pid
        return subprocess.run(["pgrep", "--parent", str(pid)], capture_output=True).returncode == 0


@contextlib.contextmanager
def disturbed(folder, store):
    needs(why_not(), "servers whose clocks differ")
    cluster = Disturbed(folder, store)
    worlds = []
    try:
        cluster.start()
        worlds = cluster.worlds()
        yield cluster, worlds
        for node in cluster.nodes:
            assert "panicked" not in node.log
    finally:
        for world in worlds:
            world.close()
        cluster.end()


def check_jobs_are_done_once(cluster, worlds, witness):
    """A rotation by a function whose server is paused is done once, as is all else meanwhile."""
    sessions_go_everywhere(worlds)
    variables = {"EXCLUDE_CHARACTERS": "/@\"'\\", "WITNESS_PORT": str(witness.port)}
    settings = {"Environment": {"Variables": variables}, "MemorySize": 512, "Timeout": 120}
    function = deploy(worlds[0], "app.py", COUNTED, Handler="app.witnessed", **settings)
    make(worlds[0], {"password": "first"})
    witness.hold("before createSecret")
    rotating = worlds[0].sm.rotate_secret(SecretId=SECRET, RotationLambdaARN=function)
    assert witness.held.wait(60), witness.moments
    # Another one whose clock is ahead does not take it from the one that is at it.
    PAUSE.wait(2)
    assert witness.runs_most == 1, witness.moments
    paused = next(number for number in range(NODES) if cluster.is_at_work(number))
    killed, cut = (number for number in range(NODES) if number != paused)
    assert not cluster.is_at_work(killed) and not cluster.is_at_work(cut)
    cluster.nodes[paused].process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    ask_for_jobs(worlds[killed], worlds[cut])
    cluster.nodes[killed].kill()
    with cluster.cut(cut):
        PAUSE.wait(CUT_SECONDS)
    cluster.nodes[killed].start()
    rotated(worlds[cut], rotating["VersionId"], TAKEN_SECONDS_MAX - (time.monotonic() - began))
    PAUSE.wait(max(0.0, PAUSE_SECONDS_MIN - (time.monotonic() - began)))
    cluster.nodes[paused].process.send_signal(signal.SIGCONT)
    eventually(cluster.nodes[paused].is_ready, "the paused server is back", 60)
    eventually(lambda: witness.runs == 0, "what it was at is given up", 60)
    effects_are_there_once(cluster.nodes[cut], worlds[cut])
    assert witness.moments.count("after createSecret") == 1, witness.moments


def sessions_go_everywhere(worlds):
    """A session of a server whose clock is ahead is good at one whose clock is behind."""
    given = worlds[AHEAD_SECONDS.index(max(AHEAD_SECONDS))].sts.get_session_token()["Credentials"]
    for world in worlds:
        client = world.keeps(
            boto3.client(
                "sts",
                region_name=world.region,
                endpoint_url=world.server.endpoint,
                aws_access_key_id=given["AccessKeyId"],
                aws_secret_access_key=given["SecretAccessKey"],
                aws_session_token=given["SessionToken"],
            )
        )
        assert client.get_caller_identity()["Account"] == world.account


def ask_for_jobs(one, other):
    for number in range(EXPIRING):
        expiring((one, other)[number % 2], RIGHT, f"/expiring/{number}", EXPIRES_SECONDS)
    for number in range(ROTATED):
        name, world = f"rotated-{number}", (one, other)[number % 2]
        make(world, {"password": "first"}, name=name)
        rotate(world, RULE, name=name)


def effects_are_there_once(server, world):
    names = [f"/expiring/{number}" for number in range(EXPIRING)]
    # The clock that is most ahead says when.
    gone = lambda: not any(is_there(world, name) for name in names)
    eventually(gone, "all that had to expire has expired", 300)
    secrets = [SECRET, *(f"rotated-{number}" for number in range(ROTATED))]
    done = lambda: all(current(world, name)["password"] != "first" for name in secrets)
    eventually(done, "all are rotated", 120)
    for name in secrets:
        assert versions(world, name) == 2, name
    deletions = collections.Counter(
        event["detail"]["name"]
        for event in server.events(world)
        if event["detail"].get("operation") == "Delete"
    )
    assert deletions == dict.fromkeys(names, 1), deletions
    look = world.client("cloudtrail").lookup_events
    ahead = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "RotationSucceeded"}]
    told, _ = pages(look, "Events", LookupAttributes=wanted, EndTime=ahead)
    assert len(told) == len(secrets), told


class RIGHT:
    """The real time, as a clock."""

    now = staticmethod(time.time)
