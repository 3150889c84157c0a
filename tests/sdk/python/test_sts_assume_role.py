"""AssumeRole: who may have a session of a role, and what the session is."""

import base64
import datetime
import hashlib
import hmac
import json
import struct
import time

import pytest

from identities import Session, allow, new_role, new_user, policy, trust
from world import refused, tags, word

ASSUME = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")


def own_account(world):
    return {"AWS": f"arn:aws:iam::{world.account}:root"}


def denied(world, arn, action="sts:AssumeRole"):
    who = world.sts.get_caller_identity()["Arn"]
    sentence = f"User: {who} is not authorized to perform: {action} on resource: {arn}"
    return refused("AccessDenied", sentence, 403)


@pytest.fixture
def user(world):
    made = new_user(world, allow("sts:*"))[1]
    yield made
    made.close()


def test_the_answer_names_the_session_and_its_credentials_are_its_own(world, user):
    arn = new_role(world, trust(own_account(world), *ASSUME))
    given = user.sts.assume_role(RoleArn=arn, RoleSessionName="deploy@7")
    name = arn.rsplit("/", 1)[1]
    session_arn = f"arn:aws:sts::{world.account}:assumed-role/{name}/deploy@7"
    role_id = world.iam.get_role(RoleName=name)["Role"]["RoleId"]
    assert given["AssumedRoleUser"] == {
        "AssumedRoleId": f"{role_id}:deploy@7",
        "Arn": session_arn,
    }
    assert "PackedPolicySize" not in given and "SourceIdentity" not in given
    left = given["Credentials"]["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(minutes=58) < left <= datetime.timedelta(hours=1)
    session = Session(world, given["Credentials"])
    who = session.sts.get_caller_identity()
    assert (who["Arn"], who["UserId"]) == (session_arn, f"{role_id}:deploy@7")
    key = given["Credentials"]["AccessKeyId"]
    assert world.sts.get_access_key_info(AccessKeyId=key)["Account"] == world.account
    session.close()


def test_a_role_that_does_not_trust_you_and_one_that_is_not_there_are_told_alike(world, user):
    other = new_role(world, trust({"AWS": "arn:aws:iam::444455556666:root"}, *ASSUME))
    for arn in (other, world.iam_arn(f"role/none-{word()}"), "arn:aws:iam::444455556666:role/x"):
        with denied(user, arn):
            user.sts.assume_role(RoleArn=arn, RoleSessionName="s1")
    with refused("ValidationError", "Request ARN is invalid"):
        user.sts.assume_role(RoleArn=world.iam_arn("user/somebody"), RoleSessionName="s1")
    mine = new_role(world, trust(own_account(world), *ASSUME))
    with refused("AccessDenied", "Roles may not be assumed by root accounts.", 403):
        world.sts.assume_role(RoleArn=mine, RoleSessionName="s1")


def test_trust_in_an_account_needs_the_users_own_permission_too(world):
    arn = new_role(world, trust(own_account(world), *ASSUME))
    name, nobody = new_user(world)
    with denied(nobody, arn):
        nobody.sts.assume_role(RoleArn=arn, RoleSessionName="s1")
    named = new_role(world, trust({"AWS": world.iam_arn(f"user/{name}")}, *ASSUME))
    nobody.sts.assume_role(RoleArn=named, RoleSessionName="s1")
    nobody.close()


def test_a_stranger_with_the_external_id_comes_in_as_external_secrets_does(world):
    """ESO: AssumeRole with external id, session tags and transitive tags, then reads."""
    condition = {
        "StringEquals": {
            "sts:ExternalId": "tenant-7",
            "aws:RequestTag/namespace": "apps",
            "sts:RoleSessionName": "external-secrets",
        },
        "ForAllValues:StringEquals": {
            "aws:TagKeys": ["namespace", "store"],
            "sts:TransitiveTagKeys": ["namespace"],
        },
    }
    own = f"/eso-{word()}/${{aws:PrincipalTag/namespace}}/*"
    arn = new_role(
        world,
        trust(own_account(world), *ASSUME, condition=condition),
        allow("ssm:GetParameter", resource=world.arn("ssm", f"parameter{own}")),
    )
    prefix = own.split("/")[1]
    for namespace in ("apps", "other"):
        world.ssm.put_parameter(Name=f"/{prefix}/{namespace}/a", Value="v", Type="String")
    user = new_user(world, allow("sts:*"))[1]
    asked = {
        "RoleArn": arn,
        "RoleSessionName": "external-secrets",
        "ExternalId": "tenant-7",
        "Tags": tags(namespace="apps", store="main"),
        "TransitiveTagKeys": ["namespace"],
    }
    for change in (
        {"ExternalId": "tenant-8"},
        {"Tags": tags(namespace="other", store="main")},
        {"Tags": tags(namespace="apps", extra="x")},
        {"TransitiveTagKeys": ["namespace", "store"]},
        {"RoleSessionName": "somebody"},
    ):
        with denied(user, arn):
            user.sts.assume_role(**{**asked, **change})
    given = user.sts.assume_role(**asked)
    assert 0 < given["PackedPolicySize"] < 100
    session = Session(world, given["Credentials"])
    assert session.ssm.get_parameter(Name=f"/{prefix}/apps/a")["Parameter"]["Value"] == "v"
    with refused("AccessDeniedException"):
        session.ssm.get_parameter(Name=f"/{prefix}/other/a")
    session.close()
    user.close()


def test_tags_need_a_permission_of_their_own(world, user):
    arn = new_role(world, trust(own_account(world), "sts:AssumeRole"))
    with denied(user, arn, "sts:TagSession"):
        user.sts.assume_role(RoleArn=arn, RoleSessionName="s1", Tags=tags(a="1"))
    with denied(user, arn, "sts:SetSourceIdentity"):
        user.sts.assume_role(RoleArn=arn, RoleSessionName="s1", SourceIdentity="ada")
    user.sts.assume_role(RoleArn=arn, RoleSessionName="s1")


def test_bad_tags_are_refused_in_words(world, user):
    arn = new_role(world, trust(own_account(world), *ASSUME))
    for given, transitive, sentence in (
        (tags(a="1", A="2"), [], "Duplicate tag keys found. Please note that Tag keys are case"),
        (tags(a="1"), ["b"], "The specified transitive tag key must be included in the requested"),
    ):
        with refused("InvalidParameterValue", sentence):
            user.sts.assume_role(
                RoleArn=arn, RoleSessionName="s1", Tags=given, TransitiveTagKeys=transitive
            )
    many = [{"Key": f"key-{place}", "Value": "v" * 256} for place in range(20)]
    with refused("PackedPolicyTooLarge", "Packed size of session tags consumes "):
        user.sts.assume_role(RoleArn=arn, RoleSessionName="s1", Tags=many)


def test_a_chain_keeps_transitive_tags_and_source_identity_for_an_hour(world, user):
    first = new_role(
        world, trust(own_account(world), *ASSUME), allow("sts:*"), MaxSessionDuration=7200
    )
    condition = {"StringEquals": {"aws:PrincipalTag/team": "a", "aws:SourceIdentity": "ada"}}
    second = new_role(world, trust(own_account(world), *ASSUME, condition=condition))
    given = user.sts.assume_role(
        RoleArn=first,
        RoleSessionName="s1",
        DurationSeconds=7200,
        Tags=tags(team="a", job="7"),
        TransitiveTagKeys=["team"],
        SourceIdentity="ada",
    )
    assert given["SourceIdentity"] == "ada"
    session = Session(world, given["Credentials"])
    chained = session.sts.assume_role(RoleArn=second, RoleSessionName="s2")
    assert chained["SourceIdentity"] == "ada"
    sentence = (
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role "
        "chaining."
    )
    with refused("ValidationError", sentence):
        session.sts.assume_role(RoleArn=second, RoleSessionName="s2", DurationSeconds=3601)
    with refused("InvalidParameterValue", "conflicts with a transitive tag key"):
        session.sts.assume_role(RoleArn=second, RoleSessionName="s2", Tags=tags(Team="b"))
    with denied(session, second, "sts:SetSourceIdentity"):
        session.sts.assume_role(RoleArn=second, RoleSessionName="s2", SourceIdentity="bob")
    with denied(user, second):
        user.sts.assume_role(RoleArn=second, RoleSessionName="s2")
    with refused("ValidationError", "exceeds the MaxSessionDuration set for this role"):
        user.sts.assume_role(RoleArn=first, RoleSessionName="s1", DurationSeconds=7201)
    session.close()


def test_session_policies_leave_what_both_allow(world, user):
    prefix = f"/{word()}"
    for name in ("a", "b"):
        world.ssm.put_parameter(Name=f"{prefix}/{name}", Value="v", Type="String")
    everything = allow("ssm:GetParameter", resource=world.arn("ssm", f"parameter{prefix}/*"))
    arn = new_role(world, trust(own_account(world), *ASSUME), everything)
    only_a = policy(allow("ssm:*", resource=world.arn("ssm", f"parameter{prefix}/a")))
    managed = world.iam.create_policy(PolicyName=f"p-{word()}", PolicyDocument=only_a)
    managed = managed["Policy"]["Arn"]
    for bound in ({"Policy": only_a}, {"PolicyArns": [{"arn": managed}]}):
        given = user.sts.assume_role(RoleArn=arn, RoleSessionName="s1", **bound)
        assert given["PackedPolicySize"] > 0
        session = Session(world, given["Credentials"])
        session.ssm.get_parameter(Name=f"{prefix}/a")
        with refused("AccessDeniedException"):
            session.ssm.get_parameter(Name=f"{prefix}/b")
        with refused("AccessDeniedException"):
            session.ssm.delete_parameter(Name=f"{prefix}/a")
        session.close()


def test_session_policies_that_cannot_be_are_refused(world, user):
    arn = new_role(world, trust(own_account(world), *ASSUME))
    for document in ("{", "{}", policy({"Effect": "Allow", "Resource": "*"})):
        with refused("MalformedPolicyDocument"):
            user.sts.assume_role(RoleArn=arn, RoleSessionName="s1", Policy=document)
    long = policy(allow("ssm:" + "x" * 2048))
    with refused("ValidationError", "less than or equal to 2048"):
        user.sts.assume_role(RoleArn=arn, RoleSessionName="s1", Policy=long)
    eleven = [{"arn": f"arn:aws:iam::aws:policy/p{place}"} for place in range(11)]
    with refused("ValidationError", "less than or equal to 10"):
        user.sts.assume_role(RoleArn=arn, RoleSessionName="s1", PolicyArns=eleven)
    missing = [{"arn": world.iam_arn(f"policy/none-{word()}")}]
    with refused("ValidationError", "does not exist"):
        user.sts.assume_role(RoleArn=arn, RoleSessionName="s1", PolicyArns=missing)


def code_of(seed, step):
    """RFC 6238."""
    step = struct.pack(">Q", step)
    digest = hmac.new(base64.b32decode(seed), step, hashlib.sha1).digest()
    place = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[place:place + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def test_a_role_may_want_proof_of_an_mfa_device(world):
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    arn = new_role(world, trust(own_account(world), *ASSUME, condition=condition))
    name, user = new_user(world, allow("sts:AssumeRole"))
    device = world.iam.create_virtual_mfa_device(VirtualMFADeviceName=f"phone-{word()}")
    device = device["VirtualMFADevice"]
    seed = device["Base32StringSeed"].decode()
    serial = device["SerialNumber"]
    step = int(time.time()) // 30
    before, used, code = (code_of(seed, step + ahead) for ahead in (-1, 0, 1))
    world.iam.enable_mfa_device(
        UserName=name,
        SerialNumber=serial,
        AuthenticationCode1=before,
        AuthenticationCode2=used,
    )
    with denied(user, arn):
        user.sts.assume_role(RoleArn=arn, RoleSessionName="s1")
    for wrong in ("000000" if code != "000000" else "000001", used):
        sentence = "MultiFactorAuthentication failed with invalid MFA one time pass code."
        with refused("AccessDenied", sentence, 403):
            user.sts.assume_role(
                RoleArn=arn, RoleSessionName="s1", SerialNumber=serial, TokenCode=wrong
            )
    user.sts.assume_role(RoleArn=arn, RoleSessionName="s1", SerialNumber=serial, TokenCode=code)
    other = new_user(world, allow("sts:AssumeRole"))[1]
    with refused("AccessDenied", "Please verify your MFA serial number is valid", 403):
        other.sts.get_session_token(SerialNumber=serial, TokenCode=code)
    other.close()
    user.close()


def test_constraints_of_the_model_are_told_at_once(world, user):
    raw = user.client("sts", checked=False)
    with refused("ValidationError", "3 validation errors detected"):
        raw.assume_role(RoleArn="x", RoleSessionName="a b", DurationSeconds=1)


def test_a_role_of_another_account_is_assumed_across(dev):
    other = type(dev).on_dev(dev.server)
    arn = new_role(other, trust({"AWS": f"arn:aws:iam::{dev.account}:root"}, *ASSUME))
    user = new_user(dev, allow("sts:AssumeRole", resource=arn))[1]
    session = Session(other, user.sts.assume_role(RoleArn=arn, RoleSessionName="s1")["Credentials"])
    assert session.sts.get_caller_identity()["Account"] == other.account
    nobody = new_user(dev)[1]
    with denied(nobody, arn):
        nobody.sts.assume_role(RoleArn=arn, RoleSessionName="s1")
    for world in (other, user, session, nobody):
        world.close()


def test_what_was_denied_is_not_decoded_from_what_is_no_message(world):
    with refused("InvalidAuthorizationMessageException", "Message is not valid"):
        world.sts.decode_authorization_message(EncodedMessage=json.dumps({"a": 1}))
