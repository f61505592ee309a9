"""Software that was fetched: once for every stack of this user, all of a thing or nothing."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from transforms.errors import ServiceError


def cache_folder() -> Path:
    """Where fetched software is kept."""
    return Path.home() / ".cache" / "aurastream"


def kept(name: str, make: Callable[[Path], Path]) -> Path:
    """The folder of that name below `cache_folder`; made if it is not there yet.

    `make` is given an empty folder, and returns the one within it that is to be kept. Raises ServiceError, also that of
    `make`, and then nothing is kept.
    """
    folder = cache_folder() / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not folder.exists():
                with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{name}-") as work:
                    make(Path(work)).rename(folder)
    except OSError as error:
        what = "the disk is full; free some of it" if error.errno == errno.ENOSPC else f"{error.strerror}; mend that"
        raise ServiceError(f"{name} cannot be kept in {folder.parent}: {what}, and run the command again") from None
    return folder
