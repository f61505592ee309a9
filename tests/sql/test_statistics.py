"""What the views reckon is what the formulas' own sources give, and what Python reckons by another way."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import NormalDist, fmean, median, pstdev, variance
from typing import Any

import pytest
from scipy.special import digamma, polygamma
from scipy.stats import t as student

from tests.sql.rows import Row, answer

NORMAL = NormalDist()
MONDAY = 2


def night(number: int) -> str:
    return f"2026-11-{MONDAY + number:02}"


def labelled(ds: str, negative: int, scored: int, source: str = "mail") -> list[Row]:
    kinds = (("NEGATIVE", negative), ("POSITIVE", scored - negative))
    return [{"ds": ds, "source": source, "language": "en", "sentiment": label, "times": n} for label, n in kinds if n]


@pytest.mark.parametrize(
    ("x", "n", "low", "high"), [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)]
)
def test_wilson_as_newcombe_tabulates(tmp_path: Path, x: int, n: int, low: float, high: float) -> None:
    """Newcombe 1998, Statistics in Medicine 17, 857-872, table I, method 3."""
    (row,) = answer(labelled(night(0), x, n), tmp_path, "SELECT * FROM daily_sentiment")
    assert (row["share_negative_low"], row["share_negative_high"]) == pytest.approx((low, high), abs=5e-5)


def test_change_bounds_as_newcombe_tabulates(tmp_path: Path) -> None:
    """Newcombe 1998, Statistics in Medicine 17, 873-890, table II, method 10: 56/70 - 48/80 is 0.0524 to 0.3339."""
    rows = [*labelled(night(0), 48, 80), *labelled(night(7), 56, 70)]
    row = answer(rows, tmp_path, "SELECT * FROM weekly_trend WHERE change IS NOT NULL")[0]
    assert (row["change"], row["change_low"], row["change_high"]) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def test_two_proportions_and_holm(tmp_path: Path) -> None:
    counts = {"a": (30, 200, 50, 200), "b": (30, 200, 31, 200), "c": (10, 100, 30, 100), "d": (5, 50, 9, 50)}
    rows = []
    for source, (x0, n0, x, n) in counts.items():
        rows += [*labelled(night(0), x0, n0, source), *labelled(night(7), x, n, source)]
    found = {row["source"]: row for row in answer(rows, tmp_path, "SELECT * FROM weekly_trend WHERE z IS NOT NULL")}

    expected: dict[str, tuple[float, float]] = {}
    for source, (x0, n0, x, n) in counts.items():
        pooled = (x0 + x) / (n0 + n)
        z = (x / n - x0 / n0) / math.sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n))
        expected[source] = z, 2 * (1 - NORMAL.cdf(abs(z)))
    largest = 0.0
    for place, source in enumerate(sorted(counts, key=lambda each: expected[each][1])):
        largest = max(largest, min(1.0, (len(counts) - place) * expected[source][1]))
        row = found[source]
        assert row["z"] == pytest.approx(expected[source][0])
        assert row["p_value"] == pytest.approx(expected[source][1], rel=1e-6)
        assert row["p_adjusted"] == pytest.approx(largest, rel=1e-6)
        assert row["beyond_chance"] == (largest < 0.01)
    assert [source for source, row in found.items() if row["beyond_chance"]] == ["c"]


def by_ranges(negative: list[int]) -> float:
    """How many times as far as by chance the share of 100 documents moves from one night to the next."""
    share = fmean(negative) / 100
    moved = [abs(after - before) / 100 / math.sqrt(share * (1 - share) / 100) for before, after in pairwise(negative)]
    return median(moved) / (math.sqrt(2) * NORMAL.inv_cdf(0.75))


def moderated(own: list[float], freedom: float) -> list[tuple[float, float]]:
    """Each row's dispersion and degrees of freedom, by Smyth 2004 (3.1 and 6.2) and Satterthwaite 1946."""
    logs = [2 * math.log(each) for each in own]
    prior = max(1.0, math.exp((fmean(logs) - digamma(freedom / 2) + math.log(freedom / 2)) / 2))
    spread = variance(logs) - polygamma(1, freedom / 2)
    found = min(4 * freedom, len(own) / 2 * freedom, 1 + 2 / spread if spread > 0 else math.inf)
    both = [max(1.0, (found * prior**2 + freedom * each**2) / (found + freedom)) for each in own]
    return [(math.sqrt(each), (found + freedom) * (each / (each - 1)) ** 2 if each > 1 else math.inf) for each in both]


