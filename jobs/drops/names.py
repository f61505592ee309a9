"""Which of a table's columns is meant by a name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_MOST = 1_000  # names looked at
_LONGEST = 64  # characters of a name
_NAME = re.compile(r"(?=.*[^\W\d])[\w .:/()#$\[\]-]+")  # with a letter, and without what sentences have
_DIGIT = re.compile(r"\d")
HEADER_WITHIN = 10  # records of a table, the first of which a header is looked for in
_CONTRASTED = 3  # values below a name that it differs from
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


def names_both(names: Sequence[str], columns: Mapping[str, str]) -> bool:
    """Whether a record names a table's texts and their ids: nothing but a header does."""
    return {"text", "document_id"} <= places_of(names, columns)[0].keys()


def header_of(first: Sequence[Sequence[str]], columns: Mapping[str, str]) -> int | None:
    """Which of a table's first records is its header, below titles of a report; None where there is none.

    That which names texts and their ids; else the first that has more than one field filled, where it looks
    like names, or has no digit in a column of which all below have some.
    """
    for place, names in enumerate(first):
        if names_both(names, columns):
            return place
    if not first or places_of(first[0], columns)[0]:
        return 0 if first else None
    top = next((place for place, names in enumerate(first) if sum(map(bool, names)) > 1), 0)
    names = first[top]
    below = [record for record in first[top + 1 :] if len(record) == len(names)]
    filled = [[record[at] for record in below if record[at]] for at in range(len(names))]
    told = any(
        name and not _DIGIT.search(name) and len(values) >= _CONTRASTED and all(map(_DIGIT.search, values))
        for name, values in zip(names, filled, strict=True)
    )
    return top if places_of(names, columns)[0] or looks_like_names(names) or told else None


def looks_like_names(names: Sequence[str]) -> bool:
    """Whether the first record of a table is a header, rather than the first of its documents."""
    names = [name for name in names[:_MOST] if name]
    return (
        bool(names)
        and all(len(name) <= _LONGEST and _NAME.fullmatch(name) for name in names)
        and len({*map(plain, names)}) == len(names)
    )


def by_number(columns: Mapping[str, str], names: Sequence[str]) -> bool:
    """Whether the columns of a table without a header are meant by their numbers, from 1: `--map text=3`."""
    return any(theirs.isdecimal() for theirs in columns.values()) and not (all(names) and looks_like_names(names))
