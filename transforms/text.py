"""Text, made comparable: normalised to search and score, split to a scorer's limit, keyed for the cache."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import re2

from transforms.rewriting import Change, Rewriting, rewrite

_Text = TypeVar("_Text", bound=str)

# Unicode's White_Space but the space itself, in RE2's notation: what breaks a line, and the others.
_BREAKING = r"\n\v\f\r\x{85}\x{2028}\x{2029}"
_BLANK = r"\t\x{a0}\x{1680}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}"
_WHITE_SPACE = _BLANK + _BREAKING
_BREAKS = rf"[{_BLANK} ]*[{_BREAKING}][{_WHITE_SPACE} ]*"
_RUNS = rf"[{_BLANK} ]{{2,}}|[{_BLANK}]"  # not each single space: that would cost 5 µs a document
# What `normalise` changes of white space; few texts have any of it.
_UNEVEN = rf"^[ \n]|\x00|[ \n]$|[\v\f\r\x{{85}}\x{{2028}}\x{{2029}}{_BLANK}]| [ \n]|\n[ \n]"
_SPACES = re.compile(
    r"[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]{2,}|\A[ \n]|[ \n]\Z"
    r"|[\t\v\f\r\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
)
_NO_NUL = "\x01"  # a NUL stands for what was taken out of a text (`transforms.pii.views`)
_IS_SPACE = np.array([chr(code).isspace() and not 0x1C <= code <= 0x1F for code in range(0x3002)])
_LINES = frozenset("\n\v\f\r\x85\u2028\u2029")
# Everything up to a window's last sentence end (after . ! ? … and the Arabic and Devanagari ones, closing quotes and
# white space, or after an ideographic one), or up to its last white space.
_SENTENCES = re2.compile(
    rf"(?s).*(?:[.!?\x{{2026}}\x{{61f}}\x{{6d4}}\x{{964}}][\"')\]}}\x{{2019}}\x{{201d}}\x{{bb}}]*[{_WHITE_SPACE} ]+"
    r"|[\x{3002}\x{ff01}\x{ff1f}][\x{2019}\x{201d}\x{300d}\x{300f}\x{ff09}]*|\n)"
)
_WORDS = re2.compile(rf"(?s).*[{_WHITE_SPACE} ]")
_JOINER = "\u200d"


@cache
def _joining() -> re.Pattern[str]:
    """A pattern of all that NFC may change: a character with what joins it, or one that stands for another."""
    joining, alone = [], []
    for code in range(0x80, 0x30000):
        character = chr(code)
        parts = unicodedata.decomposition(character).split()
        if unicodedata.combining(character) or 0x1161 <= code <= 0x1175 or 0x11A8 <= code <= 0x11C2:
            joining.append(code)
        elif parts and parts[0][0] != "<":
            if len(parts) == 2:
                joining.append(int(parts[1], 16))
            if unicodedata.normalize("NFC", character) != character:
                alone.append(code)
    joins, others = ("".join(map(re.escape, map(chr, sorted(set(codes))))) for codes in (joining, alone))
    return re.compile(f"(?s:[^{joins}]?[{joins}]+|[{others}])")


_FEW = 32  # texts: Arrow compiles a pattern anew each time it is used, which costs as much as so many searches


def matching(texts: pa.Array, pattern: str) -> pa.BooleanArray:
    """In which texts RE2's `pattern` matches somewhere; not in those that are null."""
    if len(texts) > _FEW:
        return pc.fill_null(pc.match_substring_regex(texts, pattern), False)
    search = _compiled(pattern).search
    return pa.array([text is not None and search(text) is not None for text in texts.to_pylist()], pa.bool_())


@cache
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern)


