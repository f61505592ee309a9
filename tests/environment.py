"""What AWS is to this process: servers of a test, and nothing of whoever runs the tests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from jobs import storage


def alone_known(environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Have AWS's clients know this environment, and no other."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)  # it keeps the keys that it was made with


@contextmanager
def known(environment: Mapping[str, str]) -> Iterator[None]:
    """The same as long as the context lasts, for this process and those it starts."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        alone_known(environment, monkeypatch)
        storage._s3.cache_clear()  # it keeps the client that it made of another environment
        yield
    storage._s3.cache_clear()
