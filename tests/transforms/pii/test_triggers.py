"""Triggers are in all that a pattern matches, and in little else."""

from __future__ import annotations

import pytest
import re2

from transforms.pii.triggers import triggers


@pytest.mark.parametrize(
    ("pattern", "held", "not_held"),
    [
        (r"\bAKIA[A-Z0-9]{16}\b", ["AKIA"], ["akia", "AK IA"]),
        (r"(?i:passport|passeport)[^0-9]{1,20}([0-9]{6})", ["PASSPORT 123456"], ["passport 12345", "pass 123456"]),
        (r"[0-9]{3}-[0-9]{2}-[0-9]{4}", ["123-45-6789", "123 45 6789"], ["123456789", "123-45"]),
        (r"[0-9](?:[ .-]?[0-9]){9,12}", ["1234567890", "12 34 56 78 90"], ["1234567", "1 2"]),
        (r"(?:ab|cd)?ef", ["ef"], ["e f"]),
        (r"x*yz", ["yz"], ["xy"]),
        (r"(?i:é)t[eé]", ["éte", "Été", "éTéte"], ["ete"]),
        (r"(?:at|um|[à-ü]) [0-9]{2}", ["x 12"], ["at 1"]),
        (r"(?i:[a-z0-9]+@(?:[a-zà-ü0-9]+\.)+com)", ["a@b.com"], ["a@b", "a.com"]),
        (r"(?:k(?:2|3)|[0-9]{4})z", ["1234z", "k2z"], ["k2", "kz"]),
    ],
)
def test_what_holds_them(pattern: str, held: list[str], not_held: list[str]) -> None:
    words, digits = triggers(pattern)
    wanted = [re2.compile(trigger) for trigger in (words, digits) if trigger]
    for text in held:
        assert all(trigger.search(text) for trigger in wanted), (text, words, digits)
    for text in not_held:
        assert not all(trigger.search(text) for trigger in wanted), (text, words, digits)


@pytest.mark.parametrize("pattern", ["", ".*", "[a-z]+", "(?:a|)(?:1|)", "^$"])
def test_some_patterns_have_none(pattern: str) -> None:
    assert triggers(pattern) == ("", "")


def test_a_trigger_is_no_longer_than_it_need_be() -> None:
    words, _ = triggers("identification")
    assert len(words.split("][")) < len("identification") / 2
