"""What a lake on this machine gives, one in S3 does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

import aurastream
from aurastream.lake import Lake
from jobs.lake import catalog
from jobs.lake.create import create_lake
from jobs.storage import storage_of
from jobs.stores.open import open_lake
from jobs.stores.protocols import PublishedFile
from tests.aws import Aws, aws, queried
from tests.sql.lakes import published_lake
from tests.sql.rows import Row, tables
from transforms.errors import LakeError, UsageError

__all__ = ["aws", "queried"]  # the fixtures

EARLY, DS = "2026-11-21", "2026-11-22"
ROWS: list[Row] = [
    {"ds": EARLY, "document_id": "a", "sentiment": "POSITIVE", "language": "en"},
    {"ds": DS, "document_id": "b", "sentiment": "NEGATIVE", "language": "en", "times": 3},
    {"ds": DS, "document_id": "it's", "source": "it's", "sentiment": "MIXED", "language": "de"},
    {"ds": DS, "document_id": "c", "source": None, "status": "REJECTED", "error_code": "TEXT_BLANK"},
]


@pytest.fixture(scope="module", params=["local", pytest.param("s3", marks=pytest.mark.aws)])
def lake(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    if request.param == "local":
        yield aurastream.connect(str(published_lake(tmp_path_factory.mktemp("door") / "lake", ROWS)))
        return
    running: Aws = request.getfixturevalue("queried")
    with running.used():
        yield aurastream.connect(in_s3(f"{running.prefix()}/lake"))


def in_s3(root: str, rows: Sequence[Row] = ROWS) -> str:
    list(create_lake(root))
    lake, stores = open_lake(root, create=False)
    ledger, files = stores.ledger(), {}
    for ds, table in tables(rows).items():
        path = f"scores/ds={ds}/run=R/part.parquet"
        with storage_of(root).create(lake.at(path)) as file:
            pq.write_table(table, file)
        files[ds] = [PublishedFile(path, table.num_rows)]
    ledger.begin("R", DS, list(files), alone=False)
    ledger.publish("R", dict.fromkeys(files), files, [], {})
    catalog.show(lake, ledger)
    return root


def test_answers_are_typed(lake: Lake) -> None:
    found = lake.sql(
        "SELECT ds, source, language, sum(negative) AS negative, max(share_negative) AS share "
        "FROM daily_sentiment GROUP BY ds, source, language ORDER BY ds, source"
    )
    assert found["ds"].dtype.kind == "M"
    assert found["ds"].iloc[0] == pd.Timestamp(EARLY)
    assert isinstance(found["source"].dtype, pd.CategoricalDtype)
    assert (found["negative"].dtype.kind, found["share"].dtype.kind) == ("i", "f")
    labels = lake.sql("SELECT sentiment, status FROM scores")
    assert list(labels["sentiment"].cat.categories) == ["POSITIVE", "NEGATIVE", "NEUTRAL", "MIXED"]
    assert list(labels["status"].cat.categories) == ["SCORED", "REJECTED", "FAILED", "DEFERRED"]
    assert labels["sentiment"].isna().sum() == 1


def test_parameters_are_bound(lake: Lake) -> None:
    sql = "SELECT document_id FROM scores WHERE source = ? AND ds >= ?"
    assert list(lake.sql(sql, ["it's", date(2026, 11, 22)])["document_id"]) == ["it's"]
    assert lake.sql(sql, ["it's' OR 'a' = 'a", date(2026, 11, 22)]).empty
    with pytest.raises(UsageError, match="as a list"):
        lake.sql(sql, "mail")


def test_documents(lake: Lake) -> None:
    assert list(lake.documents(ids=["it's", "a", "none"])["document_id"]) == ["a", "it's"]
    assert list(lake.documents(ids=["it's", "a"], ds=DS)["document_id"]) == ["it's"]
    assert len(lake.documents(ds=date(2026, 11, 22))) == 5
    assert lake.documents(ids=[]).empty
    with pytest.raises(UsageError, match="give ids, ds or both"):
        lake.documents()
    with pytest.raises(UsageError, match=f"no run is published for 2026-11-24; the last is {DS}"):
        lake.documents(ds="2026-11-24")
    with pytest.raises(UsageError, match="is not a date"):
        lake.documents(ds="yesterday")


def test_views_and_runs(lake: Lake) -> None:
    assert lake.views()["movers"].startswith("A row: ")
    assert "documents" in lake.runs().columns


def test_what_does_not_read_is_refused(lake: Lake) -> None:
    with pytest.raises(UsageError, match="one statement that reads"):
        lake.sql("DROP TABLE scores")
    with pytest.raises(UsageError, match="nope"):
        lake.sql("SELECT nope FROM scores")


def test_redact_and_analyze(tmp_path: Path) -> None:
    lake = aurastream.connect(str(published_lake(tmp_path / "lake", ROWS)))
    assert lake.redact("Call me on 212-555-0187") == "Call me on [PHONE]"
    found = lake.analyze(["I love it, call me on 212-555-0187", "", "I hate it"])
    assert list(found["redacted_text"].dropna()) == ["I love it, call me on [PHONE]", "I hate it"]
    assert list(found["status"]) == ["SCORED", "REJECTED", "SCORED"]
    assert list(found["sentiment"].dropna()) == ["POSITIVE", "NEGATIVE"]


def test_no_lake(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="no lake at"):
        aurastream.connect(str(tmp_path / "none"))


def test_importing_it_imports_nothing_heavy() -> None:
    code = "import aurastream, sys; print(sorted({'pandas', 'pyarrow', 'duckdb', 'boto3', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
