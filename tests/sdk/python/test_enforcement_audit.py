"""What is left of who was let in and who was not, in each account that it concerns."""

import json

from people import allow, key_policy, other_account, policy, reader, role, session, user
from server import eventually
from world import refused

READ = "secretsmanager:GetSecretValue"


def records(world, name, **attributes):
    """The records of an operation that an account has, oldest first."""
    trail = world.client("cloudtrail")
    asked = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}]}
    found = trail.lookup_events(**{**asked, **attributes})["Events"]
    return [json.loads(each["CloudTrailEvent"]) for each in reversed(found)]


def eventually_records(world, name, count=1):
    def found():
        seen = records(world, name)
        return seen if len(seen) >= count else None

    return eventually(found, f"{count} records of {name}")


def test_a_refusal_is_recorded_with_who_and_why(dev):
    dev.sm.create_secret(Name="db", SecretString="v")
    person = user(dev)
    with person.denied(READ, "db"):
        person.sm.get_secret_value(SecretId="db")
    (record,) = eventually_records(dev, "GetSecretValue")
    assert record["errorCode"] == "AccessDenied"
    assert record["errorMessage"].startswith(f"User: {person.arn_of_caller} is not authorized")
    assert record["userIdentity"]["arn"] == person.arn_of_caller
    assert record["userIdentity"]["userName"] == person.name
    assert record["requestParameters"] == {"secretId": "db"}
    assert record["recipientAccountId"] == dev.account


def test_a_read_from_another_account_is_known_to_both(dev):
    workload = other_account(dev)
    key = dev.kms.create_key()["KeyMetadata"]["Arn"]
    secret = dev.sm.create_secret(Name="db", SecretString="v", KmsKeyId=key)["ARN"]
    _, arn = role(workload, allow(READ), allow("kms:Decrypt"))
    principal = {"AWS": arn}
    text = policy(allow(READ, Principal=principal))
    dev.sm.put_resource_policy(SecretId=secret, ResourcePolicy=text)
    text = key_policy(dev, allow("kms:Decrypt", Principal=principal))
    dev.kms.put_key_policy(KeyId=key, PolicyName="default", Policy=text)
    person = session(workload, arn)
    person.sm.get_secret_value(SecretId=secret)
    (theirs,) = eventually_records(workload, "GetSecretValue")
    assert theirs["userIdentity"]["arn"] == person.arn_of_caller
    assert theirs["recipientAccountId"] == workload.account
    (ours,) = eventually_records(dev, "GetSecretValue")
    assert ours["userIdentity"]["accountId"] == workload.account
    assert ours["recipientAccountId"] == dev.account
    assert ours["sharedEventID"] == theirs["sharedEventID"]
    # The owner's own account has opened the value when it sealed it.
    uses = eventually_records(dev, "Decrypt", 2)
    (used,) = [use for use in uses if use["userIdentity"].get("accountId") == workload.account]
    assert used["recipientAccountId"] == dev.account
    assert used["resources"][0]["ARN"] == key
    for record in (theirs, ours, used):
        assert '"v"' not in json.dumps(record)


def test_a_change_from_another_account_is_recorded_in_both(dev):
    workload = other_account(dev)
    key = dev.kms.create_key()["KeyMetadata"]["Arn"]
    secret = dev.sm.create_secret(Name="db", SecretString="v", KmsKeyId=key)["ARN"]
    _, arn = role(workload, allow(["secretsmanager:*", "kms:*"]))
    principal = {"AWS": arn}
    text = policy(allow("secretsmanager:PutSecretValue", Principal=principal))
    dev.sm.put_resource_policy(SecretId=secret, ResourcePolicy=text)
    text = key_policy(dev, allow(["kms:GenerateDataKey", "kms:Decrypt"], Principal=principal))
    dev.kms.put_key_policy(KeyId=key, PolicyName="default", Policy=text)
    person = session(workload, arn)
    person.sm.put_secret_value(SecretId=secret, SecretString="hidden")
    (theirs,) = eventually_records(workload, "PutSecretValue")
    (ours,) = eventually_records(dev, "PutSecretValue")
    assert ours["userIdentity"]["type"] == "AWSAccount"
    assert ours["userIdentity"]["principalId"] == theirs["userIdentity"]["principalId"]
    assert ours["sharedEventID"] == theirs["sharedEventID"]
    assert ours["eventID"] != theirs["eventID"]
    assert "hidden" not in json.dumps([ours, theirs])
    (used,) = eventually_records(workload, "GenerateDataKey")
    assert used["recipientAccountId"] == workload.account
    assert used["sharedEventID"] != theirs["sharedEventID"]


def test_what_stays_in_one_account_is_recorded_once(dev):
    dev.sm.create_secret(Name="db", SecretString="v")
    person = reader(dev, allow(READ))
    person.sm.get_secret_value(SecretId="db")
    (record,) = eventually_records(dev, "GetSecretValue")
    assert "sharedEventID" not in record
    assert record["userIdentity"]["type"] == "AssumedRole"


def test_a_refusal_is_the_callers_accounts_alone(dev):
    workload = other_account(dev)
    secret = dev.sm.create_secret(Name="db", SecretString="v")["ARN"]
    person = reader(workload, allow(READ))
    with refused("AccessDeniedException"):
        person.sm.get_secret_value(SecretId=secret)
    (record,) = eventually_records(workload, "GetSecretValue")
    assert record["errorCode"] == "AccessDenied"
    assert records(dev, "GetSecretValue") == []
