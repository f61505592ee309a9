"""Dates moved by some days, as many for all of a subject: how long things took is kept, when they were is not."""

from __future__ import annotations

import re
from datetime import date, timedelta

from transforms.pii.folding import fold

_MOST_DAYS = 365
_ISO = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[t ,].*)?")
_NUMERIC = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})(?:[t ,].*)?")
_DAY_FIRST = re.compile(
    r"([0-9]{1,2})(?:st|nd|rd|th|er|º|ª|\.)? ?(?:of |de |di |d')?([^\W\d_]+)\.?,? ?(?:of |de |del |di )?([0-9]{4})"
)
_MONTH_FIRST = re.compile(r"([^\W\d_]+)\.? ?([0-9]{1,2})(?:st|nd|rd|th)?,? ?([0-9]{4})")
# Months by how their names begin in English, Spanish, French, German, Italian and Portuguese.
_MONTHS = {
    **dict.fromkeys(("jan", "ene", "gen", "jän"), 1),
    **dict.fromkeys(("feb", "fév", "fev"), 2),
    **dict.fromkeys(("mar", "mär"), 3),
    **dict.fromkeys(("apr", "abr", "avr"), 4),
    **dict.fromkeys(("may", "mai", "mag"), 5),
    **dict.fromkeys(("jun", "juin", "giu"), 6),
    **dict.fromkeys(("jul", "juil", "lug"), 7),
    **dict.fromkeys(("aug", "ago", "aoû", "aou"), 8),
    **dict.fromkeys(("sep", "set"), 9),
    **dict.fromkeys(("oct", "okt", "ott", "out"), 10),
    **dict.fromkeys(("nov",), 11),
    **dict.fromkeys(("dec", "dic", "dez", "déc"), 12),
}


def days(digest: bytes) -> int:
    """How far a subject's dates move: 1 to 365 days, back or forth."""
    number = int.from_bytes(digest[:8]) % (2 * _MOST_DAYS) - _MOST_DAYS
    return number + 1 if number >= 0 else number


def shifted(value: str, by: int, *, day_first: bool | None = None) -> str | None:
    """A date some days later, as YYYY-MM-DD; None for what is no whole date, or may be either of two.

    `day_first` says which of the two `03/04/1985` is, where that is known.
    """
    read = _read(" ".join(fold(value).casefold().split()), day_first)
    try:
        return (date(*read) + timedelta(by)).isoformat() if read else None
    except (ValueError, OverflowError):
        return None


def _read(written: str, day_first: bool | None) -> tuple[int, int, int] | None:
    """Year, month and day."""
    if match := _ISO.fullmatch(written):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _NUMERIC.fullmatch(written):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        if match[2] == "." or first > 12 or first == second or (day_first and second <= 12):
            return year, second, first
        return (year, first, second) if second > 12 or day_first is False else None
    if match := _DAY_FIRST.fullmatch(written):
        return _of_words(match[3], match[2], match[1])
    if match := _MONTH_FIRST.fullmatch(written):
        return _of_words(match[3], match[1], match[2])
    return None


def _of_words(year: str, month: str, day: str) -> tuple[int, int, int] | None:
    number = _MONTHS.get(month[:4]) or _MONTHS.get(month[:3])
    return (int(year), number, int(day)) if number else None
