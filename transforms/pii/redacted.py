"""Redacted text, as types of its own: a Scorer takes nothing else, which the type checker holds (promise 1)."""

from __future__ import annotations

from typing import NewType

import numpy as np
import pyarrow as pa

from transforms.schemas import PREPARED, conform

# Text that went through the redactor. Only it and this module make one; what derives from one stays one.
RedactedText = NewType("RedactedText", str)


class RedactedTexts:
    """A column of texts that went through `redactor.redact`; null where a text was, or is dropped."""

    __slots__ = ("array",)

    def __init__(self, array: pa.StringArray) -> None:
        self.array = array

    def take(self, rows: np.ndarray) -> RedactedTexts:
        """The texts of some rows, by their numbers."""
        return RedactedTexts(self.array.take(pa.array(rows, pa.int64())))

    def texts(self) -> list[RedactedText | None]:
        """The texts one by one."""
        texts: list[RedactedText | None] = self.array.to_numpy(zero_copy_only=False).tolist()  # faster than to_pylist
        return texts


def redacted_texts(prepared: pa.RecordBatch) -> RedactedTexts:
    """The texts of a batch of schemas.PREPARED, which are what the scorer is handed.

    Raises SchemaError for any other batch.
    """
    conform(prepared, PREPARED)
    return RedactedTexts(prepared["redacted_text"])
