"""The score cache: one contract for its twins, and what each has beside it."""

import json
import sqlite3
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from filelock import FileLock

from jobs.stores.aws import client
from jobs.stores.aws.cache import DynamoScoreCache
from jobs.stores.aws.dynamodb import KEYS_A_READ
from jobs.stores.local import sqlite
from jobs.stores.local.cache import KEYS_A_QUERY, LocalScoreCache
from jobs.stores.open import CACHE_TABLE
from tests.environment import alone_known
from tests.jobs.stores.aws.faults import answer, before_send, refusal
from tests.jobs.stores.cache_stores import BAD, GOOD, Store, key, put_and_die, put_some
from tests.jobs.stores.dynamodb import SERVERS, Dynamo
from tests.jobs.stores.processes import SPAWN, at_once
from transforms.errors import CacheError, CacheUnavailable
from transforms.sentiment.protocols import Cached, ScoreCache, Scores

LANGUAGE_ALONE = Cached(None, "pt", "comprehend-1")
TABLES = (f"cache-{number}" for number in count())


@pytest.fixture(params=SERVERS)
def table(request: pytest.FixtureRequest, dynamodb: Callable[[str], Dynamo], monkeypatch: pytest.MonkeyPatch) -> Store:
    return new_table(dynamodb(request.param), monkeypatch)


@pytest.fixture(params=("local", *SERVERS))
def store(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    dynamodb: Callable[[str], Dynamo],
    monkeypatch: pytest.MonkeyPatch,
) -> Store:
    if request.param == "local":
        return Store(tmp_path / "cache.sqlite")
    return new_table(dynamodb(request.param), monkeypatch)


