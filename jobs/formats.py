"""The formats of a drop's files. Apart from what reads them, for the command line names them and must start quickly."""

from __future__ import annotations

from dataclasses import dataclass
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
    MAIL = "mail"
    MBOX = "mbox"
    HTML = "html"
    RTF = "rtf"
    DOCX = "docx"
    ODT = "odt"
    PDF = "pdf"
    CAPTIONS = "captions"
    CONVERSATION = "conversation"
    ZIP = "zip"
    TAR = "tar"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Telling:
    """How mail and conversations become documents."""

    turns: bool = False  # a document a turn
    whole: bool = False  # also what agents say, and what a mail quotes
    attachments: bool = False  # texts that are attached to a mail are documents


ARCHIVES = frozenset({Format.ZIP, Format.TAR})
CONVERSATIONS = frozenset({Format.CAPTIONS, Format.CONVERSATION})
LETTERS = frozenset({Format.HTML, Format.RTF, Format.DOCX, Format.ODT, Format.PDF})
# Of any charset, told by their bytes.
TEXTS = frozenset({Format.JSONL, Format.JSON, Format.CSV, Format.TEXT})
# What is read from its start to its end, and never held as a whole.
STREAMED = frozenset({Format.JSONL, Format.JSON, Format.CSV, Format.TEXT, Format.MBOX, Format.TAR})
