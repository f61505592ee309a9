"""The command line as users meet it: every way to say a thing, every wrong way, and what each ends with."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from ulid import ULID

import jobs.nightly
from jobs.cli import cli
from jobs.run.staging import Staged, stage_dates
from jobs.settings import NightlySettings
from jobs.stores.open import open_lake
from tests.conftest import document, write_json_lines
from tests.integration.lakes import ledger_of
from tests.jobs.commands.running import REQUIRED, invoke, refused, write_config
from transforms.errors import ExpectationsNotMet
from transforms.report import unfinished
from transforms.schemas import RunState

DS = "2026-11-22"
CONSOLE_SCRIPT = Path(sys.executable).with_name("aurastream")

pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture
def lake(here: Path) -> Path:
    """A lake with two runs published for one date, which hold no documents."""
    ledger = open_lake("lake", create=True)[1].ledger()
    before = None
    for second in (1, 2):
        started = datetime(2026, 11, 22, 3, 0, second, tzinfo=UTC)
        run_id = str(ULID.from_datetime(started))
        ledger.begin(run_id, DS, [DS], alone=False)
        summary = unfinished(run_id, started, started, RunState.PUBLISHED)
        ledger.publish(run_id, {DS: before}, {DS: []}, [], {"summary": summary.to_dict()})
        before = run_id
    return here / "lake"


@pytest.mark.parametrize("command", ["", *cli.commands, "lake create"])
def test_help_is_worth_reading(command: str) -> None:
    said = invoke(*command.split(), "--help").stdout

    assert max(map(len, said.splitlines())) <= 80
    assert "Exit codes" in said if command == "" else f"\n    aurastream {command}" in said
    for line in said.splitlines()[1:]:
        assert not line.endswith("..."), "cut short"


def test_no_command_is_usage_and_shows_the_help() -> None:
    result = invoke()

    assert result.exit_code == 2
    assert result.stderr == invoke("--help").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["bogus"], "No such command 'bogus'"),
        (["runs"], "Missing option '--lake'"),
        (["runs", "--bogus"], "No such option '--bogus'"),
        (["runs", "--lake", ""], "'--lake': it is empty"),
        (["runs", "--lake", "gs://bucket/lake"], "nothing is known of gs://"),
        (["runs", "--lake", "s3://"], "the bucket is missing"),
        (["lake", "create", "--lake", "here"], "a lake on a local path is made by its first night"),
        (["sql", "--lake", "lake"], "no query came by standard input"),
        (["sql", "--lake", "lake", "--format", "xml", "select 1"], "'xml' is not one of 'table', 'csv', 'json'"),
        (["rollback", "--lake", "lake"], "Missing option '--ds'"),
        (["rollback", "--lake", "lake", "--ds", "2026-02-30"], "'2026-02-30' is not a date"),
        (["rollback", "--lake", "lake", "--ds", "2026-1-1"], "'2026-1-1' is not a date: write it as 2026-11-22"),
        (["rollback", "--lake", "lake", "--ds", "today"], "'today' is not a date"),
        (["sample", "--documents", "0"], "0 is not in the range"),
        (["sample", "--documents", "many"], "'many' is not a valid integer"),
        (["sample", "--out", ""], "'--out': it is empty"),
        (["nightly", "--lake", "lake"], "Missing option '--drops'"),
        (["nightly", "--drops", "", "--lake", "lake"], "'--drops': it is empty"),
        (["nightly", "--drops", ".", "--lake", "lake"], "--lake lake lies in --drops ."),
        (["nightly", "--drops", ".", "--lake", "."], "--lake . lies in --drops ."),
        (["nightly", "--drops", "lake/scores", "--lake", "lake"], "--drops lake/scores lies in --lake lake"),
        (["nightly", *REQUIRED, "--follow-links", "none"], "--follow-links none: there is no such folder"),
        (["nightly", *REQUIRED, "--ds", "22.11.2026"], "is not a date"),
        (["nightly", *REQUIRED, "--format", "xml"], "'xml' is not one of"),
        (["nightly", *REQUIRED, "--language", " "], "'--language': it is empty"),
        (["nightly", *REQUIRED, "--scorer", "magic"], "--scorer magic: the scorers are local"),
        (["nightly", *REQUIRED, "--budget", "much"], "'much' is no amount of dollars: write it as 25.00"),
        (["nightly", *REQUIRED, "--budget", "-1"], "'-1' is no amount of dollars"),
        (["nightly", *REQUIRED, "--budget", "inf"], "'inf' is no amount of dollars"),
        (["nightly", *REQUIRED, "--deadline", "5am"], "--deadline 5am: write a time of day in UTC"),
        (["nightly", *REQUIRED, "--quota-tps", "0"], "0.0 is not in the range"),
        (["nightly", *REQUIRED, "--cache", "redis"], "--cache redis: write local, dynamodb, or dynamodb:TABLE"),
        (["nightly", *REQUIRED, "--cache", "dynamodb:"], "--cache dynamodb:: write local"),
        (["nightly", *REQUIRED, "--without-cache", "buy"], "'buy' is not one of"),
        (["nightly", *REQUIRED, "--language", "detect-comprehend"], "take it with that, or detect"),
        (["plan", *REQUIRED, "--scorer", "magic"], "--scorer magic: the scorers are local, comprehend"),
        (["plan", *REQUIRED, "--format", "xml"], "'xml' is not one of"),
        (["plan", *REQUIRED, "--budget", "1"], "No such option"),
        (["nightly", *REQUIRED, "--map", "text"], "--map text: write COLUMN=THEIRS"),
        (["nightly", *REQUIRED, "--map", "body=text"], "COLUMN is one of document_id, text, language"),
        (["nightly", *REQUIRED, "--map", "text=a", "--map", "text=b"], "text is mapped already"),
        (["nightly", *REQUIRED, "--key-file", "none"], "--key-file none: No such file"),
        (["analyze"], "give a TEXT or --in FILE"),
        (["analyze", "text", "--in", "docs.jsonl"], "--in is for a file: give either a TEXT or --in FILE"),
        (["analyze", "text", "--out", "rows.jsonl"], "--out is for a file"),
        (["analyze", "text", "--map", "text=body"], "--map is for a file"),
        (["nightly", "--drops", "unknown://host/drops", "--lake", "lake"], "nothing is known of unknown://"),
        (["analyze", "--in", "none.jsonl"], "File 'none.jsonl' does not exist"),
        (["analyze", "--in", "."], "File '.' is a directory"),
        (
            ["analyze", "--in", "docs.jsonl", "--out", "none/rows.jsonl"],
            "--out none/rows.jsonl: there is no folder none",
        ),
        (["analyze", "--in", "docs.jsonl", "--out", "docs.jsonl"], "--out is the file that --in reads"),
        (["analyze", "text", "--scorer", "magic"], "--scorer magic: the scorers are local"),
        (["analyze", "text", "--key-file", "docs.jsonl"], "a key has at least 16 bytes"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_usage(arguments: list[str], words: str, here: Path) -> None:
    Path("docs.jsonl").write_bytes(b"{}\n")
    Path("docs.jsonl").chmod(0o600)

    refused(invoke(*arguments), words)

    if "--key-file" not in arguments:
        assert sorted(path.name for path in here.iterdir()) == ["docs.jsonl"], "a surprising file"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["runs", "--lake", "none"], "no lake at"),
        (["runs", "--lake", "file"], "no lake at"),
        (["runs", "--lake", "folder"], "run `aurastream nightly` first"),
        (["sql", "--lake", "none", "select 1"], "no lake at"),
        (["rollback", "--lake", "none", "--ds", DS], "no lake at"),
        (["nightly", "--drops", "none", "--lake", "lake"], "the drop none cannot be listed: No such file"),
        (["nightly", "--drops", "folder", "--lake", "file"], "file cannot be written"),
        (["sample", "--out", "file"], "file: File exists"),
    ],
    ids=" ".join,
)
def test_what_fails_says_what_where_and_what_to_do(arguments: list[str], words: str) -> None:
    Path("file").touch()
    Path("folder").mkdir()

    refused(invoke(*arguments), words, exit_code=1)

    assert Path("file").read_bytes() == b""
    assert list(Path("folder").iterdir()) == []
    assert not Path("none").exists()


def test_a_message_cannot_command_a_terminal() -> None:
    refused(invoke("runs", "--lake", "a\x1b[31m\u202eb"), r"a\x1b[31m\u202eb", exit_code=1)


def test_an_error_nobody_foresaw_tells_its_place_and_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise ValueError("I love it, call me on 212-555-0187")

    monkeypatch.setattr(jobs.nightly, "run", broken)

    result = invoke("nightly", *REQUIRED)

    refused(result, "unexpected ValueError at test_cli.py:", "please report it", exit_code=1)
    assert "212" not in result.output


def test_a_damaged_ledger_is_said(lake: Path) -> None:
    (lake / "ledger.sqlite").write_bytes(b"no database " * 100)

    for command in (["runs"], ["sql", "select 1"], ["rollback", "--ds", DS]):
        refused(invoke(*command, "--lake", lake), "ledger.sqlite cannot be used: file is not a database", exit_code=1)


# The commands.


def test_a_sample_is_the_same_for_the_same_seed(here: Path) -> None:
    for folder in ("a", "b"):
        assert invoke("sample", "--out", folder, "--documents", "50", "--ds", DS).exit_code == 0

    names = sorted(path.name for path in (here / "a" / f"ds={DS}").iterdir())
    assert [(here / "a" / f"ds={DS}" / name).read_bytes() for name in names] == [
        (here / "b" / f"ds={DS}" / name).read_bytes() for name in names
    ]


def test_a_sample_is_of_today_and_in_drops_unless_told_otherwise(here: Path) -> None:
    said = invoke("sample", "--documents", "5").stdout.splitlines()

    assert said == sorted(map(str, Path("drops").glob(f"ds={datetime.now(UTC).date()}/*")), key=said.index)
    assert [path.name for path in here.iterdir()] == ["drops"]


def test_rollback_and_runs(lake: Path) -> None:
    def column() -> list[str]:
        return [line.rpartition("  ")[2] for line in invoke("runs", "--lake", lake).stdout.splitlines()[2:]]

    before, last = (run.run_id for run in ledger_of(lake).runs())
    assert column() == ["no longer", "yes"]

    said = invoke("rollback", "--lake", lake, "--ds", DS)
    assert said.stdout == f"{DS}: readers see run {before}; run {last} is taken back\n"
    assert column() == ["yes", "no longer"]

    refused(invoke("rollback", "--lake", lake, "--ds", DS), "there is no run before it", exit_code=1)
    refused(
        invoke("rollback", "--lake", lake, "--ds", "2020-01-01"), "nothing is published for 2020-01-01", exit_code=1
    )


def test_sql_answers_and_refuses(lake: Path) -> None:
    assert (
        invoke("sql", "--lake", lake, "--format", "json", "select count(*) as n from scores").stdout == '[{"n": 0}]\n'
    )
    assert invoke("sql", "--lake", lake, "--parameter", "x", "--format", "csv", "select ?").stdout.split() == [
        "$1",
        "x",
    ]
    refused(invoke("sql", "--lake", lake, "drop table scores"), "give one statement that reads")
    refused(invoke("sql", "--lake", lake, ""), "give one statement that reads")
    result = invoke("sql", "--lake", lake, "select nothing from scores")
    assert (result.exit_code, result.stdout) == (2, "")
    assert 'column "nothing" not found' in result.stderr


@pytest.mark.parametrize(
    ("text", "status", "code", "redacted"),
    [
        ("I love it, call me on 212-555-0187", "SCORED", None, "I love it, call me on [PHONE]"),
        ("kim@example.com", "SCORED", None, "[EMAIL]"),  # nothing but personal data
        ("", "REJECTED", "TEXT_BLANK", None),
        (" \n\u200b", "REJECTED", "TEXT_BLANK", None),
        ("half a pair \ud83d", "REJECTED", "LONE_SURROGATE", None),  # what bytes that are no UTF-8 arrive as
    ],
)
def test_one_text(text: str, status: str, code: str | None, redacted: str | None) -> None:
    result = invoke("analyze", text)

    assert result.exit_code == 0
    row = json.loads(result.stdout)
    assert (row["status"], row["error_code"], row["redacted_text"]) == (status, code, redacted)


def test_one_text_passes_over_what_a_file_says_for_others(here: Path) -> None:
    Path("docs.jsonl").touch()
    config = write_config('map = { text = "body" }\nout = "drops"\n[analyze]\nin = "docs.jsonl"')

    assert json.loads(invoke("analyze", "fine", "--config", config).stdout)["status"] == "SCORED"
    assert not (here / "drops").exists()


def test_one_text_may_begin_with_a_dash() -> None:
    assert json.loads(invoke("analyze", "--", "-1 for the manual").stdout)["redacted_text"] == "-1 for the manual"
    refused(invoke("analyze", "-1 for the manual"), "No such option")


def test_a_files_rows_go_to_a_file_or_to_standard_output(here: Path) -> None:
    source = write_json_lines(here / "docs.jsonl", [document(), document(document_id="d2")])
    rows = []
    for out in ([], ["--out", "-"], ["--out", "rows.jsonl"]):
        result = invoke("analyze", "--in", source, *out)
        assert result.exit_code == 0
        rows.append(result.stdout or Path("rows.jsonl").read_text(encoding="utf-8"))

    assert [[json.loads(line)["document_id"] for line in each.splitlines()] for each in rows] == [["d1", "d2"]] * 3
    assert sorted(path.name for path in here.iterdir()) == ["docs.jsonl", "rows.jsonl"]


def test_expectations_not_met_is_three(here: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run whose staged file is damaged, through the command line and the real gate."""

    def lose(*arguments: Any) -> list[Staged]:
        """Lose a document."""
        import pyarrow.parquet as pq

        staged = stage_dates(*arguments)
        path = staged[0].files[0].uri
        pq.write_table(pq.read_table(path, partitioning=None).slice(1), path)
        return staged

    write_json_lines(here / "drops" / "mails.jsonl", [document(), document(document_id="d2")])
    with monkeypatch.context() as patched:
        patched.setattr(jobs.nightly, "stage_dates", lose)
        result = invoke("nightly", *REQUIRED, "--ds", DS)

    refused(result, "publishes nothing, 1 expectations are not met: accounting", exit_code=ExpectationsNotMet.ending)
    assert ExpectationsNotMet.ending == 3
    assert ledger_of(here / "lake").publications() == {}

    result = invoke("nightly", *REQUIRED, "--ds", DS)

    assert result.exit_code == 0
    assert "documents       2 = 2 SCORED + 0 REJECTED" in result.stdout
    (report,) = [line.split()[1] for line in result.stdout.splitlines() if line.startswith("report ")]
    assert Path(report).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