def new_table(server: Dynamo, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A new table of the server, which alone boto3 knows of."""
    alone_known(server.environment, monkeypatch)
    store = Store(table=next(TABLES), environment=server.environment)
    server.create("CacheTable", store.table)
    return store


@pytest.fixture
def cache(store: Store) -> Iterator[LocalScoreCache | DynamoScoreCache]:
    with closing(store.open()) as cache:
        yield cache


# The contract.


def test_gives_what_was_put_and_nothing_else(cache: ScoreCache) -> None:
    cache.put({key(1): GOOD, key(2): BAD})

    assert cache.get([key(1), key(2), key(3)]) == {key(1): GOOD, key(2): BAD}


def test_nothing(cache: ScoreCache) -> None:
    cache.put({})

    assert cache.get([]) == {}


def test_a_detected_language_without_scores(cache: ScoreCache) -> None:
    cache.put({key(1): LANGUAGE_ALONE, key(2): GOOD})

    assert cache.get([key(1), key(2)]) == {key(1): LANGUAGE_ALONE, key(2): GOOD}


def test_more_keys_than_one_query_takes(cache: ScoreCache) -> None:
    number = 2 * KEYS_A_QUERY + 1 if isinstance(cache, LocalScoreCache) else 2 * KEYS_A_READ + 1
    many = {key(i): GOOD._replace(scores=Scores(i / 1e6, 0.0, 0.0, 1 - i / 1e6)) for i in range(number)}
    cache.put(many)

    assert cache.get(list(many)) == many


def test_keys_may_repeat(cache: ScoreCache) -> None:
    cache.put({key(1): GOOD})

    assert cache.get([key(1), key(2), key(1), key(2)]) == {key(1): GOOD}


def test_the_last_entry_of_a_key_stays(cache: ScoreCache) -> None:
    cache.put({key(1): GOOD})
    cache.put({key(1): BAD})

    assert cache.get([key(1)]) == {key(1): BAD}


def test_numbers_come_back_as_they_were(cache: ScoreCache) -> None:
    hard = (0.1 + 0.2, 1 / 3, 5e-17, 1e-130, 1 - 2**-53, 0.0, 1.0, 2.2250738585072014e-120)
    entries = {key(i): GOOD._replace(scores=Scores(hard[i], hard[i + 1], hard[i + 2], hard[i + 3])) for i in (0, 4)}
    cache.put(entries)

    assert cache.get(list(entries)) == entries


def test_an_entry_expires(store: Store) -> None:
    clock = [1_700_000_000.0]
    with closing(store.open(timedelta(seconds=60), lambda: clock[0])) as cache:
        cache.put({key(1): GOOD})
        clock[0] += 59
        assert cache.get([key(1)]) == {key(1): GOOD}
        clock[0] += 1
        assert cache.get([key(1)]) == {}

        cache.put({key(1): BAD})
        assert cache.get([key(1)]) == {key(1): BAD}


def test_threads_share_it(cache: ScoreCache) -> None:
    def put_and_get(number: int) -> bool:
        cache.put({key(number): GOOD})
        return cache.get([key(number)]) == {key(number): GOOD}

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(put_and_get, range(40)))


def test_outlives_the_process_that_put_without_closing(store: Store) -> None:
    process = SPAWN.Process(target=put_and_die, args=(store,))
    process.start()
    process.join()

    assert process.exitcode == -9
    with closing(store.open()) as cache:
        assert cache.get([key(1)]) == {key(1): GOOD}


def test_many_processes_put_at_once(store: Store) -> None:
    with at_once(4) as pool:
        pool.starmap(put_some, [(store, worker) for worker in range(4)])

    with closing(store.open()) as cache:
        assert len(cache.get([key(number) for number in range(500)])) == 400


# The local twin.


def test_only_one_process_opens_or_closes_the_file_at_a_time(tmp_path: Path) -> None:
    # Without the lock, of four processes that open a new file at once, one in thirty finds the database locked.
    path = tmp_path / "cache.sqlite"
    with ThreadPoolExecutor(1) as pool:
        with FileLock(f"{path}.lock"):
            opening = pool.submit(LocalScoreCache, path)
            assert not wait([opening], timeout=0.5).done
        cache = opening.result()
        with FileLock(f"{path}.lock"):
            closing_it = pool.submit(cache.close)
            assert not wait([closing_it], timeout=0.5).done
        closing_it.result()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache.sqlite").write_text("not a database, and long enough to be seen as none " * 40)

    with pytest.raises(CacheError, match=r"the score cache .*cache\.sqlite cannot be used") as told:
        LocalScoreCache(tmp_path / "cache.sqlite")
    assert not isinstance(told.value, CacheUnavailable)


def test_a_lock_that_cannot_be_taken_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache.sqlite.lock").mkdir()

    with pytest.raises(CacheError, match=r"cache\.sqlite cannot be used"):
        LocalScoreCache(tmp_path / "cache.sqlite")


def test_a_file_that_others_use_for_too_long_is_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.01)
    path = tmp_path / "cache.sqlite"
    with closing(LocalScoreCache(path)) as cache, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CacheUnavailable, match=r"cache\.sqlite cannot be used: database is locked"):
            cache.put({key(1): GOOD})
        assert cache.get([key(1)]) == {}
        other.rollback()
        cache.put({key(1): GOOD})
        assert cache.get([key(1)]) == {key(1): GOOD}


def test_an_error_undoes_the_whole_put(tmp_path: Path) -> None:
    with closing(LocalScoreCache(tmp_path / "cache.sqlite")) as cache:
        with pytest.raises(CacheError) as told:
            cache.put({key(1): GOOD, key(2): GOOD._replace(language=None)})  # type: ignore[arg-type]

        assert "cannot be used" in str(told.value)
        assert cache.get([key(1), key(2)]) == {}


# DynamoDB.


@pytest.fixture
def dynamo(table: Store) -> Iterator[DynamoScoreCache]:
    with closing(DynamoScoreCache(table.table)) as cache:
        yield cache


def test_what_dynamodb_cannot_hold_is_nought(dynamo: DynamoScoreCache) -> None:
    dynamo.put({key(1): GOOD._replace(scores=Scores(5e-324, 9.9e-131, 1e-130, 1.0))})

    assert dynamo.get([key(1)]) == {key(1): GOOD._replace(scores=Scores(0.0, 0.0, 1e-130, 1.0))}


def test_items_are_as_documented(table: Store) -> None:
    with closing(table.open(timedelta(days=1), lambda: 1_700_000_000.9)) as cache:
        cache.put({key(1): GOOD, key(2): LANGUAGE_ALONE})

    with closing(boto3.client("dynamodb")) as client:
        items = {item["key"]["B"]: item for item in client.scan(TableName=table.table, ConsistentRead=True)["Items"]}
    times = {"created": {"N": "1700000000"}, "expires_at": {"N": "1700086400"}}
    assert items == {
        key(1): times
        | {
            "key": {"B": key(1)},
            "scores": {"L": [{"N": "0.7"}, {"N": "0.1"}, {"N": "0.1"}, {"N": "0.1"}]},
            "language": {"S": "en"},
            "scorer_version": {"S": "vader-3.3.2"},
        },
        key(2): times | {"key": {"B": key(2)}, "language": {"S": "pt"}, "scorer_version": {"S": "comprehend-1"}},
    }


def test_keys_that_dynamodb_leaves_out_are_asked_for_again(dynamo: DynamoScoreCache) -> None:
    # An answer holds 16 MB at most: what does not fit, DynamoDB leaves out by itself.
    large = {key(number): GOOD._replace(language="x" * 390_000) for number in range(50)}
    dynamo.put(large)
    calls = list[str]()
    before_send(dynamo._table.client, "BatchGetItem", lambda event_name, **_: calls.append(event_name))

    assert dynamo.get(list(large)) == large
    assert len(calls) > 1


def test_items_that_dynamodb_leaves_out_are_put_again(dynamo: DynamoScoreCache, table: Store) -> None:
    entries = {key(number): GOOD for number in range(20)}
    sent: list[int] = []

    def put_the_first_alone(request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        puts = json.loads(request.body)["RequestItems"][table.table]
        sent.append(len(puts))
        if len(sent) > 3:
            return None
        item = puts[0]["PutRequest"]["Item"]
        with closing(boto3.client("dynamodb")) as real:
            real.put_item(TableName=table.table, Item=item | {"key": {"B": b64decode(item["key"]["B"])}})
        return answer(200, {"UnprocessedItems": {table.table: puts[1:]}})

    before_send(dynamo._table.client, "BatchWriteItem", put_the_first_alone)
    dynamo.put(entries)

    assert sent == [20, 19, 18, 17]
    assert dynamo.get(list(entries)) == entries


@pytest.mark.parametrize("status_and_code", [
    (400, "ProvisionedThroughputExceededException"), (400, "ThrottlingException"), (400, "RequestLimitExceeded"),
    (500, "InternalServerError"),
])  # fmt: skip
def test_a_call_that_dynamodb_is_too_busy_for_is_made_again(
    dynamo: DynamoScoreCache, status_and_code: tuple[int, str]
) -> None:
    for operation in ("BatchGetItem", "BatchWriteItem"):
        answers = [refusal(*status_and_code), refusal(*status_and_code)]
        before_send(dynamo._table.client, operation, lambda answers=answers, **_: answers.pop() if answers else None)

    dynamo.put({key(1): GOOD})
    assert dynamo.get([key(1)]) == {key(1): GOOD}


@pytest.mark.timeout(30)  # below the patience of `PATIENCE`
@pytest.mark.parametrize("left_out", [False, True], ids=["throttled", "left out"])
def test_too_busy_for_too_long(dynamo: DynamoScoreCache, monkeypatch: pytest.MonkeyPatch, left_out: bool) -> None:
    monkeypatch.setattr(client, "PATIENCE", 0.3)
    table = dynamo._table.name
    for operation, left in (("BatchGetItem", "UnprocessedKeys"), ("BatchWriteItem", "UnprocessedItems")):

        def busy(request: AWSPreparedRequest, left: str = left, **_: Any) -> AWSResponse:
            if left_out:
                return answer(200, {"Responses": {table: []}, left: json.loads(request.body)["RequestItems"]})
            return refusal(400, "ThrottlingException", key(1).hex())

        before_send(dynamo._table.client, operation, busy)

    for use in (lambda: dynamo.get([key(1)]), lambda: dynamo.put({key(1): GOOD})):
        with pytest.raises(CacheUnavailable, match=rf"DynamoDB table {table}, .*, for 0\.3 seconds") as told:
            use()
        says_no_more_than_it_may(told.value)


def test_no_table(dynamo: DynamoScoreCache, table: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    main, sleep = threading.current_thread(), time.sleep

    def pause(seconds: float) -> None:
        """Other threads, such as py4j's, may."""
        assert threading.current_thread() is not main, "there is nothing to wait for"
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", pause)
    with closing(DynamoScoreCache("cache-that-nobody-made")) as cache:
        for use in (lambda: cache.get([key(1)]), lambda: cache.put({key(1): GOOD})):
            with pytest.raises(CacheError, match=r"table cache-that-nobody-made, .* infra/data\.yaml") as told:
                use()
            says_no_more_than_it_may(told.value)


@pytest.mark.parametrize(("code", "advice"), [
    ("AccessDeniedException", "role needs dynamodb:BatchGetItem"), ("ExpiredTokenException", "expired"),
    ("ValidationException", "ValidationException was the answer"),
])  # fmt: skip
def test_a_refusal_is_told_at_once(dynamo: DynamoScoreCache, code: str, advice: str) -> None:
    before_send(dynamo._table.client, "BatchGetItem", lambda **_: refusal(400, code, key(1).hex()))

    with pytest.raises(CacheError, match=advice) as told:
        dynamo.get([key(1)])
    assert not isinstance(told.value, CacheUnavailable)
    says_no_more_than_it_may(told.value)


@pytest.mark.parametrize(("missing", "advice"), [
    (("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "credentials"), (("AWS_REGION", "AWS_DEFAULT_REGION"), "region"),
])  # fmt: skip
def test_nobody_to_be_or_nowhere_to_go(
    table: Store, monkeypatch: pytest.MonkeyPatch, missing: Sequence[str], advice: str
) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it remembers credentials
    for name in missing:
        monkeypatch.delenv(name)

    with pytest.raises(CacheError, match=rf"(?i)table {table.table}, .*{advice}.*AWS_PROFILE"):
        DynamoScoreCache(table.table).get([key(1)])


def test_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PATIENCE", 0.2)
    for name, value in Dynamo("http://127.0.0.1:9").environment.items():
        monkeypatch.setenv(name, value)

    with (
        closing(DynamoScoreCache(CACHE_TABLE)) as cache,
        pytest.raises(CacheUnavailable, match=r"Could not connect .* for 0\.2 seconds"),
    ):
        cache.get([key(1)])


def test_an_item_of_another_form(dynamo: DynamoScoreCache, table: Store) -> None:
    with closing(boto3.client("dynamodb")) as client:
        client.put_item(TableName=table.table, Item={"key": {"B": key(1)}, "expires_at": {"N": "9999999999"}})

    with pytest.raises(CacheError, match="an item of another form"):
        dynamo.get([key(1)])


def says_no_more_than_it_may(error: CacheError) -> None:
    assert key(1).hex() not in str(error)
    assert error.__suppress_context__ or error.__context__ is None
