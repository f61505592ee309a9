"""What a night will cost, as numbers: what scoring would buy, counted and not bought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from transforms.cost import ITEMS_A_CALL, TierCost, by_tier, dollars
from transforms.pii.redacted import redacted_texts
from transforms.sentiment.languages import known_languages, name, unnamed
from transforms.sentiment.protocols import LanguageDetector, ScoreCache, Scorer
from transforms.sentiment.scoring import look_up, to_buy, wanted
from transforms.text import Fingerprint

# What a document counts as whose language is not known before it is paid for.
ASSUMED = "en"


@dataclass(frozen=True)
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


class Forecast(NamedTuple):
    """What an earlier night by a cascade says of the next."""

    run_id: str
    kept: float  # the share of units that it did not have to buy


@dataclass(frozen=True)
class Plan:
    """What a night would do. Money is in dollars of transforms.cost."""

    scorer: str
    quota_tps: float  # calls a second
    files: int
    already: int  # units that were spent this month
    estimate: Estimate = field(default_factory=Estimate)
    by_jobs: bool = False  # whether the service takes its own time, and not calls at the quota
    forecast: Forecast | None = None  # of a cascade, where there is one; without, all counts as bought

    @property
    def expected_units(self) -> int:
        """What is to be bought, as far as an earlier night can tell."""
        return round(self.estimate.units * (1 - self.forecast.kept)) if self.forecast else self.estimate.units

    @property
    def expected_dollars(self) -> Decimal:
        """What that costs."""
        return dollars(self.expected_units, self.already)

    @property
    def dollars(self) -> Decimal:
        """What it costs, and a cascade at most."""
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
    def minutes(self) -> float | None:
        """How long the calls take at the quota; None where nobody knows before."""
        return None if self.by_jobs else self.estimate.calls / self.quota_tps / 60

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it: dollars and minutes are numbers, dollars exact."""
        tiers = [
            {"price": float(tier.price), "units": tier.units, "dollars": float(tier.dollars)} for tier in self.tiers
        ]
        expected = {
            "expected_units": self.expected_units,
            "expected_dollars": float(self.expected_dollars),
            "expected_from": self.forecast.run_id if self.forecast else None,
        }
        return {
            "scorer": self.scorer,
            "files": self.files,
            **vars(self.estimate),
            "dollars": float(self.dollars),
            "tiers": tiers,
            "units_this_month": self.already,
            "quota_tps": self.quota_tps,
            "minutes": None if self.minutes is None else round(self.minutes, 2),
            "dollars_without": float(self.dollars_without),
            **(expected if self.scorer == "cascade" else {}),
        }


class Purchase(NamedTuple):
    """What would be bought as one: a text, or a chunk of a long one."""

    key: bytes
    language: str
    units: int


def chunk_purchases(
    prepared: pa.RecordBatch, scorer: Scorer, cache: ScoreCache, fingerprint: Fingerprint
) -> list[Purchase]:
    """The chunks of a batch's long texts that are not known as a whole; keys may repeat.

    For `Tally.add_chunks` where each key belongs (`partition_of`): a chunk may be another text's, or a text. Raises
    CacheError.
    """
    lengths = pc.fill_null(pc.binary_length(redacted_texts(prepared).array), 0)
    long = prepared.filter(pc.greater(lengths, scorer.max_bytes))
    if not long.num_rows:
        return []
    needed = look_up(wanted(long, scorer), cache, fingerprint).needed
    return [Purchase(item.key, item.language, scorer.units(item.text)) for item in chain.from_iterable(needed.values())]


class Tally:
    """Counts what comes to one partition, batch by batch.

    Chunks of long texts are left to `add_chunks`, but where a detector would be asked: there the languages, and with
    them the keys of chunks, are not known before, and each partition counts its own.
    """

    def __init__(
        self, scorer: Scorer, cache: ScoreCache, fingerprint: Fingerprint, detector: LanguageDetector | None = None
    ) -> None:
        self._scorer, self._cache, self._fingerprint, self._detector = scorer, cache, fingerprint, detector
        self._counted = Estimate()
        self._asked: set[bytes] = set()  # keys of texts whose language is asked for
        self._texts: set[bytes] = set()  # keys of texts that were counted
        self._bought: dict[str, dict[bytes, int]] = {}  # language -> key -> units

    def add(self, prepared: pa.RecordBatch) -> None:
        """Count a batch of schemas.PREPARED, and what is to be bought of it. Raises CacheError."""
        if self._detector:
            prepared = self._ask(prepared, self._detector)
        asked = wanted(prepared, self._scorer)
        found = look_up(asked, self._cache, self._fingerprint)
        new = {place for place, key in enumerate(asked.keys) if key not in self._texts}
        self._texts.update(asked.keys)
        here = {place: items for place, items in found.needed.items() if self._detector or place not in asked.chunks}
        for language, texts in to_buy(here, self._cache).texts.items():
            units = {key: self._scorer.units(text) for key, text in texts.items()}
            self._bought.setdefault(language, {}).update(units)
        copies = Counter(asked.of_row.tolist())
        supported = [place for place in range(len(asked.keys)) if asked.supported[place]]
        self._counted += Estimate(
            documents=prepared.num_rows,
            rejected=copies[-1],
            unsupported=sum(copies[place] for place in range(len(asked.keys)) if not asked.supported[place]),
            distinct=len(new),
            cache_hits=sum(asked.keys[place] in found.known for place in new),
            to_buy=len(new & found.needed.keys()),
            units_without=sum(
                copies[place] * sum(map(self._scorer.units, sent))
                for place, sent in zip(supported, asked.sent(supported), strict=True)
            ),
        )

    def add_chunks(self, chunks: Sequence[Purchase]) -> None:
        """Count chunks that belong to this partition, each key once, as far as the cache does not know them.

        Raises CacheError.
        """
        known = self._cache.get([each.key for each in chunks]) if chunks else {}
        for each in chunks:
            if each.key not in known:
                self._bought.setdefault(each.language, {})[each.key] = each.units

    def estimate(self) -> Estimate:
        """What was counted, and what all that is to be bought of it comes to."""
        counted = self._counted
        bought = self._bought.values()
        return replace(
            counted,
            units=counted.units + sum(sum(units.values()) for units in bought),
            calls=counted.calls + sum(_calls(len(units)) for units in bought),
        )

    def _ask(self, prepared: pa.RecordBatch, detector: LanguageDetector) -> pa.RecordBatch:
        """Count what asking for a batch's languages adds; the batch, with ASSUMED for what would be asked for."""
        found = unnamed(prepared)
        known = known_languages(found, self._cache)
        missing = [place for place, key in enumerate(found.keys) if key not in known]
        new = [place for place in missing if found.keys[place] not in self._asked]
        self._asked.update(found.keys)
        self._counted += Estimate(
            languages_asked=len(new),
            units=sum(map(detector.units, found.shown(new, detector.max_bytes))),
            calls=_calls(len(new)),
        )
        assumed = known | {found.keys[place]: ASSUMED for place in missing}
        return name(prepared, found, assumed, self._fingerprint, {}).prepared


def _calls(texts: int) -> int:
    """How many calls it takes to send so many texts of one language."""
    return -(-texts // ITEMS_A_CALL)
