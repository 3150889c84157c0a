"""Lists and batches, and what a refusal does not tell."""

import pytest

from people import allow, deny, grant, other_account, refused_exactly, role, user
from world import refused, word

READ = "secretsmanager:GetSecretValue"


@pytest.fixture
def tree(dev):
    """Parameters in a hierarchy, and somebody without policies."""
    for name in ("/app/a", "/app/b", "/app/deep/c", "/other/d"):
        dev.ssm.put_parameter(Name=name, Value=name, Type="String")
    dev.reader = user(dev)
    return dev


def parameter(world, name):
    return world.arn("ssm", f"parameter{name}")


def names(found):
    return [each["Name"] for each in found["Parameters"]]


def test_a_path_is_authorised_as_a_whole(tree):
    """AWS: whoever may list a path sees all below it, whatever is denied there."""
    action = "ssm:GetParametersByPath"
    reader = tree.reader
    grant(
        tree,
        reader.name,
        allow(action, parameter(tree, "/app")),
        deny("ssm:*", parameter(tree, "/app/*")),
    )
    found = reader.ssm.get_parameters_by_path(Path="/app", Recursive=True)
    assert names(found) == ["/app/a", "/app/b", "/app/deep/c"]
    for path, resource in (("/app/deep", "/app/deep"), ("/other", "/other"), ("/no", "/no")):
        reason = None
        if path.startswith("/app/"):
            reason = "with an explicit deny in an identity-based policy"
        with reader.denied(action, parameter(tree, resource), reason):
            reader.ssm.get_parameters_by_path(Path=path)
    with refused("AccessDeniedException", f"to perform: {action} on resource: "):
        reader.ssm.get_parameters_by_path(Path="/", Recursive=True)


def test_a_path_is_authorised_as_it_is_written(tree):
    """AWS: a slash at its end is in the ARN.

    Observed: aws-ia/terraform-aws-control_tower_account_factory#174.
    """
    action = "ssm:GetParametersByPath"
    grant(tree, tree.reader.name, allow(action, parameter(tree, "/app")))
    assert names(tree.reader.ssm.get_parameters_by_path(Path="/app")) == ["/app/a", "/app/b"]
    with tree.reader.denied(action, parameter(tree, "/app/")):
        tree.reader.ssm.get_parameters_by_path(Path="/app/")
    grant(tree, tree.reader.name, allow(action, parameter(tree, "/app/*")))
    assert names(tree.reader.ssm.get_parameters_by_path(Path="/app/")) == ["/app/a", "/app/b"]
    with tree.reader.denied(action, parameter(tree, "/app")):
        tree.reader.ssm.get_parameters_by_path(Path="/app")


def test_several_parameters_are_read_all_or_none(tree):
    reader = tree.reader
    grant(tree, reader.name, allow("ssm:GetParameters", parameter(tree, "/app/*")))
    found = reader.ssm.get_parameters(Names=["/app/b", "/app/a", "/app/none"])
    assert names(found) == ["/app/a", "/app/b"]
    assert found["InvalidParameters"] == ["/app/none"]
    for other in ("/other/d", "/other/none"):
        with reader.denied("ssm:GetParameters", parameter(tree, other)):
            reader.ssm.get_parameters(Names=["/app/a", other])
    # Each way to read has a permission of its own.
    with reader.denied("ssm:GetParameter", parameter(tree, "/app/a")):
        reader.ssm.get_parameter(Name="/app/a")
    with reader.denied("ssm:GetParameterHistory", parameter(tree, "/app/a")):
        reader.ssm.get_parameter_history(Name="/app/a")


def test_several_parameters_are_deleted_all_or_none(tree):
    reader = tree.reader
    grant(tree, reader.name, allow("ssm:DeleteParameters", parameter(tree, "/app/*")))
    for other in ("/other/d", "/other/none"):
        with reader.denied("ssm:DeleteParameters", parameter(tree, other)):
            reader.ssm.delete_parameters(Names=["/app/a", other])
    assert tree.ssm.get_parameter(Name="/app/a")["Parameter"]["Value"] == "/app/a"
    with reader.denied("ssm:DeleteParameter", parameter(tree, "/app/a")):
        reader.ssm.delete_parameter(Name="/app/a")
    done = reader.ssm.delete_parameters(Names=["/app/a", "/app/none"])
    assert (done["DeletedParameters"], done["InvalidParameters"]) == (["/app/a"], ["/app/none"])


