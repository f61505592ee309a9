from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from transforms.answers import written

SCHEMA = pa.schema([("n", pa.int64()), ("text", pa.string())])


@pytest.mark.parametrize(("output", "rows"), [("csv", 1), ("jsonl", 1), ("json", 1), ("table", 1_000)])
def test_rows_are_written_as_they_come(output: str, rows: int) -> None:
    """Of an answer without an end, the first lines."""
    asked = 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal asked
        while True:
            asked += 1
            yield pa.record_batch([[asked] * 100, ["x"] * 100], schema=SCHEMA)

    pieces = written(SCHEMA, batches(), output)
    said = "".join(next(pieces) for _ in range(3))
    assert "n" in said
    assert asked <= rows / 100 + 1


def test_a_wider_cell_comes_after_the_measured_ones() -> None:
    batch = pa.record_batch([range(1_001), ["x"] * 1_000 + ["y" * 20]], schema=SCHEMA)
    lines = "".join(written(SCHEMA, [batch], "table")).splitlines()
    assert lines[2] == "  0  x"
    assert lines[-1] == f"1000  {'y' * 20}"
