"""Paths say which values of an object are texts."""

from __future__ import annotations

from typing import Any

import pytest

from transforms.pii.keys import is_path, leaves

ROW: dict[str, Any] = {
    "id": 7,
    "text": "a",
    "from": {"name": "b", "address": "c"},
    "to": [{"address": "d", "names": ["e", "f"]}, {"address": "g"}, "h"],
    "seen": True,
    "gone": None,
}


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        ([], ""),
        (["text"], "a"),
        (["none", "text.none", "from.name.none"], ""),
        (["from"], "bc"),  # all below it
        (["from.address", "text"], "ac"),  # the upper ones first
        (["to.*.address"], "dg"),
        (["to.0"], "def"),
        (["to.*.names.*"], "ef"),
        (["to"], "hdefg"),
        (["*.address"], "c"),
        (["*"], "7abchdefg"),
    ],
)
def test_leaves(paths: list[str], found: str) -> None:
    assert "".join(leaf.text or "" for leaf in leaves(ROW, paths).values()) == found


def test_values_that_are_no_text() -> None:
    assert [(leaf.name, leaf.text) for leaf in leaves(ROW, ["id", "seen", "gone"]).values()] == [
        ("id", "7"),
        ("seen", None),
        ("gone", None),
    ]


def test_a_leaf_can_be_written() -> None:
    row = {"a": [{"b": "x"}]}
    (leaf,) = leaves(row, ["a.*.b"]).values()
    leaf.holder[leaf.at] = "y"
    assert (leaf.name, row) == ("a.0.b", {"a": [{"b": "y"}]})


def test_what_is_nested_deep() -> None:
    row: dict[str, Any] = {"a": "x"}
    for _ in range(5_000):
        row = {"a": row}
    (leaf,) = leaves(row, ["a"]).values()
    assert leaf.text == "x"


@pytest.mark.parametrize(
    ("path", "good"), [("a", True), ("a.*.b c", True), ("", False), ("a..b", False), (".a", False)]
)
def test_paths(path: str, good: bool) -> None:
    assert is_path(path) is good
