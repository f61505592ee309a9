"""Where a worker's CPU time goes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from jobs import milestones
from jobs.milestones import Milestone
from transforms.pii.redacted import RedactedText
from transforms.sentiment.protocols import Cached, Claimed, Outcome, ScoreCache, Scorer


class Stopwatch:
    """CPU seconds of this process by stage. A stage within a stage is not counted twice: the outer one pauses."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._open: list[str] = []
        self._since = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Charge the block to a stage."""
        self._charge()
        self._open.append(name)
        try:
            yield
        finally:
            self._charge()
            self._open.pop()

    def add(self, seconds: Mapping[str, float]) -> None:
        """Add what another watch counted."""
        for name, value in seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + value

    def _charge(self) -> None:
        now = time.process_time()
        if self._open:
            self.add({self._open[-1]: now - self._since})
        self._since = now


class TimedCache:
    """A score cache whose time is charged to stages of its own."""

    def __init__(self, cache: ScoreCache, watch: Stopwatch) -> None:
        self.close = cache.close
        self._cache = cache
        self._watch = watch

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, Cached]:
        """See `ScoreCache.get`."""
        with self._watch.stage("cache read"):
            return self._cache.get(keys)

    def put(self, entries: Mapping[bytes, Cached]) -> None:
        """See `ScoreCache.put`."""
        with self._watch.stage("cache write"):
            self._cache.put(entries)
        milestones.reached(Milestone.KEPT)


class TimedScorer:
    """A scorer whose time is charged to a stage of its own."""

    def __init__(self, scorer: Scorer, watch: Stopwatch) -> None:
        self.name = scorer.name
        self.version = scorer.version
        self.languages = scorer.languages
        self.max_bytes = scorer.max_bytes
        self.paid = scorer.paid
        self.usage = scorer.usage
        self.units = scorer.units
        self.stop = scorer.stop
        self.close = scorer.close
        self._scorer = scorer
        self._watch = watch

    def score(self, texts: Sequence[RedactedText], language: str) -> Iterator[Mapping[int, Outcome | Claimed]]:
        """See `Scorer.score`."""
        answers = self._scorer.score(texts, language)
        while True:
            with self._watch.stage("scorer"):
                some = next(answers, None)
            if some is None:
                return
            yield some
