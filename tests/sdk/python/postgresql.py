"""A PostgreSQL server of the test's own."""

import glob
import shutil
import signal

from database import PASSWORD, Database
from world import word

NAME = "postgres"


def program(name):
    """Debian keeps the programs of each version in a directory of its own."""
    versions = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    found = versions[-1] if versions else shutil.which(name)
    assert found, f"no program {name}: apt-get install postgresql"
    return found


class PostgreSql(Database):
    engine = "postgres"
    rotators = "postgresql"
    stop_signal = signal.SIGINT

    def make(self):
        password = self.directory / "password"
        password.write_text(PASSWORD)
        self.give(password)
        command = [program("initdb"), "--username", "admin", "--auth", "scram-sha-256"]
        command += ["--no-sync", "--encoding", "UTF8", "--locale", "C.UTF-8"]
        command += ["--pgdata", str(self.directory / "data"), "--pwfile", str(password)]
        self.run_to_make(command)

    def command(self):
        command = [program("postgres"), "-D", str(self.directory / "data")]
        command += [f"--port={self.port}", "--listen_addresses=127.0.0.1", "--fsync=off"]
        return [*command, "--unix_socket_directories="]

    def url(self):
        """How coffer finds it, as the superuser, to keep its rows there."""
        return f"postgres://admin:{PASSWORD}@127.0.0.1:{self.port}/{NAME}"

    def place(self):
        """The URL of a place in it where there is no store yet."""
        schema = f"nodes_{word(12)}"
        self.admin(f"CREATE SCHEMA {schema}")
        return f"{self.url()}?options=-csearch_path%3D{schema}"

    def question(self, user, password, what):
        command = ["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"]
        command += ["-p", str(self.port), "-d", NAME, "-U", user, "-c", what]
        return command, {"PGPASSWORD": password, "PGCONNECT_TIMEOUT": "10"}

    def add_user(self, user, password):
        self.admin(f"CREATE ROLE {user} LOGIN PASSWORD '{password}'")
        self.admin("CREATE TABLE IF NOT EXISTS goods (id int)")
        self.admin(f"GRANT SELECT ON goods TO {user}")

    def set_password(self, user, password):
        self.admin(f"ALTER ROLE {user} PASSWORD '{password}'")

    def reads(self, user, password):
        return self.ask(user, password, "SELECT count(*) FROM goods")

    def login(self, user, password, **more):
        return super().login(user, password, dbname=NAME, **more)
