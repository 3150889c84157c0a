"""What comes over the wire when it is not what it should be; and the server's own paths."""

import concurrent.futures
import http.client
import json
import re
import socket
import threading

import h2.config
import h2.connection
import h2.events
import pytest

import wire
from server import eventually
from world import World, tags, word

SLOW_SECONDS_MAX = 100


def call(world, body, operation="GetParameter", service="ssm", **options):
    return world.call(service, operation, body, **options)


@pytest.mark.parametrize(
    "target",
    ["AmazonSSM.NoSuchThing", "AmazonSSM.", "AmazonSSM", "Nothing.GetParameter", "x" * 999],
)
def test_an_operation_that_is_not_there_is_unknown(world, target):
    answer = call(world, {}, target=target)
    assert answer.status in (400, 404), answer
    assert answer.code == "UnknownOperationException", answer


def test_a_call_without_target_is_refused(dev):
    answer = call(dev, {}, target=None)
    assert answer.status in (400, 403, 404), answer


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1, 2", b'{"Name": }', b"\xff\xfe", b"null,", b'{"Name": "\xff"}']
)
def test_a_body_that_is_no_json_can_not_be_read(world, body):
    answer = call(world, body)
    if body == b"":
        # AWS takes nothing for an empty input, which lacks its name.
        assert answer.code in ("SerializationException", "ValidationException"), answer
    else:
        assert (answer.status, answer.code) == (400, "SerializationException"), answer


@pytest.mark.parametrize(
    "body",
    [
        {"Name": 7},
        {"Name": ["/app/host"]},
        {"Name": {"a": "b"}},
        {"Name": "/app/host", "WithDecryption": "perhaps"},
        {"Name": "/app/host", "WithDecryption": 7},
        [],
        "text",
        7,
    ],
    ids=str,
)
def test_values_of_wrong_types_can_not_be_read(world, body):
    answer = call(world, body)
    assert (answer.status, answer.code) == (400, "SerializationException"), answer


def test_members_that_the_model_does_not_have_are_ignored(dev):
    dev.ssm.put_parameter(Name="/app/host", Value="h", Type="String")
    answer = call(dev, {"Name": "/app/host", "Colour": {"deep": ["x"]}, "WithDecryption": None})
    assert answer.status == 200, answer


def test_deep_nesting_is_refused_and_hurts_nobody(world):
    for deep in (b"[" * 100_000, b'{"a":' * 100_000, b'{"Name":' + b"[" * 50_000):
        answer = call(world, deep)
        assert (answer.status, answer.code) == (400, "SerializationException"), answer
    assert world.server.is_ready()


def test_numbers_that_fit_nowhere_are_refused(dev):
    for number in (b"1e400", b"99999999999999999999999999", b"-1", b"1.5"):
        body = b'{"Path": "/a", "MaxResults": ' + number + b"}"
        answer = call(dev, body, operation="GetParametersByPath")
        assert answer.status == 400, answer
        assert answer.code in ("SerializationException", "ValidationException"), answer


def test_bytes_that_are_no_base64_can_not_be_read(dev):
    body = {"Name": "app/db", "SecretBinary": "not base64!", "ClientRequestToken": "t" * 32}
    answer = call(dev, body, operation="CreateSecret", service="secretsmanager")
    assert (answer.status, answer.code) == (400, "SerializationException"), answer


@pytest.mark.parametrize(
    ("index", "status", "told"),
    [
        # Observed: radkawar/stackd, testdata/aws/iam/tag_inputs.json.
        ("1", 200, ""),
        ("01", 200, ""),
        ("0", 400, "0 is not a valid index"),
        ("-1", 400, "Key -1 may not have a leading"),
        ("1.0", 400, "Two index elements may not occur back to back"),
        ("12", 400, "Excessively sparse input would skip 11 list elements"),
        ("11", 400, "validation errors detected"),
        ("one", 400, "tags.1.member.key"),
        ("%2B1", 400, "tags.1.member.key"),
        # Observed: floci-io/floci, of SES.
        ("214748370", 400, "Index 214748370 is illegal"),
        ("4294967297", 400, "Index 4294967297 is illegal"),
    ],
)
def test_the_members_of_a_form_are_counted(dev, index, status, told):
    name = f"u-{word()}"
    dev.iam.create_user(UserName=name)
    form = f"Action=TagUser&Version=2010-05-08&UserName={name}"
    body = f"{form}&Tags.member.{index}.Key=team&Tags.member.{index}.Value=db".encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    signed = wire.sign(dev, "iam", None, body, headers, region="us-east-1")
    answer = wire.send(dev.server, body, signed)
    assert answer.status == status, answer
    assert told in answer.body.decode(), answer
    assert bool(dev.iam.list_user_tags(UserName=name)["Tags"]) == (status == 200)


