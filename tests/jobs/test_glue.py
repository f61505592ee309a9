"""The script of the Glue job: its arguments, and how it ends. tests/integration/test_glue.py runs it as Glue does."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import jobs.nightly
from jobs import glue
from jobs.commands.night import nightly as command
from jobs.formats import Format
from jobs.glue_arguments import NOT_HERE, OF_GLUE, job
from jobs.settings import NightlySettings
from jobs.spark import modules
from jobs.spark.session import SparkSession
from tests.conftest import document, write_json_lines
from tests.integration.lakes import DS
from transforms import errors
from transforms.errors import AuraStreamError, Ending, UsageError

# What Glue adds to a job's own arguments.
OF_A_RUN = [
    *("--JOB_ID", "j_1", "--JOB_RUN_ID", "jr_1", "--JOB_NAME", "aurastream", "--TempDir", "s3://bucket/tmp"),
    *("--job-bookmark-option", "job-bookmark-disable", "--enable-metrics", "--enable-job-insights", "true"),
    *("--additional-python-modules", "s3://bucket/w.gluewheels.zip", "--python-modules-installer-option", "--no-index"),
    *("--conf", "spark.a=b --conf spark.c=d", "--datalake-formats", "iceberg", "--enable-spark-ui", "true", "true"),
    *("--job-language", "python", "--scriptLocation", "s3://bucket/glue.py", "--executor-cores", "8"),
]
OURS = ["--drops", "s3://d/drops", "--lake", "s3://l/lake"]


def settings(arguments: list[str]) -> NightlySettings:
    return job(arguments).night


def test_arguments_are_those_of_nightly() -> None:
    more = ["--budget", "25.00", "--deadline", "05:30", "--map", "text=body,document_id=id", "--format", "jsonl"]
    told = settings([*OF_A_RUN, *OURS, "--ds", DS, *more, "--reprocess", "true", "--quota-tps", "20"])

    assert (told.drops, told.lake, told.ds, told.scorer) == ("s3://d/drops", "s3://l/lake", DS, "comprehend")
    assert (told.budget, told.deadline, told.file_format) == (Decimal("25.00"), "05:30", Format.JSONL)
    assert (told.mapping, told.reprocess, told.quota_tps) == ({"text": "body", "document_id": "id"}, True, 20)
    assert settings(OURS).mapping == {}


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
        ([*OURS, "--budget", "--deadline", "06:00"], "--budget is given no value: what stands after it is --deadline"),
        ([*OURS, "--budget"], "--budget is given no value"),
        ([*OURS, "--budget="], "--budget is given no value"),
        ([*OURS, "--policy", " "], "--policy is given no value: what stands after it is empty"),
        ([*OURS, "--policy", "--JOB_NAME", "x"], "--policy is given no value"),
        ([*OURS, "--budget", "5", "--budget", "500"], "--budget is given twice"),
        ([*OURS, "--budget=5", "--enable-metrics", "--budget", "500"], "--budget is given twice"),
        ([*OURS, "--", "--budget", "5"], "-- stands alone"),
        (["--drops", "s3://b/x", "--lake", "s3://b/x/lake"], "--lake s3://b/x/lake lies in --drops s3://b/x"),
        (["--drops", "s3://b/x/drops", "--lake", "s3a://b/x/"], "--drops s3://b/x/drops lies in --lake s3a://b/x/"),
        (
            [*OURS, "--config", "s3://bucket/night.toml"],
            "--config is an option of `aurastream nightly`, and not of this job",
        ),
    ],
)
def test_what_cannot_be_meant_is_usage(arguments: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        settings(arguments)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        *(
            (f"{dash}{name}", "budget")
            for dash in ("--", "-", "\N{EN DASH}")
            for name in ("budegt", "budge", "Budget", "bud")
        ),
        *((name, "budget") for name in ("-budget", "--BUDGET", "--budget-usd", "--max_budget", "--maxBudget", "--b")),
        *((name, "budget") for name in ("--bugdet", "--budgets", "--budgt", "budget")),
        *((name, "deadline") for name in ("--dead-line", "--Deadline", "--deadlin", "--deadline-utc")),
        *((name, "quota-tps") for name in ("--quota", "--tps", "--quota_tps", "--quotaTps", "--quotatps")),
        *((name, "key-file") for name in ("--keyfile", "--key", "--file")),
        *((name, "cache") for name in ("--cahce", "--no-cache", "--use-cache")),
        *((name, "scorer") for name in ("--scorrer", "--scorer-name", "--Scorer")),
        *((name, "drops") for name in ("--drop", "--drops-uri", "--dorps")),
        *((name, "lake") for name in ("--lak", "--lake-uri", "--leak")),
        *((name, "reprocess") for name in ("--re-process", "--reproces", "--reprocessing")),
        *((name, "without-cache") for name in ("--without", "--witout-cache")),
        *((name, "map") for name in ("--maps", "--mapp", "--column-map")),
        *((name, "policy") for name in ("--polisy", "--policy-file", "--Policy")),
        *((name, "language") for name in ("--lang", "--langauge", "--default-language")),
        *((name, "format") for name in ("--file-format", "--fromat")),
        *((name, "date-pattern") for name in ("--date", "--pattern", "--datePattern")),
        *((name, "ds") for name in ("--DS", "-ds", "--run-ds")),
    ],
)
@pytest.mark.parametrize("joined", [False, True])
def test_what_is_near_an_option_is_refused_and_names_it(given: str, meant: str, joined: bool) -> None:
    """A night whose budget is passed over would buy without a cap."""
    words = [f"{given}=4111"] if joined else [given, "4111"]
    with pytest.raises(UsageError) as told:
        settings([*OF_A_RUN, *OURS, *words])

    assert str(told.value).startswith(f"{given} is no option of this job: did you mean --{meant}")
    assert "4111" not in str(told.value)


def test_others_are_passed_over_and_named_without_their_values(capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--team", "4111", "--owner=4222", "-h", "--budget=5"]
    told = settings([*OF_A_RUN, *more, *OURS])

    assert told.budget == Decimal("5")
    said = capsys.readouterr()
    assert [line.split(" ")[0] for line in said.err.splitlines()] == ["--team", "--owner", "-h"]
    assert "4111" not in said.err
    assert "4222" not in said.err


@pytest.mark.parametrize("name", sorted(OF_GLUE))
def test_what_glue_adds_is_not_taken_for_ours(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert settings([f"--{name}", "x", *OURS, "--budget", "5"]).budget == Decimal("5")
    assert capsys.readouterr().err == ""


VALUES = {
    "--budget": "5",
    "--format": "csv",
    "--map": "text=body",
    "--max-failed": "20%",
    "--max-rejected": "20%",
    "--sample": "2%",
    "--agreement": "0.9",
    "--quota-tps": "5",
    "--reprocess": "true",
    "--each-line": "true",
    "--records": "tickets[]",
    "--turns": "true",
    "--whole": "true",
    "--attachments": "true",
}


def test_every_option_of_nightly_is_known_here() -> None:
    """One that is not would be passed over."""
    for option in command.params:
        name = option.opts[-1]
        words = [name, VALUES.get(name, "stop")]
        if name.removeprefix("--") in NOT_HERE:
            with pytest.raises(UsageError, match="and not of this job"):
                settings([*OURS, *words])
        elif name not in OURS:
            settings([*OURS, *words])


@pytest.fixture
def night(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the night raises, set by a test; the rest is real."""

    def failing(raised: Exception) -> None:
        def run(_: object) -> None:
            raise raised

        monkeypatch.setattr(jobs.nightly, "run", run)
        monkeypatch.setattr(glue, "glue_session", lambda _: spark)
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


