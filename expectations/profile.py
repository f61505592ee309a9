"""One pass over written scores into small frames that a suite can judge: pure and mergeable.

Most of what must hold of a row depends on a few columns with few values and on whether the others are there. A table
of 2,000,000 rows holds some hundred different combinations of these, so a suite that judges every combination has
judged every row. The frames keep the names of the table's columns.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.certificates import to_search
from transforms.pii.columns import found
from transforms.pii.policy import Policy
from transforms.pii.redactor import find
from transforms.schemas import PII, SCORES, Sentiment
from transforms.text import Fingerprint

# Columns with few values: kept as they are.
NAMES = (
    "run_id",
    "role",
    "status",
    "error_code",
    "sentiment",
    "language",
    "language_source",
    "scorer",
    "scorer_version",
    "cache_hit",
)
SHARES = tuple(f"score_{label.lower()}" for label in Sentiment)  # in the order of the labels
# Columns with many values: true where there is one, null where there is none.
PRESENT = ("document_id", *SHARES, "redacted_text", "content_key", "source_file", "scored_at")
# Counts: -1, 0 or 1 by their sign.
SIGNS = ("left_out", "chunks", "billed_units")

COMBINATIONS = pa.schema(
    [
        pa.field("ds", pa.string()),
        *(SCORES.field(name) for name in NAMES),
        *(pa.field(name, pa.bool_()) for name in PRESENT),
        *(pa.field(name, pa.int64()) for name in SIGNS),
        pa.field("sentiment_is_largest", pa.bool_()),  # the label's share is the largest of the four
        pa.field("pii_left", pa.bool_()),  # the detectors find personal data in the redacted text
        pa.field("pii_carried", pa.bool_()),  # the same, in a row of another run: today's policy would take it out
        pa.field("pii_searched", pa.bool_()),  # the text was searched again: not certified, or of the sample
        pa.field("pii_beside", pa.bool_()),  # they find it in a column beside the text that the policy does not keep
        pa.field("rows", pa.int64()),  # documents with this combination
        pa.field("units", pa.int64()),  # the sum of their billed_units
        pa.field("characters", pa.int64()),  # the sum of their left_out
    ]
)
# Two rows: the least and the greatest value of each column, those of the finds included. A NaN counts as infinite.
EXTREMES = pa.schema(
    pa.field(name, pa.float64()) for name in (*SHARES, "score_sum", *SIGNS, "start", "length", "confidence")
)
FINDS = pa.schema(
    [
        pa.field("run_id", pa.string()),
        pa.field("type", pa.string()),
        pa.field("detector", pa.string()),
        pa.field("finds", pa.int64()),
    ]
)

# What is read of the table.
COLUMNS = (*NAMES, *PRESENT, *SIGNS, "source", "pii")
# Written as dictionaries, and left as such when read.
ENCODED = [name for name in (*NAMES, "source", "source_file") if SCORES.field(name).type == pa.string()]
_SUMS = ("rows", "units", "characters", "finds")
_MOST = 2**62  # different numbers that an int64 holds
# What may be shown of a column that should hold a name: were it a text by mistake, it would go no further than here.
_NAME = re.compile(r"[A-Za-z0-9_.:+-]{1,64}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,3}")
NOT_A_NAME = "(not a name)"


@dataclass(frozen=True)
class Profile:
    """What was read back: the frames COMBINATIONS, EXTREMES and FINDS, and how files differ from the declared schema.

    Every method takes the rows of one run where `run_id` is given (a date also holds rows carried from earlier runs).
    """

    combinations: pa.Table
    extremes: pa.Table
    finds: pa.Table
    schema_differences: tuple[str, ...] = ()

    def documents(self, run_id: str | None = None) -> int:
        """How many rows there are."""
        return _total(_of_run(self.combinations, run_id), "rows")

    def count(self, column: str, run_id: str | None = None) -> dict[Any, int]:
        """Documents by the value of one of NAMES or `ds`, the most frequent first; without those where it is null."""
        return _counts(_of_run(self.combinations, run_id), column, "rows")

    def pii(self, run_id: str | None = None) -> dict[str, int]:
        """Personal-data finds by type, the most frequent first."""
        return _counts(_of_run(self.finds, run_id), "type", "finds")

    def billed_units(self, run_id: str | None = None) -> int:
        """Billing units bought."""
        return _total(_of_run(self.combinations, run_id), "units")

    def left_out(self, run_id: str | None = None) -> int:
        """Characters that are not in the texts, for another wrote them or nobody meant them to be read."""
        return _total(_of_run(self.combinations, run_id), "characters")


def merge(profiles: Iterable[Profile]) -> Profile:
    """Make one profile of those of the parts; of no parts, that of an empty table."""
    parts = list(profiles)
    return Profile(
        _summed(pa.concat_tables([COMBINATIONS.empty_table(), *(part.combinations for part in parts)])),
        _extremes(pa.concat_tables([EXTREMES.empty_table(), *(part.extremes for part in parts)])),
        _summed(pa.concat_tables([FINDS.empty_table(), *(part.finds for part in parts)])),
        tuple(sorted({difference for part in parts for difference in part.schema_differences})),
    )


def profile_rows(batch: pa.RecordBatch, ds: str, policy: Policy, run_id: str, *fingerprints: Fingerprint) -> Profile:
    """A part of the profile of the date `ds`, in no order: what `merge` makes one of.

    batch: rows of SCORES, of which the columns COLUMNS suffice; those of ENCODED may be dictionaries.

    Texts are searched for what `policy` takes out as far as `certificates.to_search` says so by the fingerprints of
    `run_id`: those of other runs that were redacted under the same policy are certified as well. What stands beside the
    texts is searched in the rows of `run_id` alone.
    """
    shares = [batch[name] for name in SHARES]
    rows = {name: batch[name] for name in (*NAMES, *SHARES, *SIGNS)}
    rows["score_sum"] = pc.add(pc.add(shares[0], shares[1]), pc.add(shares[2], shares[3]))

    each = pc.list_flatten(batch["pii"])
    finds = {field.name: pc.struct_field(each, field.name) for field in PII}
    finds["run_id"] = batch["run_id"].take(pc.list_parent_indices(batch["pii"]))
    finds["finds"] = pa.repeat(1, len(each))
    finds["length"] = pc.subtract(finds["end"], finds["start"])

    carried = pc.not_equal(batch["run_id"].cast(pa.string()), run_id)
    carried = pc.fill_null(carried, False)
    texts = batch["redacted_text"].dictionary_encode()  # many texts repeat
    searched = to_search(texts, batch["language"].cast(pa.string()), batch["content_key"], *fingerprints)
    finding = pc.greater(pc.list_value_length(find(texts.dictionary.filter(searched), policy)), 0)
    left = pc.replace_with_mask(pa.array(np.zeros(len(searched), bool)), searched, finding).take(texts.indices)
    combinations = rows | {
        "ds": pa.repeat(ds, len(batch)),
        **{name: pc.if_else(pc.is_valid(batch[name]), True, pa.scalar(None, pa.bool_())) for name in PRESENT},
        **{name: pc.sign(batch[name]) for name in SIGNS},
        "sentiment_is_largest": _is_largest(batch["sentiment"].cast(pa.string()), shares),
        "pii_left": pc.and_not(left, carried),
        "pii_carried": pc.and_(left, carried),
        "pii_searched": searched.take(texts.indices),
        "pii_beside": pc.and_not(_pii_beside(batch, policy), carried),
        "rows": pa.repeat(1, len(batch)),
        "units": pc.coalesce(batch["billed_units"], 0),
        "characters": pc.coalesce(batch["left_out"].cast(pa.int64()), 0),
    }
    return Profile(
        _counted(combinations, COMBINATIONS),
        _extremes(rows | finds),
        _counted(finds, FINDS),
    )


def _pii_beside(batch: pa.RecordBatch, policy: Policy) -> pa.BooleanArray:
    """Whether anything is found in a row's id, source, file or language that the policy takes out there."""
    columns = [found(batch[each.name], getattr(policy.columns, each.name), policy) for each in fields(policy.columns)]
    return reduce(pc.or_, columns)


