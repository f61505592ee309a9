import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.drops import plan_splits
from jobs.drops.compression import Broken
from jobs.formats import Format, Telling
from jobs.readers import mail, read_split
from jobs.readers.mail import Message, decoded, parse_mail, read_mailbox
from tests.jobs.readers.drop import listed, read, rejected, written
from transforms.documents import ATTACHMENTS, SHORTENED, Reason, notes

HEADERS = (
    b"From: Kim Novak <Kim@example.com>\r\nTo: desk@example.com\r\nSubject: The =?utf-8?q?caf=C3=A9?=\r\n"
    b"Date: Sun, 22 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@example.com>\r\nMIME-Version: 1.0\r\n"
)


def message(body: bytes, kind: bytes = b"text/plain; charset=utf-8", more: bytes = b"") -> bytes:
    return HEADERS + more + b"Content-Type: " + kind + b"\r\n\r\n" + body


def multipart(kind: bytes, *parts: bytes) -> bytes:
    return message(b"".join(b"--X\r\n" + part + b"\r\n" for part in parts) + b"--X--\r\n", kind + b"; boundary=X")


def part(kind: bytes, body: bytes, more: bytes = b"") -> bytes:
    return b"Content-Type: " + kind + b"\r\n" + more + b"\r\n" + body


def text_of(raw: bytes) -> str | None:
    parsed = parse_mail(raw)
    assert isinstance(parsed, Message), parsed
    return parsed.text


def test_mail_is_one_document(tmp_path: Path) -> None:
    [row] = read(written(tmp_path / "a.eml", message(b"It came late.\r\n")))

    assert row["text"] == "The café\nIt came late."
    assert row["created_at"] == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert row["subject_id"] == "kim@example.com"
    assert row["source_row"] == 1
    assert row["document_id"] == hashlib.sha256(b"<1@example.com>").hexdigest().translate(
        str.maketrans("0123456789abcdef", "abcdefghijklmnop")
    )


def test_mail_without_an_id_goes_by_its_file(tmp_path: Path) -> None:
    [row] = read(written(tmp_path / "a.eml", b"From: a@example.com\n\nIt came late."))
    assert row["document_id"] == "a.eml"
    assert row["created_at"] is None


HTML = b"<html><style>p{}</style><p>broken &amp; late<br>again</p>"
TEXTS = {
    "quoted-printable": (
        message(b"disappoint=\r\ned =E2=80=94 a=3Db", more=b"Content-Transfer-Encoding: quoted-printable\r\n"),
        "disappointed — a=b",
    ),
    "base64": (
        message(base64.encodebytes(b"call 212-555-0187"), more=b"Content-Transfer-Encoding: base64\r\n"),
        "call 212-555-0187",
    ),
    "charset": (message("schön".encode("latin-1"), b"text/plain; charset=iso-8859-1"), "schön"),
    "charset unknown": (message("schön".encode(), b"text/plain; charset=zip"), "schön"),
    "charset wrong": (message(b"sch\xf6n", b"text/plain; charset=utf-8"), "schön"),
    "html": (message(HTML, b"text/html; charset=utf-8"), "broken & late\nagain"),
    "plain before html": (
        multipart(b"multipart/alternative", part(b"text/html", HTML), part(b"text/plain", b"p")),
        "p",
    ),
    "html where plain is blank": (
        multipart(b"multipart/alternative", part(b"text/plain", b" \r\n"), part(b"text/html", HTML)),
        "broken & late\nagain",
    ),
    "both parts that are shown": (
        multipart(b"multipart/mixed", part(b"text/plain", b"one"), part(b"text/plain", b"two")),
        "one\ntwo",
    ),
    "no attachment": (
        multipart(
            b"multipart/mixed",
            part(b"text/plain", b"one"),
            part(b"text/plain", b"two", b"Content-Disposition: attachment; filename=a.txt\r\n"),
            part(b"image/png", b"\x89PNG"),
        ),
        "one",
    ),
}


@pytest.mark.parametrize(("raw", "expected"), TEXTS.values(), ids=TEXTS)
def test_the_text_a_person_reads(raw: bytes, expected: str) -> None:
    assert text_of(raw) == f"The café\n{expected}"


