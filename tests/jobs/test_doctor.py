"""What `doctor` says of this machine; tests/stack has it look at an account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from jobs.doctor import here
from jobs.doctor.account import Account, looked
from jobs.doctor.comprehend import _needed, _quota_of_jobs, trusted
from jobs.doctor.finding import Finding, Verdict
from jobs.doctor.here import look_here
from jobs.doctor.stack import judged_by_clocks
from jobs.lake.config import default_config
from jobs.lake.layout import Lake
from jobs.stores.open import open_lake
from tests.environment import known
from tests.jobs.commands.running import invoke
from transforms.errors import AuraStreamError


def verdicts(lake: str | None = None) -> dict[str, Verdict]:
    return {each.what: each.verdict for each in look_here(lake)}


def test_what_is_too_little_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(here, "LEAST_MEMORY", 0)
    monkeypatch.setattr(here, "LEAST_DISK", 0)
    assert set(verdicts().values()) == {Verdict.OK}

    def no_java() -> Path:
        raise AuraStreamError("there is no Java 17")

    monkeypatch.setattr(here, "java_home", no_java)
    monkeypatch.setattr(here, "LEAST_MEMORY", 2**60)
    monkeypatch.setattr(here, "LEAST_DISK", 2**60)
    monkeypatch.setattr("locale.getpreferredencoding", lambda _: "ANSI_X3.4-1968")
    ill = {what for what, verdict in verdicts().items() if verdict is Verdict.FAILED}
    assert ill == {"java", "memory", "disk", "locale"}
    monkeypatch.setenv("SPARK_LOCAL_DIRS", str(tmp_path / "none"))
    (disk,) = [each for each in look_here(None) if each.what == "disk"]
    assert "No such file" in disk.said


def test_a_lake_on_this_machine_is_looked_at(tmp_path: Path) -> None:
    assert verdicts(str(tmp_path / "lake"))["lake"] is Verdict.FAILED
    open_lake(str(tmp_path / "lake"), create=True)[1].ledger()
    assert verdicts(str(tmp_path / "lake"))["lake"] is Verdict.OK


def test_json_is_a_line_a_finding_and_a_failure_is_the_exit_code(tmp_path: Path) -> None:
    result = invoke("doctor", "--json", "--lake", str(tmp_path / "lake"))
    told = [json.loads(line) for line in result.stdout.splitlines()]

    assert {"what", "verdict", "said", "do"} == set(told[0])
    assert (told[-1]["what"], told[-1]["verdict"]) == ("lake", "failed")
    assert result.exit_code == 1
    assert "would have a night fail" in result.stderr


def test_what_could_not_be_looked_at_is_not_well() -> None:
    nobody = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    with known({**nobody, "AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1"}):
        result = invoke("doctor", "--env", "dev")

    assert result.exit_code == 1
    assert "unknown  environment dev: Could not connect" in result.stdout
    assert result.stderr == "Error: 1 of these could not be looked at\n"


@pytest.mark.parametrize(
    ("code", "verdict", "do"),
    [
        ("AccessDeniedException", Verdict.UNKNOWN, "run doctor as somebody who may look"),
        ("ResourceNotFoundException", Verdict.FAILED, "make it"),
    ],
)
def test_what_may_not_be_looked_at_is_unknown_and_what_is_not_there_has_failed(
    code: str, verdict: Verdict, do: str
) -> None:
    def look() -> Iterator[Finding]:
        yield Finding("first", Verdict.OK, "well")
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeTable")

    first, second = looked("table", "make it", look)
    assert first.verdict is Verdict.OK
    assert (second.what, second.verdict, second.do) == ("table", verdict, do)
    assert "DescribeTable" in second.said


@pytest.mark.parametrize(("at", "verdict"), [("02:30", Verdict.FAILED), ("01:30", Verdict.OK)])
def test_a_schedule_in_the_hour_that_is_left_out_is_told(at: str, verdict: Verdict) -> None:
    assert judged_by_clocks("schedule", at, "Europe/Berlin").verdict is verdict


TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "comprehend.amazonaws.com"},
    "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}},
}


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        ([TRUST], None),
        ([TRUST | {"Principal": {"Service": ["glue.amazonaws.com", "comprehend.amazonaws.com"]}}], None),
        ([TRUST | {"Condition": {}}], "for jobs of any account"),
        ([TRUST, TRUST | {"Condition": {}}], "for jobs of 111122223333, any account"),
        (
            [TRUST | {"Condition": {"StringEquals": {"aws:SourceAccount": ["999988887777"]}}}],
            "for jobs of 999988887777",
        ),
        ([TRUST | {"Principal": {"Service": "glue.amazonaws.com"}}], "is not trusted to Amazon Comprehend"),
        ([TRUST | {"Effect": "Deny"}], "is not trusted to Amazon Comprehend"),
        ([TRUST | {"Principal": "*"}], "is not trusted to Amazon Comprehend"),
    ],
)
def test_the_role_of_jobs_is_for_comprehend_s_of_this_account_alone(statements: list[Any], said: str | None) -> None:
    found = trusted("role", {"Statement": statements if len(statements) > 1 else statements[0]}, "111122223333")
    if said is None:
        assert found.verdict is Verdict.OK
    else:
        assert (found.verdict, found.said) == (Verdict.FAILED, said)
        assert "aws:SourceAccount is 111122223333" in found.do


def test_what_jobs_need_of_their_role_is_what_the_template_gives() -> None:
    """By the resources and the condition of infra/template.yaml, for a lake as it is deployed."""
    lake = Lake("s3://bucket/main")
    needed = list(_needed(Account(), lake, default_config(lake.root), "aws"))
    granted = {
        "s3:GetObject": "arn:aws:s3:::bucket/main/comprehend/*/input/*",
        "s3:PutObject": "arn:aws:s3:::bucket/main/comprehend/*/output/*",
        "s3:ListBucket": "arn:aws:s3:::bucket",
    }
    assert {action for actions, _, _ in needed for action in actions} == set(granted)
    assert all(fnmatchcase(resource, granted[action]) for actions, resource, _ in needed for action in actions)
    (asked,) = [entry for _, _, context in needed for entry in context]
    assert asked["ContextKeyName"] == "s3:prefix"
    assert fnmatchcase(asked["ContextKeyValues"][0], "main/comprehend/*")


class Answers:
    """An account whose services answer so."""

    def __init__(self, quotas: dict[str, float], workers: int) -> None:
        self.quotas, self.workers = quotas, workers

    def client(self, service: str) -> Any:
        return self

    def get_job(self, **_: str) -> Any:
        return {"Job": {"WorkerType": "G.2X", "NumberOfWorkers": self.workers}}

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, **told: str) -> Any:
        assert told == {"ServiceCode": "comprehend"}
        return [{"Quotas": [{"QuotaName": name, "Value": value} for name, value in self.quotas.items()]}]


@pytest.mark.parametrize(
    ("quotas", "workers", "verdict"),
    [
        ({"StartSentimentDetectionJob max active jobs": 10.0}, 2, Verdict.OK),
        ({"StartSentimentDetectionJob max active jobs": 10.0}, 3, Verdict.FAILED),
        ({"BatchDetectSentiment throttle limit in transactions per second": 10.0}, 2, Verdict.UNKNOWN),
    ],
)
def test_there_are_as_many_jobs_at_once_as_tasks(quotas: dict[str, float], workers: int, verdict: Verdict) -> None:
    """A worker of G.2X does eight tasks at once, and the first is the driver's."""
    (found,) = _quota_of_jobs(Answers(quotas, workers), "night")  # type: ignore[arg-type]  # of Account what is asked
    assert found.verdict is verdict
