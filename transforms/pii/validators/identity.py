"""Numbers of one person that a word announces from afar."""

from __future__ import annotations

import re2

from transforms.pii.validators import Span, luhn, shaped

_QUESTION = re2.compile(
    r"(?i:account|customer|member|membership|policy|insurance|patient|employee|student|passport|licen[cs]e|pesel|nip|tax|social"
    r"|bank|verification)[^?]*\?[^?.!]*[.!]?[^?.!]*$"
)


def answer(text: bytes, start: int, end: int) -> Span | None:
    """A number given in answer to a question, just before, for one of a person's numbers."""
    return shaped(text, start, end) if _QUESTION.search(text[max(0, start - 160) : start]) else None


def iccid(text: bytes, start: int, end: int) -> Span | None:
    """A SIM card's number: Luhn (ITU-T E.118)."""
    return (start, end) if luhn(text[start:end]) else None
