"""The door from Python: `lake = aurastream.connect("lake")`, and `lake.sql("select * from movers")` is a data frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aurastream.lake import Lake

__all__ = ["connect"]


def connect(location: str) -> Lake:
    """Open a lake: a folder, or a URI such as `s3://bucket/lake`. Nothing is made or changed.

    Raises `transforms.errors.UsageError` for a location that is none, `LakeError` where there is no lake.

    >>> lake = aurastream.connect("lake")
    >>> lake.sql("select * from movers where source = ?", ["chat"])
    """
    from aurastream.lake import Lake  # and so pyarrow and what reads lakes, but for who asks

    return Lake(location)
