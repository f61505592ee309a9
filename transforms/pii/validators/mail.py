"""Mail addresses that are written so that machines shall not read them."""

from __future__ import annotations

import re2

from transforms.pii.validators import Span

# Words before a sign or an `at` that are no one's address.
_NO_NAMES = frozenset(
    b"a again all am an and any are at available be bought but buy by cc check contact de du el en fan find"
    b" follow for from go good got great hello here hey hi him i in is it just la le like live look love"
    b" meet me more my new not now of off on one online only or order ordered our out por para price read"
    b" see sell she shop sold thank thanks that the them there this to today us via was we with work yes"
    b" you".split()
)
_MAIL = re2.compile(
    r"(?i)(?:mail|gmail|inbox|write|reach|contact|address|correo|courriel|adresse|escr[ií]b\w*|schreib\w*|scriv\w*|contat\w*)"
    r"[^.!?\n]*$"
)
_PROVIDERS = re2.compile(
    r"(?i)\b(?:gmail|googlemail|yahoo|ymail|hotmail|outlook|live|msn|icloud|aol|gmx|web|mail|proton|protonmail|pm|zoho"
    r"|yandex|fastmail|tutanota|orange|free|wanadoo|laposte|libero|virgilio|uol|terra|qq|163|t-online|comcast|verizon"
    r"|btinternet)(?:\.com?)?\.[a-z]{2,4}$"
)
_NO_HOSTS = re2.compile(
    r" (?:at|arroba|arobase|chiocciola) (?:the|a|an|this|that|each|every|its|your|our|my|their|la|el|le) "
)
_NEAR = 48  # bytes before an address in which a word for mail announces it


def spaced(text: bytes, start: int, end: int) -> Span | None:
    """A space beside the sign, and before it a word that can be a name: `thanks @example.com` is to a handle."""
    name, _, _ = text[start:end].partition(b"@")
    word = name.strip().lower()
    refused = word != name.lower() and (word in _NO_NAMES or not word.strip(b"0123456789.-"))
    return None if refused else (start, end)


def spelled(text: bytes, start: int, end: int) -> Span | None:
    """A host that is no word of a sentence: `meet at the dot com bubble`."""
    return None if _NO_HOSTS.search(text[start:end].lower()) else (start, end)


def provider(text: bytes, start: int, end: int) -> Span | None:
    """An address without its ending: the sign is in it, or words of mail come before and no one works at that firm."""
    name = text[start:end].split()[0].lower()
    if b"@" in text[start:end]:
        return None if name in _NO_NAMES else (start, end)
    return (start, end) if name not in _NO_NAMES and (_coined(name) or _announced(text, start)) else None


def at_word(text: bytes, start: int, end: int) -> Span | None:
    """`dana at example.com`: no place to buy at, for words of mail come before it, the host gives out mail addresses,
    or the name is no word."""
    words = text[start:end].split()
    name = b"".join(words[:-2]).lower()
    if name in _NO_NAMES:
        return None
    sure = _coined(name) or _announced(text, start) or _PROVIDERS.search(words[-1].decode()) is not None
    return (start, end) if sure else None


def _coined(name: bytes) -> bool:
    """Whether a name holds what words do not."""
    return name.translate(None, b"0123456789.~-") != name and not name.isdigit()


def _announced(text: bytes, start: int) -> bool:
    return _MAIL.search(text[max(0, start - _NEAR) : start].decode(errors="ignore")) is not None