def normalise(texts: pa.Array) -> pa.Array:
    """A text as it is searched, stored and scored: NFC, every run of white space one line break where it holds one, or
    else one space, trimmed, and each NUL another control character. Case and punctuation stay: they carry sentiment."""
    uneven = matching(texts, _UNEVEN)
    if pc.any(uneven).as_py():
        some = pc.replace_substring_regex(texts.filter(uneven), _BREAKS, "\n")
        some = pc.replace_substring(pc.replace_substring_regex(some, _RUNS, " "), "\0", _NO_NUL)
        some = pc.ascii_trim(some, " \n")
        texts = pc.replace_with_mask(texts, uneven, some)
    beyond_ascii = pc.fill_null(pc.not_equal(pc.binary_length(texts), pc.utf8_length(texts)), False)
    if not pc.any(beyond_ascii).as_py():
        return texts
    # Row by row: pyarrow's utf8_normalize decomposes under the name of NFC.
    composed = [unicodedata.normalize("NFC", text) for text in texts.filter(beyond_ascii).to_pylist()]
    return pc.replace_with_mask(texts, beyond_ascii, pa.array(composed, pa.string()))


def normalising(text: str) -> tuple[Rewriting, Rewriting]:
    """How `normalise` makes one text another: of white space first, then of what NFC composes, with the way back."""
    text = text.replace("\0", _NO_NUL)
    spaced = rewrite(text, _spacing(text))
    return spaced, rewrite(spaced.text, _composing(spaced.text))


def respaced(
    texts: list[str], originals: list[str], rows: np.ndarray, starts: np.ndarray, ends: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where spans of texts stand in the originals, which differ from them by white space alone, all at once.

    `rows` says of each span of which text it is. The other characters are the same, in the same order.
    """
    (solid, begins), (solid_before, begins_before) = _solid(texts), _solid(originals)
    first = np.searchsorted(solid, begins[rows] + starts)
    last = np.searchsorted(solid, begins[rows] + ends) - 1
    return solid_before[first] - begins_before[rows], solid_before[last] + 1 - begins_before[rows]


def _solid(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Where in all texts together the characters are that are no white space, and where each text begins."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    return np.flatnonzero(~_IS_SPACE[np.minimum(codes, len(_IS_SPACE) - 1)]), np.cumsum(lengths) - lengths


def _spacing(text: str) -> Iterator[Change]:
    for match in _SPACES.finditer(text):
        start, end = match.span()
        new = "" if start == 0 or end == len(text) else " " if _LINES.isdisjoint(match[0]) else "\n"
        if new != match[0]:
            yield Change(start, end, new)


def _composing(text: str) -> Iterator[Change]:
    for match in _joining().finditer(text) if not unicodedata.is_normalized("NFC", text) else ():
        composed = unicodedata.normalize("NFC", match[0])
        if composed != match[0]:
            yield Change(*match.span(), composed)


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
        """What a text's score is filed under, in hex: `keys_of` the certificates of the texts."""
        return self.keys_of(certify(texts, self.policy, self.key), languages)

    def keys_of(self, certificates: pa.BinaryArray, languages: pa.Array) -> pa.StringArray:
        """HMAC-SHA256 in hex of format, scorer, version, language and a certificate, which is of policy and text.

        Null where the certificate is null; a null language counts as empty.
        """
        inner, outer = _hmac(self.key)
        inner.update(_fields("content 2", self.scorer, self.scorer_version))
        encoded = languages.dictionary_encode()
        states = []
        for language in (*encoded.dictionary.to_pylist(), ""):
            state = inner.copy()
            state.update(_fields(language))
            states.append(state)
        which = pc.fill_null(encoded.indices, len(states) - 1).to_numpy().tolist()
        return _digests(certificates, [states[i] for i in which], outer)


def certify(texts: pa.Array, policy: str, key: bytes) -> pa.BinaryArray:
    """What the redactor signs a text with that it has searched to the end under the policy of an id.

    Keyed BLAKE2b (RFC 7693), 32 bytes, of format, policy and text. Null where the text is null.
    """
    state = hashlib.blake2b(_fields("certificate 1", policy), key=hashlib.sha256(key).digest(), digest_size=32)
    none = texts.null_count > 0
    data = texts.cast(pa.binary())
    values = (data.fill_null(b"") if none else data).to_numpy(zero_copy_only=False).tolist()
    digests = []
    for value in values:
        each = state.copy()
        each.update(value)
        digests.append(each.digest())
    made = pa.array(digests, pa.binary())
    return pc.if_else(texts.is_valid(), made, pa.scalar(None, pa.binary())) if none else made


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