def _counted(columns: dict[str, pa.Array], schema: pa.Schema) -> pa.Table:
    """One row per combination of what is not a number of things, with the sums of those that are; in no order.

    The same as `_summed` of many rows, for a third of the time: every row's combination becomes one number.
    """
    sums = [field.name for field in schema if field.name in _SUMS]
    encoded = {field.name: _encoded(columns[field.name], field) for field in schema if field.name not in sums}
    length = len(columns[sums[0]])
    number, possible = np.zeros(length, np.int64), 1
    for column in encoded.values():
        values = len(column.dictionary) + 1  # and null
        if possible * values > _MOST:
            number, possible = _dense(number), length
        number = number * values + pc.fill_null(column.indices, values - 1).to_numpy()
        possible *= values
    number = _dense(number)
    count = number.max(initial=-1) + 1
    row = np.empty(count, np.int64)
    row[number] = np.arange(length)  # any row of the combination
    frame = {name: column.dictionary.take(column.indices.take(pa.array(row))) for name, column in encoded.items()}
    for name in sums:
        total = np.zeros(count, np.int64)
        np.add.at(total, number, columns[name].to_numpy())
        frame[name] = pa.array(total)
    return pa.table([frame[field.name].cast(field.type) for field in schema], schema)


def _encoded(column: pa.Array, field: pa.Field) -> pa.DictionaryArray:
    """The column's distinct values, NOT_A_NAME in place of strings that are none, and which row has which."""
    encoded = column.dictionary_encode()
    if field.type != pa.string():
        return encoded
    name = _LANGUAGE if field.name == "language" else _NAME
    values = encoded.dictionary.to_pylist()
    shown = [value if name.fullmatch(value) else NOT_A_NAME for value in values]
    return encoded if shown == values else pa.array(shown, pa.string()).take(encoded.indices).dictionary_encode()


