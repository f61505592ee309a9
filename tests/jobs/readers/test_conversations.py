import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jobs.drops import list_drop, plan_splits
from jobs.formats import Format, Telling
from jobs.readers import read_split
from tests.jobs.readers.drop import Row, listed, read, rejected, written
from tests.jobs.readers.test_archives import zipped

VTT = """WEBVTT

NOTE a note

1
00:00:01.000 --> 00:00:04.000 align:start
<v Agent>Hello, how can I help?

00:05.000 --> 00:09.000
<v Customer>This is <i>terrible</i>.

00:09.500 --> 00:10.000
<v Customer>Again.

00:11.000 --> 00:12.000
<v Agent>Sorry.</v> <v Customer>Fine.
"""
SRT = (
    "1\r\n00:00:01,000 --> 00:00:04,000\r\nAGENT: Hello.\r\n\r\n"
    "2\r\n00:00:05,000 --> 00:00:06,000\r\nIt came\r\nat 5: late.\r\n"
)


def told(path: Path, **how: bool) -> list[Row]:
    [split] = plan_splits([listed(path)], 1 << 40)
    return [row for batch in read_split(split, {}, telling=Telling(**how)) for row in batch.to_pylist()]


def test_captions_are_one_conversation_of_what_customers_say(tmp_path: Path) -> None:
    path = written(tmp_path / "call.vtt", VTT.encode())

    [row] = told(path)
    assert (row["document_id"], row["source"], row["role"]) == ("call.vtt", None, "customer")
    assert row["text"] == "This is terrible. Again.\nFine."
    assert row["left_out"] == len("Hello, how can I help?") + len("Sorry.")

    [row] = told(path, whole=True)
    assert row["text"].split("\n")[:2] == ["agent: Hello, how can I help?", "customer: This is terrible. Again."]
    assert (row["role"], row["left_out"]) == (None, 0)


def test_each_turn_may_be_a_document(tmp_path: Path) -> None:
    path = written(tmp_path / "call.vtt", VTT.encode())

    columns = ("document_id", "source_row", "source", "role", "left_out")
    assert [tuple(row[name] for name in columns) for row in told(path, turns=True)] == [
        ("call.vtt#2", 2, None, "customer", 0),
        ("call.vtt#4", 4, None, "customer", 0),
    ]
    assert [row["role"] for row in told(path, turns=True, whole=True)] == ["agent", "customer", "agent", "customer"]


def test_the_source_of_the_path_is_not_who_spoke(tmp_path: Path) -> None:
    path = written(tmp_path / "source=phone" / "call.vtt", VTT.encode())
    for how in ({}, {"turns": True}, {"turns": True, "whole": True}):
        assert {row["source"] for row in told(tmp_path, **how)} == {"phone"}, (path, how)


def test_srt(tmp_path: Path) -> None:
    [row] = read(written(tmp_path / "call.srt", SRT.encode()))
    assert row["text"] == "It came at 5: late."


def lens(*turns: tuple[str, str], **more: Any) -> bytes:
    found = {
        "Version": "1.1.0", "Channel": "VOICE", "CustomerMetadata": {"ContactId": "c-1"}, "LanguageCode": "en-US",
        "Participants": [{"ParticipantId": who, "ParticipantRole": who.upper()} for who in ("agent", "customer")],
        "Transcript": [{"ParticipantId": who, "Content": said} for who, said in turns],
    }  # fmt: skip
    return json.dumps(found | more, indent=1).encode()


def test_contact_lens(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.json", lens(("customer", "It came late."), ("agent", "Sorry."), ("customer", "Again."))
    )

    [row] = told(path)
    assert (row["document_id"], row["text"], row["language"]) == ("c-1", "It came late.\nAgain.", "en-us")
    assert (row["role"], row["left_out"]) == ("customer", len("Sorry."))
    assert [row["document_id"] for row in told(path, turns=True)] == ["c-1#1", "c-1#3"]

    silent = written(tmp_path / "b.json", lens(("agent", "Hello?")))
    assert rejected(told(silent)) == [(1, "NO_TEXT", "c-1")]
    assert [(row["role"], row["left_out"]) for row in told(silent)] == [(None, None)]
    assert [(row["role"], row["left_out"]) for row in told(silent, whole=True)] == [("agent", 0)]


def test_what_is_left_out_counts_as_it_would_be_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", lens(("customer", "Late."), ("agent", "<p>Sorry &amp; thanks</p>")))
    [row] = told(path)
    assert row["left_out"] == len("Sorry & thanks")


