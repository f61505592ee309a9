"""The parts of a night on real servers: what any AWS client is pointed to, what stays and what is started again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from infra.local.aws import stack
from infra.local.aws.parts import NIGHT
from tests.aws import Aws

NAMES = [part.name for part in NIGHT]
CLIENT = """
import boto3
from pyarrow.fs import FileSystem

boto3.client("s3").put_object(Bucket="lake", Key="k", Body=b"hello")
files, path = FileSystem.from_uri("s3://lake/k")
print(files.open_input_stream(path).read())
print(boto3.client("dynamodb").list_tables()["TableNames"])
boto3.client("glue").create_database(DatabaseInput={"Name": "d"})
print([each["Name"] for each in boto3.client("glue").get_databases()["DatabaseList"]])
print(boto3.client("secretsmanager").create_secret(Name="s", SecretString="x")["Name"])
print(boto3.client("sts").get_caller_identity()["Account"])
boto3.client("cloudwatch").put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1}])
print(boto3.client("sns").create_topic(Name="t")["TopicArn"])
print(boto3.client("comprehend").detect_sentiment(Text="I love it", LanguageCode="en")["Sentiment"])
print(boto3.client("kms").list_keys()["Keys"])
"""


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """A stack that these tests may end."""
    started = Aws(tmp_path_factory.mktemp("aws"))
    try:
        started.start(NIGHT)
        yield started
    finally:
        stack.down(started.folder)


def processes(folder: Path) -> dict[str, int]:
    return {name: entry.process.pid for name, entry in stack.read(folder).items() if entry.process is not None}


def test_a_shell_is_pointed_here(ours: Aws) -> None:
    """By what `env` prints, whatever the shell had before."""
    program = Path(sys.executable).with_name("aurastream-local")
    script = f'eval "$({program} aws env --dir {ours.folder})" && exec {sys.executable} -c "$CLIENT"'
    before = {"AWS_PROFILE": "of-somebody", "AWS_SESSION_TOKEN": "old", "AWS_ACCESS_KEY_ID": "theirs"}
    ended = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, **before, "CLIENT": CLIENT},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == [
        "b'hello'", "[]", "['d']", "s", "123456789012", "arn:aws:sns:us-east-1:123456789012:t", "POSITIVE", "[]"
    ]  # fmt: skip


def test_what_runs_is_left_alone(ours: Aws) -> None:
    before = processes(ours.folder)

    ours.start(NIGHT)

    assert list(before) == NAMES
    assert processes(ours.folder) == before


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_part_alone_is_started_again(ours: Aws, name: str) -> None:
    before, environment = processes(ours.folder), ours.environment
    killed = psutil.Process(before[name])
    killed.kill()
    killed.wait(60)
    assert stack.read(ours.folder)[name].state == "ended"

    ours.start(NIGHT)

    after = processes(ours.folder)
    assert {each for each in NAMES if after[each] != before[each]} == {name}
    assert ours.environment == environment
    assert {entry.state for entry in stack.read(ours.folder).values()} == {"running"}


def test_what_is_kept_is_there_at_the_next_start(ours: Aws) -> None:
    before = [psutil.Process(pid) for pid in processes(ours.folder).values()]
    before += [child for each in before for child in each.children(recursive=True)]
    ours.client("s3").put_object(Bucket="lake", Key="kept", Body=b"object")
    table = new_table(ours)

    stack.down(ours.folder)
    stack.down(ours.folder)

    assert not [each for each in before if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
    assert {entry.state for entry in stack.read(ours.folder).values()} == {"stopped"}
    ours.start(NIGHT)
    assert ours.client("s3").get_object(Bucket="lake", Key="kept")["Body"].read() == b"object"
    assert table in tables(ours)


def test_tables_outlive_a_kill(ours: Aws) -> None:
    """And the stop after it."""
    table = new_table(ours)
    killed = psutil.Process(processes(ours.folder)["dynamodb"])
    killed.kill()
    killed.wait(60)
    ours.start(NIGHT)
    assert table in tables(ours)

    stack.down(ours.folder)
    ours.start(NIGHT)

    assert table in tables(ours)


def new_table(ours: Aws) -> str:
    table = ours.name("kept")
    ours.client("dynamodb").create_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return table


def tables(ours: Aws) -> list[str]:
    names: list[str] = ours.client("dynamodb").list_tables()["TableNames"]
    return names


def test_nothing_listens_beyond_this_machine(ours: Aws) -> None:
    family = [psutil.Process(pid) for pid in processes(ours.folder).values()]
    family += [child for each in family for child in each.children(recursive=True)]
    listening = [each.laddr.ip for one in family for each in one.net_connections() if each.status == psutil.CONN_LISTEN]

    assert len(listening) >= len(NAMES)
    assert {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}
