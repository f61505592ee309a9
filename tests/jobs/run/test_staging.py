"""A date is complete before anybody sees it: what tasks wrote, what is carried, every id once, nothing else."""

from pathlib import Path

from jobs.drops import Compression, DropFile, Format
from jobs.run.intake import Intake
from jobs.run.recipe import TaskReport
from jobs.run.staging import stage_dates
from jobs.run.workers import ThisProcess
from tests.jobs.run.lakes import DEFERRED, DS, new_lake, published_as, read, write


def drop_file(uri: str, ds: str = DS) -> DropFile:
    return DropFile(uri, 10, "1", ds, Format.JSONL, Compression.NONE)


def test_the_files_that_reports_name_are_the_date_and_strays_go(tmp_path: Path) -> None:
    lake, _ = new_lake(tmp_path)
    reports = [
        TaskReport(files=[write(lake, "part-0", {"document_id": "a"}, run_id="R2")]),
        TaskReport(files=[write(lake, "part-1", {"document_id": "b"}, run_id="R2")]),
    ]
    stray = write(lake, "part-0-first-attempt", {"document_id": "a"}, run_id="R2")

    (staged,) = stage_dates(ThisProcess(), lake, "R2", Intake([drop_file("/a")], [], {}, {DS: None}), reports)

    assert [row["document_id"] for row in read(staged.files)] == ["a", "b"]
    assert (staged.ds, staged.carried) == (DS, 0)
    assert not Path(stray.uri).exists()


def test_each_date_is_completed_by_itself(tmp_path: Path) -> None:
    lake, _ = new_lake(tmp_path)
    before = published_as(lake, write(lake, "one", {"document_id": "old", "source_file": "/old"}))
    other = "2026-11-21"
    report = TaskReport(
        files=[write(lake, "p", {"document_id": "a"}, run_id="R2"), write(lake, "q", {"document_id": "a"}, ds=other)]
    )

    staged = stage_dates(
        ThisProcess(), lake, "R2", Intake([drop_file("/a")], [], {}, {other: None, DS: before}), [report]
    )

    assert [(date.ds, date.carried) for date in staged] == [(other, 0), (DS, 1)]
    assert [row["document_id"] for row in read(staged[1].files)] == ["old", "a"]


def test_of_a_file_that_could_not_be_read_the_deferred_rows_stay(tmp_path: Path) -> None:
    lake, _ = new_lake(tmp_path)
    waiting = [{"document_id": f"w{row}", "source_file": "/w", "source_row": row} | DEFERRED for row in (1, 2)]
    before = published_as(lake, write(lake, "one", *waiting))
    intake = Intake([], [drop_file("/w")], {"/w": [1, 2]}, {DS: before})
    done = {"document_id": "w1", "source_file": "/w"}

    # One row was read before the file was gone.
    report = TaskReport(files=[write(lake, "part-0", done, run_id="R2")], taken_up={"/w": [1]})
    (staged,) = stage_dates(ThisProcess(), lake, "R2", intake, [report])

    assert [(row["document_id"], row["status"]) for row in read(staged.files)] == [("w2", "DEFERRED"), ("w1", "SCORED")]


def test_rows_of_a_file_go_by_the_name_that_they_were_published_under(tmp_path: Path) -> None:
    lake, _ = new_lake(tmp_path)
    old = [{"document_id": f"w{row}", "source_file": "/kim", "source_row": row} | DEFERRED for row in (1, 2)]
    before = published_as(lake, write(lake, "one", *old, {"document_id": "n", "source_file": "/ann"}))
    renamed = {"/[NAME:w]": "/kim", "/[NAME:n]": "/ann"}
    intake = Intake([drop_file("/[NAME:n]")], [drop_file("/[NAME:w]")], {"/[NAME:w]": [1, 2]}, {DS: before}, renamed)
    done = [{"document_id": "w1", "source_file": "/[NAME:w]"}, {"document_id": "n", "source_file": "/[NAME:n]"}]

    report = TaskReport(files=[write(lake, "part-0", *done, run_id="R2")], taken_up={"/[NAME:w]": [1]})
    (staged,) = stage_dates(ThisProcess(), lake, "R2", intake, [report])

    assert [(row["document_id"], row["source_file"], row["source_row"]) for row in read(staged.files)] == [
        ("w2", "/[NAME:w]", 2), ("w1", "/[NAME:w]", 1), ("n", "/[NAME:n]", 1),
    ]  # fmt: skip
