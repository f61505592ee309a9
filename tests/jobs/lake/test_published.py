"""Readers see the files that the ledger lists, as they were published, and nothing else."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.lake.layout import Lake
from jobs.lake.published import deferred_rows, published_files, read_published, run_rows, run_summaries
from jobs.stores.protocols import Publication, PublishedFile
from tests.jobs.run.lakes import DEFERRED, DS, new_lake, published_as, write
from transforms.errors import LakeError
from transforms.schemas import SCORES, RunState


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return new_lake(tmp_path)[0]


def test_files_are_those_of_the_ledger_whatever_lies_beside_them(lake: Lake) -> None:
    seen = published_as(lake, write(lake, "one", {}))
    write(lake, "two", {})

    assert published_files(lake, {DS: seen}) == {DS: {f"{lake.scores(DS, 'R1')}/one.parquet": 1}}


def test_deferred_rows_by_file_in_one_pass_over_several(lake: Lake) -> None:
    files = [
        write(lake, str(part), {"source_file": "/a", "source_row": part} | DEFERRED, {"source_file": "/b"})
        for part in (1, 2)
    ]
    assert deferred_rows(lake, published_as(lake, *files)) == {"/a": [1, 2]}
    assert deferred_rows(lake, Publication("R1", ())) == {}


def test_a_file_that_is_not_what_was_published_is_named(lake: Lake) -> None:
    path = lake.path_of(write(lake, "one", {"redacted_text": "secret " * 1000}).uri)
    place = Path(lake.at(path))
    whole = place.read_bytes()

    for content, rows, words in (
        (whole, 2, "has 1 rows where 2 were published"),
        (whole[:-20], 1, "is published, but damaged"),
        (whole[:100] + bytes(200) + whole[300:], 1, "is published, but damaged"),
        (b"", 1, "is published, but damaged"),
        (None, 1, "is published, but not there"),
    ):
        if content is None:
            place.unlink()
        else:
            place.write_bytes(content)
        with pytest.raises(LakeError, match=words) as told:
            list(read_published(lake, PublishedFile(path, rows)))
        assert str(place) in str(told.value)
        assert "secret" not in str(told.value)


def test_rows_of_runs_are_those_that_are_there(tmp_path: Path) -> None:
    lake, stores = new_lake(tmp_path)
    ledger = stores.ledger()
    for run_id in ("01M8HQH778Q7BEH31N0KA6EDF1", "01M8HQH778Q7BEH31N0KA6EDF2", "01M8HQH778Q7BEH31N0KA6EDF3"):
        ledger.begin(run_id, DS, [DS], alone=False)
    one, two, _ = (run.run_id for run in ledger.runs())
    ledger.end(one, RunState.FAILED, None)
    ledger.settle(one)
    ledger.end(two, RunState.FAILED, None)  # its row was not written yet

    assert run_rows(lake, ledger) == [lake.run_row(DS, one)]
    Path(lake.run_row(DS, two)).parent.mkdir(parents=True)
    Path(lake.run_row(DS, two)).touch()
    assert run_rows(lake, ledger) == [lake.run_row(DS, one), lake.run_row(DS, two)]
    assert [(summary.outcome, seen) for summary, seen in run_summaries(ledger)] == [
        ("FAILED", False),
        ("FAILED", False),
        ("STARTED", False),
    ]
    # One whose process is gone is not at work.
    assert [summary.outcome for summary, _ in run_summaries(ledger, lambda _: False)][2] == "INTERRUPTED"


def test_a_column_that_an_old_file_lacks_is_null(lake: Lake) -> None:
    written = write(lake, "one", {"role": "agent", "left_out": 3})
    (file,) = published_as(lake, written).files
    pq.write_table(pq.read_table(written.uri, partitioning=None).drop(["role", "left_out"]), written.uri)

    (whole,) = read_published(lake, file)
    assert whole.schema == SCORES
    assert (whole["role"].to_pylist(), whole["source"].to_pylist()) == ([None], ["mail"])
    (some,) = read_published(lake, file, ["left_out", "document_id"])
    assert some.to_pylist() == [{"left_out": None, "document_id": "d1"}]


def test_a_published_file_of_other_columns_is_named(lake: Lake) -> None:
    """A bit that turns in a footer may change a column's name, and what is written of it would be blamed."""
    written = write(lake, "one", {})
    (file,) = published_as(lake, written).files
    for columns in (["run_id", "sentimeot"], ["source"]):
        pq.write_table(pa.table({column: ["R1"] for column in columns}), written.uri)
        with pytest.raises(LakeError, match=r"/one\.parquet is published, but is no such table, .*: restore it"):
            list(read_published(lake, file))
