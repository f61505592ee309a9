"""Compressed files, plain text files, and files that are too much or gone."""

import bz2
import gzip
import lzma
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from backports import zstd

from jobs import readers
from jobs.drops import Compression, Format, compression, list_drop, plan_splits
from tests.jobs.readers.drop import accepted, line, listed, read, read_splits, rejected, written

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstd.compress,
}
# Long enough for several blocks of every format, and not too repetitive.
LINES = [
    line(f"d{number}", text=f"{number * 7919 % 10007} parcels, {number * 104729 % 99991} days")
    for number in range(8000)
]
each_compression = pytest.mark.parametrize("ending", COMPRESS)


@each_compression
def test_a_compressed_file_gives_the_rows_of_the_plain_one(tmp_path: Path, ending: str) -> None:
    content = b"".join(LINES)
    plain = read(written(tmp_path / "drop.jsonl", content))
    packed = read(written(tmp_path / f"drop.jsonl.{ending}", COMPRESS[ending](content)))
    assert [row | {"source_file": ""} for row in packed] == [row | {"source_file": ""} for row in plain]


def test_a_window_may_be_as_large_as_zstd_has_them(tmp_path: Path) -> None:
    """As Reddit's dumps have: of 2 GiB."""
    packer = zstd.ZstdCompressor(options={int(zstd.CompressionParameter.window_log): 31})
    packed = b"".join(map(packer.compress, LINES)) + packer.flush()  # in parts, for a small whole has a small window
    assert len(accepted(read(written(tmp_path / "drop.jsonl.zst", packed)))) == len(LINES)


@each_compression
def test_several_streams_in_a_row_and_zeros_between_them_are_one(tmp_path: Path, ending: str) -> None:
    compress = COMPRESS[ending]
    content = (
        compress(line("a"))
        + compress(b"")
        + compress(line("b")[:20])
        + bytes(8)
        + compress(line("b")[20:])
        + bytes(400_000)
    )
    rows = read(written(tmp_path / f"drop.jsonl.{ending}", content))
    assert [(row["document_id"], row["error_code"]) for row in rows] == [("a", None), ("b", None)]


@each_compression
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_half_a_file_gives_its_whole_lines_and_one_rejection(tmp_path: Path, ending: str, share: float) -> None:
    packed = COMPRESS[ending](b"".join(LINES))
    rows = read(written(tmp_path / f"drop.jsonl.{ending}", packed[: int(len(packed) * share)]))
    whole = read(written(tmp_path / "drop.jsonl", b"".join(LINES)))
    count = len(rows) - 1
    assert rejected(rows) == [(count + 1, "CORRUPT_COMPRESSION", None)]
    assert [row["text"] for row in rows[:-1]] == [row["text"] for row in whole[:count]]
    if ending == "gz":
        assert abs(count - share * len(LINES)) < 500  # nothing that could be expanded is thrown away


@each_compression
def test_damage_and_rubbish_are_one_rejection_after_what_came_before(tmp_path: Path, ending: str) -> None:
    packed = COMPRESS[ending](line("a") + line("b"))
    rows = read(written(tmp_path / f"drop.jsonl.{ending}", packed + b"rubbish"))
    assert [row["document_id"] for row in rows] == ["a", "b", None]
    assert rejected(rows) == [(3, "CORRUPT_COMPRESSION", None)]
    assert rejected(read(written(tmp_path / f"x.jsonl.{ending}", b"\x80\xff\0rubbish"))) == [
        (1, "CORRUPT_COMPRESSION", None)
    ]


def test_a_wrong_checksum_is_told_of(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(line("a")))
    packed[-6] ^= 1
    rows = read(written(tmp_path / "drop.jsonl.gz", bytes(packed)))
    assert rejected(rows)[-1][1] == "CORRUPT_COMPRESSION"


