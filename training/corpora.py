"""Labelled and unlabelled text whose licences allow training, in one shape.

Sources and licences are in README.md beside this file. Rows whose id falls in the held-out fifth never come out of
`labelled` and `unlabelled`: figures are measured on them.
"""

from __future__ import annotations

import csv
import html
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

NAME, PLACE, STREET, ORG = "NAME", "PLACE", "STREET", "ORG"

Span = tuple[int, int, str]


@dataclass(frozen=True)
class Example:
    """A text and what is labelled in it; offsets in characters.

    `judged` holds the labels the source is complete for: outside its spans a token is certainly not one of these.
    PLACE is a city, region, country or postal code; STREET is a street line with its number, flat or P.O. box.
    """

    text: str
    spans: tuple[Span, ...]
    language: str
    source: str
    judged: frozenset[str]


# File, language, the labels it is complete for, whether it comes cut into tokens ("don't go , Ann 's here").
_LABELLED: Final = (
    ("wnut17_train", "en", {NAME, PLACE, ORG}, True),
    ("wnut17_dev", "en", {NAME, PLACE, ORG}, True),
    ("btc_h_dev", "en", {NAME, PLACE, ORG}, False),
    ("kurkowski_dev", "en", {NAME, PLACE, STREET}, False),
    ("meddocan_es_train", "es", {NAME, PLACE, STREET}, False),
    ("meddocan_es_dev", "es", {NAME, PLACE, STREET}, False),
    ("echr_es_manual", "es", {NAME, PLACE}, True),
    ("echr_fr_manual", "fr", {NAME, PLACE}, True),
)

_UNLABELLED: Final = (
    *(("en", name) for name in ("vader_tweets", "vader_amazon", "vader_nyt", "senti4sd_train", "mams_train")),
    ("en", "goemotions_train"),
    *((language, f"xed_{language}") for language in ("en", "es", "fr", "de", "it", "pt")),
)

_LABELS: Final = {
    NAME: "PERSON NAME PER LEGAL_PROFESSIONAL DOCTOR USERNAME CLIENT_NAME NOMBRE_SUJETO_ASISTENCIA "
    "NOMBRE_PERSONAL_SANITARIO FAMILIARES_SUJETO_ASISTENCIA",
    PLACE: "LOCATION LOC ADDRESS PLACE CITY STATE ZIP LANDMARK TERRITORIO PAIS",
    STREET: "CALLE",
    ORG: "ORGANIZATION GROUP ORG COMPANY COMPANY_NAME UNIVERSITY UNIVERSITY_NAME SCHOOL COURT HOSPITAL INSURER BANK "
    "MERCHANT RESTAURANT_NAME AIRPORT_NAME HOTEL_NAME INSTITUCION CENTRO_SALUD",
}
_LABEL_OF: Final = {kind: label for label, kinds in _LABELS.items() for kind in kinds.split()}

