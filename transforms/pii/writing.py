"""Writes many texts anew at once, with something in the place of each find."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.pii.finds import Finds


def write(texts: pa.StringArray, finds: Finds, made: Sequence[bytes]) -> pa.StringArray:
    """Texts with what is made for each find, in UTF-8, in its place. Finds are in order and do not overlap.

    The column is one run of bytes, of which the parts between finds are copied whole: nothing is done for each text.
    Raises pyarrow.ArrowInvalid where the texts together become longer than a column can be, 2 GiB.
    """
    if not len(finds.rows):
        return texts
    _, offsets, values = texts.buffers()
    begins = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    data = memoryview(values)[begins[0] : begins[-1]]
    begins -= begins[0]
    starts, ends = _in_bytes(texts, data, begins, finds)
    edges = [0, *np.column_stack([starts, ends]).ravel().tolist(), len(data)]
    parts: list[bytes | memoryview] = [b""] * (2 * len(made) + 1)
    parts[0::2] = [data[start:end] for start, end in zip(edges[0::2], edges[1::2], strict=True)]
    parts[1::2] = made
    joined = b"".join(parts)
    grown = np.append(0, np.cumsum(np.fromiter(map(len, made), np.int64, len(made)) - (ends - starts)))
    begins += grown[np.searchsorted(finds.rows, np.arange(len(begins)))]
    written = pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(begins), pa.py_buffer(joined)).cast(pa.string())
    return pc.if_else(texts.is_valid(), written, pa.scalar(None, pa.string())) if texts.null_count else written


def _in_bytes(
    texts: pa.StringArray, data: memoryview, begins: np.ndarray, finds: Finds
) -> tuple[np.ndarray, np.ndarray]:
    """Where each find starts and ends in all texts together, in bytes; the texts begin at `begins`."""
    starts, ends = finds.starts.copy(), finds.ends.copy()
    beyond_ascii = pc.not_equal(pc.binary_length(texts), pc.utf8_length(texts)).fill_null(False)
    which = np.flatnonzero(beyond_ascii.to_numpy(zero_copy_only=False)[finds.rows])
    if len(which):
        rows, its = np.unique(finds.rows[which], return_inverse=True)
        lengths = begins[rows + 1] - begins[rows]
        joined = b"".join(data[begins[row] : begins[row + 1]] for row in rows.tolist())
        characters = np.append(np.flatnonzero((np.frombuffer(joined, np.uint8) & 0xC0) != 0x80), len(joined))
        before = (np.cumsum(lengths) - lengths)[its]
        first = np.searchsorted(characters, before)
        starts[which] = characters[first + starts[which]] - before
        ends[which] = characters[first + ends[which]] - before
    return begins[finds.rows] + starts, begins[finds.rows] + ends
