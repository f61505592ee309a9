"""Text, made comparable: folded to detect, normalised to score, split to a scorer's limit, keyed for the cache."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import re2
from numpy.typing import NDArray

_Text = TypeVar("_Text", bound=str)

# Unicode's White_Space but the space itself, in RE2's notation.
_WHITE_SPACE = r"\t\n\v\f\r\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
_RUNS = rf"[{_WHITE_SPACE} ]{{2,}}|[{_WHITE_SPACE}]"  # not each single space: that would cost 5 µs a document
# Everything up to a window's last sentence end (after . ! ? … and the Arabic and Devanagari ones, closing quotes and
# white space, or after an ideographic one), or up to its last white space.
_SENTENCES = re2.compile(
    rf"(?s).*(?:[.!?\x{{2026}}\x{{61f}}\x{{6d4}}\x{{964}}][\"')\]}}\x{{2019}}\x{{201d}}\x{{bb}}]*[{_WHITE_SPACE} ]+"
    r"|[\x{3002}\x{ff01}\x{ff1f}][\x{2019}\x{201d}\x{300d}\x{300f}\x{ff09}]*|\n)"
)
_WORDS = re2.compile(rf"(?s).*[{_WHITE_SPACE} ]")
_JOINER = "\u200d"


def _folds() -> dict[int, str | None]:
    """Character -> the one it stands for, in ASCII where there is such, or None where it is not seen."""
    folds: dict[int, str | None] = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}  # full-width forms
    for code in (*range(0x80, 0x20000), *range(0xE0000, 0xE0080)):
        match unicodedata.category(chr(code)):
            case "Nd":
                folds[code] = str(unicodedata.decimal(chr(code)))
            case "Pd":
                folds[code] = "-"
            case "Zs":
                folds[code] = " "
            case "Cf":  # zero-width, bidirectional and other format controls
                folds[code] = None
            case _ if len(composed := unicodedata.normalize("NFC", chr(code))) == 1 and composed != chr(code):
                folds[code] = composed  # the ohm sign is a Greek letter to the scorer, so it is one here
    # Line separators; minus; variation selector, keycap and grapheme joiner; long s and the Kelvin sign, which some
    # engines take for `s` and `k` where case is ignored; the small at sign.
    return (
        folds
        | dict.fromkeys((0x85, 0x2028, 0x2029), "\n")
        | dict.fromkeys((0xFE0F, 0x20E3, 0x34F))
        | {
            0x2212: "-",
            0x17F: "s",
            0x212A: "K",
            0xFE6B: "@",
        }
    )


def _character_class(codes: list[int]) -> str:
    """An RE2 character class of the codes, runs as ranges."""
    starts = [code for code in codes if code - 1 not in _FOLDS]
    ends = [code for code in codes if code + 1 not in _FOLDS]
    return "[" + "".join(rf"\x{{{start:x}}}-\x{{{end:x}}}" for start, end in zip(starts, ends, strict=True)) + "]"


_FOLDS = _folds()
FOLDABLE = _character_class(sorted(_FOLDS))  # RE2: any character that `fold` changes
_FOLDABLE = re2.compile(FOLDABLE)


def fold(text: str) -> str:
    """Write digits, dashes, spaces and full-width forms of every script in ASCII, and drop what is not seen.

    For detection alone: what was found is cut out of the original, by `origins`.
    """
    return text if text.isascii() or not _FOLDABLE.search(text) else text.translate(_FOLDS)


def comparable(value: str) -> str:
    """A value as it is compared: folded, in lower case, every run of white space one space, trimmed."""
    return " ".join(fold(value).casefold().split())


def origins(text: str, folded: str) -> NDArray[np.int64]:
    """For every byte of the folded text in UTF-8, the index in `text` of the character it comes from."""
    data = np.frombuffer(folded.encode(), np.uint8)
    characters: NDArray[np.int64] = np.cumsum((data & 0xC0) != 0x80) - 1
    if len(folded) == len(text):
        return characters
    kept = np.array([i for i, character in enumerate(text) if _FOLDS.get(ord(character), "") is not None], np.int64)
    origin: NDArray[np.int64] = kept[characters]
    return origin


def normalise(texts: pa.Array) -> pa.Array:
    """NFC, every run of white space one space, trimmed. Case and punctuation stay: they carry sentiment."""
    spaced = pc.ascii_trim(pc.replace_substring_regex(texts, _RUNS, " "), " ")
    beyond_ascii = pc.fill_null(pc.not_equal(pc.binary_length(spaced), pc.utf8_length(spaced)), False)
    # Row by row: pyarrow's utf8_normalize decomposes under the name of NFC.
    composed = [unicodedata.normalize("NFC", text) for text in spaced.filter(beyond_ascii).to_pylist()]
    return pc.replace_with_mask(spaced, beyond_ascii, pa.array(composed, pa.string()))


def split_utf8(text: _Text, max_bytes: int) -> list[_Text]:
    """Cut a text into parts of at most `max_bytes` UTF-8 bytes (4 or more) that joined are the text again.

    Cuts after the last sentence end that fits, else after white space, else between characters that stand alone: before
    no combining mark, emoji modifier or joiner, where such a place exists.
    """
    if max_bytes < 4:
        raise ValueError("max_bytes must be at least 4, the longest character in UTF-8")
    data = text.encode()
    parts: list[str] = []
    start = 0
    while len(data) - start > max_bytes:
        end = start + max_bytes
        while data[end] & 0xC0 == 0x80:
            end -= 1
        window = data[start:end]
        cut = _SENTENCES.match(window) or _WORDS.match(window)
        part = window[: cut.end()].decode() if cut else _whole_signs(window.decode(), data[end : end + 4])
        parts.append(part)
        start += len(part.encode())
    parts.append(data[start:].decode())
    return cast(list[_Text], parts)


def _whole_signs(part: str, following: bytes) -> str:
    """Shorten a part until what follows starts a new visible sign; the part as it is where it holds but one."""
    after = following.decode(errors="ignore")[0]
    for end in range(len(part), 0, -1):
        if not _continues(after) and part[end - 1] != _JOINER:
            return part[:end]
        after = part[end - 1]
    return part


def _continues(character: str) -> bool:
    """Whether a character belongs to the sign before it: marks, joiners, variation selectors, skin tones."""
    return unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf") or "\U0001f3fb" <= character <= "\U0001f3ff"


@dataclass(frozen=True)
class Fingerprint:
    """What a text's score depends on but for the text and its language: it makes content keys."""

    scorer: str
    scorer_version: str
    policy: str
    key: bytes = field(repr=False)

    def keys(self, texts: pa.Array, languages: pa.Array) -> pa.StringArray:
        """What a text's score is filed under: HMAC-SHA256 in hex of format, scorer, version, policy, language and text.

        Texts are redacted and normalised. Null where the text is null; a null language counts as empty.
        """
        inner, outer = _hmac(self.key)
        inner.update(_fields("content 1", self.scorer, self.scorer_version, self.policy))
        encoded = languages.dictionary_encode()
        states = []
        for language in (*encoded.dictionary.to_pylist(), ""):
            state = inner.copy()
            state.update(_fields(language))
            states.append(state)
        which = pc.fill_null(encoded.indices, len(states) - 1).to_numpy().tolist()
        return _digests(texts, [states[i] for i in which], outer)


