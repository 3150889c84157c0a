"""Traces: what a collector is sent of the calls of AWS's clients, and what it is never sent."""

import re
import secrets

import botocore.exceptions
import pytest

from collector import Collector, told
from functions import make, zipped
from server import Server, eventually, free_port
from world import World, word

TRACE = "5759e988bd862e3fe1be46a994272793"
PARENT = "53995c3f42cd8ad8"
SERVER, CLIENT = 2, 3
DROPPED = re.compile(r"^coffer_trace_spans_dropped_total (\d+)$", re.MULTILINE)


def traced(endpoint, *extra):
    arguments = ["--functions-enabled", "--otlp-endpoint", endpoint, *extra]
    return Server("dev", extra=arguments).start()


@pytest.fixture(scope="module")
def collector():
    made = Collector()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def server(collector):
    server = traced(collector.endpoint, "--otlp-service-name", "secrets of the test")
    yield server
    server.stop()


@pytest.fixture
def world(server):
    made = World.on_dev(server)
    yield made
    made.close()


def with_headers(client, **headers):
    """Adds headers to all that a client sends, before it is signed."""

    def add(request, **_):
        for name, value in headers.items():
            request.headers[name.replace("_", "-")] = value

    client.meta.events.register("before-sign", add)
    return client


def test_a_call_is_a_span_of_the_server_with_the_rooms_below_it(world, collector):
    name = f"app/{word()}"
    world.sm.create_secret(Name=name, SecretString="x")
    answer = world.sm.get_secret_value(SecretId=name)
    request_id = answer["ResponseMetadata"]["RequestId"]
    (span,) = collector.named("SecretsManager/GetSecretValue", aws__request_id=request_id)
    assert span.kind == SERVER and span.end_time_unix_nano >= span.start_time_unix_nano
    assert told(span) == {
        "rpc.system": "aws-api",
        "rpc.service": "SecretsManager",
        "rpc.method": "GetSecretValue",
        "http.response.status_code": 200,
        "aws.request_id": request_id,
        "cloud.account.id": world.account,
        "cloud.region": world.region,
    }
    assert not span.parent_span_id and not span.status.code
    assert {it.name for it in collector.children(span)} == {"authenticate", "decide", "record"}
    (resource,) = {it.resource.SerializeToString() for it in collector.resources()}
    assert b"secrets of the test" in resource


def test_a_write_shows_its_attempts_and_its_commit(world, collector):
    answer = world.ssm.put_parameter(Name=word(), Value="x", Type="String")
    request_id = answer["ResponseMetadata"]["RequestId"]
    (span,) = collector.named("SSM/PutParameter", aws__request_id=request_id)
    (decide,) = [it for it in collector.children(span) if it.name == "decide"]
    assert told(decide)["coffer.attempts"] == 1
    commits = [it for it in collector.children(decide) if it.name == "store commit"]
    assert commits and told(commits[0])["coffer.store.rows"] > 0


def test_a_refusal_tells_its_code(world, collector):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        world.ssm.get_parameter(Name=f"missing-{word()}")
    request_id = refused.value.response["ResponseMetadata"]["RequestId"]
    (span,) = collector.named("SSM/GetParameter", aws__request_id=request_id)
    assert told(span)["error.type"] == "ParameterNotFound" and span.status.code == 2
    assert told(span)["http.response.status_code"] == 400


