"""A stream of bytes as physical lines, with their numbers, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from jobs.drops.compression import Broken
from transforms.documents import Reason

# The longest line that is ever held. What is longer is passed over up to its newline.
MAX_LINE_BYTES = 16 << 20  # more than BLOCK_BYTES: a line within one block is never too long

_BOM = b"\xef\xbb\xbf"


class Lines(NamedTuple):
    """Whole lines as one piece, without the last newline."""

    first: int  # the number of the first one, from 1
    data: bytes


class Rejected(NamedTuple):
    """What stands where documents could not be read."""

    row: int
    reason: Reason


def split_lines(blocks: Iterator[bytes], first: int) -> Iterator[Lines | Rejected]:
    """Cut blocks at newlines (`\\n`) alone; `first` is the number of the first line.

    A line longer than MAX_LINE_BYTES is one rejection, LINE_TOO_LONG. Where the stream breaks, what it had of a line is
    dropped and the last item is a rejection with that line's number. A byte order mark before line 1 is dropped.
    """
    row = first
    parts: list[bytes] = []  # the line that is not complete yet
    held = 0
    start_of_file = first == 1
    try:
        for block in blocks:
            if start_of_file:
                block = block.removeprefix(_BOM)  # blocks are long enough never to cut it
                start_of_file = False
            end = block.rfind(b"\n")
            if end < 0:
                held += len(block)
                parts = [*parts, block] if held <= MAX_LINE_BYTES else []
                continue
            begin = 0
            if held + (newline := block.find(b"\n")) > MAX_LINE_BYTES:
                yield Rejected(row, Reason.LINE_TOO_LONG)
                row += 1
                parts = []
                begin = newline + 1
            if begin <= end:
                data = b"".join([*parts, memoryview(block)[begin:end]])
                yield Lines(row, data)
                row += int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord("\n"))) + 1
            parts = [block[end + 1 :]]
            held = len(block) - end - 1
    except Broken as broken:
        yield Rejected(row, broken.reason)
        return
    if held > MAX_LINE_BYTES:
        yield Rejected(row, Reason.LINE_TOO_LONG)
    elif held:
        yield Lines(row, b"".join(parts))
