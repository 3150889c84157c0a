"""The guide to replication between deployments, followed as it stands there."""

import os
import re
import shutil
import stat

import documents
from peers import in_sync
from server import ROOT

GUIDE = ROOT / "docs" / "operate" / "replication.md"
HOSTS = ("virginia.example", "frankfurt.example")
# Where each has its primaries or replicas.
PRIMARIES, REPLICAS = "us-east-1", "eu-central-1"
AUTHORITY = "peers-ca"


def with_ours(text, theirs, ours):
    """The text with what only a machine of the guide's has replaced by what is here."""
    assert theirs in text, f"the guide says nothing of {theirs}"
    return text.replace(theirs, ours)


def certificates(text, folder):
    """Runs the guide's commands, in their order."""
    folder.mkdir()
    # No setting of whoever runs the tests has a part in it.
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    scripts = documents.blocks(text)
    assert len(scripts) == 2 and all("openssl" in script for script in scripts), scripts
    for script in scripts:
        ended = documents.run(script, folder, environment)
        assert ended.returncode == 0, ended.stderr
    for key in folder.glob("*.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600, key
    assert len(list(folder.glob("*.key"))) == 3


def settle(deployment, host, made):
    """Gives a deployment's machine what it is to have, which is not the authority's key."""
    for name in (f"{host}.pem", f"{host}.key", f"{AUTHORITY}.pem"):
        shutil.copy(made / name, deployment.folder / name)


def settings(text):
    """What the guide has each of the two started with."""
    found = re.search(r"Start the one with `([^`]+)`, the other with `([^`]+)`", text)
    assert found, "the guide does not say how to start them"
    return [command.split() for command in found.groups()]


def test_the_guide_is_right(deployments, tmp_path):
    text = GUIDE.read_text()
    made = tmp_path / "made"
    certificates(text, made)
    virginia = deployments.make("virginia", PRIMARIES)
    frankfurt = deployments.make("frankfurt", REPLICAS)
    port = frankfurt.peer_port
    files = documents.blocks(text, "toml")
    assert len(files) == 2
    for one, host, file in zip((virginia, frankfurt), HOSTS, files):
        settle(one, host, made)
        one.file.write_text(with_ours(file, "/etc/coffer/", f"{one.folder}/"))
    # Nobody here knows the guide's names; the certificates are held to them all the same.
    there = f'"https://127.0.0.1:{port}"\nserver_name = "{HOSTS[1]}"'
    virginia.file.write_text(
        with_ours(virginia.file.read_text(), f'"https://{HOSTS[1]}:4567"', there)
    )
    for one, started_with in zip((virginia, frankfurt), settings(text)):
        here = {"peers.toml": str(one.file), "0.0.0.0:4567": f"127.0.0.1:{port}"}
        one.server.extra = tuple(here.get(word, word) for word in started_with)
    assert "--peer-listen" in frankfurt.server.extra

    virginia.start()
    frankfurt.start()
    arn = virginia.sm.create_secret(
        Name="app/db", SecretString="first", AddReplicaRegions=[{"Region": REPLICAS}]
    )["ARN"]
    in_sync(virginia, region=REPLICAS)
    assert frankfurt.value() == "first"
    assert frankfurt.described()["ARN"] == arn.replace(PRIMARIES, REPLICAS)
    virginia.sm.put_secret_value(SecretId="app/db", SecretString="second")
    in_sync(virginia, region=REPLICAS)
    assert frankfurt.value() == "second"
    assert virginia.metric("coffer_replication_peer_reachable", peer="frankfurt") == 1
    assert frankfurt.metric("coffer_replication_strangers_total") == 0
