"""API keys that a real service issues, checks and revokes, by rules of the operator's."""

import json
import shutil
import tempfile
import threading

import pytest

from conftest import real
from identities import allow, new_user
from issuer import authority
from key_service import (
    ADMIN,
    OWN,
    KeyService,
    answers,
    cuts,
    free_listener,
    is_late,
    is_of_no_use,
    is_the_same,
    reply,
    rules,
)
from rotations import (
    current,
    described,
    failure,
    is_rotated,
    labelled,
    make,
    put,
    retried,
    rotate,
    rotated,
    state,
)
from server import Server, eventually, free_port
from world import REAL_ACCESS_KEY, REAL_ACCOUNT, REAL_SECRET, World, refused, word


@pytest.fixture(scope="module")
def services():
    """The service, a server of coffer's that has rules for it, and ports that answer nothing."""
    service, listener = KeyService(), free_listener()
    service.start()
    directory = tempfile.mkdtemp(prefix="coffer-test-rules-")
    urls = {
        "service": f"http://127.0.0.1:{service.port}",
        "down": f"http://127.0.0.1:{free_port()}",
        "silent": f"http://127.0.0.1:{listener.getsockname()[1]}",
        "mute": f"https://127.0.0.1:{listener.getsockname()[1]}",
        "secured": f"https://127.0.0.1:{service.port}",
        "metadata": "https://169.254.169.254",
    }
    path = rules(directory, **urls)
    server = Server("dev", extra=["--rotation-rules-file", str(path)])
    server.start()
    try:
        yield service, server
    finally:
        server.kill()
        service.stop()
        listener.close()
        shutil.rmtree(directory, ignore_errors=True)
        shutil.rmtree(server.scratch, ignore_errors=True)


@pytest.fixture
def dev(services):
    made = World.on_dev(services[1])
    yield made
    made.close()


@pytest.fixture
def service(services):
    """The service, which behaves well but for what the test has it do."""
    service, _ = services
    service.asked.clear()
    service.trouble = service.limit = None
    yield service
    service.trouble = None
    service.released.set()
    service.released = threading.Event()


@pytest.fixture
def owner():
    return f"owner-{word()}"


def keys_of(service, owner):
    return {entry["key"] for entry in service.keys.values() if entry["owner"] == owner}


@pytest.mark.parametrize("rule", ["service", "superuser"])
def test_a_new_key_is_made_and_the_one_before_the_previous_revoked(dev, service, owner, rule):
    superuser = make(dev, {"token": ADMIN}, "admin")
    first = service.value(owner, masterarn=superuser, note={"kept": 1.0})
    make(dev, first)
    second = is_rotated(dev, f"api-key/{rule}")
    assert second["note"] == first["note"] and second["owner"] == owner
    assert second["key_id"] != first["key_id"]
    assert labelled(dev, "AWSPREVIOUS") == first
    assert keys_of(service, owner) == {first["api_key"], second["api_key"]}
    third = is_rotated(dev, f"api-key/{rule}")
    left = keys_of(service, owner) - {second["api_key"], third["api_key"]}
    # By hand somebody can name any key: it is revoked where the service says whose it is.
    assert left == (set() if rule == "superuser" else {first["api_key"]})
    fourth = is_rotated(dev, f"api-key/{rule}")
    assert keys_of(service, owner) - left == {third["api_key"], fourth["api_key"]}
    # What the service shows of a key says for which version it was made.
    versions = dev.sm.list_secret_version_ids(SecretId="app/db", IncludeDeprecated=True)
    ids = {version["VersionId"] for version in versions["Versions"]}
    assert {label.removeprefix("coffer ") for label in service.labels[-3:]} < ids


def test_a_test_makes_and_revokes_nothing(dev, service, owner):
    value = service.value(owner)
    make(dev, value)
    rules = {"ScheduleExpression": "rate(10 days)"}
    rotate(dev, "api-key/service", RotationRules=rules, RotateImmediately=False)
    eventually(lambda: state(dev)["State"] == "IDLE", "the test is over")
    assert "LastFailure" not in state(dev)
    assert service.asked == ["GET /me"] and current(dev) == value


def test_a_key_that_is_current_under_another_version_is_not_revoked(dev, service, owner):
    value = service.value(owner)
    make(dev, value)
    made = is_rotated(dev, "api-key/service")
    # The same key twice: the version before is not another key.
    put(dev, {**made, "note": "added"})
    again = is_rotated(dev, "api-key/service")
    assert {made["api_key"], again["api_key"]} <= keys_of(service, owner)


