"""The process of the local Athena: `python -m infra.local.athena.server PORT`, told the rest by its environment.

AWS JSON 1.1 over HTTP, on this machine alone. It works in its folder, the working directory.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import uuid
from pathlib import Path

import orjson
from aiohttp import web

from infra.local.athena.engines import Engine, Trino
from infra.local.athena.service import Refused, Service, s3_client
from infra.local.aws.part import HOST, KEYS
from infra.local.aws.trino import CATALOG, VARIABLE, VERSION

_TARGET = "AmazonAthena."
_LAST_CALLS = 0.2  # seconds that calls may hold up the end


def engine_of() -> Engine:
    """Trino, where the environment names one, and DuckDB where not."""
    if VARIABLE in os.environ:
        return Trino(os.environ[VARIABLE], VERSION, CATALOG)
    from infra.local.athena.duck import DuckDB

    return DuckDB(os.environ["AWS_ENDPOINT_URL_GLUE"], KEYS)


async def serve(port: int) -> None:
    """Answer calls until SIGINT or SIGTERM."""
    service = Service(engine_of(), Path.cwd(), s3_client(os.environ["AWS_ENDPOINT_URL_S3"], KEYS))

    async def call(request: web.Request) -> web.Response:
        body = await request.content.read()
        operation = service.operations.get(request.headers.get("X-Amz-Target", "").partition(_TARGET)[2])
        try:
            if operation is None:
                raise Refused("UnknownOperationException", "There is no such operation here.")
            told = orjson.loads(body)
            if not isinstance(told, dict):
                raise Refused("SerializationException", "The request is not a JSON object.")
            status, said = 200, operation(told)
        except orjson.JSONDecodeError:
            status, said = 400, {"__type": "SerializationException", "Message": "The request is not JSON."}
        except Refused as refused:
            status, said = 400, refused.body
        return web.Response(
            status=status,
            body=orjson.dumps(said),
            headers={"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": str(uuid.uuid4())},
        )

    application = web.Application()
    application.add_routes([web.post("/", call)])
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=_LAST_CALLS)
    await runner.setup()
    await web.SockSite(runner, socket.create_server((HOST, port))).start()
    await ended.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
