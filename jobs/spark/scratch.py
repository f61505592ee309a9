"""Where Spark keeps on disk what it moves: a folder of its own, for texts are among it, redacted as they are."""

from __future__ import annotations

import atexit
import os
import tempfile
import uuid
from pathlib import Path

from jobs.storage import LocalStorage, make_private_folder, others_may_read
from jobs.stores.local.liveness import LocalLiveness
from transforms.errors import AuraStreamError


def scratch_folder() -> str:
    """A folder for this process, which its owner alone may enter: it goes when the process ends.

    What processes left that were killed goes now. Raises AuraStreamError where the place is another user's.
    """
    base = Path(os.environ.get("SPARK_LOCAL_DIRS", tempfile.gettempdir()).split(",")[0])
    root = base / f"aurastream-spark-{os.getuid()}"
    try:
        make_private_folder(root)
        if root.is_symlink() or root.stat().st_uid != os.getuid() or others_may_read(root):
            raise AuraStreamError(f"{root} is open to others: remove it, or name another place by SPARK_LOCAL_DIRS")
        _remove_left(root)
        return _made(root)
    except OSError as error:
        raise AuraStreamError(f"{root} cannot be written: {error.strerror}") from None


def _remove_left(root: Path) -> None:
    """Remove the folders of processes that have ended."""
    liveness = LocalLiveness(root / "locks")
    for lock in list(LocalStorage().list(str(root / "locks"))):
        token = Path(lock.uri).stem
        if not liveness.lives(token):
            LocalStorage().delete(str(root / token))


def _made(root: Path) -> str:
    token = uuid.uuid4().hex
    held = LocalLiveness(root / "locks").hold(token)
    held.__enter__()
    folder = str(root / token)
    make_private_folder(root / token)

    def remove() -> None:
        LocalStorage().delete(folder)
        held.__exit__(None, None, None)

    atexit.register(remove)
    return folder
