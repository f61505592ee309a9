"""One drop with a bad file of each kind beside good ones: what is put there, and what becomes of each."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import struct
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from backports import zstd

from tests.conftest import document, write_json_lines

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstd.compress,
}
CANARY = "xylophonist"  # stands in every bad file that has a text
LINE = b'{"document_id": "%d", "text": "' + CANARY.encode() + b' no %d"}\n'

Codes = dict[str, set[str]]  # file -> reasons among its rows; none where it is passed over


def good(folder: Path) -> None:
    """Files without a fault, before, between and after the others in the order of their names."""
    for name in ("a", "m", "z"):
        write_json_lines(folder / f"{name}.jsonl", [document(document_id=f"{name}{i}") for i in range(3)])
    (folder / "n.csv").write_text('document_id,text\nn1,"Two lines,\nboth fine"\nn2,Great\n')
    columns = {"document_id": ["p1", "p2"], "text": ["I love it.", "I hate it."]}
    pq.write_table(pa.table(columns), folder / "p.parquet")
    (folder / "q.txt.gz").write_bytes(gzip.compress(b"A plain letter, and a friendly one."))


def repeated(text: str, count: int) -> pa.Array:
    """A text so many times, of which Parquet keeps one."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int32()), pa.array([text]))


def parquet(path: Path, text: pa.Array, **options: object) -> None:
    """A Parquet file of these texts that is as small as it can be."""
    ids = pa.array(range(len(text)), pa.int32())
    packed = {"document_id": "DELTA_BINARY_PACKED"} | dict(options.pop("column_encoding", {}))  # type: ignore[call-overload]
    told = {"compression": "zstd", "use_dictionary": ["text"], "column_encoding": packed} | options
    pq.write_table(pa.table({"document_id": ids, "text": text}), path, store_schema=False, **told)


def bombs(folder: Path) -> Codes:
    """Small files that expand beyond all measure."""
    bomb = {"DECOMPRESSION_BOMB"}
    for ending, compress in COMPRESS.items():
        blanks = compress(b"\n" * (16 << 20)) * 2  # several streams count as one
        (folder / f"bomb blank.jsonl.{ending}").write_bytes(blanks)
    short = lzma.compress(b"document_id,text\n") + lzma.compress(b"1,b\n" * 500_000)
    (folder / "bomb rows.csv.xz").write_bytes(short)
    (folder / "bomb lines.jsonl.bz2").write_bytes(bz2.compress(b"[]\n" * 500_000))
    parquet(folder / "bomb dictionary.parquet", repeated(CANARY * 10_000, 20_000), dictionary_pagesize_limit=1 << 30)
    prefixes = pa.array([CANARY * 10_000 + str(number) for number in range(400)])
    encoding = {"column_encoding": {"text": "DELTA_BYTE_ARRAY"}, "use_dictionary": False, "data_page_size": 1 << 30}
    parquet(folder / "bomb prefixes.parquet", prefixes, **encoding)
    parquet(folder / "bomb nulls.parquet", pa.nulls(1_000_000, pa.string()))
    parquet(folder / "bomb page.parquet", pa.array([CANARY * (25 << 20)]), use_dictionary=False)
    lists = pa.ListArray.from_arrays(pa.array([0, 20_000_000], pa.int32()), pa.nulls(20_000_000, pa.string()))
    parquet(folder / "bomb list.parquet", lists, use_dictionary=False)
    return {
        **{f"bomb blank.jsonl.{ending}": bomb for ending in COMPRESS},
        "bomb rows.csv.xz": bomb,
        "bomb lines.jsonl.bz2": bomb,
        "bomb dictionary.parquet": bomb,
        "bomb prefixes.parquet": bomb,
        "bomb nulls.parquet": bomb,
        "bomb page.parquet": bomb,
        "bomb list.parquet": bomb,
    }


