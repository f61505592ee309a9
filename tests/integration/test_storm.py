"""A night in S3 while everything about it fails: all is scored, nothing is paid for twice."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.local.aws.part import Part
from infra.local.aws.process import serving as serving_part
from infra.local.aws.s3 import PART, launch
from jobs.lake.create import create_lake
from tests.aws import Aws, aws
from tests.conftest import document, write_json_lines, write_key
from tests.environment import known
from tests.infra.serving import serving
from tests.integration.children import ON_SPARK, Children
from tests.integration.lakes import DS, content
from tests.integration.paid import FAST, distinct_drop, random_drop
from tests.integration.whole import seen
from tests.weather import bad_weather

__all__ = ["aws"]  # the fixture

pytestmark = [pytest.mark.aws, pytest.mark.timeout(900)]

KEYS_LAST = 30  # seconds
# Comprehend throttles, fails, takes no key that is older, and some calls stall until the client gives up.
FAULTS = f"""
[[fault]]
kind = "throttle"
share = 0.1

[[fault]]
kind = "error"
share = 0.1

[[fault]]
kind = "reset"
share = 0.05

[[fault]]
kind = "stall"
share = 0.1
seconds = 60

[[fault]]
kind = "expire"
seconds = {KEYS_LAST}
"""


@pytest.fixture
def passing_keys(aws: Aws, tmp_path: Path) -> Iterator[dict[str, str]]:
    """AWS as a role sees it: each access key is good for half a minute, and a process of the SDK's gives the next.

    S3 is a server that knows them all; the others take any.
    """
    access = [f"K{number:04}" for number in range(400)]
    gives = tmp_path / "gives-keys"
    gives.write_text(
        "#!/bin/sh\n"
        f"key=$(( ($(date +%s) - {int(time.time())}) / {KEYS_LAST // 2} ))\n"
        f'until=$(date -u -d "+{KEYS_LAST} seconds" +%Y-%m-%dT%H:%M:%SZ)\n'
        'said=\'{"Version": 1, "AccessKeyId": "K%04d", "SecretAccessKey": "secret", "Expiration": "%s"}\'\n'
        'printf "$said" $key $until\n'
    )
    gives.chmod(0o700)
    profile = tmp_path / "aws-config"
    profile.write_text(f"[default]\ncredential_process = {gives}\n")
    part = Part("s3", partial(launch, keys=[(key, "secret") for key in access]), ports=PART.ports)
    folder = tmp_path / "s3"
    folder.mkdir()
    with serving_part(part, folder) as s3:
        kept = {name: value for name, value in aws.environment.items() if not name.endswith(("_KEY", "_KEY_ID"))}
        yield {**kept, **s3.endpoints, "AWS_CONFIG_FILE": str(profile)}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_night_while_everything_fails(passing_keys: dict[str, str], seed: int, tmp_path: Path) -> None:
    """Of all requests to S3 and DynamoDB one of twenty is harmed."""
    key, lake, drop = write_key(tmp_path / "key"), f"s3://lake/{tmp_path.name}/lake", f"s3://drops/{tmp_path.name}"
    drops = random_drop(tmp_path / "drops", seed, 60)
    for number in range(40):
        distinct_drop(drops, 15, f"mails{number}-")
    faults = tmp_path / "faults.toml"
    faults.write_text(FAULTS)
    with (
        bad_weather(passing_keys["AWS_ENDPOINT_URL_S3"], 0.05, seed, KEYS_LAST) as s3,
        bad_weather(passing_keys["AWS_ENDPOINT_URL_DYNAMODB"], 0.05, seed, KEYS_LAST) as dynamodb,
        serving("--answers", "hash", "--faults", str(faults)) as comprehend,
        known(passing_keys),
    ):
        list(create_lake(lake))
        put(drops, drop)
        stormy = {
            "AWS_ENDPOINT_URL_S3": s3.url,
            "AWS_ENDPOINT_URL_DYNAMODB": dynamodb.url,
            "AWS_ENDPOINT_URL_COMPREHEND": comprehend.url,
        }
        children = Children(tmp_path / "children", passing_keys | stormy | ON_SPARK)
        told = ("--lake", lake, "--key-file", str(key), "--ds", DS, "--scorer", "comprehend", "--language", "en")
        first = children.run("nightly", "--drops", drop, *told, "--quota-tps", "2")
        write_json_lines(drops / f"ds={DS}" / "late.jsonl", [document(document_id="late", text=f"Too late {seed}.")])
        put(drops, drop)
        second = children.run("nightly", "--drops", drop, *told, "--quota-tps", "2")
        assert (first.code, second.code) == (0, 0), (first.said + second.said).decode()
        found = seen(lake)
        billed = [text["billed"] for text in comprehend.texts()]

    for weather in (s3, dynamodb):
        assert sum(weather.done.values()) - weather.done["none"] > 0
        assert len(weather.keys) > 2
        assert not weather.done["expired"]
    assert dynamodb.done["unprocessed"]
    assert max(billed) == 1
    # A process of its own: the workers of this one may have been started by another test, and know its Comprehend.
    with serving("--answers", "hash") as calm:
        keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "calm")
        known_there = {**keys, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL_COMPREHEND": calm.url}
        children = Children(tmp_path / "calm", known_there)
        in_calm = ("--lake", str(tmp_path / "here"), *told[2:], "--quota-tps", str(FAST))
        third = children.run("nightly", "--drops", str(drops), *in_calm)
        assert third.code == 0, third.said.decode()
    assert {row["error_code"] for row in found if row["status"] in ("FAILED", "DEFERRED")} <= {"UNSUPPORTED_LANGUAGE"}
    told_of = (json.dumps(content(rows), default=str) for rows in (found, seen(str(tmp_path / "here"))))
    there, here = (json.loads(each.replace(drop, str(drops))) for each in told_of)
    assert len(there) == len(here)
    assert [differing for pair in zip(there, here, strict=True) if (differing := unlike(*pair))] == []


def unlike(there: dict[str, Any], here: dict[str, Any]) -> dict[str, Any]:
    """What two rows have in their columns, where it is not the same."""
    return {name: (value, here[name]) for name, value in there.items() if value != here[name]}


def put(drops: Path, drop: str) -> None:
    """Copy a drop to S3; an object that is put again with the same content has the same ETag."""
    bucket, prefix = drop.removeprefix("s3://").split("/", 1)
    for path in drops.rglob("*.jsonl"):
        boto3.client("s3").upload_file(str(path), bucket, f"{prefix}/{path.relative_to(drops)}")
