import os
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jobs import storage
from jobs.drops import Compression, DropFile, Format, Listing, find_drop, pack, plan_splits, read_ahead, recognised
from jobs.storage import LocalStorage, Stored
from tests.jobs.readers.drop import read_splits
from transforms.errors import DropError, UsageError

RUN_DATE = "2026-11-22"


def listing(
    root: Path | str, file_format: Format | None = None, date_pattern: str | None = None, **links: Any
) -> Listing:
    found = find_drop(str(root), RUN_DATE, file_format=file_format, date_pattern=date_pattern, **links)
    return replace(found, files=recognised(found.files))


def make(root: Path, *names: str, content: bytes = b"{}\n") -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def names(found: Listing) -> list[str]:
    return sorted(file.name for file in found.files)


def passed_over(found: Listing, root: Path) -> dict[str, str]:
    return {os.path.relpath(path, root): reason for path, reason in found.skipped}


def test_a_drop_is_listed_by_uri_with_what_tells_a_changed_file(tmp_path: Path) -> None:
    make(tmp_path, "b.jsonl", "ds=2026-11-20/a.csv")
    found = listing(tmp_path)
    assert [file.uri for file in found.files] == [f"{tmp_path}/b.jsonl", f"{tmp_path}/ds=2026-11-20/a.csv"]
    first = found.files[0]
    assert first == DropFile(
        uri=f"{tmp_path}/b.jsonl",
        size=3,
        stamp=str((tmp_path / "b.jsonl").stat().st_mtime_ns),
        ds=RUN_DATE,
        format=Format.JSONL,
        compression=Compression.NONE,
        name="b.jsonl",
        dated=False,
    )
    assert not found.skipped
    os.utime(tmp_path / "b.jsonl", ns=(1, 1))
    assert listing(tmp_path).files[0].stamp == "1"
    assert pickle.loads(pickle.dumps(plan_splits(found.files, 1 << 20))) == plan_splits(found.files, 1 << 20)


@pytest.mark.parametrize(
    ("name", "form", "packed"),
    [
        ("a.jsonl", Format.JSONL, Compression.NONE),
        ("a.ndjson.gz", Format.JSONL, Compression.GZIP),
        ("a.JSON.BZ2", Format.JSONL, Compression.BZ2),
        ("a.csv.xz", Format.CSV, Compression.XZ),
        ("a.tsv.zst", Format.CSV, Compression.ZSTD),
        ("a.parquet", Format.PARQUET, Compression.NONE),
        ("a.pq", Format.PARQUET, Compression.NONE),
        ("a.txt", Format.TEXT, Compression.NONE),
        ("a.b.md", Format.TEXT, Compression.NONE),
    ],
)
def test_the_name_tells_the_format(tmp_path: Path, name: str, form: Format, packed: Compression) -> None:
    [file] = listing(make(tmp_path, name, content=b"\xff\xff")).files  # content that tells nothing
    assert (file.format, file.compression, file.error_code) == (form, packed, None)


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (b'\xef\xbb\xbf \n{"a":1}', Format.JSONL),
        (b"PAR1\0\0", Format.PARQUET),
        (b"Dear all,", Format.TEXT),
        ("é".encode() * 3000, Format.TEXT),
        (("a" + "é" * 3000).encode(), Format.TEXT),  # cut within a character
    ],
)
def test_a_file_of_another_name_is_known_by_its_content(tmp_path: Path, content: bytes, form: Format) -> None:
    assert listing(make(tmp_path, "part-0001", content=content)).files[0].format is form
    assert listing(tmp_path, file_format=Format.CSV).files[0].format is Format.CSV


@pytest.mark.parametrize("content", [b"\x89PNG\0", b"\x00\xff\xfe", b"\x1f\x8b\x08rubbish"])
def test_what_nothing_tells_is_rejected(tmp_path: Path, content: bytes) -> None:
    [file] = listing(make(tmp_path, "image", content=content)).files
    assert (file.format, file.error_code) == (Format.UNKNOWN, "UNKNOWN_FORMAT")


