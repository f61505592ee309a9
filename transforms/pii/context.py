"""Words beside a number that say what it is: announced by them, refused for them, or named at the head of its column.

A word reaches its number over what people put between: signs, line breaks, the tags and quotes of JSON, XML and CSV,
small words (`my SSN on file is`, `SSN (no dashes):`), another's turn in a conversation (`Agent: ZIP?`, `Customer:`). It
does not reach over any other word, so the nearest word decides: of `account for order number 1234567` it is `order`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import re2
from numpy.typing import NDArray

from transforms.roles import AGENTS, CUSTOMERS

# Words between the one that announces and the number: English, Spanish, French, German, Italian, Portuguese.
_SMALL = (
    "about|above|again|all|also|am|an|and|are|as|asked(?: for)?|at|attached|be|been|being|below|but|can"
    "|confidential|correct|current|currently|dashes|default|did|digits?|directly|do|does|ending|ends|entered|ext"
    "|field|file|first|following|for|format|from|full|gave|give|given|got|had|has|have|her|here|here's|hers|hi"
    "|his|home|i(?: (?:am|gave|got|had|have|just|need|provided|sent|set|typed|use|used|was|wrote))|i'm|i've|if|in"
    "|into|is|it|it's|its|just|known|last|line|listed|me|mine|mobile|must|my|need|needed|new|no|not|now|of|off|oh"
    "|ok|okay|old|on|only|or|our|per|please|pls|plz|primary|private|provided|read|reads|really|recorded|record"
    "|registered|reply|requested|required|said|same|secondary|see|send|sent|should|shown?|so|sorry|spaces|still"
    "|string|sure|text|than|thanks|that|that's|the|their|them|then|there|these|they|this|to|type|uh|um|under|up"
    "|updated?|us|use|used|using|value|via|want|was|we|well|were|what|what's|which|will|with|without|work|would"
    "|yeah|yep|yes|you|your|yours|id|no|nos|nr|num|number|numbers|n\\.?[oº°]|code|card|actual|al|aqu[ií]|claro"
    "|con|de|del|el|en|era|es|est[aá]|este|la|las|los|mi|mis|n[uú]m(?:ero)?|para|perd[oó]n|por favor|que|s[ií]"
    "|sin|son|su|sus|tu|un|una|c[oó]digo|au|aux|bien|c'est|ce|ces|cet|cette|du|est|et|[eé]tait|le|les|ma|mes|mon"
    "|num[eé]ro|oui|pour|qui|sont|sur|s'il vous pla[iî]t|voici|votre|aber|auch|bei|bitte|das|dem|den|der|die"
    "|f[uü]r|gerne|hier|ihre?|ist|ja|jetzt|lautet|lauten|meine?r?|mit|nummer|nur|ohne|sie|sind|und|unter|von|war"
    "|alla|allo|che|codice|da|dei|della|delle|dell|di|ecco|[eèé]|fu|gli|il|lo|mia|mio|nel|per|questo|sono|tua|tuo"
    "|un'|ao|aqui|d[aeo]s?|foi|[eé]|meu|minha|n[aã]o|os|por|sim|sua|seu|um|uma"
)
_COUNTED = r"[0-9]{1,2}[ -]?digits?|(?:last|first) [0-9]"  # SSN (9 digits), the last 4
_SPEAKER = "|".join(sorted(CUSTOMERS | AGENTS | {"cust", "me", "member", "you"}))
_LETTERS = "A-Za-z\u00c0-\u024f"
_TAG = r"<[^<>\n\x00]{1,60}>"
_SIGN = "[^A-Za-z0-9.!$%@+\u00a3\u00a5\u20ac\u00c0-\u024f\u0300-\u052f\\x00]"  # no letter, sentence's end or amount
_GAP = rf"(?:{_SIGN}|{_TAG})+"
_TURN = rf"(?:{_SPEAKER})(?: [a-z0-9]{{1,12}})?:"
_ANSWER = rf"\?[ \n]+[{_LETTERS}.]{{1,16}}(?: [{_LETTERS}.]{{1,16}})?:"  # after a question, any name
LINK = rf"(?:{_ANSWER}|[.:!]?{_GAP}(?:{_SMALL}|{_COUNTED}|{_TURN}))*[.:]?{_GAP}"
# Any few words, where "is" or a colon says that what follows is the number.
_FEW = rf"""(?:[ ,"'()-]+[{_LETTERS}']{{1,14}}){{1,6}}"""
_SAYS = r"""[ "'),]*(?:[:=]| (?:is|are|was|were|es|era|son|est|ist|lautet|war|[eèé]))"""
_FAR = rf"(?:{_FEW}{_SAYS})?{LINK}"
_BEFORE = "(?:^|[^A-Za-z0-9])"

# Numbers of things and events, not of a person.
THINGS = (
    "amount|article|asin|balance|barcode|batch|booking|bug|build|bundle|cap[ií]tulo|chapter|chapitre|charged?"
    "|clause|commande|commit|cost|dimensions?|ean|edition|error|exception|f[ae]ctura|facture|fee|figure|firmware"
    "|gtin|height|invoice|isbn|issn|item|jira|kapitel|kernel|length|lot|model(?:o|l|le)?|modell|mpn|order|orden"
    "|ordine|os|page|paid|para(?:graph)?|part|patch|pedido|price|product|pull|purchase|quantity|qty|rechnung"
    "|bestell(?:ung)?|rechnungsnummer|bestellnummer|ref|reference|refund|release|resolution|rev(?:ision)?|schema"
    "|secci[oó]n|section|serial|sezione|sku|spec|subtotal|tag|ticket|total|tracking|sendungsnummer|ups|fedex|dhl"
    "|upc|ver|versi[oó]n|versione|vers[aã]o|v|weight|width|abschnitt|§"
)


def announced_by(words: Iterable[str], *, far: bool) -> str:
    """A pattern of what stands before a number that one of the words announces; `far`: also over any few words."""
    return rf"(?i:{_BEFORE}(?:{'|'.join(words)})(?:'s|number|(?-i:N(?:umber|um|o|r)|Id))?{_FAR if far else LINK})"


@cache
def _of(words: str) -> Any:
    return re2.compile(rf"(?i){_BEFORE}(?:{words})(?:{LINK}|[ #:~-]*)$")


_WINDOW = 96  # bytes before a number in which a word may refuse it


def said_to_be(words: str, text: bytes, start: int) -> bool:
    """Whether the nearest word before a place is one of the words."""
    return _of(words).search(text[max(0, start - _WINDOW) : start]) is not None


class Table(NamedTuple):
    """A text's tables, written anew: each cell that holds a digit after the head of its column, with a wall between."""

    data: bytes
    begins: NDArray[np.int64]  # of each cell, in `data`
    ends: NDArray[np.int64]
    origins: NDArray[np.int64]  # where each begins in the text

    def in_text(
        self, starts: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """How much further on in the text each find in `data` stands, and whether it is within a cell at all."""
        which = np.searchsorted(self.begins, starts, "right") - 1
        return self.origins[which] - self.begins[which], (which >= 0) & (ends <= self.ends[which])


_HEAD = rf"[{_LETTERS}][{_LETTERS}0-9 ~#./()-]{{0,31}}"
# What may name columns: most such lines are no more than a greeting. It is quick to see in many texts at once.
_NAMING = re2.compile(
    rf'(?m)^[ |]*"?{_HEAD}"?(?: ?[,;|\t] ?"?{_HEAD}"?)+[ |]*$'
    r"|^[A-Za-z~#/-]{2,20}(?:[ \t]+[A-Za-z~#/-]{2,20}){1,15}$"
)
_RULE = re.compile(rb"[ |:=+~-]*")
_CELLS = {
    sign: re.compile(rb'[ \t]*("[^"]*"|[^"%b]*)[ \t]*(?:%b|$)' % (re.escape(sign), re.escape(sign)))
    for sign in (b"|", b"\t", b";", b",")
}
_WORD = re.compile(rb"[^ \t]+")
_DIGIT = re.compile(rb"[0-9]")
_PROSE = frozenset(b"the is are was my your our a an to of and for it i you we this that with not".split())
# Around texts, or cells, that are searched together: nothing matches a NUL, no word goes on over a line. To a pattern a
# text begins and ends like a line.
WALL = b"\n\0\n"


def naming(texts: bytes) -> Iterator[tuple[int, int]]:
    """The spans of lines that may name columns, in texts that are searched together."""
    return (match.span() for match in _NAMING.finditer(texts))


def table(text: bytes, starts: Sequence[int]) -> Table | None:
    """The tables of a text, None where it has none: lines that are alike below one of `naming`, which begin there."""
    if not starts:
        return None
    written = bytearray()
    begins, ends, origins = [], [], []
    for head, start, end in _cells(text, starts):
        written += WALL + head + b": "
        begins.append(len(written))
        written += text[start:end]
        ends.append(len(written))
        origins.append(start)
    return Table(bytes(written), np.array(begins), np.array(ends), np.array(origins)) if origins else None


def _cells(text: bytes, named: Sequence[int]) -> Iterator[tuple[bytes, int, int]]:
    """Each cell that holds a digit: the head of its column, and its span. Lines that start at `named` name columns."""
    heads: list[bytes] = []
    sign = b""
    begun = frozenset(named)
    start = named[0]
    for line in text[start:].split(b"\n"):
        begin, start = start, start + len(line) + 1
        if begin in begun:
            sign, heads = _heads(line)
        elif heads and not _RULE.fullmatch(line):
            cells = _split(line, sign)
            if (sign and len(cells) != len(heads)) or len(cells) < len(heads):
                heads = []
                continue
            pairs = list(zip(heads, cells, strict=False))
            if len(cells) > len(heads):  # names of two words: count from the right as well
                pairs += [(heads[-place], cells[-place]) for place in range(1, len(heads))]
            for head, (first, last) in pairs:
                if last - first > 1 and _DIGIT.search(line, first, last):
                    yield head, begin + first, begin + last


def _heads(line: bytes) -> tuple[bytes, list[bytes]]:
    """What parts the columns, and their names; no names where the line is but a sentence."""
    sign = next((sign for sign in _CELLS if sign in line.strip(b" |") or (sign == b"|" and sign in line)), b"")
    heads = [line[first:last] for first, last in _split(line, sign)]
    prose = not sign and any(head.lower() in _PROSE for head in heads)
    return sign, [] if prose else heads


def _split(line: bytes, sign: bytes) -> list[tuple[int, int]]:
    """The spans of a line's cells, without quotes and spaces around them."""
    if not sign:
        return [match.span() for match in _WORD.finditer(line)]
    last = len(line)
    first = 0
    if sign == b"|":
        first, last = len(line) - len(line.lstrip(b" |")), len(line.rstrip(b" |"))
    spans = []
    for match in _CELLS[sign].finditer(line, first, last):
        cell = match[1].rstrip()
        begin, end = match.start(1), match.start(1) + len(cell)
        if len(cell) > 1 and cell[:1] == b'"' == cell[-1:]:
            begin, end = begin + 1, end - 1
        spans.append((begin, end))
        if match.end() >= last:
            break
    return spans
