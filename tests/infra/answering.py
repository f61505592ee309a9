"""A local Comprehend in a thread of this process, whose answers are a test's own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from infra.local.answers import Sentiment
from infra.local.comprehend import _application, listen
from infra.local.service import Service


@contextmanager
def answering(sentiment: Sentiment) -> Iterator[tuple[str, Service]]:
    """Its URL, and the service, which counts what it is asked."""
    service = Service(sentiment, None, [], 1)
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(_application(service, 0.0), access_log=None, shutdown_timeout=0.2)
    with listen(0) as listening:

        async def start() -> None:
            await runner.setup()
            await web.SockSite(runner, listening).start()

        loop.run_until_complete(start())
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", service
        finally:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()
