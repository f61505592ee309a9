"""The files of a drop, on this machine or in a store, under names that are kept as they are."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from jobs.storage import absolute, storage_of
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
    target: str = ""  # the path without links, where that is another than the URI


@dataclass(frozen=True)
class Fence:
    """Where links in a drop may lead, all paths without links."""

    allowed: tuple[str, ...] = ()
    lake: str | None = None  # not even below what is allowed

    @classmethod
    def around(cls, allowed: Sequence[str], lake: str | None) -> Fence:
        """The fence of folders as they are given by name."""
        return cls(tuple(map(os.path.realpath, allowed)), lake and os.path.realpath(absolute(lake)))

    def refusal(self, target: str, *, linked: bool) -> str | None:
        """Why what lies there is not read, whether a link leads there or a folder; None where it is."""
        if self.lake is not None and _lies_in(target, self.lake):
            return "a link into the lake" if linked else "the lake"
        if linked and not any(_lies_in(target, folder) for folder in self.allowed):
            return "a link out of the drop"
        return None


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def open_without_links(path: str) -> pa.NativeFile:
    """A regular file, to be read. Raises OSError, also where a part of the path is a link by now."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # a pipe would have nobody to wait for
    try:
        opened = os.fstat(handle)
        # What was opened is what stands at a path that, after it was, had no link in it.
        if os.path.realpath(path) != path or not os.path.samestat(opened, os.stat(path)):  # noqa: PTH116
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        if not stat.S_ISREG(opened.st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        return pa.OSFile(f"/dev/fd/{handle}", "rb")
    finally:
        os.close(handle)


def walk(drops: str, skipped: list[tuple[str, str]], fence: Fence) -> Iterator[Entry]:
    """Every file under a root, or the root itself where it is a file; what is passed over on the way is in `skipped`.

    The root may be a link, for it is given by name; links below it lead into it, or where the fence lets them.

    Raises DropError where the root is not there or cannot be listed, UsageError where its scheme is unknown.
    """
    uri = absolute(drops)
    if uri.startswith("s3://"):
        return _walk_store(uri, skipped)
    if drops.startswith("file:/"):
        drops = uri
    # `..` is resolved the way the system does, through links; without it a link keeps the name it was given by.
    root = os.path.realpath(drops) if ".." in Path(drops).parts else os.path.abspath(drops)  # noqa: PTH100 (same)
    try:
        status = os.stat(root)  # noqa: PTH116 (paths are kept as they are given, not as Path normalises them)
        if not stat.S_ISDIR(status.st_mode):
            return iter([_local_entry(root, os.path.basename(root), os.path.realpath(root))])  # noqa: PTH119
        os.scandir(root).close()
    except OSError as error:
        raise DropError(f"the drop {drops} cannot be listed: {error.strerror}") from None
    target = os.path.realpath(root)
    return _walk_directory(root, target, skipped, replace(fence, allowed=(target, *fence.allowed)))


def _walk_directory(root: str, target: str, skipped: list[tuple[str, str]], fence: Fence) -> Iterator[Entry]:
    """Files below a local root. Links to directories come last, and no directory is entered twice."""
    entered: set[tuple[int, int]] = set()
    waiting, links = [(root, target)], list[tuple[str, str]]()
    while waiting or links:
        directory, real = waiting.pop() if waiting else links.pop(0)
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
            target = os.path.realpath(child.path) if child.is_symlink() else os.path.join(real, child.name)  # noqa: PTH118
            if reason := fence.refusal(target, linked=child.is_symlink()):
                skipped.append((_readable(child.path), reason))
            elif _is_directory(child):
                if child.name.startswith(("_", ".")):
                    skipped.append((_readable(child.path), "a hidden directory"))
                elif child.is_symlink():
                    links.append((child.path, target))
                else:
                    waiting.append((child.path, target))
            else:
                yield _local_entry(child.path, os.path.relpath(child.path, root), target)


def _is_directory(child: os.DirEntry[str]) -> bool:
    try:
        return child.is_dir()
    except OSError:  # a link to itself
        return False


def _local_entry(path: str, name: str, target: str) -> Entry:
    uri, name = _readable(path), _readable(name)
    try:
        status = os.stat(target)  # noqa: PTH116
    except OSError:
        return Entry(uri, name, 0, "", Reason.FILE_UNREADABLE)  # a link to nothing, or just gone
    if not stat.S_ISREG(status.st_mode):
        return Entry(uri, name, -1, "")
    # A name that is no UTF-8 can be told of, and not opened.
    unreadable = Reason.FILE_UNREADABLE if uri != path else None
    other = "" if target == path else target
    return Entry(uri, name, status.st_size, str(status.st_mtime_ns), unreadable, other)


def _readable(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _walk_store(root: str, skipped: list[tuple[str, str]]) -> Iterator[Entry]:
    try:
        storage = storage_of(root)
        below = sorted(storage.list(root))
        alone = None if below else storage.stat(root)
    except OSError as error:
        raise DropError(f"the drop {root} cannot be listed: {error}") from None
    if alone:
        yield Entry(root, root.rpartition("/")[2], alone.size, alone.stamp)
    elif not below:
        raise DropError(f"the drop {root} is not there")
    passed: set[str] = set()
    for stored in below:
        name = stored.uri.removeprefix(f"{root}/")
        hidden = hidden_directory(name)
        if hidden is None:
            yield Entry(stored.uri, name, stored.size, stored.stamp)
        elif hidden not in passed:
            passed.add(hidden)
            skipped.append((f"{root}/{hidden}", "a hidden directory"))


def hidden_directory(name: str) -> str | None:
    """The first directory of a path that starts with `_` or `.`."""
    directories = name.split("/")[:-1]
    for depth, directory in enumerate(directories):
        if directory.startswith(("_", ".")) and directory.strip("."):
            return "/".join(directories[: depth + 1])
    return None
