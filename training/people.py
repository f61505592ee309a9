"""Made-up people: names of many countries, in the forms in which users write them."""

from __future__ import annotations

import csv
import importlib
import tomllib
import unicodedata
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any, Final

from training.scripts import latin

LISTS: Final[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "templates" / "people.toml").read_text(encoding="utf-8")
)
# Where the surname stands first at home, and often in Latin letters, too: of ten people, how many.
_SURNAME_FIRST: Final = {"chinese": 5, "korean": 5, "vietnamese": 8, "japanese": 2}
_JOINED: Final = ("'", "-", "Mc", "Mac", "Fitz")


@dataclass(frozen=True)
class Person:
    """Somebody made up. `surnames` and `forenames` hold one or two names each."""

    forenames: tuple[str, ...]
    surnames: tuple[str, ...]
    female: bool
    origin: str
    language: str
    surname_first: bool = False

    @property
    def first(self) -> str:
        """The forename that people use."""
        return self.forenames[0]

    @property
    def last(self) -> str:
        """All surnames."""
        return " ".join(self.surnames)

    @property
    def full(self) -> str:
        """Forename and surnames."""
        return f"{self.last} {self.first}" if self.surname_first else f"{self.first} {self.last}"

    def email(self, rng: Random) -> str:
        """Return an address whose local part comes of the name."""
        first, last = (
            _ascii(name).lower().replace(" ", "").replace("'", "") for name in (self.first, self.surnames[0])
        )
        local = rng.choice(
            (
                f"{first}.{last}",
                f"{first}{last}",
                f"{first[:1]}{last}",
                f"{first}_{last}",
                f"{first}{rng.randint(1, 99)}",
            )
        )
        return (
            f"{local}@{rng.choice(('example.com', 'example.org', 'mail.example.net', 'example.co.uk', 'example.es'))}"
        )


class People:
    """The stocks of names; `draw` makes somebody up."""

    def __init__(self, data: Path, without_names: bool = False) -> None:
        self.male: dict[str, list[str]] = {}
        self.female: dict[str, list[str]] = {}
        self.last: dict[str, list[str]] = {}
        forenames, surnames = _popular(data)
        rng = Random(0)  # noqa: S311 - spellings
        for origin, stock in LISTS["stocks"].items():
            male, female, last = (
                [*names, *stock.get(kind, []) * 2]
                for kind, names in zip(("male", "female", "last"), of_faker(stock["locales"]), strict=True)
            )
            for names in (male, female, last):
                names += filter(None, (latin(name, rng) for name in names))
            if "syllables" in stock:
                male = female = _two(rng, stock["syllables"])
            for country in stock["countries"]:
                male += forenames.get((country, "M"), [])
                female += forenames.get((country, "F"), [])
                last += surnames.get((country, ""), [])
            # A popular name of several countries comes up more often than one of one list, and should.
            for stocks, names in ((self.male, male or female), (self.female, female or male), (self.last, last)):
                stocks[origin] = [name for name in _latin(names) if not (without_names and is_held_out_name(name))]
        self.census = {kind: _census(kind, without_names) for kind in ("first:male", "first:female", "last")}
        self.letters = _letters([name for names in self.last.values() for name in names])

    def draw(self, rng: Random, language: str, of_world: bool = False) -> Person:
        """Make up somebody whom a text in `language` may speak of, or somebody from anywhere."""
        shares: dict[str, int] = LISTS["origins"][language]
        origin = rng.choice([*self.last]) if of_world else rng.choices([*shares], [*shares.values()])[0]
        female = rng.random() < 0.5
        forenames = [self._first(rng, origin, female)]
        second = 0.35 if origin in ("hispanic", "portuguese") else 0.08
        if rng.random() < second / 2:
            forenames.append(self._first(rng, origin, female))
        surnames = [self._last(rng, origin)]
        if rng.random() < {"hispanic": 0.6, "portuguese": 0.5}.get(origin, 0.03):
            surnames.append(self._last(rng, origin))
        elif rng.random() < 0.04:
            surnames[0] += f"-{self._last(rng, origin)}"
        ahead = rng.randrange(10) < _SURNAME_FIRST.get(origin, 0)
        return Person(tuple(forenames), tuple(surnames), female, origin, language, ahead)

    def _first(self, rng: Random, origin: str, female: bool) -> str:
        kind = rng.random()
        if origin == "anglo":
            if kind < 0.35:
                return _weighted(rng, self.census["first:female" if female else "first:male"])
            if kind < 0.50:
                return str(rng.choice(LISTS["nicknames"]))
            if kind < 0.57:
                return str(rng.choice(LISTS["words"]))
        if origin == "hispanic" and kind < 0.06:
            return str(rng.choice(LISTS["hispanic_nicknames"]))
        if kind > 0.95:
            return _invented(rng, self.letters)
        return rng.choice((self.female if female else self.male)[origin])

    def _last(self, rng: Random, origin: str) -> str:
        kind = rng.random()
        if origin == "anglo":
            if kind < 0.35:
                return _cased(_weighted(rng, self.census["last"]))
            if kind < 0.50:
                return _cased(rng.choice(self.census["last"][0]))
            if kind < 0.58:
                return str(rng.choice(LISTS["word_surnames"]))
        name = _invented(rng, self.letters) if kind > 0.90 else rng.choice(self.last[origin])
        particles: list[str] = LISTS["particles"].get(origin, [])
        if particles and " " not in name and rng.random() < (0.3 if origin == "dutch" else 0.04):
            particle = rng.choice(particles)
            return particle + name if particle.endswith(_JOINED) else f"{particle} {name}"
        return name


