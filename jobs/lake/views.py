"""The views of `transforms/sql`, as both engines have them: a file each, whose first comment says what a row is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

_COMMENT = re.compile(r"(?:--[^\n]*\n)+")


@cache
def views() -> Mapping[str, str]:
    """Every view's SQL, by its name, in the order of names."""
    found = {}
    for view in sorted(files("transforms").joinpath("sql").iterdir(), key=lambda each: each.name):
        if view.name.endswith(".sql"):
            found[view.name.removesuffix(".sql")] = view.read_text(encoding="utf-8")
    return MappingProxyType(found)


def in_order(sqls: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Views after those that they read."""
    left = dict(sqls)
    while left:
        ready = [name for name in left if not any(_reads(left[name], other) for other in left if other != name)]
        for name in ready:
            yield name, left.pop(name)


def described(sql: str) -> str:
    """What a view's first comment says: what a row is, its columns and their units."""
    found = _COMMENT.match(sql)
    lines = found[0].splitlines() if found else []
    return "\n".join(line.removeprefix("--").strip() for line in lines)


def _reads(sql: str, name: str) -> bool:
    return re.search(rf"\b(?:FROM|JOIN)\s+{name}\b", sql) is not None
