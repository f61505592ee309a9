"""Types of columns as Glue and Athena's engine name them: https://docs.aws.amazon.com/athena/latest/ug/data-types.html."""

from __future__ import annotations

import json
import re

import pyarrow as pa

from transforms.errors import LakeError

# Times of a lake are of UTC. The engine's have no zone, which it could not write into a table.
UTC = pa.timestamp("us", tz="UTC")
_HIVE = {"string": "string", "double": "double", "float": "float", "bool": "boolean", "int32": "int", "int64": "bigint"}
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
# A quoted name, a word, or a sign, of a type's name.
_TOKEN = re.compile(r'"((?:[^"]|"")*)"|([A-Za-z0-9_]+)|([(),])')


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
    """The type that the engine gives a name like `array(row("type" varchar, "start" integer))`, as `typeof` says it.

    What Arrow has no type for is text, as is JSON. Raises LakeError where it is no name of a type.
    """
    tokens = [(found[1], found[2] or found[3] or "") for found in _TOKEN.finditer(name)]
    kind, end = _parsed(tokens, 0, name)
    if end != len(tokens):
        raise LakeError(f"Athena tells of a type that is not known: {name}")
    return kind


def _parsed(tokens: list[tuple[str | None, str]], at: int, name: str) -> tuple[pa.DataType, int]:
    """The type that begins at a token, and the token behind it."""
    try:
        word = tokens[at][1].lower()
        inner: list[tuple[str, pa.DataType | str]] = []
        at += 1
        if at < len(tokens) and tokens[at][1] == "(":
            while tokens[at][1] != ")":
                each, at = _argument(tokens, at + 1, word, name)
                inner.append(each)
            at += 1
        while at < len(tokens) and tokens[at][0] is None and tokens[at][1].lower() in ("with", "time", "zone"):
            at += 1
    except (IndexError, ValueError):
        raise LakeError(f"Athena tells of a type that is not known: {name}") from None
    kinds = [kind for _, kind in inner]
    if word == "array":
        return pa.list_(kinds[0]), at
    if word == "map":
        return pa.map_(*kinds), at
    if word == "row":
        return pa.struct([pa.field(field or f"field{i}", kind) for i, (field, kind) in enumerate(inner)]), at
    if word == "decimal":
        return pa.decimal128(*(int(str(kind)) for kind in kinds)), at
    return _ARROW.get(word, pa.string()), at


def _argument(
    tokens: list[tuple[str | None, str]], at: int, of: str, name: str
) -> tuple[tuple[str, pa.DataType | str], int]:
    """What stands in a type's brackets: a number, a type, or a row's field with its name, if it has one."""
    if of not in ("array", "map", "row"):
        return ("", tokens[at][1]), at + 1
    field = ""
    if of == "row" and (tokens[at][0] is not None or tokens[at + 1][1] not in ("(", ")", ",")):
        field = tokens[at][0] if tokens[at][0] is not None else tokens[at][1]  # type: ignore[assignment] # not None
        field = field.replace('""', '"')
        at += 1
    kind, at = _parsed(tokens, at, name)
    return (field, kind), at
