"""The score cache: what it keeps, and that many processes can use it at once."""

import multiprocessing
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock

from jobs.services.cache import KEYS_A_QUERY, LocalScoreCache
from transforms.errors import LakeError
from transforms.sentiment.protocols import Scores

GOOD = Scores(0.7, 0.1, 0.1, 0.1)
BAD = Scores(0.1, 0.7, 0.1, 0.1)


def key(number: int) -> bytes:
    return number.to_bytes(32, "big")


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[LocalScoreCache]:
    cache = LocalScoreCache(tmp_path / "cache.sqlite")
    yield cache
    cache.close()


def test_gives_what_was_put_and_nothing_else(cache: LocalScoreCache) -> None:
    cache.put({key(1): GOOD, key(2): BAD})

    assert cache.get([key(1), key(2), key(3)]) == {key(1): GOOD, key(2): BAD}
    assert cache.get([]) == {}


def test_more_keys_than_one_query_takes(cache: LocalScoreCache) -> None:
    many = {key(number): Scores(number / 1e6, 0.0, 0.0, 1 - number / 1e6) for number in range(2 * KEYS_A_QUERY + 1)}
    cache.put(many)

    assert cache.get(list(many)) == many


def test_the_first_score_of_a_key_stays(cache: LocalScoreCache) -> None:
    cache.put({key(1): GOOD})
    cache.put({key(1): BAD})

    assert cache.get([key(1)]) == {key(1): GOOD}


def test_outlives_the_process_that_put_without_closing(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    process = multiprocessing.get_context("spawn").Process(target=_put_and_die, args=(path,))
    process.start()
    process.join()

    cache = LocalScoreCache(path)
    assert process.exitcode == -9
    assert cache.get([key(1)]) == {key(1): GOOD}
    cache.close()


def _put_and_die(path: Path) -> None:
    import os
    import signal

    LocalScoreCache(path).put({key(1): GOOD})
    os.kill(os.getpid(), signal.SIGKILL)


def test_many_processes_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        pool.starmap(_put_some, [(path, worker) for worker in range(4)])

    cache = LocalScoreCache(path)
    assert len(cache.get([key(number) for number in range(4 * 500 + 500)])) == 2000
    cache.close()


def _put_some(path: Path, worker: int) -> None:
    cache = LocalScoreCache(path)
    for start in range(0, 1000, 20):  # every key is put by two workers
        cache.put({key((worker * 500 + number) % 2000): GOOD for number in range(start, start + 20)})
    cache.close()


def test_opening_waits_for_another_process_that_is_making_the_file(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    half_made = sqlite3.connect(path, isolation_level=None)
    with ThreadPoolExecutor(1) as pool, FileLock(f"{path}.lock"):
        half_made.execute("CREATE TABLE other (a)")
        half_made.execute("BEGIN")
        half_made.execute("SELECT * FROM other").fetchall()  # whoever sets up the log now fails at once
        opened = pool.submit(_open_and_put, path)
        time.sleep(0.2)
        assert not opened.done()
        half_made.close()
    opened.result()


def _open_and_put(path: Path) -> None:
    cache = LocalScoreCache(path)
    cache.put({key(1): GOOD})
    cache.close()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache.sqlite").write_text("not a database, and long enough to be seen as none " * 40)

    with pytest.raises(LakeError, match=r"cache\.sqlite cannot be used"):
        LocalScoreCache(tmp_path / "cache.sqlite")
