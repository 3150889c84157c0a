"""STS on the same URL: who am I?"""

import http.client

import botocore.exceptions
import pytest

import wire
from world import World, without_metadata


def test_the_root_of_the_account_is_told_who_it_is(world):
    found = without_metadata(world.sts.get_caller_identity())
    assert found == {
        "UserId": world.account,
        "Account": world.account,
        "Arn": f"arn:aws:iam::{world.account}:root",
    }


def test_the_key_of_localstack_users_is_root_of_the_account_of_zeros(dev_server):
    world = World(dev_server, "000000000000", "test", "test", "us-east-1")
    assert world.sts.get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:root"
    world.close()


def test_the_answer_is_the_xml_of_the_query_protocol(dev):
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    headers = wire.sign(
        dev,
        "sts",
        None,
        body,
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
    )
    answer = wire.send(dev.server, body, headers)
    assert answer.status == 200, answer
    assert answer.headers["content-type"].startswith("text/xml")
    text = answer.body.decode()
    assert "<GetCallerIdentityResult>" in text
    assert f"<Account>{dev.account}</Account>" in text
    assert "<RequestId>" in text


def test_an_error_of_the_query_protocol_is_xml_too(dev):
    body = b"Action=NoSuchAction&Version=2011-06-15"
    headers = wire.sign(
        dev, "sts", None, body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    answer = wire.send(dev.server, body, headers)
    assert answer.status == 400, answer
    assert b"<ErrorResponse" in answer.body
    assert b"<Code>InvalidAction</Code>" in answer.body


def test_a_service_of_the_query_protocol_that_is_not_there_is_told_in_xml(dev):
    for service, call in (("ec2", "describe_vpcs"), ("sns", "list_topics")):
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            getattr(dev.client(service), call)()
        error = caught.value.response["Error"]
        assert error["Code"] == "InvalidAction", service
        assert error["Message"].startswith("Could not find operation "), service


def test_an_action_without_a_version_is_not_found(dev):
    body = b"Action=GetCallerIdentity"
    headers = wire.sign(
        dev, "sts", None, body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    answer = wire.send(dev.server, body, headers)
    assert answer.status == 400, answer
    told = b"Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED"
    assert told in answer.body, answer


def test_a_form_that_cannot_be_read_is_told_in_xml(dev):
    for body in (b"Action=GetCallerIdentity&a=%ff%fe", b"a=1&" * 5000, b"a.b=1&a=2"):
        headers = wire.sign(
            dev, "sts", None, body, headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
        answer = wire.send(dev.server, body, headers)
        assert answer.status == 400, answer
        assert answer.headers["content-type"].startswith("text/xml"), answer
        assert b"<Code>MalformedQueryString</Code>" in answer.body, answer


def test_a_wrong_secret_is_told_in_xml(dev):
    stranger = World(dev.server, dev.account, dev.access_key, "wrong", dev.region)
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        stranger.sts.get_caller_identity()
    assert caught.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == http.client.FORBIDDEN
    stranger.close()
