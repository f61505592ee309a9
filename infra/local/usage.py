"""What was asked of a service, what it billed, and every text that it was ever sent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

# By Comprehend's price list. Not taken from `transforms.cost`: this is what that is held to.
_CHARACTERS_A_UNIT = 100
_LEAST_UNITS = 3


def units(text: str) -> int:
    """Billing units of one document."""
    return max(_LEAST_UNITS, (len(text) + _CHARACTERS_A_UNIT - 1) // _CHARACTERS_A_UNIT)


@dataclass
class Counts:
    """What became of one operation's calls."""

    calls: int = 0
    throttled: int = 0
    failed: int = 0  # refused for another reason, or lost on the way
    documents: int = 0  # answered and billed
    units: int = 0


class Usage:
    """Counts of one service. Times are nanoseconds of a clock that stood at 0 at `epoch`, in seconds since 1970."""

    def __init__(self, operations: Sequence[str], epoch: float) -> None:
        self._epoch = epoch
        # Operations that there are not are counted, too, and above all their texts.
        self._counts = defaultdict(Counts, {name: Counts() for name in operations})
        # By operation. Millions of texts in counters are nothing to the garbage collector.
        self._sent: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._billed: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._first = self._last = 0
        self._in_flight = self._peak = 0

    @contextmanager
    def in_flight(self) -> Iterator[None]:
        """While a call is under way."""
        self._in_flight += 1
        self._peak = max(self._peak, self._in_flight)
        try:
            yield
        finally:
            self._in_flight -= 1

    def called(self, operation: str, texts: Sequence[str], now: int) -> None:
        """A call arrived with these texts, whatever becomes of it."""
        self._counts[operation].calls += 1
        self._first = self._first or now
        self._last = now
        self._sent[operation].update(texts)

    def arrived(self, operation: str, texts: Sequence[str]) -> None:
        """These texts came otherwise than in a call."""
        self._sent[operation].update(texts)

    def billed(self, operation: str, texts: Sequence[str]) -> None:
        """These texts, sent before, were answered."""
        counts = self._counts[operation]
        counts.documents += len(texts)
        counts.units += sum(map(units, texts))
        self._billed[operation].update(texts)

    def throttled(self, operation: str) -> None:
        """A call was refused for its rate."""
        self._counts[operation].throttled += 1

    def failed(self, operation: str) -> None:
        """A call was refused, or its answer lost."""
        self._counts[operation].failed += 1

    def report(self) -> dict[str, Any]:
        """Everything but the texts. Times are seconds since 1970, null before the first call."""
        return {
            "calls": sum(counts.calls for counts in self._counts.values()),
            "operations": {name: asdict(counts) for name, counts in self._counts.items()},
            "units": sum(counts.units for counts in self._counts.values()),
            "texts_sent": len(_total(self._sent)),
            "texts_billed": len(_total(self._billed)),
            "billed": sum(counts.documents for counts in self._counts.values()),
            "most_billed": max((times for texts in self._billed.values() for times in texts.values()), default=0),
            "first_call": self._epoch + self._first / 1e9 if self._first else None,
            "last_call": self._epoch + self._last / 1e9 if self._last else None,
            "peak_in_flight": self._peak,
        }

    def texts(self) -> list[dict[str, Any]]:
        """Each distinct text with how often it was sent and how often billed, by all operations together."""
        billed = _total(self._billed)
        return [{"text": text, "sent": sent, "billed": billed[text]} for text, sent in _total(self._sent).items()]


def _total(by_operation: Mapping[str, Counter[str]]) -> Counter[str]:
    return sum(by_operation.values(), Counter())
