"""Raw values -> documents, or a rejection with its reason code.

A rejected row keeps what is known and safe (`document_id`, `source`, `role`, `created_at`, where it stood) and none
of its text.
What becomes of one row never depends on the rows around it: every fast path gives what the value-by-value path gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.roles import role_of
from transforms.schemas import DOCUMENTS
from transforms.timestamps import UTC_TIMESTAMP, read_temporal, read_text

# The longest text of a document, in UTF-8 bytes: 1 MB.
MAX_TEXT_BYTES = 1_048_576

# What a document is made of: the columns that `--map` can name. The rest of DOCUMENTS says where a document stood.
COLUMNS = ("document_id", "text", "language", "source", "role", "created_at", "subject_id")


class Reason(StrEnum):
    """Why a row is REJECTED: the `error_code` of the table `scores`."""

    ID_MISSING = "ID_MISSING"  # no document_id, or a null or blank one
    ID_NOT_STRING = "ID_NOT_STRING"  # document_id is neither a string nor an integer
    TEXT_MISSING = "TEXT_MISSING"  # no text, or null
    TEXT_NOT_STRING = "TEXT_NOT_STRING"  # a number, a list, … where text should be
    TEXT_BLANK = "TEXT_BLANK"  # nothing but white space, control and zero-width characters
    TEXT_TOO_LARGE = "TEXT_TOO_LARGE"  # more than MAX_TEXT_BYTES
    NUL_CHARACTER = "NUL_CHARACTER"  # U+0000 in the text or the document_id
    INVALID_UTF8 = "INVALID_UTF8"  # bytes that are not UTF-8
    LONE_SURROGATE = "LONE_SURROGATE"  # half of a UTF-16 pair, which no UTF-8 can hold
    DUPLICATE_KEY = "DUPLICATE_KEY"  # one record names a column of ours twice: which value is meant is a guess
    MALFORMED_JSON = "MALFORMED_JSON"  # the line is not JSON, or is nested too deep
    NOT_AN_OBJECT = "NOT_AN_OBJECT"  # the line is JSON, but no object
    MALFORMED_CSV = "MALFORMED_CSV"  # the record breaks the quoting rules or has more fields than the header
    MALFORMED_MAIL = "MALFORMED_MAIL"  # it has no headers of a mail
    NO_TEXT = "NO_TEXT"  # nothing in it is text: a scan, a mail of pictures
    TOO_COMPLEX = "TOO_COMPLEX"  # nested deeper, or in more parts, than is read
    ENCRYPTED = "ENCRYPTED"  # it needs a password
    FILE_TOO_LARGE = "FILE_TOO_LARGE"  # a mail, letter or member larger than a reader will hold
    READING_LIMIT = "READING_LIMIT"  # to read it took more time or memory than a letter may
    READER_MISSING = "READER_MISSING"  # the extra aurastream[documents] is not installed
    LINE_TOO_LONG = "LINE_TOO_LONG"  # the line is longer than a reader will hold
    CORRUPT_COMPRESSION = "CORRUPT_COMPRESSION"  # the compressed stream is cut off or damaged here
    DECOMPRESSION_BOMB = "DECOMPRESSION_BOMB"  # a small file that expands beyond all measure; reading stopped here
    CORRUPT_FILE = "CORRUPT_FILE"  # the file, or rows of it, cannot be read from here on
    FILE_UNREADABLE = "FILE_UNREADABLE"  # the file is gone, changed while it was read, or may not be read
    UNKNOWN_FORMAT = "UNKNOWN_FORMAT"  # neither the name nor the content tells what the file is
    BAD_DATE = "BAD_DATE"  # the path names a date that does not exist
    DROPPED_BY_POLICY = "DROPPED_BY_POLICY"  # it holds personal data of a type whose documents the policy leaves out
    DUPLICATE_ID = "DUPLICATE_ID"  # the same document_id came before in this drop


# A character that leaves a trace: no separator, no control, no format (zero-width, direction) character.
_INK = r"[^\p{Z}\p{Cc}\p{Cf}]"

# What Reddit's dumps have in place of a text.
_NO_TEXTS = pa.array(["[deleted]", "[removed]"], pa.string())
_NO_TEXT_BYTES = 9  # of each

# What a batch's metadata counts of its documents.
UNREAD = "unread_dates"  # values of created_at that cannot be read
SHORTENED = "shortened_mails"  # mails without what they quote, their signature or disclaimer
ATTACHMENTS = "left_attachments"  # attachments of mails that are no documents
TURNS = "left_turns"  # turns that agents and machines are known to have said
NOTES = (UNREAD, SHORTENED, ATTACHMENTS, TURNS)

_NOT_STRING = "NOT_STRING"
_UUID = pa.binary(16)
_LARGEST_WHOLE = 2.0**53  # up to which a float is one whole number alone

Values: TypeAlias = Sequence[object] | pa.Array


def documents(
    values: Mapping[str, Values],
    rows: Sequence[int] | np.ndarray,
    source_file: str | pa.Array,
    reasons: Sequence[str | None] | None = None,
    surrogates: Reason = Reason.LONE_SURROGATE,
    left_out: Sequence[int] | None = None,
) -> pa.RecordBatch:
    """Validate raw records; every one comes out as a row of DOCUMENTS, in the same order.

    values: our column -> one raw value a record, as Python objects or as an Arrow array of any type; a column that is
        absent is null.
    rows: `source_row` of each record.
    source_file: what the file is called, or of each record its own.
    reasons: what the reader already holds against a record; stands above what is found here.
    surrogates: what a lone surrogate means where these values come from (a decoder may have put it for a bad byte).
    left_out: how many characters the reader left out of each record; None: of none any.

    Strings are taken verbatim and integers as decimal text (never for `text`). `source`, `subject_id` and `language` of
    any other type, or blank, are null; `language` is lower-cased. `role` is the Role that a label is known to be, or
    null. `created_at` is a timestamp, or written as `timestamps.read_text` knows it; what cannot be read is null, and
    the batch's metadata says under UNREAD how many values that were.
    """
    count = len(rows)
    ids, id_faults = _strings(values.get("document_id"), count, surrogates, integers=True)
    text, text_faults = _strings(values.get("text"), count, surrogates, integers=False)
    octets = pc.binary_length(text)
    checks: list[tuple[pa.Array, str | pa.Array]] = []
    if reasons is not None:
        given = pa.array(reasons, pa.string())
        checks.append((given.is_valid(), given))
    if id_faults is not None:
        checks.append((id_faults.is_valid(), _coded(id_faults, Reason.ID_NOT_STRING)))
    checks += [
        (_has_nul(ids), Reason.NUL_CHARACTER),
        (pc.invert(has_ink(ids)), Reason.ID_MISSING),
    ]
    if text_faults is not None:
        checks.append((text_faults.is_valid(), _coded(text_faults, Reason.TEXT_NOT_STRING)))
    checks += [
        (text.is_null(), Reason.TEXT_MISSING),
        (pc.fill_null(pc.greater(octets, MAX_TEXT_BYTES), False), Reason.TEXT_TOO_LARGE),
        (_has_nul(text), Reason.NUL_CHARACTER),
        (pc.invert(has_ink(text)), Reason.TEXT_BLANK),
    ]
    if pc.any(pc.equal(octets, _NO_TEXT_BYTES)).as_py():  # else no text is looked at whole
        checks.append((pc.is_in(text, _NO_TEXTS), Reason.TEXT_BLANK))
    codes = pa.nulls(count, pa.string())
    for mask, reason in reversed(checks):
        if pc.any(mask).as_py():
            codes = pc.if_else(mask, reason, codes)
    subject = _label(values.get("subject_id"), count)
    created, unread = _timestamps(values.get("created_at"), count)
    left = pa.array(np.zeros(count, np.int32) if left_out is None else left_out, pa.int32())
    if codes.null_count < count:
        accepted = codes.is_null()
        ids = _where(pc.and_(has_ink(ids), pc.invert(_has_nul(ids))), ids)
        text = _where(accepted, text)
        subject = _where(accepted, subject)
        left = _where(accepted, left)
    return pa.RecordBatch.from_arrays(
        [
            ids,
            text,
            pc.utf8_lower(_label(values.get("language"), count)),
            _label(values.get("source"), count),
            _role(values.get("role"), count),
            left,
            created,
            subject,
            source_file if isinstance(source_file, pa.Array) else pa.repeat(pa.scalar(source_file, pa.string()), count),
            pa.array(rows, pa.int64()),
            codes,
        ],
        schema=DOCUMENTS.with_metadata({UNREAD: str(unread)}) if unread else DOCUMENTS,
    )


def notes(batch: pa.RecordBatch) -> dict[str, int]:
    """What a batch's metadata counts, of NOTES."""
    metadata = batch.schema.metadata or {}
    return {note: int(metadata[note.encode()]) for note in NOTES if note.encode() in metadata}


