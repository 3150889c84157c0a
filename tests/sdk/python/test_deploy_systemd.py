"""The unit of deploy/systemd, run by a real systemd as docs/operate/deploy.md says."""

import base64
import io
import json
import os
import re
import shutil
import tempfile
import zipfile

import pytest

import documents
from machine import Machine, why_not
from privileges import needs, without
from server import BINARY, ROOT, eventually

GUIDE = ROOT / "docs" / "operate" / "deploy.md"
UNIT = "coffer.service"
# Answers with what it may do there.
BOOTSTRAP = r"""#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
may() { if "$@" > /dev/null 2>&1; then echo true; else echo false; fi; }
while :; do
  id=$(curl -s -D - -o /dev/null "$api/next" | tr -d '\r' |
    sed -n 's/^lambda-runtime-aws-request-id: //Ip')
  body="{\"uid\": $(id -u), \"data\": $(may cat /var/lib/coffer/credentials),
    \"key\": $(may cat /run/credentials/coffer.service/root-key),
    \"etc\": $(may touch /etc/mine), \"tmp\": $(may touch /tmp/mine),
    \"capabilities\": \"$(sed -n 's/^CapEff:\t//p' /proc/self/status)\"}"
  curl -s -o /dev/null -d "$body" "$api/$id/response"
done
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    needs(without([]), "the unit")
    reason = why_not()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("shared")
    shutil.copytree(ROOT / "deploy", folder / "deploy")
    (folder / "target" / "release").mkdir(parents=True)
    shutil.copy(BINARY, folder / "target" / "release" / "coffer")
    disk = tempfile.mkdtemp(prefix="coffer-machine-")
    made = Machine(folder, os.path.join(disk, "disk"))
    try:
        made.boot()
        yield made
    finally:
        made.end()
        shutil.rmtree(disk, ignore_errors=True)


def section(title):
    """The commands of a section of the guide, block by block."""
    (found,) = [part for part in GUIDE.read_text().split("\n## ") if part.startswith(title)]
    return documents.blocks(found)


@pytest.fixture(scope="module")
def installed(machine):
    """The machine with coffer as the guide's first commands leave it, which serves."""
    machine.run(section("systemd")[0])
    ready(machine)
    return machine


def ready(machine, scheme="http"):
    def answers():
        url = f"{scheme}://127.0.0.1:4566/_coffer/ready"
        asked = machine.run(f"curl -sf --insecure {url}", fails=True)
        return asked.returncode == 0

    try:
        eventually(answers, "coffer is ready", 30)
    except AssertionError:
        raise AssertionError(journal(machine)) from None


def journal(machine):
    return machine.run("journalctl --no-pager --unit coffer.service").stdout


def shown(machine, name):
    return machine.run(f"systemctl show --property {name} --value {UNIT}").stdout.strip()


def secrets(machine):
    """The root access key, as root reads it."""
    text = machine.run("cat /var/lib/coffer/credentials").stdout
    return re.findall(r"^aws_\w+ = (\S+)$", text, re.MULTILINE)


def call(machine, service, body, *arguments):
    """A signed request, and what is answered."""
    key, secret = secrets(machine)
    (machine.folder / "body").write_text(body if isinstance(body, str) else json.dumps(body))
    (machine.folder / "login").write_text(f'user = "{key}:{secret}"\n')
    quoted = " ".join(f"'{it}'" for it in arguments)
    command = (
        f"curl -s -K login --aws-sigv4 aws:amz:us-east-1:{service} --data-binary @body {quoted}"
    )
    return machine.run(command).stdout


def ssm(machine, operation, **members):
    target = ["-H", f"x-amz-target: AmazonSSM.{operation}"]
    target += ["-H", "content-type: application/x-amz-json-1.1", "http://127.0.0.1:4566/"]
    return json.loads(call(machine, "ssm", members, *target))


def put_and_read(machine, name):
    put = ssm(machine, "PutParameter", Name=name, Value="horse", Type="SecureString")
    assert put.get("Version") == 1, put
    return read(machine, name)


def read(machine, name):
    return ssm(machine, "GetParameter", Name=name, WithDecryption=True)["Parameter"]["Value"]


@pytest.mark.timeout(300)
def test_the_unit_serves_as_the_guide_installs_it(installed):
    assert put_and_read(installed, "/served") == "horse"
    assert "serving" in journal(installed)
    assert not any(secret in journal(installed) for secret in secrets(installed)[1:])
    # The user is one that systemd made up, and the credential is for it alone.
    process = shown(installed, "MainPID")
    status = installed.run(f"cat /proc/{process}/status").stdout
    told = dict(re.findall(r"^(\w+):\s+(\S+)", status, re.MULTILINE))
    assert int(told["Uid"]) >= 61184, status
    assert told["CapEff"] == told["CapBnd"] == "0" * 16 and told["NoNewPrivs"] == "1", status
    assert told["Seccomp"] == "2", status
    assert "can be read by its group" not in journal(installed)
    # It cannot write beside its state.
    seen = installed.run(f"nsenter --target {process} --mount cat /proc/self/mounts").stdout
    assert re.search(r"^\S+ / \S+ ro,", seen, re.MULTILINE), seen


@pytest.mark.timeout(300)
def test_the_unit_is_well_formed_and_stays_hardened(installed):
    told = installed.run(f"systemd-analyze verify /etc/systemd/system/{UNIT} 2>&1").stdout
    assert "coffer" not in told, told
    # In tenths; what is left is the network and Unix sockets, which it is there for.
    limit = "--threshold=15 --no-pager"
    installed.run(f"systemd-analyze security --offline=yes {limit} deploy/systemd/{UNIT}")


