from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pytest

from tests.transforms.runs import RUN
from transforms.answers import format_table
from transforms.display import HIDDEN, aligned, money, plan_text, run_text, runs_text, visible
from transforms.errors import UsageError
from transforms.estimate import Estimate, Plan
from transforms.schemas import RunState


def test_lines_of_a_run() -> None:
    lines = dict(line.split("  ", 1) for line in run_text(RUN).splitlines() if "  " in line)
    lines = {name: value.strip() for name, value in lines.items()}
    assert lines["documents"] == "2,005 = 1,900 SCORED + 5 REJECTED + 80 FAILED + 20 DEFERRED"
    assert lines["cost"] == "$1.23 for 12,345 units"
    assert lines["time"] == "108.5 s"
    assert lines["CPU by stage"] == "read 1.25 s, score 8.00 s"
    assert lines["calls"] == "61, 2 throttled"


def test_lines_of_an_empty_run_say_none() -> None:
    text = run_text(replace(RUN, dates=[], sentiments={}, reasons={}, pii={}, stages={}))
    assert text.count("none") == 5


def test_lines_of_a_run_obey_no_name() -> None:
    text = run_text(replace(RUN, reasons={"\x1b[31mRED\u202e\n": 1}))
    assert r"\x1b[31mRED\u202e\n 1" in text
    assert not HIDDEN.search(text.replace("\n", ""))


def test_runs_stand_below_their_header() -> None:
    late = replace(RUN, outcome=RunState.EXPECTATIONS_NOT_MET, dates=["2026-11-20", "2026-11-22"], documents=7)
    header, rule, first, second, third = runs_text([(RUN, True), (RUN, False), (late, False)]).splitlines()
    assert set(rule) == {"-", " "}
    for line in (first, second, third):
        assert line.index(RUN.run_id) == header.index("run")
    assert first.endswith("yes")
    assert second.endswith("no longer")
    assert third.endswith("no: EXPECTATIONS_NOT_MET")
    assert "2026-11-20..2026-11-22 (2)" in third
    assert first.index("2,005") + 5 == third.index(" 7 ") + 2 == header.index("documents") + len("documents")


def test_no_runs_are_a_header() -> None:
    assert len(runs_text([]).splitlines()) == 2


