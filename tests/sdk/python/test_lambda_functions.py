"""Functions: made, shown, changed, listed, published and deleted."""

import base64
import hashlib
import os
import re

import pytest

import wire
from functions import execution_role, make, zipped
from world import World, refused, refused_by_the_model, without_metadata, word

INVALID = "InvalidParameterValueException"


def test_a_function_is_made_and_shown(world):
    role = execution_role(world)
    code = zipped()
    made = make(
        world,
        "rotate",
        Role=role,
        Code={"ZipFile": code},
        Description="rotates",
        Timeout=30,
        MemorySize=256,
        Environment={"Variables": {"QUOTES": "\" \\ \u00e9", "SECOND": ""}},
        Tags={"team": "blue"},
    )
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    arn = world.arn("lambda", "function:rotate")
    digest = base64.b64encode(hashlib.sha256(code).digest()).decode()
    expected = {
        "FunctionName": "rotate",
        "FunctionArn": arn,
        "Runtime": "python3.13",
        "Role": role,
        "Handler": "app.handler",
        "CodeSize": len(code),
        "CodeSha256": digest,
        "Description": "rotates",
        "Timeout": 30,
        "MemorySize": 256,
        "Version": "$LATEST",
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "TracingConfig": {"Mode": "PassThrough"},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/rotate"},
        "Environment": {"Variables": {"QUOTES": "\" \\ \u00e9", "SECOND": ""}},
    }
    shown = without_metadata(made)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", shown.pop("LastModified"))
    assert re.fullmatch(r"[0-9a-f-]{36}", shown.pop("RevisionId"))
    assert shown == expected
    got = world.functions.get_function(FunctionName="rotate")
    assert got["Configuration"] == without_metadata(made)
    assert got["Code"]["RepositoryType"] == "coffer"
    assert got["Tags"] == {"team": "blue"}
    configuration = world.functions.get_function_configuration(FunctionName="rotate")
    assert without_metadata(configuration) == without_metadata(made)


def test_defaults_are_those_of_aws(world):
    made = make(world)
    assert (made["Timeout"], made["MemorySize"], made["Description"]) == (3, 128, "")
    assert "Environment" not in made
    assert "Tags" not in world.functions.get_function(FunctionName=made["FunctionName"])


def test_every_form_of_a_name_finds_the_function(dev):
    make(dev, "f")
    arn = dev.arn("lambda", "function:f")
    for name in ("f", arn, f"{dev.account}:function:f", f"us-east-1:{dev.account}:function:f"):
        assert dev.functions.get_function_configuration(FunctionName=name)["FunctionArn"] == arn
    for name, qualifier in (("f:$LATEST", None), (f"{arn}:$LATEST", None), ("f", "$LATEST")):
        more = {"Qualifier": qualifier} if qualifier else {}
        shown = dev.functions.get_function_configuration(FunctionName=name, **more)
        assert shown["FunctionArn"] == f"{arn}:$LATEST"
    with refused(INVALID, "derived qualifier"):
        dev.functions.get_function(FunctionName="f:$LATEST", Qualifier="1")
    elsewhere = arn.replace("us-east-1", "eu-west-1")
    told = "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"
    with refused("ResourceNotFoundException", told, 404):
        dev.functions.get_function(FunctionName=elsewhere)


def test_what_is_not_there_is_told_by_its_arn(world):
    told = f"Function not found: {world.arn('lambda', 'function:none')}"
    client = world.functions
    for operation in (
        client.get_function,
        client.get_function_configuration,
        client.get_policy,
        client.list_versions_by_function,
        client.delete_function,
        client.get_function_code_signing_config,
        client.get_function_concurrency,
        client.publish_version,
        client.invoke,
    ):
        with refused("ResourceNotFoundException", told, 404):
            operation(FunctionName="none")
    make(world, "none-but-one")
    for qualifier in ("7", "an-alias"):
        with refused("ResourceNotFoundException", f"function:none-but-one:{qualifier}", 404):
            client.get_function(FunctionName="none-but-one", Qualifier=qualifier)


def test_a_name_is_taken_once(world):
    role = execution_role(world)
    make(world, "taken", Role=role)
    with refused("ResourceConflictException", "Function already exist: taken", 409):
        make(world, "taken", Role=role)


