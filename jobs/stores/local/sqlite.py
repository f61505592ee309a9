"""A SQLite file that many processes, and the threads of each, use at once: what the local twins keep things in."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from jobs.storage import make_private_file
from transforms.errors import AuraStreamError, LakeBusy, LakeError

# How long one waits for another's transaction, in seconds; a batch of the score cache takes some 50 ms.
BUSY_SECONDS = 300


# What to do about a file that is damaged: one of which nothing else knows, and one that can be filled anew.
RESTORE = "restore it from a backup"
REBUILD = f"{RESTORE}, or remove it and run `aurastream rebuild`"


def unusable(
    what: str,
    kind: type[AuraStreamError] = LakeError,
    busy: type[AuraStreamError] = LakeBusy,
    mend: str = RESTORE,
) -> Callable[[Exception], AuraStreamError]:
    """What to make of an error of SQLite's or of the disk's: `busy` where others had the file locked for too long.

    `mend` is what to do where the file is damaged.
    """

    def error_of(error: Exception) -> AuraStreamError:
        primary = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest says more, such as by whom
        if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return busy(f"{what} cannot be used: {error}")
        damaged = primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
        return kind(f"{what} cannot be used: {error}" + (f": {mend}" if damaged else ""))

    return error_of


def find_damage(connection: sqlite3.Connection) -> None:
    """Raise sqlite3.DatabaseError where a file's pages do not fit together: some 3 ms of CPU a megabyte.

    SQLite has no checksums: a byte that has turned within a value stays unseen.
    """
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


class SharedFile:
    """One process's connection to the file: write-ahead log, one writer at a time, whoever comes second waits.

    What a transaction wrote survives a crash of the process; a power cut may lose the last ones but damages nothing.
    Every method raises what `error_of` makes of an error, see `unusable`.
    """

    def __init__(self, path: Path | str, schema: str, error_of: Callable[[Exception], AuraStreamError]) -> None:
        self._path = path
        self._error_of = error_of
        self._threads = threading.RLock()
        try:
            make_private_file(Path(path))
            # Any thread may use it, one at a time: `_threads` sees to that.
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            with self._alone():
                self._connection.execute("PRAGMA journal_mode=WAL")
                self._connection.executescript(schema)
            # Keys are random, so every write touches most pages: they are copied back every 40 MB, not every 4.
            self._connection.execute("PRAGMA wal_autocheckpoint=10000")
            self._connection.execute("PRAGMA synchronous=NORMAL")
        except (sqlite3.Error, OSError) as error:  # OSError: of the lock beside the file
            raise error_of(error) from None

    def find_damage(self) -> None:
        """Read the whole file, and raise where it is damaged: see `find_damage`."""
        with self.reading() as connection:
            find_damage(connection)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone; each statement sees what was committed before it."""
        try:
            with self._threads:
                yield self._connection
        except sqlite3.Error as error:
            raise self._error_of(error) from None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The connection in a transaction, the only one that writes: committed at the end, undone by an error."""
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                yield connection

    def close(self) -> None:
        """Let go of the file."""
        with self._threads, self._alone():
            self._connection.close()

    def _alone(self) -> FileLock:
        """Held where the write-ahead log is made or put away: there SQLite may fail at once instead of waiting."""
        return FileLock(f"{self._path}.lock", mode=0o600)
