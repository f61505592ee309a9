"""Kills nights at seeded moments while readers ask, and counts what must not be: `make chaos`.

python -m tests.chaos [--kills 200] [--seed 1]
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import NamedTuple

from jobs.milestones import Milestone
from tests.integration.grounds import GROUNDS
from tests.integration.harmed import FORKS, Harm, How, play
from tests.integration.ways import WAYS, World, hold, mend, worlds
from tests.integration.whole import Rows, by_source, reader, seen, settled

POLLERS = 2
DOCUMENTS = 100
POLLS = 50  # of what a kill left, and of what is made of it, at least
# From when on a night is killed, and up to how many seconds later: so long a stage takes, or longer.
MOMENTS = {
    Milestone.TAKEN_IN: 0.1,
    Milestone.BUDGETED: 0.4,
    Milestone.ANSWERED: 0.1,
    Milestone.KEPT: 0.1,
    Milestone.SCORED: 0.1,
    Milestone.AUDITED: 0.05,
    Milestone.PUBLISHED: 0.05,
    Milestone.ENDED: 0.05,
}


class Killed(NamedTuple):
    """A kill, and what came of it."""

    way: str
    at: Milestone
    died: bool  # before it had ended by itself
    lost: int  # documents that an unharmed night has
    invented: int  # documents that it has not, or otherwise
    twice: int  # texts that were paid for twice: their call was in flight
    lying: str  # what else was wrong


@contextmanager
def polling(lake: str, world: World, *, paid: bool) -> Iterator[tuple[Synchronized[int], list[str]]]:
    """Processes that read all the while: how often, and at the end what was wrong with what they saw."""
    polls, over = FORKS.Value("q", 0), FORKS.Event()
    ours, theirs = FORKS.Pipe(duplex=False)
    arguments = (lake, world.expected[paid], polls, over, theirs)
    readers = [FORKS.Process(target=_poll, args=arguments, daemon=True) for _ in range(POLLERS)]
    for process in readers:
        process.start()
    errors: list[str] = []
    try:
        yield polls, errors
    finally:
        over.set()
        for process in readers:
            process.join()
        while ours.poll():
            errors.append(ours.recv())


def _poll(lake: str, expected: object, polls: Synchronized[int], over: Event, said: object) -> None:
    try:
        asks: list[Callable[[], Rows]] = [partial(seen, lake), *[reader(lake)] * 9]  # SQL takes ten times as long
        for ask in cycle(asks):
            if over.is_set():
                return
            hold(expected, ask())  # type: ignore[arg-type] # rows by source, as they were sent
            with polls.get_lock():
                polls.value += 1
    except Exception as error:  # noqa: BLE001 - that there is none is what is shown
        said.send(f"{type(error).__name__}: {str(error)[:300]}")  # type: ignore[attr-defined] # a connection


def killed(world: World, chance: random.Random, lake: str) -> tuple[Killed, int, list[str]]:
    """Kill one night at a moment by chance, and mend; with how often it was read meanwhile, and what readers met."""
    name = chance.choice([name for name, way in WAYS.items() if not way.by_jobs])  # whose lakes are in S3
    way = WAYS[name]
    at = chance.choice([each for each in MOMENTS if each in way.milestones])
    harm = Harm(How.KILL, at, chance.uniform(0, MOMENTS[at]))
    world.ground.copy(world.base(way), lake)
    world.server.reset()
    night = world.harmful(way, lake, harm)
    with polling(lake, world, paid=way.paid) as (polls, errors):
        died = play(night).code == -9
        _wait(polls, POLLS // 2)
        mend(world, way, lake)
        _wait(polls, POLLS)
    lying = ""
    try:
        settled(lake)
    except AssertionError:
        lying = traceback.format_exc(limit=-1)
    found, whole = by_source(seen(lake)), world.whole(way)
    lost = sum(row not in found.get(source, ()) for source, rows in whole.items() for row in rows)
    invented = sum(row not in whole.get(source, ()) for source, rows in found.items() for row in rows)
    twice = sum(text["billed"] > 1 for text in world.server.texts())
    return Killed(name, at, died, lost, invented, twice, lying), polls.value, errors


def _wait(polls: Synchronized[int], wanted: int) -> None:
    until = time.monotonic() + 60  # readers that met an error ask no more
    while polls.value < wanted and time.monotonic() < until:
        time.sleep(0.01)


def main() -> int:
    """Print a table; 1 where something was lost, invented, mixed, or an error to a reader."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    chance = random.Random(told.seed)
    kills, polls, errors = list[Killed](), 0, list[str]()
    with (
        tempfile.TemporaryDirectory(prefix="chaos-") as folder,
        worlds(GROUNDS["local"], Path(folder, "world"), DOCUMENTS) as world,
    ):
        while sum(kill.died for kill in kills) < told.kills:
            lake = world.ground.lake(Path(folder, str(len(kills))))
            kill, polled, said = killed(world, chance, lake)
            kills.append(kill)
            polls += polled
            errors += said
            shutil.rmtree(lake)
            print(f"\r{len(kills)} nights, {polls:,} polls", end="", file=sys.stderr)
    print(file=sys.stderr)
    print(f"{'killed after':<14}{'kills':>7}{'ended first':>13}{'lost':>7}{'invented':>10}{'paid twice':>12}")
    for at in MOMENTS:
        those = [kill for kill in kills if kill.at is at]
        print(
            f"{at:<14}{sum(kill.died for kill in those):>7}{sum(not kill.died for kill in those):>13}"
            f"{sum(kill.lost for kill in those):>7}{sum(kill.invented for kill in those):>10}"
            f"{sum(kill.twice for kill in those):>12}"
        )
    lying = [kill.lying for kill in kills if kill.lying]
    mixtures = [each for each in errors if each.startswith("AssertionError")]
    print(
        f"{sum(kill.died for kill in kills)} kills, {polls:,} polls: {sum(kill.lost for kill in kills)} lost, "
        f"{sum(kill.invented for kill in kills)} invented, {len(mixtures)} mixtures, "
        f"{len(errors) - len(mixtures)} reader errors, {len(lying)} with something left lying, "
        f"most texts paid twice by one kill: {max(kill.twice for kill in kills)}"
    )
    for each in (*errors, *lying):
        print(each)
    return int(bool(errors or lying or any(kill.lost or kill.invented for kill in kills)))


if __name__ == "__main__":
    sys.exit(main())