def test_a_batch_of_secrets_is_told_one_by_one(dev):
    arns = {}
    for name in ("mine/a", "mine/b", "theirs/c"):
        arns[name] = dev.sm.create_secret(Name=name, SecretString=name)["ARN"]
    mine = dev.arn("secretsmanager", "secret:mine/*")
    person = user(dev, allow(READ, mine))
    with person.denied("secretsmanager:BatchGetSecretValue"):
        person.sm.batch_get_secret_value(SecretIdList=["mine/a"])
    grant(dev, person.name, allow("secretsmanager:BatchGetSecretValue"), allow(READ, mine))
    asked = ["mine/a", "theirs/c", arns["theirs/c"], "theirs/none", "mine/none"]
    found = person.sm.batch_get_secret_value(SecretIdList=asked)
    assert [each["Name"] for each in found["SecretValues"]] == ["mine/a"]
    told = {each["SecretId"]: (each["ErrorCode"], each["Message"]) for each in found["Errors"]}

    def denied(id):
        return (
            "AccessDeniedException",
            f"User: {person.arn_of_caller} is not authorized to perform: {READ} on resource: {id} "
            f"because no identity-based policy allows the {READ} action",
        )

    missing = "Secrets Manager can't find the specified secret."
    assert told == {
        "theirs/c": denied("theirs/c"),
        arns["theirs/c"]: denied(arns["theirs/c"]),
        "theirs/none": denied("theirs/none"),
        "mine/none": ("ResourceNotFoundException", missing),
    }


def test_a_batch_by_filters_needs_the_list_too(dev):
    for name in ("mine/a", "theirs/b"):
        dev.sm.create_secret(Name=name, SecretString=name)
    batch = allow("secretsmanager:BatchGetSecretValue")
    mine = allow(READ, dev.arn("secretsmanager", "secret:mine/*"))
    person = user(dev, batch, mine)
    everything = [{"Key": "name", "Values": ["mine", "theirs"]}]
    with person.denied("secretsmanager:ListSecrets"):
        person.sm.batch_get_secret_value(Filters=everything)
    grant(dev, person.name, batch, mine, allow("secretsmanager:ListSecrets"))
    found = person.sm.batch_get_secret_value(Filters=everything)
    assert [each["Name"] for each in found["SecretValues"]] == ["mine/a"]
    assert [each["ErrorCode"] for each in found["Errors"]] == ["AccessDeniedException"]


def test_secrets_are_listed_all_or_not_at_all(dev):
    dev.sm.create_secret(Name="a", SecretString="v")
    person = user(dev, allow("secretsmanager:*", dev.arn("secretsmanager", "secret:a-??????")))
    with person.denied("secretsmanager:ListSecrets"):
        person.sm.list_secrets()
    assert person.sm.get_secret_value(SecretId="a")["SecretString"] == "v"
    grant(dev, person.name, allow("secretsmanager:ListSecrets"))
    assert [each["Name"] for each in person.sm.list_secrets()["SecretList"]] == ["a"]


def test_a_pattern_for_one_secret_is_for_no_other(dev):
    """The guide's pattern with six question marks; names that begin alike are not meant."""
    for name in ("db", "db-old", "db2"):
        dev.sm.create_secret(Name=name, SecretString=name)
    person = user(dev, allow(READ, dev.arn("secretsmanager", "secret:db-??????")))
    assert person.sm.get_secret_value(SecretId="db")["SecretString"] == "db"
    for name in ("db-old", "db2"):
        with person.denied(READ, name):
            person.sm.get_secret_value(SecretId=name)


# What a refusal does not tell


def told(person, call):
    """How a call is refused, without what is the request's own."""
    with refused("AccessDeniedException") as caught:
        call()
    return caught.message


