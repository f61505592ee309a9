"""What Athena answers, as rows and types, and what of its errors is said. On Trino, behind the local Athena."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from jobs.lake import athena
from jobs.lake.athena import query
from jobs.lake.config import LakeConfig
from tests.aws import Aws, aws, queried
from transforms.errors import LakeError, UsageError

__all__ = ["aws", "queried"]  # the fixtures

Answer = Callable[..., pa.Table]
NOWHERE = LakeConfig(ledger_table="led", cache_table="cac", database="d", workgroup="w", secret="s")


@pytest.fixture(scope="module")
def config(queried: Aws) -> LakeConfig:
    """A database and a workgroup."""
    name = queried.name("lake")
    queried.client("glue").create_database(DatabaseInput={"Name": name.replace("-", "_")})
    place = {"ResultConfiguration": {"OutputLocation": "s3://lake/athena/"}}
    queried.client("athena").create_work_group(Name=name, Configuration=place)
    return NOWHERE.model_copy(update={"database": name.replace("-", "_"), "workgroup": name})


@pytest.fixture
def answer(queried: Aws, config: LakeConfig) -> Iterator[Answer]:
    with queried.used():
        yield lambda sql, *parameters: query(config, sql, parameters)


@pytest.mark.aws
def test_types(answer: Answer) -> None:
    """Of every kind a value and NULL."""
    values: dict[str, tuple[Any, pa.DataType]] = {
        "'a'": ("a", pa.string()),
        "CAST(1 AS tinyint)": (1, pa.int8()),
        "CAST(1 AS smallint)": (1, pa.int16()),
        "1": (1, pa.int32()),
        "BIGINT '9223372036854775807'": (2**63 - 1, pa.int64()),
        "REAL '0.1'": (pytest.approx(0.1), pa.float32()),
        "1e300": (1e300, pa.float64()),
        "infinity()": (float("inf"), pa.float64()),
        "true": (True, pa.bool_()),
        "DECIMAL '-1.50'": (Decimal("-1.50"), pa.decimal128(3, 2)),
        "DATE '0001-01-01'": (date(1, 1, 1), pa.date32()),
        "TIMESTAMP '9999-12-31 23:59:59.999999'": (
            datetime(9999, 12, 31, 23, 59, 59, 999999, UTC),
            pa.timestamp("us", tz="UTC"),
        ),
        "TIMESTAMP '2026-11-22 01:02:03'": (datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC), pa.timestamp("us", tz="UTC")),
        "TIMESTAMP '2026-11-22 01:02:03.123456789'": (
            datetime(2026, 11, 22, 1, 2, 3, 123456, UTC),
            pa.timestamp("us", tz="UTC"),
        ),
        "X'00ff'": (b"\x00\xff", pa.binary()),
        "JSON '{\"a\": 1}'": ('{"a":1}', pa.string()),
    }
    columns = ", ".join(f"{sql} AS c{i}" for i, sql in enumerate(values))
    nulls = ", ".join("NULL" for _ in values)
    found = answer(f"SELECT * FROM (SELECT 0 AS row, {columns} UNION ALL SELECT 1, {nulls}) ORDER BY row").drop(["row"])

    assert found.schema.types == [kind for _, kind in values.values()]
    assert list(found.to_pylist()[0].values()) == [value for value, _ in values.values()]
    assert set(found.to_pylist()[1].values()) == {None}


@pytest.mark.aws
def test_arrays_maps_rows_and_zones_have_their_types(answer: Answer) -> None:
    """In the order that was asked for, under names that may be the same."""
    found = answer(
        """
        SELECT ARRAY[ROW(', }' || n, x)] AS a, MAP(ARRAY['z', 'b='], ARRAY[x, NULL]) AS a,
            CAST(ROW('q"', TIMESTAMP '2026-11-22 01:02:03.000004', DECIMAL '1.5', REAL 'NaN') AS
                row("the text" varchar, at timestamp(6), d decimal(3, 1), r real)) AS r,
            TIMESTAMP '2026-11-22 02:00:00.000001 Europe/Paris' AS z,
            CAST(NULL AS array(bigint)) AS none, ARRAY[MAP(ARRAY[1], ARRAY[true])] AS m
        FROM (VALUES ('1', 1e0), ('3', 3e0), ('2', 2e0)) AS t (n, x) ORDER BY n DESC -- the last first
        """
    )

    at = pa.timestamp("us", tz="UTC")
    assert found.column_names == ["a", "a", "r", "z", "none", "m"]
    assert found.schema.types == [
        pa.list_(pa.struct([("field0", pa.string()), ("field1", pa.float64())])),
        pa.map_(pa.string(), pa.float64()),
        pa.struct([("the text", pa.string()), ("at", at), ("d", pa.decimal128(3, 1)), ("r", pa.float32())]),
        at,
        pa.list_(pa.int64()),
        pa.list_(pa.map_(pa.int32(), pa.bool_())),
    ]
    assert [each[0]["field0"] for each in found[0].to_pylist()] == [", }3", ", }2", ", }1"]
    assert found[1].to_pylist()[0] == [("z", 3.0), ("b=", None)]
    row = found[2].to_pylist()[0]
    assert (row.pop("r") != 0, row) == (
        True,
        {"the text": 'q"', "at": datetime(2026, 11, 22, 1, 2, 3, 4, UTC), "d": Decimal("1.5")},
    )
    assert found[3].to_pylist()[0] == datetime(2026, 11, 22, 1, 0, 0, 1, UTC)
    assert found[4].to_pylist()[0] is None
    assert found[5].to_pylist()[0] == [[(1, True)]]


@pytest.mark.aws
def test_an_order_with_a_limit_holds_for_arrays_too(answer: Answer) -> None:
    found = answer("SELECT ARRAY[n] AS a FROM UNNEST(sequence(1, 9)) AS t (n) ORDER BY n DESC LIMIT 3;")
    assert found["a"].to_pylist() == [[9], [8], [7]]


@pytest.mark.aws
def test_nothing_and_null_are_two(answer: Answer) -> None:
    """Also where a row is nothing but a NULL."""
    texts = [None, "", "two\nlines", 'a "quote", and more', "\\N", "NULL", "ünï"]
    written = ", ".join("(NULL)" if each is None else "('" + each + "')" for each in texts)
    assert answer(f"SELECT t FROM (VALUES {written}) AS t (t)")["t"].to_pylist() == texts
    assert answer("SELECT 'a' AS t WHERE false")["t"].to_pylist() == []
    assert answer("SELECT ARRAY['a'] AS t WHERE false").schema.types == [pa.list_(pa.string())]


@pytest.mark.aws
def test_parameters_are_bound(answer: Answer) -> None:
    sql = "SELECT a, ARRAY[a] AS l FROM (VALUES ('it''s'), ('b'), ('''; DROP VIEW scores; --')) AS t (a) WHERE a = ?"
    for value in ("it's", "'; DROP VIEW scores; --"):
        assert answer(sql, value).to_pylist() == [{"a": value, "l": [value]}]
    assert answer(sql, "x' OR 'a' = 'a").num_rows == 0
    with pytest.raises(UsageError, match="Incorrect number of parameters"):
        answer(sql)


@pytest.mark.aws
@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT 1 +", "mismatched input"),
        ("SELECT nope FROM (VALUES 1) AS t (a)", "Column 'nope' cannot be resolved"),
        ("SELECT * FROM nope", r"nope' does not exist"),
        ("SELECT nope(1)", "'nope' not registered"),
        ("SELECT 1; DROP VIEW scores", "mismatched input ';'"),
    ],
)
def test_mistakes_are_told_in_athenas_words(sql: str, said: str, answer: Answer) -> None:
    with pytest.raises(UsageError, match=said):
        answer(sql)


@pytest.mark.aws
@pytest.mark.parametrize(
    "expression",
    [
        "CAST(t AS int)",
        "CAST(t AS date)",
        "json_parse(t)",
        "date_parse(t, '%Y')",
        "regexp_like('x', t || '(')",
        "1/(length(t)-12)",
    ],
)
def test_no_message_holds_a_documents_text(expression: str, answer: Answer) -> None:
    with pytest.raises(UsageError, match=r"failed while it ran \([A-Z_]+\)") as raised:
        answer(f"SELECT {expression} FROM (SELECT t FROM UNNEST(ARRAY['secret words']) AS u (t) WHERE rand() < 2) AS v")
    assert "secret" not in str(raised.value)


@pytest.mark.aws
def test_what_tells_of_tables(answer: Answer) -> None:
    assert answer("SHOW TABLES").num_rows == 0
    assert "Output" in str(answer("EXPLAIN SELECT 1").to_pylist())


@pytest.mark.aws
def test_a_wait_that_is_interrupted_ends_the_query(
    queried: Aws, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import awswrangler

    started: list[str] = []

    def interrupted(query_id: str, *told: Any, **named: Any) -> None:
        started.append(query_id)
        raise KeyboardInterrupt

    monkeypatch.setattr(awswrangler.athena, "wait_query", interrupted)
    many = "UNNEST(sequence(1, 10000))"
    with pytest.raises(KeyboardInterrupt):
        answer(f"SELECT count(*) FROM {many} CROSS JOIN {many} CROSS JOIN {many}")

    client = queried.client("athena")
    while (
        state := client.get_query_execution(QueryExecutionId=started[0])["QueryExecution"]["Status"]["State"]
    ) not in (*("CANCELLED", "SUCCEEDED"),):
        pass
    assert state == "CANCELLED"


@pytest.mark.aws
def test_a_workgroup_that_is_not_there(queried: Aws) -> None:
    with (
        queried.used(),
        pytest.raises(LakeError, match=r"workgroup w cannot be asked: .*lake create"),
    ):
        query(NOWHERE, "SELECT 1")


@pytest.mark.parametrize(
    "sql",
    [
        *(
            "",
            "-- nothing",
            "CREATE TABLE t AS SELECT 1",
            "DROP VIEW scores",
            "INSERT INTO t SELECT 1",
            "/* */ DELETE FROM t",
        ),
        *("UNLOAD (SELECT 1) TO 's3://x/'", "EXPLAIN ANALYZE INSERT INTO t SELECT 1", "EXPLAIN DROP TABLE t"),
        *("PREPARE p FROM SELECT 1", "EXECUTE p", "MSCK REPAIR TABLE t", "ALTER TABLE t DROP PARTITION (ds = 'x')"),
        *("CREATE OR REPLACE VIEW scores AS SELECT 1", "EXPLAIN (TYPE IO) CREATE TABLE t AS SELECT 1"),
    ],
)
def test_what_does_not_read_is_not_sent(sql: str) -> None:
    with pytest.raises(UsageError, match="one statement that reads"):
        query(NOWHERE, sql)


def test_text_that_is_no_text() -> None:
    with pytest.raises(UsageError, match="not valid text"):
        query(NOWHERE, "SELECT '\udc80'")


def test_rows_in_json_of_either_kind() -> None:
    """Older engines write a row as an array of its values."""
    kind = pa.list_(pa.struct([("a", pa.string()), ("b", pa.int64())]))
    for said in ('[{"a": "x", "b": 1}]', '[["x", 1]]'):
        assert athena._value(athena._json(said), kind) == [{"a": "x", "b": 1}]
