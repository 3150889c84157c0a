"""An etcd cluster of the test's own."""

import http.client
import json
import shutil
import signal

from database import START_SECONDS_MAX, Database
from server import STARTS_MAX, eventually, free_port
from world import word

MEMBERS = 3


def program():
    found = shutil.which("etcd")
    assert found, "no program etcd: apt-get install etcd-server"
    return found


class Member(Database):
    engine = "etcd"
    # It would hand its leadership over first.
    stop_signal = signal.SIGKILL

    def __init__(self, cluster):
        super().__init__()
        self.cluster = cluster
        self.peer_port = free_port()
        self.health_port = free_port()

    @property
    def name(self):
        return f"m{self.port}"

    @property
    def peer(self):
        return f"http://127.0.0.1:{self.peer_port}"

    def command(self):
        client = f"http://127.0.0.1:{self.port}"
        flags = {
            "name": self.name,
            "data-dir": self.directory / "data",
            "listen-client-urls": client,
            "advertise-client-urls": client,
            "listen-peer-urls": self.peer,
            "initial-advertise-peer-urls": self.peer,
            "listen-metrics-urls": f"http://127.0.0.1:{self.health_port}",
            "initial-cluster": self.cluster.peers(),
            "logger": "zap",
            # What a store needs; see docs/operate/store-etcd.md.
            "max-txn-ops": 2048,
            "max-request-bytes": 9437184,
        }
        return [program(), *(f"--{flag}={value}" for flag, value in flags.items())]

    def is_healthy(self):
        asked = http.client.HTTPConnection("127.0.0.1", self.health_port, timeout=5)
        try:
            asked.request("GET", "/health")
            return json.load(asked.getresponse())["health"] == "true"
        except (OSError, http.client.HTTPException, ValueError):
            return False
        finally:
            asked.close()


class Etcd:
    """Members of one cluster, which start together or not at all."""

    def __init__(self):
        self.members = []

    def peers(self):
        return ",".join(f"{member.name}={member.peer}" for member in self.members)

    def start(self):
        for _ in range(STARTS_MAX):
            self.members = [Member(self) for _ in range(MEMBERS)]
            for member in self.members:
                member.launch()
            # Somebody else may have come to listen at a port that was free.
            has_failed = lambda: any(it.process.poll() is not None for it in self.members)
            has_settled = lambda: has_failed() or self.is_healthy()
            eventually(has_settled, "etcd is healthy", START_SECONDS_MAX)
            if not has_failed():
                return
            self.end()
        raise AssertionError("etcd does not start")

    def is_healthy(self):
        return all(member.is_healthy() for member in self.members)

    def stop(self):
        """Ends all members where they are."""
        for member in self.members:
            member.stop()

    def start_again(self):
        """Starts those members that have ended, on what they have kept."""
        for member in self.members:
            if member.process is None:
                member.launch()
        eventually(self.is_healthy, "etcd is healthy again", START_SECONDS_MAX)

    def end(self):
        for member in self.members:
            member.end()

    def url(self):
        """How coffer finds it, to keep its rows there."""
        return "etcd://" + ",".join(f"127.0.0.1:{member.port}" for member in self.members)

    def place(self):
        """The URL of a place in it where there is no store yet."""
        return f"{self.url()}/nodes-{word(12)}/"
