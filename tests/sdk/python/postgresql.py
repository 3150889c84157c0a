"""A PostgreSQL server of the test's own, on a free loopback port."""

import glob
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from server import eventually, free_port

PASSWORD = "of-the-superuser"
STOP_SECONDS_MAX = 30


def program(name):
    """Debian keeps the programs of each version in a directory of its own."""
    versions = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    found = versions[-1] if versions else shutil.which(name)
    assert found, f"no program {name}: apt-get install postgresql"
    return found


def as_nobody(command):
    """PostgreSQL does not run as root."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", *command]


class PostgreSql:
    """A cluster in a temporary directory, its superuser `admin`, and how it is asked."""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="coffer-test-pg-"))
        self.port = free_port()
        self.process = None

    def make(self):
        password = self.directory / "password"
        password.write_text(PASSWORD)
        if os.geteuid() == 0:
            for path in (self.directory, password):
                shutil.chown(path, "nobody", "nogroup")
        command = [program("initdb"), "--username", "admin", "--auth", "scram-sha-256"]
        command += ["--no-sync", "--encoding", "UTF8", "--locale", "C.UTF-8"]
        command += ["--pgdata", str(self.directory / "data"), "--pwfile", str(password)]
        made = subprocess.run(
            as_nobody(command), cwd=self.directory, capture_output=True, timeout=120, check=False
        )
        assert made.returncode == 0, made.stderr

    def start(self):
        command = [program("postgres"), "-D", str(self.directory / "data")]
        command += [f"--port={self.port}", "--listen_addresses=127.0.0.1", "--fsync=off"]
        command += ["--unix_socket_directories="]
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                as_nobody(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
            )
        eventually(lambda: self.opens("admin", PASSWORD), "PostgreSQL answers", 60)

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(STOP_SECONDS_MAX)
        self.process = None

    def end(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def ask(self, user, password, sql):
        """Whether PostgreSQL does what it is asked, and what it says."""
        command = ["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"]
        command += ["-p", str(self.port), "-d", "postgres", "-U", user, "-c", sql]
        environment = {**os.environ, "PGPASSWORD": password, "PGCONNECT_TIMEOUT": "10"}
        asked = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        return asked.returncode == 0, (asked.stdout + asked.stderr).strip()

    def admin(self, sql):
        is_done, said = self.ask("admin", PASSWORD, sql)
        assert is_done, said
        return said

    def opens(self, user, password):
        return self.ask(user, password, "SELECT 1")[0]

    def login(self, user, password, **more):
        """The members of a secret's value, as AWS's templates define them."""
        return {
            "engine": "postgres",
            "host": "127.0.0.1",
            "port": self.port,
            "dbname": "postgres",
            "username": user,
            "password": password,
            **more,
        }
