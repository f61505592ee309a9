"""What stands in a text in place of a find, and what can be turned back.

All of it stands in square brackets and begins with the type, for that is what no detector reads: `[NAME]`, `[NAME_1]`,
`[PHONE:************]`, `[CREDIT_DEBIT_NUMBER:***************1111]`, `[EMAIL:kqzvbnwtxabc]`. Pseudonyms and ciphertexts
are written in letters, which look like no number.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from transforms.errors import UsageError
from transforms.pii.policy import TYPE_NAME, Policy, Replacement
from transforms.text import comparable

_LETTERS = bytes.maketrans(b"0123456789abcdef", b"abcdefghijklmnop")
_HEX = bytes.maketrans(b"abcdefghijklmnop", b"0123456789abcdef")
_PSEUDONYM_LETTERS = 12  # 26^12 > 2^56: of a million people, one in 190,000 chances that any two share one
_ENCRYPTED = re.compile(rf"\[({TYPE_NAME}):((?:[a-p]{{2}}){{17,}})\]")  # 16 bytes of AES-SIV's tag, one or more of text


class Cut(NamedTuple):
    """One find of a text: where it is, and of what type."""

    start: int
    end: int
    type: str


def placeholders(types: str) -> str:
    """A pattern of all that may stand for a find of the types, which are given as a pattern."""
    made = rf"_[0-9]+|:[a-z]{{{_PSEUDONYM_LETTERS}}}|:(?:[a-p]{{2}}){{17,}}|:\*+[^\[\]*]{{0,4}}"
    return rf"\[(?:{types})(?:{made})?\]"


_ANY = re.compile(placeholders(TYPE_NAME))


def outside_placeholders(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of a span that hold a letter or digit and reach into no placeholder."""
    edges = [start]
    for match in _ANY.finditer(text):
        if match.start() < end and start < match.end():
            edges += match.span()
    edges.append(end)
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        if any(map(str.isalnum, text[first:last])):
            yield first, last


def replace(text: str, cuts: Iterable[Cut], made: Callable[[Cut], str]) -> str:
    """A text with every find's placeholder in its place. Finds are in order and do not overlap."""
    parts: list[str] = []
    position = 0
    for cut in cuts:
        parts += text[position : cut.start], made(cut)
        position = cut.end
    parts.append(text[position:])
    return "".join(parts)


def render(text: str, cuts: Sequence[Cut], policy: Policy, key: bytes) -> str:
    """A text with what the policy puts in place of each find."""
    numbers = _numbers(text, cuts, policy)

    def made(cut: Cut) -> str:
        value = text[cut.start : cut.end]
        match policy.replacement(cut.type):
            case Replacement.NUMBER:
                return f"[{cut.type}_{numbers[cut]}]"
            case Replacement.MASK:
                return f"[{cut.type}:{'*' * len(value)}]"
            case Replacement.LAST4:
                return f"[{cut.type}:{_last4(value)}]"
            case Replacement.PSEUDONYM:
                return f"[{cut.type}:{_pseudonym(value, cut.type, key)}]"
            case Replacement.ENCRYPT:
                return f"[{cut.type}:{_encrypted(value, cut.type, key)}]"
            case _:
                return f"[{cut.type}]"

    return replace(text, cuts, made)


def restore(text: str, key: bytes) -> str:
    """A text with every encrypted find turned back; pseudonyms, masks and numbers stay, for nothing turns them back.

    Raises UsageError where the key is not the one that a find was encrypted under.
    """

    def original(match: re.Match[str]) -> str:
        try:
            sealed = bytes.fromhex(match[2].encode().translate(_HEX).decode())
            return _cipher(key).decrypt(sealed, [match[1].encode()]).decode()
        except InvalidTag:
            raise UsageError(f"a find of type {match[1]} was encrypted under another key") from None

    return _ENCRYPTED.sub(original, text)


def _numbers(text: str, cuts: Sequence[Cut], policy: Policy) -> dict[Cut, int]:
    """Each find's number in its document: the same value the same number, and part of a name that of the whole."""
    numbered = [cut for cut in cuts if policy.replacement(cut.type) is Replacement.NUMBER]
    numbers: dict[Cut, int] = {}
    for pii_type in {cut.type for cut in numbered}:
        given = [int(number) for number in re.findall(rf"\[{pii_type}_([0-9]{{1,9}})\]", text)]
        of_type = [cut for cut in numbered if cut.type == pii_type]
        last = max(given, default=0)
        # The longest first, so that "Marta Ruiz" names both "Marta" and "Ruiz" wherever they stand; numbered in order.
        whole = {cut: _words(text[cut.start : cut.end], pii_type) for cut in of_type}
        groups: list[frozenset[str]] = []
        for words in sorted(whole.values(), key=len, reverse=True):
            if not any(words <= group for group in groups):
                groups.append(words)
        assigned: dict[frozenset[str], int] = {}
        for cut in of_type:
            group = next(group for group in groups if whole[cut] <= group)
            if group not in assigned:
                last += 1
                assigned[group] = last
            numbers[cut] = assigned[group]
    return numbers


def _words(value: str, pii_type: str) -> frozenset[str]:
    """What two values of a type have in common when they are the same: a name's words, or the whole value's signs."""
    return frozenset(re.findall(r"\w+", comparable(value)) if pii_type == "NAME" else [_signs(value)])


def _signs(value: str) -> str:
    """A value without what parts it: the same for `212-555-0187` and `(212) 555 0187`."""
    return re.sub(r"\W", "", comparable(value)) or value


def _last4(value: str) -> str:
    """A mask that leaves the last four letters and digits, and none of a value that has no more than eight."""
    signs = "".join(filter(str.isalnum, value))
    return "*" * (len(signs) - 4) + signs[-4:] if len(signs) > 8 else "*" * len(value)


def _derived(key: bytes, purpose: str) -> bytes:
    """A key of 64 bytes for one purpose alone."""
    return hmac.digest(key, f"aurastream pii {purpose} 1".encode(), "sha512")


def _pseudonym(value: str, pii_type: str, key: bytes) -> str:
    """Twelve letters that stand for a value of a type under a key, however it is spaced and cased."""
    return _keyed(f"{pii_type} {comparable(value) if pii_type == 'NAME' else _signs(value)}", key, "pseudonym")


def pseudonym_of_name(name: str, pii_type: str, key: bytes) -> str:
    """What stands for an id or a part of a path: another for each that differs in any character."""
    return f"[{pii_type}:{_keyed(name, key, 'name')}]"


def _keyed(message: str, key: bytes, purpose: str) -> str:
    number = int.from_bytes(hmac.digest(_derived(key, purpose), message.encode(), hashlib.sha256))
    letters = []
    for _ in range(_PSEUDONYM_LETTERS):
        number, letter = divmod(number, 26)
        letters.append(chr(97 + letter))
    return "".join(letters)


def _encrypted(value: str, pii_type: str, key: bytes) -> str:
    """AES-SIV (RFC 5297): the same for the same value, so that a text known to the cache stays known."""
    sealed = _cipher(key).encrypt(value.encode(), [pii_type.encode()])
    return sealed.hex().encode().translate(_LETTERS).decode()


def _cipher(key: bytes) -> AESSIV:
    return AESSIV(_derived(key, "encryption"))
