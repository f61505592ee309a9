"""A night that is harmed at any of its milestones, however it would have ended.

Readers see what they saw before or the whole run, at every moment; after one more run, which nobody harms, the table is
that of a night without harm, and no text is paid for twice but those whose call was in flight.
"""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from jobs.milestones import Milestone
from jobs.settings import NightlySettings
from tests.conftest import document, write_json_lines
from tests.infra.serving import Server, serving
from tests.integration.harmed import Course, Ended, Harm, How, Night, play
from tests.integration.lakes import DS
from tests.integration.paid import CREDENTIALS
from tests.integration.whole import Rows, by_source, polled, seen, settled

BASE, LATE, RIVAL = "base.jsonl", "late.jsonl", "rival.jsonl"
BUDGET = Decimal("0.0006")  # two texts of three units each
M = Milestone
BEGINNING = (M.TAKEN_IN, M.HELD, M.ENTERED, M.BUDGETED)
WORK = (M.KEPT, M.WRITTEN, M.SCORED)
AUDIT = (M.STAGED, M.READ_BACK, M.AUDITED)
LEAVING = (M.REPORTED, M.LEFT)
PUBLISHING = (*BEGINNING, *WORK, *AUDIT, M.PUBLISHED, *LEAVING, M.SETTLED, M.RELEASED, M.LET_GO)
PAYING = (*BEGINNING, M.ANSWERED, *WORK, *AUDIT, M.PUBLISHED, *LEAVING, M.SETTLED, M.RELEASED, M.LET_GO)


@dataclass(frozen=True)
class Play:
    """A way that a night goes, with the milestones that it reaches if nobody harms it."""

    milestones: tuple[Milestone, ...]
    course: Course = Course.PUBLISHED
    error: str = ""
    paid: bool = False
    budget: Decimal | None = None


FREE, PAID = Play(()), Play((), paid=True)
PLAYS = {
    "published": Play(PAYING, paid=True),
    "deferred": Play(PAYING, paid=True, budget=BUDGET),
    "conflict": Play(
        (*BEGINNING, *WORK, *AUDIT, M.ENDED, *LEAVING, M.RELEASED), course=Course.CONFLICT, error="PublishConflict"
    ),
    "not met": Play(
        (*BEGINNING, *WORK, *AUDIT, M.ENDED, *LEAVING, M.RELEASED), course=Course.NOT_MET, error="ExpectationsNotMet"
    ),
    "failed": Play((*BEGINNING, *WORK, M.ENDED, *LEAVING, M.RELEASED), course=Course.FAILED, error="LakeError"),
}


def texts(name: str, *others: dict[str, object]) -> list[dict[str, object]]:
    own = [document(document_id=f"{name}{i}", text=f"Text {i} of {name} is good.") for i in range(3)]
    return [*own, document(document_id=f"{name}4", text="Text 0 of base is good."), *others]


@dataclass(frozen=True)
class World:
    """Drops, a lake in which the first file is published, free or paid, and what becomes of it without harm."""

    folder: Path
    server: Server

    def night(self, play: Play, lake: Path, drops: str = "drops", **more: Any) -> Night:
        """A night over drops, of a free scorer or a paid one."""
        told: dict[str, Any] = {"scorer": "comprehend", "quota_tps": 500.0} if play.paid else {}
        settings = NightlySettings(drops=str(self.folder / drops), lake=str(lake), ds=DS, **told)
        environment = CREDENTIALS | {"AWS_ENDPOINT_URL_COMPREHEND": self.server.url}
        return replace(Night(settings, environment=environment), **more)

    def base(self, play: Play) -> Path:
        return self.folder / ("paid" if play.paid else "free")

    def expected(self, play: Play) -> dict[str, Rows]:
        return EXPECTED[self.folder, play.paid]