def _two(rng: Random, syllables: list[str]) -> list[str]:
    """Given names of two syllables, written together, apart or with a hyphen, and some of one."""
    names = list(syllables)
    for _ in range(900):
        one, other = rng.choice(syllables), rng.choice(syllables)
        names.append(rng.choice((f"{one}{other.lower()}", f"{one}{other.lower()}", f"{one} {other}", f"{one}-{other}")))
        names.append(f"{one}-{other.lower()}")
    return names


def form(rng: Random, person: Person, kind: str) -> list[tuple[str, bool]]:
    """Write a person's name in one form: pieces, each with whether it is of the name (a title is not).

    `kind` is one of first, last, full, official, titled, any.
    """
    if kind == "any":
        kind = rng.choices(("first", "full", "titled", "last", "official"), (40, 38, 10, 6, 6))[0]
    if kind == "first":
        return [(" ".join(person.forenames) if rng.random() < 0.3 else person.first, True)]
    if kind == "last":
        return [(person.surnames[0] if rng.random() < 0.7 else person.last, True)]
    if kind == "titled":
        titles: list[str] = LISTS["titles"]["female" if person.female else "male"][person.language]
        name = person.surnames[0] if rng.random() < 0.6 else person.full
        return [(f"{rng.choice(titles)} ", False), (name, True)]
    if kind == "official":
        first, last = " ".join(person.forenames), person.last
        loud = last.upper()
        forms = (f"{last}, {first}", f"{loud} {first}", f"{first} {loud}", f"{loud}, {first}", f"{last} {first}")
        return [(rng.choice((*forms, f"{first} {last}".upper())), True)]
    initial = person.first[0]
    middle = rng.choice("ABCDEFGHJKLMNPRST")
    style = rng.random()
    if person.surname_first:
        return [(person.full, True)]
    if style < 0.70:
        return [(f"{' '.join(person.forenames)} {person.last}", True)]
    if style < 0.78:
        return [(f"{initial}. {person.last}", True)]
    if style < 0.86:
        return [(f"{person.first} {middle}. {person.last}", True)]
    if style < 0.89:
        return [(f"{initial}.{rng.choice(('', ' '))}{middle}. {person.last}", True)]
    if style < 0.91:
        return [(f"{person.first} {person.surnames[0][0]}.", True)]
    if style < 0.93 and person.language == "en":
        return [(f"{person.full}{rng.choice((' Jr.', ', Jr.', ' Sr.', ' III', ' II'))}", True)]
    return [(f"{person.first} {person.surnames[0]}", True)]


