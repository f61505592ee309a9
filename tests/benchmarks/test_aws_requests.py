"""Units are those of DynamoDB's price list (docs.aws.amazon.com/amazondynamodb/latest/developerguide, its examples)."""

from typing import Any

import pytest

from tests.benchmarks.aws_requests import Seen, Units, count_units

SMALL = {"pk": {"S": "claims"}, "sk": {"S": "000000000000001"}}
LARGE = {"pk": {"S": "run#1"}, "record": {"S": "x" * 3500}}  # 3.5 KB: four units to write, one to read
RATE = {"pk": {"S": "rate#q"}}
KEY = {"key": {"B": "AAAA"}}


def charged(units: float) -> dict[str, Any]:
    return {"ConsumedCapacity": {"CapacityUnits": units}}


@pytest.mark.parametrize(
    ("asked", "said", "part", "units"),
    [
        ({"TableName": "ledger", "Item": SMALL}, charged(1), "claims", Units(1, 0, 1)),
        ({"TableName": "ledger", "Item": LARGE}, {}, "ledger", Units(1, 0, 4)),  # a condition did not hold
        ({"TransactItems": [{"Put": {"TableName": "ledger", "Item": SMALL}}] * 25}, {}, "claims", Units(1, 0, 50)),
        ({"RequestItems": {"cache": [{"PutRequest": {"Item": KEY}}] * 25}}, {}, "cache", Units(1, 0, 25)),
        (
            {"RequestItems": {"cache": {"Keys": [KEY] * 100, "ConsistentRead": False}}},
            {"Responses": {"cache": [KEY] * 60}},
            "cache",
            Units(1, 50, 0),
        ),
        (
            {"RequestItems": {"ledger": {"Keys": [SMALL] * 2, "ConsistentRead": True}}},
            {"Responses": {"ledger": [{"text": {"S": "x" * 8000}}]}},
            "claims",
            Units(1, 3, 0),
        ),
        ({"TableName": "ledger", "Key": RATE, "ConsistentRead": True}, charged(1), "rate limit", Units(1, 1, 0)),
        (
            {
                "TableName": "ledger",
                "KeyConditionExpression": "pk = :pk",
                "ExpressionAttributeValues": {":pk": {"S": "claims"}},
                "ConsistentRead": True,
            },
            charged(0),  # it has found nothing
            "claims",
            Units(1, 1, 0),
        ),
    ],
)  # fmt: skip
def test_units_are_those_of_the_price_list(
    asked: dict[str, Any], said: dict[str, Any], part: str, units: Units
) -> None:
    seen = Seen()
    count_units(seen, asked, said, "cache")

    assert seen.dynamodb == {part: units}
    assert seen.units == units
