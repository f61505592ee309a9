"""What is said of a mistake in a policy file: which key, what it holds, and what to write."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from transforms.pii.policy import Replacement, Treatment

_LONGEST = 40  # characters of a value that are shown
_TEXT = "a text that is not blank"
_PATH = 'a key, such as "id" or "to.*.address"'
# What may stand at each place of a file; # is an item of a list, * a key of one's own.
WRITE = {
    "version": 'a text of your choosing, such as "2026-11"',
    "languages": 'a list of codes, such as ["en", "es"]',
    "languages.#": 'a code of two small letters, such as "en"',
    "second_opinion": '"comprehend", or leave it out',
    "day_first": "true or false, or leave it out",
    "keep_eponyms": "true or false",
    "replace": '[replace] and below it a line for each type, such as NAME = "number"',
    "replace.*": f"one of {', '.join(Replacement)}",
    "threshold": "[threshold] and below it a line for each type, such as NAME = 0.7",
    "threshold.*": "a number from 0 to 1",
    "columns": '[columns] and below it a line for each column, such as source = "keep"',
    "columns.*": f"one of {', '.join(Treatment)}",
    "keys": "[keys] and below it search, never or always",
    "keys.search": 'a list of keys, such as ["subject", "body"]',
    "keys.search.#": _PATH,
    "keys.never": 'a list of keys, such as ["id"]',
    "keys.never.#": _PATH,
    "keys.always": 'a list of keys for each type, such as always = {EMAIL = ["from"]}',
    "keys.always.*": 'a list of keys, such as ["from", "to.*.address"]',
    "keys.always.*.#": _PATH,
    "allow": '[allow] and below it values, such as values = ["New York Times"], or patterns',
    "allow.values": 'a list of texts, such as ["support@example.com", "New York Times"]',
    "allow.values.#": _TEXT,
    "allow.patterns": "a list of RE2 patterns, such as ['ACME-[0-9]+']",
    "allow.patterns.#": "an RE2 pattern, such as 'ACME-[0-9]+'",
    "deny": '[deny] and below it a list for each type, such as PROJECT = ["Falcon"]',
    "deny.*": 'a list of texts, such as ["Falcon", "Blue Heron"]',
    "deny.*.#": _TEXT,
    "custom": "[[custom]] above each name, type and pattern",
    "custom.#": "[[custom]] above each name, type and pattern",
    "custom.#.name": 'small letters, digits and _, such as "ticket"',
    "custom.#.type": 'capitals, such as "TICKET_NUMBER"',
    "custom.#.pattern": "an RE2 pattern, such as 'TCK-[0-9]{6}'",
    "custom.#.context": 'a list of words, such as ["ticket", "case"]',
    "custom.#.context.#": _TEXT,
    "custom.#.confidence": "a number from 0 to 1",
}


def said(mistake: Mapping[str, Any]) -> str:
    """One mistake as pydantic tells it (`type`, `loc`, `input`) in words."""
    place: Sequence[str | int] = mistake["loc"]
    key = ".".join(map(str, place))
    kind = _kind(place[:-1] if mistake["type"] == "extra_forbidden" else place)
    if mistake["type"] == "extra_forbidden":
        known = _below(kind)
        near = get_close_matches(str(place[-1]), known, 1)
        meant = f"do you mean {near[0]}?" if near else f"write one of {', '.join(known)}"
        return f"{key}: there is no such key; {meant}"
    held = "is missing" if mistake["type"] == "missing" else f"holds {_shown(mistake['input'])}"
    return f"{key} {held}; write {WRITE[kind]}"


def _kind(place: Sequence[str | int]) -> str:
    """The place in WRITE."""
    kind = ""
    for step in place:
        wanted = "#" if isinstance(step, int) else str(step)
        own = f"{kind}.{wanted}".strip(".")
        kind = own if own in WRITE or f"{kind}.*" not in WRITE else f"{kind}.*"
    return kind


def _below(kind: str) -> list[str]:
    prefix = f"{kind}." if kind else ""
    return [each.removeprefix(prefix) for each in WRITE if each.startswith(prefix) and "." not in each[len(prefix) :]]


def _shown(value: Any) -> str:
    match value:
        case dict():
            return "a table"
        case list():
            return "a list"
        case bool() | str():
            shown = json.dumps(value, ensure_ascii=False)
        case int() | float():
            shown = str(value)
        case _:
            return "a date or time"
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
