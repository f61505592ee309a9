"""Small files that are read together hold what they hold read one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.drops import Split, list_drop, plan_splits
from jobs.readers import read_split, together
from jobs.readers.together import is_small, read_together
from tests.jobs.readers.drop import line, written
from transforms.schemas import DOCUMENTS, conform

Rows = list[dict[str, Any]]


def splits_of(folder: Path) -> list[Split]:
    return plan_splits(list_drop(str(folder), "2026-11-22", file_format=None, date_pattern=None).files, 1 << 30)


def one_by_one(splits: list[Split]) -> Rows:
    return [row for split in splits for batch in read_split(split, {}) for row in batch.to_pylist()]


def all_together(splits: list[Split]) -> tuple[Rows, int]:
    """The rows, and how many files were left to be read one by one."""
    rows: Rows = []
    left = 0
    for some, batch in read_together(splits, {}):
        if batch is None:
            left += len(some)
            rows += one_by_one(some)
        else:
            conform(batch, DOCUMENTS)
            batch.validate(full=True)
            rows += batch.to_pylist()
    return rows, left


def test_plain_files_are_read_together(tmp_path: Path) -> None:
    for number in range(50):
        content = b"".join(line(f"d{number}-{row}") for row in range(number % 3 + 1))
        written(tmp_path / f"{number:02}.jsonl", content if number % 2 else content.removesuffix(b"\n"))
    splits = splits_of(tmp_path)

    assert all(map(is_small, splits))
    assert all_together(splits) == (one_by_one(splits), 0)


@pytest.mark.parametrize(
    "odd",
    [
        line("x").replace(b"\n", b"\n\n"),
        b"\n" + line("x"),
        line("x") + b"\n" + line("y"),
        b'{"document_id": "x",\n "text": "over two lines"}\n',
        b'{"document_id": "x", "text": "cut of',
        b"\xef\xbb\xbf" + line("x"),
        line("x").replace(b"\n", b"\r\n"),
        line("x", text="nul \0 within"),
        b'{"document_id": 7, "text": "a number for an id"}\n',
        b'{"document_id": "x", "document_id": "y", "text": "a key twice"}\n',
        b"[1]\n",
        b'{"document_id": "x", "text": "\xff"}\n',
    ],
)
def test_one_odd_file_changes_nothing_of_any(tmp_path: Path, odd: bytes) -> None:
    for number in range(4):
        written(tmp_path / f"{number}.jsonl", line(f"d{number}"))
    written(tmp_path / "2-odd.jsonl", odd)
    splits = splits_of(tmp_path)

    assert all_together(splits)[0] == one_by_one(splits)


def test_a_file_that_is_gone_or_shorter_is_left_to_its_reader(tmp_path: Path) -> None:
    for number in range(4):
        written(tmp_path / f"{number}.jsonl", line(f"d{number}"))
    splits = splits_of(tmp_path)
    (tmp_path / "1.jsonl").unlink()
    (tmp_path / "2.jsonl").write_bytes(line("d2")[:-5])

    rows, left = all_together(splits)

    assert left == 4
    assert [(row["document_id"], row["error_code"]) for row in rows if row["error_code"]] == [
        (None, "FILE_UNREADABLE"),
        (None, "FILE_UNREADABLE"),
    ]


def test_many_files_are_read_some_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "TOGETHER_FILES", 3)
    for number in range(7):
        written(tmp_path / f"{number}.jsonl", line(f"d{number}"))
    splits = splits_of(tmp_path)

    assert [len(some) for some, _ in read_together(splits, {})] == [3, 3, 1]
    assert all_together(splits) == (one_by_one(splits), 0)


def test_what_is_no_small_plain_file_is_not_read_together(tmp_path: Path) -> None:
    written(tmp_path / "large.jsonl", line("d", text="long " * 20_000))
    written(tmp_path / "text.txt", b"a text")
    written(tmp_path / "table.csv", b"document_id,text\nd,a text\n")

    assert not any(map(is_small, splits_of(tmp_path)))


LINES = st.lists(
    st.sampled_from([line("a"), line("b", text="other"), b"\n", b"{}\n", b"[]\n", b'{"document_id": 1}\n', b"x"]),
    max_size=3,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=st.lists(LINES.map(b"".join), max_size=5))
def test_whatever_files_hold(tmp_path_factory: pytest.TempPathFactory, contents: list[bytes]) -> None:
    folder = tmp_path_factory.mktemp("drop")
    for number, content in enumerate(contents):
        written(folder / f"{number}.jsonl", content)
    splits = [split for split in splits_of(folder) if is_small(split)] if contents else []

    assert all_together(splits)[0] == one_by_one(splits)
