"""Ways around a permission that is lacking: each one ends where the straight way does."""

import pytest

from people import (
    allow,
    deny,
    grant,
    key_policy,
    other_account,
    policy,
    refused_exactly,
    role,
    root_of,
    session,
    user,
)
from server import eventually
from world import refused, word

READ = "secretsmanager:GetSecretValue"
NO_KEY = "Access to KMS is not allowed"
ABROAD = "eu-west-1"


@pytest.fixture
def guarded(dev):
    """A secret under a key, and somebody who may do all with secrets but nothing with keys."""
    dev.key = dev.kms.create_key()["KeyMetadata"]["Arn"]
    dev.sm.create_secret(Name="db", SecretString="v", KmsKeyId=dev.key)
    dev.person = user(dev, allow(["secretsmanager:*", "ssm:*"]))
    with refused_exactly(NO_KEY):
        dev.person.sm.get_secret_value(SecretId="db")
    return dev


def test_a_replica_under_the_default_key_needs_the_key_of_its_primary(guarded):
    person = guarded.person
    with refused_exactly(NO_KEY):
        person.sm.replicate_secret_to_regions(
            SecretId="db", AddReplicaRegions=[{"Region": ABROAD}]
        )
    abroad = person.client("secretsmanager", ABROAD)
    with refused("ResourceNotFoundException"):
        abroad.get_secret_value(SecretId="db")
    grant(guarded, person.name, allow("secretsmanager:*"), allow("kms:Decrypt", guarded.key))
    person.sm.replicate_secret_to_regions(SecretId="db", AddReplicaRegions=[{"Region": ABROAD}])

    def status():
        described = guarded.sm.describe_secret(SecretId="db")
        return described["ReplicationStatus"][0]["Status"] == "InSync"

    eventually(status, "the replica is in sync")
    assert abroad.get_secret_value(SecretId="db")["SecretString"] == "v"


def test_a_replica_is_sealed_under_a_key_that_the_caller_may_use(guarded):
    person = guarded.person
    foreign = guarded.client("kms", ABROAD)
    key = foreign.create_key()["KeyMetadata"]["Arn"]
    missing = guarded.arn("kms", "key/11111111-2222-3333-4444-555555555555", ABROAD)
    grant(guarded, person.name, allow("secretsmanager:*"), allow("kms:*", guarded.key))
    for arn in (key, missing):
        replicas = [{"Region": ABROAD, "KmsKeyId": arn}]
        with refused_exactly(NO_KEY):
            person.sm.replicate_secret_to_regions(SecretId="db", AddReplicaRegions=replicas)
        with refused_exactly(NO_KEY):
            person.sm.create_secret(Name=word(), SecretString="v", AddReplicaRegions=replicas)
    listed = guarded.sm.list_secrets()["SecretList"]
    assert [each["Name"] for each in listed] == ["db"]
    assert "ReplicationStatus" not in guarded.sm.describe_secret(SecretId="db")


def test_another_key_does_not_open_what_the_first_one_holds(guarded):
    person = guarded.person
    person.sm.update_secret(SecretId="db", KmsKeyId="alias/aws/secretsmanager")
    with refused_exactly(NO_KEY):
        person.sm.get_secret_value(SecretId="db")
    assert guarded.sm.get_secret_value(SecretId="db")["SecretString"] == "v"


def test_a_repeated_token_does_not_tell_whether_a_guess_is_right(guarded):
    version = guarded.sm.get_secret_value(SecretId="db")["VersionId"]
    for guess in ("v", "w"):
        for call in (guarded.person.sm.put_secret_value, guarded.person.sm.update_secret):
            with refused_exactly(NO_KEY):
                call(SecretId="db", SecretString=guess, ClientRequestToken=version)


def test_neither_through_parameter_store_nor_in_a_batch(guarded):
    name = "/aws/reference/secretsmanager/db"
    with refused("AccessDeniedException"):
        guarded.person.ssm.get_parameter(Name=name, WithDecryption=True)
    found = guarded.person.sm.batch_get_secret_value(SecretIdList=["db"])
    assert found["SecretValues"] == []


def test_a_secret_is_not_opened_by_moving_an_alias(guarded):
    """A key chosen by alias is asked for as the key that the alias means."""
    guarded.kms.create_alias(AliasName="alias/mine", TargetKeyId=guarded.key)
    mine = {"StringEquals": {"kms:RequestAlias": "alias/mine"}}
    person = guarded.person
    grant(guarded, person.name, allow("kms:*", guarded.arn("kms", "alias/mine")))
    for key_id in ("alias/mine", guarded.arn("kms", "alias/mine"), guarded.key):
        with person.denied("kms:Encrypt", guarded.key):
            person.kms.encrypt(KeyId=key_id, Plaintext=b"p")
    grant(guarded, person.name, allow("kms:Encrypt", "*", mine))
    person.kms.encrypt(KeyId="alias/mine", Plaintext=b"p")
    with person.denied("kms:Encrypt", guarded.key):
        person.kms.encrypt(KeyId=guarded.key, Plaintext=b"p")


