"""Rows of the tables as cases write them: the fields that matter, and `times` for so many documents of a kind."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.lake.sql import query
from tests.transforms.runs import RUN
from transforms.report import summary_table
from transforms.schemas import SCORES

BASE = {"document_id": "d1", "source": "mail", "status": "SCORED"}
Row = dict[str, Any]


def read(path: Path) -> list[Row]:
    """The lines of a case; none where it has no such file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def expanded(rows: Sequence[Row]) -> list[Row]:
    """Each row as often as its `times` says, with ids of its own."""
    found = []
    for row in rows:
        times = row.get("times", 1)
        name = row.get("document_id", BASE["document_id"])
        for number in range(times):
            one = {key: value for key, value in row.items() if key != "times"}
            found.append(one | ({"document_id": f"{name}-{number}"} if times > 1 else {}))
    return found


def tables(scores: Sequence[Row]) -> dict[str, pa.Table]:
    """Each date's rows of `scores`; a scored row's four scores are 0 where it says nothing."""
    dates: dict[str, list[Row]] = {}
    for row in expanded(scores):
        scored = row.get("status", "SCORED") == "SCORED"
        shares = {f"score_{label}": 0.0 for label in ("positive", "negative", "neutral", "mixed")} if scored else {}
        dates.setdefault(row["ds"], []).append(BASE | shares | row)
    return {ds: pa.Table.from_pylist(whole, schema=SCORES) for ds, whole in dates.items()}


def published(scores: Sequence[Row], folder: Path) -> dict[str, dict[str, int]]:
    """Write each date's rows as its published file."""
    files: dict[str, dict[str, int]] = {}
    for ds, table in tables(scores).items():
        path = folder / f"{ds}.parquet"
        pq.write_table(table, path)
        files[ds] = {str(path): table.num_rows}
    return files


def run_table(row: Row) -> pa.Table:
    """A run's row of `runs`."""
    times: Row = {name: datetime.fromisoformat(row[name]) for name in ("started_at", "finished_at") if name in row}
    return summary_table([replace(RUN, **row | times)])


def run_files(runs: Sequence[Row], folder: Path) -> list[str]:
    """Write each run's row."""
    paths = [folder / f"{row['run_id']}.parquet" for row in runs]
    for row, path in zip(runs, paths, strict=True):
        pq.write_table(run_table(row), path)
    return [str(path) for path in paths]


def answer(scores: Sequence[Row], folder: Path, sql: str, runs: Sequence[Row] = ()) -> list[Row]:
    """What a query answers over these rows."""
    found: list[Row] = query(published(scores, folder), run_files(runs, folder), sql).to_pylist()
    return found


def as_json(row: Mapping[str, Any]) -> Row:
    """A row as a case writes it: dates and times as ISO texts, maps as lists of pairs."""
    said: Row = json.loads(json.dumps(row, default=lambda value: value.isoformat()))
    return said
