"""A table as its twins use it: on Amazon's own DynamoDB Local and on moto."""

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from jobs.stores.aws import client as patience
from jobs.stores.aws.dynamodb import (
    ACTIONS_A_TRANSACTION,
    ITEMS_A_WRITE,
    KEYS_A_READ,
    Check,
    Delete,
    Item,
    Put,
    Table,
    Update,
    Written,
    wire,
)
from tests.environment import alone_known
from tests.jobs.stores.aws.faults import answer, before_send, count_calls, lose_answers, refusal, the_first
from tests.jobs.stores.dynamodb import SERVERS, Dynamo
from transforms.errors import CommitUnknown, LakeBusy, LakeError

NAMES = (f"table-{number}" for number in count())
UNTAKEN = "attribute_not_exists(#pk)"


def key(number: int) -> Item:
    return {"pk": "a", "sk": f"{number:06}"}


@pytest.fixture
def server(
    request: pytest.FixtureRequest, dynamodb: Callable[[str], Dynamo], monkeypatch: pytest.MonkeyPatch
) -> Dynamo:
    server = dynamodb(request.param)
    alone_known(server.environment, monkeypatch)
    return server


@pytest.fixture
def table(server: Dynamo) -> Iterator[Table]:
    name = next(NAMES)
    server.create("LedgerTable", name)
    with closing(Table(name)) as table:
        yield table


both = pytest.mark.parametrize("server", SERVERS, indirect=True)
amazons = pytest.mark.parametrize("server", SERVERS[:1], indirect=True)


@both
def test_values_come_back_as_they_were(table: Table) -> None:
    item = key(1) | {
        "text": "naïve", "whole": -3, "broken": 0.1 + 0.2, "time": 1_764_396_000.123456, "none": None, "yes": True,
        "bytes": b"\0\xff", "list": [1, "two", [3.5]], "map": {"a": {"b": b""}}, "empty": "",
    }  # fmt: skip
    assert table.write(Put(item)) == Written(True, None, False)

    assert table.get(key(1)) == item
    assert table.get_many([key(1), key(2)]) == [item]
    assert list(table.query("a")) == [item]
    assert table.get(key(2)) is None


def test_what_dynamodb_cannot_keep_is_named() -> None:
    with pytest.raises(TypeError, match="object cannot be kept in DynamoDB"):
        wire({"a": object()})


@both
def test_more_items_than_one_call_takes(table: Table) -> None:
    items = [key(number) | {"number": number} for number in range(KEYS_A_READ + ITEMS_A_WRITE + 1)]
    table.put_many(items)

    assert sorted(table.get_many([key(number) for number in range(500)]), key=lambda item: item["sk"]) == items
    table.delete_many([key(number) for number in range(1, 500)])
    assert list(table.query("a")) == items[:1]


@both
def test_a_query_is_read_page_by_page_in_order(table: Table) -> None:
    items = [key(number) | {"large": "x" * 300_000} for number in range(8)]  # a page holds 1 MB
    table.put_many([*items, {"pk": "b", "sk": "000000"}])
    calls = count_calls(table.client)

    assert list(table.query("a")) == items
    assert list(table.query("a", newest_first=True)) == items[::-1]
    assert calls.count("Query") > 2
    assert list(table.query("a", "00000")) == items
    assert list(table.query("a", "000001")) == items[1:2]
    assert list(table.query("a", after="000001")) == items[2:]
    assert list(table.query("nobody")) == []


@both
def test_a_write_whose_condition_does_not_hold_tells_what_is_there(table: Table) -> None:
    first, second = key(1) | {"state": "first"}, key(1) | {"state": "second"}

    assert table.write(Put(first, UNTAKEN)).done
    assert table.write(Put(second, UNTAKEN)) == Written(False, first, False)
    change = Update(key(1), "SET #state = :new, #count = :one", "#state = :old", {"new": "b", "one": 1, "old": "first"})
    assert table.write(change) == Written(True, key(1) | {"state": "b", "count": 1}, False)
    assert table.write(change) == Written(False, key(1) | {"state": "b", "count": 1}, False)
    assert table.write(Delete(key(1), "#state = :old", {"old": "first"})).item == key(1) | {"state": "b", "count": 1}
    assert table.write(Delete(key(1), "#state = :old", {"old": "b"})).done
    assert table.write(Update(key(1), "REMOVE #state", "attribute_exists(#state)")) == Written(False, None, False)


@both
def test_a_transaction_is_carried_out_whole_or_not_at_all(table: Table) -> None:
    table.put_many([key(1) | {"a": 1}, key(2) | {"a": 2}])
    actions: list[Put | Update | Delete | Check] = [
        Put(key(3) | {"a": 3}, UNTAKEN),
        Update(key(1), "ADD #a :ten", values={"ten": 10}),
        Delete(key(2)),
        Check(key(4), UNTAKEN),
    ]

    refused = table.transact([*actions, Check(key(5), "attribute_exists(#pk)"), Check({"pk": "b", "sk": "b"}, UNTAKEN)])
    assert refused == {4: None}
    assert list(table.query("a")) == [key(1) | {"a": 1}, key(2) | {"a": 2}]

    assert table.transact(actions) == {}
    assert list(table.query("a")) == [key(1) | {"a": 11}, key(3) | {"a": 3}]
    assert table.transact(actions[:3]) == {0: key(3) | {"a": 3}}
    assert list(table.query("a")) == [key(1) | {"a": 11}, key(3) | {"a": 3}]


@both
def test_as_many_actions_as_a_transaction_takes(table: Table) -> None:
    assert table.transact([Put(key(number)) for number in range(ACTIONS_A_TRANSACTION)]) == {}
    assert len(list(table.query("a"))) == ACTIONS_A_TRANSACTION


# Answers that do not come.