def test_aliases_are_moved_by_who_may_change_alias_and_keys(guarded):
    other = guarded.kms.create_key()["KeyMetadata"]["Arn"]
    guarded.kms.create_alias(AliasName="alias/app", TargetKeyId=guarded.key)
    alias = guarded.arn("kms", "alias/app")
    person = guarded.person
    everything = [alias, guarded.key, other]
    for lacking in everything:
        held = [arn for arn in everything if arn != lacking]
        grant(guarded, person.name, allow("kms:UpdateAlias", held))
        with refused("AccessDeniedException", f"kms:UpdateAlias on resource: {lacking} because"):
            person.kms.update_alias(AliasName="alias/app", TargetKeyId=other)
    grant(guarded, person.name, allow("kms:UpdateAlias", everything))
    person.kms.update_alias(AliasName="alias/app", TargetKeyId=other)
    for lacking in (alias, other):
        held = [arn for arn in (alias, other) if arn != lacking]
        grant(guarded, person.name, allow("kms:DeleteAlias", held))
        with refused("AccessDeniedException", f"kms:DeleteAlias on resource: {lacking} because"):
            person.kms.delete_alias(AliasName="alias/app")


def test_a_ciphertext_is_moved_by_who_may_open_here_and_seal_there(guarded):
    other = guarded.kms.create_key()["KeyMetadata"]["Arn"]
    person = guarded.person
    blob = guarded.kms.encrypt(KeyId=guarded.key, Plaintext=b"p")["CiphertextBlob"]
    move = {"CiphertextBlob": blob, "DestinationKeyId": other}
    from_here = allow("kms:ReEncryptFrom", guarded.key)
    to_there = allow("kms:ReEncryptTo", other)
    grant(guarded, person.name, to_there)
    with person.denied("kms:ReEncryptFrom", guarded.key):
        person.kms.re_encrypt(**move)
    grant(guarded, person.name, from_here)
    with person.denied("kms:ReEncryptTo", other):
        person.kms.re_encrypt(**move)
    grant(guarded, person.name, from_here, to_there)
    moved = person.kms.re_encrypt(**move)["CiphertextBlob"]
    assert guarded.kms.decrypt(CiphertextBlob=moved)["Plaintext"] == b"p"


def test_nobody_gives_away_by_grant_what_it_may_not_do_with_the_key(guarded):
    person = guarded.person
    grant(guarded, person.name, allow("secretsmanager:*"))
    give = {"KeyId": guarded.key, "GranteePrincipal": person.arn_of_caller}
    with person.denied("kms:CreateGrant", guarded.key):
        person.kms.create_grant(**give, Operations=["Decrypt"])
    # By a grant one may give on what the grant itself gives, and nothing else.
    guarded.kms.create_grant(**give, Operations=["CreateGrant", "DescribeKey"])
    with refused("AccessDeniedException"):
        person.kms.create_grant(**give, Operations=["Decrypt"])
    with refused_exactly(NO_KEY):
        person.sm.get_secret_value(SecretId="db")


def test_a_policy_of_the_secret_does_not_open_its_key(guarded):
    text = policy(allow("*", Principal={"AWS": guarded.person.arn_of_caller}))
    guarded.sm.put_resource_policy(SecretId="db", ResourcePolicy=text)
    with refused_exactly(NO_KEY):
        guarded.person.sm.get_secret_value(SecretId="db")


def test_who_may_change_secrets_but_not_policies_gives_nothing_away(dev):
    dev.sm.create_secret(Name="db", SecretString="v")
    person = user(dev, allow("secretsmanager:*"), deny("secretsmanager:*Policy*"))
    why = "with an explicit deny in an identity-based policy"
    text = policy(allow("*", Principal="*"))
    with person.denied("secretsmanager:PutResourcePolicy", "db", why):
        person.sm.put_resource_policy(SecretId="db", ResourcePolicy=text)
    with person.denied("secretsmanager:DeleteResourcePolicy", "db", why):
        person.sm.delete_resource_policy(SecretId="db")


def test_a_role_is_assumed_by_whom_it_trusts_and_who_may(dev):
    workload = other_account(dev)
    _, arn = role(dev, allow(READ), trusted=root_of(workload))
    dev.sm.create_secret(Name="db", SecretString="v")
    stranger = user(workload)
    with refused("AccessDenied", status=403):
        stranger.sts.assume_role(RoleArn=arn, RoleSessionName="s1")
    allowed = user(workload, allow("sts:AssumeRole", arn))
    person = session(dev, arn, by=allowed)
    assert person.sm.get_secret_value(SecretId="db")["SecretString"] == "v"
    with person.denied("secretsmanager:DeleteSecret", "db"):
        person.sm.delete_secret(SecretId="db")
    at_home = user(dev)
    with refused("AccessDenied", status=403):
        at_home.sts.assume_role(RoleArn=arn, RoleSessionName="s1")


