"""How far labels agree, for a terminal."""

from __future__ import annotations

import math

from jobs.agreement import Document, Found
from transforms.agreement import BINS, LABELS, Measure
from transforms.display import aligned, visible

NAMES = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "cohens_kappa": "Cohen's kappa",
    "krippendorffs_alpha": "Krippendorff's alpha",
    "calibration_error": "calibration error",
}


def agreement_text(found: Found) -> str:
    """Give the lines that `agreement` prints."""
    measures, whole = found.agreement.measures, found.agreement
    parts = [
        "\n".join(f"{name:<16}{visible(said)}" for name, said in found.what.items()),
        aligned(
            ("measure", "value", "95% bounds"),
            [
                (said, _number(measures[name]), _bounds(measures[name]))
                for name, said in NAMES.items()
                if name in measures
            ],
            frozenset({1}),
        ),
        "Confusion: % of all documents, with 95% bounds; a row is what was judged, a column what the scorer says.\n"
        + aligned(
            ("", *LABELS),
            [
                (label, *(_percent(Measure(*cell)) for cell in zip(*row, strict=True)))
                for label, *row in zip(LABELS, whole.confusion, whole.confusion_low, whole.confusion_high, strict=True)
            ],
            frozenset(range(1, 5)),
        ),
        "Calibration: of documents whose label has such a score, how many were judged, and the share that is right.\n"
        + aligned(
            ("score", "judged", "% of all", "mean score", "% right", "95% bounds"),
            [
                (
                    f"{each.begins:.1f} to {(*BINS[1:], 1.0)[BINS.index(each.begins)]:.1f}",
                    f"{each.judged:,}",
                    f"{100 * each.share.value:.0f}",
                    f"{each.confidence.value:.2f}",
                    f"{100 * each.right.value:.0f}",
                    _bounds(each.right, percent=True),
                )
                for each in whole.calibration
            ],
            frozenset(range(1, 5)),
        ),
    ]
    if found.worst:
        parts.append("Where they differ most:\n" + "\n".join(map(_document, found.worst)))
    return "\n\n".join(parts)


def _document(each: Document) -> str:
    return visible(f"{each.document_id}: {each.judged}; scorer {each.scorer} {each.confidence:.2f}: ") + visible(
        each.text
    )


def _number(measure: Measure) -> str:
    return "none" if math.isnan(measure.value) else f"{measure.value:.2f}"


def _percent(measure: Measure) -> str:
    return f"{100 * measure.value:.0f}" + ("" if math.isnan(measure.low) else f" ({_bounds(measure, percent=True)})")


def _bounds(measure: Measure, *, percent: bool = False) -> str:
    if math.isnan(measure.low):
        return "unknown"
    return (
        f"{100 * measure.low:.0f} to {100 * measure.high:.0f}"
        if percent
        else f"{measure.low:.2f} to {measure.high:.2f}"
    )
