"""What answers SQL in Athena's place: Trino, which is its engine, or DuckDB where Trino cannot be had."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

import aiohttp

from infra.local.athena.results import Column, Row, column, text

# Athena's numbers for whose fault it is: https://docs.aws.amazon.com/athena/latest/APIReference/API_AthenaError.html.
SYSTEM, USER, OTHER = 1, 2, 3
_CATEGORIES = {"USER_ERROR": USER, "EXTERNAL": OTHER}


class Failed(Exception):
    """A statement failed: the engine's name of the error, its words, and whose fault it is."""

    def __init__(self, name: str, message: str, category: int) -> None:
        super().__init__(f"{name}: {message}")
        self.category = category


class Page(NamedTuple):
    """Some rows of an answer, as Athena writes them, and what it has taken so far."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    scanned: int  # bytes


class Engine(Protocol):
    """Answers one statement of a database."""

    version: str  # as Athena would say its engine's

    def answer(self, sql: str, parameters: Sequence[str], database: str) -> AsyncIterator[Page]:
        """The pages of an answer, one at least where it has columns. Parameters are expressions. Raises Failed."""
        ...


class Trino:
    """A Trino at a URL: https://trino.io/docs/476/develop/client-protocol.html."""

    def __init__(self, url: str, version: str, catalog: str) -> None:
        self.version = f"Trino {version}, in place of Athena engine version 3"
        self._url, self._catalog = f"{url}/v1/statement", catalog

    async def answer(self, sql: str, parameters: Sequence[str], database: str) -> AsyncIterator[Page]:
        """See `Engine.answer`. Where the caller lets go, Trino is told so."""
        if parameters:
            quoted = sql.replace("'", "''")
            sql = f"EXECUTE IMMEDIATE '{quoted}' USING {', '.join(parameters)}"
        headers = {
            "X-Trino-User": "athena",
            "X-Trino-Source": "athena",
            "X-Trino-Catalog": self._catalog,
            "X-Trino-Time-Zone": "UTC",
            "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME",
        }
        if database:
            headers["X-Trino-Schema"] = quote(database)
        async with aiohttp.ClientSession(headers=headers) as session:
            following: str | None = None
            try:
                async with session.post(self._url, data=sql.encode()) as response:
                    said = await _json(response)
                while True:
                    following = said.get("nextUri")
                    if "error" in said:
                        error = said["error"]
                        category = _CATEGORIES.get(error["errorType"], SYSTEM)
                        raise Failed(error["errorName"], error.get("message", ""), category)
                    if "columns" in said:
                        yield _page(said)
                    if following is None:
                        return
                    async with session.get(following) as response:
                        said = await _json(response)
            except aiohttp.ClientError as error:
                following = None
                raise Failed("SERVER_UNAVAILABLE", f"Trino does not answer ({type(error).__name__})", SYSTEM) from None
            finally:
                if following is not None:
                    with suppress(aiohttp.ClientError):
                        await asyncio.shield(_end(session, following))


async def _end(session: aiohttp.ClientSession, following: str) -> None:
    async with session.delete(following):
        pass


async def _json(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """Trino's answer, with numbers as it wrote them: as Java writes them, and so does Athena."""
    if response.status != 200:
        raise Failed("SERVER_UNAVAILABLE", f"Trino answers {response.status}", SYSTEM)
    said: dict[str, Any] = json.loads(await response.read(), parse_float=str)
    return said


def _page(said: dict[str, Any]) -> Page:
    signatures = [each["typeSignature"] for each in said["columns"]]
    columns = [column(each["name"], each["typeSignature"]) for each in said["columns"]]
    rows = [
        [text(value, signature) for value, signature in zip(row, signatures, strict=True)]
        for row in said.get("data", ())
    ]
    stats = said.get("stats", {})
    return Page(columns, rows, int(stats.get("physicalInputBytes", 0)))
