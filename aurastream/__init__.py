"""The door from Python: `lake = aurastream.connect("lake")`, and `lake.sql("select * from movers")` is a data frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aurastream.lake import Lake
    from aurastream.trust import Agreement

__all__ = ["agreement", "connect"]


def connect(location: str) -> Lake:
    """Open a lake: a folder, or a URI such as `s3://bucket/lake`. Nothing is made or changed.

    Raises `transforms.errors.UsageError` for a location that is none, `LakeError` where there is no lake.

    >>> lake = aurastream.connect("lake")
    >>> lake.sql("select * from movers where source = ?", ["chat"])
    """
    from aurastream.lake import Lake  # and so pyarrow and what reads lakes, but for who asks

    return Lake(location)


def agreement(files: str | Path | Sequence[str | Path]) -> Agreement:
    """How far a scorer agrees with who labelled a sample, a file each: what `aurastream agreement FILE...` tells.

    Raises `transforms.errors.UsageError` where a file is no sample, is of another draw, or labels nothing.

    >>> aurastream.agreement(["kim.csv", "ann.csv"]).measures
    """
    from aurastream.trust import framed
    from jobs.agreement import of_files

    return framed(of_files([Path(file) for file in ([files] if isinstance(files, str | Path) else files)]))
