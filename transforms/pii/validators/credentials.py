"""User names, passwords and keys."""

from __future__ import annotations

import base64
import binascii
import math
from collections import Counter

import re2

from transforms.pii.validators import Span
from transforms.pii.validators.finance import alone

_CLOSING = b".,;:!?)]}>'\"`"
# What documentation and programs write where a secret would stand.
_STAND_IN = re2.compile(
    r"(?i)^(?:[*x.#-]+$|[$%<{]|(?:your|my|the|example|changeme|redacted|placeholder|required|incorrect|wrong|invalid|reset"
    r"|expired|forgotten|protected|null|none|true|false|undefined|empty|hidden|secret|password|string|here)\b"
    r"|[A-Za-z~]+(?:\.[A-Za-z~]+)*\()"
)
_WORD = re2.compile(r"^[A-Z]?[a-z\x{80}-\x{10ffff}]+(?:['-][a-z]+)*$|^[A-Z]+$")
_NUMBERED = re2.compile(r"^[A-Za-z]+[-.~][0-9]+$")
_VERSION = re2.compile(
    r"^[vV]?[0-9]+(?:\.[0-9a-z]+)*$|^[0-9]+[a-z]{1,3}$|^(?:[A-Za-z]+-)+[A-Za-z]+$|\.(?:com|org|net|io)$"
)
_NEEDS_SIGNS = re2.compile(
    r"(?i)(?:user|usuario|usu[aá]rio|log-?in|handle|nick|pseudo"
    r"|(?:^|[ \n\t])(?:is|was|are|es|era|est|ist|lautet|[eèé]))[\"']?[^A-Za-z0-9]*$"
)
# Words after an @ that programs write: CSS, Java, Python, documentation comments.
_ANNOTATIONS = frozenset(
    b"abstract after afterclass author autowired bean before beforeclass beforeeach charset class classmethod "
    b"component configuration controller data dataclass deprecated document end entity example font-face "
    b"fontface functionalinterface generatedvalue getmapping home id if implementation import include "
    b"inherited inject injectmocks interface jsonproperty keyframes link manytoone media mixin mock namespace "
    b"nonnull notnull nullable onetomany override page param postmapping property protocol pytest repository "
    b"requestmapping responsebody rest restcontroller retention return returns runwith safevarargs scheduled "
    b"see selector service since staticmethod supports suppresswarnings synthesize table target test throws "
    b"todo transactional type value version work wraps".split()
)


def _entropy(value: bytes) -> float:
    """Shannon's, in bits a character."""
    return -sum(count / len(value) * math.log2(count / len(value)) for count in Counter(value).values())


def _trimmed(text: bytes, start: int, end: int) -> int:
    """The end of a value without the punctuation of the sentence that it stands in."""
    while end > start and text[end - 1] in _CLOSING:
        end -= 1
    return end


def secret(text: bytes, start: int, end: int) -> Span | None:
    """A password as people and programs write one: with a digit, a symbol or mixed case, or quoted; no stand-in."""
    quoted = text[start - 1 : start] in (b'"', b"'", b"`") and start > 0
    closing = text.find(text[start - 1 : start], start, end + 1) if quoted else -1
    end = closing if closing > start else _trimmed(text, start, end)
    value = text[start:end]
    refused = len(value) < 4 or _STAND_IN.search(value) or (_WORD.search(value) and closing < 0)
    return None if refused else (start, end)


def mixed(text: bytes, start: int, end: int) -> Span | None:
    """A password that nothing but a word announces: letters in both cases or a symbol beside them, and digits."""
    end = _trimmed(text, start, end)
    value = text[start:end]
    letters = value.translate(None, b"0123456789")
    telling = (value != value.lower() and value != value.upper()) or (
        not value.isalnum() and not _NUMBERED.search(value)
    )
    return secret(text, start, end) if len(value) >= 6 and letters and len(letters) < len(value) and telling else None


