"""kill -9 of the server while a rotation function is in one of its steps."""

import socket
import threading

import pytest

from rotations import current, described, make, rotated, state
from test_rotation_functions import PYTHON, deploy, rotate
from world import World, word

# The function tells a witness when it is in a step, and goes on when it is told to.
WITNESSED = (
    PYTHON
    + """

import socket


def witnessed(event, context):
    address = ("127.0.0.1", int(os.environ["WITNESS_PORT"]))
    with socket.create_connection(address) as line, line.makefile("rw") as talk:

        def tell(moment):
            talk.write(f"{moment} {event['Step']}\\n")
            talk.flush()
            if talk.readline() != "go on\\n":
                raise ValueError("the witness has gone")

        tell("before")
        handler(event, context)
        tell("after")
"""
)


class Witness:
    """Hears of every run of a function, and keeps one of them from going on."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.moments = []
        self.held = threading.Event()
        self.hold_at = None
        self.runs = 0
        self.runs_most = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def hold(self, moment):
        """The next run that comes to this moment is held there for as long as it lives."""
        self.held.clear()
        self.hold_at = moment

    def _listen(self):
        try:
            while True:
                line, _ = self.listener.accept()
                threading.Thread(target=self._hear, args=(line,), daemon=True).start()
        except OSError:
            pass

    def _hear(self, line):
        with self.lock:
            self.runs += 1
            self.runs_most = max(self.runs, self.runs_most)
        try:
            with line, line.makefile("rw") as talk:
                for moment in map(str.strip, talk):
                    self.moments.append(moment)
                    if moment == self.hold_at:
                        self.hold_at = None
                        self.held.set()
                    else:
                        talk.write("go on\n")
                        talk.flush()
        except OSError:
            pass
        finally:
            with self.lock:
                self.runs -= 1


@pytest.mark.parametrize("step", ["createSecret", "setSecret", "testSecret", "finishSecret"])
def test_a_kill_during_a_step_leaves_one_rotation_that_is_whole(restartable, postgresql, step):
    user = f"app_{word()}"
    postgresql.admin(f"CREATE ROLE {user} LOGIN PASSWORD 'first'")
    world = World.on_server(restartable)
    before = make(world, postgresql.login(user, "first")) and "first"
    with Witness() as witness:
        variables = {"EXCLUDE_CHARACTERS": "/@\"'\\", "WITNESS_PORT": str(witness.port)}
        function = deploy(
            world,
            "app.py",
            WITNESSED,
            Handler="app.witnessed",
            Environment={"Variables": variables},
            MemorySize=512,
            Timeout=120,
        )
        for moment in ("before", "after"):
            [replaced] = [
                version
                for version, labels in described(world)["VersionIdsToStages"].items()
                if "AWSCURRENT" in labels
            ]
            witness.hold(f"{moment} {step}")
            version = rotate(world, function)["VersionId"]
            assert witness.held.wait(60), (witness.moments, witness.runs, state(world), restartable.log)
            heard = len(witness.moments)
            restartable.kill()
            restartable.start()
            access_key, secret = restartable.credentials
            world = World(restartable, world.account, access_key, secret, world.region)
            # Nobody else can be at it, so nobody waits until the killed one's minute is over.
            rotated(world, version, 45)
            labels = described(world)["VersionIdsToStages"]
            assert labels[version] == ["AWSCURRENT"] and labels[replaced] == ["AWSPREVIOUS"]
            assert not any("AWSPENDING" in stages for stages in labels.values())
            value = current(world)["password"]
            assert postgresql.opens(user, value) and not postgresql.opens(user, before)
            assert state(world)["State"] == "IDLE"
            told = [event["detail"].get("eventName") for event in restartable.events(world)]
            assert told.count("RotationFailed") == 0, told
            # It went on at this step, unless that had its effect in full and for all to see.
            if (moment, step) != ("after", "finishSecret"):
                assert witness.moments[heard] == f"before {step}"
            before = value
        assert witness.runs_most == 1
