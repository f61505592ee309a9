"""What a night would cost: everything that `nightly` does before it buys, and nothing bought, written or published."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from jobs.budget import already_spent
from jobs.buying import Piece, cut, part_of, prepared_splits, together
from jobs.drops import Split
from jobs.intake import count_parts, key_of, listed, policy_of, recipe_of, take_in, task_splits
from jobs.lake import Lake, open_lake
from jobs.pipeline import Recipe, TaskReport, services
from jobs.services.batches import ITEMS_A_CALL
from jobs.services.ledger import LocalLedger
from jobs.services.scorers import scorer_type
from jobs.session import spark_session
from jobs.settings import ASK, NightlySettings
from jobs.spread import shuffle
from jobs.stopwatch import Stopwatch
from transforms.asking import known_languages, name, unnamed
from transforms.cost import TierCost, by_tier, dollars
from transforms.report import money
from transforms.scoring import Item, items, known_pieces, known_scores, wanted
from transforms.sentiment.protocols import LanguageDetector, ScoreCache, Scorer

# What a document counts as whose language is not known before it is paid for.
ASSUMED = "en"


@dataclass
class Estimate:
    """What is to be bought, as one worker counts it; estimates of several add up."""

    documents: int = 0
    rejected: int = 0
    unsupported: int = 0  # documents in languages that the scorer does not know
    distinct: int = 0  # texts
    cache_hits: int = 0  # of these, how many need not be bought
    to_buy: int = 0  # and how many are to be; the others are in languages that the scorer does not know
    units: int = 0
    calls: int = 0
    languages_asked: int = 0  # texts whose language is asked for; they count as if it was ASSUMED
    units_without: int = 0  # had each document been bought by itself

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            *(mine + theirs for mine, theirs in zip(vars(self).values(), vars(other).values(), strict=True))
        )


@dataclass(frozen=True)
class Plan:
    """What a night would do."""

    scorer: str
    quota_tps: float
    files: int
    already: int  # units that were spent this month
    estimate: Estimate = field(default_factory=Estimate)

    @property
    def dollars(self) -> Decimal:
        """What it costs."""
        return dollars(self.estimate.units, self.already)

    @property
    def dollars_without(self) -> Decimal:
        """What it would cost, had each document been bought by itself."""
        return dollars(self.estimate.units_without, self.already)

    @property
    def tiers(self) -> list[TierCost]:
        """What falls into which tier of the month's price."""
        return by_tier(self.estimate.units, self.already)

    @property
    def minutes(self) -> float:
        """How long the calls take at the quota."""
        return self.estimate.calls / self.quota_tps / 60

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it: dollars and minutes are numbers, dollars exact."""
        tiers = [
            {"price": float(tier.price), "units": tier.units, "dollars": float(tier.dollars)} for tier in self.tiers
        ]
        return {
            "scorer": self.scorer,
            "files": self.files,
            **vars(self.estimate),
            "dollars": float(self.dollars),
            "tiers": tiers,
            "units_this_month": self.already,
            "quota_tps": self.quota_tps,
            "minutes": round(self.minutes, 2),
            "dollars_without": float(self.dollars_without),
        }

    def _time(self) -> str:
        return f"{self.minutes:.1f} minutes" if self.minutes >= 1 else f"{60 * self.minutes:.1f} s"

    def _languages(self) -> str:
        asked = self.estimate.languages_asked
        return f", with {asked:,} languages to ask for: until then those texts count as {ASSUMED}" if asked else ""

    def plain(self) -> str:
        """The lines that are printed."""
        found = self.estimate
        tiers = "; ".join(
            f"{tier.units:,} at ${tier.price.normalize():f}: {money(float(tier.dollars))}" for tier in self.tiers
        )
        lines = {
            "files": f"{self.files:,}",
            "documents": f"{found.documents:,}, of which {found.rejected:,} rejected and "
            f"{found.unsupported:,} in languages that {self.scorer} does not know",
            "distinct texts": f"{found.distinct:,}",
            "cache hits": f"{found.cache_hits:,}",
            "to buy": f"{found.to_buy:,} texts, {found.units:,} units" + self._languages(),
            "cost": f"{money(float(self.dollars))}" + (f" ({tiers})" if tiers else ""),
            "this month": f"{self.already:,} units spent before",
            "calls": f"{found.calls:,}, {self._time()} at {self.quota_tps:g} a second",
            "otherwise": f"{money(float(self.dollars_without))}, each document bought by itself, without a cache",
        }
        return "\n".join(f"{name:<16}{value}" for name, value in lines.items())


def plan(settings: NightlySettings) -> Plan:
    """Count what a night with these settings would buy. Raises as `nightly.run` does before it writes."""
    scorer_type(settings.scorer)
    key, policy = key_of(settings), policy_of(settings)
    listing = listed(settings)
    with _lake(settings.lake) as lake:
        intake = take_in(listing, lake, LocalLedger(lake.ledger), reprocess=settings.reprocess)
        recipe = recipe_of(settings, policy, key, lake, intake)
        estimate = Estimate()
        if intake.files:
            spark = spark_session("aurastream plan")
            cores = spark.sparkContext.defaultParallelism
            tasks, count = task_splits(intake.files, cores), count_parts(intake.files, cores)
            counted = shuffle(spark, "planning", tasks, partial(_parts, recipe, count), partial(_count, recipe), count)
            estimate = sum(counted, start=estimate)
        return Plan(settings.scorer, settings.quota_tps, len(intake.files), already_spent(lake), estimate)


@contextmanager
def _lake(location: str) -> Iterator[Lake]:
    """The lake as it is; where there is none, an empty one that goes again, for a plan makes nothing."""
    if "://" in location or (Path(location) / "ledger.sqlite").exists():
        yield open_lake(location, create=False)
    else:
        with tempfile.TemporaryDirectory(prefix="aurastream-plan-") as folder:
            yield open_lake(folder, create=True)


class Purchase(NamedTuple):
    """What would be bought as one: a text, or a piece of a long one."""

    key: bytes
    language: str
    units: int

    @classmethod
    def of(cls, item: Item, scorer: Scorer) -> Purchase:
        """What buying an item comes to."""
        return cls(item.key, item.language, scorer.units(item.text))


def _parts(recipe: Recipe, parts: int, _: int, splits: Sequence[Split]) -> Iterator[tuple[int, Piece | Purchase]]:
    """What a night's workers hand on, and the pieces of long texts each by itself: one may be another text's, too."""
    watch = Stopwatch()
    report = TaskReport(seconds=watch.seconds)
    with services(recipe, watch) as (scorer, cache, _detector):
        for ds, prepared in prepared_splits(recipe, splits, report, watch):
            yield from cut(ds, prepared, recipe, parts)
            if recipe.language == ASK:  # their languages are known later, and their pieces counted with them
                continue
            asked = wanted(prepared, scorer)
            known = known_scores(asked, cache) if asked.pieces else {}
            places = [place for place in asked.pieces if asked.supported[place] and place not in known]
            for item in chain.from_iterable(items(asked, places, scorer, recipe.fingerprint)):
                yield part_of(item.key, parts), Purchase.of(item, scorer)


@dataclass
class _Counter:
    """Counts what comes to one part."""

    recipe: Recipe
    scorer: Scorer
    cache: ScoreCache
    texts: set[bytes] = field(default_factory=set)  # keys of texts that were counted
    bought: dict[str, dict[bytes, int]] = field(default_factory=dict)  # language -> key -> units

    def buy(self, wanted: Iterable[Purchase], known: Collection[bytes]) -> None:
        """Count what is not known, each key once."""
        for each in wanted:
            if each.key not in known:
                self.bought.setdefault(each.language, {})[each.key] = each.units

    def rows(self, prepared: pa.RecordBatch) -> Estimate:
        """Count rows of schemas.PREPARED, and what is to be bought of them."""
        asked = wanted(prepared, self.scorer)
        copies = Counter(asked.of_row.tolist())
        places = range(len(asked.keys))
        supported = [place for place in places if asked.supported[place]]
        new = [place for place in places if asked.keys[place] not in self.texts]
        known = known_scores(asked, self.cache)
        needed = dict(zip(supported, items(asked, supported, self.scorer, self.recipe.fingerprint), strict=True))
        of_place = {place: sum(self.scorer.units(item.text) for item in needed[place]) for place in supported}
        self.texts.update(asked.keys)
        apart = set() if self.recipe.language == ASK else asked.pieces.keys()  # see `_parts`
        to_buy = [place for place in new if place in needed and place not in known]
        missing = {place: needed[place] for place in to_buy if place not in apart}
        purchases = (Purchase.of(item, self.scorer) for item in chain.from_iterable(missing.values()))
        self.buy(purchases, known_pieces(missing, self.cache))
        return Estimate(
            documents=prepared.num_rows,
            rejected=copies[-1],
            unsupported=sum(copies[place] for place in places if not asked.supported[place]),
            distinct=len(new),
            cache_hits=sum(place in known for place in new),
            to_buy=len(to_buy),
            units_without=sum(copies[place] * units for place, units in of_place.items()),
        )

    def total(self) -> Estimate:
        """What is to be bought of all that was counted."""
        return Estimate(
            units=sum(sum(units.values()) for units in self.bought.values()),
            calls=sum(-(-len(units) // ITEMS_A_CALL) for units in self.bought.values()),
        )


def _count(recipe: Recipe, _part: int, found: Iterator[Piece | Purchase]) -> Estimate:
    watch, report = Stopwatch(), TaskReport()
    estimate = Estimate()
    apart: list[Purchase] = []

    def rows() -> Iterator[Piece]:
        for each in found:
            if isinstance(each, Purchase):
                apart.append(each)
            else:
                yield each

    with services(recipe, watch) as (scorer, cache, detector):
        counter = _Counter(recipe, scorer, cache)
        for _dates, prepared in together(rows(), report, watch):
            if detector:
                prepared, asked = _asked(prepared, detector, counter)
                estimate += asked
            estimate += counter.rows(prepared)
        counter.buy(apart, cache.get([each.key for each in apart]) if apart else ())
    return estimate + counter.total()


def _asked(prepared: pa.RecordBatch, detector: LanguageDetector, counter: _Counter) -> tuple[pa.RecordBatch, Estimate]:
    """What asking for a batch's languages adds, and the batch, with ASSUMED for what would be asked for."""
    found = unnamed(prepared)
    known = known_languages(found, counter.cache)
    missing = [place for place in range(len(found.keys)) if place not in known]
    new = [place for place in missing if found.keys[place] not in counter.texts]
    counter.texts.update(found.keys)
    units = sum(map(detector.units, found.asked(new, detector.max_bytes)))
    assumed = known | dict.fromkeys(missing, ASSUMED)
    named = name(prepared, found, assumed, counter.recipe.fingerprint, {})
    return named.prepared, Estimate(languages_asked=len(new), units=units, calls=-(-len(new) // ITEMS_A_CALL))