_TITLE: Final = re.compile(
    r"(?:(?:el|la|los|las)\s+)?"
    r"(?:M\.\s+et\s+Mme|MM|Mmes|Mme|Mlle|Me|M|Mr|Mrs|Ms|Miss|Mx|Dr|Dra|Drs|Sr|Sra|Srta|Dña|Doña|Don|Prof|Hon|Sir|Lord"
    r"|Lady|Rev|Judge|Justice|Nurse|Aunt|Uncle|Principal|Doctor|Doctora|President|Prime Minister"
    r"|Foreign Minister|Senator|Pope|Coach)"
    r"(?:\.\s*|\s+|(?=[A-Z]\.))(?:(?:Dr|Dra)\.?\s+)?|d['\u2019](?=[A-Z])"
)
# "[10:20 AM] Mike" as one value.
_CLOCK: Final = re.compile(r"^[^A-Z]*(?:AM|PM)?\]\s*")
_ARTICLE: Final = re.compile(r"(?:[Tt]he|[LlDd]['\u2019]|[LlDd] ['\u2019]|[Ll]a|[Ll]es?)\s*(?=[^\W\d_])")
_FACILITY: Final = re.compile(
    r"(?i)\b(?:caf[eé]|bar|grill|pub|club|building|tower|park|hall|hotel|inn|resort|center|centre|arena|stadium|theat(?:er|re)"
    r"|museum|mall|store|shop|school|university|college|academy|library|church|airport|station|garden|market|venue"
    r"|hospital|festival|fabrics|bridge|ship|house|palace|palais|palacio|prison|court|beach|lake|bay|gym|office|room|field|lounge|campus)s?\b"
)
_NO_PLACE: Final = re.compile(r"(?i)\baños?\b|\bmeses\b|\d{4}$|num[ée]ro|\bde (?:19|20)\d\d")
_STREET_NAME: Final = re.compile(
    r"(?i)(?:\b(?:st|street|ave|avenue|road|rd|blvd|boulevard|lane|ln|drive|dr|court|ct|way|place|terrace|hwy)\.?$)"
    r"|^(?:c/|calle|avda|avenida|paseo|plaza|rue)\b"
)
# No places of ours: words for kinds of places, peoples.
_COMMON_PLACE: Final = re.compile(
    r"(?i)(?:my |the )?(?:home|school|work|church|lake|town|bed|street|class|world|earth|corporation"
    r"|association|address)"
    r"|cet [ée]tat|.*(?:ese|[^g]lish|[nkr]ish|[^td]ian|ians|raeli|aussie|thai|koreans?|americans?|mexicans?"
    r"|african|german)"
    r"|(?:les )?galeries|l['\u2019]ar[èe]ne"
)
_POSTAL: Final = re.compile(r"\d{4,5}(?:-\d{4})?|[A-Z]{2}(?: \d{5})?")
# Of kurkowski: what was labelled NAME or USERNAME and is no person's.
_NO_PERSON: Final = re.compile(
    r"(?i)\b(?:the|inc|corp|ltd|llc|bistro|project|projects|solutions|team|mountain|support|customer|agent|bank|cafe"
    r"|services?|admin|user|agency|course|group|university|school|hospital|client|manager"
    r"|innovations|loan|employed|data|creative|fashion|grand|bella|toyota|new york|hawaii|eiffel|metropolis"
    r"|she|he|dad|mom|mum|grandma|grandpa|amazon|home|central|park|tech|green valley|freelance|instructions|store"
    r"|office|conference|department|doctor|nurse|everyone|company|street|academy|college|institute|center|insurance)\b"
)
_GOD: Final = re.compile(r"(?i)(?:the )?(?:god|lord|jesus(?: christ)?|christ|allah|buddha|santa(?: claus)?|satan)")
_KURKOWSKI: Final = frozenset({"NAME", "USERNAME", "DOCTOR", "CLIENT_NAME"})
_PERSON: Final = re.compile(r"[A-Z][a-z'\u2019]+(?:-[A-Z][a-z]+)?(?: [A-Z][\w'\u2019.-]*){0,3}")
_HASHTAG_NAME: Final = re.compile(r"#[A-Z][a-z]+(?:[A-Z][a-z]+)?")
_CAPITALISED_RUN: Final = re.compile(
    r"[^\W\d_a-zà-ÿ][\w'\u2019-]+(?:\s+(?:(?:de|del|la|los|y|van|von|da|dos)\s+)*[^\W\d_a-zà-ÿ][\w'\u2019-]+)*"
)


def labelled(data: Path, held_out: bool = False) -> Iterator[Example]:
    """Yield the permissive labelled sets below `data`: the part to train on, or the part to measure on.

    Raises FileNotFoundError where `data` lacks one.
    """
    known = _forenames(data)
    for name, language, judged, tokenised in _LABELLED:
        for row in _rows(data / "pii" / f"{name}.jsonl"):
            if is_held_out(row["doc_id"]) != held_out:
                continue
            example = _example(row, language, name, frozenset(judged), known)
            if example is None:
                continue
            # Half of them as people write; the other half stays as it was published.
            if tokenised and not held_out and zlib.crc32(row["doc_id"].encode()) // 5 % 2:
                example = _untokenised(example)
            yield example


