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
    trigger: str  # RE2, cheap, found in every text that holds a match; rows share them, for they make up the prefilter
    confidence: float
    validator: Validator | None = None
    context: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()  # ISO 639-1, of texts that hold such finds; none given: any

    @property
    def expression(self) -> str:
        """The whole regular expression; with a context, group 1 is what is found."""
        if not self.context:
            return self.pattern
        gap = r"[^A-Za-z0-9\[\]]+"
        words = "|".join(self.context)
        return rf"(?i:(?:^|[^A-Za-z0-9_\[])(?:{words})(?:{gap}(?:{FILLERS}))*{gap})({self.pattern})"


# Words that may stand between a context word and the number it announces.
FILLERS = (
    "at|be|directly|es|est|ext|here|home|is|ist|it|lautet|me|mobile|my|new|no|nr|num|number|n[oºO°]|now|on|or|para|to|under|us"
    "|via|work"
)

SPACE = r"[ \t\n\v\f\r]"
LETTERS = "A-Za-z\u00c0-\u024f\u0300-\u052f"  # Latin, Greek, Cyrillic, marks; not the scripts written without spaces
SEPARATOR = rf"(?:{SPACE}*[-.]{SPACE}*|{SPACE}+)"
JOIN = r"[ \t\n\v\f\r./()-]*"  # between two digits of a number that a plus sign or a word announces
NUMBER = r"[0-9](?:[^0-9A-Za-z]*[0-9]){6}"  # the trigger of whatever has seven digits or more
