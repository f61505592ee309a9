"""What a scorer and a score cache are held to. The pipeline knows these and no implementation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

from transforms.pii.redacted import RedactedText


class Scores(NamedTuple):
    """Four shares that sum to 1, in the order of `schemas.Sentiment`: the largest is the label, the first of equals."""

    positive: float
    negative: float
    neutral: float
    mixed: float


class Failure(NamedTuple):
    """Why a text could not be scored, as a reason code."""

    code: str


class Deferred(NamedTuple):
    """Why a text was not scored this time, as a reason code; the next run takes it up."""

    code: str


class Claimed(NamedTuple):
    """Another worker or run is buying the text, or has just bought it: look it up, and then score it again."""


Outcome: TypeAlias = Scores | Failure | Deferred


@dataclass
class Usage:
    """What scoring cost so far, counted by the scorer itself."""

    calls: int = 0
    throttles: int = 0
    unconfirmed_units: int = 0  # of calls whose answer never came: they may have been billed all the same


class Scorer(Protocol):
    """Turns redacted text into sentiment."""

    name: str
    version: str
    languages: frozenset[str]
    max_bytes: int  # the longest UTF-8 text one item may have; longer ones are split before they come here
    paid: bool  # whether it bills: then all copies of a text must come to one worker
    usage: Usage

    def units(self, text: RedactedText) -> int:
        """Billing units that scoring this text costs; 0 where scoring is free."""
        ...

    def score(self, texts: Sequence[RedactedText], language: str) -> Iterator[Mapping[int, Outcome | Claimed]]:
        """Score texts of one language, each at most `max_bytes` long.

        Gives how each text ended, by its place, as soon as it is known, so that what was bought is kept at once.
        Raises ScorerError where the scorer cannot work at all.
        """
        ...

    def stop(self, code: str) -> None:
        """Buy nothing more: what was not sent yet ends Deferred with this code. A free scorer goes on."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


class LanguageDetector(Protocol):
    """Tells the language of redacted texts, as a paid service does; its answers are those of `Scorer.score`."""

    version: str
    max_bytes: int  # the longest UTF-8 text it is shown
    usage: Usage

    def units(self, text: RedactedText) -> int:
        """Billing units that a text costs."""
        ...

    def detect(self, texts: Sequence[RedactedText]) -> Iterator[Mapping[int, str | Failure | Deferred | Claimed]]:
        """The language of each text by its place, as it is known; "" where none can be told. Raises ScorerError."""
        ...

    def stop(self, code: str) -> None:
        """See `Scorer.stop`."""
        ...

    def close(self) -> None:
        """See `Scorer.close`."""
        ...


class Cached(NamedTuple):
    """What a cache knows of a text. A content key covers scorer, version, language and policy: it never goes stale."""

    scores: Scores | None  # None where the entry is of a language alone that was asked for
    language: str
    scorer_version: str


class ScoreCache(Protocol):
    """What was bought, by content key, shared by all workers and all runs. Every method raises CacheError."""

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, Cached]:
        """The entries of those keys that are present and have not expired. Keys may repeat."""
        ...

    def put(self, entries: Mapping[bytes, Cached]) -> None:
        """Keep entries; when this returns they survive a crash of this process. Of two for one key, one stays."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...
