"""Replicas in regions of other deployments, over mutually authenticated TLS."""

import json
import re
import shutil
import subprocess

import pytest

from peers import EAST, WEST, create, in_sync, is_gone, status, waits_for_its_peer
from server import BINARY, eventually
from world import REAL_ACCOUNT, refused, tags

READ_ONLY = ("InvalidRequestException", "InvalidParameterException")


@pytest.fixture
def both(deployments):
    return deployments.both()


@pytest.fixture
def pair(both):
    """Both deployments, and a secret of the west that is in sync in the east."""
    west, east = both
    west.start()
    east.start()
    made = create(west)
    in_sync(west)
    return west, east, made


def versions(one):
    listed = one.sm.list_secret_version_ids(
        SecretId="app/db", IncludeDeprecated=True, MaxResults=100
    )
    return {version["VersionId"] for version in listed["Versions"]}


def test_a_secret_and_all_that_becomes_of_it_arrive_in_another_deployment(both):
    west, east = both
    west.start()
    east.start()
    made = create(west, Description="The database", Tags=tags(team="blue"))
    in_sync(west)
    replica = east.described()
    assert replica["ARN"] == made["ARN"].replace(WEST, EAST)
    assert replica["PrimaryRegion"] == WEST
    assert (replica["Description"], replica["Tags"]) == ("The database", tags(team="blue"))
    assert replica["VersionIdsToStages"] == {made["VersionId"]: ["AWSCURRENT"]}
    assert east.value() == "first"
    assert status(west)["StatusMessage"] == "Replication succeeded"

    new = west.sm.put_secret_value(SecretId="app/db", SecretString="second")["VersionId"]
    eventually(lambda: east.value() == "second", "the new value has come")
    assert east.value(VersionStage="AWSPREVIOUS") == "first"
    west.sm.update_secret_version_stage(
        SecretId="app/db",
        VersionStage="AWSCURRENT",
        MoveToVersionId=made["VersionId"],
        RemoveFromVersionId=new,
    )
    eventually(lambda: east.value() == "first", "the label has moved")
    west.sm.put_secret_value(SecretId="app/db", SecretBinary=b"\x00\xff")
    eventually(
        lambda: east.sm.get_secret_value(SecretId="app/db").get("SecretBinary") == b"\x00\xff",
        "bytes come as bytes",
    )
    west.sm.tag_resource(SecretId="app/db", Tags=tags(team="red"))
    west.sm.update_secret(SecretId="app/db", Description="Another")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{REAL_ACCOUNT}:root"},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    west.sm.put_resource_policy(SecretId="app/db", ResourcePolicy=json.dumps(policy))

    def follows():
        found = east.described()
        text = east.sm.get_resource_policy(SecretId="app/db").get("ResourcePolicy", "{}")
        said = (found["Tags"], found["Description"], json.loads(text))
        return said == (tags(team="red"), "Another", policy)

    eventually(follows, "tags, description and policy have come")
    west.sm.delete_resource_policy(SecretId="app/db")
    eventually(
        lambda: "ResourcePolicy" not in east.sm.get_resource_policy(SecretId="app/db"),
        "the policy has gone",
    )
    in_sync(west)
    assert east.described()["VersionIdsToStages"] == west.described()["VersionIdsToStages"]


def test_a_replica_of_a_peer_is_not_written_to_and_its_primary_not_deleted(pair):
    west, east, made = pair
    for call in (
        lambda: east.sm.put_secret_value(SecretId="app/db", SecretString="mine"),
        lambda: east.sm.delete_secret(SecretId="app/db"),
        lambda: east.sm.tag_resource(SecretId="app/db", Tags=tags(a="b")),
        lambda: east.sm.update_secret_version_stage(
            SecretId="app/db", VersionStage="MINE", MoveToVersionId=made["VersionId"]
        ),
    ):
        with refused(READ_ONLY, re.compile("replica", re.IGNORECASE)):
            call()
    with refused("InvalidParameterException", "that still has replica regions"):
        west.sm.delete_secret(SecretId="app/db", ForceDeleteWithoutRecovery=True)
    assert east.value() == "first"


