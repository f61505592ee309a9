"""A run's life: what it leaves, and what the next start makes of what another left."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from ulid import ULID

from expectations.verdict import Verdict
from jobs.lake.layout import Lake
from jobs.lake.published import published_files
from jobs.run import lifecycle
from jobs.run.intake import Intake
from jobs.run.lifecycle import RunRecord, entered, finish_interrupted, publish
from jobs.stores.local.ledger import LocalLedger
from jobs.stores.open import Stores
from jobs.stores.protocols import Ledger, Publication
from tests.jobs.run.lakes import DS, new_lake, published_as, write
from transforms.errors import CommitUnknown, ExpectationsNotMet, LakeError, PublishConflict, ScorerUnavailable
from transforms.report import unfinished
from transforms.schemas import RunState

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path) -> tuple[Lake, Stores]:
    return new_lake(tmp_path)


def new_run() -> str:
    return str(ULID())


def record(run_id: str, failures: list[str] | None = None) -> RunRecord:
    outcome = RunState.EXPECTATIONS_NOT_MET if failures else RunState.PUBLISHED
    return RunRecord(unfinished(run_id, NOW, NOW, outcome), Verdict(not failures, failures or [], 3))


def taking(replaces: Mapping[str, Publication | None] | None = None) -> Intake:
    return Intake([], [], {}, replaces or {DS: None})


def night(lake: tuple[Lake, Stores], run_id: str, intake: Intake, failures: list[str] | None = None) -> None:
    """A run that writes one file and publishes it."""
    layout, stores = lake
    with entered(layout, stores, DS, run_id, intake, alone=True):
        files = published_as(layout, write(layout, "one", {"run_id": run_id}, run_id=run_id)).files
        publish(layout, stores.ledger(), DS, record(run_id, failures), intake, {DS: [*files]}, [])


def states(ledger: Ledger) -> list[str]:
    return [run.state for run in ledger.runs()]


def left(lake: Lake, run_id: str) -> tuple[bool, bool, bool]:
    """Whether a run's row, page and files are there."""
    places = (lake.run_row(DS, run_id), lake.report(run_id), f"{lake.scores(DS, run_id)}/one.parquet")
    return tuple(Path(place).exists() for place in places)  # type: ignore[return-value] # three of them


def test_a_published_run_leaves_row_and_page_and_is_settled(lake: tuple[Lake, Stores]) -> None:
    layout, stores = lake
    run_id = new_run()

    night(lake, run_id, taking())

    assert left(layout, run_id) == (True, True, True)
    assert pq.read_table(layout.run_row(DS, run_id))["outcome"].to_pylist() == ["PUBLISHED"]
    assert stores.ledger().open_runs() == []
    assert not stores.liveness().lives(run_id)


def test_what_breaks_an_expectation_is_kept_until_the_next_start(lake: tuple[Lake, Stores]) -> None:
    layout, stores = lake
    run_id = new_run()

    with pytest.raises(ExpectationsNotMet, match="publishes nothing, 1 expectations are not met: ids"):
        night(lake, run_id, taking(), ["ids"])
    assert left(layout, run_id) == (True, True, True)
    assert stores.ledger().publications() == {}

    finish_interrupted(layout, stores)

    assert left(layout, run_id) == (True, True, False)
    assert stores.ledger().open_runs() == []


def test_a_conflict_is_the_outcome_in_ledger_and_row(lake: tuple[Lake, Stores]) -> None:
    layout, stores = lake
    first, second = new_run(), new_run()
    night(lake, first, taking())

    with pytest.raises(PublishConflict, match=f"published by run {first}"):
        night(lake, second, taking())

    assert states(stores.ledger()) == ["PUBLISHED", "CONFLICT"]
    assert pq.read_table(layout.run_row(DS, second))["outcome"].to_pylist() == ["CONFLICT"]


@pytest.mark.parametrize("error", [LakeError("the disk is full"), KeyboardInterrupt()])
def test_a_run_that_fails_ends_as_failed(lake: tuple[Lake, Stores], error: BaseException) -> None:
    layout, stores = lake
    run_id = new_run()

    with pytest.raises(type(error)), entered(layout, stores, DS, run_id, taking(), alone=True):
        raise error

    assert states(stores.ledger()) == ["FAILED"]
    assert left(layout, run_id)[:2] == (True, True)