def with_notes(batch: pa.RecordBatch, **counts: int) -> pa.RecordBatch:
    """The batch, and what is counted of it beside what its metadata counts already."""
    found = notes(batch) | {note: count for note, count in counts.items() if count}
    return batch.replace_schema_metadata({note: str(count) for note, count in found.items()}) if found else batch


def rejection(source_file: str, row: int, reason: Reason, document_id: str | None = None) -> pa.RecordBatch:
    """One rejected row of DOCUMENTS. `row` 0 stands for the file as a whole."""
    return documents({"document_id": [document_id]}, [row], source_file, [reason])


def with_sources(batch: pa.RecordBatch, source: str | pa.Array) -> pa.RecordBatch:
    """Rows of DOCUMENTS, with a source for those that name none: one for all, or of each row its own."""
    place = DOCUMENTS.names.index("source")
    return batch.set_column(place, DOCUMENTS.field(place), pc.coalesce(batch["source"], source))


def _where(mask: pa.Array, values: pa.Array) -> pa.Array:
    """The values where the mask holds, else null."""
    return pc.if_else(mask, values, pa.scalar(None, values.type))


def _coded(faults: pa.Array, not_string: Reason) -> pa.Array:
    return pc.if_else(pc.equal(faults, _NOT_STRING), not_string, faults)