@both
def test_a_write_whose_answer_was_lost_finds_its_own(table: Table) -> None:
    lose_answers(table.client, "PutItem", the_first(1))

    assert table.write(Put(key(1), UNTAKEN)) == Written(False, key(1), lost=True)


@both
def test_a_transaction_whose_answer_was_lost_is_made_once(table: Table) -> None:
    lose_answers(table.client, "TransactWriteItems", the_first(2))

    assert table.transact([Update(key(1), "ADD #a :one", UNTAKEN, {"one": 1})]) == {}
    assert table.get(key(1)) == key(1) | {"a": 1}


@pytest.mark.timeout(30)
@amazons
def test_it_is_said_where_it_is_unknown_whether_it_was_made(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.2)
    lose_answers(table.client, "TransactWriteItems", lambda: True)

    with pytest.raises(CommitUnknown, match=rf"DynamoDB table {table.name}, .* for 0\.2 seconds; .*may be there"):
        table.transact([Put(key(1))], unknown=CommitUnknown)
    with pytest.raises(LakeBusy):
        table.transact([Put(key(1))])


@pytest.mark.timeout(30)
@amazons
def test_what_was_surely_not_made_is_not_unknown(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.2)
    before_send(table.client, "TransactWriteItems", lambda **_: refusal(400, "ThrottlingException"))

    with pytest.raises(LakeBusy, match="run again"):
        table.transact([Put(key(1))], unknown=CommitUnknown)


# Too busy.


@amazons
@pytest.mark.parametrize(
    "code", ["ThrottlingException", "TransactionConflictException", "TransactionInProgressException"]
)
def test_what_passes_by_itself_is_tried_again(table: Table, code: str) -> None:
    for operation in ("GetItem", "Query", "BatchGetItem", "BatchWriteItem", "PutItem", "TransactWriteItems"):
        busy = the_first(2)
        before_send(table.client, operation, lambda busy=busy, **_: refusal(400, code) if busy() else None)

    table.put_many([key(1)])
    table.write(Put(key(2)))
    table.transact([Put(key(3))])
    assert table.get(key(1)) == key(1)
    assert table.get_many([key(2)]) == [key(2)]
    assert list(table.query("a")) == [key(1), key(2), key(3)]


@amazons
@pytest.mark.parametrize(("codes", "again"), [
    (["None", "TransactionConflict"], True), (["ThrottlingError", "TransactionConflict"], True),
    (["ValidationError", "None"], False), (["ItemCollectionSizeLimitExceeded", "ThrottlingError"], False),
])  # fmt: skip
def test_a_cancelled_transaction_is_made_again_where_the_reason_passes(
    table: Table, codes: list[str], again: bool
) -> None:
    cancelled = {"__type": "TransactionCanceledException", "CancellationReasons": [{"Code": code} for code in codes]}
    once = the_first(1)
    before_send(table.client, "TransactWriteItems", lambda **_: answer(400, cancelled) if once() else None)

    if again:
        assert table.transact([Put(key(1)), Put(key(2))]) == {}
        assert len(list(table.query("a"))) == 2
    else:
        with pytest.raises(LakeError, match=r"(Validation|Item)\w+ was the answer") as told:
            table.transact([Put(key(1)), Put(key(2))])
        assert not isinstance(told.value, LakeBusy)


@amazons
def test_what_dynamodb_leaves_out_is_asked_for_again(table: Table) -> None:
    items = [key(number) | {"bytes": bytes([number])} for number in range(10)]
    asked: list[int] = []

    def leave_all_but_the_first(request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        body = json.loads(request.body)["RequestItems"][table.name]
        asked.append(len(body if isinstance(body, list) else body["Keys"]))
        if asked.count(asked[-1]) > 1 or asked[-1] == 7:
            return None
        if isinstance(body, list):
            with closing(Table(table.name)) as other:
                other.write(Put({name: _plain(value) for name, value in body[0]["PutRequest"]["Item"].items()}))
            return answer(200, {"UnprocessedItems": {table.name: body[1:]}})
        return answer(
            200, {"Responses": {table.name: []}, "UnprocessedKeys": {table.name: {"Keys": body["Keys"][:-1]}}}
        )

    before_send(table.client, "BatchWriteItem", leave_all_but_the_first)
    table.put_many(items)
    assert asked == [10, 9, 8, 7]
    assert list(table.query("a")) == items

    asked.clear()
    before_send(table.client, "BatchGetItem", leave_all_but_the_first)
    assert len(table.get_many([key(number) for number in range(10)])) == 7
    assert asked == [10, 9, 8, 7]


def _plain(value: dict[str, str]) -> object:
    return b64decode(value["B"]) if "B" in value else value["S"]


# Errors.


@amazons
def test_a_permission_that_lacks_is_named(table: Table) -> None:
    before_send(table.client, "*", lambda **_: refusal(400, "AccessDeniedException", "secret"))
    transaction = "dynamodb:PutItem, UpdateItem, DeleteItem and ConditionCheckItem"

    for use, needed in (
        (lambda: table.write(Delete(key(1))), "dynamodb:DeleteItem"),
        (lambda: table.transact([Put(key(1))]), transaction),
    ):
        with pytest.raises(LakeError, match=rf"the lake's ledger, .* {table.name}, .*needs {needed} on it") as told:
            use()
        assert "secret" not in str(told.value)
        assert told.value.__suppress_context__


@amazons
def test_a_table_that_is_not_there(server: Dynamo) -> None:
    with closing(Table("nobody-made-it")) as table:
        for use in (lambda: table.get(key(1)), lambda: table.put_many([key(1)]), lambda: table.transact([Put(key(1))])):
            with pytest.raises(LakeError, match=r"nobody-made-it, .* make it with infra/data\.yaml"):
                use()