def test_who_may_not_use_a_secret_does_not_learn_whether_it_is_there(dev):
    dev.sm.create_secret(Name="there", SecretString="v")
    deleted = dev.sm.create_secret(Name="gone", SecretString="v")
    dev.sm.delete_secret(SecretId=deleted["ARN"])
    person = user(dev)
    sm = person.sm
    calls = {
        "get": lambda id: sm.get_secret_value(SecretId=id),
        "stage": lambda id: sm.get_secret_value(SecretId=id, VersionStage="NONE"),
        "describe": lambda id: sm.describe_secret(SecretId=id),
        "put": lambda id: sm.put_secret_value(SecretId=id, SecretString="w"),
        "update": lambda id: sm.update_secret(SecretId=id, SecretString="w"),
        "create": lambda id: sm.create_secret(Name=id, SecretString="w"),
        "delete": lambda id: sm.delete_secret(SecretId=id, ForceDeleteWithoutRecovery=True),
        "restore": lambda id: sm.restore_secret(SecretId=id),
        "versions": lambda id: sm.list_secret_version_ids(SecretId=id),
        "policy": lambda id: sm.get_resource_policy(SecretId=id),
        "put policy": lambda id: sm.put_resource_policy(SecretId=id, ResourcePolicy="{}"),
        "delete policy": lambda id: sm.delete_resource_policy(SecretId=id),
        "validate": lambda id: sm.validate_resource_policy(SecretId=id, ResourcePolicy="{}"),
        "tag": lambda id: sm.tag_resource(SecretId=id, Tags=[{"Key": "a", "Value": "b"}]),
        "untag": lambda id: sm.untag_resource(SecretId=id, TagKeys=["a"]),
        "rotate": lambda id: sm.rotate_secret(SecretId=id),
        "cancel": lambda id: sm.cancel_rotate_secret(SecretId=id),
        "stages": lambda id: sm.update_secret_version_stage(
            SecretId=id, VersionStage="A", MoveToVersionId="x" * 32
        ),
        "replicate": lambda id: sm.replicate_secret_to_regions(
            SecretId=id, AddReplicaRegions=[{"Region": "eu-west-1"}]
        ),
        "unreplicate": lambda id: sm.remove_regions_from_replication(
            SecretId=id, RemoveReplicaRegions=["eu-west-1"]
        ),
        "stop": lambda id: sm.stop_replication_to_replica(SecretId=id),
    }
    for name, call in calls.items():
        said = {
            told(person, lambda id=id: call(id)).replace(id, "ID")
            for id in ("there", "gone", "none")
        }
        assert len(said) == 1, f"{name}: {said}"
    assert dev.sm.get_secret_value(SecretId="there")["SecretString"] == "v"


def test_who_may_not_use_a_parameter_does_not_learn_whether_it_is_there(tree):
    person, ssm = tree.reader, tree.reader.ssm
    resource = {"ResourceType": "Parameter"}
    calls = {
        "get": lambda n: ssm.get_parameter(Name=n),
        "version": lambda n: ssm.get_parameter(Name=f"{n}:7"),
        "several": lambda n: ssm.get_parameters(Names=[n]),
        "history": lambda n: ssm.get_parameter_history(Name=n),
        "put": lambda n: ssm.put_parameter(Name=n, Value="v", Type="String"),
        "overwrite": lambda n: ssm.put_parameter(Name=n, Value="v", Overwrite=True),
        "delete": lambda n: ssm.delete_parameter(Name=n),
        "delete several": lambda n: ssm.delete_parameters(Names=[n]),
        "label": lambda n: ssm.label_parameter_version(Name=n, Labels=["a"]),
        "unlabel": lambda n: ssm.unlabel_parameter_version(
            Name=n, ParameterVersion=1, Labels=["a"]
        ),
        "tags": lambda n: ssm.list_tags_for_resource(ResourceId=n, **resource),
        "tag": lambda n: ssm.add_tags_to_resource(
            ResourceId=n, Tags=[{"Key": "a", "Value": "b"}], **resource
        ),
        "untag": lambda n: ssm.remove_tags_from_resource(
            ResourceId=n, TagKeys=["a"], **resource
        ),
        "policies": lambda n: ssm.get_resource_policies(ResourceArn=parameter(tree, n)),
        "policy": lambda n: ssm.put_resource_policy(
            ResourceArn=parameter(tree, n), Policy="{}"
        ),
    }
    for name, call in calls.items():
        said = {
            told(person, lambda n=n: call(n)).replace(n, "/NAME") for n in ("/app/a", "/app/none")
        }
        assert len(said) == 1, f"{name}: {said}"


