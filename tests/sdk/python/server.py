"""A coffer process: started on a free loopback port, waited for, and ended without a trace."""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = os.environ.get("COFFER_BINARY", str(ROOT / "target" / "debug" / "coffer"))
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
STARTS_MAX = 3


def eventually(condition, what, seconds_max=20):
    """Asks until the condition gives something true, and returns that; fails at the deadline."""
    pause = threading.Event()
    steps = max(1, int(seconds_max / 0.05))
    for _ in range(steps):
        found = condition()
        if found:
            return found
        pause.wait(0.05)
    raise AssertionError(f"not within {seconds_max} s: {what}")


def free_port():
    """A loopback port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """One process of the binary: `coffer dev`, or `coffer server` on a data directory."""

    def __init__(self, command, data=None, account=None, credentials=None, extra=()):
        self.command = command
        self.data = data
        self.account = account
        self.credentials = credentials
        self.extra = tuple(extra)
        # What it is run by, such as a tracer, and settings for that.
        self.run_by = ()
        self.surroundings = {}
        self.process = None
        self.port = None
        scratch = tempfile.mkdtemp(prefix="coffer-test-")
        self.scratch = pathlib.Path(scratch)
        self.log_path = self.scratch / "log"

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def environment(self):
        """What the process may know of ours: no AWS setting of the person who runs the tests."""
        kept = {key: os.environ[key] for key in ("PATH", "TMPDIR") if key in os.environ}
        # Functions find Python, its packages and the AWS CLI where the tests have them.
        tools = [*self._common_python(), pathlib.Path(sys.executable).parent]
        path = [*map(str, tools), kept.get("PATH", os.defpath)]
        kept["COFFER_FUNCTIONS_PATH"] = os.pathsep.join(path)
        kept["HOME"] = str(self.scratch)
        if self.credentials and self.command == "server":
            access_key, secret = self.credentials
            kept["COFFER_ROOT_ACCESS_KEY_ID"] = access_key
            kept["COFFER_ROOT_SECRET_ACCESS_KEY"] = secret
            kept["COFFER_ACCOUNT_ID"] = self.account
        return kept

    def _common_python(self):
        """A folder with a Python that every user can run, where that of the tests is none.

        Root's server runs functions as other users, who cannot enter the home of root.
        """
        interpreter = pathlib.Path(sys.executable).resolve()
        if all(folder.stat().st_mode & 0o001 for folder in interpreter.parents):
            return []
        program = shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin")
        assert program, "no Python outside of root's home: apt-get install python3"
        tools = self.scratch / "tools"
        if not tools.exists():
            # Others may pass through, and see nothing on the way.
            self.scratch.chmod(0o711)
            tools.mkdir(mode=0o755)
            packages = sysconfig.get_paths()["purelib"]
            (tools / "python3").write_text(
                f'#!/bin/sh\nPYTHONPATH="{packages}" exec {program} "$@"\n'
            )
            (tools / "python3").chmod(0o755)
        return [tools]

    def start(self):
        """Starts the process and returns when it says that it is ready."""
        assert pathlib.Path(BINARY).exists(), f"no binary at {BINARY}: cargo build --package coffer"
        # Between choosing a port and listening on it, another process may take it.
        for attempt in range(1, STARTS_MAX + 1):
            self.port = free_port()
            self.spawn()
            try:
                eventually(self._is_settled, "the server is ready", START_SECONDS_MAX)
            except AssertionError:
                self.kill()
                raise AssertionError(f"the server is not ready; its log:\n{self.log}") from None
            if self.process.poll() is None:
                return self
            taken = "in use" in self.log.lower()
            assert taken and attempt < STARTS_MAX, f"the server ended; its log:\n{self.log}"
        raise AssertionError("unreachable")

    def spawn(self):
        arguments = [*self.run_by, BINARY, self.command, "--listen", f"127.0.0.1:{self.port}"]
        if self.data is not None:
            arguments += ["--data", str(self.data)]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*arguments, *self.extra],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**self.environment(), **self.surroundings},
                cwd=self.scratch,
                # Python passes SIGXFSZ over, and so does the server then: beyond RLIMIT_FSIZE a
                # write fails, as on a full disk.
                restore_signals=False,
            )

    def _is_settled(self):
        return self.process.poll() is not None or self.is_ready()

    def is_ready(self):
        try:
            return self.get("/_coffer/ready")[0] == 200
        except OSError:
            return False

    def get(self, path):
        """A plain GET: status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode(errors="replace")
        finally:
            connection.close()

    def kill(self):
        """What a power cut does to the process."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(STOP_SECONDS_MAX)

    def stop(self):
        """Asks the process to end, and holds it to ending well."""
        assert self.process.poll() is None, f"the server ended by itself; its log:\n{self.log}"
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"SIGTERM did not end the server; its log:\n{self.log}") from None
        assert code == 0, f"the server ended with {code}; its log:\n{self.log}"
        assert "panicked" not in self.log, self.log

    def advance(self, duration):
        """Moves the clock of a `dev` server; returns when the jobs that became due are done."""
        ended = subprocess.run(
            [BINARY, "dev", "advance", duration, "--endpoint", self.endpoint],
            capture_output=True,
            text=True,
            timeout=120,
            env={
                **self.environment(),
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
            },
        )
        assert ended.returncode == 0, f"advance {duration}: {ended.stdout}{ended.stderr}"

    def run(self, world, *arguments):
        """What a command of the binary prints, run as whom this account and region belong to."""
        ended = subprocess.run(
            [BINARY, *arguments, "--endpoint", self.endpoint, "--region", world.region],
            capture_output=True,
            text=True,
            timeout=60,
            env={
                **self.environment(),
                "AWS_ACCESS_KEY_ID": world.access_key,
                "AWS_SECRET_ACCESS_KEY": world.secret,
            },
        )
        assert ended.returncode == 0, f"{arguments}: {ended.stdout}{ended.stderr}"
        return ended.stdout

    def events(self, world):
        """The events that the server kept for this account and region, oldest first."""
        return [json.loads(line) for line in self.run(world, "events").splitlines()]

    def health(self):
        status, body = self.get("/_coffer/health")
        return status, json.loads(body) if body.startswith("{") else body
