"""Deletion windows that end while the store fails, under several servers on it."""

import collections
import concurrent.futures
import contextlib

import botocore.exceptions

from clock import JumpingClock, why_not
from privileges import needs
from server import eventually
from test_nodes import Cluster
from world import pages, refused

DAY = 86_400
# What is due when the store fails, more than is done in a moment, and while it is away.
SECRETS, KEYS = 30, 6
# A job that a server was at when the store failed is done when its lease has ended.
DONE_SECONDS_MAX = 120
GONE = ("ResourceNotFoundException", "NotFoundException")


class Clocked(Cluster):
    """Servers that go by one clock, which the test sets."""

    def __init__(self, folder, store):
        super().__init__(folder, store, "cached")
        self.clock = JumpingClock(folder / "clock")
        for node in self.nodes:
            self.clock.of(node)


@contextlib.contextmanager
def clocked(folder, store):
    needs(why_not(), "servers whose clock is set")
    cluster = Clocked(folder, store)
    try:
        cluster.start()
        yield cluster
        for node in cluster.nodes:
            node.stop()
    finally:
        cluster.end()


class Windows:
    """What is to be deleted, what was and is to stay, as one region has it."""

    def __init__(self, world):
        self.secrets = self._deleted(world, "due", SECRETS, days=7)
        self.later = self._deleted(world, "later", 3, days=30)
        self.keys = self._ended(world, "due", KEYS, days=7)
        self.later_keys = self._ended(world, "later", 2, days=30)
        self.stay, self.staying_key = self._saved(world)

    @staticmethod
    def _deleted(world, called, count, days):
        names = [f"{called}/{number}" for number in range(count)]
        for name in names:
            world.sm.create_secret(Name=name, SecretString=name)
            world.sm.delete_secret(SecretId=name, RecoveryWindowInDays=days)
        return names

    @staticmethod
    def _ended(world, called, count, days):
        ids = []
        for number in range(count):
            ids.append(world.kms.create_key()["KeyMetadata"]["KeyId"])
            world.kms.create_alias(AliasName=f"alias/{called}-{number}", TargetKeyId=ids[-1])
            world.kms.schedule_key_deletion(KeyId=ids[-1], PendingWindowInDays=days)
        return ids

    def _saved(self, world):
        """A secret and a key whose deletion was taken back in time."""
        (name,), (key,) = self._deleted(world, "stays", 1, 7), self._ended(world, "stays", 1, 7)
        world.sm.restore_secret(SecretId=name)
        world.kms.cancel_key_deletion(KeyId=key)
        world.kms.enable_key(KeyId=key)
        return name, key

    def are_begun(self, world):
        return len(self._listed(world)) < SECRETS + len(self.later) + 1

    def are_over(self, world):
        """Whether all that was due is gone, and nothing else, as this server has it."""
        left = keys_of(world) & {*self.keys, *self.later_keys}
        return not left and self._listed(world) == [self.stay]

    @staticmethod
    def _listed(world):
        listed, _ = pages(world.sm.list_secrets, "SecretList", IncludePlannedDeletion=True)
        return [secret["Name"] for secret in listed]

    def check_over(self, world):
        for secret in (*self.secrets, *self.later):
            with refused(GONE):
                world.sm.describe_secret(SecretId=secret)
        for key in (*self.keys, *self.later_keys):
            with refused(GONE):
                world.kms.describe_key(KeyId=key)
        aliases = world.kms.list_aliases(Limit=100)["Aliases"]
        mine = [it["AliasName"] for it in aliases if not it["AliasName"].startswith("alias/aws/")]
        assert mine == ["alias/stays-0"]
        assert world.sm.get_secret_value(SecretId=self.stay)["SecretString"] == self.stay
        sealed = world.kms.encrypt(KeyId=self.staying_key, Plaintext=b"plain")
        assert world.kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"])["Plaintext"] == b"plain"

    def check_told_once(self, server, world):
        ended = collections.Counter(
            event["detail"]["key-id"]
            for event in server.events(world)
            if event["detail-type"] == "KMS CMK Deletion"
        )
        assert ended == dict.fromkeys([*self.keys, *self.later_keys], 1), ended


def keys_of(world):
    return {key["KeyId"] for key in world.kms.list_keys(Limit=1000)["Keys"]}


def check_windows_that_end_while_the_store_fails(cluster, fail, come_back):
    """It fails in the midst of deletions, more of them become due, and it comes back."""
    worlds = cluster.worlds()
    for world in worlds:
        # Clients are made before the threads start, which boto3 does not do safely in them.
        assert world.sm and world.kms
    clock = cluster.clock
    with clock.signing():
        windows = Windows(worlds[0])
        clock.jump(8 * DAY)
        eventually(lambda: windows.are_begun(worlds[1]), "something is gone", 60)
        fail()
        clock.jump(31 * DAY)
        with concurrent.futures.ThreadPoolExecutor(len(worlds)) as pool:
            list(pool.map(cannot_tell, worlds))
        assert all(node.process.poll() is None for node in cluster.nodes)
        come_back()
        for node in cluster.nodes:
            eventually(node.is_ready, "the server has its store again", 60)
        over = lambda: all(windows.are_over(world) for world in worlds)
        eventually(over, "all that was due is gone", DONE_SECONDS_MAX)
        for world in worlds:
            windows.check_over(world)
        # What is called as they were is not taken for them, by whoever was late.
        for name in windows.secrets:
            worlds[2].sm.create_secret(Name=name, SecretString="anew")
    # What is gone stays gone when the clock is set right.
    clock.jump(0)
    windows.check_told_once(cluster.nodes[0], worlds[0])
    for name in windows.secrets:
        assert worlds[2].sm.get_secret_value(SecretId=name)["SecretString"] == "anew"
    assert not keys_of(worlds[1]) & {*windows.keys, *windows.later_keys}
    for world in worlds:
        world.close()


def cannot_tell(world):
    """A server without its store says neither that something is there nor that it is gone."""
    # What it has read it may rely on for a moment.
    described = lambda: world.sm.describe_secret(SecretId="later/0")
    eventually(lambda: is_unavailable(described), "it has no store", 30)
    assert is_unavailable(world.kms.create_key)


def is_unavailable(call):
    try:
        call()
    except botocore.exceptions.ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        assert (error.response["Error"]["Code"], status) == ("ServiceUnavailable", 503), error
        return True
    return False
