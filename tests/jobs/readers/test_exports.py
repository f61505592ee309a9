"""Files as programs export them: what each gives as it comes, with `--map` alone."""

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
from tests.jobs.readers.drop import written
from tests.jobs.readers.test_archives import tarred, zipped
from transforms.decoding import decode

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


def test_a_transcript_may_be_turns_and_may_be_whole(tmp_path: Path) -> None:
    path = written(tmp_path / "call.txt", f"Agent: Hello.\nCustomer: {LATE}\nKim: Yes.".encode())
    [file] = recognised(find_drop(str(path), "2026-11-20", file_format=None, date_pattern=None).files)

    def read(**how: bool) -> list[tuple[Any, ...]]:
        batches = read_split(plan_splits([file], 1 << 40)[0], {}, telling=Telling(**how))
        return [(row["document_id"], row["role"], row["text"]) for each in batches for row in each.to_pylist()]

    assert read() == [("call.txt", "customer", f"{LATE}\nYes.")]
    assert read(turns=True) == [("call.txt#2", "customer", LATE), ("call.txt#3", None, "Yes.")]
    assert read(whole=True) == [("call.txt", None, f"agent: Hello.\ncustomer: {LATE}\nKim: Yes.")]
