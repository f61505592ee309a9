"""Every view, over the rows of its folder: scores.jsonl holds what differs from BASE, expected.jsonl what comes out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.lake.sql import query
from transforms.schemas import SCORES

FOLDERS = Path(__file__).parent
VIEWS = sorted(path.stem for path in (FOLDERS.parents[2] / "transforms" / "sql").glob("*.sql"))
BASE = {"document_id": "d1", "source": "mail", "status": "SCORED"}


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def published(scores: list[dict[str, Any]], folder: Path) -> dict[str, dict[str, int]]:
    """Write each date's rows as its published file; a scored row's four scores are 0 where it says nothing."""
    files: dict[str, dict[str, int]] = {}
    for ds in {row["ds"] for row in scores}:
        whole = []
        for row in scores:
            scored = row.get("status", "SCORED") == "SCORED"
            shares = {f"score_{label}": 0.0 for label in ("positive", "negative", "neutral", "mixed")} if scored else {}
            if row["ds"] == ds:
                whole.append(BASE | shares | row)
        path = folder / f"{ds}.parquet"
        pq.write_table(pa.Table.from_pylist(whole, schema=SCORES), path)
        files[ds] = {str(path): len(whole)}
    return files


def as_set(found: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(row) for row in found)


@pytest.mark.parametrize("view", VIEWS)
def test_view(view: str, tmp_path: Path) -> None:
    files = published(rows(FOLDERS / view / "scores.jsonl"), tmp_path)
    found = query(files, [], f"SELECT * FROM {view}")
    assert as_set(found.to_pylist()) == as_set(rows(FOLDERS / view / "expected.jsonl"))


@pytest.mark.parametrize("view", VIEWS)
def test_view_of_nothing(view: str) -> None:
    assert query({}, [], f"SELECT * FROM {view}").num_rows == 0


def test_more_finds_than_one_sequence_of_athena_holds(tmp_path: Path) -> None:
    pii = [{"type": "EMAIL", "start": place, "end": place + 1} for place in range(10_001)]
    files = published([{"ds": "2026-11-22", "pii": pii}], tmp_path)
    assert query(files, [], "SELECT documents, finds FROM pii_exposure").to_pylist() == [
        {"documents": 1, "finds": 10_001}
    ]