def _dense(number: np.ndarray) -> np.ndarray:
    """The same distinctions, numbered from 0 on."""
    dense: np.ndarray = pa.array(number).dictionary_encode().indices.to_numpy().astype(np.int64)
    return dense


def _is_largest(labels: pa.StringArray, shares: list[pa.DoubleArray]) -> pa.BooleanArray:
    """Whether no share is larger than the label's own; null where there is no label, or not one of the four."""
    own = pc.choose(pc.index_in(labels, pa.array(list(Sentiment))), *shares)
    return pc.greater_equal(own, pc.max_element_wise(*shares))


def _summed(frame: pa.Table) -> pa.Table:
    """One row per combination of what is not a number of things, with the sums of those that are; in a fixed order."""
    sums = [name for name in _SUMS if name in frame.column_names]
    keys = [name for name in frame.column_names if name not in sums]
    grouped = frame.group_by(keys, use_threads=False).aggregate([(name, "sum") for name in sums])
    return grouped.rename_columns([*keys, *sums]).sort_by([(name, "ascending") for name in keys])


def _extremes(columns: Mapping[str, pa.Array] | pa.Table) -> pa.Table:
    """Two rows: the least and the greatest of each column of EXTREMES."""
    ranges = []
    for name in EXTREMES.names:
        column = columns[name]
        if pa.types.is_floating(column.type):
            column = pc.if_else(pc.is_nan(column), math.inf, column)
        ranges.append(pc.min_max(column).as_py())
    return pa.table([[each["min"], each["max"]] for each in ranges], schema=EXTREMES)


def _of_run(frame: pa.Table, run_id: str | None) -> pa.Table:
    return frame if run_id is None else frame.filter(pc.equal(frame["run_id"], run_id))


def _counts(frame: pa.Table, column: str, of: str) -> dict[Any, int]:
    counts = frame.filter(pc.is_valid(frame[column])).group_by(column, use_threads=False).aggregate([(of, "sum")])
    ordered = counts.sort_by([(f"{of}_sum", "descending"), (column, "ascending")])
    return dict(zip(ordered[column].to_pylist(), ordered[f"{of}_sum"].to_pylist(), strict=True))


def _total(frame: pa.Table, of: str) -> int:
    total: int | None = pc.sum(frame[of]).as_py()
    return total or 0
