from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest

from transforms.report import HIDDEN, RunSummary, aligned, money, one_line, plain, runs_text, summary_table, visible
from transforms.schemas import RUNS

RUN = RunSummary(
    run_id="01JDB2Q8M4Z6T1X9W3V5K7R0HE",
    started_at=datetime(2026, 11, 23, 2, 0, 4, tzinfo=UTC),
    finished_at=datetime(2026, 11, 23, 2, 1, 52, 500_000, tzinfo=UTC),
    outcome="PUBLISHED",
    dates=["2026-11-22"],
    files=9,
    documents=2005,
    scored=1900,
    rejected=5,
    failed=80,
    deferred=20,
    carried=3,
    cache_hits=780,
    calls=61,
    throttles=2,
    billed_units=12_345,
    dollars=1.2345,
    sentiments={"POSITIVE": 1000, "NEGATIVE": 900},
    reasons={"TEXT_BLANK": 5},
    pii={"EMAIL": 321},
    stages={"read": 1.25, "score": 8.0},
    scorer="local",
    scorer_version="3.3.2",
    policy="standard",
)


def test_summary_has_the_fields_of_the_table() -> None:
    assert [field.name for field in fields(RunSummary)] == RUNS.names


def test_summary_survives_json() -> None:
    stored = json.loads(json.dumps(RUN.to_dict()))
    assert stored["started_at"] == "2026-11-23T02:00:04+00:00"
    assert RunSummary.from_dict(stored) == RUN


def test_table_holds_a_row_for_each_summary() -> None:
    table = summary_table([RUN, replace(RUN, run_id="second", dates=[], pii={})])
    assert table.schema == RUNS
    first, second = table.to_pylist(maps_as_pydicts="strict")
    assert first == vars(RUN)
    assert (second["run_id"], second["dates"], second["pii"]) == ("second", [], {})


def test_table_of_no_run() -> None:
    assert summary_table([]).schema == RUNS


def test_plain_lines() -> None:
    lines = dict(line.split("  ", 1) for line in plain(RUN).splitlines() if "  " in line)
    lines = {name: value.strip() for name, value in lines.items()}
    assert lines["documents"] == "2,005 = 1,900 SCORED + 5 REJECTED + 80 FAILED + 20 DEFERRED"
    assert lines["cost"] == "$1.23 for 12,345 units"
    assert lines["time"] == "108.5 s"
    assert lines["CPU by stage"] == "read 1.25 s, score 8.00 s"
    assert lines["calls"] == "61, 2 throttled"


def test_plain_lines_of_an_empty_run_say_none() -> None:
    text = plain(replace(RUN, dates=[], sentiments={}, reasons={}, pii={}, stages={}))
    assert text.count("none") == 5


def test_plain_lines_obey_no_name() -> None:
    text = plain(replace(RUN, reasons={"\x1b[31mRED\u202e\n": 1}))
    assert r"\x1b[31mRED\u202e\n 1" in text
    assert not HIDDEN.search(text.replace("\n", ""))


def test_runs_stand_below_their_header() -> None:
    late = replace(RUN, outcome="EXPECTATIONS_NOT_MET", dates=["2026-11-20", "2026-11-22"], documents=7)
    header, rule, first, second, third = runs_text([(RUN, True), (RUN, False), (late, False)]).splitlines()
    assert set(rule) == {"-", " "}
    for line in (first, second, third):
        assert line.index(RUN.run_id) == header.index("run")
    assert first.endswith("yes")
    assert second.endswith("no longer")
    assert third.endswith("no: EXPECTATIONS_NOT_MET")
    assert "2026-11-20..2026-11-22 (2)" in third
    assert first.index("2,005") + 5 == third.index(" 7 ") + 2 == header.index("documents") + len("documents")


def test_one_line_is_the_run_alone() -> None:
    assert " ".join(one_line(RUN, True).split()) == (
        "2026-11-23 02:00:04 01JDB2Q8M4Z6T1X9W3V5K7R0HE 2026-11-22 2,005 1,900 5 80 20 3 780 $1.23 108.5 yes"
    )


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
