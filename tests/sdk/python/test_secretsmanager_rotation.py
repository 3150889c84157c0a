"""RotateSecret and CancelRotateSecret: rules, dates and refusals."""

import datetime
import json
import uuid

import pytest

from world import refused, refused_by_the_model

NO_FUNCTION = "No Lambda rotation function ARN is associated with this secret."
NOT_INVOKED = "Secrets Manager cannot invoke the specified Lambda function."
# Nobody listens there.
LOGIN = {"engine": "postgres", "host": "127.0.0.1", "port": 1, "username": "u", "password": "v"}
VALUE = json.dumps(LOGIN)


@pytest.fixture
def secret(world):
    return world, world.sm.create_secret(Name="app/db", SecretString=VALUE)


def rotator(world):
    """One that needs no function; what it does shows where there is a database."""
    return world.arn("coffer", "rotator/postgresql-single-user")


def rotate(world, rules=None, **more):
    request = {"SecretId": "app/db", "RotationLambdaARN": rotator(world), **more}
    if rules is not None:
        request["RotationRules"] = rules
    return world.sm.rotate_secret(**request)


def schedule(world, expression, **more):
    return rotate(world, {"ScheduleExpression": expression, **more}, RotateImmediately=False)


def described(world):
    return world.sm.describe_secret(SecretId="app/db")


def test_a_rotation_needs_a_function(secret):
    world, _ = secret
    with refused("InvalidRequestException", NO_FUNCTION):
        world.sm.rotate_secret(SecretId="app/db")
    with refused("InvalidRequestException", NO_FUNCTION):
        world.sm.rotate_secret(SecretId="app/db", RotationRules={"AutomaticallyAfterDays": 30})
    assert not described(world).get("RotationEnabled")


def test_a_function_that_can_not_be_invoked_rotates_nothing(secret):
    world, made = secret
    for immediately in (True, False):
        with refused("AccessDeniedException", NOT_INVOKED):
            world.sm.rotate_secret(
                SecretId="app/db",
                RotationLambdaARN=world.arn("lambda", "function:rotate"),
                RotationRules={"AutomaticallyAfterDays": 30},
                RotateImmediately=immediately,
            )
    found = described(world)
    assert found["VersionIdsToStages"] == {made["VersionId"]: ["AWSCURRENT"]}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"engine": "oracle"}, "`engine` is not of this rotator"),
        ({"engine": None}, "no member `engine`"),
        ({"host": None}, "no member `host`"),
        ({"username": None}, "no member `username`"),
        ({"password": None}, "no member `password`"),
        ({"port": "x"}, "`port` is not a number"),
    ],
    ids=lambda it: "-".join(it) if isinstance(it, dict) else "",
)
def test_a_value_that_the_rotator_can_not_use_is_refused(dev, change, told):
    dev.sm.create_secret(Name="app/db", SecretString=json.dumps({**LOGIN, **change}))
    with refused("InvalidRequestException", told):
        rotate(dev)
    assert not described(dev).get("RotationEnabled")


def test_a_rotator_that_is_not_there_is_refused(dev):
    dev.sm.create_secret(Name="app/db", SecretString=VALUE)
    for arn in (
        dev.arn("coffer", "rotator/oracle-single-user"),
        dev.arn("coffer", "rotator/api-key/unknown"),
        dev.arn("coffer", "rotator/"),
        dev.arn("coffer", "rotator/postgresql-single-user", region="eu-west-1"),
        dev.arn("coffer", "rotator/postgresql-single-user").replace("arn:aws:", "arn:aws-cn:"),
    ):
        with refused("InvalidParameterException", "coffer in the partition `aws` and in the account"):
            dev.sm.rotate_secret(SecretId="app/db", RotationLambdaARN=arn)
    assert "RotationLambdaARN" not in described(dev)


def test_a_rotation_asked_for_by_hand_needs_a_token(secret):
    world, _ = secret
    body = {"SecretId": "app/db", "RotationLambdaARN": rotator(world)}
    answer = world.call("secretsmanager", "RotateSecret", body)
    assert (answer.status, answer.code) == (400, "InvalidParameterException"), answer
    assert "You must provide a ClientRequestToken value." in answer.json["Message"]


def test_rules_are_kept_and_described(secret):
    world, made = secret
    answer = schedule(world, "rate(10 days)", Duration="3h")
    assert (answer["ARN"], answer["Name"]) == (made["ARN"], "app/db")
    found = described(world)
    assert found["RotationEnabled"] is True
    assert found["RotationLambdaARN"] == rotator(world)
    assert found["RotationRules"] == {"ScheduleExpression": "rate(10 days)", "Duration": "3h"}
    listed = world.sm.list_secrets()["SecretList"][0]
    assert listed["RotationRules"] == found["RotationRules"]
    assert listed["NextRotationDate"] == found["NextRotationDate"]


def test_cancelling_turns_rotation_off_and_keeps_the_rest(secret):
    world, made = secret
    schedule(world, "rate(10 days)")
    world.sm.cancel_rotate_secret(SecretId="app/db")
    found = described(world)
    assert found["RotationEnabled"] is False
    assert "NextRotationDate" not in found
    assert found["VersionIdsToStages"] == {made["VersionId"]: ["AWSCURRENT"]}
    assert world.sm.get_secret_value(SecretId="app/db")["SecretString"] == VALUE


def next_date(world):
    """When the next rotation is due at the latest, and how far away that is."""
    found = described(world)
    moment = found["NextRotationDate"].astimezone(datetime.timezone.utc)
    return moment, moment - found["CreatedDate"]


def days(number):
    return datetime.timedelta(days=number)


