"""What a file's columns are, by its first records: names, types, how full they are, and examples that are masked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet as pq

from jobs.drops import Compression, DropFile
from jobs.drops.charset import as_utf8
from jobs.drops.compression import expand
from jobs.drops.dialect import Dialect
from jobs.drops.names import plain
from jobs.formats import Format
from jobs.readers.delimited import read_records, with_header
from jobs.readers.elements import split_elements
from jobs.readers.lines import Lines, split_lines
from jobs.readers.records import ELEMENT, find_records, opened, records_steps
from jobs.readers.tables import rows_of, sheets_of

_RECORDS = 200  # looked at
_COLUMNS = 200  # told of
_DEEPEST = 12
_ELEMENTS = 5  # of a list, looked at
_EXAMPLES = 3
_LONGEST = 24  # characters of an example
ID_WORD = r"(?i:id|key|number|no|nr|num|uuid|guid|sid|url|uri|link|ref|token|ticket|case|respondent)"
_ID = re.compile(
    rf"(?:^|[\W_.]){ID_WORD}(?:$|[\W_])"
    r"|(?i:n[uú]mero|nummer|identifiant|(?<=ticket)nr$)|Id$|ID$|Link$|id_str$|^#$"
)
_RATHER_NOT = re.compile(r"html|reply|(?:^|\.)\d+(?:\.|$)", re.IGNORECASE)  # for a text: markup, what agents answer


@dataclass
class Column:
    """A column as it was found."""

    name: str
    types: Counter[str] = field(default_factory=Counter)
    values: set[str] = field(default_factory=set, repr=False)
    characters: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def filled(self) -> int:
        """How many records have a value."""
        return self.types.total()

    def add(self, value: Any) -> None:
        """Count a value in."""
        self.types[_type(value)] += 1
        text = str(value)
        self.characters += len(text)
        self.values.add(text[:100])
        if len(self.examples) < _EXAMPLES and (example := masked(text)) not in self.examples:
            self.examples.append(example)


@dataclass
class Survey:
    """A file's columns, of so many records that were looked at. Without a header its columns are numbers."""

    columns: dict[str, Column]
    records: int
    header: bool = True

    def suggestion(self, missing: Sequence[str]) -> dict[str, str]:
        """Which columns may hold `text` and `document_id`, of those that are missing."""
        found: dict[str, str] = {}
        full = [each for each in self.columns.values() if each.filled * 2 > self.records]
        if "text" in missing:
            texts = [each for each in full if set(each.types) == {"text"} and " " in "".join(each.examples)]
            if texts:
                found["text"] = max(texts, key=_likely_text).name
        if "document_id" in missing:
            unique = [
                each
                for each in full
                if each.name != found.get("text")
                and ELEMENT not in each.name
                and len(each.values) == each.filled == self.records
                and set(each.types) <= {"text", "whole number"}
                and each.characters < 64 * each.filled
            ]
            named = sorted(unique, key=_unlikely_id)
            if named and (_ID.search(named[0].name) or not self.header):
                found["document_id"] = named[0].name
        return found


def _unlikely_id(column: Column) -> tuple[bool, bool, int, int]:
    """How unlikely a column is that of ids: rather one that is called so, where least lies around it."""
    name = column.name
    return plain(name.rpartition(".")[2]) != "documentid", not _ID.search(name), name.count("."), len(name)


def _likely_text(column: Column) -> tuple[bool, bool, float]:
    """How likely a column is that of texts: rather one that is no markup, and in which each says something else."""
    rather_not = column.examples[0].startswith("<") or _RATHER_NOT.search(column.name) is not None
    return not rather_not, 2 * len(column.values) > column.filled, column.characters / column.filled


def masked(text: str) -> str:
    """What a value looks like: its letters and digits are not shown."""
    cut = text[:_LONGEST]
    return "".join(map(_shape, cut)) + ("…" if len(text) > _LONGEST else "")


def _shape(character: str) -> str:
    if character.isalpha():
        return "x"
    if character.isalnum():
        return "9"
    return character if " " <= character <= "~" else " "


