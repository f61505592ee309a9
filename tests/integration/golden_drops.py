"""The drops of golden.py.

No two files of one night of the free scorer hold the same new text: two workers may score it at once, and then neither
row is a cache hit. With a paid one all copies of a text come to one worker, and the first of them pays.
"""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import random
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from backports import zstd

from tests.conftest import document, write_json_lines
from tests.integration.paid import sentences

POLICY = """version = "golden"
[replace]
NAME = "number"
PHONE = "mask"
CREDIT_DEBIT_NUMBER = "last4"
EMAIL = "pseudonym"
ADDRESS = "encrypt"
SSN = "drop"
DATE_TIME = "keep"
[threshold]
URL = 0.95
[allow]
values = ["support@example.com"]
[deny]
PROJECT = ["Blue Heron"]
[[custom]]
name = "ticket"
type = "TICKET_NUMBER"
pattern = 'TCK-[0-9]{6}'
context = ["ticket", "case"]
"""


def put(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def lines(*rows: dict[str, Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def every_format(day: Path) -> None:
    """Every format, compression and type of a column, without a fault."""
    write_json_lines(
        day / "mails.jsonl",
        [
            document(document_id="m1", text="I love it, call me on 212-555-0187 or write to kim@example.com"),
            document(document_id="m2", text="Terrible. Ann Lee of 12 Main Street, Springfield, IL 62701 is angry."),
            document(document_id="m3", text="Me encanta", language="es"),
            document(document_id="m4", text="It is what it is.", language=None, source=None, subject_id=None),
            "",
            document(document_id="m5", text="  It is what\n it is. ", language="EN-us", source=" ", created_at="never"),
            document(document_id=6, text="A number for an id, and for whom it is about.", subject_id=12, source=7),
            document(document_id=10**30, text="A very long number, which is great.", created_at="2026-11-21"),
            document(document_id="m8", text="Write to kim@example.com. " + "It is great. " * 450, language=["en"]),
            document(document_id="m9", text="Mail k\u200bim@example.com \u202enow\u202c, \uff12\uff11\uff12-555-0187!"),
            document(document_id="m10", text="My card 4012-8888-9999-1111 expires 12/29, SSN 123-45-6789. Awful!"),
            document(document_id="m11", text="Zoë says:\r\n[EMAIL] is fine 😀", created_at="2026-11-21 23:59+05:30"),
            document(document_id="m13", text="<p>Write to kim%40example.com,<br>it is bad</p> 50% off &amp; a=b"),
        ],
    )
    write_json_lines(day / "_begins-like-a-marker.ndjson", [document(document_id="n1", text="Read all the same.")])
    put(day / "bom.jsonl", b"\xef\xbb\xbf" + lines(document(document_id="o1", text="After a mark, nice.")))
    put(day / "crlf.json", lines(document(document_id="o2", text="Bad ends of lines.")).replace(b"\n", b"\r\n\r\n"))
    put(day / "export", lines(document(document_id="o3", text="Known by its content, happily.")))
    two = [gzip.compress(lines(document(document_id=f"g{n}", text=f"Stream {n} is good."))) for n in (1, 2)]
    put(day / "mails.jsonl.gz", two[0] + b"\0" * 64 + two[1])
    put(day / "not-bz2.jsonl.bz2", lines(document(document_id="g3", text="Not compressed at all, sadly.")))
    put(day / "zstd.jsonl.gz", zstd.compress(lines(document(document_id="g4", text="Its name lies, how bad."))))
    header = "document_id,text,language,source,created_at,subject_id,more\n"
    put(
        day / "chats.csv",
        f'\ufeff{header}c1,"Two lines,\nboth fine, says Ann",en,chat,2026-11-21T10:00,s1,x\n\nc2,"He says ""no"".",,\n'
        'c3,"Ring 212-555-0123, please",de,chat,2026-11-21T10:00:00+01:00,s1\n',
    )
    put(day / "chats.csv.bz2", bz2.compress(f"{header}c4,A lovely chat,en,chat\r\nc5,Nasty chat,en,chat\r\n".encode()))
    put(day / "chats.tsv.xz", lzma.compress(b'text\tdocument_id\nTabs, and commas: "fine"\tt1\n"A\ttab"\tt2\n'))
    put(day / "reviews.ndjson.zst", zstd.compress(lines(document(document_id="z1", text="Five stars!"))))
    moments = pa.array([1_795_255_200_123_456_789, None, 0], pa.timestamp("ns", "Europe/Berlin"))
    reviews = {
        "document_id": pa.array([1, 2, 3], pa.uint8()),
        "text": pa.array(["One star, horrible.", "Not bad, Mr. John Smith!", "Fine"]).dictionary_encode(),
        "source": pa.array(["review", None, " review "], pa.large_string()),
        "created_at": moments,
    }
    pq.write_table(pa.table(reviews), day / "reviews.parquet", row_group_size=2)
    other = {"document_id": ["q1"], "text": pa.array([b"From bytes, good."]), "created_at": pa.array([1], pa.date32())}
    pq.write_table(pa.table(other), day / "reviews.pq")
    put(day / "letters" / "one.txt", "\ufeffDear all,\n\nI am Kim Novak, kim.novak@example.com, and I am happy.\n")
    put(day / "letters" / "two.text.gz", gzip.compress(b"A sad letter."))
    put(day / "letters" / "read me.md", "# Great\n\nSee https://example.com/kim?id=1 and 192.0.2.7.\n")
    put(day / "letters" / "mail.eml", "From: Kim <kim@example.com>\nSubject: Thanks\n\nIt works, my PIN is 4711.\n")
    box = (
        "From kim@example.com Sat Nov 21 {}:00:00 2026\nFrom: Kim <kim@example.com>\nSubject: Late\nMessage-ID: <{}>\n"
    )
    plain = "\nIt came late.\n\nOn 20/11/2026 Desk wrote:\n> We are great.\n\n"
    page = (
        "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n"
        "My PIN is 47=\n11 =E2=80=94<br>good\n\n"
    )
    mails = box.format(10, "a@example.com") + plain + box.format(11, "b@example.com") + page
    put(day / "letters" / "inbox.mbox", mails)
    put(day / "letters" / "page.html", "<html><style>p{}</style><p>Kim Novak says:<p>It is &quot;great&quot;</html>")
    put(day / "letters" / "letter.rtf", r"{\rtf1\ansi It was \b very\b0  bad.\par Kim Novak}")
    put(
        day / "calls" / "call.vtt",
        "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Agent>Hello?\n\n00:03.000 --> 00:04.000\n<v Customer>Bad.\n",
    )
    with zipfile.ZipFile(day / "archive.zip", "w") as archive:
        archive.writestr("kim@example.com/a.txt", "It is a good one.")
        archive.writestr(
            "b.jsonl", lines(document(document_id="w1", text="Good, in an archive."), document(document_id=None))
        )
    for passed_over in ("_SUCCESS", ".mails.jsonl.crc", "empty.csv", "_temporary/x.jsonl"):
        put(day / passed_over, "" if passed_over == "empty.csv" else "nothing")


def every_fault(day: Path) -> None:
    """Each reason to reject a document but two: DROPPED_BY_POLICY takes a policy, BAD_DATE a path.

    All can be provoked. What a compressed file holds before it breaks off must not go by the version of a compressor,
    so a whole stream comes first.
    """
    large = "x" * 1_048_577
    faults: dict[str, bytes] = {
        "cut off": b'{"document_id": "b1", "text": "cut\n',
        "not UTF-8": b'{"document_id": "b2", "text": "\xff\xfe"}\n',
        "NUL": lines(document(document_id="b3", text="a \0")),
        "NUL in the id": lines(document(document_id="b\0")),
        "half a pair": b'{"document_id": "b4", "text": "\\ud800", "source": "chat"}\n',
        "deep": b'{"document_id": "b5", "text": ' + b"[" * 5000 + b"]" * 5000 + b"}\n",
        "a key twice": b'{"document_id": "b6", "text": "a", "text": "a"}\n',
        "a key of others twice": b'{"document_id": "twice", "text": "Good and well.", "a": 1, "a": 2}\n',
        "a number": lines(document(document_id="b7", text=12345)),
        "null": lines(document(document_id="b8", text=None)),
        "no text": b'{"document_id": "b9"}\n',
        "an object": lines(document(document_id="b10", text={"is": "text"})),
        "no id": lines(document(document_id=None)),
        "a blank id": lines(document(document_id=" ")),
        "a fraction for an id": lines(document(document_id=1.5)),
        "true for an id": lines(document(document_id=True)),
        "blank": lines(document(document_id="b11", text=" \u200b\t")),
        "large": lines(document(document_id="b12", text=large)),
        "a list": b'["text"]\n',
        "the id again": lines(document(document_id="first", text="Too late.", source="chat")),
        "an id that a rejected one had": lines(document(document_id="b8", text="Good, thank you.")),
    }
    first = lines(document(document_id="first", text="The first of an id wins."))
    put(day / "lines.jsonl", first + b"".join(faults.values()) + lines(document(document_id="last", text="Great.")))
    put(day / "later.jsonl", lines(document(document_id="last", text="Elsewhere"), document(document_id="l1")))
    long = b'{"document_id": "b13", "text": "' + b"x" * (17 << 20) + b'"}\n'
    put(day / "long.jsonl.gz", gzip.compress(long + lines(document(document_id="h1", text="After a long line.")), 1))
    whole, cut = lines(document(document_id="h2", text="Before it breaks off.")), lines(document(document_id="h3"))
    put(day / "half%2F.jsonl.gz", gzip.compress(whole) + gzip.compress(cut)[:10])
    put(day / "half.csv.xz", lzma.compress(b"document_id,text\nh4,A whole record\n") + lzma.compress(cut)[:14])
    put(day / "half.txt.bz2", bz2.compress(b"A letter that breaks off")[:20])
    put(day / "damaged.jsonl.zst", zstd.compress(lines(document(document_id="h5", text="Before it."))) + b"rubbish")
    bomb = lines(document(document_id="h6", text="Before the bomb."))
    put(day / "bomb.jsonl.zst", zstd.compress(bomb + b" " * (257 << 20)))
    put(day / "broken.parquet", b"PAR1 broken PAR1")
    put(day / "packed.parquet.gz", gzip.compress(b"PAR1"))
    groups = pa.table({"document_id": [f"p{n}" for n in range(6)], "text": [f"Row {n} is good." for n in range(6)]})
    plain: dict[str, Any] = {"compression": "none", "use_dictionary": False, "write_statistics": False}
    pq.write_table(groups, day / "damaged.parquet", row_group_size=2, write_page_checksum=True, **plain)
    put(day / "damaged.parquet", (day / "damaged.parquet").read_bytes().replace(b"Row 2", b"Row x"))
    pq.write_table(pa.table({"document_id": ["p7"], "text": pa.array([3.5])}), day / "types.parquet")
    pq.write_table(pa.table({"document_id": pa.array([1.5]), "text": ["x"]}), day / "ids.parquet")
    put(day / "no.eml", "\n")
    put(day / "picture.eml", "From: kim@example.com\nContent-Type: image/png\n\nx")
    put(day / "nested.eml", "Content-Type: message/rfc822\n\n" * 1_000)
    put(day / "password.docx", b"\xd0\xcf\x11\xe0" + bytes(512))
    with zipfile.ZipFile(day / "large.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes((64 << 20) + 1))
    put(day / "noise.bin", bytes(range(256)))
    records = 'u1,"Unclosed\nu2,"open again", and more\nu3,x,y\nu4,"Well, closed"\nu5\n'
    put(day / "unclosed.csv", f"document_id,text\n{records}")
    put(day / "bytes.csv", b"document_id,text\nu6,\xff\nu7,fine \0\nu8, \n,no id\n")
    put(day / "header.csv", "document_id,text,text\nu9,a,b\n")
    (day / "gone.jsonl").symlink_to("nowhere")


def policy_texts(path: Path) -> None:
    texts = {
        "y1": "Kim Novak and Ann Lee: Kim Novak called 212-555-0187, and Ann called 212-555-0123.",
        "y2": "My card 4012-8888-9999-1111 was charged on 12 March 2026. Terrible!",
        "y3": "joe@example.com and ann@example.com, JOE@example.com, but not support@example.com",
        "y4": "I live at 12 Main Street, Springfield, IL 62701, and I like it.",
        "y5": "my ssn is 123-45-6789",
        "y6": "Blue  heron is late; ticket TCK-123456, not TCK-654321. See example.com for it.",
        "y7": "[NAME_1] said that Kim Novak is lovely.",
    }
    write_json_lines(path, [document(document_id=name, text=text, source="policy") for name, text in texts.items()])


def mapped_drop(drops: Path) -> None:
    """Of names that say nothing, dated by a pattern."""
    put(drops / "2026" / "11" / "20" / "tickets.dat", 'ticket,body,lang\n1,"I love it,\nso",en\n2,Bad,\n1,Again,en\n')
    put(drops / "2026" / "02" / "30" / "tickets", "ticket,body\n3,No such day\n")
    put(drops / "tickets.txt", "lang,body,ticket,text\nfr,Superbe,4,not this\n,Undated and fine,5,\n")


def long_texts() -> dict[str, str]:
    """Sentences of 3,000 to 5,000 bytes, which pieces of long texts are."""
    chance = random.Random(7)
    return {name: sentences(chance, words) for name, words in zip("abcdf", (880, 880, 880, 880, 700), strict=True)}


KETTLE = "The kettle works, thank you."
GERMAN = "Das Paket kam zwei Tage zu spät an, und die Tasse war zerbrochen."
FRENCH = "Le colis est arrivé avec deux jours de retard, mais tout va bien."
DUTCH = "Het pakket kwam twee dagen te laat aan en de doos was kapot."


def first_bought(drops: Path, long: dict[str, str]) -> None:
    """Copies within and across files, languages given and detected, long texts that share pieces, faults."""
    day = drops / "ds=2026-11-21"
    write_json_lines(
        day / "a.jsonl",
        [
            document(document_id="a1", text=KETTLE),
            document(document_id="a2", text=f"  {KETTLE}\n", language="EN-us"),
            document(document_id="a3", text=GERMAN, language="de_AT"),
            document(document_id="a4", text=GERMAN, language=None),
            document(document_id="a5", text=DUTCH, language="nl"),
            document(document_id="a6", text="ok", language=None),
            document(document_id="a7", text="水壺很好。非常感謝。", language="zh-Hant"),
            document(document_id="a8", text=None),
            document(document_id="a9", text="Kim Novak, 212-555-0187, is glad. " + "Very glad. " * 30, source="chat"),
            document(document_id="a10", text=long["a"]),
            document(document_id="shares-1", text=f"{long['a']} {long['f']} {long['f']}"),
            document(document_id="begins-alike", text=f"{long['a']} {long['c']}"),
        ],
    )
    write_json_lines(
        day / "b.jsonl",
        [
            document(document_id="b1", text=KETTLE, language=None, source="chat"),
            document(document_id="a1", text="Bought, and then rejected."),
            document(document_id="shares-2", text=f"{long['b']} {long['f']}"),
            document(document_id="b2", text=FRENCH, language=None),
            document(document_id="b3", text="やかんはとても良いです。ありがとう。", language="ja"),
            "{not json",
            document(document_id="b4", text="Mail kim@example.com."),
            document(document_id="b5", text="Mail ann@example.com."),
        ],
    )
    put(day / "c.csv", f'document_id,text\nc1,"{KETTLE}"\nc2,The lid broke again and I want a refund.\nc3,{DUTCH}\n')


def without_money(drops: Path, long: dict[str, str]) -> None:
    """Late and changed files, and another date, half of whose texts were bought."""
    day, next_day = drops / "ds=2026-11-21", drops / "ds=2026-11-22"
    put(day / "c.csv", f'document_id,text\nc2,The lid broke again and I want a refund.\nc4,New here\nc5,"{FRENCH}"\n')
    write_json_lines(
        day / "late.jsonl",
        [
            document(document_id="l1", text=KETTLE, language=None),
            document(document_id="l2", text="Late, and lovely."),
            document(document_id="l3", text=f"{long['a']} {long['d']}"),
            document(document_id="l4", text=long["f"]),
            document(document_id="l5", text=GERMAN, language=None),
            document(document_id="l6", text=GERMAN, language="de"),
            document(document_id="l7", text=DUTCH, language="nl"),
            document(document_id="a1", text="Too late, and not bought."),
        ],
    )
    write_json_lines(next_day / "d.jsonl", [document(document_id=f"d{n}", text=f"Text {n} is good.") for n in range(3)])
    write_json_lines(next_day / "e.jsonl", [document(document_id="e1"), document(document_id="e2", text=KETTLE)])
    write_json_lines(next_day / "f.jsonl", [document(document_id="f1", text="Its file goes away and comes back.")])


def taken_up(drops: Path, aside: Path) -> None:
    """What waits is taken up, but of a file that is gone; one is changed, one is late, with an id that waits."""
    day = drops / "ds=2026-11-22"
    (day / "f.jsonl").rename(aside)
    write_json_lines(day / "e.jsonl", [document(document_id="e3", text="Changed while it waited."), document(text=" ")])
    write_json_lines(day / "a-late.jsonl", [document(document_id="d1", text="Its path comes first.")])
    write_json_lines(drops / "ds=2026-11-23" / "g.jsonl", [document(document_id="d1", text="Text 2 is good.")])


def asked(drops: Path, aside: Path) -> None:
    """Languages to be asked for.

    Of no text that is scored already: what its language costs would be billed to a row that is a cache hit, which the
    audit does not let pass.
    """
    aside.rename(drops / "ds=2026-11-22" / "f.jsonl")
    german, english = "Die Kanne ist wirklich sehr schön.", "The parcel came two days late, and it was broken."
    write_json_lines(
        drops / "ds=2026-11-24" / "h.jsonl",
        [
            document(document_id="h1", text=german, language=None),
            document(document_id="h2", text=f" {german}", language=None),
            document(document_id="h3", text=english, language=None),
            document(document_id="h4", text=english),
            document(document_id="h5", text=DUTCH, language=None),
            document(document_id="h6", text=None, language=None),
            document(document_id="h7", text=KETTLE),
        ],
    )
