"""Words, how they are written, and what does not count."""

# ruff: noqa: RUF001 -- letters and signs of other scripts are what some of these tests are about.

import numpy as np
import pytest

from transforms.pii.tagger.tokens import (
    CAPITALS,
    CODE,
    HAN,
    HANGUL,
    INDIC,
    INITIAL,
    KANA,
    LOWER,
    MIXED,
    NUMBER,
    PLACE,
    SEMITIC,
    THAI,
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
        ("user_name a~b", ["user", "name", "a", "b"]),
        ("\0 \0met\0[Ann]", ["met", "Ann"]),
        ("佐々木さくらサクラ様、好", ["佐", "々", "木", "さくら", "サクラ", "様", "好"]),
        ("김민수님 「王」", ["김민수님", "王"]),
        ("คุณสมหญิง", ["คุณ", "สมหญิง"]),
        ("x好y", ["x", "好", "y"]),
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
        ("Ộn", TITLE),
        ("NGUYỄN", CAPITALS),
        ("王", HAN),
        ("さくら", KANA),
        ("김민수", HANGUL),
        ("דנה", SEMITIC),
        ("سلمى", SEMITIC),
        ("สมหญิง", THAI),
        ("प्रिया", INDIC),
        ("\0", PLACE),
    ],
)
def test_how_a_word_is_written(text: str, form: int) -> None:
    assert first(text).shapes[0] >> 2 == form


@pytest.mark.parametrize(
    ("one", "other"), [("Éva", "ÉVA"), ("STRASSE", "strasse"), ("a19", "A73"), ("Łódź", "łódź"), ("ĐỖ", "đỗ")]
)
def test_words_that_differ_in_case_or_digits_alone_are_one(one: str, other: str) -> None:
    assert first(one).words == first(other).words


def test_words_that_differ_anywhere_are_two() -> None:
    base = "abcdefghijklmnopqrstuvw"
    variants = {base[:at] + "z" + base[at + 1 :] for at in range(len(base))} | {base, base[:-1], base + "x"}
    assert len({int(first(variant).words[0]) for variant in variants}) == len(variants)


@pytest.mark.parametrize(("one", "other"), [("Dear Ana", "Dear\nAna"), ("a, Ana", "a,\nAna"), ("a-Ana", "a - Ana")])
def test_a_line_break_and_a_space_are_told_apart(one: str, other: str) -> None:
    gaps = [tokenise([text.encode()]).gaps[WALLS + 1] for text in (one, other)]
    assert gaps[0] != gaps[1]


def test_words_that_touch_have_a_gap_of_nothing() -> None:
    tokens = tokenise(["王小a b".encode()])
    assert (tokens.gaps[WALLS : WALLS + 4] == 0).tolist() == [False, True, True, False]


def test_texts_are_apart_whatever_stands_between() -> None:
    together, alone = tokenise([b"Ana", "好".encode(), b"\0", b"b"]), tokenise(["好".encode()])
    at = int(np.flatnonzero((together.rows == 1) & ~together.closed)[0])
    for column in ("words", "prefixes", "suffixes", "shapes", "gaps", "closed"):
        assert getattr(together, column)[at] == getattr(alone, column)[WALLS]