def test_what_a_mail_quotes_is_left_unless_all_is_asked_for() -> None:
    raw = message(b"Late.\r\n\r\nOn 20/11/2026 Desk wrote:\r\n> We are great.\r\n-- \r\nKim")
    assert text_of(raw) == "The caf\u00e9\nLate."
    own, parsed = parse_mail(raw), parse_mail(raw, Telling(whole=True))
    assert isinstance(own, Message)
    assert isinstance(parsed, Message)
    assert own.text is not None
    assert parsed.text is not None
    assert "We are great." in parsed.text
    assert (own.left_out, parsed.left_out) == (len("\n\nOn 20/11/2026 Desk wrote:\n> We are great.\n-- \nKim"), 0)


def test_attached_texts_are_documents_where_asked_for(tmp_path: Path) -> None:
    named = b"Content-Disposition: attachment; filename=%b\r\n"
    mixed = multipart(
        b"multipart/mixed",
        part(b"text/plain", b"See below.\n-- \nKim"),
        part(b"text/plain", b"It came late.", named % b"a.txt"),
        part(b"text/html", b"<p>Twice", named % b"b.html"),
        part(b"text/plain", b" ", named % b"blank.txt"),
        part(b"image/png", b"\x89PNG", named % b"c.png"),
    )
    quoting = message(b"Late.\r\n\r\nOn 20/11/2026 Desk wrote:\r\n> We are great.")
    box = b"".join(b"From a@example.com Fri Nov 20 10:00:00 2026\n" + mail + b"\n\n" for mail in (mixed, quoting))
    [split] = plan_splits([listed(written(tmp_path / "a.mbox", box))], 1 << 40)

    def told(**how: bool) -> tuple[list[tuple[Any, ...]], dict[str, int]]:
        [batch] = read_split(split, {}, telling=Telling(**how))
        rows = batch.to_pylist()
        first = rows[0]["document_id"]
        assert {row["subject_id"] for row in rows} == {"kim@example.com"}
        assert {row["role"] for row in rows} == {None}
        left.append([row["left_out"] for row in rows])
        return [(r["document_id"].removeprefix(first), r["text"], r["source_row"]) for r in rows], notes(batch)

    left: list[list[int]] = []
    rows, counts = told()
    assert rows == [("", "The café\nSee below.", 1), ("a.mbox#2", "The café\nLate.", 2)]
    assert counts == {SHORTENED: 2, ATTACHMENTS: 4}
    signed, quoted = len("\n-- \nKim"), len("\n\nOn 20/11/2026 Desk wrote:\n> We are great.")
    assert left.pop() == [signed, quoted]
    told(attachments=True)
    assert left.pop() == [signed, 0, 0, quoted]  # an attachment is whole
    rows, counts = told(attachments=True, whole=True)
    assert rows[:3] == [("", "The café\nSee below.\n-- \nKim", 1), ("#1", "It came late.", 1), ("#2", "Twice", 1)]
    assert len(rows) == 4
    assert counts == {ATTACHMENTS: 2}


def test_attachments_are_counted() -> None:
    parsed = parse_mail(TEXTS["no attachment"][0])
    assert isinstance(parsed, Message)
    assert parsed.attachments == 2


def test_mail_of_a_picture_has_no_text(tmp_path: Path) -> None:
    rows = read(written(tmp_path / "a.eml", b"From: a@example.com\nContent-Type: image/png\n\n\x89PNG"))
    assert rejected(rows) == [(1, "NO_TEXT", "a.eml")]


