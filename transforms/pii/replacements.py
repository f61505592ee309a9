"""What stands in a text in place of a find, how it is told from text that is in brackets, and what can be turned back.

All but surrogates stands in square brackets and begins with the type: `[NAME]`, `[NAME_1]`, `[PHONE:************]`,
`[CREDIT_DEBIT_NUMBER:***************1111]`, `[EMAIL:kqzvbnwtxabcdefg]`, `[AGE:30-39]`. Nothing searches it, so nobody
may hide a value in it: what counts is what this module can have written under the policy, and everything else is text.
Numbers count up by one; masks hold nothing; pseudonyms, ciphertexts and dates that were moved end with letters that
check the rest; years, bands, areas and countries tell nobody from thousands, and surrogates are nobody's.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from transforms.errors import UsageError
from transforms.pii.folding import comparable
from transforms.pii.generalise import GENERALS
from transforms.pii.policy import TYPE_NAME, Policy, Replacement
from transforms.pii.shifting import days, shifted
from transforms.pii.surrogates import SURROGATES, Context, stands_alone, surrogates

_LETTERS = bytes.maketrans(b"0123456789abcdef", b"abcdefghijklmnop")
_HEX = bytes.maketrans(b"abcdefghijklmnop", b"0123456789abcdef")
_PSEUDONYM_LETTERS = 12  # 26^12 > 2^56: of a million people, one in 190,000 chances that any two share one
_CHECK_LETTERS = 4  # one text in 456,976 that looks like a pseudonym passes for one
_SEALED = 34  # least letters of a ciphertext: 16 bytes of AES-SIV's tag, one or more of text
_HELD = re.compile(
    rf"\[({TYPE_NAME})(?:_(?P<number>[1-9][0-9]{{0,5}})|:(?P<mask>\*+)|:(?P<last4>\*{{5,}}[^\W_]{{4}})"
    rf"|:(?P<sealed>[a-p]{{{_SEALED},}}[a-z]{{{_CHECK_LETTERS}}})"
    rf"|:(?P<pseudonym>[a-z]{{{_PSEUDONYM_LETTERS + _CHECK_LETTERS}}})"
    rf"|:(?P<shifted>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}:[a-z]{{{_CHECK_LETTERS}}})"
    r"|:(?P<general>[0-9A-Z][0-9A-Za-z+' -]{1,30}))?\]"
)


_ENCRYPTED = re.compile(rf"\[({TYPE_NAME}):([a-p]{{{_SEALED},}}[a-z]{{0,{_CHECK_LETTERS}}})\]")


class Cut(NamedTuple):
    """One find of a text: where it is, and of what type."""

    start: int
    end: int
    type: str


class Held(NamedTuple):
    """What counts as written by this module: placeholders of which types, and which types show something of a value."""

    types: AbstractSet[str]
    last4: AbstractSet[str] = frozenset()
    shown: AbstractSet[tuple[str, Replacement]] = frozenset()  # generalised, or moved
    surrogates: AbstractSet[str] = frozenset()


def spots(text: str, held: Held) -> list[tuple[int, int]]:
    """Where in a text something stands that this module can have written."""
    found: list[tuple[int, int]] = []
    numbers: Counter[str] = Counter()
    for match in _HELD.finditer(text):
        pii_type, form = match[1], match.lastgroup
        if pii_type not in held.types or (form == "last4" and pii_type not in held.last4):
            continue
        if form == "number":
            if int(match["number"]) > numbers[pii_type] + 1:
                continue
            numbers[pii_type] = max(numbers[pii_type], int(match["number"]))
        if form in ("sealed", "pseudonym", "shifted") and not _checks(match[form], pii_type):
            continue
        if form == "shifted" and (pii_type, Replacement.SHIFT) not in held.shown:
            continue
        if form == "general" and not _generalised(match[form], pii_type, held):
            continue
        found.append(match.span())
    if held.surrogates:
        found += [match.span() for match in surrogates(frozenset(held.surrogates)).finditer(text)]
        found.sort()
    return found


def _generalised(written: str, pii_type: str, held: Held) -> bool:
    return any((pii_type, kind) in held.shown and general.form.fullmatch(written) for kind, general in GENERALS.items())


def outside(held: Iterable[tuple[int, int]], text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of a span of a text that hold a letter or digit and reach into none of some spots."""
    edges = [start]
    for spot in held:
        if spot[0] < end and start < spot[1]:
            edges += spot
    edges.append(end)
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        if any(map(str.isalnum, text[first:last])):
            yield first, last