EXPECTED: dict[tuple[Path, bool], dict[str, Rows]] = {}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    base = write_json_lines(folder / "drops" / BASE, texts("base"))
    write_json_lines(folder / "rival" / RIVAL, texts("rival"))
    with serving("--answers", "hash") as server:
        world = World(folder, server)
        for play_ in (FREE, PAID):
            assert play(world.night(play_, world.base(play_))).error == ""
        write_json_lines(base.with_name(LATE), texts("late", document(document_id="late5", text=" ")))
        for play_ in (FREE, PAID):
            unharmed = folder / f"unharmed {play_.paid}"
            shutil.copytree(world.base(play_), unharmed)
            for drops in ("drops", "rival"):
                assert play(world.night(play_, unharmed, drops)).error == ""
            settled(str(unharmed))
            EXPECTED[folder, play_.paid] = by_source(seen(str(unharmed)))
        yield world


def harmed(world: World, name: str, harm: Harm | None, lake: Path) -> Ended:
    """Play a night, and then one that nobody harms, all the while polled; the table is that of nights without harm."""
    play_ = PLAYS[name]
    shutil.copytree(world.base(play_), lake)
    world.server.reset()
    night = world.night(play_, lake, course=play_.course, harm=harm)
    if play_.course is Course.CONFLICT:
        night = replace(night, rival=world.night(play_, lake, "rival").settings)
    night = replace(night, settings=replace(night.settings, budget=play_.budget))
    expected = world.expected(play_)
    with polled(str(lake), partial(_hold, expected)) as polls:
        ended = play(night)
        polls[0] = 0
        while not polls[0]:  # readers have seen what it left
            time.sleep(0.001)
        rival = play_.course is Course.CONFLICT
        for drops in ("drops", "rival") if rival else ("drops",):
            assert play(world.night(play_, lake, drops)).error == ""
    assert by_source(seen(str(lake))) == {name: rows for name, rows in expected.items() if rival or name != RIVAL}
    settled(str(lake))
    return ended


def _hold(expected: Mapping[str, Rows], rows: Rows) -> None:
    """Whole files, the first among them; of the late one there may be rows that wait, where there was no money."""
    waits = [row for row in rows if row["status"] == "DEFERRED"]
    assert {row["error_code"] for row in waits} <= {"BUDGET_SPENT"}
    places = {(row["source_file"], row["source_row"]) for row in waits}
    assert {Path(file).name for file, _ in places} <= {LATE}
    found = by_source([row for row in rows if (row["source_file"], row["source_row"]) not in places])
    assert {BASE} <= set(found) <= {BASE, LATE, RIVAL}
    for source, its in found.items():
        waiting = {row for file, row in places if Path(file).name == source}
        assert its == [row for row in expected[source] if row["source_row"] not in waiting]


@pytest.mark.parametrize("name", PLAYS)
def test_a_night_that_nobody_harms(world: World, name: str, tmp_path: Path) -> None:
    """Reaches the milestones that the others are harmed at."""
    ended = harmed(world, name, None, tmp_path / "lake")

    assert (ended.code, ended.error) == (0, PLAYS[name].error)
    assert [*dict.fromkeys(ended.reached)] == [*PLAYS[name].milestones]
    assert all(text["billed"] <= 1 for text in world.server.texts())


def test_every_milestone_is_reached_by_some_night() -> None:
    assert {milestone for each in PLAYS.values() for milestone in each.milestones} == {*Milestone}


# One call that fails does what all that follow do, and less; the rest of it is for the long suite.
SLOW = {(name, How.IO_ONCE) for name in PLAYS} - {("published", How.IO_ONCE)} | {("deferred", How.INTERRUPT)}
CASES = [
    pytest.param(name, how, at, marks=[pytest.mark.slow] if (name, how) in SLOW else [])
    for name, each in PLAYS.items()
    for how in How
    for at in each.milestones
]


@pytest.mark.parametrize(("name", "how", "at"), CASES)
def test_a_night_that_is_harmed(world: World, name: str, how: How, at: Milestone, tmp_path: Path) -> None:
    ended = harmed(world, name, Harm(how, at), tmp_path / "lake")

    if how is How.KILL:
        assert ended.code == -signal.SIGKILL
    elif how is How.INTERRUPT:
        assert ended.error == "KeyboardInterrupt"
    # A call was answered, or was to be, and its answer could not be kept.
    in_flight = at is M.ANSWERED or (how in (How.IO_ONCE, How.IO_ON) and at in (M.TAKEN_IN, *BEGINNING))
    billed = [text["billed"] for text in world.server.texts()]
    assert max(billed, default=0) <= (2 if in_flight else 1)
