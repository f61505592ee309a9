"""Results as Athena writes them: text, by column types of its own names; NULL is nothing, '' is two quotes.

https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

Row = Sequence[str | None]
# Precision and scale that Athena says of a type which names none.
_PRECISIONS = {
    "bigint": (19, 0),
    "double": (17, 0),
    "float": (17, 0),
    "integer": (10, 0),
    "smallint": (5, 0),
    "timestamp": (3, 0),
    "tinyint": (3, 0),
    "varchar": (2147483647, 0),
}


class Column(NamedTuple):
    """A column of an answer; of an array, a map or a row the kind alone is told, as Athena does."""

    name: str
    type: str
    precision: int = 0
    scale: int = 0

    def info(self) -> dict[str, Any]:
        """The `ColumnInfo` of it."""
        return {
            "CatalogName": "hive",
            "SchemaName": "",
            "TableName": "",
            "Name": self.name,
            "Label": self.name,
            "Type": self.type,
            "Precision": self.precision,
            "Scale": self.scale,
            "Nullable": "UNKNOWN",
            "CaseSensitive": self.type == "varchar",
        }


def column(name: str, signature: Mapping[str, Any]) -> Column:
    """A column by Trino's signature of its type."""
    kind = str(signature["rawType"])
    kind = {"real": "float"}.get(kind, kind)
    if kind == "decimal":
        precision, scale = (int(each["value"]) for each in signature["arguments"])
        return Column(name, kind, precision, scale)
    if kind == "varchar" and signature["arguments"] and signature["arguments"][0]["value"] < _PRECISIONS[kind][0]:
        return Column(name, kind, int(signature["arguments"][0]["value"]))
    return Column(name, kind, *_PRECISIONS.get(kind, (0, 0)))


def text(value: Any, signature: Mapping[str, Any]) -> str | None:
    """A value of Trino's JSON, whose numbers are left as they were written, as Athena's text."""
    if value is None:
        return None
    kind, arguments = signature["rawType"], signature["arguments"]
    if kind == "array":
        return f"[{', '.join(_inner(each, arguments[0]['value']) for each in value)}]"
    if kind == "map":
        keys, values = (each["value"] for each in arguments)
        return f"{{{', '.join(f'{_inner(k, keys)}={_inner(v, values)}' for k, v in value.items())}}}"
    if kind == "row":
        return f"{{{', '.join(_field(i, v, arguments[i]['value']) for i, v in enumerate(value))}}}"
    if kind == "varbinary":
        return base64.b64decode(value).hex(" ")
    if kind == "boolean":
        return "true" if value else "false"
    return str(value)


def _field(number: int, value: Any, field: Mapping[str, Any]) -> str:
    name = (field.get("fieldName") or {}).get("name", f"field{number}")
    return f"{name}={_inner(value, field['typeSignature'])}"


def _inner(value: Any, signature: Mapping[str, Any]) -> str:
    written = text(value, signature)
    return "null" if written is None else written


def csv_line(row: Row) -> bytes:
    """A line of a result's `.csv`."""
    return (",".join("" if each is None else '"' + each.replace('"', '""') + '"' for each in row) + "\n").encode()


def text_line(row: Row) -> bytes:
    """A line of the `.txt` of a statement that is no query."""
    return ("\t".join(each or "" for each in row) + "\n").encode()


def result_set(columns: Sequence[Column], rows: Iterable[Row]) -> dict[str, Any]:
    """What `GetQueryResults` answers of some rows."""
    return {
        "Rows": [{"Data": [{} if each is None else {"VarCharValue": each} for each in row]} for row in rows],
        "ResultSetMetadata": {"ColumnInfo": [each.info() for each in columns]},
    }
