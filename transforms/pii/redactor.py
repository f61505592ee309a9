"""Takes personal data out of texts, and says where it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, cast
from unicodedata import is_normalized

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.pii.allowing import allowed, parts
from transforms.pii.finds import NO_FINDS, Finds, back, merge, whole
from transforms.pii.policy import Policy, Replacement
from transforms.pii.redacted import RedactedText, RedactedTexts
from transforms.pii.replacements import Cut, outside, render, spots
from transforms.pii.scan import Seen, held, scan, scan_again
from transforms.pii.views import HOLDER
from transforms.pii.writing import write
from transforms.schemas import PII
from transforms.text import certify, normalise, normalising, respaced

_HOLDER = HOLDER.encode()
_TOGETHER = 4096  # texts that are searched at a time: some 10 KB is kept of each until it has been searched again
_ROUNDS = 32  # honest texts need one to three


@dataclass(frozen=True)
class Redaction:
    """Redacted texts and, row by row, what was found in the original ones (null where the text is null)."""

    texts: RedactedTexts
    pii: pa.ListArray
    dropped: np.ndarray  # numbers of the rows that the policy leaves out whole: their text is null
    certificates: pa.BinaryArray  # of the texts as they are returned, by `transforms.text.certify`


class Opinion(NamedTuple):
    """What a second opinion found in one text: from character `start` to before `end`."""

    type: str
    start: int
    end: int
    confidence: float


# Looks at redacted texts, each of the language at the same place, and gives for each what it found there.
SecondOpinion = Callable[[Sequence[RedactedText], Sequence[str]], list[list[Opinion]]]


def redact(
    texts: pa.StringArray,
    policy: Policy,
    key: bytes = b"",
    second_opinion: SecondOpinion | None = None,
    languages: Sequence[str] = (),
    subjects: Sequence[str | None] = (),
) -> Redaction:
    """Put in place of every find what the policy says. What is returned holds nothing that `find` would find.

    Texts are normalised first, and so are those that are returned: what is searched is what is stored and sent.

    Taking one find out can lay open another (`a@example.com212-555-0187`), so what changed is looked at again until
    nothing is left; a text made to go on and on is replaced as a whole. `key` makes what stands for values, and
    certificates; `subjects` says whose each text is, where dates move; `second_opinion`, where it is given, is asked of
    texts redacted so far alone and with `languages`, one for each.
    Raises UsageError where the policy needs a key and none is given, and what the second opinion raises.
    """
    policy.require(key)
    work = _Work(texts, policy)
    work.search()
    if second_opinion:
        work.ask(second_opinion, languages)
    return work.result(key, subjects)


def find(texts: pa.StringArray, policy: Policy) -> pa.ListArray:
    """The finds of each text, as lists of `transforms.schemas.PII`; the texts stay as they are."""
    normalised = normalise(texts)
    return _pii(texts, _of_originals(scan(normalised, policy)[0], texts, normalised), policy)


class _Finders(NamedTuple):
    """What is to be known of a policy's finders, by place."""

    types: pa.StringArray
    names: pa.StringArray
    written: list[bytes]  # `[TYPE]`
    widths: np.ndarray  # its characters
    drops: np.ndarray  # whether a find of it drops the document


@cache
def _finders(policy: Policy) -> _Finders:
    return _Finders(
        pa.array([finder.type for finder in policy.finders]),
        pa.array([finder.name for finder in policy.finders]),
        [f"[{finder.type}]".encode() for finder in policy.finders],
        np.array([len(finder.type) + 2 for finder in policy.finders]),
        np.array([policy.replacement(finder.type) is Replacement.DROP for finder in policy.finders]),
    )


