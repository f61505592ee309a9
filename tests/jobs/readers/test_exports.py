"""Files as programs export them: what each gives as it comes, with `--map` alone, or the sentence that it gets."""

from __future__ import annotations

import base64
import gzip
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from jobs.drops import find_drop, plan_splits, recognised
from jobs.formats import Telling
from jobs.readers import read_split
from jobs.readers.apart import look
from jobs.readers.describe import hint, remedy
from tests.jobs.readers.drop import written
from tests.jobs.readers.test_archives import tarred, zipped
from transforms.decoding import decode
from transforms.documents import COLUMNS

LATE, LOVELY, TWICE, SLOW = TEXTS = [
    "The parcel came late and the box was crushed.",
    "Lovely service, thank you!",
    "I was charged twice; refund me.",
    "The app is slow when I open it.",
]
MAIL = (
    "From: Kim <kim@example.com>\nTo: help@example.com\nDate: Thu, 19 Nov 2026 08:00:00 +0000\n"
    "Subject: Order\nMessage-ID: <{0}@example.com>\nContent-Type: text/plain; charset=UTF-8\n\n{1}\n"
)
MBOX = "".join(
    f"From 17{n}@xxx Thu Nov 19 08:00:0{n} +0000 2026\nX-Gmail-Labels: Inbox\n{MAIL.format(n, text)}\n"
    for n, text in enumerate(TEXTS)
)
SENT = [f"Order\n{text}" for text in TEXTS]
LINES = "".join(json.dumps({"document_id": n, "text": text}) + "\n" for n, text in enumerate(TEXTS))


def table(header: str, row: str, end: str = "\n") -> str:
    """A header, and a record for each text; `row` is of its number and the text."""
    return end.join([header, *(row.format(n, text) for n, text in enumerate(TEXTS))]) + end


def workbook(titles: int) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        sheet = book.add_worksheet()
        for row in range(titles):
            sheet.write(row, 0, f"Report of November, part {row}")
        for row, cells in enumerate([("document_id", "rating", "text"), *((n, 4, t) for n, t in enumerate(TEXTS))]):
            sheet.write_row(titles + row, 0, cells)
    return made.getvalue()


def ids(**columns: str) -> dict[str, str]:
    return {"document_id": "id"} | columns


