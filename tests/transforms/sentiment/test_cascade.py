"""What of a cascade is about rows: the draw, the sample's marks, whose row it is, who paid."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from tests.transforms.runs import RUN
from transforms.display import plan_text, run_text
from transforms.estimate import Estimate, Forecast, Plan
from transforms.schemas import SCORES
from transforms.sentiment.agreement import Rule
from transforms.sentiment.cascade import (
    LEAST_SAMPLE,
    MarkingCache,
    account,
    draws,
    group_name,
    judged,
    marks,
    merged,
    sample_size,
    with_bills,
)
from transforms.sentiment.protocols import Cached, Scores

KEYS = [bytes([number]) * 32 for number in range(100)]
ENTRY = Cached(Scores(1.0, 0.0, 0.0, 0.0), "en", "1")


def rows(*values: Mapping[str, object]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"billed_units": 0, "cache_hit": True, **value} for value in values], SCORES)


def test_a_night_draws_the_same_again_and_another_night_others() -> None:
    first = draws(marks(KEYS, "2026-11-22", b"key"))

    assert draws(marks(KEYS, "2026-11-22", b"key")).tolist() == first.tolist()
    for other in (marks(KEYS, "2026-11-23", b"key"), marks(KEYS, "2026-11-22", b"another")):
        assert not {*draws(other).tolist()} & {*first.tolist()}
        assert np.argsort(draws(other)).tolist() != np.argsort(first).tolist()
    assert 0.4 < (first / 2.0**64).mean() < 0.6


def test_a_sample_is_a_share_of_the_texts_and_enough_of_them() -> None:
    nobody = np.zeros(50_000, bool)
    draw = np.arange(50_000, dtype=np.uint64)

    assert sample_size(draw, nobody, 0.02) == 1_000
    assert sample_size(draw[:3_000], nobody[:3_000], 0.02) == LEAST_SAMPLE
    assert sample_size(draw[:50], nobody[:50], 0.02) == 50
    assert sample_size(draw[:0], nobody[:0], 0.02) == 0
    before = nobody.copy()
    before[1_500] = True  # for the sample of a try that drew more
    assert sample_size(draw, before, 0.02) == 1_501


class Written:
    """A cache that remembers how it was written to."""

    def __init__(self) -> None:
        self.puts: list[list[bytes]] = []

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, Cached]:
        return {key: ENTRY for put in self.puts for key in put if key in keys}

    def put(self, entries: Mapping[bytes, Cached]) -> None:
        self.puts.append([*entries])

    def close(self) -> None:
        pass


def test_what_is_bought_for_a_sample_is_kept_with_its_mark_at_once() -> None:
    cache = Written()
    marking = MarkingCache(cache, {KEYS[1]: b"mark"})

    marking.put({KEYS[0]: ENTRY, KEYS[1]: ENTRY})

    # In one put, and the mark after its text: alone it would have the text bought again.
    assert cache.puts == [[KEYS[0], KEYS[1], b"mark"]]
    assert {*marking.get([KEYS[0], b"mark"])} == {KEYS[0], b"mark"}


def test_groups_are_of_language_and_label() -> None:
    shares = {f"score_{name}": share for name, share in zip(Scores._fields, (0.1, 0.7, 0.1, 0.1), strict=True)}
    batch = rows(
        {"language": "de", "sentiment": "NEGATIVE", **shares},
        {"language": "en", "sentiment": "POSITIVE", **shares},
        {"language": "de"},
        {"language": "ja", "sentiment": "NEGATIVE", **shares},
    )
    found = judged(batch, ["de", "en"])

    assert found.groups.tolist() == [1, 4, -1, -1]
    assert found.confidence[0] == 0.7
    assert [group_name(group, ["de", "en"]) for group in (1, 4)] == [("de", "NEGATIVE"), ("en", "POSITIVE")]


def test_rows_that_were_divided_come_back_in_their_order() -> None:
    for mask in ([True, False, True], [False] * 3, [True] * 3):
        batch = rows(*({"document_id": name} for name in "abc"))
        chosen = pa.array(mask)
        whole = merged(chosen, batch.filter(chosen), batch.filter(pa.array([not each for each in mask])))
        assert whole["document_id"].to_pylist() == ["a", "b", "c"]


def test_a_bill_stands_on_the_first_row_of_its_text_once() -> None:
    units = {"x": 3, "y": 7}
    batch = rows(*({"content_key": key} for key in ("z", "x", "x", None)))

    found = with_bills(batch, units)
    assert (found["billed_units"].to_pylist(), found["cache_hit"].to_pylist()) == (
        [0, 3, 0, 0],
        [True, False, True, True],
    )
    assert units == {"y": 7}
    assert with_bills(batch, units)["billed_units"].to_pylist() == [0, 0, 0, 0]


def test_the_account_of_a_night() -> None:
    rule = Rule(np.array([0.5]), kept=800, verified=100, agreed=99)
    told = account(0.9, 1_000, 200, rule, 2_400)

    assert (told["kept"], told["saved_units"], told["agreement"]) == (800, 2_400, 0.99)
    assert told["overall"] == 1 - 0.01 * 0.8
    assert told["least"] < 0.99 < told["most"]
    assert account(0.9, 1_000, 200, None, 0) == {
        "asked": 0.9,
        "texts": 1_000,
        "sampled": 200,
        "kept": 0,
        "saved_units": 0,
    }


def test_a_run_says_what_was_kept_or_that_nothing_was() -> None:
    rule = Rule(np.array([0.5]), kept=800, verified=100, agreed=99)

    said = run_text(replace(RUN, cascade=account(0.95, 1_000, 200, rule, 2_400)))
    assert "800 of 1,000 texts keep their local label, which saved 2,400 units; of 100 not learned from 99.0%" in said
    assert "asked 95.0%" in said
    nothing = run_text(replace(RUN, cascade=account(0.95, 1_000, 200, None, 0)))
    assert "no local label is kept, by a sample of 200 of 1,000 texts" in nothing
    assert "label" not in run_text(RUN)


def test_a_plan_says_what_is_expected_or_that_nobody_knows() -> None:
    unknown = Plan("cascade", 10.0, 1, 0, Estimate(units=30_000))
    known = replace(unknown, forecast=Forecast("R1", 0.6))

    assert "that is the most" in plan_text(unknown)
    assert "12,000 units, $1.20, if it keeps as much as run R1, which did not buy 60.0%" in plan_text(known)
    assert (unknown.to_dict()["expected_units"], unknown.to_dict()["expected_from"]) == (30_000, None)
    assert (known.to_dict()["expected_dollars"], known.to_dict()["expected_from"]) == (1.2, "R1")
    assert "expected_units" not in replace(unknown, scorer="comprehend").to_dict()