def test_code_is_replaced_with_its_hash_and_revision(world):
    made = make(world, "f")
    code = zipped("other")
    dry = world.functions.update_function_code(FunctionName="f", ZipFile=code, DryRun=True)
    assert dry["CodeSize"] == len(code)
    unchanged = world.functions.get_function_configuration(FunctionName="f")
    assert without_metadata(unchanged) == without_metadata(made)
    changed = world.functions.update_function_code(
        FunctionName="f", ZipFile=code, RevisionId=made["RevisionId"]
    )
    assert changed["CodeSha256"] == base64.b64encode(hashlib.sha256(code).digest()).decode()
    assert changed["RevisionId"] != made["RevisionId"]
    with refused("PreconditionFailedException", "does not match the latest Revision Id", 412):
        world.functions.update_function_code(
            FunctionName="f", ZipFile=zipped(), RevisionId=made["RevisionId"]
        )
    kept = world.functions.get_function_configuration(FunctionName="f")
    assert kept["CodeSha256"] == changed["CodeSha256"]


def test_configuration_changes_member_by_member(world):
    made = make(world, "f", Environment={"Variables": {"AB": "1"}})
    changed = world.functions.update_function_configuration(
        FunctionName="f", Timeout=60, Description="new", RevisionId=made["RevisionId"]
    )
    assert (changed["Timeout"], changed["Description"]) == (60, "new")
    assert changed["Environment"]["Variables"] == {"AB": "1"}
    assert changed["MemorySize"] == made["MemorySize"]
    emptied = world.functions.update_function_configuration(
        FunctionName="f", Environment={"Variables": {}}
    )
    assert "Environment" not in emptied
    with refused("PreconditionFailedException", None, 412):
        world.functions.update_function_configuration(
            FunctionName="f", Timeout=1, RevisionId=made["RevisionId"]
        )
    with refused(INVALID, "cannot be assumed by Lambda"):
        world.functions.update_function_configuration(
            FunctionName="f", Role=world.iam_arn("role/none")
        )
    assert world.functions.get_function_configuration(FunctionName="f")["Timeout"] == 60


def test_versions_are_published_once_for_each_change(world):
    made = make(world, "f", Publish=True)
    assert made["Version"] == "1"
    arn = world.arn("lambda", "function:f")
    assert made["FunctionArn"] == f"{arn}:1"
    same = world.functions.publish_version(FunctionName="f")
    assert (same["Version"], same["ResponseMetadata"]["HTTPStatusCode"]) == ("1", 201)
    world.functions.update_function_configuration(FunctionName="f", Timeout=9)
    second = world.functions.publish_version(FunctionName="f", Description="second")
    assert (second["Version"], second["Description"], second["Timeout"]) == ("2", "second", 9)
    first = world.functions.get_function(FunctionName="f", Qualifier="1")["Configuration"]
    assert (first["Timeout"], first["FunctionArn"]) == (3, f"{arn}:1")
    listed = world.functions.list_versions_by_function(FunctionName="f")["Versions"]
    assert [it["Version"] for it in listed] == ["$LATEST", "1", "2"]
    assert [it["FunctionArn"] for it in listed] == [f"{arn}:$LATEST", f"{arn}:1", f"{arn}:2"]
    with refused(INVALID, "is different from current CodeSHA256"):
        world.functions.publish_version(FunctionName="f", CodeSha256="other")
    with refused(INVALID, "$LATEST version cannot be deleted"):
        world.functions.delete_function(FunctionName="f", Qualifier="$LATEST")
    world.functions.delete_function(FunctionName="f", Qualifier="1")
    with refused("ResourceNotFoundException", f"{arn}:1", 404):
        world.functions.get_function(FunctionName="f", Qualifier="1")
    third = world.functions.update_function_code(
        FunctionName="f", ZipFile=zipped("3"), Publish=True
    )
    assert third["Version"] == "3"


def test_functions_are_listed_on_pages_in_the_order_of_their_names(world):
    role = execution_role(world)
    names = sorted(f"list-{word()}" for _ in range(5))
    for name in names:
        make(world, name, Role=role, Publish=name == names[0])
    items, count = paged(world, MaxItems=2)
    assert [it["FunctionName"] for it in items] == names
    assert count == 3
    everything = world.functions.list_functions(FunctionVersion="ALL")["Functions"]
    versions = [it["Version"] for it in everything if it["FunctionName"] == names[0]]
    assert versions == ["$LATEST", "1"]
    with refused(INVALID, "marker"):
        world.functions.list_functions(Marker="other")


def paged(world, **more):
    """All functions, and how many pages they came on."""
    items, count, marker = [], 0, {}
    while count < 50:
        page = world.functions.list_functions(**more, **marker)
        items += page["Functions"]
        count += 1
        if not page.get("NextMarker"):
            return items, count
        marker = {"Marker": page["NextMarker"]}
    raise AssertionError("too many pages")


