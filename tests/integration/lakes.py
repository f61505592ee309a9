"""What tests ask of a lake."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.lake import open_lake
from jobs.nightly import run
from jobs.published import published_files
from jobs.runs import Night
from jobs.settings import NightlySettings
from transforms.schemas import SCORES, conform

DS = "2026-11-22"
# What says which run scored a row and who paid, and so differs between two ways to the same table.
PROVENANCE = {"run_id", "scored_at", "cache_hit", "billed_units"}


def nightly(drops: Path, lake: Path, **settings: Any) -> Night | None:
    return run(NightlySettings(drops=str(drops), lake=str(lake), **({"ds": DS} | settings)))


def published(lake: Path, ds: str = DS) -> list[dict[str, Any]]:
    """The rows that readers see of a date, by source and row; their columns are those declared."""
    files = published_files(open_lake(str(lake), create=False))[ds]
    tables = [pq.read_table(file, partitioning=None) for file in files]
    for table in tables:
        conform(table, SCORES)
    rows: list[dict[str, Any]] = pa.concat_tables([SCORES.empty_table(), *tables]).to_pylist()
    return sorted(rows, key=lambda row: (row["source_file"], row["source_row"]))


def content(rows: list[dict[str, Any]], *without: str) -> list[dict[str, Any]]:
    """Rows without their provenance, and without further columns."""
    return [{name: value for name, value in row.items() if name not in PROVENANCE | {*without}} for row in rows]


def statuses(rows: list[dict[str, Any]]) -> dict[str, tuple[str, str | None]]:
    """document_id -> status and error code."""
    return {row["document_id"]: (row["status"], row["error_code"]) for row in rows}
