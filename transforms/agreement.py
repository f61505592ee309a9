"""How far labels agree: a scorer's with those of people, or of another scorer, and how sure that is.

Every measure is of sums over documents, so that one resampled sum of each cell gives all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from transforms.schemas import Sentiment

LABELS = tuple(map(str, Sentiment))
# Where the bins of confidence begin; the last ends at 1.
BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9)
RESAMPLES = 2_000

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Judged:
    """What was drawn and judged: arrays of one length, an element for draws of one text.

    votes (…, labels): how many said each of LABELS. label: the place in LABELS of the scorer's, confidence: its score,
    0 to 1. stratum: which one it was drawn from, from 0; draws: how often; documents: how many documents a draw is.
    population, of each stratum: how many draws would be all of it. whole: whether that is all that is asked about; else
    it is itself a sample of what might have come.
    """

    votes: Integers
    label: Integers
    confidence: Floats
    stratum: Integers
    draws: Integers
    documents: Integers
    population: Integers
    whole: bool = True


class Measure(NamedTuple):
    """A figure and its 95% bounds, NaN where it has none."""

    value: float
    low: float
    high: float


class Bin(NamedTuple):
    """Documents whose label has a score from `begins` on: how many judged, share of all, mean score, share right."""

    begins: float
    judged: int
    share: Measure
    confidence: Measure
    right: Measure


class Agreement(NamedTuple):
    """All figures. confusion: shares of all documents, by what was judged (rows) and what the scorer says (columns)."""

    measures: dict[str, Measure]
    confusion: Floats
    confusion_low: Floats
    confusion_high: Floats
    calibration: list[Bin]


def agreement(judged: Judged, seed: int = 7) -> Agreement:
    """Measure how far judgements and scorer agree, in all that was drawn from.

    accuracy: share of documents of which both say the same. macro_f1: the mean of the labels' F1, of labels that either
    says. cohens_kappa: Cohen 1960, agreement beyond that of two who say each label as often, by chance.
    calibration_error: how far score and share right are apart in a bin, in the mean (Naeini et al. 2015, "ECE"); of few
    documents it comes out too large. krippendorffs_alpha: of those who judged, among themselves, nominal (Krippendorff
    2011, "Computing Krippendorff's Alpha-Reliability"), where some document was judged by several.
    A judgement is what most said; labels that as many said share the document.

    Documents count as often as their stratum has documents for each that was drawn. Between the bounds lie 95% of 2,000
    resamples: of each stratum's draws one less, with replacement, weights rescaled (Rao, Wu and Yue 1992), and narrowed
    by what share of the stratum was drawn. Strata of a single draw are resampled together (collapsed). Where no
    resample differs, though not all was drawn, there are no bounds: it is unknown, not certain.
    """
    judged = _merged(judged)
    most = judged.votes == judged.votes.max(axis=1, keepdims=True)
    said = most / most.sum(axis=1, keepdims=True)
    own = np.eye(len(LABELS))[judged.label]
    confusion = (said[:, :, None] * own[:, None, :]).reshape(len(said), -1)
    place = _bins(judged.confidence)
    within = np.eye(len(BINS))[place]
    right = (said * own).sum(axis=1)
    bins = np.concatenate([within, within * judged.confidence[:, None], within * right[:, None]], axis=1)
    pairs = _coincidences(judged.votes)
    values = _pairable(judged.votes, judged.draws)

    weights = _weights(judged, seed)
    cells, binned, paired = (weights @ each for each in (confusion, bins, pairs))
    cells /= cells.sum(axis=1, keepdims=True)
    table = cells[0].reshape(len(LABELS), len(LABELS))
    spoken = np.flatnonzero(table.sum(axis=0) + table.sum(axis=1))
    counted, summed, correct = np.split(binned, 3, axis=1)
    measures: dict[str, Floats] = {
        "accuracy": _trace(cells),
        "macro_f1": _macro_f1(cells, spoken),
        "cohens_kappa": _kappa(cells),
        "calibration_error": np.abs(summed - correct).sum(axis=1) / counted.sum(axis=1),
    }
    if pairs.any():
        measures["krippendorffs_alpha"] = _alpha(paired, values)
    certain = judged.whole and bool((_drawn(judged) == judged.population[np.unique(judged.stratum)]).all())
    bound: Callable[[Floats], Measure] = partial(_bounded, certain=certain)
    each = [bound(column) for column in cells.T]
    with np.errstate(invalid="ignore"):
        calibration = [
            Bin(
                begins,
                int(judged.draws[place == number].sum()),
                bound(counted[:, number] / counted.sum(axis=1)),
                bound(summed[:, number] / counted[:, number]),
                bound(correct[:, number] / counted[:, number]),
            )
            for number, begins in enumerate(BINS)
            if (place == number).any()
        ]
    value, low, high = (np.array(column).reshape(len(LABELS), len(LABELS)) for column in zip(*each, strict=True))
    return Agreement({name: bound(column) for name, column in measures.items()}, value, low, high, calibration)


def alpha(votes: Integers) -> float:
    """Krippendorff's alpha of nominal labels (units, labels): how many said each; NaN where all say one label."""
    pairs = _coincidences(votes).sum(axis=0, keepdims=True)
    return float(_alpha(pairs, _pairable(votes, np.ones(len(votes), dtype=np.int64)))[0])


