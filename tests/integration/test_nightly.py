"""The nightly job on real Spark, files, Parquet and expectations."""

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import jobs.nightly
import jobs.run.audit
import jobs.run.intake
from expectations.gate import judge
from jobs.drops import find_drop
from jobs.run.staging import Staged, stage_dates
from tests.conftest import SHARED_DATA, document, write_json_lines, write_key
from tests.integration.lakes import DS, answer, content, ledger_of, listed_runs, nightly, opened, published, statuses
from transforms.errors import ExpectationsNotMet, LakeError, PublishConflict, UsageError

pytestmark = pytest.mark.usefixtures("spark")

SCORED = ("SCORED", None)
DUPLICATE = ("REJECTED", "DUPLICATE_ID")


@pytest.fixture
def drops(tmp_path: Path) -> Path:
    write_json_lines(
        tmp_path / "drops" / f"ds={DS}" / "mails.jsonl",
        [
            document(document_id="d1", text="I love it, call me on 212-555-0187 or write to kim@example.com"),
            document(document_id="d2", text="Terrible. It broke after a day."),
            document(document_id="d3", text="Jag älskar den", language="sv"),
            document(document_id="d4", text=None),
        ],
    )
    return tmp_path / "drops"


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


def test_every_document_ends_as_one_row(drops: Path, lake: Path) -> None:
    night = nightly(drops, lake)

    rows = published(lake)
    assert statuses(rows) == {
        "d1": SCORED,
        "d2": SCORED,
        "d3": ("FAILED", "UNSUPPORTED_LANGUAGE"),
        "d4": ("REJECTED", "TEXT_MISSING"),
    }
    first, second, failed, rejected = rows
    assert first["redacted_text"] == "I love it, call me on [PHONE] or write to [EMAIL]"
    assert [(find["type"], find["start"], find["end"]) for find in first["pii"]] == [
        ("PHONE", 22, 34),
        ("EMAIL", 47, 62),
    ]
    assert (first["sentiment"], second["sentiment"]) == ("POSITIVE", "NEGATIVE")
    assert failed["redacted_text"] == "Jag älskar den"
    assert failed["sentiment"] is None
    assert (rejected["redacted_text"], rejected["content_key"], rejected["source_row"]) == (None, None, 4)
    assert night is not None
    summary = night.summary
    assert (summary.documents, summary.scored, summary.failed, summary.rejected, summary.deferred) == (4, 2, 1, 1, 0)
    assert summary.pii == {"EMAIL": 1, "PHONE": 1}
    assert Path(opened(lake)[0].report(summary.run_id)).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert (Path(opened(lake)[0].audit(summary.run_id)) / "validation.json").exists()
    assert pq.read_table(Path(opened(lake)[0].run_row(DS, summary.run_id))).num_rows == 1


def test_running_twice_takes_nothing_twice(drops: Path, lake: Path) -> None:
    first = nightly(drops, lake)
    before = published(lake)

    assert nightly(drops, lake) is None
    assert published(lake) == before
    assert first is not None
    assert first.summary.run_id in listed_runs(lake)


def test_late_files_complete_a_date(drops: Path, lake: Path) -> None:
    nightly(drops, lake)
    before = published(lake)
    write_json_lines(drops / f"ds={DS}" / "late.jsonl", [document(document_id="late"), document(document_id="d1")])

    night = nightly(drops, lake)

    rows = published(lake)
    late = [row for row in rows if row["source_file"].endswith("late.jsonl")]
    assert [row for row in rows if row not in late] == before  # to the last column: nothing was scored again
    assert statuses(late) == {"late": SCORED, "d1": DUPLICATE}
    assert night is not None
    assert (night.summary.documents, night.summary.carried) == (2, 4)


def test_a_changed_file_replaces_its_own_rows_alone(drops: Path, lake: Path) -> None:
    write_json_lines(drops / f"ds={DS}" / "chats.jsonl", [document(document_id="c1"), document(document_id="c2")])
    nightly(drops, lake)
    write_json_lines(drops / f"ds={DS}" / "chats.jsonl", [document(document_id="c2", text="Never again!")])

    nightly(drops, lake)

    rows = published(lake)
    assert set(statuses(rows)) == {"d1", "d2", "d3", "d4", "c2"}
    assert [row["redacted_text"] for row in rows if row["document_id"] == "c2"] == ["Never again!"]


