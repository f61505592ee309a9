"""The lake's key in a file that its owner alone can read."""

from __future__ import annotations

import secrets
from pathlib import Path

from jobs.storage import LocalStorage
from transforms.errors import LakeError

KEY_BYTES = 32


class LocalKeys:
    """`Keys` in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def content_key(self) -> bytes:
        """See `Keys.content_key`."""
        try:
            if not self._path.exists():
                # Of two first uses at once, one key stays.
                LocalStorage().put_if_absent(str(self._path), secrets.token_bytes(KEY_BYTES))
            key = self._path.read_bytes()
        except OSError as error:
            raise LakeError(f"the lake's key {self._path} cannot be used: {error.strerror}") from None
        if len(key) != KEY_BYTES:
            raise LakeError(f"{self._path} is not {KEY_BYTES} bytes long: restore it, or delete it to start anew")
        return key
