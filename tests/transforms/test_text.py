"""Folding keeps offsets, normalising is stable, splitting loses and breaks nothing, keys are HMAC-SHA256."""

# ruff: noqa: RUF001 -- look-alike characters are what some of these tests are about.

from __future__ import annotations

import hashlib
import hmac
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from transforms.text import FOLDABLE, Fingerprint, fold, normalise, origins, split_utf8, subject_keys

KEY = b"k" * 32
SIGNS = [
    "a",
    "é",
    "e\u0301",
    "字",
    "👍🏽",
    "👩‍👩‍👧",
    "१",
    "क्षि",
    "\u200b",
    "\x00",
    "\u202e",
    " ",
    "\n",
    ". ",
    "。",
    "!",
]
TEXT = st.one_of(st.text(), st.lists(st.sampled_from(SIGNS)).map("".join))


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
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_folding_sees_what_normalising_makes_of_a_character() -> None:
    characters = [chr(code) for code in (*range(0x80, 0xD800), *range(0xE000, 0x20000))]
    composed = {each: unicodedata.normalize("NFC", each) for each in characters}
    assert [each for each, one in composed.items() if len(one) == 1 and fold(each) != fold(one)] == []


@settings(deadline=None)
@given(TEXT)
def test_what_folding_changes_is_what_the_class_matches(text: str) -> None:
    assert (fold(text) != text) == pc.match_substring_regex(pa.array([text]), FOLDABLE)[0].as_py()


@settings(deadline=None)
@given(TEXT)
def test_origins_name_the_character_of_every_byte(text: str) -> None:
    folded = fold(text)
    expected = [i for i, character in enumerate(text) for _ in fold(character).encode()]
    assert origins(text, folded).tolist() == expected


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), TEXT), max_size=5))
def test_normalise(texts: list[str | None]) -> None:
    column = normalise(pa.array(texts, pa.string()))
    space = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    space += "\u2028\u2029\u202f\u205f\u3000"
    table = str.maketrans(dict.fromkeys(space, " "))
    expected = [
        None
        if text is None
        else " ".join(part for part in unicodedata.normalize("NFC", text).translate(table).split(" ") if part)
        for text in texts
    ]
    assert column.to_pylist() == expected
    assert normalise(column).equals(column)


def test_normalise_keeps_case_and_punctuation() -> None:
    assert normalise(pa.array(["  GREAT!!!\r\n\t:-)  ", "e\u0301"])).to_pylist() == ["GREAT!!! :-)", "é"]


@settings(max_examples=300, deadline=None)
@given(TEXT, st.integers(4, 40))
def test_split_loses_nothing_and_fits(text: str, max_bytes: int) -> None:
    parts = split_utf8(text, max_bytes)
    assert "".join(parts) == text
    assert all(len(part.encode()) <= max_bytes for part in parts)
    assert all(parts) or parts == [""]


@settings(deadline=None)
@given(st.lists(st.sampled_from(["e\u0301", "👍🏽", "👩‍👩‍👧", "x"])), st.integers(18, 60))
def test_split_keeps_visible_signs_whole(signs: list[str], max_bytes: int) -> None:
    for part in split_utf8("".join(signs), max_bytes):
        assert not unicodedata.combining(part[:1] or "x")
        assert part[:1] not in ("\u200d", "\U0001f3fd")
        assert not part.endswith("\u200d")


@pytest.mark.parametrize(
    ("text", "max_bytes", "parts"),
    [
        ("One two. Three four! Five", 12, ["One two. ", "Three four! ", "Five"]),
        ('He said "no." Then left.', 16, ['He said "no." ', "Then left."]),
        ("一二三。四五六！七", 15, ["一二三。", "四五六！七"]),
        ("one two three", 9, ["one two ", "three"]),
        ("abcdefgh", 5, ["abcde", "fgh"]),
        ("ab👍👍", 5, ["ab", "👍", "👍"]),
        ("short", 5, ["short"]),
        ("3.14159 is pi", 9, ["3.14159 ", "is pi"]),
    ],
)
def test_split_places(text: str, max_bytes: int, parts: list[str]) -> None:
    assert split_utf8(text, max_bytes) == parts


def test_split_needs_room_for_a_character() -> None:
    with pytest.raises(ValueError, match="at least 4"):
        split_utf8("x", 3)


@pytest.mark.timeout(60)  # a second, unless time grows with the square of the length
@pytest.mark.parametrize("unit", ["a", "a. ", "\u0301", "👩‍", "字", " ", "word "])
def test_a_megabyte_is_split(unit: str) -> None:
    text = unit * (1_000_000 // len(unit.encode()))
    parts = split_utf8(text, 5000)
    assert "".join(parts) == text
    assert max(len(part.encode()) for part in parts) <= 5000


def keys(texts: list[str | None], languages: list[str | None], *names: str, key: bytes = KEY) -> list[str | None]:
    scorer, version, policy = names or ("local", "1", "abc")
    fingerprint = Fingerprint(scorer, version, policy, key)
    column = fingerprint.keys(pa.array(texts, pa.string()), pa.array(languages, pa.string()))
    answer: list[str | None] = column.to_pylist()
    return answer


def field(value: str) -> bytes:
    return len(value.encode()).to_bytes(4, "big") + value.encode()


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.one_of(st.none(), st.text()), st.sampled_from([None, "en", "de", ""])), max_size=6),
    st.binary(),
)
def test_content_keys_are_hmac_sha256(rows: list[tuple[str | None, str | None]], key: bytes) -> None:
    head = b"".join(map(field, ("content 1", "local", "1", "abc")))
    expected = [
        None if text is None else hmac.digest(key, head + field(language or "") + text.encode(), "sha256").hex()
        for text, language in rows
    ]
    assert keys([text for text, _ in rows], [language for _, language in rows], key=key) == expected


def test_content_keys_of_a_slice() -> None:
    texts, languages = pa.array(["a", "b", None, "c"]), pa.array(["en", "de", "en", "en"])
    keys = Fingerprint("local", "1", "abc", KEY).keys
    whole = keys(texts, languages)
    part = keys(texts[1:], languages[1:])
    assert part.to_pylist() == whole[1:].to_pylist()
    assert keys(texts[:0], languages[:0]).type == pa.string()


CALL = st.tuples(*[st.text("1a\x00\x1f", max_size=4)] * 5)


@settings(deadline=None)
@given(CALL, CALL)
def test_two_inputs_never_share_a_key_by_shifting_characters(
    one: tuple[str, str, str, str, str], other: tuple[str, str, str, str, str]
) -> None:
    assume(one != other)
    first, second = (
        keys([text], [language], scorer, version, policy) for scorer, version, policy, language, text in (one, other)
    )
    assert first != second


def test_keys_depend_on_the_key_and_never_meet() -> None:
    assert keys(["x"], ["en"]) != keys(["x"], ["en"], key=b"other")
    subjects = subject_keys(pa.array(["x", None, "x", "y"]), KEY).to_pylist()
    assert subjects[0] == subjects[2] != subjects[3]
    assert subjects[1] is None
    assert subjects[0] == hmac.new(KEY, field("subject 1") + b"x", hashlib.sha256).hexdigest()
    assert subjects[0] not in keys(["x"], [""], "", "", "")