_OTHER_CODE = re2.compile(
    r"(?i)(?:error|promo(?:tion)?|discount|coupon|voucher|area|country|dial(?:ing)?|status|exit|response|product|bar|sort|dress"
    r"|source|zip|post(?:al)?|qr|color|colour|referral|tracking|reference|order)[ ~-]?code$"
)


def code_said(text: bytes, start: int, end: int) -> Span | None:
    """A number that is said to be a code, whole, and not one of errors, areas or sales."""
    said = text[max(0, start - 32) : start].rstrip(b": ").removesuffix(b" is")
    return None if _OTHER_CODE.search(said) else alone(text, start, end)


def no_code(text: bytes, start: int, end: int) -> Span | None:
    """A number that is said to be a code, and not one of errors, areas or sales."""
    line = text[end : end + 80].partition(b"\n")[0]
    named = re2.search(r"(?i)^.*?code", line)
    return None if named and _OTHER_CODE.search(named[0]) else (start, end)


def account_name(text: bytes, start: int, end: int) -> Span | None:
    """A name that is no word: with a digit, a dot or a sign inside, or with a mark before it or after; no version."""
    end = _trimmed(text, start, end)
    value = text[start:end]
    marked = text[start - 1 : start] == b"@" or b"#" in value or b":" in value
    word = _WORD.search(value) or _VERSION.search(value) or not re2.search(r"[A-Za-z]", value)
    host = text[end : end + 1] in (b"@", b"/", b"(")
    return None if len(value) < 3 or host or (word and not marked) else (start, end)


def skype(text: bytes, start: int, end: int) -> Span | None:
    """The same, where nothing but `live:` says it: no word behind the colon."""
    found = account_name(text, start, end)
    return found if found and not _WORD.search(text[start + 5 : found[1]]) else None


def username(text: bytes, start: int, end: int) -> Span | None:
    """A name for a machine. After a word that says other things too, it has a digit, a sign or a capital inside."""
    end = _trimmed(text, start, end)
    value = text[start:end]
    if len(value) < 3 or text[end : end + 1] in (b"@", b"(") or _STAND_IN.search(value):
        return None
    plain = _WORD.search(value) is not None
    return None if plain and _NEEDS_SIGNS.search(text[max(0, start - 12) : start]) else (start, end)


def handle(text: bytes, start: int, end: int) -> Span | None:
    """A handle of a social network, and no annotation of a program, no mail address, no time or price."""
    value = text[start + 1 : end]
    mail = text[end : end + 1] in (b"@", b"(") or (text[end : end + 1] == b"." and text[end + 1 : end + 2].isalnum())
    return None if mail or value.lower() in _ANNOTATIONS or not value.strip(b"~0123456789") else (start, end)


def key(text: bytes, start: int, end: int) -> Span | None:
    """Twenty random characters or so: letters and digits, at least 3 bits a character (English words have fewer)."""
    end = _trimmed(text, start, end)
    value = text[start : min(end, start + 256)]
    digits = len(value) - len(value.translate(None, b"0123456789"))
    random = len(value) >= 16 and 0 < digits < len(value) and _entropy(value) >= 3
    return (start, end) if random and not _STAND_IN.search(value) else None


def aws_secret(text: bytes, start: int, end: int) -> Span | None:
    """Forty characters of base64, no fewer and no more, at 3.5 bits each or more, of both cases."""
    value = text[start:end]
    longer = text[end : end + 1].isalnum() or text[end : end + 1] in (b"/", b"+", b"=")
    random = _entropy(value) >= 3.5 and value.upper() != value != value.lower()
    return None if longer or not random else (start, end)


def json_web_token(text: bytes, start: int, end: int) -> Span | None:
    """A header that decodes to an object with an algorithm or a type (RFC 7515, section 4)."""
    header = text[start : text.index(b".", start)].replace(b"~", b"_")
    try:
        decoded = base64.urlsafe_b64decode(header + b"=" * (-len(header) % 4))
    except (ValueError, binascii.Error):
        return None
    return (start, end) if decoded[:1] == b"{" and (b'"alg"' in decoded or b'"typ"' in decoded) else None
