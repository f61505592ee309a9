import bz2
import io
import tarfile
import zipfile
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.drops import compression
from jobs.drops.members import file_of, files_of, renamed
from jobs.formats import Format
from jobs.readers import archives
from tests.jobs.readers.drop import Row, line, listed, read, rejected, written


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def tarred(members: dict[str, bytes], mode: str = "w") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:  # type: ignore[call-overload]  # one of its modes
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


def parquet() -> bytes:
    made = io.BytesIO()
    pq.write_table(pa.table({"document_id": ["p"], "text": ["late"]}), made)
    return made.getvalue()


MEMBERS = {
    "a.txt": b"It came late.",
    "folder/b.jsonl": line("1") + b"{\n" + line("2"),
    "c.csv": b"document_id,text\n3,late\n",
    "d.parquet": parquet(),
    "e.eml": b"From: a@example.com\nSubject: late\n\nagain",
}


def places(path: Path, rows: list[Row]) -> list[tuple[str, int, str | None]]:
    return [(row["source_file"].removeprefix(f"{path}!"), row["source_row"], row["error_code"]) for row in rows]


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.zip", zipped(MEMBERS)), ("a.tar", tarred(MEMBERS)), ("a.tar.gz", tarred(MEMBERS, "w:gz")),
     ("a.tgz", tarred(MEMBERS, "w:gz")), ("a.tar.xz", tarred(MEMBERS, "w:xz")),
     ("a", zipped(MEMBERS)), ("b", tarred(MEMBERS))],
)  # fmt: skip
def test_members_are_read_as_files_are(tmp_path: Path, name: str, content: bytes) -> None:
    path = written(tmp_path / name, content)
    rows = read(path)

    assert places(path, rows) == [
        ("a.txt", 1, None),
        ("folder/b.jsonl", 1, None),
        ("folder/b.jsonl", 2, "MALFORMED_JSON"),
        ("folder/b.jsonl", 3, None),
        ("c.csv", 2, None),
        ("d.parquet", 1, None),
        ("e.eml", 1, None),
    ]
    assert rows[0]["document_id"] == f"{name}!a.txt"
    assert rows[-1]["text"] == "late\nagain"


def test_what_is_no_document_is_passed_over(tmp_path: Path) -> None:
    members = {"x/": b"", "empty.txt": b"", "__MACOSX/a.txt": b"x", "._a.txt": b"x", ".DS_Store": b"x"}
    path = written(tmp_path / "a.zip", zipped(members))
    assert read(path) == []


@pytest.mark.parametrize("name", ["README.txt", "a.txt.part", "icon"])
def test_what_may_be_a_text_is_read_within_an_archive_for_nobody_would_be_told(name: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.zip", zipped({name: b"All mails of May."}))
    assert [row["text"] for row in read(path)] == ["All mails of May."]


def test_what_cannot_be_opened_is_a_row_that_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 10_000)
    content = bytearray(
        zipped({"a.txt": b"late", "secret.txt": b"x" * 50, "odd.bin": b"\0\1", "large.parquet": b"PAR1" + b"x" * 20_000,
                "../../slip.txt": b"late"})
    )  # fmt: skip
    # The flag of a member that has a password, in its directory entry.
    entry = content.find(b"secret.txt", content.find(b"PK\x01\x02")) - 46
    content[entry + 8] |= 1
    path = written(tmp_path / "a.zip", bytes(content))

    assert places(path, read(path)) == [
        ("a.txt", 1, None),
        ("secret.txt", 0, "ENCRYPTED"),
        ("odd.bin", 0, "UNKNOWN_FORMAT"),
        ("large.parquet", 0, "FILE_TOO_LARGE"),
        ("../../slip.txt", 1, None),
    ]


def test_a_bomb_ends_at_the_limit_and_names_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "MAX_EXPANDED_BYTES", 1_000_000)
    bomb = line() * 60_000
    path = written(tmp_path / "a.zip", zipped({"a.txt": b"late", "bomb.jsonl": bomb, "c.txt": b"late"}))

    found = places(path, read(path))
    assert found[0] == ("a.txt", 1, None)
    assert found[-2][0] == "bomb.jsonl"
    assert found[-2][2] == "DECOMPRESSION_BOMB"
    assert found[-1] == ("c.txt", 0, "DECOMPRESSION_BOMB")


