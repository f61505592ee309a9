"""Calls and chats as services write them down: a file of JSON that is one conversation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from jobs.readers.records import ELEMENT, Steps, steps_of
from transforms.markup import text_of_html
from transforms.roles import AGENT, CUSTOMER, role_of
from transforms.schemas import Role


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
    created_at: str | None = None


class _Shape(NamedTuple):
    """Where a service's JSON has a conversation; of a list that a path after `turns` goes through, the first counts."""

    turns: str
    text: str
    speaker: str = "speaker"  # in a turn
    document_id: str = ""
    language: str = ""
    created_at: str = ""
    pieces: bool = False  # what one says is cut where they breathe, and put together again


_SHAPES = (
    # https://docs.aws.amazon.com/connect/latest/adminguide/contact-lens-example-output-files.html; with JobName
    # Transcribe's call analytics, with ContactId a chat's transcript, with Segments what is told in real time.
    _Shape(
        *("Transcript[]", "Content", "ParticipantRole"),
        *("CustomerMetadata.ContactId", "LanguageCode", "Transcript[].AbsoluteTime"),
    ),
    _Shape("Segments[].Transcript", "Content", "ParticipantRole", "ContactId"),
    # Genesys Cloud
    _Shape("transcripts[].phrases[]", "text", "participantPurpose", "conversationId"),
    # https://docs.aws.amazon.com/transcribe/latest/dg/how-input.html
    _Shape("results.audio_segments[]", "transcript", "speaker_label", "jobName", "results.language_code"),
    _Shape("results.transcripts[]", "transcript", "", "jobName", "results.language_code"),
    # Deepgram, whose channels are said apart where it tells no utterances; Google Speech-to-Text
    _Shape("results.utterances[]", "transcript", "speaker", "metadata.request_id", "", "metadata.created"),
    _Shape("results.channels[]", "alternatives[].transcript", "", "metadata.request_id", "", "metadata.created"),
    _Shape("results[]", "alternatives[].transcript", "channelTag", "", "results[].languageCode", pieces=True),
    # AssemblyAI, with speakers and without
    _Shape("utterances[]", "text", "speaker", "id", "language_code"),
    _Shape("", "text", "", "id", "language_code"),
    # Azure's batch transcription
    _Shape("recognizedPhrases[]", "nBest[].display", "speaker", "", "", "timestamp", pieces=True),
)
# Whisper has the whole text beside its segments, of which WhisperX knows who spoke.
_WHISPER = _Shape("segments[]", "text", "speaker", "", "language", pieces=True)
_OTHER_IDS = ("ContactId", "JobName")
# What Genesys calls them.
_PURPOSES = {"external": CUSTOMER, "internal": AGENT, "acd": AGENT}


def analysed(found: Mapping[str, Any]) -> Conversation | None:
    """The conversation that a service's JSON holds; None where it holds none that is known."""
    for shape in (_WHISPER, *_SHAPES) if "segments" in found else _SHAPES:
        if turns := [*_turns(found, shape)]:
            document_id = _first(found, shape.document_id) or next(filter(None, map(found.get, _OTHER_IDS)), None)
            return Conversation(
                _joined(turns) if shape.pieces else turns,
                string(document_id),
                string(_first(found, shape.language)),
                string(_first(found, shape.created_at)),
            )
    return None


def _turns(found: Mapping[str, Any], shape: _Shape) -> Iterator[Turn]:
    roles = {
        each.get("ParticipantId"): each.get("ParticipantRole")
        for each in _each(found, ("Participants", ELEMENT))
        if isinstance(each, dict)
    }
    for each in _each(found, steps_of(shape.turns)):
        text = _first(each, shape.text)
        if not isinstance(text, str) or not text.strip() or not isinstance(each, dict):
            continue
        kind = each.get("ContentType") or "text/plain"
        if not str(kind).startswith("text/"):
            continue  # what a program sent: a menu, who joined
        participant = each.get("ParticipantId")
        speaker = _first(each, shape.speaker)
        speaker = roles.get(participant) or participant if speaker is None else str(speaker)
        speaker = _PURPOSES.get(str(speaker).lower(), speaker)
        yield Turn(speaker if isinstance(speaker, str) else None, text_of_html(text) if kind == "text/html" else text)


def _joined(turns: list[Turn]) -> list[Turn]:
    """What one says without a break as one turn."""
    joined: list[Turn] = []
    for turn in turns:
        add_words(joined, turn.speaker, turn.text.strip())
    return joined


def add_words(turns: list[Turn], speaker: str | None, text: str) -> None:
    """What one says, who may be the one that spoke before: a turn goes on over many pieces."""
    if turns and turns[-1].speaker == speaker:
        turns[-1] = Turn(speaker, f"{turns[-1].text} {text}")
    else:
        turns.append(Turn(speaker, text))


def _each(value: Any, steps: Steps) -> Iterator[Any]:
    """All that lies at some steps."""
    if not steps:
        yield value
    elif steps[0] == ELEMENT:
        for each in value if isinstance(value, list) else ():
            yield from _each(each, steps[1:])
    elif isinstance(value, dict) and steps[0] in value:
        yield from _each(value[steps[0]], steps[1:])


def _first(value: Any, path: str) -> Any:
    """The first that lies at a path; None where nothing does, or there is no path."""
    return next(_each(value, steps_of(path)), None) if path else None


def string(value: object) -> str | None:
    """A string in which something stands; None for all else."""
    return value if isinstance(value, str) and value.strip() else None
