"""The formats of a drop's files. Apart from what reads them, for the command line names them and must start quickly."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """What a file of a drop holds."""

    JSONL = "jsonl"  # an object a line
    JSON = "json"  # arrays, objects that hold one, objects over several lines or run together
    CSV = "csv"
    PARQUET = "parquet"
    TEXT = "text"
    MAIL = "mail"
    MBOX = "mbox"
    ZIP = "zip"
    TAR = "tar"
    UNKNOWN = "unknown"


ARCHIVES = frozenset({Format.ZIP, Format.TAR})
# What is read from its start to its end, and never held as a whole.
STREAMED = frozenset({Format.JSONL, Format.CSV, Format.TEXT, Format.MBOX, Format.TAR})
