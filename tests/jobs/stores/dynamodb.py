"""DynamoDB on this machine: Amazon's own DynamoDB Local, where Maven and Java can have it, and moto's server.

A test's id says which it ran against. The tables are those that `infra/data.yaml` declares.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import boto3
import pytest
from ruamel.yaml import YAML

from infra.local.aws import moto
from infra.local.aws.dynamodb import fetch, java, local
from infra.local.aws.part import Launch, Part
from infra.local.aws.process import serving
from transforms.errors import AuraStreamError

TEMPLATE = Path(__file__).parents[3] / "infra" / "data.yaml"
SERVERS = ("dynamodb-local", "moto")


@dataclass(frozen=True)
class Dynamo:
    """A server on this machine."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """What makes boto3 use this server, and nothing of whoever runs the tests."""
        return {
            "AWS_ENDPOINT_URL_DYNAMODB": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @cached_property
    def client(self) -> Any:
        """A client of the server."""
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client("dynamodb", endpoint_url=self.url, region_name="us-east-1", **keys)

    def create(self, resource: str, table: str) -> None:
        """Make a table as the template declares it, under another name."""
        properties = declared(resource)
        self.client.create_table(
            TableName=table,
            SSESpecification={"Enabled": True, "SSEType": properties["SSESpecification"]["SSEType"]},
            **{name: properties[name] for name in ("AttributeDefinitions", "KeySchema", "BillingMode")},
        )
        self.client.update_time_to_live(
            TableName=table, TimeToLiveSpecification=dict(properties["TimeToLiveSpecification"])
        )


def declared(resource: str) -> dict[str, Any]:
    """The properties of one of the template's resources."""
    properties: dict[str, Any] = YAML().load(TEMPLATE)["Resources"][resource]["Properties"]
    return properties


@pytest.fixture(scope="session")
def dynamodb() -> Iterator[Callable[[str], Dynamo]]:
    """Starts a server of `SERVERS`, once for the session, or skips the test, with the reason."""
    with ExitStack() as running:

        @cache
        def start(name: str) -> Dynamo:
            if name == "moto":
                return running.enter_context(_moto())
            missing = cannot_be_had()
            if missing:
                pytest.skip(f"moto alone stands in for DynamoDB, for DynamoDB Local cannot be had: {missing}")
            return running.enter_context(dynamodb_local())

        yield start


@cache
def cannot_be_had() -> str:
    """Why DynamoDB Local cannot run here; empty where it can."""
    try:
        fetch(lambda _: None)
        java()
    except AuraStreamError as error:
        return str(error)
    return ""


@contextmanager
def dynamodb_local() -> Iterator[Dynamo]:
    """DynamoDB Local, empty, on 127.0.0.1 alone."""
    with _serving(Part("dynamodb", local)) as server:
        yield Dynamo(server.endpoints["AWS_ENDPOINT_URL_DYNAMODB"])


@contextmanager
def _moto() -> Iterator[Dynamo]:
    """moto's server, with what it lacks: see `infra.local.aws.moto`."""
    with _serving(moto.PART) as server:
        yield Dynamo(server.endpoints["AWS_ENDPOINT_URL"])


@contextmanager
def _serving(part: Part) -> Iterator[Launch]:
    with (
        tempfile.TemporaryDirectory(prefix="aurastream-dynamodb-", ignore_cleanup_errors=True) as folder,
        serving(part, Path(folder)) as server,
    ):
        yield server