def test_a_value_can_not_have_the_key_of_somebody_else_revoked(dev, service, owner):
    superuser = make(dev, {"token": ADMIN}, "admin")
    victim = service.value("victim-" + word())
    mine = service.value(owner, masterarn=superuser)
    make(dev, {**mine, "key_id": victim["key_id"]})
    # The id of another key, or its owner, is not what the service says of this one.
    rotate(dev, "api-key/superuser")
    assert "another `key_id`" in failure(dev)
    dev.server.run(dev, "rotation", "abort", "app/db")
    put(dev, {**mine, "owner": victim["owner"]})
    rotate(dev, "api-key/superuser")
    eventually(lambda: "another `owner`" in state(dev)["LastFailure"], "that is found too")
    dev.server.run(dev, "rotation", "abort", "app/db")
    assert keys_of(service, victim["owner"]) == {victim["api_key"]}
    # Nor is one revoked that is put where the previous one is, with a key that works beside it.
    other = service.value(owner, masterarn=superuser)
    put(dev, {**other, "key_id": victim["key_id"]})
    put(dev, mine)
    made = is_rotated(dev, "api-key/superuser")
    assert keys_of(service, victim["owner"]) == {victim["api_key"]}
    keys = {mine["api_key"], other["api_key"], made["api_key"]}
    assert keys_of(service, owner) == keys and "was left alone" in dev.server.log


def test_a_superuser_whom_the_caller_may_not_read_is_not_used(dev, service, owner):
    superuser = make(dev, {"token": ADMIN}, "admin")
    make(dev, service.value(owner, masterarn=superuser))
    _, guest = new_user(dev, allow("secretsmanager:RotateSecret"))
    with refused("AccessDeniedException", "secretsmanager:GetSecretValue"):
        rotate(guest, "api-key/superuser")
    assert service.asked == []


@pytest.mark.parametrize(
    ("rule", "change", "told"),
    [
        ("service", {"api_key": None}, "member `api_key` is not there"),
        ("service", {"key_id": ["x"]}, "member `key_id` is not there"),
        ("superuser", {"owner": None}, "member `owner` is not there"),
        ("superuser", {"masterarn": None}, "no member masterarn"),
    ],
)
def test_a_secret_without_what_the_rule_needs_is_refused(dev, service, owner, rule, change, told):
    superuser = make(dev, {"token": ADMIN}, "admin")
    make(dev, {**service.value(owner, masterarn=superuser), **change})
    with refused("InvalidRequestException", told):
        rotate(dev, f"api-key/{rule}")
    assert not described(dev).get("RotationEnabled") and service.asked == []


def test_a_superuser_s_secret_without_what_the_rule_needs_is_refused(dev, service, owner):
    superuser = make(dev, {"other": ADMIN}, "admin")
    make(dev, service.value(owner, masterarn=superuser))
    with refused("InvalidRequestException", "superuser's secret's member `token` is not there"):
        rotate(dev, "api-key/superuser")
    with refused("InvalidParameterException", "no rotator `api-key/other`"):
        rotate(dev, "api-key/other")


HUGE = b'{"data": {"id": "ak-huge", "key": "' + b"k" * 100_000 + b'"}}'
MADE = "may be left at the service"
# Whether a key may be left at the service, and whether one is for certain, so that no other is made.
NONE, MAYBE, SURELY = (False, False), (True, False), (True, True)


@pytest.mark.parametrize(
    ("trouble", "told", "left"),
    [
        (answers(403, b"{}"), "has answered 403", NONE),
        (answers(403, b"{" + b" " * 100_000 + b"}"), "has answered 403", NONE),
        (answers(500, b"{}"), "has answered 500", MAYBE),
        (answers(302, b"", [("Location", "/elsewhere")]), "redirection", NONE),
        (answers(201, b"nonsense"), "is no JSON", SURELY),
        (answers(201, b'{"data": {"id": "ak-left"}}'), "nothing usable at `/data/key`", SURELY),
        (answers(201, b'{"data": {"id": "ak-left", "key": ["x"]}}'), "`ak-left`", SURELY),
        (answers(201, b'{"data": {"id": "ak-left", "key": "a\\nb"}}'), "nothing usable", SURELY),
        (answers(201, HUGE), "no whole answer", SURELY),
        (cuts, "no answer", MAYBE),
        (is_late, "has not answered within", MAYBE),
        (is_the_same, "no new one", SURELY),
        (answers(202, b"{}"), "has answered 202, which the rule's `status`", SURELY),
    ],
    ids=[
        "refused",
        "refused-at-length",
        "error",
        "redirected",
        "nonsense",
        "without-key",
        "key-is-no-text",
        "key-breaks-lines",
        "huge",
        "cut",
        "slow",
        "same",
        "another-success",
    ],
)
def test_a_service_that_makes_no_key_changes_nothing(dev, service, owner, trouble, told, left):
    is_left, is_final = left
    value = service.value(owner)
    make(dev, value)
    service.trouble = trouble
    version = rotate(dev, "api-key/strict")["VersionId"]
    failed = failure(dev)
    assert told in failed and (MADE in failed) == is_left
    assert state(dev)["State"] == ("FAILED" if is_final else "WAITING")
    assert ("not tried again by itself" in failed) == is_final
    assert not is_left or version in failed
    assert value["api_key"] not in failed
    assert current(dev) == value and keys_of(service, owner) == {value["api_key"]}
    assert not any("elsewhere" in line for line in service.asked)
    service.trouble = None
    assert retried(dev)["api_key"] != value["api_key"]
    assert value["api_key"] not in dev.server.log and MADE not in json.dumps(state(dev))


