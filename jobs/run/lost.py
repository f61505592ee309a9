"""Stores that are gone, emptied or of an earlier day, told by what the ledger and the published rows say they held.

A night that buys would otherwise spend a budget again, or pay for texts again, without a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from jobs.lake.layout import Lake
from jobs.lake.published import read_published
from jobs.run.budget import this_month
from jobs.stores.open import Stores
from jobs.stores.protocols import Publication, RunEntry, Spending
from jobs.stores.steps import CACHE_LIFETIME
from transforms.errors import CacheError, LakeError
from transforms.schemas import Status

# Of the last runs that bought and are still seen, so many are looked at, by so many of their texts: a few that were not
# kept when the cache failed say nothing, and a cache of last week lacks all that last night has bought.
RUNS, TEXTS = 2, 100
# Files of a run that are read for that, at most.
FILES = 2
# Runs that began longer ago are not looked at: one more year of nights costs a night nothing.
LOOKED_BACK = timedelta(days=62)
# Nothing is expected of entries that expire within this time.
MARGIN = timedelta(days=30)
_READ = ["run_id", "status", "billed_units", "scored_at", "content_key"]


class Bill(NamedTuple):
    """What the ledger knows that a run has bought."""

    run_id: str
    dates: tuple[str, ...]
    month: str  # such as 2026-11
    units: int  # billed
    unconfirmed: int  # of calls without an answer, which may have been billed as well


def bills(runs: Sequence[RunEntry]) -> list[Bill]:
    """The runs that have bought, in the order in which they began. One that was killed, or failed, does not say."""
    found = [
        Bill(
            run.run_id, run.dates, said["started_at"][:7], said.get("billed_units", 0), said.get("unconfirmed_units", 0)
        )
        for run in runs
        if run.record and (said := run.record.get("summary"))
    ]
    return [bill for bill in found if bill.units or bill.unconfirmed]


def require_stores(lake: Lake, stores: Stores, *, defer_without_cache: bool) -> None:
    """Before anything is bought: meter and cache hold what they must. Raises LakeError, CacheError.

    With `defer_without_cache` a cache that cannot be used is left to the run, which buys nothing without it.
    """
    ledger = stores.ledger()
    bought = bills(ledger.runs(datetime.now(UTC) - LOOKED_BACK))
    stores.check_meter()
    with closing(stores.meter()) as meter:
        _require_spending(stores, meter.spending, bought)
    dates = {ds for bill in bought if bill.units for ds in bill.dates}
    seen = {publication.run_id: publication for publication in ledger.publications(dates).values()}
    last = [seen[bill.run_id] for bill in reversed(bought) if bill.units and bill.run_id in seen]
    try:
        stores.check_cache()
        with closing(stores.cache()) as cache:
            for publication in last[:RUNS]:
                keys = _bought_keys(lake, publication)
                if keys and not cache.get(keys):
                    raise _Lost(publication.run_id)
    except CacheError:
        if not defer_without_cache:
            raise
    except _Lost as lost:
        raise CacheError(
            f"the score cache, {stores.cache_name}, has lost what run {lost} bought, and its texts would be paid for "
            f"again: restore it from a backup, or fill it from what is published with `aurastream rebuild "
            f"--lake {lake.root}{stores.cache_option}`"
        ) from None


class _Lost(Exception):
    """The cache can be used, and knows nothing of a run."""


def _require_spending(stores: Stores, spending: Spending, bought: Sequence[Bill]) -> None:
    """What this month's runs were billed counts among what is spent."""
    month = this_month()
    for bill in bought:
        if bill.month == month and spending.of_runs([bill.run_id]) < bill.units:
            raise LakeError(
                f"{stores.meter_name} has lost what run {bill.run_id} spent ({bill.units:,} units): restore it from a "
                f"backup, or enter what the ledger knows with `aurastream rebuild --lake {stores.lake.root}`"
            )


def _bought_keys(lake: Lake, publication: Publication) -> list[bytes]:
    """Content keys of some texts that a run bought and published, of which the cache has an entry still."""
    kept_since = datetime.now(UTC) - CACHE_LIFETIME + MARGIN
    keys: list[bytes] = []
    for file in publication.files[: -FILES - 1 : -1]:  # rows of earlier runs stand in the first ones
        for batch in read_published(lake, file, _READ):
            keys += _of_run(batch, publication.run_id, kept_since)
            if len(keys) >= TEXTS:
                return keys[:TEXTS]
    return keys


def _of_run(rows: pa.RecordBatch, run_id: str, since: datetime) -> Iterator[bytes]:
    wanted = pc.and_kleene(
        pc.and_kleene(pc.equal(rows["run_id"], run_id), pc.equal(rows["status"], str(Status.SCORED))),
        pc.and_kleene(pc.greater(rows["billed_units"], 0), pc.greater_equal(rows["scored_at"], since)),
    )
    return map(bytes.fromhex, rows["content_key"].filter(wanted).to_pylist())
