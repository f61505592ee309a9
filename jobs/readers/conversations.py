"""Conversations: captions of calls (WebVTT, SRT), transcripts of services and in text, Slack exports.

One document a conversation, or a turn; of Slack, a message. Who spoke is its `role`. What agents and machines
are known to say is left out, unless all is asked for: it is the customers' sentiment that is measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import orjson
import pyarrow as pa

from jobs.formats import Format, Telling
from jobs.readers.mail import decoded
from jobs.readers.roles import in_lines
from jobs.readers.transcripts import Conversation, Turn, add_words, analysed, string
from jobs.readers.whole import read_whole
from transforms.decoding import lengths
from transforms.documents import TURNS, Reason, documents, rejection, with_notes
from transforms.roles import AGENT, CUSTOMER, role_of, whose

MAX_CONVERSATION_BYTES = 64 << 20
_CUE_TIMES = re.compile(r"(?:\d+:)?\d{1,2}:\d\d[.,]\d{1,3}[ \t]*-->[ \t]*(?:\d+:)?\d{1,2}:\d\d[.,]\d{1,3}.*")
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?[ \t]+([^<>\n]{1,80})>", re.IGNORECASE)
_VTT_TAG = re.compile(r"</?(?:[a-z][^<>]{0,80}|\d[\d:.]*)>", re.IGNORECASE)
_NAMED = re.compile(r"(?:>>\s*|-\s*)?([^\W\d_](?:[^\W\d_]|[ ./'\u2019-]){1,40}?(?:[ _]?\d{1,2})?)\s*:\s+(?=\S)")
_LOOKED_AT = 20  # lines of a text that may be a chat
_PARAGRAPHS = re.compile(r"\n[ \t]*\n")
# Of a Slack message: who or what is named, and links with a label.
_SLACK_LINK = re.compile(r"<([@#!]?)([^<>|\s]*)(?:\|([^<>]*))?>")
# Subtypes of Slack messages that people write; the others say who joined, or what was renamed.
_WRITTEN = {None, "thread_broadcast", "file_share", "me_message", "bot_message"}
# A line of a transcript, `Agent: Hello` or `[00:12] Agent: Hello`, or of a chat that WhatsApp exports,
# `19/11/2026, 08:00 - Kim: Hello`.
_DAY = r"\d{1,4}[./-]\d{1,2}[./-]\d{2,4},?[ T\u202f]"
_CLOCK = r"\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:[.,]\d{1,6})?(?:[ \u202f]?[AaPp]\.?[Mm]\.?)?Z?"
_TIME = rf"\[(?:{_DAY})?{_CLOCK}\] ?|\((?:{_DAY})?{_CLOCK}\) ?|\( ?(?:\d+[hms] ?)+\) ?|{_DAY}{_CLOCK} - "
_WHO = r"[^\W\d_](?:(?! - )[^:\n]){0,60}|\+\d[\d ()\u202f\xa0-]{6,24}"
_LINE = re.compile(rf"(?P<time>{_TIME})?(?:(?P<who>{_WHO}):[ \t]+)?(?P<said>.*)")
_TIMED = re.compile(rf"^[\u200e ]?(?:{_TIME})(?:{_WHO}):[ \t]", re.MULTILINE)
# As Discord and Teams have it, who speaks is in a line above what is said.
_ABOVE = re.compile(rf"^({_TIME})({_WHO})[ \t\r]*\n(?=\S)(?!{_TIME})", re.MULTILINE)
_HEAD = 1_000  # characters in which a chat begins, below what says whose it is
_LABELS = re.compile(r"(?:[ \t]*(?:[^\W\d_][\w -]{0,30}:[^\n]*|[=_*#\r-]*)(?:\n|\Z))*")
_MEDIA = re.compile(r"<[^<>]{1,40} (?:omitted|weggelassen|omis|omitido|omessi)>|\u200e?\w{1,20} omitted")


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
    messages = found.get("messages") if isinstance(found, dict) else found  # as Slack's API gives them, or its export
    if isinstance(messages, list):
        return _messages(messages, source_file, document_id, telling)
    conversation = analysed(found) if isinstance(found, dict) else None
    if conversation is None:
        return rejection(source_file, 0, Reason.NO_TEXT, document_id)
    return conversation_documents(conversation, source_file, document_id, telling)


def captions(text: str) -> Conversation:
    """WebVTT (W3C) or SRT. A speaker is told by a voice tag, or by what stands before a colon.

    That is a known role, or any label where most captions have one: a caption without goes on with what was said.
    """
    cues: list[tuple[str | None, str]] = []  # who speaks by a voice tag, and what is said
    for block in _PARAGRAPHS.split(text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")):
        lines = block.strip("\n").split("\n")
        start = next((number for number, line in enumerate(lines[:2]) if _CUE_TIMES.match(line.strip())), None)
        if start is None:
            continue  # the header, a note, a style
        said = "\n".join(lines[start + 1 :])
        voices = [*_VOICE.finditer(said)]
        edges = [voice.start() for voice in voices] + [len(said)]
        cues += [(None, _words(said[: edges[0]]))]
        cues += [(voice[1], _words(said[voice.end() : end])) for voice, end in zip(voices, edges[1:], strict=True)]
    cues = [cue for cue in cues if cue[1]]
    labels = [bool((label := _NAMED.match(said)) and _is_name(label[1])) for voice, said in cues if voice is None]
    labelled = len(labels) > 1 and labels[0] and 2 * sum(labels) > len(labels)
    turns: list[Turn] = []
    for voice, said in cues:
        label = _NAMED.match(said) if voice is None else None
        if label and ((labelled and _is_name(label[1])) or role_of(label[1])):
            add_words(turns, label[1], said[label.end() :])
        else:
            add_words(turns, turns[-1].speaker if labelled and turns and voice is None else voice, said)
    return Conversation(turns)


def _is_name(label: str) -> bool:
    """Whether a label is written as names are, or numbered: `Kim Novak`, `spk_0`."""
    words = label.replace("_", " ").split()
    return all(word[0].isupper() or word.isdecimal() for word in words) or (len(words) == 2 and words[1].isdecimal())


def _words(said: str) -> str:
    """A caption's words in one line, without tags."""
    return " ".join(_VTT_TAG.sub("", said).split())


