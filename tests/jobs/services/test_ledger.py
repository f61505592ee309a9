"""The ledger: conditional publishing, what counts as taken, and taking back."""

from pathlib import Path

import pytest

from jobs.services.ledger import PUBLISHED, LocalLedger, TakenFile
from transforms.errors import LakeError, PublishConflict

DS = "2026-11-22"
FILE = TakenFile(DS, "/drops/a.jsonl", 10, "1")


@pytest.fixture
def ledger(tmp_path: Path) -> LocalLedger:
    ledger = LocalLedger(tmp_path / "ledger.sqlite")
    for run_id in ("R1", "R2", "R3"):
        ledger.begin(run_id, DS)
    return ledger


def test_publishing_moves_the_pointer_and_takes_the_files(ledger: LocalLedger) -> None:
    ledger.publish("R1", {DS: None}, [FILE], {"documents": 3})

    assert ledger.pointers() == {DS: "R1"}
    assert ledger.taken() == {FILE.uri: FILE}
    assert next((run.run_id, run.ds, run.state, run.record) for run in ledger.runs()) == (
        "R1",
        DS,
        PUBLISHED,
        {"documents": 3},
    )


@pytest.mark.parametrize("expected", [None, "R3"])
def test_a_pointer_that_moved_meanwhile_is_a_conflict_and_nothing_changes(
    ledger: LocalLedger, expected: str | None
) -> None:
    ledger.publish("R1", {DS: None}, [FILE], {})

    with pytest.raises(PublishConflict, match=r"R2 publishes nothing.*published by run R1"):
        ledger.publish("R2", {"2026-11-21": None, DS: expected}, [FILE._replace(uri="/drops/b.jsonl")], {})

    assert ledger.pointers() == {DS: "R1"}
    assert ledger.taken() == {FILE.uri: FILE}


def test_a_file_taken_again_counts_as_last_taken(ledger: LocalLedger) -> None:
    changed = FILE._replace(size=20, stamp="2")
    ledger.publish("R1", {DS: None}, [FILE], {})
    ledger.publish("R2", {DS: "R1"}, [changed], {})

    assert ledger.taken() == {FILE.uri: changed}


def test_rollback_shows_the_run_before_and_forgets_what_was_taken(ledger: LocalLedger) -> None:
    late = FILE._replace(uri="/drops/late.jsonl")
    ledger.publish("R1", {DS: None}, [FILE], {})
    ledger.publish("R2", {DS: "R1"}, [late], {})

    assert ledger.rollback(DS) == ("R2", "R1")
    assert ledger.pointers() == {DS: "R1"}
    assert ledger.taken() == {FILE.uri: FILE}

    ledger.publish("R3", {DS: "R1"}, [late], {})
    assert ledger.taken() == {FILE.uri: FILE, late.uri: late}
    assert ledger.rollback(DS) == ("R3", "R1")


def test_rollback_of_one_date_leaves_the_others(ledger: LocalLedger) -> None:
    other = FILE._replace(ds="2026-11-21", uri="/drops/other.jsonl")
    ledger.publish("R1", {DS: None}, [FILE], {})
    ledger.publish("R2", {DS: "R1", "2026-11-21": None}, [other], {})

    ledger.rollback(DS)

    assert ledger.pointers() == {"2026-11-21": "R2", DS: "R1"}
    assert other.uri in ledger.taken()


def test_the_first_publication_cannot_be_taken_back(ledger: LocalLedger) -> None:
    with pytest.raises(LakeError, match="nothing is published for 2026-11-22"):
        ledger.rollback(DS)
    ledger.publish("R1", {DS: None}, [FILE], {})
    with pytest.raises(LakeError, match="R1 is the first"):
        ledger.rollback(DS)
    assert ledger.pointers() == {DS: "R1"}


def test_a_run_that_publishes_nothing_ends_with_its_state(ledger: LocalLedger) -> None:
    ledger.end("R1", "FAILED", None)

    assert ledger.runs()[0].state == "FAILED"
    assert ledger.pointers() == {}


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_text("not a database, and long enough to be seen as none " * 40)

    with pytest.raises(LakeError, match=r"ledger\.sqlite cannot be used"):
        LocalLedger(tmp_path / "ledger.sqlite")
