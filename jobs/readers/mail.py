"""Mail (RFC 5322, MIME) and mailboxes of it (RFC 4155): each message a document, of the text that a person reads.

Parsed by fast-mail-parser, which was tried beside the standard library's on hostile mail (DECISIONS.md); what it is
given is bounded here: bytes, encoded words, and by itself the depth.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import chain, islice
from typing import Any

import pyarrow as pa
from fast_mail_parser import MimeStructureError, ParseError, PyLazyMimePart, parse_email_tree

from jobs.drops.compression import Broken
from jobs.formats import Telling
from jobs.readers.whole import read_whole
from transforms.documents import ATTACHMENTS, MAX_TEXT_BYTES, SHORTENED, Reason, documents, with_notes
from transforms.markup import text_of_html
from transforms.quoting import own_words

# The largest message that is read, with its attachments; more than mail services deliver.
MAX_MAIL_BYTES = 64 << 20
# Of encoded words (RFC 2047) in a row the parser takes quadratic time: so many take 0.1 s.
MAX_ENCODED_WORDS = 5_000
MAX_PARTS = 20_000
_ATTACHED = ("text/plain", "text/html", "text/markdown")  # what may be a document of its own
_BATCH_ROWS, _BATCH_CHARACTERS = 512, 4 << 20  # of a mailbox, handed on together
# Parts that have parts: the parser refuses some depth, but fails at a greater one (60,000 end its process).
MAX_NESTED = 500
_NESTED = re.compile(rb"multipart/|message/", re.IGNORECASE)
_MAX_HEADER = 2_000  # characters of one that an address or a date is looked for in

# The line that begins a message of a mailbox: an address or a name, and when it came.
_FROM = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\r\n]*(?:\r?\n|\Z)")
_FROM_TIMED = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\r\n]*\d:\d\d[^\r\n]*(?:\r?\n|\Z)")
_LENGTH = re.compile(rb"(\d{1,9}) *\n")
_TIME = re.compile(rb"\d:\d\d")
_LONGEST_FROM = 1_024  # bytes that are kept back, for the line may be cut by the end of a block
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_CHARSET = re.compile(r"charset\s*=\s*\"?'?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
# Not every codec of Python's is a charset, and some take quadratic time.
_CHARSETS = re.compile(
    r"(?:us-)?ascii|utf[-_]?(?:7|8|16|32)(?:[-_]?[bl]e)?|iso[-_]?8859[-_]\d+|latin[-_]?\d|(?:windows|cp|ibm)[-_]?\d+"
    r"|koi8[-_][rut]|gb(?:2312|k|18030)|big5(?:[-_]?hkscs)?|shift[-_]?jis|euc[-_]?(?:jp|kr)|iso[-_]?2022[-_](?:jp|kr)"
    r"|ks_c_5601[-_]1987|mac[-_]?\w+|tis[-_]?620",
    re.IGNORECASE,
)
# The standard library's parser of addresses recurses, without end, into comments.
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]+@[^\s<>()\[\],;:\"@]+")
_LETTERS = bytes.maketrans(b"0123456789abcdef", b"abcdefghijklmnop")


@dataclass(frozen=True)
class Message:
    """What is kept of a mail."""

    document_id: str | None  # of its Message-ID; None where it has none
    text: str | None  # subject and body; None where no part of it is text
    created_at: datetime | None  # its Date
    sender: str | None  # the address alone, in lower case
    attachments: int  # parts that are not read
    left_out: int  # characters of its body that are quoted, its signature or disclaimer
    attached: Sequence[str] = ()  # texts of attachments that are documents of their own


_NOTHING = Message(None, None, None, None, 0, 0)
_AS_IT_COMES = Telling()


def read_mail(
    blocks: Iterator[bytes], source_file: str, document_id: str, telling: Telling
) -> Iterator[pa.RecordBatch]:
    """The document of a mail; `document_id` is for one that has no Message-ID."""
    content = read_whole(blocks, MAX_MAIL_BYTES)
    mail = content if isinstance(content, Reason) else parse_mail(_without_length(content), telling)
    yield _documents([(1, mail, document_id)], source_file)


def _without_length(content: bytes) -> bytes:
    """A mail without the length that Apple's Mail puts before it, nor the property list behind."""
    found = _LENGTH.match(content)
    return content[found.end() :][: int(found[1])] if found else content


