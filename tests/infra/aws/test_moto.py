"""What moto's Glue is made to do as the real one does: refuse what has changed meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.local.aws.moto import PART
from infra.local.aws.part import KEYS, REGION, Launch
from infra.local.aws.process import serving
from tests.aws import Aws, aws

__all__ = ["aws"]  # the fixture

CHANGES = 25


@pytest.fixture
def glue(aws: Aws) -> Any:
    return aws.client("glue")


@pytest.fixture
def table(aws: Aws, glue: Any) -> dict[str, str]:
    """A table of a new database; its parameter `changes` says how often it was changed."""
    database = aws.name("database").replace("-", "_")
    glue.create_database(DatabaseInput={"Name": database})
    glue.create_table(DatabaseName=database, TableInput={"Name": "scores", "Parameters": {"changes": "0"}})
    return {"DatabaseName": database, "Name": "scores"}


def change(glue: Any, table: dict[str, str], seen: dict[str, Any]) -> None:
    """One more change of the table as it was seen."""
    changes = str(int(seen["Parameters"]["changes"]) + 1)
    glue.update_table(
        DatabaseName=table["DatabaseName"],
        TableInput={"Name": table["Name"], "Parameters": {"changes": changes}},
        VersionId=seen["VersionId"],
    )


def test_an_update_of_an_older_version_is_refused(glue: Any, table: dict[str, str]) -> None:
    seen = glue.get_table(**table)["Table"]
    change(glue, table, seen)

    with pytest.raises(glue.exceptions.ConcurrentModificationException):
        change(glue, table, seen)

    now = glue.get_table(**table)["Table"]
    assert now["Parameters"] == {"changes": "1"}
    assert now["VersionId"] != seen["VersionId"]


def test_an_update_that_names_no_version_is_taken(glue: Any, table: dict[str, str]) -> None:
    glue.update_table(DatabaseName=table["DatabaseName"], TableInput={"Name": "scores", "Parameters": {"changes": "5"}})

    assert glue.get_table(**table)["Table"]["Parameters"] == {"changes": "5"}


def test_two_who_race_lose_no_update(glue: Any, table: dict[str, str]) -> None:
    def write() -> int:
        refused = 0
        for _ in range(CHANGES):
            while True:
                try:
                    change(glue, table, glue.get_table(**table)["Table"])
                    break
                except glue.exceptions.ConcurrentModificationException:
                    refused += 1
        return refused

    with ThreadPoolExecutor(2) as pool:
        refused = sum(writer.result() for writer in [pool.submit(write), pool.submit(write)])

    assert refused > 0
    assert glue.get_table(**table)["Table"]["Parameters"] == {"changes": str(2 * CHANGES)}


def test_what_was_changed_is_there_at_the_next_start(tmp_path: Path) -> None:
    with serving(PART, tmp_path) as server:
        clients = clients_of(server)
        clients["glue"].create_database(DatabaseInput={"Name": "d"})
        of = {"DatabaseName": "d", "Name": "scores"}
        clients["glue"].create_table(DatabaseName="d", TableInput={"Name": "scores", "Parameters": {"changes": "0"}})
        change(clients["glue"], of, clients["glue"].get_table(**of)["Table"])
        seen = clients["glue"].get_table(**of)["Table"]
        clients["secretsmanager"].create_secret(Name="key", SecretBinary=b"k" * 32)
        with pytest.raises(clients["secretsmanager"].exceptions.ResourceExistsException):
            clients["secretsmanager"].create_secret(Name="key", SecretBinary=b"other")
    with (tmp_path / "journal.jsonl").open("a") as journal:
        journal.write('{"cut')

    for _ in range(2):  # what follows the cut line is read, too
        with serving(PART, tmp_path) as server:
            clients = clients_of(server)
            assert clients["secretsmanager"].get_secret_value(SecretId="key")["SecretBinary"] == b"k" * 32
            now = clients["glue"].get_table(**of)["Table"]
            assert (now["VersionId"], now["Parameters"]) == (seen["VersionId"], {"changes": "1"})
            seen = {**seen, "VersionId": str(int(seen["VersionId"]) + 1)}
            clients["glue"].update_table(
                DatabaseName="d",
                TableInput={"Name": "scores", "Parameters": {"changes": "1"}},
                VersionId=now["VersionId"],
            )


def test_a_transaction_is_made_once(tmp_path: Path) -> None:
    """By moto in place of DynamoDB, too."""
    with serving(PART, tmp_path) as server:
        dynamodb = clients_of(server)["dynamodb"]
        key = {"AttributeName": "key", "AttributeType": "S"}
        schema = [{"AttributeName": "key", "KeyType": "HASH"}]
        dynamodb.create_table(
            TableName="t", AttributeDefinitions=[key], KeySchema=schema, BillingMode="PAY_PER_REQUEST"
        )
        update: Any = {
            "TableName": "t",
            "Key": {"key": {"S": "a"}},
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
        for _ in range(2):
            dynamodb.transact_write_items(TransactItems=[{"Update": update}], ClientRequestToken="same")

        assert dynamodb.get_item(TableName="t", Key=update["Key"])["Item"]["n"] == {"N": "1"}


def clients_of(server: Launch) -> dict[str, Any]:
    session = boto3.session.Session(*KEYS, region_name=REGION)
    url = server.endpoints["AWS_ENDPOINT_URL"]
    return {name: session.client(name, endpoint_url=url) for name in ("glue", "secretsmanager", "dynamodb")}


def test_column_statistics_are_none(glue: Any, table: dict[str, str]) -> None:
    of = {"DatabaseName": table["DatabaseName"], "TableName": table["Name"]}
    partition = of | {"PartitionValues": ["2026-11-22"]}
    update: Any = {"ColumnStatisticsList": []}

    assert glue.get_column_statistics_for_table(**of, ColumnNames=["ds"])["ColumnStatisticsList"] == []
    assert glue.get_column_statistics_for_partition(**partition, ColumnNames=["ds"])["ColumnStatisticsList"] == []
    assert glue.update_column_statistics_for_table(**of, **update)["Errors"] == []
    assert glue.update_column_statistics_for_partition(**partition, **update)["Errors"] == []
    glue.delete_column_statistics_for_table(**of, ColumnName="ds")
    glue.delete_column_statistics_for_partition(**partition, ColumnName="ds")
