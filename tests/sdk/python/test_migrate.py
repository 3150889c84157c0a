"""`coffer migrate-store`: a store moves from one engine to another, and nothing of it is lost."""

import shutil
import subprocess

from database import PASSWORD
from server import BINARY
from world import World


def migrate(source, target, code=0):
    ended = subprocess.run(
        [BINARY, "migrate-store", "--from", str(source), "--to", str(target)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def values(world):
    pages = world.ssm.get_paginator("get_parameters_by_path")
    pages = pages.paginate(Path="/moved", Recursive=True, WithDecryption=True)
    found = {it["Name"]: (it["Value"], it["Version"]) for page in pages for it in page["Parameters"]}
    found["secret"] = world.sm.get_secret_value(SecretId="moved")["SecretString"]
    history = world.ssm.get_parameter_history(Name="/moved/0", WithDecryption=True)["Parameters"]
    found["history"] = [entry["Value"] for entry in history]
    return found


def test_a_store_goes_to_a_database_and_back_with_all_that_is_in_it(
    tmp_path, started, store_database
):
    data, back = tmp_path / "data", tmp_path / "back"
    server = started(data)
    world = World.on_server(server)
    for number in range(60):
        name, value = f"/moved/{number}", f"value {number}"
        world.ssm.put_parameter(Name=name, Value=value, Type="SecureString")
    world.ssm.put_parameter(Name="/moved/0", Value="two", Type="SecureString", Overwrite=True)
    world.sm.create_secret(Name="moved", SecretString="secret")
    before = values(world)
    url = store_database.place()
    assert "lock held by" in migrate(data, url, code=1), "the server has it open"
    server.stop()

    assert "byte for byte the same" in migrate(data, url)
    moved = started(data, "--store", url)
    world = World(moved, world.account, world.access_key, world.secret, world.region)
    assert values(world) == before
    world.ssm.put_parameter(Name="/moved/0", Value="three", Type="SecureString", Overwrite=True)
    before = values(world)
    moved.stop()

    assert "byte for byte the same" in migrate(url, back)
    shutil.copy(data / "root.key", back / "root.key")
    (back / "root.key").chmod(0o600)
    returned = started(back)
    world = World(returned, world.account, world.access_key, world.secret, world.region)
    assert values(world) == before
    world.close()


def test_what_is_anothers_is_not_written_over(tmp_path, started, store_database):
    urls = [store_database.place() for _ in range(2)]
    for number, url in enumerate(urls):
        server = started(tmp_path / str(number), "--store", url)
        world = World.on_server(server)
        world.ssm.put_parameter(Name="/whose", Value=str(number), Type="String")
        server.stop()
    assert "not those of this store" in migrate(*urls, code=1)
    server = started(tmp_path / "1", "--store", urls[1])
    again = World(server, world.account, world.access_key, world.secret, world.region)
    assert again.ssm.get_parameter(Name="/whose")["Parameter"]["Value"] == "1"
    again.close()


def test_what_is_no_store_is_refused(tmp_path, store_database):
    url = store_database.place()
    assert "there is no store in" in migrate(tmp_path / "none", url, code=1)
    assert "there is no store to move" in migrate(store_database.place(), url, code=1)
    for place in ("mysql://coffer:hunter2@127.0.0.1/x", "postgres://u:hunter2@127.0.0.1:1/x"):
        assert "hunter2" not in migrate(place, tmp_path / "target", code=1)
    assert PASSWORD not in migrate(f"{url}&nonsense=1", tmp_path / "target", code=1)
