"""The local scorer: VADER's verdicts as four shares."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.pii.redacted import RedactedText
from transforms.schemas import Sentiment
from transforms.sentiment.protocols import Scores
from transforms.sentiment.vader import THRESHOLD, VaderScorer, shares

proportion = st.floats(0, 1)


def label(scores: Scores) -> Sentiment:
    return max(zip(scores, Sentiment, strict=True), key=lambda pair: pair[0])[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I love it, the support was wonderful!", Sentiment.POSITIVE),
        ("Terrible. The parcel came broken and nobody answers.", Sentiment.NEGATIVE),
        ("The parcel came on Tuesday.", Sentiment.NEUTRAL),
    ],
)
def test_labels_plain_texts(text: str, expected: Sentiment) -> None:
    (answers,) = VaderScorer().score([RedactedText(text)], "en")
    scores = answers[0]

    assert isinstance(scores, Scores)
    assert label(scores) == expected


@given(pos=proportion, neg=proportion, neu=proportion, compound=st.floats(-1, 1))
def test_shares_are_shares(pos: float, neg: float, neu: float, compound: float) -> None:
    scores = shares(pos=pos, neg=neg, neu=neu, compound=compound)

    assert math.isclose(sum(scores), 1, abs_tol=1e-9)
    assert all(-1e-12 <= share <= 1 for share in scores)


@pytest.mark.parametrize("side", [1, -1])
def test_turns_where_vaders_authors_say(side: int) -> None:
    clear = Sentiment.POSITIVE if side > 0 else Sentiment.NEGATIVE

    def verdict(compound: float) -> Sentiment:
        return label(shares(pos=0.2 if side > 0 else 0, neg=0 if side > 0 else 0.2, neu=0.8, compound=compound))

    assert verdict(side * THRESHOLD * 1.01) == clear
    assert verdict(side * THRESHOLD * 0.99) == Sentiment.NEUTRAL


def test_words_that_balance_are_mixed() -> None:
    assert label(shares(pos=0.3, neg=0.3, neu=0.4, compound=0.0)) == Sentiment.MIXED
