"""What an audit came to. Apart from the gate, for whoever keeps or shows a verdict need not import what judges."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """What the audit found."""

    holds: bool
    failures: list[str]  # one line each: the suite, the expectation and its column, what was observed
    evaluated: int  # how many expectations were judged
