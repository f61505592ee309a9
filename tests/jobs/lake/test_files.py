"""What the disk refuses is a LakeError that names the file."""

from pathlib import Path

import pytest

from jobs.lake.files import copy, create, put, using, writing
from transforms.errors import LakeError


def test_a_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    place = str(tmp_path / "file" / "page.html")

    with pytest.raises(LakeError, match=r"/file/page\.html cannot be written: \w+"):
        put(place, b"page")
    with pytest.raises(LakeError, match=r"/file/page\.html cannot be written: \w+"):
        copy(str(tmp_path / "file"), place)


def test_what_is_raised_within_is_not_the_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="the drop"), create(str(tmp_path / "page.html")):
        raise FileNotFoundError("the drop is gone")
    assert list(tmp_path.iterdir()) == []


def test_the_systems_words_and_the_place() -> None:
    full = OSError(28, "No space left on device")
    with (
        pytest.raises(LakeError, match=r"^/lake/a\.parquet cannot be written: No space left on device$"),
        writing("/lake/a.parquet"),
    ):
        raise full
    with pytest.raises(LakeError, match=r"^/lake cannot be used: No space left on device$"), using("/lake"):
        raise full
    with pytest.raises(LakeError, match=r"^/lake/b cannot be used: Permission denied$"), using("/lake"):
        raise PermissionError(13, "Permission denied", "/lake/b")
    with pytest.raises(ValueError, match="other"), using("/lake"):
        raise ValueError("other")


def test_a_file_that_is_whole_is_there(tmp_path: Path) -> None:
    put(str(tmp_path / "a" / "page.html"), b"page")
    copy(str(tmp_path / "a" / "page.html"), str(tmp_path / "b" / "page.html"))

    assert (tmp_path / "b" / "page.html").read_bytes() == b"page"
