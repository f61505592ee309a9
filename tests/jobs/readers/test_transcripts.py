"""Calls and chats as services write them down: a document each, of what customers say where that is known."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jobs.drops import plan_splits
from jobs.formats import Telling
from jobs.readers import read_split
from tests.jobs.readers.drop import Row, listed, written

SORRY, LATE, AGAIN = "I am sorry.", "It came late.", "It was late again."
BOTH = f"{SORRY}\n{LATE}"
WORDS = [{"word": "sorry", "start": 0.1, "confidence": 0.9}]
LENS = {"Channel": "CHAT", "LanguageCode": "en-US", "JobStatus": "COMPLETED"}

# kind -> the JSON, the id, the text
CALLS: dict[str, tuple[dict[str, Any], str, str]] = {
    "Connect's chat": (
        {"Version": "1", "ContactId": "c-1", "Participants": [{"ParticipantId": "k", "ParticipantRole": "CUSTOMER"}],
         "Transcript": [
             {"ParticipantId": "k", "Content": LATE, "ContentType": "text/plain",
              "AbsoluteTime": "2026-11-19T08:00:00Z"},
             {"ParticipantRole": "AGENT", "Content": SORRY, "ContentType": "text/markdown"},
             {"ParticipantId": "k", "Content": '{"data": {}}', "ContentType": "application/vnd.amazonaws.connect.menu"},
             {"ParticipantRole": "SYSTEM", "Content": "Closed."}]},
        "c-1", LATE,
    ),
    "Contact Lens, asked in real time": (
        {"ContactId": "c-2", "Channel": "VOICE", "Segments": [
            {"Transcript": {"ParticipantId": "a", "ParticipantRole": "AGENT", "Content": SORRY}},
            {"Transcript": {"ParticipantId": "k", "ParticipantRole": "CUSTOMER", "Content": LATE}},
            {"Categories": {"MatchedCategories": ["x"]}}]},
        "c-2", LATE,
    ),
    "Deepgram": (
        {"metadata": {"request_id": "d-1", "created": "2026-11-19T08:00:00Z"}, "results": {
            "channels": [{"alternatives": [{"transcript": f"{SORRY} {LATE}", "confidence": 0.9, "words": WORDS}]}],
            "utterances": [{"speaker": 0, "transcript": SORRY}, {"speaker": 1, "transcript": LATE}]}},
        "d-1", BOTH,
    ),
    "Deepgram, by channels": (
        {"metadata": {"request_id": "d-2"}, "results": {"channels": [
            {"alternatives": [{"transcript": text, "confidence": 0.9}, {"transcript": "it game late"}]}
            for text in (SORRY, LATE)]}},
        "d-2", BOTH,
    ),
    "AssemblyAI": (
        {"id": "a-1", "status": "completed", "language_code": "en_us", "text": f"{SORRY} {LATE}",
         "words": [{"text": "I", "speaker": "A", "confidence": 0.9}],
         "utterances": [{"speaker": "A", "text": SORRY, "words": []}, {"speaker": "B", "text": LATE, "words": []}]},
        "a-1", BOTH,
    ),
    "AssemblyAI, without speakers": (
        {"id": "a-2", "status": "completed", "text": f"{SORRY} {LATE}", "utterances": None,
         "words": [{"text": "I", "speaker": None, "confidence": 0.9}]},
        "a-2", f"{SORRY} {LATE}",
    ),
    "Whisper": (
        {"text": f" {LATE} {AGAIN}", "language": "en", "segments": [
            {"id": n, "seek": 0, "text": f" {text}", "tokens": [1]}
            for n, text in enumerate(("It came", "late.", AGAIN))]},
        "call.json", f"{LATE} {AGAIN}",
    ),
    "Google": (
        {"results": [
            {"alternatives": [{"transcript": text, "confidence": 0.9, "words": WORDS}], "channelTag": channel,
             "languageCode": "en-us"}
            for text, channel in ((SORRY, 1), (LATE, 2), (AGAIN, 2))]},
        "call.json", f"{BOTH} {AGAIN}",
    ),
    "Azure": (
        {"timestamp": "2026-11-19T08:00:00Z", "combinedRecognizedPhrases": [{"display": LATE}], "recognizedPhrases": [
            {"speaker": n, "nBest": [{"lexical": text.lower(), "display": text}, {"display": "no"}]}
            for n, text in enumerate((SORRY, LATE))]},
        "call.json", BOTH,
    ),
}  # fmt: skip


def told(path: Path, **how: bool) -> list[Row]:
    [split] = plan_splits([listed(path)], 1 << 40)
    return [row for batch in read_split(split, {}, telling=Telling(**how)) for row in batch.to_pylist()]


@pytest.mark.parametrize("kind", CALLS)
def test_a_call_is_a_document(kind: str, tmp_path: Path) -> None:
    found, document_id, text = CALLS[kind]
    [row] = told(written(tmp_path / "call.json", json.dumps(found, indent=1).encode()))
    assert (row["error_code"], row["document_id"], row["text"]) == (None, document_id, text)
    assert row["role"] == ("customer" if SORRY not in text and "Whisper" not in kind else None)


@pytest.mark.parametrize("kind", ["Connect's chat", "Deepgram", "Azure"])
def test_its_date_is_kept(kind: str, tmp_path: Path) -> None:
    rows = told(written(tmp_path / "call.json", json.dumps(CALLS[kind][0]).encode()), turns=True)
    assert {row["created_at"] for row in rows} == {datetime(2026, 11, 19, 8, tzinfo=UTC)}


def test_calls_a_line_each_are_records(tmp_path: Path) -> None:
    line = json.dumps(CALLS["AssemblyAI"][0] | {"document_id": "x"}).encode() + b"\n"
    rows = told(written(tmp_path / "calls.json", line + line.replace(b'"x"', b'"y"')))
    assert [(row["document_id"], row["text"]) for row in rows] == [("x", f"{SORRY} {LATE}"), ("y", f"{SORRY} {LATE}")]


@pytest.mark.parametrize("time", ["[00:00:0{}] ", "(08:00:0{}) ", "[2026-11-19T08:00:0{}Z] ", "( 1m {}s ) "])
def test_a_chat_with_times_is_a_conversation(time: str, tmp_path: Path) -> None:
    said = [("Agent Bob", SORRY), ("Visitor 4711", LATE), ("Bob (Support)", SORRY), ("Visitor 4711", AGAIN)]
    content = "".join(f"{time.format(n)}{who}: {text}\n" for n, (who, text) in enumerate(said))
    [row] = told(written(tmp_path / "chat.txt", content.encode()))
    assert (row["text"], row["role"], row["left_out"]) == (f"{LATE}\n{AGAIN}", "customer", 2 * len(SORRY))


@pytest.mark.parametrize(
    ("agent", "customer"), [("Bob Jones", "Anna O'Hara"), ("spk_0", "spk_1"), ("Speaker 1", "Dr. Kim")]
)
def test_captions_that_name_who_speaks_are_read_without_the_names(agent: str, customer: str, tmp_path: Path) -> None:
    cues = [f"{agent}: {SORRY}", f"{customer}: {LATE}", "Twice.", f"{agent}: {SORRY}"]
    content = "WEBVTT\n\n" + "".join(f"00:0{n}.000 --> 00:0{n}.900\n{cue}\n\n" for n, cue in enumerate(cues))
    path = written(tmp_path / "call.vtt", content.encode())
    [row] = told(path)
    assert (row["text"], row["role"]) == (f"{SORRY}\n{LATE} Twice.\n{SORRY}", None)
    [whole] = told(path, whole=True)
    assert whole["text"].split("\n")[1] == f"{customer}: {LATE} Twice."


@pytest.mark.parametrize(
    ("head", "kept"),
    [
        ("Name: Anna Miller\nEmail: anna@example.com\n\n", []),
        ("=====\nChannel: help\n=====\n\n", []),
        ("Dear all, see below.\n\n", ["Dear all, see below."]),
    ],
)
@pytest.mark.parametrize("between", [": ", "\n"])
def test_what_stands_above_a_chat_is_kept_where_it_is_a_sentence(
    head: str, kept: list[str], between: str, tmp_path: Path
) -> None:
    said = [("Anna", LATE), ("Agent Bob", SORRY), ("Anna", AGAIN)]
    content = head + "\n\n".join(f"[08:00:0{n}] {who}{between}{text}" for n, (who, text) in enumerate(said))
    [row] = told(written(tmp_path / "chat.txt", content.encode()))
    assert row["text"].split() == " ".join([*kept, LATE, AGAIN]).split()


def test_a_log_is_no_chat(tmp_path: Path) -> None:
    content = "[2026-11-19 08:00:00] Server started\n[2026-11-19 08:00:01] Ready\n"
    [row] = told(written(tmp_path / "a.log", content.encode()))
    assert row["text"] == content
