"""What a night will cost: the plan's numbers, and that what is counted is what scoring then buys."""

import random
from dataclasses import replace
from decimal import Decimal
from functools import reduce
from operator import add

import numpy as np
import pyarrow as pa
import pytest

from tests.transforms.sentiment.fakes import CountingScorer, DictCache, FirstWordDetector, fingerprint, prepared
from tests.transforms.sentiment.test_scoring import STAMP
from transforms.cost import ITEMS_A_CALL
from transforms.estimate import Estimate, Plan, Purchase, Tally, chunk_purchases
from transforms.sentiment.languages import ask_languages, with_languages_bought
from transforms.sentiment.partitions import partition_of, partitions
from transforms.sentiment.scoring import score_batch

LONG = "It is very good. It was quite bad."  # two chunks, of 17 bytes each


def tallied(*batches: pa.RecordBatch, cache: DictCache | None = None, detector: bool = False) -> Estimate:
    """What batches come to that one partition counts."""
    cache = cache if cache is not None else DictCache()
    tally = Tally(CountingScorer(), cache, fingerprint(), FirstWordDetector() if detector else None)
    for batch in batches:
        tally.add(batch)
        if not detector:
            tally.add_chunks(chunk_purchases(batch, CountingScorer(), cache, fingerprint()))
    return tally.estimate()


def cached(*texts: str) -> DictCache:
    """A cache that knows some English texts."""
    cache = DictCache()
    score_batch(prepared([{"text": text} for text in texts]), CountingScorer(), cache, fingerprint(), STAMP)
    return cache


def test_estimates_add_up() -> None:
    ones = Estimate(*[1] * 10)
    powers = Estimate(*(2**place for place in range(10)))

    assert ones + powers == Estimate(*(2**place + 1 for place in range(10)))
    assert Estimate() + ones == ones


def test_a_plan_in_numbers() -> None:
    estimate = Estimate(units=2_000_000, calls=2_400, units_without=3_000_000, documents=5)
    plan = Plan("comprehend", quota_tps=10.0, files=2, already=9_000_000, estimate=estimate)

    assert plan.dollars == 150  # a million at $0.0001 fills the month's first tier, another at $0.00005
    assert plan.dollars_without == 200
    assert plan.minutes == 4
    assert plan.to_dict() == {
        "scorer": "comprehend",
        "files": 2,
        "documents": 5,
        "rejected": 0,
        "unsupported": 0,
        "distinct": 0,
        "cache_hits": 0,
        "to_buy": 0,
        "units": 2_000_000,
        "calls": 2_400,
        "languages_asked": 0,
        "units_without": 3_000_000,
        "dollars": 150.0,
        "tiers": [
            {"price": 0.0001, "units": 1_000_000, "dollars": 100.0},
            {"price": 0.00005, "units": 1_000_000, "dollars": 50.0},
        ],
        "units_this_month": 9_000_000,
        "quota_tps": 10.0,
        "minutes": 4.0,
        "dollars_without": 200.0,
    }
    by_jobs = replace(plan, by_jobs=True)
    assert by_jobs.minutes is None
    assert by_jobs.to_dict()["minutes"] is None
    assert by_jobs.dollars == 150
    nothing = Plan("local", quota_tps=10.0, files=0, already=0)
    assert (nothing.dollars, nothing.tiers, nothing.minutes) == (Decimal(0), [], 0.0)


def test_what_a_batch_comes_to() -> None:
    rows: list[dict[str, str | None]] = [
        {"text": "fine"},
        {"text": " fine\n"},
        {"text": "known"},
        {"text": "new", "language": "es"},
        {"text": "neu", "language": "de"},
        {"text": "neu", "language": "de"},
        {"text": None},
    ]

    assert tallied(prepared(rows), cache=cached("known")) == Estimate(
        documents=7,
        rejected=1,
        unsupported=2,
        distinct=4,
        cache_hits=1,
        to_buy=2,
        units=4 + 3,
        calls=2,  # one for each language
        units_without=4 + 4 + 5 + 3,
    )


def test_what_an_earlier_batch_has_is_bought_and_counted_once() -> None:
    first, second = prepared([{"text": "one"}, {"text": "two"}]), prepared([{"text": "two"}, {"text": "three"}])

    both = tallied(first, second)

    assert (both.documents, both.distinct, both.to_buy, both.units, both.calls) == (4, 3, 3, 11, 1)
    assert both.units_without == 14


def test_a_call_takes_so_many_texts_of_a_language() -> None:
    def calls(count: int) -> int:
        return tallied(prepared([{"text": f"text {number}"} for number in range(count)])).calls

    assert [calls(count) for count in (0, 1, ITEMS_A_CALL, ITEMS_A_CALL + 1)] == [0, 1, 1, 2]


def test_chunks_are_bought_once_and_not_where_the_whole_or_they_are_known() -> None:
    batch = prepared([{"text": LONG}, {"text": f"{LONG} {LONG}"}, {"text": "It was quite bad."}])

    # "It is very good. ", "It was quite bad. " and "It was quite bad.", which is a text as well
    cold = tallied(batch)
    assert (cold.distinct, cold.to_buy, cold.units, cold.calls) == (3, 3, 17 + 18 + 17, 1)
    assert cold.units_without == 34 + 69 + 17
    whole = tallied(batch, cache=cached(LONG))
    assert (whole.cache_hits, whole.to_buy, whole.units) == (2, 1, 18)
    ends = tallied(batch, cache=cached("It was quite bad."))
    assert (ends.cache_hits, ends.to_buy, ends.units) == (1, 2, 17 + 18)


