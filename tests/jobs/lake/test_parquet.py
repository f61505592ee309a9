"""Files of `scores` appear whole, and say what they hold."""

import errno
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from jobs.lake import parquet
from jobs.lake.parquet import DateWriters, RowsWriter, new_file
from jobs.lake.published import read_published
from jobs.stores.protocols import PublishedFile
from tests.jobs.run.lakes import DS, REJECTED, batch, new_lake
from transforms.errors import LakeError
from transforms.id_hashes import id_hashes
from transforms.schemas import SCORES, conform


def test_a_file_says_how_many_rows_and_which_ids_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP_ROWS", 2)
    lake, _ = new_lake(tmp_path)
    rows = batch({"document_id": "a"}, {"document_id": "b"} | REJECTED, {"document_id": "c"})
    uri = f"{lake.scores(DS, 'R1')}/one.parquet"

    with new_file(DS, uri) as writer:
        writer.write(rows)
        writer.write(rows.slice(2))

    written = writer.written
    assert (written.ds, written.uri, written.rows) == (DS, uri, 4)
    assert written.ids.tolist() == id_hashes(rows["document_id"].take([0, 2, 2])).tolist()
    table = pq.read_table(uri, partitioning=None)
    conform(table, SCORES)
    assert table.num_rows == 4
    about = pq.ParquetFile(uri).metadata
    assert about.num_row_groups == 2
    assert about.row_group(0).column(0).compression == "ZSTD"


def test_long_texts_are_written_before_there_are_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 100_000)
    with new_file(DS, str(tmp_path / "a.parquet")) as writer:
        for _ in range(3):
            writer.write(batch({"redacted_text": "a" * 100_000}))
            writer.write(batch({"redacted_text": "short"}))
    assert pq.read_metadata(tmp_path / "a.parquet").num_row_groups == 4


def test_of_a_writer_that_fails_nothing_appears(tmp_path: Path) -> None:
    lake, _ = new_lake(tmp_path)

    def half() -> None:
        with DateWriters(lake, "R1", 0) as writers:
            writers.write(DS, batch({}))
            raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        half()
    assert list(Path(lake.scores(DS, "R1")).iterdir()) == []


def test_two_attempts_at_a_task_write_different_files(tmp_path: Path) -> None:
    lake, _ = new_lake(tmp_path)
    files = []
    for _ in range(2):
        with DateWriters(lake, "R1", 7) as writers:
            writers.write(DS, batch({}))
            writers.write("2026-11-21", batch({}))
            files += writers.close()

    assert [file.ds for file in files] == [DS, "2026-11-21"] * 2
    assert len({file.uri for file in files}) == 4
    assert all("/part-00007-" in file.uri for file in files)


def test_no_rows_are_no_file(tmp_path: Path) -> None:
    """Of a file that waits, a split may hold no row that does."""
    lake, _ = new_lake(tmp_path)
    nothing = batch({}).slice(0, 0)
    with DateWriters(lake, "R1", 0) as writers:
        writers.write(DS, nothing)
        assert writers.close() == []

    with new_file(DS, f"{lake.scores(DS, 'R1')}/none.parquet") as writer:
        writer.write(nothing)
    assert writer.written.rows == 0


def test_a_bit_that_has_turned_is_seen(tmp_path: Path) -> None:
    """In every page of the largest column."""
    lake, _ = new_lake(tmp_path)
    uri = f"{lake.scores(DS, 'R1')}/one.parquet"
    with new_file(DS, uri) as writer:
        writer.write(batch(*({"document_id": f"d{i}", "redacted_text": f"Text {i} is good."} for i in range(500))))
    column = pq.ParquetFile(uri).metadata.row_group(0).column(SCORES.get_field_index("redacted_text"))
    content = Path(uri).read_bytes()
    place = column.data_page_offset + column.total_compressed_size // 2
    Path(uri).write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])

    with pytest.raises(LakeError, match="is published, but damaged"):
        list(read_published(lake, PublishedFile(lake.path_of(uri), 500)))


def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    class Full:
        closed = False

        def write(self, _: bytes) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        def tell(self) -> int:
            return 0

        def flush(self) -> None:
            pass

        def close(self) -> None:
            pass

    def write() -> None:
        writer = RowsWriter(DS, "one", Full())
        writer.write(batch({}))
        writer.close()

    with pytest.raises(LakeError, match="one cannot be written: No space left on device"):
        write()
