"""Folding writes every form of a sign as the one that it is read as."""

# ruff: noqa: RUF001 -- look-alike characters are what these tests are about.

from __future__ import annotations

import unicodedata

import pytest

from transforms.pii.folding import comparable, fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("２１２－５５５", "212-555"),
        ("٢١٢ ۲۱۲ २१२ 𝟐𝟏𝟐", "212 212 212 212"),
        ("a–b—c−d‐e", "a-b-c-d-e"),
        ("a\u00a0b\u2009c\u3000d\u2028e", "a b c d\ne"),
        ("jo\u200be\u202e\ufeff\u00ad\ufe0f", "joe"),
        ("joe＠example．com", "joe@example.com"),
        ("joe﹫example.com", "joe@example.com"),
        ("Größe, 字, 👍", "Größe, 字, 👍"),
        ("𝐃𝐚𝐧𝐚 ⓓⓐⓝⓐ 𝒟𝒶𝓃𝒶 🅳🅐", "Dana dana Dana DA"),
        ("①②③ ²¹² ⁵⁵⁵ ₀₁ ❷ ⓪", "123 212 555 01 2 0"),
        ("ﬁn № 5", "fin No 5"),
        ("D\u0336a\u0336n\u0336a 5\u03015", "Dana 55"),
        ("d\x01a\x07na \x1b[31mred\x1b[0m", "dana red"),
        ("nº 3, 2ª, 1½ and so on… ™", "nº 3, 2ª, 1½ and so on… ™"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_folding_sees_what_normalising_makes_of_a_character() -> None:
    characters = [chr(code) for code in (*range(0x80, 0xD800), *range(0xE000, 0x20000))]
    composed = {each: unicodedata.normalize("NFC", each) for each in characters}
    assert [each for each, one in composed.items() if len(one) == 1 and fold(each) != fold(one)] == []


def test_comparable() -> None:
    assert comparable("  Straße\u00a0der\r\n ２ ") == "strasse der 2"