def test_a_deleted_function_is_gone_with_all_it_had(world):
    make(world, "f", Publish=True)
    world.functions.add_permission(
        FunctionName="f",
        StatementId="s",
        Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
    )
    deleted = world.functions.delete_function(FunctionName="f")
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("ResourceNotFoundException", None, 404):
        world.functions.get_function(FunctionName="f")
    assert world.functions.list_functions()["Functions"] == []
    again = make(world, "f", Publish=True)
    assert again["Version"] == "1"
    with refused("ResourceNotFoundException", None, 404):
        world.functions.get_policy(FunctionName="f")


def test_tags_are_put_listed_and_taken_off(dev):
    arn = make(dev, "f", Tags={"a": "1"})["FunctionArn"]
    tagged = dev.functions.tag_resource(Resource=arn, Tags={"b c": "2 / \u00e9", "a": "3"})
    assert tagged["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert dev.functions.list_tags(Resource=arn)["Tags"] == {"a": "3", "b c": "2 / \u00e9"}
    dev.functions.untag_resource(Resource=arn, TagKeys=["b c", "none"])
    assert dev.functions.list_tags(Resource=arn)["Tags"] == {"a": "3"}
    with refused(INVALID, "reserved"):
        dev.functions.tag_resource(Resource=arn, Tags={"aws:x": "1"})
    with refused(INVALID, "at most 50"):
        dev.functions.tag_resource(Resource=arn, Tags={f"k{n}": "" for n in range(50)})
    with refused("ResourceNotFoundException", None, 404):
        dev.functions.list_tags(Resource=f"{arn}-none")
    with refused(INVALID, "not supported"):
        dev.functions.list_tags(Resource=f"{arn}:1")


def test_code_that_is_no_zip_is_refused(world):
    role = execution_role(world)
    for code, told in (
        ({"ZipFile": b"no zip"}, "Could not unzip uploaded file"),
        ({"ZipFile": zipped()[:-10]}, "Could not unzip uploaded file"),
        ({}, "provide a source"),
        ({"ZipFile": zipped(), "S3Bucket": "b-b", "S3Key": "k"}, "do not provide other"),
        ({"S3Bucket": "some-bucket", "S3Key": "k"}, "reads no code from S3"),
        ({"S3Bucket": "coffer-command", "S3Key": "sh"}, "does not allow sh"),
        ({"S3Bucket": "coffer-url", "S3Key": "http://x/"}, "does not allow"),
        ({"ImageUri": "x"}, "no container images"),
    ):
        with refused(INVALID, told):
            make(world, "f", Role=role, Code=code)
    assert world.functions.list_functions()["Functions"] == []


def test_a_zip_of_many_commits_is_kept(world):
    content = os.urandom(9 * 1024 * 1024)
    code = zipped(content)
    assert len(code) > 8 * 1024 * 1024
    made = make(world, "large", Code={"ZipFile": code})
    assert made["CodeSize"] == len(code)
    assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(code).digest()).decode()


@pytest.mark.parametrize(
    "setting",
    [
        {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}},
        {"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:111122223333:q"}},
        {"KMSKeyArn": "arn:aws:kms:us-east-1:111122223333:key/x"},
        {"SnapStart": {"ApplyOn": "PublishedVersions"}},
        {"LoggingConfig": {"LogFormat": "JSON"}},
        {"Layers": ["arn:aws:lambda:us-east-1:111122223333:layer:l:1"]},
        {"ImageConfig": {"Command": ["x"]}},
    ],
)
def test_settings_that_coffer_has_not_are_refused_by_name(dev, setting):
    with refused(INVALID, "coffer's functions have no "):
        make(dev, "f", **setting)
    make(dev, "f")
    with refused(INVALID, next(iter(setting))):
        dev.functions.update_function_configuration(FunctionName="f", **setting)


def test_settings_that_are_only_said_to_be_absent_are_taken(dev):
    make(
        dev,
        "f",
        VpcConfig={"SubnetIds": [], "SecurityGroupIds": []},
        DeadLetterConfig={"TargetArn": ""},
        KMSKeyArn="",
        SnapStart={"ApplyOn": "None"},
        LoggingConfig={"LogFormat": "Text"},
        Layers=[],
        PackageType="Zip",
    )


def test_bounds_are_told_in_the_models_sentence(world):
    role = execution_role(world)
    for setting in (
        {"Timeout": 901},
        {"Timeout": 0},
        {"MemorySize": 64},
        {"MemorySize": 10241},
        {"Runtime": "cobol"},
        {"FunctionName": "f" * 65},
        {"FunctionName": "a b"},
        {"Role": "no-role"},
        {"Handler": "a b"},
    ):
        with refused_by_the_model():
            more = {"Role": role, **setting}
            world.raw_functions.create_function(
                **{
                    "FunctionName": "f",
                    "Runtime": "python3.13",
                    "Handler": "app.handler",
                    "Code": {"ZipFile": zipped()},
                    **more,
                }
            )
    with refused_by_the_model(re.compile(r"'maxItems' failed .* less than or equal to 10000")):
        world.raw_functions.list_functions(MaxItems=10001)
    for setting, told in (
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "reserved keys"),
        ({"Environment": {"Variables": {"AB": "x" * 4096}}}, "exceeded the 4KB limit"),
    ):
        with refused(INVALID, told):
            make(world, "f", Role=role, **setting)
    for lacking in ("Runtime", "Handler"):
        settings = {"Runtime": "python3.13", "Handler": "app.handler"}
        del settings[lacking]
        with refused(INVALID, f"{lacking} is mandatory"):
            world.functions.create_function(
                FunctionName="f", Role=role, Code={"ZipFile": zipped()}, **settings
            )


