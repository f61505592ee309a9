"""A search that goes on from what an earlier one saw finds what a search of the whole texts does."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from re import _constants as sre  # type: ignore[attr-defined] # the standard library's parser, without stubs
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.transforms.pii.test_redactor import MESSY, VALUES
from transforms.pii.detectors import DETECTORS, Detector
from transforms.pii.finds import Finds
from transforms.pii.policy import DEFAULT_POLICY, Policy, Replacement
from transforms.pii.scan import _EDGES, scan, scan_again
from transforms.pii.views import HOLDER
from transforms.pii.writing import write
from transforms.text import normalise

EDGES = "".join(map(chr, np.flatnonzero(_EDGES).tolist()))
# A find that another one hides, words that the tagger reads anew, and what is looked at otherwise.
OPENED = [
    "User: Jessica White @jessica.white: Just fine",
    "call 212-555-0187 467 3395 or joe@example.com 212-555-0187",
    "joe@example.com212-555-0187joe@example.com",
    "Ann Lee met Lee and Ann. Lee is 34. Lee?",
    "name,phone\nAnn Lee,212-555-0187\nBo,2125550188",
    "mail dana%40example.com (Dana) or [PHONE] Dana",
    "dear Ann't and Marta Dunn't, Marta Dunn's, call 212-555-0187",
    "Grüße, Jürgen Müller, 12 Oak Street, 212-555-0187",
]


def agree(texts: list[str], policy: Policy = DEFAULT_POLICY) -> int:
    """Hold a second search of texts to a whole one; how many it spared."""
    column = normalise(pa.array(texts, pa.string()))
    finds, seen = scan(column, policy)
    rows = finds.texts()
    held = write(column, finds, [HOLDER.encode()] * len(finds.rows)).take(pa.array(rows))
    again, (whole, _) = scan_again(held, rows, seen, policy), scan(held, policy)
    for one, other in zip(again[:4], whole[:4], strict=True):
        assert one.tolist() == other.tolist()
    assert again.confidences == pytest.approx(whole.confidences, abs=1e-6)
    return int(seen.plain[np.searchsorted(seen.numbers, rows)].sum())


@settings(max_examples=60, deadline=None)
@given(st.lists(MESSY, max_size=6))
@example(OPENED)
@example(["", "nothing here", "nor here"])
def test_what_is_found_anew_is_all_there_is(texts: list[str]) -> None:
    agree(texts)


def test_so_it_is_with_all_values_side_by_side() -> None:
    rng = random.Random(1)
    pieces = [*VALUES, *OPENED, "Mrs Okafor", "in Paris", "and", "Lee", "the", "thanks"]
    texts = ["".join(rng.choice(pieces) + rng.choice(EDGES) for _ in range(rng.randint(1, 9))) for _ in range(600)]
    assert agree(texts) > 200
    agree([text for text in texts if len(text) > 40], Policy("1", default=Replacement.KEEP, replacements=_ONLY))


_ONLY = (("NAME", Replacement.TYPE), ("PHONE", Replacement.NUMBER))


def _taking(nodes: Any, *, first: bool) -> Iterator[bool]:
    """Of each piece of a parsed pattern that takes a NUL, whether nothing can stand before it in a match."""
    for kind, value in nodes:
        if kind is sre.SUBPATTERN:
            yield from _taking(value[3], first=first)
        elif kind is sre.BRANCH:
            for branch in value[1]:
                yield from _taking(branch, first=first)
        elif kind in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            yield from _taking(value[2], first=first and value[1] == 1)
        elif kind is sre.ANY or (kind is sre.NOT_LITERAL and value != 0):
            yield first
        elif kind is sre.IN and value[0][0] is sre.NEGATE:
            if not any(each == (sre.LITERAL, 0) or (each[0] is sre.RANGE and each[1][0] == 0) for each in value):
                yield first
        else:
            assert (kind, value) != (sre.AT, sre.AT_NON_BOUNDARY)
        first = first and kind is sre.AT


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.name)
def test_no_detector_takes_a_holder_but_before_its_first_sign(detector: Detector) -> None:
    # By this, what matches beside a HOLDER matched before: see `scan_again`.
    assert all(_taking(parser.parse(detector.expression), first=True))
    takes = any(_taking(parser.parse(detector.expression), first=True))
    words = re.compile(rf"(?i:{'|'.join(detector.context)})")
    assert not (takes and detector.context) or not any(words.match(sign) for sign in EDGES)


def test_finds_are_not_changed_by_what_is_made_of_them() -> None:
    column = pa.array(["Grüße von joe@example.com und Jürgen Müller", "joe@example.com"])
    finds, seen = scan(column, DEFAULT_POLICY)
    assert isinstance(seen.finds, Finds)
    text = column[0].as_py().encode()
    values = [text[start:end].decode() for start, end in zip(seen.finds.starts[:-1], seen.finds.ends[:-1], strict=True)]
    assert values == [
        column[0].as_py()[start:end] for start, end in zip(finds.starts[:-1], finds.ends[:-1], strict=True)
    ]
