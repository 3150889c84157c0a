"""kill -9 during writes, again and again: every write that was acknowledged is there."""

import random
import threading

import botocore.exceptions
import pytest

from server import eventually
from world import World

ROUNDS = 12
WRITERS = 6
LOST_CONNECTION = (
    botocore.exceptions.EndpointConnectionError,
    botocore.exceptions.ConnectionClosedError,
    botocore.exceptions.ReadTimeoutError,
    botocore.exceptions.HTTPClientError,
)


class Writer(threading.Thread):
    """Writes until the server is gone; remembers the last write that was acknowledged."""

    def __init__(self, world, number, first):
        super().__init__()
        self.world = world
        self.name_of = f"/crash/{number}"
        self.number = number
        self.first = first
        self.next = first
        self.acknowledged = None
        self.error = None

    def run(self):
        try:
            while True:
                self.write(str(self.next))
                self.acknowledged = self.next
                self.next += 1
        except LOST_CONNECTION:
            pass
        except Exception as error:
            self.error = error

    def write(self, text):
        raise NotImplementedError

    def read(self, world):
        raise NotImplementedError


class ParameterWriter(Writer):
    def write(self, text):
        kind = ("String", "SecureString")[self.number % 2]
        self.world.ssm.put_parameter(Name=self.name_of, Value=text, Type=kind, Overwrite=True)

    def read(self, world):
        found = world.ssm.get_parameter(Name=self.name_of, WithDecryption=True)["Parameter"]
        return int(found["Value"]), found["Version"]


class SecretWriter(Writer):
    """A secret of its own per write, so that the number of versions is no matter."""

    def write(self, text):
        self.world.sm.create_secret(Name=f"{self.name_of}/{text}", SecretString=text)

    def read(self, world):
        names = [f"{self.name_of}/{number}" for number in range(self.first, self.next + 1)]
        last = None
        for name in names:
            try:
                last = int(world.sm.get_secret_value(SecretId=name)["SecretString"])
            except world.sm.exceptions.ResourceNotFoundException:
                break
        return last, None


def as_root(server, region):
    access_key, secret = server.credentials
    return World(server, server.account, access_key, secret, region)


@pytest.mark.timeout(600)
def test_every_acknowledged_write_survives_kill_9(restartable):
    chance = random.Random(20261122)
    region = World.on_server(restartable).region
    first = 1
    total = 0
    for round_number in range(ROUNDS):
        world = as_root(restartable, region)
        kinds = [ParameterWriter, ParameterWriter, SecretWriter]
        writers = [kinds[n % 3](world, n, first) for n in range(WRITERS)]
        # Clients are made before the threads start, which boto3 does not do safely in them.
        assert world.ssm
        assert world.sm
        for writer in writers:
            writer.start()
        wanted = chance.randrange(1, 60)

        def enough(writers=writers, wanted=wanted):
            assert not any(writer.error for writer in writers), [w.error for w in writers]
            return sum(writer.next - writer.first for writer in writers) >= wanted

        eventually(enough, f"round {round_number}: {wanted} writes", seconds_max=60)
        restartable.kill()
        for writer in writers:
            writer.join(60)
            assert writer.error is None, writer.error
        world.close()

        restartable.start()
        after = as_root(restartable, region)
        for writer in writers:
            if writer.acknowledged is None:
                continue
            found, _ = writer.read(after)
            assert found is not None, f"{writer.name_of}: all writes are lost"
            # The write that was under way may have happened or not; none before it is lost.
            assert writer.acknowledged <= found <= writer.next, (
                f"round {round_number}, {writer.name_of}: acknowledged {writer.acknowledged}, "
                f"found {found}"
            )
            total += writer.acknowledged - first + 1
        first = max(writer.next for writer in writers) + 1
        after.close()
    assert total > ROUNDS * WRITERS, f"only {total} writes were acknowledged in all rounds"


