"""Items on their way to a paid service, in batches, between the threads that send them and the one that reads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from queue import Empty, Queue
from typing import Any, Generic, NamedTuple, TypeVar

from transforms.cost import ITEMS_A_CALL, text_units
from transforms.pii.redacted import RedactedText
from transforms.sentiment.protocols import Claimed, Deferred, Failure

T = TypeVar("T")

BUDGET_SPENT = "BUDGET_SPENT"


class Batch(NamedTuple):
    """Items that go in one call, by their places, and what is known of the calls for them before."""

    places: Sequence[int]
    unanswered: int = 0  # calls for this batch without an answer, those that probed an outage left out
    since: float | None = None  # when it, or what it was cut from, had no answer for the first time; seconds since 1970


class Batches(Generic[T]):
    """Texts of one language on their way: what waits to be sent, how many batches are being sent, how items ended.

    Many threads take batches and hand over how items ended; one reads that.
    """

    def __init__(self, texts: Sequence[RedactedText], language: str, threads: int) -> None:
        self.texts, self.language = texts, language
        self.units = [text_units(text) for text in texts]
        self.resent = [0] * len(texts)  # how often each was to be sent again for want of an answer of its own
        self.error: BaseException | None = None
        self._single = deque(range(len(texts)))
        self._apart: deque[Batch] = deque()  # batches that stay as they are
        self._sending = 0
        self._change = threading.Condition()
        # Bounded: a thread goes on only when what it brought before is on its way to the cache.
        self._ended: Queue[dict[int, Any] | None] = Queue(threads)
        self._abandoned = False

    def take(self) -> Batch | None:
        """The next batch, as full as can be; None where all is done.

        Waits as long as others may bring items back.
        """
        with self._change:
            while not self._apart and not self._single:
                if not self._sending or self.error:
                    self._change.notify_all()
                    return None
                self._change.wait()
            if self.error or self._abandoned:
                return None
            self._sending += 1
            if self._apart:
                return self._apart.popleft()
            return Batch([self._single.popleft() for _ in range(min(ITEMS_A_CALL, len(self._single)))])

    def release(self) -> None:
        """A batch that was taken is done."""
        with self._change:
            self._sending -= 1
            self._change.notify_all()

    def again(self, places: Sequence[int]) -> None:
        """Items to be sent again, in whatever batch; `resent` counts it."""
        with self._change:
            for place in places:
                self.resent[place] += 1
            self._single.extend(places)
            self._change.notify_all()

    def apart(self, batches: Sequence[Batch]) -> None:
        """Items to be sent again, in these batches."""
        with self._change:
            self._apart.extend(batches)
            self._change.notify_all()

    def defer_beyond(self, places: Sequence[int], left: int) -> list[int]:
        """End what costs more than `left` units as Deferred; the rest of the items."""
        dear = [place for place in places if self.units[place] > left]
        self.end(dict.fromkeys(dear, Deferred(BUDGET_SPENT)))
        return [place for place in places if self.units[place] <= left]

    def end(self, ended: Mapping[int, T | Failure | Deferred | Claimed]) -> None:
        """Hand over how items ended; waits while others' answers are waiting to be read."""
        if ended and not self._abandoned:
            self._ended.put(dict(ended))

    def fail(self, error: BaseException) -> None:
        """End all threads; the reader raises this."""
        with self._change:
            self.error = self.error or error
            self._change.notify_all()

    def leave(self) -> None:
        """A thread has ended."""
        self._ended.put(None)

    def ended(self, threads: int) -> Iterator[dict[int, Any]]:
        """How items ended, as much at once as there is, until all threads have."""
        while threads:
            together: dict[int, Any] = {}
            waiting = [self._ended.get()]
            while True:
                try:
                    waiting.append(self._ended.get_nowait())
                except Empty:
                    break
            for each in waiting:
                if each is None:
                    threads -= 1
                else:
                    together |= each
            if together:
                yield together

    def abandon(self) -> None:
        """Nobody reads any more: no thread takes another batch, and none waits to hand over."""
        with self._change:
            self._abandoned = True
            self._single.clear()
            self._apart.clear()
            self._change.notify_all()
        while True:
            try:
                self._ended.get_nowait()
            except Empty:
                return
