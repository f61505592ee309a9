"""The charset of a file that is not UTF-8, told by its bytes; and its blocks as UTF-8."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from itertools import chain

# Bytes that tell: more cost time and change nothing.
SAMPLE_BYTES = 64 << 10
BEFORE_BYTES = 1 << 10  # of what stands before the first byte that is not ASCII, where that comes late
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, which begins alike
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WIDE = ("utf-16", "utf-16-le", "utf-16-be", "utf-32")  # a newline is not one byte in these
# Of Windows-1252, in which Latin-1 is: a letter beside a letter, or signs that stand between words.
_LETTER = rb"[\xc0-\xd6\xd8-\xf6\xf8-\xfd]"
_LIKELY = re.compile(
    rb"(?<=[A-Za-z\xc0-\xfd])" + _LETTER + rb"|" + _LETTER + rb"(?=[A-Za-z\xc0-\xfd])"
    rb"|(?<![A-Za-z])[\x80\x85\xa1\xa3\xa7\xa9\xab\xbb\xbf]|[\x91-\x97\x99\xa0\xae\xb0]|[ \"'][\xc0\xe0\xe9](?=[ \"'])"
)
_SHORTEST_WIDE = 8  # bytes that UTF-16 is told from
_HIGH = re.compile(rb"[\x80-\xff]")
_LETTERS = re.compile(rb"[A-Za-z\xc0-\xff]")
_SINGLE = ("cp125", "cp4", "cp8", "iso", "latin", "mac", "koi")  # charsets of single bytes begin so
_FEW = 12  # high bytes from which on a rarer charset is told


def charset_of(sample: bytes) -> str | None:
    """Python's name of the charset; None where it is UTF-8, or damaged UTF-8, or nothing tells.

    UTF-16 and UTF-32 by their marks or their zeros. Else, where most of what is not ASCII is no UTF-8: Windows-1252
    where it stands as letters and signs of western languages do, or what charset-normalizer is sure of.
    """
    sample = sample[:SAMPLE_BYTES]
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name
    if b"\0" in sample[:64]:
        return _wide(sample)
    if sample.isascii():
        return None
    text = sample.decode("utf-8", "surrogateescape")
    whole = text[:-3] + text[-3:].rstrip("".join(map(chr, range(0xDC80, 0xDD00))))  # the last may be cut
    bad = sum("\udc80" <= character <= "\udcff" for character in whole)
    good = len(_HIGH.findall(whole.encode("utf-8", "ignore")))
    if bad <= good:
        return None
    high = len(_HIGH.findall(sample))
    likely = len(_LIKELY.findall(sample))
    if likely >= 0.9 * high and high <= 0.3 * len(_LETTERS.findall(sample)):
        return "cp1252"
    return _rarer(sample) if high >= _FEW else None


def _wide(sample: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of what is mostly ASCII is zero."""
    if len(sample) < _SHORTEST_WIDE:
        return None
    even, odd = sample[:256:2], sample[1:256:2]
    for zeros, others, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros.count(0) > 0.7 * len(zeros) and not others.count(0):
            return name
    return None


def _rarer(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes  # slow to load, and seldom needed

    best = from_bytes(sample, threshold=0.1, preemptive_behaviour=False).best()
    return best.encoding if best is not None and best.encoding not in ("ascii", "utf_8") else None


def decoded(sample: bytes, charset: str | None) -> str:
    """The text of how a file begins; a mark before it is dropped, what is cut or damaged stands as lone surrogates."""
    single = charset is None or charset.startswith(_SINGLE)
    text = sample.decode(charset or "utf-8", "surrogateescape" if single else "ignore")
    return text.removeprefix("\ufeff")


def as_utf8(blocks: Iterator[bytes], charset: str | None) -> Iterator[bytes]:
    """The blocks of a whole file of a charset as UTF-8.

    With None, a file that begins with `SAMPLE_BYTES` of ASCII is told by what surrounds the first byte that is not; so
    `late_charset` tells the parts of a file that is divided. What the charset does not have stays, or is made, what is
    no UTF-8 or a replacement character.
    """
    if charset is not None:
        yield from _decoded(blocks, charset)
        return
    seen, before = 0, b""
    for block in blocks:
        if (first := high_byte(block)) < 0:
            yield block
            seen += len(block)
            before = (before + block[-BEFORE_BYTES:])[-BEFORE_BYTES:]
            continue
        first = high_byte(block)
        held = block
        if seen + first >= SAMPLE_BYTES:
            while len(held) < first + SAMPLE_BYTES and (more := next(blocks, b"")):
                held += more
            start = len(before) + first - BEFORE_BYTES
            charset = late_charset((before + held)[start : start + SAMPLE_BYTES])
        rest = chain([held], blocks)
        yield from rest if charset is None else _decoded(rest, charset)
        return


def high_byte(block: bytes | bytearray) -> int:
    """Where the first byte that is not ASCII is; -1 where there is none."""
    found = None if block.isascii() else _HIGH.search(block)  # which is the slower
    return found.start() if found else -1


def late_charset(sample: bytes) -> str | None:
    """What a sample of `SAMPLE_BYTES` tells that begins `BEFORE_BYTES` before a file's first byte that is not ASCII."""
    charset = charset_of(sample)
    return None if charset in WIDE else charset


def _decoded(blocks: Iterator[bytes], charset: str) -> Iterator[bytes]:
    single = charset.startswith(_SINGLE)
    decoder = codecs.getincrementaldecoder(charset)("surrogateescape" if single else "replace")
    for block in blocks:
        if text := decoder.decode(block):
            yield text.encode("utf-8", "surrogateescape")
    if text := decoder.decode(b"", final=True):
        yield text.encode("utf-8", "surrogateescape")
