"""Several servers on one store: each serves every request, and any of them may end at any moment."""

import base64
import concurrent.futures
import configparser
import os
import re
import shutil
import threading

import boto3
import botocore.config
import pytest
from botocore.exceptions import BotoCoreError

from conftest import FUNCTIONS
from rotations import current, described, make, rotate
from server import Server, eventually
from test_rekey import rekey
from world import REAL_ACCESS_KEY, REAL_ACCOUNT, REAL_SECRET, World, refused, word

NODES = 3
# Where the rows are, and how they are read.
STORES = [
    pytest.param(("store_database", "cached"), id="postgres-cached"),
    pytest.param(("store_database", "strong"), id="postgres-strong"),
    pytest.param(("store_cluster", "cached"), id="etcd-cached"),
]
# What is read at another node may be this old, in seconds; a busy machine adds to it.
STALE_SECONDS_MAX = 15
WORLD = ("server", "account", "access_key", "secret", "region")
RULE = "random/password:alphanumeric:32"


def key_file(path, text):
    path.write_text(text)
    path.chmod(0o600)
    return path


class Cluster:
    """Servers on one store of their own, each with its data directory."""

    def __init__(self, folder, database, reads, credentials=(REAL_ACCESS_KEY, REAL_SECRET)):
        store = database.place()
        root_key = base64.b64encode(os.urandom(32)).decode()
        self.nodes, self.keys = [], []
        for number in range(NODES):
            data = folder / f"node-{number}"
            # A node that has not the root key can't open the store; each has a file of its own.
            key = key_file(folder / f"root-{number}.key", root_key)
            self.keys.append(key)
            settings = ("--store", store, "--reads", reads, "--root-key-file", str(key), *FUNCTIONS)
            self.nodes.append(Server("server", data, REAL_ACCOUNT, credentials, settings))

    def start(self):
        with concurrent.futures.ThreadPoolExecutor(NODES) as pool:
            list(pool.map(Server.start, self.nodes))

    def worlds(self):
        """One region of the store, by each node."""
        region = f"test-{word(10)}-1"
        return [
            World(node, REAL_ACCOUNT, REAL_ACCESS_KEY, REAL_SECRET, region) for node in self.nodes
        ]

    def end(self):
        for node in self.nodes:
            if node.process is not None:
                node.kill()
            shutil.rmtree(node.scratch, ignore_errors=True)


@pytest.fixture(scope="module", params=STORES)
def cluster(request, tmp_path_factory):
    """Servers that all start at the same time, on nothing."""
    store, reads = request.param
    store = request.getfixturevalue(store)
    made = Cluster(tmp_path_factory.mktemp("nodes"), store, reads)
    made.reads = reads
    try:
        made.start()
        yield made
        for node in made.nodes:
            node.stop()
            assert "panicked" not in node.log, node.log
    finally:
        made.end()


@pytest.fixture
def worlds(cluster):
    made = cluster.worlds()
    yield made
    for world in made:
        world.close()


@pytest.fixture
def breakable(tmp_path, store_database):
    """Servers that the test may kill."""
    made = Cluster(tmp_path, store_database, "cached")
    try:
        made.start()
        yield made
        for node in made.nodes:
            assert "panicked" not in node.log, node.log
    finally:
        made.end()


def soon(cluster, is_so, what):
    """What nodes with strong reads see at once, and others within their bound."""
    if cluster.reads == "strong":
        assert is_so(), what
    else:
        eventually(is_so, what, STALE_SECONDS_MAX)


def test_one_of_those_that_start_on_nothing_makes_the_account(tmp_path, store_database):
    cluster = Cluster(tmp_path, store_database, "cached", credentials=None)
    try:
        cluster.start()
        made = [node for node in cluster.nodes if " was made" in node.log]
        assert len(made) == 1, [node.log for node in cluster.nodes]
        written = [node for node in cluster.nodes if (node.data / "credentials").exists()]
        assert written == made
        read = configparser.ConfigParser()
        read.read(made[0].data / "credentials")
        keys = read["default"]
        account = re.search(r"account (\d{12}) was made", made[0].log).group(1)
        for node in cluster.nodes:
            key, secret = keys["aws_access_key_id"], keys["aws_secret_access_key"]
            world = World(node, account, key, secret, "us-east-1")
            assert world.sts.get_caller_identity()["Account"] == account
            world.close()
            node.stop()
    finally:
        cluster.end()


def test_a_node_without_the_root_key_is_refused(tmp_path, cluster):
    settings = list(cluster.nodes[0].extra)
    drawn = base64.b64encode(os.urandom(32)).decode()
    settings[settings.index("--root-key-file") + 1] = str(key_file(tmp_path / "other", drawn))
    credentials = (REAL_ACCESS_KEY, REAL_SECRET)
    other = Server("server", tmp_path / "data", REAL_ACCOUNT, credentials, settings)
    try:
        other.port = 1
        other.spawn()
        assert other.process.wait(60) != 0
        assert "does not open this store" in other.log, other.log
    finally:
        other.kill()
        shutil.rmtree(other.scratch, ignore_errors=True)


