"""What the local scorer is compared with: VADER, in the shape of its shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from transforms.pii.redacted import RedactedText
from transforms.sentiment.protocols import Claimed, Outcome, Scores, Usage

# |compound| at which VADER's authors call a text positive or negative (Hutto & Gilbert 2014, and the package's README).
THRESHOLD = 0.05


class VaderScorer:
    """Scores English texts with VADER; never fails and costs nothing."""

    name = "local"
    version = f"vader-{version('vaderSentiment')}"
    languages = frozenset({"en"})
    # VADER's time is quadratic in a text's length: 3.6 s at 38 KB, 3 ms at 1 KB.
    max_bytes = 1_000
    paid = False

    def __init__(self) -> None:
        self.usage = Usage()
        self._analyzer = SentimentIntensityAnalyzer()

    def units(self, text: RedactedText) -> int:
        """Nothing is billed."""
        return 0

    def score(self, texts: Sequence[RedactedText], language: str) -> Iterator[Mapping[int, Outcome | Claimed]]:
        """Score each text by VADER's proportions and compound; see `shares`."""
        yield {place: shares(**self._analyzer.polarity_scores(text)) for place, text in enumerate(texts)}

    def stop(self, code: str) -> None:
        """Free, so there is nothing to stop."""

    def close(self) -> None:
        """In process, so there is nothing to let go of."""


def shares(pos: float, neg: float, neu: float, compound: float) -> Scores:
    """VADER's figures as four shares that sum to 1.

    The weight of a clear verdict is |c| / (|c| + threshold), so that it passes one half exactly where VADER's authors
    stop calling a text neutral. The rest is MIXED as far as positive and negative words balance each other, and else
    NEUTRAL.
    """
    clear = abs(compound) / (abs(compound) + THRESHOLD)
    balance = 2 * min(pos, neg) / (pos + neg) if pos + neg else 0.0
    mixed = (1 - clear) * balance
    return Scores(
        positive=clear if compound > 0 else 0.0,
        negative=clear if compound < 0 else 0.0,
        neutral=1 - clear - mixed,
        mixed=mixed,
    )