def replace(text: str, cuts: Iterable[Cut], made: Iterable[str]) -> str:
    """A text with what is made for each find in its place. Finds are in order and do not overlap."""
    parts: list[str] = []
    position = 0
    for (start, end, _), new in zip(cuts, made, strict=True):
        parts += text[position:start], new
        position = end
    parts.append(text[position:])
    return "".join(parts)


def render(text: str, cuts: Sequence[Cut], policy: Policy, key: bytes, subject: str | None = None) -> str:
    """A text with what the policy puts in place of each find; dates move by subject, or by text where there is none."""
    numbers = _numbers(text, cuts, policy)
    made_up = _surrogates(text, cuts, policy, key)
    shift = _shift(text, subject, key) if policy.shifts else 0

    def made(cut: Cut) -> str:
        value = text[cut.start : cut.end]
        shown: str | None = None
        match policy.replacement(cut.type):
            case Replacement.NUMBER:
                return f"[{cut.type}_{numbers[cut]}]"
            case Replacement.SURROGATE if cut in made_up:
                return made_up[cut]
            case Replacement.MASK:
                shown = "*" * len(value)
            case Replacement.LAST4:
                shown = _last4(value)
            case Replacement.PSEUDONYM:
                shown = _pseudonym(value, cut.type, key)
            case Replacement.ENCRYPT:
                shown = _encrypted(value, cut.type, key)
            case Replacement.SHIFT if moved := shifted(value, shift, day_first=policy.day_first):
                shown = _checked(f"{moved}:", cut.type)
            case kind if kind in GENERALS:
                shown = GENERALS[kind].of(value)
        return f"[{cut.type}:{shown}]" if shown else f"[{cut.type}]"

    return replace(text, cuts, map(made, cuts))


def _shift(text: str, subject: str | None, key: bytes) -> int:
    whose = f"text {comparable(text)}" if subject is None else f"subject {subject}"
    return days(hmac.digest(_derived(key, "shift"), whose.encode(), hashlib.sha256))


def _surrogates(text: str, cuts: Sequence[Cut], policy: Policy, key: bytes) -> dict[Cut, str]:
    """What stands for finds whose type has surrogates, but where it would not be told from the text around it."""
    drawn_for = [
        cut for cut in cuts if cut.type in SURROGATES and policy.replacement(cut.type) is Replacement.SURROGATE
    ]
    if not drawn_for:
        return {}
    secret = _derived(key, "surrogate")
    names = [text[cut.start : cut.end].split() for cut in drawn_for if cut.type == "NAME"]
    families = frozenset(words[-1].casefold() for words in names if len(words) > 1)
    ends = {cut.end for cut in cuts}

    def drawn(pii_type: str, value: str) -> int:
        return int.from_bytes(hmac.digest(secret, f"{pii_type} {value}".encode(), hashlib.sha256))

    written: dict[Cut, str] = {}
    for cut in drawn_for:
        alone = stands_alone(text[max(0, cut.start - 1) : cut.start], text[cut.end : cut.end + 2])
        if not alone or cut.start in ends:
            continue
        context = Context(text[max(0, cut.start - 16) : cut.start], families)
        value = " ".join(text[cut.start : cut.end].split())
        made = SURROGATES[cut.type].of(value, partial(drawn, cut.type), context)
        if made:
            written[cut] = made
    return written


def restore(text: str, key: bytes) -> str:
    """A text with every encrypted find turned back; pseudonyms, masks and numbers stay, for nothing turns them back.

    Raises UsageError where the key is not the one that a find was encrypted under.
    """

    def original(match: re.Match[str]) -> str:
        pii_type, written = match[1], match[2]
        sealed = written[:-_CHECK_LETTERS] if _checks(written, pii_type) else written  # as it was before version 3
        try:
            data = bytes.fromhex(sealed.encode().translate(_HEX).decode())
            return _cipher(key).decrypt(data, [pii_type.encode()]).decode()
        except (InvalidTag, ValueError):
            raise UsageError(f"a find of type {pii_type} was encrypted under another key, or changed") from None

    return _ENCRYPTED.sub(original, text)