def test_hidden_names_lose_no_documents_and_markers_are_named(tmp_path: Path) -> None:
    make(
        tmp_path,
        "_a.jsonl",
        ".b.csv.gz",
        "_SUCCESS",
        ".DS_Store",
        ".a.jsonl.crc",
        "_temporary/c.jsonl",
        "d/.git/e.jsonl",
    )
    make(tmp_path, "empty.jsonl", "_f.json", content=b"")
    (tmp_path / "pipe.jsonl").unlink(missing_ok=True)
    os.mkfifo(tmp_path / "pipe.jsonl")
    found = listing(tmp_path)
    assert names(found) == [".b.csv.gz", "_a.jsonl"]
    assert passed_over(found, tmp_path) == {
        "_SUCCESS": "a marker or hidden file",
        ".DS_Store": ".DS_Store of a Macintosh",
        ".a.jsonl.crc": "a checksum",
        "_temporary": "a hidden directory",
        "d/.git": "a hidden directory",
        "empty.jsonl": "empty",
        "_f.json": "empty",
        "pipe.jsonl": "not a regular file",
    }


ODD_NAMES = [
    "with space.jsonl",
    "100%.jsonl",
    "%41.jsonl",
    "..a..jsonl",
    "a..b/c.jsonl",
    "'\"\\.jsonl",
    "Grüße😀.jsonl",
    "two\nlines.jsonl",
    "a#b?c.jsonl",
    "s3:/x.jsonl",
    "*.jsonl",
]


def test_names_are_taken_as_they_are(tmp_path: Path) -> None:
    found = listing(make(tmp_path / "50% of it", *ODD_NAMES))
    assert names(found) == sorted(ODD_NAMES)
    for file in found.files:
        assert file.uri == f"{tmp_path}/50% of it/{file.name}"
        assert storage.storage_of(file.uri).open(file.uri).read() == b"{}\n"


