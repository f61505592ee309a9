"""What was written is read back once, by the workers, and judged."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import SparkSession

from jobs.drops import Compression, DropFile, Format
from jobs.lake import parquet
from jobs.lake.layout import Lake
from jobs.lake.parquet import WrittenFile
from jobs.run.audit import Audit, audit
from jobs.run.read_back import Searched
from jobs.run.staging import Staged
from jobs.spark.tasks import SparkWorkers
from jobs.stores.protocols import PublishedFile, TakenFile
from tests.jobs.run.lakes import DEFERRED, DS, REJECTED, batch, new_lake, write
from transforms.errors import LakeError
from transforms.pii.policy import DEFAULT_POLICY

OTHER = "2026-11-21"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return new_lake(tmp_path)[0]


def audited(spark: SparkSession, lake: Lake, *files: WrittenFile, documents: int | None = None) -> Audit:
    dates = sorted({file.ds for file in files})
    staged = [Staged(ds, [file for file in files if file.ds == ds], 0) for ds in dates]
    total = sum(file.rows for file in files) if documents is None else documents
    return audit(SparkWorkers(spark), lake, Searched(DEFAULT_POLICY, "R1"), staged, total)


def test_what_holds_is_kept_with_the_files_and_their_rows(spark: SparkSession, lake: Lake) -> None:
    one = write(lake, "one", {"document_id": "a"}, {"document_id": "b"})
    two = write(lake, "two", {"document_id": "a"}, ds=OTHER)

    found = audited(spark, lake, one, two)

    assert found.verdict.failures == []
    assert found.files == {
        OTHER: [PublishedFile(f"scores/ds={OTHER}/run=R1/two.parquet", 1)],
        DS: [PublishedFile(f"scores/ds={DS}/run=R1/one.parquet", 2)],
    }
    pages = sorted(str(path.relative_to(lake.audit("R1"))) for path in Path(lake.audit("R1")).rglob("*.*"))
    assert pages == ["docs/index.html", "validation.json"]
    assert found.seconds > 0


def test_a_large_file_is_read_back_by_several(lake: Lake, spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP_ROWS", 2)
    monkeypatch.setattr("jobs.run.audit.GROUPS_A_TASK", 2)
    with parquet.new_file(DS, f"{lake.scores(DS, 'R1')}/large.parquet") as writer:
        for row in range(11):
            writer.write(batch({"document_id": f"d{row // 10}", "source_row": row}))
    large = writer.written

    found = audited(spark, lake, large)

    assert large.groups == 11 // 2 + 1
    assert found.files == {DS: [PublishedFile(f"scores/ds={DS}/run=R1/large.parquet", 11)]}
    assert "repeated_ids=1" in "".join(found.verdict.failures)
    with pytest.raises(LakeError, match="cannot be read back"):
        audited(spark, lake, replace(large, groups=99))


def test_a_lost_document_and_a_repeated_id_are_told(spark: SparkSession, lake: Lake) -> None:
    files = [write(lake, "one", {"document_id": "a"}), write(lake, "two", {"document_id": "a"})]

    found = audited(spark, lake, *files, documents=3)

    assert not found.verdict.holds
    assert "repeated_ids=1" in "".join(found.verdict.failures)
    assert "where 3 is the sum" in "".join(found.verdict.failures)


def test_ids_are_those_that_were_read_back(spark: SparkSession, lake: Lake) -> None:
    """Whatever a writer said."""
    files = [write(lake, "one", {"document_id": "a"}), write(lake, "two", {"document_id": "a"})]
    silent = [replace(file, ids=np.empty(0, np.uint64)) for file in files]

    assert "repeated_ids=1" in "".join(audited(spark, lake, *silent).verdict.failures)


def test_personal_data_that_is_left_is_told_and_not_shown(spark: SparkSession, lake: Lake) -> None:
    found = audited(spark, lake, write(lake, "one", {"redacted_text": "write to kim@example.com"}))

    assert "pii_left=True" in "".join(found.verdict.failures)
    assert "kim" not in Path(lake.audit("R1"), "validation.json").read_text(encoding="utf-8")


def test_personal_data_that_is_left_beside_a_text_is_told_and_not_shown(spark: SparkSession, lake: Lake) -> None:
    found = audited(spark, lake, write(lake, "one", {"document_id": "kim@example.com"}))

    assert "pii_beside=True" in "".join(found.verdict.failures)
    assert "kim" not in Path(lake.audit("R1"), "validation.json").read_text(encoding="utf-8")


def test_what_counts_as_taken(spark: SparkSession, lake: Lake) -> None:
    waiting = [{"document_id": f"w{row}", "source_file": "/w", "source_row": row} | DEFERRED for row in (1, 2)]
    unreadable = {"document_id": None, "source_file": "/gone", "source_row": 0} | REJECTED
    found = audited(spark, lake, write(lake, "one", {}, *waiting, unreadable | {"error_code": "FILE_UNREADABLE"}))
    files = [DropFile(uri, 10, "1", DS, Format.JSONL, Compression.NONE) for uri in ("/drops/a.jsonl", "/w", "/gone")]

    assert found.taken(files) == [TakenFile(DS, "/drops/a.jsonl", 10, "1"), TakenFile(DS, "/w", 10, "1", 2)]
    assert found.found.deferred == Counter({"/w": 2})
    otherwise = replace(files[1], uri="/kim", called="/w", keyed="ab" * 32)
    assert found.taken([otherwise]) == [TakenFile(DS, "ab" * 32, 10, "1", 2, "/w")]


def test_a_file_that_is_gone_is_an_error_that_names_it(spark: SparkSession, lake: Lake) -> None:
    file = write(lake, "one", {})
    Path(file.uri).write_bytes(b"PAR1 but not really PAR1")

    with pytest.raises(LakeError, match=r"one\.parquet cannot be read back"):
        audited(spark, lake, file)
