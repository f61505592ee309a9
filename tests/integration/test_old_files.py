"""What an earlier version published lacks columns: they read as NULL, and every night goes on from there."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from jobs.lake.published import published_files
from tests.conftest import document, write_json_lines
from tests.integration.lakes import DS, answer, nightly, opened, published
from tests.jobs.commands.running import invoke

pytestmark = pytest.mark.usefixtures("spark")
LATER = ["role", "left_out"]  # columns that came after the first lakes
ASKED = "SELECT document_id, role, left_out FROM scores ORDER BY document_id"
CALL = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Agent>Hello?\n\n00:03.000 --> 00:04.000\n<v Customer>It came late.\n"
OLD = "document_id,role,left_out\ncall.vtt,,\nd1,,\n"
NEW = "document_id,role,left_out\ncall.vtt,customer,6\nd1,,0\n"


def as_before(lake: Path) -> None:
    """What is published, as it was before there were these columns."""
    layout, stores = opened(lake)
    for listed in published_files(layout, stores.ledger().publications()).values():
        for uri in listed:
            pq.write_table(pq.read_table(uri, partitioning=None).drop(LATER), uri, write_page_checksum=True)


@pytest.mark.parametrize("whole_file_bytes", [0, 1 << 40])
def test_nights_go_on_from_files_that_lack_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole_file_bytes: int
) -> None:
    monkeypatch.setattr("jobs.run.carry_forward.WHOLE_FILE_BYTES", whole_file_bytes)
    drops, lake = tmp_path / "drops" / f"ds={DS}", tmp_path / "lake"
    write_json_lines(drops / "mails.jsonl", [document(document_id="d1")])
    (drops / "call.vtt").write_text(CALL, encoding="utf-8")
    nightly(drops, lake)
    assert answer(lake, ASKED) == NEW

    as_before(lake)
    assert answer(lake, ASKED) == OLD
    out = tmp_path / "out"
    assert invoke("export", "--lake", lake, "--ds", DS, "--out", out).exit_code == 0
    assert pq.read_table(out / f"ds={DS}" / "scores.parquet").column("role").null_count == 2

    # Carried forward, old rows stand beside new ones, in files of all columns.
    write_json_lines(drops / "late.jsonl", [document(document_id="late", role="Support Engineer")])
    nightly(drops, lake)
    assert [(row["document_id"], row["role"], row["left_out"]) for row in published(lake)] == [
        ("call.vtt", None, None),
        ("late", "agent", 0),
        ("d1", None, None),
    ]

    assert invoke("rollback", "--lake", lake, "--ds", DS).exit_code == 0
    assert answer(lake, ASKED) == OLD

    nightly(drops, lake, reprocess=True)
    assert answer(lake, ASKED) == f"{NEW}late,agent,0\n"
