"""Every table's columns, once."""

from __future__ import annotations

from enum import StrEnum

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
        pa.field("created_at", _UTC),
        pa.field("subject_id", pa.string()),
        pa.field("source_file", pa.string()),
        pa.field("source_row", pa.int64()),
        pa.field("error_code", pa.string()),
    ]
)

# A document that is ready to be scored: its text redacted, its language known, its keys made. What is rejected by now
# has an `error_code` and no text.
PREPARED = pa.schema(
    [
        pa.field("document_id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("created_at", _UTC),
        pa.field("language", pa.string()),
        pa.field("language_source", pa.string()),
        pa.field("error_code", pa.string()),
        pa.field("redacted_text", pa.string()),
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

_COUNTS = pa.map_(pa.string(), pa.int64())

# One row per run, partitioned by `ds`: the date the run was started for.
RUNS = pa.schema(
    [
        pa.field("run_id", pa.string()),
        pa.field("started_at", _UTC),
        pa.field("finished_at", _UTC),
        pa.field("outcome", pa.string()),  # PUBLISHED | EXPECTATIONS_NOT_MET | CONFLICT | FAILED | INTERRUPTED
        pa.field("dates", pa.list_(pa.string())),  # the dates the run wrote
        pa.field("files", pa.int64()),  # files taken from the drop
        pa.field("documents", pa.int64()),  # documents in, without those carried forward
        pa.field("scored", pa.int64()),
        pa.field("rejected", pa.int64()),
        pa.field("failed", pa.int64()),
        pa.field("deferred", pa.int64()),
        pa.field("carried", pa.int64()),  # rows of an earlier run kept as they were
        pa.field("cache_hits", pa.int64()),
        pa.field("calls", pa.int64()),
        pa.field("throttles", pa.int64()),
        pa.field("billed_units", pa.int64()),
        pa.field("dollars", pa.float64()),
        pa.field("sentiments", _COUNTS),
        pa.field("reasons", _COUNTS),  # error_code -> documents
        pa.field("pii", _COUNTS),  # type -> finds
        pa.field("stages", pa.map_(pa.string(), pa.float64())),  # stage -> seconds of CPU, all workers together
        pa.field("scorer", pa.string()),
        pa.field("scorer_version", pa.string()),
        pa.field("policy", pa.string()),
        pa.field("unconfirmed_units", pa.int64()),  # of calls whose answer never came: they may have been billed, too
        pa.field("budget", pa.float64()),  # dollars; null where there is none
    ]
)


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
