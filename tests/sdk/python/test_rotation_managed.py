"""Rotation as AWS shows that of secrets which a service manages: no function is named anywhere."""

import pytest

from rotations import SECRET, described, make, rotated, state
from server import eventually
from world import pages, refused, tags

NO_FUNCTION = "No Lambda rotation function ARN is associated with this secret."
RULE = "random/key:hex:16"
MANAGED = tags(**{"coffer:rotator": RULE})


def rotate(world, **more):
    return world.sm.rotate_secret(SecretId=SECRET, **more)


def listed(world, *values):
    filters = [{"Key": "owning-service", "Values": list(values)}]
    return [it["Name"] for it in pages(world.sm.list_secrets, "SecretList", Filters=filters)[0]]


def test_a_tagged_secret_rotates_without_the_arn_of_a_function(world):
    make(world, {"key": "first"}, Tags=MANAGED)
    make(world, {"key": "first"}, "other")
    assert "OwningService" not in described(world)
    rotated(world, rotate(world, RotationRules={"AutomaticallyAfterDays": 30})["VersionId"])
    found = described(world)
    assert found["OwningService"] == "coffer" and found["RotationEnabled"] is True
    assert "RotationLambdaARN" not in found
    assert found["RotationRules"] == {"AutomaticallyAfterDays": 30}
    assert "NextRotationDate" in found and "LastRotatedDate" in found
    assert listed(world, "coffer") == [SECRET] and listed(world, "rds") == []
    assert listed(world, "!coffer") == ["other"]
    entry = next(it for it in world.sm.list_secrets()["SecretList"] if it["Name"] == SECRET)
    assert entry["OwningService"] == "coffer" and "RotationLambdaARN" not in entry
    assert state(world)["RotatorARN"] == world.arn("coffer", f"rotator/{RULE}")
    # As AWS's guide has it for a rotation at once: nothing but the secret is said.
    rotated(world, rotate(world)["VersionId"])
    assert described(world)["RotationRules"] == {"AutomaticallyAfterDays": 30}


def test_terraform_s_rotation_without_an_arn_is_read_as_it_was_written(dev):
    arn = make(dev, {"key": "first"}, Tags=MANAGED)
    dev.sm.rotate_secret(
        SecretId=arn,
        ClientRequestToken="terraform-20261122101112131400000004",
        RotationRules={"ScheduleExpression": "rate(10 days)"},
        RotateImmediately=False,
    )
    found = described(dev)
    assert found["RotationEnabled"] is True and "RotationLambdaARN" not in found
    assert found["RotationRules"] == {"ScheduleExpression": "rate(10 days)"}
    dev.sm.cancel_rotate_secret(SecretId=arn)
    assert described(dev)["RotationEnabled"] is False


def test_a_managed_secret_rotates_on_its_schedule(timed):
    make(timed, {"key": "first"}, Tags=MANAGED)
    rules = {"ScheduleExpression": "rate(10 days)"}
    rotate(timed, RotationRules=rules, RotateImmediately=False)
    eventually(lambda: state(timed)["State"] == "IDLE", "the test is over")
    # What the tag says later counts when rotation is set up again, and not before.
    timed.sm.tag_resource(SecretId=SECRET, Tags=tags(**{"coffer:rotator": "random/other:hex:16"}))
    timed.server.advance("11d")
    eventually(lambda: described(timed).get("LastRotatedDate"), "it has rotated")
    with refused("InvalidRequestException", "no member `other`"):
        rotate(timed)
    timed.sm.untag_resource(SecretId=SECRET, TagKeys=["coffer:rotator"])
    with refused("InvalidRequestException", NO_FUNCTION):
        rotate(timed)


@pytest.mark.parametrize("name", ["", "oracle-single-user", "random/key", "api-key/unknown"])
def test_a_tag_that_names_no_rotator_is_refused(dev, name):
    make(dev, {"key": "first"}, Tags=tags(**{"coffer:rotator": name}))
    with refused("InvalidRequestException", "The tag coffer:rotator does not name a rotator."):
        rotate(dev)
    assert not described(dev).get("RotationEnabled") and "OwningService" not in described(dev)


def test_an_arn_goes_before_the_tag(dev):
    make(dev, {"key": "first", "other": "first"}, Tags=MANAGED)
    arn = dev.arn("coffer", "rotator/random/other:hex:16")
    rotated(dev, rotate(dev, RotationLambdaARN=arn)["VersionId"])
    found = described(dev)
    assert found["RotationLambdaARN"] == arn and "OwningService" not in found
    assert listed(dev, "coffer") == []


def test_a_failure_is_told_with_the_rotator_that_the_tag_named(timed):
    make(timed, {"key": "first"}, Tags=MANAGED)
    rotate(timed, RotationRules={"ScheduleExpression": "rate(10 days)"}, RotateImmediately=False)
    eventually(lambda: state(timed)["State"] == "IDLE", "the test is over")
    timed.sm.put_secret_value(SecretId=SECRET, SecretString="{}")
    timed.server.advance("11d")
    eventually(lambda: state(timed).get("LastFailure"), "the rotation has failed")
    told = [event["detail"].get("errorMessage") for event in timed.server.events(timed)]
    arn = timed.arn("coffer", f"rotator/{RULE}")
    assert f"Error when rotator {arn} executed the createSecret step" in told