def spoken(text: str) -> Conversation | None:
    """A text that is a transcript or an exported chat; None where it is a text as any other.

    A transcript begins with who speaks, and has turns of agents and of customers; a chat has a time in its lines.
    """
    text, head = text.strip(), ""
    first = _line(text.partition("\n")[0])
    if not first["time"] and (start := _TIMED.search(text, 0, _HEAD) or _ABOVE.search(text, 0, _HEAD)):
        head, text = text[: start.start()], text[start.start() :]
        first = _line(text.partition("\n")[0])
    if first["time"] and not _TIMED.search(text):
        text = _ABOVE.sub(r"\1\2: ", text)
        first = _line(text.partition("\n")[0])
    if not (first["time"] or role_of(first["who"])):
        return None  # as nearly all texts are: no more of them is looked at
    found = [_line(each) for each in text.split("\n")]
    timed = sum(bool(line["time"] and line["who"]) for line in found[:_LOOKED_AT]) > 1 and bool(first["time"])
    roles = {role_of(line["who"]) for line in found if line["who"]}
    if not timed and not (role_of(first["who"]) and {AGENT, CUSTOMER} <= roles):
        return None
    turns = [] if _LABELS.fullmatch(head) else [Turn(None, head.strip())]
    for line in found:
        if line["time"] and not line["who"]:
            continue  # what the program says
        if line["who"] and (line["time"] or not timed):
            turns.append(Turn(line["who"], line["said"]))
        elif turns:
            turns[-1] = turns[-1]._replace(text=f"{turns[-1].text}\n{line[0]}")
    return Conversation([turn for turn in turns if turn.text.strip() and not _MEDIA.fullmatch(turn.text.strip())])


def _line(text: str) -> re.Match[str]:
    return cast("re.Match[str]", _LINE.match(text.strip("\u200e\ufeff\r ")))  # every part of it may be missing


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
            "created_at": [found.created_at] * len(kept),
        }
        return with_notes(documents(values, [row for row, _ in kept], source_file), **left)
    said = [(turn.role or turn.speaker, turn.text) for _, turn in kept]
    values = {
        "document_id": [document_id],
        "text": [in_lines(said, named=telling.whole and len({who for who, _ in said}) > 1)],
        "role": [whose({turn.role for _, turn in kept})],
        "language": [found.language],
        "created_at": [found.created_at],
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
        and string(each.get("text"))
    ]
    if not kept:
        return rejection(source_file, 0, Reason.NO_TEXT, document_id)
    folders = document_id.replace("!", "/").split("/")
    values: dict[str, Any] = {
        "document_id": [
            string(each.get("client_msg_id")) or f"{document_id}#{each.get('ts', row)}" for row, each in kept
        ],
        "text": [_SLACK_LINK.sub(_of_slack, each["text"]) for _, each in kept],
        "source": [folders[-2] if len(folders) > 1 else None] * len(kept),
        "role": [AGENT if _by_bot(each) else None for _, each in kept],
        "created_at": pa.array([_moment(each.get("ts")) for _, each in kept], pa.timestamp("us", tz="UTC")),
        "subject_id": [string(each.get("user")) for _, each in kept],
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