def test_large_published_files_are_carried_whole(drops: Path, lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.run.carry_forward.WHOLE_FILE_BYTES", 0)
    nightly(drops, lake)
    write_json_lines(drops / f"ds={DS}" / "late.jsonl", [document(document_id="late")])

    nightly(drops, lake)
    assert set(statuses(published(lake))) == {"d1", "d2", "d3", "d4", "late"}

    # Taken again, the same rows must not be there twice.
    nightly(drops, lake, reprocess=True)
    assert len(published(lake)) == 5


def test_reprocessing_takes_files_again_and_the_cache_pays(drops: Path, lake: Path) -> None:
    nightly(drops, lake)
    before = published(lake)

    night = nightly(drops, lake, reprocess=True)

    assert night is not None
    assert content(published(lake)) == content(before)
    assert (night.summary.documents, night.summary.carried, night.summary.cache_hits) == (4, 0, 2)
    assert "scorer" not in night.summary.stages


def test_the_first_of_an_id_wins_across_files_and_within_one(drops: Path, lake: Path) -> None:
    bad_first = [document(document_id="x", text=" "), document(document_id="x", text="Good, thank you.")]
    write_json_lines(drops / f"ds={DS}" / "a.jsonl", [*bad_first, document(document_id="x", text="Too late.")])
    write_json_lines(drops / f"ds={DS}" / "z.jsonl", [document(document_id="d1", subject_id="s", text="Other")])

    nightly(drops, lake)

    rows = published(lake)
    assert [(row["document_id"], row["status"], row["error_code"]) for row in rows if row["document_id"] == "x"] == [
        ("x", "REJECTED", "TEXT_BLANK"),  # a rejected document holds no id
        ("x", *SCORED),
        ("x", *DUPLICATE),
    ]
    loser = rows[-1]
    assert (loser["document_id"], loser["error_code"]) == ("d1", "DUPLICATE_ID")
    for gone in ("redacted_text", "pii", "content_key", "subject_key", "sentiment", "score_mixed", "scored_at"):
        assert loser[gone] is None, gone


def test_the_same_id_on_two_dates_is_two_documents(drops: Path, lake: Path) -> None:
    write_json_lines(drops / "ds=2026-11-21" / "mails.jsonl", [document(document_id="d1")])

    night = nightly(drops, lake)

    assert night is not None
    assert night.summary.dates == ["2026-11-21", DS]
    assert statuses(published(lake, "2026-11-21")) == {"d1": SCORED}
    assert statuses(published(lake))["d1"] == SCORED


def test_a_file_without_a_date_keeps_the_one_it_was_taken_for(tmp_path: Path, lake: Path) -> None:
    drop = write_json_lines(tmp_path / "inbox" / "mails.jsonl", [document()]).parent
    nightly(drop, lake)

    assert nightly(drop, lake, ds="2026-11-23") is None

    write_json_lines(drop / "mails.jsonl", [document(), document(document_id="d2")])
    night = nightly(drop, lake, ds="2026-11-23")
    assert night is not None
    assert night.summary.dates == [DS]
    assert set(statuses(published(lake))) == {"d1", "d2"}


def test_rollback_shows_the_run_before_and_the_next_run_completes_again(drops: Path, lake: Path) -> None:
    nightly(drops, lake)
    before = published(lake)
    write_json_lines(drops / f"ds={DS}" / "late.jsonl", [document(document_id="late")])
    nightly(drops, lake)

    ledger_of(lake).rollback(DS)
    assert published(lake) == before

    nightly(drops, lake)
    assert "late" in statuses(published(lake))


def test_what_breaks_an_expectation_is_not_published(drops: Path, lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nightly(drops, lake)
    before = published(lake)

    def leak(*arguments: Any) -> list[Staged]:
        """Put personal data back into one row of what was written."""
        staged = stage_dates(*arguments)
        path = staged[0].files[-1].uri
        table = pq.read_table(path, partitioning=None)
        texts = pa.array(["write to kim@example.com", *table["redacted_text"].to_pylist()[1:]])
        pq.write_table(table.set_column(table.schema.get_field_index("redacted_text"), "redacted_text", texts), path)
        return staged

    monkeypatch.setattr(jobs.nightly, "stage_dates", leak)
    write_json_lines(drops / f"ds={DS}" / "late.jsonl", [document(document_id="late")])
    with pytest.raises(ExpectationsNotMet, match=r"publishes nothing, 1 expectations are not met.*pii_left") as raised:
        nightly(drops, lake)

    assert "kim" not in str(raised.value)
    assert published(lake) == before
    run = ledger_of(lake).runs()[-1]
    assert run.state == "EXPECTATIONS_NOT_MET"
    assert "kim" not in (Path(opened(lake)[0].audit(run.run_id)) / "validation.json").read_text(encoding="utf-8")
    assert "EXPECTATIONS_NOT_MET" in listed_runs(lake)

    monkeypatch.undo()
    nightly(drops, lake)
    assert statuses(published(lake))["late"] == SCORED
    assert not list(Path(lake).glob(f"scores/ds=*/run={run.run_id}"))  # swept by the next run


def test_of_two_nights_at_once_one_publishes(drops: Path, lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def another_first(*arguments: Any, **named: Any) -> Any:
        monkeypatch.setattr(jobs.run.audit, "judge", judge)
        assert nightly(drops, lake) is not None
        return judge(*arguments, **named)

    monkeypatch.setattr(jobs.run.audit, "judge", another_first)
    with pytest.raises(PublishConflict, match="publishes nothing"):
        nightly(drops, lake)

    assert len(published(lake)) == 4
    assert sorted(run.state for run in ledger_of(lake).runs()) == ["CONFLICT", "PUBLISHED"]


def test_a_run_that_fails_says_so_and_the_next_one_does_the_work(
    drops: Path, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise LakeError("the disk is full")

    monkeypatch.setattr(jobs.nightly, "stage_dates", fail)
    with pytest.raises(LakeError, match="disk is full"):
        nightly(drops, lake)
    assert "no: FAILED" in listed_runs(lake)
    monkeypatch.undo()

    nightly(drops, lake)
    assert len(published(lake)) == 4
    runs = answer(lake, "select outcome, count(*) as runs from runs group by 1 order by 1")
    assert runs.split() == ["outcome,runs", "FAILED,1", "PUBLISHED,1"]


def test_a_drop_without_a_document_is_published_as_such(tmp_path: Path, lake: Path) -> None:
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "blank.jsonl").write_text("\n\n")

    night = nightly(tmp_path / "drop", lake)

    assert night is not None
    assert (night.summary.documents, night.summary.outcome) == (0, "PUBLISHED")
    assert published(lake) == []
    assert nightly(tmp_path / "drop", lake) is None


def test_an_empty_drop_is_nothing_new(tmp_path: Path, lake: Path) -> None:
    (tmp_path / "drop").mkdir()
    assert nightly(tmp_path / "drop", lake) is None


def test_a_file_that_could_not_be_read_is_not_taken(drops: Path, lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = write_json_lines(drops / f"ds={DS}" / "gone.jsonl", [document(document_id="g")])

    def list_and_lose(*arguments: Any, **named: Any) -> Any:
        listing = find_drop(*arguments, **named)
        gone.rename(drops.parent / "gone")
        return listing

    monkeypatch.setattr(jobs.run.intake, "find_drop", list_and_lose)
    nightly(drops, lake)
    monkeypatch.undo()
    assert [row["error_code"] for row in published(lake) if row["source_file"] == str(gone)] == ["FILE_UNREADABLE"]

    (drops.parent / "gone").rename(gone)
    night = nightly(drops, lake)

    assert night is not None
    assert (night.summary.files, night.summary.documents) == (1, 1)
    assert [(row["document_id"], row["status"]) for row in published(lake) if row["source_file"] == str(gone)] == [
        ("g", "SCORED")
    ]


def test_settings_that_cannot_be_are_refused_before_anything_is_made(drops: Path, lake: Path) -> None:
    with pytest.raises(UsageError, match="--scorer magic"):
        nightly(drops, lake, scorer="magic")
    assert not lake.exists()


def test_a_given_key_makes_the_same_fingerprints_in_two_lakes(drops: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    write_key(key)
    for name in ("one", "two"):
        nightly(drops, tmp_path / name, key_file=key)
    nightly(drops, tmp_path / "own")

    def keys(name: str) -> list[str]:
        return [row["content_key"] for row in published(tmp_path / name)]

    assert keys("one") == keys("two")
    assert set(keys("one")).isdisjoint({key for key in keys("own") if key})
    assert not (tmp_path / "one" / "keys").exists()


@pytest.mark.skipif(not SHARED_DATA.exists(), reason="the labelled data lies outside the repository")
def test_the_amazon_reviews_are_scored_and_queried(tmp_path: Path, lake: Path) -> None:
    (tmp_path / "drop").mkdir()
    shutil.copy(SHARED_DATA / "sentiment" / "vader_amazon.jsonl", tmp_path / "drop")

    night = nightly(tmp_path / "drop", lake, mapping={"document_id": "doc_id"})

    assert night is not None
    assert night.summary.documents == 3708
    assert night.summary.scored >= 3700  # a few are found to be in other languages than the scorer takes
    rows = answer(lake, "select sum(documents) as documents from daily_sentiment")
    assert rows.split() == ["documents", "3708"]
