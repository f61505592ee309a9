"""Every view's case on Trino, as the catalog shows a lake's views, through Athena's protocol."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.lake import athena, catalog
from jobs.lake.create import create_lake
from jobs.lake.sql import query
from jobs.lake.views import views
from jobs.storage import storage_of
from jobs.stores.open import open_lake
from jobs.stores.protocols import PublishedFile
from tests.aws import Aws, aws, queried
from tests.sql.rows import as_json, read, run_table, tables
from tests.sql.test_views import FOLDERS, close

__all__ = ["aws", "queried"]  # the fixtures

pytestmark = pytest.mark.aws


@pytest.fixture(scope="module")
def running(queried: Aws) -> Iterator[Aws]:
    with queried.used():
        yield queried


def write(uri: str, table: pa.Table) -> None:
    with storage_of(uri).create(uri) as file:
        pq.write_table(table, file)


@pytest.mark.parametrize("view", sorted(views()))
def test_view(running: Aws, view: str) -> None:
    root = f"{running.prefix()}/lake"
    list(create_lake(root))
    lake, stores = open_lake(root, create=False)
    ledger, files = stores.ledger(), {}
    for ds, table in tables(read(FOLDERS / view / "scores.jsonl")).items():
        path = f"scores/ds={ds}/run=R/part.parquet"
        write(lake.at(path), table)
        files[ds] = [PublishedFile(path, table.num_rows)]
    for run in read(FOLDERS / view / "runs.jsonl"):
        write(lake.run_row("2026-11-22", run["run_id"]), run_table(run))
    ledger.begin("R", min(files), list(files), alone=False)
    ledger.publish("R", dict.fromkeys(files), files, [], {})
    catalog.show(lake, ledger)
    assert lake.config is not None

    found = athena.query(lake.config, f"SELECT * FROM {view}")

    close([as_json(row) for row in found.to_pylist()], read(FOLDERS / view / "expected.jsonl"))
    assert found.schema.equals(query({}, [], f"SELECT * FROM {view}").schema)
