"""One text's scores from the scores of its pieces."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.sentiment.protocols import Scores


def join(pieces: Sequence[tuple[Scores, int]]) -> Scores:
    """The mean of the pieces' scores, weighted by their lengths in UTF-8 bytes (an empty one counts as one)."""
    weights = [max(length, 1) for _, length in pieces]
    return Scores(
        *(sum(scores[i] * weight for (scores, _), weight in zip(pieces, weights, strict=True)) / sum(weights) for i in range(4))
    )
