"""How the reading of a drop is divided among tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pyarrow as pa

from jobs.drops.charset import BEFORE_BYTES, SAMPLE_BYTES, WIDE, high_byte, late_charset
from jobs.drops.compression import Broken, Compression
from jobs.drops.files import DropFile
from jobs.drops.footer import read_footer
from jobs.formats import Format
from jobs.storage import SMALL_BYTES

_THREADS = 16  # files counted at once
_COUNT_BLOCK = 4 << 20
# What opening a file costs beside its bytes, in bytes: some 100 documents are scored in that time, in a store as well.
OPEN_COST = 32 << 10
_EXPANSION = 4  # what a compressed byte costs beside a plain one


@dataclass(frozen=True)
class Split:
    """What one call of a reader reads.

    `start` and `end` are bytes of an uncompressed JSON Lines file, at starts of lines, or row groups of a Parquet file.
    In every format 0 and the file's size stand for the whole file.
    """

    file: DropFile
    start: int
    end: int
    first_row: int  # rows (physical lines) before `start`


def plan_splits(files: Sequence[DropFile], target_bytes: int) -> list[Split]:
    """Divide large uncompressed JSON Lines and Parquet files into parts of about `target_bytes`; others stay whole.

    A JSON Lines file that is divided is read once, to count its lines: `source_row` must be right in every part.
    """
    with ThreadPoolExecutor(_THREADS) as pool:
        return [split for splits in pool.map(lambda file: _split(file, target_bytes), files) for split in splits]


def read_ahead(splits: Sequence[Split]) -> Iterator[Split]:
    """A task's splits, small objects of a store with their content, read while those before them are worked on.

    What cannot be read stays as it is, and the reader will say so.
    """
    if not any(_is_small_object(split.file) for split in splits):
        yield from splits
        return
    with ThreadPoolExecutor(_THREADS) as pool:
        yield from pool.map(_with_content, splits)


def _is_small_object(file: DropFile) -> bool:
    return "://" in file.uri and file.size <= SMALL_BYTES and file.content is None and not file.error_code


def _with_content(split: Split) -> Split:
    if not _is_small_object(split.file):
        return split
    try:
        with split.file.open() as source:
            return replace(split, file=replace(split.file, content=source.read()))
    except OSError:
        return split


def pack(splits: Sequence[Split], target_bytes: int) -> list[list[Split]]:
    """Put splits together, in their order, so that a task reads about `target_bytes`."""
    packs: list[list[Split]] = []
    room = 0
    for split in splits:
        cost = _cost(split, target_bytes)
        if not packs or cost > room:
            packs.append([])
            room = target_bytes
        packs[-1].append(split)
        room -= cost
    return packs


def _split(file: DropFile, target: int) -> list[Split]:
    whole = [Split(file, 0, file.size, 0)]
    if file.error_code or file.size <= target or file.compression is not Compression.NONE:
        return whole
    try:
        if file.format is Format.JSONL and file.charset not in WIDE:
            return _split_lines(file, target)
        if file.format is Format.PARQUET:
            return _split_row_groups(file, target)
    except (Broken, OSError, pa.ArrowException):
        return whole  # the reader will find, and say, what is wrong
    return whole


def _split_lines(file: DropFile, target: int) -> list[Split]:
    """Parts that begin at starts of lines, the first ones at or after each multiple of `target`.

    Their charset is told here, where all of the file is seen: not every part has what tells it.
    """
    starts, rows = [0], [0]  # of each part: its first byte, the lines before it
    offset = lines = 0
    first_high = -1  # byte that is not ASCII
    block = bytearray(_COUNT_BLOCK)
    codes = np.frombuffer(block, np.uint8)
    with file.open() as stream:
        while length := stream.readinto(memoryview(block)[: file.size - offset]):
            seen = 0
            while (wanted := starts[-1] + target - 1) < offset + length:
                newline = block.find(b"\n", max(wanted - offset, seen), length)
                if newline < 0:
                    break
                lines += int(np.count_nonzero(codes[seen : newline + 1] == ord("\n")))
                seen = newline + 1
                starts.append(offset + seen)
                rows.append(lines)
            lines += int(np.count_nonzero(codes[seen:length] == ord("\n")))
            if first_high < 0 and (high := high_byte(block)) >= 0:
                first_high = offset + high
            offset += length
        if file.charset is None and first_high >= SAMPLE_BYTES:
            stream.seek(first_high - BEFORE_BYTES)
            file = replace(file, charset=late_charset(stream.read(SAMPLE_BYTES)))
    ends = [*starts[1:], file.size]
    return [Split(file, start, end, row) for start, end, row in zip(starts, ends, rows, strict=True) if start < end]


def _split_row_groups(file: DropFile, target: int) -> list[Split]:
    with file.open() as source:
        groups = read_footer(source)
    # What a group says that it comes to may be a lie, and each part of a file has an allowance of its own.
    sizes = [min(group.claimed, group.stored * _EXPANSION) for group in groups]
    counts = [group.rows for group in groups]
    cuts, held = [0], 0
    for group, size in enumerate(sizes):
        if held and held + size > target:
            cuts.append(group)
            held = 0
        held += size
    cuts.append(file.size)  # to the end
    return [Split(file, start, end, sum(counts[:start])) for start, end in pairwise(cuts)]


def _cost(split: Split, target: int) -> int:
    file = split.file
    if file.error_code:
        return 0
    if file.format is Format.PARQUET:
        return min(file.size, target) + OPEN_COST
    weight = 1 if file.compression is Compression.NONE else _EXPANSION
    return (split.end - split.start) * weight + OPEN_COST