@pytest.mark.parametrize(
    "header",
    [
        {"traceparent": f"00-{TRACE}-{PARENT}-01"},
        {"X_Amzn_Trace_Id": f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={PARENT};Sampled=1"},
    ],
    ids=["traceparent", "X-Amzn-Trace-Id"],
)
def test_the_trace_of_the_caller_goes_on(world, collector, header):
    with_headers(world.sts, **header)
    answer = world.sts.get_caller_identity()
    request_id = answer["ResponseMetadata"]["RequestId"]
    (span,) = collector.named("STS/GetCallerIdentity", aws__request_id=request_id)
    assert span.trace_id.hex() == TRACE and span.parent_span_id.hex() == PARENT
    assert all(it.trace_id == span.trace_id for it in collector.children(span))


def test_who_does_not_trace_is_not_traced_unless_all_are(world, collector):
    other = secrets.token_hex(16)
    with_headers(world.sts, traceparent=f"00-{other}-{PARENT}-00")
    world.sts.get_caller_identity()
    # What comes behind has been sent, so what came before it would have been, too.
    later = world.ssm.describe_parameters()["ResponseMetadata"]["RequestId"]
    collector.named("SSM/DescribeParameters", aws__request_id=later)
    assert all(span.trace_id.hex() != other for span in collector.spans())


def test_a_function_gets_the_trace_and_goes_on_with_it(world, collector):
    code = "import os\ndef handler(event, context):\n    return os.environ['_X_AMZN_TRACE_ID']\n"
    name = make(world, Code={"ZipFile": zipped(code)})["FunctionName"]
    answer = world.functions.invoke(FunctionName=name)
    header = answer["Payload"].read().decode().strip('"')
    request_id = answer["ResponseMetadata"]["RequestId"]
    (span,) = collector.named("Lambda/Invoke", aws__request_id=request_id)
    (invoke,) = [it for it in collector.children(span) if it.name == "invoke function"]
    trace = span.trace_id.hex()
    wanted = f"Root=1-{trace[:8]}-{trace[8:]};Parent={invoke.span_id.hex()};Sampled=1"
    assert header == wanted and invoke.kind == CLIENT


def test_a_job_is_a_trace_of_its_own(world, collector, server):
    name = word()
    world.sm.create_secret(Name=name, SecretString="x")
    world.sm.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    server.advance("8d")
    spans = eventually(
        lambda: [it for it in collector.spans() if it.name.startswith("job ")], "a job's span"
    )
    assert all(not it.parent_span_id for it in spans)
    assert any(it.name == "decide" for span in spans for it in collector.children(span))


def test_no_secret_is_in_what_the_collector_is_sent(world, collector):
    canaries = [f"canary-{secrets.token_hex(16)}" for _ in range(5)]
    value, description, tag, pattern, session = canaries
    world.sm.create_secret(
        Name=word(), SecretString=value, Description=description, Tags=[{"Key": "k", "Value": tag}]
    )
    with pytest.raises(botocore.exceptions.ClientError):
        world.ssm.put_parameter(Name=word(), Value=value, Type="String", AllowedPattern=pattern)
    document = (
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",'
        f' "Condition": {{"StringEquals": {{"aws:username": "{session}"}}}}}}}}'
    )
    token = world.sts.get_federation_token(Name="ada", Policy=document)["Credentials"]
    later = world.ssm.describe_parameters()["ResponseMetadata"]["RequestId"]
    collector.named("SSM/DescribeParameters", aws__request_id=later)
    sent = b"".join(collector.bodies)
    for secret in [*canaries, token["SessionToken"], token["SecretAccessKey"], "Signature="]:
        assert secret.encode() not in sent


def dropped(server):
    return int(DROPPED.search(server.get("/metrics")[1]).group(1))


@pytest.mark.parametrize("trouble", ["away", "silent", "failing"])
def test_a_collector_in_trouble_holds_up_nothing_and_what_it_misses_is_counted(trouble):
    collector = Collector()
    endpoint = collector.endpoint
    if trouble == "away":
        endpoint = f"http://127.0.0.1:{free_port()}"
    elif trouble == "silent":
        collector.be_silent()
    else:
        collector.status = 503
    server = traced(endpoint)
    try:
        world = World.on_dev(server)
        for _ in range(20):
            world.ssm.describe_parameters()
        eventually(lambda: dropped(server) >= 20, "dropped spans are counted")
        assert server.log.count("the collector takes no traces") == 1
        world.close()
    finally:
        server.stop()
        collector.stop()


def test_a_ratio_of_none_traces_nothing():
    collector = Collector()
    server = traced(
        collector.endpoint, "--otlp-sampler", "traceidratio", "--otlp-sampler-arg", "0"
    )
    try:
        world = World.on_dev(server)
        with_headers(world.sts, traceparent=f"00-{TRACE}-{PARENT}-01")
        world.sts.get_caller_identity()
        world.close()
    finally:
        # What is left is sent before it ends.
        server.stop()
        collector.stop()
    assert collector.spans() == []


def test_what_is_left_is_sent_when_the_server_stops():
    collector = Collector()
    server = traced(collector.endpoint)
    try:
        world = World.on_dev(server)
        calls = {world.ssm.describe_parameters()["ResponseMetadata"]["RequestId"] for _ in range(9)}
        world.close()
    finally:
        server.stop()
        collector.stop()
    assert calls <= {told(span).get("aws.request_id") for span in collector.spans()}


def test_a_collector_gets_the_headers_of_the_environment_which_are_shown_nowhere():
    collector = Collector()
    key = f"key-{secrets.token_hex(16)}"
    server = Server("dev", extra=["--otlp-endpoint", collector.endpoint])
    server.surroundings = {
        "OTEL_EXPORTER_OTLP_HEADERS": "from=all",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS": f"Authorization=Bearer%20{key},x-scope=a%2Cb",
        "COFFER_LOG": "trace",
    }
    server.start()
    try:
        world = World.on_dev(server)
        world.ssm.describe_parameters()
        world.close()
    finally:
        server.stop()
        collector.stop()
    assert collector.headers
    for headers in collector.headers:
        assert headers.get_all("authorization") == [f"Bearer {key}"]
        assert headers["x-scope"] == "a,b" and headers["from"] is None
        assert headers.get_all("content-type") == ["application/x-protobuf"]
    assert key not in server.log


@pytest.mark.parametrize(
    "settings, extra, said",
    [
        (
            {"OTEL_EXPORTER_OTLP_HEADERS": "xyzzy"},
            ["--otlp-endpoint", "http://127.0.0.1:1"],
            "OTEL_EXPORTER_OTLP_HEADERS: its header 1 is not NAME=VALUE",
        ),
        ({"OTEL_EXPORTER_OTLP_CERTIFICATE": "ca.pem"}, [], "--otlp-ca-file is for a collector"),
        ({}, ["--otlp-sampler-arg", "0.5"], "--otlp-sampler-arg is for traceidratio"),
    ],
    ids=["headers", "authorities", "sampler"],
)
@pytest.mark.parametrize("command", ["dev", "server"])
def test_what_says_nothing_of_traces_is_refused_at_once(tmp_path, command, settings, extra, said):
    data = tmp_path / "data" if command == "server" else None
    server = Server(command, data=data, extra=extra)
    server.surroundings = settings
    server.port = free_port()
    server.spawn()
    assert server.process.wait(30) == 1
    assert said in server.log and "xyzzy" not in server.log
    assert data is None or not data.exists()


def test_a_collector_that_is_no_url_is_refused_at_once():
    server = Server("dev", extra=["--otlp-endpoint", "localhost:4318"])
    server.port = free_port()
    server.spawn()
    assert server.process.wait(30) != 0
    assert "--otlp-endpoint `localhost:4318`: give an http or https URL" in server.log


def test_nothing_is_traced_without_a_collector(dev_server):
    assert "coffer_trace_spans_dropped_total" not in dev_server.get("/metrics")[1]
