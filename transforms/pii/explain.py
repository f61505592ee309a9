"""Why something was found: the detector, how sure it is and what decided, without the value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import re2

from transforms.pii.detectors import DETECTORS
from transforms.pii.policy import Policy
from transforms.text import fold, origins

_LONGEST = 40  # characters of a value or a context that are shown


class Explained(NamedTuple):
    """One find as people read it."""

    span: str
    type: str
    detector: str
    confidence: str
    value: str
    decided: str


def explain(text: str, finds: list[dict[str, Any]], policy: Policy) -> Iterator[Explained]:
    """Each of a text's finds (as `transforms.schemas.PII`) with its value masked and what decided."""
    rows = {row.name: row for row in (*DETECTORS, *policy.custom)}
    for each in finds:
        row = rows.get(each["detector"])
        decided = []
        if row is None:
            decided.append("model")
        elif row.name.startswith("deny_") and row in policy.custom:
            decided.append("deny list")
        else:
            context = _context(text, each, row.expression) if row.context else None
            decided.append(f"after {context!r}" if context else "pattern")
            if row.validator:
                decided.append(f"check {row.validator.__name__}")
        yield Explained(
            f"{each['start']}-{each['end']}",
            each["type"],
            each["detector"],
            f"{each['confidence']:.2f}",
            masked(text[each["start"] : each["end"]]),
            ", ".join(decided),
        )


def masked(value: str) -> str:
    """A value of which only its punctuation is shown."""
    signs = "".join("*" if sign.isalnum() else " " if sign.isspace() else sign for sign in value)
    return signs if len(signs) <= _LONGEST else f"{signs[: _LONGEST - 1]}…"


def _context(text: str, each: Mapping[str, Any], expression: str) -> str | None:
    """The words before a find that announced it; digits masked, for they may be another find's."""
    folded = fold(text)
    origin = origins(text, folded)
    data = folded.replace("_", "~").encode()
    for match in re2.compile(expression).finditer(data):
        start = match.start(1)
        if each["start"] <= origin[start] < each["end"]:
            words = data[match.start() : start].decode().split()
            said = " ".join(words).strip(" :#.,;-=(~'\"").replace("~", "_")
            return "".join("*" if sign.isdigit() else sign for sign in said)[-_LONGEST:]
    return None
