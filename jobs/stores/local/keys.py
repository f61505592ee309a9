"""The lake's key in a file that its owner alone can read."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from jobs.storage import LocalStorage, others_may_read
from jobs.stores.steps import KEY_BYTES
from transforms.errors import LakeError


class LocalKeys:
    """`Keys` in one file. `lost` says whether there must be a key already."""

    def __init__(self, path: Path, lost: Callable[[], bool] = lambda: False) -> None:
        self._path = path
        self._lost = lost

    def content_key(self, *, unused: bool = False) -> bytes:
        """See `Keys.content_key`."""
        try:
            if not self._path.exists():
                if not unused and self._lost():
                    raise LakeError(
                        f"{self._path} is gone, and runs were published: restore it, give the key that they had by "
                        f"--key-file, or put {KEY_BYTES} random bytes there; under another key all texts are scored, "
                        "and paid for, anew"
                    )
                # Of two first uses at once, one key stays.
                LocalStorage().put_if_absent(str(self._path), secrets.token_bytes(KEY_BYTES))
            key = self._path.read_bytes()
            open_to_others = others_may_read(self._path)
        except OSError as error:
            raise LakeError(f"the lake's key {self._path} cannot be used: {error.strerror}") from None
        if len(key) != KEY_BYTES:
            raise LakeError(f"{self._path} is not {KEY_BYTES} bytes long: restore it, or delete it to start anew")
        if open_to_others:
            raise LakeError(f"others can read {self._path}: `chmod 600` it, if nobody has")
        return key
