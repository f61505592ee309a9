"""Takes personal data out of texts, and says where it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from typing import Any, NamedTuple, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.pii.allowing import allowed, parts
from transforms.pii.finds import NO_FINDS, Finds, back, merge, whole
from transforms.pii.policy import Policy, Replacement
from transforms.pii.redacted import RedactedText, RedactedTexts
from transforms.pii.replacements import Cut, outside, render, replace, spots
from transforms.pii.scan import held, scan
from transforms.schemas import PII
from transforms.text import normalise, normalising

_ROUNDS = 32  # honest texts need one to three


@dataclass(frozen=True)
class Redaction:
    """Redacted texts and, row by row, what was found in the original ones (null where the text is null)."""

    texts: RedactedTexts
    pii: pa.ListArray
    dropped: np.ndarray  # numbers of the rows that the policy leaves out whole: their text is null


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
    nothing is left; a text made to go on and on is replaced as a whole. `key` makes what stands for values; `subjects`
    says whose each text is, where dates move;
    `second_opinion` is asked, of texts redacted so far alone and with `languages`, one for each, where it is given.
    Raises UsageError where the policy needs a key and none is given, and what the second opinion raises.
    """
    policy.require(key)
    work = _Work(texts, policy)
    work.add(scan(work.texts, policy))
    work.settle()
    if second_opinion:
        asked = RedactedTexts(work.redacted).texts()
        work.add(_opinions(asked, second_opinion, languages, policy))
        work.settle()
    return work.result(key, subjects)


def find(texts: pa.StringArray, policy: Policy) -> pa.ListArray:
    """The finds of each text, as lists of `transforms.schemas.PII`; the texts stay as they are."""
    normalised = normalise(texts)
    return _pii(texts, _of_originals(scan(normalised, policy), texts, normalised), policy)


class _Finders(NamedTuple):
    """What is to be known of a policy's finders, by place."""

    types: pa.StringArray
    names: pa.StringArray
    widths: np.ndarray  # characters of `[TYPE]`
    drops: np.ndarray  # whether a find of it drops the document


@cache
def _finders(policy: Policy) -> _Finders:
    return _Finders(
        pa.array([finder.type for finder in policy.finders]),
        pa.array([finder.name for finder in policy.finders]),
        np.array([len(finder.type) + 2 for finder in policy.finders]),
        np.array([policy.replacement(finder.type) is Replacement.DROP for finder in policy.finders]),
    )


class _Work:
    """A column on its way: the texts, what was found in them so far, and how they read with it taken out."""

    def __init__(self, texts: pa.StringArray, policy: Policy) -> None:
        self.originals, self.policy = texts, policy
        self.texts = self.redacted = normalise(texts)
        self.finds = NO_FINDS
        self.changed = np.empty(0, np.int64)  # rows not looked at since something was taken out of them
        self.finders = _finders(policy)

    def add(self, more: Finds) -> None:
        """Take out finds of the texts as they read now."""
        rows = np.unique(more.rows)
        self.finds = merge([self.finds, back(more, self.finds, self.finders.widths[self.finds.places])])
        self._replace(rows)
        self.changed = rows

    def settle(self) -> None:
        """Look again at what changed until nothing is found."""
        for _ in range(_ROUNDS):
            more = scan(self.redacted.take(pa.array(self.changed)), self.policy)
            if not len(more.rows):
                return
            self.add(more._replace(rows=self.changed[more.rows]))
        lengths = pc.utf8_length(self.texts.take(pa.array(self.changed))).to_numpy().astype(np.int64)
        self.finds = merge([self.finds, whole(lengths, self.changed, self.finds)])
        self._replace(self.changed)

    def result(self, key: bytes, subjects: Sequence[str | None]) -> Redaction:
        """The texts with the policy's own replacements."""
        policy = self.policy
        dropped = np.unique(self.finds.rows[self.finders.drops[self.finds.places]])
        if policy.default is not Replacement.TYPE or policy.replacements:
            rows = np.unique(self.finds.rows)
            whose = iter([subjects[row] for row in rows.tolist()] if subjects else repeat(None))
            self._replace(rows, lambda text, cuts: render(text, cuts, policy, key, next(whose)))
        if len(dropped):
            mask = np.zeros(len(self.texts), bool)
            mask[dropped] = True
            self.redacted = pc.replace_with_mask(self.redacted, mask, pa.scalar(None, pa.string()))
        finds = _of_originals(self.finds, self.originals, self.texts)
        return Redaction(RedactedTexts(self.redacted), _pii(self.originals, finds, policy), dropped)

    def _replace(
        self,
        rows: np.ndarray,
        written: Callable[[str, list[Cut]], str] = lambda text, cuts: replace(text, cuts, lambda cut: f"[{cut.type}]"),
    ) -> None:
        """Write some rows anew from their texts and all their finds."""
        if not len(rows):
            return
        finds, finders = self.finds, self.policy.finders
        bounds = finds.bounds(len(self.texts))
        cuts = [
            Cut(start, end, finders[place].type)
            for start, end, place in zip(finds.starts.tolist(), finds.ends.tolist(), finds.places.tolist(), strict=True)
        ]
        edges = zip(bounds[rows].tolist(), bounds[rows + 1].tolist(), strict=True)
        texts = _list(self.texts.take(pa.array(rows)))
        new = [written(text, cuts[first:last]) for text, (first, last) in zip(texts, edges, strict=True)]
        mask = np.zeros(len(self.texts), bool)
        mask[rows] = True
        self.redacted = pc.replace_with_mask(self.redacted, mask, pa.array(new, pa.string()))


def _opinions(
    texts: Sequence[RedactedText | None], second_opinion: SecondOpinion, languages: Sequence[str], policy: Policy
) -> Finds:
    """A second opinion's finds of types that are wanted, less what is allowed or reaches into a placeholder."""
    places = {finder.type: place for place, finder in enumerate(policy.finders) if finder.name == policy.second_opinion}
    allow = allowed(policy)
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
        for first, last in outside(spots(text, held(policy)), text, each.start, each.end)
        for start, end in (parts(text, first, last, allow) if allow else [(first, last)])
    ]
    if not finds:
        return NO_FINDS
    numbers, starts, ends, found_by, confidences = map(np.array, zip(*sorted(finds), strict=True))
    return merge([Finds(numbers, starts, ends, found_by, confidences.astype(np.float64))])


def _of_originals(finds: Finds, originals: pa.StringArray, normalised: pa.StringArray) -> Finds:
    """Finds of normalised texts, where they stand in the texts as they came."""
    rows = np.unique(finds.rows)
    apart = pc.not_equal(originals.take(pa.array(rows)), normalised.take(pa.array(rows)))
    rows = rows[apart.to_numpy(zero_copy_only=False).astype(bool)]
    starts, ends = finds.starts.copy(), finds.ends.copy()
    bounds = finds.bounds(len(originals))
    for row, text in zip(rows.tolist(), _list(originals.take(pa.array(rows))), strict=True):
        spaced, composed = normalising(text)
        for place in range(bounds[row], bounds[row + 1]):
            starts[place], ends[place] = spaced.origin(*composed.origin(int(starts[place]), int(ends[place])))
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
