"""AWS on this machine, as `aurastream-local aws up` starts it: one stack for a test process, when first asked for."""

from __future__ import annotations

import os
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import orjson
import pytest

from infra.local.aws import stack
from infra.local.aws.part import Part
from infra.local.aws.parts import NIGHT, PARTS
from infra.local.aws.s3 import BUCKETS
from tests.environment import known

_NAMES = count()


@dataclass(frozen=True)
class Aws:
    """The servers of a folder."""

    folder: Path
    _clients: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def environment(self) -> dict[str, str]:
        """What makes any AWS client use these servers, and nothing of whoever runs the tests."""
        return stack.environment(self.folder)

    def client(self, service: str) -> Any:
        """A client of boto3's, whatever the environment says."""
        if service not in self._clients:
            said = self.environment
            url = said.get(f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}", said["AWS_ENDPOINT_URL"])
            session = boto3.session.Session(
                said["AWS_ACCESS_KEY_ID"], said["AWS_SECRET_ACCESS_KEY"], region_name=said["AWS_REGION"]
            )
            self._clients[service] = session.client(service.replace("-", ""), endpoint_url=url)
        return self._clients[service]

    def name(self, kind: str = "test") -> str:
        """A name that nothing has: of a table, a database (`-` is `_` there), a secret."""
        return f"{kind}-{os.getpid()}-{next(_NAMES)}"

    def bucket(self) -> str:
        """A new bucket."""
        name = self.name("bucket")
        self.client("s3").create_bucket(Bucket=name)
        return name

    def prefix(self) -> str:
        """An `s3://` URI below which there is nothing."""
        return f"s3://{BUCKETS[1]}/{self.name('prefix')}"

    def usage(self) -> dict[str, Any]:
        """What Comprehend was asked and billed: the report of its `/usage`."""
        with urllib.request.urlopen(self.environment["AWS_ENDPOINT_URL_COMPREHEND"] + "/usage") as answer:
            report: dict[str, Any] = orjson.loads(answer.read())
            return report

    def texts(self) -> list[dict[str, Any]]:
        """Every text that came to Comprehend, with how often it was billed."""
        with urllib.request.urlopen(self.environment["AWS_ENDPOINT_URL_COMPREHEND"] + "/texts") as answer:
            return [orjson.loads(line) for line in answer.read().splitlines()]

    def start(self, parts: Sequence[Part]) -> None:
        """Have more parts run, such as Athena's, or again those that a test has ended."""
        stack.up(self.folder, parts, lambda _: None)

    @contextmanager
    def used(self) -> Iterator[None]:
        """These servers are what this process, and those it starts, know of AWS."""
        with known(self.environment):
            yield


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    """What a night needs: S3, DynamoDB, moto, Comprehend. Every module that imports this fixture has the same."""
    started, folder = _start()
    yield started
    stack.down(started.folder)
    folder.cleanup()


@pytest.fixture(scope="session")
def queried(aws: Aws) -> Aws:
    """The same with what answers Athena's queries. A module that imports this fixture imports `aws`, too."""
    aws.start(PARTS)
    return aws


@cache
def _start() -> tuple[Aws, tempfile.TemporaryDirectory[str]]:
    folder = tempfile.TemporaryDirectory(prefix="aurastream-aws-", ignore_cleanup_errors=True)
    started = Aws(Path(folder.name))
    try:
        started.start(NIGHT)
    except BaseException:
        stack.down(started.folder)
        raise
    return started, folder
