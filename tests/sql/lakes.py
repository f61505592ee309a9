"""A lake on this machine that has published some rows, without a night."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from jobs.stores.open import open_lake
from jobs.stores.protocols import PublishedFile
from tests.sql.rows import Row, tables

RUN_ID = "01M8JKKQSDB5Z0QE17DQ0K99TK"


def published_lake(root: Path, scores: Sequence[Row]) -> Path:
    """Publish rows, each date's as one file of one run; beside each lies a file that nobody published."""
    lake, stores = open_lake(str(root), create=True)
    stores.keys().content_key()
    ledger, files = stores.ledger(), {}
    for ds, table in tables(scores).items():
        folder = Path(lake.scores(ds, RUN_ID))
        folder.mkdir(parents=True)
        pq.write_table(table, folder / "part.parquet", write_page_checksum=True)
        pq.write_table(table, folder / "late.parquet")
        files[ds] = [PublishedFile(lake.path_of(str(folder / "part.parquet")), table.num_rows)]
    ledger.begin(RUN_ID, max(files), list(files), alone=False)
    ledger.publish(RUN_ID, dict.fromkeys(files), files, [], {})
    return root
