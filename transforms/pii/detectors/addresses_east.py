"""Addresses of Poland, Russia and Turkey."""

from __future__ import annotations

from transforms.pii.detectors.detector import LETTERS, SPACE, Detector

_O = rf"{SPACE}?"
_S = rf"{SPACE}+"
_CAPITAL = "A-Z\u00c0-\u00de\u0100-\u017f"
_NAME = rf"[{_CAPITAL}][{LETTERS}.-]*"
_HOUSE = "[0-9]{1,4}[A-Za-z]?(?:/[0-9]{1,4}[A-Za-z]?)?"
_RUSSIAN = "[\u0410-\u044f\u0401\u0451]"
_RUSSIAN_NAME = "[\u0410-\u042f\u0401][\u0410-\u044f\u0401\u0451]+"
_RUSSIAN_STREET = (
    "(?:ул\\.|улица|улице|улицы|пр-т|пр\\.|проспект|проспекте|пер\\.|переулок|бульвар|бульваре|наб\\.|набережная|шоссе|пл\\."
    "|площадь|проезд|тупик|аллея)"
)
_RUSSIAN_HOUSE = (
    rf"{_O},?{_O}(?:(?:д\.|дом|доме){_O})?[0-9]{{1,4}}{_RUSSIAN}?(?:/[0-9]{{1,3}})?"
    rf"(?:{_O},?{_O}(?:корп\.|корпус|к\.|стр\.|строение|кв\.|квартира|оф\.|офис){_O}[0-9]{{1,4}}){{0,4}}"
)

ROWS = (
    Detector(
        name="street_polish",
        type="ADDRESS",
        pattern=rf"\b(?:ul|al|pl|os)\.{_O}{_NAME}(?:{_S}{_NAME}){{0,3}}{_S}{_HOUSE}(?:{_O}(?:m|lok)\.{_O}[0-9]{{1,4}})?"
        rf"(?:{_O},?{_O}[0-9]{{2}}-[0-9]{{3}}{_S}{_NAME}(?:{_S}{_NAME})?)?\b"
        rf"|\b[0-9]{{2}}-[0-9]{{3}}{_S}[{_CAPITAL}][{LETTERS}]{{2,}}\b",
        trigger=rf"(?:ul|al|pl|os)\.{_O}[{_CAPITAL}]|[0-9]-[0-9]{{3}}{SPACE}+[{_CAPITAL}]",
        confidence=0.8,
        languages=("pl",),
    ),
    Detector(
        name="street_russian",
        type="ADDRESS",
        pattern=rf"{_RUSSIAN_STREET}{_O}{_RUSSIAN_NAME}(?:{_S}{_RUSSIAN_NAME}){{0,2}}{_RUSSIAN_HOUSE}"
        rf"|{_RUSSIAN_NAME}(?:{_S}{_RUSSIAN_NAME}){{0,2}}{_S}{_RUSSIAN_STREET}{_RUSSIAN_HOUSE}",
        trigger=_RUSSIAN_STREET,
        confidence=0.8,
        languages=("ru",),
    ),
    Detector(
        name="street_turkish",
        type="ADDRESS",
        pattern=rf"(?:{_NAME}{_S}){{1,4}}(?:Caddesi|Cad\.|Sokak|Sokağı|Sok\.|Sk\.|Bulvarı|Bulv\.|Mahallesi|Mah\.)"  # noqa: RUF001 - Turkish
        rf"(?:[ ,]+{_NAME}){{0,4}}[ ,]*(?:No|Numara|Kapı)[ :.]*[0-9]{{1,4}}(?:[/-][0-9A-Z]{{1,4}})?"  # noqa: RUF001 - Turkish
        rf"(?:[ ,]+(?:D|Daire|Kat)[ :.]*[0-9]{{1,3}}){{0,2}}",
        trigger=r"(?:No|Numara|Kap.{1,2})[ :.]*[0-9]",
        confidence=0.8,
        languages=("tr",),
    ),
)