def test_what_one_node_writes_the_others_read(cluster, worlds):
    for number in range(20):
        writer, value = worlds[number % NODES], str(number)
        writer.ssm.put_parameter(Name="/n", Value=value, Type="SecureString", Overwrite=True)
        get = lambda world: world.ssm.get_parameter(Name="/n", WithDecryption=True)["Parameter"]
        assert get(writer)["Value"] == value, "a node's own write"
        for reader in worlds:
            soon(cluster, lambda r=reader: get(r)["Value"] == value, f"{value} is read")
    worlds[0].ssm.delete_parameter(Name="/n")
    for reader in worlds:
        gone = lambda r=reader: not r.ssm.get_parameters(Names=["/n"])["Parameters"]
        soon(cluster, gone, "it is gone")


def test_what_one_node_forbids_the_others_refuse(cluster, worlds):
    one, other = worlds[0], worlds[1]
    name = f"reader-{word()}"
    one.iam.create_user(UserName=name)
    allow = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ssm:*","Resource":"*"}}'
    one.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=allow)
    key = one.iam.create_access_key(UserName=name)["AccessKey"]
    one.ssm.put_parameter(Name="/read", Value="1", Type="String")

    def is_allowed():
        guest = other.signed_by(key)
        try:
            guest.ssm.get_parameter(Name="/read")
            return True
        except guest.ssm.exceptions.ClientError as error:
            told = error.response["Error"]["Code"]
            assert told in ("AccessDeniedException", "UnrecognizedClientException"), told
            return False
        finally:
            guest.close()

    soon(cluster, is_allowed, "the user is known")
    one.iam.delete_user_policy(UserName=name, PolicyName="p")
    soon(cluster, lambda: not is_allowed(), "the policy is gone")
    one.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=allow)
    soon(cluster, is_allowed, "the policy is back")
    one.iam.update_access_key(UserName=name, AccessKeyId=key["AccessKeyId"], Status="Inactive")
    soon(cluster, lambda: not is_allowed(), "the key is inactive")


def test_writers_at_all_nodes_lose_no_version(worlds):
    worlds[0].ssm.put_parameter(Name="/versions", Value="0", Type="String")

    def write(writer):
        answers = []
        for number in range(15):
            put = worlds[writer % NODES].ssm.put_parameter
            value = f"{writer} {number}"
            answers.append(put(Name="/versions", Value=value, Type="String", Overwrite=True))
        return [(answer["Version"], writer) for answer in answers]

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        versions = [version for part in pool.map(write, range(6)) for version, _ in part]
    assert sorted(versions) == list(range(2, 6 * 15 + 2))
    pages = worlds[1].ssm.get_paginator("get_parameter_history").paginate(Name="/versions")
    kept = [entry["Version"] for page in pages for entry in page["Parameters"]]
    assert kept == list(range(1, 92))


def test_one_of_those_that_create_a_secret_succeeds(worlds):
    def create(number):
        try:
            worlds[number % NODES].sm.create_secret(Name="one", SecretString=str(number))
            return number
        except worlds[number % NODES].sm.exceptions.ResourceExistsException:
            return None

    with concurrent.futures.ThreadPoolExecutor(9) as pool:
        made = [number for number in pool.map(create, range(9)) if number is not None]
    assert len(made) == 1
    read = lambda world: world.sm.get_secret_value(SecretId="one")["SecretString"]
    for world in worlds:
        eventually(lambda w=world: read(w) == str(made[0]), "it is the one that was made")


def test_rotations_that_all_nodes_see_are_done_once(cluster, worlds):
    names = [f"rotated-{number}" for number in range(12)]
    for number, name in enumerate(names):
        make(worlds[number % NODES], {"password": "first"}, name=name)
    for number, name in enumerate(names):
        world = worlds[(number + 1) % NODES]
        eventually(lambda w=world, n=name: current(w, n), "the secret is known")
        rotate(world, RULE, name=name)
    for name in names:
        done = lambda n=name: current(worlds[0], n)["password"] != "first"
        eventually(done, f"{name} is rotated", 60)
    for name in names:
        listed = worlds[2].sm.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)
        assert len(listed["Versions"]) == 2, listed["Versions"]
        assert "LastRotatedDate" in described(worlds[1], name)


def test_events_of_all_nodes_are_found_at_each(worlds):
    for number, world in enumerate(worlds):
        world.ssm.put_parameter(Name=f"/event/{number}", Value="1", Type="String")
        world.ssm.get_parameter(Name=f"/event/{number}")

    def told(world):
        look = world.client("cloudtrail").lookup_events
        found = look(LookupAttributes=[{"AttributeKey": "ReadOnly", "AttributeValue": "true"}])
        names = [event for event in found["Events"] if event["EventName"] == "GetParameter"]
        return len(names) == NODES

    for world in worlds:
        eventually(lambda w=world: told(w), "the reads at all nodes are told", 60)


