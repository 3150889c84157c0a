"""Deployments of coffer that hold replicas for each other, with certificates made for the test."""

import datetime
import ipaddress
import json
import pathlib
import random
import shutil
import socket

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from conftest import real
from server import eventually
from world import REAL_ACCESS_KEY, REAL_ACCOUNT, REAL_SECRET, World

WEST, EAST = "us-west-9", "eu-east-9"
# Below those that the system gives to connections that go out: a port must be free again each time
# that its server is started anew.
PORTS = range(15_000, 30_000)
LIFE = datetime.timedelta(days=1)
ADDRESS = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


def lasting_port():
    """A loopback port that nobody listens on, and that no connection is given by chance."""
    for port in random.sample(PORTS, 100):
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


class Authority:
    """A certificate authority, and what it has signed, as PEM files in a folder."""

    def __init__(self, folder, name):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(name, self.key, x509.BasicConstraints(True, None))
        self.path = self._write(f"{name}.pem", certificate)

    def _sign(self, name, key, *extensions, lives=LIFE):
        def named(text):
            return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder(
            named(self.name),
            named(name),
            key.public_key(),
            x509.random_serial_number(),
            now - LIFE,
            now + lives,
        )
        for extension in extensions:
            builder = builder.add_extension(extension, isinstance(extension, x509.BasicConstraints))
        return builder.sign(self.key, hashes.SHA256())

    def _write(self, name, part):
        path = self.folder / name
        pem = serialization.Encoding.PEM
        if isinstance(part, x509.Certificate):
            path.write_bytes(part.public_bytes(pem))
        else:
            form, nothing = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            path.write_bytes(part.private_bytes(pem, form, nothing))
        return path

    def certificate(self, name, **more):
        """A certificate of a host of this name, on loopback, and its key: two files."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(name), ADDRESS])
        chain = self._write(f"{name}.cert.pem", self._sign(name, key, names, **more))
        return chain, self._write(f"{name}.key.pem", key)


def toml(table):
    """Keys and values of one table; JSON's texts, numbers and lists are TOML's, too."""
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())


class Deployment:
    """A `coffer server` with a certificate, a port for peers, and a file that names them."""

    def __init__(self, folder, name, authority, region, account=REAL_ACCOUNT, settings=()):
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir()
        self.name, self.authority, self.region = name, authority, region
        self.chain, self.key = authority.certificate(f"{name}.example")
        self.peer_port = lasting_port()
        self.file = self.folder / "peers.toml"
        self.data = self.folder / "coffer-data"
        self.server = real(self.data)
        self.server.account = account
        # Where its store is, where that is not in its data directory.
        self.settings = tuple(settings)
        self.world = None

    def knows(self, *peers, listens=True, **more):
        """Writes the file of peers; each is a dictionary as the file has it."""
        head = {"regions": [self.region], "certificate": str(self.chain), "key": str(self.key)}
        text = toml({**head, **more}) + "".join(f"\n[[peer]]\n{toml(peer)}" for peer in peers)
        self.file.write_text(text)
        place = ("--peer-listen", f"127.0.0.1:{self.peer_port}") if listens else ()
        known = ("--rotation-allow-loopback", "true", "--peers", str(self.file), *place)
        self.server.extra = (*self.settings, *known)

    def holder(self, **more):
        """How another deployment names this one, for what it holds."""
        return {
            "name": self.name,
            "authorities": str(self.authority.path),
            "url": f"https://127.0.0.1:{self.peer_port}",
            "server_name": f"{self.name}.example",
            **more,
        }

    def writer(self, **more):
        """How another deployment names this one, for what it writes there."""
        return {
            "name": self.name,
            "authorities": str(self.authority.path),
            "certificate_names": [f"{self.name}.example"],
            **more,
        }

    def start(self):
        """Starts it, or starts it anew: on another port each time."""
        self.server.start()
        if self.world is None:
            account = self.server.account
            self.world = World(self.server, account, REAL_ACCESS_KEY, REAL_SECRET, self.region)
        self.world.close()
        self.world._clients.clear()
        return self.world

    @property
    def sm(self):
        return self.world.sm

    def value(self, name="app/db", **which):
        return self.sm.get_secret_value(SecretId=name, **which)["SecretString"]

    def described(self, name="app/db"):
        return self.sm.describe_secret(SecretId=name)

    def metric(self, name, **labels):
        """The value of a metric; nothing where there is none of these labels."""
        _, text = self.server.get("/metrics")
        for line in text.splitlines():
            told, _, number = line.rpartition(" ")
            has = all(f'{label}="{value}"' in told for label, value in labels.items())
            if told.split("{")[0] == name and has:
                return float(number)
        return None

    def files(self):
        """The bytes of all that it keeps, and its log."""
        kept = [path.read_bytes() for path in self.data.rglob("*") if path.is_file()]
        return b"".join(kept) + self.server.log.encode()


class Deployments:
    """Deployments that a test makes, and the authority of their certificates."""

    def __init__(self, folder):
        self.folder = folder
        self.authority = Authority(folder / "authority", "peers")
        self.made = []

    def make(self, name, region, account=REAL_ACCOUNT, settings=()):
        of = (self.folder, name, self.authority, region, account, settings)
        self.made.append(Deployment(*of))
        return self.made[-1]

    def both(self):
        """Primaries in the west, replicas in the east; neither is started yet."""
        west, east = self.make("west", WEST), self.make("east", EAST)
        west.knows(east.holder(regions=[EAST]), listens=False)
        east.knows(west.writer(primary_regions=[WEST]))
        return west, east

    def stop(self):
        """Stops those that run, and holds them to ending well."""
        for one in self.made:
            if one.server.process is not None and one.server.process.poll() is None:
                one.server.stop()

    def end(self):
        for one in self.made:
            if one.server.process is not None:
                one.server.kill()
            if one.world is not None:
                one.world.close()
            shutil.rmtree(one.server.scratch, ignore_errors=True)


def create(west, **more):
    """A secret with a replica in the east."""
    return west.sm.create_secret(
        Name="app/db", SecretString="first", AddReplicaRegions=[{"Region": EAST}], **more
    )


def status(west, name="app/db", region=EAST):
    found = west.described(name).get("ReplicationStatus", [])
    return {item["Region"]: item for item in found}.get(region)


def in_sync(west, name="app/db", region=EAST, seconds_max=30):
    is_so = lambda: (status(west, name, region) or {}).get("Status") == "InSync"
    eventually(is_so, f"{name} is in sync", seconds_max)


def waits_for_its_peer(west, name="app/db", region=EAST):
    said = status(west, name, region)
    return said["Status"] == "InProgress" and "can't be reached" in said.get("StatusMessage", "")


def is_gone(east, name="app/db"):
    listed = east.sm.list_secrets(IncludePlannedDeletion=True)["SecretList"]
    return name not in [secret["Name"] for secret in listed]