def is_held_out_name(name: str) -> bool:
    """Whether a name is of the fifth that `--without-names` leaves out of training."""
    return zlib.crc32(unaccented(name).lower().encode()) % 5 == 0


def unaccented(text: str) -> str:
    """Return the text as typed without accents, every other letter kept."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _ascii(text: str) -> str:
    return unaccented(text).encode("ascii", "ignore").decode()


def _latin(names: Iterable[str]) -> list[str]:
    """Keep the names in Latin letters, those of Vietnamese included."""
    return [
        name for name in names if name[:1].isupper() and all(c < "\u0250" or "\u1e00" <= c < "\u2020" for c in name)
    ]


def _cased(name: str) -> str:
    name = name.title()
    return f"Mc{name[2:].title()}" if name.startswith("Mc") and len(name) > 4 else name


def _weighted(rng: Random, stock: tuple[list[str], list[float]]) -> str:
    names, cumulative = stock
    return _cased(rng.choices(names, cum_weights=cumulative)[0])


@cache
def _census(kind: str, without_names: bool) -> tuple[list[str], list[float]]:
    names: Any = importlib.import_module("names")
    rows = [line.split() for line in Path(names.FILES[kind]).read_text(encoding="ascii").splitlines()]
    rows = [row for row in rows if not (without_names and is_held_out_name(row[0]))]
    return [row[0] for row in rows], list(accumulate(max(float(row[1]), 0.0005) for row in rows))


def of_faker(locales: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Return the names that faker's locales hold: male, female, last. A locale that is not there is passed over."""
    male: list[str] = []
    female: list[str] = []
    last: list[str] = []
    for locale in locales:
        try:
            provider: Any = importlib.import_module(f"faker.providers.person.{locale}").Provider
        except ModuleNotFoundError as error:
            if error.name == "faker":
                raise
            continue
        for into, attributes in (
            (male, ("first_names_male", "first_names")),
            (female, ("first_names_female", "first_names")),
            (last, ("last_names", "last_names_male")),
        ):
            for attribute in attributes:
                found = getattr(provider, attribute, None)
                if isinstance(found, dict | list | tuple) and len(found) > 5:
                    into += list(dict.fromkeys(found))
                    break
    return male, female, last


def _popular(data: Path) -> tuple[dict[tuple[str, str], list[str]], dict[tuple[str, str], list[str]]]:
    stocks: list[dict[tuple[str, str], list[str]]] = []
    for kind in ("forenames", "surnames"):
        stock: dict[tuple[str, str], list[str]] = {}
        with (data / "names" / f"{kind}_by_country.csv").open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                names = {row["Romanized Name"].strip(), row["Localized Name"].strip()}
                # Popular: three times each, beside faker's long lists.
                stock.setdefault((row["Country"], row.get("Gender") or ""), []).extend(sorted(names) * 3)
        stocks.append(stock)
    return stocks[0], stocks[1]


def _letters(names: list[str]) -> dict[str, str]:
    """Which letters follow two letters, over all names: for names that nobody has."""
    follow: dict[str, list[str]] = {}
    for name in names:
        if name.isalpha():
            padded = f"^^{name.lower()}$"
            for at in range(len(padded) - 2):
                follow.setdefault(padded[at : at + 2], []).append(padded[at + 2])
    return {pair: "".join(letters) for pair, letters in follow.items()}


def _invented(rng: Random, letters: dict[str, str]) -> str:
    while True:
        name = "^^"
        while not name.endswith("$") and len(name) < 13:
            name += rng.choice(letters[name[-2:]])
        name = name.strip("^$")
        if 3 < len(name) < 11:
            return name.capitalize()
