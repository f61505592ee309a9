"""A free scorer first and a paid one for the rest: what of it is about rows. What is kept is for `agreement` to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from math import ceil
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.schemas import SCORES, Sentiment
from transforms.sentiment.agreement import Rule
from transforms.sentiment.protocols import Cached, ScoreCache

# Texts that a sample has at least: below some hundred nothing can be shown.
LEAST_SAMPLE = 200
_LABELS = list(map(str, Sentiment))
_SHARES = ("score_positive", "score_negative", "score_neutral", "score_mixed")


class Judged(NamedTuple):
    """What the free scorer says of rows of schemas.SCORES that it has scored."""

    groups: np.ndarray  # of language and label, as `agreement.learn` takes them; -1 where it has not scored
    confidence: np.ndarray  # its largest share; nan where it has not scored


def judged(rows: pa.RecordBatch, languages: Sequence[str]) -> Judged:
    """See `Judged`; groups are numbered by the place of the language in `languages`."""
    language = pc.index_in(rows["language"], pa.array(languages, pa.string()))
    groups = pc.add(pc.multiply(language, len(_LABELS)), labels(rows))
    shares = np.column_stack([rows[name].to_numpy(zero_copy_only=False) for name in _SHARES])
    return Judged(pc.fill_null(groups, -1).to_numpy().astype(np.int16), shares.max(axis=1))


def labels(rows: pa.RecordBatch) -> pa.Int32Array:
    """The place of each row's label in `Sentiment`, null where it has none."""
    return pc.index_in(rows["sentiment"], pa.array(_LABELS))


def group_name(group: int, languages: Sequence[str]) -> tuple[str, str]:
    """A group's language and label."""
    return languages[group // len(_LABELS)], _LABELS[group % len(_LABELS)]


# The sample.


def marks(keys: Sequence[bytes], drawn_for: str, key: bytes) -> list[bytes]:
    """What a text is drawn by for a night, 32 bytes: keyed BLAKE2b (RFC 7693) of the night and the content key.

    Uniform and independent of what the text says; the same for a night that is tried again. Under it a cache knows that
    a text was bought for the sample of that night.
    """
    state = blake2b(b"cascade 1 " + drawn_for.encode() + b"\0", key=blake2b(key).digest(), digest_size=32)
    found = []
    for each in keys:
        state_of = state.copy()
        state_of.update(each)
        found.append(state_of.digest())
    return found


def draws(of: Sequence[bytes]) -> np.ndarray:
    """Marks as numbers of 64 bits, by which the smallest are drawn."""
    return np.array([int.from_bytes(mark[:8], "big") for mark in of], np.uint64)


def sample_size(draw: np.ndarray, bought: np.ndarray, share: float) -> int:
    """How many of a night's texts, whose draws come in ascending order, are the sample.

    A share of them, LEAST_SAMPLE at least, and as many as it takes to have those that were `bought` for it before: by
    a run of the same night that did not come to its end.
    """
    before = np.flatnonzero(bought)
    wanted = max(LEAST_SAMPLE, ceil(share * len(draw)), int(before[-1]) + 1 if len(before) else 0)
    return min(wanted, len(draw))


class NoCache:
    """A `ScoreCache` that knows nothing and keeps nothing: to score anew costs less than to look up."""

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, Cached]:  # noqa: ARG002 - the protocol's argument
        """Nothing."""
        return {}

    def put(self, entries: Mapping[bytes, Cached]) -> None:
        """Not kept."""

    def close(self) -> None:
        """Nothing is held."""


class MarkingCache:
    """A score cache that keeps entries of a sample under their marks, too, and so knows which texts were drawn."""

    def __init__(self, cache: ScoreCache, of_sample: Mapping[bytes, bytes]) -> None:
        """`of_sample` is content key -> mark."""
        self._cache, self._of_sample = cache, of_sample
        self.get, self.close = cache.get, cache.close

    def put(self, entries: Mapping[bytes, Cached]) -> None:
        """Keep entries, each before its mark: a mark alone would have its text bought again."""
        marked = {self._of_sample[key]: entry for key, entry in entries.items() if key in self._of_sample}
        self._cache.put({**entries, **marked})


# Rows.


def merged(mask: pa.BooleanArray, yes: pa.RecordBatch, no: pa.RecordBatch) -> pa.RecordBatch:
    """Rows of schemas.SCORES in one order again, of those that were divided by a mask without nulls."""
    of_yes = mask.to_numpy(zero_copy_only=False)
    order = np.where(of_yes, np.cumsum(of_yes) - 1, yes.num_rows + np.cumsum(~of_yes) - 1)
    return pa.concat_batches([yes, no]).take(pa.array(order))


def with_bills(rows: pa.RecordBatch, units: dict[str, int]) -> pa.RecordBatch:
    """Rows of schemas.SCORES with what was bought of their texts before, by content key: on the first row of each.

    What is entered is taken out of `units`.
    """
    if not units:
        return rows
    billed = rows["billed_units"].to_numpy().copy()
    hit = rows["cache_hit"].to_numpy(zero_copy_only=False).copy()
    for row, key in enumerate(rows["content_key"].to_pylist()):
        if key in units:
            billed[row] += units.pop(key)
            hit[row] = False
    columns = {"billed_units": pa.array(billed), "cache_hit": pa.array(hit)}
    return pa.RecordBatch.from_arrays([columns.get(name, rows[name]) for name in SCORES.names], schema=SCORES)


# The account.


def account(asked: float, texts: int, sampled: int, rule: Rule | None, saved_units: int) -> dict[str, float]:
    """What a run says of its cascade, in numbers.

    asked: the agreement, a share. texts: distinct ones of the night that can be scored. sampled: of these, bought at
    random. kept: those that keep the free scorer's label. saved_units: what those would have cost. And where some are
    kept, of the sample's texts that keep their label and were not learned from: verified, how many; agreement, the
    share with the same label from both; least and most, its bounds for the texts kept; overall, the agreement of all
    texts, those bought agreeing.
    """
    found = {"asked": asked, "texts": texts, "sampled": sampled, "kept": 0, "saved_units": 0}
    if rule is None:
        return found
    least, most = rule.bounds()
    overall = 1 - (1 - rule.agreement) * rule.kept / max(texts, 1)
    told = {"verified": rule.verified, "agreement": rule.agreement, "least": least, "most": most, "overall": overall}
    return found | {"kept": rule.kept, "saved_units": saved_units} | told
