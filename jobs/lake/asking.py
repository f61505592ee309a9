"""One statement over what a lake has published, by whoever answers for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa

from jobs.lake.layout import Lake
from jobs.lake.published import published_files, run_rows
from jobs.lake.types import Answer, Parameter
from jobs.stores.protocols import Ledger
from transforms.errors import UsageError


@contextmanager
def asked(
    lake: Lake, ledger: Ledger, sql: str, parameters: Sequence[Parameter] = (), engine: str | None = None
) -> Iterator[Answer]:
    """Answer one reading statement, its rows as they come; `parameters` are bound to its `?`, in order.

    `engine` is `athena` or `duckdb`; without one it is Athena for a lake in S3 and DuckDB, here, for any other. Raises
    UsageError where the statement is not one read, or fails; LakeError where the lake cannot be read.
    """
    if engine == "athena" and lake.config is None:
        raise UsageError(
            f"--engine athena: {lake.root} is on this machine, and Athena reads what is in S3; leave it out"
        )
    if lake.config is not None and engine != "duckdb":
        from jobs.lake import athena

        yield athena.answered(lake.config, sql, parameters)
        return
    from jobs.lake import sql as duckdb

    files = published_files(lake, ledger.publications())
    with duckdb.answered(files, run_rows(lake, ledger), sql, parameters) as answer:
        yield answer


def whole(lake: Lake, ledger: Ledger, sql: str, parameters: Sequence[Parameter] = ()) -> pa.Table:
    """Answer as `asked` does, with all rows at once."""
    with asked(lake, ledger, sql, parameters) as answer:
        return pa.Table.from_batches(list(answer.batches), answer.schema)
