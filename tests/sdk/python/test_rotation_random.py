"""Signing keys and the like: members of a secret that only have to be random."""

import base64
import json
import re

import pytest

from rotations import (
    current,
    described,
    is_rotated,
    labelled,
    make,
    put,
    rotate,
    rotated,
    state,
)
from server import eventually
from world import refused

RULE = "random/signing_key:base64url:32+pepper:hex:16"
VALUE = {"signing_key": "first", "pepper": "first", "kid": {"kept": [1.0, None]}}


def test_chosen_members_get_new_values_and_the_rest_stays(world):
    make(world, VALUE)
    value = is_rotated(world, RULE)
    assert list(value) == list(VALUE) and value["kid"] == VALUE["kid"]
    assert re.fullmatch(r"[0-9a-f]{32}", value["pepper"])
    assert len(base64.urlsafe_b64decode(value["signing_key"] + "=")) == 32
    # What was signed with the key from before can still be verified.
    assert labelled(world, "AWSPREVIOUS") == VALUE
    again = is_rotated(world, RULE)
    assert again["signing_key"] != value["signing_key"] and again["pepper"] != value["pepper"]
    assert labelled(world, "AWSPREVIOUS") == value
    assert described(world)["RotationLambdaARN"] == world.arn("coffer", f"rotator/{RULE}")


def test_every_form_is_written_as_it_says(dev):
    forms = {"hex": 64, "base64": 44, "base64url": 43, "alphanumeric": 32}
    make(dev, {form: "x" for form in forms})
    value = is_rotated(dev, "random/" + "+".join(f"{form}:{form}:32" for form in forms))
    assert {form: len(text) for form, text in value.items()} == forms
    assert base64.b64decode(value["base64"]) and re.fullmatch(r"\w{32}", value["alphanumeric"])


def test_random_values_follow_a_schedule(timed):
    make(timed, VALUE)
    rules = {"ScheduleExpression": "rate(10 days)"}
    rotate(timed, RULE, RotationRules=rules, RotateImmediately=False)
    eventually(lambda: state(timed)["State"] == "IDLE", "the test is over")
    seen = [current(timed)["pepper"]]
    assert seen == ["first"]
    for _ in range(3):
        timed.server.advance("11d")
        eventually(lambda: current(timed)["pepper"] not in seen, "there is another value")
        seen.append(current(timed)["pepper"])


@pytest.mark.parametrize(
    "rule",
    ["", "signing_key", "signing_key:hex", "signing_key:hex:15", "signing_key:md5:16", "a:hex:16+"],
)
def test_a_rule_that_says_nothing_is_refused(dev, rule):
    make(dev, VALUE)
    with refused("InvalidParameterException", "must be the ARN of a Lambda function, or of a"):
        rotate(dev, f"random/{rule}")
    assert "RotationLambdaARN" not in described(dev)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (json.dumps({"signing_key": "first"}), "has no member `pepper`"),
        (json.dumps(["first"]), "is no JSON object"),
        ("first", "is no JSON object"),
        ('{"pepper": "first", "pepper": "first", "signing_key": "first"}', "twice"),
    ],
)
def test_a_secret_without_those_members_is_refused(dev, value, told):
    dev.sm.create_secret(Name="app/db", SecretString=value)
    with refused("InvalidRequestException", told) as caught:
        rotate(dev, RULE)
    assert "first" not in caught.message
    assert not described(dev).get("RotationEnabled")


def test_a_secret_without_a_text_is_refused(dev):
    dev.sm.create_secret(Name="app/db")
    with refused("InvalidRequestException", "no current value"):
        rotate(dev, RULE)
    dev.sm.put_secret_value(SecretId="app/db", SecretBinary=b"{}")
    with refused("InvalidRequestException", "no binary value"):
        rotate(dev, RULE)


def test_a_member_that_goes_away_later_fails_the_rotation_and_nothing_else(timed):
    make(timed, VALUE)
    rotate(timed, RULE, RotationRules={"ScheduleExpression": "rate(10 days)"})
    eventually(lambda: state(timed)["State"] == "IDLE", "the rotation has succeeded")
    put(timed, {"signing_key": "second"})
    timed.server.advance("11d")
    failed = eventually(lambda: state(timed).get("LastFailure"), "the rotation has failed")
    assert "`pepper`" in failed and "second" not in failed
    assert current(timed) == {"signing_key": "second"}
    # Whoever adds it again has the rotation abandoned, and the next one succeeds.
    put(timed, VALUE)
    timed.server.run(timed, "rotation", "retry", "app/db")
    eventually(lambda: state(timed)["State"] != "WAITING", "it is over")
    rotated(timed, rotate(timed, RULE)["VersionId"])
