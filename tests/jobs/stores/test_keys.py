"""The lake's key: made once, whoever comes first, and the same for ever."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.stores.local.keys import LocalKeys
from tests.conftest import write_key
from tests.jobs.stores.processes import at_once, meet
from tests.jobs.stores.twins import LocalTwin, Twin
from transforms.errors import LakeError


def test_it_is_made_once(twin: Twin) -> None:
    key = twin.keys().content_key()

    assert len(key) == 32
    assert twin.keys().content_key() == key


def test_of_many_first_uses_at_once_one_key_stays(twin: Twin) -> None:
    with at_once(2) as processes:
        keys = set(processes.map(_content_key, [twin] * 2))
    assert len(keys) == 1


def test_of_many_threads_too(twin: Twin) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: twin.keys().content_key(), range(4)))) == 1


def _content_key(twin: Twin) -> bytes:
    meet()
    return bytes(twin.keys().content_key())  # itself, however it travels


# The local twin.


def test_each_lake_has_a_key_of_its_own(tmp_path: Path) -> None:
    twin = LocalTwin(tmp_path / "a")
    assert twin.keys().content_key() != replace(twin, folder=tmp_path / "b").keys().content_key()


def test_its_owner_alone_may_read_it(tmp_path: Path) -> None:
    LocalKeys(tmp_path / "keys" / "content.key").content_key()

    (file,) = (tmp_path / "keys").iterdir()
    assert [path.stat().st_mode & 0o777 for path in (file.parent, file)] == [0o700, 0o600]


@pytest.mark.parametrize("content", [b"", b"too short", b"x" * 33])
def test_what_is_no_key_is_named_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "content.key"
    path.write_bytes(content)

    with pytest.raises(LakeError, match=r"content\.key is not 32 bytes long: restore it"):
        LocalKeys(path).content_key()
    assert path.read_bytes() == content


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    write_key(tmp_path / "content.key").chmod(0o604)
    with pytest.raises(LakeError, match=r"others can read .*content\.key: `chmod 600` it"):
        LocalKeys(tmp_path / "content.key").content_key()


def test_a_key_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "content.key").mkdir()
    (tmp_path / "file").touch()

    for path in (tmp_path / "content.key", tmp_path / "file" / "content.key"):
        with pytest.raises(LakeError, match=r"the lake's key .*content\.key cannot be used: \w+") as told:
            LocalKeys(path).content_key()
        assert told.value.__suppress_context__