@pytest.mark.parametrize(
    "runtime",
    [
        "nodejs",
        "nodejs4.3-edge",
        "nodejs14.x",
        "python2.7",
        "python3.7",
        "dotnetcore3.1",
        "ruby2.7",
        "go1.x",
        "java8",
        "provided",
    ],
)
def test_no_function_is_made_for_a_runtime_of_the_past(dev, runtime):
    # AWS: seen in its answers for python3.7 and nodejs12.x, 2024 and later.
    told = (
        f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS "
        "Lambda functions. We recommend you use a supported runtime while creating or updating "
        "functions."
    )
    role = execution_role(dev)
    with refused(INVALID, told):
        make(dev, "f", Role=role, Runtime=runtime)
    # Those that AWS still lets be made are made, whatever there is to run them.
    for other in ("nodejs16.x", "python3.8", "ruby3.2", "java8.al2", "dotnet6", "java21"):
        make(dev, f"f-{other.replace('.', '-')}", Role=role, Runtime=other)
    with refused(INVALID, told):
        dev.functions.update_function_configuration(FunctionName="f-python3-8", Runtime=runtime)
    shown = dev.functions.get_function_configuration(FunctionName="f-python3-8")
    assert shown["Runtime"] == "python3.8"


def test_terraform_finds_what_it_asks_for(world):
    make(world, "f")
    signing = world.functions.get_function_code_signing_config(FunctionName="f")
    assert without_metadata(signing) == {"FunctionName": "f"}
    concurrency = world.functions.get_function_concurrency(FunctionName="f")
    assert without_metadata(concurrency) == {}


def test_a_function_outlives_its_server(restartable):
    server = restartable
    world = World.on_server(server)
    try:
        made = make(world, "f", Environment={"Variables": {"AB": "hunter2-of-f"}})
        server.kill()
        server.start()
        again = World.on_server(server)
        again.region = world.region
        shown = again.functions.get_function_configuration(FunctionName="f")
        assert without_metadata(shown) == without_metadata(made)
        again.close()
    finally:
        world.close()
    assert "hunter2-of-f" not in server.log


def test_without_the_operators_word_no_function_is_made_changed_or_run(servers):
    server = servers("dev").start()
    world = World.on_dev(server)
    try:
        with refused(INVALID, "--functions-enabled"):
            make(world, "f")
        with refused(INVALID, "--functions-enabled"):
            world.functions.update_function_code(FunctionName="f", ZipFile=zipped())
        with refused(INVALID, "--functions-enabled"):
            world.functions.invoke(FunctionName="f")
        assert world.functions.list_functions()["Functions"] == []
        # What is larger than the usual is not even read.
        with refused("RequestEntityTooLargeException", None, 413):
            make(world, "f", Code={"ZipFile": os.urandom(2 * 1024 * 1024)})
    finally:
        world.close()
    server.stop()


def test_a_path_of_no_operation_is_told_in_json(dev):
    answer = wire.send(dev.server, None, {}, method="GET", path="/2015-03-31/nothing")
    assert (answer.status, answer.json) == (404, {})
    assert answer.headers["x-amzn-errortype"] == "UnknownOperationException"
    assert answer.headers["content-type"] == "application/json"


def test_a_path_or_query_member_cannot_be_given_by_the_body(dev):
    make(dev, "f", Timeout=7)
    client = dev.functions
    got = {}

    def with_body(request, **_):
        request.data = b'{"FunctionName": "other", "Timeout": 9}'

    client.meta.events.register("before-sign.lambda.UpdateFunctionConfiguration", with_body)
    got = client.update_function_configuration(FunctionName="f")
    assert (got["FunctionName"], got["Timeout"]) == ("f", 9)


def test_errors_say_whose_fault_they_are(dev):
    with refused("ResourceNotFoundException", None, 404) as caught:
        dev.functions.get_function(FunctionName="none")
    assert caught.response["Type"] == "User"
    headers = caught.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amzn-errortype"] == "ResourceNotFoundException"