def test_wide_and_combining_characters_align() -> None:
    lines = aligned(["a", "b"], [["日本", "x"], ["e\u0301", "x"], ["abcd", "x"]]).splitlines()
    assert lines == ["a     b", "----  -", "日本  x", "e\u0301     x", "abcd  x"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Grüße, 日本 ✓", "Grüße, 日本 ✓"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\x9bb", r"a\x9bb"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("\u2066\u2069\u200b\ufeff", r"\u2066\u2069\u200b\ufeff"),
        ("\udc80", r"\udc80"),
        ("\U000e0041", r"\U000e0041"),
        ("two\nlines", r"two\nlines"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("dollars", "shown"), [(0, "$0.00"), (0.001, "<$0.01"), (0.005, "$0.01"), (1234.5, "$1,234.50")]
)
def test_money(dollars: float, shown: str) -> None:
    assert money(dollars) == shown


PLAN = Plan(
    scorer="comprehend",
    quota_tps=10.0,
    files=3,
    already=9_999_000,
    estimate=Estimate(
        documents=5_000,
        rejected=4,
        unsupported=6,
        distinct=4_000,
        cache_hits=1_000,
        to_buy=2_994,
        units=12_000,
        calls=120,
        languages_asked=0,
        units_without=20_000,
    ),
)


def test_lines_of_a_plan() -> None:
    assert plan_text(PLAN).splitlines() == [
        "files           3",
        "documents       5,000, of which 4 rejected and 6 in languages that comprehend does not know",
        "distinct texts  4,000",
        "cache hits      1,000",
        "to buy          2,994 texts, 12,000 units",
        "cost            $0.65 (1,000 at $0.0001: $0.10; 11,000 at $0.00005: $0.55)",
        "this month      9,999,000 units spent before",
        "calls           120, 12.0 s at 10 a second",
        "otherwise       $1.05, each document bought by itself, without a cache",
    ]


def test_lines_of_a_plan_that_buys_nothing_or_much() -> None:
    assert "cost            $0.00\n" in plan_text(Plan("local", 10.0, 0, 0))
    slow = plan_text(replace(PLAN, quota_tps=0.5, estimate=replace(PLAN.estimate, languages_asked=1_200)))
    assert "120, 4.0 minutes at 0.5 a second" in slow
    assert "12,000 units, with 1,200 languages to ask for: until then those texts count as en" in slow


TABLE = pa.table(
    {
        "text": ["plain", 'a "b", c\nd', "\x1b[31m\u202e", None, "x" * 100],
        "number": [1, 20, 300, None, 5],
        "share": [0.1 + 0.2, float("nan"), 1.0, None, 1e20],
        "when": pa.array([0, None, None, None, None], pa.timestamp("us", tz="UTC")),
        "nested": pa.array([[{"type": "EMAIL"}], [], None, None, None], pa.list_(pa.struct([("type", pa.string())]))),
        "counts": pa.array([[("a", 1)], None, None, None, None], pa.map_(pa.string(), pa.int64())),
    }
)


def test_json_is_an_array_of_objects() -> None:
    text = format_table(TABLE, "json")
    rows = json.loads(text)
    assert rows[0] == {
        "text": "plain",
        "number": 1,
        "share": 0.1 + 0.2,
        "when": "1970-01-01T00:00:00+00:00",
        "nested": [{"type": "EMAIL"}],
        "counts": {"a": 1},
    }
    assert [row["text"] for row in rows] == TABLE.column("text").to_pylist()
    assert rows[1]["share"] is None
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_csv_is_rfc_4180() -> None:
    text = format_table(TABLE, "csv")
    assert text.startswith("text,number,share,when,nested,counts\nplain,1,")
    assert '"a ""b"", c\nd",20,' in text
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert [row["text"] for row in rows] == ["plain", 'a "b", c\nd', "\x1b[31m\u202e", "", "x" * 100]
    assert json.loads(rows[0]["nested"]) == [{"type": "EMAIL"}]


def test_table_is_aligned_cut_and_harmless() -> None:
    lines = format_table(TABLE, "table").splitlines()
    assert len(lines) == 2 + TABLE.num_rows
    assert (
        len({line.index(cell) + len(cell) for line, cell in zip(lines[2:5], ["  1 ", " 20 ", "300 "], strict=True)})
        == 1
    )
    assert lines[0].index("when") == lines[2].index("1970-01-01")
    assert lines[4].startswith(r"\x1b[31m\u202e ")
    assert lines[6].startswith("x" * 59 + "… ")
    assert " 0.3 " in lines[2]
    assert lines[5].split() == ["NULL"] * 6


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (pa.scalar(Decimal("1.50"), pa.decimal128(4, 2)), 1.5),
        (pa.scalar(Decimal(10**37), pa.decimal128(38, 0)), 10**37),
        (pa.scalar(2_932_897, pa.date32()), "10000-01-01"),
        (pa.scalar(date(2026, 11, 22)), "2026-11-22"),
        (pa.scalar(time(10)), "10:00:00"),
        (pa.scalar(datetime(2026, 11, 22, 10)), "2026-11-22T10:00:00"),  # noqa: DTZ001 - a column may have no zone
        (pa.scalar(b"\xaa"), "aa"),
        (pa.scalar(True), True),
        (pa.scalar({"a": [1, None]}), {"a": [1, None]}),
        (pa.scalar(float("inf")), None),
        (pa.scalar((1, 2, 3), pa.month_day_nano_interval()), "MonthDayNano(months=1, days=2, nanoseconds=3)"),
    ],
)
def test_every_kind_of_value_has_a_form(value: pa.Scalar, form: object) -> None:
    table = pa.table({"value": pa.array([value], value.type)})
    assert json.loads(format_table(table, "json")) == [{"value": form}]
    for output in ("csv", "table"):
        assert len(format_table(table, output).splitlines()) == {"csv": 2, "table": 3}[output]


def test_columns_of_one_name_are_kept() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"])
    assert json.loads(format_table(table, "json")) == [{"a": 1, "a_2": 2}]


def test_no_rows() -> None:
    empty = TABLE.slice(0, 0)
    assert json.loads(format_table(empty, "json")) == []
    assert format_table(empty, "csv") == "text,number,share,when,nested,counts\n"
    assert len(format_table(empty, "table").splitlines()) == 2


def test_unknown_format() -> None:
    with pytest.raises(UsageError, match="give table, csv, json or jsonl"):
        format_table(TABLE, "xml")
