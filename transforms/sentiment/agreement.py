"""From which confidence on a free scorer's label need not be bought: learned from a random sample of what was bought.

A third of the sample orders the texts by how likely both scorers agree; on the rest, which nothing was learned from,
rules are tested that keep more and more of them, until one fails. That is split fixed sequence testing (A.
Angelopoulos, S. Bates, E. Candès, M. Jordan, L. Lei, "Learn then Test: Calibrating Predictive Algorithms to Achieve
Risk Control", arXiv:2110.01052): however many rules are tested, the chance that the last one that passed keeps its
promise is 1 - ERROR at least, whatever the scorers are like and however badly the order was learned.

The promise is of the very texts that keep their label, not of a population that they are drawn from. As these and the
sample were parted at random, how many of them differ is bounded by the hypergeometric distribution (J. Buonaccorsi, "A
note on confidence intervals for proportions in finite populations", The American Statistician 41, 1987). With many
texts that is the bound of C. Clopper and E. Pearson (Biometrika 26, 1934).
"""

from __future__ import annotations

from math import exp, lgamma
from typing import NamedTuple

import numpy as np

from transforms.schemas import Sentiment

# The chance that a rule does not keep its promise, at most; also that a bound is wrong.
ERROR = 0.05
# Rules that are tried: each keeps one part more of the night's texts.
RULES = 40
# How far few texts of a group move its estimate from that of all (ridge regression: S. le Cessie, J. van Houwelingen,
# "Ridge estimators in logistic regression", Applied Statistics 41, 1992).
_RIDGE, _RIDGE_OF_ALL = 1.0, 0.01
_LABELS = len(Sentiment)
# Confidence is seen on the logit's scale, where it has no end at 1.
_SUREST = 1 - 1e-6


class Rule(NamedTuple):
    """What keeps its label, and how that was judged on texts that nothing was learned from."""

    least: np.ndarray  # group -> the confidence from which on its texts keep their label; inf where none does
    kept: int  # texts of the night that keep it, those of the sample left out
    verified: int  # texts of the sample that keep it and were not learned from
    agreed: int  # of these, those with the same label from both scorers

    @property
    def agreement(self) -> float:
        """The share that agreed of those verified."""
        return self.agreed / self.verified

    def bounds(self) -> tuple[float, float]:
        """Least and most that the share can be among the texts kept, each with a chance of ERROR to be wrong."""
        return agreement_bounds(self.verified, self.agreed, self.kept)


