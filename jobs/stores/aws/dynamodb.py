"""A DynamoDB table as its twins use it: plain values, strongly consistent reads, conditional writes, transactions.

A write whose answer is lost is made again, and then may find what itself has written. So where a condition does not
hold, what is there comes back, with whether an earlier try was lost: the caller knows its own when it sees it. A
transaction carries a token, and DynamoDB makes it once in ten minutes however often it is sent.
"""

from __future__ import annotations

import re
import uuid
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import orjson

from jobs.stores.aws.client import THREADS, Client, NotYet, Refusal
from transforms.errors import AuraStreamError, LakeBusy, LakeError

# An item, or its key, in plain values: str, bytes, bool, int, float, None, lists and mappings of such.
Item = dict[str, Any]
# The same as DynamoDB writes it: each value below its type's letter.
Wire = dict[str, Any]

T = TypeVar("T")

# DynamoDB's own limits of one call.
KEYS_A_READ = 100
ITEMS_A_WRITE = 25
ACTIONS_A_TRANSACTION = 100
_ADVICE = {
    "ResourceNotFoundException": "it is not there; make it with infra/data.yaml, in the region of AWS_REGION",
}
_FAILED = "ConditionalCheckFailedException"
_CANCELLED = "TransactionCanceledException"
# Reasons of a cancelled transaction that pass by themselves.
_PASSING = {"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
_BODY = "Body"


@dataclass(frozen=True)
class Put:
    """Put an item in the place of whatever has its key, if a condition holds.

    In an expression `:name` is a value of `values`, and `#name` the attribute of that name, be it a reserved word.
    """

    item: Item
    condition: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Update:
    """Change the item of a key, or make one, as an update expression says, if a condition holds."""

    key: Item
    change: str
    condition: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Delete:
    """Delete the item of a key, if there is one and a condition holds."""

    key: Item
    condition: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """A condition on an item that a transaction does not write."""

    key: Item
    condition: str
    values: Mapping[str, Any] = field(default_factory=dict)


class Written(NamedTuple):
    """What came of a write: whether its condition held, and the item: of an update as it is now, else as it stands
    against the condition (None: there is none).

    `lost`: an earlier try may have been carried out. Then an update may be made twice, and a condition may have failed
    by what the write itself has written.
    """

    done: bool
    item: Item | None
    lost: bool


class Table:
    """One table, for one process: it holds connections. Every thread may use it.

    Every method, and making one, raises `error` where the table cannot be used, and `busy` where it was too busy or out
    of reach for all of `client.PATIENCE`.
    """

    def __init__(
        self,
        name: str,
        called: str = "the lake's ledger",
        error: type[AuraStreamError] = LakeError,
        busy: type[AuraStreamError] = LakeBusy,
    ) -> None:
        self.name = name
        self.client = Client("dynamodb", f"{called}, DynamoDB table {name},", error, busy, _ADVICE)
        events = self.client.boto.meta.events
        events.register("provide-client-params.dynamodb", _set_aside)
        events.register("before-call.dynamodb", _send_as_written)
        events.register("before-parse.dynamodb", _leave_unparsed)
        self._pool = ThreadPoolExecutor(THREADS)

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.shutdown()
        self.client.close()

    def get(self, key: Item) -> Item | None:
        """The item of a key."""
        return self.client.persist(lambda _: self.try_get(key))

    def try_get(self, key: Item) -> Item | None:
        """One try of `get`. Raises NotYet."""
        asked = self.client.call("get_item", TableName=self.name, Key=wire(key), ConsistentRead=True)
        item = _body(asked).get("Item")
        return None if item is None else plain(item)

    def get_many(self, keys: Sequence[Item]) -> list[Item]:
        """The items of those of some distinct keys that have one, in whatever order."""
        return [plain(item) for item in self.get_wire([wire(key) for key in keys], consistent=True)]

    def query(self, pk: str, begins: str = "", *, after: str = "", newest_first: bool = False) -> Iterator[Item]:
        """The items below a `pk`, or those whose `sk` begins so or is `after` another, in its order; page by page."""
        condition, values = "pk = :pk", {"pk": pk}
        if begins:
            condition, values = "pk = :pk AND begins_with(sk, :begins)", {"pk": pk, "begins": begins}
        elif after:
            condition, values = "pk = :pk AND sk > :after", {"pk": pk, "after": after}
        asked = {**_expressions(values, KeyConditionExpression=condition), "ScanIndexForward": not newest_first}

        def attempt(_: bool) -> Item:
            return _body(self.client.call("query", TableName=self.name, ConsistentRead=True, **asked))

        while True:
            answer = self.client.persist(attempt)
            yield from map(plain, answer["Items"])
            if not answer.get("LastEvaluatedKey"):
                return
            asked["ExclusiveStartKey"] = wire(plain(answer["LastEvaluatedKey"]))

    def put_many(self, items: Sequence[Item]) -> None:
        """Put items of distinct keys, without conditions and one by one: an error may leave some of them put."""
        self.write_wire([{"PutRequest": {"Item": wire(item)}} for item in items])

    def delete_many(self, keys: Sequence[Item]) -> None:
        """Delete the items of distinct keys, without conditions and one by one."""
        self.write_wire([{"DeleteRequest": {"Key": wire(key)}} for key in keys])

    def write(self, action: Put | Update | Delete) -> Written:
        """Write one item, if its condition holds."""
        return self.client.persist(lambda lost: self.try_write(action, lost))

    def try_write(self, action: Put | Update | Delete, lost: bool = False) -> Written:
        """One try of `write`, where an earlier one may have been `lost`. Raises NotYet."""
        operation = {Put: "put_item", Update: "update_item", Delete: "delete_item"}[type(action)]
        request = _request(action)
        if isinstance(action, Update):
            request["ReturnValues"] = "ALL_NEW"
        answer = self.client.call(operation, {_FAILED}, TableName=self.name, **request)
        if isinstance(answer, Refusal):
            return Written(False, _plain_or_none(answer.response), lost)
        now = orjson.loads(answer[_BODY]).get("Attributes")
        return Written(True, plain(now) if now else None, lost)

    def transact(
        self,
        actions: Sequence[Put | Update | Delete | Check],
        unknown: type[AuraStreamError] | None = None,
    ) -> dict[int, Item | None]:
        """Carry out all of at most `ACTIONS_A_TRANSACTION` actions, on as many items, or none.

        None was carried out where conditions did not hold: these, by their place, with the item that is there; nothing
        where all hold. Raises `unknown`, if given, where it is unknown whether it was carried out.
        """
        token = uuid.uuid4().hex
        items = [{type(action).__name__: {"TableName": self.name, **_request(action)}} for action in actions]
        for item in items:
            if "Check" in item:
                item["ConditionCheck"] = item.pop("Check")

        def attempt(_: bool) -> dict[int, Item | None]:
            answer = self.client.call(
                "transact_write_items", {_CANCELLED}, TransactItems=items, ClientRequestToken=token
            )
            if not isinstance(answer, Refusal):
                return {}
            reasons = answer.response["CancellationReasons"]
            codes = {reason["Code"] for reason in reasons}
            if "ConditionalCheckFailed" in codes:
                failed = [i for i, reason in enumerate(reasons) if reason["Code"] == "ConditionalCheckFailed"]
                return {i: _plain_or_none(reasons[i]) for i in failed}
            if codes <= _PASSING:
                raise NotYet(", ".join(sorted(codes - {"None"})), beaten=codes <= {"None", "TransactionConflict"})
            raise self.client.unusable(f"{', '.join(sorted(codes - _PASSING))} was the answer")

        return self.client.persist(attempt, unknown)

    def get_wire(self, keys: Sequence[Wire], *, consistent: bool) -> Iterator[Wire]:
        """As `get_many`, in DynamoDB's own writing, with binary values in Base64; some 10 µs a key."""
        for items in self._pool.map(lambda part: self._read(part, consistent), parts(keys, KEYS_A_READ)):
            yield from items

    def write_wire(self, requests: Sequence[Wire]) -> None:
        """Make the requests of a BatchWriteItem, as many as they are."""
        for _ in self._pool.map(self._write, parts(requests, ITEMS_A_WRITE)):
            pass  # raises what the call raised

    def _read(self, keys: list[Wire], consistent: bool) -> list[Wire]:
        items: list[Wire] = []
        rest = keys

        def attempt(_: bool) -> None:
            nonlocal rest
            request = {self.name: {"Keys": rest, "ConsistentRead": consistent}}
            answer = _body(self.client.call("batch_get_item", RequestItems=request))
            items.extend(answer["Responses"][self.name])
            if left := answer["UnprocessedKeys"]:
                rest = [wire(plain(key)) for key in left[self.name]["Keys"]]
                raise NotYet("items left unprocessed")

        self.client.persist(attempt)
        return items

    def _write(self, requests: list[Wire]) -> None:
        rest = requests

        def attempt(_: bool) -> None:
            nonlocal rest
            answer = _body(self.client.call("batch_write_item", RequestItems={self.name: rest}))
            if left := answer["UnprocessedItems"].get(self.name):
                rest = [_unquoted(request) for request in left]
                raise NotYet("items left unprocessed")

        self.client.persist(attempt)


def wire(item: Mapping[str, Any]) -> Wire:
    """An item as DynamoDB writes it. Numbers come back exactly, but those below 1e-130 not at all."""
    return {name: _wire(value) for name, value in item.items()}


def plain(item: Wire) -> Item:
    """An item in plain values; whole numbers are int, whatever was put."""
    return {name: _plain(value) for name, value in item.items()}


def _wire(value: Any) -> Wire:
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": repr(value)}  # the shortest that reads back as the same, 17 of the 38 digits there is room for
        case bytes():
            return {"B": value}
        case None:
            return {"NULL": True}
        case Mapping():
            return {"M": wire(value)}
        case Collection():
            return {"L": [_wire(each) for each in value]}
    raise TypeError(f"{type(value).__name__} cannot be kept in DynamoDB")


def _plain(value: Wire) -> Any:
    ((kind, content),) = value.items()
    match kind:
        case "N":
            return int(content) if content.lstrip("-").isdigit() else float(content)
        case "B":
            return content if isinstance(content, bytes) else b64decode(content)
        case "NULL":
            return None
        case "M":
            return plain(content)
        case "L":
            return [_plain(each) for each in content]
    return content


def _plain_or_none(refused: Mapping[str, Any]) -> Item | None:
    return plain(refused["Item"]) if refused.get("Item") else None


def _request(action: Put | Update | Delete | Check) -> Item:
    """What an action asks for, of a single write and of a transaction alike."""
    place = {"Item": wire(action.item)} if isinstance(action, Put) else {"Key": wire(action.key)}
    change = {"UpdateExpression": action.change} if isinstance(action, Update) else {}
    condition = {"ConditionExpression": action.condition} if action.condition else {}
    return {
        **place,
        **_expressions(action.values, **change, **condition),
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def _expressions(values: Mapping[str, Any], **expressions: str) -> Item:
    """Expressions with what they name: `:name` one of the values, `#name` the attribute of that name."""
    names = {f"#{name}": name for text in expressions.values() for name in re.findall(r"#(\w+)", text)}
    given = {f":{name}": _wire(value) for name, value in values.items()}
    return {
        **expressions,
        **({"ExpressionAttributeNames": names} if names else {}),
        **({"ExpressionAttributeValues": given} if given else {}),
    }


def _set_aside(params: Item, context: dict[str, Any], **_: Any) -> Item:
    """Write a call's JSON, and leave botocore what it finds the endpoint by: its serializer takes 70 µs an item."""
    context[_BODY] = orjson.dumps(params, default=_base64)
    named = {"TableName": params["TableName"]} if "TableName" in params else {}
    batches = {name: type(batch)() for name, batch in params.get("RequestItems", {}).items()}
    return {**named, **({"RequestItems": batches} if batches else {})}


def _send_as_written(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    params["body"] = context.pop(_BODY)


def _base64(value: Any) -> str:
    """Binary values, which JSON has not."""
    return b64encode(value).decode()


def _leave_unparsed(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Hand on an answer's JSON as it is: botocore's parser takes some 90 µs of CPU an item, orjson 5."""
    if response_dict["status_code"] == 200:
        customized_response_dict[_BODY] = response_dict["body"]
        response_dict["body"] = b"{}"


def _body(answer: dict[str, Any] | Refusal) -> Item:
    assert not isinstance(answer, Refusal)  # noqa: S101 - none was expected
    body: Item = orjson.loads(answer[_BODY])
    return body


def _unquoted(request: Wire) -> Wire:
    """A request of a BatchWriteItem that was left, with its binary values as they were sent."""
    ((kind, content),) = request.items()
    ((what, item),) = content.items()
    return {kind: {what: wire(plain(item))}}


def parts(things: Sequence[T], size: int) -> list[list[T]]:
    """Things, in their order, as many at a time as one call takes."""
    return [list(things[start : start + size]) for start in range(0, len(things), size)]
