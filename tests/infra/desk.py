"""A local Comprehend without sockets, by a clock that the test turns."""

from __future__ import annotations

import json
from typing import Any

from infra.local.answers import from_hash
from infra.local.faults import parse_faults
from infra.local.service import Reply, Service

SECOND = 1_000_000_000


class Desk:
    """Calls a service, at a moment of the test's choosing."""

    def __init__(self, tps: float | None = None, faults: str = "", seed: int = 1) -> None:
        self.now = 1_000 * SECOND
        self.service = Service(from_hash, tps, parse_faults(faults, "faults.toml"), seed, lambda: self.now)

    def at(self, seconds: float) -> None:
        self.now = (1_000 * SECOND) + round(seconds * SECOND)

    def call(self, *texts: str, operation: str = "BatchDetectSentiment", key: str = "key") -> Reply:
        documents = (
            {"TextList": texts or ["x"]} if operation.startswith("Batch") else {"Text": texts[0] if texts else "x"}
        )
        request = {**documents, "LanguageCode": "en"}
        return self.service.answer(self.service.receive(operation, json.dumps(request).encode(), key))

    def codes(self, count: int, **call: Any) -> list[str]:
        return [code(self.call(**call)) for _ in range(count)]


def code(reply: Reply) -> str:
    """What a call ended with: its error code, ok, or the status of an empty body."""
    if not reply.body:
        return str(reply.status)
    return str(json.loads(reply.body).get("__type", "ok"))
