"""Trails: made, changed, started, stopped, deleted; and what AWS refuses."""

import pytest

from world import pages, refused, word

BUCKET = "audit-logs"


@pytest.fixture
def trail(world):
    """CloudTrail in an empty account and region; its trails are gone afterwards."""
    client = world.client("cloudtrail")
    yield client
    for made in client.describe_trails(includeShadowTrails=False)["trailList"]:
        client.delete_trail(Name=made["Name"])


def test_a_trail_is_described_as_it_was_made(world, trail):
    made = trail.create_trail(
        Name="management-events",
        S3BucketName=BUCKET,
        S3KeyPrefix="team/a",
        IsMultiRegionTrail=True,
        EnableLogFileValidation=True,
        TagsList=[{"Key": "team", "Value": "a"}],
    )
    arn = world.arn("cloudtrail", "trail/management-events")
    assert made["TrailARN"] == arn
    assert made["LogFileValidationEnabled"] is True
    assert made["IsMultiRegionTrail"] is True
    assert made["IncludeGlobalServiceEvents"] is True
    (described,) = trail.describe_trails()["trailList"]
    assert described["S3KeyPrefix"] == "team/a"
    assert described["HomeRegion"] == world.region
    assert described["HasCustomEventSelectors"] is False
    assert trail.get_trail(Name=arn)["Trail"] == described
    assert trail.list_trails()["Trails"] == [
        {"TrailARN": arn, "Name": "management-events", "HomeRegion": world.region}
    ]
    tags = trail.list_tags(ResourceIdList=[arn])["ResourceTagList"]
    assert tags == [{"ResourceId": arn, "TagsList": [{"Key": "team", "Value": "a"}]}]
    trail.add_tags(ResourceId=arn, TagsList=[{"Key": "b", "Value": "c"}])
    trail.remove_tags(ResourceId=arn, TagsList=[{"Key": "team"}])
    tags = trail.list_tags(ResourceIdList=[arn])["ResourceTagList"]
    assert tags[0]["TagsList"] == [{"Key": "b", "Value": "c"}]


def test_a_trail_that_covers_all_regions_is_seen_in_others_and_changed_at_home(world, trail):
    trail.create_trail(Name="everywhere", S3BucketName=BUCKET, IsMultiRegionTrail=True)
    trail.create_trail(Name="here-only", S3BucketName=BUCKET)
    elsewhere = world.client("cloudtrail", region="eu-west-3")
    names = [made["Name"] for made in elsewhere.describe_trails()["trailList"]]
    assert names == ["everywhere"]
    assert elsewhere.describe_trails(includeShadowTrails=False)["trailList"] == []
    arn = world.arn("cloudtrail", "trail/everywhere")
    assert elsewhere.get_trail(Name=arn)["Trail"]["HomeRegion"] == world.region
    with refused("InvalidHomeRegionException"):
        elsewhere.start_logging(Name=arn)
    with refused("TrailNotFoundException", "Unknown trail: everywhere for the user"):
        elsewhere.get_trail(Name="everywhere")


def test_a_trail_is_on_between_start_and_stop(trail):
    trail.create_trail(Name="on-and-off", S3BucketName=BUCKET)
    status = trail.get_trail_status(Name="on-and-off")
    assert status["IsLogging"] is False and "StartLoggingTime" not in status
    trail.start_logging(Name="on-and-off")
    status = trail.get_trail_status(Name="on-and-off")
    assert status["IsLogging"] is True and status["StartLoggingTime"]
    trail.stop_logging(Name="on-and-off")
    status = trail.get_trail_status(Name="on-and-off")
    assert status["IsLogging"] is False and status["StopLoggingTime"]
    trail.delete_trail(Name="on-and-off")
    with refused("TrailNotFoundException"):
        trail.get_trail_status(Name="on-and-off")


def test_what_is_not_given_stays_as_it_is(trail):
    trail.create_trail(Name="changed", S3BucketName=BUCKET, S3KeyPrefix="a")
    changed = trail.update_trail(Name="changed", EnableLogFileValidation=True)
    assert changed["S3BucketName"] == BUCKET and changed["S3KeyPrefix"] == "a"
    assert changed["LogFileValidationEnabled"] is True
    changed = trail.update_trail(Name="changed", S3BucketName="other-logs", S3KeyPrefix="")
    assert changed["S3BucketName"] == "other-logs" and "S3KeyPrefix" not in changed
    assert changed["LogFileValidationEnabled"] is True