class Bucket(LocalStorage):
    """A directory that stands for the bucket s3://bucket."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _path(self, uri: str) -> str:
        return uri.replace("s3://bucket", str(self.root))

    def open(self, uri: str, listed: Stored | None = None) -> pa.NativeFile:
        return super().open(self._path(uri), listed)

    def stat(self, uri: str) -> Stored | None:
        found = super().stat(self._path(uri))
        return found and found._replace(uri=uri)

    def list(self, uri: str) -> Iterator[Stored]:
        for found in super().list(self._path(uri)):
            yield found._replace(uri=found.uri.replace(str(self.root), "s3://bucket"))


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "bucket"
    root.mkdir()
    monkeypatch.setattr(storage, "_s3", lambda: Bucket(root))
    return root


def test_a_bucket_is_listed_like_a_directory(bucket: Path) -> None:
    make(bucket / "drops" / "ds=2026-11-20", *ODD_NAMES, "_SUCCESS", "_temporary/0/a.jsonl", "_temporary/b.jsonl")
    for root in ("s3://bucket/drops", "s3://bucket/drops/", "s3a://bucket/drops"):
        found = listing(root)
        assert names(found) == sorted(f"ds=2026-11-20/{name}" for name in ODD_NAMES)
        assert all(file.uri == f"s3://bucket/drops/{file.name}" and file.ds == "2026-11-20" for file in found.files)
        assert found.skipped == [
            ("s3://bucket/drops/ds=2026-11-20/_SUCCESS", "a marker or hidden file"),
            ("s3://bucket/drops/ds=2026-11-20/_temporary", "a hidden directory"),
        ]
    rows = read_splits(plan_splits(listing("s3://bucket").files, 1))
    assert [row["error_code"] for row in rows] == ["ID_MISSING"] * len(ODD_NAMES)


def test_a_bucket_may_hold_one_file_or_nothing(bucket: Path) -> None:
    make(bucket / "drops", "100%.jsonl")
    [file] = listing("s3://bucket/drops/100%.jsonl").files
    assert (file.uri, file.name) == ("s3://bucket/drops/100%.jsonl", "100%.jsonl")
    with pytest.raises(DropError, match="s3://bucket/nothing is not there"):
        listing("s3://bucket/nothing")


def test_a_store_of_no_known_kind() -> None:
    with pytest.raises(UsageError, match="nothing is known of ftp://"):
        listing("ftp://host/nothing")


def test_a_root_is_a_directory_a_file_or_a_file_uri(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "a b", "100%.jsonl")
    uri = f"{tmp_path}/a b/100%.jsonl"
    monkeypatch.chdir(tmp_path / "a b")
    for root in (tmp_path, uri, f"file://{tmp_path}/a%20b", "100%.jsonl", ".", "../a b", f"{tmp_path}/x/../a b/"):
        if "x/.." in str(root):
            (tmp_path / "x").mkdir()
        [file] = listing(root).files
        assert file.uri == uri
        assert (file.name == "100%.jsonl") == (root != tmp_path)


def test_a_name_that_is_no_utf8_is_told_of(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jsonl")).write_bytes(b"{}")
    [file] = listing(tmp_path).files
    assert (file.uri, file.error_code) == (f"{tmp_path}/caf\\xe9.jsonl", "FILE_UNREADABLE")


def test_links_are_followed_once_and_never_in_a_circle(tmp_path: Path) -> None:
    make(tmp_path, "ds=2026-11-20/a.jsonl")
    make(tmp_path / "elsewhere", "ds=2026-11-21/b.jsonl")
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "up").symlink_to(root)
    (root / "a-first").symlink_to(root / "sub")
    (root / "in").symlink_to(tmp_path / "elsewhere")
    (root / "loop").symlink_to("loop")
    (root / "gone.jsonl").symlink_to("nowhere")
    (root / "sub" / "c.jsonl").symlink_to(tmp_path / "ds=2026-11-20" / "a.jsonl")
    found = listing(root, follow_links=[str(tmp_path)])
    assert {(file.name, file.ds, file.error_code) for file in found.files} == {
        ("sub/c.jsonl", RUN_DATE, None),
        ("in/ds=2026-11-21/b.jsonl", "2026-11-21", None),
        ("gone.jsonl", RUN_DATE, "FILE_UNREADABLE"),
        ("loop", RUN_DATE, "FILE_UNREADABLE"),
    }
    assert set(passed_over(found, root)) == {"a-first", "sub/up"}


def test_links_out_of_the_drop_are_passed_over_unless_their_folder_is_named(tmp_path: Path) -> None:
    make(tmp_path / "elsewhere", "a.jsonl", "b/c.jsonl")
    make(tmp_path / "elsewhere-too", "d.jsonl")
    root = make(tmp_path / "root", "e.jsonl")
    (root / "file.jsonl").symlink_to("../elsewhere/a.jsonl")
    (root / "folder").symlink_to(tmp_path / "elsewhere")
    (root / "other.jsonl").symlink_to(tmp_path / "elsewhere-too" / "d.jsonl")
    (tmp_path / "elsewhere" / "b" / "further").symlink_to(tmp_path / "elsewhere-too")
    (tmp_path / "given").symlink_to(root)

    for given in (root, tmp_path / "given"):
        found = listing(given)
        assert names(found) == ["e.jsonl"]
        assert passed_over(found, given) == dict.fromkeys(
            ["file.jsonl", "folder", "other.jsonl"], "a link out of the drop"
        )

    found = listing(root, follow_links=[f"{tmp_path}/elsewhere/"])
    assert names(found) == ["e.jsonl", "file.jsonl", "folder/a.jsonl", "folder/b/c.jsonl"]
    assert passed_over(found, root) == dict.fromkeys(["folder/b/further", "other.jsonl"], "a link out of the drop")
    assert [row["source_file"] for row in read_splits(plan_splits(found.files, 1))] == [
        file.uri for file in found.files
    ]


def test_no_link_leads_into_the_lake(tmp_path: Path) -> None:
    make(tmp_path / "all" / "lake", "scores/ds=2026-11-20/x.jsonl")
    root = make(tmp_path / "root", "a.jsonl")
    (root / "folder").symlink_to(tmp_path / "all" / "lake" / "scores")
    (root / "file.jsonl").symlink_to(tmp_path / "all" / "lake" / "scores" / "ds=2026-11-20" / "x.jsonl")
    (root / "around").symlink_to(tmp_path / "all")
    found = listing(root, follow_links=[str(tmp_path)], lake=str(tmp_path / "all" / "lake"))
    assert names(found) == ["a.jsonl"]
    into = "a link into the lake"
    assert passed_over(found, root) == {"folder": into, "file.jsonl": into, "around/lake": "the lake"}


@pytest.mark.parametrize("part", ["a.jsonl", "folder"])
def test_what_becomes_a_link_after_the_listing_is_not_read(tmp_path: Path, part: str) -> None:
    make(tmp_path / "elsewhere", "a.jsonl", "folder/a.jsonl")
    root = make(tmp_path / "root", "a.jsonl", "folder/a.jsonl")
    splits = plan_splits(listing(root).files, 1 << 20)
    (root / part).rename(tmp_path / "before")
    (root / part).symlink_to(tmp_path / "elsewhere" / part)
    codes = {row["source_file"].removeprefix(f"{root}/"): row["error_code"] for row in read_splits(splits)}
    changed = next(name for name in codes if name.startswith(part))
    assert codes == {"a.jsonl": "ID_MISSING", "folder/a.jsonl": "ID_MISSING"} | {changed: "FILE_UNREADABLE"}


def test_what_becomes_a_pipe_after_the_listing_is_not_waited_for(tmp_path: Path) -> None:
    splits = plan_splits(listing(make(tmp_path, "a.jsonl")).files, 1 << 20)
    (tmp_path / "a.jsonl").unlink()
    os.mkfifo(tmp_path / "a.jsonl")
    assert [row["error_code"] for row in read_splits(splits)] == ["FILE_UNREADABLE"]


def test_a_root_that_cannot_be_listed(tmp_path: Path) -> None:
    with pytest.raises(DropError, match="No such file"):
        listing(tmp_path / "nothing")
    assert listing(tmp_path) == Listing([], [])


@pytest.mark.parametrize(
    ("name", "pattern", "ds", "error_code"),
    [
        ("ds=2026-11-20/a.jsonl", None, "2026-11-20", None),
        ("ds=2026-11-20/hour=10/a.jsonl", None, "2026-11-20", None),
        ("ds=2026-11-20/ds=2026-11-19/a.jsonl", None, "2026-11-19", None),
        ("x-ds=2026-11-20/a.jsonl", None, RUN_DATE, None),
        ("ds=2026-13-45/a.jsonl", None, RUN_DATE, "BAD_DATE"),
        ("ds=2026-1-5/a.jsonl", None, RUN_DATE, "BAD_DATE"),
        ("ds=__HIVE_DEFAULT_PARTITION__/a.jsonl", None, RUN_DATE, "BAD_DATE"),
        ("ds=2026-02-29/a.jsonl", None, RUN_DATE, "BAD_DATE"),
        ("2026/11/20/a.jsonl", None, "2026-11-20", None),
        ("2026/11/20/05/a.jsonl", None, "2026-11-20", None),
        ("2026/13/45/a.jsonl", None, RUN_DATE, None),
        ("2026/1/5/a.jsonl", None, RUN_DATE, None),
        ("year=2026/month=11/day=20/a.jsonl", None, "2026-11-20", None),
        ("year=2026/month=1/day=5/hour=3/a.jsonl", None, "2026-01-05", None),
        ("year=2026/month=13/day=5/a.jsonl", None, RUN_DATE, "BAD_DATE"),
        ("dt=2026-11-20/a.jsonl", None, "2026-11-20", None),
        ("source=mail/date=20261120/hour=3/a.jsonl", None, "2026-11-20", None),
        ("dt=2026-13-20/a.jsonl", None, RUN_DATE, "BAD_DATE"),
        ("dt=__HIVE_DEFAULT_PARTITION__/a.jsonl", None, RUN_DATE, None),
        ("dt=2026-11-19/ds=2026-11-20/a.jsonl", None, "2026-11-20", None),
        ("2026/11/19/ds=2026-11-20/a.jsonl", None, "2026-11-20", None),
        ("2026/11/20/a.jsonl", "%Y/%m/%d", "2026-11-20", None),
        ("2026/11/20/a.jsonl", "/%Y/%m/%d/", "2026-11-20", None),
        ("2025/01/01/2026/11/20/a.jsonl", "%Y/%m/%d", "2026-11-20", None),
        ("2026/11/20/10/a.jsonl", "%Y/%m/%d/%H", "2026-11-20", None),
        ("mail-20261120/a.jsonl", "mail-%Y%m%d", "2026-11-20", None),
        ("at%2026.324/a.jsonl", "at%%%Y.%j", "2026-11-20", None),
        ("2026/13/45/a.jsonl", "%Y/%m/%d", RUN_DATE, "BAD_DATE"),
        ("other/a.jsonl", "%Y/%m/%d", RUN_DATE, None),
        ("2026/11/20/ds=2026-11-19/a.jsonl", "%Y/%m/%d", "2026-11-19", None),
        ("12026/11/20/a.jsonl", "%Y/%m/%d", RUN_DATE, None),
        ("general/2026-11-20.json", None, "2026-11-20", None),
        ("2026-11-20.jsonl.gz", None, "2026-11-20", None),
        ("2026/11/19/2026-11-20.jsonl", None, "2026-11-19", None),
        ("2026-13-45.jsonl", None, RUN_DATE, None),
        ("mails 2026-11-20.jsonl", None, RUN_DATE, None),
    ],
)
def test_the_date_comes_from_the_path(
    tmp_path: Path, name: str, pattern: str | None, ds: str, error_code: str | None
) -> None:
    [file] = listing(make(tmp_path, name), date_pattern=pattern).files
    assert (file.ds, file.error_code) == (ds, error_code)


def test_the_root_may_name_the_date(tmp_path: Path) -> None:
    make(tmp_path, "ds=2026-11-20/a.jsonl")
    for root in ("ds=2026-11-20", "ds=2026-11-20/a.jsonl"):
        assert listing(tmp_path / root).files[0].ds == "2026-11-20"


@pytest.mark.parametrize("pattern", ["%Y", "%Y/%m", "%m/%d", "%Y/%m/%d/%S", "%Y/%Y/%m/%d", "2026", "%Y%m%d%", ""])
def test_a_pattern_that_names_no_full_date(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(UsageError, match="--date-pattern"):
        listing(tmp_path, date_pattern=pattern)


@pytest.mark.parametrize("ds", ["2026-13-45", "22.11.2026", "2026-1-1", "", "2026-11-22\n"])
def test_a_run_date_that_is_none(tmp_path: Path, ds: str) -> None:
    with pytest.raises(UsageError, match="--ds"):
        find_drop(str(tmp_path), ds, file_format=None, date_pattern=None)


def test_splits_are_put_together_in_order(tmp_path: Path) -> None:
    make(tmp_path, *[f"{number:03}.jsonl" for number in range(100)])
    (tmp_path / "big.jsonl").write_bytes(b"{}\n" * 2_000_000)
    splits = plan_splits(listing(tmp_path).files, 4 << 20)
    packs = pack(splits, 4 << 20)
    assert [split for part in packs for split in part] == splits
    assert [len(part) for part in packs] == [100, 1, 1]
    assert [split.first_row for split in splits[-2:]] == [0, (4 << 20) // 3 + 1]
    assert pack([], 1) == []


def test_objects_that_were_read_whole_to_be_recognised_are_kept_so_far_as_there_is_room(bucket: Path) -> None:
    make(bucket, "a.jsonl", "b.jsonl", "c.jsonl", content=b"{}\n" * 1000)
    make(bucket, "long.jsonl", content=b"{}\n" * 22_000)
    kept = recognised(listing("s3://bucket").files, room=6500)

    assert [file.content for file in kept] == [b"{}\n" * 1000, b"{}\n" * 1000, None, None]
    assert not any(file.content for file in listing(bucket).files)


def test_small_objects_are_read_ahead_in_their_order(bucket: Path) -> None:
    """Of a store alone, and what cannot be read is left to the reader to tell of."""
    lines = b"{}\n" * 22_000  # too many to be kept when the file is recognised
    make(bucket, *(f"{number:02}.jsonl" for number in range(40)), content=lines)
    (bucket / "big.jsonl").write_bytes(b"{}\n" * 500_000)
    splits = plan_splits(listing("s3://bucket").files, 1 << 30)
    (bucket / "07.jsonl").unlink()

    found = list(read_ahead(splits))

    assert [split.file.uri for split in found] == [split.file.uri for split in splits]
    assert {split.file.name: split.file.content for split in found} == {
        split.file.name: None if split.file.name in ("07.jsonl", "big.jsonl") else lines for split in splits
    }
    with found[0].file.open() as source:
        assert source.read() == lines
    local = plan_splits(listing(bucket).files, 1 << 30)
    assert list(read_ahead(local)) == local
