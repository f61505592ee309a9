"""Files and objects by URI: the one module that reads, writes, lists and removes them.

A URI is an absolute local path (`/data/a.jsonl`, as it is, nothing percent-decoded) or `s3://bucket/key`; its scheme
picks the implementation. Each raises OSError and its kinds (FileNotFoundError, PermissionError), whatever is behind it.
"""

from __future__ import annotations

import glob
import io
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from jobs.aws import new_session
from jobs.s3_get import S3Get
from transforms.errors import UsageError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError


class Stored(NamedTuple):
    """A file or an object."""

    uri: str
    size: int  # bytes
    stamp: str  # changes when the content does: a modification time, or an ETag


class Storage(Protocol):
    """What is asked of files and objects."""

    def open(self, uri: str, listed: Stored | None = None) -> pa.NativeFile:
        """What is there, to be read from any place; where it was `listed`, it may be read as that, or an OSError.

        What is replaced meanwhile is read as it was, or an OSError: never a mixture.
        """
        ...

    def create(self, uri: str) -> AbstractContextManager[pa.NativeFile]:
        """A file to be written: it appears whole when the context ends well, and then is durable, or not at all.

        Folders that it lies in are made. What stood there before is replaced. On this machine its owner alone may read
        it, whatever the umask, and enter the folders that were made.
        """
        ...

    def put_if_absent(self, uri: str, data: bytes) -> bool:
        """Write a small file, whole and durable, where there is none; of several who do at once, one does.

        Whether it was this one.
        """
        ...

    def stat(self, uri: str) -> Stored | None:
        """A file, or None where there is none."""
        ...

    def list(self, uri: str) -> Iterator[Stored]:
        """All files below a folder, however deep, in whatever order; none where there is no such folder."""
        ...

    def copy(self, source: str, target: str) -> None:
        """Copy a file within this storage; the target appears as one that was created does."""
        ...

    def delete(self, uri: str) -> None:
        """Remove a file, and what a process left of it that was killed while it wrote, or a folder with all that is in
        it; nothing where it is not there."""
        ...


def absolute(location: str) -> str:
    """A location as people write it as a URI: a path, `file://…`, `s3://…` or `s3a://…`.

    Raises UsageError for another scheme, and where a bucket is missing.
    """
    if location.startswith("file:/"):
        location = unquote(urlsplit(location).path)
    scheme, separator, rest = location.partition("://")
    if not separator or location.startswith("/"):
        # `..` is resolved the way the system does, through links; without it a link keeps the name it was given by.
        return os.path.realpath(location) if ".." in Path(location).parts else os.path.abspath(location)  # noqa: PTH100
    if scheme in {"s3", "s3a"} and not rest.startswith("/") and rest:
        return f"s3://{rest.rstrip('/')}"
    if scheme in {"s3", "s3a"}:
        raise UsageError(f"{location}: the bucket is missing; write s3://BUCKET/FOLDER")
    raise UsageError(f"{location}: nothing is known of {scheme}://; give a path, file:// or s3://")


def storage_of(uri: str) -> Storage:
    """Where a URI lies."""
    if not uri.startswith("s3://"):
        return LocalStorage()
    with _OPENING:
        return _s3()


@cache
def _s3() -> S3Storage:
    return S3Storage()


# Held while there may be none yet: threads that begin at once would make a client each, which takes them long.
_OPENING = Lock()


class LocalStorage:
    """Files of this machine."""

    def open(self, uri: str, listed: Stored | None = None) -> pa.NativeFile:  # noqa: ARG002 - opening tells as much
        """See `Storage.open`."""
        try:
            return pa.OSFile(uri, "rb")
        except OSError as error:
            if error.errno is None:
                raise
            raise OSError(error.errno, os.strerror(error.errno), uri) from None  # in the system's own words

    @contextmanager
    def create(self, uri: str) -> Iterator[pa.NativeFile]:
        """See `Storage.create`. Until it is whole it lies beside its place, under a hidden name."""
        with self._appearing(uri) as fresh, pa.OSFile(str(fresh), "wb") as file:
            yield file

    def put_if_absent(self, uri: str, data: bytes) -> bool:
        """See `Storage.put_if_absent`."""
        path = Path(uri)
        make_private_folder(path.parent)
        fresh = _hidden(path)
        try:
            make_private_file(fresh)
            fresh.write_bytes(data)
            _sync(fresh)
            os.link(fresh, path)
        except FileExistsError:
            return False
        finally:
            fresh.unlink(missing_ok=True)
        _sync(path.parent)
        return True

    def stat(self, uri: str) -> Stored | None:
        """See `Storage.stat`."""
        try:
            status = Path(uri).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return Stored(uri, status.st_size, str(status.st_mtime_ns)) if stat.S_ISREG(status.st_mode) else None

    def list(self, uri: str) -> Iterator[Stored]:
        """See `Storage.list`. What is not whole yet is left out, and so is what goes meanwhile."""
        for folder, _, names in os.walk(uri, onerror=_unless_gone):
            for name in names:
                if not name.startswith(_UNFINISHED) and (found := self.stat(f"{folder}/{name}")):
                    yield found

    def copy(self, source: str, target: str) -> None:
        """See `Storage.copy`."""
        with self._appearing(target) as fresh:
            shutil.copyfile(source, fresh)

    def delete(self, uri: str) -> None:
        """See `Storage.delete`."""
        path = Path(uri)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, onerror=lambda _call, _path, failure: _unless_gone(failure[1]))
        else:
            path.unlink(missing_ok=True)
            for left in path.parent.glob(f"{_UNFINISHED}*-{glob.escape(path.name)}"):
                left.unlink(missing_ok=True)

    @contextmanager
    def _appearing(self, uri: str) -> Iterator[Path]:
        path = Path(uri)
        make_private_folder(path.parent)
        fresh = _hidden(path)
        try:
            make_private_file(fresh)
            yield fresh
            _sync(fresh)
            fresh.replace(path)
            _sync(path.parent)
        finally:
            fresh.unlink(missing_ok=True)


