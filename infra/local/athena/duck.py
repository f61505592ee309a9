"""DuckDB in Athena's place, where Trino cannot be had: SQL translated by sqlglot, over what the Glue catalog shows.

It answers queries alone: no view is made or dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from botocore.exceptions import BotoCoreError, ClientError
from sqlglot import exp

from infra.local.athena.engines import OTHER, USER, Failed, Page
from infra.local.athena.results import Column, Row, column
from infra.local.aws.part import REGION
from jobs.lake.catalog import shown_pairs
from jobs.lake.sql import query
from jobs.storage import storage_of
from transforms.errors import LakeError, UsageError

# Types as Athena names them in an answer.
_NAMES = {
    "bool": "boolean",
    "date32[day]": "date",
    "double": "double",
    "float": "real",
    "int16": "smallint",
    "int32": "integer",
    "int64": "bigint",
    "int8": "tinyint",
    "null": "unknown",
}


class DuckDB:
    """Answers for every lake whose database a Glue catalog has."""

    version = f"DuckDB {version('duckdb')} by sqlglot, in place of Athena engine version 3"

    def __init__(self, glue_url: str, keys: tuple[str, str]) -> None:
        self._glue = boto3.session.Session(*keys, region_name=REGION).client("glue", endpoint_url=glue_url)
        self._rows: dict[str, int] = {}  # of each file, which never changes

    async def answer(self, sql: str, parameters: Sequence[str], database: str) -> AsyncIterator[Page]:
        """See `Engine.answer`."""
        table, written = await asyncio.to_thread(self._ask, sql, parameters, database)
        yield Page(*_page(table, written), 0)

    def _ask(self, sql: str, parameters: Sequence[str], database: str) -> tuple[pa.Table, set[int]]:
        """An answer, and the columns of it that are names of types. Raises Failed."""
        translated, types = _translated(sql)
        try:
            table = query(*self._published(database), translated, [_bound(each) for each in parameters])
        except UsageError as error:
            # What it says of the statement alone is shown.
            name = "GENERIC_USER_ERROR" if "failed while it ran" in str(error) else "SYNTAX_ERROR"
            raise Failed(name, str(error), USER) from None
        except LakeError as error:
            raise Failed("HIVE_CANNOT_OPEN_SPLIT", str(error), OTHER) from None
        return table, types

    def _published(self, database: str) -> tuple[dict[str, dict[str, int]], list[str]]:
        """The files of `scores`, by date, with their rows, and those of `runs`. None without such a database."""
        if not database:
            return {}, []
        where = {"DatabaseName": database}
        try:
            shown = shown_pairs(self._glue.get_table(**where, Name="scores")["Table"])
            runs = self._glue.get_table(**where, Name="runs_all")["Table"]["StorageDescriptor"]["Location"]
            pages = self._glue.get_paginator("get_partitions").paginate(**where, TableName="scores_all")
            partitions = [each for page in pages for each in page["Partitions"]]
        except ClientError as error:
            if error.response["Error"]["Code"] == "EntityNotFoundException":
                return {}, []
            raise Failed("HIVE_METASTORE_ERROR", error.response["Error"]["Code"], OTHER) from None
        except BotoCoreError as error:
            raise Failed("HIVE_METASTORE_ERROR", type(error).__name__, OTHER) from None
        found: dict[str, dict[str, int]] = {}
        for partition in partitions:
            if tuple(partition["Values"]) in shown:
                manifest = f"{partition['StorageDescriptor']['Location']}manifest"
                with storage_of(manifest).open(manifest) as file:
                    uris = file.read().decode().splitlines()
                found[partition["Values"][0]] = {uri: self._rows_of(uri) for uri in uris}
        listed = storage_of(runs).list(runs.rstrip("/"))
        return found, [each.uri for each in listed if each.uri.endswith(".parquet")]

    def _rows_of(self, uri: str) -> int:
        if uri not in self._rows:
            with storage_of(uri).open(uri) as file:
                self._rows[uri] = pq.read_metadata(file).num_rows
        return self._rows[uri]


def _translated(sql: str) -> tuple[str, set[int]]:
    """A statement in DuckDB's SQL, and the columns of its answer that are names of types. Raises Failed."""
    try:
        tree = sqlglot.parse_one(sql, read="trino")
    except sqlglot.ParseError as error:
        said = error.errors[0]
        reason = f"line {said['line']}:{said['col']}: {said['description']}"
        raise Failed("SYNTAX_ERROR", reason, USER) from None
    except sqlglot.TokenError:
        raise Failed("SYNTAX_ERROR", "the statement cannot be taken apart", USER) from None
    if not isinstance(tree, exp.Query):
        return sql, set()
    types = {number for number, each in enumerate(tree.selects) if isinstance(each.unalias(), exp.Typeof)}
    return tree.sql("duckdb"), types


