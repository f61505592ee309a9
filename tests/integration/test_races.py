"""Two who do their work at the same moment: a night stops at each milestone until the other is done, readers ask on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

import jobs.nightly
from jobs import milestones
from jobs.milestones import Milestone
from jobs.settings import NightlySettings
from jobs.stores.open import open_lake
from tests.aws import aws
from tests.conftest import document, write_json_lines
from tests.integration.grounds import PARAMETERS, Ground, standing
from tests.integration.harmed import FORKS, Night, make_ready, play
from tests.integration.lakes import DS
from tests.integration.ways import PAYING
from tests.integration.whole import Rows, by_source, polled, seen, settled
from transforms.errors import AuraStreamError

NAMES = ("base", "late", "new")
BEFORE, AFTER = {"base", "late"}, {"base", "late", "new"}
# A free night reaches these.
AT: list[Milestone] = [each for each in PAYING if each is not Milestone.ANSWERED]
PUBLISHED = AT.index(Milestone.PUBLISHED)
QUICK = {
    Milestone.TAKEN_IN,
    Milestone.ENTERED,
    Milestone.SCORED,
    Milestone.AUDITED,
    Milestone.PUBLISHED,
    Milestone.LEFT,
}
# All of them are part of `make chaos`.
STOPS = [pytest.param(at, marks=[] if at in QUICK else [pytest.mark.slow]) for at in AT]

__all__ = ["aws"]  # the fixture


@dataclass(frozen=True)
class World:
    """A drop for each file, a lake in which the first is published and then the second, and the rows of all."""

    ground: Ground
    folder: Path
    expected: dict[str, Rows]

    def night(self, name: str, lake: str) -> Night:
        settings = NightlySettings(drops=str(self.folder / name), lake=lake, ds=DS)
        return Night(settings, environment=self.ground.environment)


@pytest.fixture(scope="module", params=PARAMETERS)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("races")
    with standing(request) as ground:
        world, whole = World(ground, folder, {}), ground.lake(folder / "whole")
        for name in NAMES:
            rows = [document(document_id=f"{name}{i}", text=f"Text {i} of {name} is good.") for i in range(3)]
            write_json_lines(folder / name / f"{name}.jsonl", rows)
            assert play(world.night(name, whole)).error == ""
            if name == "late":
                ground.copy(whole, ground.lake(folder))
        world.expected.update(by_source(seen(whole)))
        yield world


@pytest.fixture
def lake(world: World, tmp_path: Path) -> Iterator[str]:
    """A lake of its own, which readers ask all the while, and in which nothing lies about in the end."""
    lake = world.ground.lake(tmp_path)
    world.ground.copy(world.ground.lake(world.folder), lake)

    def whole(rows: Rows) -> None:
        for name, its in by_source(rows).items():
            assert its == world.expected[name]

    with polled(lake, whole):
        yield lake
        assert play(world.night("base", lake)).error == ""  # nothing is new; what is over is finished
    settled(lake)


@contextmanager
def stopped(night: Night, at: Milestone) -> Iterator[list[str]]:
    """A night that stands at a milestone until the context ends; then the list has the type of what it raised."""
    ours, theirs = FORKS.Pipe()
    process = FORKS.Process(target=_stop, args=(night, at, theirs), daemon=True)
    process.start()
    theirs.close()  # so that a process that dies is the end of what is heard, and nobody waits for it
    assert ours.recv() == "here"
    raised: list[str] = []
    yield raised
    ours.send("go on")
    raised.append(ours.recv())
    process.join()


def _stop(night: Night, at: Milestone, told: Connection) -> None:
    make_ready(night)

    def reached(milestone: Milestone) -> None:
        if milestone is at:
            told.send("here")
            told.recv()

    milestones.reached = reached
    try:
        jobs.nightly.run(night.settings)
        told.send("")
    except AuraStreamError as error:
        told.send(type(error).__name__)


def sources(lake: str) -> set[str]:
    return {Path(name).stem for name in by_source(seen(lake))}


@pytest.mark.parametrize("at", STOPS)
def test_another_start_leaves_a_run_alone_that_lives(world: World, lake: str, at: Milestone) -> None:
    with stopped(world.night("new", lake), at) as raised:
        assert play(world.night("base", lake)).error == ""
        assert sources(lake) == (AFTER if AT.index(at) >= PUBLISHED else BEFORE)

    assert raised == [""]
    assert sources(lake) == AFTER


@pytest.mark.parametrize("at", STOPS[AT.index(Milestone.ENTERED) :])
def test_a_run_that_is_taken_for_dead_publishes_before_or_never(world: World, lake: str, at: Milestone) -> None:
    """Its lock was lost."""
    with stopped(world.night("new", lake), at) as raised:
        world.ground.lose_lives(lake)
        assert play(world.night("base", lake)).error == ""

    published = AT.index(at) >= PUBLISHED
    # What it would write to is gone, too: whatever it ends with, it does not publish.
    assert (raised == [""]) == published
    assert sources(lake) == (AFTER if published else BEFORE)
    assert play(world.night("new", lake)).error == ""
    assert sources(lake) == AFTER


@pytest.mark.parametrize("at", STOPS)
def test_of_two_publishers_of_a_file_one_does(world: World, lake: str, at: Milestone) -> None:
    with stopped(world.night("new", lake), at) as raised:
        other = play(world.night("new", lake))

    assert other.error == ""
    assert raised == ["" if AT.index(at) >= PUBLISHED else "PublishConflict"]
    assert sources(lake) == AFTER


@pytest.mark.parametrize("at", STOPS)
def test_a_date_is_taken_back_while_a_run_is_about_to_publish(world: World, lake: str, at: Milestone) -> None:
    published = AT.index(at) >= PUBLISHED
    with stopped(world.night("new", lake), at) as raised:
        open_lake(lake, create=False)[1].ledger().rollback(DS)
        assert sources(lake) == (BEFORE if published else {"base"})

    assert raised == ["" if published else "PublishConflict"]
    assert sources(lake) == (BEFORE if published else {"base"})