def parts(agrees: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which texts of a sample are learned from, and which verify that, of those whose agreement is known."""
    known = np.flatnonzero(agrees >= 0)
    return known[::3], known[np.arange(len(known)) % 3 > 0]


def learn(groups: np.ndarray, confidence: np.ndarray, agrees: np.ndarray, asked: float, count: int) -> Rule | None:
    """The rule that keeps the most labels, of those that agree to a share of `asked` at least; None where none does.

    `groups` (of language and label: four labels a language, `count` in all) and `confidence`, 0 to 1, are of the
    night's texts, in a random order. The first of them are the sample: `agrees` is 1 where both scorers gave one label,
    0 where not, -1 where it is not known.
    """
    learned, verified = parts(agrees)
    if not len(verified) or len(agrees) == len(groups):
        return None
    slope, offsets = _fit(groups[learned], confidence[learned], agrees[learned], count)
    ranked = slope * _logit(confidence) + offsets[groups]
    lowest = _lowest(groups, confidence, 1 / (1 + np.exp(-ranked)), asked, count)
    rules = [
        np.maximum(_least(slope, offsets, cut), lowest)
        for cut in np.quantile(ranked, np.linspace(1, 0, RULES + 1)[1:], method="lower")
    ]
    # To begin with the rule that is likeliest to pass, as far as the first third can tell.
    first = int(np.argmin([_test(least, groups, confidence, agrees, learned, asked).chance for least in rules]))
    passed = None
    for least in rules[first:]:
        tested = _test(least, groups, confidence, agrees, verified, asked)
        if tested.chance > ERROR:
            break
        passed = Rule(least, tested.kept, tested.verified, tested.agreed)
    return passed


def keeps(least: np.ndarray, groups: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """Which texts keep their label, by their groups and confidence."""
    kept: np.ndarray = confidence >= least[groups]
    return kept


class _Tested(NamedTuple):
    kept: int
    verified: int
    agreed: int
    chance: float  # at most, to see so few that differ, if more differ among the kept than is asked


def _test(
    least: np.ndarray, groups: np.ndarray, confidence: np.ndarray, agrees: np.ndarray, on: np.ndarray, asked: float
) -> _Tested:
    kept = keeps(least, groups, confidence)
    count, seen = int(kept[len(agrees) :].sum()), on[kept[on]]
    agreed = int(agrees[seen].sum())
    most = int((1 - asked) * count + 1e-9)  # that may differ
    return _Tested(count, len(seen), agreed, few_differ(len(seen), len(seen) - agreed, count, most + 1))


def few_differ(seen: int, differ: int, unseen: int, of_these: int) -> float:
    """The chance that `differ` or fewer of the texts seen differ, drawn at random from these and the unseen.

    It is for `of_these` of the unseen differing, and less where more do; 1 where so many are not there.
    """
    if of_these > unseen:
        return 1.0
    return _at_most(differ, seen + unseen, of_these + differ, seen)


def agreement_bounds(seen: int, agreed: int, unseen: int) -> tuple[float, float]:
    """Least and most of the share that agrees among texts unseen, of which those seen are a random part.

    Each has a chance of ERROR to be wrong.
    """
    if not unseen:
        return 1.0, 1.0
    differ = seen - agreed
    low, high = -1, unseen  # as many of the unseen may differ as make it likelier than ERROR to see so few
    while low < high:
        middle = -(-(low + high) // 2)
        low, high = (middle, high) if few_differ(seen, differ, unseen, middle) > ERROR else (low, middle - 1)
    most = max(low, 0)
    low, high = 0, unseen  # and as few as make it likelier than that to see so many
    while low < high:
        middle = (low + high) // 2
        many = 1 - _at_most(differ - 1, seen + unseen, middle + differ, seen)
        low, high = (low, middle) if many > ERROR else (middle + 1, high)
    return 1 - most / unseen, 1 - low / unseen


def _at_most(found: int, texts: int, differing: int, drawn: int) -> float:
    """The hypergeometric distribution: the chance that of `drawn` texts at most `found` are of the differing ones."""
    fewest = max(0, drawn - (texts - differing))
    most = min(drawn, differing)
    if found < fewest:
        return 0.0
    if found >= most:
        return 1.0
    term = _choose(differing, found) + _choose(texts - differing, drawn - found) - _choose(texts, drawn)
    share, total = 1.0, 0.0
    for x in range(found, fewest - 1, -1):  # from the likeliest down, each by what it is of the one before
        total += share
        share *= x * (texts - differing - drawn + x) / ((differing - x + 1) * (drawn - x + 1))
        if share < 1e-17 * total:
            break
    return min(1.0, exp(term) * total) if term > -700 else 0.0


def _choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def _logit(share: np.ndarray) -> np.ndarray:
    clipped = np.clip(share, 1 - _SUREST, _SUREST)
    logits: np.ndarray = np.log(clipped / (1 - clipped))
    return logits


def _least(slope: float, offsets: np.ndarray, cut: float) -> np.ndarray:
    """By group the confidence at which `cut` is reached, to four digits, as it is shown."""
    least = np.ceil(1e4 / (1 + np.exp(-np.clip((cut - offsets) / slope, -50, 50)))) / 1e4
    return np.where(least > _SUREST, np.inf, least)


def _lowest(groups: np.ndarray, confidence: np.ndarray, likely: np.ndarray, asked: float, count: int) -> np.ndarray:
    """By group the confidence from which on its texts are likely to agree to a share of `asked`; inf where none is.

    Else a group of which hardly any agree would keep some, as long as the others make up for them.
    """
    lowest = np.full(count, np.inf)
    order = np.lexsort((-confidence, groups))
    starts = np.searchsorted(groups[order], np.arange(count + 1))
    for group in range(count):
        texts = order[starts[group] : starts[group + 1]]
        shares = np.cumsum(likely[texts]) / np.arange(1, len(texts) + 1)
        if good := int((shares >= asked).sum()):  # the surest come first, and so the shares fall
            lowest[group] = confidence[texts[good - 1]]
    return lowest


def _fit(groups: np.ndarray, confidence: np.ndarray, agrees: np.ndarray, count: int) -> tuple[float, np.ndarray]:
    """Logistic regression of agreement on the confidence's logit, the label, the language and both, by Newton's method.

    Returns the slope and each group's offset.
    """
    of_group = _group_features(count)
    features = np.column_stack([_logit(confidence), of_group[groups]])
    ridge = np.full(features.shape[1], _RIDGE)
    ridge[:2] = _RIDGE_OF_ALL  # slope, and what all have in common
    weights = np.zeros(features.shape[1])
    for _ in range(50):
        likely = 1 / (1 + np.exp(-np.clip(features @ weights, -30, 30)))
        gradient = features.T @ (agrees - likely) - ridge * weights
        curvature = (features.T * (likely * (1 - likely))) @ features + np.diag(ridge)
        step = np.linalg.solve(curvature, gradient)
        weights += step * min(1.0, 4 / max(1e-12, float(np.abs(step).max())))
        if np.abs(step).max() < 1e-6:
            break
    # Where more confidence means less agreement, it says nothing: the groups alone decide.
    return max(float(weights[0]), 0.01), of_group @ weights[1:]


def _group_features(count: int) -> np.ndarray:
    """What each group is: one for all, its label, its language, itself."""
    numbers = np.arange(count)
    labels, languages = numbers % _LABELS, numbers // _LABELS
    return np.hstack(
        [
            np.ones((count, 1)),
            labels[:, None] == np.arange(_LABELS),
            languages[:, None] == np.arange(languages[-1] + 1),
            np.eye(count),
        ]
    ).astype(np.float64)