def _bound(parameter: str) -> str:
    """The value of a parameter, which is an expression. Raises Failed where it is not as simple as a literal."""
    try:
        literal = sqlglot.parse_one(parameter, read="trino")
    except sqlglot.errors.SqlglotError:
        raise Failed("SYNTAX_ERROR", "a parameter is no expression", USER) from None
    if isinstance(literal, exp.Literal):
        return str(literal.this)
    raise Failed("NOT_SUPPORTED", "DuckDB in Athena's place takes texts and numbers for parameters alone", USER)


def _page(table: pa.Table, types: set[int]) -> tuple[list[Column], list[Row]]:
    columns = [column(field.name, _signature(field.type)) for field in table.schema]
    written = []
    for number, values in enumerate(table.columns):
        said = [_text(value, values.type) for value in _values(values)]
        if number in types:
            said = [None if each is None else exp.DataType.build(each, "duckdb").sql("trino").lower() for each in said]
        written.append(said)
    return columns, [list(row) for row in zip(*written, strict=True)]


def _signature(kind: pa.DataType) -> Mapping[str, Any]:
    """Trino's word for a type, as far as an answer tells of it."""
    if pa.types.is_decimal(kind):
        return {"rawType": "decimal", "arguments": [{"value": kind.precision}, {"value": kind.scale}]}
    return {"rawType": _kind(kind), "arguments": []}


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_map(kind):
        return "map"
    if pa.types.is_struct(kind):
        return "row"
    if pa.types.is_list(kind):
        return "array"
    if pa.types.is_timestamp(kind):
        return "timestamp"
    if pa.types.is_binary(kind):
        return "varbinary"
    return _NAMES.get(str(kind), "varchar")


def _values(column_: pa.ChunkedArray) -> Sequence[Any]:
    """Values in Python's types; of times those of UTC, whatever its libraries know of zones."""
    kind = column_.type
    naive = column_.cast(pa.timestamp(kind.unit)) if pa.types.is_timestamp(kind) and kind.tz else column_
    values: list[Any] = naive.to_pylist()
    return values


def _text(value: Any, kind: pa.DataType) -> str | None:
    """A value as Athena writes it."""
    if value is None:
        return None
    if pa.types.is_map(kind):
        return f"{{{', '.join(f'{_inner(k, kind.key_type)}={_inner(v, kind.item_type)}' for k, v in value)}}}"
    if pa.types.is_struct(kind):
        return f"{{{', '.join(f'{field.name}={_inner(value[field.name], field.type)}' for field in kind)}}}"
    if pa.types.is_list(kind):
        return f"[{', '.join(_inner(each, kind.value_type) for each in value)}]"
    if pa.types.is_timestamp(kind):
        return f"{value.date().isoformat()} {value:%H:%M:%S.%f}"
    if pa.types.is_binary(kind):
        return str(value.hex(" "))
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _inner(value: Any, kind: pa.DataType) -> str:
    written = _text(value, kind)
    return "null" if written is None else written
