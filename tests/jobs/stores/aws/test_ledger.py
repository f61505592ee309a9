"""The ledger on DynamoDB: whatever happens between any two calls of it, all dates move at one moment or none does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from threading import Event
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest

from jobs.stores.aws import client as patience
from jobs.stores.aws import ledger as module
from jobs.stores.aws.ledger import DynamoLedger
from jobs.stores.protocols import Ledger, Publication, TakenFile
from tests.jobs.stores.aws.faults import before_send, count_calls, lose_answers, refusal
from tests.jobs.stores.runs import DS, OTHER, written
from tests.jobs.stores.twins import AwsTwin
from transforms.errors import CommitUnknown, LakeBusy, LakeError, PublishConflict
from transforms.schemas import RunState

MANY = [f"2026-{month:02}-{day:02}" for month in range(1, 6) for day in range(1, 27)]


class _Killed(BaseException):
    """A process ends here."""


class Case:
    """Three dates and a file, of a year of their own: R1 has published them, and R2 and R3 are about to."""

    def __init__(self, ledger: Ledger, number: int) -> None:
        self.ledger = ledger
        self.dates = [f"{2000 + number}-11-{day}" for day in (20, 21, 22)]
        self.runs = [f"R{number}x{place}" for place in range(4)]
        self.file = TakenFile(self.dates[0], f"/drops/{number}.jsonl", 1, "1")
        self.early = self.file._replace(uri=f"/drops/{number}-early.jsonl")  # the first run alone takes it
        for run_id in self.runs:
            ledger.begin(run_id, self.dates[0], self.dates, alone=False)
        self.publish(0)
        self.publish(1)

    def publish(self, place: int, ledger: Ledger | None = None, replaces: int | None = None) -> None:
        """Have a run publish after the one before it, or after another."""
        before = place - 1 if replaces is None else replaces
        (ledger or self.ledger).publish(
            self.runs[place],
            dict.fromkeys(self.dates, self.runs[before] if place else None),
            {ds: written(self.runs[place], "a", ds=ds) for ds in self.dates},
            [self.file._replace(size=place), *([] if place else [self.early])],
            {},
        )

    def publishes(self, place: int, ledger: Ledger | None = None, replaces: int | None = None) -> bool:
        """Whether a run publishes, where others may have."""
        try:
            self.publish(place, ledger, replaces)
        except PublishConflict:
            return False
        return True

    def shown(self) -> int:
        """Which run readers see of all dates, and of its file: one and the same."""
        seen = self.ledger.publications(self.dates)
        (run_id,) = {found.run_id for found in seen.values()}
        place = self.runs.index(run_id)
        assert seen == {ds: Publication(run_id, written(run_id, "a", ds=ds)) for ds in self.dates}
        assert self.ledger.taken([self.file.uri]) == {self.file.uri: self.file._replace(size=place)}
        return place

    def state(self, place: int) -> RunState:
        (entry,) = [run for run in self.ledger.runs_of(self.dates[0]) if run.run_id == self.runs[place]]
        return entry.state


@pytest.fixture
def cases(aws_twin: AwsTwin, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    """One after the other in a table; of more dates than a transaction takes."""
    monkeypatch.setattr(module, "DATES_A_TRANSACTION", 2)
    ledger = aws_twin.ledger()
    return (Case(ledger, number) for number in count())


class Watched:
    """A process's ledger, with something that happens before its calls."""

    def __init__(self, twin: AwsTwin) -> None:
        self.ledger = DynamoLedger(twin.table)
        self.client = self.ledger._table.client
        self._before: Callable[[], object] = lambda: None
        before_send(self.client, "*", lambda **_: self._before())

    @contextmanager
    def at(self, step: int, do: Callable[[], object]) -> Iterator[Event]:
        """Do something before the call of this number, from 0 on; whether it came to it."""
        seen, came = count(), Event()

        def look() -> None:
            if next(seen) == step:
                came.set()
                do()

        self._before = look
        yield came
        self._before = lambda: None

    @contextmanager
    def dying(self, step: int) -> Iterator[Event]:
        """A process that ends before its call of this number; whether it came to it."""
        seen, came = count(), Event()

        def die() -> None:
            if next(seen) >= step:  # its other threads, too
                came.set()
                raise _Killed

        self._before = die
        try:
            yield came
        except _Killed:
            assert came.is_set()
        self._before = lambda: None


@pytest.fixture
def other(aws_twin: AwsTwin) -> Watched:
    """Another process."""
    return Watched(aws_twin)


def at_each_step(cases: Iterator[Case], play: Callable[[Case, int], Event]) -> int:
    """Play a case for every step there is; how many there are."""
    for step, case in enumerate(cases):
        if not play(case, step).is_set():
            return step
    raise AssertionError


