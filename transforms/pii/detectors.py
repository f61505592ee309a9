"""What is looked for: one row per way a kind of personal data is written.

Patterns are RE2's, applied to folded text: full-width characters, other scripts' digits, dashes and spaces are ASCII by
then (`transforms.text.fold`), and an underscore is `~`, which is no part of a word. They use no `\\s`, `\\w` or `\\d`,
whose meaning differs between engines. `_` stands for white space of any length wherever one space may stand, so that
collapsing white space later reveals nothing new.
No pattern matches `[` or `]`: a placeholder is never found again.
"""

from __future__ import annotations

from dataclasses import dataclass

from transforms.pii import validators
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

    @property
    def expression(self) -> str:
        """The whole regular expression; with a context, group 1 is what is found."""
        if not self.context:
            return self.pattern
        gap = r"[^A-Za-z0-9\[\]]+"
        words = "|".join(self.context)
        return rf"(?i:(?:^|[^A-Za-z0-9_\[])(?:{words})(?:{gap}(?:{_FILLERS}))*{gap})({self.pattern})"


# Words that may stand between a context word and the number it announces.
_FILLERS = (
    "at|be|directly|es|est|ext|here|home|is|ist|it|lautet|me|mobile|my|new|no|nr|num|number|n[oºO°]|now|on|or|para|to|under|us"
    "|via|work"
)

_ = r"[ \t\n\v\f\r]"
_LETTERS = "A-Za-z\u00c0-\u024f\u0300-\u052f"  # Latin, Greek, Cyrillic, marks; not the scripts written without spaces
_HOST = "A-Za-z0-9\u00c0-\u1fff\u3040-\U0010ffff-"  # any script but punctuation, for what stands after an @
_LABEL = rf"[{_LETTERS}0-9](?:[{_LETTERS}0-9-]*[{_LETTERS}0-9])?"
_URL = rf"[{_LETTERS}0-9!#$%&'()*+,./:;=?@_~-]"
_URL_END = rf"[{_LETTERS}0-9#$%&+/=@_~-]"  # no closing punctuation
_TAIL = rf"(?::[0-9]+)?(?:[/?#](?:{_URL}*{_URL_END})?)?"
# Top-level domains known without a path; those that are also words (at, in, it, me, no, to, us) stay out.
_TLDS = (
    "ai|app|au|biz|br|ca|cc|ch|cloud|cn|co|com|cz|de|dev|dk|edu|es|eu|fi|fr|gov|hu|ie|info|io|jp|kr|mil|mx|net|nl|nz"
    "|online|org|pl|pt|ru|se|shop|site|store|tech|tv|uk|xyz|za"
)

_SEPARATOR = rf"(?:{_}*[-.]{_}*|{_}+)"
_JOIN = r"[ \t\n\v\f\r./()-]*"  # between two digits of a number that a plus sign or a word announces
_HEX = "[0-9A-Fa-f]{1,4}"
_EXTENSION = rf"(?:{_}*(?i:x|ext\.?|extension){_}*[0-9]{{1,6}})?\b"
_PHONE_WORDS = (
    "call", "cell", "cell ?phone", "celular", "cellulare", "dial", "fax", "fono", "handy", "mobil", "mobile",
    "m[oóÓ]vil", "phone", "portable", "reach", "ring", "sms", "t[eéÉ]l", "t[eéÉ]l[eéÉ]phone", "telefax", "telefon",
    "telefone", "telefonnummer", "tel[eéÉ]fono", "telf", "text", "tfno", "tlf", "whats ?app",
)  # fmt: skip

_AT = r"[^ ]@"
_NUMBER = r"[0-9](?:[^0-9A-Za-z]*[0-9]){6}"
_COUNTRY = rf"[A-Za-z]{{2}}[0-9]{{2}}(?:{_}+|-)?[A-Za-z0-9]"
_DOTTED = r"[0-9]\.[0-9]{1,3}\.[0-9]"
_COLONS = r"::|(?:[0-9A-Fa-f]{1,4}:){7}"
_ADDRESS = r"://|[wW]{3}[0-9]{0,2}\."
_DOT = r"[^ ]\.[a-z]{2}"

# Counts up when a validator or the redactor changes what is found; a change of the rows shows by itself.
VERSION = "1"

