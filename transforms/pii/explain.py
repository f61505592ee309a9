"""Why something was found: the detector, how sure it is and what decided, without the value."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, NamedTuple

import re2

from transforms.pii.detectors import DETECTORS, Detector
from transforms.pii.policy import Policy
from transforms.pii.scan import held
from transforms.pii.views import views
from transforms.text import normalising

_LONGEST = 40  # characters of a value or a context that are shown
_LONGEST_WORD = 20


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
    table = {row.name: row for row in DETECTORS}
    own = {row.name: row for row in policy.custom}
    announcements = _Announcements(text, policy)
    for each in finds:
        row = table.get(each["detector"]) or own.get(each["detector"])
        decided = []
        if row is None:
            decided.append("model")
        elif row.name.startswith("deny_") and row.name in own:
            decided.append("deny list")
        else:
            # What stands before the group of an own pattern without a context may be anything.
            announced = row.context or row.name in table
            words = announcements.before(row, each["start"], each["end"]) if announced else ""
            decided.append(f"after {words!r}" if words else "pattern")
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


class _Announcements:
    """The words that announce a text's finds, each detector's looked for once."""

    def __init__(self, text: str, policy: Policy) -> None:
        self._normalising = normalising(text)
        self._view = next(views(self._normalising[-1].text, held(policy)))
        self._data = self._view.text.replace("_", "~").encode()
        self._found: dict[str, tuple[list[int], list[str]]] = {}

    def before(self, row: Detector, start: int, end: int) -> str:
        """What stands before a find of a detector as part of its pattern; "" where nothing does."""
        if row.name not in self._found:
            pattern = re2.compile(row.expression)
            matches = list(pattern.finditer(self._data)) if pattern.groups else []
            starts = [self._origin(match.start(1)) for match in matches if match.start(1) >= 0]
            words = [self._words(match.start(), match.start(1)) for match in matches if match.start(1) >= 0]
            self._found[row.name] = starts, words
        starts, words = self._found[row.name]
        first = bisect_left(starts, start)
        return words[first] if first < len(starts) and starts[first] < end else ""

    def _origin(self, place: int) -> int:
        """The character of the text at a byte of what is searched."""
        character = len(self._data[:place].decode())
        spaced, composed = self._normalising
        return spaced.origin(*composed.origin(*self._view.origin(character, character + 1)))[0]

    def _words(self, start: int, end: int) -> str:
        """The words alone: what holds a digit, or is very long, may be another find."""
        words = self._data[start:end].decode().replace("~", "_").split()
        said = " ".join(word for word in words if len(word) < _LONGEST_WORD and not any(map(str.isdigit, word)))
        return said.strip(" :#.,;-=(_'\"")[-_LONGEST:]