def _numbers(text: str, cuts: Sequence[Cut], policy: Policy) -> dict[Cut, int]:
    """Each find's number in its document: the same value the same number, and part of a name that of the whole."""
    numbered = [cut for cut in cuts if policy.replacement(cut.type) is Replacement.NUMBER]
    numbers: dict[Cut, int] = {}
    for pii_type in {cut.type for cut in numbered}:
        of_type = [cut for cut in numbered if cut.type == pii_type]
        given = spots(text, Held({pii_type}))  # the numbers of an earlier redaction go on
        last = max((int(each) for each in re.findall(r"_([0-9]+)\]", "".join(text[a:b] for a, b in given))), default=0)
        groups = _Groups()
        whole = {cut: _words(text[cut.start : cut.end], pii_type) for cut in of_type}
        for words in sorted(whole.values(), key=len, reverse=True):
            groups.add(words)
        assigned: dict[int, int] = {}
        for cut in of_type:
            group = groups.of(whole[cut])
            if group not in assigned:
                last += 1
                assigned[group] = last
            numbers[cut] = assigned[group]
    return numbers


class _Groups:
    """Values by the words of the longest that has them all: "Marta Ruiz" names both "Marta" and "Ruiz"."""

    def __init__(self) -> None:
        self._known: dict[frozenset[str], int] = {}
        self._of_word: dict[str, list[int]] = {}
        self._words: list[frozenset[str]] = []

    def add(self, words: frozenset[str]) -> None:
        """Make a value a group, unless it is part of one; the longest come first."""
        if words in self._known:
            return
        held = min((self._of_word.get(word, []) for word in words), key=len, default=range(len(self._words)))
        group = next((each for each in held if words <= self._words[each]), None)
        if group is None:
            group = len(self._words)
            self._words.append(words)
            for word in words:
                self._of_word.setdefault(word, []).append(group)
        self._known[words] = group

    def of(self, words: frozenset[str]) -> int:
        """The group of a value that was added: its number."""
        return self._known[words]


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
    """Letters that stand for a value of a type under a key, however it is spaced and cased."""
    message = f"{pii_type} {comparable(value) if pii_type == 'NAME' else _signs(value)}"
    return _checked(_keyed(message, key, "pseudonym"), pii_type)


def pseudonym_of_name(name: str, pii_type: str, key: bytes) -> str:
    """What stands for an id or a part of a path: another for each that differs in any character."""
    return f"[{pii_type}:{_checked(_keyed(name, key, 'name'), pii_type)}]"


def _keyed(message: str, key: bytes, purpose: str) -> str:
    return _lettered(hmac.digest(_derived(key, purpose), message.encode(), hashlib.sha256), _PSEUDONYM_LETTERS)


def _lettered(digest: bytes, count: int) -> str:
    number = int.from_bytes(digest)
    letters = []
    for _ in range(count):
        number, letter = divmod(number, 26)
        letters.append(chr(97 + letter))
    return "".join(letters)


def _checked(letters: str, pii_type: str) -> str:
    """Letters that stand for a value, and some after them that say so."""
    digest = hashlib.sha256(f"aurastream pii check 1 {pii_type} {letters}".encode()).digest()
    return letters + _lettered(digest, _CHECK_LETTERS)


def _checks(written: str, pii_type: str) -> bool:
    return _checked(written[:-_CHECK_LETTERS], pii_type) == written


def _encrypted(value: str, pii_type: str, key: bytes) -> str:
    """AES-SIV (RFC 5297): the same for the same value, so that a text known to the cache stays known."""
    sealed = _cipher(key).encrypt(value.encode(), [pii_type.encode()])
    return _checked(sealed.hex().encode().translate(_LETTERS).decode(), pii_type)


def _cipher(key: bytes) -> AESSIV:
    return AESSIV(_derived(key, "encryption"))
