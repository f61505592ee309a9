"""Who lives, by file locks: the system lets go of a lock when its process ends, however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from jobs.storage import LocalStorage, make_private_folder
from transforms.errors import LakeError


class LocalLiveness:
    """`Liveness` by a lock file for each run that lives, in one folder. Raises LakeError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def hold(self, run_id: str) -> Iterator[None]:
        """See `Liveness.hold`."""
        path = self._path(run_id)
        lock = FileLock(path, mode=0o600)
        with self._usable():
            make_private_folder(self._folder)
            lock.acquire()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            lock.release()

    def lives(self, run_id: str) -> bool:
        """See `Liveness.lives`."""
        path = self._path(run_id)
        with self._usable():
            if not path.exists():
                return False
            try:
                with FileLock(path, timeout=0, mode=0o600):
                    pass
            except Timeout:
                return True
            path.unlink(missing_ok=True)
        return False

    def sweep(self) -> None:
        """See `Liveness.sweep`."""
        with self._usable():
            left = [Path(lock.uri).stem for lock in LocalStorage().list(str(self._folder))]
        for run_id in left:
            self.lives(run_id)

    def _path(self, run_id: str) -> Path:
        return self._folder / f"{run_id}.lock"

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LakeError(f"the lake's locks {self._folder} cannot be used: {error.strerror}") from None
