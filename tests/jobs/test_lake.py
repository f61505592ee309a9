"""The lake's layout and its key."""

import stat
from pathlib import Path

import pytest

from jobs.lake import content_key, given_key, open_lake
from transforms.errors import LakeError, UsageError


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    lake = open_lake(str(tmp_path / "lake"), create=True)

    key = content_key(lake)

    assert len(key) == 32
    assert content_key(lake) == key
    assert stat.S_IMODE(lake.key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(lake.key_file.parent.stat().st_mode) == 0o700
    assert [path.name for path in lake.key_file.parent.iterdir()] == ["content.key"]


def test_a_damaged_key_is_not_used(tmp_path: Path) -> None:
    lake = open_lake(str(tmp_path / "lake"), create=True)
    content_key(lake)
    lake.key_file.write_bytes(b"short")

    with pytest.raises(LakeError, match=r"content\.key is not 32 bytes"):
        content_key(lake)


def test_a_lake_that_is_none_is_not_made_by_readers(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="no lake at"):
        open_lake(str(tmp_path / "typo"), create=False)
    assert not (tmp_path / "typo").exists()


def test_a_lake_is_a_local_path(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="local path"):
        open_lake("s3://bucket/lake", create=True)
    (tmp_path / "file").touch()
    with pytest.raises(LakeError, match="cannot be written"):
        open_lake(str(tmp_path / "file"), create=True)


@pytest.mark.parametrize(("content", "complaint"), [(None, "No such file"), (b"short", "at least 16 bytes")])
def test_a_given_key_is_checked(tmp_path: Path, content: bytes | None, complaint: str) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    with pytest.raises(UsageError, match=complaint):
        given_key(tmp_path / "key")


def test_a_given_key_is_used_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"sixteen bytes ok")
    assert given_key(tmp_path / "key") == b"sixteen bytes ok"
