"""The history of events: who did what, when, and what must not be in it."""

import datetime
import json
import uuid

import boto3
import botocore.config
import pytest

from people import allow, role, user
from server import eventually
from world import pages, refused, word

CANARY = "canary-value-that-no-record-may-hold"


@pytest.fixture
def trail(world):
    """CloudTrail in an empty account and region."""
    return world.client("cloudtrail")


def looked_up(trail, wanted, count=1, **attribute):
    """The events by an attribute, once there are that many that are wanted."""
    pairs = attribute.items()
    attributes = [{"AttributeKey": key, "AttributeValue": value} for key, value in pairs]

    def look():
        found, _ = pages(trail.lookup_events, "Events", LookupAttributes=attributes)
        found = [event for event in found if wanted(event)]
        return found if len(found) >= count else None

    return eventually(look, f"{count} events by {attribute}")


def by_name(trail, name, count=1):
    return looked_up(trail, lambda event: True, count, EventName=name)


def record_of(event):
    return json.loads(event["CloudTrailEvent"])


def test_a_read_leaves_a_record_of_who_read_what_without_the_value(world, trail):
    arn = world.sm.create_secret(Name="prod/db", SecretString=CANARY)["ARN"]
    world.sm.get_secret_value(SecretId="prod/db", VersionStage="AWSCURRENT")
    (event,) = by_name(trail, "GetSecretValue")
    record = record_of(event)
    assert record["eventVersion"] == "1.11"
    assert record["eventSource"] == "secretsmanager.amazonaws.com"
    assert record["awsRegion"] == world.region
    assert record["requestParameters"] == {"secretId": "prod/db", "versionStage": "AWSCURRENT"}
    assert record["responseElements"] is None
    assert record["readOnly"] is True
    assert record["managementEvent"] is True
    assert record["eventCategory"] == "Management"
    assert record["eventType"] == "AwsApiCall"
    assert record["recipientAccountId"] == world.account
    assert record["userIdentity"]["type"] == "Root"
    assert record["userIdentity"]["accessKeyId"] == world.access_key
    assert record["sourceIPAddress"] == "127.0.0.1"
    assert "Boto3" in record["userAgent"]
    assert [resource["ARN"] for resource in record["resources"]] == [arn]
    assert record["resources"][0]["type"] == "AWS::SecretsManager::Secret"
    assert uuid.UUID(record["eventID"]).version == 4
    assert event["EventId"] == record["eventID"]
    assert event["ReadOnly"] == "true"
    assert event["AccessKeyId"] == world.access_key
    assert event["Username"] == "root"
    assert CANARY not in event["CloudTrailEvent"]


def test_changes_show_what_they_answered_and_hide_what_they_were_given(world, trail):
    world.ssm.put_parameter(Name="/app/key", Value=CANARY, Type="SecureString")
    world.sm.create_secret(Name="s", SecretString=CANARY, Description="said")
    (put,) = by_name(trail, "PutParameter")
    record = record_of(put)
    assert record["requestParameters"]["value"] == "HIDDEN_DUE_TO_SECURITY_REASONS"
    assert record["requestParameters"]["name"] == "/app/key"
    assert record["responseElements"]["version"] == 1
    assert record["readOnly"] is False
    (made,) = by_name(trail, "CreateSecret")
    record = record_of(made)
    assert record["requestParameters"]["description"] == "said"
    assert "secretString" not in record["requestParameters"]
    assert record["responseElements"]["name"] == "s"
    assert record["responseElements"]["arn"].startswith("arn:aws:secretsmanager:")
    for event in (put, made):
        assert CANARY not in event["CloudTrailEvent"]


def test_what_failed_is_there_with_its_error(world, trail):
    with refused("ResourceNotFoundException"):
        world.sm.get_secret_value(SecretId="not-there")
    (event,) = by_name(trail, "GetSecretValue")
    record = record_of(event)
    assert record["errorCode"] == "ResourceNotFoundException"
    assert record["errorMessage"]
    assert record["requestParameters"] == {"secretId": "not-there"}
    assert record["responseElements"] is None


def test_every_attribute_finds_its_events_and_no_others(world, trail):
    arn = world.sm.create_secret(Name="found/by-name", SecretString="a")["ARN"]
    world.ssm.put_parameter(Name="/by/name", Value="a", Type="String")
    world.ssm.get_parameter(Name="/by/name")
    everything = looked_up(trail, lambda event: event["EventName"] == "GetParameter")
    event_id = everything[0]["EventId"]

    def names(**attribute):
        events = looked_up(trail, lambda event: True, **attribute)
        return {event["EventName"] for event in events}

    assert names(EventId=event_id) == {"GetParameter"}
    assert names(EventName="PutParameter") == {"PutParameter"}
    reads = names(ReadOnly="true")
    assert "GetParameter" in reads and "PutParameter" not in reads
    writes = names(ReadOnly="false")
    assert {"CreateSecret", "PutParameter"} <= writes and "GetParameter" not in writes
    assert {"CreateSecret", "GetParameter"} <= names(Username="root")
    by_type = names(ResourceType="AWS::SecretsManager::Secret")
    assert "CreateSecret" in by_type and "PutParameter" not in by_type
    assert names(ResourceName=arn) == names(ResourceName="found/by-name") == {"CreateSecret"}
    assert names(ResourceName="/by/name") == {"PutParameter", "GetParameter"}
    by_source = names(EventSource="ssm.amazonaws.com")
    assert {"PutParameter", "GetParameter"} <= by_source and "CreateSecret" not in by_source
    assert {"CreateSecret", "PutParameter"} <= names(AccessKeyId=world.access_key)
    for attribute in ("EventId", "EventName", "Username", "ResourceName", "AccessKeyId"):
        wanted = [{"AttributeKey": attribute, "AttributeValue": "nobody"}]
        assert trail.lookup_events(LookupAttributes=wanted)["Events"] == []


