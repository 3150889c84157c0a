"""The calls that Terraform's provider makes, in its order, and what it reads from the answers."""

import json
import uuid

import pytest

from world import pages, refused, tags


@pytest.fixture(autouse=True)
def starts(world):
    """Every run begins by asking who calls."""
    assert world.sts.get_caller_identity()["Account"] == world.account
    return world


def refresh(world, name):
    """What the provider reads of a parameter after each change."""
    found = world.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    described, _ = pages(
        world.ssm.describe_parameters,
        "Parameters",
        ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": [name]}],
    )
    listed = world.ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)
    assert len(described) == 1, "the provider takes an absent description for a deletion"
    return found, described[0], {tag["Key"]: tag["Value"] for tag in listed["TagList"]}


def test_aws_ssm_parameter(world):
    request = {"Name": "/tf/db", "Type": "SecureString", "AllowedPattern": "", "DataType": "text"}
    world.ssm.put_parameter(
        **request, Value="first", Description="The db", Tier="Standard", Tags=tags(a="1", b="2")
    )
    found, described, kept = refresh(world, "/tf/db")
    assert (found["Value"], found["Version"], kept) == ("first", 1, {"a": "1", "b": "2"})
    assert described["KeyId"] == "alias/aws/ssm"
    assert (described["Tier"], described["Description"]) == ("Standard", "The db")

    world.ssm.put_parameter(**request, Value="second", Description="The db", Overwrite=True)
    world.ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId="/tf/db", Tags=tags(a="3"))
    world.ssm.remove_tags_from_resource(
        ResourceType="Parameter", ResourceId="/tf/db", TagKeys=["b"]
    )
    found, described, kept = refresh(world, "/tf/db")
    assert (found["Value"], found["Version"], kept) == ("second", 2, {"a": "3"})

    world.ssm.delete_parameter(Name="/tf/db")
    with refused("ParameterNotFound"):
        world.ssm.get_parameter(Name="/tf/db", WithDecryption=True)


def read_secret(world, arn):
    described = world.sm.describe_secret(SecretId=arn)
    policy = world.sm.get_resource_policy(SecretId=arn).get("ResourcePolicy")
    return described, policy


def test_aws_secretsmanager_secret_and_version(world):
    token = "terraform-20261122101112131400000001"
    arn = world.sm.create_secret(
        Name="tf/db",
        Description="",
        ClientRequestToken=token,
        ForceOverwriteReplicaSecret=False,
        Tags=tags(a="1"),
    )["ARN"]
    described, policy = read_secret(world, arn)
    assert (described["Name"], policy) == ("tf/db", None)
    assert "DeletedDate" not in described
    assert described.get("Description", "") == ""

    token = "terraform-20261122101112131400000002"
    version = world.sm.put_secret_value(SecretId=arn, SecretString="one", ClientRequestToken=token)[
        "VersionId"
    ]
    assert version == token
    found = world.sm.get_secret_value(SecretId=arn, VersionId=version)
    assert (found["SecretString"], found["VersionStages"]) == ("one", ["AWSCURRENT"])

    world.sm.update_secret(SecretId=arn, Description="New", ClientRequestToken=str(uuid.uuid4()))
    world.sm.untag_resource(SecretId=arn, TagKeys=["a"])
    world.sm.tag_resource(SecretId=arn, Tags=tags(b="2"))
    described, _ = read_secret(world, arn)
    assert (described["Description"], described["Tags"]) == ("New", tags(b="2"))
    assert described["VersionIdsToStages"] == {version: ["AWSCURRENT"]}

    second = world.sm.put_secret_value(
        SecretId=arn,
        SecretString="two",
        VersionStages=["MINE"],
        ClientRequestToken="terraform-20261122101112131400000003",
    )["VersionId"]
    world.sm.update_secret_version_stage(
        SecretId=arn, VersionStage="MINE", RemoveFromVersionId=second
    )
    listed, _ = pages(world.sm.list_secret_version_ids, "Versions", SecretId=arn)
    assert [item["VersionId"] for item in listed] == [version]

    world.sm.delete_secret(SecretId=arn, RecoveryWindowInDays=30)
    assert "DeletedDate" in world.sm.describe_secret(SecretId=arn)
    with refused("InvalidRequestException", "scheduled for deletion"):
        world.sm.create_secret(Name="tf/db", ClientRequestToken=token)


