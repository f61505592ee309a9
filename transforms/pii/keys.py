"""Which values of a JSON object are texts, by their keys.

`subject` is a key, `to.address` a key within another's object, and `*` each item of a list or key of an object:
`to.*.address`. A path that ends at a list or an object means everything below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

EVERYTHING = "*"


class Leaf(NamedTuple):
    """A value that is neither list nor object: `holder[at]`, by its path from the top."""

    path: tuple[str, ...]
    holder: Any
    at: str | int

    @property
    def name(self) -> str:
        """The path as people write it."""
        return ".".join(self.path)

    @property
    def text(self) -> str | None:
        """The value as it is searched; None where there is nothing to search."""
        value = self.holder[self.at]
        if isinstance(value, str):
            return value
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def is_path(path: str) -> bool:
    """Whether every name between its dots is one."""
    return all(path.split("."))


def leaves(row: dict[str, Any], paths: Iterable[str]) -> dict[tuple[str, ...], Leaf]:
    """The leaves at or below some paths, by their own; those of one level before those below it."""
    steps = [tuple(path.split(".")) for path in paths]
    if not steps:
        return {}
    return {leaf.path: leaf for leaf in _all(row) if any(_leads_to(each, leaf.path) for each in steps)}


def _all(row: dict[str, Any]) -> Iterator[Leaf]:
    waiting: list[tuple[tuple[str, ...], Any]] = [((), row)]
    while waiting:  # no recursion: a line may be nested deep
        path, holder = waiting.pop()
        items = list(holder.items()) if isinstance(holder, dict) else list(enumerate(holder))
        inner = []
        for at, value in items:
            below = (*path, str(at))
            if isinstance(value, dict | list):
                inner.append((below, value))
            else:
                yield Leaf(below, holder, at)
        waiting += reversed(inner)


def _leads_to(steps: tuple[str, ...], path: tuple[str, ...]) -> bool:
    return len(steps) <= len(path) and all(step in ("*", name) for step, name in zip(steps, path, strict=False))
