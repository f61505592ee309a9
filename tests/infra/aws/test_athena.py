"""The local Athena, asked by boto3: what it answers, writes and refuses, in front of Trino and of DuckDB."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.local.aws import athena, trino
from infra.local.aws.part import KEYS, REGION
from infra.local.aws.process import serving
from tests.aws import Aws, aws, queried

__all__ = ["aws", "queried"]  # the fixtures

pytestmark = pytest.mark.aws
OUTPUT = "s3://lake/results"
MANY = "UNNEST(sequence(1, 10000))"
LONG = f"SELECT count(*) FROM {MANY} CROSS JOIN {MANY} CROSS JOIN {MANY}"
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


@dataclass(frozen=True)
class Asked:
    """An Athena, and where its results go."""

    client: Any
    s3: Any

    def start(self, sql: str, *parameters: str, **told: Any) -> str:
        more = {"ExecutionParameters": list(parameters)} if parameters else {}
        told = {"ResultConfiguration": {"OutputLocation": OUTPUT}} | told
        started: str = self.client.start_query_execution(QueryString=sql, **more, **told)["QueryExecutionId"]
        return started

    def ended(self, started: str) -> dict[str, Any]:
        while True:
            found: dict[str, Any] = self.client.get_query_execution(QueryExecutionId=started)["QueryExecution"]
            if found["Status"]["State"] in ENDED:
                return found
            time.sleep(0.1)

    def told(self, sql: str, *parameters: str) -> dict[str, Any]:
        return self.ended(self.start(sql, *parameters))

    def written(self, sql: str, *parameters: str) -> bytes:
        """The file that a query's result is."""
        found = self.told(sql, *parameters)
        assert found["Status"]["State"] == "SUCCEEDED", found["Status"]
        bucket, key = found["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").split("/", 1)
        content: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content