def test_a_replica_is_sealed_with_the_key_that_is_named_for_its_region(both):
    west, east = both
    west.start()
    key = east.start().kms.create_key()["KeyMetadata"]
    region = {"Region": EAST, "KmsKeyId": key["KeyId"]}
    west.sm.create_secret(Name="app/db", SecretString="first", AddReplicaRegions=[region])
    in_sync(west)
    assert east.value() == "first"
    assert east.described()["KmsKeyId"] == key["KeyId"]
    east.world.kms.disable_key(KeyId=key["KeyId"])
    with refused(("DecryptionFailure", "InvalidRequestException", "AccessDeniedException")):
        east.value()
    west.sm.put_secret_value(SecretId="app/db", SecretString="second")
    eventually(lambda: status(west)["Status"] == "Failed", "the replica cannot follow")
    assert "Replication failed" in status(west)["StatusMessage"]
    east.world.kms.enable_key(KeyId=key["KeyId"])
    assert east.value() == "first"
    west.sm.replicate_secret_to_regions(SecretId="app/db", AddReplicaRegions=[region])
    in_sync(west)
    assert east.value() == "second"

    west.sm.create_secret(
        Name="app/none",
        SecretString="v",
        AddReplicaRegions=[{"Region": EAST, "KmsKeyId": "alias/none"}],
    )
    eventually(lambda: status(west, "app/none")["Status"] == "Failed", "there is no such key")
    assert is_gone(east, "app/none")


def test_what_a_peer_missed_while_it_was_away_comes_once_it_is_back(pair):
    west, east, _ = pair
    east.server.kill()
    for number in range(5):
        west.sm.put_secret_value(SecretId="app/db", SecretString=f"value {number}")
    west.sm.create_secret(Name="app/new", SecretString="v", AddReplicaRegions=[{"Region": EAST}])
    eventually(lambda: waits_for_its_peer(west), "the primary says that it waits")
    assert west.metric("coffer_replication_peer_reachable", peer="east") == 0
    # What waits outlives the primary's process, too.
    west.server.kill()
    west.start()
    east.start()
    in_sync(west)
    in_sync(west, "app/new")
    assert (east.value(), east.value("app/new")) == ("value 4", "v")
    assert versions(west) == versions(east)
    assert len(versions(east)) == 6
    assert west.metric("coffer_replication_peer_reachable", peer="east") == 1


def test_more_values_than_a_message_holds_arrive_whole(both):
    west, east = both
    west.start()
    west.sm.create_secret(Name="app/db", SecretString="v" * 65536)
    for number in range(79):
        west.sm.put_secret_value(SecretId="app/db", SecretString=f"{number:05}" + "v" * 65531)
    west.sm.replicate_secret_to_regions(SecretId="app/db", AddReplicaRegions=[{"Region": EAST}])
    east.start()
    in_sync(west)
    assert len(versions(west)) == 80
    for version in versions(west):
        assert west.value(VersionId=version) == east.value(VersionId=version)


def test_kills_on_both_sides_lose_nothing_and_double_nothing(both):
    west, east = both
    west.start()
    east.start()
    for number in range(8):
        west.sm.create_secret(
            Name=f"app/{number}", SecretString="first", AddReplicaRegions=[{"Region": EAST}]
        )
    for round in range(3):
        for number in range(8):
            west.sm.put_secret_value(SecretId=f"app/{number}", SecretString=f"value {round}")
        # In the midst of it.
        (east if round % 2 else west).server.kill()
        (east if round % 2 else west).start()
    for number in range(8):
        name = f"app/{number}"
        in_sync(west, name)
        assert east.value(name) == "value 2"
        told = ("VersionIdsToStages", "LastChangedDate")
        ours, theirs = west.described(name), east.described(name)
        assert [ours[key] for key in told] == [theirs[key] for key in told]
    assert len(east.sm.list_secrets()["SecretList"]) == 8


