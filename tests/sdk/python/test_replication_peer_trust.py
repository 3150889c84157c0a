"""Who may write replicas of peers, and who gets no answer."""

import contextlib
import datetime
import socket
import ssl

import pytest

from peers import EAST, WEST, Authority, create, in_sync, is_gone, status, waits_for_its_peer
from server import eventually
from world import new_account


def handshake(port, **options):
    """What a peer's port says to somebody with this certificate: nothing, or the reason."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(options["authority"])
    context.check_hostname = False
    if "certificate" in options:
        context.load_cert_chain(*options["certificate"])
    request = b"POST /_coffer/peer/replica HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nnull"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        try:
            with context.wrap_socket(plain) as secure:
                secure.sendall(request)
                return secure.recv(4096)
        except (ssl.SSLError, ConnectionError) as error:
            return error


def test_only_the_certificates_of_peers_get_an_answer(deployments, tmp_path):
    west, east = deployments.both()
    authority = deployments.authority
    east.start()
    stranger = Authority(tmp_path / "stranger", "stranger")
    expired = Authority(tmp_path / "expired", "peers")
    expired.key, expired.folder = authority.key, tmp_path / "expired"
    cases = {
        "no certificate": {},
        "another authority": {"certificate": stranger.certificate("west.example")},
        "another name": {"certificate": authority.certificate("other.example")},
        "an expired one": {
            "certificate": expired.certificate("west.example", lives=-datetime.timedelta(hours=1))
        },
    }
    for what, options in cases.items():
        said = handshake(east.peer_port, authority=authority.path, **options)
        assert said == b"" or isinstance(said, Exception), (what, said)
    assert east.metric("coffer_replication_strangers_total") == len(cases)
    known = {"certificate": (west.chain, west.key)}
    said = handshake(east.peer_port, authority=authority.path, **known)
    assert said.startswith(b"HTTP/1.1 400"), said
    # Nothing but the one path is answered.
    context = ssl.create_default_context(cafile=authority.path)
    context.load_cert_chain(west.chain, west.key)
    with socket.create_connection(("127.0.0.1", east.peer_port), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname="east.example") as secure:
            secure.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            assert secure.recv(4096).startswith(b"HTTP/1.1 404")
    # Without TLS there is nothing at all.
    with socket.create_connection(("127.0.0.1", east.peer_port), timeout=10) as plain:
        plain.sendall(b"POST /_coffer/peer/replica HTTP/1.1\r\nHost: x\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            assert b"HTTP" not in plain.recv(4096)


def test_a_peer_that_is_another_one_is_told_nothing(deployments, tmp_path):
    west, east = deployments.both()
    impostor = Authority(tmp_path / "impostor", "peers")
    west.start()
    # In the place of the peer listens one whose certificate is by somebody else.
    east.chain, east.key = impostor.certificate("east.example")
    east.knows(west.writer(primary_regions=[WEST]))
    east.start()
    create(west)
    eventually(lambda: waits_for_its_peer(west), "the primary waits")
    assert is_gone(east)
    assert "no TLS with" in west.server.log


def test_a_peer_writes_only_for_its_own_regions_and_known_accounts(deployments):
    west = deployments.make("west", WEST)
    east = deployments.make("east", EAST, account=new_account())
    west.knows(east.holder(regions=[EAST, "eu-other-9"]), listens=False)
    east.knows(west.writer(primary_regions=["us-other-9"]))
    west.start()
    east.start()

    def told(name, says):
        def look():
            said = status(west, name).get("StatusMessage", "")
            return status(west, name)["Status"] == "InProgress" and says in said

        eventually(look, f"{name}: {says}")

    create(west)
    told("app/db", "doesn't take it from here")
    assert is_gone(east)
    assert east.metric("coffer_replication_messages_received_total", outcome="forbidden") > 0
    assert "a peer goes beyond its rights" in east.server.log
    east.server.stop()
    east.knows(west.writer(primary_regions=[WEST]))
    east.start()
    # It may speak for the region now, and not for an account that is not there.
    west.sm.create_secret(Name="app/two", SecretString="v", AddReplicaRegions=[{"Region": EAST}])
    told("app/two", "has no such account")
    # Nor into regions that are not for peers.
    west.sm.create_secret(
        Name="app/three", SecretString="v", AddReplicaRegions=[{"Region": "eu-other-9"}]
    )

    def is_told():
        (said,) = west.described("app/three")["ReplicationStatus"]
        return "doesn't take it from here" in said.get("StatusMessage", "")

    eventually(is_told, "the region is not for peers")
    assert is_gone(east) and is_gone(east, "app/two")


def test_a_certificate_of_ones_own_that_has_ended_is_told_of_and_all_else_served(deployments):
    west, east = deployments.both()
    expiry = "coffer_replication_certificate_expiry_timestamp_seconds"
    now = datetime.datetime.now(datetime.timezone.utc).timestamp()
    east.start()
    assert now + 3_600 < east.metric(expiry) <= now + 2 * 86_400
    assert "the certificate for peers" not in east.server.log
    ended = -datetime.timedelta(hours=1)
    west.authority.certificate("west.example", lives=ended)
    west.start()
    assert now - 2 * 3_600 < west.metric(expiry) < now
    told = f"the certificate for peers in `{west.chain}` ended at "
    assert west.server.log.count(told) == 1
    create(west)
    assert west.value() == "first"
    eventually(lambda: waits_for_its_peer(west), "the peer takes nothing")
    assert is_gone(east)
    # One that is renewed is taken with no new start.
    west.authority.certificate("west.example")
    in_sync(west, seconds_max=90)
    assert east.value() == "first"
    assert west.metric(expiry) > now + 3_600
    assert west.server.log.count(f"the certificate in `{west.chain}` is another one now") == 1


@pytest.mark.parametrize(
    "change, says",
    [
        (lambda west, east: west.file.unlink(), "cannot use the peers in"),
        (lambda west, east: west.key.unlink(), "cannot read the private key in"),
        (lambda west, east: west.authority.path.write_text(""), "no certificate in"),
        (lambda west, east: west.knows({"name": "x", "authorities": "y"}), "the peer does nothing"),
        (lambda west, east: west.knows(east.holder(regions=[EAST])), "leave --peer-listen out"),
        (
            lambda west, east: west.knows(east.writer(primary_regions=[EAST]), listens=False),
            "give the address that it reaches with --peer-listen",
        ),
        (
            lambda west, east: setattr(west.server, "extra", ("--peer-listen", "127.0.0.1:0")),
            "name them with --peers",
        ),
    ],
)
def test_wrong_settings_keep_the_server_from_starting(deployments, change, says):
    west, east = deployments.both()
    change(west, east)
    west.server.port = 0
    west.server.spawn()
    assert west.server.process.wait(30) != 0
    assert says in west.server.log, west.server.log
    assert not west.data.exists()
