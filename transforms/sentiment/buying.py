"""Buy answers about texts from a service, each text once, and keep every answer as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, Protocol, TypeAlias, TypeVar

from transforms.errors import CacheError
from transforms.pii.redacted import RedactedText
from transforms.sentiment.protocols import Cached, Claimed, Deferred, Failure, ScoreCache

T = TypeVar("T")

CACHE_UNAVAILABLE = "CACHE_UNAVAILABLE"

# How each of some texts ended, by its place, as soon as it is known.
Answers: TypeAlias = Iterator[Mapping[int, T | Failure | Deferred | Claimed]]


class Service(Protocol):
    """What a `Scorer` and a `LanguageDetector` have in common."""

    def units(self, text: RedactedText) -> int:
        """See `Scorer.units`."""
        ...

    def stop(self, code: str) -> None:
        """See `Scorer.stop`."""
        ...


class Buyer(Generic[T]):
    """Buys from one service, and writes through to a cache. What came of it is in `answers` and `units`, by key.

    `read` tells the answer in a cache's entry, None where it holds none of this kind. Where the cache cannot keep an
    answer, nothing more is bought: CacheError is raised, or with `defer_without_cache` what is left ends Deferred.
    """

    def __init__(
        self,
        service: Service,
        cache: ScoreCache,
        read: Callable[[Cached], T | None],
        *,
        defer_without_cache: bool,
    ) -> None:
        self.answers: dict[bytes, T | Failure | Deferred] = {}
        self.units: dict[bytes, int] = {}  # of what was bought
        self._service, self._cache, self._read = service, cache, read
        self._defer_without_cache = defer_without_cache
        self._keeps = True

    def buy(
        self,
        texts: Mapping[bytes, RedactedText],
        ask: Callable[[Sequence[RedactedText]], Answers[T]],
        entry: Callable[[T], Cached],
    ) -> None:
        """Ask about texts by their keys; `entry` is how an answer is kept. Raises what `ask` raises, and CacheError."""
        missing = texts
        while missing:
            claimed = self._ask(missing, ask, entry)
            self._look_again(claimed)
            missing = {key: missing[key] for key in claimed if key not in self.answers}

    def keep(self, entries: Mapping[bytes, Cached]) -> None:
        """Keep entries, as long as the cache does. Raises CacheError."""
        if not entries or not self._keeps:
            return
        try:
            self._cache.put(entries)
        except CacheError:
            if not self._defer_without_cache:
                raise
            self._keeps = False
            self._service.stop(CACHE_UNAVAILABLE)

    def _ask(
        self,
        texts: Mapping[bytes, RedactedText],
        ask: Callable[[Sequence[RedactedText]], Answers[T]],
        entry: Callable[[T], Cached],
    ) -> list[bytes]:
        """Ask once; the keys of the texts that others are buying."""
        keys, sent = list(texts), list(texts.values())
        claimed = []
        for answers in ask(sent):
            fresh: dict[bytes, Cached] = {}
            for place, answer in answers.items():
                if isinstance(answer, Claimed):
                    claimed.append(keys[place])
                    continue
                self.answers[keys[place]] = answer
                if not isinstance(answer, (Failure, Deferred)):
                    self.units[keys[place]] = self._service.units(sent[place])
                    fresh[keys[place]] = entry(answer)
            self.keep(fresh)
        return claimed

    def _look_again(self, keys: Sequence[bytes]) -> None:
        """Take what is known by now of the texts that others were buying."""
        if not keys:
            return
        try:
            entries = self._cache.get(keys)
        except CacheError:
            if not self._defer_without_cache:
                raise
            self.answers |= dict.fromkeys(keys, Deferred(CACHE_UNAVAILABLE))
            return
        for key, cached in entries.items():
            answer = self._read(cached)
            if answer is not None:
                self.answers[key] = answer