# kind -> files, `--map`, the texts that come out
EXPORTS: dict[str, tuple[dict[str, str | bytes], Mapping[str, str], list[str]]] = {
    "Zendesk, a ticket a line": (
        {"t.ndjson": "".join(json.dumps({"url": "u", "id": n, "description": t}) + "\n" for n, t in enumerate(TEXTS))},
        ids(text="description"),
        TEXTS,
    ),
    "Freshdesk": (
        {"tickets.csv": table("Ticket ID,Subject,Description,Status", '{0},Sub,"{1}",Open', "\r\n")},
        {"document_id": "Ticket ID", "text": "Description"},
        TEXTS,
    ),
    "HubSpot": (
        {"h.csv": "\ufeff" + table('"Ticket ID","Ticket description"', '"{0}","{1}"')},
        {"document_id": "Ticket ID", "text": "Ticket description"},
        TEXTS,
    ),
    "Salesforce": (
        {"Case.csv": table('"ID","ISDELETED","DESCRIPTION"', '"500x{0}AAA","0","{1}"')},
        {"text": "DESCRIPTION", "document_id": "ID"},
        TEXTS,
    ),
    "Takeout of Gmail": ({"All mail Including Spam and Trash.mbox": MBOX}, {}, SENT),
    "a mailbox without an ending": ({"Inbox": MBOX}, {}, SENT),
    "a mailbox in a tar": ({"takeout.tar": tarred({"Mail/in.mbox": MBOX.encode()}, "w")}, {}, SENT),
    "Apple's Mail": (
        {"1.emlx": f"{len(MAIL.format(1, LATE))}\n{MAIL.format(1, LATE)}<?xml version='1.0'?><plist></plist>"},
        {},
        [f"Order\n{LATE}"],
    ),
    "Google Play": (
        {"r.csv": table("Package Name,Review Text,Review Link", 'com.acme,"{1}",https://p.example/{0}').encode("utf-16")},
        {"document_id": "Review Link", "text": "Review Text"},
        TEXTS,
    ),
    "App Store": (
        {"r.json": json.dumps({"data": [{"id": f"a{n}", "attributes": {"body": t}} for n, t in enumerate(TEXTS)]})},
        ids(text="attributes.body"),
        TEXTS,
    ),
    "Trustpilot": (
        {"r.csv": table("Review Id,Review Created (UTC),Review Content", 'a{0},2026-11-19 08:00:00,"{1}"')},
        {"document_id": "Review Id", "text": "Review Content"},
        TEXTS,
    ),
    "Qualtrics": (
        {
            "q.csv": "ResponseId,Q1,Q2_TEXT\nResponse ID,How likely,Tell us why\n"
            + table('"{""ImportId"":""_recordId""}","{""ImportId"":""QID1""}","{""ImportId"":""Q2""}"', 'R_{0},5,"{1}"')
        },
        {"document_id": "ResponseId", "text": "Q2_TEXT"},
        TEXTS,
    ),
    "Typeform": (
        {"t.csv": table("#,What do you think of us?,Start Date (UTC)", 'ab{0}xyz,"{1}",2026-11-19 08:00:00')},
        {"document_id": "#", "text": "What do you think of us?"},
        TEXTS,
    ),
    "Facebook": (
        {"m.json": json.dumps({"participants": [{"name": "K"}], "messages": [
            {"timestamp_ms": 1763600000000 + n, "content": text} for n, text in enumerate(TEXTS)
        ]})},
        {"document_id": "timestamp_ms", "text": "content"},
        TEXTS,
    ),
    "Teams": (
        {"m.json": json.dumps({"value": [
            {"id": str(n), "body": {"contentType": "html", "content": f"<p>{text}</p>"}} for n, text in enumerate(TEXTS)
        ]})},
        ids(text="body.content"),
        TEXTS,
    ),
    "Genesys": (
        {"g.json": json.dumps({"conversationId": "g", "transcripts": [{"transcriptId": "t", "phrases": [
            {"text": text, "participantPurpose": ("external", "internal")[n % 2], "words": [{"word": "w"}]}
            for n, text in enumerate(TEXTS)
        ]}]})},
        {},
        [f"{LATE}\n{TWICE}"],
    ),
    "a transcript": (
        {"call.txt": f"Agent: Hello.\nCustomer: {LATE}\nAgent: Sorry\nfor that.\nCustomer: {TWICE}\nNote this.\n"},
        {},
        [f"{LATE}\n{TWICE}\nNote this."],
    ),
    "captions of a support engineer": (
        {"c.srt": "".join(
            f"{n}\r\n00:00:0{n},000 --> 00:00:0{n},900\r\n{('Kunde', 'Support Engineer')[n % 2]}: {text}\r\n\r\n"
            for n, text in enumerate(TEXTS)
        )},
        {},
        [f"{LATE}\n{TWICE}"],
    ),
    "WhatsApp, Android": (
        {"WhatsApp Chat.txt": "19/11/2026, 08:00 - Messages are encrypted.\n"
         f"19/11/2026, 08:00 - Kim: {LATE}\nAnd wet.\n19/11/2026, 08:01 - Agent: Sorry\n"
         "19/11/2026, 08:02 - Kim: <Media omitted>\n"},
        {},
        [f"{LATE}\nAnd wet."],
    ),
    "WhatsApp, iPhone": (
        {"_chat.txt": f"[19.11.26, 08:00:00] Kim: {LATE}\r\n[19.11.26, 8:01:00\u202fPM] +1 212-555-0187: {TWICE}\r\n"},
        {},
        [f"{LATE}\n{TWICE}"],
    ),
    "lines of a log": (
        {"a.log": "2026-11-19 08:00:00 INFO a: Late.\n2026-11-19 08:00:01 INFO a: Again.\n"},
        {},
        ["2026-11-19 08:00:00 INFO a: Late.\n2026-11-19 08:00:01 INFO a: Again.\n"],
    ),
    "a letter that says who it is about": (
        {"a.txt": "Agent: I want to complain about him.\nHe was rude.\n"},
        {},
        ["Agent: I want to complain about him.\nHe was rude.\n"],
    ),
    "Firehose, compressed": ({"PUT-S3-1-abc.gz": gzip.compress(LINES.replace("\n", "").encode())}, {}, TEXTS),
    "text in Unicode of Excel": ({"a.txt": table("document_id\ttext", "{0}\t{1}", "\r\n").encode("utf-16")}, {}, TEXTS),
    "semicolons and decimal commas": ({"a.csv": table("document_id;price;text", '{0};12,99;"{1}"', "\r\n")}, {}, TEXTS),
    "titles above the header": (
        {"a.csv": "Feedback report\nOf 2026-11-20, by Acme\n\n" + table("document_id;text", '{0};"{1}"')},
        {},
        TEXTS,
    ),
    "titles of as many fields": (
        {"a.csv": "Feedback report,,\nPeriod: November,,\n,,\n" + table("document_id,text,rating", '{0},"{1}",4')},
        {},
        TEXTS,
    ),
    "titles in a workbook": ({"a.xlsx": workbook(3)}, {}, TEXTS),
    "a delimiter too many in every record": ({"a.csv": table("document_id,text", '{0},"{1}",,')}, {}, TEXTS),
    "columns without a name": ({"a.csv": table(",document_id,text,", '{0},{0},"{1}",')}, {}, TEXTS),
    "tabs under .xls": ({"a.xls": table("document_id\ttext", "{0}\t{1}")}, {}, TEXTS),
    "an array below a byte order mark": (
        {"a.json": "\ufeff" + json.dumps([{"document_id": n, "text": text} for n, text in enumerate(TEXTS)])},
        {},
        TEXTS,
    ),
    "a gzip in a zip": ({"a.zip": zipped({"a.jsonl.gz": gzip.compress(LINES.encode())})}, {}, TEXTS),
    "lines of JSON under .txt": ({"a.txt": LINES}, {}, TEXTS),
    "an array under .txt": (
        {"a.txt": json.dumps([{"document_id": n, "text": t} for n, t in enumerate(TEXTS)], indent=2)},
        {},
        TEXTS,
    ),
    "CSV without an ending": ({"reviews": table("document_id,text", '{0},"{1}"')}, {}, TEXTS),
    "tabs under .tab": ({"a.tab": table("document_id\ttext", "{0}\t{1}")}, {}, TEXTS),
    "the delimiter of Hive's tables": ({"a.csv": table("document_id\x01text", "{0}\x01{1}")}, {}, TEXTS),
    "SQL Server's line below the header": (
        {"a.csv": table("document_id,text\n-----------,----", '{0},"{1}"')},
        {},
        TEXTS,
    ),
    "SurveyMonkey": (
        {"s.csv": table(
            'Respondent ID,Start Date,How likely?,"Tell us why, in your words"\n,,Response,Open-Ended Response',
            '11{0},11/19/2026 08:00,9,"{1}"',
        )},
        {"document_id": "Respondent ID", "text": "Tell us why, in your words"},
        TEXTS,
    ),
    "Zendesk, with users beside": (
        {"t.json": json.dumps({
            "users": [{"id": n, "name": "Kim Novak", "url": "u"} for n in range(9)],
            "tickets": [{"id": n, "description": text} for n, text in enumerate(TEXTS)],
        })},
        ids(text="description"),
        TEXTS,
    ),
    "LiveChat": (
        {"c.json": json.dumps({"chats": [
            {"id": f"c{n}", "users": [{"id": "k", "type": "customer"}, {"id": "b", "type": "agent"}],
             "thread": {"events": [{"id": "1", "author_id": "b", "text": "Hello."}, {"author_id": "k", "text": text},
                                   {"type": "system_message", "text": "Closed."}]}}
            for n, text in enumerate(TEXTS)
        ]})},
        ids(text="thread.events[].text"),
        TEXTS,
    ),
    "Contact Lens, in real time": (
        {"c.jsonl": "".join(json.dumps({"ContactId": n, "Segments": [
            {"Transcript": {"ParticipantRole": "AGENT", "Content": "Hello."}},
            {"Transcript": {"ParticipantRole": "CUSTOMER", "Content": text}},
        ]}) + "\n" for n, text in enumerate(TEXTS))},
        {"document_id": "ContactId", "text": "Segments[].Transcript.Content"},
        TEXTS,
    ),
    "SNS": (
        {"a.jsonl": "".join(
            json.dumps({"Type": "Notification", "Message": json.dumps({"document_id": n, "text": text})}) + "\n"
            for n, text in enumerate(TEXTS)
        )},
        {"document_id": "Message.document_id", "text": "Message.text"},
        TEXTS,
    ),
    "Kinesis": (
        {"a.json": json.dumps({"Records": [
            {"eventID": f"e{n}", "kinesis": {"data": base64.b64encode(json.dumps({"text": text}).encode()).decode()}}
            for n, text in enumerate(TEXTS)
        ]})},
        {"document_id": "eventID", "text": "kinesis.data.text"},
        TEXTS,
    ),
    "JSON that was made JSON again": (
        {"a.jsonl": "".join(json.dumps(line) + "\n" for line in LINES.splitlines())},
        {},
        TEXTS,
    ),
    "what no person dropped": (
        {"a.jsonl": LINES, "README.txt": "About.", "manifest.json": "{}", "manifest-summary.md5": "abc=",
         "a.jsonl.sha256": "ab", "Inbox.mbox/table_of_contents": b"\0\1",
         "Thumbs.db": b"\xd0\xcf\x11\xe0", "desktop.ini": "[x]",
         "b.csv": "", ".DS_Store": b"\0\0\0\1Bud1", "~$a.xlsx": b"\x05Kim", ".~lock.a.ods#": ",k,",
         "b.jsonl.crdownload": '{"doc',
         "__MACOSX/._a.jsonl": b"\0\5\x16\7"},
        {},
        TEXTS,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", EXPORTS)
def test_an_export_gives_its_documents(kind: str, tmp_path: Path) -> None:
    files, mapping, texts = EXPORTS[kind]
    for name, content in files.items():
        written(tmp_path / name, content if isinstance(content, bytes) else content.encode())
    rows: list[dict[str, Any]] = []
    for file in recognised(find_drop(str(tmp_path), "2026-11-20", file_format=None, date_pattern=None).files):
        for split in plan_splits([file], 1 << 40):
            for batch in read_split(split, dict(mapping)):
                read = decode(batch["text"]).to_pylist()
                rows += (row | {"text": text} for row, text in zip(batch.to_pylist(), read, strict=True))
    assert [(row["error_code"], row["text"]) for row in rows] == [(None, text) for text in texts]
    assert len({row["document_id"] for row in rows} - {None}) == len(texts)


# A file -> its reason, and words of the sentence that it gets.
REFUSED: dict[str, tuple[bytes, str, str]] = {
    "a.msg": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "UNKNOWN_FORMAT", ".eml"),
    "a.pst": (b"!BDN" + bytes(512), "UNKNOWN_FORMAT", ".mbox"),
    "a.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "UNKNOWN_FORMAT", ".docx"),
    "a.7z": (b"7z\xbc\xaf\x27\x1c" + bytes(64), "UNKNOWN_FORMAT", ".zip"),
    "a.db": (b"SQLite format 3\0" + bytes(64), "UNKNOWN_FORMAT", "export"),
    "a.jpg": (b"\xff\xd8\xff\xe0" + bytes(64), "UNKNOWN_FORMAT", "picture"),
    "a.wav": (b"RIFF" + bytes(64), "UNKNOWN_FORMAT", "transcribe"),
    "a.xml": (b'<?xml version="1.0"?><r><text>Late.</text></r>', "UNKNOWN_FORMAT", "XML"),
    "no declaration.xml": (b"<r><text>Late.</text></r>", "UNKNOWN_FORMAT", "XML"),
    "a.pptx": (zipped({"[Content_Types].xml": b"<x/>", "ppt/slide1.xml": b"<p/>"}), "UNKNOWN_FORMAT", ".pdf"),
    "a.epub": (zipped({"mimetype": b"application/epub+zip", "a.xhtml": b"<p>Late.</p>"}), "UNKNOWN_FORMAT", ".pdf"),
    "a.pages": (zipped({"Index/Document.iwa": b"\0"}), "UNKNOWN_FORMAT", ".docx"),
    "a.bin": (b"\0\1\2\xff", "UNKNOWN_FORMAT", "--format"),
    "a.zip.gz": (gzip.compress(zipped({"a.txt": b"Late."})), "UNKNOWN_FORMAT", "unpack"),
    "a.xlsx": (b"this was no workbook", "CORRUPT_FILE", "save it again"),
    "page.xls": (b"<html><body><table><tr><td>a, b</td></tr></table></body></html>", "CORRUPT_FILE", "save it again"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_one_row_and_one_sentence(name: str, tmp_path: Path) -> None:
    content, reason, words = REFUSED[name]
    written(tmp_path / name, content)
    [file] = recognised(find_drop(str(tmp_path), "2026-11-20", file_format=None, date_pattern=None).files)
    [split] = plan_splits([file], 1 << 40)
    rows = [row for batch in read_split(split, {}) for row in batch.to_pylist()]
    assert [(row["error_code"], row["source_row"], row["text"]) for row in rows] == [(reason, 0, None)]
    assert words in remedy(file, reason)


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (table("sid,body,From (UTC)", 'IM{0},"{1}",x'), "--map text=body --map document_id=sid"),
        (table("Review Text,Review Link", '"{1}",https://p.example/{0}'), "--map document_id=Review Link"),
        (table("text,label", '"{1}",4'), "add one, of numbers"),
        (
            table("id,body_html,reply,body", '{0},"<p>{1} {1}</p>","We are very, very sorry to hear that.","{1}"'),
            "text=body --",
        ),
        (table("Respondent ID,What could we do better?,", '{0},"{1}",'), "text=What could we do better? --map docu"),
    ],
)
def test_the_map_that_may_do_can_be_typed(content: str, advice: str, tmp_path: Path) -> None:
    written(tmp_path / "a.csv", content.encode())
    [file] = recognised(find_drop(str(tmp_path), "2026-11-20", file_format=None, date_pattern=None).files)
    columns = {ours: ours for ours in COLUMNS}
    told = look(file, columns, None)
    assert told is not None
    assert advice in hint(told, columns)


def test_a_transcript_may_be_turns_and_may_be_whole(tmp_path: Path) -> None:
    path = written(tmp_path / "call.txt", f"Agent: Hello.\nCustomer: {LATE}\nKim: Yes.".encode())
    [file] = recognised(find_drop(str(path), "2026-11-20", file_format=None, date_pattern=None).files)

    def read(**how: bool) -> list[tuple[Any, ...]]:
        batches = read_split(plan_splits([file], 1 << 40)[0], {}, telling=Telling(**how))
        return [(row["document_id"], row["role"], row["text"]) for each in batches for row in each.to_pylist()]

    assert read() == [("call.txt", "customer", f"{LATE}\nYes.")]
    assert read(turns=True) == [("call.txt#2", "customer", LATE), ("call.txt#3", None, "Yes.")]
    assert read(whole=True) == [("call.txt", None, f"agent: Hello.\ncustomer: {LATE}\nKim: Yes.")]


@pytest.mark.parametrize(
    ("name", "content", "reason", "words"),
    [
        ("a.csv", table("document_id,text", "{0},{1}, and, more"), "MALFORMED_CSV", "in quotes"),
        ("a.csv", table("document_id,text,text", '{0},"{1}","{1}"'), "DUPLICATE_KEY", "rename"),
        ("a.jsonl", "".join(json.dumps([n, text]) + "\n" for n, text in enumerate(TEXTS)), "NOT_AN_OBJECT", "object"),
        ("a.json", "".join(f"{{'document_id': {n}}}\n" for n in "123"), "MALFORMED_JSON", "double quotes"),
    ],
)
def test_what_is_wrong_with_every_row_has_a_sentence(
    name: str, content: str, reason: str, words: str, tmp_path: Path
) -> None:
    written(tmp_path / name, content.encode())
    [file] = recognised(find_drop(str(tmp_path), "2026-11-20", file_format=None, date_pattern=None).files)
    [split] = plan_splits([file], 1 << 40)
    assert {row["error_code"] for batch in read_split(split, {}) for row in batch.to_pylist()} == {reason}
    assert words in remedy(file, reason)


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (
            [{"id": n, "answers": [{"number": 4}, {"text": text}]} for n, text in enumerate(TEXTS)],
            "text=answers[].text",
        ),
        ([{"id": n, "Message": json.dumps({"text": text})} for n, text in enumerate(TEXTS)], "--map text=Message.text"),
        ([{"text": LATE, "segments": [{"id": n, "start": 0.5}]} for n in range(4)], "add one, of numbers"),
        (
            [{"id": n, "a": {"b": {"c": [{"d": [{"e": [{"f": [{"g": text}]}]}]}]}}} for n, text in enumerate(TEXTS)],
            "--map text=a.b.c[].d[].e[].f[].g --map document_id=id",
        ),
    ],
)
def test_the_map_that_may_do_goes_into_what_is_nested(content: list[Any], advice: str, tmp_path: Path) -> None:
    written(tmp_path / "a.json", json.dumps(content).encode())
    [file] = recognised(find_drop(str(tmp_path), "2026-11-20", file_format=None, date_pattern=None).files)
    columns = {ours: ours for ours in COLUMNS}
    told = look(file, columns, None)
    assert told is not None
    assert advice in hint(told, columns)


def test_the_longest_sheet_is_looked_at_where_none_has_our_columns(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        book.add_worksheet("Pivot").write_row(0, 0, ["Row Labels", "Sum"])
        sheet = book.add_worksheet("Raw")
        for row, cells in enumerate([("Ticket", "Kommentar"), *((f"T-{n}", text) for n, text in enumerate(TEXTS))]):
            sheet.write_row(row, 0, cells)
    [file] = recognised(find_drop(str(tmp_path), "2026-11-20", file_format=None, date_pattern=None).files)
    columns = {ours: ours for ours in COLUMNS}
    told = look(file, columns, None)
    assert told is not None
    assert "--map text=Kommentar --map document_id=Ticket" in hint(told, columns)
    rows = [row for batch in read_split(plan_splits([file], 1 << 40)[0], {}) for row in batch.to_pylist()]
    assert [row["error_code"] for row in rows] == ["ID_MISSING"] * len(TEXTS)
