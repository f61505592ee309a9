"""A part of a drop -> its documents, as Arrow batches, in memory that does not grow with the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import pyarrow as pa

from jobs.console import say
from jobs.drops import DropFile, Split
from jobs.drops.charset import as_utf8
from jobs.drops.compression import DOCUMENT_BYTES, Broken, Compression, Expansion, expand
from jobs.drops.dialect import Dialect
from jobs.formats import ARCHIVES, CONVERSATIONS, LETTERS, TEXTS, Format, Telling
from jobs.guard import type_and_place
from jobs.readers.apart import read_apart
from jobs.readers.archives import Member, read_tar, read_zip
from jobs.readers.columnar import read_parquet
from jobs.readers.conversations import conversation_documents, read_conversation, spoken
from jobs.readers.delimited import read_delimited
from jobs.readers.elements import split_elements
from jobs.readers.jsonl import read_json_lines
from jobs.readers.letters import read_letter
from jobs.readers.lines import Lines, Rejected, split_lines
from jobs.readers.mail import read_mail, read_mailbox
from jobs.readers.records import SAMPLE_BYTES, find_records, records_steps
from transforms.documents import COLUMNS, MAX_TEXT_BYTES, Reason, documents, rejection, with_sources

# What is read by a process of its own.
APART = {Format.FEATHER, Format.ORC, Format.AVRO, Format.SHEET}
_AS_IT_COMES = Telling()
_BOM = b"\xef\xbb\xbf"
_TEXTS_TOGETHER = 512  # members of an archive


def read_split(
    split: Split,
    mapping: Mapping[str, str],
    batch_rows: int = 32_768,
    *,
    records: str | None = None,
    each_line: bool = False,
    telling: Telling = _AS_IT_COMES,
) -> Iterator[pa.RecordBatch]:
    """Read a part of a drop; every batch has the columns of transforms.schemas.DOCUMENTS.

    mapping: our column -> theirs, for those of transforms.documents.COLUMNS that go by another name in the files.
    records: where the records are in JSON; None: found out.
    each_line: whether a line of plain text is a document.
    Nothing in the files makes this raise: what cannot be read is a row with an `error_code`, and `source_row` 0 where
    it is the file as a whole.
    """
    columns = {ours: mapping.get(ours, ours) for ours in COLUMNS}
    how = _How(columns, batch_rows, records, each_line, telling)
    yield from _rows(split, how, Expansion(split.file.size), 0)


class _How(NamedTuple):
    """What `read_split` is told."""

    columns: Mapping[str, str]
    batch_rows: int
    records: str | None
    each_line: bool
    telling: Telling


class _Texts:
    """Texts of an archive's members, made documents some together: what a batch costs, it costs once."""

    def __init__(self) -> None:
        self._held: list[tuple[str, bytes, str]] = []  # the id, the text, the file
        self._size = 0

    def add(self, document_id: str, text: bytes, source_file: str) -> None:
        self._held.append((document_id, text, source_file))
        self._size += len(text)

    def full(self) -> bool:
        return len(self._held) >= _TEXTS_TOGETHER or self._size >= MAX_TEXT_BYTES

    def taken(self) -> Iterator[pa.RecordBatch]:
        """What is held; from then on nothing is."""
        held, self._held, self._size = self._held, [], 0
        if held:
            ids, texts, files = zip(*held, strict=True)
            values = {"document_id": ids, "text": pa.array(texts, pa.binary())}
            yield documents(values, [1] * len(held), pa.array(files, pa.string()))