class _Work:
    """A column on its way: the texts, what was found in them so far, and how they read with HOLDERs in its place."""

    def __init__(self, texts: pa.StringArray, policy: Policy) -> None:
        self.originals, self.policy = texts, policy
        self.texts = self.held = normalise(texts)
        self.finds = NO_FINDS
        self.changed = np.empty(0, np.int64)  # rows not looked at since something was taken out of them

    def search(self) -> None:
        """Take out what is found, and look again at what that changed until nothing is."""
        if len(self.texts) > _TOGETHER:
            firsts = range(0, len(self.texts), _TOGETHER)
            parts = [_Work(self.texts.slice(first, _TOGETHER), self.policy) for first in firsts]
            for part in parts:
                part.search()
            finds = [
                part.finds._replace(rows=part.finds.rows + first) for part, first in zip(parts, firsts, strict=True)
            ]
            self.finds, self.held = merge(finds), pa.concat_arrays([part.held for part in parts])
            return
        found, seen = scan(self.texts, self.policy)
        self._add(found, 1)
        self._settle(seen)

    def ask(self, second_opinion: SecondOpinion, languages: Sequence[str]) -> None:
        """Take out what a second opinion finds in the texts as they read by now, each find as its type."""
        texts = RedactedTexts(self._by_type()).texts()
        widths = _finders(self.policy).widths[self.finds.places]
        self._add(_opinions(texts, second_opinion, languages, self.policy), widths)
        self._settle()

    def _add(self, more: Finds, widths: np.ndarray | int) -> None:
        """Take out finds of the texts as they read with so many characters for each find so far."""
        if len(more.rows):
            self.finds = merge([self.finds, back(more, self.finds, widths)])
        self.changed = more.texts()
        self._hold()

    def _settle(self, seen: Seen | None = None) -> None:
        for _ in range(_ROUNDS):
            if not len(self.changed):
                return
            texts = self.held.take(pa.array(self.changed))
            more = scan_again(texts, self.changed, seen, self.policy) if seen else scan(texts, self.policy)[0]
            if not len(more.rows):
                return
            seen = None
            self._add(more._replace(rows=self.changed[more.rows]), 1)
        lengths = pc.utf8_length(self.texts.take(pa.array(self.changed))).to_numpy().astype(np.int64)
        self.finds = merge([self.finds, whole(lengths, self.changed, self.finds)])
        self._hold()

    def result(self, key: bytes, subjects: Sequence[str | None]) -> Redaction:
        """The texts with the policy's replacements."""
        policy, drops = self.policy, _finders(self.policy).drops
        dropped = np.unique(self.finds.rows[drops[self.finds.places]])
        plain = policy.default is Replacement.TYPE and not policy.replacements
        written = self._by_type() if plain else self._rendered(key, subjects)
        if len(dropped):
            mask = np.zeros(len(written), bool)
            mask[dropped] = True
            written = pc.replace_with_mask(written, mask, pa.scalar(None, pa.string()))
        finds = _of_originals(self.finds, self.originals, self.texts)
        certificates = certify(written, policy.id, key)
        return Redaction(RedactedTexts(written), _pii(self.originals, finds, policy), dropped, certificates)

    def _hold(self) -> None:
        """Put HOLDERs in place of all finds of the texts that changed."""
        if not len(self.changed):
            return
        of_row = np.full(len(self.texts), -1)
        of_row[self.changed] = np.arange(len(self.changed))
        finds = self.finds.where(of_row[self.finds.rows] >= 0)
        finds = finds._replace(rows=of_row[finds.rows])
        new = write(self.texts.take(pa.array(self.changed)), finds, [_HOLDER] * len(finds.rows))
        self.held = new if len(new) == len(self.held) else pc.replace_with_mask(self.held, pa.array(of_row >= 0), new)

    def _by_type(self) -> pa.StringArray:
        """The texts with each find's type in its place."""
        written = _finders(self.policy).written
        return write(self.texts, self.finds, [written[place] for place in self.finds.places.tolist()])

    def _rendered(self, key: bytes, subjects: Sequence[str | None]) -> pa.StringArray:
        """The texts with the policy's replacements."""
        rows, types = self.finds.texts(), [finder.type for finder in self.policy.finders]
        spans = zip(*(column.tolist() for column in self.finds[1:4]), strict=True)
        cuts = [Cut(start, end, types[place]) for start, end, place in spans]
        edges = np.searchsorted(self.finds.rows, np.append(rows, len(self.texts))).tolist()
        texts = _list(self.texts.take(pa.array(rows)))
        whose = [subjects[row] for row in rows.tolist()] if subjects else [None] * len(rows)
        new = [
            render(text, cuts[first:last], self.policy, key, subject)
            for text, subject, first, last in zip(texts, whose, edges, edges[1:], strict=False)
        ]
        mask = np.zeros(len(self.texts), bool)
        mask[rows] = True
        return pc.replace_with_mask(self.texts, mask, pa.array(new, pa.string()))


