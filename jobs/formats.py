"""The formats of a drop's files. Apart from what reads them, for the command line names them and must start quickly."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """What a file of a drop holds."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    TEXT = "text"
    MAIL = "mail"
    MBOX = "mbox"
    UNKNOWN = "unknown"
