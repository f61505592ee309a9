"""A drop of one file, written and read back as rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jobs.drops import DropFile, Split, list_drop, plan_splits
from jobs.readers import read_split
from transforms.schemas import DOCUMENTS, conform

Row = dict[str, Any]
BASE = {
    "document_id": "d",
    "text": "The parcel came late.",
    "source": "mail",
    "created_at": "2026-11-22T10:00:00Z",
    "language": "en",
}


def line(document_id: str = "d", /, **fields: Any) -> bytes:
    """A JSON line: the base document with these fields."""
    return json.dumps(BASE | {"document_id": document_id} | fields).encode() + b"\n"


def listed(path: Path) -> DropFile:
    """The file as the listing sees it."""
    [file] = list_drop(str(path), "2026-11-22", file_format=None, date_pattern=None).files
    return file


def read(path: Path, mapping: Mapping[str, str] | None = None, target: int = 1 << 40) -> list[Row]:
    """A file's rows, read in splits of about `target` bytes."""
    return read_splits(plan_splits([listed(path)], target), mapping)


def read_splits(splits: list[Split], mapping: Mapping[str, str] | None = None, batch_rows: int = 4096) -> list[Row]:
    rows: list[Row] = []
    for split in splits:
        for batch in read_split(split, mapping or {}, batch_rows):
            conform(batch, DOCUMENTS)
            batch.validate(full=True)
            assert 0 < batch.num_rows <= batch_rows
            rows += batch.to_pylist()
    return rows


def written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def rejected(rows: list[Row]) -> list[tuple[int, str, str | None]]:
    """What was rejected: (source_row, error_code, document_id). No rejected row has a text or a subject."""
    bad = [row for row in rows if row["error_code"]]
    assert all(row["text"] is None and row["subject_id"] is None for row in bad)
    return [(row["source_row"], row["error_code"], row["document_id"]) for row in bad]


def accepted(rows: list[Row]) -> list[Row]:
    """The documents without the number of their row, to compare with those of a file without the bad one."""
    return [{**row, "source_row": None} for row in rows if row["error_code"] is None]
