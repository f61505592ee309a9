"""Where a drop lies: files on this machine or in a store, under names that are kept as they are."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.fs as pafs

from transforms.documents import Reason
from transforms.errors import DropError


@dataclass(frozen=True)
class Entry:
    """A file as storage lists it."""

    uri: str
    name: str
    size: int
    stamp: str
    error_code: str | None = None


def open_filesystem(uri: str) -> tuple[pafs.FileSystem, str]:
    """The filesystem a URI or an absolute local path belongs to, and the path in it, raw characters kept."""
    scheme, separator, rest = uri.partition("://")
    if not separator or uri.startswith("/"):
        return pafs.LocalFileSystem(), uri
    if scheme in ("s3", "s3a"):
        return _s3(os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or None), rest
    authority, _, path = rest.partition("/")
    filesystem, root = _store(f"{scheme}://{authority}/")
    return filesystem, f"{root.rstrip('/')}/{path}"


def walk(drops: str, skipped: list[tuple[str, str]]) -> Iterator[Entry]:
    """Every file under a root, or the root itself where it is a file; directories passed over are put in `skipped`.

    Raises DropError where the root is not there or cannot be listed.
    """
    if drops.startswith("file:/"):
        drops = unquote(urlsplit(drops).path)
    elif "://" in drops:
        return _walk_store("s3://" + drops.removeprefix("s3a://") if drops.startswith("s3a://") else drops, skipped)
    # `..` is resolved the way the system does, through links; without it a link keeps the name it was given by.
    root = os.path.realpath(drops) if ".." in Path(drops).parts else os.path.abspath(drops)  # noqa: PTH100 (same)
    try:
        status = os.stat(root)  # noqa: PTH116 (paths are kept as they are given, not as Path normalises them)
        if not stat.S_ISDIR(status.st_mode):
            return iter([_local_entry(root, os.path.basename(root))])  # noqa: PTH119
        os.scandir(root).close()
    except OSError as error:
        raise DropError(f"the drop {drops} cannot be listed: {error.strerror}") from None
    return _walk_directory(root, skipped)


def _walk_directory(root: str, skipped: list[tuple[str, str]]) -> Iterator[Entry]:
    """Files below a local root. Links to directories come last, and no directory is entered twice."""
    entered: set[tuple[int, int]] = set()
    waiting, links = [root], list[str]()
    while waiting or links:
        directory = waiting.pop() if waiting else links.pop(0)
        try:
            status = os.stat(directory)  # noqa: PTH116
            if (status.st_dev, status.st_ino) in entered:
                skipped.append((_readable(directory), "a link to a directory that is listed already"))
                continue
            entered.add((status.st_dev, status.st_ino))
            with os.scandir(directory) as scan:
                children = sorted(scan, key=lambda child: child.name)
        except OSError as error:
            skipped.append((_readable(directory), f"cannot be listed: {error.strerror}"))
            continue
        for child in children:
            if _is_directory(child):
                if child.name.startswith(("_", ".")):
                    skipped.append((_readable(child.path), "a hidden directory"))
                elif child.is_symlink():
                    links.append(child.path)
                else:
                    waiting.append(child.path)
            else:
                yield _local_entry(child.path, os.path.relpath(child.path, root))


def _is_directory(child: os.DirEntry[str]) -> bool:
    try:
        return child.is_dir()
    except OSError:  # a link to itself
        return False


def _local_entry(path: str, name: str) -> Entry:
    uri, name = _readable(path), _readable(name)
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return Entry(uri, name, 0, "", Reason.FILE_UNREADABLE)  # a link to nothing, or just gone
    if not stat.S_ISREG(status.st_mode):
        return Entry(uri, name, -1, "")
    # A name that is no UTF-8 can be told of, and not opened.
    unreadable = Reason.FILE_UNREADABLE if uri != path else None
    return Entry(uri, name, status.st_size, str(status.st_mtime_ns), unreadable)


def _readable(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _walk_store(root: str, skipped: list[tuple[str, str]]) -> Iterator[Entry]:
    try:
        filesystem, path = open_filesystem(root)
        path = path.rstrip("/")
        info = filesystem.get_file_info(path)
        if info.type == pafs.FileType.NotFound:
            raise DropError(f"the drop {root} is not there")
        if info.type == pafs.FileType.File:
            infos, base = [info], path.rpartition("/")[0]
        else:
            infos, base = filesystem.get_file_info(pafs.FileSelector(path, recursive=True)), path
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DropError(f"the drop {root} cannot be listed: {error}") from None
    prefix = root.rstrip("/").removesuffix(path.removeprefix(base))
    passed: set[str] = set()
    for info in infos:
        if info.type != pafs.FileType.File:
            continue
        name = info.path.removeprefix(base).lstrip("/")
        hidden = _hidden_directory(name)
        if hidden is None:
            yield Entry(f"{prefix}/{name}", name, info.size, str(info.mtime_ns))
        elif hidden not in passed:
            passed.add(hidden)
            skipped.append((f"{prefix}/{hidden}", "a hidden directory"))


def _hidden_directory(name: str) -> str | None:
    """The first directory of a path that starts with `_` or `.`."""
    directories = name.split("/")[:-1]
    for depth, directory in enumerate(directories):
        if directory.startswith(("_", ".")):
            return "/".join(directories[: depth + 1])
    return None


@cache
def _s3(endpoint: str | None) -> pafs.FileSystem:
    if endpoint is None:
        return pafs.S3FileSystem()
    return pafs.S3FileSystem(endpoint_override=endpoint)


@cache
def _store(root: str) -> tuple[pafs.FileSystem, str]:
    filesystem, path = pafs.FileSystem.from_uri(root)
    return filesystem, path
