"""What tests ask of a lake."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from expectations.limits import NONE
from jobs.lake.layout import Lake
from jobs.lake.published import published_files, run_rows, run_summaries
from jobs.lake.sql import query
from jobs.nightly import run
from jobs.run.lifecycle import RunRecord
from jobs.settings import NightlySettings
from jobs.stores.open import Stores, open_lake
from jobs.stores.protocols import Ledger
from transforms.answers import format_table
from transforms.display import runs_text
from transforms.schemas import SCORES, conform

DS = "2026-11-22"
# What says which run scored a row and who paid, and so differs between two ways to the same table.
PROVENANCE = {"run_id", "scored_at", "cache_hit", "billed_units"}


def nightly(drops: Path | str, lake: Path | str, **settings: Any) -> RunRecord | None:
    told: dict[str, Any] = {"ds": DS, "limits": NONE} | settings  # most drops are bad on purpose
    return run(NightlySettings(drops=str(drops), lake=str(lake), **told))


def opened(lake: Path | str) -> tuple[Lake, Stores]:
    return open_lake(str(lake), create=False)


def published(lake: Path, ds: str = DS) -> list[dict[str, Any]]:
    """The rows that readers see of a date, by source and row; their columns are those declared."""
    layout, stores = opened(lake)
    files = published_files(layout, stores.ledger().publications())[ds]
    tables = [pq.read_table(file, partitioning=None) for file in files]
    for table in tables:
        conform(table, SCORES)
    rows: list[dict[str, Any]] = pa.concat_tables([SCORES.empty_table(), *tables]).to_pylist()
    return sorted(rows, key=lambda row: (row["source_file"], row["source_row"]))


def answer(lake: Path, sql: str) -> str:
    """What `aurastream sql --format csv` prints."""
    layout, stores = opened(lake)
    ledger = stores.ledger()
    return format_table(query(published_files(layout, ledger.publications()), run_rows(layout, ledger), sql), "csv")


def listed_runs(lake: Path) -> str:
    """What `aurastream runs` prints."""
    return runs_text(run_summaries(ledger_of(lake)))


def ledger_of(lake: Path) -> Ledger:
    _, stores = opened(lake)
    return stores.ledger()


def content(rows: list[dict[str, Any]], *without: str) -> list[dict[str, Any]]:
    """Rows without their provenance, and without further columns."""
    return [{name: value for name, value in row.items() if name not in PROVENANCE | {*without}} for row in rows]


def statuses(rows: list[dict[str, Any]]) -> dict[str, tuple[str, str | None]]:
    """document_id -> status and error code."""
    return {row["document_id"]: (row["status"], row["error_code"]) for row in rows}
