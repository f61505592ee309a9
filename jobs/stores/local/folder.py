"""The folder that a lake of this machine lies in."""

from __future__ import annotations

from pathlib import Path

from jobs.storage import make_private_folder
from transforms.errors import LakeError


def make_folder(root: str) -> None:
    """Make it where it is not there, for its owner alone. Raises LakeError."""
    try:
        make_private_folder(Path(root))
    except OSError as error:
        raise LakeError(f"the lake {root} cannot be written: {error.strerror}") from None