_UNFINISHED = ".unfinished-"


def _hidden(path: Path) -> Path:
    return path.with_name(f"{_UNFINISHED}{secrets.token_hex(8)}-{path.name}")


def _unless_gone(error: BaseException) -> None:
    """Somebody else may remove files and folders at the same time."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


def make_private_folder(folder: Path) -> None:
    """Make a folder that is not there, and those that it lies in, for its owner alone. Raises OSError."""
    if not folder.is_dir():
        make_private_folder(folder.parent)
        folder.mkdir(0o700, exist_ok=True)
        _sync(folder.parent)


def make_private_file(path: Path) -> None:
    """Make an empty file, where there is none, that its owner alone may read and write. Raises OSError."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def others_may_read(path: Path) -> bool:
    """Whether anybody but its owner may. Raises OSError."""
    return bool(path.stat().st_mode & 0o077)


def _sync(path: Path) -> None:
    """Have the disk keep a file, or a folder's names."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# Times that an object is put that something else happens to: the SDK does not try that again.
_TRIES = 5
# Bytes that are asked for at once where reading goes on from where it ended: S3 answers slowly and sends quickly.
_AHEAD_BYTES = 8 << 20
# An object of no more is read whole at once.
SMALL_BYTES = 1 << 20
# How S3 says that a role may not: of a question about an object by the status alone.
_DENIED = {"AccessDenied", "403"}
# What makes a browser show a page that lies in S3, where it would put anything else among its downloads.
_SHOWN = {"ContentType": "text/html; charset=utf-8"}
# The name of what an object that was put where there was none says of its writer.
_WRITER = "writer"


class Denied(PermissionError):
    """A role may not: the message holds an object's name and the permission that is lacking, and nothing else."""


