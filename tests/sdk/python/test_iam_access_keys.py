"""Access keys: whose they are, what they open, and that they can be taken back."""

import json
import re

import pytest

from world import refused, without_metadata, word


@pytest.fixture
def user(world):
    name = f"ann-{word()}"
    world.iam.create_user(UserName=name)
    return world, name


def test_a_key_signs_for_its_user(user):
    world, name = user
    key = world.iam.create_access_key(UserName=name)["AccessKey"]
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", key["AccessKeyId"])
    assert re.fullmatch(r"[A-Za-z0-9+/]{40}", key["SecretAccessKey"])
    assert (key["UserName"], key["Status"]) == (name, "Active")
    bearer = world.signed_by(key)
    identity = without_metadata(bearer.sts.get_caller_identity())
    assert identity == {
        "UserId": world.iam.get_user(UserName=name)["User"]["UserId"],
        "Account": world.account,
        "Arn": world.iam_arn(f"user/{name}"),
    }
    bearer.close()


def test_a_wrong_secret_opens_nothing(user):
    world, name = user
    key = world.iam.create_access_key(UserName=name)["AccessKey"]
    thief = world.signed_by({**key, "SecretAccessKey": "x" * 40})
    with refused("SignatureDoesNotMatch", status=403):
        thief.sts.get_caller_identity()
    thief.close()


def test_a_user_has_two_keys_at_most(user):
    world, name = user
    ids = sorted(
        world.iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"] for _ in range(2)
    )
    with refused("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", 409):
        world.iam.create_access_key(UserName=name)
    listed = world.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
    assert [item["AccessKeyId"] for item in listed] == ids
    assert all("SecretAccessKey" not in item for item in listed)
    world.iam.delete_access_key(UserName=name, AccessKeyId=ids[0])
    world.iam.create_access_key(UserName=name)


def test_an_inactive_key_is_refused_at_once_and_taken_again_when_it_is_active(user):
    world, name = user
    key = world.iam.create_access_key(UserName=name)["AccessKey"]
    bearer = world.signed_by(key)
    bearer.sts.get_caller_identity()
    change = {"UserName": name, "AccessKeyId": key["AccessKeyId"]}
    world.iam.update_access_key(**change, Status="Inactive")
    with refused("InvalidClientTokenId", status=403):
        bearer.sts.get_caller_identity()
    listed = world.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
    assert [item["Status"] for item in listed] == ["Inactive"]
    world.iam.update_access_key(**change, Status="Active")
    bearer.sts.get_caller_identity()
    world.iam.delete_access_key(**change)
    with refused("InvalidClientTokenId", status=403):
        bearer.sts.get_caller_identity()
    bearer.close()


def test_a_key_is_changed_only_through_its_user(user):
    world, name = user
    other = f"bob-{word()}"
    world.iam.create_user(UserName=other)
    id = world.iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
    sentence = f"The Access Key with id {id} cannot be found."
    with refused("NoSuchEntity", sentence, 404):
        world.iam.delete_access_key(UserName=other, AccessKeyId=id)
    with refused("NoSuchEntity", sentence, 404):
        world.iam.update_access_key(UserName=other, AccessKeyId=id, Status="Inactive")
    listed = world.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
    assert [(item["AccessKeyId"], item["Status"]) for item in listed] == [(id, "Active")]


def test_a_user_rotates_its_own_key_without_saying_its_name(user):
    world, name = user
    own = world.iam_arn("user/${aws:username}")
    statement = {"Effect": "Allow", "Action": "iam:*AccessKey*", "Resource": own}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    world.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=text)
    old = world.iam.create_access_key(UserName=name)["AccessKey"]
    bearer = world.signed_by(old)
    new = bearer.iam.create_access_key()["AccessKey"]
    assert new["UserName"] == name
    renewed = world.signed_by(new)
    renewed.iam.delete_access_key(AccessKeyId=old["AccessKeyId"])
    listed = renewed.iam.list_access_keys()["AccessKeyMetadata"]
    assert [item["AccessKeyId"] for item in listed] == [new["AccessKeyId"]]
    for opened in (bearer, renewed):
        opened.close()


def test_the_root_makes_a_key_for_itself(world):
    key = world.iam.create_access_key()["AccessKey"]
    bearer = world.signed_by(key)
    assert bearer.sts.get_caller_identity()["Arn"] == world.iam_arn("root")
    listed = [item["AccessKeyId"] for item in world.iam.list_access_keys()["AccessKeyMetadata"]]
    assert key["AccessKeyId"] in listed
    world.iam.delete_access_key(AccessKeyId=key["AccessKeyId"])
    with refused("InvalidClientTokenId", status=403):
        bearer.sts.get_caller_identity()
    bearer.close()


def test_a_key_that_was_never_used_says_so(user):
    world, name = user
    id = world.iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
    found = without_metadata(world.iam.get_access_key_last_used(AccessKeyId=id))
    assert found == {
        "UserName": name,
        "AccessKeyLastUsed": {"ServiceName": "N/A", "Region": "N/A"},
    }


def test_of_a_key_of_nobody_nothing_is_learnt(world):
    id = "AKIAIOSFODNN7EXAMPLE"
    action = "is not authorized to perform: iam:GetAccessKeyLastUsed"
    sentence = f"{action} on resource: access key {id}"
    with refused("AccessDenied", sentence, 403):
        world.iam.get_access_key_last_used(AccessKeyId=id)
