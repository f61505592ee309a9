"""The twins that each store's contract is held against."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from tests.environment import alone_known
from tests.jobs.stores.dynamodb import Dynamo, cannot_be_had, dynamodb
from tests.jobs.stores.twins import AwsTwin, Clock, LocalTwin, Twin

__all__ = ["dynamodb"]  # the fixture

_numbers = count()


@pytest.fixture
def aws_twin(dynamodb: Callable[[str], Dynamo], monkeypatch: pytest.MonkeyPatch) -> AwsTwin:
    """The stores of a new lake in DynamoDB, Amazon's own where it can be had, and in moto's Secrets Manager."""
    moto = dynamodb("moto")
    server = moto if cannot_be_had() else dynamodb("dynamodb-local")
    environment = {**server.environment, "AWS_ENDPOINT_URL_SECRETS_MANAGER": moto.url}
    alone_known(environment, monkeypatch)
    number = next(_numbers)
    server.create("LedgerTable", f"ledger-{number}")
    return AwsTwin(f"ledger-{number}", f"key-{number}", environment)


@pytest.fixture(params=["local", "aws"])
def twin(request: pytest.FixtureRequest, tmp_path: Path) -> Twin:
    """The stores of a new lake."""
    if request.param == "aws":
        aws: AwsTwin = request.getfixturevalue("aws_twin")
        return aws
    return LocalTwin(tmp_path)


@pytest.fixture
def clock() -> Clock:
    return Clock()
