"""Nights in processes of their own that end where a test says: killed, interrupted, or with a disk that fails.

The processes are forked from one that has imported everything. The gate is a small one there, for Great Expectations
takes longer than all the rest; `tests/expectations` and the unharmed nights of `test_nightly.py` hold the real one.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import pyarrow.compute as pc

import jobs.nightly
import jobs.run.audit
from expectations.gate import Judgement
from expectations.profile import Profile
from expectations.verdict import Verdict
from jobs import milestones
from jobs.milestones import Milestone
from jobs.settings import NightlySettings
from tests.integration.grounds import Patch, ground_of
from tests.integration.paid import hasten
from transforms.errors import AuraStreamError, LakeError

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.integration.warm"])


class How(StrEnum):
    """How a night is harmed."""

    KILL = "kill"
    INTERRUPT = "interrupt"
    IO_ONCE = "one call fails"  # of the disk, or of a store
    IO_ON = "all calls fail"  # from then on


class Course(StrEnum):
    """How a night would end that nobody harms."""

    PUBLISHED = "published"
    CONFLICT = "conflict"
    NOT_MET = "expectations not met"
    FAILED = "failed"


@dataclass(frozen=True)
class Harm:
    """Harm that is done at a milestone, some seconds after it was first reached."""

    how: How
    at: Milestone
    after: float = 0.0


@dataclass(frozen=True)
class Night:
    """A night of a process of its own."""

    settings: NightlySettings
    course: Course = Course.PUBLISHED
    harm: Harm | None = None
    rival: NightlySettings | None = None  # whose run publishes while this one is staged
    environment: Mapping[str, str] = field(default_factory=dict)


class Ended(NamedTuple):
    """How a night's process ended."""

    code: int | None  # of the process: -9 where it was killed
    error: str  # the type of what it raised, or nothing
    reached: Sequence[Milestone]  # nothing of one that was killed


def play(night: Night) -> Ended:
    """Play a night, and wait until its process has ended."""
    ours, theirs = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=_play, args=(night, theirs), daemon=True)
    process.start()
    theirs.close()
    error, reached = "", list[Milestone]()
    with suppress(EOFError), ours:
        error, reached = ours.recv()
    process.join()
    return Ended(process.exitcode, error, reached)


def make_ready(night: Night) -> None:
    """Make a process that was forked for a night ready for it."""
    gc.freeze()  # else the first collection copies all that was forked: a third of a second
    os.environ.update(night.environment)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    small_gate(setattr)
    ground_of(night.settings.lake).hurry(setattr)


def _play(night: Night, said: Connection) -> None:
    make_ready(night)
    hasten(setattr)
    if night.course is Course.NOT_MET:
        count = jobs.nightly._documents_in
        jobs.nightly._documents_in = lambda *told: count(*told) + 1
    elif night.course is Course.FAILED:
        setattr(jobs.nightly, "stage_dates", _fail)  # noqa: B010 - it is not the module's own
    reached: list[Milestone] = []
    watch(setattr, night, reached)
    error = ""
    try:
        jobs.nightly.run(night.settings)
    except (AuraStreamError, OSError, KeyboardInterrupt) as raised:
        error = type(raised).__name__
    said.send((error, reached))


def _fail(*_: object) -> None:
    raise LakeError("the disk is full")


def small_gate(patch: Patch) -> None:
    """Judge by what must hold most of all, without Great Expectations. `patch` is setattr, or a test's own."""
    patch(jobs.nightly, "load", lambda: None)
    patch(jobs.run.audit, "judge", judge)


def judge(profile: Profile, documents_in: int, repeated_ids: int) -> Judgement:
    """No document lost, no id twice, no personal data left."""
    found = {
        "documents": profile.documents() == documents_in,
        "ids": not repeated_ids,
        "personal data": not pc.any(pc.fill_null(profile.combinations["pii_left"], False)).as_py(),
        "schema": not profile.schema_differences,
    }
    failures = [name for name, holds in found.items() if not holds]
    return Judgement(Verdict(not failures, failures, len(found)), {"validation.json": b"{}"})


def watch(patch: Patch, night: Night, reached: list[Milestone]) -> None:
    """Note the milestones that are reached, let the rival publish, and do harm in its place."""
    harm = night.harm

    def at(milestone: Milestone) -> None:
        reached.append(milestone)
        if night.rival and milestone is Milestone.STAGED and reached.count(milestone) == 1:
            patch(milestones, "reached", lambda _: None)
            jobs.nightly.run(night.rival)
            patch(milestones, "reached", at)
        if harm and harm.at is milestone and reached.count(milestone) == 1:
            harming = partial(_DO[harm.how], patch, night.settings.lake)
            if harm.after:
                threading.Timer(harm.after, harming).start()
            else:
                harming()

    patch(milestones, "reached", at)


def _kill(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _interrupt(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGINT)


def _fail_calls(patch: Patch, lake: str, calls: int) -> None:
    ground_of(lake).fail(patch, lake, calls)


_DO: dict[How, Callable[[Any, str], None]] = {
    How.KILL: _kill,
    How.INTERRUPT: _interrupt,
    How.IO_ONCE: partial(_fail_calls, calls=1),
    How.IO_ON: partial(_fail_calls, calls=1 << 30),
}
