"""Every view over its folder: scores.jsonl and runs.jsonl hold what differs from a base, expected.jsonl the answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from jobs.lake.sql import query
from jobs.lake.views import described, in_order, views
from tests.sql.rows import Row, answer, as_json, read
from transforms.documents import Reason

FOLDERS = Path(__file__).parent
VIEWS = sorted(views())


def close(found: Sequence[Row], expected: Sequence[Row]) -> None:
    """The same rows, in whatever order; a double as close as two engines may come."""

    def key(row: Row) -> str:
        return json.dumps([value for value in row.values() if not isinstance(value, float)])

    assert len(found) == len(expected)
    for one, other in zip(sorted(found, key=key), sorted(expected, key=key), strict=True):
        assert list(one) == list(other)
        for name, value in one.items():
            wanted: Any = pytest.approx(other[name], rel=1e-9, abs=1e-12) if isinstance(value, float) else other[name]
            assert value == wanted, (name, one)


@pytest.mark.parametrize("view", VIEWS)
def test_view(view: str, tmp_path: Path) -> None:
    folder = FOLDERS / view
    found = answer(read(folder / "scores.jsonl"), tmp_path, f"SELECT * FROM {view}", read(folder / "runs.jsonl"))
    close([as_json(row) for row in found], read(folder / "expected.jsonl"))


@pytest.mark.parametrize("view", VIEWS)
def test_view_of_nothing(view: str) -> None:
    assert query({}, [], f"SELECT * FROM {view}").num_rows == 0


@pytest.mark.parametrize("view", VIEWS)
def test_header_names_every_column(view: str) -> None:
    said = described(views()[view])
    assert said.startswith("A row: ")
    for column in query({}, [], f"SELECT * FROM {view}").schema:
        told = column.name in said or any(column.name.startswith(f"{each}_") for each in ("share", "mean"))
        assert told or column.name in OF_A_TABLE, column.name


OF_A_TABLE = {"ds", "week", "source", "language", "type", "run_id", "started_at", "outcome", "scorer", "label"}


def test_a_view_comes_after_those_that_it_reads() -> None:
    order = [name for name, _ in in_order(views())]
    assert order.index("daily_sentiment") < order.index("movers")
    assert sorted(order) == VIEWS


def test_every_reason_is_told(tmp_path: Path) -> None:
    rows = [{"ds": "2026-11-22", "status": "REJECTED", "error_code": str(reason)} for reason in Reason]
    found = answer(rows, tmp_path, "SELECT error_code, why, what_to_do FROM not_scored")
    assert {row["error_code"] for row in found} == {str(reason) for reason in Reason}
    assert len({row["why"] for row in found}) == len(Reason)
    assert "the service refused it" not in {row["why"] for row in found}
    assert all(row["what_to_do"] for row in found)


def test_more_finds_than_one_sequence_of_athena_holds(tmp_path: Path) -> None:
    pii = [{"type": "EMAIL", "start": place, "end": place + 1} for place in range(10_001)]
    rows = [{"ds": "2026-11-22", "pii": pii}, {"ds": "2026-11-22", "document_id": "d2", "pii": pii[:1]}]
    assert answer(rows, tmp_path, "SELECT documents, finds, documents_with_any FROM pii_exposure") == [
        {"documents": 2, "finds": 10_002, "documents_with_any": 2}
    ]
