"""What keeps a rotation function from working, in the windows of a schedule."""

import json

import pytest

from functions import let_secrets_manager_in
from identities import allow, policy
from rotations import current, make, state
from server import eventually
from test_rotation_functions import HANGS, MENDED, deploy_python, rotate, zipped

CRASHES = "import os\ndef handler(event, context):\n    os._exit(3)\n"


def deny(world, function):
    _set_policy(world, function, {**allow("secretsmanager:*"), "Effect": "Deny"})


def permit(world, function):
    _set_policy(world, function, allow("secretsmanager:*"))


def _set_policy(world, function, statement):
    role = world.functions.get_function_configuration(FunctionName=function)["Role"]
    world.iam.put_role_policy(
        RoleName=role.rpartition("/")[2], PolicyName="p", PolicyDocument=policy(statement)
    )


def delete(world, function):
    world.functions.delete_function(FunctionName=function)


def keep_out(world, function):
    world.functions.remove_permission(FunctionName=function, StatementId="SecretsManager")


def deploy_again(world, function):
    deploy_python(world, MENDED, FunctionName=function.rpartition(":")[2])


def code(content):
    def give(world, function):
        archive = zipped("app.py", content)
        world.functions.update_function_code(FunctionName=function, ZipFile=archive)

    return give


def hang(world, function):
    code(HANGS)(world, function)
    world.functions.update_function_configuration(FunctionName=function, Timeout=1)


def let_go(world, function):
    code(MENDED)(world, function)
    world.functions.update_function_configuration(FunctionName=function, Timeout=30)


# What happens, how it is mended, what is shown of it, and what of that is fit for the log.
MISHAPS = {
    "deleted": (delete, deploy_again, "there is no such function", "there is no such function"),
    "closed": (
        keep_out,
        let_secrets_manager_in,
        "does not let the service call it",
        "does not let the service",
    ),
    "denied": (deny, permit, "with an explicit deny", "the function failed with ClientError"),
    "hangs": (hang, let_go, "timed out", "the function failed with"),
    "crashes": (code(CRASHES), code(MENDED), "Runtime.ExitError", "Runtime.ExitError"),
}


@pytest.mark.parametrize("mishap", MISHAPS)
def test_what_goes_wrong_in_a_window_is_told_retried_and_mended(timed, mishap):
    happen, mend, shown, logged = MISHAPS[mishap]
    arn = make(timed, {"password": "first"})
    function = deploy_python(timed, MENDED)
    rules = {"ScheduleExpression": "rate(10 days)"}
    rotate(timed, function, RotationRules=rules, RotateImmediately=False)
    eventually(lambda: state(timed)["State"] == "IDLE", "the test is over", 60)
    happen(timed, function)
    timed.server.advance("11d")
    eventually(lambda: state(timed).get("LastFailure"), "the rotation has failed", 60)
    found = json.loads(timed.server.run(timed, "rotation", "show", "app/db"))
    assert shown.lower() in found["LastFailure"].lower() and found["State"] == "WAITING"
    reports = [line for line in timed.server.log.splitlines() if arn in line]
    assert any("a rotation failed" in line and logged in line for line in reports), reports
    [event] = [
        event["detail"]
        for event in timed.server.events(timed)
        if event["detail"].get("eventName") == "RotationFailed"
    ]
    step = found["Step"]
    assert event["errorMessage"] == f"Error when executing lambda {function} during {step} step"
    assert logged in event["additionalEventData"]["Reason"]
    # By the clock it is tried again, until its window of a day is over or it is given up.
    attempts = found["FailedAttempts"]
    timed.server.advance("31s")
    eventually(lambda: state(timed)["FailedAttempts"] > attempts, "it is tried again", 60)
    for _ in range(26):
        if state(timed)["State"] == "FAILED":
            break
        timed.server.advance("61m")
        eventually(lambda: state(timed)["State"] != "AT_WORK", "the attempt is over", 60)
    assert state(timed)["State"] == "FAILED"
    told = [event["detail"].get("eventName") for event in timed.server.events(timed)]
    assert 2 < told.count("RotationFailed") <= 18
    assert current(timed) == {"password": "first"}
    mend(timed, function)
    timed.server.advance("11d")
    eventually(lambda: state(timed)["State"] == "IDLE", "the rotation has succeeded", 60)
    assert current(timed) == {"password": "second"}
