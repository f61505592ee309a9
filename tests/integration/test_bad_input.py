"""Bad input gets a row or a clear error, and every other document is scored as if the bad one were absent.

The readers' own tests have every case for every format (tests/jobs/readers); here one drop holds them all, and what the
run leaves behind (tables, reports, logs, Spark's event log, the cache, the ledger) is searched for their text.
"""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import document, write_json_lines, write_key
from tests.integration.lakes import DS, content, nightly, published

# Stands in the text of every rejected document, and in personal data; nothing that is written may hold it.
CANARY = "xylophonist"


def good(folder: Path) -> None:
    """A drop of every format without a fault."""
    for name in ("a", "z"):
        write_json_lines(folder / f"{name}.jsonl", [document(document_id=f"{name}{i}") for i in range(3)])
    (folder / "m.csv").write_text('document_id,text\nm1,"Two lines,\nboth fine"\nm2,Great\n')
    (folder / "letter.txt").write_text("A plain letter, and a friendly one.")


def bad(folder: Path) -> None:
    """The same drop with every fault the issue of bad input knows, between and beside the good ones."""
    good(folder)
    lines = (folder / "a.jsonl").read_bytes().splitlines(keepends=True)
    text = f"{CANARY} wrote this"
    faults: list[bytes] = [
        b'{"document_id": "b1", "text": "' + text.encode() + b"\n",  # cut off
        b'{"document_id": "b2", "text": "' + CANARY.encode() + b' \xff\xfe"}\n',  # not UTF-8
        json.dumps(document(document_id="b3", text=f"{text} \0")).encode() + b"\n",
        b'{"document_id": "b4", "text": "' + text.encode() + b' \\ud800"}\n',  # half a surrogate pair
        b'{"document_id": "b5", "text": ' + b"[" * 5000 + b"]" * 5000 + b"}\n",
        f'{{"document_id": "b6", "text": "{text}", "text": "{text}"}}\n'.encode(),
        json.dumps(document(document_id="b7", text=12345)).encode() + b"\n",
        json.dumps(document(document_id="b8", text=None)).encode() + b"\n",
        json.dumps(document(document_id="b9", text={"is": text})).encode() + b"\n",
        json.dumps(document(document_id=None, text=text)).encode() + b"\n",
        json.dumps(document(document_id="b11", text=" \u200b\t")).encode() + b"\n",
        json.dumps(document(document_id="b12", text=text * 100_000)).encode() + b"\n",  # over 1 MB
        json.dumps([text]).encode() + b"\n",
        lines[0].replace(b"kettle", CANARY.encode()),  # the id again, with another text
    ]
    (folder / "a.jsonl").write_bytes(lines[0] + b"".join(faults) + b"".join(lines[1:]))
    (folder / "b line.jsonl").write_bytes(b'{"document_id": "b13", "text": "' + CANARY.encode() * 20_000_000 + b'"}\n')
    long = "".join(f"{text} {i} " for i in range(999))
    half = gzip.compress(json.dumps(document(document_id="h", text=long)).encode())
    (folder / "half%2F.jsonl.gz").write_bytes(half[: len(half) // 2])
    with gzip.open(folder / "bomb.jsonl.gz", "wb", compresslevel=9) as bomb:
        for _ in range(1200):
            bomb.write(b" " * 2**20)
    (folder / "empty.jsonl").touch()
    (folder / "_SUCCESS").touch()
    (folder / "broken.parquet").write_bytes(b"PAR1" + text.encode() * 10 + b"PAR1")
    (folder / "noise.bin").write_bytes(os.urandom(64) + b"\0" + text.encode())
    pq.write_table(pa.table({"document_id": ["p1"], "text": pa.array([3.5])}), folder / "types.parquet")
    (folder / "unclosed.csv").write_text(f'document_id,text\nu1,"{text}\nu2,"open again", and more\n')
    (folder / "..escape.jsonl").write_text(json.dumps(document(document_id=None, text=text)))
    other = folder.parent / "ds=2026-13-45"
    other.mkdir()
    (other / "x.jsonl").write_text(json.dumps(document(text=text)))


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory, spark: object) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The published rows of the good drop and of the bad one, both scored under one key."""
    results = []
    for make in (good, bad):
        folder = tmp_path_factory.mktemp(make.__name__)
        write_key(folder / "key")
        (folder / "drops" / f"ds={DS}").mkdir(parents=True)
        make(folder / "drops" / f"ds={DS}")
        nightly(folder / "drops", folder / "lake", key_file=folder / "key")
        rows = published(folder / "lake")
        results.append([{**row, "source_file": Path(row["source_file"]).name} for row in rows])
    return results[0], results[1]


def test_every_other_document_is_scored_as_if_the_bad_one_were_absent(rows: Any) -> None:
    clean, damaged = rows
    sound = [row for row in damaged if row["status"] != "REJECTED"]

    # The rows of a.jsonl stand further down in the damaged file; everything else is the same.
    assert content(sound, "source_row") == content(clean, "source_row")
    assert {row["status"] for row in clean} == {"SCORED"}


def test_every_bad_one_is_a_row_that_says_which_and_why(rows: Any) -> None:
    _, damaged = rows
    rejected = [(r["source_file"], r["source_row"], r["error_code"]) for r in damaged if r["status"] == "REJECTED"]

    assert rejected == sorted(
        [
            ("a.jsonl", 2, "MALFORMED_JSON"),
            ("a.jsonl", 3, "INVALID_UTF8"),
            ("a.jsonl", 4, "NUL_CHARACTER"),
            ("a.jsonl", 5, "LONE_SURROGATE"),
            ("a.jsonl", 6, "MALFORMED_JSON"),
            ("a.jsonl", 7, "DUPLICATE_KEY"),
            ("a.jsonl", 8, "TEXT_NOT_STRING"),
            ("a.jsonl", 9, "TEXT_MISSING"),
            ("a.jsonl", 10, "TEXT_NOT_STRING"),
            ("a.jsonl", 11, "ID_MISSING"),
            ("a.jsonl", 12, "TEXT_BLANK"),
            ("a.jsonl", 13, "TEXT_TOO_LARGE"),
            ("a.jsonl", 14, "NOT_AN_OBJECT"),
            ("a.jsonl", 15, "DUPLICATE_ID"),
            ("b line.jsonl", 1, "LINE_TOO_LONG"),
            ("half%2F.jsonl.gz", 1, "CORRUPT_COMPRESSION"),
            ("bomb.jsonl.gz", 1, "DECOMPRESSION_BOMB"),
            ("broken.parquet", 0, "CORRUPT_FILE"),
            ("noise.bin", 0, "UNKNOWN_FORMAT"),
            ("types.parquet", 1, "TEXT_NOT_STRING"),
            ("unclosed.csv", 2, "MALFORMED_CSV"),
            ("unclosed.csv", 3, "MALFORMED_CSV"),
            ("..escape.jsonl", 1, "ID_MISSING"),
            ("x.jsonl", 0, "BAD_DATE"),
        ]
    )
    for row in damaged:
        if row["status"] == "REJECTED":
            assert row["redacted_text"] is None
            assert row["content_key"] is None


def test_nothing_that_a_run_leaves_behind_holds_a_rejected_text_or_personal_data(tmp_path: Path) -> None:
    """A run of its own, with Spark's event log on and a worker that fails at a document in a second run."""
    folder = tmp_path / "drops" / f"ds={DS}"
    folder.mkdir(parents=True)
    bad(folder)
    (folder / "b line.jsonl").unlink()
    write_json_lines(folder / "people.jsonl", [document(document_id="pp", text=f"Mail me: {CANARY}@example.com")])
    events = tmp_path / "events"
    events.mkdir()
    environment = os.environ | {
        "PYSPARK_SUBMIT_ARGS": "--conf spark.eventLog.enabled=true "
        f"--conf spark.eventLog.dir={events.as_uri()} pyspark-shell",
    }
    root = Path(__file__).parents[2]
    said = b""
    for script in ("-m jobs.cli", "tests/integration/broken_worker.py"):
        command = [sys.executable, *script.split(), "nightly", "--drops", str(tmp_path / "drops"), "--ds", DS]
        command += ["--max-rejected", "100%"]
        command += ["--lake", str(tmp_path / "lake"), "--reprocess"]
        ended = subprocess.run(command, check=False, capture_output=True, cwd=root, env=environment)
        said += ended.stdout + ended.stderr
        assert ended.returncode == ("broken" in script), said
    assert b"a.jsonl, row 2: MALFORMED_JSON" in said
    assert b"Error: ValueError at broken_worker.py" in said
    assert CANARY.encode() not in said
    assert len(list(events.iterdir())) == 2
    written = [path for top in (events, tmp_path / "lake") for path in top.rglob("*") if path.is_file()]
    for path in written:
        assert CANARY.encode() not in path.read_bytes(), path
        if path.suffix == ".parquet":
            assert CANARY not in str(pq.read_table(path, partitioning=None).to_pylist()), path
