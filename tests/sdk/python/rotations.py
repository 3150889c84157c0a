"""What tests of rotation ask for, whatever it is that rotates."""

import json

from server import eventually

SECRET = "app/db"


def make(world, value, name=SECRET, **more):
    """A secret with this value; gives its ARN."""
    made = world.sm.create_secret(Name=name, SecretString=json.dumps(value), **more)
    return made["ARN"]


def put(world, value, name=SECRET):
    return world.sm.put_secret_value(SecretId=name, SecretString=json.dumps(value))


def labelled(world, label, name=SECRET):
    """The value of the version with a label."""
    answer = world.sm.get_secret_value(SecretId=name, VersionStage=label)
    return json.loads(answer["SecretString"])


def current(world, name=SECRET):
    return labelled(world, "AWSCURRENT", name)


def described(world, name=SECRET):
    return world.sm.describe_secret(SecretId=name)


def rotate(world, rotator, name=SECRET, **more):
    """RotateSecret with a rotator of coffer's own, by its name."""
    arn = world.arn("coffer", f"rotator/{rotator}")
    return world.sm.rotate_secret(SecretId=name, RotationLambdaARN=arn, **more)


def rotated(world, version, seconds_max=60, name=SECRET):
    """Waits for the rotation to make this version current."""

    def is_current():
        return described(world, name)["VersionIdsToStages"].get(version) == ["AWSCURRENT"]

    eventually(is_current, f"{version} is current", seconds_max)


def is_rotated(world, rotator, name=SECRET, **more):
    """Rotates, and gives the value that is current then."""
    rotated(world, rotate(world, rotator, name, **more)["VersionId"], name=name)
    return current(world, name)


def state(world, name=SECRET):
    answer = world.call("coffer", "DescribeRotation", {"SecretId": name})
    return answer.json["Rotation"]


def failure(world, name=SECRET):
    """Waits until an attempt has failed, and gives why."""
    return eventually(lambda: state(world, name).get("LastFailure"), "the rotation has failed")


def retried(world, name=SECRET):
    """Has the next attempt made now, and waits for its success."""
    world.server.run(world, "rotation", "retry", name)
    eventually(lambda: state(world, name)["State"] == "IDLE", "the rotation has succeeded")
    return current(world, name)
