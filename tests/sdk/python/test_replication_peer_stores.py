"""Replicas of peers where one deployment is two servers on a database, the other on a cluster."""

import base64
import collections
import concurrent.futures
import json
import os

import pytest

from line import Balancer, MuteLine
from peers import EAST, WEST, Deployments, in_sync, is_gone, status, waits_for_its_peer
from server import eventually
from test_nodes import key_file
from world import pages, refused, tags

# A delivery that a killed server was at is another one's when its lease has ended.
TAKEN_OVER_SECONDS_MAX = 120
# What a server reads of another one's writes may be a second old; a busy machine adds to it.
STALE_SECONDS_MAX = 15
# As many as one server has on their way to a peer at one time.
HELD = 8
DIRECTIONS = ["from the database", "from the cluster"]


class Both:
    """Two servers in the west, on a database; one in the east, on a cluster of three members.

    Each deployment has primaries, and replicas of the other one's.
    """

    def __init__(self, folder, database, cluster):
        self.made = Deployments(folder)
        self.cluster = cluster
        place, key = database.place(), self._key("west")
        self.west = [self._on(f"west-{number}", WEST, place, key) for number in range(2)]
        self.east = self._on("east", EAST, cluster.place(), self._key("east"))
        # Servers of a deployment may share a certificate.
        shared = self.made.authority.certificate("west.example")
        for node in self.west:
            node.chain, node.key = shared
        self.lines = [MuteLine(self.east.peer_port) for _ in self.west]
        self.balancer = Balancer([node.peer_port for node in self.west])
        self._introduce()

    def _key(self, name):
        drawn = base64.b64encode(os.urandom(32)).decode()
        return key_file(self.made.folder / f"{name}.root.key", drawn)

    def _on(self, name, region, store, key):
        settings = ("--store", store, "--root-key-file", str(key))
        return self.made.make(name, region, settings=settings)

    def _introduce(self):
        for node, line in zip(self.west, self.lines):
            east = {**self.east.holder(regions=[EAST]), **self.east.writer(primary_regions=[EAST])}
            node.knows({**east, "url": f"https://127.0.0.1:{line.port}"})
        west = self.west[0].holder(regions=[WEST])
        west |= self.west[0].writer(primary_regions=[WEST])
        west |= {"name": "west", "server_name": "west.example"}
        west |= {"certificate_names": ["west.example"]}
        self.east.knows({**west, "url": f"https://127.0.0.1:{self.balancer.port}"})

    def start(self):
        for one in (*self.west, self.east):
            if one.server.process is None or one.server.process.poll() is not None:
                one.start()

    def end(self):
        try:
            self.made.stop()
        finally:
            self.made.end()
            for line in (*self.lines, self.balancer):
                line.end()

    def way(self, direction):
        """Servers of the primaries, servers of the replicas, the region of these."""
        west, east = self.west, [self.east]
        return (west, east, EAST) if direction == DIRECTIONS[0] else (east, west, WEST)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory, store_database, store_cluster):
    made = Both(tmp_path_factory.mktemp("peers"), store_database, store_cluster)
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def both(deployed):
    """All of them at work, whatever an earlier test has ended."""
    deployed.start()
    return deployed


def create(one, name, region, value="first"):
    one.sm.create_secret(Name=name, SecretString=value, AddReplicaRegions=[{"Region": region}])


def value(one, name):
    """What a server has, which may not have heard of it yet."""
    try:
        return one.value(name)
    except one.sm.exceptions.ResourceNotFoundException:
        return None


def reads(one, name, wanted):
    eventually(lambda: value(one, name) == wanted, f"{name} is {wanted}", STALE_SECONDS_MAX)


def versions(one, name):
    listed = one.sm.list_secret_version_ids(SecretId=name, IncludeDeprecated=True, MaxResults=100)
    return {version["VersionId"] for version in listed["Versions"]}


