"""Nights in whatever order, held to a model of what readers must see.

Files come, change, wait for money, are reprocessed and taken back; runs are killed or interrupted at any milestone, two
work at once, clocks jump, and the policy changes.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from ulid import ULID

import jobs.nightly
from expectations.limits import NONE
from jobs import milestones
from jobs.milestones import Milestone
from jobs.run import budget, recipe
from jobs.run.lifecycle import finish_interrupted
from jobs.run.workers import ThisProcess
from jobs.scorers import registry
from jobs.settings import NightlySettings
from jobs.stores.local.rate_limit import LocalRateLimit
from jobs.stores.local.text_claims import LocalTextClaims
from jobs.stores.open import open_lake
from tests.conftest import document, write_json_lines
from tests.integration.counting import BILL, billed
from tests.integration.harmed import small_gate
from tests.integration.ways import PAYING
from tests.integration.whole import Rows, seen, settled
from transforms.errors import LakeError, PublishConflict

FOLDER = "AURASTREAM_TEST_FOLDER"
_numbers = count()
EXAMPLES = int(os.environ.get("AURASTREAM_EXAMPLES", "20"))
DATES = ("2026-11-20", "2026-11-21")
NAMES = ("a", "b", "c", "d")
TEXTS = tuple(f"Text {number} is good." for number in range(8))
BUDGET = Decimal("0.0004")  # one text of three units
PUBLISHED = [*Milestone].index(Milestone.PUBLISHED)
# Which milestones a paid night reaches that takes something.
REACHED = [*PAYING]


class Clock(datetime):
    """What processes take for the time."""

    ahead = timedelta()

    @classmethod
    def now(cls, zone: Any = UTC) -> datetime:  # type: ignore[override]
        return datetime.now(zone) + cls.ahead

    combine = datetime.combine  # type: ignore[assignment]


@dataclass
class Taken:
    """A file as a publication has it."""

    texts: tuple[str, ...]
    number: int  # of the publication, over all dates
    waits: bool = False  # rows of it may be DEFERRED


@dataclass
class Model:
    """What is in the drop, and what readers must see."""

    drop: dict[str, tuple[str | None, tuple[str, ...]]] = field(default_factory=dict)  # path -> its date, its texts
    chains: dict[str, list[dict[str, Taken]]] = field(default_factory=dict)  # date -> its publications
    last: dict[str, list[dict[str, Taken]]] = field(default_factory=dict)  # what each publication took itself
    number: int = 0

    def before(self, path: str) -> tuple[str, Taken] | None:
        """How a file was last taken."""
        found = [(ds, taken[path]) for ds, each in self.last.items() for taken in each if path in taken]
        return max(found, key=lambda each: each[1].number, default=None)

    def night(self, run_date: str, *, reprocess: bool) -> dict[str, dict[str, Taken]]:
        """What a night takes, by date."""
        takes: dict[str, dict[str, Taken]] = {}
        for path, (named, texts) in self.drop.items():
            before = self.before(path)
            ds = before[0] if before else named or run_date
            if before is None or reprocess or before[1].texts != texts or before[1].waits:
                takes.setdefault(ds, {})[path] = Taken(texts, self.number)
        return takes

    def publish(self, takes: dict[str, dict[str, Taken]], waits: Collection[str] = ()) -> None:
        self.number += 1
        for ds, files in takes.items():
            for path, taken in files.items():
                taken.number, taken.waits = self.number, path in waits
            chain = self.chains.setdefault(ds, [])
            chain.append((chain[-1] if chain else {}) | files)
            self.last.setdefault(ds, []).append(files)

    def rollback(self, ds: str) -> None:
        self.chains[ds].pop()
        self.last[ds].pop()


class Nights(RuleBasedStateMachine):
    """The rules."""

    def __init__(self) -> None:
        super().__init__()
        # Numbered: a name at random may read like a person's or a street's, and would be taken out.
        self.folder = Path(os.environ[FOLDER], str(next(_numbers)))
        self.drops, self.lake = self.folder / "drops", self.folder / "lake"
        self.drops.mkdir(parents=True)
        os.environ[BILL] = str(self.folder / "bill")
        self.model = Model()
        self.policies: set[Path | None] = {None}
        self.policy: Path | None = None
        self.in_flight = 0
        self.stamp = 0
        Clock.ahead = timedelta()

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    # The drop.

    @rule(
        name=st.sampled_from(NAMES),
        date=st.sampled_from([None, *DATES]),
        texts=st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3),
    )
    def a_file_comes_or_changes(self, name: str, date: str | None, texts: list[str]) -> None:
        path = self.drops / (f"ds={date}" if date else ".") / f"{name}.jsonl"
        known = str(path)
        rows = [document(document_id=f"{date} {name} {i}", text=text) for i, text in enumerate(texts)]
        write_json_lines(path, rows)
        self.stamp += 1
        os.utime(path, ns=(self.stamp, self.stamp))  # a change within the clock's tick is one, too
        if self.model.drop.get(known) != (date, tuple(texts)) or self.model.before(known):
            self.model.drop[known] = (date, (*texts, f"#{self.stamp}"))

    # Nights.

    @rule(date=st.sampled_from(DATES), reprocess=st.booleans(), poor=st.booleans())
    def a_night(self, date: str, reprocess: bool, poor: bool) -> None:
        takes = self.model.night(date, reprocess=reprocess)
        record = jobs.nightly.run(self.told(date, reprocess, poor))
        assert (record is None) == (not takes)
        if takes:
            self.model.publish(takes, self.waiting() if poor else ())

    @rule(
        date=st.sampled_from(DATES),
        reprocess=st.booleans(),
        at=st.sampled_from(REACHED),
        kill=st.booleans(),
    )
    def a_night_is_harmed(self, date: str, reprocess: bool, at: Milestone, kill: bool) -> None:
        takes = self.model.night(date, reprocess=reprocess)
        paid = sum(billed().values())
        there = self.killed(date, reprocess, at) if kill else self.interrupted(date, reprocess, at)
        self.in_flight += sum(billed().values()) - paid if at is Milestone.ANSWERED else 0
        if takes and (not there or [*Milestone].index(at) >= PUBLISHED):
            self.model.publish(takes)

    def killed(self, date: str, reprocess: bool, at: Milestone) -> bool:
        """Whether it was: a night that has nothing to buy is never answered."""
        child = os.fork()
        if not child:
            milestones.reached = lambda milestone: os.kill(os.getpid(), signal.SIGKILL) if milestone is at else None
            try:
                jobs.nightly.run(self.told(date, reprocess, False))
            finally:
                os._exit(0)
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])

    def interrupted(self, date: str, reprocess: bool, at: Milestone) -> bool:
        with reaching(at, partial(signal.raise_signal, signal.SIGINT)):
            try:
                jobs.nightly.run(self.told(date, reprocess, False))
            except KeyboardInterrupt:
                return True
        return False

    @rule(
        date=st.sampled_from(DATES),
        other=st.sampled_from(DATES),
        at=st.sampled_from([Milestone.TAKEN_IN, Milestone.STAGED]),
    )
    def two_nights_at_once(self, date: str, other: str, at: Milestone) -> None:
        takes = self.model.night(date, reprocess=False)
        rivals = self.model.night(other, reprocess=False)
        second: list[bool] = []

        def rival() -> None:
            try:
                second.append(jobs.nightly.run(self.told(other, False, False)) is not None)
            except PublishConflict:
                second.append(False)

        with reaching(at, rival):
            try:
                first = jobs.nightly.run(self.told(date, False, False)) is not None
            except PublishConflict:
                first = False
        if not takes:
            assert not first
            assert not second
            return
        assert first or second[0]
        if second[0]:  # before the first one had said what it works on, or on other dates
            self.model.publish(rivals)
        if first:
            assert not second[0], "both took the same files"
            self.model.publish(takes)

    @precondition(lambda self: any(len(chain) > 1 for chain in self.model.chains.values()))
    @rule(date=st.sampled_from(DATES))
    def a_date_is_taken_back(self, date: str) -> None:
        ledger = open_lake(str(self.lake), create=False)[1].ledger()
        if len(self.model.chains.get(date, [])) > 1:
            ledger.rollback(date)
            self.model.rollback(date)
        else:
            with pytest.raises(LakeError):
                ledger.rollback(date)

    def waiting(self) -> set[str]:
        """The files of which rows wait for money: which of a night's texts are bought first is nobody's business."""
        return {row["source_file"] for row in seen(str(self.lake)) if row["status"] == "DEFERRED"}

    # The world.

    @rule(hours=st.sampled_from([-26, -1, 0, 1, 26]))
    def the_clock_jumps(self, hours: int) -> None:
        Clock.ahead = timedelta(hours=hours)
        if self.model.chains:  # another machine's, which takes a turn and has no answer
            with closing(open_lake(str(self.lake), create=False)[1].meter()):
                path, now = self.lake / "meter.sqlite", lambda: time.time() + hours * 3600
                with closing(LocalRateLimit(path, now)) as rate, closing(LocalTextClaims(path, now)) as claims:
                    rate.turn("counting", 1000.0)
                    rate.throttled("counting")
                    claims.claim("another", "holder", [b"key"], ())

    @rule(number=st.booleans())
    def the_policy_changes(self, number: bool) -> None:
        self.policy = self.folder / "policy.toml" if number else None
        if self.policy:
            self.policy.write_text('version = "1"\n[replace]\nNAME = "number"\n')
        self.policies.add(self.policy)

    # What must hold.

    @invariant()
    def readers_see_what_they_must(self) -> None:
        if not self.model.chains:
            return
        found: dict[tuple[str, str], Rows] = {}
        for row in seen(str(self.lake)):
            found.setdefault((str(row["ds"]), row["source_file"]), []).append(row)
        expected = {
            (ds, str(Path(path))): taken
            for ds, chain in self.model.chains.items()
            if chain
            for path, taken in chain[-1].items()
        }
        assert {(ds, os.path.normpath(path)) for ds, path in found} == set(expected)
        for (ds, path), rows in found.items():
            taken = expected[ds, os.path.normpath(path)]
            assert [row["redacted_text"] for row in rows] == [text for text in taken.texts if text[0] != "#"]
            statuses = {row["status"] for row in rows}
            assert statuses <= ({"SCORED", "DEFERRED"} if taken.waits else {"SCORED"})

    @invariant()
    def no_text_is_paid_for_twice(self) -> None:
        again = sum(times - len(self.policies) for times in billed().values() if times > len(self.policies))
        assert again <= self.in_flight

    @invariant()
    def nothing_lies_about(self) -> None:
        if self.model.chains:
            finish_interrupted(*open_lake(str(self.lake), create=False))
            settled(str(self.lake))

    def told(self, date: str, reprocess: bool, poor: bool) -> NightlySettings:
        return NightlySettings(
            drops=str(self.drops),
            lake=str(self.lake),
            ds=date,
            scorer="counting",
            language="en",
            quota_tps=1000.0,
            reprocess=reprocess,
            policy=self.policy,
            budget=BUDGET if poor else None,
            limits=NONE,
        )


@contextmanager
def reaching(at: Milestone, do: Callable[[], object]) -> Iterator[None]:
    """What is done at a milestone, once."""

    def reached(milestone: Milestone) -> None:
        if milestone is at:
            milestones.reached = _nothing
            do()

    milestones.reached = reached
    try:
        yield
    finally:
        milestones.reached = _nothing


def _nothing(milestone: Milestone) -> None:
    pass


@pytest.fixture
def _world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    small_gate(monkeypatch.setattr)
    monkeypatch.setattr(milestones, "reached", _nothing)
    monkeypatch.setattr(jobs.nightly, "workers_for", lambda *_, **__: ThisProcess())
    monkeypatch.setitem(registry._SCORERS, "counting", "tests.integration.counting:CountingScorer")
    monkeypatch.setenv(BILL, "")
    for module in (jobs.nightly, recipe, budget):
        monkeypatch.setattr(module, "datetime", Clock)
    monkeypatch.setattr(recipe, "ULID", lambda: ULID.from_datetime(Clock.now()))


@pytest.mark.usefixtures("_world")
@pytest.mark.timeout(3600)
def test_nights_in_whatever_order() -> None:
    run_state_machine_as_test(
        Nights,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=[*HealthCheck],
        ),
    )
