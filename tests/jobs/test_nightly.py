"""What a night says of a drop that is not as it should be."""

from __future__ import annotations

from pathlib import Path

import pytest

from expectations.limits import Limits
from jobs import nightly
from jobs.settings import NightlySettings
from tests.conftest import document, write_json_lines

EVERY = Limits(1.0, 1.0)


def night(folder: Path, drops: str = "drops", **told: object) -> tuple[int, int] | None:
    """Documents in, and rejected; None where nothing was new."""
    given: dict[str, object] = {"ds": "2026-11-20", "lake": str(folder / "lake"), "limits": EVERY} | told
    record = nightly.run(NightlySettings(drops=str(folder / drops), **given))  # type: ignore[arg-type] # its fields
    return None if record is None else (record.summary.documents, record.summary.rejected)


def test_what_is_wholly_rejected_is_advised_left_out_and_taken_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tickets = [{"ticket_id": number, "body": f"It came late, {number} days."} for number in range(3)]
    write_json_lines(tmp_path / "drops" / "tickets.jsonl", tickets)
    write_json_lines(tmp_path / "drops" / "good.jsonl", [document(document_id=f"d{i}") for i in range(2)])
    path = tmp_path / "drops" / "tickets.jsonl"

    assert night(tmp_path) == (5, 3)
    said = capsys.readouterr().err
    assert f"rejected {path}, all 3 documents: ID_MISSING" in said
    assert f"{path}: its columns are ticket_id, body; none is text and document_id: try --map text=body" in said
    assert "days" not in said

    assert night(tmp_path) is None
    assert f"left out, for every document was rejected when it was read the same way: {path}; another --map" in (
        capsys.readouterr().err
    )

    assert night(tmp_path, mapping={"document_id": "ticket_id", "text": "body"}) == (3, 0)
    assert "left out" not in capsys.readouterr().err
    assert night(tmp_path) is None  # it was taken as it is
    assert "left out" not in capsys.readouterr().err


def test_what_is_not_read_is_advised_once_a_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_json_lines(tmp_path / "drops" / "good.jsonl", [document(document_id=f"d{i}") for i in range(2)])
    for name in ("a.msg", "b.msg", "c.xlsx", "~$c.xlsx", "README.txt"):
        (tmp_path / "drops" / name).write_bytes(b"no workbook" if name == "c.xlsx" else b"\xd0\xcf\x11\xe0")
    assert night(tmp_path) == (5, 3)
    said = capsys.readouterr().err
    assert f"{tmp_path}/drops/a.msg and 1 more: a mail in Outlook's own format: save it as .eml" in said
    assert f"{tmp_path}/drops/c.xlsx: no workbook that can be read: save it again" in said
    assert f"skipped {tmp_path}/drops/README.txt: a read-me" in said
    assert said.count("Outlook") == 1


def test_far_fewer_documents_than_a_week_before_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for ds, count in (("2026-11-13", 5), ("2026-11-14", 4), ("2026-11-20", 2), ("2026-11-21", 2)):
        rows = [document(document_id=f"d{number}") for number in range(count)]
        write_json_lines(tmp_path / ("then" if ds < "2026-11-20" else "drops") / f"ds={ds}" / "a.jsonl", rows)
    assert night(tmp_path, "then") == (9, 0)
    assert "warning" not in capsys.readouterr().err
    assert night(tmp_path) == (4, 0)
    said = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    assert said == ["warning: 2026-11-20 has 2 documents, and 2026-11-13, a week before, has 5"]