def _rows(
    split: Split, how: _How, expansion: Expansion, depth: int, texts: _Texts | None = None
) -> Iterator[pa.RecordBatch]:
    """A split's rows, and one for what could not be read.

    `expansion`, `depth` and `texts` are of the archives it lies in; what is added to `texts` is no row yet.
    """
    file = split.file
    if file.error_code:
        yield rejection(file.source_file, 0, Reason(file.error_code))
        return
    # Every split of the file says what is wrong with all of it, each in a place of its own.
    row = split.first_row if split.start else -1
    try:
        for batch in _of_file(split, how, expansion, depth, texts):
            yield batch if file.source is None else with_sources(batch, file.source)
            if file.format not in ARCHIVES:  # whose rows are the members' own
                row = batch["source_row"][-1].as_py()
    except Broken as broken:
        # Of an archive that is there, it is the member that cannot be read.
        reason = broken.reason if isinstance(file, Member) else Reason.FILE_UNREADABLE
        yield rejection(file.source_file, row + 1, reason)
    except OSError:
        yield rejection(file.source_file, row + 1, Reason.FILE_UNREADABLE)
    except Exception as error:  # noqa: BLE001 - one that no reader foresaw; the other files are read
        say(f"{file.source_file}: {type_and_place(error)}")
        yield rejection(file.source_file, row + 1, Reason.CORRUPT_FILE)


def _of_file(
    split: Split, how: _How, expansion: Expansion, depth: int, texts: _Texts | None
) -> Iterator[pa.RecordBatch]:
    if split.file.format not in ARCHIVES:
        yield from _read(split, how, texts)
        return
    held = _Texts()

    def read(member: Split, deeper: int) -> Iterator[pa.RecordBatch]:
        yield from _rows(member, how, expansion, deeper, held)
        if held.full():
            yield from held.taken()

    with _opened(split.file) as source:
        if split.file.format is Format.ZIP:
            batches = read_zip(source, split.file, expansion, depth, read)
        else:
            batches = read_tar(_blocks(source, split), split.file, expansion, depth, read)
        try:
            for batch in batches:
                yield from held.taken()  # which came before
                yield batch
        except Exception:
            yield from held.taken()
            raise
        yield from held.taken()


def _opened(file: DropFile) -> AbstractContextManager[Any]:
    """What the file is read from: where a member is not held in memory, its stream."""
    return nullcontext(file.stream) if isinstance(file, Member) and file.stream else file.open()


def _read(split: Split, how: _How, texts: _Texts | None) -> Iterator[pa.RecordBatch]:
    columns, batch_rows, records, each_line, telling = how
    file = split.file
    if file.format in APART:
        yield from _bounded(read_apart(file, columns, batch_rows, telling), split)
        return
    with _opened(file) as source:
        if file.format is Format.PARQUET:
            groups = range(split.start, split.end)
            yield from read_parquet(source, file.source_file, columns, batch_rows, groups, split.first_row, telling)
            return
        blocks = _blocks(source, split)
        # A part of a file is of the charset that the whole was told to be.
        if file.charset is not None or (file.format in TEXTS and split.start == 0 and split.end == file.size):
            blocks = as_utf8(blocks, file.charset)
        if file.format is Format.TEXT and each_line:
            yield from _bounded(_text_lines(split_lines(blocks, 1), split, batch_rows), split)
        elif file.format is Format.TEXT:
            yield from _text(blocks, split, telling, texts)
        elif file.format in CONVERSATIONS:
            yield read_conversation(blocks, file.format, file.source_file, _name(file), telling)
        elif file.format in LETTERS:
            yield read_letter(blocks, file.format, file.source_file, _name(file))
        elif file.format is Format.MAIL:
            yield from read_mail(blocks, file.source_file, _name(file), telling)
        elif file.format is Format.MBOX:
            yield from _bounded(read_mailbox(blocks, file.source_file, _name(file), telling), split)
        elif file.format is Format.CSV:
            dialect = file.dialect or Dialect()
            if dialect.returns:
                blocks = (block.replace(b"\r", b"\n") for block in blocks)
            lines = split_lines(blocks, 1)
            yield from _bounded(read_delimited(lines, file.source_file, columns, batch_rows, dialect), split)
        elif file.format is Format.JSON or (file.format is Format.JSONL and records):
            elements = _elements(blocks, columns, records)
            yield from _bounded(read_json_lines(elements, file.source_file, columns, batch_rows, telling), split)
        elif file.format is Format.JSONL:
            lines = split_lines(blocks, split.first_row + 1)
            yield from _bounded(read_json_lines(lines, file.source_file, columns, batch_rows, telling), split)
        else:
            raise NotImplementedError(f"no reader of {file.format}")