def test_aws_secretsmanager_secret_policy(world):
    arn = world.sm.create_secret(Name="tf/db", SecretString="v")["ARN"]
    statement = {
        "Sid": "EnableAnotherAWSAccountToReadTheSecret",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{world.account}:root"},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    world.sm.validate_resource_policy(SecretId=arn, ResourcePolicy=policy)
    world.sm.put_resource_policy(SecretId=arn, ResourcePolicy=policy, BlockPublicPolicy=True)
    assert json.loads(read_secret(world, arn)[1]) == json.loads(policy)
    world.sm.delete_resource_policy(SecretId=arn)
    assert read_secret(world, arn)[1] is None


def test_aws_secretsmanager_secret_rotation(world):
    login = {"engine": "postgres", "host": "127.0.0.1", "username": "u", "password": "v"}
    arn = world.sm.create_secret(Name="tf/db", SecretString=json.dumps(login))["ARN"]
    function = world.arn("coffer", "rotator/postgresql-single-user")
    world.sm.rotate_secret(
        SecretId=arn,
        RotationLambdaARN=function,
        RotationRules={"AutomaticallyAfterDays": 30},
        RotateImmediately=False,
        ClientRequestToken="terraform-20261122101112131400000004",
    )
    described = world.sm.describe_secret(SecretId=arn)
    assert described["RotationEnabled"] is True
    assert described["RotationLambdaARN"] == function
    assert described["RotationRules"] == {"AutomaticallyAfterDays": 30}
    world.sm.cancel_rotate_secret(SecretId=arn)
    assert world.sm.describe_secret(SecretId=arn)["RotationEnabled"] is False


def test_aws_secretsmanager_secret_with_replicas(world):
    arn = world.sm.create_secret(
        Name="tf/db", SecretString="v", AddReplicaRegions=[{"Region": "eu-west-1"}]
    )["ARN"]
    described = world.sm.describe_secret(SecretId=arn)
    assert [item["Region"] for item in described["ReplicationStatus"]] == ["eu-west-1"]
    world.sm.remove_regions_from_replication(SecretId=arn, RemoveReplicaRegions=["eu-west-1"])
    world.sm.replicate_secret_to_regions(SecretId=arn, AddReplicaRegions=[{"Region": "eu-west-2"}])
    world.sm.remove_regions_from_replication(SecretId=arn, RemoveReplicaRegions=["eu-west-2"])
    world.sm.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    with refused("ResourceNotFoundException", "can't find the specified secret"):
        world.sm.describe_secret(SecretId=arn)


def test_aws_kms_key_and_alias(world):
    kms = world.kms
    made = kms.create_key(
        Description="tf",
        KeyUsage="ENCRYPT_DECRYPT",
        KeySpec="SYMMETRIC_DEFAULT",
        BypassPolicyLockoutSafetyCheck=False,
        MultiRegion=False,
        Tags=[{"TagKey": "a", "TagValue": "1"}],
    )["KeyMetadata"]
    key = made["KeyId"]
    kms.enable_key_rotation(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    principal = policy["Statement"][0]["Principal"]
    assert principal == {"AWS": f"arn:aws:iam::{world.account}:root"}
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "a", "TagValue": "1"}]

    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "b", "TagValue": "2"}])
    kms.untag_resource(KeyId=key, TagKeys=["a"])
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "b", "TagValue": "2"}]
    kms.update_key_description(KeyId=key, Description="terraformed")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "terraformed"

    kms.create_alias(AliasName="alias/tf", TargetKeyId=key)
    found, _ = pages(kms.list_aliases, "Aliases", token="Marker")
    assert {item["AliasName"]: item.get("TargetKeyId") for item in found}["alias/tf"] == key
    kms.update_alias(AliasName="alias/tf", TargetKeyId=key)
    kms.delete_alias(AliasName="alias/tf")

    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
