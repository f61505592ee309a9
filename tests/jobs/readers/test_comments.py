"""Tickets with their comments: one document a conversation, of what customers say."""

import json
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.feather
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


@pytest.mark.parametrize("ending", ["parquet", "feather", "avro"])
def test_tables_hold_tickets_too(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    tickets: list[Any] = TICKETS[:3]
    if ending == "avro":
        author = {"type": "record", "name": "w", "fields": [{"name": "role", "type": "string"}]}
        fields = [{"name": "body", "type": "string"}, {"name": "author", "type": author}]
        turns = {"type": "array", "items": {"type": "record", "name": "c", "fields": fields}}
        of_ticket = [{"name": "id", "type": "int"}, {"name": "comments", "type": turns}]
        with path.open("wb") as file:
            fastavro.writer(file, {"type": "record", "name": "t", "fields": of_ticket}, tickets)
    elif ending == "parquet":
        pq.write_table(pa.Table.from_pylist(tickets), path)
    else:
        pyarrow.feather.write_feather(pa.Table.from_pylist(tickets), path)
    assert told(read(path))[:2] == [("1", CUSTOMER, "It came late.\nAnd broken.", 1), ("2", None, "NO_TEXT", 2)]
    assert [row["document_id"] for row in read(path, turns=True)] == ["1#1", "1#3", "2", "3"]


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
        ({"isAgent": "true"}, AGENT),
        ({"private": "perhaps"}, None),
        ({"from": "Kim Novak"}, None),
        ({"type": "comment", "author": {"name": "Kim"}}, None),
        ({"role": ["agent"]}, None),
        ("agent", None),
    ],
)
def test_who_spoke_is_told_by_what_stands_beside_the_text(turn: Any, role: str | None) -> None:
    assert role_in(turn, {}) == role


def test_labels() -> None:
    assert [role_of(label) for label in ("End-User", "customer_1", "IVR", "Kim", None, 5)] == [
        *(CUSTOMER, CUSTOMER, AGENT, None, None, None)
    ]