def test_a_key_that_does_not_work_is_never_current(dev, service, owner):
    value = service.value(owner)
    make(dev, value)
    service.trouble = is_of_no_use
    rotate(dev, "api-key/service")
    assert "has answered 401" in failure(dev)
    assert state(dev)["Step"] == "createSecret" and current(dev) == value
    service.trouble = None
    # The key that was made is tried again; another one is made when the rotation is.
    dev.server.run(dev, "rotation", "abort", "app/db")
    assert is_rotated(dev, "api-key/service")["api_key"] != "of-no-use"


def test_a_key_that_is_not_revoked_holds_the_rotation_up(dev, service, owner):
    make(dev, service.value(owner))
    is_rotated(dev, "api-key/service")
    before = is_rotated(dev, "api-key/service")

    def keeps(handler, line, _):
        return line.startswith("DELETE") and reply(handler, 503, None)

    service.trouble = keeps
    rotate(dev, "api-key/service")
    failed = failure(dev)
    assert "has answered 503" in failed and "was not revoked" in failed
    assert current(dev) == before
    made = service.asked.count("POST /keys")
    service.trouble = None
    after = retried(dev)
    assert service.asked.count("POST /keys") == made, "no key is made twice"
    assert before["api_key"] in keys_of(service, owner) and service.works(after["api_key"])


def test_a_key_that_is_gone_already_needs_no_revoking(dev, service, owner):
    make(dev, service.value(owner))
    second = is_rotated(dev, "api-key/service")
    third = is_rotated(dev, "api-key/service")
    del service.keys[second["key_id"]]
    fourth = is_rotated(dev, "api-key/service")
    assert {third["api_key"], fourth["api_key"]} <= keys_of(service, owner)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("down", "cannot connect"),
        ("silent", "has not answered within"),
        ("mute", "no connection to `127.0.0.1` within"),
        ("secured", "no TLS"),
        ("metadata", "no address that rotators may reach"),
    ],
)
def test_a_service_that_is_not_there_is_told_of(dev, service, owner, rule, told):
    value = service.value(owner)
    make(dev, value)
    rotate(dev, f"api-key/{rule}")
    failed = failure(dev)
    assert told in failed and value["api_key"] not in failed
    # Only what was asked can have made a key.
    assert (MADE in failed) == (rule == "silent")
    assert current(dev) == value


def test_a_service_that_allows_two_keys_has_the_previous_one_revoked_first(dev, service, owner):
    service.limit = 2
    make(dev, service.value(owner))
    is_rotated(dev, "api-key/scarce")
    # A first key that was put by hand is not revoked, as the rule has no `same`.
    first = labelled(dev, "AWSPREVIOUS")
    del service.keys[first["key_id"]]
    for _ in range(3):
        before = current(dev)
        made = is_rotated(dev, "api-key/scarce")
        assert keys_of(service, owner) == {before["api_key"], made["api_key"]}
    # Where it cannot be revoked, none is made; where it is gone already, one is.
    service.trouble = lambda handler, line, _: (
        line.startswith("DELETE") and reply(handler, 503, None)
    )
    asked = service.asked.count("POST /keys")
    rotate(dev, "api-key/scarce")
    assert "was not revoked" in failure(dev) and service.asked.count("POST /keys") == asked
    service.trouble = None
    del service.keys[labelled(dev, "AWSPREVIOUS")["key_id"]]
    assert retried(dev)["api_key"] in keys_of(service, owner)
    # Without that, there is no room for a third.
    rotate(dev, "api-key/service")
    assert "has answered 409" in failure(dev) and MADE not in failure(dev)


def test_a_number_stays_one_where_the_secret_has_one(dev, service, owner):
    def numbered(handler, line, service):
        if not line.startswith("POST"):
            return False
        id, key = service.issue(owner)
        number = int(id.removeprefix("ak-"), 16)
        service.keys[str(number)] = service.keys.pop(id)
        return reply(handler, 201, {"data": {"id": number, "key": key}})

    make(dev, service.value(owner))
    service.trouble = numbered
    made = is_rotated(dev, "api-key/service")
    assert made["key_id"] in service.keys, "what is a text stays one"
    put(dev, {**made, "key_id": int(made["key_id"])})
    for _ in range(3):
        made = is_rotated(dev, "api-key/service")
        assert isinstance(made["key_id"], int) and str(made["key_id"]) in service.keys


