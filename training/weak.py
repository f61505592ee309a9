"""Ordinary text with the labels that follow from how words are used: what is certainly no name, and some that are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from training.corpora import Example, Span, unlabelled

_TOKEN = re.compile(r"[^\W\d_]+(?:n['\u2019]t)?|\w*\d\w*")
_SENTENCE_END = re.compile(r"[.!?:\u2026\"\u201c\u00ab\u00a1\u00bf(*\n-]\W*$")


def weak(data: Path, classes: Mapping[str, int]) -> Iterator[Example]:
    """Yield the unlabelled texts with spans NAME and O; outside them anything may be."""
    for language, text in unlabelled(data):
        spans = tuple(_spans(text, language, classes))
        if spans:
            yield Example(text, spans, language, "weak", frozenset())


def _spans(text: str, language: str, classes: Mapping[str, int]) -> Iterator[Span]:
    before = 0
    named = False
    small = sum(map(str.islower, text))
    mixed = small > 4 * sum(map(str.isupper, text))
    for token in _TOKEN.finditer(text):
        word = token[0]
        code = classes.get(word.lower(), 0)
        forename, surname, place, usage = code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6 & 7
        gap = text[before : token.start()]
        start = bool(_SENTENCE_END.search(gap)) or not before
        before = token.end()
        name = False
        if word.islower():
            if usage in (4, 5) or (usage == 3 and forename < 2 and place < 2 and surname < 2):
                yield (*token.span(), "O")
        elif not word.isalpha():
            yield (*token.span(), "O")
        elif not mixed or not word.istitle():
            pass
        elif (usage in (4, 5) and forename < 2 and place < 2) or (usage == 5 and surname < 3 and forename < 3):
            yield (*token.span(), "O")
        elif usage == 6:
            if language == "de":
                yield (*token.span(), "O")
        elif usage in (0, 1, 7) and place < 2 and language != "en" and len(word) > 2:
            name = (forename > 1 and not start) or (named and surname > 0 and gap == " ")
            if name:
                yield (*token.span(), "NAME")
        named = name
