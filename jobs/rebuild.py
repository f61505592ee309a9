"""Fills a meter and a score cache that were lost from what the ledger and the published rows know. Buys nothing."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import NamedTuple

from jobs.lake.published import read_published
from jobs.run.lost import bills
from jobs.stores.open import open_lake
from jobs.stores.published import ENTRY_COLUMNS, entries_of
from jobs.stores.steps import CACHE_LIFETIME


class Rebuilt(NamedTuple):
    """What was done."""

    runs: int  # that have bought
    units: int  # entered in the meter
    put: int  # scores, into the cache
    known: int  # scores that it had


def rebuild(location: str, cache_name: str = "local") -> Rebuilt:
    """Enter in a lake's meter what its runs are known to have spent, and in its cache the scores that are published.

    What is there stays as it is. The ledger does not know what runs spent that failed or were killed, nor what
    `analyze` did; the chunks of long texts and the languages that were asked for are not published. Raises UsageError,
    LakeError, CacheError.
    """
    lake, stores = open_lake(location, create=False, cache=cache_name)
    ledger = stores.ledger()
    bought = bills(ledger.runs())
    with closing(stores.meter()) as meter:
        units = sum(meter.spending.recover(bill.run_id, bill.month, bill.units + bill.unconfirmed) for bill in bought)
    put = known = 0
    since = datetime.now(UTC) - CACHE_LIFETIME
    with closing(stores.cache()) as cache:
        for publication in ledger.publications().values():
            for file in publication.files:
                for batch in read_published(lake, file, ENTRY_COLUMNS):
                    entries = entries_of(batch, since)
                    there = cache.get(list(entries))
                    lacking = {key: entry for key, entry in entries.items() if key not in there}
                    cache.put(lacking)
                    put, known = put + len(lacking), known + len(there)
    return Rebuilt(len(bought), units, put, known)
