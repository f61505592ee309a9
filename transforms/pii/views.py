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

import re2

from transforms.pii.folding import BEYOND_ASCII, FOLDABLE, UNSEEN, folded
from transforms.pii.replacements import Held, spots
from transforms.rewriting import Change, Rewriting, rewrite

HOLDER = "\0"  # what a placeholder is to everything that searches; nothing else is
_UNDONE = 3  # times that escapes are undone: `&amp;#64;`
# RE2: what an ASCII text holds that has more to it than the bytes it is made of.
_ESCAPED = r"%[0-9A-Fa-f]{2}|&#?[0-9A-Za-z]{2,31};|=\n|=[0-9A-F]{2}|\\[nrtux\"'/\\]"
REMARKABLE = rf"[\x00-\x09\x0b-\x1f\x7f]|\[[A-Z]|{_ESCAPED}"
_REMARKABLE = re2.compile(REMARKABLE)
_ESCAPES = re.compile(
    r"(?P<url>(?:%[0-9A-Fa-f]{2})+)|(?P<plus>(?<=[0-9A-Za-z])\+(?=[0-9A-Za-z%]))"
    r"|(?P<html>&(?:\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][0-9A-Za-z]{1,30});)"
    r"|(?P<mail>(?:=\n|=[0-9A-F]{2})+)"
    r"|(?P<json>(?:\\u[0-9A-Fa-f]{4})+|\\x[0-9A-Fa-f]{2}|\\[nrt\"'/\\])"
)
_LITERALS = {"n": "\n", "r": "\n", "t": " "}


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
    return bool(_REMARKABLE.search(text) or (not text.isascii() and BEYOND_ASCII.search(text)))


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
    changes: list[Change] = []
    position = 0
    placeholders = spots(text, held) if "[" in text or held.surrogates else []
    for start, end in (*placeholders, (len(text), len(text))):
        changes += (Change(*each.span(), written(each[0])) for each in FOLDABLE.finditer(text, position, start))
        if end > start:
            changes.append(Change(start, end, HOLDER))
        position = end
    changes = [each for each in changes if each.new != text[each.start : each.end]]
    if not changes:
        return View(text, before)
    rewriting = rewrite(text, changes)
    return View(rewriting.text, (*before, rewriting))


def _parted(match: str) -> str:
    return " " if match in UNSEEN else folded(match)


def _undone(text: str) -> Iterator[Change]:
    """What the escapes in a text stand for. A plus is a space where the text has escapes of URLs."""
    plus = "%" in text and re.search("%[0-9A-Fa-f]{2}", text) is not None
    for match in _ESCAPES.finditer(text):
        written = match[0]
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