def has_ink(text: pa.Array) -> pa.Array:
    """Where a string has a character that leaves a trace; not where it is null."""
    return pc.fill_null(pc.match_substring_regex(text, _INK), False)


def _has_nul(text: pa.Array) -> pa.Array:
    """Where U+0000 stands in a string. One look at the bytes of them all comes first; it nearly always ends there."""
    _, offsets, data = text.buffers()
    if data is not None:
        ends = np.frombuffer(offsets, np.int32)
        if not np.frombuffer(data, np.uint8)[ends[text.offset] : ends[text.offset + len(text)]].all():
            return pc.fill_null(pc.match_substring(text, "\0"), False)
    return pa.repeat(False, len(text))


def _label(values: Values | None, count: int) -> pa.Array:
    """Strings without the white space around them; null where nothing is left or the value is of another type."""
    if values is None:
        return pa.nulls(count, pa.string())
    text, _ = _strings(values, count, Reason.INVALID_UTF8, integers=True)
    if text.null_count == count:
        return text
    text = pc.utf8_trim_whitespace(text)
    blank = pc.equal(pc.binary_length(text), 0)
    return _where(pc.invert(blank), text) if pc.any(blank).as_py() else text


def _role(values: Values | None, count: int) -> pa.Array:
    """Labels as the Role that each is known to be, else null."""
    labels = _label(values, count)
    if labels.null_count == count:
        return labels
    encoded = labels.dictionary_encode()
    return pa.array([role_of(label) for label in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)


def _strings(
    values: Values | None, count: int, surrogates: Reason, *, integers: bool
) -> tuple[pa.Array, pa.Array | None]:
    """Values as strings, and beside them what is wrong with each (None where nothing is wrong with any).

    A fault is a Reason or _NOT_STRING; the string is null there.
    """
    if values is None:
        return pa.nulls(count, pa.string()), None
    if isinstance(values, pa.Array):
        return _arrow_strings(values, integers=integers)
    try:
        return pa.array(values, pa.string()), None
    except (pa.ArrowException, UnicodeError):
        pairs = [_string(value, surrogates, integers=integers) for value in values]
    return (
        pa.array([text for text, _ in pairs], pa.string()),
        pa.array([fault for _, fault in pairs], pa.string()),
    )


def _string(value: object, surrogates: Reason, *, integers: bool) -> tuple[str | None, str | None]:
    if value is None:
        return None, None
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return None, surrogates
        return value, None
    if integers and type(value) is int:  # not bool, which is an int too
        return str(value), None
    return None, _NOT_STRING


def _arrow_strings(values: pa.Array, *, integers: bool) -> tuple[pa.Array, pa.Array | None]:
    if isinstance(values, pa.ExtensionArray):
        values = values.storage
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if values.offset:
        values = pa.concat_arrays([values])  # Arrow 22: if_else of a slice of strings and null gives wrong strings
    kind = values.type
    if pa.types.is_null(kind):
        return pa.nulls(len(values), pa.string()), None
    if integers and (pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale == 0)):
        return values.cast(pa.string()), None
    if integers and kind == _UUID:
        ids = [None if each is None else str(UUID(bytes=each)) for each in values.to_pylist()]
        return pa.array(ids, pa.string()), None
    if integers and (spelled := _spelled(values)) is not None:
        return spelled, _where(
            pc.and_(values.is_valid(), spelled.is_null()), pa.repeat(pa.scalar(_NOT_STRING), len(values))
        )
    if not (_is_text(kind) or _is_binary(kind)):
        return pa.nulls(len(values), pa.string()), _where(
            values.is_valid(), pa.repeat(pa.scalar(_NOT_STRING), len(values))
        )
    try:
        text = values.cast(pa.string())
        text.validate(full=True)  # a Parquet file may hold anything in a string column
    except pa.ArrowException:
        raw = values.cast(pa.binary()).to_pylist()
        pairs = [_decoded(value) for value in raw]
        return (
            pa.array([text for text, _ in pairs], pa.string()),
            pa.array([fault for _, fault in pairs], pa.string()),
        )
    return text, None


