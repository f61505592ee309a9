"""Names of types are those that Glue and the engine have, and are read back as what they were."""

from __future__ import annotations

import pyarrow as pa
import pytest

from jobs.lake.types import arrow_type, hive_type, trino_type
from transforms.errors import LakeError
from transforms.schemas import RUNS, SCORES

TIME = pa.timestamp("us", tz="UTC")
END = pa.struct([("type", pa.string()), ("end", pa.int32())])


@pytest.mark.parametrize("field", [*SCORES, *RUNS], ids=lambda field: field.name)
def test_columns_of_tables_come_back(field: pa.Field) -> None:
    assert arrow_type(trino_type(field.type)) == field.type
    assert hive_type(field.type)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ('array(row(type varchar, "end" integer))', pa.list_(END)),
        ('row("a ""b"", (c)" array(bigint))', pa.struct([('a "b", (c)', pa.list_(pa.int64()))])),
        ("row(varchar, integer)", pa.struct([("field0", pa.string()), ("field1", pa.int32())])),
        ("map(varchar(3), map(bigint, real))", pa.map_(pa.string(), pa.map_(pa.int64(), pa.float32()))),
        ("array(timestamp(3) with time zone)", pa.list_(TIME)),
        ("ARRAY(ROW(at TIMESTAMP WITH TIME ZONE))", pa.list_(pa.struct([("at", TIME)]))),
        ("row(the text varchar, at timestamp(6))", pa.struct([("the text", pa.string()), ("at", TIME)])),
        ("decimal(38,2)", pa.decimal128(38, 2)),
        ("json", pa.string()),
        ("array(ipaddress)", pa.list_(pa.string())),
        ("unknown", pa.null()),
    ],
)
def test_names_as_typeof_says_them(name: str, kind: pa.DataType) -> None:
    assert arrow_type(name) == kind


@pytest.mark.parametrize("name", ["", "array(", "array(bigint", "row(a", "array(bigint) bigint", "decimal(x)"])
def test_what_is_no_type(name: str) -> None:
    with pytest.raises(LakeError, match="a type that is not known"):
        arrow_type(name)
