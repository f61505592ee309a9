"""Conversations: captions of calls (WebVTT, SRT), Amazon Connect Contact Lens, Amazon Transcribe, Slack exports.

One document a conversation, or a turn; of Slack, a message. Who spoke is its `role`. What agents and machines
are known to say is left out, unless all is asked for: it is the customers' sentiment that is measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
import pyarrow as pa

from jobs.formats import Format, Telling
from jobs.readers.mail import decoded
from jobs.readers.roles import in_lines
from jobs.readers.whole import read_whole
from transforms.decoding import lengths
from transforms.documents import TURNS, Reason, documents, rejection, with_notes
from transforms.markup import text_of_html
from transforms.roles import AGENT, CUSTOMER, role_of, whose
from transforms.schemas import Role

MAX_CONVERSATION_BYTES = 64 << 20
_CUE_TIMES = re.compile(r"(?:\d+:)?\d{1,2}:\d\d[.,]\d{1,3}[ \t]*-->[ \t]*(?:\d+:)?\d{1,2}:\d\d[.,]\d{1,3}.*")
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?[ \t]+([^<>\n]{1,80})>", re.IGNORECASE)
_VTT_TAG = re.compile(r"</?(?:[a-z][^<>]{0,80}|\d[\d:.]*)>", re.IGNORECASE)
_NAMED = re.compile(r"(?:>>\s*|-\s*)?([^\W\d_](?:[^\W\d_]|[ /-]){1,40}?)(?:[ _]?\d{1,2})?\s*:\s+(?=\S)")
_LOOKED_AT = 20  # lines of a text that may be a chat
_PARAGRAPHS = re.compile(r"\n[ \t]*\n")
# Of a Slack message: who or what is named, and links with a label.
_SLACK_LINK = re.compile(r"<([@#!]?)([^<>|\s]*)(?:\|([^<>]*))?>")
# Subtypes of Slack messages that people write; the others say who joined, or what was renamed.
_WRITTEN = {None, "thread_broadcast", "file_share", "me_message", "bot_message"}


# Whose words a phrase of a Genesys transcript is.
_GENESYS = {"external": CUSTOMER, "customer": CUSTOMER, "internal": AGENT, "agent": AGENT, "acd": AGENT, "ivr": AGENT}
# A line of a transcript, `Agent: Hello`, or of a chat that WhatsApp exports, `19/11/2026, 08:00 - Kim: Hello`.
_WHEN = r"\d{1,4}[./-]\d{1,2}[./-]\d{2,4},?[ \u202f]\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:[ \u202f]?[AaPp]\.?[Mm]\.?)?"
_WHO = r"[^\W\d_](?:(?! - )[^:\n]){0,60}|\+\d[\d ()\u202f\xa0-]{6,24}"
_LINE = re.compile(rf"(?P<time>\[{_WHEN}\] |{_WHEN} - )?(?:(?P<who>{_WHO}):[ \t]+)?(?P<said>.*)")
_MEDIA = re.compile(r"<[^<>]{1,40} (?:omitted|weggelassen|omis|omitido|omessi)>|\u200e?\w{1,20} omitted")


class Turn(NamedTuple):
    """What one speaker said at a time."""

    speaker: str | None
    text: str

    @property
    def role(self) -> Role | None:
        """What the speaker is known to be."""
        return role_of(self.speaker)


class Conversation(NamedTuple):
    """A conversation, and what is known of it beside what was said."""

    turns: list[Turn]
    document_id: str | None = None
    language: str | None = None


def read_conversation(
    blocks: Iterator[bytes], form: Format, source_file: str, document_id: str, telling: Telling
) -> pa.RecordBatch:
    """The documents of a file that holds a conversation, or of an export's file of messages."""
    content = read_whole(blocks, MAX_CONVERSATION_BYTES)
    if isinstance(content, Reason):
        return rejection(source_file, 0, content, document_id)
    if form is Format.CAPTIONS:
        return conversation_documents(captions(decoded(content, None)), source_file, document_id, telling)
    try:
        found = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return rejection(source_file, 0, Reason.MALFORMED_JSON, document_id)
    if isinstance(found, list):
        return _messages(found, source_file, document_id, telling)
    conversation = analysed(found) if isinstance(found, dict) else None
    if conversation is None:
        return rejection(source_file, 0, Reason.NO_TEXT, document_id)
    return conversation_documents(conversation, source_file, document_id, telling)


