"""What is read as a whole, held in memory up to a bound."""

from __future__ import annotations

from collections.abc import Iterable

from jobs.drops.compression import Broken
from transforms.documents import Reason


def read_whole(blocks: Iterable[bytes], most: int) -> bytes | Reason:
    """All that some blocks hold; FILE_TOO_LARGE where that is more than so many bytes, or why they break off."""
    parts: list[bytes] = []
    held = 0
    try:
        for block in blocks:
            held += len(block)
            if held > most:
                return Reason.FILE_TOO_LARGE
            parts.append(block)
    except Broken as broken:
        return broken.reason
    return b"".join(parts)
