"""One text's scores from the scores of its pieces."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.sentiment.protocols import Scores


def join(scores: Sequence[Scores], lengths: Sequence[int]) -> Scores:
    """The mean of the pieces' scores, weighted by their lengths in UTF-8 bytes (of which one at least is not 0)."""
    weighted = [[share * length for share in piece] for piece, length in zip(scores, lengths, strict=True)]
    return Scores(*(sum(shares) / sum(lengths) for shares in zip(*weighted, strict=True)))
