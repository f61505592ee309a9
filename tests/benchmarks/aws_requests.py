"""What a night asks of AWS, counted in front of the servers: workers are processes of their own, and are seen too.

A proxy of a server on this machine that hands on what it is sent. It asks DynamoDB for the units of each call, which
the job does not, and keeps nothing of what goes through it but numbers.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from yarl import URL

# Of what a table's item is, by how its `pk` begins (jobs/stores/aws); the ledger is all the rest.
PARTS = {"rate#": "rate limit", "spending": "spending", "claim": "claims", "alive#": "heartbeats"}
_OWN = {"connection", "transfer-encoding", "keep-alive", "content-length"}  # headers that concern one connection
_LARGEST = 1 << 30  # bytes of a request
# S3's price list has two kinds of requests, and deleting is free.
_DEAR, _FREE = {"PUT", "POST"}, {"DELETE"}


@dataclass
class Units:
    """Of DynamoDB: calls, and read and write request units as it counts them."""

    calls: int = 0
    reads: float = 0.0
    writes: float = 0.0


@dataclass
class Seen:
    """What was asked so far."""

    s3: Counter[str] = field(default_factory=Counter)  # PUT class, GET class, deletes
    s3_operations: Counter[str] = field(default_factory=Counter)
    dynamodb: dict[str, Units] = field(default_factory=dict)  # cache, ledger and its parts
    glue: Counter[str] = field(default_factory=Counter)  # operations
    secrets: Counter[str] = field(default_factory=Counter)

    @property
    def units(self) -> Units:
        """All of DynamoDB's."""
        found = self.dynamodb.values()
        return Units(
            sum(each.calls for each in found), sum(each.reads for each in found), sum(each.writes for each in found)
        )


@contextmanager
def counted(environment: dict[str, str], cache_table: str) -> Iterator[tuple[dict[str, str], Seen]]:
    """An environment whose S3, DynamoDB and moto are behind proxies, and what goes through these."""
    seen = Seen()
    with ExitStack() as stack:
        shown = dict(environment)
        for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"):
            target = environment[name]
            proxy = stack.enter_context(_proxy(target, seen, cache_table))
            shown |= {each: proxy for each, url in environment.items() if url == target}
        yield shown, seen


@contextmanager
def _proxy(target: str, seen: Seen, cache_table: str) -> Iterator[str]:
    """The URL of a proxy, in a thread of this process."""
    loop = asyncio.new_event_loop()
    serving = threading.Thread(target=loop.run_forever, daemon=True)
    serving.start()
    runner, url = asyncio.run_coroutine_threadsafe(_started(target, seen, cache_table), loop).result()
    try:
        yield url
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        serving.join()
        loop.close()


async def _started(target: str, seen: Seen, cache_table: str) -> tuple[web.AppRunner, str]:
    session = aiohttp.ClientSession(auto_decompress=False, skip_auto_headers=("User-Agent", "Content-Type"))

    async def hand_on(asked: web.Request) -> web.Response:
        body = await asked.read()
        operation = asked.headers.get("X-Amz-Target", "")
        if operation.startswith("DynamoDB"):
            body = orjson.dumps({**orjson.loads(body), "ReturnConsumedCapacity": "TOTAL"})
        headers = [(name, value) for name, value in asked.headers.items() if name.lower() not in _OWN]
        url = URL(target + asked.raw_path, encoded=True)
        async with session.request(asked.method, url, headers=headers, data=body, allow_redirects=False) as answer:
            said = await answer.read()
        if operation.startswith("DynamoDB"):
            count_units(seen, orjson.loads(body), orjson.loads(said), cache_table)
        else:
            _count(seen, asked, operation)
        kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in _OWN]
        if asked.method == "HEAD":  # its length is that of what is not sent
            kept += [("Content-Length", answer.headers.get("Content-Length", "0"))]
        return web.Response(status=answer.status, headers=kept, body=None if asked.method == "HEAD" else said)

    async def close(_: web.Application) -> None:
        await session.close()

    application = web.Application(client_max_size=_LARGEST)
    application.router.add_route("*", "/{path:.*}", hand_on)
    application.on_cleanup.append(close)
    runner = web.AppRunner(application, access_log=None, auto_decompress=False)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    return runner, f"http://127.0.0.1:{port}"


