"""A text that is longer than a scorer takes: cut into chunks, each a text of its own, whose scores are joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from transforms.pii.redacted import RedactedText
from transforms.sentiment.protocols import Deferred, Failure, Outcome, Scores
from transforms.text import Fingerprint


@dataclass(frozen=True)
class Item:
    """What a scorer is sent as one: a text, or a chunk of a long one."""

    key: bytes
    text: RedactedText
    language: str


def chunk_items(chunks: Sequence[RedactedText], language: str, fingerprint: Fingerprint) -> list[Item]:
    """The chunks of a text as items, each under a content key of its own.

    A chunk that stands in two texts, or twice in one, so has one key, and is bought once.
    """
    keys = fingerprint.keys(pa.array(chunks, pa.string()), pa.repeat(language, len(chunks))).to_pylist()
    return [Item(bytes.fromhex(key), chunk, language) for key, chunk in zip(keys, chunks, strict=True)]


def joined(items: Sequence[Item], outcomes: Mapping[bytes, Outcome]) -> Outcome:
    """How a text ended whose items ended so: it fails with the first that failed, else waits with the first that does.

    Raises KeyError where how an item ended is not among `outcomes`.
    """
    ended = [outcomes[item.key] for item in items]
    for kind in (Failure, Deferred):
        for outcome in ended:
            if isinstance(outcome, kind):
                return outcome
    scores = [outcome for outcome in ended if isinstance(outcome, Scores)]
    return scores[0] if len(scores) == 1 else join(scores, [len(item.text.encode()) for item in items])


def join(scores: Sequence[Scores], lengths: Sequence[int]) -> Scores:
    """The mean of the chunks' scores, weighted by their lengths in UTF-8 bytes (of which one at least is not 0)."""
    weighted = [[share * length for share in chunk] for chunk, length in zip(scores, lengths, strict=True)]
    return Scores(*(sum(shares) / sum(lengths) for shares in zip(*weighted, strict=True)))
