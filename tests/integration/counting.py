"""A paid scorer without a network, that keeps a bill: what sends its calls is `Calls`, as Comprehend's does."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from jobs.scorers.call_policy import CallPolicy
from jobs.scorers.calls import Calls
from jobs.scorers.outcomes import Answers
from jobs.stores.protocols import Meter
from transforms.cost import text_units
from transforms.pii.redacted import RedactedText
from transforms.sentiment.protocols import Claimed, Outcome, Scores, Usage

BILL = "AURASTREAM_TEST_BILL"  # names the file that every billed text is a line of


class CountingScorer:
    """Scores by a text's length."""

    name, version, languages, max_bytes, paid = "counting", "1", frozenset({"en"}), 5_000, True

    def __init__(self, policy: CallPolicy, meter: Meter) -> None:
        self.usage = Usage()
        self._calls = Calls("counting", _send, policy, meter, self.usage)

    def units(self, text: RedactedText) -> int:
        return text_units(text)

    def score(self, texts: Sequence[RedactedText], language: str) -> Iterator[Mapping[int, Outcome | Claimed]]:
        yield from self._calls.run(texts, language)

    def stop(self, code: str) -> None:
        self._calls.stop(code)

    def close(self) -> None:
        pass


def _send(texts: Sequence[RedactedText], _: str) -> Answers[Scores]:
    with Path(os.environ[BILL]).open("a") as bill:
        bill.writelines(f"{text}\n" for text in texts)
    share = [(1 + len(text) % 7) / 10 for text in texts]
    return Answers({i: Scores(each, (1 - each) / 2, (1 - each) / 2, 0.0) for i, each in enumerate(share)}, {})


def billed() -> Counter[str]:
    """How often each text was."""
    bill = Path(os.environ[BILL])
    return Counter(bill.read_text().splitlines() if bill.exists() else [])
