"""The script of the Glue job: its arguments, and how it ends. tests/integration/test_glue.py runs it as Glue does."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

import jobs.nightly
from jobs import glue
from jobs.formats import Format
from jobs.spark import modules
from jobs.spark.session import SparkSession
from tests.integration.lakes import DS
from transforms import errors
from transforms.errors import AuraStreamError, Ending, UsageError

# What Glue adds to a job's own arguments.
OF_GLUE = [
    *("--JOB_ID", "j_1", "--JOB_RUN_ID", "jr_1", "--JOB_NAME", "aurastream", "--TempDir", "s3://bucket/tmp"),
    *("--job-bookmark-option", "job-bookmark-disable", "--enable-metrics", "--enable-job-insights", "true"),
    *("--additional-python-modules", "s3://bucket/w.gluewheels.zip", "--python-modules-installer-option", "--no-index"),
]
OURS = ["--drops", "s3://d/drops", "--lake", "s3://l/lake"]


def test_arguments_are_those_of_nightly() -> None:
    more = ["--budget", "25.00", "--deadline", "05:30", "--map", "text=body,document_id=id", "--format", "jsonl"]
    told = glue.settings([*OF_GLUE, *OURS, "--ds", DS, *more, "--reprocess", "true", "--quota-tps", "20"])

    assert (told.drops, told.lake, told.ds, told.scorer) == ("s3://d/drops", "s3://l/lake", DS, "comprehend")
    assert (told.budget, told.deadline, told.file_format) == (Decimal("25.00"), "05:30", Format.JSONL)
    assert (told.mapping, told.reprocess, told.quota_tps) == ({"text": "body", "document_id": "id"}, True, 20)
    assert glue.settings(OURS).mapping == {}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--lake", "l"], "--drops"),
        ([*OURS, "--quota-tps", "many"], "quota-tps"),
        ([*OURS, "--budget", "much"], "no amount of dollars"),
        ([*OURS, "--budget", "nan"], "no amount of dollars"),
        ([*OURS, "--budget", "-1"], "no amount of dollars"),
        ([*OURS, "--reprocess", "maybe"], "reprocess"),
        ([*OURS, "--map", "text"], "--map text"),
        ([*OURS[:2], "--lak", "abbreviated"], "--lake"),
    ],
)
def test_what_cannot_be_meant_is_usage(arguments: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        glue.settings(arguments)


@pytest.fixture
def night(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the night raises, set by a test; the rest is real."""

    def failing(raised: Exception) -> None:
        def run(_: object) -> None:
            raise raised

        monkeypatch.setattr(jobs.nightly, "run", run)
        monkeypatch.setattr(glue, "check_executors", lambda _: None)

    return failing


@pytest.mark.parametrize(
    ("raised", "ending"),
    [
        (errors.PublishConflict("another run"), Ending.TRY_AGAIN),
        (errors.ExpectationsNotMet("accounting"), Ending.EXPECTATIONS_NOT_MET),
        (errors.CommitUnknown("no answer"), Ending.UNKNOWN),
        (errors.DropError("no drop"), Ending.FAILED),
        (errors.UsageError("no such scorer"), Ending.USAGE),
    ],
)
def test_it_ends_by_what_a_scheduler_is_to_do(
    night: Any, raised: AuraStreamError, ending: Ending, capsys: pytest.CaptureFixture[str]
) -> None:
    night(raised)
    with pytest.raises(glue.NightFailed) as told:
        glue.main(OURS)

    assert str(told.value) == f"{ending.name}: {type(raised).__name__}: {raised}"
    line = capsys.readouterr().out.splitlines()[-1]
    assert json.loads(line) == {"ending": ending.name, "error": f"{type(raised).__name__}: {raised}"}


def test_an_unforeseen_error_tells_no_text(night: Any, capsys: pytest.CaptureFixture[str]) -> None:
    night(ValueError("My card is 4111 1111 1111 1111"))
    with pytest.raises(glue.NightFailed, match=r"FAILED: unexpected ValueError at test_glue\.py:") as told:
        glue.main(OURS)

    assert told.value.__cause__ is None
    said = capsys.readouterr()
    assert "4111" not in said.out + said.err
    assert "modules: " in said.err
    assert "pyarrow==22.0.0" in said.err


def test_usage_is_told_before_a_session_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(glue.NightFailed, match=r"USAGE: UsageError: .*--drops"):
        glue.main([])
    assert json.loads(capsys.readouterr().out)["ending"] == "USAGE"


def test_every_module_is_imported_on_executors(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    modules.check_executors(spark)
    wanted = modules._modules()
    assert {"jobs.nightly", "transforms.pii.redactor", "expectations.gate"} <= {*wanted}

    monkeypatch.setattr(modules, "_modules", lambda: [*wanted, "jobs.that_is_not_there"])
    with pytest.raises(AuraStreamError, match=r"executors lack .*jobs\.that_is_not_there.*additional-python-modules"):
        modules.check_executors(spark)