def test_a_body_that_is_too_large_is_refused(world):
    body = b'{"Name": "' + b"n" * (8 * 1024 * 1024) + b'"}'
    headers = wire.sign(world, "ssm", "AmazonSSM.GetParameter", body)
    try:
        answer = wire.send(world.server, body, headers)
    except (BrokenPipeError, ConnectionResetError):
        # Refused by its length alone, before the body was read.
        pass
    else:
        assert answer.status == 413, answer
        assert answer.code in ("RequestEntityTooLarge", "RequestEntityTooLargeException"), answer
    assert world.server.is_ready()


def test_a_length_that_is_too_large_is_refused_before_the_body_comes(dev):
    head = (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999\r\n"
        b"X-Amz-Target: AmazonSSM.GetParameter\r\n\r\n"
    )
    answer = raw(dev.server, head, seconds=20)
    assert re.match(rb"HTTP/1\.1 4\d\d ", answer), answer[:200]


def test_an_endless_chunked_body_is_cut_off(dev):
    head = (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        b"X-Amz-Target: AmazonSSM.GetParameter\r\n\r\n"
    )
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with socket.create_connection(("127.0.0.1", dev.server.port), timeout=30) as connection:
        connection.sendall(head)
        sent = 0
        try:
            while sent < 512:
                connection.sendall(chunk)
                sent += 1
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert sent < 512, "32 MiB were taken without an objection"
    assert dev.server.is_ready()


