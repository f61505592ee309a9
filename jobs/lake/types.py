"""Types of columns as Glue and Athena's engine name them: https://docs.aws.amazon.com/athena/latest/ug/data-types.html."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple, TypeAlias

import pyarrow as pa

from transforms.errors import LakeError

# What may be bound to a `?` of a query.
Parameter: TypeAlias = str | int | float | bool | date | None

# Times of a lake are of UTC. The engine's have no zone, which it could not write into a table.
UTC = pa.timestamp("us", tz="UTC")
_HIVE = {
    "string": "string",
    "date32[day]": "date",
    "double": "double",
    "float": "float",
    "bool": "boolean",
    "int32": "int",
    "int64": "bigint",
}
_TRINO = _HIVE | {"string": "varchar", "float": "real", "int32": "integer"}
_ARROW = {
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "double": pa.float64(),
    "float": pa.float32(),
    "integer": pa.int32(),
    "real": pa.float32(),
    "smallint": pa.int16(),
    "timestamp": UTC,
    "tinyint": pa.int8(),
    "unknown": pa.null(),
    "varbinary": pa.binary(),
}
_NAME = r"(?:timestamp|time)(?:\(\d+\))? with time zone|\w+(?:\(.*\))?"
_TYPE = re.compile(r"(?P<word>\w+)(?:\((?P<inner>.*)\))?(?: with time zone)?(?: (?:day|year) to \w+)?", re.I | re.S)
# The engine does not quote names of fields, whatever is in them.
_FIELD = re.compile(rf'(?:(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>.*?)) )?(?P<type>{_NAME})', re.I | re.S)


class Answer(NamedTuple):
    """The rows of an answer as they come; iterating raises what asking raises."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


def hive_type(kind: pa.DataType) -> str:
    """A type as Glue names it."""
    if pa.types.is_timestamp(kind):
        return "timestamp"
    if pa.types.is_struct(kind):
        return f"struct<{','.join(f'{field.name}:{hive_type(field.type)}' for field in kind)}>"
    if pa.types.is_list(kind):
        return f"array<{hive_type(kind.value_type)}>"
    if pa.types.is_map(kind):
        return f"map<{hive_type(kind.key_type)},{hive_type(kind.item_type)}>"
    return _HIVE[str(kind)]


def trino_type(kind: pa.DataType) -> str:
    """A type as the engine names it."""
    if pa.types.is_timestamp(kind):
        return "timestamp(6)"
    if pa.types.is_struct(kind):
        return f"row({', '.join(f'{json.dumps(field.name)} {trino_type(field.type)}' for field in kind)})"
    if pa.types.is_list(kind):
        return f"array({trino_type(kind.value_type)})"
    if pa.types.is_map(kind):
        return f"map({trino_type(kind.key_type)}, {trino_type(kind.item_type)})"
    return _TRINO[str(kind)]


def arrow_type(name: str) -> pa.DataType:
    """The type that the engine gives a name like `array(row(type varchar, "end" integer))`, as `typeof` says it.

    What Arrow has no type for is text, as is JSON. Raises LakeError where it is no name of a type.
    """
    found = _TYPE.fullmatch(name.strip())
    try:
        if found is None:
            raise ValueError
        word, inner = found["word"].lower(), _split(found["inner"] or "")
        if word == "array":
            (of,) = inner
            return pa.list_(arrow_type(of))
        if word == "map":
            keys, values = inner
            return pa.map_(arrow_type(keys), arrow_type(values))
        if word == "row":
            return pa.struct([_field(number, each) for number, each in enumerate(inner)])
        if word == "decimal":
            precision, scale = inner
            return pa.decimal128(int(precision), int(scale))
    except ValueError:
        raise LakeError(f"Athena tells of a type that is not known: {name}") from None
    return _ARROW.get(word, pa.string())


def _field(number: int, written: str) -> pa.Field:
    """A field of a row: its name, if it has one, and its type. Raises ValueError."""
    found = _FIELD.fullmatch(written)
    if found is None:
        raise ValueError
    name = found["quoted"].replace('""', '"') if found["quoted"] is not None else found["plain"]
    return pa.field(name or f"field{number}", arrow_type(found["type"]))


def _split(inner: str) -> list[str]:
    """What stands between commas, but for those within quotes or brackets. Raises ValueError."""
    parts, depth, quoted = [""], 0, False
    for sign in inner:
        quoted ^= sign == '"'
        depth += 0 if quoted else (sign == "(") - (sign == ")")
        if sign == "," and not quoted and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    if depth or quoted:
        raise ValueError
    return [part.strip() for part in parts]