def check_same(primary, replica, name):
    """The replica has all that the primary has, and when it was changed last."""
    told = ("VersionIdsToStages", "LastChangedDate", "Tags", "Description")
    ours, theirs = primary.described(name), replica.described(name)
    assert [ours.get(key) for key in told] == [theirs.get(key) for key in told], name
    assert versions(primary, name) == versions(replica, name)
    for version in versions(primary, name):
        assert primary.value(name, VersionId=version) == replica.value(name, VersionId=version)


def states_told(replica, names):
    """The numbers of the states that came of each secret, as the event history has them."""
    look = replica.world.client("cloudtrail").lookup_events
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "ReplicationSucceeded"}]
    found, _ = pages(look, "Events", LookupAttributes=wanted)
    told = collections.defaultdict(list)
    for event in found:
        more = json.loads(event["CloudTrailEvent"])["additionalEventData"]
        name = more["SecretId"].split(":secret:")[1].rpartition("-")[0]
        told[name].append(more["Sequence"])
    return {name: told[name][::-1] for name in names}


def check_told_once(replica, names, counts):
    """Each state came once, the last one last, and no more of them than there were changes."""
    for name, states in states_told(replica, names).items():
        assert states == sorted(set(states)), (name, states)
        assert 1 <= len(states) <= counts, (name, states)


def named(replica, prefix):
    listed, _ = pages(replica.sm.list_secrets, "SecretList", IncludePlannedDeletion=True)
    return sorted(secret["Name"] for secret in listed if secret["Name"].startswith(prefix))


