"""How a text is looked at: what is hidden by how it is written can be read in one of its views.

In the plain view, compatibility forms, digits, dashes and spaces of every script are ASCII, what is not seen is not
there, and a placeholder is one NUL. A text with characters that are not seen is looked at once more with spaces in
their place, and one with escapes (of URLs, HTML, quoted-printable, JSON) once more with these undone. What is found in
any view is taken out of the text itself.
"""

from __future__ import annotations

import html
import quopri
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import unquote

from transforms.pii.folding import CONTROL_SEQUENCE, FOLDABLE, UNSEEN, folded
from transforms.pii.replacements import Held, spots
from transforms.rewriting import Change, Rewriting, rewrite

HOLDER = "\0"  # what a placeholder is to everything that searches; nothing else is, for `normalise` leaves no NUL
_HOLDERS = re.compile(b"\0+")
_UNDONE = 3  # times that escapes are undone: `&amp;#64;`
# RE2: what an ASCII text holds that has more to it than the bytes it is made of.
REMARKABLE = r"[\x01-\x09\x0b-\x1f\x7f]|\[[A-Z]|%[0-9A-Fa-f]{2}|&#?[0-9A-Za-z]{2,31};|=\n|=[0-9A-F]{2}|\\[nrtux\"'/\\]"
_REMARKABLE = re.compile(REMARKABLE)
_ESCAPES = re.compile(
    r"(?P<url>(?:%[0-9A-Fa-f]{2})+)|(?P<plus>(?<=[0-9A-Za-z])\+(?=[0-9A-Za-z%]))"
    r"|(?P<html>&(?:\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][0-9A-Za-z]{1,30});)"
    r"|(?P<mail>(?:=\n|=[0-9A-F]{2})+)"
    r"|(?P<json>(?:\\u[0-9A-Fa-f]{4})+|\\x[0-9A-Fa-f]{2}|\\[nrt\"'/\\])"
)
_MARKS = re.compile(r"[%&=+\\]")  # what an escape begins with
_LITERALS = {"n": "\n", "r": "\n", "t": " "}


def between_holders(data: bytes) -> Iterator[tuple[int, int]]:
    """The stretches of a view in UTF-8 that have no placeholder in them, in order; some may be empty."""
    start = 0
    for match in _HOLDERS.finditer(data):
        yield start, match.start()
        start = match.end()
    yield start, len(data)


class View(NamedTuple):
    """A text as it is searched; the rewritings lead from it back to the text itself, the last one first."""

    text: str
    rewritings: tuple[Rewriting, ...]

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where a span of the view stands in the text, in characters."""
        for rewriting in reversed(self.rewritings):
            start, end = rewriting.origin(start, end)
        return start, end


def remarkable(text: str) -> bool:
    """Whether a text has views that differ from it."""
    return _REMARKABLE.search(text) is not None or (not text.isascii() and not FOLDABLE.isdisjoint(text))


def views(text: str, held: Held) -> Iterator[View]:
    """Every way in which a text is looked at, the plain one first."""
    yield _view(text, held, (), folded)
    if not UNSEEN.isdisjoint(text):
        yield _view(text, held, (), _parted)
    undone: list[Rewriting] = []
    for _ in range(_UNDONE):
        last = undone[-1].text if undone else text
        escapes = [*_undone(last)]
        if not escapes:
            break
        undone.append(rewrite(last, escapes))
    if undone:
        yield _view(undone[-1].text, held, tuple(undone), folded)


def _view(text: str, held: Held, before: tuple[Rewriting, ...], written: Callable[[str], str]) -> View:
    changes = [Change(*spot, HOLDER) for spot in (spots(text, held) if "[" in text or held.surrogates else ())]
    unlike = FOLDABLE.intersection(text)
    if unlike:
        taken = {place for change in changes for place in range(change.start, change.end)}
        for match in CONTROL_SEQUENCE.finditer(text) if "\x1b" in unlike else ():
            changes.append(Change(*match.span(), ""))
            taken.update(range(*match.span()))
        changes += (
            Change(place, place + 1, written(sign))
            for place, sign in enumerate(text)
            if sign in unlike and place not in taken
        )
        changes.sort()
    if not changes:
        return View(text, before)
    rewriting = rewrite(text, changes)
    return View(rewriting.text, (*before, rewriting))


def _parted(character: str) -> str:
    return " " if character in UNSEEN else folded(character)


def _undone(text: str) -> Iterator[Change]:
    """What the escapes in a text stand for. A plus is a space where the text has escapes of URLs."""
    plus = "%" in text and re.search("%[0-9A-Fa-f]{2}", text) is not None
    reached = 0
    for mark in _MARKS.finditer(text):
        match = _ESCAPES.match(text, mark.start())
        if not match or mark.start() < reached:
            continue
        reached, written = match.end(), match[0]
        match match.lastgroup:
            case "url":
                new = unquote(written, errors="replace")
            case "plus":
                new = " " if plus else written
            case "html":
                new = html.unescape(written)
            case "mail":
                new = quopri.decodestring(written).decode(errors="replace")
            case _:
                new = _literal(written)
        if new != written:
            yield Change(*match.span(), new)


def _literal(written: str) -> str:
    """What an escape of JSON's, or several of `\\u`, stand for."""
    if written[1] == "x":
        return chr(int(written[2:], 16))
    if written[1] == "u":
        units = bytes.fromhex(written.replace("\\u", ""))
        return units.decode("utf-16-be", errors="replace")
    return _LITERALS.get(written[1], written[1])