@pytest.mark.timeout(300)
def test_a_server_that_is_killed_is_started_again_and_one_that_is_stopped_ends_well(installed):
    assert put_and_read(installed, "/killed") == "horse"
    process = shown(installed, "MainPID")
    installed.run(f"kill -KILL {process}")
    eventually(lambda: shown(installed, "MainPID") not in {process, "0"}, "it is started again")
    ready(installed)
    assert read(installed, "/killed") == "horse"
    installed.run(f"systemctl stop {UNIT}")
    assert shown(installed, "Result") == "success" and shown(installed, "ExecMainStatus") == "0"
    installed.run(f"systemctl start {UNIT}")
    ready(installed)
    assert read(installed, "/killed") == "horse"


@pytest.mark.timeout(300)
def test_names_of_hosts_are_resolved_under_the_unit(installed):
    # Nobody listens there; that it was tried shows that the name was found.
    store = "COFFER_STORE=postgres://coffer@localhost:9/coffer"
    installed.run(f"echo {store} > /etc/coffer/environment")
    installed.run(f"systemctl restart {UNIT}", fails=True)
    try:
        eventually(lambda: "refused" in journal(installed).lower(), "it has tried", 30)
    finally:
        installed.run(f"rm /etc/coffer/environment; systemctl restart {UNIT}")
        ready(installed)


@pytest.mark.timeout(300)
def test_the_root_key_is_changed_as_the_guide_says(installed):
    assert put_and_read(installed, "/kept") == "horse"
    before = installed.run("cat /etc/coffer/root.key").stdout
    installed.run(section("systemd")[1])
    assert installed.run("cat /etc/coffer/root.key").stdout != before
    installed.run("! test -e /var/lib/coffer/next.key")
    installed.run(f"systemctl restart {UNIT}")
    ready(installed)
    assert read(installed, "/kept") == "horse"
    # The key before opens nothing any more.
    installed.run("cp /etc/coffer/root.key /root/now")
    (installed.folder / "before").write_text(before)
    installed.run(f"cat before > /etc/coffer/root.key; systemctl restart {UNIT}", fails=True)
    eventually(lambda: "does not open this store" in journal(installed), "it is refused", 30)
    installed.run(f"mv /root/now /etc/coffer/root.key; systemctl restart {UNIT}")
    ready(installed)


@pytest.mark.timeout(300)
def test_files_of_root_s_are_handed_over_as_the_guide_says(installed):
    (drop_in,) = re.findall(r"^```ini\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    folder = f"/etc/systemd/system/{UNIT}.d"
    (installed.folder / "tls.conf").write_text(drop_in)
    installed.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1"
        " -subj /CN=coffer -keyout /etc/coffer/tls.key -out /etc/coffer/tls.crt 2> /dev/null\n"
        "chmod 600 /etc/coffer/tls.key\n"
        f"install -D tls.conf {folder}/tls.conf; systemctl daemon-reload; systemctl restart {UNIT}"
    )
    try:
        ready(installed, "https")
    finally:
        installed.run(f"rm -r {folder}; systemctl daemon-reload; systemctl restart {UNIT}")
    ready(installed)


@pytest.mark.timeout(300)
def test_functions_run_as_users_of_their_own_by_the_drop_in(installed):
    assert put_and_read(installed, "/functions") == "horse"
    installed.run(section("systemd")[2])
    try:
        ready(installed)
        assert read(installed, "/functions") == "horse"
        told = invoked(installed)
        assert 60000 <= told["uid"] <= 60063, told
        assert told["capabilities"] == "0" * 16, told
        assert told["tmp"] and not (told["data"] or told["key"] or told["etc"]), told
        told = installed.run(f"systemd-analyze verify /etc/systemd/system/{UNIT} 2>&1").stdout
        assert "coffer" not in told, told
    finally:
        folder = "/etc/systemd/system/coffer.service.d"
        installed.run(f"rm -r {folder}; systemctl daemon-reload; systemctl restart {UNIT}")
    # The state is the made-up user's again.
    ready(installed)
    assert read(installed, "/functions") == "horse"


def invoked(machine):
    """What a function answers, made as its maker does."""
    trust = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
    }
    form = ["-H", "content-type: application/x-www-form-urlencoded", "http://127.0.0.1:4566/"]
    escaped = "".join(f"%{byte:02X}" for byte in json.dumps(trust).encode())
    query = f"Action=CreateRole&Version=2010-05-08&RoleName=r&AssumeRolePolicyDocument={escaped}"
    made = call(machine, "iam", query, *form)
    role = re.search(r"<Arn>([^<]+)</Arn>", made)
    assert role, made
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, BOOTSTRAP)
    function = {
        "FunctionName": "f",
        "Runtime": "provided.al2023",
        "Handler": "any",
        "Role": role[1],
        "Timeout": 20,
        "Code": {"ZipFile": base64.b64encode(packed.getvalue()).decode()},
    }
    at = "http://127.0.0.1:4566/2015-03-31/functions"
    made = json.loads(call(machine, "lambda", function, "-H", "content-type: application/json", at))
    assert made.get("FunctionName") == "f", made
    answer = call(machine, "lambda", {}, f"{at}/f/invocations")
    assert answer.startswith('{"uid"'), f"{answer}\n{journal(machine)}"
    return json.loads(answer)
