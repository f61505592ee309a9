"""What a scorer and a score cache are held to. The pipeline knows these and no implementation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, NewType, Protocol

# Text that went through the redactor. Only `transforms.pii.redactor` and what derives from its output may make one,
# and a Scorer takes nothing else: promise 1, held by the type checker.
RedactedText = NewType("RedactedText", str)


class Scores(NamedTuple):
    """Four shares that sum to 1, in the order of `schemas.Sentiment`: the largest is the label, the first of equals."""

    positive: float
    negative: float
    neutral: float
    mixed: float


class Failure(NamedTuple):
    """Why a text could not be scored, as a reason code."""

    code: str


@dataclass
class Usage:
    """What scoring cost so far, counted by the scorer itself."""

    calls: int = 0
    throttles: int = 0


class Scorer(Protocol):
    """Turns redacted text into sentiment."""

    name: str
    version: str
    languages: frozenset[str]
    max_bytes: int  # the longest UTF-8 text one item may have; longer ones are split before they come here
    usage: Usage

    def units(self, text: RedactedText) -> int:
        """Billing units that scoring this text costs; 0 where scoring is free."""
        ...

    def score(self, texts: Sequence[RedactedText], language: str) -> list[Scores | Failure]:
        """Score texts of one language, each at most `max_bytes` long; the answer has their order and length.

        Raises ScorerError where the scorer cannot work at all.
        """
        ...


class ScoreCache(Protocol):
    """Scores by content key, shared by all workers and all runs."""

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, Scores]:
        """The scores of those keys that are present."""
        ...

    def put(self, scores: Mapping[bytes, Scores]) -> None:
        """Keep scores; when this returns they survive a crash of this process."""
        ...
