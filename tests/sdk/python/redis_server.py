"""A Redis server of the test's own."""

import shutil

from database import PASSWORD, Database


def program(name):
    found = shutil.which(name)
    assert found, f"no program {name}: apt-get install redis-server redis-tools"
    return found


class Redis(Database):
    engine = "redis"
    rotators = "redis"

    def make(self):
        path = self.directory / "users"
        path.write_text(f"user default off\nuser admin on >{PASSWORD} ~* &* +@all\n")
        self.give(path)

    def command(self):
        command = [program("redis-server"), "--bind", "127.0.0.1", "--port", str(self.port)]
        command += ["--dir", str(self.directory), "--aclfile", str(self.directory / "users")]
        return [*command, "--save", "", "--appendonly", "no"]

    def question(self, user, password, what):
        command = [program("redis-cli"), "-e", "-h", "127.0.0.1", "-p", str(self.port)]
        return [*command, "--user", user, *what.split()], {"REDISCLI_AUTH": password}

    def add_user(self, user, password):
        may = "~goods +get +ping +acl|whoami +acl|setuser +acl|save"
        self.admin(f"ACL SETUSER {user} on >{password} {may}")
        self.admin("ACL SAVE")

    def set_password(self, user, password):
        self.admin(f"ACL SETUSER {user} resetpass >{password}")
        self.admin("ACL SAVE")

    def reads(self, user, password):
        return self.ask(user, password, "GET goods")

    def opens(self, user, password):
        return self.ask(user, password, "PING")[0]
