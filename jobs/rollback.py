"""Takes a date's last publication back."""

from __future__ import annotations

from jobs.lake.catalog import show
from jobs.stores.open import open_lake


def rollback(lake: str, ds: str) -> str:
    """Have readers see a date's run before; what was done, in a line. Raises LakeError."""
    opened, stores = open_lake(lake, create=False)
    ledger = stores.ledger()
    taken_back, now = ledger.rollback(ds)
    show(opened, ledger)
    return f"{ds}: readers see run {now}; run {taken_back} is taken back"