@pytest.mark.parametrize(
    ("wild", "jumps"), [([5, 35, 4, 38, 6, 33, 3, 36], True), ([20, 24, 18, 25, 17, 21, 16, 26], False)]
)
def test_nights_that_differ_by_themselves_count_for_less(tmp_path: Path, wild: list[int], jumps: bool) -> None:
    """The same change beside nights that jump about, and beside such as chance makes them."""
    calm, wild = [20, 25, 18, 21, 17, 22, 19, 24] * 3, wild * 3
    rows = []
    for number, (one, other) in enumerate(zip(calm, wild, strict=True)):
        rows += [*labelled(night(number), one, 100, "calm"), *labelled(night(number), other, 100, "wild")]
    rows += [*labelled(night(24), 60, 100, "calm"), *labelled(night(24), 60, 100, "wild")]
    sql = "SELECT * FROM movers WHERE label = 'NEGATIVE' AND language = '*'"
    found = {row["source"]: row for row in answer(rows, tmp_path, sql)}

    freedom = 23 / 3
    told = moderated([by_ranges(calm), by_ranges(wild)] * 2, freedom)  # of two labels each
    for source, (dispersion, degrees) in zip(("calm", "wild"), told, strict=False):
        row = found[source]
        assert row["dispersion"] == pytest.approx(dispersion, rel=0.02)
        assert row["p_value"] == pytest.approx(2 * student.sf(abs(row["z"]) / row["dispersion"], degrees), rel=0.1)
    assert [row["beyond_chance"] for row in found.values()] == [source != "wild" or not jumps for source in found]


def test_a_row_that_jumps_by_accident_is_drawn_towards_the_others(tmp_path: Path) -> None:
    """Eight sources that differ as chance has it: what one's nights happen to do says little."""
    random = Random(22)
    counts = {f"s{each}": [sum(random.random() < 0.3 for _ in range(100)) for _ in range(24)] for each in range(8)}
    rows = [
        row for name, each in counts.items() for n, x in enumerate(each) for row in labelled(night(n), x, 100, name)
    ]
    sql = "SELECT * FROM movers WHERE label = 'NEGATIVE' AND language = '*'"
    found = [row["dispersion"] for row in answer(rows, tmp_path, sql) if row["source"] != "*"]
    own = [by_ranges(each[:-1]) for each in counts.values()]
    assert max(own) > 1.4
    assert max(found) < 1.2


def test_an_outage_does_not_make_nights_differ_anyway(tmp_path: Path) -> None:
    """Four nights of three weeks jump, and the week in which they do is told by its change all the same."""
    negative = [18, 25, 17, 24, 18, 26, 17, 25, 18, 24, 17, 25, 18, 24, 20, 60, 62, 58, 61, 19, 25]
    rows = [row for number, x in enumerate(negative) for row in labelled(night(number), x, 100)]
    (row,) = answer(rows, tmp_path, "SELECT * FROM weekly_trend WHERE beyond_chance")
    assert str(row["week"]) == "2026-11-16"
    pooled = fmean(negative[7:]) / 100
    moved = [abs(after - before) / 100 / math.sqrt(pooled * (1 - pooled) / 100) for before, after in pairwise(negative)]
    assert row["dispersion"] == pytest.approx(median(moved) / (math.sqrt(2) * NORMAL.inv_cdf(0.75)))
    assert row["dispersion"] > 1


def test_movers_and_weeks_tell_alike_how_nights_differ_anyway(tmp_path: Path) -> None:
    """Four nights of an outage that is over do not make them differ more, to either."""
    negative = [18, 25, 17, 24, 18, 26, 17, 25, 18, 60, 62, 58, 61, 24, 20, 19, 23, 20, 24, 19, 24]
    rows = [row for number, x in enumerate([*negative, 46]) for row in labelled(night(number), x, 100)]
    (row,) = answer(
        rows, tmp_path, "SELECT * FROM movers WHERE source = 'mail' AND language = '*' AND label = 'NEGATIVE'"
    )
    share = fmean(negative) / 100
    moved = [abs(after - before) / 100 / math.sqrt(share * (1 - share) / 100) for before, after in pairwise(negative)]
    assert row["dispersion"] == pytest.approx(moderated([by_ranges(negative)] * 2, 20 / 3)[0][0], rel=0.02)
    assert row["dispersion"] < fmean(moved) / (2 / math.sqrt(math.pi)) - 0.2
    (week,) = answer(rows, tmp_path, "SELECT * FROM weekly_trend WHERE week = DATE '2026-11-16'")
    assert week["dispersion"] == pytest.approx(row["dispersion"], rel=0.1)


