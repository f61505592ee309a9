from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from jobs.cli import cli
from jobs.lake.views import views
from tests.jobs.commands.running import invoke, refused
from tests.sql.lakes import published_lake

EARLY, DS = "2026-11-21", "2026-11-22"
FORMULAS = ("=1+1", "+1", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\uff1d1")


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    rows = [
        {"ds": DS, "document_id": text, "sentiment": "NEGATIVE", "score_negative": 0.75, "redacted_text": text}
        for text in (*FORMULAS, "plain", "4 - 1", "a\nb")
    ]
    return published_lake(tmp_path / "lake", [{"ds": EARLY, "document_id": "early", "sentiment": "POSITIVE"}, *rows])


def test_list_says_what_a_row_is_and_needs_no_lake() -> None:
    said = invoke("sql", "--list").stdout
    assert [line for line in said.splitlines() if line and not line.startswith(" ")] == list(views())
    assert "  A row: what is measured of a source" in said


def test_a_view_and_its_condition(lake: Path) -> None:
    told = ("sql", "--lake", lake, "--format", "json", "--view", "daily_sentiment")
    assert {row["ds"] for row in json.loads(invoke(*told).stdout)} == {EARLY, DS}
    where = "ds = date '2026-11-21' -- a comment"
    assert [row["ds"] for row in json.loads(invoke(*told, "--where", where).stdout)] == [EARLY]
    refused(invoke("sql", "--lake", lake, "--view", "daily"), "there are cost_by_day, daily_sentiment")
    refused(invoke("sql", "--lake", lake, "--where", "true", "select 1"), "--where is for --view")
    refused(invoke(*told, "select 1"), "one of them alone")
    assert "syntax error" in invoke(*told, "--where", "ds =").stderr


def test_a_query_from_a_file_and_from_standard_input(lake: Path, tmp_path: Path) -> None:
    query = "select count(*) as n from scores where ds = '2026-11-22'"
    (tmp_path / "q.sql").write_text(f"\ufeff{query};\n", encoding="utf-8")
    told = ["sql", "--lake", str(lake), "--format", "jsonl"]
    assert invoke(*told, "-f", tmp_path / "q.sql").stdout == '{"n": 9}\n'
    for more in ([], ["-f", "-"]):
        assert CliRunner().invoke(cli, [*told, *more], input=query).stdout == '{"n": 9}\n'
    (tmp_path / "q.sql").write_bytes(b"\xff")
    refused(invoke(*told, "-f", tmp_path / "q.sql"), "not UTF-8")


def test_csv_ends_lines_in_a_newline_and_runs_no_formula(lake: Path) -> None:
    query = "select redacted_text, -1 as number from scores where ds = '2026-11-22' order by document_id"
    said = CliRunner().invoke(cli, ["sql", "--lake", str(lake), "--format", "csv", query]).stdout_bytes
    assert b"\r" not in said
    rows = list(csv.reader(io.StringIO(said.decode(), newline=""), strict=True))[1:]
    assert {row[0] for row in rows} == {*(f"'{text}" for text in FORMULAS), "plain", "4 - 1", "a\nb"}
    assert {row[1] for row in rows} == {"-1"}


def test_a_workbook_has_no_formula_and_no_link(lake: Path, tmp_path: Path) -> None:
    out = tmp_path / "answer.xlsx"
    query = "select redacted_text, score_negative, ds, 'https://example.com' as url from scores"
    assert invoke("sql", "--lake", lake, "--format", "xlsx", "--out", out, query).stderr == f"{out}: 10 rows\n"
    with zipfile.ZipFile(out) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert sheet.count("<row ") == 11
    assert "<v>0.75</v>" in sheet
    assert "'=1+1" in sheet


def test_parquet_is_typed_and_needs_a_file(lake: Path, tmp_path: Path) -> None:
    out = tmp_path / "answer.parquet"
    query = "select ds, 1 as a, 2 as a from scores"
    assert invoke("sql", "--lake", lake, "--format", "parquet", "--out", out, query).exit_code == 0
    table = pq.read_table(out)
    assert [str(field.type) for field in table.schema] == ["date32[day]", "int32", "int32"]
    assert (table.num_rows, table.column_names) == (10, ["ds", "a", "a_3"])
    refused(invoke("sql", "--lake", lake, "--format", "parquet", query), "give --out")


def test_a_failed_answer_leaves_no_file(lake: Path, tmp_path: Path) -> None:
    out = tmp_path / "answer.csv"
    query = "select cast(redacted_text as int) from scores where ds = '2026-11-22'"
    refused(invoke("sql", "--lake", lake, "--format", "csv", "--out", out, query), "failed while it ran")
    assert not out.exists()


def test_export_writes_what_is_published_and_nothing_else(lake: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert invoke("export", "--lake", lake, "--ds", DS, "--ds", EARLY, "--out", out).stdout.splitlines() == [
        f"{out}/ds={DS}/scores.parquet: 9 rows",
        f"{out}/ds={EARLY}/scores.parquet: 1 rows",
    ]
    assert pq.read_table(out / f"ds={DS}" / "scores.parquet").num_rows == 9
    assert len([path for path in out.rglob("*") if path.is_file()]) == 2


def test_export_says_what_is_published(lake: Path, tmp_path: Path) -> None:
    told = ("export", "--lake", lake, "--out", tmp_path / "out", "--ds", DS, "--ds", "2026-11-24")
    refused(invoke(*told), "no run is published for 2026-11-24; the last is 2026-11-22")
    assert not (tmp_path / "out").exists()
