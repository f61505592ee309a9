"""One document, one id: the first stays."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from jobs.run.duplicates import count_repeated, reject_repeated
from tests.jobs.run.lakes import REJECTED, new_lake, read, write

A, B = "/drops/a.jsonl", "/drops/b.jsonl"


def test_files_without_a_repeated_id_stay_as_they_are(tmp_path: Path) -> None:
    lake, _ = new_lake(tmp_path)
    files = [write(lake, "one", {"document_id": "x"}), write(lake, "two", {"document_id": "y"})]

    assert reject_repeated(files, 0) == files
    assert reject_repeated([], 0) == []
    assert count_repeated(files) == 0


def test_the_first_by_file_and_row_stays_wherever_it_is_written(tmp_path: Path) -> None:
    lake, _ = new_lake(tmp_path)
    later = {"document_id": "x", "source_file": B}
    files = [
        write(lake, "one", later, later | {"document_id": "y"}),
        write(lake, "two", {"document_id": "x", "source_file": A, "source_row": 7}),
    ]
    assert count_repeated(files) == 1

    written = reject_repeated(files, 0)

    codes = [(row["document_id"], row["source_file"], row["error_code"]) for row in read(written)]
    assert codes == [("x", B, "DUPLICATE_ID"), ("y", B, None), ("x", A, None)]
    assert written[1] is files[1]
    assert not Path(files[0].uri).exists()
    assert (written[0].rows, len(written[0].ids)) == (2, 1)
    assert count_repeated(written) == 0


def test_a_carried_row_comes_before_new_ones(tmp_path: Path) -> None:
    lake, _ = new_lake(tmp_path)
    carried = write(lake, "carried", {"document_id": "x", "source_file": B})
    new = write(lake, "new", {"document_id": "x", "source_file": A}, {"document_id": "x", "source_file": A})

    rows = read(reject_repeated([carried, new], 1))

    assert [row["error_code"] for row in rows] == [None, "DUPLICATE_ID", "DUPLICATE_ID"]


def test_a_rejected_document_holds_no_id(tmp_path: Path) -> None:
    lake, _ = new_lake(tmp_path)
    files = [
        write(lake, "one", {"document_id": "x"} | REJECTED, {"document_id": "x"}, {"document_id": None} | REJECTED)
    ]

    assert reject_repeated(files, 0) == files


def test_two_ids_of_one_hash_are_two_ids(tmp_path: Path) -> None:
    """Made to collide: hashes are a hint alone."""
    lake, _ = new_lake(tmp_path)
    files = [write(lake, "one", {"document_id": "x"}), write(lake, "two", {"document_id": "y"})]
    files = [replace(file, ids=np.array([5], np.uint64)) for file in files]

    assert count_repeated(files) == 0
    assert reject_repeated(files, 0) == files
