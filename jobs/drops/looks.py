"""What the first bytes of a file look like, where its name does not tell, or tells too little."""

from __future__ import annotations

import re

from jobs.formats import Format

_HEADER_LINES = re.compile(rb"(?:[!-9;-~]+:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*(?:\r?\n|\Z))+")
_HEADERS_OF_MAIL = re.compile(
    rb"^(?:(from|sender)|message-id|received|return-path|mime-version|date|subject|to|delivered-to)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_BEGINS_MAILBOX = re.compile(rb"From [^\r\n]*\d:\d\d[^\r\n]*\r?\n")
_BEGINS_EMLX = re.compile(rb"\d{1,9} *\n")  # Apple's Mail puts a mail's length before it
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<!doctype\s+html\b|<html[\s>])", re.IGNORECASE)
_MIMETYPE = b"mimetypeapplication/vnd.oasis.opendocument.text"  # the first member, stored as it is
# First members of what programs pack to one document, which is no archive: workbooks, slides, e-books.
_PACKED = re.compile(rb"\[Content_Types\]\.xml|_rels/|mimetype|Index/[^/]*\.iwa")
_BEGINNINGS = {b"%PDF-": Format.PDF, b"{\\rtf": Format.RTF}
_NAME_AT = 30  # in a zip, of its first member
_SLACK_TYPE = re.compile(rb"\"type\"\s*:\s*\"message\"")
_SLACK_TIME = re.compile(rb"\"ts\"\s*:\s*\"\d{9,11}\.\d+\"")
_SECOND = re.compile(rb"\}[ \t\r]*\n\s*\{")  # a value after the first, where no array holds both
_KEY = re.compile(rb"\"([A-Za-z]{4,40})\"\s*:")
_CONTACT_LENS = frozenset(
    (
        *(b"AccountId", b"Channel", b"ContentMetadata", b"ConversationCharacteristics", b"CustomerMetadata"),
        *(b"JobStatus", b"LanguageCode", b"ParticipantId", b"ParticipantRole", b"Participants", b"Transcript"),
    )
)
# Beyond doubt those of Transcribe, Genesys, Deepgram and Google, AssemblyAI, Whisper, Azure.
_TRANSCRIPTS = (
    frozenset((b"jobName", b"results")),
    frozenset((b"conversationId", b"transcripts", b"phrases", b"participantPurpose")),
    frozenset((b"results", b"alternatives", b"transcript", b"confidence")),
    frozenset((b"words", b"text", b"speaker", b"confidence", b"status")),
    frozenset((b"text", b"segments", b"seek", b"tokens")),
    frozenset((b"recognizedPhrases",)),
)


def look(head: bytes) -> Format | None:
    """The format that some first bytes show beyond doubt."""
    for begins_with, form in _BEGINNINGS.items():
        if head.startswith(begins_with):
            return form
    if head.removeprefix(b"\xef\xbb\xbf").startswith(b"WEBVTT"):
        return Format.CAPTIONS
    if _PAGE.match(head):
        return Format.HTML
    if head[_NAME_AT : _NAME_AT + len(_MIMETYPE)] == _MIMETYPE:
        return Format.ODT
    if head.startswith(b"PK\x03\x04") and b"word/" in head:
        return Format.DOCX
    if head.startswith(b"PK\x03\x04") and _PACKED.match(head, _NAME_AT):
        return Format.SHEET if b"xl/" in head or b"opendocument.spreadsheet" in head[:128] else Format.UNKNOWN
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Format.ZIP
    if head[257:262] == b"ustar":
        return Format.TAR
    begins = _BEGINS_MAILBOX.match(head)
    if begins and _is_mail(head[begins.end() :]):
        return Format.MBOX
    counted = _BEGINS_EMLX.match(head)
    return Format.MAIL if _is_mail(head[counted.end() :] if counted else head) else None


def look_at_json(head: bytes) -> Format | None:
    """Whether some first bytes of JSON are those of one conversation, or of Slack's messages."""
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head.startswith((b"[", b"{")) or _SECOND.search(head):
        return None
    if _SLACK_TYPE.search(head) and _SLACK_TIME.search(head):
        return Format.CONVERSATION
    if head.startswith(b"["):
        return None
    keys = set(_KEY.findall(head))
    told = len(keys & _CONTACT_LENS) >= 3 or any(keys >= each for each in _TRANSCRIPTS)
    return Format.CONVERSATION if told else None


def _is_mail(head: bytes) -> bool:
    """Whether these are the headers of a mail: who sent it, and two more that mail has."""
    found = _HEADER_LINES.match(head)
    if found is None:
        return False
    names = {match[0].lower(): match[1] for match in _HEADERS_OF_MAIL.finditer(found[0])}
    return len(names) >= 3 and any(names.values())
