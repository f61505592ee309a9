"""SQL over what is published, by DuckDB: the local twin of Athena.

A query sees the tables `scores` and `runs` and the views of `transforms/sql`, and nothing else of this machine: DuckDB
may open the listed files alone, and may write no file, load no extension and change no setting.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from transforms.display import visible
from transforms.errors import LakeError, UsageError
from transforms.schemas import RUNS, SCORES

_SETTINGS: dict[str, Any] = {
    "memory_limit": "1GB",  # the engine's; the answer comes on top
    "temp_directory": "",  # text is not spilled to disk
    "python_enable_replacements": False,  # a table's name is never a variable of this process
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_READS = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}  # DESCRIBE, SHOW, SUMMARIZE and WITH are SELECT

# Athena's function, for bounds of any integer type.
_SEQUENCE = """
    CREATE MACRO sequence
        (start, stop) AS generate_series(CAST(start AS BIGINT), CAST(stop AS BIGINT)),
        (start, stop, step) AS generate_series(CAST(start AS BIGINT), CAST(stop AS BIGINT), CAST(step AS BIGINT))
"""


def query(
    published: Mapping[str, Sequence[str]], runs_files: Sequence[str], sql: str, parameters: Sequence[str] = ()
) -> pa.Table:
    """Answer one reading SQL statement over the published files.

    `published` gives each date's Parquet files of `scores`, `runs_files` those of `runs`: local paths, or none at all.
    `parameters` are bound to the statement's `?`, in order. The answer is held in memory, the files are streamed.

    Raises UsageError where the statement is not one read, or fails; its message may quote the query, and never a
    document. Raises LakeError where a file is missing or is not such a table.
    """
    scores = {str(Path(file).absolute()): ds for ds, listed in published.items() for file in listed}
    runs = [str(Path(file).absolute()) for file in runs_files]
    missing = [file for file in (*scores, *runs) if not Path(file).is_file()]
    if missing:
        raise LakeError(f"{visible(missing[0])} is published, but not there (files missing: {len(missing)})")
    try:
        "".join((sql, *parameters)).encode()
        statements = duckdb.extract_statements(sql)
    except UnicodeEncodeError:
        raise UsageError("the query or a parameter is not valid text") from None
    except duckdb.Error as error:
        raise UsageError(_lines(error)) from None
    if len(statements) != 1 or statements[0].type not in _READS:
        raise UsageError("give one statement that reads: SELECT, WITH, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN")
    with _open(scores, runs) as connection:
        try:
            return connection.sql(sql, params=list(parameters)).to_arrow_table()
        except duckdb.Error as error:
            raise UsageError(_reason(connection, sql, parameters, error)) from None


def _open(scores: Mapping[str, str], runs: Sequence[str]) -> duckdb.DuckDBPyConnection:
    """Open a database in memory with the views over these files (path -> date; paths), and lock it."""
    connection = duckdb.connect(config=_SETTINGS)
    connection.execute("SET TimeZone = 'UTC'")
    # A file is read by the pattern that matches it alone; both count as paths.
    readable = [*scores, *runs]
    connection.execute("SET allowed_paths = ?", [readable + [_pattern(file) for file in readable]])
    connection.execute(_SEQUENCE)
    connection.execute("CREATE SCHEMA lake")
    connection.execute("CREATE TABLE lake.dates (filename VARCHAR, ds VARCHAR)")
    connection.execute("INSERT INTO lake.dates SELECT unnest(?), unnest(?)", [[*scores], [*scores.values()]])
    try:
        _create(connection, "scores", SCORES, scores, ds=True)
        _create(connection, "runs", RUNS, runs, ds=False)
    except duckdb.Error as error:
        raise LakeError(f"the published files cannot be read: {_lines(error)}") from None
    for view in files("transforms").joinpath("sql").iterdir():
        if view.name.endswith(".sql"):
            connection.execute(f"CREATE VIEW {view.name.removesuffix('.sql')} AS {view.read_text(encoding='utf-8')}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _create(
    connection: duckdb.DuckDBPyConnection, name: str, schema: pa.Schema, paths: Iterable[str], *, ds: bool
) -> None:
    """Create the view `name` over these files, with the date of each as `ds` if asked; an empty table over none."""
    columns = ", ".join(f'"{column}"' for column in schema.names) + (", ds" if ds else "")
    patterns = ", ".join("'" + _pattern(path).replace("'", "''") + "'" for path in paths)
    if patterns:
        # By its name a file gets its date; a filter on `ds` reaches the reader, which skips the other files.
        joined = "JOIN lake.dates USING (filename)" if ds else ""
        options = "filename = true, hive_partitioning = false"
        connection.execute(
            f"CREATE VIEW {name} AS SELECT {columns} FROM read_parquet([{patterns}], {options}) {joined}"  # noqa: S608
        )
    else:
        connection.register("empty", schema.append(pa.field("ds", pa.string())).empty_table())
        connection.execute(f"CREATE TABLE {name} AS SELECT {columns} FROM empty")  # noqa: S608 - names of ours
        connection.unregister("empty")


def _pattern(path: str) -> str:
    """Give the glob pattern that matches this path and no other."""
    return re.sub(r"[*?\[]", r"[\g<0>]", path)


def _reason(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[str], error: duckdb.Error) -> str:
    """Say why a statement failed, in DuckDB's words where these cannot quote a document."""
    try:
        connection.execute(f"EXPLAIN {sql}", list(parameters))
    except duckdb.Error as planning:
        if type(planning) is type(error):  # it fails while it is planned, when no row has been read
            return _lines(error)
    kind = type(error).__name__.removesuffix("Exception")
    return f"the query failed while it ran ({kind}); DuckDB's own words are not shown, as they may quote a document"


def _lines(error: duckdb.Error) -> str:
    return "\n".join(visible(line) for line in str(error).splitlines())
