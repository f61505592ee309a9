"""The nights of golden.py, played again, give the golden tables row for row.

A difference that is meant is written by `python -m tests.integration.golden`.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from tests.integration.golden import GOLDEN, Row, Tables, play

NAMES = sorted(path.stem for path in GOLDEN.glob("*.jsonl"))
# What a row is told by in a message.
PLACE = ("lake", "view", "night", "ds", "source_file", "source_row", "document_id", "source", "type")


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory, spark: object) -> Tables:
    return play(tmp_path_factory.mktemp("golden"))


def golden(name: str) -> list[Row]:
    return [json.loads(line) for line in (GOLDEN / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def same(one: Any, other: Any) -> bool:
    """Equal, floats to 1e-6: a mean goes by the order of its terms, a product of the networks' by the machine."""
    match one, other:
        case float(), float():
            return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-6)
        case dict(), dict():
            return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
        case list(), list():
            return len(one) == len(other) and all(map(same, one, other))
        case _:
            return type(one) is type(other) and bool(one == other)


def first_difference(expected: list[Row], found: list[Row]) -> str | None:
    """Which row differs first, and in what; how many do."""
    differ = [n for n, (one, other) in enumerate(zip(expected, found, strict=False)) if not same(one, other)]
    if not differ and len(expected) == len(found):
        return None
    number = differ[0] if differ else min(len(expected), len(found))
    lines = [f"{len(expected)} golden rows, {len(found)} now; of these {len(differ)} differ, first row {number + 1}:"]
    one, other = (rows[number] if number < len(rows) else {} for rows in (expected, found))
    lines.append(f"  golden {_place(one)}, now {_place(other)}" if _place(one) != _place(other) else f"  {_place(one)}")
    names = [name for name in dict.fromkeys([*one, *other]) if not same(one.get(name), other.get(name))]
    return "\n".join([*lines, *(f"  {name}: golden {one.get(name)!r}, now {other.get(name)!r}" for name in names)])


def _place(row: Row) -> str:
    return " ".join(f"{name}={row[name]}" for name in PLACE if name in row) or "no row"


def test_each_golden_table_is_there(tables: Tables) -> None:
    assert sorted(tables) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_rows_are_the_golden_ones(tables: Tables, name: str) -> None:
    difference = first_difference(golden(name), json.loads(json.dumps(tables[name])))
    assert difference is None, f"{name}: {difference}"


def test_every_reason_to_reject_is_among_them() -> None:
    """Those of docs/input.md, down to DUPLICATE_ID, but for what the machine decides: its speed, and what it has."""
    page = (Path(__file__).parents[2] / "docs" / "input.md").read_text(encoding="utf-8")
    reasons = re.findall(r"^\| `([A-Z0-9_]+)` \|", page, re.MULTILINE)
    reasons = reasons[: reasons.index("DUPLICATE_ID") + 1]
    found = {row.get("error_code") for name in NAMES if name.startswith(("desk", "paid")) for row in golden(name)}
    assert set(reasons) - found == {"READING_LIMIT", "READER_MISSING"}


def test_a_difference_is_told_in_a_line_for_each_column() -> None:
    rows: list[Row] = [{"ds": "2026-11-21", "score": 0.1 + 0.2}, {"ds": "2026-11-22", "cache_hit": True}]

    assert first_difference(rows, [{"ds": "2026-11-21", "score": 0.3}, rows[1]]) is None
    told = first_difference(rows, [rows[0], {"ds": "2026-11-22", "cache_hit": 1, "more": None}])
    assert told == (
        "2 golden rows, 2 now; of these 1 differ, first row 2:\n  ds=2026-11-22\n  cache_hit: golden True, now 1"
    )
    assert "2 golden rows, 1 now" in (first_difference(rows, rows[:1]) or "")
