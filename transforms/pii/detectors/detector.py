"""What a row of the table is, and what its patterns are made of.

Patterns are RE2's, applied to a view of a text (`transforms.pii.views`): full-width characters, other scripts' digits,
dashes and spaces are ASCII by then, white space is single spaces and line breaks, and an underscore is `~`, which is no
part of a word. They use no `\\s`, `\\w` or `\\d`, whose meaning differs between engines.
No pattern matches a NUL: that is a placeholder, which is never found again. Brackets are text as any other.
"""

from __future__ import annotations

from dataclasses import dataclass

from transforms.pii.context import announced_by
from transforms.pii.validators import Validator


@dataclass(frozen=True)
class Detector:
    """One row. A value that says nothing by itself has a `context`: words of which one must announce it, before it or
    at the head of its column. How they reach it: `transforms.pii.context`."""

    name: str
    type: str  # Amazon Comprehend's name where it has one
    pattern: str  # RE2; where it has a capturing group, that is the find (rows with a context have none)
    confidence: float
    trigger: str = ""  # RE2, in every text that holds a match; where those of `transforms.pii.triggers` are in too many
    validator: Validator | None = None
    context: tuple[str, ...] = ()  # RE2, in any case
    far: bool = False  # over any few words, too, where "is" or a colon says that the value follows
    unless: str = ""  # RE2, in any case: words that refuse what they announce, such as `transforms.pii.context.THINGS`
    languages: tuple[str, ...] = ()  # ISO 639-1, of texts that hold such finds; none given: any

    @property
    def expression(self) -> str:
        """The whole regular expression; with a context, group 1 is what is found."""
        return f"{announced_by(self.context, far=self.far)}({self.pattern})" if self.context else self.pattern

    @property
    def essence(self) -> str:
        """A smaller expression, whose triggers are in all that the whole one matches."""
        return f"(?i:{'|'.join(self.context)})[^A-Za-z0-9]+(?:{self.pattern})" if self.context else self.pattern


SPACE = r"[ \n]"
LETTERS = "A-Za-z\u00c0-\u024f\u0300-\u052f"  # Latin, Greek, Cyrillic, marks; not the scripts written without spaces
SEPARATOR = rf"(?:{SPACE}*[-.]{SPACE}*|{SPACE}+)"
JOIN = r"[ \n./()-]*"  # between two digits of a number that a plus sign or a word announces
MISREAD = "[0-9OoIl]"  # a digit, or a letter that is read or typed for one
LONG_WORD = "[0-9A-Za-z]{16}"  # a trigger
# A number with letters: the first group may begin with letters, all others with two digits, unless a dash joins them.
CODE = (
    rf"(?:[A-Z]{{1,4}}{SPACE}|(?:[A-Za-z]+[-/.~])*[A-Za-z]*)[0-9][A-Za-z0-9]*"
    rf"(?:(?:{SPACE}+[0-9]|[-/.~])[0-9][A-Za-z0-9]*)*(?:[-/~][A-Za-z0-9]{{1,8}})?\b"
)
OF = rf"(?:{SPACE}|[-~/.'])*"  # between the words of an announcement: medical record, medical-record, record's