def _spelled(values: pa.Array) -> pa.Array | None:
    """Values of other types as the one way they are written in: whole floats, dates, decimals; else null, or None."""
    kind = values.type
    if pa.types.is_floating(kind):
        wide = values.cast(pa.float64())
        whole = pc.and_(pc.equal(pc.floor(wide), wide), pc.less(pc.abs(wide), _LARGEST_WHOLE))
        return pc.if_else(whole, wide, None).cast(pa.int64()).cast(pa.string())
    if pa.types.is_date(kind) or pa.types.is_decimal(kind):
        return values.cast(pa.string())
    return None


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_binary(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def _decoded(value: bytes | None) -> tuple[str | None, str | None]:
    if value is None:
        return None, None
    try:
        return value.decode(), None
    except UnicodeDecodeError:
        return None, Reason.INVALID_UTF8


def _timestamps(values: Values | None, count: int) -> tuple[pa.Array, int]:
    """The timestamps, and of how many values there is none because they cannot be read."""
    if values is None:
        return pa.nulls(count, UTC_TIMESTAMP), 0
    found = _read_timestamps(values, count)
    if not found.null_count:
        return found, 0
    # CSV has no null but an empty field.
    if isinstance(values, pa.Array):
        given = len(values) - values.null_count
        given -= pc.sum(pc.equal(values, "")).as_py() or 0 if pa.types.is_string(values.type) else 0
    else:
        given = sum(value is not None and value != "" for value in values)
    return found, max(0, given - (count - found.null_count))


def _read_timestamps(values: Values, count: int) -> pa.Array:
    if isinstance(values, pa.Array) and pa.types.is_temporal(values.type):
        return read_temporal(values)
    if not isinstance(values, pa.Array) and any(isinstance(value, float) for value in values):
        values = [str(value) if type(value) is float else value for value in values]
    text, _ = _strings(values, count, Reason.INVALID_UTF8, integers=True)
    return pa.nulls(count, UTC_TIMESTAMP) if text.null_count == count else read_text(text)