DETECTORS: tuple[Detector, ...] = (
    Detector(
        name="email",
        type="EMAIL",
        pattern=rf"[{_LETTERS}0-9_][{_LETTERS}0-9!#$%&'*+./=?^_`{{|}}~-]*@"
        rf"(?:[{_HOST}]+\.)+(?:xn--[a-z0-9-]+|[{_LETTERS}]{{2,}})",
        trigger=_AT,
        confidence=0.99,
    ),
    Detector(
        name="iban",
        type="INTERNATIONAL_BANK_ACCOUNT_NUMBER",
        pattern=rf"\b[A-Za-z]{{2}}[0-9]{{2}}(?:(?:{_}+|-)?[A-Za-z0-9]){{11,30}}",
        trigger=_COUNTRY,
        confidence=0.99,
        validator=validators.iban,
    ),
    Detector(
        name="iban_context",
        type="INTERNATIONAL_BANK_ACCOUNT_NUMBER",
        pattern=rf"[A-Za-z]{{2}}[0-9]{{2}}(?:(?:{_}+|-)?[A-Za-z0-9]){{11,30}}",
        trigger=_COUNTRY,
        confidence=0.6,
        validator=validators.iban_length,
        context=("iban",),
    ),
    Detector(
        name="card",
        type="CREDIT_DEBIT_NUMBER",
        pattern=rf"\b[0-9]{{3}}(?:(?:{_}+|[-.])?[0-9]){{9,16}}\b",
        trigger=_NUMBER,
        confidence=0.95,
        validator=validators.card,
    ),
    Detector(
        name="card_context",
        type="CREDIT_DEBIT_NUMBER",
        pattern=rf"[0-9](?:(?:{_}+|[-.])?[0-9]){{11,18}}\b",
        trigger=_NUMBER,
        confidence=0.6,
        context=(
            "amex",
            "card",
            "carte",
            "cc",
            "credit",
            "debit",
            "karte",
            "kreditkarte",
            "mastercard",
            "tarjeta",
            "visa",
        ),
    ),
    Detector(
        name="ssn",
        type="SSN",
        pattern=r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b",
        trigger=_NUMBER,
        confidence=0.85,
        validator=validators.ssn,
    ),
    Detector(
        name="ssn_context",
        type="SSN",
        pattern=rf"[0-9]{{3}}{_SEPARATOR}?[0-9]{{2}}{_SEPARATOR}?[0-9]{{4}}\b",
        trigger=_NUMBER,
        confidence=0.9,
        validator=validators.ssn,
        context=("ssn", "social", "social security", "soc sec"),
    ),
    Detector(
        name="ipv4",
        type="IP_ADDRESS",
        pattern=r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b",
        trigger=_DOTTED,
        confidence=0.95,
        validator=validators.ipv4,
    ),
    Detector(
        name="ipv6",
        type="IP_ADDRESS",
        pattern=rf"(?:{_HEX}:){{7}}{_HEX}|{_HEX}(?::{_HEX}){{0,6}}::(?:{_HEX}(?::{_HEX}){{0,6}})?(?:%[0-9A-Za-z]+)?"
        rf"|::{_HEX}(?::{_HEX}){{0,6}}",
        trigger=_COLONS,
        confidence=0.95,
        validator=validators.ipv6,
    ),
    Detector(
        name="url",
        type="URL",
        pattern=rf"\b(?i:https?|ftps?|sftp|wss?)://{_URL}*{_URL_END}|\b(?i:www)[0-9]{{0,2}}\.{_URL}*{_URL_END}",
        trigger=_ADDRESS,
        confidence=0.99,
    ),
    Detector(
        name="domain",
        type="URL",
        pattern=rf"(?:^|[^@{_LETTERS}0-9])((?:{_LABEL}\.)*[0-9-]*[{_LETTERS}](?:[{_LETTERS}0-9-]*[{_LETTERS}0-9])?\.(?:(?:{_TLDS})(?:\.[a-z]{{2}})?\b{_TAIL}|[a-z]{{2,}}/{_URL}*{_URL_END}))",
        trigger=_DOT,
        confidence=0.7,
    ),
    Detector(
        name="phone_international",
        type="PHONE",
        pattern=rf"(?:\+{_}*1{_JOIN}[0-9]{{3}}{_JOIN}[0-9]{{3}}{_JOIN}[0-9]{{4}}"
        rf"|\+{_}*[1-9](?:{_JOIN}[0-9]){{5,11}}[0-9]|\+[1-9][0-9]{{6,14}}"
        rf"|\b00{_}*[1-9][0-9]{{0,2}}{_SEPARATOR}[0-9](?:{_JOIN}[0-9]){{4,9}}[0-9]){_EXTENSION}",
        trigger=_NUMBER,
        confidence=0.95,
        validator=validators.phone,
    ),
    Detector(
        name="phone_us",
        type="PHONE",
        pattern=rf"(?:\b1{_JOIN})?(?:\([0-9]{{3}}\){_}*-?{_}*|\b[0-9]{{3}}{_SEPARATOR})[0-9]{{3}}{_SEPARATOR}[0-9]{{4}}{_EXTENSION}",
        trigger=_NUMBER,
        confidence=0.85,
        validator=validators.phone_us,
    ),
    Detector(
        name="phone_trunk",
        type="PHONE",
        pattern=rf"(?:\(0[0-9]{{1,5}}\){_}*|\b0[1-9](?:{_}+|[-./])?)[0-9](?:(?:{_}+|[-./])?[0-9]){{4,8}}[0-9]\b",
        trigger=_NUMBER,
        confidence=0.75,
        validator=validators.phone_trunk,
    ),
    Detector(
        name="phone_nine",
        type="PHONE",
        pattern=rf"\b[6-9][0-9]{{2}}{_}+[0-9]{{3}}{_}+[0-9]{{3}}\b",
        trigger=_NUMBER,
        confidence=0.6,
        validator=validators.phone_nine,
    ),
    Detector(
        name="phone_context",
        type="PHONE",
        pattern=rf"\(?[0-9](?:{_JOIN}[0-9]){{5,13}}[0-9]{_EXTENSION}",
        trigger=_NUMBER,
        confidence=0.65,
        validator=validators.phone,
        context=_PHONE_WORDS,
    ),
)