def damaged(folder: Path) -> Codes:
    """Files that are cut off, have turned bytes, or are not what their names say."""
    codes: Codes = {}
    for start, (ending, compress) in enumerate(COMPRESS.items()):
        numbers = range(start * 1000, start * 1000 + 500)
        content = b"".join(LINE % (number, number * 7919 % 10_007) for number in numbers)
        packed = compress(content)
        (folder / f"half.jsonl.{ending}").write_bytes(packed[: len(packed) // 2])
        turned = bytearray(packed)
        turned[len(packed) // 2] ^= 0xFF
        (folder / f"turned.jsonl.{ending}").write_bytes(turned)
        for name in ("half", "turned"):
            codes[f"{name}.jsonl.{ending}"] = {"CORRUPT_COMPRESSION"}
    files: dict[str, tuple[bytes, str]] = {
        "csv named.parquet": (b"document_id,text\n1," + CANARY.encode() + b"\n", "CORRUPT_FILE"),
        "garbage.bin": (b"\0\1\2" + CANARY.encode() + b"\xff", "UNKNOWN_FORMAT"),
        "garbage.jsonl": (b"\0\1\2" + CANARY.encode() + b"\xff", "INVALID_UTF8"),
        "deep.jsonl": (b'{"document_id": "1", "text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "MALFORMED_JSON"),
        "unclosed.csv": (b'document_id,text\n1,"' + (CANARY.encode() + b"\n") * 1000, "MALFORMED_CSV TEXT_MISSING"),
        # They are read, and others have their ids.
        "utf16.jsonl": ('{"document_id": "1", "text": "x"}\n'.encode("utf-16"), "DUPLICATE_ID"),
        "utf16.csv": ("document_id,text\n1,x\n".encode("utf-16"), "DUPLICATE_ID"),
        "long line.jsonl": (b'{"text": "' + CANARY.encode() * 19_000_000 + b'"}\n', "LINE_TOO_LONG"),
        "two\nlines \x1b[31m.jsonl": (LINE[:20], "MALFORMED_JSON"),
        "n" * 249 + ".jsonl": (LINE[:20], "MALFORMED_JSON"),  # as long as a name may be
        "footer.parquet": (footer_of_a_liar(), "CORRUPT_FILE"),
    }
    for name, (data, expected) in files.items():
        (folder / name).write_bytes(data)
        codes[name] = set(expected.split())
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.jsonl")).write_bytes(LINE % (1, 1))
    pq.write_table(pa.table({"document_id": ["t1"], "text": [3.5]}), folder / "types.parquet")
    pq.write_table(pa.table({"document_id": ["t2"], "body": ["x"]}), folder / "no text.parquet")
    return codes | {
        "caf\\xe9.jsonl": {"FILE_UNREADABLE"},
        "types.parquet": {"TEXT_NOT_STRING"},
        "no text.parquet": {"TEXT_MISSING"},
    }


def footer_of_a_liar() -> bytes:
    """A Parquet file of 40 bytes that says it has 2 ** 62 rows: one row group, one column, 2 ** 62 bytes of pages."""

    def number(value: int) -> bytes:
        value, out = value << 1, b""
        while value > 127:
            out, value = out + bytes([value & 127 | 128]), value >> 7
        return out + bytes([value])

    most = number(2**62)
    root = b"\x48\x01r\x15" + number(1) + b"\0"
    leaf = b"\x15" + number(6) + b"\x25\x02\x18\x04text\0"
    about = b"\x15\x0c\x19\x05\x19\x18\x04text\x15\0\x16" + most + b"\x16\x02\x16" + most + b"\x26\x08\0"
    group = b"\x19\x1c\x26\0\x1c" + about + b"\0\x16\x02\x16" + most + b"\0"
    footer = b"\x15\x02\x19\x2c" + root + leaf + b"\x16" + most + b"\x19\x1c" + group + b"\0"
    return b"PAR1" + footer + struct.pack("<I", len(footer)) + b"PAR1"


def passed_over(folder: Path, secret: Path, lake: Path) -> Codes:
    """What is no file of the drop: pipes, folders, links that lead out."""
    (folder / "empty.jsonl").touch()
    (folder / "folder.jsonl").mkdir()
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "out.jsonl").symlink_to(secret)
    (folder / "folder out").symlink_to(secret.parent)
    (folder / "lake.parquet").symlink_to(lake / "scores" / "x.parquet")
    (folder / "bom.jsonl").write_bytes(b"\xef\xbb\xbf")  # a file without a document
    return {name: set() for name in ("empty.jsonl", "pipe.jsonl", "out.jsonl", "lake.parquet", "bom.jsonl")}
