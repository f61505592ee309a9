"""Personal data that stands beside texts, in every column and name, reaches neither the lake nor a message."""

from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest

from jobs.analyze import analyze_file
from jobs.run.lifecycle import RunRecord
from jobs.settings import ScoringSettings
from tests.conftest import document, write_json_lines
from tests.integration.lakes import DS, nightly, published
from transforms.errors import ExpectationsNotMet

pytestmark = pytest.mark.usefixtures("spark")

# Made up, and each in forms that nothing else here has.
CANARIES = ["ann.lee", "555-0187", "078-05-1120", "4111111111111111", "DE89370400440532013000", "novak", "maple"]
EMAIL, PHONE, SSN, CARD, IBAN = "ann.lee@example.com", "212-555-0187", "078-05-1120", CANARIES[3], CANARIES[4]


def drop(folder: Path) -> Path:
    day = folder / f"ds={DS}"
    rows = [
        document(document_id=EMAIL, source=f"chat with {PHONE}", language=EMAIL, subject_id=EMAIL),
        document(document_id="Ann.Lee@example.com", source="Kim Novak", language="en-US"),  # another id
        document(document_id=f"ssn-{SSN}", source=IBAN, language="es"),
        document(document_id=IBAN, source="mail", text=None),  # rejected
        document(document_id=CARD, source=EMAIL, language=PHONE, text=f"Write to {EMAIL}", created_at=EMAIL),
        document(document_id=CARD, source=EMAIL, text="The same id"),  # rejected
        document(document_id="ticket-000123", source="mail"),
    ]
    write_json_lines(day / f"{EMAIL}.jsonl", rows)
    with (day / f"{EMAIL}.jsonl").open("ab") as file:
        file.write(b'{"document_id": "ann.lee@example.com", "text": "cut off by ann.lee@example.com\n')
    (day / "Kim_Novak_12_Maple_Street.txt").write_text(f"I love it, says {EMAIL}")
    (day / f"calls_{PHONE}").mkdir()
    (day / f"calls_{PHONE}" / "note.txt").write_text("Terrible.")
    (day / f"{PHONE}.csv").write_text(f'document_id,text,source\n1,fine,"{EMAIL}\n2,fine,{EMAIL}\n')
    (day / f"{SSN}.jsonl.gz").write_bytes(b"\x1f\x8b\x08 no gzip of ann.lee@example.com")
    (day / f"{EMAIL}.crc").write_text("passed over")
    (day / f"_{EMAIL}").mkdir()
    return folder


def everything(lake: Path) -> str:
    """What a lake holds, byte for byte, and its tables besides, for these are compressed."""
    found = []
    for path in sorted(lake.rglob("*")):
        found.append(str(path))
        if path.is_file():
            found.append(path.read_bytes().decode("latin-1"))
        if path.suffix == ".parquet":
            found.append(str(pq.read_table(path, partitioning=None).to_pylist()))
    return "\n".join(found).lower()


def nothing_in(said: str) -> None:
    assert [canary for canary in CANARIES if canary.lower() in said.lower()] == []


def test_nothing_of_it_is_in_the_lake_or_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    drops, lake = drop(tmp_path / "drops"), tmp_path / "lake"
    assert isinstance(nightly(drops, lake), RunRecord)

    rows = published(lake)
    said = "".join(capfd.readouterr())
    nothing_in(everything(lake))
    nothing_in(said)
    assert f"skipped {drops}/ds={DS}/[EMAIL]: a checksum" in said
    assert "rejected " in said
    ids = [row["document_id"] for row in rows if row["document_id"]]
    assert "ticket-000123" in ids
    assert len([each for each in ids if each.startswith("[EMAIL:")]) == 2
    assert {row["language"] for row in rows} <= {"en", "es", None}
    assert {row["source"] for row in rows} >= {"chat with [PHONE]", "[EMAIL]", "mail"}
    assert len({row["source_file"] for row in rows}) == 5

    assert nightly(drops, lake) is None  # all files are known
    capfd.readouterr()
    write_json_lines(drops / f"ds={DS}" / f"{EMAIL}.jsonl", [document(document_id=EMAIL, text="Changed.")])
    again = nightly(drops, lake)
    assert again is not None
    assert again.summary.files == 1
    changed = published(lake)
    assert len({row["source_file"] for row in changed}) == 5
    (row,) = [row for row in changed if row["run_id"] == again.summary.run_id]
    assert row["document_id"] in ids
    nothing_in(everything(lake))
    nothing_in("".join(capfd.readouterr()))


def test_files_that_were_taken_by_their_names_are_not_taken_twice(tmp_path: Path) -> None:
    drops, lake = drop(tmp_path / "drops"), tmp_path / "lake"
    keep = tmp_path / "keep.toml"
    keep.write_text('version = "2"\n[columns]\ndocument_id = "keep"\nsource = "keep"\nsource_file = "keep"')
    assert nightly(drops, lake, policy=keep) is not None
    before = published(lake)
    assert "ann.lee" in str(before)

    assert nightly(drops, lake) is None

    write_json_lines(drops / f"ds={DS}" / f"{EMAIL}.jsonl", [document(document_id=EMAIL, text="Changed.")])
    assert nightly(drops, lake) is not None
    rows = published(lake)
    own = [row for row in before if row["source_file"].endswith(f"{EMAIL}.jsonl")]
    assert len(rows) == len(before) - len(own) + 1
    assert nightly(drops, lake, policy=keep) is None  # by its hash
    assert nightly(drops, lake) is None


def test_a_run_that_left_something_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drops = drop(tmp_path / "drops")
    monkeypatch.setattr("jobs.nightly.called", lambda files, *_: files)

    with pytest.raises(ExpectationsNotMet, match="pii_beside") as told:
        nightly(drops, tmp_path / "lake")
    nothing_in(str(told.value))
    for page in (tmp_path / "lake" / "audits").rglob("*.*"):
        nothing_in(page.read_text())


def test_analyze_says_nothing_of_it_either(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.jsonl"
    for file in sorted((drop(tmp_path / "drops") / f"ds={DS}").iterdir()):
        if file.is_file():
            analyze_file(file, out, ScoringSettings(), None)
            nothing_in(out.read_text())
            assert all(orjson.loads(line)["source_file"] for line in out.read_bytes().splitlines())
    nothing_in("".join(capfd.readouterr()))
