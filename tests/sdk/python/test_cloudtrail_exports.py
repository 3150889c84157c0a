"""Exports: log files in CloudTrail's layout, and digests that AWS's own validator accepts."""

import datetime
import gzip
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
import rsa

from bucket_server import BucketServer
from server import Server, eventually
from world import World, pages

BUCKET = "audit-logs"
AWS = pathlib.Path(sys.executable).with_name("aws")


@pytest.fixture
def exporting(tmp_path):
    """An empty account of a server of its own, which exports to a folder."""
    server = Server("dev", extra=("--audit-exports", str(tmp_path / "exports")))
    server.start()
    world = World.on_dev(server)
    try:
        yield world, tmp_path / "exports"
        world.close()
        server.stop()
    finally:
        server.kill()
        shutil.rmtree(server.scratch, ignore_errors=True)


def files(exports, kind):
    found = (exports / BUCKET).rglob("*.json.gz")
    return sorted(path for path in found if f"/{kind}/" in path.as_posix())


def moved_until(world, condition, what, step="7m"):
    """Moves the clock on until the condition holds: records come to the store every few seconds,
    and are exported some minutes later."""

    def look():
        world.server.advance(step)
        return condition()

    return eventually(look, what, 60)


def records_in(path):
    return json.loads(gzip.decompress(path.read_bytes()))["Records"]


def exported(exports):
    return [record for path in files(exports, "CloudTrail") for record in records_in(path)]


def begin(world, **options):
    trail = world.client("cloudtrail")
    made = trail.create_trail(
        Name="exported", S3BucketName=BUCKET, EnableLogFileValidation=True, **options
    )
    trail.start_logging(Name="exported")
    return trail, made["TrailARN"]


def test_files_are_in_cloudtrails_layout_and_hold_each_event_once(exporting):
    world, exports = exporting
    trail, _ = begin(world, S3KeyPrefix="team/a")
    for number in range(5):
        world.ssm.put_parameter(Name=f"/export/{number}", Value="a", Type="String")
        world.ssm.get_parameter(Name=f"/export/{number}")

    def are_there():
        names = [record["eventName"] for record in exported(exports)]
        return names.count("GetParameter") == 5 and names.count("PutParameter") == 5

    moved_until(world, are_there, "all ten events are exported")
    account, region = world.account, world.region
    layout = re.compile(
        rf"team/a/AWSLogs/{account}/CloudTrail/{region}/\d{{4}}/\d\d/\d\d/"
        rf"{account}_CloudTrail_{region}_\d{{8}}T\d{{4}}Z_[0-9a-zA-Z]{{16}}\.json\.gz"
    )
    for path in files(exports, "CloudTrail"):
        assert layout.fullmatch(path.relative_to(exports / BUCKET).as_posix()), path
    records = exported(exports)
    assert len({record["eventID"] for record in records}) == len(records)
    assert all(record["recipientAccountId"] == account for record in records)
    # What is exported is what is looked up, word for word.
    found, _ = pages(trail.lookup_events, "Events")
    looked_up = {event["EventId"]: json.loads(event["CloudTrailEvent"]) for event in found}
    for record in records:
        assert looked_up[record["eventID"]] == record
    status = trail.get_trail_status(Name="exported")
    assert status["LatestDeliveryTime"] and status["IsLogging"]


def test_selectors_choose_what_is_exported_and_stopping_ends_it(exporting):
    world, exports = exporting
    trail, _ = begin(world)
    trail.put_event_selectors(
        TrailName="exported", EventSelectors=[{"ReadWriteType": "WriteOnly"}]
    )
    world.ssm.put_parameter(Name="/selected", Value="a", Type="String")
    world.ssm.get_parameter(Name="/selected")
    trail.stop_logging(Name="exported")
    world.ssm.put_parameter(Name="/too-late", Value="a", Type="String")

    def is_last_digest_there():
        digests = files(exports, "CloudTrail-Digest")
        return digests and "StopLogging" in [r["eventName"] for r in exported(exports)]

    moved_until(world, is_last_digest_there, "what was before the stop is exported")
    count = len(files(exports, "CloudTrail"))
    for _ in range(3):
        world.server.advance("1h")
    assert len(files(exports, "CloudTrail")) == count
    records = exported(exports)
    of_ssm = [record for record in records if record["eventSource"] == "ssm.amazonaws.com"]
    names = [record["requestParameters"]["name"] for record in of_ssm]
    assert names == ["/selected"]
    assert all(record["readOnly"] is False for record in records)


def digests_of(exports):
    """The digests, newest first, each with its signature from beside it."""
    found = []
    for path in reversed(files(exports, "CloudTrail-Digest")):
        contents = gzip.decompress(path.read_bytes())
        metadata = json.loads(path.with_name(path.name + ".metadata.json").read_text())
        found.append((path, json.loads(contents), contents, metadata))
    return found


def digested(exports):
    """The log files that digests name, with what is in them."""
    logs = [log for _, digest, _, _ in digests_of(exports) for log in digest["logFiles"]]
    paths = [exports / log["s3Bucket"] / log["s3Object"] for log in logs]
    return {path: gzip.decompress(path.read_bytes()) for path in paths}


