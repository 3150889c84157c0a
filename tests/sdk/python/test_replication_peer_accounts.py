"""Replicas in accounts of other deployments."""

import pytest

from peers import EAST, WEST
from server import eventually
from world import new_account, refused, tags

READ_ONLY = ("InvalidRequestException", "InvalidParameterException")


@pytest.fixture
def neighbours(deployments):
    """Two accounts of one region in deployments of their own, and a secret with its replica."""
    here = deployments.make("here", WEST)
    there = deployments.make("there", EAST, account=new_account())
    here.knows(there.holder(accounts=[there.server.account]), listens=False)
    there.knows(here.writer(primary_accounts=[here.server.account]))
    here.start()
    there.start()
    there.world.region = WEST
    primary = here.sm.create_secret(Name="app/db", SecretString="first")["ARN"]
    key = there.world.kms.create_key()["KeyMetadata"]["Arn"]
    replica = there.sm.create_secret(
        Name="copy/db", KmsKeyId=key, CrossAccountPrimaryARN=primary, Tags=tags(owner="theirs")
    )["ARN"]
    return here, there, primary, replica


def associate(here, primary, replica):
    return here.sm.associate_cross_account_replica(
        SecretId=primary, CrossAccountReplicaARN=replica, ReplicaRestriction="NoRestriction"
    )


def stands(here):
    (entry,) = here.described()["CrossAccountReplicas"]
    return entry["ReplicationStatus"]


def test_a_replica_in_an_account_of_another_deployment_follows_its_primary(neighbours):
    here, there, primary, replica = neighbours
    assert associate(here, primary, replica)["ReplicationStatus"] == "InProgress"
    eventually(lambda: stands(here) == "InSync", "the replica is in sync")
    assert there.value("copy/db") == "first"
    here.sm.put_secret_value(SecretId="app/db", SecretString="second")
    eventually(lambda: there.value("copy/db") == "second", "the new value has come")
    found = there.described("copy/db")
    assert found["Tags"] == tags(owner="theirs")
    assert found["CrossAccountPrimary"]["PrimarySecretARN"] == primary
    assert found["CrossAccountPrimary"]["ReplicationStatus"] == "InSync"
    with refused(READ_ONLY):
        there.sm.put_secret_value(SecretId="copy/db", SecretString="mine")
    for one, name in ((here, "app/db"), (there, "copy/db")):
        with refused("InvalidRequestException"):
            one.sm.delete_secret(SecretId=name)
    here.sm.disassociate_cross_account_replica(SecretId="app/db", CrossAccountReplicaARN=replica)

    def is_let_go():
        said = there.described("copy/db")["CrossAccountPrimary"]
        return said["ReplicationStatus"] == "Detached"

    eventually(is_let_go, "the replica was let go")
    there.sm.stop_replication_to_replica(SecretId="copy/db")
    there.sm.put_secret_value(SecretId="copy/db", SecretString="mine")
    here.sm.delete_secret(SecretId="app/db")


def test_a_replica_of_another_account_consents_and_may_leave(neighbours):
    here, there, primary, replica = neighbours
    # No replica of this primary: nobody over there has asked for it.
    other = there.sm.create_secret(Name="other", SecretString="v")["ARN"]
    associate(here, primary, other)
    eventually(lambda: stands(here) == "Failed", "there is no consent")
    assert there.value("other") == "v"
    here.sm.disassociate_cross_account_replica(SecretId="app/db", CrossAccountReplicaARN=other)
    associate(here, primary, replica)
    eventually(lambda: stands(here) == "InSync", "the replica is in sync")
    there.sm.stop_replication_to_replica(SecretId="copy/db")
    there.sm.put_secret_value(SecretId="copy/db", SecretString="its own")
    here.sm.put_secret_value(SecretId="app/db", SecretString="second")
    eventually(lambda: stands(here) == "Detached", "the primary has learnt of it")
    assert there.value("copy/db") == "its own"
