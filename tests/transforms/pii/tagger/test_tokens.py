"""Words, how they are written, and what does not count."""

# ruff: noqa: RUF001 -- letters and signs of other scripts are what some of these tests are about.

import numpy as np
import pytest

from transforms.pii.tagger.tokens import (
    CAPITALS,
    CODE,
    INITIAL,
    LOWER,
    MIXED,
    NUMBER,
    PLACE,
    TITLE,
    WALLS,
    Tokens,
    tokenise,
)


def words(*texts: str) -> list[list[str]]:
    """The words of each text."""
    data = [text.encode() for text in texts]
    tokens = tokenise(data)
    found: list[list[str]] = [[] for _ in texts]
    every = np.flatnonzero(~tokens.closed)
    for row, start, end in zip(*(column.tolist() for column in tokens.locate(every, every)), strict=True):
        found[row].append(data[row][start:end].decode())
    return found


def first(text: str) -> Tokens:
    """The first word of a text alone, in each column that describes a word."""
    tokens = tokenise([text.encode()])
    return Tokens._make(column[WALLS : WALLS + 1] for column in tokens)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ana's here, isn't she?", ["Ana", "s", "here", "isn't", "she"]),
        ("l’été à Ávila", ["l", "été", "à", "Ávila"]),
        ("«Köln» – 50667", ["Köln", "50667"]),
        ("Jean-Luc\u00a0O'Neil", ["Jean", "Luc", "O", "Neil"]),
        ("Привет, Анна 😀 好", ["Привет", "Анна", "好"]),
        ("user_name a~b", ["user_name", "a~b"]),
        ("[NAME] [NAME~1] []]]]] [PHONE:abc] met [Ann]", ["met", "Ann"]),
        ("", []),
        (" \t\n ", []),
        ("?!", []),
    ],
)
def test_words_are_cut_at_everything_that_is_no_letter_or_digit(text: str, expected: list[str]) -> None:
    assert words("before it", text, "x") == [["before", "it"], expected, ["x"]]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("ana", LOWER),
        ("Ana", TITLE),
        ("ANA", CAPITALS),
        ("A", INITIAL),
        ("McCoy", MIXED),
        ("iPhone", MIXED),
        ("2024", NUMBER),
        ("SW1A", CODE),
        ("Éva", TITLE),
        ("ÉVA", CAPITALS),
        ("Łukasz", TITLE),
        ("Анна", TITLE),
        ("АННА", CAPITALS),
        ("ñandú", LOWER),
        ("[NAME]", PLACE),
    ],
)
def test_how_a_word_is_written(text: str, form: int) -> None:
    assert first(text).shapes[0] >> 2 == form


@pytest.mark.parametrize(("one", "other"), [("Éva", "ÉVA"), ("STRASSE", "strasse"), ("a19", "A73"), ("Łódź", "łódź")])
def test_words_that_differ_in_case_or_digits_alone_are_one(one: str, other: str) -> None:
    assert first(one).words == first(other).words


def test_words_that_differ_anywhere_are_two() -> None:
    base = "abcdefghijklmnopqrstuvw"
    variants = {base[:at] + "z" + base[at + 1 :] for at in range(len(base))} | {base, base[:-1], base + "x"}
    assert len({int(first(variant).words[0]) for variant in variants}) == len(variants)


def test_white_space_counts_once() -> None:
    one, other = tokenise([b"\n Dear  Ana,\r\n\tyour order "]), tokenise([b"Dear Ana, your order"])
    for column in ("rows", "words", "prefixes", "suffixes", "shapes", "gaps", "closed"):
        assert getattr(one, column).tolist() == getattr(other, column).tolist()
