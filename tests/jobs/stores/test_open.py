"""Opening a lake's stores."""

from contextlib import closing
from pathlib import Path

import pytest

from jobs.stores.open import CACHE_TABLE, lake_exists, named_table, open_lake, temporary_lake
from jobs.stores.steps import KEY_BYTES
from tests.jobs.run.lakes import DS, write
from transforms.errors import LakeError, UsageError


def test_a_lake_that_is_none_is_not_made_by_readers(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="no lake at"):
        open_lake(str(tmp_path / "typo"), create=False)
    assert not (tmp_path / "typo").exists()


def test_a_lake_is_a_folder(tmp_path: Path) -> None:
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


def test_a_ledger_that_is_gone_or_emptied_beside_scores_is_an_error_to_all(tmp_path: Path) -> None:
    """Until 2026-11-28 the next night began anew, and readers saw nothing, with exit code 0."""
    lake, stores = open_lake(str(tmp_path / "lake"), create=True)
    stores.ledger().begin("R1", DS, [DS], alone=False)
    write(lake, "one", {})
    place = Path(lake.at("ledger.sqlite"))
    for lose in (place.unlink, lambda: place.write_bytes(b"")):
        lose()
        for create in (True, False):
            with pytest.raises(LakeError, match="scores lie beside it: restore it"):
                open_lake(str(tmp_path / "lake"), create=create)[1].ledger()


def test_a_key_that_is_gone_beside_publications_is_not_made_anew(tmp_path: Path) -> None:
    """Under another key every text would be scored, and paid for, again."""
    lake, stores = open_lake(str(tmp_path / "lake"), create=True)
    stores.keys().content_key()
    stores.ledger().begin("R1", DS, [DS], alone=False)
    stores.ledger().publish("R1", {DS: None}, {DS: ()}, [], {})
    Path(lake.at("keys/content.key")).unlink()

    with pytest.raises(LakeError, match=r"content\.key is gone, and runs were published: restore it"):
        stores.keys().content_key()
    assert len(stores.keys().content_key(unused=True)) == KEY_BYTES