def test_archives_in_archives_are_read_to_a_depth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = zipped({"a.txt": b"late"})
    for name in ("4.zip", "3.zip", "2.zip", "1.zip"):
        inner = zipped({name: inner, "b.txt": b"late"})
    path = written(tmp_path / "0.zip", inner)

    assert places(path, read(path)) == [
        ("1.zip!2.zip!3.zip!4.zip", 0, "TOO_COMPLEX"),
        ("1.zip!2.zip!3.zip!b.txt", 1, None),
        ("1.zip!2.zip!b.txt", 1, None),
        ("1.zip!b.txt", 1, None),
        ("b.txt", 1, None),
    ]

    # What all of them expand to is held to what the outermost may.
    monkeypatch.setattr(compression, "MAX_EXPANDED_BYTES", 1_000_000)
    many = zipped({"a.zip": zipped({"b.txt": b"x" * 900_000}), "c.zip": zipped({"d.txt": b"x" * 900_000})})
    path = written(tmp_path / "many.zip", many)
    assert [code for _, _, code in places(path, read(path))] == [None, "DECOMPRESSION_BOMB"]


@pytest.mark.timeout(60)
def test_headers_of_tar_are_not_held_without_bound(tmp_path: Path) -> None:
    info = tarfile.TarInfo("a.txt")
    info.type, info.size = tarfile.XHDTYPE, 8_000_000
    path = written(tmp_path / "a.tar", info.tobuf(tarfile.USTAR_FORMAT) + b"1" * 8_000_000)
    assert rejected(read(path)) == [(0, "TOO_COMPLEX", None)]


def test_a_directory_that_claims_too_much_is_not_read(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.txt": b"late"}))
    content[-10:-6] = (1 << 30).to_bytes(4, "little")
    assert rejected(read(written(tmp_path / "a.zip", bytes(content)))) == [(0, "TOO_COMPLEX", None)]


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    members = {f"{i}.txt": b"late" for i in range(3)}
    assert rejected(read(written(tmp_path / "a.zip", zipped(members)))) == [(0, "TOO_COMPLEX", None)]
    assert [row["error_code"] for row in read(written(tmp_path / "a.tar", tarred(members)))] == [
        None,
        None,
        "TOO_COMPLEX",
    ]


def test_archives_are_told_by_their_content(tmp_path: Path) -> None:
    assert listed(written(tmp_path / "a.txt", zipped(MEMBERS))).format is Format.ZIP
    assert listed(written(tmp_path / "b", tarred(MEMBERS, "w:gz"))).format is Format.TAR


def test_a_member_of_bzip2_is_told_by_its_first_block(tmp_path: Path) -> None:
    random = Random(5)
    rows = "".join(f"{number};Müller {random.randbytes(60).hex()}\n" for number in range(5000))
    packed = bz2.compress(("document_id;text\n" + rows).encode("cp1252"))
    for name, content in {"a.zip": zipped({"a.csv.bz2": packed}), "a.tar": tarred({"a.csv.bz2": packed})}.items():
        found = read(written(tmp_path / name, content))
        assert [row["error_code"] for row in found] == [None] * 5000
        assert found[-1]["text"].startswith("Müller ")


def test_a_row_leads_to_the_file_it_came_from() -> None:
    files = {"/d/a.zip", "/d/b!c.txt"}
    names = ["/d/a.zip!x.txt", "/d/b!c.txt", "/d/a.zip!b.zip!y", "/d/other.txt", "/d/o!p.txt", None]
    expected = ["/d/a.zip", "/d/b!c.txt", "/d/a.zip", "/d/other.txt", "/d/o!p.txt", None]
    assert files_of(pa.array(names), files).to_pylist() == expected
    assert file_of("/d/o!p.txt", files) == "/d/o!p.txt"
    assert renamed("/d/a.zip!x.txt", {"/d/a.zip": "/d/z.zip"}) == "/d/z.zip!x.txt"


TEXTS = st.dictionaries(
    st.text("ab/.!", min_size=1, max_size=4).map(lambda name: name.strip("/.") or "a").map("n{}.txt".format),
    st.sampled_from([b"late", b"{}", b"x" * 3_000]),
    min_size=1,
    max_size=5,
)


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.sampled_from(["zip", "tar", "tar.gz"]), st.none() | st.integers(0, 1_000_000))
def test_members_in_are_rows_out(
    tmp_path_factory: pytest.TempPathFactory, members: dict[str, bytes], kind: str, cut: int | None
) -> None:
    content = zipped(members) if kind == "zip" else tarred(members, "w:gz" if kind == "tar.gz" else "w")
    whole = len(content)
    if cut is not None:
        content = content[: 1 + cut % whole]
    path = written(tmp_path_factory.mktemp("cut") / f"a.{kind}", content)
    rows = read(path)

    good = [row for row in rows if row["error_code"] is None]
    if cut is None:
        assert [row["source_file"] for row in good] == [f"{path}!{name}" for name in members]
    # What is cut off is told by one rejection, for the member or the archive: nothing goes without a word.
    assert len(good) <= len(rows) <= len(good) + 1
    assert len(good) == len(members) or len(rows) > len(good)