def raw(server, data, seconds=10):
    """Sends bytes and reads until the server closes, or says nothing for so long."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as connection:
        received = b""
        try:
            connection.sendall(data)
            while len(received) < 1_000_000:
                more = connection.recv(65536)
                if not more:
                    break
                received += more
                if b"\r\n\r\n" in received:
                    break
        except (TimeoutError, ConnectionResetError, BrokenPipeError):
            pass
        return received


@pytest.mark.parametrize(
    "data",
    [
        b"\x00" * 1000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 500,
        b"GET\r\n\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: minus\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 500,
        bytes(range(256)) * 40,
    ],
    ids=["zeros", "tls", "no path", "version", "header", "length", "lengths", "h2", "all"],
)
def test_garbage_gets_an_error_or_a_closed_door(dev, data):
    answer = raw(dev.server, data, seconds=60)
    assert answer[:13].startswith((b"HTTP/1.1 4", b"HTTP/1.0 4", b"\x00")) or answer == b"", answer
    assert dev.server.is_ready()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x00" * 1000 + b"\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + b"X-Many: y\r\n" * 200 + b"\r\n", 431),
    ],
    ids=["zeros", "header", "lengths", "many headers"],
)
def test_who_speaks_no_http_is_told_so(dev, data, status):
    answer = raw(dev.server, data, seconds=30)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:200]
    assert dev.server.is_ready()


def test_headers_that_are_too_large_are_refused(dev):
    with_large = b"GET /_coffer/health HTTP/1.1\r\nHost: a\r\nX-Large: " + b"x" * 5_000_000
    answer = raw(dev.server, with_large + b"\r\n\r\n", seconds=30)
    assert answer == b"" or re.match(rb"HTTP/1\.1 4\d\d ", answer), answer[:100]
    with_many = b"".join(b"X-%d: y\r\n" % number for number in range(5000))
    answer = raw(dev.server, b"GET / HTTP/1.1\r\nHost: a\r\n" + with_many + b"\r\n", seconds=30)
    assert answer == b"" or re.match(rb"HTTP/1\.1 4\d\d ", answer), answer[:100]
    assert dev.server.is_ready()


@pytest.mark.parametrize(
    "start",
    [
        b"POST / HTTP/1.1\r\nHost: a\r\nX-Slow: ",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n"
        b"X-Amz-Target: AmazonSSM.GetParameter\r\n\r\n{",
        b"",
    ],
    ids=["headers", "body", "silence"],
)
def test_a_slow_client_is_cut_off_in_time(dev, start):
    with socket.create_connection(("127.0.0.1", dev.server.port), timeout=5) as connection:
        connection.sendall(start)

        def is_cut_off():
            # A byte a second keeps the connection from looking idle, as an attacker would; each
            # look takes that second.
            try:
                if start:
                    connection.sendall(b"x")
                connection.settimeout(1)
                answer = connection.recv(4096)
                return not answer or b"HTTP/1.1 4" in answer
            except TimeoutError:
                return False
            except OSError:
                return True

        assert any(is_cut_off() for _ in range(SLOW_SECONDS_MAX)), "a slow client was served"
    assert dev.server.is_ready()


def test_many_silent_connections_leave_room_for_a_caller(dev):
    silent = []
    try:
        for _ in range(200):
            silent.append(socket.create_connection(("127.0.0.1", dev.server.port), timeout=5))
        dev.ssm.put_parameter(Name="/app/host", Value="h", Type="String")
    finally:
        for connection in silent:
            connection.close()


def test_many_callers_are_served_at_once(world):
    def one(number):
        name = f"/many/{number % 10}"
        world.ssm.put_parameter(Name=name, Value=str(number), Type="String", Overwrite=True)
        return int(world.ssm.get_parameter(Name=name)["Parameter"]["Version"])

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        assert min(pool.map(one, range(100))) >= 1
    versions = [
        world.ssm.get_parameter(Name=f"/many/{number}")["Parameter"]["Version"]
        for number in range(10)
    ]
    # No write was lost and none was counted twice.
    assert versions == [10] * 10


def test_a_connection_is_kept_for_the_next_call(dev):
    body = json.dumps({"Path": "/none"}).encode()
    connection = http.client.HTTPConnection("127.0.0.1", dev.server.port, timeout=10)
    connection.connect()
    socket_before = connection.sock
    for _ in range(5):
        headers = wire.sign(dev, "ssm", "AmazonSSM.GetParametersByPath", body)
        connection.request("POST", "/", body=body, headers=headers)
        response = connection.getresponse()
        assert response.status == 200, response.read()
        response.read()
        assert connection.sock is socket_before
    connection.close()


def test_http_2_is_spoken_to_who_begins_with_it(dev):
    body = json.dumps({"Path": "/none"}).encode()
    headers = wire.sign(dev, "ssm", "AmazonSSM.GetParametersByPath", body)
    authority = f"127.0.0.1:{dev.server.port}"
    lines = [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", authority)]
    lines += [(name.lower(), value) for name, value in headers.items() if name.lower() != "host"]
    speech = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    with socket.create_connection(("127.0.0.1", dev.server.port), timeout=10) as connection:
        speech.initiate_connection()
        speech.send_headers(1, lines)
        speech.send_data(1, body, end_stream=True)
        connection.sendall(speech.data_to_send())
        status, answer, ended = None, b"", False
        while not ended:
            received = connection.recv(65536)
            assert received, "the connection ended before the answer did"
            for event in speech.receive_data(received):
                if isinstance(event, h2.events.ResponseReceived):
                    status = {_text(name): _text(value) for name, value in event.headers}[":status"]
                elif isinstance(event, h2.events.DataReceived):
                    answer += event.data
                elif isinstance(event, h2.events.StreamEnded):
                    ended = True
            connection.sendall(speech.data_to_send())
    assert status == "200", answer
    assert json.loads(answer)["Parameters"] == []


def _text(value):
    return value.decode() if isinstance(value, bytes) else value


def test_health_and_readiness_need_no_signature(world):
    for path in ("/_coffer/health", "/_coffer/ready"):
        status, _ = world.server.get(path)
        assert status == 200


def test_metrics_are_what_prometheus_reads(world):
    world.ssm.put_parameter(Name="/app/host", Value="h", Type="String", Tags=tags(a="b"))
    status, text = world.server.get("/metrics")
    assert status == 200
    samples = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert samples
    for line in samples:
        assert re.fullmatch(r"[a-zA-Z_:][\w:]*(\{.*\})? [-+]?[\w.+-]+( \d+)?", line), line
    assert "# TYPE" in text


@pytest.mark.parametrize("path", ["/_coffer/none", "/metrics/more", "/favicon.ico", "/a/b/c"])
def test_other_paths_are_not_there(dev, path):
    status, _ = dev.server.get(path)
    assert status in (400, 403, 404)


def test_a_restart_lets_requests_in_flight_finish(restartable):
    world = World.on_server(restartable)
    failures, done = [], threading.Event()

    def write():
        number = 0
        while not done.is_set() and number < 100_000:
            number += 1
            try:
                world.ssm.put_parameter(
                    Name="/app/host", Value=str(number), Type="String", Overwrite=True
                )
            except Exception as error:
                failures.append(type(error).__name__)
                return

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    eventually(lambda: _version(world) > 5, "the writers are at work")
    restartable.stop()
    done.set()
    for writer in writers:
        writer.join(60)
    # Who comes too late is not let in; nobody who was in is cut off in the middle.
    assert set(failures) <= {"EndpointConnectionError", "ConnectionClosedError"}, failures


def _version(world):
    found = world.ssm.get_parameters(Names=["/app/host"])["Parameters"]
    return found[0]["Version"] if found else 0
