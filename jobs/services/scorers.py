"""The scorers by name."""

from __future__ import annotations

from transforms.errors import UsageError
from transforms.sentiment.protocols import Scorer

SCORERS = ("local",)


def open_scorer(name: str) -> Scorer:
    """A scorer for this process. Raises UsageError for a name that is none."""
    if name == "local":
        from transforms.sentiment.vader import VaderScorer  # its package is part of the extra `local` alone

        return VaderScorer()
    raise UsageError(f"--scorer {name}: the scorers are {', '.join(SCORERS)}")
