"""SQL over what is published, by Amazon Athena: what the Glue catalog of a lake in S3 shows.

An answer is read from the CSV that Athena writes, which tells NULL from '' by quotes; pandas would not. Arrays, maps
and rows are text there that cannot be read back: a query with such columns is asked a second time, with them as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from jobs.aws import new_session
from jobs.lake.config import LakeConfig
from jobs.lake.types import Answer, Parameter, arrow_type
from jobs.storage import storage_of
from jobs.stores.aws.client import Client, Refusal
from transforms.display import visible
from transforms.errors import LakeBusy, LakeError, UsageError

_GAP = r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/)"
_FIRST = re.compile(rf"\A(?:{_GAP}|\()*([A-Za-z]+)", re.DOTALL)
_EXPLAIN = re.compile(
    rf"\A{_GAP}*EXPLAIN{_GAP}+(?:ANALYZE{_GAP}+)?(?:VERBOSE{_GAP}+)?(?:\([^()]*\){_GAP}*)?", re.IGNORECASE | re.DOTALL
)
_QUERIES = {"SELECT", "WITH", "VALUES", "TABLE"}
_TOLD = {"SHOW", "DESCRIBE", "DESC"}
# What Athena begins a reason with where a statement is wrong in itself, so that no row was read and its words quote the
# statement at most: those of `StandardErrorCode` that Trino's analysis raises, and it alone.
_OF_THE_STATEMENT = {
    *("SYNTAX_ERROR", "TYPE_MISMATCH", "TYPE_NOT_FOUND", "INVALID_PARAMETER_USAGE", "MISSING_OVER", "INVALID_VIEW"),
    *("COLUMN_NOT_FOUND", "TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND", "CATALOG_NOT_FOUND", "FUNCTION_NOT_FOUND"),
    *("AMBIGUOUS_NAME", "MISSING_COLUMN_NAME", "MISSING_GROUP_BY", "MISSING_ORDER_BY", "DUPLICATE_COLUMN_NAME"),
    *("EXPRESSION_NOT_AGGREGATE", "EXPRESSION_NOT_SCALAR", "EXPRESSION_NOT_IN_DISTINCT", "EXPRESSION_NOT_CONSTANT"),
    *("NESTED_AGGREGATION", "NESTED_WINDOW", "MISMATCHED_COLUMN_ALIASES", "COLUMN_TYPE_UNKNOWN"),
    *("FUNCTION_NOT_AGGREGATE", "FUNCTION_NOT_WINDOW", "INVALID_COLUMN_REFERENCE", "INVALID_LIMIT_CLAUSE"),
}
_NAMED = re.compile(r"\A([A-Z][A-Z_]+): ")
_NESTED = {"array", "map", "row"}
_ZONED = "timestamp with time zone"
# How a column whose text cannot be read back is asked for.
_SHOWN = {
    "array": "json_format(CAST({0} AS JSON))",
    "row": "json_format(CAST({0} AS JSON))",
    # A map as JSON would be sorted by its keys.
    "map": "'[' || json_format(CAST(map_keys({0}) AS JSON)) || ','"
    " || json_format(CAST(map_values({0}) AS JSON)) || ']'",
    _ZONED: "CAST({0} AT TIME ZONE 'UTC' AS timestamp(6))",
}
_ADVICE = {
    "AccessDeniedException": "access is denied; docs/athena.md lists the permissions of who asks",
    "InvalidRequestException": "it is not there, or refuses the request; `aurastream lake create` makes it",
}
_ORDERED = re.compile(r"\bORDER\b", re.IGNORECASE)
_BLOCK = 64 * 1024 * 1024  # of a CSV: a row has to fit
_POLL_SECONDS = 0.25
_MICROSECONDS = len("2026-11-22 01:02:03.123456")


class _Column(NamedTuple):
    """A column of an answer, with Athena's name of its type."""

    name: str
    type: str
    precision: int
    scale: int


class _Result(NamedTuple):
    """A query that has succeeded."""

    columns: list[_Column]
    output: str  # the URI of its result


def query(config: LakeConfig, sql: str, parameters: Sequence[Parameter] = ()) -> pa.Table:
    """Answer one reading SQL statement over what a lake's catalog shows, in its workgroup.

    `parameters` are bound to the statement's `?`, in order; Athena takes them in WHERE alone. Results are not
    reused, so that what was taken back just now is not seen. The answer is held in memory. Timestamps are microseconds
    of UTC, arrays of rows lists of structs.

    Raises UsageError where the statement is not one read, or fails; its message may quote the query, and never a
    document. Raises LakeError where Athena cannot be asked.
    """
    try:
        "".join((sql, *(each for each in parameters if isinstance(each, str)))).encode()
    except UnicodeEncodeError:
        raise UsageError("the query or a parameter is not valid text") from None
    word = _first(sql)
    if word not in _QUERIES | _TOLD and not (word == "EXPLAIN" and _first(_EXPLAIN.sub("", sql, count=1)) in _QUERIES):
        raise UsageError("give one statement that reads: SELECT, WITH, VALUES, DESCRIBE, SHOW or EXPLAIN")
    sql = sql.rstrip().removesuffix(";")
    answer = _ask(config, sql, parameters)
    if word not in _QUERIES:
        return _told(answer)
    if not {column.type for column in answer.columns} & {*_NESTED, _ZONED}:
        return _table(answer, answer.columns, [_plain(column) for column in answer.columns])
    return _nested(config, sql, parameters, answer.columns)


