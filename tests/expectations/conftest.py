"""Rows of `scores` for the tests of the audit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from transforms.schemas import SCORES

Rows = Callable[..., pa.RecordBatch]

_BASE = {
    "document_id": "d-1",
    "source": "chat",
    "role": "customer",
    "left_out": 0,
    "language": "en",
    "language_source": "given",
    "status": "SCORED",
    "sentiment": "POSITIVE",
    "score_positive": 0.7,
    "score_negative": 0.1,
    "score_neutral": 0.1,
    "score_mixed": 0.1,
    "redacted_text": "lovely, write to [EMAIL]",
    "pii": [{"type": "EMAIL", "start": 17, "end": 32, "detector": "email", "confidence": 0.99}],
    "content_key": "ab" * 32,
    "scorer": "local",
    "scorer_version": "1",
    "cache_hit": False,
    "chunks": 1,
    "billed_units": 3,
    "source_file": "ds=2026-11-22/a.jsonl",
    "source_row": 1,
    "scored_at": datetime(2026, 11, 22, 3, tzinfo=UTC),
    "run_id": "01JD0000000000000000000000",
}
_UNSCORED = dict.fromkeys(
    ("sentiment", "score_positive", "score_negative", "score_neutral", "score_mixed", "chunks", "scored_at")
) | {"cache_hit": False, "billed_units": 0}
_BY_STATUS: dict[str, dict[str, Any]] = {
    "SCORED": {},
    "FAILED": _UNSCORED | {"error_code": "UNSUPPORTED_LANGUAGE"},
    "DEFERRED": _UNSCORED,
    "REJECTED": _UNSCORED
    | dict.fromkeys(("document_id", "language", "language_source", "redacted_text", "pii", "content_key", "left_out"))
    | dict.fromkeys(("scorer", "scorer_version"))
    | {"error_code": "TEXT_BLANK"},
}


@pytest.fixture(scope="session")
def rows() -> Rows:
    """Rows that hold, each the base row of its status (SCORED unless given) with some fields changed."""

    def make(*changes: dict[str, Any]) -> pa.RecordBatch:
        filled = [_BASE | _BY_STATUS.get(change.get("status", "SCORED"), {}) | change for change in changes]
        return pa.RecordBatch.from_pylist(filled, schema=SCORES)

    return make