def _merged(judged: Judged) -> Judged:
    """The same with one element for all that is alike, confidences to the hundredth, of which it has the mean.

    A night has many texts and few kinds of them, and a multinomial draw of kinds is one of texts, summed by kind.
    """
    alike = np.column_stack(
        [
            *(judged.votes, judged.label, judged.stratum, judged.documents),
            *(_bins(judged.confidence), np.floor(100 * judged.confidence).astype(np.int64)),
        ]
    )
    _, first, kind = np.unique(alike, axis=0, return_index=True, return_inverse=True)
    kind = kind.ravel()
    draws = np.bincount(kind, weights=judged.draws)
    return replace(
        judged,
        **{name: getattr(judged, name)[first] for name in ("votes", "label", "stratum", "documents")},
        confidence=np.bincount(kind, weights=judged.draws * judged.confidence) / draws,
        draws=draws.astype(np.int64),
    )


def _bins(confidence: Floats) -> Integers:
    place: Integers = np.searchsorted(BINS, confidence, side="right") - 1
    return place


def _weights(judged: Judged, seed: int) -> Floats:
    """How many documents each element stands for: first as drawn, then resampled, a row each."""
    random = np.random.default_rng(seed)
    drawn, population = _drawn(judged), judged.population[np.unique(judged.stratum)].astype(float)
    _, stratum = np.unique(judged.stratum, return_inverse=True)
    each = (population / drawn)[stratum] * judged.documents
    weights = np.tile(each * judged.draws, (RESAMPLES + 1, 1))
    single = (drawn == 1) & (population > 1)
    groups = [np.flatnonzero(stratum == number) for number in np.flatnonzero(drawn > 1)]
    groups.append(np.flatnonzero(single[stratum]))
    for members in groups:
        draws = judged.draws[members]
        n = int(draws.sum())
        if n < 2:
            continue
        share = n / population[np.unique(stratum[members])].sum() if judged.whole else 0.0
        spread = np.sqrt(1 - share)
        again = random.multinomial(n - 1, draws / n, size=RESAMPLES) * (n / (n - 1))
        weights[1:, members] = each[members] * ((1 - spread) * draws + spread * again)
    return weights


def _drawn(judged: Judged) -> Integers:
    """How many draws each stratum has of which any was judged."""
    _, stratum = np.unique(judged.stratum, return_inverse=True)
    return np.bincount(stratum, weights=judged.draws).astype(np.int64)


def _bounded(resampled: Floats, certain: bool) -> Measure:
    value, others = resampled[0], resampled[1:][np.isfinite(resampled[1:])]
    if not len(others) or not np.isfinite(value):
        return Measure(float(value), np.nan, np.nan)
    low, high = np.quantile(others, [0.025, 0.975])
    if np.isclose(low, high, atol=1e-12) and not certain:
        return Measure(float(value), np.nan, np.nan)
    return Measure(float(value), float(low), float(high))


def _trace(cells: Floats) -> Floats:
    diagonal: Floats = cells[:, :: len(LABELS) + 1].sum(axis=1)
    return diagonal


def _macro_f1(cells: Floats, spoken: Any) -> Floats:
    matrix = cells.reshape(-1, len(LABELS), len(LABELS))
    both = np.diagonal(matrix, axis1=1, axis2=2)
    either = matrix.sum(axis=1) + matrix.sum(axis=2)
    f1 = np.divide(2 * both, either, out=np.zeros_like(both), where=either > 0)
    found: Floats = f1[:, spoken].mean(axis=1)
    return found


def _kappa(cells: Floats) -> Floats:
    matrix = cells.reshape(-1, len(LABELS), len(LABELS))
    expected = (matrix.sum(axis=1) * matrix.sum(axis=2)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = (_trace(cells) - expected) / (1 - expected)
    return found


def _coincidences(votes: Integers) -> Floats:
    """Ordered pairs of labels of one unit, each unit's weighted so that it counts as often as it has labels."""
    several = votes.sum(axis=1)
    pairs = votes[:, :, None] * votes[:, None, :] - votes[:, :, None] * np.eye(votes.shape[1], dtype=np.int64)
    weighted: Floats = pairs / np.maximum(several - 1, 1)[:, None, None]
    return weighted.reshape(len(votes), -1)


def _pairable(votes: Integers, draws: Integers) -> int:
    """How many labels stand beside another of the same unit."""
    several = votes.sum(axis=1)
    return int(draws @ np.where(several > 1, several, 0))


def _alpha(paired: Floats, values: int) -> Floats:
    """Alpha of sums of coincidences, a row each, `values` being how many labels they are really of."""
    size = int(np.sqrt(paired.shape[1]))
    with np.errstate(invalid="ignore", divide="ignore"):
        matrix = (paired / paired.sum(axis=1, keepdims=True)).reshape(-1, size, size)
        differ = 1 - np.trace(matrix, axis1=1, axis2=2)
        by_chance = 1 - (matrix.sum(axis=1) ** 2).sum(axis=1)
        # With n values: 1 - (n - 1) sum o_ck / sum n_c n_k; the sums here are shares, of n and of n squared.
        found: Floats = 1 - (values - 1) / values * differ / by_chance
    return found
