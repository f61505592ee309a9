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
    folded: list[str] = []
    for ours, theirs in columns.items():
        among: Sequence[str] = names
        if theirs not in names:
            folded = folded or [plain(name) for name in names[:_MOST]]
            among, theirs = folded, plain(theirs)
        if theirs and theirs in among:
            places[ours] = among.index(theirs)
            repeated |= among.count(theirs) > 1
    return places, repeated


def looks_like_names(names: Sequence[str]) -> bool:
    """Whether the first record of a table is a header, rather than the first of its documents."""
    names = names[:_MOST]
    return all(name and len(name) <= _LONGEST and _NAME.fullmatch(name) for name in names) and len(
        {*map(plain, names)}
    ) == len(names)


def by_number(columns: Mapping[str, str], names: Sequence[str]) -> bool:
    """Whether the columns of a table without a header are meant by their numbers, from 1: `--map text=3`."""
    return any(theirs.isdecimal() for theirs in columns.values()) and not looks_like_names(names)
