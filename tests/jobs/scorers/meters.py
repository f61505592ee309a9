"""A meter as one machine has it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from jobs.stores.local.rate_limit import LocalRateLimit
from jobs.stores.local.spending import LocalSpending
from jobs.stores.local.text_claims import LocalTextClaims
from jobs.stores.protocols import Meter


def local_meter(path: Path | str, now: Callable[[], float] = time.time) -> Meter:
    """A meter in one file; whoever asks for it closes it."""
    return Meter(LocalRateLimit(path, now), LocalSpending(path), LocalTextClaims(path, now))
