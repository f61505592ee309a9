"""SQL over what is published, by DuckDB: the local twin of Athena.

A query sees the tables `scores` and `runs` and the views of `transforms/sql`, and nothing else of this machine: pyarrow
reads the files and hands DuckDB their rows, so that DuckDB itself opens no file at all, to read or to write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from functools import cache
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.dataset as pads
from pyarrow import fs

from jobs.lake.published import open_published, read_through, require_columns
from jobs.lake.types import Answer, Parameter
from jobs.lake.views import in_order, views
from jobs.storage import storage_of
from transforms.display import visible
from transforms.errors import AuraStreamError, LakeError, UsageError
from transforms.schemas import PUBLISHED, RUNS

_SETTINGS: dict[str, Any] = {
    "memory_limit": "1GB",  # the engine's; the answer comes on top
    "temp_directory": "",  # text is not spilled to disk
    "python_enable_replacements": False,  # a table's name is never a variable of this process
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_GAP = r"(?:\s|--[^\n]*\n|/\*.*?\*/)"
# What stands before the statement that is explained.
_EXPLAIN = re.compile(rf"\A{_GAP}*EXPLAIN{_GAP}+(?:ANALYZE{_GAP}+)?(?:\([^()]*\){_GAP}*)?", re.IGNORECASE | re.DOTALL)
_THREADS = 16  # files looked at at once
# How DuckDB begins to say that pyarrow could not read on.
_READING_FAILED = "Invalid Input Error: reading the stream registered as "
_UNTOLD = "the query failed while it ran ({}); DuckDB's own words are not shown, as they may quote a document"
# How the words of an error that comes in the middle of an answer begin, or nearly.
_KINDS = ("Conversion Error", "Invalid Input Error", "Out of Range Error", "Out of Memory Error")
_BATCH_ROWS = 10_000

# Athena's functions; the bounds of a sequence may be of any integer type.
_FUNCTIONS = """
    CREATE MACRO to_utf8(text) AS encode(text);
    CREATE MACRO sequence
        (start, stop) AS generate_series(CAST(start AS BIGINT), CAST(stop AS BIGINT)),
        (start, stop, step) AS generate_series(CAST(start AS BIGINT), CAST(stop AS BIGINT), CAST(step AS BIGINT))
