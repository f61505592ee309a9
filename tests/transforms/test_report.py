from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.transforms.runs import RUN
from transforms.report import RunSummary, summary_table, unfinished
from transforms.schemas import RUNS, RunState


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


def test_what_the_ledger_kept_before_there_were_budgets_can_be_read() -> None:
    stored = RUN.to_dict()
    del stored["budget"], stored["unconfirmed_units"]
    assert RunSummary.from_dict(stored) == RUN


def test_an_outcome_is_a_state_again() -> None:
    stored = RUN.to_dict()
    assert type(stored["outcome"]) is str
    assert RunSummary.from_dict(stored).outcome is RunState.PUBLISHED
    with pytest.raises(ValueError, match="PERHAPS"):
        RunSummary.from_dict(stored | {"outcome": "PERHAPS"})


def test_numbers_that_follow_from_a_row() -> None:
    assert RUN.seconds == 108.5
    assert list(RUN.statuses.items()) == [("SCORED", 1900), ("REJECTED", 5), ("FAILED", 80), ("DEFERRED", 20)]


def test_a_run_that_was_not_audited_says_when_it_was_and_how_it_ended() -> None:
    seen = RUN.started_at + timedelta(minutes=5)
    summary = unfinished("run", RUN.started_at, seen, RunState.INTERRUPTED)
    told = {"run_id": "run", "started_at": RUN.started_at, "finished_at": seen, "outcome": "INTERRUPTED"}
    assert {name: value for name, value in vars(summary).items() if value} == told
    assert (summary.dates, summary.pii, summary.dollars, summary.scorer, summary.budget) == ([], {}, 0, "", None)
    assert summary_table([summary]).schema == RUNS
