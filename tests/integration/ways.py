"""Ways that a night goes, and what they are held to when they are harmed."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from expectations.limits import NONE
from jobs.milestones import Milestone
from jobs.scorers.registry import ASYNC
from jobs.settings import NightlySettings
from tests.conftest import document, write_json_lines
from tests.infra.serving import Server, serving
from tests.integration.grounds import Ground
from tests.integration.harmed import Course, Ended, Harm, How, Night, play
from tests.integration.lakes import DS
from tests.integration.whole import Rows, by_source, polled, seen, settled

BASE, LATE, RIVAL = "base.jsonl", "late.jsonl", "rival.jsonl"
BUDGET = Decimal("0.0006")  # two texts of three units each
M = Milestone
BEGINNING = (M.TAKEN_IN, M.HELD, M.ENTERED, M.BUDGETED)
WORK = (M.KEPT, M.WRITTEN, M.SCORED)
AUDIT = (M.STAGED, M.READ_BACK, M.AUDITED)
LEAVING = (M.REPORTED, M.LEFT)
PAYING = (*BEGINNING, M.ANSWERED, *WORK, *AUDIT, M.PUBLISHED, M.SHOWN, *LEAVING, M.SETTLED, M.RELEASED, M.LET_GO)
BY_JOB = (*BEGINNING, M.LAID, M.OPENED, M.STARTED, M.ANSWERED, M.KEPT, M.CLOSED, *PAYING[PAYING.index(M.WRITTEN) :])
# It finishes the run before it, which leaves its page and row first; and that run's job, whose name nobody has kept, is
# started once more, by the same token.
FETCHING = (
    *(*LEAVING, *BEGINNING, M.STARTED, M.FETCHED, M.CLOSED, M.WRITTEN, M.SCORED, *AUDIT),
    *(M.PUBLISHED, M.SHOWN, M.SETTLED, M.RELEASED, M.LET_GO),
)
CASCADE = (*BEGINNING, M.ANSWERED, M.KEPT, M.SAMPLED, *PAYING[PAYING.index(M.WRITTEN) :])


@dataclass(frozen=True)
class Way:
    """A way that a night goes, with the milestones that it reaches if nobody harms it."""

    milestones: tuple[Milestone, ...]
    course: Course = Course.PUBLISHED
    error: str = ""
    paid: bool = False
    scorer: str = "comprehend"  # where it is paid
    after: M | None = None  # where the night before it was killed
    budget: Decimal | None = None

    @property
    def by_jobs(self) -> bool:
        """Whether it buys by Comprehend's jobs, on a lake in S3."""
        return self.scorer == ASYNC

    @property
    def rivals(self) -> bool:
        """Whether another run publishes meanwhile."""
        return self.course is Course.CONFLICT


FREE, PAID = Way(()), Way((), paid=True)
WAYS = {
    "published": Way(PAYING, paid=True),
    "deferred": Way(PAYING, paid=True, budget=BUDGET),
    "cascade": Way(CASCADE, paid=True, scorer="cascade"),  # of so few texts that all are the sample
    "by job": Way(BY_JOB, paid=True, scorer=ASYNC),
    "fetching": Way(FETCHING, paid=True, scorer=ASYNC, after=M.STARTED),
    "conflict": Way(
        (*BEGINNING, *WORK, *AUDIT, M.ENDED, *LEAVING, M.RELEASED), course=Course.CONFLICT, error="PublishConflict"
    ),
    "not met": Way(
        (*BEGINNING, *WORK, *AUDIT, M.ENDED, *LEAVING, M.RELEASED), course=Course.NOT_MET, error="ExpectationsNotMet"
    ),
    "failed": Way((*BEGINNING, *WORK, M.ENDED, *LEAVING, M.RELEASED), course=Course.FAILED, error="LakeError"),
}


def texts(name: str, count: int) -> list[dict[str, object]]:
    own = [document(document_id=f"{name} {i}", text=f"Text {i} of {name} is good.") for i in range(count)]
    copy = document(document_id=f"{name} copy", text="Text 0 of base is good.")
    return [*own, copy, document(document_id=f"{name} blank", text=" ")]


@dataclass(frozen=True)
class World:
    """Drops, a lake in which the first file is published, free or paid, and what becomes of it without harm."""

    ground: Ground
    folder: Path
    server: Server
    expected: dict[bool, dict[str, Rows]] = field(default_factory=dict)  # by whether scoring is paid

    def night(self, way: Way, lake: str, drops: str = "drops", **more: Any) -> Night:
        """A night over drops, of a free scorer or a paid one."""
        told: dict[str, Any] = {"quota_tps": 500.0, "scorer": way.scorer} if way.paid else {}
        settings = NightlySettings(drops=str(self.folder / drops), lake=lake, ds=DS, limits=NONE, **told)
        environment = self.ground.environment | {"AWS_ENDPOINT_URL_COMPREHEND": self.server.url}
        return replace(Night(settings, environment=environment), **more)

    def harmful(self, way: Way, lake: str, harm: Harm | None) -> Night:
        """A night that goes that way, and is harmed."""
        night = self.night(way, lake, course=way.course, harm=harm)
        rival = self.night(way, lake, "rival").settings if way.rivals else None
        return replace(night, rival=rival, settings=replace(night.settings, budget=way.budget))

    def base(self, way: Way) -> str:
        return self.ground.lake(self.folder / ("paid" if way.paid else "free"))

    def whole(self, way: Way) -> dict[str, Rows]:
        """All rows that readers see in the end, by source file."""
        return {name: rows for name, rows in self.expected[way.paid].items() if way.rivals or name != RIVAL}


@contextmanager
def worlds(ground: Ground, folder: Path, documents: int = 3) -> Iterator[World]:
    """A world of its own, with drops of so many texts that differ."""
    base = write_json_lines(folder / "drops" / BASE, texts("base", documents))
    write_json_lines(folder / "rival" / RIVAL, texts("rival", documents))
    with serving("--answers", "hash") as server:
        world = World(ground, folder, server)
        for way in (FREE, PAID):
            assert play(world.night(way, world.base(way))).error == ""
        write_json_lines(base.with_name(LATE), texts("late", documents))
        for way in (FREE, PAID):
            unharmed = ground.lake(folder / f"unharmed {way.paid}")
            ground.copy(world.base(way), unharmed)
            for drops in ("drops", "rival"):
                assert play(world.night(way, unharmed, drops)).error == ""
            settled(unharmed)
            world.expected[way.paid] = by_source(seen(unharmed))
        yield world


def harmed(world: World, name: str, harm: Harm | None, lake: str) -> Ended:
    """Play a night, and then one that nobody harms, all the while polled; the table is that of nights without harm."""
    way = WAYS[name]
    world.ground.copy(world.base(way), lake)
    world.server.reset()
    if way.after:
        assert play(world.night(way, lake, harm=Harm(How.KILL, way.after))).code == -signal.SIGKILL
    with polled(lake, partial(hold, world.expected[way.paid])) as polls:
        ended = play(world.harmful(way, lake, harm))
        polls[0], until = 0, time.monotonic() + 30
        while not polls[0] and time.monotonic() < until:  # readers see what it left; one that met an error asks no more
            time.sleep(0.001)
        mend(world, way, lake)
    assert by_source(seen(lake)) == world.whole(way)
    settled(lake)
    return ended


def mend(world: World, way: Way, lake: str) -> None:
    """One more run, which nobody harms."""
    for drops in ("drops", "rival") if way.rivals else ("drops",):
        assert play(world.night(way, lake, drops)).error == ""


def hold(expected: Mapping[str, Rows], rows: Rows) -> None:
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