def captions(text: str) -> Conversation:
    """WebVTT (W3C) or SRT. A speaker is told by a voice tag, or by a known role before a colon."""
    turns: list[Turn] = []
    for block in _PARAGRAPHS.split(text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")):
        lines = block.strip("\n").split("\n")
        start = next((number for number, line in enumerate(lines[:2]) if _CUE_TIMES.match(line.strip())), None)
        if start is None:
            continue  # the header, a note, a style
        said = "\n".join(lines[start + 1 :])
        voices = [*_VOICE.finditer(said)]
        edges = [voice.start() for voice in voices] + [len(said)]
        _add(turns, None, said[: edges[0]])
        for voice, end in zip(voices, edges[1:], strict=True):
            _add(turns, voice[1], said[voice.end() : end])
    return Conversation(turns)


def spoken(text: str) -> Conversation | None:
    """A text that is a transcript or an exported chat; None where it is a text as any other.

    A transcript begins with who speaks, and has turns of agents and of customers; a chat has a time in its lines.
    """
    text = text.strip()
    first = _line(text.partition("\n")[0])
    if not first or not (first["time"] or role_of(first["who"])):
        return None  # as nearly all texts are: no more of them is looked at
    found = [line for each in text.split("\n") if (line := _line(each))]
    timed = sum(bool(line["time"] and line["who"]) for line in found[:_LOOKED_AT]) > 1 and bool(first["time"])
    roles = {role_of(line["who"]) for line in found if line["who"]}
    if not timed and not (role_of(first["who"]) and {AGENT, CUSTOMER} <= roles):
        return None
    turns: list[Turn] = []
    for line in found:
        if line["time"] and not line["who"]:
            continue  # what the program says
        if line["who"] and (line["time"] or not timed):
            turns.append(Turn(line["who"], line["said"]))
        elif turns:
            turns[-1] = turns[-1]._replace(text=f"{turns[-1].text}\n{line[0]}")
    return Conversation([turn for turn in turns if turn.text.strip() and not _MEDIA.fullmatch(turn.text.strip())])


def _line(text: str) -> re.Match[str] | None:
    return _LINE.match(text.strip("\u200e\ufeff\r "))


def _add(turns: list[Turn], speaker: str | None, said: str) -> None:
    """A caption's words; a turn goes on over many."""
    text = " ".join(_VTT_TAG.sub("", said).split())
    if not text:
        return
    named = _NAMED.match(text) if speaker is None else None
    if named and role_of(named[1]):
        speaker, text = named[1], text[named.end() :]
    if turns and turns[-1].speaker == speaker:
        turns[-1] = Turn(speaker, f"{turns[-1].text} {text}")
    else:
        turns.append(Turn(speaker, text))


def analysed(found: Mapping[str, Any]) -> Conversation | None:
    """Contact Lens' analysis, Genesys' transcript, or Transcribe's output; None where it is none of them.

    https://docs.aws.amazon.com/connect/latest/adminguide/contact-lens-example-output-files.html
    https://docs.aws.amazon.com/transcribe/latest/dg/how-input.html
    """
    language = found.get("LanguageCode")
    if isinstance(found.get("Transcript"), list):
        roles = {each.get("ParticipantId"): each.get("ParticipantRole") for each in _objects(found.get("Participants"))}
        turns = []
        for each in _objects(found["Transcript"]):
            participant = each.get("ParticipantId")
            text = each.get("Content")
            if isinstance(text, str) and text.strip():
                markup = each.get("ContentType") == "text/html"
                speaker = each.get("ParticipantRole") or roles.get(participant) or participant
                turns.append(
                    Turn(speaker if isinstance(speaker, str) else None, text_of_html(text) if markup else text)
                )
        metadata = found.get("CustomerMetadata")
        contact = metadata.get("ContactId") if isinstance(metadata, dict) else found.get("JobName")
        return Conversation(turns, _string(contact), _string(language))
    if isinstance(found.get("transcripts"), list):
        phrases = [phrase for each in _objects(found["transcripts"]) for phrase in _objects(each.get("phrases"))]
        turns = [
            Turn(_GENESYS.get(str(each.get("participantPurpose")).lower()), each["text"])
            for each in phrases
            if _string(each.get("text"))
        ]
        return Conversation(turns, _string(found.get("conversationId")))
    results = found.get("results")
    if not isinstance(results, dict):
        return None
    turns = [
        Turn(_string(each.get("speaker_label")), each["transcript"])
        for each in _objects(results.get("audio_segments"))
        if _string(each.get("transcript"))
    ] or [
        Turn(None, each["transcript"])
        for each in _objects(results.get("transcripts"))
        if _string(each.get("transcript"))
    ]
    return Conversation(turns, _string(found.get("jobName")), _string(results.get("language_code")))


def _string(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _objects(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def conversation_documents(found: Conversation, source_file: str, document_id: str, telling: Telling) -> pa.RecordBatch:
    """The conversation, or each of its turns, numbered as they came."""
    document_id = found.document_id or document_id
    kept = [(row, turn) for row, turn in enumerate(found.turns, 1) if telling.whole or turn.role != AGENT]
    left = {TURNS: len(found.turns) - len(kept)}
    if not kept:
        return with_notes(rejection(source_file, 1, Reason.NO_TEXT, document_id), **left)
    if telling.turns:
        values: dict[str, list[object]] = {
            "document_id": [f"{document_id}#{row}" for row, _ in kept],
            "text": [turn.text for _, turn in kept],
            "role": [turn.role for _, turn in kept],
            "language": [found.language] * len(kept),
        }
        return with_notes(documents(values, [row for row, _ in kept], source_file), **left)
    said = [(turn.role or turn.speaker, turn.text) for _, turn in kept]
    values = {
        "document_id": [document_id],
        "text": [in_lines(said, named=telling.whole and len({who for who, _ in said}) > 1)],
        "role": [whose({turn.role for _, turn in kept})],
        "language": [found.language],
    }
    others = [] if telling.whole else [turn.text for turn in found.turns if turn.role == AGENT]
    batch = documents(values, [1], source_file, left_out=[int(lengths(others).sum())])
    return with_notes(batch, **left)


def _messages(found: Sequence[object], source_file: str, document_id: str, telling: Telling) -> pa.RecordBatch:
    """The messages of a day of a Slack channel, whose name is their `source`."""
    kept = [
        (row, each)
        for row, each in enumerate(found, 1)
        if isinstance(each, dict)
        and each.get("type") == "message"
        and each.get("subtype") in _WRITTEN
        and (telling.whole or not _by_bot(each))
        and _string(each.get("text"))
    ]
    if not kept:
        return rejection(source_file, 0, Reason.NO_TEXT, document_id)
    folders = document_id.replace("!", "/").split("/")
    values: dict[str, Any] = {
        "document_id": [
            _string(each.get("client_msg_id")) or f"{document_id}#{each.get('ts', row)}" for row, each in kept
        ],
        "text": [_SLACK_LINK.sub(_of_slack, each["text"]) for _, each in kept],
        "source": [folders[-2] if len(folders) > 1 else None] * len(kept),
        "role": [AGENT if _by_bot(each) else None for _, each in kept],
        "created_at": pa.array([_moment(each.get("ts")) for _, each in kept], pa.timestamp("us", tz="UTC")),
        "subject_id": [_string(each.get("user")) for _, each in kept],
    }
    return documents(values, [row for row, _ in kept], source_file)


def _by_bot(message: Mapping[str, Any]) -> bool:
    return bool(message.get("bot_id") or message.get("subtype") == "bot_message")


def _of_slack(match: re.Match[str]) -> str:
    """What Slack shows in place of a mention or a link: its label, or a user of no name."""
    kind, target, label = match.groups()
    if kind == "@":
        return f"@{label}" if label else "@user"
    return f"{'#' if kind == '#' else ''}{label or target}"


def _moment(ts: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(ts), UTC) if isinstance(ts, str) else None
    except (ValueError, OverflowError, OSError):
        return None
