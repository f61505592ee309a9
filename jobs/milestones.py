"""What a night has done, step by step, from take-in to the last row.

A run can end between any two of these: it is killed, interrupted, or the disk fails. Tests have it end there, each in
turn, and see that no document is lost, no text paid for twice, and nothing shown that is half a run.
"""

from __future__ import annotations

from enum import StrEnum


class Milestone(StrEnum):
    """In the order in which a run reaches them; which it reaches depends on how it goes."""

    TAKEN_IN = "taken in"  # what it takes is known, and nothing of the run is written yet
    HELD = "held"  # others can tell that it lives
    ENTERED = "entered"  # it stands in the ledger
    BUDGETED = "budgeted"  # it may spend
    FETCHED = "fetched"  # answers of a job of an earlier run are in the cache; the job is open still
    LAID = "laid"  # a job's texts lie in the lake, and the job is not open
    OPENED = "opened"  # it is open: paid for, and not started
    STARTED = "started"  # it is started, and nobody has kept its name
    ANSWERED = "answered"  # a paid call was: its answers are nowhere yet
    KEPT = "kept"  # scores are in the cache
    CLOSED = "closed"  # a job is not open any more, and its files are there still
    SAMPLED = "sampled"  # a cascade's sample is bought
    WRITTEN = "written"  # a task's rows are
    SCORED = "scored"  # all tasks are done
    STAGED = "staged"  # its dates are complete
    READ_BACK = "read back"
    AUDITED = "audited"  # the verdict is kept
    PUBLISHED = "published"  # readers see it
    SHOWN = "shown"  # the catalog of a lake in S3 shows it
    ENDED = "ended"  # it has ended otherwise
    REPORTED = "reported"  # its page is there
    LEFT = "left"  # its row is there, and so it has left everything
    SETTLED = "settled"  # it needs no finishing
    RELEASED = "released"  # it claims no texts any more
    LET_GO = "let go"  # nobody takes it for living


def reached(milestone: Milestone) -> None:
    """A run is there. Nothing comes of it: tests put in its place what ends the run."""