HOSTILE = {
    "nothing": (b"\n", Reason.MALFORMED_MAIL),
    "nested": (
        b"".join(b"Content-Type: multipart/mixed; boundary=B%d\n\n--B%d\n" % (i, i) for i in range(60_000)),
        Reason.TOO_COMPLEX,
    ),
    "messages in messages": (b"Content-Type: message/rfc822\n\n" * 100_000, Reason.TOO_COMPLEX),
    "encoded words": (b"Subject: " + b"=?utf-8?q?a?= " * 200_000 + b"\n\nhi", Reason.TOO_COMPLEX),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("raw", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_mail_is_refused(raw: bytes, reason: Reason) -> None:
    assert parse_mail(raw) is reason


BOUNDED = {
    "10,000 parts": message(b"--X\nContent-Type: text/plain\n\nhi\n" * 10_000, b"multipart/mixed; boundary=X"),
    "a header of 200,000 parameters": message(b"hi", b"text/plain; " + b"a=b; " * 200_000),
    "comments in comments": b"From: " + b"(" * 100_000 + b"\n\nhi",
    "a header of 200,000 lines": b"X: a\n" + b" b\n" * 200_000 + b"\nhi",
    "a million angle brackets": message(b"<" * 1_000_000, b"text/html"),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("raw", BOUNDED.values(), ids=BOUNDED)
def test_other_hostile_mail_is_read_in_bounded_time(raw: bytes) -> None:
    assert isinstance(parse_mail(raw), Message)


def test_mail_is_no_larger_than_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "MAX_MAIL_BYTES", 1_000)
    assert rejected(read(written(tmp_path / "a.eml", message(b"a" * 1_000)))) == [(1, "FILE_TOO_LARGE", "a.eml")]

    small, large = message(b"small"), message(b"a" * 5_000)
    box = b"".join(b"From a Sun Nov 22 10:00:00 2026\n" + each + b"\n\n" for each in (small, large, small))
    rows = read(written(tmp_path / "a.mbox", box))
    assert [row["error_code"] for row in rows] == [None, "FILE_TOO_LARGE", None]


MAILBOX = (
    b"From kim@example.com Sun Nov 22 10:00:00 2026\n"
    + message(b"One.\n\nFrom here on it was late.\n").replace(b"\r", b"")
    + b"\nFrom kim@example.com Sun Nov 22 11:00:00 2026\nSubject: Two\n\n>From the start.\n"
    + b"\nFrom kim@example.com Sun Nov 22 12:00:00 2026\n"
    + message(b"Three.\n").replace(b"\r", b"")
)


def test_each_message_of_a_mailbox_is_a_document(tmp_path: Path) -> None:
    rows = read(written(tmp_path / "in.mbox", MAILBOX))

    assert [(row["source_row"], row["text"]) for row in rows] == [
        (1, "The café\nOne.\n\nFrom here on it was late."),
        (2, "Two\nFrom the start."),
        (3, "The café\nThree."),
    ]
    # The third has the id of the first: both are counted.
    assert [row["document_id"] for row in rows][1:] == ["in.mbox#2", "in.mbox#3"]


def test_mail_is_told_by_its_content(tmp_path: Path) -> None:
    plain = b"Dear desk,\nfrom: me\nto: you\n\nLate."
    assert listed(written(tmp_path / "a", message(b"x"))).format is Format.MAIL
    assert listed(written(tmp_path / "b.txt", message(b"x"))).format is Format.MAIL
    assert listed(written(tmp_path / "c", MAILBOX)).format is Format.MBOX
    assert listed(written(tmp_path / "d.txt", plain)).format is Format.TEXT
    assert listed(written(tmp_path / "e.txt", b"Date: today\nSubject: late\n\nIt was.")).format is Format.TEXT


def test_a_charset_is_one(tmp_path: Path) -> None:
    assert decoded(b"a", "punycode") == "a"
    assert decoded("é".encode("utf-16"), "utf-16") == "é"
    assert decoded(b"\x81", None) == "\ufffd"


def blocks(content: bytes, cuts: list[int], broken: bool) -> Iterator[bytes]:
    edges = sorted({0, len(content), *(cut % (len(content) + 1) for cut in cuts)})
    yield from (content[start:end] for start, end in pairwise(edges))
    if broken:
        raise Broken(Reason.CORRUPT_COMPRESSION)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([b"Late.", b"", b"From me\nto you", b"a\n\nb", b"\n\n>From x"]), min_size=1, max_size=6),
    st.lists(st.integers(0, 5_000), max_size=8),
    st.booleans(),
    st.sampled_from([b"\n", b"\r\n"]),
)
def test_messages_in_are_rows_out(bodies: list[bytes], cuts: list[int], broken: bool, end: bytes) -> None:
    box = b"".join(
        b"From a@example.com Sun Nov 22 10:00:00 2026\nSubject: s\n\n" + body + b"\n\n" for body in bodies
    ).replace(b"\n", end)

    rows = [row for batch in read_mailbox(blocks(box, cuts, broken), "f", "f", Telling()) for row in batch.to_pylist()]

    # Where the stream breaks, the message it breaks in is the rejection.
    assert len(rows) == len(bodies)
    assert [row["source_row"] for row in rows] == list(range(1, len(bodies) + 1))
    assert [row["error_code"] for row in rows] == [None] * (len(bodies) - broken) + [
        Reason.CORRUPT_COMPRESSION
    ] * broken
