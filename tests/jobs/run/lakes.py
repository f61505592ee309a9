"""What tests of a run's stages share: a lake with stores, rows of `scores`, and a publication made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.lake.layout import Lake
from jobs.lake.parquet import WrittenFile, new_file
from jobs.run.recipe import Recipe, recipe_of
from jobs.settings import ScoringSettings, resolve
from jobs.stores.open import Stores, open_lake
from jobs.stores.protocols import Publication, PublishedFile
from transforms.schemas import SCORES

DS = "2026-11-22"
KEY = b"k" * 32
ROW: dict[str, Any] = dict.fromkeys(SCORES.names) | {
    "document_id": "d1", "source": "mail", "language": "en", "language_source": "given", "status": "SCORED",
    "sentiment": "POSITIVE", "score_positive": 0.7, "score_negative": 0.1, "score_neutral": 0.1, "score_mixed": 0.1,
    "redacted_text": "Good.", "pii": [], "content_key": "ab" * 32, "scorer": "local", "scorer_version": "vader-3.3.2",
    "cache_hit": False, "chunks": 1, "billed_units": 0, "source_file": "/drops/a.jsonl", "source_row": 1,
    "scored_at": datetime(2026, 11, 22, tzinfo=UTC), "run_id": "R1",
}  # fmt: skip
REJECTED: dict[str, Any] = {
    "status": "REJECTED",
    "error_code": "TEXT_BLANK",
    "redacted_text": None,
    "content_key": None,
}
DEFERRED: dict[str, Any] = {"status": "DEFERRED", "error_code": "BUDGET_SPENT", "sentiment": None}


def new_lake(folder: Path) -> tuple[Lake, Stores]:
    return open_lake(str(folder / "lake"), create=True)


def recipe(stores: Stores, **told: Any) -> Recipe:
    return recipe_of(resolve(ScoringSettings(**told)), stores, KEY)


def batch(*rows: dict[str, Any]) -> pa.RecordBatch:
    """Rows of schemas.SCORES: ROW, and what differs."""
    return pa.RecordBatch.from_pylist([ROW | row for row in rows], SCORES)


def write(lake: Lake, name: str, *rows: dict[str, Any], ds: str = DS, run_id: str = "R1") -> WrittenFile:
    """A file as a run writes it."""
    with new_file(ds, f"{lake.scores(ds, run_id)}/{name}.parquet") as writer:
        writer.write(batch(*rows))
    return writer.written


def published_as(lake: Lake, *files: WrittenFile, run_id: str = "R1") -> Publication:
    """What the ledger says of files."""
    return Publication(run_id, tuple(PublishedFile(lake.path_of(file.uri), file.rows) for file in files))


def read(files: Sequence[WrittenFile]) -> list[dict[str, Any]]:
    """What stands in files, in their order."""
    return [row for file in files for row in pq.read_table(file.uri, partitioning=None).to_pylist()]