def test_versions_have_no_gaps_after_kill_9(restartable):
    region = World.on_server(restartable).region
    world = as_root(restartable, region)
    writer = ParameterWriter(world, 1, 1)
    assert world.ssm
    writer.start()
    eventually(lambda: (writer.acknowledged or 0) >= 20, "twenty writes")
    restartable.kill()
    writer.join(60)
    assert writer.error is None, writer.error
    world.close()
    restartable.start()
    after = as_root(restartable, region)
    value, version = writer.read(after)
    assert value == version
    found = after.ssm.put_parameter(
        Name=writer.name_of, Value="after", Type="SecureString", Overwrite=True
    )
    assert found["Version"] == version + 1
    history = after.ssm.get_parameter_history(Name=writer.name_of, WithDecryption=True)
    values = [item["Value"] for item in history["Parameters"]]
    assert values[:20] == [str(number) for number in range(1, 21)]
    after.close()


def test_a_server_that_is_killed_while_it_starts_starts_again(restartable):
    region = World.on_server(restartable).region
    world = as_root(restartable, region)
    for number in range(20):
        world.ssm.put_parameter(Name=f"/cut/{number}", Value="v", Type="String")
    world.close()
    for _ in range(5):
        restartable.kill()
        restartable.spawn()
        restartable.kill()
    restartable.start()
    after = as_root(restartable, region)
    found = after.ssm.get_parameters(Names=[f"/cut/{number}" for number in range(10, 20)])
    assert len(found["Parameters"]) == 10
    after.close()


class Mixer(threading.Thread):
    """Makes, changes, labels, tags, replicates and deletes a few things, in any order."""

    def __init__(self, world, number, seed):
        super().__init__()
        self.world = world
        self.number = number
        self.chance = random.Random(seed)
        self.done = 0
        self.error = None

    def run(self):
        try:
            while True:
                self.step(f"/mixed/{self.number}/{self.chance.randrange(4)}")
                self.done += 1
        except LOST_CONNECTION:
            pass
        except Exception as error:
            self.error = error

    def step(self, name):
        ssm, sm = self.world.ssm, self.world.sm
        value = str(self.chance.random())
        tags = [{"Key": "k", "Value": str(self.chance.randrange(3))}]
        replica = [{"Region": OTHER_REGION}]
        steps = [
            (ssm.put_parameter, {"Name": name, "Value": value, "Type": "String", "Tags": tags}),
            (ssm.put_parameter, {"Name": name, "Value": value, "Overwrite": True, **SECURE}),
            (ssm.label_parameter_version, {"Name": name, "Labels": ["now"]}),
            (ssm.add_tags_to_resource, {"ResourceId": name, "Tags": tags, **PARAMETER}),
            (ssm.delete_parameter, {"Name": name}),
            (sm.create_secret, {"Name": name, "SecretString": value}),
            (sm.create_secret, {"Name": name, "SecretString": value, "AddReplicaRegions": replica}),
            (sm.put_secret_value, {"SecretId": name, "SecretString": value}),
            (sm.get_secret_value, {"SecretId": name}),
            (sm.remove_regions_from_replication, {"SecretId": name, **REMOVED}),
            (sm.delete_secret, {"SecretId": name, "ForceDeleteWithoutRecovery": True}),
        ]
        call, arguments = self.chance.choice(steps)
        try:
            call(**arguments)
        except botocore.exceptions.ClientError as refused:
            # Much of it does not fit what is there; nothing of it is the server's fault.
            assert refused.response["ResponseMetadata"]["HTTPStatusCode"] < 500, refused


OTHER_REGION = "eu-south-2"
SECURE = {"Type": "SecureString"}
PARAMETER = {"ResourceType": "Parameter"}
REMOVED = {"RemoveReplicaRegions": [OTHER_REGION]}


def everything(client, operation, member, **arguments):
    pages = client.get_paginator(operation).paginate(**arguments)
    return [item for page in pages for item in page[member]]


