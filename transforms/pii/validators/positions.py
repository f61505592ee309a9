"""Positions on the globe."""

from __future__ import annotations

import re2

from transforms.pii.validators import Span

_NUMBER = re2.compile(rb"-?[0-9]{1,3}\.[0-9]+")
_POSITION = re2.compile(
    r"(?i)(?:gps|coord\w*|position|posici[oó]n|posizione|standort|ubicaci[oó]n|location|located|lat(?:itude)?|lng"
    r"|lat[/,] ?lon\w*|geo|maps?|pin|house|home|live|casa|haus|maison|dropped)[^0-9]{0,32}$"
)
_NEAR = 48  # bytes before a position in which a word announces it
_EXACT = 4  # decimals of a degree: eleven metres
_MARKS = b",;/"


def coordinates(text: bytes, start: int, end: int) -> Span | None:
    """Latitude and longitude, each to eleven metres, and with a space between or a word for a position before them:
    rows of decimals in a table have none. No third number stands beside them."""
    first, second = _NUMBER.findall(text[start:end])
    if abs(float(first)) > 90 or abs(float(second)) > 180:
        return None
    before, after = text[max(0, start - 2) : start].rstrip(), text[end : end + 2].lstrip()
    longer = (before and before[-1] in b",;.0123456789") or (after and after[0] in b";0123456789")
    longer = longer or (after[:1] in (b",", b".") and text[end + 1 : end + 3].strip()[:1].isdigit())
    exact = all(len(number.partition(b".")[2]) >= _EXACT for number in (first, second))
    told = any(sign in text[start:end] for sign in (b"N", b"S", "°".encode()))
    announced = told or _POSITION.search(text[max(0, start - _NEAR) : start].decode(errors="ignore")) is not None
    apart = b", " in text[start:end] and exact and max(abs(float(first)), abs(float(second))) > 1
    return (start, end) if not longer and (apart or announced) else None


def plus_code(text: bytes, start: int, end: int) -> Span | None:
    """A code with letters in it, so that it is no sum; a short one with two on both sides of its sign together."""
    code = text[start:end]
    letters = sum(chr(sign).isalpha() for sign in code)
    digits = sum(chr(sign).isdigit() for sign in code)
    beside = text[max(0, start - 1) : start] + text[end : end + 1]
    long = code.index(b"+") == 8
    return (start, end) if letters >= (1 if long else 2) and digits and b"+" not in beside else None
