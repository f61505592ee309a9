"""Every table's columns, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import get_type_hints

import pyarrow as pa

from transforms.errors import SchemaError


class Status(StrEnum):
    """How a document ended."""

    SCORED = "SCORED"
    REJECTED = "REJECTED"  # the input was unusable
    FAILED = "FAILED"  # the scorer could not score it
    DEFERRED = "DEFERRED"  # the budget or the deadline ended first


class Sentiment(StrEnum):
    """Amazon Comprehend's four labels."""

    POSITIVE = "POSITIVE"
    NEGATIVE = "NEGATIVE"
    NEUTRAL = "NEUTRAL"
    MIXED = "MIXED"


class LanguageSource(StrEnum):
    """Where a document's language comes from."""

    GIVEN = "given"
    DEFAULT = "default"  # it named none, and counts as --language
    DETECTED = "detected"


class Role(StrEnum):
    """Who spoke: no more than that is kept of a label, which may be a person's name."""

    CUSTOMER = "customer"
    AGENT = "agent"  # or a machine


class RunState(StrEnum):
    """How a run stands: the `outcome` of the table `runs`, once it has ended."""

    STARTED = "STARTED"  # it works, or was killed and nobody has noticed yet
    PUBLISHED = "PUBLISHED"
    EXPECTATIONS_NOT_MET = "EXPECTATIONS_NOT_MET"  # the audit found what must not be
    CONFLICT = "CONFLICT"  # another run published the same date first
    FAILED = "FAILED"
    INTERRUPTED = "INTERRUPTED"  # its process was killed


_UTC = pa.timestamp("us", tz="UTC")

# One personal-data find. `start` and `end` count characters of the original text; the value itself is never kept.
PII = pa.struct(
    [
        pa.field("type", pa.string()),
        pa.field("start", pa.int32()),
        pa.field("end", pa.int32()),
        pa.field("detector", pa.string()),
        pa.field("confidence", pa.float32()),
    ]
)

# What a reader yields: a document, or, where `error_code` is set, a rejection without its text.
DOCUMENTS = pa.schema(
    [
        pa.field("document_id", pa.string()),
        pa.field("text", pa.string()),
        pa.field("language", pa.string()),
        pa.field("source", pa.string()),
        pa.field("role", pa.string()),  # a Role; null where nobody said
        pa.field("left_out", pa.int32()),  # characters that were not the writer's; of a rejection null
        pa.field("created_at", _UTC),
        pa.field("subject_id", pa.string()),
        pa.field("source_file", pa.string()),
        pa.field("source_row", pa.int64()),
        pa.field("error_code", pa.string()),
    ]
)

# A document that is ready to be scored: its text redacted, its language known, its keys made. What is rejected by now
# has an `error_code` and no text. Read its text by `pii.redacted.redacted_texts`.
PREPARED = pa.schema(
    [
        pa.field("document_id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("role", pa.string()),
        pa.field("left_out", pa.int32()),
        pa.field("created_at", _UTC),
        pa.field("language", pa.string()),
        pa.field("language_source", pa.string()),
        pa.field("error_code", pa.string()),
        pa.field("redacted_text", pa.string()),
        pa.field("certificate", pa.binary()),  # the redactor's, of the text
        pa.field("pii", pa.list_(PII)),
        pa.field("content_key", pa.string()),
        pa.field("subject_key", pa.string()),
        pa.field("source_file", pa.string()),
        pa.field("source_row", pa.int64()),
    ]
)

# One row per document, partitioned by `ds` (in the path, not in the file).
SCORES = pa.schema(
    [
        pa.field("document_id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("role", pa.string()),
        pa.field("left_out", pa.int32()),
        pa.field("created_at", _UTC),
        pa.field("language", pa.string()),
        pa.field("language_source", pa.string()),
        pa.field("status", pa.string()),
        pa.field("error_code", pa.string()),
        pa.field("sentiment", pa.string()),
        pa.field("score_positive", pa.float64()),
        pa.field("score_negative", pa.float64()),
        pa.field("score_neutral", pa.float64()),
        pa.field("score_mixed", pa.float64()),
        pa.field("redacted_text", pa.string()),
        pa.field("pii", pa.list_(PII)),
        pa.field("content_key", pa.string()),
        pa.field("subject_key", pa.string()),
        pa.field("scorer", pa.string()),
        pa.field("scorer_version", pa.string()),
        pa.field("cache_hit", pa.bool_()),
        pa.field("chunks", pa.int32()),
        pa.field("billed_units", pa.int64()),
        pa.field("source_file", pa.string()),
        pa.field("source_row", pa.int64()),
        pa.field("scored_at", _UTC),
        pa.field("run_id", pa.string()),
    ]
)

# The table `scores` as it is asked: its date is one.
PUBLISHED = SCORES.append(pa.field("ds", pa.date32()))


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """One row per run, partitioned by `ds`: the date the run was started for."""

    run_id: str
    started_at: datetime
    finished_at: datetime
    outcome: RunState
    dates: Sequence[str]  # the dates the run wrote
    files: int  # files taken from the drop
    documents: int  # documents in, without those carried forward
    scored: int
    rejected: int
    failed: int
    deferred: int
    carried: int  # rows of an earlier run kept as they were
    cache_hits: int
    calls: int
    throttles: int
    billed_units: int
    dollars: float
    sentiments: Mapping[str, int]
    reasons: Mapping[str, int]  # error_code -> documents
    pii: Mapping[str, int]  # type -> finds
    stages: Mapping[str, float]  # stage -> seconds of CPU, all workers together
    scorer: str
    scorer_version: str
    policy: str
    unconfirmed_units: int = 0  # of calls whose answer never came: they may have been billed, too
    budget: float | None = None  # dollars; null where there is none
    expectations: int | None = None  # judged by the audit; null where it was not reached, or did not say yet
    expectations_failed: int | None = None  # of these, not met
    # Of a night with the scorer cascade, see transforms.sentiment.cascade.account; empty with others.
    cascade: Mapping[str, float] = field(default_factory=dict)
    left_out: int | None = None  # the sum of its documents' left_out; null of runs of before it was summed


_STORED_AS: dict[object, pa.DataType] = {
    str: pa.string(),
    RunState: pa.string(),
    datetime: _UTC,
    int: pa.int64(),
    int | None: pa.int64(),
    float: pa.float64(),
    float | None: pa.float64(),
    Sequence[str]: pa.list_(pa.string()),
    Mapping[str, int]: pa.map_(pa.string(), pa.int64()),
    Mapping[str, float]: pa.map_(pa.string(), pa.float64()),
}

RUNS = pa.schema(pa.field(name, _STORED_AS[kind]) for name, kind in get_type_hints(RunRow).items())


def conform(frame: pa.Table | pa.RecordBatch, schema: pa.Schema) -> None:
    """Hold a frame to its declared columns: names, order and types.

    Raises SchemaError that lists every difference, not the first alone.
    """
    wanted = {field.name: field.type for field in schema}
    found = {field.name: field.type for field in frame.schema}
    differences = [f"{name}: missing" for name in wanted if name not in found]
    differences += [f"{name}: not declared" for name in found if name not in wanted]
    differences += [
        f"{name}: {found[name]} where {wanted[name]} is declared"
        for name in wanted
        if name in found and found[name] != wanted[name]
    ]
    if not differences and list(wanted) != list(found):
        differences = [f"columns in another order: {', '.join(found)}"]
    if differences:
        raise SchemaError("columns differ from the declared ones: " + "; ".join(differences))
