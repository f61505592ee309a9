"""Against published examples, and against the truth of made-up nights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from transforms.agreement import LABELS, Agreement, Integers, Judged, Measure, agreement, alpha
from transforms.sampling import allocated, fits

# A row a judge, a column a unit; a dot is missing.
# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", C: nominal data of any number of observers.
FOUR_OBSERVERS = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)
# The worked example of en.wikipedia.org/wiki/Krippendorff's_alpha.
THREE_CODERS = (
    ". . . . . 3 4 1 2 1 1 3 3 . 3",
    "1 . 2 1 3 3 4 3 . . . . . . .",
    ". . 2 1 3 4 4 . 2 1 1 3 3 . 4",
)


def votes(rows: Sequence[str], labels: int) -> Integers:
    columns = zip(*(row.split() for row in rows), strict=True)
    return np.array([[column.count(str(label)) for label in range(1, labels + 1)] for column in columns])


def of_table(table: Sequence[Sequence[int]], confidence: float = 0.9) -> Judged:
    """So many documents of each pair of labels, all of them judged once, as a sample of what might have come."""
    cells = [(row, column, count) for row, line in enumerate(table) for column, count in enumerate(line) if count]
    said, own, count = (np.array(each) for each in zip(*cells, strict=True))
    return Judged(
        votes=np.eye(len(LABELS), dtype=np.int64)[said],
        label=own,
        confidence=np.full(len(own), confidence),
        stratum=np.zeros(len(own), dtype=np.int64),
        draws=count,
        documents=np.ones(len(own), dtype=np.int64),
        population=np.array([count.sum()]),
        whole=False,
    )


def test_alpha_is_that_of_the_published_examples() -> None:
    assert alpha(votes(FOUR_OBSERVERS, 5)) == pytest.approx(0.743, abs=5e-4)
    assert alpha(votes(THREE_CODERS, 4)) == pytest.approx(0.691, abs=5e-4)


def test_kappa_is_that_of_cohens_example() -> None:
    """Cohen 1960, "A coefficient of agreement for nominal scales", table 1, as frequencies."""
    found = agreement(of_table([[88, 14, 18], [10, 40, 10], [2, 6, 12]])).measures
    assert found["cohens_kappa"].value == pytest.approx(0.492, abs=5e-4)
    assert found["accuracy"].value == pytest.approx(0.7)
    # By hand: 2 * 88 / (120 + 100), 2 * 40 / (60 + 60), 2 * 12 / (20 + 40).
    assert found["macro_f1"].value == pytest.approx((0.8 + 2 / 3 + 0.4) / 3)


def test_bounds_are_those_of_a_proportion() -> None:
    """Those of Wald, nearly: 140 of 200."""
    value, low, high = agreement(of_table([[88, 14, 18], [10, 40, 10], [2, 6, 12]])).measures["accuracy"]
    error = 1.96 * (value * (1 - value) / 200) ** 0.5
    assert (low, high) == pytest.approx((value - error, value + error), abs=0.006)


def test_calibration_by_hand() -> None:
    """Ten documents of 0.55, 5 of them right, and thirty of 0.95, 24 of them right: |5.5 - 5| + |28.5 - 24|, of 40."""
    judged = of_table([[5, 5], [6, 24]])
    found = agreement(
        Judged(**vars(judged) | {"confidence": np.array([0.55, 0.55, 0.95, 0.95]), "label": np.array([0, 1, 0, 1])})
    )
    assert found.measures["calibration_error"].value == pytest.approx((0.5 + 4.5) / 40)
    assert [(each.begins, each.judged) for each in found.calibration] == [(0.5, 10), (0.9, 30)]
    assert found.calibration[1].right.value == pytest.approx(0.8)
    assert found.calibration[1].share.value == pytest.approx(0.75)


def test_strata_count_as_often_as_they_have_documents() -> None:
    """All right in a stratum of 900, none in one of 100, ten drawn of either."""
    judged = of_table([[10, 10]])
    judged = Judged(**vars(judged) | {"stratum": np.array([0, 1]), "population": np.array([900, 100]), "whole": True})
    found = agreement(judged)
    assert found.measures["accuracy"].value == pytest.approx(0.9)
    assert found.confusion[0, :2] == pytest.approx([0.9, 0.1])
    # Nothing differs within a stratum, and most was not drawn: nobody knows.
    assert np.isnan(found.measures["accuracy"].low)


def test_a_resampled_stratum_counts_as_often_as_it_was_drawn_from() -> None:
    """Two of a stratum, one of them right, and a hundred of another, as large, all right: from half right to all."""
    judged = of_table([[101, 1]])
    rows = {name: getattr(judged, name)[[0, 0, 1]] for name in ("votes", "label", "confidence", "documents")}
    strata = {"stratum": np.array([0, 1, 1]), "draws": np.array([100, 1, 1]), "population": np.array([1_000, 1_000])}
    accuracy = agreement(Judged(**rows, **strata, whole=False)).measures["accuracy"]
    assert accuracy == pytest.approx(Measure(0.75, 0.5, 1.0))


def test_what_was_drawn_whole_is_certain() -> None:
    judged = Judged(**vars(of_table([[7, 3]])) | {"whole": True})
    assert agreement(judged).measures["accuracy"] == pytest.approx(Measure(0.7, 0.7, 0.7))


def test_labels_that_as_many_said_share_a_document() -> None:
    judged = Judged(**vars(of_table([[4]])) | {"votes": np.array([[1, 1, 0, 0]])})
    found = agreement(judged)
    assert found.measures["accuracy"].value == pytest.approx(0.5)
    assert found.measures["krippendorffs_alpha"].value < 0


def test_draws_one_by_one_tell_what_they_tell_together() -> None:
    """An element a draw, each with a confidence of its own within the hundredth: figures and bounds are the same."""
    table = of_table([[88, 14, 18], [10, 40, 10], [2, 6, 12]], 0.905)
    rows = np.repeat(np.arange(len(table.label)), table.draws)
    columns = {name: getattr(table, name)[rows] for name in ("votes", "label", "stratum", "documents")}
    near = 0.905 + np.where(np.arange(len(rows)) % 2, 0.004, -0.004)
    single = Judged(
        **columns, confidence=near, draws=np.ones(len(rows), np.int64), population=table.population, whole=False
    )
    together, apart = agreement(table), agreement(single)
    assert apart.measures["accuracy"] == together.measures["accuracy"]
    assert apart.measures["cohens_kappa"] == together.measures["cohens_kappa"]
    np.testing.assert_array_equal(apart.confusion_low, together.confusion_low)
    assert apart.calibration[0].judged == 200
    assert apart.calibration[0].confidence.value == pytest.approx(near.mean())


def night(random: np.random.Generator, size: int = 3_000) -> dict[str, Any]:
    """Labels, confidences in three levels, sources, and what two people say; the scorer errs where it is unsure."""
    label = random.choice(4, size, p=[0.35, 0.45, 0.05, 0.15])
    level = random.choice(3, size, p=[0.2, 0.4, 0.4])
    wrong = random.random(size) < np.array([0.6, 0.35, 0.1])[level]
    truth = np.where(wrong, random.choice(4, size), label)
    other = np.where(random.random(size) < 0.15, random.choice(4, size), truth)
    people = np.eye(4, dtype=np.int64)[truth] + np.eye(4, dtype=np.int64)[other]
    confidence = np.array([0.45, 0.65, 0.9])[level]
    return {
        "votes": people,
        "label": label,
        "confidence": confidence,
        "stratum": (label * 3 + level) * 3 + random.choice(3, size),
    }


def drawn(whole: dict[str, Any], n: int, random: np.random.Generator) -> Judged:
    sizes = np.bincount(whole["stratum"], minlength=36)
    counts = allocated(sizes[sizes > 0], n)
    chosen = [
        random.choice(np.flatnonzero(whole["stratum"] == stratum), count, replace=False)
        for stratum, count in zip(np.flatnonzero(sizes), counts, strict=True)
    ]
    place = np.concatenate(chosen)
    ones = np.ones(len(place), dtype=np.int64)
    return Judged(
        **{name: column[place] for name, column in whole.items()}, draws=ones, documents=ones, population=sizes
    )


def whole_night(whole: dict[str, Any]) -> Agreement:
    size = len(whole["label"])
    ones = np.ones(size, dtype=np.int64)
    return agreement(Judged(**whole, draws=ones, documents=ones, population=np.bincount(whole["stratum"])))


def coverage(seeds: int) -> dict[str, float]:
    """How often the bounds of 200 documents hold what the whole night has."""
    whole = night(np.random.default_rng(0))
    truth = whole_night(whole).measures
    held = dict.fromkeys(truth, 0)
    for seed in range(seeds):
        found = agreement(drawn(whole, 200, np.random.default_rng(seed)), seed).measures
        for name, true in truth.items():
            held[name] += found[name].low <= true.value <= found[name].high
    return {name: count / seeds for name, count in held.items()}


def test_bounds_hold_the_truth_of_the_night() -> None:
    """Forty seeds: 95% of them, less what chance does (0.85 is 2.9 standard errors below)."""
    found = coverage(40)
    for name in ("accuracy", "macro_f1", "cohens_kappa", "krippendorffs_alpha"):
        assert found[name] >= 0.85, found


@pytest.mark.slow
def test_bounds_hold_the_truth_of_the_night_in_95_of_100_seeds() -> None:
    found = coverage(600)
    for name in ("accuracy", "macro_f1", "cohens_kappa", "krippendorffs_alpha"):
        assert 0.92 <= found[name] <= 0.98, found


def test_a_sample_has_of_each_stratum_what_its_size_asks_for() -> None:
    sizes = np.array([10_000, 400, 100, 3, 1])
    given = allocated(sizes, 200)
    assert given.sum() == 200
    assert given[3:].tolist() == [3, 1]
    assert given[0] / given[1] == pytest.approx(5, rel=0.05)
    assert allocated(sizes, 20_000).tolist() == sizes.tolist()
    assert not fits(sizes, 8)
    with pytest.raises(ValueError, match="strata"):
        allocated(sizes, 8)