def _count(seen: Seen, asked: web.Request, operation: str) -> None:
    if operation.startswith("AWSGlue"):
        seen.glue[operation.partition(".")[2]] += 1
    elif operation.startswith("secretsmanager"):
        seen.secrets[operation.partition(".")[2]] += 1
    elif not operation:
        listed = asked.method == "GET" and "list-type" in asked.query
        kind = "PUT" if asked.method in _DEAR or listed else "delete" if asked.method in _FREE else "GET"
        seen.s3[kind] += 1
        seen.s3_operations["LIST" if listed else asked.method] += 1


def count_units(seen: Seen, asked: dict[str, Any], said: dict[str, Any], cache_table: str) -> None:
    """Each call counts for the part that its first item is of.

    By the rules of DynamoDB's price list, for DynamoDB Local charges a transaction too little, and nothing for what is
    not there and for a condition that does not hold: a kilobyte of an item written is a unit, and two in a transaction;
    four kilobytes read are one, half of one where the read need not be consistent, and at least that for each key, or
    for a query that finds nothing.
    """
    table, key = _first_item(asked)
    part = "cache" if table == cache_table else next((PARTS[each] for each in PARTS if key.startswith(each)), "ledger")
    found = seen.dynamodb.setdefault(part, Units())
    found.calls += 1
    if "TransactItems" in asked:
        actions = [action for item in asked["TransactItems"] for action in item.values()]
        found.writes += 2 * sum(_written(action.get("Item", {})) for action in actions)
    elif _is_read(asked):
        ((name, request),) = asked["RequestItems"].items()
        share = 1.0 if request.get("ConsistentRead") else 0.5
        items = said.get("Responses", {}).get(name, [])
        missing = len(request["Keys"]) - len(items)
        found.reads += share * (missing + sum(-(-_size(item) // 4096) for item in items))
    elif "RequestItems" in asked:
        ((_, puts),) = asked["RequestItems"].items()
        found.writes += sum(_written(put.get("PutRequest", {}).get("Item", {})) for put in puts)
    elif "KeyConditionExpression" in asked or "ConsistentRead" in asked:
        found.reads += max(said["ConsumedCapacity"]["CapacityUnits"], 1.0 if asked.get("ConsistentRead") else 0.5)
    else:
        charged = said.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0)
        found.writes += max(charged, _written(asked.get("Item", {})))


def _written(item: dict[str, Any]) -> int:
    """Units of an item that is written; one of which but the key is known counts as small."""
    return max(1, -(-_size(item) // 1024))


def _size(item: dict[str, Any]) -> int:
    """Bytes of an item, as docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html."""
    return sum(len(name.encode()) + _size_of(value) for name, value in item.items())


def _size_of(value: dict[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "B":
            return len(content) * 3 // 4  # Base64
        case "N":
            return len(content.strip("-0.")) // 2 + 2
        case "L":
            return 3 + sum(1 + _size_of(each) for each in content)
        case "M":
            return 3 + len(content) + _size(content)
    return 1


def _is_read(asked: dict[str, Any]) -> bool:
    """Whether it is a BatchGetItem."""
    return any("Keys" in each for each in asked.get("RequestItems", {}).values())


def _first_item(asked: dict[str, Any]) -> tuple[str, str]:
    """The table and the `pk` of the first item of a call; "" where it has none."""
    if "RequestItems" in asked:
        table, first = next(iter(asked["RequestItems"].items()))
        if isinstance(first, list):
            ((_, request),) = first[0].items()
            return table, _pk(next(iter(request.values())))
        return table, _pk(first["Keys"][0])
    if "TransactItems" in asked:
        ((_, action),) = asked["TransactItems"][0].items()
        return action["TableName"], _pk(action.get("Key") or action["Item"])
    if "KeyConditionExpression" in asked:
        return asked["TableName"], asked["ExpressionAttributeValues"][":pk"]["S"]
    return asked["TableName"], _pk(asked.get("Key") or asked["Item"])


def _pk(item: dict[str, Any]) -> str:
    return str(item["pk"]["S"]) if "pk" in item else ""