def read_mailbox(blocks: Iterator[bytes], source_file: str, name: str, telling: Telling) -> Iterator[pa.RecordBatch]:
    """A document a message, its `source_row` its number.

    `name` and number are the id of one that has no Message-ID, or one that came before in the mailbox: mailboxes that
    were put together hold mails twice, and each is counted.
    """
    seen: set[int] = set()
    held: list[tuple[int, Message | Reason, str]] = []
    size = 0
    for row, message in enumerate(_messages(blocks), 1):
        parsed = message if isinstance(message, Reason) else parse_mail(_QUOTED_FROM.sub(rb"\1", message), telling)
        if isinstance(parsed, Message):
            size += len(parsed.text or "") + sum(map(len, parsed.attached))
            if parsed.document_id:
                number = hash(parsed.document_id)
                parsed = replace(parsed, document_id=None) if number in seen else parsed
                seen.add(number)
        held.append((row, parsed, f"{name}#{row}"))
        if len(held) >= _BATCH_ROWS or size >= _BATCH_CHARACTERS:
            yield _documents(held, source_file)
            held, size = [], 0
    if held:
        yield _documents(held, source_file)


def _documents(mails: Sequence[tuple[int, Message | Reason, str]], source_file: str) -> pa.RecordBatch:
    """Mails as rows of DOCUMENTS: each with its row, and the id of one that has none of its own.

    Below each are its attachments that are documents, with its id and their number.
    """
    rows: list[int] = []
    reasons: list[Reason | None] = []
    left_out: list[int] = []
    values: dict[str, list[Any]] = {"document_id": [], "text": [], "created_at": [], "subject_id": []}
    found = [mail if isinstance(mail, Message) else _NOTHING for _, mail, _ in mails]
    for (row, given, name), mail in zip(mails, found, strict=True):
        for number, text in enumerate((mail.text, *mail.attached)):
            rows.append(row)
            document_id = mail.document_id or name
            values["document_id"].append(f"{document_id}#{number}" if number else document_id)
            values["text"].append(text)
            values["created_at"].append(mail.created_at)
            values["subject_id"].append(mail.sender)
            left_out.append(0 if number else mail.left_out)
            reasons.append(given if isinstance(given, Reason) else Reason.NO_TEXT if text is None else None)
    created = pa.array(values["created_at"], pa.timestamp("us", tz="UTC"))
    batch = documents(values | {"created_at": created}, rows, source_file, reasons, left_out=left_out)
    shortened = sum(mail.left_out > 0 for mail in found)
    return with_notes(batch, **{SHORTENED: shortened, ATTACHMENTS: sum(mail.attachments for mail in found)})


def parse_mail(raw: bytes, telling: Telling = _AS_IT_COMES) -> Message | Reason:
    """What is kept of a mail, or why it cannot be read. Nothing in the bytes makes this raise.

    telling.whole: with the earlier mail that it quotes, signature and disclaimer. telling.attachments: with the texts
    that are attached.
    """
    if raw.count(b"=?") > MAX_ENCODED_WORDS and _encoded_words(raw) > MAX_ENCODED_WORDS:
        return Reason.TOO_COMPLEX
    if next(islice(_NESTED.finditer(raw), MAX_NESTED, None), None):
        return Reason.TOO_COMPLEX
    try:
        root = parse_email_tree(raw, mode="lazy")
    except MimeStructureError:
        return Reason.TOO_COMPLEX
    except ParseError:
        return Reason.MALFORMED_MAIL
    if not root.headers:
        return Reason.MALFORMED_MAIL
    reading = _Reading(keeps=telling.attachments)
    body = reading.text(root)
    left_out = 0
    if body and not telling.whole:
        read = body.replace("\r\n", "\n").strip()
        body = own_words(read)
        left_out = len(read) - len(body)
    if reading.parts > MAX_PARTS:
        return Reason.TOO_COMPLEX
    subject = _header(root, "subject")
    # A subject alone is a text; the mail of a photograph with none is not.
    text = "\n".join(filter(None, (subject and subject.strip(), body)))
    message_id = _header(root, "message-id")
    return Message(
        _hashed(message_id.strip()) if message_id and message_id.strip() else None,
        text or None,
        _date(_header(root, "date")),
        _address(_header(root, "from")),
        reading.attachments,
        left_out,
        reading.attached,
    )


def _encoded_words(raw: bytes) -> int:
    """How many encoded words stand where headers may."""
    return sum(line.count(b"=?") for line in raw.split(b"\n") if b"?=" in line)