def test_who_may_not_use_a_key_does_not_learn_whether_it_is_there(dev):
    there = dev.kms.create_key()["KeyMetadata"]["Arn"]
    disabled = dev.kms.create_key()["KeyMetadata"]["Arn"]
    dev.kms.disable_key(KeyId=disabled)
    pending = dev.kms.create_key()["KeyMetadata"]["Arn"]
    dev.kms.schedule_key_deletion(KeyId=pending)
    none = dev.arn("kms", "key/11111111-2222-3333-4444-555555555555")
    person = user(dev)
    kms = person.kms
    calls = {
        "encrypt": lambda k: kms.encrypt(KeyId=k, Plaintext=b"p"),
        "decrypt": lambda k: kms.decrypt(KeyId=k, CiphertextBlob=b"c" * 100),
        "data key": lambda k: kms.generate_data_key(KeyId=k, KeySpec="AES_256"),
        "describe": lambda k: kms.describe_key(KeyId=k),
        "enable": lambda k: kms.enable_key(KeyId=k),
        "disable": lambda k: kms.disable_key(KeyId=k),
        "delete": lambda k: kms.schedule_key_deletion(KeyId=k),
        "cancel": lambda k: kms.cancel_key_deletion(KeyId=k),
        "policy": lambda k: kms.get_key_policy(KeyId=k),
        "put policy": lambda k: kms.put_key_policy(KeyId=k, Policy="{}"),
        "grant": lambda k: kms.create_grant(
            KeyId=k, GranteePrincipal=person.arn_of_caller, Operations=["Decrypt"]
        ),
        "grants": lambda k: kms.list_grants(KeyId=k),
        "rotation": lambda k: kms.get_key_rotation_status(KeyId=k),
        "rotate": lambda k: kms.rotate_key_on_demand(KeyId=k),
        "tags": lambda k: kms.list_resource_tags(KeyId=k),
        "sign": lambda k: kms.sign(KeyId=k, Message=b"m", SigningAlgorithm="ECDSA_SHA_256"),
        "alias": lambda k: kms.create_alias(AliasName="alias/a", TargetKeyId=k),
    }
    for name, call in calls.items():
        said = {
            told(person, lambda k=k: call(k)).replace(k, "KEY")
            for k in (there, disabled, pending, none)
        }
        assert len(said) == 1, f"{name}: {said}"


def test_who_may_not_use_an_identity_does_not_learn_whether_it_is_there(dev):
    name, _ = role(dev)
    other = user(dev).name
    person = user(dev)
    iam = person.iam
    calls = [
        (name, f"no{name}", lambda n: iam.get_role(RoleName=n)),
        (name, f"no{name}", lambda n: iam.delete_role(RoleName=n)),
        (name, f"no{name}", lambda n: iam.list_role_policies(RoleName=n)),
        (other, f"no{other}", lambda n: iam.get_user(UserName=n)),
        (other, f"no{other}", lambda n: iam.delete_user(UserName=n)),
        (other, f"no{other}", lambda n: iam.create_user(UserName=n)),
        (other, f"no{other}", lambda n: iam.create_access_key(UserName=n)),
        (other, f"no{other}", lambda n: iam.list_access_keys(UserName=n)),
    ]
    for there, none, call in calls:
        said = set()
        for asked in (there, none):
            with refused("AccessDenied", status=403) as caught:
                call(asked)
            said.add(caught.message.replace(asked, "NAME"))
        assert len(said) == 1, said


def test_secrets_read_through_parameter_store_need_both_permissions(dev):
    dev.sm.create_secret(Name="db", SecretString="v")
    name = "/aws/reference/secretsmanager/db"
    person = user(dev, allow("ssm:GetParameter"))
    with refused("AccessDeniedException", f"to perform: {READ}"):
        person.ssm.get_parameter(Name=name, WithDecryption=True)
    grant(dev, person.name, allow(READ))
    with refused("AccessDeniedException", "to perform: ssm:GetParameter"):
        person.ssm.get_parameter(Name=name, WithDecryption=True)
    grant(dev, person.name, allow([READ, "ssm:GetParameter"]))
    found = person.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert found["Value"] == "v"
    nobody = user(dev, allow("ssm:*"))
    said = set()
    for secret in ("db", "none"):
        with refused("AccessDeniedException") as caught:
            nobody.ssm.get_parameter(
                Name=f"/aws/reference/secretsmanager/{secret}", WithDecryption=True
            )
        said.add(caught.message.replace(secret, "NAME"))
    assert len(said) == 1, said


def test_what_is_wrong_with_a_request_is_told_before_who_may_not_make_it(dev):
    """A request that breaks the model is refused as such; no state is looked at for that."""
    person = user(dev)
    raw = person.client("secretsmanager", checked=False)
    with refused("ValidationException"):
        raw.get_secret_value(SecretId="")


def test_an_account_has_nothing_to_do_with_another(dev):
    other = other_account(dev)
    other.ssm.put_parameter(Name="/app/a", Value="theirs", Type="String")
    person = user(dev, allow("*"))
    assert person.ssm.describe_parameters()["Parameters"] == []
    with refused("ParameterNotFound"):
        person.ssm.get_parameter(Name="/app/a")
    told = (
        f"User: {person.arn_of_caller} is not authorized to perform: ssm:GetParameter on resource: "
        f"{other.arn('ssm', 'parameter/app/a')} because no resource-based policy allows the "
        "ssm:GetParameter action"
    )
    with refused_exactly(told):
        person.ssm.get_parameter(Name=other.arn("ssm", "parameter/app/a"))
    with refused("AccessDenied", status=403):
        person.sts.assume_role(RoleArn=role(other)[1], RoleSessionName=word())
