"""`aurastream analyze --in` gives the rows that `aurastream nightly` publishes for the same file, in the same order."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner

from jobs.cli import cli
from tests.conftest import document, write_json_lines, write_key
from tests.integration.lakes import DS, content, nightly, published
from transforms.schemas import SCORES

pytestmark = pytest.mark.usefixtures("spark")

CSV = """ticket,body,lang
1,"I love it,
call me on 212-555-0187",en
2,"an open quote
3,Terrible. It broke after a day.,
1,"The first of an id wins.",en
,No id.,en
4,Jag älskar den,sv
5, ,en
5,"Fine, after the blank one.",en
6,too,many,fields
2,"Fine, after the open quote.",en
"""


@pytest.fixture
def drops(tmp_path: Path) -> Path:
    write_json_lines(
        tmp_path / "drops" / "mails.jsonl",
        [
            document(document_id="d1", text="Write to kim@example.com, it is great. " * 40),  # several chunks
            document(document_id="d2", text=None),
            document(document_id="d2", text="Never again!"),
            '{"document_id": "cut off',
            document(document_id="d1", text="Too late."),
            "",
            document(document_id="d3", language="sv"),
            document(document_id="d4", text="Never again!", language=None, subject_id=None),
            document(document_id="d2", text=7),
            *(document(document_id=f"n{number}") for number in range(20)),
        ],
    )
    (tmp_path / "drops" / "tickets.csv").write_text(CSV, encoding="utf-8")
    return tmp_path / "drops"


def analyzed(source: Path, *options: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(cli, ["analyze", "--in", str(source), *options])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def as_json(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a table as JSON has them: instants as text, confidences as the float they are stored as."""
    return [
        row | {name: row[name] and row[name].isoformat() for name in ("created_at", "scored_at")}
        for row in pa.Table.from_pylist(rows, SCORES).to_pylist()
    ]


@pytest.mark.parametrize(
    ("name", "mapping"),
    [("mails.jsonl", {}), ("tickets.csv", {"document_id": "ticket", "text": "body", "language": "lang"})],
)
def test_the_rows_are_those_that_nightly_publishes(
    name: str, mapping: dict[str, str], drops: Path, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    write_key(key)
    options = [part for ours, theirs in mapping.items() for part in ("--map", f"{ours}={theirs}")]

    night = nightly(drops / name, tmp_path / "lake", ds=DS, key_file=key, mapping=mapping)
    rows = analyzed(drops / name, "--key-file", str(key), *options)

    assert night is not None
    expected = as_json(published(tmp_path / "lake"))  # in the order of the file's rows
    assert content(rows) == content(expected)
    assert [set(row) for row in rows] == [set(SCORES.names)] * len(rows)
    codes = {row["error_code"] for row in rows if row["status"] == "REJECTED"}
    assert {"DUPLICATE_ID"} < codes, "too easy"
    assert {row["status"] for row in rows} == {"SCORED", "REJECTED", "FAILED"}
    assert len(rows) == night.summary.documents
