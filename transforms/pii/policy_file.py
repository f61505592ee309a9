"""A policy as a TOML file.

version = "2026-11"                 # of your choosing; part of the policy's id
languages = ["en", "es"]            # leave out detectors made for other languages alone
second_opinion = "comprehend"
day_first = true                    # 03/04/1985 is of April, where dates are moved
keep_eponyms = true                 # `Parkinson's disease` stays

[replace]                           # type | number | mask | last4 | pseudonym | encrypt | drop | keep
default = "type"
NAME = "number"                     # or surrogate, as some other types
DATE_TIME = "year"                  # or shift
AGE = "band"
ADDRESS = "country"                 # or area

[threshold]
default = 0.5
PHONE = 0.7

[columns]                           # beside the text: keep | redact | pseudonym
document_id = "pseudonym"
source = "redact"
source_file = "pseudonym"
language = "redact"

[keys]                              # of JSON Lines, for `redact`: beside or instead of `text`
search = ["subject", "body"]
never = ["id"]
always = {EMAIL = ["from", "to.*.address"]}  # taken whole, as this type

[allow]                             # stays, whatever finds it
values = ["support@example.com", "New York Times"]
patterns = ['ACME-[0-9]+']          # RE2

[deny]
NAME = ["Project Falcon"]           # always a find, of this type

[[custom]]
name = "ticket"
type = "TICKET_NUMBER"
pattern = 'TCK-[0-9]{6}'            # RE2, over folded text; ^ and $ are a line's edges
context = ["ticket", "case"]        # words of which one must stand before it
confidence = 0.9
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from difflib import get_close_matches
from typing import Annotated, Literal

import re2
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from transforms.errors import UsageError
from transforms.pii.detectors import DETECTORS, Detector
from transforms.pii.detectors.detector import SPACE
from transforms.pii.folding import comparable, fold
from transforms.pii.generalise import GENERALS
from transforms.pii.keys import is_path
from transforms.pii.policy import TYPE_NAME, TYPES, Columns, Keys, Policy, Replacement, Treatment
from transforms.pii.policy_words import WRITE, said
from transforms.pii.surrogates import SURROGATES

_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
_Type = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]*(_[A-Z][A-Z0-9]*)*$", max_length=50)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_IDENTITIES = ("document_id", "source_file")  # columns that tell one document, or file, from another
_OF_TYPES = {
    **{kind: general.types for kind, general in GENERALS.items()},
    Replacement.SHIFT: frozenset({"DATE_TIME"}),
    Replacement.SURROGATE: frozenset(SURROGATES),
}
_Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Custom(_Table):
    name: _Name
    type: _Type
    pattern: Annotated[str, StringConstraints(min_length=1)]
    context: list[_Text] = []
    confidence: _Share = 0.9


class _Allow(_Table):
    values: list[_Text] = []
    patterns: list[_Text] = []


class _Keys(_Table):
    search: list[_Text] = []
    never: list[_Text] = []
    always: dict[str, list[_Text]] = {}


class _File(_Table):
    version: _Text
    languages: list[_Language] = []
    second_opinion: Literal["comprehend"] | None = None
    day_first: bool | None = None
    keep_eponyms: bool = True
    replace: dict[str, str] = {}
    threshold: dict[str, _Share] = {}
    columns: dict[str, str] = {}
    keys: _Keys = _Keys()
    allow: _Allow = _Allow()
    deny: dict[str, list[_Text]] = {}
    custom: list[_Custom] = []


def parse_policy(text: str, source: str) -> Policy:
    """The policy that a TOML text describes; `source` is what messages call it.

    Raises UsageError that lists every mistake: an unknown key, type, replacement or treatment, a pattern that RE2
    refuses.
    """
    try:
        file = _File.model_validate(tomllib.loads(text))
    except ValidationError as error:
        raise UsageError(f"{source}: " + "; ".join(map(said, error.errors()))) from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{source}: it is not TOML: {error}") from None
    except ValueError:
        raise UsageError(f"{source}: a number in it has too many digits") from None
    except RecursionError:
        raise UsageError(f"{source}: its lists or tables are nested too deep") from None
    types = TYPES | {row.type for row in file.custom} | {each for each in file.deny if _is_type(each)}
    mistakes = [*_mistakes(file, types)]
    if mistakes:
        raise UsageError(f"{source}: " + "; ".join(mistakes))
    replacements = {key: Replacement(each) for key, each in file.replace.items()}
    default = replacements.pop("default", Replacement.TYPE)
    thresholds = dict(file.threshold)
    threshold = thresholds.pop("default", Policy.threshold)
    return Policy(
        version=file.version,
        default=default,
        replacements=tuple(sorted(replacements.items())),
        threshold=threshold,
        thresholds=tuple(sorted(thresholds.items())),
        languages=frozenset(file.languages),
        allow=frozenset(map(comparable, file.allow.values)),
        allow_patterns=tuple(file.allow.patterns),
        custom=(*map(_detector, file.custom), *(_denied(each, values) for each, values in file.deny.items() if values)),
        second_opinion=file.second_opinion,
        day_first=file.day_first,
        keep_eponyms=file.keep_eponyms,
        columns=Columns(**{column: Treatment(each) for column, each in file.columns.items()}),
        keys=Keys(
            tuple(file.keys.search),
            tuple(file.keys.never),
            tuple((pii_type, tuple(paths)) for pii_type, paths in file.keys.always.items()),
        ),
    )


def _mistakes(file: _File, types: frozenset[str]) -> Iterator[str]:
    for table, keys in (("replace", file.replace), ("threshold", file.threshold), ("keys.always", file.keys.always)):
        for key in keys:
            if key not in types and (key != "default" or table == "keys.always"):
                near = get_close_matches(key, sorted(types), 1)
                meant = f"do you mean {near[0]}?" if near else "write one of docs/redaction.md, of [deny] or [[custom]]"
                yield f"{table}.{key}: there is no such type; {meant}"
    yield from _replacement_mistakes(file.replace)
    yield from _column_mistakes(file.columns)
    yield from _key_mistakes(file.keys, file.replace)
    for number, pattern in enumerate(file.allow.patterns):
        yield from (f"allow.patterns.{number}: {mistake}" for mistake in _pattern_mistakes(pattern))
    for key in file.deny:
        if not _is_type(key):
            yield f"deny.{key}: a type is written in capitals"
    names = [row.name for row in DETECTORS]
    for number, row in enumerate(file.custom):
        if row.name in names:
            yield f"custom.{number}.name: there is a detector {row.name} already"
        names.append(row.name)
        yield from (f"custom.{number}.pattern: {mistake}" for mistake in _pattern_mistakes(row.pattern))
    for key, values in file.deny.items():
        yield from (f"deny.{key}: {mistake}" for mistake in _pattern_mistakes(_denied(key, values).pattern) if values)


def _replacement_mistakes(given: dict[str, str]) -> Iterator[str]:
    for key, kind in given.items():
        if kind not in set(Replacement):
            yield f'replace.{key} holds "{kind}"; write {WRITE["replace.*"]}'
        elif (types := _OF_TYPES.get(Replacement(kind))) and key not in types:
            yield f"replace.{key}: {kind} is for {', '.join(sorted(types))} alone"
    if given.get("default") == Replacement.KEEP:
        yield "replace.default: keep would leave in whatever is found; name the types to keep, one by one"


def _key_mistakes(keys: _Keys, replacements: dict[str, str]) -> Iterator[str]:
    tables = [("search", keys.search), ("never", keys.never)]
    tables += [(f"always.{pii_type}", paths) for pii_type, paths in keys.always.items()]
    for table, paths in tables:
        for path in paths:
            if not is_path(path):
                yield f'keys.{table} holds "{path}"; write {WRITE["keys.search.#"]}'
    for pii_type in keys.always:
        if replacements.get(pii_type) == Replacement.KEEP:
            yield f"keys.always.{pii_type}: [replace] keeps {pii_type}; give one of both up"


def _column_mistakes(given: dict[str, str]) -> Iterator[str]:
    columns = [field.name for field in fields(Columns)]
    for column, treatment in given.items():
        if column not in columns:
            yield f"columns.{column}: there is no such column; write one of {', '.join(columns)}"
        if treatment not in set(Treatment):
            yield f'columns.{column} holds "{treatment}"; write {WRITE["columns.*"]}'
        elif treatment == Treatment.REDACT and column in _IDENTITIES:
            yield f"columns.{column}: redact would give many documents one {column}: write pseudonym or keep"


def _is_type(key: str) -> bool:
    return re.fullmatch(TYPE_NAME, key) is not None


def _pattern_mistakes(pattern: str) -> Iterator[str]:
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(f"(?m:{pattern})", options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error.args[0])
        yield f"RE2 cannot run it: {reason} (it has no look-around and no back-reference, so that no text can hang it)"
        return
    if compiled.groups > 1:
        yield "it has several groups: leave one, around what is found, or write (?:…)"
    if any(match and match.start() == match.end() for match in map(compiled.search, ("", "a", "1", " ", "."))):
        yield "it can match nothing at all, so it would match everywhere"


def _detector(row: _Custom) -> Detector:
    return Detector(
        name=row.name,
        type=row.type,
        pattern=f"(?m:{row.pattern})",
        confidence=row.confidence,
        context=tuple(re2.escape(word) for word in row.context),
    )


def _denied(pii_type: str, values: list[str]) -> Detector:
    """One row for a list of values: each whole, in any case and spacing."""
    alternatives = "|".join(sorted(map(_literal, values), key=len, reverse=True))
    pattern = f"(?i:{alternatives})"
    return Detector(f"deny_{pii_type.lower()}", pii_type, pattern, 1.0)


def _literal(value: str) -> str:
    words = fold(value).split()
    # RE2's \b knows ASCII letters alone.
    before, after = (r"\b" if edge.isascii() and edge.isalnum() else "" for edge in (words[0][0], words[-1][-1]))
    return before + f"{SPACE}+".join(map(re2.escape, words)) + after