def test_a_session_policy_gives_nothing_that_the_role_does_not_have(dev):
    dev.sm.create_secret(Name="db", SecretString="v")
    _, arn = role(dev, allow("secretsmanager:DescribeSecret"))
    person = session(dev, arn, Policy=policy(allow("*")))
    person.sm.describe_secret(SecretId="db")
    with person.denied(READ, "db"):
        person.sm.get_secret_value(SecretId="db")


def test_the_parts_of_a_session_belong_together(dev):
    """Key, secret and token of two sessions are not mixed; the token is not changed."""
    dev.ssm.put_parameter(Name="/a", Value="v", Type="String")
    strong = session(dev, role(dev, allow("*"))[1])
    weak = session(dev, role(dev)[1])
    strong.ssm.get_parameter(Name="/a")
    for key, secret, token in (
        (weak.access_key, weak.secret, strong.token),
        (strong.access_key, weak.secret, strong.token),
        (strong.access_key, strong.secret, weak.token),
        (strong.access_key, strong.secret, strong.token[:-8] + "AAAAAAAA"),
        (weak.access_key, weak.secret, None),
    ):
        mixed = type(weak)(
            dev,
            {"AccessKeyId": key, "SecretAccessKey": secret, "SessionToken": token},
            weak.arn_of_caller,
            "mixed",
        )
        with refused(("UnrecognizedClientException", "InvalidSignatureException")):
            mixed.ssm.get_parameter(Name="/a")
        mixed.close()


def test_who_manages_users_is_bounded_by_the_statements_about_them(dev):
    """A user that may change itself only does not become an administrator."""
    own = dev.iam_arn("user/${aws:username}")
    person = user(dev, allow(["iam:*AccessKey*", "iam:GetUser"], own))
    boss = user(dev, allow("*"))
    person.iam.create_access_key(UserName=person.name)
    person.iam.get_user()
    for call in (
        lambda: person.iam.create_access_key(UserName=boss.name),
        lambda: person.iam.list_access_keys(UserName=boss.name),
        lambda: person.iam.update_access_key(
            UserName=boss.name, AccessKeyId=boss.access_key, Status="Inactive"
        ),
        lambda: person.iam.put_user_policy(
            UserName=person.name, PolicyName="p", PolicyDocument=policy(allow("*"))
        ),
        lambda: person.iam.attach_user_policy(
            UserName=person.name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
        ),
        lambda: person.iam.delete_user_permissions_boundary(UserName=person.name),
        lambda: person.iam.create_policy_version(
            PolicyArn=dev.iam_arn("policy/x"), PolicyDocument="{}", SetAsDefault=True
        ),
        lambda: person.iam.update_assume_role_policy(RoleName="x", PolicyDocument="{}"),
    ):
        with refused("AccessDenied", "is not authorized to perform: iam:", 403):
            call()
    boss.ssm.describe_parameters()


def test_a_key_policy_is_changed_only_by_whom_it_lets(dev):
    person = user(dev, allow("kms:*"))
    admin = {"ArnEquals": {"aws:PrincipalArn": dev.iam_arn("root")}}
    text = policy(
        allow("kms:*", condition=admin, Principal=root_of(dev)),
        allow("kms:Decrypt", Principal={"AWS": person.arn_of_caller}),
    )
    key = dev.kms.create_key(Policy=text)["KeyMetadata"]["Arn"]
    reason = "because no resource-based policy allows the {} action"
    action = "kms:PutKeyPolicy"
    with person.denied(action, key, reason.format(action)):
        person.kms.put_key_policy(
            KeyId=key, PolicyName="default", Policy=key_policy(dev)
        )
    with person.denied("kms:ScheduleKeyDeletion", key, reason.format("kms:ScheduleKeyDeletion")):
        person.kms.schedule_key_deletion(KeyId=key)
    with refused("MalformedPolicyDocumentException", "will not allow you to update the key policy"):
        person.kms.create_key(Policy=text)


def test_dry_runs_and_validations_need_the_same_permissions(guarded):
    person = guarded.person
    grant(guarded, person.name, allow("ssm:*"))
    with person.denied("kms:Encrypt", guarded.key):
        person.kms.encrypt(KeyId=guarded.key, Plaintext=b"p", DryRun=True)
    with refused("AccessDeniedException", "secretsmanager:ValidateResourcePolicy"):
        person.sm.validate_resource_policy(ResourcePolicy=policy(allow("*", Principal="*")))


def test_coffers_own_operations_need_permissions_too(dev):
    person = user(dev, allow(["ssm:*", "secretsmanager:*", "kms:*", "iam:*", "sts:*"]))
    with pytest.raises(AssertionError, match=r"AccessDenied|not authorized"):
        dev.server.events(person)
    grant(dev, person.name, allow("coffer:*"))
    assert isinstance(dev.server.events(person), list)