# The console script itself.


def run(*arguments: str | Path, **settings: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, arguments)], capture_output=True, text=True, check=False, **settings)


def test_the_console_script_and_the_module_are_the_same() -> None:
    said = [run(*how, "--version") for how in ([CONSOLE_SCRIPT], [sys.executable, "-m", "jobs.cli"])]

    assert said[0].stdout.startswith("aurastream, version ")
    assert said[1].stdout == said[0].stdout
    assert [each.returncode for each in said] == [0, 0]


def test_a_reader_that_goes_away_is_no_error(here: Path) -> None:
    write_json_lines(here / "docs.jsonl", [document(document_id=str(number)) for number in range(2000)])

    with subprocess.Popen(
        [CONSOLE_SCRIPT, "analyze", "--in", "docs.jsonl"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["document_id"] == "0"
        process.stdout.close()
        assert process.stderr.read() == ""


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_lake_that_may_only_be_read_is_read(lake: Path) -> None:
    for path in (lake, *lake.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert invoke("runs", "--lake", lake).exit_code == 0
        assert invoke("sql", "--lake", lake, "select 1").exit_code == 0
        refused(invoke("rollback", "--lake", lake, "--ds", DS), "cannot be used", exit_code=1)
    finally:
        for path in (lake, *lake.rglob("*")):
            path.chmod(0o755)


@pytest.mark.slow  # now and then the night ends before the signal reaches it
def test_control_c_stops_a_run_in_one_word(here: Path) -> None:
    write_json_lines(here / "drops" / "mails.jsonl", [document()])
    with subprocess.Popen(
        [CONSOLE_SCRIPT, "nightly", *REQUIRED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that starts tests in the background has the signal ignored by all that is below it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        while not list(here.glob("lake/scores/ds=*/run=*")) and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)

    assert process.returncode == 1
    assert said.split()[-1] == "Aborted!"
    assert "Traceback" not in said
    assert [run.state for run in ledger_of(here / "lake").runs()] == ["FAILED"]


def test_money_and_numbers_come_as_they_are_written(here: Path, told: list[NightlySettings]) -> None:
    config = write_config("[nightly]\nbudget = 25.10\nquota-tps = 25\nscorer = 'comprehend'\n")

    invoke("nightly", *REQUIRED, "--config", config)
    invoke("nightly", *REQUIRED, "--budget", "$0.05", AURASTREAM_NIGHTLY_QUOTA_TPS="2.5")

    assert [(each.budget, each.quota_tps, each.scorer) for each in told] == [
        (Decimal("25.10"), 25.0, "comprehend"),
        (Decimal("0.05"), 2.5, "local"),
    ]
    refused(invoke("nightly", *REQUIRED, "--config", write_config("[nightly]\nbudget = '1'\n")), "must be a number")


def test_a_plan_of_nothing(here: Path) -> None:
    Path("drops").mkdir()

    said = invoke("plan", *REQUIRED, "--scorer", "comprehend", "--format", "json").stdout

    plan = json.loads(said)
    assert {"documents", "distinct", "cache_hits", "units", "dollars", "calls", "minutes"} <= plan.keys()
    assert [plan[name] for name in ("files", "documents", "units", "dollars", "calls")] == [0, 0, 0, 0, 0]
    assert not Path("lake").exists()