def test_a_name_that_is_taken_there_fails_until_it_is_to_be_overwritten(both):
    west, east = both
    west.start()
    east.start().sm.create_secret(Name="app/db", SecretString="already here")
    create(west)
    eventually(lambda: status(west)["Status"] == "Failed", "the replication has failed")
    assert status(west)["StatusMessage"] == "Secret with this name already exists in this region"
    # It is not asked for again by itself.
    west.sm.put_secret_value(SecretId="app/db", SecretString="second")
    assert status(west)["Status"] == "Failed"
    assert east.value() == "already here"
    west.sm.replicate_secret_to_regions(
        SecretId="app/db", AddReplicaRegions=[{"Region": EAST}], ForceOverwriteReplicaSecret=True
    )
    in_sync(west)
    assert east.value() == "second"
    assert east.described()["PrimaryRegion"] == WEST


def test_a_removed_region_loses_its_replica_also_where_the_peer_was_away(pair):
    west, east, _ = pair
    west.sm.create_secret(Name="app/two", SecretString="v", AddReplicaRegions=[{"Region": EAST}])
    in_sync(west, "app/two")
    west.sm.remove_regions_from_replication(SecretId="app/db", RemoveReplicaRegions=[EAST])
    assert status(west) is None
    eventually(lambda: is_gone(east), "the replica is gone")
    assert not is_gone(east, "app/two")

    east.server.kill()
    west.sm.remove_regions_from_replication(SecretId="app/two", RemoveReplicaRegions=[EAST])
    west.sm.delete_secret(SecretId="app/two", ForceDeleteWithoutRecovery=True)
    # Another secret of the name: its replica waits until the former one's is gone.
    west.sm.create_secret(Name="app/two", SecretString="new", AddReplicaRegions=[{"Region": EAST}])
    east.start()
    in_sync(west, "app/two")
    assert east.value("app/two") == "new"


def test_a_replica_is_promoted_when_its_primary_is_gone_and_stays_its_own(pair):
    west, east, made = pair
    west.server.kill()
    answer = east.sm.stop_replication_to_replica(SecretId="app/db")
    assert answer["ARN"] == made["ARN"].replace(WEST, EAST)
    east.sm.put_secret_value(SecretId="app/db", SecretString="its own")
    # The primary comes back, and learns of it when it has something to tell.
    west.start()
    assert status(west)["Status"] == "InSync"
    west.sm.put_secret_value(SecretId="app/db", SecretString="the other")
    eventually(lambda: status(west) is None, "the primary no longer names the replica")
    assert (west.value(), east.value()) == ("the other", "its own")
    # To take it back takes more than asking for a replica again.
    west.sm.replicate_secret_to_regions(SecretId="app/db", AddReplicaRegions=[{"Region": EAST}])
    eventually(lambda: status(west)["Status"] == "Failed", "the name is taken")
    assert east.value() == "its own"
    west.sm.remove_regions_from_replication(SecretId="app/db", RemoveReplicaRegions=[EAST])
    west.sm.delete_secret(SecretId="app/db", ForceDeleteWithoutRecovery=True)
    assert east.value() == "its own"


def restored(one, file, folder):
    """The deployment on a store that is made anew of a backup."""
    one.server.stop()
    kept, key = folder / "kept.backup", folder / "root.key"
    shutil.copy(file, kept)
    shutil.copy(one.data / "root.key", key)
    shutil.rmtree(one.data)
    command = [BINARY, "restore", kept, "--to", one.data]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    shutil.copy(key, one.data / "root.key")
    one.start()


