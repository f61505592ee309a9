"""Opening a lake's stores."""

from contextlib import closing
from pathlib import Path

import pytest

from jobs.stores.open import CACHE_TABLE, lake_exists, named_table, open_lake, temporary_lake
from transforms.errors import LakeError, UsageError


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


def test_a_file_uri_is_a_local_path(tmp_path: Path) -> None:
    lake, stores = open_lake(f"file://{tmp_path}/a%20lake", create=True)
    stores.ledger()

    assert lake.root == f"{tmp_path}/a lake"
    assert lake_exists(str(tmp_path / "a lake"))


def test_a_temporary_lake_has_all_stores_and_goes_again() -> None:
    with temporary_lake("local") as (lake, stores):
        assert stores.ledger().runs() == []
        assert len(stores.keys().content_key()) == 32
        with closing(stores.meter()) as meter, closing(stores.cache()) as cache:
            assert meter.spending.of_month("2026-11") == 0
            assert cache.get([b"k"]) == {}
        root = Path(lake.root)
        assert root.exists()
    assert not root.exists()


@pytest.mark.parametrize("cache", ["", "redis", "dynamodb:", "local:x"])
def test_a_cache_that_is_none_is_a_usage_error(cache: str) -> None:
    with pytest.raises(UsageError, match="write local, dynamodb, or dynamodb:TABLE"):
        named_table(cache)


def test_a_cache_is_named() -> None:
    assert [named_table(cache) for cache in ("local", "dynamodb", "dynamodb:t")] == [None, CACHE_TABLE, "t"]