def check_parameters(ssm):
    described = {p["Name"]: p for p in everything(ssm, "describe_parameters", "Parameters")}
    by_path = everything(
        ssm,
        "get_parameters_by_path",
        "Parameters",
        Path="/mixed",
        Recursive=True,
        WithDecryption=True,
    )
    assert {p["Name"]: p["Version"] for p in by_path} == {
        name: p["Version"] for name, p in described.items()
    }
    for name, parameter in described.items():
        history = everything(
            ssm, "get_parameter_history", "Parameters", Name=name, WithDecryption=True
        )
        assert [p["Version"] for p in history] == list(range(1, parameter["Version"] + 1))
        labelled = [p["Version"] for p in history if p["Labels"]]
        for version in labelled:
            found = ssm.get_parameter(Name=f"{name}:now", WithDecryption=True)["Parameter"]
            assert found["Version"] == version
        assert len(labelled) <= 1
    tagged = {}
    for value in "012":
        wanted = [{"Key": "tag:k", "Values": [value]}]
        found = everything(ssm, "describe_parameters", "Parameters", ParameterFilters=wanted)
        tagged.update({p["Name"]: value for p in found})
    for name in described:
        tags = ssm.list_tags_for_resource(ResourceId=name, **PARAMETER)["TagList"]
        assert [tag["Value"] for tag in tags] == ([tagged[name]] if name in tagged else [])
    assert set(tagged) <= set(described)


def check_secrets(sm, elsewhere):
    listed = [
        sorted(s["ARN"] for s in everything(sm, "list_secrets", "SecretList", **order))
        for order in ({}, {"SortBy": "last-changed-date"}, {"SortBy": "name"})
    ]
    assert listed[0] == listed[1] == listed[2]
    replicas = set()
    for arn in listed[0]:
        secret = sm.describe_secret(SecretId=arn)
        current = [v for v, s in secret["VersionIdsToStages"].items() if "AWSCURRENT" in s]
        value = sm.get_secret_value(SecretId=arn)
        assert [value["VersionId"]] == current
        for replica in secret.get("ReplicationStatus", []):
            assert replica["Region"] == OTHER_REGION
            replicas.add(secret["Name"])

            def is_settled(arn=arn):
                status = sm.describe_secret(SecretId=arn)["ReplicationStatus"][0]
                return status["Status"] == "InSync"

            # What a crash left half done is done once the lease of its job has ended.
            eventually(is_settled, f"{arn} is replicated", seconds_max=120)
            copy = elsewhere.get_secret_value(SecretId=secret["Name"])
            assert (copy["SecretString"], copy["VersionId"]) == (
                value["SecretString"],
                value["VersionId"],
            )
    assert {s["Name"] for s in everything(elsewhere, "list_secrets", "SecretList")} == replicas


@pytest.mark.timeout(600)
def test_whatever_was_under_way_lists_indexes_and_replicas_agree_after_kill_9(restartable):
    region = World.on_server(restartable).region
    for round_number in range(5):
        world = as_root(restartable, region)
        assert world.ssm
        assert world.sm
        mixers = [Mixer(world, number, 10 * round_number + number) for number in range(4)]
        for mixer in mixers:
            mixer.start()

        def enough(mixers=mixers):
            assert not any(mixer.error for mixer in mixers), [mixer.error for mixer in mixers]
            return sum(mixer.done for mixer in mixers) >= 150

        eventually(enough, f"round {round_number}: steps", seconds_max=60)
        restartable.kill()
        for mixer in mixers:
            mixer.join(60)
            assert mixer.error is None, mixer.error
        world.close()
        restartable.start()
    after, elsewhere = as_root(restartable, region), as_root(restartable, OTHER_REGION)
    check_parameters(after.ssm)
    check_secrets(after.sm, elsewhere.sm)
    after.close()
    elsewhere.close()