def survey(file: DropFile, columns: Mapping[str, str], records: str | None) -> Survey:
    """Look at a file's first records. Raises Broken, OSError and pa.ArrowException where there are none to be had."""
    found: dict[str, Column] = {}
    number, header = 0, True
    with file.open() as source:
        rows: Iterator[Mapping[str, Any]]
        if file.format is Format.CSV:
            header, rows = _csv(_bytes(source, file), file, columns)
        else:
            rows = _records(source, file, columns, records)
        for record in islice(rows, _RECORDS):
            number += 1
            leaves: dict[str, Any] = {}
            for name, value in _leaves(record):
                leaves.setdefault(name, value)
            for name, value in leaves.items():
                if name in found or len(found) < _COLUMNS:
                    found.setdefault(name, Column(name)).add(value)
    return Survey(found, number, header)


def _bytes(source: pa.NativeFile, file: DropFile) -> Iterator[bytes]:
    def blocks() -> Iterator[bytes]:
        if file.compression is Compression.NONE:
            yield source.read(4 << 20)
        else:
            yield next(expand(source, file.compression), b"")

    return as_utf8(blocks(), file.charset)


def _csv(
    blocks: Iterator[bytes], file: DropFile, columns: Mapping[str, str]
) -> tuple[bool, Iterator[Mapping[str, Any]]]:
    dialect = file.dialect or Dialect()
    if dialect.returns:
        blocks = (block.replace(b"\r", b"\n") for block in blocks)
    found = with_header(read_records(split_lines(blocks, 1), dialect), columns)
    names = found.names if found.header else [str(number) for number in range(1, len(found.names) + 1)]

    def records() -> Iterator[Mapping[str, Any]]:
        for _, fields, reason in islice(found.records, _RECORDS):
            if reason is None:
                yield {name: value for name, value in zip(names[:_COLUMNS], fields, strict=False) if name and value}

    return found.header, records()


def _records(
    source: pa.NativeFile, file: DropFile, columns: Mapping[str, str], records: str | None
) -> Iterator[Mapping[str, Any]]:
    if file.format in (Format.JSON, Format.JSONL):
        blocks = [*_bytes(source, file)]
        items: Iterator[Any] = split_lines(iter(blocks), 1)
        if file.format is Format.JSON or records:
            items = split_elements(
                iter(blocks), records_steps(records) if records else find_records(b"".join(blocks), columns)
            )
        for item in items:
            for line in item.data.split(b"\n") if isinstance(item, Lines) else ():
                try:
                    record = opened(orjson.loads(line))
                except orjson.JSONDecodeError:
                    continue
                if isinstance(record, dict):
                    yield record
    elif file.format is Format.PARQUET:
        for batch in pq.ParquetFile(source).iter_batches(_RECORDS):
            yield from batch.to_pylist()
    elif file.format is Format.FEATHER:
        feather = pa.ipc.open_file(source)
        for number in range(feather.num_record_batches):
            yield from feather.get_batch(number).slice(0, _RECORDS).to_pylist()
    elif file.format is Format.ORC:
        orc = pyarrow.orc.ORCFile(source)
        for stripe in range(orc.nstripes):
            yield from orc.read_stripe(stripe).slice(0, _RECORDS).to_pylist()
    elif file.format is Format.AVRO:
        import fastavro

        for record in fastavro.reader(source):
            if isinstance(record, dict):
                yield record
    elif file.format is Format.SHEET:
        yield from _sheet(source, columns)


def _sheet(source: pa.NativeFile, columns: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    for before, sheet in islice(sheets_of(source, columns), 1):
        names, rows = rows_of(sheet, before, columns)
        for _, cells in rows:
            yield {name: cell for name, cell in zip(names, cells, strict=False) if name and cell not in ("", None)}


def _leaves(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every value within a record, by what `--map` calls it; of lists the first elements'."""
    value = opened(value)
    if isinstance(value, dict) and depth < _DEEPEST:
        for name, each in islice(value.items(), _COLUMNS):
            yield from _leaves(each, f"{path}.{name}" if path else str(name), depth + 1)
    elif isinstance(value, list) and depth < _DEEPEST:
        for each in value[:_ELEMENTS]:
            yield from _leaves(each, path + ELEMENT, depth + 1)
    elif value is not None and path:
        yield path, value


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int):
        return "whole number"
    if isinstance(value, float):
        return "whole number" if value == int(value) else "number"
    if isinstance(value, str):
        return "whole number" if value.isdecimal() else "text"
    return "date" if hasattr(value, "isoformat") else type(value).__name__


def missing_of(survey: Survey, columns: Mapping[str, str]) -> list[str]:
    """Which of `text` and `document_id` no column is."""
    names = {plain(name) for name in survey.columns} | {*survey.columns}
    return [ours for ours in ("text", "document_id") if not {columns[ours], plain(columns[ours])} & names]
