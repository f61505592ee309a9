"""Normalising is stable and says where it took what, splitting loses and breaks nothing, keys are HMAC-SHA256."""

# ruff: noqa: RUF001 -- look-alike characters are what some of these tests are about.

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from transforms.text import Fingerprint, normalise, normalising, respaced, split_utf8, subject_keys

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
    "\u1100\u1161\u11a8",
    "\u212b",
    "\u2028",
    " \r\n",
    "\u202e",
    " ",
    "\n",
    ". ",
    "。",
    "!",
]
TEXT = st.one_of(st.text(), st.lists(st.sampled_from(SIGNS)).map("".join))


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), TEXT), max_size=5))
def test_normalise(texts: list[str | None]) -> None:
    column = normalise(pa.array(texts, pa.string()))
    assert column.to_pylist() == [None if text is None else plain(text) for text in texts]
    assert normalise(column).equals(column)


def plain(text: str) -> str:
    """A text normalised, character by character."""
    parts = re.split(r"([\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+)", text)
    parts[1::2] = ["\n" if any(each in "\n\v\f\r\x85\u2028\u2029" for each in run) else " " for run in parts[1::2]]
    return unicodedata.normalize("NFC", "".join(parts).strip(" \n").replace("\0", "\1"))


def test_normalise_keeps_case_punctuation_and_lines() -> None:
    assert normalise(pa.array(["  GREAT!!!\r\n\t:-)  ", "e\u0301"])).to_pylist() == ["GREAT!!!\n:-)", "é"]


@settings(max_examples=300, deadline=None)
@given(TEXT)
def test_normalising_says_where_everything_came_from(text: str) -> None:
    spaced, composed = normalising(text)
    assert composed.text == normalise(pa.array([text]))[0].as_py()
    position = 0
    for place, character in enumerate(composed.text):
        start, end = spaced.origin(*composed.origin(place, place + 1))
        assert start <= position <= end or position == 0 or start == position
        assert character in (" ", "\n", "\1") or character in unicodedata.normalize("NFC", text[start:end])
        position = end


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text("ab é\n\t\u00a0\u2028👍 "), min_size=1))
def test_respaced_is_what_normalising_says(originals: list[str]) -> None:
    normalised = normalise(pa.array(originals)).to_pylist()
    solid = [
        (row, place) for row, text in enumerate(normalised) for place, sign in enumerate(text) if not sign.isspace()
    ]
    rows, places = np.array(solid, np.int64).reshape(-1, 2).T
    starts, ends = respaced(normalised, originals, rows, places, places + 1)
    expected = []
    for row, place in solid:
        spaced, composed = normalising(originals[row])
        expected.append(spaced.origin(*composed.origin(place, place + 1)))
    assert [*zip(starts.tolist(), ends.tolist(), strict=True)] == expected


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
def test_content_keys_are_hmac_sha256_of_certificates(rows: list[tuple[str | None, str | None]], key: bytes) -> None:
    head = b"".join(map(field, ("content 2", "local", "1")))
    signed = field("certificate 1") + field("abc")
    secret = hashlib.sha256(key).digest()
    certificates = [hashlib.blake2b(signed + (text or "").encode(), key=secret, digest_size=32) for text, _ in rows]
    expected = [
        None if text is None else hmac.digest(key, head + field(language or "") + certificate.digest(), "sha256").hex()
        for (text, language), certificate in zip(rows, certificates, strict=True)
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
