"""A MariaDB server of the test's own."""

import pathlib
import shutil

from database import PASSWORD, Database


def program(name):
    """Debian keeps the server where few users have their path."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    assert found, f"no program {name}: apt-get install mariadb-server mariadb-client"
    return found


class MariaDb(Database):
    engine = "mariadb"
    rotators = "mysql"

    def make(self):
        command = [program("mariadb-install-db"), "--no-defaults", "--skip-test-db"]
        command += ["--auth-root-authentication-method=normal"]
        command += [f"--datadir={self.directory / 'data'}", f"--tmpdir={self.directory}"]
        self.run_to_make(command)
        first = [
            f"CREATE OR REPLACE USER 'admin'@'%' IDENTIFIED BY '{PASSWORD}';",
            "GRANT ALL ON *.* TO 'admin'@'%' WITH GRANT OPTION;",
            "CREATE DATABASE IF NOT EXISTS shop;",
            "CREATE TABLE IF NOT EXISTS shop.goods (id INT);",
        ]
        path = self.directory / "first.sql"
        path.write_text("\n".join(first) + "\n")
        self.give(path)

    def command(self):
        place: pathlib.Path = self.directory
        return [
            program("mariadbd"),
            "--no-defaults",
            f"--datadir={place / 'data'}",
            f"--tmpdir={place}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            f"--socket={place / 'socket'}",
            f"--pid-file={place / 'pid'}",
            f"--init-file={place / 'first.sql'}",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=16M",
        ]

    def question(self, user, password, what):
        command = [program("mariadb"), "--no-defaults", "--protocol=tcp", "--host=127.0.0.1"]
        command += ["--skip-column-names", "--batch", f"--port={self.port}", f"--user={user}"]
        return [*command, "--connect-timeout=10", f"--execute={what}"], {"MYSQL_PWD": password}

    def add_user(self, user, password):
        self.admin(f"CREATE USER '{user}'@'127.0.0.%' IDENTIFIED BY '{password}'")
        self.admin(f"GRANT SELECT ON shop.goods TO '{user}'@'127.0.0.%'")

    def set_password(self, user, password):
        self.admin(f"SET PASSWORD FOR '{user}'@'127.0.0.%' = PASSWORD('{password}')")

    def reads(self, user, password):
        return self.ask(user, password, "SELECT count(*) FROM shop.goods")
