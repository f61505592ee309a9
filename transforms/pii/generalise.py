"""What says less than a find and still says something: a year, a band of ages, an area, a country.

None of it tells a person from thousands of others. HIPAA's safe harbour (45 CFR 164.514(b)(2)) lets these stand, but
not the areas of few people, which it takes a census to know, nor the year of birth of those over 89, which a calendar.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from transforms.pii.countries import ENGLISH, NAMES
from transforms.pii.folding import fold
from transforms.pii.policy import Replacement

_YEAR = r"(?:1[89]|20)[0-9]{2}"
_YEARS = re.compile(rf"(?<![0-9]){_YEAR}(?![0-9])")
_NUMBERS = re.compile(r"[0-9]+")
_OLDEST = 129
# Ages in smaller units than years, in English, Spanish, French, German, Italian and Portuguese.
_UNDER_TEN = re.compile(
    r"(?i)\b(?:(?:day|week|month)s?|d[íi]as?|semanas?|m[eê]s(?:es)?|jours?|semaines?|mois|tage?n?|wochen?|monate?n?"
    r"|giorn[oi]|settiman[ae]|mes[ei])\b"
)
# A postal code of five digits ends an address, or is all of it: in front it could be the house's number.
_CODE = re.compile(r"(?:^|[^0-9-])([0-9]{3})[0-9]{2}(?:-[0-9]{4})?(?:,? (?:USA?|United States))?[ .,]*\Z")


def year(value: str) -> str | None:
    """The year of a date, written with four digits."""
    years = set(_YEARS.findall(fold(value)))
    return years.pop() if len(years) == 1 else None


def band(value: str) -> str | None:
    """Ten years that an age is one of; ninety and more are one band."""
    numbers = [int(each) for each in _NUMBERS.findall(fold(value))]
    if not numbers or max(numbers) > _OLDEST:
        return None
    bands = {"90+" if age >= 90 else f"{age // 10 * 10}-{age // 10 * 10 + 9}" for age in numbers}
    if _UNDER_TEN.search(value):
        return "0-9" if len(numbers) == 1 and numbers[0] < 100 else None
    return bands.pop() if len(bands) == 1 else None


def area(value: str) -> str | None:
    """The first three digits of a postal code of five, where one ends an address."""
    found = _CODE.search(" ".join(fold(value).split()))
    return found[1] if found else None


def country(value: str) -> str | None:
    """The English name of the country that an address ends with."""
    words = " ".join(value.split()).rstrip(".,; ").casefold()
    for name in (words, f"{words}."):
        ends = [name[match.end() :] for match in re.finditer(r"^|[, ]", name)]
        found = next((ENGLISH[each] for each in ends if each in ENGLISH), None)
        if found:
            return found
    return None


class General(NamedTuple):
    """How finds of some types are written, and what is written."""

    types: frozenset[str]
    of: Callable[[str], str | None]  # None: there is nothing to say but the type
    form: re.Pattern[str]


GENERALS = {
    Replacement.YEAR: General(frozenset({"DATE_TIME"}), year, re.compile(_YEAR)),
    Replacement.BAND: General(frozenset({"AGE"}), band, re.compile(r"0-9|(?P<tens>[1-8])0-(?P=tens)9|90\+")),
    Replacement.AREA: General(frozenset({"ADDRESS"}), area, re.compile("[0-9]{3}")),
    Replacement.COUNTRY: General(frozenset({"ADDRESS"}), country, re.compile("|".join(map(re.escape, sorted(NAMES))))),
}
