"""Files of the lake as they are written: what the disk refuses is a LakeError that names the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from jobs.storage import Denied, storage_of
from transforms.errors import LakeError


@contextmanager
def writing(uri: str) -> Iterator[None]:
    """A file is written in it, and nothing else is done. Raises LakeError where it cannot be."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise LakeError(f"{uri} cannot be written: {_reason(error)}") from None


@contextmanager
def using(root: str) -> Iterator[None]:
    """What is done in it touches the lake alone. Raises LakeError for what the disk refuses."""
    try:
        yield
    except OSError as error:
        raise LakeError(f"{error.filename or root} cannot be used: {_reason(error)}") from None


@contextmanager
def create(uri: str) -> Iterator[pa.NativeFile]:
    """A new file, as `Storage.create` makes it. What is raised within passes; else raises LakeError."""
    within: BaseException | None = None
    try:
        with storage_of(uri).create(uri) as file:
            try:
                yield file
            except BaseException as error:
                within = error
                raise
    except OSError as error:
        if error is within:
            raise
        raise LakeError(f"{uri} cannot be written: {_reason(error)}") from None


def put(uri: str, content: bytes) -> None:
    """Write a small file. Raises LakeError."""
    with create(uri) as file, writing(uri):
        file.write(content)


def copy(source: str, target: str) -> None:
    """Copy a file. Raises LakeError."""
    with writing(target):
        storage_of(source).copy(source, target)


def _reason(error: BaseException) -> str:
    if isinstance(error, Denied):
        return str(error)
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else type(error).__name__
