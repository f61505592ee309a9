"""Each role has what its commands need and no more: jobs/permissions/, held against what they ask of AWS.

Real servers answer; between them and every process stands tests/roles.py, which is IAM here.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from jobs.lake.config import default_config, name_role
from jobs.lake.create import create_lake
from jobs.milestones import Milestone
from jobs.scorers.registry import ASYNC
from tests.aws import Aws, aws
from tests.conftest import document
from tests.integration.lakes import DS, opened
from tests.roles import PERMISSIONS, Ground, Seen, acting, role, write

__all__ = ["aws"]  # the fixture

pytestmark = [pytest.mark.aws, pytest.mark.timeout(1200)]

KMS_KEY = "mail-key"
PAID = ("--scorer", "comprehend", "--quota-tps", "500")


@pytest.fixture
def ground(aws: Aws) -> Ground:
    """Two buckets, one of them with a drop; the lake is not made yet."""
    lake, drops = f"s3://{aws.name('lake')}/mail", f"s3://{aws.bucket()}/drops"
    put(aws, drops, "a", 30)
    put(aws, drops, "b", 30)
    return Ground(lake, drops, default_config(lake))


@pytest.fixture
def made(aws: Aws, ground: Ground) -> Ground:
    """The same with the lake."""
    config = ground.config.model_copy(update={"comprehend_role": "arn:aws:iam::111122223333:role/jobs"})
    with aws.used():
        list(create_lake(ground.lake))
        assert name_role(ground.lake, config)
        opened(ground.lake)[1].keys().content_key()
    return replace(ground, config=config)


def put(aws: Aws, drops: str, name: str, count: int = 1, **fields: object) -> None:
    bucket, _, prefix = drops.removeprefix("s3://").partition("/")
    rows = [document(document_id=f"{name}-{i}", text=f"Kettle {name} {i} works well.", **fields) for i in range(count)]
    body = "".join(json.dumps(row) + "\n" for row in rows)
    aws.client("s3").put_object(Bucket=bucket, Key=f"{prefix}/ds={DS}/{name}.jsonl", Body=body.encode())


def told(seen: Seen, *arguments: str, kill_at: Milestone | str = "-", spark: bool = False) -> str:
    """What a command says, which ends well unless it is killed."""
    ended = tried(seen, *arguments, kill_at=kill_at, spark=spark)
    assert ended.returncode == (0 if kill_at == "-" else -signal.SIGKILL), ended.stdout + ended.stderr
    return ended.stdout


def tried(
    seen: Seen, *arguments: str, kill_at: Milestone | str = "-", spark: bool = False
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.integration.told", kill_at, *arguments],
        env=os.environ | seen.environment | ({"SPARK_MASTER": "local[2]"} if spark else {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )


def of_create(aws: Aws, ground: Ground, seen: Seen) -> None:
    for _ in range(2):
        told(seen, "lake", "create", "--lake", ground.lake, "--kms-key", KMS_KEY)


def of_night(aws: Aws, ground: Ground, seen: Seen) -> None:
    """The first, on Spark; late files, deferred documents; killed before it is published, and after; by a job, killed
    when that was started; taken back."""
    night = ("nightly", "--drops", ground.drops, "--lake", ground.lake, "--ds", DS, *PAID)
    told(seen, *night, "--language", "en", spark=True)
    put(aws, ground.drops, "late", language=None)
    told(seen, *night, "--budget", "0")
    told(seen, *night, kill_at=Milestone.STAGED)
    told(seen, *night, kill_at=Milestone.PUBLISHED)
    told(seen, *night)
    put(aws, ground.drops, "large", 5)
    told(seen, *night, "--scorer", ASYNC, kill_at=Milestone.STARTED)
    told(seen, *night, "--scorer", ASYNC)
    told(seen, "rollback", "--lake", ground.lake, "--ds", DS)


def of_plan(aws: Aws, ground: Ground, seen: Seen) -> None:
    _a_night(aws, ground)
    put(aws, ground.drops, "new")
    told(seen, "plan", "--drops", ground.drops, "--lake", ground.lake, "--ds", DS, *PAID, "--language", "en")


def of_repair(aws: Aws, ground: Ground, seen: Seen) -> None:
    """With nothing to mend, with a partition that is lost, and with tables and views that are."""
    _a_night(aws, ground)
    glue, database = aws.client("glue"), ground.config.database
    repair = ("lake", "repair", "--lake", ground.lake)
    told(seen, *repair)
    ((partition,),) = [glue.get_partitions(DatabaseName=database, TableName="scores_all")["Partitions"]]
    glue.delete_partition(DatabaseName=database, TableName="scores_all", PartitionValues=partition["Values"])
    table = glue.get_table(DatabaseName=database, Name="scores")["Table"]
    glue.update_table(
        DatabaseName=database,
        TableInput={"Name": "scores", "TableType": table["TableType"], "ViewOriginalText": "another"},
    )
    glue.delete_table(DatabaseName=database, Name="runs")
    told(seen, *repair)


def of_reader(aws: Aws, ground: Ground, seen: Seen) -> None:
    _a_night(aws, ground)
    assert "60" in told(seen, "sql", "--lake", ground.lake, "--engine", "duckdb", "select count(*) as n from scores")
    told(seen, "runs", "--lake", ground.lake)


def of_verify(aws: Aws, ground: Ground, seen: Seen) -> None:
    _a_night(aws, ground)
    assert "60 documents" in told(seen, "lake", "verify", "--lake", ground.lake)


def _a_night(aws: Aws, ground: Ground) -> None:
    with acting(aws, ground) as unseen:
        told(unseen, "nightly", "--drops", ground.drops, "--lake", ground.lake, "--ds", DS, *PAID, "--language", "en")


ROLES: dict[str, Callable[[Aws, Ground, Seen], None]] = {
    "create": of_create,
    "night": of_night,
    "plan": of_plan,
    "repair": of_repair,
    "reader": of_reader,
    "verify": of_verify,
}


@pytest.fixture
def place(request: pytest.FixtureRequest, name: str) -> Ground:
    ground: Ground = request.getfixturevalue("ground" if name == "create" else "made")
    return ground


@pytest.mark.parametrize("name", ROLES)
def test_a_role_has_what_was_recorded_and_nothing_else(aws: Aws, place: Ground, name: str) -> None:
    """Held to the role, the commands end well; and all of the role is used, or has its reason beside it."""
    recording = "AURASTREAM_RECORD_PERMISSIONS" in os.environ
    with acting(aws, place, None if recording else role(name)) as seen:
        ROLES[name](aws, place, seen)
    if recording:
        write(name, seen.permissions(place))

    assert seen.refused == set()
    kept = json.loads((PERMISSIONS / f"{name}.json").read_text())
    assert seen.permissions(place) == kept["recorded"]


@pytest.mark.parametrize(
    "without",
    [
        "s3:GetObject",
        "s3:PutObject",
        "s3:ListBucket",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
        "dynamodb:BatchGetItem",
        "secretsmanager:GetSecretValue",
        "comprehend:BatchDetectSentiment",
        "glue:UpdateTable",
        "glue:BatchCreatePartition",
    ],
)
def test_a_night_without_one_permission_says_which(aws: Aws, made: Ground, without: str) -> None:
    allowed = role("night")
    del allowed[without]
    night = ("nightly", "--drops", made.drops, "--lake", made.lake, "--ds", DS, *PAID, "--language", "en")
    with acting(aws, made, allowed) as seen:
        ended = tried(seen, *night)

    # What the catalog refuses was published before, and the next start shows it.
    assert (ended.returncode == 0) == without.startswith("glue:"), ended.stderr
    assert {need.action for need in seen.refused} >= {without}
    assert without in ended.stderr, ended.stderr
    assert "Kettle" not in ended.stderr
