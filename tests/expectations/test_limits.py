"""How much may be rejected or failed, of the documents and of the files."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from expectations.limits import NONE, Limits, exceeded
from expectations.read_back import ReadBack, merge

LIMITS = Limits(0.2, 0.2)


def read(**files: dict[str, int]) -> ReadBack:
    """What was read back of files, each with its documents by status."""
    return replace(
        merge([]),
        own=Counter({name: sum(ended.values()) for name, ended in files.items()}),
        ended=Counter({(name, status): rows for name, ended in files.items() for status, rows in ended.items()}),
    )


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (read(), []),
        (read(a={"SCORED": 8, "REJECTED": 2}), []),
        (
            read(a={"SCORED": 79, "REJECTED": 1}, b={"REJECTED": 20, "SCORED": 1}),
            ["21 of 101 documents are REJECTED (20.8%), where --max-rejected allows 20%: b 20, a 1"],
        ),
        (
            read(a={"SCORED": 1000}, b={"SCORED": 1000}, c={"SCORED": 9}, d={"REJECTED": 1}),
            ["1 of 4 files are wholly REJECTED (25.0%), where --max-rejected allows 20%: d 1"],
        ),
        (
            read(a={"SCORED": 7, "FAILED": 3}),
            ["3 of 10 documents are FAILED (30.0%), where --max-failed allows 20%: a 3"],
        ),
        (read(a={"DEFERRED": 9}), []),
        (
            read(a={"REJECTED": 9}),
            [
                "9 of 9 documents are REJECTED (100.0%), where --max-rejected allows 20%: a 9",
                "1 of 1 files are wholly REJECTED (100.0%), where --max-rejected allows 20%: a 9",
                "none of 9 documents was scored",
            ],
        ),
    ],
)
def test_what_is_too_much_is_said_with_the_files(found: ReadBack, words: list[str]) -> None:
    assert exceeded(found, LIMITS) == words
    assert exceeded(found, NONE) == []
