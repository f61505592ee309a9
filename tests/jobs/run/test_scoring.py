"""A worker's way from a split to written rows, without Spark."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from jobs.drops import list_drop, plan_splits
from jobs.drops.members import file_of
from jobs.lake.layout import Lake
from jobs.run.intake import called
from jobs.run.recipe import TaskReport
from jobs.run.scoring import read_documents, score_documents, services, write_splits
from jobs.run.stopwatch import Stopwatch
from jobs.stores.open import Stores
from tests.conftest import document, write_json_lines
from tests.jobs.run.lakes import DS, new_lake, read, recipe
from transforms.errors import CacheError
from transforms.schemas import SCORES, conform


@pytest.fixture
def lake(tmp_path: Path) -> tuple[Lake, Stores]:
    return new_lake(tmp_path)


def splits_of(folder: Path) -> list:  # type: ignore[type-arg] # of Split
    return plan_splits(list_drop(str(folder), DS, file_format=None, date_pattern=None).files, 1 << 30)


def test_a_split_becomes_a_file_for_each_date_that_its_report_names(lake: tuple[Lake, Stores], tmp_path: Path) -> None:
    layout, stores = lake
    write_json_lines(tmp_path / "drops" / "a.jsonl", [document(text="Call 212-555-0187"), document(document_id="d2")])
    write_json_lines(tmp_path / "drops" / "ds=2026-11-21" / "b.jsonl", [document(), "{broken"])
    told = recipe(stores)

    report = write_splits(told, 3, splits_of(tmp_path / "drops"))

    assert report.documents == {DS: 2, "2026-11-21": 2}
    assert {file.ds: (file.rows, len(file.ids)) for file in report.files} == {DS: (2, 2), "2026-11-21": (2, 1)}
    for file in report.files:
        table = pq.read_table(file.uri, partitioning=None)
        conform(table, SCORES)
        assert file.uri.startswith(f"{layout.scores(file.ds, told.stamp.run_id)}/part-00003-")
    assert {"read", "redact", "fingerprint", "score", "scorer", "cache read", "cache write", "write"} <= {
        *report.seconds
    }


def test_what_the_cache_knows_is_not_scored(lake: tuple[Lake, Stores], tmp_path: Path) -> None:
    _, stores = lake
    write_json_lines(tmp_path / "drops" / "a.jsonl", [document()])
    splits = splits_of(tmp_path / "drops")

    first = write_splits(recipe(stores), 0, splits)
    second = write_splits(recipe(stores), 0, splits)

    assert "scorer" in first.seconds
    assert "scorer" not in second.seconds


def test_a_cache_that_cannot_be_opened_ends_the_run_or_leaves_what_it_may_know_to_the_next(
    lake: tuple[Lake, Stores], tmp_path: Path
) -> None:
    layout, stores = lake
    write_json_lines(tmp_path / "drops" / "a.jsonl", [document(), document(document_id="d2", text=" ")])
    Path(layout.at("cache.sqlite")).write_text("not a database, and long enough to be seen as none " * 40)
    splits = splits_of(tmp_path / "drops")

    with pytest.raises(CacheError, match=r"cache\.sqlite cannot be used: .*: restore it from a backup"):
        write_splits(recipe(stores), 0, splits)

    report = write_splits(recipe(stores, without_cache="defer"), 0, splits)
    ended = [(row["status"], row["error_code"]) for row in read(report.files)]
    assert ended == [("DEFERRED", "CACHE_UNAVAILABLE"), ("REJECTED", "TEXT_BLANK")]


def test_a_task_that_fails_leaves_no_file(
    lake: tuple[Lake, Stores], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout, stores = lake
    write_json_lines(tmp_path / "drops" / "a.jsonl", [document()])
    write_json_lines(tmp_path / "drops" / "b.jsonl", [document()])
    splits = splits_of(tmp_path / "drops")

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    told = recipe(stores)
    monkeypatch.setattr("jobs.lake.parquet.held_ids", fail)
    with pytest.raises(OSError, match="the disk is full"):
        write_splits(told, 0, splits)

    assert not list(Path(layout.root).rglob("*.parquet"))
    assert not list(Path(layout.root, "scores").rglob(".*"))


def test_of_a_file_taken_before_only_the_waiting_rows_are_read(lake: tuple[Lake, Stores], tmp_path: Path) -> None:
    from dataclasses import replace

    _, stores = lake
    path = write_json_lines(tmp_path / "drops" / "a.jsonl", [document(document_id=f"d{row}") for row in range(1, 6)])
    told = replace(recipe(stores), taken_up={str(path): [2, 5, 9]})
    (split,) = splits_of(tmp_path / "drops")
    report, watch = TaskReport(), Stopwatch()

    with services(told, watch) as opened:
        rows = [
            row
            for scored in score_documents(read_documents(split, told, report), told, opened, watch)
            for row in scored.to_pylist()
        ]

    assert [(row["document_id"], row["source_row"], row["status"]) for row in rows] == [
        ("d2", 2, "SCORED"),
        ("d5", 5, "SCORED"),
    ]
    assert report.taken_up == {str(path): [2, 5]}
    assert report.documents == {DS: 2}


def test_members_of_an_archive_are_called_by_the_policy_and_lead_to_it(
    lake: tuple[Lake, Stores], tmp_path: Path
) -> None:
    path = tmp_path / "kim@example.com" / "a.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ann@example.com/b.txt", "late")
        archive.writestr("c.txt", "late")
    told = recipe(lake[1])
    listing = list_drop(str(path), DS, file_format=None, date_pattern=None)
    [file] = called(listing.files, told.policy, told.key)
    [split] = plan_splits([file], 1 << 40)

    names = [name for batch in read_documents(split, told, TaskReport()) for name in batch["source_file"].to_pylist()]

    assert not any("example.com" in name for name in names)
    assert [file_of(name, {file.source_file}) for name in names] == [file.source_file] * 2
    assert names[1] == f"{file.source_file}!c.txt"

    # Of what waits, only these rows are read again, each by its member.
    report = TaskReport()
    again = replace(told, taken_up={file.source_file: [], names[1]: [1]})
    [batch] = [batch for batch in read_documents(split, again, report) if batch.num_rows]
    assert batch["source_file"].to_pylist() == [names[1]]
    assert report.taken_up == {names[1]: [1]}