# Publishing is one moment.


def test_a_process_that_dies_anywhere_has_published_wholly_or_not(other: Watched, cases: Iterator[Case]) -> None:
    outcomes = []

    def play(case: Case, step: int) -> Event:
        with other.dying(step) as died:
            case.publish(2, other.ledger)
        outcomes.append(before := case.shown())
        assert case.state(2) is (RunState.PUBLISHED if before == 2 else RunState.STARTED)

        ended = case.ledger.end(case.runs[2], RunState.INTERRUPTED, None)  # by the next start
        assert ended == (before == 1)
        case.publish(3, replaces=before)
        assert case.shown() == 3
        for ds in case.dates:
            assert case.ledger.rollback(ds) == (case.runs[3], case.runs[before])
        assert case.shown() == before
        return died

    at_each_step(cases, play)
    assert outcomes == sorted(outcomes)
    assert outcomes.count(1) > 5  # it could die at each of these
    assert outcomes.count(2) > 3


def test_readers_see_no_mixture_at_any_step(other: Watched, cases: Iterator[Case]) -> None:
    case, seen = next(cases), list[int]()
    before_send(other.client, "*", lambda **_: seen.append(case.shown()))

    case.publish(2, other.ledger)

    assert seen == sorted(seen)
    assert set(seen) == {1, 2}
    assert case.shown() == 2