def test_half_a_compressed_csv_ends_with_its_last_whole_record(tmp_path: Path) -> None:
    records = b"".join(b'%d,"%d parcels\nand a letter"\n' % (number, number * 7919 % 10007) for number in range(20_000))
    packed = gzip.compress(b"document_id,text\n" + records)
    rows = read(written(tmp_path / "drop.csv.gz", packed[: len(packed) // 2]))
    [(row, reason, _)] = rejected(rows)
    assert reason == "CORRUPT_COMPRESSION"
    assert row in (len(rows) * 2, len(rows) * 2 + 1)  # where the cut record began, or in it
    assert [item["document_id"] for item in rows[:-1]] == [str(number) for number in range(len(rows) - 1)]


def test_content_stands_above_the_name(tmp_path: Path) -> None:
    assert listed(written(tmp_path / "a.jsonl", gzip.compress(line("a")))).compression is Compression.GZIP
    assert listed(written(tmp_path / "a.jsonl.gz", line("a"))).compression is Compression.NONE
    assert listed(written(tmp_path / "a.json.gz", zstd.compress(line("a")))).compression is Compression.ZSTD
    assert listed(written(tmp_path / "odd", bz2.compress(line("a")))).format is Format.JSONL


@pytest.mark.parametrize("ending", ["gz", "zst"])
def test_a_bomb_is_one_rejection(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "MAX_EXPANDED_BYTES", 8 << 20)
    bombs = {
        "one line": b"0" * (40 << 20),
        "blank lines": b"\n" * (40 << 20),
        "a long text": line("b", text="a" * (40 << 20)),
    }
    for content in bombs.values():
        rows = read(written(tmp_path / f"drop.jsonl.{ending}", COMPRESS[ending](line("a") + content + line("z"))))
        assert [row["document_id"] for row in rows] == ["a", None]
        [(_, reason, _)] = rejected(rows)
        assert reason == "DECOMPRESSION_BOMB"


@each_compression
@pytest.mark.parametrize(
    ("name", "head", "row"), [("csv", b"document_id,text\n", b"1,b\n"), ("jsonl", b"", b"[]\n")], ids=["csv", "jsonl"]
)
def test_many_short_rows_are_a_bomb(
    tmp_path: Path, ending: str, name: str, head: bytes, row: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compression, "MAX_EXPANDED_BYTES", 20 << 20)
    rows = read(written(tmp_path / f"drop.{name}.{ending}", COMPRESS[ending](head + row * 100_000)))
    [(number, _, _)] = [each for each in rejected(rows) if each[1] == "DECOMPRESSION_BOMB"]
    assert number == rows[-1]["source_row"]
    assert 30_000 < len(rows) < 41_000  # of 512 bytes each, at least


@pytest.mark.parametrize("error", [MemoryError, RecursionError, ValueError])
def test_what_no_reader_foresaw_costs_the_file_alone(
    tmp_path: Path, error: type[Exception], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise error("the text of a document")

    monkeypatch.setattr(readers, "read_delimited", broken)
    bad, good = written(tmp_path / "a.csv", b"document_id,text\n1,b\n"), written(tmp_path / "b.jsonl", line("b"))
    rows = read_splits(plan_splits([listed(bad), listed(good)], 1 << 20))
    assert [(row["source_row"], row["error_code"]) for row in rows] == [(0, "CORRUPT_FILE"), (1, None)]
    said = capsys.readouterr().err
    assert f"{bad}: {error.__name__} at test_streams.py:" in said
    assert "the text" not in said


def test_a_repetitive_file_is_no_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "MAX_EXPANDED_BYTES", 1 << 20)
    content = gzip.compress(b"".join(line(str(number)) for number in range(40_000)))
    assert 10 < 40_000 * len(line("10000")) / len(content) < compression.MAX_EXPANSION
    assert not rejected(read(written(tmp_path / "drop.jsonl.gz", content)))


def test_a_plain_text_file_is_one_document_named_by_its_path(tmp_path: Path) -> None:
    written(tmp_path / "ds=2026-11-20" / "mail" / "1 %20.txt", b"\xef\xbb\xbfDear all,\nthanks.\n")
    written(tmp_path / "ds=2026-11-20" / "chat.md.gz", gzip.compress("Grüße".encode()))
    written(tmp_path / "ds=2026-11-20" / "bad.txt", b"caf\xe9")
    written(tmp_path / "ds=2026-11-20" / "blank.txt", b"\n \n")
    written(tmp_path / "ds=2026-11-20" / "large.txt", b"a" * 1_048_577)
    written(tmp_path / "ds=2026-11-20" / "nul.txt", b"a\0")
    written(tmp_path / "ds=2026-11-20" / "half.txt.gz", gzip.compress(b"unfinished")[:-4])
    listing = list_drop(str(tmp_path), "2026-11-22", file_format=None, date_pattern=None)
    rows = {row["document_id"]: row for row in read_splits(plan_splits(listing.files, 1 << 20))}
    assert {name.removeprefix("ds=2026-11-20/"): row["text"] or row["error_code"] for name, row in rows.items()} == {
        "mail/1 %20.txt": "Dear all,\nthanks.\n",
        "chat.md.gz": "Grüße",
        "bad.txt": "INVALID_UTF8",
        "blank.txt": "TEXT_BLANK",
        "large.txt": "TEXT_TOO_LARGE",
        "nul.txt": "NUL_CHARACTER",
        "half.txt.gz": "CORRUPT_COMPRESSION",
    }
    assert {row["source_row"] for row in rows.values()} == {1}


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet", "a.txt", "a.jsonl.gz"])
def test_a_file_that_is_gone_is_one_rejection(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name, line("a"))
    splits = plan_splits([listed(path)], 1 << 20)
    path.unlink()
    assert rejected(read_splits(splits)) == [(0, "FILE_UNREADABLE", None)]
    assert splits == plan_splits([splits[0].file], 1)  # nor does planning raise


def test_every_split_of_a_file_that_is_gone_says_so(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", line("a") + line("b") + line("c"))
    splits = plan_splits([listed(path)], 1)
    path.unlink()
    assert [row for row, _, _ in rejected(read_splits(splits))] == [0, 2, 3]


def test_a_file_that_shrank_ends_with_a_rejection(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", line("a") + line("b") + line("c"))
    splits = plan_splits([listed(path)], 1 << 20)
    path.write_bytes(line("a") + line("b")[:10])
    assert rejected(read_splits(splits)) == [(2, "FILE_UNREADABLE", None)]


def test_what_was_added_after_the_listing_waits_for_the_next_one(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", line("a"))
    splits = plan_splits([listed(path)], 1 << 20)
    path.write_bytes(line("a") + line("b"))
    assert [row["document_id"] for row in read_splits(splits)] == ["a"]


WRITE_LONG_LINE = """
with open(path, "wb") as file:
    file.write(first + b'{"document_id":"x","text":"')
    for _ in range(200):
        file.write(b"a" * (1 << 20))
    file.write(b'"}\\n' + last)
"""
WRITE_BOMB = """
import gzip
with gzip.open(path, "wb", compresslevel=1) as file:
    file.write(first)
    for _ in range(1024):
        file.write(bytes(1 << 20))
    file.write(last)
"""
WRITE_LONG_TEXT = """
with open(path + ".csv", "wb") as file:
    file.write(b"document_id,text\\na,plain\\nx,\\"unclosed\\n")
    for _ in range(60):
        file.write((b"y," + b"plain " * 1000 + b"\\n") * 170)
path += ".csv"
"""
MEASURE = """
import resource, sys
from jobs.drops import list_drop, plan_splits
from jobs.readers import read_split

def codes(path):
    files = list_drop(path, "2026-11-22", file_format=None, date_pattern=None).files
    found = {}
    for split in plan_splits(files, 32 << 20):
        for batch in read_split(split, {}):
            for code in batch.column("error_code").to_pylist():
                found[code or "none"] = found.get(code or "none", 0) + 1
    return found

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10  # MB

codes(path_of_small)
before = peak()
found = codes(path)
print(peak() - before, *[f"{code}={count}" for code, count in found.items()])
"""


@pytest.mark.parametrize(
    ("write", "codes"),
    [
        (WRITE_LONG_LINE, ["none=2", "LINE_TOO_LONG=1"]),
        (WRITE_BOMB, ["none=1", "DECOMPRESSION_BOMB=1"]),
        (WRITE_LONG_TEXT, ["none=10201", "MALFORMED_CSV=1"]),
    ],
    ids=["a line of 200 MB", "a gzip bomb of 1 GB", "60 MB after an unclosed quote"],
)
def test_large_input_takes_little_memory(tmp_path: Path, write: str, codes: list[str]) -> None:
    written(tmp_path / "small.jsonl", line("a"))
    names = f"""
path, path_of_small = {str(tmp_path / "drop.jsonl")!r}, {str(tmp_path / "small.jsonl")!r}
first, last = {line("a")!r}, {line("z")!r}
"""
    script = names + write + MEASURE
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    grown, *found = done.stdout.split()
    assert found == codes
    assert int(grown) < 96


def test_how_a_file_is_written_is_told_where_its_first_block_is_longer_than_a_head(tmp_path: Path) -> None:
    random = Random(5)
    rows = "".join(f"{number};{random.randbytes(60).hex()}\n" for number in range(5000))
    packed = bz2.compress(("document_id;text\n" + rows).encode())
    assert len(listed(written(tmp_path / "drop.csv.bz2", packed)).open().read()) > 64 << 10
    assert len(accepted(read(tmp_path / "drop.csv.bz2"))) == 5000
