"""What a run may spend, and until when."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from jobs.lake import Lake
from jobs.services.claims import LocalClaims
from jobs.services.ledger import PUBLISHED, STARTED, LocalLedger
from jobs.services.spending import LocalSpending
from transforms.cost import affordable
from transforms.errors import UsageError

# What follows after the last call, in seconds: to start judging, a document's share of rows, audit and publishing
# (docs/benchmarks.md), and the longest that a call may still be on its way.
FINISH_SECONDS = 30.0
FINISH_SECONDS_A_BYTE = 0.5e-6


def enter_budget(lake: Lake, ledger: LocalLedger, ds: str, run_id: str, budget: Decimal | None) -> int:
    """Enter a run's budget, in dollars, in the ledger; the units that this month's runs had spent before.

    What runs for the same date have spent since the last one that published counts: they were interrupted or failed,
    and this one takes up their work. Raises LakeError.
    """
    month = _month()
    if not [entry for entry in ledger.runs() if entry.state == STARTED and entry.run_id != run_id]:
        with closing(LocalClaims(lake.meter)) as claims:
            claims.forget()
    with closing(LocalSpending(lake.meter)) as spending:
        already = spending.of_month(month)
        units = None
        if budget is not None:
            spent = spending.of_runs(_since_published(ledger, ds))
            units = max(0, affordable(budget, max(0, already - spent)) - spent)
        spending.begin(run_id, month, units)
    return already


def already_spent(lake: Lake) -> int:
    """The units that this month's runs have spent."""
    with closing(LocalSpending(lake.meter)) as spending:
        return spending.of_month(_month())


def _month() -> str:
    return datetime.now(UTC).strftime("%Y-%m")


def _since_published(ledger: LocalLedger, ds: str) -> list[str]:
    runs: list[str] = []
    for entry in ledger.runs():
        if entry.ds == ds:
            runs = [] if entry.state == PUBLISHED else [*runs, entry.run_id] if entry.state != STARTED else runs
    return runs


def stop_at(deadline: str | None, total_bytes: int, now: datetime) -> float | None:
    """When to buy nothing more, so that a drop of some bytes is published by the next `deadline` (HH:MM, UTC).

    In seconds since 1970; None without a deadline. Raises UsageError.
    """
    if deadline is None:
        return None
    try:
        time = datetime.strptime(deadline, "%H:%M").replace(tzinfo=UTC).timetz()
    except ValueError:
        raise UsageError(f"--deadline {deadline}: write a time of day in UTC, such as 05:30") from None
    moment = datetime.combine(now.date(), time)
    if moment <= now:
        moment += timedelta(days=1)
    return moment.timestamp() - FINISH_SECONDS - FINISH_SECONDS_A_BYTE * total_bytes