@pytest.mark.parametrize("few", [1, module.FEW_DATES], ids=["all dates are asked for", "each date is asked for"])
def test_what_is_published_while_one_reads_is_seen_wholly_or_not(
    other: Watched, cases: Iterator[Case], monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(module, "FEW_DATES", few)

    def play(case: Case, step: int) -> Event:
        with other.at(step, lambda: case.publish(2)) as came:
            seen = other.ledger.publications(case.dates)
        (run_id,) = {found.run_id for found in seen.values()}
        assert seen == {ds: Publication(run_id, written(run_id, "a", ds=ds)) for ds in case.dates}
        return came

    assert at_each_step(cases, play) > 3


def test_what_is_taken_back_while_one_reads_still_knows_the_files_before(other: Watched, cases: Iterator[Case]) -> None:
    """Else a file would be taken anew that the run before has taken."""

    def play(case: Case, step: int) -> Event:
        case.publish(2)
        with other.at(step, lambda: case.ledger.rollback(case.dates[0])) as came:
            found = other.ledger.taken([case.file.uri, case.early.uri])
        assert found[case.file.uri].size in (1, 2)
        assert found[case.early.uri] == case.early
        return came

    assert at_each_step(cases, play) > 3


@pytest.mark.slow
def test_a_hundred_and_thirty_dates_move_at_once(aws_twin: AwsTwin) -> None:
    ledger, over = aws_twin.ledger(), Event()
    runs = ["R1", "R2", "R3"]
    for run_id in runs:
        ledger.begin(run_id, MANY[0], MANY, alone=False)

    def read() -> set[str]:
        reader, seen = aws_twin.ledger(), set()
        while not over.is_set():
            publications = reader.publications()
            assert len(publications) in (0, len(MANY))
            seen.add(" ".join({found.run_id for found in publications.values()}))
        return seen

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        try:
            for before, run_id in zip([None, *runs], runs, strict=False):
                files = {ds: written(run_id, "a", ds=ds) for ds in MANY}
                ledger.publish(run_id, dict.fromkeys(MANY, before), files, [], {})
        finally:
            over.set()
        seen = {each for reader in readers for each in reader.result()}

    assert seen <= {"", *runs}  # never two
    assert {found.run_id for found in ledger.publications().values()} == {"R3"}


# Runs in each other's way.


def test_of_runs_that_meet_anywhere_one_publishes(other: Watched, cases: Iterator[Case]) -> None:
    winners = set()

    def play(case: Case, step: int) -> Event:
        second = list[bool]()
        with other.at(step, lambda: second.append(case.publishes(3, replaces=1))) as came:
            first = case.publishes(2, other.ledger)
        assert [first, *second].count(True) == 1
        assert case.shown() == (2 if first else 3)
        winners.add(case.shown())
        return came

    at_each_step(cases, play)
    assert winners == {2, 3}


@pytest.mark.slow
def test_a_run_that_is_ended_anywhere_publishes_nothing_more(other: Watched, cases: Iterator[Case]) -> None:
    """It halted for so long that it was taken for dead."""
    outcomes = set()

    def play(case: Case, step: int) -> Event:
        ended = list[bool]()
        with other.at(step, lambda: ended.append(case.ledger.end(case.runs[2], RunState.INTERRUPTED, None))) as came:
            published = case.publishes(2, other.ledger)
        assert ended in ([], [not published])
        assert case.shown() == (2 if published else 1)
        outcomes.add(published)
        return came

    at_each_step(cases, play)
    assert outcomes == {False, True}


@pytest.mark.slow
def test_what_is_taken_back_while_a_run_publishes_comes_first_or_last_or_is_refused(
    other: Watched, cases: Iterator[Case]
) -> None:
    outcomes = set()

    def play(case: Case, step: int) -> Event:
        back = list[int | None]()
        with other.at(step, lambda: back.append(_takes_back(case.ledger, case))) as came:
            published = case.publishes(2, other.ledger)
        first, rest = _seen(case)
        assert (back, published, first, rest) in (
            ([1], False, 0, {1}),  # first
            ([None], True, 2, {2}),
            ([2], True, 1, {2}),  # last
            ([], True, 2, {2}),  # not at all
        )
        outcomes.update(back)
        return came

    at_each_step(cases, play)
    assert outcomes == {1, None, 2}


def test_what_is_published_while_one_takes_back_stays(aws_twin: AwsTwin, other: Watched, cases: Iterator[Case]) -> None:
    dead = _Unfinished(aws_twin.table)

    def play(case: Case, step: int) -> Event:
        published = list[bool]()

        def publish() -> None:
            try:
                published.append(case.publishes(2, dead))
            except _Killed:
                published.append(True)

        with other.at(step, publish) as came:
            back = _takes_back(other.ledger, case)
        first, rest = _seen(case)
        assert (published, back, first, rest) in (
            ([True], None, 2, {2}),
            ([True], 2, 1, {2}),
            ([False], 1, 0, {1}),
            ([], 1, 0, {1}),
        )
        return came

    assert at_each_step(cases, play) > 3


class _Unfinished(DynamoLedger):
    """Dies as soon as it has published, before it has pointed a date to the run."""

    def _finish(self, ds: str, run_id: str) -> None:
        raise _Killed


def _takes_back(ledger: Ledger, case: Case) -> int | None:
    """Take the first date back: the run that was shown, or None where others were in the way."""
    try:
        return case.runs.index(ledger.rollback(case.dates[0])[0])
    except LakeBusy:
        return None


def _seen(case: Case) -> tuple[int, set[int]]:
    """Which run is shown of the first date, and which of the others."""
    first, *rest = (case.runs.index(found.run_id) for found in case.ledger.publications(case.dates).values())
    return first, set(rest)


@pytest.mark.slow
def test_of_runs_that_take_a_file_for_two_dates_at_once_one_at_most_publishes(
    other: Watched, cases: Iterator[Case]
) -> None:
    def play(case: Case, step: int) -> Event:
        first, second, *_ = case.dates
        file = TakenFile(first, f"/drops/both/{step}.jsonl", 1, "1")

        def publishes(ledger: Ledger, place: int, ds: str) -> bool:
            try:
                ledger.publish(case.runs[place], {ds: case.runs[1]}, {}, [file._replace(ds=ds)], {})
            except PublishConflict:
                case.ledger.end(case.runs[place], RunState.CONFLICT, None)
                return False
            return True

        done = list[bool]()
        with other.at(step, lambda: done.append(publishes(case.ledger, 2, second))) as came:
            done.append(publishes(other.ledger, 3, first))
        assert done.count(True) <= 1
        assert len(
            {found.run_id for found in case.ledger.publications(case.dates).values()} - {case.runs[1]}
        ) == done.count(True)
        return came

    assert at_each_step(cases, play) > 5


# Answers that do not come.


def test_each_answer_of_a_publication_may_be_lost(other: Watched, cases: Iterator[Case]) -> None:
    lose = Event()

    def lost() -> bool:
        here = lose.is_set()
        lose.clear()
        return here

    lose_answers(other.client, "*", lost)

    def play(case: Case, step: int) -> Event:
        with other.at(step, lose.set) as came:
            case.publish(2, other.ledger)
        assert case.shown() == 2
        assert case.ledger.rollback(case.dates[0]) == (case.runs[2], case.runs[1])  # it was replaced once
        return came

    assert at_each_step(cases, play) > 5


def test_each_answer_of_a_runs_life_may_be_lost(other: Watched) -> None:
    ledger, asked = other.ledger, count()
    lose_answers(other.client, "*", lambda: next(asked) % 2 == 0)  # each call is made twice

    ledger.begin("R1", DS, [DS, OTHER], alone=True)
    with pytest.raises(PublishConflict, match="run R1 is scoring"):
        ledger.begin("R2", DS, [DS], alone=True)
    assert ledger.end("R1", RunState.FAILED, {"why": "so"})
    assert not ledger.end("R1", RunState.INTERRUPTED, None)
    ledger.settle("R1")
    for run_id, before in (("R3", None), ("R4", "R3")):
        ledger.begin(run_id, DS, [DS], alone=True)
        ledger.publish(run_id, {DS: before}, {}, [], {})
    assert ledger.rollback(DS) == ("R4", "R3")

    assert [(run.run_id, run.state, run.settled) for run in ledger.runs()] == [
        ("R1", RunState.FAILED, True), ("R3", RunState.PUBLISHED, False), ("R4", RunState.PUBLISHED, False),
    ]  # fmt: skip
    assert ledger.publications() == {DS: Publication("R3", ())}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("can_be_read", [True, False])
def test_a_commit_whose_answers_are_all_lost(
    other: Watched, cases: Iterator[Case], monkeypatch: pytest.MonkeyPatch, can_be_read: bool
) -> None:
    """Found equal to mine is success; where it cannot be found, nobody says that it was or was not."""
    monkeypatch.setattr(patience, "PATIENCE", 0.3)
    case, committing = next(cases), Event()

    def look(request: AWSPreparedRequest, **_: Any) -> None:
        if b'"changed"' in request.body:
            committing.set()

    before_send(other.client, "TransactWriteItems", look)
    lose_answers(other.client, "TransactWriteItems", committing.is_set)
    if not can_be_read:
        before_send(other.client, "GetItem", lambda **_: refusal(500, "Lost") if committing.is_set() else None)

    if can_be_read:
        case.publish(2, other.ledger)
    else:
        with pytest.raises(CommitUnknown):
            case.publish(2, other.ledger)
    assert committing.is_set()
    assert case.shown() == 2


@pytest.mark.timeout(60)
def test_whether_it_was_taken_back_may_be_unknown(
    other: Watched, cases: Iterator[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not "busy, try again": that would take back one more."""
    monkeypatch.setattr(patience, "PATIENCE", 0.2)
    case = next(cases)
    lose_answers(other.client, "TransactWriteItems", lambda: True)

    with pytest.raises(CommitUnknown):
        other.ledger.rollback(case.dates[0])


# Locks.


def test_more_dates_than_a_transaction_takes_are_locked_all_or_none(aws_twin: AwsTwin) -> None:
    ledger = aws_twin.ledger()
    ledger.begin("R1", MANY[-1], MANY[-1:], alone=True)
    with pytest.raises(PublishConflict, match=f"run R1 is scoring {MANY[-1]} right now"):
        ledger.begin("R2", MANY[0], MANY, alone=True)
    assert [run.run_id for run in ledger.runs()] == [run.run_id for run in ledger.open_runs()] == ["R1"]

    ledger.begin("R3", MANY[0], MANY[:-1], alone=True)
    for ds in (MANY[0], MANY[95]):
        with pytest.raises(PublishConflict, match="run R3"):
            ledger.begin("R4", ds, [ds], alone=True)


def test_a_run_that_dies_anywhere_as_it_begins_keeps_no_date_locked(
    other: Watched, cases: Iterator[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DATES_A_TRANSACTION", 1)

    def play(case: Case, step: int) -> Event:
        with other.dying(step) as died:
            other.ledger.begin(f"dead{step}", case.dates[0], case.dates, alone=True)
        for run in case.ledger.runs_of(case.dates[0]):
            if run.run_id == f"dead{step}":
                assert case.ledger.end(run.run_id, RunState.INTERRUPTED, None)

        case.ledger.begin(f"R{step}", case.dates[0], case.dates, alone=True)
        return died

    assert at_each_step(cases, play) == 4  # its number, and three transactions


# What a night asks for.


def test_a_year_of_nights_costs_a_night_nothing(other: Watched, cases: Iterator[Case]) -> None:
    calls, counted = count_calls(other.client), []
    for _ in range(2):
        case = next(cases)
        before = len(calls)
        other.ledger.taken([case.file.uri])
        other.ledger.publications(case.dates)
        other.ledger.knows_hashes()
        counted.append(len(calls) - before)
        for _ in range(3):
            next(cases)

    assert counted[0] == counted[1]


def test_a_list_of_files_that_no_item_holds_is_refused(cases: Iterator[Case], monkeypatch: pytest.MonkeyPatch) -> None:
    case = next(cases)
    monkeypatch.setattr(module, "MOST_LIST_BYTES", 10)

    with pytest.raises(LakeError, match="a date of 1 files cannot be published"):
        case.publish(2)
    assert case.shown() == 1
