"""The image of deploy/docker, as far as it goes without its base images.

Its final stage is run as a container is: as another user, with no capability, on a root that is
read-only, over the libraries that distroless/cc has.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from container import DOCKERFILE, Container, Image, libraries, only, stages, why_not
from privileges import needs, without
from server import ROOT, eventually

IGNORED = DOCKERFILE.with_name("Dockerfile.dockerignore")
# Those of glibc and libgcc: https://github.com/GoogleContainerTools/distroless/tree/main/cc
# (2026-11), whose image has nothing else but libstdc++, libgomp, and what its `base` has.
LIBRARIES = {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2"}
LIBRARIES |= {"ld-linux-aarch64.so.1", "libdl.so.2", "libpthread.so.0", "librt.so.1"}
LOGIN = ("AKIAIMAGEIMAGEIMAGE1", "a-secret-of-the-test-alone")


def test_the_image_has_every_library_that_the_binary_links():
    names = {library.name for library in libraries()}
    assert "libc.so.6" in names and names <= LIBRARIES, names


def test_the_build_has_what_it_reads_and_the_compiler_that_it_needs(tmp_path):
    build, final = stages()
    wanted = re.search(r'^rust-version = "([\d.]+)"', (ROOT / "Cargo.toml").read_text(), re.M)[1]
    # One Debian: a binary needs the glibc that it was linked to, or a newer one.
    assert only(build, "FROM") == f"rust:{wanted}-bookworm AS build"
    assert only(final, "FROM") == "gcr.io/distroless/cc-debian12"
    lines = [it for it in IGNORED.read_text().splitlines() if it and not it.startswith("#")]
    assert lines[0] == "*"
    for line in lines:
        if line.startswith("!"):
            source, target = ROOT / line[1:], tmp_path / line[1:]
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("target", "output"))
            else:
                shutil.copy(source, target)
    # Every crate of the workspace, with the sources of its targets.
    told = ["cargo", "metadata", "--offline", "--locked", "--no-deps", "--format-version=1"]
    subprocess.run(told, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    outside = [
        found
        for path in (tmp_path / "crates").rglob("src/**/*.rs")
        for found in re.findall(r"include(?:_str|_bytes)?!\(\s*\"([^\"]+)\"", path.read_text())
        if not (path.parent / found).exists()
    ]
    assert not outside, f"the build includes what is not in its context: {outside}"


@pytest.mark.timeout(120)
def test_a_container_serves_from_a_read_only_root_as_nobody_s_user(tmp_path):
    needs(without([]), "a container of the image")
    reason = why_not()
    if reason:
        pytest.skip(reason)
    image = Image(tmp_path)
    image.lay_out()
    # As Docker makes a new volume: after the folder that the image has there.
    folder, data = image.root / image.volume.lstrip("/"), tmp_path / "volume"
    data.mkdir()
    shutil.copystat(folder, data)
    os.chown(data, folder.stat().st_uid, folder.stat().st_gid)
    container = Container(image, [(data, image.volume, "rw")], tmp_path / "log")
    preset = dict(zip(["COFFER_ROOT_ACCESS_KEY_ID", "COFFER_ROOT_SECRET_ACCESS_KEY"], LOGIN))
    try:
        for turn in range(2):
            container.start(json.loads(only(image.stage, "CMD")), **preset)
            ready = "http://127.0.0.1:4566/_coffer/ready"
            eventually(lambda: container.is_up(ready), "it is ready", 60)
            if turn == 0:
                container.ssm(LOGIN, "PutParameter", Name="/a", Value="horse", Type="SecureString")
            told = container.ssm(LOGIN, "GetParameter", Name="/a", WithDecryption=True)
            assert told["Parameter"]["Value"] == "horse"
            status = container.status()
            assert f"{status['Uid']}:{status['Gid']}" == image.user == "65532:65532", status
            assert status["CapEff"] == "0" * 16 and status["NoNewPrivs"] == "1", status
            mounts = pathlib.Path(f"/proc/{container.process.pid}/mounts").read_text()
            assert re.search(r"^\S+ / \S+ ro,", mounts, re.MULTILINE), mounts
            container.stop()
        text = container.log.read_text()
        assert "panicked" not in text and LOGIN[1] not in text, text
        assert {it.stat().st_uid for it in data.rglob("*")} == {65532}
    finally:
        container.kill()