def digested_with(exports, word):
    """The digested log file in which this word is."""
    return next((path for path, text in digested(exports).items() if word in text), None)


def validate(world, exports):
    """CloudTrail's documented way of validating digests and the files that they name."""
    trail = world.client("cloudtrail")
    year = datetime.timedelta(days=365)
    now = datetime.datetime.now(datetime.timezone.utc)
    within = {"StartTime": now - year, "EndTime": now + year}
    keys, _ = pages(trail.list_public_keys, "PublicKeyList", **within)
    by_fingerprint = {key["Fingerprint"]: key["Value"] for key in keys}
    expected_previous = None
    logs = 0
    for path, digest, contents, metadata in digests_of(exports):
        assert metadata["signature-algorithm"] == "SHA256withRSA"
        assert digest["digestS3Bucket"] == BUCKET
        assert path == exports / BUCKET / digest["digestS3Object"]
        content_hash = hashlib.sha256(contents).hexdigest()
        if expected_previous is not None:
            assert expected_previous == (
                digest["digestS3Object"], content_hash, metadata["signature"]
            )
        to_sign = "\n".join(
            [
                digest["digestEndTime"],
                f"{digest['digestS3Bucket']}/{digest['digestS3Object']}",
                content_hash,
                digest["previousDigestSignature"] or "null",
            ]
        )
        public_key = rsa.PublicKey.load_pkcs1(
            by_fingerprint[digest["digestPublicKeyFingerprint"]], format="DER"
        )
        signature = bytes.fromhex(metadata["signature"])
        assert rsa.verify(to_sign.encode(), signature, public_key) == "SHA-256"
        for log in digest["logFiles"]:
            path = exports / log["s3Bucket"] / log["s3Object"]
            log_contents = gzip.decompress(path.read_bytes())
            assert log["hashAlgorithm"] == "SHA-256"
            assert hashlib.sha256(log_contents).hexdigest() == log["hashValue"]
            times = sorted(record["eventTime"] for record in json.loads(log_contents)["Records"])
            assert (times[0], times[-1]) == (log["oldestEventTime"], log["newestEventTime"])
            logs += 1
        expected_previous = (
            digest["previousDigestS3Object"],
            digest["previousDigestHashValue"],
            digest["previousDigestSignature"],
        )
    assert expected_previous == (None, None, None), "the first digest is a starting one"
    return logs


def test_digests_are_signed_and_chained_as_the_user_guide_says(exporting):
    world, exports = exporting
    begin(world)
    for hour in range(3):
        world.ssm.put_parameter(Name=f"/hour/{hour}", Value="a", Type="String")
        moved_until(
            world,
            lambda hour=hour: digested_with(exports, b"/hour/%d" % hour),
            "the hour's digest is there",
            "31m",
        )
    assert validate(world, exports) >= 3
    assert len(digests_of(exports)) >= 3
    path = digested_with(exports, b"/hour/0")
    changed = gzip.decompress(path.read_bytes()).replace(b"/hour/0", b"/hour/9")
    path.write_bytes(gzip.compress(changed))
    with pytest.raises(AssertionError):
        validate(world, exports)


def validate_logs(world, bucket_server, arn):
    """`aws cloudtrail validate-logs`, which believes that it speaks to AWS."""
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    ended = subprocess.run(
        [AWS, "cloudtrail", "validate-logs", "--trail-arn", arn, "--verbose",
         "--start-time", (now - day).isoformat(), "--end-time", (now + 10 * day).isoformat()],
        capture_output=True,
        text=True,
        timeout=120,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(world.server.scratch),
            "AWS_ENDPOINT_URL": world.server.endpoint,
            "AWS_ENDPOINT_URL_S3": bucket_server.endpoint,
            "AWS_ACCESS_KEY_ID": world.access_key,
            "AWS_SECRET_ACCESS_KEY": world.secret,
            "AWS_DEFAULT_REGION": world.region,
        },
    )
    return ended.returncode, ended.stdout + ended.stderr


def test_awss_own_validator_accepts_them_and_finds_what_was_changed(exporting):
    world, exports = exporting
    _, arn = begin(world)
    world.ssm.put_parameter(Name="/validated", Value="a", Type="String")
    moved_until(
        world,
        lambda: digested_with(exports, b"/validated") and len(digests_of(exports)) >= 2,
        "two digests are there",
        "31m",
    )
    with BucketServer(exports) as bucket_server:
        status, told = validate_logs(world, bucket_server, arn)
        assert status == 0, told
        assert re.search(r"(\d+)/\1 digest files valid", told), told
        assert re.search(r"(\d+)/\1 log files valid", told), told
        path = digested_with(exports, b"/validated")
        contents = gzip.decompress(path.read_bytes())
        path.write_bytes(gzip.compress(contents.replace(b"/validated", b"/Validated")))
        status, told = validate_logs(world, bucket_server, arn)
        assert status != 0 and "INVALID" in told, told
