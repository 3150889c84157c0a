"""The README's commands, run as they stand there."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

import documents
from documents import blocks
from server import BINARY, ROOT, eventually, free_port

README = ROOT / "README.md"
START = re.compile(r"\b(?:cargo run [^\n&]*?-- |coffer )server\b")


def is_for_the_builder(line):
    """Whether a line builds, tests or installs: what the tests themselves are made by."""
    return re.match(
        r"\s*(git clone|cd coffer|cargo (xtask|build|install)|rustup|curl .*rustup)", line
    )


def start_of_a_server(lines):
    """The first line that starts a server, if there is one."""
    return next((line for line in lines if START.search(line)), None)


def commands(text):
    """Every line to run, those of continued lines joined, comments and prompts left out."""
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(blocks(text)))
    lines = [re.sub(r"^\s*\$ ", "", line) for line in joined.splitlines()]
    return [
        line
        for line in lines
        if line.strip() and not line.strip().startswith("#") and not is_for_the_builder(line)
    ]


def test_blocks_and_commands_are_found():
    text = (
        "# Title\n```sh\ngit clone x\ncargo run --release -- server\n```\nprose\n"
        "```json\n{}\n```\n```sh\n# a comment\n$ aws ssm put-parameter \\\n  --name /a\n```\n"
    )
    assert len(blocks(text)) == 2
    assert commands(text) == ["cargo run --release -- server", "aws ssm put-parameter --name /a"]
    assert start_of_a_server(commands(text)) == "cargo run --release -- server"


class Readme:
    """A shell's worth of the README: one server in the background, then one line after another."""

    def __init__(self, folder):
        self.folder = folder
        self.log = folder / "server.log"
        self.process = None
        self.port = free_port()
        venv = str(pathlib.Path(sys.executable).parent)
        self.environment = {
            "PATH": os.pathsep.join([venv, str(pathlib.Path(BINARY).parent), os.environ["PATH"]]),
            "HOME": str(folder),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
        }

    def local(self, line):
        """The line with our binary and port in place of cargo's and the default one."""
        line = re.sub(r"cargo run [^\n&]*?-- ", f"{BINARY} ", line)
        return line.replace("127.0.0.1:4566", f"127.0.0.1:{self.port}")

    def start(self, line):
        command = self.local(line).rstrip(" &").split()
        if "--listen" not in command:
            command += ["--listen", f"127.0.0.1:{self.port}"]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, env=self.environment
            )
        eventually(self.has_said_how, "the server says how to use it", seconds_max=60)

    def has_said_how(self):
        """Pastes the lines that the server prints, as its user does."""
        assert self.process.poll() is None, self.log.read_text()
        exports = dict(re.findall(r"export (AWS_[A-Z_]+)=['\"]?([^\s'\"]+)", self.log.read_text()))
        self.environment.update(exports)
        return {"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} <= set(exports)

    def run(self, lines):
        """Runs the lines in one shell, which stops at the first that fails."""
        self.environment.setdefault("AWS_DEFAULT_REGION", "us-east-1")
        script = "\n".join(self.local(line) for line in lines)
        return documents.run(script, self.folder, self.environment)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(30) == 0


def test_cargo_run_without_more_is_the_server_program():
    # The other tests run the built binary in cargo's place.
    told = subprocess.run(
        ["cargo", "metadata", "--no-deps", "--offline", "--format-version=1"],
        capture_output=True,
        check=True,
        cwd=ROOT,
        timeout=60,
    )
    workspace = json.loads(told.stdout)
    members = set(workspace["workspace_default_members"])
    targets = [one for of in workspace["packages"] if of["id"] in members for one in of["targets"]]
    assert [target["name"] for target in targets if "bin" in target["kind"]] == ["coffer"]


@pytest.mark.timeout(400)
def test_the_commands_of_the_readme_work(tmp_path):
    assert README.exists(), "README.md is not there"
    lines = commands(README.read_text())
    start = start_of_a_server(lines)
    assert start, "the README does not say how to start a server"
    readme = Readme(tmp_path)
    try:
        readme.start(start)
        # What is before the server's start is about getting it; other servers are for reading.
        rest = [line for line in lines[lines.index(start) + 1 :] if not _is_another_server(line)]
        assert rest, "the README shows no client"
        ended = readme.run(rest)
        assert ended.returncode == 0, f"{ended.stderr}\n{readme.log.read_text()}"
    finally:
        readme.stop()


def _is_another_server(line):
    exports_of_the_server = re.match(r"\s*export AWS_", line)
    return (
        START.search(line) or re.search(r"\bcoffer dev\b|-- dev\b", line) or exports_of_the_server
    )