def test_pages_hold_each_event_once_newest_first(world, trail):
    for number in range(60):
        world.ssm.put_parameter(Name=f"/page/{number:02}", Value="a", Type="String")
    by_put = [{"AttributeKey": "EventName", "AttributeValue": "PutParameter"}]
    for size in (7, 50):
        found, count = pages(
            trail.lookup_events, "Events", LookupAttributes=by_put, MaxResults=size
        )
        told = [record_of(event)["requestParameters"]["name"] for event in found]
        assert sorted(told) == [f"/page/{number:02}" for number in range(60)]
        times = [event["EventTime"] for event in found]
        assert times == sorted(times, reverse=True)
        assert count >= 60 // size


def test_a_range_of_time_is_kept_to(world, trail):
    world.ssm.put_parameter(Name="/now", Value="a", Type="String")
    now = datetime.datetime.now(datetime.timezone.utc)
    hour = datetime.timedelta(hours=1)

    def count(start, end):
        found, _ = pages(trail.lookup_events, "Events", StartTime=start, EndTime=end)
        return len([event for event in found if event["EventName"] == "PutParameter"])

    assert count(now - hour, now + hour) == 1
    assert count(now - 3 * hour, now - hour) == 0
    assert count(now + hour, now + 3 * hour) == 0
    with refused("InvalidTimeRangeException"):
        count(now + hour, now - hour)


def test_other_accounts_and_regions_see_nothing_of_it(dev):
    other = type(dev).on_dev(dev.server)
    dev.ssm.put_parameter(Name="/mine", Value="a", Type="String")
    by_name(dev.client("cloudtrail"), "PutParameter")
    for trail in (other.client("cloudtrail"), dev.client("cloudtrail", region="eu-west-1")):
        found, _ = pages(trail.lookup_events, "Events")
        assert all(event["EventName"] != "PutParameter" for event in found)
    other.close()


def test_what_cannot_be_looked_up_by_is_refused(world, trail):
    two = [{"AttributeKey": "EventName", "AttributeValue": "a"}] * 2
    with refused("InvalidLookupAttributesException"):
        trail.lookup_events(LookupAttributes=two)
    with refused("InvalidNextTokenException"):
        trail.lookup_events(NextToken="nonsense")
    assert trail.lookup_events(EventCategory="insight")["Events"] == []


def test_one_answer_leaves_one_record(world, trail):
    name = f"/once/{word()}"
    world.ssm.put_parameter(Name=name, Value="a", Type="String")
    for _ in range(5):
        world.ssm.get_parameter(Name=name)
    with refused("ParameterAlreadyExists"):
        world.ssm.put_parameter(Name=name, Value="b", Type="String")
    events = looked_up(trail, lambda event: True, 7, ResourceName=name)
    told = sorted(event["EventName"] for event in events)
    assert told == ["GetParameter"] * 5 + ["PutParameter"] * 2
    assert len({event["EventId"] for event in events}) == 7


def test_giving_out_credentials_is_told_to_only_read_where_aws_tells_so(world, trail):
    caller = user(world, allow("sts:*"))
    to_be = role(world)[1]
    caller.sts.assume_role(RoleArn=to_be, RoleSessionName="s1")
    caller.sts.get_session_token()
    caller.sts.get_federation_token(Name="guest")
    told = {"AssumeRole": True, "GetSessionToken": False, "GetFederationToken": False}
    for name, is_read_only in told.items():
        (event,) = by_name(trail, name)
        assert event["ReadOnly"] == str(is_read_only).lower(), name
        record = record_of(event)
        assert record["readOnly"] is is_read_only, name
        assert record["responseElements"]["credentials"]["accessKeyId"], name
        alike = looked_up(trail, lambda event: True, ReadOnly=event["ReadOnly"])
        assert event["EventId"] in {other["EventId"] for other in alike}, name


def test_records_are_there_after_a_kill_and_the_journal_is_whole(restartable):
    server = restartable
    access_key, secret = server.credentials

    def client(service):
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=server.endpoint,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret,
            config=botocore.config.Config(retries={"total_max_attempts": 1}),
        )

    client("ssm").put_parameter(Name="/kept", Value="a", Type="String")
    for _ in range(20):
        client("ssm").get_parameter(Name="/kept")
    server.kill()
    server.start()
    events = looked_up(client("cloudtrail"), lambda event: True, 21, ResourceName="/kept")
    assert len(events) == 21