def answered(config: LakeConfig, sql: str, parameters: Sequence[Parameter] = ()) -> Answer:
    """Answer as `query` does, in batches."""
    table = query(config, sql, parameters)
    return Answer(table.schema, iter(table.to_batches()))


def _nested(config: LakeConfig, sql: str, parameters: Sequence[Parameter], columns: Sequence[_Column]) -> pa.Table:
    """The answer of a query that has arrays, maps, rows or times with a zone among its columns.

    What those are made of is asked of a join that no row takes part in. OFFSET 0 keeps the order of a query that has an
    ORDER BY, which would otherwise say nothing within another.
    """
    names = [f"c{i}" for i in range(len(columns))]
    aliased = f"AS t ({', '.join(names)})"
    types = ", ".join(f"typeof({name})" for name in names)
    # S608: the query is the caller's, and is sent with the caller's rights.
    told = _ask(config, f"SELECT {types} FROM (VALUES 1) AS one (n) LEFT JOIN ({sql}\n) {aliased} ON false", parameters)  # noqa: S608
    kinds = [arrow_type(each[0].as_py()) for each in _table(told, told.columns, [pa.string()] * len(names)).columns]
    shown = ", ".join(_SHOWN.get(column.type, "{0}").format(name) for name, column in zip(names, columns, strict=True))
    asked = [f"SELECT {shown} FROM ({sql}{end}\n) {aliased}" for end in ("\nOFFSET 0 ROWS", "")]  # noqa: S608
    if _ORDERED.search(sql):
        try:
            return _table(_ask(config, asked[0], parameters), columns, kinds)
        except _StatementWrong:  # it has a LIMIT, which keeps the order, too
            pass
    return _table(_ask(config, asked[1], parameters), columns, kinds)


def _first(sql: str) -> str:
    """A statement's first word, in capitals."""
    found = _FIRST.match(sql)
    return found[1].upper() if found else ""


class _StatementWrong(UsageError):
    """A statement that fails whatever the rows are."""


def _ask(config: LakeConfig, sql: str, parameters: Sequence[Parameter]) -> _Result:
    """Have Athena answer, and wait for it; a wait that is interrupted ends the query. Raises UsageError, LakeError."""
    try:
        from awswrangler import athena, exceptions  # a second of CPU
    except ImportError:
        raise UsageError(
            "awswrangler, by which Athena is asked, is not installed: install AuraStream with its extra `athena`, or "
            "give --engine duckdb, which reads the published files"
        ) from None
    from botocore.exceptions import BotoCoreError, ClientError

    bound = [_literal(each) for each in parameters]
    session = new_session()
    try:
        started = athena.start_query_execution(
            sql,
            database=config.database,
            workgroup=config.workgroup,
            params=bound or None,
            paramstyle="qmark",
            boto3_session=session,
        )
        try:
            ended = athena.wait_query(started, session, athena_query_wait_polling_delay=_POLL_SECONDS)
        except (exceptions.QueryFailed, exceptions.QueryCancelled) as error:
            raise _failed(str(error)) from None
        except BaseException:
            athena.stop_query_execution(started, session)
            raise
        info = _columns(config, started)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        advice = _ADVICE.get(code, f"{code} was the answer")
        raise LakeError(f"Athena's workgroup {config.workgroup} cannot be asked: {advice}") from None
    except BotoCoreError as error:
        raise LakeError(f"Athena cannot be asked: {error}") from None
    return _Result(info, ended["ResultConfiguration"]["OutputLocation"])


def _literal(parameter: Parameter) -> str:
    """A value in Athena's SQL."""
    match parameter:
        case None:
            return "NULL"
        case bool():
            return "true" if parameter else "false"
        case int():
            return str(parameter)
        case float():
            return f"DOUBLE '{parameter!r}'"
        case date():
            return f"DATE '{parameter.isoformat()[:10]}'"
    return "'" + parameter.replace("'", "''") + "'"


