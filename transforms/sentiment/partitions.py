"""To which of several workers a text goes: copies of a text to the same one, which so buys it once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.pii.redacted import redacted_texts
from transforms.text import Fingerprint, split_utf8


def partition_of(key: bytes, count: int) -> int:
    """Which of `count` partitions a content key belongs to."""
    return int.from_bytes(key[:4], "big") % count


def partitions(
    prepared: pa.RecordBatch, max_bytes: int, fingerprint: Fingerprint, count: int, *, languages_asked: bool
) -> np.ndarray:
    """The partition, 0 to `count` - 1, of each row of schemas.PREPARED: that of its content key.

    A text of more than `max_bytes`, the scorer's, goes to the partition of its first chunk: texts that begin alike so
    come to one worker, which sees that they share chunks. With `languages_asked`, where the content key of some is not
    known yet, the language does not count: a text whose language is named, and the same where it is not, may be one.
    """
    texts = redacted_texts(prepared).array
    keys = prepared["content_key"]
    if languages_asked:
        keys = fingerprint.keys_of(prepared["certificate"], pa.nulls(len(texts), pa.string()))
    long = pc.fill_null(pc.greater(pc.binary_length(texts), max_bytes), False)
    if pc.any(long).as_py():
        first = [split_utf8(text, max_bytes)[0] for text in texts.filter(long).to_pylist()]
        of_chunks = fingerprint.keys(pa.array(first, pa.string()), prepared["language"].filter(long))
        keys = pc.replace_with_mask(keys, long, of_chunks)
    # A row without a text goes wherever.
    return np.array(
        [partition_of(bytes.fromhex(key), count) if key else row % count for row, key in enumerate(keys.to_pylist())],
        np.int64,
    )
