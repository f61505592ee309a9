"""What must hold of scores: they are there exactly where a document is SCORED, and say one consistent thing."""

from __future__ import annotations

from great_expectations import ExpectationSuite
from great_expectations import expectations as gxe

from expectations.profile import SHARES
from transforms.schemas import Sentiment

# How far from 1 the sum of four shares may be.
TOLERANCE = 1e-6

_PRESENT = (
    "sentiment",
    *SHARES,
    "redacted_text",
    "content_key",
    "language",
    "scorer",
    "scorer_version",
    "cache_hit",
    "chunks",
    "billed_units",
    "scored_at",
)


def scored() -> ExpectationSuite:
    """Judges the combinations whose status is SCORED."""
    return ExpectationSuite(
        name="scored",
        expectations=[
            *(gxe.ExpectColumnValuesToNotBeNull(column=name) for name in _PRESENT),
            gxe.ExpectColumnValuesToBeNull(column="error_code"),
            gxe.ExpectColumnValuesToBeInSet(column="sentiment", value_set=[label.value for label in Sentiment]),
            gxe.ExpectColumnValuesToBeInSet(column="sentiment_is_largest", value_set=[True]),
            gxe.ExpectColumnValuesToBeInSet(column="chunks", value_set=[1]),
            # What the cache or another row paid for is not billed again.
            gxe.ExpectColumnPairValuesToBeInSet(
                column_A="cache_hit",
                column_B="billed_units",
                value_pairs_set=[(True, 0), (False, 0), (False, 1)],
                ignore_row_if="either_value_is_missing",
            ),
        ],
    )


def unscored() -> ExpectationSuite:
    """Judges the combinations with any other status: no score is invented."""
    return ExpectationSuite(
        name="unscored",
        expectations=[gxe.ExpectColumnValuesToBeNull(column=name) for name in ("sentiment", *SHARES)],
    )


def ranges() -> ExpectationSuite:
    """Judges the least and the greatest value of each column of numbers."""
    return ExpectationSuite(
        name="ranges",
        expectations=[
            # A mean of ones may be the next number after 1.
            *(gxe.ExpectColumnValuesToBeBetween(column=name, min_value=0, max_value=1 + TOLERANCE) for name in SHARES),
            gxe.ExpectColumnValuesToBeBetween(column="score_sum", min_value=1 - TOLERANCE, max_value=1 + TOLERANCE),
            gxe.ExpectColumnValuesToBeBetween(column="left_out", min_value=0),
            gxe.ExpectColumnValuesToBeBetween(column="billed_units", min_value=0),
            gxe.ExpectColumnValuesToBeBetween(column="start", min_value=0),
            gxe.ExpectColumnValuesToBeBetween(column="length", min_value=1),
            gxe.ExpectColumnValuesToBeBetween(column="confidence", min_value=0, max_value=1),
        ],
    )


def finds() -> ExpectationSuite:
    """Judges the different kinds of personal-data finds."""
    return ExpectationSuite(
        name="finds",
        expectations=[gxe.ExpectColumnValuesToNotBeNull(column=name) for name in ("run_id", "type", "detector")],
    )