"""


class _File(NamedTuple):
    """A Parquet file of a table."""

    uri: str
    rows: int
    ds: str | None = None  # its date, where the table has one


def query(
    published: Mapping[str, Mapping[str, int]],
    runs_files: Sequence[str],
    sql: str,
    parameters: Sequence[Parameter] = (),
) -> pa.Table:
    """Answer as `answered` does, with all rows at once."""
    with answered(published, runs_files, sql, parameters) as answer:
        return pa.Table.from_batches(list(answer.batches), answer.schema)


@cache
def view_schemas() -> Mapping[str, pa.Schema]:
    """The columns of each view of `transforms/sql`, by its name."""
    with _open([], []) as connection:
        selected = {name: connection.sql(f"SELECT * FROM {name} LIMIT 0") for name in views()}  # noqa: S608 - names of files
        return {name: relation.to_arrow_reader().schema for name, relation in selected.items()}


@contextmanager
def answered(
    published: Mapping[str, Mapping[str, int]],
    runs_files: Sequence[str],
    sql: str,
    parameters: Sequence[Parameter] = (),
) -> Iterator[Answer]:
    """Answer one reading SQL statement over the published files.

    `published` gives each date's Parquet files of `scores`, as URIs, with the rows of each; `runs_files` those of
    `runs`, of a row each. There may be none at all.
    `parameters` are bound to the statement's `?`, in order. Files and answer are streamed.

    Raises UsageError where the statement is not one read, or fails; its message may quote the query, and never a
    document. Raises LakeError where a file is missing, damaged, or not what was published.
    """
    scores = [_File(uri, rows, ds) for ds, listed in published.items() for uri, rows in listed.items()]
    runs = [_File(uri, 1) for uri in runs_files]
    try:
        "".join((sql, *(each for each in parameters if isinstance(each, str)))).encode()
        reads = _reads(sql)
    except UnicodeEncodeError:
        raise UsageError("the query or a parameter is not valid text") from None
    except duckdb.Error as error:
        raise UsageError(_lines(error)) from None
    if not reads:
        raise UsageError("give one statement that reads: SELECT, WITH, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN")
    with _open(scores, runs) as connection:
        try:
            reader = connection.sql(sql, params=list(parameters)).to_arrow_reader(_BATCH_ROWS)
        except duckdb.Error as error:
            raise _failed([*scores, *runs], str(error), _reason(connection, sql, parameters, error)) from None
        yield Answer(reader.schema, _batches(reader, [*scores, *runs]))


def _batches(reader: pa.RecordBatchReader, tables: Sequence[_File]) -> Iterator[pa.RecordBatch]:
    try:
        yield from reader
    except (duckdb.Error, OSError, pa.ArrowException) as error:  # the latter are how pyarrow tells of the former
        kind = next((name for name in _KINDS if name in str(error)), "Error").removesuffix(" Error")
        raise _failed(tables, str(error), _UNTOLD.format(kind.replace(" ", ""))) from None


def _failed(tables: Sequence[_File], said: str, reason: str) -> AuraStreamError:
    """Why a statement failed. Raises LakeError that names a damaged file."""
    if _READING_FAILED not in said:
        return UsageError(reason)
    _find_damage(tables)
    return LakeError(
        "a published file is damaged, and reads well where it is read through: restore the lake's tables from a backup"
    )


def _reads(sql: str) -> bool:
    """Whether it is one statement that reads, or one such explained. Raises duckdb.Error where it is none at all."""
    statements = duckdb.extract_statements(sql)
    if len(statements) == 1 and statements[0].type is duckdb.StatementType.EXPLAIN:
        statements = duckdb.extract_statements(_EXPLAIN.sub("", sql, count=1))
    # DESCRIBE, SHOW, SUMMARIZE and WITH are SELECT.
    return [statement.type for statement in statements] == [duckdb.StatementType.SELECT]


def _open(scores: Sequence[_File], runs: Sequence[_File]) -> duckdb.DuckDBPyConnection:
    """Open a database in memory with the tables and views over these files, and lock it."""
    connection = duckdb.connect(config=_SETTINGS)
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(_FUNCTIONS)
    connection.register("scores", _dataset(scores, PUBLISHED))
    connection.register("runs", _dataset(runs, RUNS))
    for name, sql in in_order(views()):
        connection.execute(f"CREATE TEMP VIEW {name} AS {sql}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _dataset(table: Sequence[_File], schema: pa.Schema) -> pads.Dataset:
    """What DuckDB reads in place of files: pages are checked, and files of other dates than it wants not opened."""
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(lambda file: _check(file, schema), table))
    form = pads.ParquetFileFormat(
        default_fragment_scan_options=pads.ParquetFragmentScanOptions(page_checksum_verification=True)
    )
    fragments = [
        _fragment(form, uri, None if ds is None else pads.field("ds") == date.fromisoformat(ds)) for uri, _, ds in table
    ]
    return pads.FileSystemDataset(fragments, schema, form)


def _fragment(form: pads.ParquetFileFormat, uri: str, of: pads.Expression | None) -> pads.ParquetFileFragment:
    """A file to be read when it is wanted. Objects are read by the storage, which has the credentials."""
    if uri.startswith("s3://"):
        return form.make_fragment(storage_of(uri).open(uri), partition_expression=of)
    return form.make_fragment(uri, fs.LocalFileSystem(), of)


def _check(file: _File, schema: pa.Schema) -> None:
    with open_published(file.uri, file.rows) as opened:
        require_columns(opened, file.uri, schema)


def _find_damage(table: Sequence[_File]) -> None:
    """Read files through, for DuckDB does not say which one it was. Raises LakeError that names it."""
    for file in table:
        read_through(file.uri, file.rows)


def _reason(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Parameter], error: duckdb.Error
) -> str:
    """Say why a statement failed, in DuckDB's words where these cannot quote a document."""
    try:
        connection.execute(f"EXPLAIN {sql}", list(parameters))
    except duckdb.Error as planning:
        if type(planning) is type(error):  # it fails while it is planned, when no row has been read
            return _lines(error)
    kind = type(error).__name__.removesuffix("Exception")
    return _UNTOLD.format(kind)


def _lines(error: duckdb.Error) -> str:
    return "\n".join(visible(line) for line in str(error).splitlines())
