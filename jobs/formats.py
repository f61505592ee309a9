"""The formats of a drop's files. Apart from what reads them, for the command line names them and must start quickly."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """What a file of a drop holds."""

    JSONL = "jsonl"  # an object a line
    JSON = "json"  # arrays, objects that hold one, objects over several lines or run together
    CSV = "csv"
    PARQUET = "parquet"
    FEATHER = "feather"
    ORC = "orc"
    AVRO = "avro"
    SHEET = "sheet"  # Excel and OpenDocument
    TEXT = "text"
    UNKNOWN = "unknown"
