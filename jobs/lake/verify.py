"""Whether readers see what was published: the files of the last dates, and what the Glue catalog shows of all."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from jobs.lake.catalog import unlike
from jobs.lake.layout import Lake
from jobs.lake.published import open_published
from jobs.stores.protocols import Ledger
from transforms.errors import LakeError, TooOld

# Dates whose files are opened: late files and what waited complete dates of the week, and older ones do not move.
DATES_OPENED = 7


class Verified(NamedTuple):
    """What readers see of the dates that were looked at."""

    dates: list[str]
    documents: int
    last: str | None  # the last date that is published at all

    def age(self, today: date) -> int | None:
        """Days since the last published date; 0 also where it lies ahead, None where nothing is published."""
        return None if self.last is None else max(0, (today - date.fromisoformat(self.last)).days)


def verify(lake: Lake, ledger: Ledger) -> Verified:
    """Hold the last dates' files, and what the catalog shows, to the ledger. Raises LakeError."""
    every = sorted(ledger.pointers())
    dates = every[-DATES_OPENED:]
    publications = ledger.publications(dates) if dates else {}
    documents = 0
    for publication in publications.values():
        for file in publication.files:
            with open_published(lake.at(file.path), file.rows):
                documents += file.rows
    if wrong := unlike(lake, ledger, dates):
        raise LakeError(
            f"readers do not see what was published: {'; '.join(wrong)}. `aurastream lake repair --lake {lake.root}` "
            "mends it"
        )
    return Verified(dates, documents, every[-1] if every else None)


def require_recent(verified: Verified, today: date, max_age: int) -> None:
    """The last published date is so many days ago, at most. Raises TooOld."""
    age = verified.age(today)
    if age is None:
        raise TooOld("nothing was ever published: see whether the night has run, and whether there was a drop")
    if age > max_age:
        raise TooOld(
            f"the last published date is {verified.last}, {age} days before today ({today}), where {max_age} are "
            "allowed: see whether the night has run, and whether there was a drop"
        )
