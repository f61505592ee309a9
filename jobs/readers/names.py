"""Which of a table's columns is meant by a name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_MOST = 1_000  # names looked at
_LONGEST = 64  # characters of a name
_NAME = re.compile(r"(?=.*[^\W\d])[\w .:/()#$\[\]-]+")  # with a letter, and without what sentences have
_OTHER = re.compile(r"[\W_]+")


def plain(name: str) -> str:
    """A name without what people write differently: `Document ID` and `document_id` are one."""
    return _OTHER.sub("", name).casefold()


def places_of(names: Sequence[str], columns: Mapping[str, str]) -> tuple[dict[str, int], bool]:
    """The place of each of our columns that is there, and whether one of them may be meant by several.

    columns: our column -> theirs, taken as it is written, or else for the one name that differs by case, spaces and
    signs alone.
    """
    places: dict[str, int] = {}
    repeated = False
    exact: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        exact.setdefault(name, []).append(place)
    folded: dict[str, list[int]] = {}
    for ours, theirs in columns.items():
        found = exact.get(theirs, [])
        if not found:
            if not folded:
                for place, name in enumerate(names):
                    folded.setdefault(plain(name), []).append(place)
            found = folded.get(plain(theirs), []) if plain(theirs) else []
        if found:
            places[ours] = found[0]
            repeated |= len(found) > 1
    return places, repeated


def looks_like_names(names: Sequence[str]) -> bool:
    """Whether the first record of a table is a header, rather than the first of its documents."""
    names = names[:_MOST]
    return all(name and len(name) <= _LONGEST and _NAME.fullmatch(name) for name in names) and len(
        {*map(plain, names)}
    ) == len(names)


def by_number(columns: Mapping[str, str], names: Sequence[str]) -> bool:
    """Whether the columns of a table without a header are meant by their numbers, from 1: `--map text=3`."""
    numbers = [theirs for theirs in columns.values() if theirs.isdecimal()]
    return bool(numbers) and not set(numbers) & set(names)