def test_an_interrupt_after_publishing_takes_nothing_back(
    lake: tuple[Lake, Stores], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until 2026-11-28 this wrote FAILED over PUBLISHED, and the next start removed what readers saw."""
    layout, stores = lake
    run_id = new_run()

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lifecycle, "leave", interrupt)
    with pytest.raises(KeyboardInterrupt):
        night(lake, run_id, taking())
    monkeypatch.undo()
    assert states(stores.ledger()) == ["PUBLISHED"]

    finish_interrupted(layout, stores)

    assert states(stores.ledger()) == ["PUBLISHED"]
    assert left(layout, run_id) == (True, True, True)
    assert stores.ledger().open_runs() == []


def test_what_fails_after_the_commit_takes_nothing_back_and_is_said(
    lake: tuple[Lake, Stores], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    layout, stores = lake
    run_id = new_run()

    def fail(*_: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(lifecycle, "leave", fail)
    night(lake, run_id, taking())
    assert f"run {run_id} is published, and the next run writes its report: the disk is full" in capsys.readouterr().err
    monkeypatch.undo()
    assert states(stores.ledger()) == ["PUBLISHED"]

    finish_interrupted(layout, stores)
    assert left(layout, run_id) == (True, True, True)
    assert stores.ledger().open_runs() == []


def test_of_an_unknown_commit_nothing_is_said_that_is_not_known(lake: tuple[Lake, Stores]) -> None:
    layout, stores = lake
    run_id = new_run()

    with pytest.raises(CommitUnknown), entered(layout, stores, DS, run_id, taking(), alone=True):
        raise CommitUnknown("the answer never came")

    assert states(stores.ledger()) == ["STARTED"]  # the next start finds out


def test_an_end_that_cannot_be_entered_hides_no_error(
    lake: tuple[Lake, Stores], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    layout, stores = lake

    def fail(*_: Any) -> None:
        raise LakeError("the ledger is gone")

    monkeypatch.setattr(lifecycle, "end", fail)
    with pytest.raises(ScorerUnavailable), entered(layout, stores, DS, new_run(), taking(), alone=True):
        raise ScorerUnavailable("out of reach")
    assert "could not be entered: the ledger is gone" in capsys.readouterr().err


def test_the_claims_of_a_paid_run_end_with_it(lake: tuple[Lake, Stores]) -> None:
    layout, stores = lake
    run_id = new_run()
    with entered(layout, stores, DS, run_id, taking(), alone=True), closing(stores.meter()) as meter:
        meter.claims.claim(run_id, "worker", [b"k"], ())

    with closing(stores.meter()) as meter:
        assert meter.claims.claim("another", "worker", [b"k"], ()) == {b"k"}


def test_a_run_that_another_start_has_ended_gets_its_row_all_the_same(lake: tuple[Lake, Stores]) -> None:
    layout, stores = lake
    run_id = new_run()
    ledger = stores.ledger()
    ledger.begin(run_id, DS, [DS], alone=False)
    ledger.end(run_id, RunState.INTERRUPTED, None)  # by another start, which dies here

    finish_interrupted(layout, stores)

    assert left(layout, run_id)[:2] == (True, True)
    assert ledger.open_runs() == []


def test_a_run_that_publishes_while_it_is_taken_for_dead_stays_published(
    lake: tuple[Lake, Stores], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lock was lost: whatever it does between two looks at it, what readers see is never removed."""
    layout, stores = lake
    run_id = new_run()
    stores.ledger().begin(run_id, DS, [DS], alone=False)
    files = published_as(layout, write(layout, "one", {"run_id": run_id}, run_id=run_id)).files
    end = LocalLedger.end

    def publish_first(ledger: LocalLedger, *how: Any) -> bool:
        publish(layout, ledger, DS, record(run_id), taking(), {DS: [*files]}, [])
        return end(ledger, *how)

    monkeypatch.setattr(LocalLedger, "end", publish_first)
    finish_interrupted(layout, stores)

    assert states(stores.ledger()) == ["PUBLISHED"]
    assert left(layout, run_id) == (True, True, True)


def test_a_killed_run_is_finished_and_its_files_and_claims_go(
    lake: tuple[Lake, Stores], capsys: pytest.CaptureFixture[str]
) -> None:
    layout, stores = lake
    run_id = new_run()
    stores.ledger().begin(run_id, DS, [DS], alone=True)
    write(layout, "one", {}, run_id=run_id)
    with closing(stores.meter()) as meter:
        assert meter.claims.claim(run_id, "worker", [b"k"], ()) == {b"k"}
        meter.spending.begin(run_id, "2026-11", None)
        assert meter.spending.reserve(run_id, [3]).items == 1

    finish_interrupted(layout, stores)

    assert f"run {run_id} was interrupted; what it took is taken up again" in capsys.readouterr().err
    assert left(layout, run_id) == (True, True, False)
    assert states(stores.ledger()) == ["INTERRUPTED"]
    with closing(stores.meter()) as meter:
        assert meter.claims.claim("another", "worker", [b"k"], ()) == {b"k"}
        assert meter.spending.reserve(run_id, [3]).items == 0  # its workers may live still
    stores.ledger().begin(new_run(), DS, [DS], alone=True)  # its date is free again


def test_a_run_that_lives_is_left_alone(lake: tuple[Lake, Stores]) -> None:
    layout, stores = lake
    run_id = new_run()
    with stores.liveness().hold(run_id):
        stores.ledger().begin(run_id, DS, [DS], alone=True)
        write(layout, "one", {}, run_id=run_id)

        finish_interrupted(layout, stores)

        assert states(stores.ledger()) == ["STARTED"]
        assert left(layout, run_id) == (False, False, True)


def test_a_run_declared_dead_that_lives_after_all_publishes_nothing(lake: tuple[Lake, Stores]) -> None:
    layout, stores = lake
    run_id = new_run()
    stores.ledger().begin(run_id, DS, [DS], alone=True)
    finish_interrupted(layout, stores)

    with pytest.raises(PublishConflict, match="was taken for dead"):
        publish(layout, stores.ledger(), DS, record(run_id), taking(), {DS: []}, [])

    assert stores.ledger().publications() == {}
    assert states(stores.ledger()) == ["INTERRUPTED"]


def test_readers_see_the_files_of_the_publication_and_no_other(lake: tuple[Lake, Stores]) -> None:
    layout, stores = lake
    run_id = new_run()
    night(lake, run_id, taking())

    write(layout, "late", {"document_id": "of a lost executor"}, run_id=run_id)

    (files,) = published_files(layout, stores.ledger().publications()).values()
    assert [Path(file).name for file in files] == ["one.parquet"]


def test_a_record_comes_back_as_it_was(lake: tuple[Lake, Stores]) -> None:
    kept = replace(record("R"), verdict=Verdict(holds=False, failures=["a"], evaluated=2))
    assert RunRecord.from_dict(kept.to_dict()) == kept