class _Reading:
    """What a person reads of a mail's parts, and how many are left."""

    def __init__(self, *, keeps: bool) -> None:
        self.attachments = 0
        self.attached: list[str] = []  # texts of attachments, where they are kept
        self.parts = 0
        self._keeps = keeps

    def text(self, part: PyLazyMimePart) -> str | None:
        """The text of a part and of what is in it, None where there is none. The parser bounds the depth."""
        self.parts += 1
        if self.parts > MAX_PARTS:
            return None
        kind = part.content_type.lower()
        if not kind.startswith("multipart/"):
            return self._leaf(part, kind)
        if kind == "multipart/alternative":
            return self._alternative(part.children)
        # A picture beside the page that shows it, a signature beside what is signed: what comes first is read.
        # Of others all that is shown in its place.
        texts = list(filter(None, map(self.text, part.children)))
        return "\n".join(texts) or None

    def _leaf(self, part: PyLazyMimePart, kind: str) -> str | None:
        attached = (part.disposition or "").lower() == "attachment" or bool(part.filename)
        if attached or part.is_message or kind not in ("text/plain", "text/html", ""):
            if self._keeps and kind in _ATTACHED and (text := _shown(part, kind)):
                self.attached.append(text)
            else:
                self.attachments += 1
            return None
        return _shown(part, kind)

    def _alternative(self, children: list[PyLazyMimePart]) -> str | None:
        """The plain one of several that say the same; else the last that can be read, which is the best (RFC 2046)."""
        self.parts += len(children)
        plain = [child for child in children if child.content_type.lower() == "text/plain"]
        for child in chain(plain, (each for each in reversed(children) if each not in plain)):
            if text := self.text(child):
                return text
        return None


def _shown(part: PyLazyMimePart, kind: str) -> str | None:
    try:
        content = part.content or b""
    except ParseError:  # a transfer encoding that is none
        return None
    charset = _CHARSET.search((_header(part, "content-type") or "")[:_MAX_HEADER])
    # A text that is too long is found to be so, whatever more of it there is.
    text = decoded(content[: 16 * MAX_TEXT_BYTES], charset[1] if charset else None)
    return (text_of_html(text) if kind == "text/html" else text).strip() or None


def decoded(content: bytes, charset: str | None) -> str:
    """Bytes as text: of the charset they are said to be in, else UTF-8, else Windows-1252, which takes any byte."""
    for name in (charset, "utf-8"):
        if name and _CHARSETS.fullmatch(name):
            try:
                return codecs.decode(content, name).replace("\0", "")
            except (LookupError, UnicodeError):
                continue
    return content.decode("cp1252", errors="replace").replace("\0", "")


def _header(part: PyLazyMimePart, name: str) -> str | None:
    """The first header of a name."""
    for each, values in part.headers.items():
        if each.lower() == name:
            return values[0] if values else None
    return None


def _hashed(message_id: str) -> str:
    """A Message-ID may name people and machines: SHA-256, as letters, for digits could be taken for a number of any."""
    return hashlib.sha256(message_id.encode("utf-8", "surrogatepass")).hexdigest().encode().translate(_LETTERS).decode()


def _date(value: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime((value or "")[:_MAX_HEADER])
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _address(value: str | None) -> str | None:
    """The address in a From header; None where it has none."""
    found = _ADDRESS.findall((value or "")[:_MAX_HEADER])
    return found[-1].lower() if found else None  # what comes before may be a name that looks like one


def _messages(blocks: Iterator[bytes]) -> Iterator[bytes | Reason]:
    """The messages of a mailbox one after another, each held to MAX_MAIL_BYTES, or why one cannot be read.

    A line `From ` after a blank one begins a message, with a time in it where the first such line has one.
    """
    buffer = b""
    separator: re.Pattern[bytes] | None = None
    searched = 0  # up to here no message begins
    passing = False  # the message is too large, and passed over
    ends_as: Reason | None = None  # what the last message is where the stream breaks, for it is no whole one
    while True:
        try:
            block = next(blocks, b"")
        except Broken as broken:
            block, ends_as = b"", broken.reason
        buffer += block
        if separator is None:
            if not block or b"\n" in buffer:
                first = _FROM.match(buffer)
                separator = _FROM_TIMED if first and _TIME.search(first[0]) else _FROM
                buffer = buffer[first.end() :] if first else buffer
            else:
                continue
        reach = len(buffer) - (_LONGEST_FROM if block else 0)
        start = 0
        for found in separator.finditer(buffer, max(searched, 1)):
            if found.start() >= reach:
                break
            yield Reason.FILE_TOO_LARGE if passing else buffer[start : found.start()]
            passing, start = False, found.end()
        buffer = buffer[start:]
        searched = max(reach - start, 0)
        if len(buffer) > MAX_MAIL_BYTES:
            passing, buffer, searched = True, buffer[-_LONGEST_FROM:], 1
        if not block:
            if ends_as:
                yield ends_as
            elif passing:
                yield Reason.FILE_TOO_LARGE
            elif buffer.strip():
                yield buffer
            return
