"""The keys of the DynamoDB tables of a lake, as `infra/data.yaml` declares them too; a test compares."""

from __future__ import annotations

from typing import Any

CACHE: dict[str, Any] = {
    "AttributeDefinitions": [{"AttributeName": "key", "AttributeType": "B"}],
    "KeySchema": [{"AttributeName": "key", "KeyType": "HASH"}],
}
LEDGER: dict[str, Any] = {
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "S"},
    ],
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
}