def _elements(blocks: Iterator[bytes], columns: Mapping[str, str], records: str | None) -> Iterator[Lines | Rejected]:
    """The elements of a stream of JSON values, at `records` or where they are found."""
    if records:
        return split_elements(blocks, records_steps(records))
    first: list[bytes] = []
    broken: Broken | None = None
    try:
        while sum(map(len, first)) < SAMPLE_BYTES and (block := next(blocks, b"")):
            first.append(block)
    except Broken as error:
        broken = error

    def again() -> Iterator[bytes]:
        yield from first
        if broken:
            raise broken
        yield from blocks

    return split_elements(again(), find_records(b"".join(first), columns))


def _bounded(batches: Iterator[pa.RecordBatch], split: Split) -> Iterator[pa.RecordBatch]:
    """The batches up to what `Expansion` allows the split: few bytes may hold many short documents."""
    expansion = Expansion(split.end - split.start)
    for batch in batches:
        try:
            expansion.add(batch.select(COLUMNS).nbytes + batch.num_rows * DOCUMENT_BYTES)
        except Broken as broken:
            yield rejection(split.file.source_file, batch["source_row"][0].as_py(), broken.reason)
            return
        yield batch


def _blocks(source: pa.NativeFile, split: Split) -> Iterator[bytes]:
    """The split's bytes, expanded. Raises Broken where the file ends before the size it was listed with."""
    size = split.end - split.start
    if isinstance(split.file, Member) and split.file.stream:
        yield from expand(split.file.stream, split.file.compression)
        return
    stream = source.get_stream(split.start, size)
    seen = 0
    for block in expand(stream, split.file.compression):
        seen += len(block)
        yield block
    if split.file.compression is Compression.NONE and seen < size:
        raise Broken(Reason.FILE_UNREADABLE)


def _name(file: DropFile) -> str:
    """What a document that is a whole file goes by."""
    return file.name or file.uri.rpartition("/")[2]


def _text_lines(items: Iterator[Lines | Rejected], split: Split, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """The lines of a plain text file that are not blank: a document each, named by the file and the line."""
    file, name = split.file, _name(split.file)
    for item in items:
        if isinstance(item, Rejected):
            yield rejection(file.source_file, *item)
            continue
        lines = [(row, line) for row, line in enumerate(item.data.split(b"\n"), item.first) if line.strip()]
        for start in range(0, len(lines), batch_rows):
            some = lines[start : start + batch_rows]
            rows = [row for row, _ in some]
            texts = pa.array([line for _, line in some], pa.binary())
            yield documents({"document_id": [f"{name}#{row}" for row in rows], "text": texts}, rows, file.source_file)


def _text(blocks: Iterator[bytes], split: Split, telling: Telling, texts: _Texts | None) -> Iterator[pa.RecordBatch]:
    """A plain text file: one document, named by its path below the drop's root, read no further than a text may go.

    A transcript or an exported chat is a conversation. A member of an archive is added to its `texts`.
    """
    file = split.file
    document_id = _name(file)
    parts: list[bytes] = []
    held = 0
    try:
        while held <= MAX_TEXT_BYTES + len(_BOM) and (block := next(blocks, b"")):
            parts.append(block)
            held += len(block)
    except Broken as broken:
        yield rejection(file.source_file, 1, broken.reason, document_id)
        return
    data = b"".join(parts).removeprefix(_BOM)
    if held <= MAX_TEXT_BYTES and (conversation := spoken(data.decode("utf-8", "replace"))):
        yield conversation_documents(conversation, file.source_file, document_id, telling)
        return
    alone = _Texts()
    (alone if texts is None else texts).add(document_id, data, file.source_file)
    yield from alone.taken()
