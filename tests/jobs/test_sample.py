from __future__ import annotations

import csv
import gzip
import io
import itertools
import re
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from jobs.sample import BAD_ROWS, documents, write_sample
from jobs.storage import storage_of
from tests.s3 import S3, s3
from transforms.documents import COLUMNS

__all__ = ["s3"]  # the fixture

DS = "2026-11-22"
MANY = 20_000


@pytest.fixture(scope="module")
def many() -> list[dict[str, str]]:
    return list(documents(MANY, DS, seed=7))


def share(count: int) -> float:
    return count / MANY


def sample(out: Path, documents: int) -> list[Path]:
    return [Path(path) for path in write_sample(str(out), documents, DS, seed=7)]


def read(paths: list[Path]) -> list[dict[str, Any]]:
    """Every row of the drop that can be read at all."""
    rows: list[dict[str, Any]] = []
    for path in paths:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        if ".jsonl" in path.name:
            for line in content.splitlines():
                try:
                    rows.append(orjson.loads(line))
                except orjson.JSONDecodeError:
                    rows.append({"malformed": line})
        elif path.suffix == ".csv":
            rows += csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True)
        elif path.suffix == ".parquet":
            rows += pq.read_table(path).to_pylist()
        else:
            rows.append({"document_id": path.name, "text": content.decode()})
    return rows


def test_same_arguments_make_the_same_documents() -> None:
    once = list(documents(500, DS, seed=7))
    assert once == list(documents(500, DS, seed=7))
    assert once == list(itertools.islice(documents(10**12, DS, seed=7), 500))
    assert once != list(documents(500, DS, seed=8))
    assert [row["text"] for row in once] != [row["text"] for row in documents(500, "2026-11-23", seed=7)]


def test_documents_have_our_columns(many: list[dict[str, str]]) -> None:
    assert set().union(*many) == set(COLUMNS) - {"role"}
    assert set.intersection(*map(set, many)) == set(COLUMNS) - {"role", "language"}
    assert len({row["document_id"] for row in many}) == MANY
    assert all(row["text"].strip() and row["created_at"].startswith(DS) for row in many)
    assert not any(re.search(r"[{}]", row["text"]) for row in many)  # every slot is filled


def test_documents_are_as_many_kinds_as_promised(many: list[dict[str, str]]) -> None:
    assert 270 < sum(len(row["text"]) for row in many) / MANY < 330
    assert 0.37 < 1 - share(len({row["text"] for row in many})) < 0.43
    languages = Counter(row.get("language") for row in many)
    assert 0.02 < share(languages["es"] + languages["de"] + languages["fr"]) < 0.06
    assert 0.05 < share(languages[None]) < 0.12
    sources = Counter(row["source"] for row in many)
    assert set(sources) == {"mail", "chat", "review"}
    assert min(sources.values()) > 0.2 * MANY


PERSONAL = {
    "email": r"[\w.]+@(mail\.)?example\.(com|org|net)\b",
    "phone": r"\b555\W01\d\d\b",
    "card": r"I paid with card [\d -]{15,19},",
    "iban": r"refund to [A-Z]{2}\d\d[ \w]{11,30}\.",
    "ssn": r"\b\d{3}-\d\d-\d{4}\b",
    "ip": r"\b(192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}\b|2001:db8::",
    "url": r"https?://[\w.]*example\.(com|org|net)/",
}


def test_documents_hold_every_type_of_personal_data(many: list[dict[str, str]]) -> None:
    found = {kind: sum(bool(re.search(pattern, row["text"])) for row in many) for kind, pattern in PERSONAL.items()}
    assert min(found.values()) > 0
    with_any = sum(bool(re.search("|".join(PERSONAL.values()), row["text"])) for row in many)
    assert 0.17 < share(with_any) < 0.23


def test_nobody_is_real(many: list[dict[str, str]]) -> None:
    """Whatever looks like an address, a number or a link is one that belongs to nobody."""
    for row in many:
        assert row["text"].count("@") == len(re.findall(PERSONAL["email"], row["text"]))
        assert row["text"].count("://") == len(re.findall(PERSONAL["url"], row["text"]))
        assert all(number.endswith("555") for number in re.findall(r"\d{3}(?=\W01\d\d\b)", row["text"]))
        assert len(re.findall(r"Call me on", row["text"])) == len(re.findall(PERSONAL["phone"], row["text"]))


def test_drop_holds_every_document_and_the_bad_rows(tmp_path: Path) -> None:
    paths = sample(tmp_path, 1000)
    rows = read(paths)
    assert len(rows) == 1000 + BAD_ROWS
    assert {path.parent for path in paths} == {tmp_path / f"ds={DS}"}
    assert {path.suffix for path in paths} == {".txt", ".jsonl", ".gz", ".csv", ".parquet"}
    made = Counter(row["text"] for row in documents(1000, DS, seed=7))
    written = Counter(row["text"] for row in rows if "text" in row and isinstance(row["text"], str))
    assert made <= written  # quoted newlines and all
    assert any("\n" in row["text"] for row in read([path for path in paths if path.suffix == ".csv"]))


def test_bad_rows_are_bad_in_different_ways(tmp_path: Path) -> None:
    rows = read(sample(tmp_path, 1000))
    ids = Counter(row["document_id"] for row in rows if row.get("document_id"))
    assert sum("malformed" in row for row in rows) == 1
    assert sum(isinstance(row.get("text"), str) and not row["text"].strip() for row in rows) == 1
    assert sum(isinstance(row.get("text"), int) for row in rows) == 1
    assert sum("malformed" not in row and not row["document_id"] for row in rows) == 1
    assert [count for count in ids.values() if count > 1] == [2]


def test_same_arguments_write_the_same_bytes_again_and_leave_nothing_else(tmp_path: Path) -> None:
    first, second = (sample(tmp_path / name, 300) for name in ("one", "other"))
    contents = [path.read_bytes() for path in first]
    assert contents == [path.read_bytes() for path in second]
    assert all(path.read_bytes()[4:8] == bytes(4) for path in first if path.suffix == ".gz")  # no time of writing
    first[0].write_bytes(b"older")
    assert sample(tmp_path / "one", 300) == first
    assert contents == [path.read_bytes() for path in first]
    assert sorted((tmp_path / "one").rglob("*.*")) == sorted(first)


def test_large_drop_is_written_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.sample._DOCUMENTS_PER_PART", 100)
    paths = sample(tmp_path, 250)
    assert len(read(paths)) == 250 + BAD_ROWS
    assert len([path for path in paths if path.suffix == ".csv"]) == 3


def test_drop_of_one_document(tmp_path: Path) -> None:
    assert len(read(sample(tmp_path, 1))) >= 1


def test_no_date_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="isoformat"):
        write_sample(str(tmp_path), 1, "../elsewhere", seed=7)
    assert not any(tmp_path.iterdir())


def test_a_drop_in_s3_is_that_of_a_folder(s3: S3, tmp_path: Path) -> None:
    out = s3.folder()
    with s3.used():
        uris = write_sample(f"{out}/", 250, DS, seed=7)
        written = [(uri.removeprefix(out), content(uri)) for uri in uris]
    assert written == [(str(path).removeprefix(str(tmp_path)), path.read_bytes()) for path in sample(tmp_path, 250)]


def content(uri: str) -> bytes:
    with storage_of(uri).open(uri) as file:
        return bytes(file.read())
