"""What a row of the table is, and what its patterns are made of.

Patterns are RE2's, applied to folded text: full-width characters, other scripts' digits, dashes and spaces are ASCII by
then (`transforms.text.fold`), and an underscore is `~`, which is no part of a word. They use no `\\s`, `\\w` or `\\d`,
whose meaning differs between engines. `SPACE` stands, repeated, wherever one space may stand, so that collapsing white
space later reveals nothing new.
No pattern matches `[` or `]`: a placeholder is never found again.
"""

from __future__ import annotations

from dataclasses import dataclass

from transforms.pii.validators import Validator


@dataclass(frozen=True)
class Detector:
    """One row. Where `context` has words, one of them must stand before the match with nothing but filler between."""

    name: str
    type: str  # Amazon Comprehend's name where it has one
    pattern: str  # RE2; where it has a capturing group, that is the find (rows with a context have none)
    confidence: float
    trigger: str = ""  # RE2, in every text that holds a match; where those of `transforms.pii.triggers` are in too many
    validator: Validator | None = None
    context: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()  # ISO 639-1, of texts that hold such finds; none given: any

    @property
    def expression(self) -> str:
        """The whole regular expression; with a context, group 1 is what is found."""
        if not self.context:
            return self.pattern
        gap = r"[^A-Za-z0-9\x00]+"
        words = "|".join(self.context)
        return rf"(?i:(?:^|[^A-Za-z0-9_\x00])(?:{words})(?:{gap}(?:{FILLERS}))*{gap})({self.pattern})"


# Words that may stand between a context word and the number it announces.
FILLERS = (
    "at|be|directly|es|est|ext|here|home|is|ist|it|lautet|me|mobile|my|new|no|nr|num|number|n[oºO°]|now|on|or|para|to|under|us"
    "|via|work"
)

SPACE = r"[ \n]"
LETTERS = "A-Za-z\u00c0-\u024f\u0300-\u052f"  # Latin, Greek, Cyrillic, marks; not the scripts written without spaces
SEPARATOR = rf"(?:{SPACE}*[-.]{SPACE}*|{SPACE}+)"
JOIN = r"[ \t\n\v\f\r./()-]*"  # between two digits of a number that a plus sign or a word announces
LONG_WORD = "[0-9A-Za-z]{16}"  # a trigger
# A number with letters: the first group may begin with letters, all others with two digits, unless a dash joins them.
CODE = (
    rf"(?:[A-Z]{{1,4}}{SPACE}|(?:[A-Za-z]+[-/.~])*[A-Za-z]*)[0-9][A-Za-z0-9]*"
    rf"(?:(?:{SPACE}+[0-9]|[-/.~])[0-9][A-Za-z0-9]*)*(?:[-/~][A-Za-z0-9]{{1,8}})?\b"
)
OF = rf"(?:{SPACE}|[-~/.'])*"  # between the words of an announcement: medical record, medical-record, record's

# Between a word that announces a number and the number: these words, and what may stand around them.
_QUOTES = "\u2018\u2019“”„«"
_GAP = rf"""[ \t\n\v\f\r"'`{_QUOTES}#:=*()>|,~/-]+"""
_LINKS = (
    "is|was|are|of|the|with|my|your|his|her|new|id|no|nos|nr|num|number|n\\.?[oº°]|es|era|est|ist|lautet|war|[eèé]"
    "|n[uú]mero|num[eé]ro|n[uú]m|nummer|de|del|della|di|du|do|da|code|c[oó]digo|codice"
)


def announced(words: str, value: str) -> str:
    """A pattern that finds a value where one of the words stands before it, nearer and stricter than `context` does."""
    link = rf"(?:{_GAP}(?:{_LINKS})\.?)*{_GAP}"
    return rf"(?i:(?:^|[^A-Za-z0-9\x00])(?:{words})[.:]?{link})({value})"
