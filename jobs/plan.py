"""What a night would cost: everything that `nightly` does before it buys, and nothing bought, written or published."""

from __future__ import annotations

from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from jobs.lake.layout import Lake
from jobs.run import cascade, counting
from jobs.run.budget import FINISH_SECONDS, this_month
from jobs.run.carry_forward import carried_ids
from jobs.run.intake import called, keyed, listed, looked_at, take_in
from jobs.run.lost import require_stores
from jobs.run.recipe import recipe_of
from jobs.run.staging import scored_again
from jobs.run.workers import shuffle_files, workers_for
from jobs.scorers.registry import ASYNC
from jobs.settings import NightlySettings, next_time, read_as, resolve, time_of_day
from jobs.stores.open import Stores, lake_exists, open_lake, temporary_lake
from transforms.errors import PlanExceeded
from transforms.estimate import Estimate, Plan


def plan(settings: NightlySettings) -> Plan:
    """Count what a night with these settings would buy. Raises as `nightly.run` does.

    Nothing is bought or published, and no lake is made; in one that is there, its key and stores may be.
    """
    told = resolve(settings)
    listing = listed(settings, told.policy)
    # Where there is no lake, an empty one that goes again: a plan makes nothing.
    opened: AbstractContextManager[tuple[Lake, Stores]]
    if lake_exists(settings.lake):
        opened = nullcontext(open_lake(settings.lake, create=False, cache=settings.cache))
    else:
        opened = temporary_lake(settings.cache)
    with opened as (lake, stores):
        ledger = stores.ledger()
        key = told.key or stores.keys().content_key()
        listing = replace(listing, files=keyed(called(listing.files, told.policy, key), ledger, stores.keys()))
        intake = looked_at(
            take_in(listing, lake, ledger, reprocess=settings.reprocess, read_as=read_as(settings, told.language))
        )
        if told.paid:
            require_stores(lake, stores, defer_without_cache=told.defer_without_cache)
        recipe = recipe_of(told, stores.joined(), key, intake.taken_up)
        estimate = Estimate()
        if intake.files:
            workers = workers_for(intake.size, "aurastream plan")
            sent = shuffle_files(workers, recipe, intake.files, counting.prepare_splits)
            counted = sent.gather("planning", recipe, counting.count_partition)
            estimate = sum((each.estimate for each in counted), estimate)
            published = {
                ds: carried_ids(lake, before, *scored_again(intake, ds, intake.taken_up))
                for ds, before in intake.replaces.items()
                if before is not None
            }
            repeated = counting.count_repeated([published, *(each.ids for each in counted)])
            estimate = replace(estimate, rejected=estimate.rejected + repeated)
        with closing(stores.meter()) as meter:
            already = meter.spending.of_month(this_month())
        by_jobs = settings.scorer == ASYNC
        forecast = cascade.forecast(ledger, recipe) if recipe.cascade else None
        return Plan(settings.scorer, settings.quota_tps, len(intake.files), already, estimate, by_jobs, forecast)


def require_within(counted: Plan, budget: Decimal | None, deadline: str | None, now: datetime) -> None:
    """A night of this plan keeps its budget, in dollars, and its deadline (HH:MM, UTC). Raises PlanExceeded.

    How long jobs take is not known: at the deadline the night defers what it has no answers of.
    """
    if budget is not None and counted.expected_dollars > budget:
        raise PlanExceeded(
            f"the plan is {counted.estimate.to_buy:,} texts for ${counted.expected_dollars:,.2f}, and the budget "
            f"${budget:,.2f}: look at the drop, then start the night by hand, with a higher budget or without the plan"
        )
    if deadline is not None and (told := done_by(counted, deadline, now)) and told.late:
        raise PlanExceeded(
            f"the plan is {told.said}: start the night by hand, with a later deadline or without the plan; "
            f"{told.instead}"
        )


class Done(NamedTuple):
    """When calls at the quota would be done, beside a deadline."""

    at: datetime
    late: bool
    said: str
    instead: str  # what would be in time


def done_by(counted: Plan, deadline: str, now: datetime) -> Done | None:
    """When a plan's calls would be done, beside the next deadline (HH:MM, UTC); None of jobs, of which nobody knows.

    Raises UsageError.
    """
    if counted.minutes is None:
        return None
    at = now + timedelta(minutes=counted.minutes, seconds=FINISH_SECONDS)
    latest = next_time(time_of_day(deadline), now)
    said = (
        f"{counted.estimate.calls:,} calls, {counted.minutes:,.0f} minutes at {counted.quota_tps:g} a second: done by "
        f"{at:%H:%M}, and the deadline is {latest:%H:%M} (UTC)"
    )
    seconds = (latest - now).total_seconds() - FINISH_SECONDS
    enough = 1.01 * counted.estimate.calls / seconds if seconds > 0 else None  # so that rounding leaves it enough
    raised = f"a quota of {enough:.3g} calls a second, or " if enough else ""
    instead = f"{raised}--scorer {ASYNC}, whose jobs wait for no quota of calls, would be in time"
    return Done(at, latest < at, said, instead)
