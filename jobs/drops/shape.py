"""Whether JSON is an object a line, or values of another shape; told by how a file begins."""

from __future__ import annotations

import re

import orjson

from jobs.formats import Format

_BOM = b"\xef\xbb\xbf"
# What a script puts before an array: `window.YTD.tweets.part0 =`.
_ASSIGNMENT = re.compile(rb"(?:(?:var|let|const)\s+)?[A-Za-z_$][\w$.]*(?:\[[^\]]{0,80}\])?\s*=\s*(?=[\[{])")
_TOKEN = re.compile(rb'"(?:[^"\\\n]|\\.)*+("?)|[{}\[\]\n]')
_OBJECTS = re.compile(rb"\[\s*\{")


def is_json(head: bytes) -> bool:
    """Whether a file without a telling name begins as JSON does, or as a script that holds some."""
    head = _stripped(head)
    return head[:1] == b"{" or _OBJECTS.match(head) is not None or _ASSIGNMENT.match(head) is not None


def shape_of(head: bytes, *, whole: bool) -> Format | None:
    """JSONL or JSON, by the first bytes of a file, or by all of them; None where they do not tell.

    What is malformed is no other shape: a line that is cut off is one bad line, and those after it are read.
    """
    head = _stripped(head)
    if _ASSIGNMENT.match(head):
        return Format.JSON
    if head[:1] not in (b"[", b"{"):
        return Format.JSONL
    line, newline, rest = head.partition(b"\n")
    if not newline and not whole:
        return _of_long_line(line)
    if _is_json(line):
        if line[:1] == b"[":
            # An array a line are lines of records where it holds some, and else lines that are none.
            return Format.JSON if not rest.strip() or _OBJECTS.search(line) else Format.JSONL
        return Format.JSONL if rest.strip() or not _OBJECTS.search(line) else Format.JSON
    if line[:1] == b"[" or (not rest.strip() and _OBJECTS.search(line)):
        return Format.JSON
    return Format.JSON if _goes_on(head) else Format.JSONL


def _stripped(head: bytes) -> bytes:
    return head.removeprefix(_BOM).lstrip()


def _is_json(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def _of_long_line(line: bytes) -> Format | None:
    """By the first bytes of a line that goes on."""
    if line[:1] == b"[":
        return Format.JSON
    return Format.JSON if _goes_on(line) else None


def _goes_on(head: bytes) -> bool:
    """Whether an object goes on in the next line, or is followed by a comma or by another in its own."""
    opened: list[bytes] = []
    before = b""
    for token in _TOKEN.finditer(head):
        sign = token.group()
        if sign[:1] == b'"' and not token.group(1):
            return False  # a string that does not end in its line
        if sign == b"\n":
            before = head[: token.start()].rstrip()[-1:]
            after = head[token.end() :].lstrip()[:1]
            return not after or _continues(opened[-1:], before, after)
        if sign in (b"{", b"["):
            opened.append(sign)
        elif sign in (b"}", b"]"):
            if not opened:
                return False
            opened.pop()
            if not opened:
                return head[token.end() :].lstrip(b" \t\r")[:1] in (b"{", b",", b"[")
    return False


def _continues(container: list[bytes], before: bytes, after: bytes) -> bool:
    """Whether one character may follow another, in a container, with a new line between the two."""
    in_object = container == [b"{"]
    if before == b"{":
        return after in (b'"', b"}")
    if before == b",":
        return after == b'"' if in_object else after not in (b"]", b"}", b",")
    if before in (b":", b"["):
        return after not in (b"}", b",")
    return after in (b",", b"}", b"]", b":")