def refused(call: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as raised:
        call()
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.fixture(scope="module")
def on_trino(queried: Aws) -> Asked:
    return Asked(queried.client("athena"), queried.client("s3"))


@pytest.fixture(scope="module")
def on_duckdb(aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    known = {name: value for name, value in aws.environment.items() if name != trino.VARIABLE}
    with serving(athena.PART, tmp_path_factory.mktemp("athena"), known) as launched:
        url = launched.endpoints["AWS_ENDPOINT_URL_ATHENA"]
        yield Asked(
            boto3.session.Session(*KEYS, region_name=REGION).client("athena", endpoint_url=url), aws.client("s3")
        )


@pytest.fixture(scope="module", params=["trino", "duckdb"])
def asked(request: pytest.FixtureRequest) -> Asked:
    found: Asked = request.getfixturevalue(f"on_{request.param}")
    return found


def test_null_is_nothing_and_text_is_quoted(asked: Asked) -> None:
    values = "('a', 1), ('', NULL), (NULL, 2), ('say \"x\",\ny', 3)"
    sql = f"SELECT * FROM (VALUES {values}) AS t (text, n) ORDER BY n NULLS FIRST"
    assert asked.written(sql) == b'"text","n"\n"",\n"a","1"\n,"2"\n"say ""x"",\ny","3"\n'


def test_what_trino_writes_of_each_type(on_trino: Asked) -> None:
    """As Athena does: https://docs.aws.amazon.com/athena/latest/ug/data-types.html."""
    values = {
        "true": "true",
        "1e10": "1.0E10",
        "DECIMAL '1.50'": "1.50",
        "X'68656c'": "68 65 6c",
        "DATE '2026-11-22'": "2026-11-22",
        "TIMESTAMP '2026-11-22 01:02:03.123456'": "2026-11-22 01:02:03.123456",
        "ARRAY['a', NULL]": "[a, null]",
        "MAP(ARRAY['a'], ARRAY[1])": "{a=1}",
        "CAST(ROW('a', 1) AS row(x varchar, y bigint))": "{x=a, y=1}",
    }
    started = on_trino.start(f"SELECT {', '.join(values)}")
    assert on_trino.ended(started)["Status"]["State"] == "SUCCEEDED"
    answer = on_trino.client.get_query_results(QueryExecutionId=started)["ResultSet"]

    assert [each["VarCharValue"] for each in answer["Rows"][1]["Data"]] == list(values.values())
    info = answer["ResultSetMetadata"]["ColumnInfo"]
    assert [each["Type"] for each in info] == [
        *("boolean", "double", "decimal", "varbinary", "date", "timestamp", "array", "map", "row")
    ]
    assert (info[2]["Precision"], info[2]["Scale"]) == (3, 2)


def test_results_come_in_pages_with_the_names_first(asked: Asked) -> None:
    started = asked.start("SELECT n FROM UNNEST(sequence(1, 5)) AS t (n) ORDER BY n")
    assert asked.ended(started)["Status"]["State"] == "SUCCEEDED"
    pages = asked.client.get_paginator("get_query_results").paginate(
        QueryExecutionId=started, PaginationConfig={"PageSize": 2}
    )
    found = [[row["Data"][0]["VarCharValue"] for row in page["ResultSet"]["Rows"]] for page in pages]

    assert found == [["n", "1"], ["2", "3"], ["4", "5"]]
    with pytest.raises(ClientError, match="MaxResults"):
        asked.client.get_query_results(QueryExecutionId=started, MaxResults=1001)


def test_more_rows_than_the_engine_answers_at_once(on_trino: Asked) -> None:
    assert on_trino.written("SELECT n FROM UNNEST(sequence(1, 10000)) AS t (n)").count(b"\n") == 10_001


def test_who_answers_is_said(on_trino: Asked, on_duckdb: Asked) -> None:
    for each, engine in ((on_trino, "Trino 476"), (on_duckdb, "DuckDB")):
        told = each.told("SELECT 1")
        assert told["EngineVersion"]["EffectiveEngineVersion"].startswith(engine)
        assert not told["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"]


def test_parameters_are_expressions(asked: Asked) -> None:
    sql = "SELECT a FROM (VALUES ('it''s'), ('b')) AS t (a) WHERE a = ?"
    assert asked.written(sql, "'it''s'") == b'"a"\n"it\'s"\n'
    assert asked.written("SELECT a FROM (VALUES 1, 2) AS t (a) WHERE a > ?", "1") == b'"a"\n"2"\n'


@pytest.mark.parametrize("parameter", ["'x' OR true", "'x') OR (true", "'x', 'y'", "'x'; DROP VIEW v", "it's"])
def test_a_parameter_does_not_become_a_statement(asked: Asked, parameter: str) -> None:
    status = asked.told("SELECT a FROM (VALUES 'a') AS t (a) WHERE a = ?", parameter)["Status"]
    # The first is an expression, and one of another type.
    assert status["State"] == "FAILED"


def test_a_statement_that_is_wrong(asked: Asked) -> None:
    for sql in ("SELEC 1", "SELECT nope FROM (VALUES 1) AS t (a)", "SELECT 1; SELECT 2"):
        status = asked.told(sql)["Status"]
        assert status["State"] == "FAILED"
        assert status["AthenaError"] == {
            "ErrorCategory": 2,
            "ErrorType": 1006,
            "Retryable": False,
            "ErrorMessage": status["StateChangeReason"],
        }


def test_trino_says_what_is_wrong_and_where(on_trino: Asked) -> None:
    reason = on_trino.told("SELECT nope FROM (VALUES 1) AS t (a)")["Status"]["StateChangeReason"]
    assert reason == "COLUMN_NOT_FOUND: line 1:8: Column 'nope' cannot be resolved"
    assert on_trino.told("SELECT CAST(a AS int) FROM (VALUES 'x') AS t (a)")["Status"]["StateChangeReason"].startswith(
        "INVALID_CAST_ARGUMENT: "
    )


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE scores_all",
        "INSERT INTO scores_all SELECT 1",
        "CREATE TABLE t AS SELECT 1 AS a",
        "UNLOAD (SELECT 1) TO 's3://lake/out' WITH (format = 'PARQUET')",
        "EXPLAIN ANALYZE INSERT INTO t SELECT 1",
        "EXPLAIN (TYPE LOGICAL) DROP TABLE t",
        "-- x\nDELETE FROM t",
        "SET SESSION a = 1",
        "-- nothing",
    ],
)
def test_what_is_no_query_and_no_view(asked: Asked, sql: str) -> None:
    status = asked.told(sql)["Status"]
    assert (status["State"], status["StateChangeReason"].partition(":")[0]) == ("FAILED", "NOT_SUPPORTED")


