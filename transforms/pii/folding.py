"""Characters as they are compared: each written as the sign, in ASCII where there is such, that people read it as."""

from __future__ import annotations

import re
import unicodedata

# Characters that stand for themselves, though Unicode has them stand for others: ordinals in names of numbers and
# streets, marks of sense.
_KEPT = frozenset("ªº…™℠\u00a8\u00af\u00b4\u00b8")


def _folds() -> dict[int, str | None]:
    """Character -> what it stands for, in ASCII where there is such, or None where it is not seen."""
    folds: dict[int, str | None] = {}
    for code in (*range(1, 0x20), *range(0x7F, 0x20000), *range(0xE0000, 0xE0080)):
        character = chr(code)
        match unicodedata.category(character):
            case "Nd" if code > 0x7F:
                folds[code] = str(unicodedata.decimal(character))
            case "Pd" if code > 0x7F:
                folds[code] = "-"
            case "Zs" if code > 0x7F:
                folds[code] = " "
            case "Cf" | "Cc":  # zero-width, bidirectional and other format controls; control characters
                folds[code] = None
            case _ if code > 0x7F and (meant := _meant(character)) != character:
                folds[code] = meant
    # Line separators; minus; variation selectors; marks that compose with nothing, such as a line through each letter.
    return (
        folds
        | dict.fromkeys((0xA, 0xB, 0xC, 0xD, 0x85, 0x2028, 0x2029), "\n")
        | {0x9: " ", 0x2212: "-"}
        | dict.fromkeys((*range(0xFE00, 0xFE10), *range(0x300, 0x370), *range(0x20D0, 0x2100)))
        | {start + letter: chr(65 + letter) for start in (0x1F150, 0x1F170) for letter in range(26)}  # on a dark ground
    )


def _meant(character: str) -> str:
    """What a compatibility form stands for (NFKC), where that is letters, digits and signs that can be read."""
    if character in _KEPT:
        return character
    digit = unicodedata.digit(character, None)
    if digit is not None and unicodedata.category(character) == "No":
        return str(digit)  # ², ⓷ and ❼
    meant = unicodedata.normalize("NFKC", character)
    unreadable = any(sign in " \u2044" or unicodedata.combining(sign) for sign in meant)
    return unicodedata.normalize("NFC", character) if unreadable else meant


_FOLDS = {code: new for code, new in _folds().items() if new is None or new != chr(code)}
UNSEEN = frozenset(
    chr(code) for code, new in _FOLDS.items() if new is None and unicodedata.category(chr(code))[0] == "C"
)


FOLDABLE = frozenset(map(chr, _FOLDS))
CONTROL_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")  # ECMA-48's, of which terminals make colours


def fold(text: str) -> str:
    """A text as it is compared: what is not seen is gone, every other form of a sign is the ASCII one."""
    if text.isascii() and text.isprintable():
        return text
    return CONTROL_SEQUENCE.sub("", text).translate(_FOLDS)


def folded(character: str) -> str:
    """What stands for one character."""
    return _FOLDS.get(ord(character), character) or ""


def comparable(value: str) -> str:
    """A value as it is compared: folded, in lower case, every run of white space one space, trimmed."""
    return " ".join(fold(value).casefold().split())
