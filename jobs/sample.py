"""A made-up drop, like a support desk's: mails, chats and reviews of people who do not exist."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import tomllib
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from importlib.resources import files
from random import Random
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.storage import absolute, storage_of
from transforms.documents import COLUMNS

# Shares of all documents.
_CANNED = 0.10  # a text that every date repeats
_COPIED = 0.30  # a text that an earlier document had
# Shares of the texts that are neither.
_PERSONAL = 0.23  # hold personal data; so about 20% of all documents do
_FOREIGN = 0.045
_UNLABELLED = 0.10  # English that does not say so

_REMEMBERED = 512  # texts that may be copied: few, so that memory stays constant
_DOCUMENTS_PER_PART = 50_000
_COLUMNS = tuple(name for name in COLUMNS if name != "role")
_LETTERS = 5

# Numbers that are published as examples and belong to nobody: card issuers' test numbers, the IBAN registry's
# examples, SSNs printed in leaflets, the 555-01xx block, addresses of RFC 5737 and RFC 3849, domains of RFC 2606.
_CARDS = ("4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005", "6011 1111 1111 1117", "4242424242424242")
_IBANS = ("GB82 WEST 1234 5698 7654 32", "DE89370400440532013000", "FR14 2004 1010 0505 0001 3M02 606")
_SSNS = ("078-05-1120", "219-09-9999", "123-45-6789")
_PHONES = ("212-555-01{:02}", "(415) 555-01{:02}", "+1 312 555 01{:02}", "617.555.01{:02}")
_ADDRESSES = ("192.0.2.{}", "198.51.100.{}", "203.0.113.{}", "2001:db8::{:x}")
_URLS = (
    "https://www.example.com/orders/{}",
    "http://shop.example.org/help?ticket={}",
    "https://example.net/t/{}#reply",
)
_MAILS = ("{}.{}@example.com", "{}_{}@example.org", "{}{}@mail.example.net")


class _Written(NamedTuple):
    """What may be copied: a text, where it came from, and its language ("" where none is given)."""

    text: str
    source: str
    language: str


def documents(count: int, ds: str, seed: int) -> Iterator[dict[str, str]]:
    """Make `count` documents of the date `ds`, about 300 characters each; the same arguments make the same documents.

    Of the texts 40% occurred before, 20% hold personal data and 4% are Spanish, German or French. The keys are those
    of `transforms.documents.COLUMNS` but `role`; some documents have no `language`. Memory does not grow with `count`.
    """
    random = Random(f"{seed}:{ds}")  # noqa: S311 - made-up people, not secrets
    phrases = tomllib.loads(files("jobs").joinpath("sample.toml").read_text(encoding="utf-8"))
    write = _writer(random.random, phrases)
    canned = [_Written(text, source, "en") for source, texts in phrases["canned"].items() for text in texts]
    remembered: list[_Written] = []
    day = ds.replace("-", "")
    share = random.random
    for number in range(count):
        kind = share()
        if kind < _CANNED:
            written = canned[int(share() * len(canned))]
        elif kind < _CANNED + _COPIED and remembered:
            written = remembered[int(share() * len(remembered))]
        else:
            written = write()
            if len(remembered) < _REMEMBERED:
                remembered.append(written)
            else:
                remembered[int(share() * _REMEMBERED)] = written
        minutes, second = divmod(int(share() * 86_400), 60)
        document = {
            "document_id": f"{day}-{number:07}",
            "text": written.text,
            "source": written.source,
            "created_at": f"{ds}T{minutes // 60:02}:{minutes % 60:02}:{second:02}Z",
            "subject_id": f"C{int(share() ** 2 * 100_000):05}",  # some customers write often
        }
        if written.language:
            document["language"] = written.language
        yield document


def write_sample(out: str, count: int, ds: str, seed: int, made: Iterable[dict[str, str]] | None = None) -> list[str]:
    """Write `count` documents and a handful of bad rows under `out/ds=<ds>/`; return where the files are.

    Documents `made` elsewhere take the place of those. Mails are JSON Lines (the afternoon's gzipped), chats CSV,
    reviews Parquet, a few letters plain text. The same arguments write the same bytes. A file gets its name when it is
    complete, so a second run replaces the first. `out` is a folder or an `s3://` URI.

    Raises ValueError where `ds` is not a date, OSError where it cannot be written.
    """
    ds = date.fromisoformat(ds).isoformat()
    folder = f"{out.rstrip('/') or out}/ds={ds}"
    paths = []
    for part, rows in enumerate(_parts(documents(count, ds, seed) if made is None else made)):
        if part == 0:
            letters = min(_LETTERS, len(rows) // 100)
            for number, letter in enumerate(rows[:letters], 1):
                paths.append(_write(f"{folder}/letter-{number}.txt", letter["text"].encode()))
            rows = rows[letters:]
        morning, afternoon, chats, reviews = _sorted(rows)
        lines, records = _json_lines(morning), _csv(chats)
        if part == 0:
            lines += _BAD_LINES + _json_lines(morning[:1])  # its first id, again
            records += _BAD_RECORDS
        paths += [
            _write(f"{folder}/mails-{part:04}-am.jsonl", lines),
            _write(f"{folder}/mails-{part:04}-pm.jsonl.gz", gzip.compress(_json_lines(afternoon), mtime=0)),
            _write(f"{folder}/chats-{part:04}.csv", records),
            _write(f"{folder}/reviews-{part:04}.parquet", _parquet(reviews)),
        ]
    return paths


# Rows that a run rejects: a line cut off, a blank text, a number where text should be; a record without an id.
_BAD_LINES = (
    b'{"document_id": "bad-cut-off", "text": "The connection was los\n'
    b'{"document_id": "bad-blank", "text": " \\n ", "source": "mail"}\n'
    b'{"document_id": "bad-number", "text": 42, "source": "mail"}\n'
)
_BAD_RECORDS = b",I forgot who I am.,en,chat,,\r\n"
BAD_ROWS = 5  # those four and the repeated id


def _parts(made: Iterable[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    left = iter(made)
    while rows := list(itertools.islice(left, _DOCUMENTS_PER_PART)):
        yield rows


def _sorted(rows: list[dict[str, str]]) -> tuple[list[dict[str, str]], ...]:
    """Tell documents apart: the morning's mails, the afternoon's, chats, reviews."""
    mails = [row for row in rows if row["source"] == "mail"]
    return (
        [mail for mail in mails if mail["created_at"][11:13] < "12"],
        [mail for mail in mails if mail["created_at"][11:13] >= "12"],
        [row for row in rows if row["source"] == "chat"],
        [row for row in rows if row["source"] == "review"],
    )


def _write(location: str, content: bytes) -> str:
    uri = absolute(location)
    with storage_of(uri).create(uri) as file:
        file.write(content)
    return location


def _json_lines(rows: list[dict[str, str]]) -> bytes:
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def _csv(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _parquet(rows: list[dict[str, str]]) -> bytes:
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in _COLUMNS}
    instants = [datetime.fromisoformat(row["created_at"]) for row in rows]
    columns["created_at"] = pa.array(instants, pa.timestamp("us", tz="UTC"))
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink, compression="zstd")
    return bytes(sink.getvalue())


def _writer(share: Callable[[], float], phrases: dict[str, Any]) -> Callable[[], _Written]:
    """Make the function that writes one new text; `share` gives numbers from 0 to 1."""
    topics = list(phrases["topics"].values())
    foreign = list(phrases["foreign"].items())
    moods = ("positive", "positive", "positive", "negative", "negative", "negative", "negative", "neutral", "mixed")

    def pick(choices: Any) -> Any:
        return choices[int(share() * len(choices))]

    def two(choices: list[str]) -> str:
        first = int(share() * len(choices))
        second = (first + 1 + int(share() * (len(choices) - 1))) % len(choices)
        return f"{choices[first]} {choices[second]}"

    def body(source: str) -> str:
        topic, mood = pick(topics), pick(moods)
        subject = f"Subject: {pick(topic['subject'])}\n\n" if source == "mail" else ""
        if mood == "mixed":
            says = f"{pick(topic['positive'])} {pick(phrases['mixed']['joins'])}{pick(topic['negative'])}"
        else:
            says = two(topic[mood]) if share() < 0.7 else pick(topic[mood])
        told = f"{two(topic['facts'])} {pick(phrases['asides']) if share() < 0.5 else two(phrases['asides'])}"
        return f"{subject}{pick(phrases['openings'][source])}{told} {says}"

    def write() -> _Written:
        source = pick(("mail", "mail", "mail", "mail", "chat", "chat", "chat", "review", "review", "review"))
        first, last = pick(phrases["first_names"]), pick(phrases["last_names"])
        language = "" if share() < _UNLABELLED else "en"
        if share() < _FOREIGN:
            language, bank = pick(foreign)
            start = int(share() * len(bank["sentences"]))
            text = " ".join((bank["sentences"] * 2)[start : start + 3])
            closing = ""
        else:
            text, closing = body(source), pick(phrases["closings"][source])
        if share() < _PERSONAL:
            text += "".join(f" {_personal(pick, share, first, last)}" for _ in range(1 + int(share() * 3)))
        slots = {
            "name": f"{first} {last}",
            "agent": pick(phrases["first_names"]),
            "product": pick(phrases["products"]),
            "city": pick(phrases["cities"]),
            "weekday": pick(phrases["weekdays"]),
            "days": 2 + int(share() * 28),
            "order": f"AU-{100_000 + int(share() * 900_000)}",
            "amount": f"{5 + int(share() * 400)}.{int(share() * 100):02}",
        }
        return _Written(f"{text}{closing}".format_map(slots), source, language)

    return write


def _personal(pick: Callable[[Any], Any], share: Callable[[], float], first: str, last: str) -> str:
    """Make a sentence with one piece of personal data, of one of the seven types."""
    number = int(share() * 100)
    match int(share() * 10):
        case 0 | 1 | 2:
            return f"My e-mail is {pick(_MAILS).format(first.lower(), last.lower())}."
        case 3 | 4 | 5:
            return f"Call me on {pick(_PHONES).format(number)}."
        case 6:
            return f"I paid with card {pick(_CARDS)}, expires 04/29."
        case 7:
            return f"Please refund to {pick(_IBANS)}."
        case 8:
            return f"My social security number is {pick(_SSNS)}, if you need it."
        case _ if number % 2:
            return f"The error came from {pick(_ADDRESSES).format(1 + number)}."
        case _:
            return f"See {pick(_URLS).format(number)} for the pictures."