def subject_keys(subject_ids: pa.Array, key: bytes) -> pa.Array:
    """The keyed pseudonym of each subject, HMAC-SHA256 in hex; never equal to a content key. Null stays null."""
    inner, outer = _hmac(key)
    inner.update(_fields("subject 1"))
    return _digests(subject_ids, [inner] * len(subject_ids), outer)


def _hmac(key: bytes) -> tuple[Any, Any]:
    """The two keyed states of HMAC (RFC 2104); copying them is 0.5 µs cheaper than copying an `hmac` object."""
    block = (key if len(key) <= 64 else hashlib.sha256(key).digest()).ljust(64, b"\0")
    return hashlib.sha256(bytes(b ^ 0x36 for b in block)), hashlib.sha256(bytes(b ^ 0x5C for b in block))


def _fields(*values: str) -> bytes:
    """Values one after another, each after its length, so that no two sequences read the same."""
    return b"".join(len(data).to_bytes(4, "big") + data for data in (value.encode() for value in values))


def _digests(texts: pa.Array, states: list[Any], outer: Any) -> pa.Array:
    """Finish HMAC for each text from its inner state, in hex; null where the text is null."""
    values = texts.cast(pa.binary()).fill_null(b"").to_numpy(zero_copy_only=False).tolist()
    digests = []
    for state, value in zip(states, values, strict=True):
        inner, last = state.copy(), outer.copy()
        inner.update(value)
        last.update(inner.digest())
        digests.append(last.digest())
    edges = np.arange(0, 64 * len(digests) + 1, 64, dtype=np.int32)
    data = b"".join(digests).hex().encode()
    keys = pa.StringArray.from_buffers(len(digests), pa.py_buffer(edges), pa.py_buffer(data))
    return pc.if_else(texts.is_valid(), keys, pa.scalar(None, pa.string()))
