"""A date is few files, with the rows of many in their order."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.lake.layout import Lake
from jobs.lake.parquet import WrittenFile
from jobs.run import compaction
from jobs.run.compaction import compact
from jobs.run.workers import ThisProcess
from tests.jobs.run.lakes import DS, new_lake, read, write
from transforms.errors import LakeError


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return new_lake(tmp_path)[0]


def written(lake: Lake, *names: str) -> list[WrittenFile]:
    return [write(lake, name, {"document_id": name}, {"document_id": f"{name}2"}) for name in names]


def put_together(lake: Lake, files: list[WrittenFile]) -> list[WrittenFile]:
    return compact(ThisProcess(), lake, "R1", files)


def test_few_files_of_a_small_date_stay(lake: Lake) -> None:
    files = written(lake, "a", "b")
    assert put_together(lake, files) == files
    assert put_together(lake, []) == []


def test_many_files_become_one(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "MANY_FILES", 2)
    files = written(lake, "a", "b", "c")

    (whole,) = put_together(lake, files)

    assert read([whole]) == read(files)
    assert (whole.ds, whole.rows, whole.groups) == (DS, 6, 1)
    assert whole.ids.tolist() == [id_hash for file in files for id_hash in file.ids.tolist()]


def test_files_of_a_large_date_become_as_large_as_a_query_likes(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are large already are not written again."""
    files = written(lake, "a", "b", "c", "large", "d", "e", "f")
    size = Path(files[0].uri).stat().st_size
    large = write(lake, "large", *({"document_id": f"l{i}", "redacted_text": f"{i}" * 999} for i in range(99)))
    files[3] = large
    monkeypatch.setattr(compaction, "LEAST_BYTES", Path(large.uri).stat().st_size)
    monkeypatch.setattr(compaction, "TARGET_BYTES", 2 * size - 100)

    found = put_together(lake, files)

    assert [file.rows for file in found] == [4, 2, 99, 4, 2]
    assert found[1] is files[2]
    assert found[2] is large
    assert read(found) == read(files)


def test_a_file_that_is_not_what_was_written_is_not_put_together(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "MANY_FILES", 1)
    one, two = written(lake, "a", "b")
    Path(two.uri).write_bytes(Path(two.uri).read_bytes()[:-20])

    with pytest.raises(LakeError, match="damaged"):
        put_together(lake, [one, two])


def test_a_file_that_somebody_removed_is_said(lake: Lake) -> None:
    """By the start that took the run for dead: until 2026-11-29 a KeyError, which no caller foresaw."""
    files = written(lake, "a", "b")
    Path(files[1].uri).unlink()

    with pytest.raises(LakeError, match=r"b\.parquet is gone"):
        put_together(lake, files)
