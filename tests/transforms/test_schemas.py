from __future__ import annotations

import pyarrow as pa
import pytest

from transforms import schemas
from transforms.errors import SchemaError
from transforms.schemas import RUNS, LanguageSource, RunState, conform

WANTED = pa.schema([pa.field("a", pa.string()), pa.field("b", pa.int32()), pa.field("c", pa.bool_())])


def test_runs_are_stored_as_ever() -> None:
    """Declared as a class, and read by whoever reads the lake: its columns, their order and types stay."""
    utc, counts = pa.timestamp("us", tz="UTC"), pa.map_(pa.string(), pa.int64())
    stored = pa.schema(
        [
            ("run_id", pa.string()),
            ("started_at", utc),
            ("finished_at", utc),
            ("outcome", pa.string()),
            ("dates", pa.list_(pa.string())),
            ("files", pa.int64()),
            ("documents", pa.int64()),
            ("scored", pa.int64()),
            ("rejected", pa.int64()),
            ("failed", pa.int64()),
            ("deferred", pa.int64()),
            ("carried", pa.int64()),
            ("cache_hits", pa.int64()),
            ("calls", pa.int64()),
            ("throttles", pa.int64()),
            ("billed_units", pa.int64()),
            ("dollars", pa.float64()),
            ("sentiments", counts),
            ("reasons", counts),
            ("pii", counts),
            ("stages", pa.map_(pa.string(), pa.float64())),
            ("scorer", pa.string()),
            ("scorer_version", pa.string()),
            ("policy", pa.string()),
            ("unconfirmed_units", pa.int64()),
            ("budget", pa.float64()),
            ("expectations", pa.int64()),
            ("expectations_failed", pa.int64()),
            ("cascade", pa.map_(pa.string(), pa.float64())),
            ("left_out", pa.int64()),
        ]
    )
    assert stored.equals(RUNS)
    assert all(field.nullable for field in RUNS)


@pytest.mark.parametrize("name", ["DOCUMENTS", "PREPARED", "SCORES", "RUNS"])
def test_every_column_stands_once(name: str) -> None:
    names = getattr(schemas, name).names
    assert len(set(names)) == len(names)


def test_what_is_stored_of_a_language_and_of_a_run() -> None:
    assert [source.value for source in LanguageSource] == ["given", "default", "detected"]
    assert all(state.name == state.value for state in RunState)


def test_a_frame_of_the_declared_columns_conforms() -> None:
    conform(WANTED.empty_table(), WANTED)
    conform(pa.RecordBatch.from_pylist([{"a": "x"}], schema=WANTED), WANTED)


@pytest.mark.parametrize(
    ("found", "differences"),
    [
        ([("a", pa.string()), ("c", pa.bool_())], "b: missing"),
        ([*WANTED, ("d", pa.string())], "d: not declared"),
        ([WANTED[0], ("b", pa.int64()), WANTED[2]], "b: int64 where int32 is declared"),
        ([WANTED[1], WANTED[0], WANTED[2]], "columns in another order: b, a, c"),
        (
            [("x", pa.string()), ("c", pa.string())],
            "a: missing; b: missing; x: not declared; c: string where bool is declared",
        ),
    ],
)
def test_every_difference_is_said(found: list[pa.Field], differences: str) -> None:
    with pytest.raises(SchemaError) as raised:
        conform(pa.schema(found).empty_table(), WANTED)
    assert str(raised.value) == f"columns differ from the declared ones: {differences}"
