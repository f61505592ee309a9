"""The local Comprehend's sockets: AWS JSON 1.1 over HTTP, and what it counted, on one port of this machine."""

from __future__ import annotations

import asyncio
import signal
import socket
import struct
import uuid
from collections.abc import Callable

import orjson
from aiohttp import web

from infra.local.service import Service

HOST = "127.0.0.1"
_TARGET = "Comprehend_20171127."
# How long calls that are stalled may hold up the end, in seconds.
_LAST_CALLS = 0.2


def listen(port: int) -> socket.socket:
    """A socket that listens to this machine alone; 0 takes a free port. Raises OSError."""
    return socket.create_server((HOST, port))


def serve(service: Service, listening: socket.socket, latency: float, ready: Callable[[], None]) -> None:
    """Answer calls until SIGINT or SIGTERM, each after `latency` seconds at least; `ready` is called once it does."""
    asyncio.run(_serve(_application(service, latency), listening, ready))


async def _serve(application: web.Application, listening: socket.socket, ready: Callable[[], None]) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=_LAST_CALLS)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    ready()
    await ended.wait()
    await runner.cleanup()


def _application(service: Service, latency: float) -> web.Application:
    async def call(request: web.Request) -> web.Response:
        # Not request.read(): its limit would answer 413 where the service says what is too long.
        body = await request.content.read()
        operation = request.headers.get("X-Amz-Target", "").partition(_TARGET)[2]
        with service.usage.in_flight():
            return await _answer(service, request, latency, operation, body)

    async def usage(_: web.Request) -> web.Response:
        service.work()
        return _json(service.usage.report())

    async def reset(_: web.Request) -> web.Response:
        service.reset()
        return _json(service.usage.report())

    async def texts(_: web.Request) -> web.Response:
        service.work()
        lines = [orjson.dumps(each, option=orjson.OPT_APPEND_NEWLINE) for each in service.usage.texts()]
        return web.Response(body=b"".join(lines), content_type="application/jsonl")

    application = web.Application()
    application.add_routes(
        [
            web.post("/", call),
            web.get("/usage", usage),
            web.delete("/usage", reset),
            web.get("/texts", texts),
        ]
    )
    return application


async def _answer(service: Service, request: web.Request, latency: float, operation: str, body: bytes) -> web.Response:
    call = service.receive(operation, body, _access_key(request))
    strike = call.strike
    if strike.wait:
        await asyncio.sleep(strike.wait)
    if strike.reset == "unseen" or (strike.wait and _gone(request)):
        call.usage.failed(operation)
        return _reset(request)
    reply = service.answer(call)
    if strike.hold + latency:
        await asyncio.sleep(strike.hold + latency)
    if strike.reset:
        return _reset(request)
    return web.Response(
        status=reply.status,
        body=reply.body,
        headers={"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": str(uuid.uuid4())},
    )


def _access_key(request: web.Request) -> str:
    """The access key id that a request says it is signed with; empty where it says none."""
    _, _, credential = request.headers.get("Authorization", "").partition("Credential=")
    return credential.partition("/")[0]


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _reset(request: web.Request) -> web.Response:
    """End a connection with RST in place of an answer."""
    if request.transport is not None:
        connection = request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return web.Response()  # reaches nobody


def _json(value: object) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json")