def test_chunks_are_told_apart_from_their_texts() -> None:
    rows = [{"text": "fine"}, {"text": LONG}, {"text": LONG, "language": "de"}, {"text": f" {LONG}"}]

    apart = chunk_purchases(prepared(rows), CountingScorer(), DictCache(), fingerprint())

    texts = pa.array(["It is very good. ", "It was quite bad."])
    keys = fingerprint().keys(texts, pa.array(["en", "en"])).to_pylist()
    assert apart == [Purchase(bytes.fromhex(key), "en", 17) for key in keys]
    assert chunk_purchases(prepared(rows), CountingScorer(), cached(LONG), fingerprint()) == []
    assert chunk_purchases(prepared([{}, {"text": None}]), CountingScorer(), DictCache(), fingerprint()) == []


def test_languages_that_are_asked_for_count_as_english_until_then() -> None:
    rows = [{"text": text, "language": None} for text in ("es uno", "es uno", "nl twee", "en three")]
    batch = prepared([*rows, {"text": "es uno", "language": "en"}], default=None)

    cold = tallied(batch, batch, detector=True)
    assert (cold.languages_asked, cold.distinct, cold.to_buy) == (3, 3, 3)
    assert cold.units == 3 + len("es uno") + len("nl twee") + len("en three")
    assert cold.calls == 1 + 1
    cache = DictCache()
    ask_languages(batch, FirstWordDetector(), cache, fingerprint(), defer_without_cache=False)
    warm = tallied(batch, cache=cache, detector=True)
    assert (warm.languages_asked, warm.distinct, warm.unsupported, warm.to_buy) == (0, 4, 1, 3)
    assert warm.units == len("es uno") * 2 + len("en three")


def test_a_text_whose_language_nobody_can_tell_is_a_text() -> None:
    batch = prepared([{"text": "what is it", "language": None}], default=None)
    cache = DictCache()
    ask_languages(batch, FirstWordDetector(), cache, fingerprint(), defer_without_cache=False)

    known = tallied(batch, cache=cache, detector=True)

    assert (known.languages_asked, known.distinct, known.unsupported, known.to_buy) == (0, 1, 1, 0)


def random_batches(seed: int, language: str | None) -> list[pa.RecordBatch]:
    """Copies, white space, languages, texts that share chunks, and rejections."""
    chance = random.Random(seed)
    bodies = [
        " ".join(chance.choices(["good", "bad", "fine", "late", "it is."], k=chance.randint(1, 9))) for _ in "ab" * 8
    ]
    batches = []
    for _ in range(3):
        texts = [
            chance.choice([None, *bodies, chance.choice(bodies) + " \u2003" + chance.choice(bodies)]) for _ in range(30)
        ]
        languages = chance.choices(["en", "es", "de", language], k=30)
        rows = [{"text": text, "language": named} for text, named in zip(texts, languages, strict=True)]
        batches.append(prepared(rows, default=None))
    return batches


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("before", [False, True])
def test_plan_and_bill_agree_whatever_the_partitions(seed: int, before: bool) -> None:
    batches, count = random_batches(seed, "en"), 3
    cache = DictCache()
    if before:
        score_batch(random_batches(seed, "en")[0], CountingScorer(), cache, fingerprint(), STAMP)
    workers = [Tally(CountingScorer(), cache, fingerprint()) for _ in range(count)]
    scorer, billed = CountingScorer(), 0
    for batch in batches:
        numbers = partitions(batch, scorer.max_bytes, fingerprint(), count, languages_asked=False)
        for number, worker in enumerate(workers):
            worker.add(batch.take(pa.array(np.flatnonzero(numbers == number))))
        for chunk in chunk_purchases(batch, scorer, cache, fingerprint()):
            workers[partition_of(chunk.key, count)].add_chunks([chunk])

    planned = reduce(add, (worker.estimate() for worker in workers))
    for batch in batches:
        rows = score_batch(batch, scorer, cache, fingerprint(), STAMP)
        billed += sum(rows["billed_units"].to_pylist())

    assert planned.units == billed > 0
    assert planned.units == sum(len(text.encode()) for text, _ in scorer.sent)


@pytest.mark.parametrize("seed", range(10))
def test_plan_and_bill_agree_where_languages_are_asked_for(seed: int) -> None:
    """Of texts that are English where nobody says so."""
    cache, detector = DictCache(), FirstWordDetector()
    batches = random_batches(seed, None)
    planned = tallied(*batches, cache=cache, detector=True)

    detector.detect = lambda texts: iter([dict.fromkeys(range(len(texts)), "en")])  # type: ignore[method-assign] # so
    billed = 0
    for batch in batches:
        named = ask_languages(batch, detector, cache, fingerprint(), defer_without_cache=False)
        rows = score_batch(named.prepared, CountingScorer(), cache, fingerprint(), STAMP)
        billed += sum(with_languages_bought(rows, named)["billed_units"].to_pylist())

    assert planned.units == billed > 0