def test_a_primary_restored_from_a_backup_leads_again_as_the_guide_says(both, tmp_path):
    west, east = both
    west.start()
    east.start()
    to_east = {"AddReplicaRegions": [{"Region": EAST}]}
    for name in ("known", "removed", "promoted"):
        west.sm.create_secret(Name=name, SecretString="first", **to_east)
        in_sync(west, name)
    west.sm.create_secret(Name="unknown", SecretString="first")
    file = west.server.run(west.world, "backup").split()[0]
    west.sm.put_secret_value(SecretId="known", SecretString="lost")
    eventually(lambda: east.value("known") == "lost", "the later value arrives")
    in_sync(west, "known")
    west.sm.replicate_secret_to_regions(SecretId="unknown", **to_east)
    in_sync(west, "unknown")
    west.sm.remove_regions_from_replication(SecretId="removed", RemoveReplicaRegions=[EAST])
    eventually(lambda: is_gone(east, "removed"), "the replica is removed")
    east.sm.stop_replication_to_replica(SecretId="promoted")
    create(west)
    in_sync(west)
    restored(west, file, tmp_path)

    # Nothing is told before something changes.
    assert status(west, "known")["Status"] == "InSync" and east.value("known") == "lost"
    for name in ("known", "removed", "promoted"):
        west.sm.put_secret_value(SecretId=name, SecretString="second")
    eventually(lambda: east.value("known") == "second", "the replica is as its primary again")
    eventually(lambda: not is_gone(east, "removed"), "the removed replica is made anew")
    eventually(lambda: status(west, "promoted") is None, "the primary forgets what was promoted")
    assert east.value("promoted") == "first"
    # A replica that the backup does not know follows nobody until it is asked for.
    west.sm.put_secret_value(SecretId="unknown", SecretString="second")
    assert status(west, "unknown") is None
    with refused(READ_ONLY, re.compile("replica", re.IGNORECASE)):
        east.sm.put_secret_value(SecretId="unknown", SecretString="x")
    assert east.value("unknown") == "first"
    west.sm.replicate_secret_to_regions(SecretId="unknown", **to_east)
    in_sync(west, "unknown")
    assert east.value("unknown") == "second"
    # One whose primary is lost is in the way of another secret of its name.
    west.sm.create_secret(Name="app/db", SecretString="another", **to_east)
    told = lambda: "still to be removed" in status(west).get("StatusMessage", "")
    eventually(told, "the earlier replica is in the way")
    assert status(west)["Status"] == "InProgress" and east.value() == "first"
    west.sm.replicate_secret_to_regions(
        SecretId="app/db", ForceOverwriteReplicaSecret=True, **to_east
    )
    in_sync(west)
    assert east.value() == "another"


def test_values_are_readable_on_no_disk_and_in_no_log(pair):
    west, east, _ = pair
    west.sm.put_secret_value(SecretId="app/db", SecretString="canary-4f7e0d1c9b")
    west.sm.put_secret_value(SecretId="app/db", SecretBinary=b"canary-8a6b5c4d3e")
    in_sync(west)
    east.server.kill()
    west.sm.put_secret_value(SecretId="app/db", SecretString="canary-waiting-17")
    eventually(lambda: waits_for_its_peer(west), "one waits")
    for one in (west, east):
        kept = one.files()
        assert len(kept) > 10_000
        for canary in (b"canary-4f7e0d1c9b", b"canary-8a6b5c4d3e", b"canary-waiting-17"):
            assert canary not in kept, one.name


def test_the_peer_records_what_came_in(pair):
    west, east, made = pair
    trail = east.world.client("cloudtrail")

    def events(name):
        wanted = [{"AttributeKey": "EventName", "AttributeValue": name}]
        found = trail.lookup_events(LookupAttributes=wanted)["Events"]
        return [json.loads(event["CloudTrailEvent"]) for event in found]

    found = eventually(lambda: events("ReplicationSucceeded"), "it is in the event history")
    record = found[-1]
    assert record["eventType"] == "AwsServiceEvent"
    assert record["additionalEventData"]["SecretId"] == made["ARN"].replace(WEST, EAST)
    assert record["additionalEventData"]["PrimarySecretId"] == made["ARN"]
    assert record["additionalEventData"]["Peer"] == "west"
    east.sm.create_secret(Name="app/two", SecretString="v")
    west.sm.create_secret(Name="app/two", SecretString="v", AddReplicaRegions=[{"Region": EAST}])
    (record,) = eventually(lambda: events("ReplicationFailed"), "the refusal, too")
    assert "already exists in this region" in record["errorMessage"]
