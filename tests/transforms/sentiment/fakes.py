"""A scorer, a detector and a cache that remember what they were asked, and documents prepared for them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from transforms.documents import documents
from transforms.errors import CacheError
from transforms.pii.policy import DEFAULT_POLICY, Policy
from transforms.pii.redacted import RedactedText
from transforms.preparation import ready, redact_documents
from transforms.sentiment.protocols import Cached, Claimed, Deferred, Failure, Outcome, Scores, Usage
from transforms.text import Fingerprint

HAPPY = Scores(0.75, 0.125, 0.125, 0.0)


class CountingScorer:
    """Bills a unit a byte, remembers what it was sent, and fails texts that say so."""

    name = "counting"
    version = "1"
    languages = frozenset({"en", "es"})
    max_bytes = 20
    paid = True

    def __init__(self) -> None:
        self.usage = Usage()
        self.stopped = ""
        self.sent: list[tuple[str, str]] = []
        self.claimed: set[str] = set()  # texts that another is buying when they are sent for the first time

    def units(self, text: RedactedText) -> int:
        return len(text.encode())

    def score(self, texts: Sequence[RedactedText], language: str) -> Iterator[Mapping[int, Outcome | Claimed]]:
        """One text after another, as from a service."""
        for place, text in enumerate(texts):
            if self.stopped:
                yield {place: Deferred(self.stopped)}
            elif text in self.claimed:
                self.claimed.remove(text)
                yield {place: Claimed()}
            else:
                self.sent.append((text, language))
                yield {place: Failure("BROKEN") if "broken" in text else HAPPY}

    def stop(self, code: str) -> None:
        self.stopped = code

    def close(self) -> None:
        pass


class FirstWordDetector:
    """Takes a text's first word for its language, where it is one; `fail` and `wait` end so. Bills a unit a text."""

    version = "1"
    max_bytes = 12

    def __init__(self) -> None:
        self.usage = Usage()
        self.stopped = ""
        self.sent: list[str] = []

    def units(self, text: RedactedText) -> int:
        return 1

    def detect(self, texts: Sequence[RedactedText]) -> Iterator[Mapping[int, str | Failure | Deferred | Claimed]]:
        """One text after another, as from a service."""
        answers: dict[str, str | Failure | Deferred] = {"fail": Failure("BROKEN"), "wait": Deferred("BUDGET_SPENT")}
        answers |= {language: language for language in ("en", "es", "nl")}
        for place, text in enumerate(texts):
            if self.stopped:
                yield {place: Deferred(self.stopped)}
                continue
            self.sent.append(text)
            yield {place: answers.get(text.split()[0], "")}

    def stop(self, code: str) -> None:
        self.stopped = code

    def close(self) -> None:
        pass


class DictCache(dict[bytes, Cached]):
    """Breaks where a test says so: after some looks, or after some writes."""

    looks_left = 1000
    writes_left = 1000

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, Cached]:  # type: ignore[override] # the protocol's get
        self.looks_left -= 1
        if self.looks_left < 0:
            raise CacheError("the cache is gone")
        return {key: self[key] for key in keys if key in self}

    def put(self, entries: Mapping[bytes, Cached]) -> None:
        self.writes_left -= 1
        if self.writes_left < 0:
            raise CacheError("the cache is full")
        self.update(entries)

    def close(self) -> None:
        pass


def fingerprint(policy: Policy = DEFAULT_POLICY) -> Fingerprint:
    return Fingerprint("counting", "1", policy.id, b"key")


def prepared(
    rows: Sequence[Mapping[str, Any]], default: str | None = "en", policy: Policy = DEFAULT_POLICY
) -> pa.RecordBatch:
    """Documents, prepared: a good one, with the fields of each row."""
    base = {"document_id": "d", "text": "fine", "language": "en", "subject_id": "s"}
    values = {name: [{**base, **row}[name] for row in rows] for name in base}
    batch = documents(values, range(1, len(rows) + 1), "/drop/a.jsonl")
    return ready(redact_documents(batch, default, policy, fingerprint().key), fingerprint(policy))