def test_log_odds_with_a_prior(tmp_path: Path) -> None:
    """Monroe, Colaresi and Quinn 2008, equations 15 to 23, over the single words of two small corpora."""
    negative = [
        "price too high",
        "the price again",
        "too high a price",
        "price",
        "the price the price",
        "a price",
        "price too",
        "price price",
    ]
    other = ["the lamp", "a lamp too", "the lovely lamp", "lovely"]
    rows: list[Row] = [
        {
            "ds": night(0),
            "language": "en",
            "sentiment": label,
            "document_id": text,
            "content_key": text,
            "redacted_text": text,
        }
        for label, texts in (("NEGATIVE", negative), ("NEUTRAL", other))
        for text in texts
    ]
    (row,) = answer(rows, tmp_path, "SELECT * FROM words_by_sentiment WHERE words = 'price'")
    y, y0 = Counter(" ".join(negative).split()), Counter(" ".join(other).split())
    n, n0 = y.total(), y0.total()
    size = (n + n0) / 10
    prior = size * (y["price"] + y0["price"]) / (n + n0)

    def odds(count: int, total: int) -> float:
        return math.log((count + prior) / (total + size - count - prior))

    log_odds = odds(y["price"], n) - odds(y0["price"], n0)
    error = math.sqrt(1 / (y["price"] + prior) + 1 / (y0["price"] + prior))
    assert (row["log_odds"], row["z"]) == pytest.approx((log_odds, log_odds / error))
    assert row["z"] > 1.96


def test_population_stability_index(tmp_path: Path) -> None:
    before, last = {"en": 300, "es": 60, "de": 0}, {"en": 50, "es": 30, "de": 20}
    rows: list[Row] = []
    for number in range(3):
        rows += [
            {"ds": night(number), "language": name, "sentiment": "NEUTRAL", "times": n // 3}
            for name, n in before.items()
            if n
        ]
    rows += [{"ds": night(3), "language": name, "sentiment": "NEUTRAL", "times": n} for name, n in last.items()]
    sql = "SELECT * FROM drift WHERE source = 'mail' AND measure = 'languages'"
    (row,) = answer(rows, tmp_path, sql)
    psi = 0.0
    for name, x in last.items():
        p, q = (x + 0.5) / 101.5, (before[name] + 0.5) / 361.5
        psi += (p - q) * math.log(p / q)
    assert row["psi"] == pytest.approx(psi)
    # The 0.999 quantile of chi-squared with two degrees of freedom is 13.816; the approximation is 2% above.
    assert row["chance"] == pytest.approx(2 * 13.816 * (1 / 100 + 1 / 360), rel=0.025)
    assert (row["verdict"], row["most"], row["share"], row["share_before"]) == ("drifted", "de", 0.2, 0.0)


def test_volume_against_how_nights_differ(tmp_path: Path) -> None:
    def verdict(nights: list[int], last: int) -> dict[str, Any]:
        folder = tmp_path / f"{sum(nights)}-{last}"
        folder.mkdir()
        rows = [{"ds": night(i), "sentiment": "NEUTRAL", "times": n} for i, n in enumerate([*nights, last]) if n]
        return answer(rows, folder, "SELECT * FROM drift WHERE source = '*' AND measure = 'volume'")[0]

    even, uneven = [40, 42, 38, 41, 39, 40, 43, 40], [10, 70, 15, 80, 20, 75, 12, 78]
    assert verdict(even, 44)["verdict"] == "stable"
    assert verdict(even, 90)["verdict"] == "drifted"
    assert verdict(even, 12)["verdict"] == "drifted"
    found = verdict(uneven, 90)
    assert found["verdict"] == "stable"
    far = 3.2905 * pstdev(uneven) / (fmean(uneven) + 0.5)
    assert found["chance"] == pytest.approx(far * math.log(1 + far), rel=1e-4)
    assert verdict(even[:6], 90)["verdict"] == "too few nights before"
