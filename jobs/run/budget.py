"""What a run may spend, and until when."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from jobs.settings import Resolved, next_time
from jobs.stores.protocols import RunEntry, Spending
from transforms.cost import affordable
from transforms.schemas import RunState

# What follows after the last call, in seconds: to start judging, a document's share of rows, audit and publishing
# (docs/benchmarks.md), and the longest that a call may still be on its way.
FINISH_SECONDS = 30.0
FINISH_SECONDS_A_BYTE = 0.5e-6


def enter_budget(spending: Spending, run_id: str, budget: Decimal | None, since_published: list[str]) -> int:
    """Enter what a run may spend, in dollars; the units that this month's runs had spent before.

    What runs for the same date have spent `since_published` counts: they were interrupted or failed, and this one takes
    up their work. Raises LakeError.
    """
    month = this_month()
    already = spending.of_month(month)
    units = None
    if budget is not None:
        spent = spending.of_runs(since_published)
        units = max(0, affordable(budget, max(0, already - spent)) - spent)
    spending.begin(run_id, month, units)
    return already


def this_month() -> str:
    """Such as 2026-11, in UTC."""
    return datetime.now(UTC).strftime("%Y-%m")


def since_published(runs: list[RunEntry]) -> list[str]:
    """Of a date's runs, in the order in which they began, those that ended after the last one that published."""
    unpublished: list[str] = []
    for run in runs:
        if run.state is RunState.PUBLISHED:
            unpublished = []
        elif run.state is not RunState.STARTED:
            unpublished.append(run.run_id)
    return unpublished


def stop_at(told: Resolved, total_bytes: int, now: datetime) -> float | None:
    """When to buy nothing more, so that a drop of some bytes is published by the deadline, where there is one.

    In seconds since 1970.
    """
    if told.deadline is None:
        return None
    return next_time(told.deadline, now).timestamp() - FINISH_SECONDS - FINISH_SECONDS_A_BYTE * total_bytes
