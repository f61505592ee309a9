"""Rows that are not scored again move along, and no others."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from jobs.run import carry_forward as module
from jobs.run.carry_forward import carry_forward
from jobs.stores.protocols import PublishedFile
from tests.jobs.run.lakes import DEFERRED, DS, new_lake, published_as, read, write
from transforms.errors import LakeError
from transforms.schemas import SCORES, conform

A, B = "/drops/a.jsonl", "/drops/b.jsonl"


def test_rows_of_retaken_files_and_those_taken_up_stay_behind(tmp_path: Path) -> None:
    lake, _ = new_lake(tmp_path)
    first = write(lake, "one", {"document_id": "a1", "source_file": A}, {"document_id": "b1", "source_file": B})
    second = write(
        lake,
        "two",
        {"document_id": "b2", "source_file": B, "source_row": 2} | DEFERRED,
        {"document_id": "b3", "source_file": B, "source_row": 3} | DEFERRED,
    )

    written = carry_forward(lake, DS, "R2", published_as(lake, first, second), {A}, {B: [2]})

    rows = read(written)
    assert [row["document_id"] for row in rows] == ["b1", "b3"]
    assert {row["run_id"] for row in rows} == {"R1"}
    assert sum(file.rows for file in written) == 2 == len(written[0].ids)
    assert all(file.uri.startswith(lake.scores(DS, "R2")) for file in written)


def test_rows_of_a_file_that_is_called_otherwise_today_get_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WHOLE_FILE_BYTES", 0)  # not even then is it copied whole
    lake, _ = new_lake(tmp_path)
    old = {"document_id": "b1", "source_file": "/drops/kim@example.com"}
    file = write(lake, "one", {"document_id": "a1", "source_file": A}, old, old | {"source_row": 2} | DEFERRED)
    today = "/drops/[EMAIL:kqzvbnwtxabc]"
    before, renamed = published_as(lake, file), {"/drops/kim@example.com": today}

    written = carry_forward(lake, DS, "R2", before, set(), {"/drops/kim@example.com": [2]}, renamed)
    assert [(row["source_file"], row["source_row"]) for row in read(written)] == [(A, 1), (today, 1)]

    # Also where none of its rows could be read.
    written = carry_forward(lake, DS, "R2", before, set(), {"/drops/kim@example.com": []}, renamed)
    assert [(row["source_file"], row["source_row"]) for row in read(written)] == [(A, 1), (today, 1), (today, 2)]


def test_rows_of_an_archives_members_go_with_the_archive(tmp_path: Path) -> None:
    lake, _ = new_lake(tmp_path)
    member = {"source_file": "/drops/a.zip!b.txt"}
    file = write(
        lake,
        "one",
        {"document_id": "a1"} | member,
        {"document_id": "c1", "source_file": "/drops/a.zip!c.txt"} | DEFERRED,
        {"document_id": "d1", "source_file": "/drops/a!d.jsonl"},
    )
    before = published_as(lake, file)

    rows = read(carry_forward(lake, DS, "R2", before, {"/drops/a.zip"}, {}))
    assert [row["document_id"] for row in rows] == ["d1"]

    rows = read(carry_forward(lake, DS, "R2", before, set(), {"/drops/a.zip!c.txt": [1]}, {"/drops/a.zip": "/z.zip"}))
    assert [row["source_file"] for row in rows] == ["/z.zip!b.txt", "/drops/a!d.jsonl"]


def test_nothing_to_carry_is_no_file(tmp_path: Path) -> None:
    lake, _ = new_lake(tmp_path)
    file = write(lake, "one", {"source_file": A})

    assert carry_forward(lake, DS, "R2", published_as(lake, file), {A}, {}) == []
    assert carry_forward(lake, DS, "R2", published_as(lake), set(), {}) == []


def test_a_large_file_that_nothing_touches_is_copied_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WHOLE_FILE_BYTES", 0)
    lake, _ = new_lake(tmp_path)
    whole = write(lake, "one", {"document_id": "b1", "source_file": B}, {"document_id": "b2", "source_file": B})
    touched = write(lake, "two", {"document_id": "a1", "source_file": A}, {"document_id": "b3", "source_file": B})

    written = carry_forward(lake, DS, "R2", published_as(lake, whole, touched), {A}, {})

    assert Path(written[0].uri).read_bytes() == Path(whole.uri).read_bytes()
    assert sorted(written[0].ids) == sorted(whole.ids)
    assert [row["document_id"] for row in read(written)] == ["b1", "b2", "b3"]


@pytest.mark.parametrize("size", [0, 1 << 40])
def test_a_file_that_lacks_columns_is_written_anew_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(module, "WHOLE_FILE_BYTES", size)
    lake, _ = new_lake(tmp_path)
    old, new = write(lake, "one", {"document_id": "b1", "role": "agent"}), write(lake, "two", {"role": "agent"})
    pq.write_table(pq.read_table(old.uri, partitioning=None).drop(["role", "left_out"]), old.uri)

    written = carry_forward(lake, DS, "R2", published_as(lake, old, new), set(), {})

    assert sorted((row["document_id"], row["role"]) for row in read(written)) == [("b1", None), ("d1", "agent")]
    for file in written:
        conform(pq.read_table(file.uri, partitioning=None), SCORES)


def test_a_file_that_lies_beside_the_published_ones_is_not_carried(tmp_path: Path) -> None:
    lake, _ = new_lake(tmp_path)
    file = write(lake, "one", {"document_id": "b1"})
    write(lake, "stray", {"document_id": "stray"})

    assert [row["document_id"] for row in read(carry_forward(lake, DS, "R2", published_as(lake, file), set(), {}))] == [
        "b1"
    ]


@pytest.mark.parametrize("size", [0, 1 << 40])
def test_a_published_file_that_is_gone_or_lacks_rows_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(module, "WHOLE_FILE_BYTES", size)
    lake, _ = new_lake(tmp_path)
    seen = published_as(lake, write(lake, "one", {}))

    longer = seen._replace(files=(PublishedFile(seen.files[0].path, 2),))
    with pytest.raises(LakeError, match=r"one\.parquet has 1 rows where 2 were published"):
        carry_forward(lake, DS, "R2", longer, set(), {})
    Path(lake.at(seen.files[0].path)).unlink()
    with pytest.raises(LakeError, match=r"one\.parquet is published, but not there"):
        carry_forward(lake, DS, "R2", seen, set(), {})
