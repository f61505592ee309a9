"""Many small JSON Lines files at once: what a batch costs, it costs once and not once a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from jobs.drops import Compression, Split
from jobs.formats import Format
from jobs.readers.jsonl import by_arrow
from jobs.readers.records import is_nested
from transforms.documents import COLUMNS, documents, with_sources

# A file of no more bytes is read together with others.
SMALL_BYTES = 64 << 10
# Bytes of files that are read together, and how many there are.
_TOGETHER_BYTES = 4 << 20
TOGETHER_FILES = 4096


def is_small(split: Split) -> bool:
    """Whether a split is a whole file that may be read together with others of its kind."""
    file = split.file
    plain = (
        file.format is Format.JSONL and file.compression is Compression.NONE and not (file.error_code or file.charset)
    )
    return plain and split.start == 0 and split.end == file.size <= SMALL_BYTES


def read_together(
    splits: Iterable[Split], mapping: Mapping[str, str]
) -> Iterator[tuple[list[Split], pa.RecordBatch | None]]:
    """Splits that are small, in their order, some at a time: with all their documents, or None where these have to be
    read file by file, for one of them is not what most are: unreadable, broken, of other types than the first.
    """
    held: list[Split] = []
    contents: list[bytes] = []
    size = 0
    for split in splits:
        try:
            with split.file.open() as source:
                content = source.read()
        except OSError:
            content = b""
        held.append(split)
        contents.append(content if len(content) == split.file.size else b"")  # the reader will say what is wrong
        size += len(content)
        if size >= _TOGETHER_BYTES or len(held) == TOGETHER_FILES:
            yield held, _documents(held, contents, mapping)
            held, contents, size = [], [], 0
    if held:
        yield held, _documents(held, contents, mapping)


def _documents(splits: Sequence[Split], contents: Sequence[bytes], mapping: Mapping[str, str]) -> pa.RecordBatch | None:
    """The documents of files of plain lines; None where one holds anything else."""
    lines = [content.removesuffix(b"\n") for content in contents]
    # A file that is empty, or holds an empty line, is found not to be plain below, or at its own end.
    if not all(line.startswith(b"{") for line in lines):
        return None
    columns = {ours: mapping.get(ours, ours) for ours in COLUMNS}
    if any(map(is_nested, columns.values())):
        return None
    arrays = by_arrow(b"\n".join(lines), columns)
    if arrays is None:
        return None
    counts = np.array([line.count(b"\n") + 1 for line in lines])
    firsts = np.repeat(np.cumsum(counts) - counts, counts)
    rows = np.arange(counts.sum()) - firsts + 1
    of_file = pa.array(np.repeat(np.arange(len(counts)), counts))
    names = pa.array([split.file.source_file for split in splits]).take(of_file)
    batch = documents(arrays, rows, names)
    if any(split.file.source for split in splits):
        return with_sources(batch, pa.array([split.file.source for split in splits], pa.string()).take(of_file))
    return batch