class S3Storage:
    """Objects in S3, by the AWS SDK: its region, endpoint and credentials, which it renews as long as a run lasts.

    Reading, too, goes by the SDK, or as it does (`jobs/s3_get.py`): a second client, such as pyarrow's, would need its
    credentials handed over and would keep using them when they have expired.
    """

    def __init__(self) -> None:
        from botocore.config import Config

        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        style = "path" if endpoint else "auto"  # other servers have no name for each bucket
        config = Config(
            s3={"addressing_style": style},
            retries={"mode": "standard", "total_max_attempts": 5},
            max_pool_connections=32,  # with fewer than there are threads, it drops some, and warns of each
        )
        with _as_os_errors("S3"):
            session = new_session()
            if session.region_name is None:
                raise OSError("S3 cannot be used: no region is set; set AWS_REGION")
            self._client = session.client("s3", config=config)
            self._get = S3Get(self._client, session.get_credentials())

    def open(self, uri: str, listed: Stored | None = None) -> pa.NativeFile:
        """See `Storage.open`. An object that was listed is not asked about again."""
        found = listed or self._found(uri)
        return pa.PythonFile(_Object(self._get, uri, found.size, found.stamp), mode="r")

    @contextmanager
    def create(self, uri: str) -> Iterator[pa.NativeFile]:
        """See `Storage.create`. It is written to a file of this machine that has no name, and put when it is whole."""
        bucket, key = _place(uri)
        with tempfile.TemporaryFile() as scratch:
            with pa.PythonFile(os.fdopen(os.dup(scratch.fileno()), "wb"), mode="w") as file:
                yield file
            scratch.seek(0)
            with _as_os_errors(uri):
                self._client.upload_fileobj(scratch, bucket, key, ExtraArgs=_SHOWN if key.endswith(".html") else None)

    def put_if_absent(self, uri: str, data: bytes) -> bool:
        """See `Storage.put_if_absent`."""
        from botocore.exceptions import ClientError

        bucket, key = _place(uri)
        # Where an answer is lost, the SDK puts again, and finds what it put itself: the object says whose it is.
        writer = {_WRITER: secrets.token_hex(16)}
        with _as_os_errors(uri):
            for tries_left in reversed(range(_TRIES)):
                try:
                    self._client.put_object(Bucket=bucket, Key=key, Body=data, IfNoneMatch="*", Metadata=writer)
                    break
                except ClientError as error:
                    if _status(error) == 412:  # it is there
                        return bool(self._about(uri)["Metadata"] == writer)
                    if _status(error) != 409 or not tries_left:  # 409: something else happened to it at this moment
                        raise
        return True

    def stat(self, uri: str) -> Stored | None:
        """See `Storage.stat`."""
        try:
            return self._found(uri)
        except FileNotFoundError:
            return None

    def list(self, uri: str) -> Iterator[Stored]:
        """See `Storage.list`."""
        bucket, _ = _place(uri)
        for page in self._pages(uri):
            for each in page:
                if not each["Key"].endswith("/"):  # what some tools put where a folder would be
                    yield Stored(f"s3://{bucket}/{each['Key']}", each["Size"], each["ETag"])

    def copy(self, source: str, target: str) -> None:
        """See `Storage.copy`."""
        bucket, key = _place(source)
        unchanged = {"CopySourceIfMatch": self._about(source)["ETag"]}  # a large object is copied in several calls
        with _as_os_errors(f"{source} -> {target}"):
            self._client.copy({"Bucket": bucket, "Key": key}, *_place(target), ExtraArgs=unchanged)

    def delete(self, uri: str) -> None:
        """See `Storage.delete`."""
        bucket, key = _place(uri)
        with _as_os_errors(uri):
            self._client.delete_object(Bucket=bucket, Key=key)
            for page in self._pages(uri):
                keys = [{"Key": each["Key"]} for each in page]
                answer = self._client.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
                for error in answer.get("Errors", ()):
                    place = f"s3://{bucket}/{error['Key']}"
                    if error["Code"] in _DENIED:
                        raise _denied(place, "DeleteObjects")
                    raise OSError(f"{place}: {error['Code']}")

    def _about(self, uri: str) -> dict[str, Any]:
        """What S3 knows of an object."""
        bucket, key = _place(uri)
        with _as_os_errors(uri):
            about: dict[str, Any] = self._client.head_object(Bucket=bucket, Key=key)
        return about

    def _found(self, uri: str) -> Stored:
        about = self._about(uri)
        return Stored(uri, about["ContentLength"], about["ETag"])

    def _pages(self, uri: str) -> Iterator[Sequence[dict[str, Any]]]:
        """All objects below a folder, as many at a time as one call lists, or deletes."""
        bucket, key = _place(uri)
        prefix = f"{key.rstrip('/')}/" if key else ""
        with _as_os_errors(uri):
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                if "Contents" in page:
                    yield page["Contents"]


class _Object(io.RawIOBase):
    """An object's bytes as a file that can be read from any place; one request for each read, fewer in sequence."""

    def __init__(self, get: S3Get, uri: str, size: int, etag: str) -> None:
        self._get, self._uri, self._size, self._etag = get, uri, size, etag
        self._at = 0
        self._ended = -1  # where the last read did
        self._held, self._held_at = b"", 0  # bytes that were asked for, and where they begin

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._at + size, self._size)
        if self._at >= end:
            return b""
        if not self._held_at <= self._at <= end <= self._held_at + len(self._held):
            start, ahead = self._at, end
            if self._size <= SMALL_BYTES:
                start, ahead = 0, self._size
            elif self._at == self._ended:
                ahead = min(max(end, self._at + _AHEAD_BYTES), self._size)
            with _as_os_errors(self._uri):
                self._held = self._get.read(*_place(self._uri), self._etag, start, ahead)
            self._held_at = start
        data = self._held[self._at - self._held_at : end - self._held_at]
        self._at = self._ended = self._at + len(data)
        return data


def _place(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _denied(uri: str, operation: str) -> Denied:
    """S3's operations need permissions of other names."""
    if operation in {"CopyObject", "UploadPartCopy"}:
        needed = "s3:GetObject on the one and s3:PutObject on the other"
    else:
        verbs = {"ListObjectsV2": "ListBucket", "HeadObject": "GetObject", "GetObject": "GetObject"}
        needed = f"s3:{verbs.get(operation, 'DeleteObject' if operation.startswith('Delete') else 'PutObject')} on it"
    return Denied(f"{uri}: AccessDenied; the role needs {needed}")


@contextmanager
def _as_os_errors(uri: str) -> Iterator[None]:
    """The SDK's errors as those of files, with the object's name and the service's code, and nothing else."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code, status = error.response["Error"]["Code"], _status(error)
        if code in _DENIED:
            raise _denied(uri, error.operation_name) from None
        kind = {404: FileNotFoundError, 403: PermissionError}.get(status, OSError)
        raise kind(f"{uri}: {code}") from None
    except BotoCoreError as error:
        raise OSError(f"{uri}: {type(error).__name__}") from None