def test_views_are_made_and_dropped(queried: Aws, on_trino: Asked) -> None:
    database = queried.name("views").replace("-", "_")
    queried.client("glue").create_database(DatabaseInput={"Name": database})
    for sql in ("CREATE VIEW v AS SELECT 1 AS a", "CREATE OR REPLACE VIEW v AS SELECT 2 AS a", "SELECT a FROM v"):
        started = on_trino.start(sql, QueryExecutionContext={"Database": database})
        assert on_trino.ended(started)["Status"]["State"] == "SUCCEEDED"
    rows = on_trino.client.get_query_results(QueryExecutionId=started)["ResultSet"]["Rows"]
    assert rows[1] == {"Data": [{"VarCharValue": "2"}]}
    started = on_trino.start("DROP VIEW v", QueryExecutionContext={"Database": database})
    assert on_trino.ended(started)["Status"]["State"] == "SUCCEEDED"
    assert queried.client("glue").get_tables(DatabaseName=database)["TableList"] == []


def test_the_same_token_is_the_same_query(asked: Asked) -> None:
    token = str(uuid.uuid4())
    first = asked.start("SELECT 1", ClientRequestToken=token)

    assert asked.start("SELECT 1", ClientRequestToken=token) == first
    code, message = refused(lambda: asked.start("SELECT 2", ClientRequestToken=token))
    assert (code, message) == ("InvalidRequestException", "Idempotent parameters do not match")


def test_a_query_is_stopped_and_trino_with_it(queried: Aws, on_trino: Asked) -> None:
    started = on_trino.start(LONG)
    while (
        on_trino.client.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"]["State"] == "QUEUED"
    ):
        time.sleep(0.05)

    on_trino.client.stop_query_execution(QueryExecutionId=started)

    assert on_trino.ended(started)["Status"]["State"] == "CANCELLED"
    code, message = refused(lambda: on_trino.client.get_query_results(QueryExecutionId=started))
    assert code == "InvalidRequestException"
    assert "CANCELLED" in message
    running = (
        "SELECT count(*) FROM system.runtime.queries WHERE state = 'RUNNING' AND query LIKE 'SELECT count(*) FROM UNN%'"
    )
    while b'"0"' not in on_trino.written(running):
        time.sleep(0.2)


def test_workgroups(aws: Aws, tmp_path: Path) -> None:
    """They are there at the next start, and say where results go, whatever a query asks for."""
    known = {name: value for name, value in aws.environment.items() if name != trino.VARIABLE}
    session = boto3.session.Session(*KEYS, region_name=REGION)
    place = {
        "ResultConfiguration": {"OutputLocation": "s3://lake/of-the-group/"},
        "EnforceWorkGroupConfiguration": True,
    }
    with serving(athena.PART, tmp_path, known) as launched:
        client = session.client("athena", endpoint_url=launched.endpoints["AWS_ENDPOINT_URL_ATHENA"])
        client.create_work_group(Name="mine", Configuration=place)
        assert refused(lambda: client.create_work_group(Name="mine"))[0] == "InvalidRequestException"
    with serving(athena.PART, tmp_path, known) as launched:
        client = session.client("athena", endpoint_url=launched.endpoints["AWS_ENDPOINT_URL_ATHENA"])
        found = client.get_work_group(WorkGroup="mine")["WorkGroup"]
        assert (found["State"], found["Configuration"]) == ("ENABLED", place)
        each = Asked(client, aws.client("s3"))
        output = each.ended(each.start("SELECT 1", WorkGroup="mine"))["ResultConfiguration"]["OutputLocation"]
        assert output.startswith("s3://lake/of-the-group/")
        assert {group["Name"] for group in client.list_work_groups()["WorkGroups"]} == {"mine", "primary"}
        client.delete_work_group(WorkGroup="mine")
        for call in (
            lambda: client.get_work_group(WorkGroup="mine"),
            lambda: each.start("SELECT 1", WorkGroup="mine"),
            lambda: client.start_query_execution(QueryString="SELECT 1"),  # nowhere to put the result
            lambda: client.get_query_execution(QueryExecutionId="none"),
        ):
            assert refused(call)[0] == "InvalidRequestException"


def test_a_result_that_cannot_be_put(asked: Asked) -> None:
    started = asked.start("SELECT 1", ResultConfiguration={"OutputLocation": "s3://there-is-no-such-bucket/x/"})
    status = asked.ended(started)["Status"]
    assert status["State"] == "FAILED"
    assert "output location s3://there-is-no-such-bucket/x/" in status["StateChangeReason"]


def test_what_is_not_there_is_said(asked: Asked) -> None:
    assert refused(asked.client.list_named_queries)[0] == "UnknownOperationException"