def test_transcribe(tmp_path: Path) -> None:
    parts = [{"transcript": "It came", "speaker_label": "spk_0"}, {"transcript": "late.", "speaker_label": "spk_1"}]
    found = {
        "jobName": "j",
        "accountId": "1",
        "results": {"transcripts": [{"transcript": "x"}], "audio_segments": parts},
    }
    [row] = read(written(tmp_path / "a.json", json.dumps(found).encode()))
    assert (row["document_id"], row["text"], row["role"]) == ("j", "It came\nlate.", None)
    turns = told(tmp_path / "a.json", turns=True)
    assert [(row["document_id"], row["source"], row["role"]) for row in turns] == [
        ("j#1", None, None),
        ("j#2", None, None),
    ]

    found["results"] = {"transcripts": [{"transcript": "It came late."}]}
    [row] = read(written(tmp_path / "b.json", json.dumps(found).encode()))
    assert row["text"] == "It came late."


MESSAGE = {"type": "message", "user": "U1", "client_msg_id": "m", "ts": "1763600000.000200", "text": "late"}


def slack(*messages: dict[str, Any]) -> bytes:
    return json.dumps([MESSAGE | each for each in messages], indent=4).encode()


def test_slack_messages_are_documents_and_lists_are_none(tmp_path: Path) -> None:
    written(tmp_path / "channels.json", b'[{"id": "C1"}]')
    written(tmp_path / "users.json", b'[{"id": "U1"}]')
    written(
        tmp_path / "general" / "2026-11-20.json",
        slack(
            {"text": "<@U2> see <https://example.com|this> in <#C1|general> &lt;3"},
            {"client_msg_id": None, "subtype": "channel_join"},
            {"client_msg_id": None, "bot_id": "B1"},
        ),
    )
    listing = list_drop(str(tmp_path), "2026-11-20", file_format=None, date_pattern=None)
    assert [reason for _, reason in listing.skipped] == ["a list of a Slack export"] * 2
    [file] = listing.files
    [split] = plan_splits([file], 1 << 40)

    [row] = [row for batch in read_split(split, {}) for row in batch.to_pylist()]
    assert row["text"] == "@user see this in #general &lt;3"
    assert (row["document_id"], row["source"], row["subject_id"]) == ("m", "general", "U1")
    assert row["created_at"] == datetime(2025, 11, 20, 0, 53, 20, 200, tzinfo=UTC)

    rows = [row for batch in read_split(split, {}, telling=Telling(whole=True)) for row in batch.to_pylist()]
    assert [(row["document_id"], row["source"], row["role"]) for row in rows] == [
        ("m", "general", None),
        ("general/2026-11-20.json#1763600000.000200", "general", "agent"),
    ]


def test_a_slack_export_in_a_zip(tmp_path: Path) -> None:
    members = {"channels.json": b"[]", "users.json": b"[]", "general/2026-11-20.json": slack({})}
    [row] = read(written(tmp_path / "export.zip", zipped(members)))
    assert (row["document_id"], row["source"]) == ("m", "general")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.json", lens() [:-30], "MALFORMED_JSON"),
        ("a.json", slack({"text": ""}), "NO_TEXT"),
        ("a.vtt", b"WEBVTT\n\n00:00.000 --> 00:01.000\n\n", "NO_TEXT"),
        ("a.srt", b"nothing of the kind", "NO_TEXT"),
    ],
)  # fmt: skip
def test_what_holds_no_conversation_is_one_row(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    [(_, found, _)] = rejected(read(written(tmp_path / name, content)))
    assert found == reason


def test_other_json_is_no_conversation(tmp_path: Path) -> None:
    for name, content in {
        "a.json": b'{"document_id": "1", "text": "late", "Channel": "x", "Transcript": "y"}',
        "b.json": b'{"results": [1], "text": "late"}',
        "c.jsonl": slack({}),
    }.items():
        assert listed(written(tmp_path / name, content)).format in (Format.JSONL, Format.JSON)


@pytest.mark.timeout(60)
def test_hostile_captions_are_read_in_bounded_time(tmp_path: Path) -> None:
    for content in (
        b"\n" * 500_000,
        b"<v A>" * 100_000,
        b"<v " * 200_000,
        b"00:00.000 --> 00:01.000\n" + b"<" * 300_000,
    ):
        read(written(tmp_path / "a.vtt", b"WEBVTT\n\n" + content))
