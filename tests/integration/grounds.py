"""Where the lakes of tests lie: a kind of ground for each kind of twins. Another one is a class and a line below."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import boto3
import pytest

from jobs.lake import config
from jobs.lake.create import create_lake
from jobs.storage import LocalStorage, S3Storage, storage_of
from jobs.stores.aws import liveness
from jobs.stores.aws.client import Client
from jobs.stores.aws.liveness import DynamoLiveness
from tests.aws import Aws
from tests.integration.paid import CREDENTIALS

Patch = Callable[[Any, str, Any], None]  # setattr, or a test's own


class Ground(Protocol):
    """What tests do to lakes behind their backs."""

    @property
    def environment(self) -> dict[str, str]:
        """What a process of its own is told, to find the lakes."""
        ...

    def hurry(self, patch: Patch) -> None:
        """Have this process wait for others no longer than a test has time for."""
        ...

    def lake(self, folder: Path) -> str:
        """A place for a lake of a test that has this folder."""
        ...

    def copy(self, source: str, target: str) -> None:
        """Copy a lake in which nobody works."""
        ...

    def lying(self, lake: str) -> Sequence[str]:
        """Every file of a lake, hidden ones and stores among them, by its path below the root."""
        ...

    def lose_lives(self, lake: str) -> None:
        """Nobody can tell any more that the lake's runs live."""
        ...

    def fail(self, patch: Patch, lake: str, calls: int) -> None:
        """Of what this process does next to the lake's disk and stores, so many calls fail."""
        ...


class LocalGround:
    """A folder of this machine."""

    environment = CREDENTIALS

    def hurry(self, patch: Patch) -> None:
        """Who has died here is known at once."""

    def lake(self, folder: Path) -> str:
        return str(folder / "lake")

    def copy(self, source: str, target: str) -> None:
        shutil.copytree(source, target)

    def lying(self, lake: str) -> Sequence[str]:
        """SQLite's own files beside its files are none."""
        found = (os.path.relpath(f"{folder}/{name}", lake) for folder, _, names in os.walk(lake) for name in names)
        return sorted(path for path in found if not path.endswith(("-wal", "-shm", "-journal")))

    def lose_lives(self, lake: str) -> None:
        for lock in Path(lake, "locks").iterdir():
            lock.unlink()

    def fail(self, patch: Patch, lake: str, calls: int) -> None:
        _Disk.fails = calls
        for name in ("open", "create", "copy", "put_if_absent", "delete", "list", "stat"):
            patch(LocalStorage, name, _failing(getattr(LocalStorage, name), lake))
        patch(sqlite3, "connect", lambda *told, **named: _connect(*told, **named | {"factory": _Failing}))


class S3Ground:
    """A bucket of the local AWS, which the environment names: see tests/aws.py."""

    def __init__(self) -> None:
        self._made: set[str] = set()

    @property
    def environment(self) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}

    def hurry(self, patch: Patch) -> None:
        patch(liveness, "DynamoLiveness", partial(DynamoLiveness, beat_seconds=0.25, lease_seconds=2.0))

    def lake(self, folder: Path) -> str:
        root = f"s3://lake/{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}/lake"
        if root not in self._made:
            list(create_lake(root))
            role = {"comprehend_role": "arn:aws:iam::111122223333:role/jobs"}
            assert config.name_role(root, config.default_config(root).model_copy(update=role))
            self._made.add(root)
        return root

    def copy(self, source: str, target: str) -> None:
        bucket, prefix = target.removeprefix("s3://").split("/", 1)
        s3, dynamodb, secrets = (boto3.client(name) for name in ("s3", "dynamodb", "secretsmanager"))
        for path in self.lying(source):
            if path != config.FILE:
                there = {"Bucket": bucket, "Key": f"{source.removeprefix(f's3://{bucket}/')}/{path}"}
                s3.copy_object(Bucket=bucket, Key=f"{prefix}/{path}", CopySource=there)
        ours, theirs = _config(source), _config(target)
        tables = ((ours.ledger_table, theirs.ledger_table), (ours.cache_table, theirs.cache_table))
        for before, after in tables:
            for page in dynamodb.get_paginator("scan").paginate(TableName=before):
                for item in page["Items"]:
                    dynamodb.put_item(TableName=after, Item=item)
        key = secrets.get_secret_value(SecretId=ours.secret)["SecretBinary"]
        secrets.create_secret(Name=theirs.secret, SecretBinary=key)

    def lying(self, lake: str) -> Sequence[str]:
        found = (stored.uri.removeprefix(f"{lake}/") for stored in storage_of(lake).list(lake))
        return sorted(found)

    def lose_lives(self, lake: str) -> None:
        dynamodb, table = boto3.client("dynamodb"), _config(lake).ledger_table
        for page in dynamodb.get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                if item["pk"]["S"].startswith("alive#"):
                    dynamodb.delete_item(TableName=table, Key={name: item[name] for name in ("pk", "sk")})

    def fail(self, patch: Patch, lake: str, calls: int) -> None:
        _Disk.fails = calls
        for name in ("open", "create", "copy", "put_if_absent", "delete", "list", "stat"):
            patch(S3Storage, name, _failing(getattr(S3Storage, name), lake))
        call = Client.call

        def called(self: Client, *told: Any, **named: Any) -> Any:
            if _Disk.call():
                raise self.unusable("the network is down")
            return call(self, *told, **named)

        patch(Client, "call", called)


def _config(lake: str) -> config.LakeConfig:
    found = config.read_config(lake)
    assert found is not None
    return found


class _Disk:
    """Whether it fails."""

    fails = 0  # so many calls more

    @classmethod
    def call(cls) -> bool:
        """Whether this call does."""
        if cls.fails:
            cls.fails -= 1
            return True
        return False


class _Failing(sqlite3.Connection):
    """A store whose disk may fail."""

    def execute(self, *told: Any) -> sqlite3.Cursor:
        self._may_fail()
        return super().execute(*told)

    def executemany(self, *told: Any) -> sqlite3.Cursor:
        self._may_fail()
        return super().executemany(*told)

    def _may_fail(self) -> None:
        if _Disk.call():
            raise sqlite3.OperationalError("disk I/O error")


_connect = sqlite3.connect


def _failing(method: Callable[..., Any], lake: str) -> Callable[..., Any]:
    def called(self: LocalStorage | S3Storage, uri: str, *told: Any) -> Any:
        if uri.startswith(lake) and _Disk.call():  # what lies elsewhere is the drop's
            raise OSError(28, "No space left on device", uri)
        return method(self, uri, *told)

    return called


GROUNDS: dict[str, Ground] = {"local": LocalGround(), "s3": S3Ground()}
# As parameters of a fixture, which enters `standing`.
PARAMETERS = ["local", pytest.param("s3", marks=pytest.mark.aws)]


@contextmanager
def standing(request: pytest.FixtureRequest) -> Iterator[Ground]:
    """The ground that a fixture's parameter names, with the servers that it needs."""
    if request.param == "local":
        yield GROUNDS["local"]
        return
    aws: Aws = request.getfixturevalue("aws")
    with aws.used():
        yield GROUNDS["s3"]


def ground_of(lake: str) -> Ground:
    """The ground that a lake lies on, by its location."""
    return GROUNDS[lake.partition("://")[0] if "://" in lake else "local"]