def unlabelled(data: Path) -> Iterator[tuple[str, str]]:
    """Yield (language, text) of the sentiment sets below `data`, held-out rows left out."""
    for language, name in _UNLABELLED:
        for row in _rows(data / "sentiment" / f"{name}.jsonl"):
            if not is_held_out(row["doc_id"]):
                yield language, row["text"]


def is_held_out(name: str) -> bool:
    """Say whether a row of this id, or a sentence, is of the fifth that is only measured on."""
    return zlib.crc32(name.encode()) % 5 == 0


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        for line in lines:
            yield orjson.loads(line)


def _forenames(data: Path) -> frozenset[str]:
    with (data / "names" / "forenames_by_country.csv").open(encoding="utf-8-sig", newline="") as lines:
        return frozenset(row["Romanized Name"] for row in csv.DictReader(lines))


def _example(
    row: dict[str, Any], language: str, name: str, judged: frozenset[str], known: frozenset[str]
) -> Example | None:
    """Return one row with its labels made ours, or None where a label of it cannot be trusted."""
    text: str = row["text"]
    spans: list[Span] = []
    for span in row["spans"]:
        label = _LABEL_OF.get(span["type"])
        start, end = _trimmed(text, span["start"], span["end"])
        if label is None or end <= start:
            continue
        found = _spans_of(text, start, end, label, span["type"], known)
        if found is None:
            if name == "kurkowski_dev":
                return None
            judged = judged - {label}
        else:
            spans += found
    if name not in ("wnut17_train", "wnut17_dev", "btc_h_dev"):
        spans += _repeats(text, spans)
    return Example(text, _without_overlaps(spans), language, name, judged)


def _spans_of(text: str, start: int, end: int, label: str, kind: str, known: frozenset[str]) -> list[Span] | None:
    """Return a labelled value as our spans; empty where it is none of ours; None where nobody can tell."""
    value = text[start:end]
    # What another redactor put in; and addresses of the net.
    if value.startswith(("[", "http")) and not _CLOCK.match(value + "x"):
        return []
    if label == NAME:
        return _names_of(text, start, end, kind, known)
    if label == PLACE:
        return _places_of(text, start, end)
    return [(start, end, label)]


def _names_of(text: str, start: int, end: int, kind: str, known: frozenset[str]) -> list[Span] | None:
    value = text[start:end]
    if value.startswith("@") or _GOD.fullmatch(value) or (kind in _KURKOWSKI and _NO_PERSON.search(value)):
        return []
    if value.startswith("#"):
        return [(start, end, NAME)] if _HASHTAG_NAME.fullmatch(value) else []
    if kind == "FAMILIARES_SUJETO_ASISTENCIA":
        runs = (run for run in _CAPITALISED_RUN.finditer(value) if run.start() or run[0].split()[0] in known)
        return [(start + run.start(), start + run.end(), NAME) for run in runs if not run[0].startswith("Sí")]
    clock = _CLOCK.match(value)
    start += clock.end() if clock else 0
    title = _TITLE.match(text, start, end)
    if title and title.end() < end:
        start = title.end()
    value = text[start:end]
    # "Mr. D.", "K.": letters that stand for a person whose name was taken out.
    if not re.search(r"[^\W\d_]{2}", value) or (kind.startswith("NOMBRE") and value.islower()):
        return []
    if kind in _KURKOWSKI and not _PERSON.fullmatch(value):
        return None if kind == "USERNAME" else []
    return [(start, end, NAME)]


