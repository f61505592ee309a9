"""What a look at one thing found."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """What comes of it."""

    OK = "ok"
    FAILED = "failed"  # a night will fail, or do other than it should
    UNKNOWN = "unknown"  # it could not be looked at


class Finding(NamedTuple):
    """One thing, how it is, and what to do where it is not as it should be."""

    what: str
    verdict: Verdict
    said: str
    do: str = ""


def judged(what: str, holds: bool, said: str, do: str) -> Finding:
    """A finding that is well if it holds."""
    return Finding(what, Verdict.OK, said) if holds else Finding(what, Verdict.FAILED, said, do)