# A lease has to end, and goes on for a minute.
@pytest.mark.timeout(300)
def test_a_server_killed_in_the_midst_of_deliveries_leaves_them_to_the_other_one(both):
    names = [f"killed/{number}" for number in range(HELD)]
    for number, name in enumerate(names):
        create(both.west[number % 2], name, EAST)
    for number, name in enumerate(names):
        in_sync(both.west[number % 2], name)
        reads(both.west[1 - number % 2], name, "first")
    for line in both.lines:
        line.is_mute.set()
    for number, name in enumerate(names):
        both.west[number % 2].sm.put_secret_value(SecretId=name, SecretString="second")
    arrived = lambda: all(both.east.value(name) == "second" for name in names)
    # The primaries do not know it: no answer came through.
    eventually(arrived, "all of it has arrived")
    held = lambda: [line.kept_back for line in both.lines]
    eventually(lambda: sum(held()) == HELD, "all answers are kept back")
    victim = held().index(max(held()))
    killed, other = both.west[victim], both.west[1 - victim]
    killed.server.kill()
    for line in both.lines:
        line.is_mute.clear()
    settled = lambda: [name for name in names if status(other, name)["Status"] == "InSync"]
    eventually(lambda: len(settled()) == HELD - held()[victim], "the other one's are known of")
    assert all(both.east.value(name) == "second" for name in names)
    # Some go on, some stay as they are; what the dead one was at waits, and can be read.
    changed = names[::2]
    for name in changed:
        other.sm.put_secret_value(SecretId=name, SecretString="third")
    killed.start()
    both.cluster.members[0].stop()
    create(killed, "killed/new", EAST)
    in_sync(killed, "killed/new", seconds_max=60)
    both.cluster.start_again()
    for name in names:
        in_sync(other, name, seconds_max=TAKEN_OVER_SECONDS_MAX)
        assert both.east.value(name) == ("third" if name in changed else "second")
    for name in (*names, "killed/new"):
        for node in both.west:
            check_same(node, both.east, name)
    assert named(both.east, "killed/") == sorted((*names, "killed/new"))
    check_told_once(both.east, changed, 3)
    for states in states_told(both.east, set(names) - set(changed)).values():
        assert len(states) == 2 == len(set(states)), states


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_many_changes_while_the_other_deployment_is_down_arrive_when_it_is_back(both, direction):
    primaries, replicas, region = both.way(direction)
    prefix = f"down/{region}/"
    names = [f"{prefix}{number}" for number in range(6)]
    for number, name in enumerate(names):
        create(primaries[number % len(primaries)], name, region)
    for number, name in enumerate(names):
        in_sync(primaries[number % len(primaries)], name, region)
        reads(primaries[0], name, "first")
    for replica in replicas:
        replica.server.kill()

    def change(number):
        """What becomes of one secret, by whichever server; it ends with its first value again."""
        primary, name = primaries[number % len(primaries)], names[number]
        first = primary.sm.get_secret_value(SecretId=name)["VersionId"]
        for turn in range(8):
            value = f"value {turn}"
            last = primary.sm.put_secret_value(SecretId=name, SecretString=value)["VersionId"]
        primary.sm.tag_resource(SecretId=name, Tags=tags(turn=str(number)))
        primary.sm.update_secret(SecretId=name, Description=f"number {number}")
        if number % 2:
            primary.sm.update_secret_version_stage(
                SecretId=name,
                VersionStage="AWSCURRENT",
                MoveToVersionId=first,
                RemoveFromVersionId=last,
            )

    with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(change, range(len(names))))
    create(primaries[-1], f"{prefix}new", region)
    waits = lambda name: waits_for_its_peer(primaries[0], name, region)
    eventually(lambda: all(waits(name) for name in names), "the primaries say that they wait")
    # One of them is enough.
    replicas[-1].start()
    for name in (*names, f"{prefix}new"):
        in_sync(primaries[-1], name, region, seconds_max=60)
        check_same(primaries[-1], replicas[-1], name)
    for number, name in enumerate(names):
        assert replicas[-1].value(name) == ("first" if number % 2 else "value 7")
        assert replicas[-1].described(name)["Description"] == f"number {number}"
        assert len(versions(replicas[-1], name)) == 9
    assert named(replicas[-1], prefix) == sorted((*names, f"{prefix}new"))
    # Many changes make few messages.
    check_told_once(replicas[-1], names, 4)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_what_is_promoted_or_removed_is_so_at_all_servers_of_both(both, direction):
    primaries, replicas, region = both.way(direction)
    kinds = ("promoted", "removed", "removed-away")
    promoted, removed, away = (f"end/{region}/{kind}" for kind in kinds)
    for name in (promoted, removed, away):
        create(primaries[0], name, region)
    for name in (promoted, removed, away):
        in_sync(primaries[0], name, region)
        for one in (primaries[-1], *replicas):
            reads(one, name, "first")
    replicas[0].sm.stop_replication_to_replica(SecretId=promoted)
    own = lambda replica: "PrimaryRegion" not in replica.described(promoted)
    for replica in replicas:
        eventually(lambda r=replica: own(r), "it is promoted", STALE_SECONDS_MAX)
    replicas[-1].sm.put_secret_value(SecretId=promoted, SecretString="its own")
    primaries[-1].sm.put_secret_value(SecretId=promoted, SecretString="the other")
    for primary in primaries:
        forgotten = lambda p=primary: status(p, promoted, region) is None
        eventually(forgotten, "the primary no longer names the replica", STALE_SECONDS_MAX)
        assert primary.value(promoted) == "the other"
    for replica in replicas:
        reads(replica, promoted, "its own")

    removing = {"RemoveReplicaRegions": [region]}
    primaries[0].sm.remove_regions_from_replication(SecretId=removed, **removing)
    for replica in replicas:
        eventually(lambda r=replica: is_gone(r, removed), "the replica is gone", 30)
    # One that is removed while nobody is there, and whose name is another secret's by then.
    for replica in replicas:
        replica.server.kill()
    primaries[0].sm.remove_regions_from_replication(SecretId=away, **removing)
    primaries[0].sm.delete_secret(SecretId=away, ForceDeleteWithoutRecovery=True)
    create(primaries[0], away, region, "of another one")
    for replica in replicas:
        replica.start()
    in_sync(primaries[0], away, region, seconds_max=60)
    for replica in replicas:
        reads(replica, away, "of another one")
        assert replica.value(promoted) == "its own"
        with refused("ResourceNotFoundException"):
            replica.value(removed)
    assert primaries[0].value(removed) == "first"
