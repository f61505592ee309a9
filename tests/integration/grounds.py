"""Where the lakes of tests lie: a kind of ground for each kind of twins. Another one is a class and a line below."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from jobs.storage import LocalStorage

Patch = Callable[[Any, str, Any], None]  # setattr, or a test's own


class Ground(Protocol):
    """What tests do to lakes behind their backs."""

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
    def called(self: LocalStorage, uri: str, *told: Any) -> Any:
        if uri.startswith(lake) and _Disk.call():  # what lies elsewhere is the drop's
            raise OSError(28, "No space left on device", uri)
        return method(self, uri, *told)

    return called


GROUNDS: dict[str, Ground] = {"local": LocalGround()}


def ground_of(lake: str) -> Ground:
    """The ground that a lake lies on, by its location."""
    return GROUNDS[lake.partition("://")[0] if "://" in lake else "local"]
