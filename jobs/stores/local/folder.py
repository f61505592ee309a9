"""The folder that a lake of this machine lies in."""

from __future__ import annotations

from pathlib import Path

from transforms.errors import LakeError


def make_folder(root: str) -> None:
    """Make it where it is not there. Raises LakeError."""
    try:
        Path(root).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LakeError(f"the lake {root} cannot be written: {error.strerror}") from None
