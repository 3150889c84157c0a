"""A database server of the test's own, on a free loopback port: what all kinds have in common."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from server import eventually, free_port

PASSWORD = "of-the-superuser"
STOP_SECONDS_MAX = 30
START_SECONDS_MAX = 60


def as_nobody(command):
    """Databases do not run as root."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", *command]


class Database:
    """A server in a temporary directory, its superuser `admin`, and how it is asked.

    A kind of database says how its files are made, what serves them, and how a client asks.
    """

    # What the secret's member `engine` says, and how names of rotators begin.
    engine = None
    rotators = None
    # By which signal it ends at once.
    stop_signal = signal.SIGTERM

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix=f"coffer-test-{self.engine}-"))
        self.port = free_port()
        self.process = None
        self.give(self.directory)

    def make(self):
        raise NotImplementedError

    def command(self):
        raise NotImplementedError

    def question(self, user, password, what):
        """The command line and the environment of a client that asks this."""
        raise NotImplementedError

    def add_user(self, user, password):
        """A user who may read one thing, and do what rotation asks of a user."""
        raise NotImplementedError

    def set_password(self, user, password):
        raise NotImplementedError

    def reads(self, user, password):
        """Whether an application with this login can read, and what it is told."""
        raise NotImplementedError

    @staticmethod
    def give(*paths):
        if os.geteuid() == 0:
            for path in paths:
                shutil.chown(path, "nobody", "nogroup")

    def run_to_make(self, command):
        made = subprocess.run(
            as_nobody(command), cwd=self.directory, capture_output=True, timeout=120, check=False
        )
        assert made.returncode == 0, made.stderr

    def start(self):
        self.launch()
        opens = lambda: self.opens("admin", PASSWORD)
        eventually(opens, f"{self.engine} answers", START_SECONDS_MAX)

    def launch(self):
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                as_nobody(self.command()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
            )

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            self.process.wait(STOP_SECONDS_MAX)
        self.process = None

    def end(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def ask(self, user, password, what):
        """Whether the database does what it is asked, and what it says."""
        command, environment = self.question(user, password, what)
        asked = subprocess.run(
            command,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return asked.returncode == 0, (asked.stdout + asked.stderr).strip()

    def admin(self, what):
        is_done, said = self.ask("admin", PASSWORD, what)
        assert is_done, said
        return said

    def opens(self, user, password):
        return self.ask(user, password, "SELECT 1")[0]

    def login(self, user, password, **more):
        """The members of a secret's value, as AWS's templates define them."""
        return {
            "engine": self.engine,
            "host": "127.0.0.1",
            "port": self.port,
            "username": user,
            "password": password,
            **more,
        }
