"""Tickets with their comments: one document a conversation, of what customers say."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet as pq
import pytest

from jobs.drops import plan_splits
from jobs.formats import Telling
from jobs.readers import read_split
from jobs.readers.roles import AGENT, CUSTOMER, role_in, role_of
from tests.jobs.readers.drop import Row, listed, rejected, written
from transforms.schemas import DOCUMENTS, conform

MAP = {"document_id": "id", "text": "comments[].body"}
TICKETS = [
    {"id": 1, "comments": [
        {"body": "It came late.", "author": {"role": "end-user"}},
        {"body": "Sorry.", "author": {"role": "agent"}},
        {"body": "And broken.", "author": {"role": "end-user"}},
    ]},
    {"id": 2, "comments": [{"body": "Hello?", "author": {"role": "agent"}}]},
    {"id": 3, "comments": []},
    {"id": 4, "comments": [{"body": 5, "author": {"role": "end-user"}}]},
]  # fmt: skip


def read(path: Path, mapping: dict[str, str] = MAP, batch_rows: int = 4096, **how: bool) -> list[Row]:
    [split] = plan_splits([listed(path)], 1 << 40)
    rows: list[Row] = []
    for batch in read_split(split, mapping, batch_rows, telling=Telling(**how)):
        conform(batch, DOCUMENTS)
        batch.validate(full=True)
        assert batch.num_rows <= batch_rows
        rows += batch.to_pylist()
    return rows


def told(rows: list[Row]) -> list[tuple[Any, ...]]:
    return [(row["document_id"], row["source"], row["text"] or row["error_code"], row["source_row"]) for row in rows]


def as_lines(path: Path) -> Path:
    return written(path / "a.jsonl", b"".join(json.dumps(each).encode() + b"\n" for each in TICKETS))


def as_array(path: Path) -> Path:
    return written(path / "a.json", json.dumps({"tickets": TICKETS}, indent=1).encode())


def test_a_ticket_is_a_document_of_what_customers_say(tmp_path: Path) -> None:
    for path in (as_lines(tmp_path), as_array(tmp_path)):
        assert told(read(path)) == [
            ("1", CUSTOMER, "It came late.\nAnd broken.", 1),
            ("2", None, "NO_TEXT", 2),
            ("3", None, "TEXT_MISSING", 3),
            ("4", CUSTOMER, "TEXT_NOT_STRING", 4),
        ]
    whole = told(read(path, whole=True))
    assert whole[:2] == [
        ("1", None, "customer: It came late.\nagent: Sorry.\ncustomer: And broken.", 1),
        ("2", AGENT, "Hello?", 2),
    ]


def test_each_turn_may_be_a_document(tmp_path: Path) -> None:
    expected = [
        ("1#1", CUSTOMER, "It came late.", 1),
        ("1#3", CUSTOMER, "And broken.", 1),
        ("2", None, "NO_TEXT", 2),
        ("3", None, "TEXT_MISSING", 3),
        ("4#1", CUSTOMER, "TEXT_NOT_STRING", 4),
    ]
    for batch_rows in (4096, 2):
        assert told(read(as_lines(tmp_path), turns=True, batch_rows=batch_rows)) == expected
    assert told(read(as_lines(tmp_path), turns=True, whole=True))[1:4] == [
        ("1#2", AGENT, "Sorry.", 1),
        ("1#3", CUSTOMER, "And broken.", 1),
        ("2#1", AGENT, "Hello?", 2),
    ]


def as_avro(rows: list[dict[str, Any]], path: Path) -> None:
    """Avro of rows whose every field may be null, with the types that they show."""
    numbers = iter(range(100))

    def kind(values: list[Any]) -> Any:
        held = [value for value in values if value is not None]
        if isinstance(held[0], list):
            return {"type": "array", "items": kind([each for value in held for each in value])}
        if isinstance(held[0], dict):
            names = dict.fromkeys(name for value in held for name in value)
            fields = [{"name": name, "type": ["null", kind([v.get(name) for v in held])]} for name in names]
            return {"type": "record", "name": f"r{next(numbers)}", "fields": fields}
        return {bool: "boolean", int: "long", str: "string"}[type(held[0])]

    with path.open("wb") as file:
        fastavro.writer(file, kind(rows), rows)


WRITERS: dict[str, Callable[[list[dict[str, Any]], Path], object]] = {
    "jsonl": lambda rows, path: path.write_text("".join(json.dumps(row) + "\n" for row in rows)),
    "json": lambda rows, path: path.write_text(json.dumps({"tickets": rows}, indent=1)),
    "parquet": lambda rows, path: pq.write_table(pa.Table.from_pylist(rows), path),
    "feather": lambda rows, path: pyarrow.feather.write_feather(pa.Table.from_pylist(rows), path),
    "orc": lambda rows, path: pyarrow.orc.write_table(pa.Table.from_pylist(rows), path),
    "avro": as_avro,
}
LATE, SORRY, NOTE, BROKEN = "It came late.", "Sorry.", "He is rude.", "And broken."
# How a ticket may say who spoke -> a ticket, and what `--map` calls its text.
SAID: dict[str, tuple[dict[str, Any], str]] = {
    "the author's role": (
        {"comments": [
            {"body": LATE, "author": {"role": "end-user"}},
            {"body": SORRY, "author": {"role": "agent"}},
            {"body": NOTE, "author": {"role": "Support Engineer"}},
            {"body": BROKEN, "author": {"role": "end-user"}},
        ]},
        "comments[].body",
    ),
    "who asked": (
        {"requester_id": 7, "comments": [
            {"author_id": 7, "body": LATE, "public": True},
            {"author_id": 8, "body": SORRY, "public": True},
            {"author_id": 7, "body": NOTE, "public": False},
            {"author_id": 7, "body": BROKEN, "public": True},
        ]},
        "comments[].body",
    ),
    "who asked, within": (
        {"ticket": {"requester": {"id": "u7", "name": "K"}, "comments": [
            {"author_id": "u7", "body": LATE},
            {"author_id": "u8", "body": SORRY},
            {"author_id": "u9", "body": NOTE},
            {"author_id": "u7", "body": BROKEN},
        ]}},
        "ticket.comments[].body",
    ),
    "Intercom": (
        {"source": {"body": LATE, "author": {"type": "user"}}, "conversation_parts": {"conversation_parts": [
            {"body": SORRY, "part_type": "comment", "author": {"type": "admin"}},
            {"body": NOTE, "part_type": "note", "author": {"type": "user"}},
            {"body": BROKEN, "part_type": "comment", "author": {"type": "user"}},
        ]}},
        "conversation_parts.conversation_parts[].body",
    ),
}  # fmt: skip


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("ending", WRITERS)
def test_a_ticket_gives_the_same_turns_in_every_format(tmp_path: Path, ending: str, said: str) -> None:
    ticket, text = SAID[said]
    path = tmp_path / f"a.{ending}"
    WRITERS[ending]([{"id": 1} | ticket, {"id": 2} | ticket], path)
    mapping = {"document_id": "id", "text": text}
    rows = read(path, mapping)
    assert [(row["document_id"], row["text"]) for row in rows] == [(n, f"{LATE}\n{BROKEN}") for n in "12"]
    turns = [(row["document_id"], row["source"], row["text"]) for row in read(path, mapping, turns=True)]
    assert turns == [(f"{n}#{at}", CUSTOMER, text) for n in "12" for at, text in ((1, LATE), (4, BROKEN))]


def test_a_long_id_of_many_turns_does_not_fill_memory(tmp_path: Path) -> None:
    ticket = {"id": "i" * 100_000, "comments": [{"body": "Late."}] * 2_000}
    [split] = plan_splits([listed(written(tmp_path / "a.jsonl", json.dumps(ticket).encode()))], 1 << 40)
    batches = read_split(split, MAP, telling=Telling(turns=True))
    assert max(next(batches).nbytes for _ in range(3)) < 16 << 20


def test_who_asked_is_told_by_the_ticket(tmp_path: Path) -> None:
    ticket = {"id": 1, "requester_id": 7, "source": "mail", "comments": [
        {"author_id": 7, "body": "It came late."}, {"author_id": 8, "body": "Sorry."},
        {"author_id": 7, "public": False, "body": "A note."},
    ]}  # fmt: skip
    path = written(tmp_path / "a.jsonl", json.dumps(ticket).encode())
    assert told(read(path)) == [("1", "mail", "It came late.", 1)]
    assert told(read(path, turns=True)) == [("1#1", CUSTOMER, "It came late.", 1)]


def test_intercoms_first_message_stands_apart(tmp_path: Path) -> None:
    parts = [
        {"body": "Sorry.", "author": {"type": "admin"}},
        {"body": None, "part_type": "close", "author": {"type": "bot"}},
        {"body": "Thanks.", "author": {"type": "user"}},
    ]
    found = {
        "id": "c",
        "source": {"body": "It came late.", "author": {"type": "user"}},
        "conversation_parts": {"conversation_parts": parts},
    }
    path = written(tmp_path / "a.jsonl", json.dumps(found).encode())
    mapping = {"document_id": "id", "text": "conversation_parts.conversation_parts[].body"}
    assert told(read(path, mapping)) == [("c", CUSTOMER, "It came late.\nThanks.", 1)]


def test_where_nobody_is_known_all_speak(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", b'{"id": 1, "comments": [{"body": "One."}, {"body": "Two."}]}')
    assert told(read(path)) == [("1", None, "One.\nTwo.", 1)]


def test_a_key_twice_is_no_guess(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", b'{"id": 1, "comments": [{"body": "One.", "body": "Two."}]}')
    assert rejected(read(path)) == [(1, "DUPLICATE_KEY", "1")]


def test_a_column_called_like_the_path_is_no_conversation(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", b'{"id": 1, "comments[].body": "One."}')
    assert told(read(path, turns=True)) == [("1", None, "One.", 1)]


@pytest.mark.parametrize(
    ("turn", "role"),
    [
        ({"speaker": "AGENT 2"}, AGENT),
        ({"author": {"type": "lead"}}, CUSTOMER),
        ({"incoming": True}, CUSTOMER),
        ({"direction": "outbound"}, AGENT),
        ({"isAgent": False}, CUSTOMER),
        ({"private": True, "role": "customer"}, AGENT),
        ({"public": True}, None),
        ({"public": "false", "role": "customer"}, AGENT),
        ({"is_private": 1}, AGENT),
        ({"jsdPublic": False}, AGENT),
        ({"IsPublished": "false"}, AGENT),
        ({"type": "internal_note", "role": "customer"}, AGENT),
        ({"part_type": "note", "author": {"type": "user"}}, AGENT),
        ({"visibility": "INTERNAL"}, AGENT),
        ({"visibility": "public", "is_staff": False}, CUSTOMER),
        ({"direction": "in"}, CUSTOMER),
        ({"direction": "OUTGOING_EMAIL"}, AGENT),
        ({"participantPurpose": "customer"}, CUSTOMER),
        ({"commenter": {"type": "AGENT"}}, AGENT),
        ({"isAgent": "true"}, AGENT),
        ({"private": "perhaps"}, None),
        ({"from": "Kim Novak"}, None),
        ({"type": "comment", "author": {"name": "Kim"}}, None),
        ({"role": ["agent"]}, None),
        ("agent", None),
    ],
)
def test_who_spoke_is_told_by_what_stands_beside_the_text(turn: Any, role: str | None) -> None:
    assert role_in(turn, None) == role


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("End-User", CUSTOMER),
        ("customer_1", CUSTOMER),
        ("VIP customer", CUSTOMER),
        ("Kundin", CUSTOMER),
        ("cliente", CUSTOMER),
        ("Usuário", CUSTOMER),
        ("Opératrice", AGENT),
        ("Suporte", AGENT),
        ("IVR", AGENT),
        ("Sales Rep", AGENT),
        ("Support Engineer", AGENT),
        ("SupportAgent", AGENT),
        ("Customer Service Agent", AGENT),
        ("customer success manager", AGENT),
        ("Contact center", AGENT),
        ("Conseillère", AGENT),
        ("Mitarbeiter 3", AGENT),
        ("Kim", None),
        ("Member", None),  # of GitHub's staff, or of a club
        ("Me", None),
        ("Sales", None),
        ("Service", None),
        ("The agent", None),  # the beginning of what a customer says
        ("My support", None),
        ("Service call", None),
        (None, None),
        (5, None),
    ],
)
def test_labels(label: object, role: str | None) -> None:
    assert role_of(label) == role