@pytest.mark.parametrize("count", [1, 30, 1000])
def test_the_next_date_is_so_many_days_away(secret, count):
    world, _ = secret
    rotate(world, {"AutomaticallyAfterDays": count}, RotateImmediately=False)
    assert days(count - 1) <= next_date(world)[1] <= days(count + 1)


@pytest.mark.parametrize(
    ("expression", "least", "most"),
    [
        ("rate(4 hours)", days(0), days(1)),
        ("rate(1 day)", days(0), days(2)),
        ("rate(10 days)", days(9), days(11)),
        ("rate(999 days)", days(998), days(1000)),
    ],
)
def test_the_next_date_follows_a_rate(secret, expression, least, most):
    world, _ = secret
    schedule(world, expression)
    assert least <= next_date(world)[1] <= most


@pytest.mark.parametrize(
    ("expression", "is_met"),
    [
        ("cron(0 16 1,15 * ? *)", lambda moment: moment.day in (1, 15)),
        ("cron(0 8 ? * MON *)", lambda moment: moment.weekday() == 0),
        ("cron(0 4 L * ? *)", lambda moment: (moment + days(1)).day == 1),
        ("cron(0 0 ? * SUN#1 *)", lambda moment: moment.weekday() == 6 and moment.day <= 7),
        ("cron(0 /8 1 * ? *)", lambda moment: moment.day == 1),
        ("cron(0 12 ? 1/3 WED#2 *)", lambda moment: moment.month in (1, 4, 7, 10)),
    ],
)
def test_the_next_date_follows_a_cron_expression(secret, expression, is_met):
    world, _ = secret
    schedule(world, expression, Duration="1h")
    moment, _ = next_date(world)
    # The latest moment of the window may be its end, an hour after it opens.
    assert is_met(moment) or is_met(moment - datetime.timedelta(hours=1)), moment


def test_the_next_date_moves_with_the_clock(timed):
    timed.sm.create_secret(Name="app/db", SecretString=VALUE)
    schedule(timed, "cron(0 8 1 * ? *)", Duration="2h")
    first, _ = next_date(timed)
    timed.server.advance("62d")
    # There is no database, so no rotation has succeeded; the plan goes on.
    assert timed.sm.get_secret_value(SecretId="app/db")["SecretString"] == VALUE
    second = described(timed)["NextRotationDate"]
    assert second > first


def test_a_new_value_counts_as_a_rotation(timed):
    timed.sm.create_secret(Name="app/db", SecretString=VALUE)
    rotate(timed, {"AutomaticallyAfterDays": 30}, RotateImmediately=False)
    before = described(timed)["NextRotationDate"]
    timed.server.advance("10d")
    timed.sm.put_secret_value(SecretId="app/db", SecretString=VALUE.replace("v", "w"))
    moved = described(timed)["NextRotationDate"] - before
    assert days(9) <= moved <= days(11)


@pytest.mark.parametrize(
    "rules",
    [
        {"ScheduleExpression": "rate(3 hours)"},
        {"ScheduleExpression": "rate(0 days)"},
        {"ScheduleExpression": "rate(5 minutes)"},
        {"ScheduleExpression": "rate(ten days)"},
        {"ScheduleExpression": "every day"},
        {"ScheduleExpression": "cron(30 8 1 * ? *)"},
        {"ScheduleExpression": "cron(0 8 1 * ? 2027)"},
        {"ScheduleExpression": "cron(0 8 1 * ?)"},
        {"ScheduleExpression": "cron(0 8 * * * *)"},
        {"ScheduleExpression": "cron(0 25 1 * ? *)"},
        {"ScheduleExpression": "rate(4 hours)", "Duration": "5h"},
        {"ScheduleExpression": "rate(1 day)", "Duration": "25h"},
    ],
    ids=lambda rules: "-".join(rules.values()),
)
def test_schedules_that_can_not_be_are_refused(dev, rules):
    dev.sm.create_secret(Name="app/db", SecretString=VALUE)
    with refused(("InvalidParameterException", "InvalidRequestException")):
        rotate(dev, rules, RotateImmediately=False)
    assert "RotationRules" not in described(dev)


def test_days_and_an_expression_exclude_each_other(secret):
    world, _ = secret
    with refused(
        "InvalidParameterException",
        "You cannot specify both rotation frequency and schedule expression together.",
    ):
        rotate(
            world,
            {"AutomaticallyAfterDays": 30, "ScheduleExpression": "rate(30 days)"},
            RotateImmediately=False,
        )


@pytest.mark.parametrize(
    "bad",
    [
        {"RotationRules": {"AutomaticallyAfterDays": 0}},
        {"RotationRules": {"AutomaticallyAfterDays": 1001}},
        {"RotationRules": {"ScheduleExpression": "rate(4 hours)", "Duration": "4 hours"}},
        {"RotationRules": {"ScheduleExpression": "rate(4 hours);"}},
        {"RotationRules": {"ScheduleExpression": ""}},
        {"ClientRequestToken": "short"},
        {"RotationLambdaARN": "a" * 2049},
        {"ExternalSecretRotationMetadata": [{"Key": "k" * 257, "Value": "v"}]},
        {"ExternalSecretRotationRoleArn": "short"},
    ],
    ids=str,
)
def test_what_the_model_forbids_is_refused_in_its_words(dev, bad):
    dev.sm.create_secret(Name="app/db", SecretString=VALUE)
    request = {"SecretId": "app/db", "ClientRequestToken": str(uuid.uuid4()), **bad}
    with refused_by_the_model():
        dev.raw_sm.rotate_secret(**{**request, "SecretId": "app/db"})
