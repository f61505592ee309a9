"""A night that is harmed at any of its milestones, however it would have ended.

Readers see what they saw before or the whole run, at every moment; after one more run, which nobody harms, the table is
that of a night without harm, and no text is paid for twice but those whose call was in flight.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("name", WAYS)
def test_a_night_that_nobody_harms(world: World, name: str, tmp_path: Path) -> None:
    """Reaches the milestones that the others are harmed at."""
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
CASES = [
    pytest.param(name, how, at, marks=[] if (name, how) in QUICK else [pytest.mark.slow])
    for name, each in WAYS.items()
    for how in How
    for at in each.milestones
]


@pytest.mark.parametrize(("name", "how", "at"), CASES)
def test_a_night_that_is_harmed(world: World, name: str, how: How, at: Milestone, tmp_path: Path) -> None:
    ended = harmed(world, name, Harm(how, at), world.ground.lake(tmp_path))

    if how is How.KILL:
        assert ended.code == -signal.SIGKILL
    elif how is How.INTERRUPT:
        assert ended.error == "KeyboardInterrupt"
    # A call was answered, or was to be, and its answer could not be kept.
    in_flight = at is Milestone.ANSWERED or (how in (How.IO_ONCE, How.IO_ON) and at in BEGINNING)
    billed = [text["billed"] for text in world.server.texts()]
    assert max(billed, default=0) <= (2 if in_flight else 1)
