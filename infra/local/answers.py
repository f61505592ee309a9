"""What the local Comprehend says of a text: its sentiment, from the local scorer or from a hash."""

from __future__ import annotations

import struct
from collections.abc import Callable
from hashlib import blake2b

from transforms.sentiment.protocols import Scores

# Gives a text's scores, from the text and the code of its language.
Sentiment = Callable[[str, str], Scores]


def from_hash(text: str, _language: str = "") -> Scores:
    """Four shares that sum to 1, the same ones for the same text always. They mean nothing, and cost 3 µs."""
    weights = struct.unpack("<4I", blake2b(text.encode(), digest_size=16).digest())
    total = sum(weights)
    return Scores(*(weight / total for weight in weights))


def from_local_scorer() -> Sentiment:
    """Scores by the local scorer where it knows the language, else `from_hash`; of a long text, joined from pieces."""
    # Not at the top: load tests need neither.
    from transforms.pii.redacted import RedactedText
    from transforms.sentiment.chunks import join
    from transforms.sentiment.local.scorer import LocalScorer
    from transforms.text import split_utf8

    scorer = LocalScorer()

    def sentiment(text: str, language: str) -> Scores:
        if language not in scorer.languages:
            return from_hash(text)
        # Whatever was sent is scored, as Comprehend does; that it was redacted is for the client to see to.
        pieces = split_utf8(RedactedText(text), scorer.max_bytes)
        (outcomes,) = scorer.score(pieces, language)
        scores = [each for each in outcomes.values() if isinstance(each, Scores)]  # it never fails
        return join(scores, [len(piece.encode()) for piece in pieces])

    return sentiment