def test_no_key_is_in_events_or_records(dev, service, owner):
    value = service.value(owner)
    make(dev, value)
    made = is_rotated(dev, "api-key/service")
    told = json.dumps(dev.server.events(dev)) + dev.server.log
    trail = json.dumps(dev.client("cloudtrail").lookup_events()["Events"], default=str)
    for key in (value["api_key"], made["api_key"]):
        assert key not in told and key not in trail


def test_a_crash_while_a_key_is_made_leaves_one_that_is_named(tmp_path, owner):
    service = KeyService()
    service.start()
    path = rules(tmp_path, service=f"http://127.0.0.1:{service.port}")
    server = real(tmp_path / "coffer-data", extra=("--rotation-rules-file", str(path)))
    server.start()

    def never_told(handler, line, service):
        """The key is made, and the answer never comes."""
        if line.startswith("POST"):
            service.issue(owner)
            service.released.wait(60)
            return True
        return False

    try:
        world = World.on_server(server)
        value = service.value(owner)
        make(world, value)
        service.trouble = never_told
        version = rotate(world, "api-key/service")["VersionId"]
        eventually(lambda: len(keys_of(service, owner)) == 2, "the key was made")
        server.kill()
        service.trouble = None
        server.start()
        access_key, secret = server.credentials
        world = World(server, world.account, access_key, secret, world.region)
        # Whoever was at it had claimed it for a minute.
        failed = eventually(lambda: state(world).get("LastFailure"), "that is noticed", 90)
        assert version in failed and "cut off" in failed
        assert version in server.log
        assert current(world) == value
        server.run(world, "rotation", "retry", "app/db")
        rotated(world, version)
        assert service.works(current(world)["api_key"])
        assert len(keys_of(service, owner)) == 3, "one more than are used"
        server.stop()
    finally:
        server.kill()
        service.stop()
        shutil.rmtree(server.scratch, ignore_errors=True)


def test_a_service_proves_its_name_by_a_certificate_of_an_authority(tmp_path, owner):
    ca, certificate, key = authority(tmp_path)
    service = KeyService()
    service.start((certificate, key))
    path = rules(tmp_path, service=f"https://127.0.0.1:{service.port}")
    value = service.value(owner)
    try:
        for trust, told in (((), "not trusted"), (("--rotation-ca-file", str(ca)), None)):
            extra = ("--rotation-rules-file", str(path), *trust)
            server = real(tmp_path / f"data-{len(trust)}", extra=extra)
            server.start()
            try:
                world = World.on_server(server)
                make(world, value)
                if told:
                    rotate(world, "api-key/service")
                    assert told in failure(world)
                    assert service.asked == []
                else:
                    made = is_rotated(world, "api-key/service")
                    assert keys_of(service, owner) == {value["api_key"], made["api_key"]}
                server.stop()
            finally:
                server.kill()
                shutil.rmtree(server.scratch, ignore_errors=True)
    finally:
        service.stop()


def test_nothing_on_this_machine_is_asked_unless_the_operator_lets_it(tmp_path, owner):
    service = KeyService()
    service.start()
    path = rules(tmp_path, service=f"https://127.0.0.1:{service.port}")
    extra = ("--rotation-rules-file", str(path), "--rotation-allow-loopback", "false")
    server = Server("server", tmp_path / "data", REAL_ACCOUNT, (REAL_ACCESS_KEY, REAL_SECRET), extra)
    server.start()
    try:
        world = World.on_server(server)
        make(world, service.value(owner))
        rotate(world, "api-key/service")
        assert "no address that rotators may reach" in failure(world)
        assert service.asked == []
        server.stop()
    finally:
        server.kill()
        service.stop()
        shutil.rmtree(server.scratch, ignore_errors=True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[api_key.x]\nkey = 1\n", "line 2 is not a part of a rule"),
        (OWN.format(name="x", url="http://192.0.2.1"), "`url` is without TLS"),
        (OWN.format(name="x", url="https://{{key.host}}").replace("{{", "{"), "`url`"),
    ],
)
def test_a_server_does_not_start_with_rules_that_are_wrong(tmp_path, text, told):
    path = tmp_path / "rules.toml"
    path.write_text(text)
    server = Server("dev", extra=["--rotation-rules-file", str(path)])
    with pytest.raises(AssertionError, match="the server ended"):
        server.start()
    assert "cannot use the rules in" in server.log and told in server.log
    shutil.rmtree(server.scratch, ignore_errors=True)
