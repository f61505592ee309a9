"""How far to trust a score, as data frames."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import pandas as pd

from jobs.agreement import Found
from transforms.agreement import LABELS


@dataclass(frozen=True)
class Agreement:
    """How far labels agree, weighted back to all documents of a night; `low`, `high`: 95% bounds, NaN where unknown.

    what: whose labels, of how many documents. measures: a row a measure, with `value`, `low`, `high`. confusion: a row
    a pair of labels, `judged` and `scorer`, with `share` of all documents, `low` and `high`. calibration: a row a bin
    of the label's score, from `score_from`: how many were `judged`, `share` of all documents, `mean_score`, share
    `right` with `low` and `high`. worst: documents in which labels differ most, whole. What each is:
    `transforms.agreement.agreement`.
    """

    what: dict[str, str]
    measures: pd.DataFrame
    confusion: pd.DataFrame
    calibration: pd.DataFrame
    worst: pd.DataFrame


def framed(found: Found) -> Agreement:
    """What was found, as data frames."""
    whole = found.agreement
    shares = zip(whole.confusion.ravel(), whole.confusion_low.ravel(), whole.confusion_high.ravel(), strict=True)
    return Agreement(
        what=found.what,
        measures=pd.DataFrame(whole.measures, index=["value", "low", "high"]).T,
        confusion=pd.DataFrame(
            [(*pair, *share) for pair, share in zip(product(LABELS, LABELS), shares, strict=True)],
            columns=["judged", "scorer", "share", "low", "high"],
        ),
        calibration=pd.DataFrame(
            [
                (each.begins, each.judged, each.share.value, each.confidence.value, *each.right)
                for each in whole.calibration
            ],
            columns=["score_from", "judged", "share", "mean_score", "right", "low", "high"],
        ),
        worst=pd.DataFrame(found.worst, columns=["document_id", "judged", "scorer", "confidence", "redacted_text"]),
    )