def _columns(config: LakeConfig, started: str) -> list[_Column]:
    """The columns of an answer. awswrangler would give them by name, of which two may be the same. Raises LakeError."""
    client = Client("athena", f"Athena's workgroup {config.workgroup}", LakeError, LakeBusy, {})
    told = client.persist(lambda _: client.call("get_query_results", QueryExecutionId=started, MaxResults=1))
    if isinstance(told, Refusal):  # none is expected
        return []
    info = told["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    return [_Column(each["Name"], each["Type"], each["Precision"], each["Scale"]) for each in info]


def _failed(reason: str) -> UsageError:
    """Why a query failed, in Athena's words where these cannot quote a document."""
    found = _NAMED.match(reason)
    kind = found[1] if found else "UNKNOWN"
    if kind in _OF_THE_STATEMENT:
        return _StatementWrong("\n".join(visible(line) for line in reason.splitlines()))
    return UsageError(
        f"the query failed while it ran ({kind}); Athena's own words are not shown, as they may quote a document"
    )


def _told(answer: _Result) -> pa.Table:
    """What a statement that is no query says, line by line, in columns of text."""
    with storage_of(answer.output).open(answer.output) as file:
        lines = file.read().decode().splitlines()
    rows = [[each.strip() for each in line.split("\t")] for line in lines]
    columns = [
        pa.array([row[i] if i < len(row) else "" for row in rows], pa.string()) for i in range(len(answer.columns))
    ]
    return pa.Table.from_arrays(columns, [column.name for column in answer.columns])


def _plain(column: _Column) -> pa.DataType:
    """The type of a column that is none of others."""
    return pa.decimal128(column.precision, column.scale) if column.type == "decimal" else arrow_type(column.type)


def _table(answer: _Result, columns: Sequence[_Column], kinds: Sequence[pa.DataType]) -> pa.Table:
    """The rows of an answer's CSV, as columns of those names and types. Raises LakeError."""
    names = [str(i) for i in range(len(kinds))]
    ours = [_read(kind) is not None for kind in kinds]
    try:
        with storage_of(answer.output).open(answer.output) as file:
            found = csv.read_csv(
                file,
                csv.ReadOptions(column_names=names, skip_rows_after_names=1, block_size=_BLOCK, use_threads=False),
                csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
                csv.ConvertOptions(
                    column_types={
                        name: pa.string() if own else kind for name, own, kind in zip(names, ours, kinds, strict=True)
                    },
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                    true_values=["true"],
                    false_values=["false"],
                ),
            )
        read = [_converted(column, kind) for column, kind in zip(found.columns, kinds, strict=True)]
    except (OSError, ValueError) as error:  # pyarrow's own are either; what they say may quote a document
        raise LakeError(
            f"Athena's answer cannot be read from {answer.output} ({type(error).__name__}); where a column has values "
            "that are no date until the year 9999, cast it to varchar"
        ) from None
    return pa.Table.from_arrays(read, [column.name for column in columns])


def _converted(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Values of a CSV as what they are, where pyarrow does not read them so by itself."""
    read = _read(kind)
    return column if read is None else read(column, kind)


def _read(kind: pa.DataType) -> Callable[[pa.ChunkedArray, pa.DataType], pa.ChunkedArray] | None:
    if pa.types.is_timestamp(kind):
        return _times
    if pa.types.is_binary(kind):
        return lambda column, _: _each(column, kind, bytes.fromhex)
    if pa.types.is_map(kind):
        return lambda column, _: _each(column, kind, lambda said: _pairs(_json(said), kind))
    if pa.types.is_nested(kind):
        return lambda column, _: _each(column, kind, lambda said: _value(_json(said), kind))
    return None


def _times(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Times without a zone, of whatever precision."""
    cut = pc.utf8_slice_codeunits(column, 0, _MICROSECONDS)
    return pc.assume_timezone(cut.cast(pa.timestamp("us")), "UTC").cast(kind)


def _each(column: pa.ChunkedArray, kind: pa.DataType, read: Callable[[str], Any]) -> pa.ChunkedArray:
    values = [None if each is None else read(each) for each in column.to_pylist()]
    return pa.chunked_array([pa.array(values, kind)])


def _json(said: str) -> Any:
    """What JSON says, with the digits that it has; an object as pairs, for a row's fields may all be called nothing."""
    return json.loads(said, parse_float=str, object_pairs_hook=tuple)


def _pairs(said: list[list[Any]], kind: pa.DataType) -> list[tuple[Any, Any]]:
    """A map's keys and values, in two arrays, as pairs."""
    keys, values = said
    return [(_value(key, kind.key_type), _value(each, kind.item_type)) for key, each in zip(keys, values, strict=True)]


def _value(said: Any, kind: pa.DataType) -> Any:
    """A value of JSON as what Arrow takes for a type."""
    if said is None:
        return None
    if pa.types.is_list(kind):
        return [_value(each, kind.value_type) for each in said]
    if pa.types.is_map(kind):
        return [(_value(key, kind.key_type), _value(each, kind.item_type)) for key, each in said]
    if pa.types.is_struct(kind):
        # By the engine's version an object, or an array of the values.
        values = [each for _, each in said] if isinstance(said, tuple) else said
        return {field.name: _value(each, field.type) for field, each in zip(kind, values, strict=True)}
    if pa.types.is_floating(kind):
        return float(said)
    if pa.types.is_decimal(kind):
        return Decimal(said)
    if pa.types.is_integer(kind):
        return int(said)
    if pa.types.is_timestamp(kind):
        return datetime.fromisoformat(said[:_MICROSECONDS]).replace(tzinfo=UTC)
    if pa.types.is_date(kind):
        return date.fromisoformat(said)
    if pa.types.is_boolean(kind):
        return said in (True, "true")
    return said if isinstance(said, str) else json.dumps(said)