def _opinions(
    texts: Sequence[RedactedText | None], second_opinion: SecondOpinion, languages: Sequence[str], policy: Policy
) -> Finds:
    """A second opinion's finds of types that are wanted, less what is allowed or reaches into a placeholder."""
    places = {finder.type: place for place, finder in enumerate(policy.finders) if finder.name == policy.second_opinion}
    allow, placeholders = allowed(policy), held(policy)
    rows = [row for row, text in enumerate(texts) if text]
    asked = [cast(RedactedText, texts[row]) for row in rows]
    answers = second_opinion(asked, [languages[row] for row in rows])
    finds = [
        (row, start, end, places[each.type], each.confidence)
        for row, text, opinions in zip(rows, asked, answers, strict=True)
        for each in opinions
        if each.type in places
        and policy.wanted[places[each.type]]
        and each.confidence >= policy.least_confidence(each.type)
        for first, last in outside(spots(text, placeholders), text, each.start, each.end)
        for start, end in (parts(text, first, last, allow) if allow else [(first, last)])
    ]
    if not finds:
        return NO_FINDS
    numbers, starts, ends, found_by, confidences = map(np.array, zip(*sorted(finds), strict=True))
    return merge([Finds(numbers, starts, ends, found_by, confidences.astype(np.float64))])


def _of_originals(finds: Finds, originals: pa.StringArray, normalised: pa.StringArray) -> Finds:
    """Finds of normalised texts, where they stand in the texts as they came."""
    if originals is normalised or not len(finds.rows):
        return finds
    rows = finds.texts()
    apart = pc.not_equal(originals.take(pa.array(rows)), normalised.take(pa.array(rows)))
    rows = rows[apart.to_numpy(zero_copy_only=False).astype(bool)]
    if not len(rows):
        return finds
    texts = _list(originals.take(pa.array(rows)))
    starts, ends = finds.starts.copy(), finds.ends.copy()
    spaced = np.array([is_normalized("NFC", text) for text in texts])
    which = np.flatnonzero(np.isin(finds.rows, rows[spaced]))
    before = _list(normalised.take(pa.array(rows[spaced])))
    after = [text for text, alone in zip(texts, spaced.tolist(), strict=True) if alone]
    its = np.searchsorted(rows[spaced], finds.rows[which])
    starts[which], ends[which] = respaced(before, after, its, starts[which], ends[which])
    for row, text in zip(rows[~spaced].tolist(), (texts[number] for number in np.flatnonzero(~spaced)), strict=True):
        first, composed = normalising(text)
        for place in range(*np.searchsorted(finds.rows, [row, row + 1]).tolist()):
            starts[place], ends[place] = first.origin(*composed.origin(int(starts[place]), int(ends[place])))
    return finds._replace(starts=starts, ends=ends)


def _list(texts: pa.StringArray) -> list[Any]:
    """What `to_pylist` gives, in a fifth of its time."""
    values: list[Any] = texts.to_numpy(zero_copy_only=False).tolist()
    return values


def _pii(texts: pa.StringArray, finds: Finds, policy: Policy) -> pa.ListArray:
    """One list per row: the finds of its text, null where it is null."""
    places, finders = pa.array(finds.places), _finders(policy)
    values = pa.StructArray.from_arrays(
        [
            finders.types.take(places),
            finds.starts.astype(np.int32),
            finds.ends.astype(np.int32),
            finders.names.take(places),
            finds.confidences.astype(np.float32),
        ],
        fields=list(PII),
    )
    return pa.ListArray.from_arrays(finds.bounds(len(texts)).astype(np.int32), values, mask=texts.is_null())
