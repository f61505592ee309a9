"""The score cache joined with what was published."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.storage import storage_of
from jobs.stores.published import JoinedCache
from tests.jobs.stores.cache_stores import BAD, GOOD, key
from tests.s3 import S3, s3
from transforms.errors import CacheError
from transforms.schemas import SCORES
from transforms.sentiment.protocols import Cached

__all__ = ["s3"]  # the fixture

SCORED_AT = datetime(2026, 11, 1, tzinfo=UTC)
ROW: dict[str, Any] = dict.fromkeys(SCORES.names) | {
    "status": "SCORED", "language": "en", "scorer_version": "vader-3.3.2", "scored_at": SCORED_AT,
    "score_positive": 0.7, "score_negative": 0.1, "score_neutral": 0.1, "score_mixed": 0.1,
}  # fmt: skip


def published(uri: str, *rows: dict[str, Any]) -> str:
    with storage_of(uri).create(uri) as file:
        pq.write_table(pa.Table.from_pylist([ROW | row for row in rows], schema=SCORES), file)
    return uri


class Asked:
    """A cache that has everything, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.entries: dict[bytes, Cached] = {}
        self.closed = False

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Cached]:
        self.keys += keys
        return dict.fromkeys(keys, BAD)

    def put(self, entries: Mapping[bytes, Cached]) -> None:
        self.entries.update(entries)

    def close(self) -> None:
        self.closed = True


@pytest.fixture(params=["local", "s3"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "local":
        yield str(tmp_path)
    else:
        server: S3 = request.getfixturevalue("s3")
        with server.used():
            yield server.folder()


def test_many_keys_are_looked_for_in_what_was_published_first(folder: str) -> None:
    files = [
        published(f"{folder}/a.parquet", {"content_key": key(1).hex()}, {"content_key": key(1).hex()}),
        published(
            f"{folder}/b.parquet",
            {"content_key": key(2).hex()},
            {"content_key": key(3).hex(), "status": "FAILED"},
            {"content_key": key(4).hex(), "scored_at": SCORED_AT - timedelta(microseconds=1)},
            {"content_key": None},
        ),
    ]
    inner = Asked()
    cache = JoinedCache(inner, files, above=5, not_before=SCORED_AT)

    keys = [key(number) for number in range(1, 6)]
    assert cache.get(keys) == {key(1): GOOD, key(2): GOOD} | dict.fromkeys(keys[2:], BAD)
    assert inner.keys == keys[2:]


def test_fewer_keys_are_not(tmp_path: Path) -> None:
    inner = Asked()
    cache = JoinedCache(inner, [str(tmp_path / "gone.parquet")], above=3, not_before=SCORED_AT)

    assert cache.get([key(1), key(2)]) == {key(1): BAD, key(2): BAD}


def test_nothing_published_yet() -> None:
    cache = JoinedCache(Asked(), [], above=1, not_before=SCORED_AT)

    assert cache.get([key(1)]) == {key(1): BAD}


def test_joined_it_puts_and_closes_the_inner_cache() -> None:
    inner = Asked()
    with closing(JoinedCache(inner, [], not_before=SCORED_AT)) as cache:
        cache.put({key(1): GOOD})

    assert inner.entries == {key(1): GOOD}
    assert inner.closed


OTHER_COLUMNS = BytesIO()
pq.write_table(pa.table({"content_key": [key(1).hex()]}), OTHER_COLUMNS)


@pytest.mark.parametrize(
    "content",
    [None, b"", b"PAR1 but not really PAR1", OTHER_COLUMNS.getvalue()],
    ids=["gone", "empty", "damaged", "other columns"],
)
def test_a_published_file_that_cannot_be_read_is_named(folder: str, content: bytes | None) -> None:
    good, bad = published(f"{folder}/a.parquet", {"content_key": key(1).hex()}), f"{folder}/bad.parquet"
    if content is not None:
        with storage_of(bad).create(bad) as file:
            file.write(content)
    cache = JoinedCache(Asked(), [good, bad], above=1, not_before=SCORED_AT)

    with pytest.raises(CacheError, match=rf"the published scores {bad} cannot be read as a cache: ") as told:
        cache.get([key(1)])
    assert told.value.__suppress_context__