@pytest.fixture
def lake(tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Arguments of a drop of one document and a lake; Glue's session is ours."""
    write_json_lines(tmp_path / "drops" / f"ds={DS}" / "a.jsonl", [document(text="Works well.")])
    monkeypatch.setattr(glue, "glue_session", lambda _: spark)
    monkeypatch.setattr(glue, "check_executors", lambda _: None)
    return ["--drops", str(tmp_path / "drops"), "--lake", str(tmp_path / "lake"), "--scorer", "local", "--ds", DS]


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return told


def test_each_command_does_what_it_is_called(
    lake: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    glue.main([*lake, "--command", "plan"])
    assert said(capsys)["plan"]["documents"] == 1
    glue.main(lake)
    first = said(capsys)["run"]["run_id"]
    glue.main([*lake, "--command", "verify"])
    assert said(capsys)["verified"] == {"dates": [DS], "documents": 1, "last": DS}

    write_json_lines(tmp_path / "drops" / f"ds={DS}" / "b.jsonl", [document(document_id="late", text="Late.")])
    glue.main([*lake, "--execution", "e1"])
    captured = capsys.readouterr()
    second = json.loads(captured.out.splitlines()[-1])["run"]["run_id"]
    lines = [json.loads(line) for line in captured.err.splitlines() if line.startswith("{")]
    assert {each["command"] for each in lines} == {"nightly"}
    assert {each["execution"] for each in lines} == {"e1"}
    glue.main([*lake, "--command", "rollback"])
    assert said(capsys)["rollback"] == f"{DS}: readers see run {first}; run {second} is taken back"


def test_a_date_that_is_too_old_fails(lake: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    glue.main(lake)
    with pytest.raises(glue.NightFailed, match=rf"FAILED: TooOld: the last published date is {DS}"):
        glue.main([*lake, "--command", "verify", "--max-age", "1"])


def test_a_file_that_readers_lack_fails(lake: list[str], tmp_path: Path) -> None:
    glue.main(lake)
    (file,) = (tmp_path / "lake" / "scores").rglob("*.parquet")
    file.unlink()
    with pytest.raises(glue.NightFailed, match=r"FAILED: LakeError: .*\.parquet is published, but not there"):
        glue.main([*lake, "--command", "verify"])


def test_a_plan_beyond_the_budget_fails_and_nothing_is_made(
    lake: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paid = [*lake[:4], "--scorer", "comprehend", "--language", "en"]
    with pytest.raises(glue.NightFailed, match=r"FAILED: PlanExceeded: the plan is 1 texts for \$0\.00"):
        glue.main([*paid, "--command", "plan", "--budget", "0"])
    assert not (tmp_path / "lake").exists()


def test_rollback_wants_its_date() -> None:
    with pytest.raises(UsageError, match="say which by --ds"):
        job([*OURS, "--command", "rollback"])