def _places_of(text: str, start: int, end: int) -> list[Span] | None:
    article = _ARTICLE.match(text, start, end)
    if article and text[article.start()].islower():
        start = article.end()
    value = text[start:end]
    if _STREET_NAME.search(value) or re.match(r"\d+\w? [A-Z]", value):
        return _address_lines(text, start, end)
    if value.startswith("@") or (_NO_PLACE.search(value) and not _POSTAL.fullmatch(value)):
        return []
    if _FACILITY.search(value):
        return None
    if _COMMON_PLACE.fullmatch(value) or (value.startswith("#") and not _HASHTAG_NAME.fullmatch(value)):
        return []
    return [(start, end, PLACE)]


def _address_lines(text: str, start: int, end: int) -> list[Span]:
    """Cut "12 Elm St, Suite 4, Springfield, IL 62704" at its commas: streets first, then places."""
    spans: list[Span] = []
    for part in re.finditer(r"[^,\n]+", text[start:end]):
        left, right = _trimmed(text, start + part.start(), start + part.end())
        if left < right:
            street = not spans or re.match(r"(?i)(?:suite|apt|unit|floor|flat|#|no\.?|p\.? ?o)\b", text[left:right])
            spans.append((left, right, STREET if street else PLACE))
    return spans


def _repeats(text: str, spans: list[Span]) -> list[Span]:
    """Return the places where a labelled value, or the forename of a labelled full name, stands unlabelled."""
    values: dict[str, str] = {}
    for start, end, label in spans:
        value = text[start:end]
        if len(value) > 2 and not value.islower():
            values.setdefault(value, label)
        first = value.split()[0]
        if label == NAME and " " in value and len(first) > 2 and first.isalpha() and first.istitle():
            values.setdefault(first, label)
    return [
        (found.start(), found.end(), values[value])
        for value in sorted(values, key=len, reverse=True)
        for found in re.finditer(rf"(?<![\w@./#-]){re.escape(value)}(?![\w@/]|\.\w)", text)
    ]


def _without_overlaps(spans: list[Span]) -> tuple[Span, ...]:
    """Sort, and keep of overlapping spans the first come, which are the source's own."""
    kept: list[Span] = []
    for span in spans:
        if all(span[1] <= start or end <= span[0] for start, end, _ in kept):
            kept.append(span)
    return tuple(sorted(kept))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in ' \t\n\r.,;:"\u201c\u201d(-~*':
        start += 1
    while start < end and text[end - 1] in ' \t\n\r,;:"\u201c\u201d)':
        end -= 1
    return start, end


# White space that a tokeniser put in, and marks of HTML.
_PUT_IN: Final = re.compile(
    r" (?=(?:[.,:;!?%)\]]|\.\.\.|n['\u2019]t\b|['\u2019](?:s|m|re|ve|ll|d)\b))|(?<=[(\[#$])[ ]"
    r"|(?<=[a-z]) (?=['\u2019] )|(?<=['\u2019]) (?=[a-zé])"
    r"|(?<=\d) (?=[/%])|(?<=/) (?=\d)|(?<=\w) (?=-[ ]\w)|(?<=\w -) |(?<=\w-) |&(?:amp|lt|gt|quot);"
)


def _untokenised(example: Example) -> Example:
    """Return the example with the blanks of a tokeniser taken out and its entities of HTML resolved."""
    pieces: list[str] = []
    moved: list[int] = []  # per character of the old text, its place in the new
    at = length = 0
    for found in _PUT_IN.finditer(example.text):
        kept = example.text[at : found.start()]
        moved += range(length, length + len(kept))
        length += len(kept)
        put = html.unescape(found[0]).strip()
        moved += [length] * (found.end() - found.start())
        length += len(put)
        pieces += [kept, put]
        at = found.end()
    rest = example.text[at:]
    moved += range(length, length + len(rest) + 1)
    text = "".join([*pieces, rest])
    spans = tuple((moved[start], moved[end - 1] + 1, label) for start, end, label in example.spans)
    return Example(text, spans, example.language, example.source, example.judged)
