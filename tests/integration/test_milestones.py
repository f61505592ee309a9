"""A night that is harmed at any of its milestones, however it would have ended.

Readers see what they saw before or the whole run, at every moment; after one more run, which nobody harms, the table is
that of a night without harm, and no text is paid for twice but those whose call was in flight.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from jobs.milestones import Milestone
from tests.aws import aws
from tests.integration.grounds import PARAMETERS, standing
from tests.integration.harmed import Harm, How
from tests.integration.ways import BEGINNING, WAYS, World, harmed, worlds

__all__ = ["aws"]  # the fixture


@pytest.fixture(scope="module", params=PARAMETERS)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with standing(request) as ground, worlds(ground, tmp_path_factory.mktemp("world")) as world:
        yield world


HERE = [name for name, way in WAYS.items() if not way.by_jobs]
BY_JOBS = [name for name, way in WAYS.items() if way.by_jobs]
in_s3 = pytest.mark.parametrize("world", [pytest.param("s3", marks=pytest.mark.aws)], indirect=True, scope="module")


@pytest.mark.parametrize("name", HERE)
def test_a_night_that_nobody_harms(world: World, name: str, tmp_path: Path) -> None:
    """Reaches the milestones that the others are harmed at."""
    unharmed(world, name, tmp_path)


@in_s3
@pytest.mark.parametrize("name", BY_JOBS)
def test_a_night_by_jobs_that_nobody_harms(world: World, name: str, tmp_path: Path) -> None:
    unharmed(world, name, tmp_path)


def unharmed(world: World, name: str, tmp_path: Path) -> None:
    ended = harmed(world, name, None, world.ground.lake(tmp_path))

    assert (ended.code, ended.error) == (0, WAYS[name].error)
    assert [*dict.fromkeys(ended.reached)] == [*WAYS[name].milestones]
    assert all(text["billed"] <= 1 for text in world.server.texts())


def test_every_milestone_is_reached_by_some_night() -> None:
    assert {milestone for each in WAYS.values() for milestone in each.milestones} == {*Milestone}


# Every kill, and of the rest what ends differently; all of it is part of `make chaos`.
QUICK = {
    *((name, How.KILL) for name in WAYS if name != "cascade"),  # which test_cascade.py ends after its sample
    ("published", How.INTERRUPT),
    ("published", How.IO_ON),
}


def cases(names: list[str]) -> list[ParameterSet]:
    return [
        pytest.param(name, how, at, marks=[] if (name, how) in QUICK else [pytest.mark.slow])
        for name in names
        for how in How
        for at in WAYS[name].milestones
    ]


@pytest.mark.parametrize(("name", "how", "at"), cases(HERE))
def test_a_night_that_is_harmed(world: World, name: str, how: How, at: Milestone, tmp_path: Path) -> None:
    billed = bills(world, name, how, at, tmp_path)
    # A call was answered, or was to be, and its answer could not be kept.
    in_flight = at is Milestone.ANSWERED or (how in (How.IO_ONCE, How.IO_ON) and at in BEGINNING)
    assert max(billed, default=0) <= (2 if in_flight else 1)


@in_s3
@pytest.mark.parametrize(("name", "how", "at"), cases(BY_JOBS))
def test_a_night_by_jobs_that_is_harmed(world: World, name: str, how: How, at: Milestone, tmp_path: Path) -> None:
    """A job outlives its night: not even what was in flight is paid for twice."""
    assert set(bills(world, name, how, at, tmp_path)) == {1}


def bills(world: World, name: str, how: How, at: Milestone, tmp_path: Path) -> list[int]:
    """Harm a night; how often each text was billed, in it and in the one after it."""
    ended = harmed(world, name, Harm(how, at), world.ground.lake(tmp_path))
    if how is How.KILL:
        assert ended.code == -signal.SIGKILL
    elif how is How.INTERRUPT:
        assert ended.error == "KeyboardInterrupt"
    return [text["billed"] for text in world.server.texts()]
