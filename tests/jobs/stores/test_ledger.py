"""The ledger: runs, conditional publishing, what counts as taken, and taking back."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from jobs.stores.protocols import Ledger, Publication, RunEntry, TakenFile
from tests.jobs.stores.processes import SPAWN, at_once, meet
from tests.jobs.stores.runs import DS, FILE, LATE, OTHER, all_taken, begin, pointers, publish, states, written
from tests.jobs.stores.twins import Twin
from transforms.errors import LakeError, PublishConflict
from transforms.schemas import RunState


@pytest.fixture
def ledger(twin: Twin) -> Ledger:
    """With runs that have begun."""
    ledger = twin.ledger()
    for run_id in ("R1", "R2", "R3"):
        begin(ledger, run_id)
    return ledger


# Runs.


def test_a_run_is_entered_with_its_dates(twin: Twin) -> None:
    twin.ledger().begin("R1", DS, [DS, OTHER], alone=False)

    ledger = twin.ledger()
    entry = RunEntry("R1", DS, RunState.STARTED, None, (OTHER, DS), settled=False)
    assert ledger.runs() == ledger.runs_of(DS) == ledger.open_runs() == [entry]
    assert ledger.runs_of(OTHER) == []  # it is not the run's own
    assert ledger.publications() == {}


def test_runs_stand_in_the_order_in_which_they_began(twin: Twin) -> None:
    ledger = twin.ledger()
    for run_id, ds in (("R9", DS), ("R5", OTHER), ("R7", DS), ("R1", DS)):
        ledger.begin(run_id, ds, [ds], alone=False)
    for run_id in ("R1", "R9"):
        ledger.end(run_id, RunState.FAILED, None)

    assert [run.run_id for run in ledger.runs()] == ["R9", "R5", "R7", "R1"]
    assert [run.run_id for run in ledger.runs_of(DS)] == ["R9", "R7", "R1"]
    assert [run.run_id for run in ledger.open_runs()] == ["R9", "R5", "R7", "R1"]


def test_a_run_is_entered_once(ledger: Ledger) -> None:
    ledger.end("R1", RunState.FAILED, {"why": "so"})
    before = ledger.runs()

    with pytest.raises(LakeError):
        begin(ledger, "R1")
    assert ledger.runs() == before


@pytest.mark.parametrize("record", [None, {"documents": 3, "of": ["Zürich"]}])
def test_a_run_that_publishes_nothing_ends_with_its_state(ledger: Ledger, record: dict[str, Any] | None) -> None:
    assert ledger.end("R1", RunState.FAILED, record)

    (entry,) = [run for run in ledger.runs() if run.run_id == "R1"]
    assert (entry.state, entry.record) == (RunState.FAILED, record)
    assert states(ledger)["R2"] is RunState.STARTED
    assert pointers(ledger) == {}


def test_a_run_that_has_ended_stays_what_it_is(ledger: Ledger) -> None:
    publish(ledger, "R1")
    ledger.end("R2", RunState.INTERRUPTED, {"ended": "by the next"})
    before = ledger.runs()

    assert not ledger.end("R1", RunState.FAILED, {})
    assert not ledger.end("R2", RunState.FAILED, {})
    assert not ledger.end("unheard of", RunState.FAILED, {})
    assert ledger.runs() == before
    assert pointers(ledger) == {DS: "R1"}


def test_runs_are_open_until_they_are_settled(ledger: Ledger) -> None:
    publish(ledger, "R1")
    ledger.end("R2", RunState.FAILED, None)
    for run_id in ("R1", "R2", "R3", "unheard of"):
        ledger.settle(run_id)

    assert [run.run_id for run in ledger.open_runs()] == ["R3"]  # it works
    assert [run.settled for run in ledger.runs()] == [True, True, False]
    ledger.end("R3", RunState.INTERRUPTED, None)
    assert [run.run_id for run in ledger.open_runs()] == ["R3"]
    ledger.settle("R3")
    assert ledger.open_runs() == []


# Locks of dates.


def test_of_two_runs_alone_on_a_date_the_second_is_not_entered(twin: Twin) -> None:
    ledger = twin.ledger()
    begin(ledger, "R1", DS, OTHER, alone=True)

    with pytest.raises(PublishConflict, match=f"run R1 is scoring {OTHER} right now"):
        begin(ledger, "R2", "2026-11-20", OTHER, alone=True)
    assert states(ledger) == {"R1": RunState.STARTED}
    begin(ledger, "R3", "2026-11-20", alone=True)  # it was not locked by the one that was refused
    begin(ledger, "R4", DS, OTHER)  # it does not ask


@pytest.mark.parametrize("way", ["published", "failed"])
def test_a_lock_ends_with_its_run(twin: Twin, way: str) -> None:
    ledger = twin.ledger()
    begin(ledger, "R1", DS, OTHER, alone=True)
    begin(ledger, "R2", "2026-11-20", alone=True)
    if way == "published":
        ledger.publish("R1", {DS: None, OTHER: None}, {}, [], {})
    else:
        ledger.end("R1", RunState.FAILED, None)

    begin(ledger, "R3", DS, OTHER, alone=True)
    ledger.end("R1", RunState.FAILED, None)  # again: the lock is another's now
    with pytest.raises(PublishConflict, match="run R3"):
        begin(ledger, "R4", DS, alone=True)
    with pytest.raises(PublishConflict, match="run R2"):
        begin(ledger, "R4", "2026-11-20", alone=True)


def test_of_many_that_lock_dates_at_once_one_does(twin: Twin) -> None:
    def lock(number: int) -> bool:
        try:
            begin(twin.ledger(), f"R{number}", *([DS, OTHER] if number % 2 else [OTHER, DS]), alone=True)
        except PublishConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lock, range(8))).count(True) == 1
    assert len(twin.ledger().runs()) == 1


# Publishing.


def test_publishing_moves_all_pointers_and_takes_the_files(ledger: Ledger) -> None:
    files = {DS: written("R1", "b", "a", "c"), OTHER: written("R1", "z", ds=OTHER)}
    other = TakenFile(OTHER, "ab" * 32, 5, "7", deferred=2, called="/drops/[EMAIL:kqzvbnwtxabc]")
    ledger.publish("R1", {DS: None, OTHER: None}, files, [FILE, other], {"documents": 3})

    assert ledger.publications() == {DS: Publication("R1", files[DS]), OTHER: Publication("R1", files[OTHER])}
    assert all_taken(ledger) == {FILE.uri: FILE, other.uri: other}
    (entry,) = [run for run in ledger.runs() if run.run_id == "R1"]
    assert (entry.state, entry.record, entry.settled) == (RunState.PUBLISHED, {"documents": 3}, False)


def test_a_date_may_have_no_files_and_many(ledger: Ledger) -> None:
    many = written("R1", *(f"{number}" for number in range(300)))
    ledger.publish("R1", {DS: None, OTHER: None}, {DS: many}, [], {})

    assert ledger.publications() == {DS: Publication("R1", many), OTHER: Publication("R1", ())}


@pytest.mark.parametrize("expected", [None, "R3"])
@pytest.mark.parametrize("moved", [DS, OTHER, "2026-11-23"])
def test_where_one_of_several_pointers_moved_meanwhile_none_moves(
    ledger: Ledger, expected: str | None, moved: str
) -> None:
    taken = FILE._replace(ds=moved)
    ledger.publish("R1", {moved: None}, {moved: written("R1", "a", ds=moved)}, [taken], {})
    before = ledger.publications(), all_taken(ledger), ledger.runs()
    dates = dict.fromkeys((OTHER, DS, "2026-11-23")) | {moved: expected}

    with pytest.raises(PublishConflict, match=f"R2 publishes nothing.*{moved} was published by run R1"):
        ledger.publish("R2", dates, {date: written("R2", "a") for date in dates}, [LATE], {})

    assert (ledger.publications(), all_taken(ledger), ledger.runs()) == before
    assert ledger.end("R2", RunState.CONFLICT, {"why": "so"})


def test_a_run_that_is_published_is_published(ledger: Ledger) -> None:
    """Whoever has heard no answer publishes again."""
    publish(ledger, "R1", None, FILE)
    before = ledger.publications(), all_taken(ledger), ledger.runs()
    publish(ledger, "R1", None, FILE)
    assert (ledger.publications(), all_taken(ledger), ledger.runs()) == before

    publish(ledger, "R2", "R1")
    publish(ledger, "R1", None, FILE)
    assert pointers(ledger) == {DS: "R2"}

    ledger.rollback(DS)
    publish(ledger, "R2", "R1")
    assert pointers(ledger) == {DS: "R1"}  # taken back is taken back


def test_a_run_that_was_taken_for_dead_publishes_nothing(ledger: Ledger) -> None:
    publish(ledger, "R1")
    ledger.end("R2", RunState.INTERRUPTED, None)
    before = ledger.publications(), all_taken(ledger), ledger.runs()

    with pytest.raises(PublishConflict, match="R2 publishes nothing: it was taken for dead"):
        publish(ledger, "R2", "R1", LATE)
    assert (ledger.publications(), all_taken(ledger), ledger.runs()) == before


def test_of_threads_that_publish_at_once_one_does(twin: Twin) -> None:
    ledger = twin.ledger()
    for number in range(8):
        begin(ledger, f"R{number}")

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda number: _publishes(ledger, f"R{number}"), range(8)))

    assert done.count(True) == 1
    _shows_one_run_alone(ledger, f"R{done.index(True)}")


def test_of_processes_that_publish_at_once_one_does(twin: Twin) -> None:
    with at_once(3) as pool:
        done = pool.starmap(_begin_and_publish, [(twin, f"R{number}") for number in range(6)])

    assert done.count(True) == 1
    _shows_one_run_alone(twin.ledger(), f"R{done.index(True)}")


def _publishes(ledger: Ledger, run_id: str) -> bool:
    dates = [DS, OTHER] if run_id[-1] in "02468" else [OTHER, DS]
    taken = [TakenFile(DS, f"/drops/{run_id}.jsonl", 1, "1")]
    try:
        ledger.publish(run_id, dict.fromkeys(dates), {date: written(run_id, "a", ds=date) for date in dates}, taken, {})
    except PublishConflict:
        return False
    return True


def _begin_and_publish(twin: Twin, run_id: str) -> bool:
    ledger = twin.ledger()
    begin(ledger, run_id)
    meet()
    return _publishes(ledger, run_id)


def _shows_one_run_alone(ledger: Ledger, run_id: str) -> None:
    shown = {date: Publication(run_id, written(run_id, "a", ds=date)) for date in (OTHER, DS)}
    assert ledger.publications() == shown
    assert list(all_taken(ledger)) == [f"/drops/{run_id}.jsonl"]
    assert [run for run, state in states(ledger).items() if state is RunState.PUBLISHED] == [run_id]


def test_no_publication_is_lost_between_others(twin: Twin) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(partial(_publish_after_others, twin), range(12)))

    ledger = twin.ledger()
    runs = [pointers(ledger)[DS]]
    assert len(all_taken(ledger)) == 12
    for _ in range(11):
        runs.append(ledger.rollback(DS)[1])
        assert len(all_taken(ledger)) == 13 - len(runs)
    assert sorted(runs) == sorted(f"R{number}" for number in range(12))


def _publish_after_others(twin: Twin, number: int) -> None:
    ledger = twin.ledger()
    begin(ledger, f"R{number}")
    while True:
        try:
            publish(ledger, f"R{number}", ledger.pointers().get(DS), FILE._replace(uri=f"/drops/{number}"))
        except PublishConflict:
            continue
        return


def test_a_process_that_is_killed_while_it_publishes_leaves_nothing(twin: Twin) -> None:
    begin(twin.ledger(), "R1")
    publish(twin.ledger(), "R1")

    process = SPAWN.Process(target=_publish_and_die, args=(twin,))
    process.start()
    process.join()

    assert process.exitcode == -signal.SIGKILL
    ledger = twin.ledger()
    assert ledger.publications() == {DS: Publication("R1", written("R1", "a"))}
    assert all_taken(ledger) == {}
    assert states(ledger) == {"R1": RunState.PUBLISHED, "R2": RunState.STARTED}  # what was committed before stays
    publish(ledger, "R2", "R1")


class _Deadly(tuple[TakenFile, ...]):
    """Who reads it dies."""

    __slots__ = ()

    def __iter__(self) -> Iterator[TakenFile]:
        os.kill(os.getpid(), signal.SIGKILL)
        return iter(())


def _publish_and_die(twin: Twin) -> None:
    ledger = twin.ledger()
    begin(ledger, "R2", alone=True)
    ledger.publish("R2", {DS: "R1"}, {DS: written("R2", "a")}, _Deadly(), {})


# What counts as taken, and taking back.


def test_a_file_taken_again_counts_as_last_taken(ledger: Ledger) -> None:
    """Also where the run that took it last had begun first."""
    changed, again = FILE._replace(size=20, stamp="2", deferred=3), FILE._replace(size=30, stamp="3")
    publish(ledger, "R2", None, FILE)
    publish(ledger, "R3", "R2", changed)
    assert all_taken(ledger) == {FILE.uri: changed}

    publish(ledger, "R1", "R3", again)
    assert all_taken(ledger) == {FILE.uri: again}


def test_rollback_shows_the_run_before_and_forgets_what_was_taken(ledger: Ledger) -> None:
    publish(ledger, "R1", None, FILE)
    first = ledger.publications()
    publish(ledger, "R2", "R1", LATE)

    assert ledger.rollback(DS) == ("R2", "R1")
    assert ledger.publications() == first
    assert all_taken(ledger) == {FILE.uri: FILE}

    publish(ledger, "R3", "R1", LATE)
    assert ledger.publications() == {DS: Publication("R3", written("R3", "a"))}
    assert all_taken(ledger) == {FILE.uri: FILE, LATE.uri: LATE}
    assert ledger.rollback(DS) == ("R3", "R1")
    assert ledger.publications() == first


def test_rollback_of_one_date_leaves_the_others(ledger: Ledger) -> None:
    other = FILE._replace(ds=OTHER, uri="/drops/other.jsonl")
    publish(ledger, "R1", None, FILE)
    ledger.publish("R2", {DS: "R1", OTHER: None}, {OTHER: written("R2", "a")}, [LATE, other], {})

    ledger.rollback(DS)

    assert pointers(ledger) == {OTHER: "R2", DS: "R1"}
    assert all_taken(ledger) == {FILE.uri: FILE, other.uri: other}


def test_the_first_publication_cannot_be_taken_back(ledger: Ledger) -> None:
    with pytest.raises(LakeError, match="nothing is published for 2026-11-22"):
        ledger.rollback(DS)
    publish(ledger, "R1")
    with pytest.raises(LakeError, match="R1 is the first"):
        ledger.rollback(DS)
    assert pointers(ledger) == {DS: "R1"}


def test_a_file_that_was_taken_for_another_date_meanwhile_is_a_conflict(ledger: Ledger) -> None:
    """Two nights over one drop without dates, for two dates, at once: until 2026-11-28 both published its documents."""
    publish(ledger, "R1", None, FILE)

    with pytest.raises(PublishConflict, match=f"took for {OTHER} was taken for {DS} in the meantime"):
        ledger.publish("R2", {OTHER: None}, {}, [FILE._replace(ds=OTHER)], {})

    assert pointers(ledger) == {DS: "R1"}
    assert all_taken(ledger) == {FILE.uri: FILE}
    ledger.publish("R3", {OTHER: None}, {}, [LATE._replace(ds=OTHER)], {})
