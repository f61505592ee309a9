r"""Texts as a person would read them: what was encoded on its way here is decoded before it is searched.

HTML, escapes of URLs (`%40`), of HTML (`&#64;`), of quoted-printable (`=40`), of JSON (`\u00f6`, `\n`), base64, and
UTF-8 that was read as Windows-1252 (`MÃ¼ller`). Each is decoded only where it cannot be meant as it stands: 50% off,
a=b, AT&T, a < b, «CAFÉ» and C:\new stay. What stays is
searched with its escapes undone all the same (`transforms.pii.views`); what is decoded here is also shown so.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Sequence
from urllib.parse import unquote_to_bytes

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.markup import MAY_BE_HTML, is_html, text_of_html
from transforms.text import matching

ENCODED = "[ENCODED]"  # what stands for a run of base64 that is no text
# The bytes 80 to 9F as Windows-1252 has them, and those that it leaves as they are.
_OCTETS = {ord(bytes([octet]).decode("cp1252", "ignore") or chr(octet)): octet for octet in range(0x80, 0xA0)}
_FOLLOWS = "".join(map(chr, (*_OCTETS, *range(0x80, 0xC0)))).replace("\xa0", "")
# Most letters of Latin, the punctuation and the pictures of Unicode in UTF-8, each byte a letter: no word has these. A
# space that holds words together may follow a capital, though.
_MISREAD = rf"[ÂÃ][{_FOLLOWS}]|â[{_FOLLOWS}\xa0]{{2}}|ð[{_FOLLOWS}\xa0]{{3}}"
_ROUNDS = 3  # what was encoded twice: `&amp;#64;`
# RE2: what a text holds that may be encoded. Few have it.
_TRIGGER = (
    rf"%[0-9A-Fa-f]{{2}}|&#?[0-9A-Za-z]{{2,31}};|=\r?\n|=[0-9A-F]{{2}}|\\[nrtux]|{MAY_BE_HTML}|[A-Za-z0-9+/_-]{{20}}"
    rf"|{_MISREAD}"
)
_IS_MISREAD = re.compile(_MISREAD)

_WORD = re.compile(r"[^\s\"'<>]+")
_TOKEN = re.compile(r"\S+")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_ONE_PERCENT = re.compile(r"[\d.,]*%\d\d[\d.,]*")  # of a number
_PLUS = re.compile(r"(?<=[0-9A-Za-z])\+(?=[0-9A-Za-z%])")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][0-9A-Za-z]{1,30});")
# Quoted-printable shows by letters beyond ASCII in UTF-8, or by long lines that go on; else `=40` stands in an address.
_IS_QUOTED = re.compile(
    r"=(?:C[2-9A-F]|D[0-9A-F])=[89AB][0-9A-F]|=E[0-9A-F](?:=[89AB][0-9A-F]){2}|=F[0-4](?:=[89AB][0-9A-F]){3}"
    r"|[^\n]{60}=\r?\n\S|=20\r?\n|=3D\""
)
_QUOTED = re.compile(r"=\r?\n|(?:=[0-9A-F]{2})+")
_QUOTED_AT = re.compile(r"(?<=[\w.+-])=40(?=[\w-]+(?:=2E|\.)\w)")
_BACKSLASH = re.compile(r"(?:\\u[0-9A-Fa-f]{4})+|\\x[0-9A-Fa-f]{2}|\\[nrt\"/]")
# A path of Windows, a pattern, LaTeX: a backslash that begins none of these escapes, or a drive, or two at the start.
_PATH = re.compile(r"\W?[A-Za-z]:\\|\W?\\\\|.*\\(?![nrtux\"'/\\])", re.DOTALL)
# A line break that was escaped stands where a sentence or a word ends; a single one within small letters may be a path.
_BROKEN = re.compile(r"(?:\\r)?\\n(?=[^a-z]|\Z)|(?:[^\w\\]|\A)\\n|\\[rt]\\|\\u[0-9A-Fa-f]{4}|\\\"")
_BREAK = re.compile(r"\\[nrt]")
_LITERALS = {"n": "\n", "r": "\n", "t": " "}

# Base64 in lines, as in mail, or in one run that no word, address, path or token (`a.b.c`) goes on from.
_BASE64 = re.compile(
    r"(?<![A-Za-z0-9+/_.@\\-])(?:(?:[A-Za-z0-9+/]{57,76}+[ \t]*\r?\n)++[A-Za-z0-9+/]*+={0,2}"
    r"|[A-Za-z0-9+/_-]{20,}+={0,2})(?![A-Za-z0-9+/_@\\-]|\.[A-Za-z0-9_-])"
)
_SPACE = re.compile(r"\s+")
_LEAST_BINARY = 64  # characters of a run from which on what is no text is taken out
_TEXT = re.compile(r"[\w\s.,;:!?'\"()@/+=<>{}\[\]&#%*-]")


def decode(texts: pa.StringArray) -> pa.StringArray:
    """Every text as a person would read it; most are as they were. Null stays null."""
    perhaps = matching(texts, _TRIGGER)
    if not pc.any(perhaps).as_py():
        return texts
    read = pa.array([decoded(text) for text in texts.filter(perhaps).to_pylist()], pa.string())
    return pc.replace_with_mask(texts, perhaps, read)


def lengths(texts: Sequence[str]) -> np.ndarray:
    """How many characters each text has as a person would read it."""
    octets = [text.encode("utf-8", "replace") for text in texts]  # a lone surrogate counts as well
    found: np.ndarray = pc.utf8_length(decode(pa.array(octets, pa.string()))).to_numpy()
    return found


def decoded(text: str) -> str:
    """One text as a person would read it. Time and memory grow with its length alone."""
    for _ in range(_ROUNDS):
        before = text
        if _IS_MISREAD.search(text):
            text = _reread(text)
        if "<" in text and is_html(text):
            text = text_of_html(text)
        text = _BASE64.sub(_of_base64, text)
        if "=" in text:
            text = _unquoted(text)
        if "%" in text:
            text = _WORD.sub(_of_url, text)
        if "&" in text:
            text = _ENTITY.sub(lambda match: _readable(html.unescape(match[0]), match[0]), text)
        if "\\" in text:
            text = _unescaped(text)
        if text == before:
            break
    return text


def _reread(text: str) -> str:
    """A text whose UTF-8 was read as Windows-1252 or Latin-1, as it was written; itself where not all of it was."""
    try:
        return text.translate(_OCTETS).encode("latin-1").decode()
    except UnicodeError:
        return text


def _readable(new: str, old: str) -> str:
    """What something stands for, or itself where that is nothing that can be read."""
    return new if new and all(each.isprintable() or each in "\n\r\t\xa0\xad\u200b" for each in new) else old


def _of_url(match: re.Match[str]) -> str:
    """A word with the escapes of URLs, where every percent sign in it begins one and it is no number of percent."""
    word = match[0]
    escapes = word.count("%")
    if not escapes or escapes != len(_PERCENT.findall(word)) or _ONE_PERCENT.fullmatch(word):
        return word
    spaced = _PLUS.sub(" ", word) if "=" in word else word  # a form's fields
    try:
        return _readable(unquote_to_bytes(spaced).decode(), word)
    except UnicodeDecodeError:
        return word


def _unquoted(text: str) -> str:
    if _IS_QUOTED.search(text):
        return _QUOTED.sub(_of_quoted, text)
    return _QUOTED_AT.sub("@", text)


def _of_quoted(match: re.Match[str]) -> str:
    written = match[0]
    if written[1] in "\r\n":
        return ""
    content = bytes.fromhex(written.replace("=", ""))
    try:
        return _readable(content.decode(), written)
    except UnicodeDecodeError:
        return _readable(content.decode("cp1252", errors="replace"), written)


def _unescaped(text: str) -> str:
    words = _TOKEN.sub(lambda word: "" if _PATH.match(word[0]) else word[0], text)
    breaks = _BROKEN.search(words) is not None or len(_BREAK.findall(words)) > 1

    def of_json(match: re.Match[str]) -> str:
        written = match[0]
        if written[1] == "u":
            units = bytes.fromhex(written.replace("\\u", ""))
            return _readable(units.decode("utf-16-be", errors="replace"), written)
        if written[1] == "x":
            return _readable(chr(int(written[2:], 16)), written)
        return _LITERALS.get(written[1], written[1]) if breaks else written

    return _TOKEN.sub(lambda word: word[0] if _PATH.match(word[0]) else _BACKSLASH.sub(of_json, word[0]), text)


def _of_base64(match: re.Match[str]) -> str:
    written = match[0]
    run = _SPACE.sub("", written)
    if (text := _text_of(run)) is not None:
        return text
    lines, _, last = written.rpartition("\n")  # which may be a word below the base64
    if lines and (text := _text_of(_SPACE.sub("", lines))) is not None:
        return f"{text}\n{last}"
    return ENCODED if len(run) >= _LEAST_BINARY and _is_mixed(run) else written


def _text_of(run: str) -> str | None:
    """Base64 as a text, where it is nothing else: UTF-8 that can be read, most of it what texts are made of."""
    plain = run.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        text = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    usual = len(_TEXT.findall(text))
    return text if usual >= 0.9 * len(text) and _readable(text, "") else None


def _is_mixed(run: str) -> bool:
    """Whether a run has capitals, small letters and digits as bytes in base64 do, and no number, word or path has."""
    codes = np.frombuffer(run.encode(), np.uint8)
    digits = np.count_nonzero((codes >= ord("0")) & (codes <= ord("9")))
    capitals = np.count_nonzero((codes >= ord("A")) & (codes <= ord("Z")))
    small = np.count_nonzero((codes >= ord("a")) & (codes <= ord("z")))
    return bool(digits > len(run) * 0.04 and capitals > len(run) * 0.15 and small > len(run) * 0.15)