def test_a_node_that_is_killed_loses_nothing_that_it_acknowledged(breakable):
    worlds = breakable.worlds()
    acknowledged, must_end, is_killed = {}, threading.Event(), threading.Event()

    def write(writer):
        world = worlds[writer % NODES]
        number = 0
        while not must_end.is_set() and number < 2_000:
            number += 1
            try:
                name, value = f"/killed/{writer}", str(number)
                world.ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
            except BotoCoreError:
                if is_killed.is_set() and world is worlds[0]:
                    return
                raise
            acknowledged[writer] = number

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        writers = [pool.submit(write, writer) for writer in range(6)]
        busy = lambda: len(acknowledged) == 6 and min(acknowledged.values()) >= 5
        eventually(busy, "all write", 60)
        is_killed.set()
        breakable.nodes[0].kill()
        before = dict(acknowledged)
        others = lambda: all(acknowledged[w] > before[w] + 5 for w in range(6) if w % NODES)
        eventually(others, "the others go on", 60)
        must_end.set()
        for writer in writers:
            writer.result()
    for writer, number in acknowledged.items():
        get = lambda w=writer: int(
            worlds[1].ssm.get_parameter(Name=f"/killed/{w}")["Parameter"]["Value"]
        )
        # What the killed node was about to answer may be there as well.
        eventually(lambda: get() in (number, number + 1), f"{number} of {writer} is there")
    breakable.nodes[0].start()
    for world in worlds:
        world.close()


def test_a_node_that_is_killed_in_a_rotation_leaves_it_to_the_others(breakable):
    worlds = breakable.worlds()
    make(worlds[0], {"password": "first"})
    rotate(worlds[0], RULE)
    breakable.nodes[0].kill()
    # The claim of the dead node ends first.
    done = lambda: current(worlds[1])["password"] != "first"
    eventually(done, "another node rotates it", 120)
    for world in worlds:
        world.close()


def test_all_nodes_go_along_with_a_change_of_the_root_key(breakable):
    worlds = breakable.worlds()
    old = breakable.keys[0].read_text()
    name = "/kept"
    worlds[0].ssm.put_parameter(Name=name, Value="1", Type="SecureString")
    rekey(breakable.nodes[0])
    # Whichever node has drawn it, each has it in its own file.
    texts = lambda: {key.read_text().strip() for key in breakable.keys}
    eventually(lambda: len(texts()) == 1 and texts() != {old}, "the new key is in its places")
    for number, world in enumerate(worlds):
        world.ssm.put_parameter(Name=f"/after/{number}", Value="2", Type="SecureString")
        made = world.kms.create_key()["KeyMetadata"]["KeyId"]
        world.kms.encrypt(KeyId=made, Plaintext=b"plain")
    breakable.nodes[1].stop()
    breakable.nodes[1].start()
    again = World(*(vars(worlds[1])[it] for it in WORLD))
    for world in (worlds[0], again, worlds[2]):
        read = lambda path, w=world: w.ssm.get_parameters_by_path(Path=path, WithDecryption=True)
        get = lambda w=world: w.ssm.get_parameter(Name=name, WithDecryption=True)
        assert get()["Parameter"]["Value"] == "1"
        eventually(lambda r=read: len(r("/after")["Parameters"]) == NODES, "all are read")
    for world in (*worlds, again):
        world.close()


def test_a_database_that_restarts_is_bridged_by_the_retries_of_a_client(tmp_path, postgresql):
    cluster = Cluster(tmp_path, postgresql, "cached")
    try:
        cluster.start()
        node = cluster.nodes[0]
        client = boto3.client(
            "ssm",
            region_name="us-east-1",
            endpoint_url=node.endpoint,
            aws_access_key_id=REAL_ACCESS_KEY,
            aws_secret_access_key=REAL_SECRET,
            config=botocore.config.Config(retries={"mode": "standard", "total_max_attempts": 12}),
        )
        put = lambda value: client.put_parameter(
            Name="/p", Value=value, Type="String", Overwrite=True
        )
        put("before")
        postgresql.stop()
        world = cluster.worlds()[0]
        with refused("ServiceUnavailable", status=503):
            world.ssm.put_parameter(Name="/q", Value="1", Type="String")
        assert node.get("/_coffer/ready")[0] == 503
        back = threading.Timer(1.0, postgresql.start)
        back.start()
        try:
            assert put("after")["Version"] == 2
        finally:
            back.join()
        assert client.get_parameter(Name="/p")["Parameter"]["Value"] == "after"
        eventually(lambda: node.get("/_coffer/ready")[0] == 200, "the node is ready")
        client.close()
        world.close()
    finally:
        cluster.end()
