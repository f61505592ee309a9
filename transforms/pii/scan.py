"""Looks for personal data in texts, with everything a policy has: the table, own patterns, the tagger. Texts in which
placeholders stand for what was found can be looked at again by what was seen of them the first time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.pii import tagger
from transforms.pii.allowing import allowed, things, without
from transforms.pii.detectors import DETECTORS
from transforms.pii.finds import NO_FINDS, Finds, merge
from transforms.pii.generalise import GENERALS
from transforms.pii.policy import TYPES, Policy, Replacement
from transforms.pii.replacements import Held
from transforms.pii.search import Joined, Searched, detectors_of, matched, named_lines, of_policy, search, together
from transforms.pii.surrogates import SURROGATES
from transforms.pii.views import REMARKABLE, View, remarkable, views
from transforms.text import matching
from transforms.vectorised import SLICE


@cache
def held(policy: Policy) -> Held:
    """The placeholders that count in texts under a policy."""
    types = TYPES | {row.type for row in policy.custom}

    def those(kind: Replacement) -> frozenset[str]:
        return frozenset(each for each in types if policy.replacement(each) is kind)

    shown = frozenset((each, kind) for kind in (*GENERALS, Replacement.SHIFT) for each in those(kind))
    return Held(types, those(Replacement.LAST4), shown, those(Replacement.SURROGATE) & SURROGATES.keys())


class Seen(NamedTuple):
    """What was seen of some texts: by this they can be searched again once placeholders stand in place of the finds."""

    numbers: np.ndarray  # of the texts that are not null, in their column; below, a text's place in these stands for it
    finds: Finds  # in bytes
    plain: np.ndarray  # which texts can be searched so
    matched: list[tuple[Searched, np.ndarray]]  # the texts that a detector matched in, whether that counts or not
    looks: list[tagger.Look]


def scan(column: pa.StringArray, policy: Policy) -> tuple[Finds, Seen]:
    """The finds of each text, in characters; those that overlap are one, as wide as all and named by the best."""
    detectors, placeholders = detectors_of(policy), held(policy)
    numbers = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
    texts = column.take(pa.array(numbers))
    data: list[bytes] = texts.cast(pa.binary()).to_numpy(zero_copy_only=False).tolist()
    beyond_ascii = _beyond_ascii(texts)
    owners = list(range(len(data)))  # of what is searched, the text that it is a view of
    seen: dict[int, View] = {}  # for what is no text itself, by its place in what is searched
    worth = pc.or_(pa.array(beyond_ascii), matching(texts, REMARKABLE)).to_numpy(zero_copy_only=False)
    worth = worth | bool(placeholders.surrogates)  # which may stand anywhere
    for number in np.flatnonzero(worth).tolist():
        text = data[number].decode()
        if remarkable(text) or placeholders.surrogates:
            first, *others = views(text, placeholders)
            data[number], seen[number] = first.text.encode(), first
            seen.update(enumerate(others, len(data)))
            data += (view.text.encode() for view in others)
            owners += [number] * len(others)
    joined = together(data)
    named = named_lines(joined)
    found_by = [*matched(joined, named, detectors)]
    found = [*(finds for _, finds, _ in found_by), *of_policy(data, detectors)]
    looks: list[tagger.Look] = []
    if policy.tags:
        tags, looks = tagger.look(data)
        found.append(without(_of_tagger(tags, policy), data, things()))
    merged = _merged(found, data, policy)
    plain = _plain(merged, joined, [*seen, *named]) & (not detectors.own)
    finds = _in_characters(merged, data, beyond_ascii, seen)
    finds = finds._replace(rows=numbers[np.array(owners, np.int64)[finds.rows]])
    finds = finds if len(data) == len(numbers) else merge([finds])
    return finds, Seen(numbers, merged, plain, [(each, its) for each, _, its in found_by], looks)


def scan_again(column: pa.StringArray, rows: np.ndarray, seen: Seen, policy: Policy) -> Finds:
    """What `scan` finds in texts in which HOLDERs stand in place of its own finds: those of some rows of its column.

    A text that was searched in but one way, and has white space or a plain sign on both sides of each find, is
    not searched whole again. No detector takes a HOLDER but as the first sign before a word, and a HOLDER beside such a
    sign makes no edge of a word that was none; so where a detector matches now, it matched before, if not as a find. Of
    the tagger's words, those beside a HOLDER read anew.
    """
    places = np.searchsorted(seen.numbers, rows)
    again = seen.plain[places]
    others = NO_FINDS
    if not again.all():
        finds, _ = scan(column.filter(pa.array(~again)), policy)
        others = finds._replace(rows=np.flatnonzero(~again)[finds.rows])
    its = places[again]
    if not len(its):
        return others
    texts = column.filter(pa.array(again))
    data: list[bytes] = texts.cast(pa.binary()).to_numpy(zero_copy_only=False).tolist()
    now = np.full(len(seen.plain), -1)  # the place in these texts of each that was searched
    now[its] = np.arange(len(its))
    found = [*_matched_again(data, now, seen.matched)]
    if policy.tags:
        tags = tagger.look_again(seen.looks, its, *seen.finds.where(now[seen.finds.rows] >= 0)[:3])
        tags = tags._replace(rows=now[tags.rows])
        found.append(without(_of_tagger(tags, policy), data, things()))
    finds = _in_characters(_merged(found, data, policy), data, _beyond_ascii(texts), {})
    return merge([others, finds._replace(rows=np.flatnonzero(again)[finds.rows])])


def _beyond_ascii(texts: pa.StringArray) -> np.ndarray:
    unlike: np.ndarray = pc.not_equal(pc.binary_length(texts), pc.utf8_length(texts)).to_numpy(zero_copy_only=False)
    return unlike


def _merged(found: Sequence[Finds], data: Sequence[bytes], policy: Policy) -> Finds:
    """All finds of some texts, less what the policy allows."""
    if found and (allow := allowed(policy)):
        found = [without(Finds(*map(np.concatenate, zip(*found, strict=True))), data, allow)]
    return merge([NO_FINDS, *found])


_EDGES = np.isin(np.arange(256), list(b' \n.,;:!?"()'))  # no apostrophe: of "don't" a find may be but a half


def _plain(finds: Finds, joined: Joined, others: Sequence[int]) -> np.ndarray:
    """Which texts are no longer than a slice, and can be told from what stands beside each find; not so `others`."""
    bytes_ = np.frombuffer(joined.data, np.uint8)
    begins = joined.begins[finds.rows]
    plain = joined.lengths <= SLICE
    plain[finds.rows[~(_EDGES[bytes_[begins + finds.starts - 1]] & _EDGES[bytes_[begins + finds.ends]])]] = False
    plain[others] = False
    return plain


def _in_characters(finds: Finds, data: Sequence[bytes], beyond_ascii: np.ndarray, seen: Mapping[int, View]) -> Finds:
    """Finds in bytes of what was searched, in characters of the texts."""
    unlike = np.zeros(len(data), bool)
    unlike[: len(beyond_ascii)] = beyond_ascii
    unlike[list(seen)] = True
    which = np.flatnonzero(unlike[finds.rows])
    if not len(which):
        return finds
    rows, its = np.unique(finds.rows[which], return_inverse=True)
    joined = [data[row] for row in rows.tolist()]
    lengths = np.fromiter(map(len, joined), np.int64, len(joined))
    begins = (np.cumsum(lengths) - lengths)[its]
    # Of each byte, the number of the character that it is part of.
    characters = np.cumsum((np.frombuffer(b"".join(joined), np.uint8) & 0xC0) != 0x80)
    base = characters[begins]
    finds = finds._replace(starts=finds.starts.copy(), ends=finds.ends.copy())
    finds.starts[which] = characters[begins + finds.starts[which]] - base
    finds.ends[which] = characters[begins + finds.ends[which] - 1] - base + 1
    for place, row in zip(which.tolist(), finds.rows[which].tolist(), strict=True):
        if row in seen:
            finds.starts[place], finds.ends[place] = seen[row].origin(int(finds.starts[place]), int(finds.ends[place]))
    return finds


def _matched_again(
    data: Sequence[bytes], now: np.ndarray, matched: Sequence[tuple[Searched, np.ndarray]]
) -> Iterator[Finds]:
    """The finds of those detectors that matched before, where they did; `now` is where each text is among these."""
    joined = together(data)
    for searched, numbers in matched:
        rows = now[numbers[numbers < len(now)]]  # beyond are tables
        rows = rows[rows >= 0]
        if len(rows):
            texts = [joined.texts[row] for row in rows.tolist()]
            yield search(Joined(texts, rows, joined.lengths[rows]), searched)[0]


def _of_tagger(tags: tagger.Tags, policy: Policy) -> Finds:
    first = len(DETECTORS) + len(policy.custom)
    least = np.array([policy.least_confidence(pii_type) for pii_type in tagger.TYPES])
    wanted = np.array(policy.wanted[first : first + len(tagger.TYPES)])
    kept = wanted[tags.types] & (tags.confidences >= least[tags.types])
    return Finds(tags.rows, tags.starts, tags.ends, tags.types + first, tags.confidences.astype(np.float64)).where(kept)