def test_event_selectors_are_told_as_they_were_put(trail):
    trail.create_trail(Name="selective", S3BucketName=BUCKET)
    usual = trail.get_event_selectors(TrailName="selective")["EventSelectors"]
    assert usual == [
        {
            "ReadWriteType": "All",
            "IncludeManagementEvents": True,
            "DataResources": [],
            "ExcludeManagementEventSources": [],
        }
    ]
    basic = [{"ReadWriteType": "WriteOnly", "ExcludeManagementEventSources": ["kms.amazonaws.com"]}]
    trail.put_event_selectors(TrailName="selective", EventSelectors=basic)
    (told,) = trail.get_event_selectors(TrailName="selective")["EventSelectors"]
    assert told["ReadWriteType"] == "WriteOnly"
    assert told["ExcludeManagementEventSources"] == ["kms.amazonaws.com"]
    advanced = [
        {
            "Name": "writes",
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Management"]},
                {"Field": "readOnly", "Equals": ["false"]},
            ],
        }
    ]
    trail.put_event_selectors(TrailName="selective", AdvancedEventSelectors=advanced)
    told = trail.get_event_selectors(TrailName="selective")
    assert told["AdvancedEventSelectors"] == advanced and "EventSelectors" not in told
    assert trail.get_trail(Name="selective")["Trail"]["HasCustomEventSelectors"] is True
    data = [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}]
    for bad in (
        {"EventSelectors": data},
        {"EventSelectors": basic, "AdvancedEventSelectors": advanced},
        {"EventSelectors": basic * 6},
        {},
    ):
        with refused("InvalidEventSelectorsException"):
            trail.put_event_selectors(TrailName="selective", **bad)


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("InvalidTrailNameException", {"Name": "ab"}),
        ("InvalidTrailNameException", {"Name": "a b c"}),
        ("InvalidTrailNameException", {"Name": "my--trail"}),
        ("InvalidTrailNameException", {"Name": "192.168.5.4"}),
        ("InvalidS3BucketNameException", {"S3BucketName": "../etc"}),
        ("InvalidS3BucketNameException", {"S3BucketName": "UPPER"}),
        ("InvalidS3PrefixException", {"S3KeyPrefix": "../../etc"}),
        ("InsufficientSnsTopicPolicyException", {"SnsTopicName": "topic"}),
        ("OrganizationsNotInUseException", {"IsOrganizationTrail": True}),
        ("UnsupportedOperationException", {"KmsKeyId": "alias/mine"}),
        (
            "InvalidCloudWatchLogsLogGroupArnException",
            {"CloudWatchLogsLogGroupArn": "arn:aws:logs:us-east-1:111122223333:log-group:a:*"},
        ),
    ],
)
def test_what_no_trail_can_be_is_refused(trail, code, arguments):
    with refused(code):
        trail.create_trail(**{"Name": "refused", "S3BucketName": BUCKET, **arguments})
    assert trail.describe_trails(includeShadowTrails=False)["trailList"] == []


def test_a_name_is_taken_once_and_five_are_enough(world, trail):
    trail.create_trail(Name="trail-0", S3BucketName=BUCKET)
    with refused("TrailAlreadyExistsException", f"already exists for customer: {world.account}"):
        trail.create_trail(Name="trail-0", S3BucketName=BUCKET)
    for number in range(1, 5):
        trail.create_trail(Name=f"trail-{number}", S3BucketName=BUCKET)
    with refused("MaximumNumberOfTrailsExceededException"):
        trail.create_trail(Name="one-too-many", S3BucketName=BUCKET)
    trails, _ = pages(trail.list_trails, "Trails")
    assert len([made for made in trails if made["HomeRegion"] == world.region]) == 5


def test_what_is_not_there_is_not_found(world, trail):
    name = f"missing-{word()}"
    for call in (trail.get_trail, trail.get_trail_status, trail.start_logging, trail.delete_trail):
        with refused("TrailNotFoundException", f"Unknown trail: {name}"):
            call(Name=name)
    with refused("ResourceNotFoundException"):
        trail.list_tags(ResourceIdList=[world.arn("cloudtrail", f"trail/{name}")])
    with refused("CloudTrailARNInvalidException"):
        trail.get_trail(Name="arn:aws:s3:::a")
    assert trail.describe_trails(trailNameList=[name])["trailList"] == []
