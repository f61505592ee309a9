"""What the local Comprehend refuses, as AWS says it."""

from __future__ import annotations

from typing import Any

import orjson

JSON = dict[str, Any]


class Refusal(Exception):
    """An error as AWS says it: a code and a message, with an HTTP status. Without a code, an empty body."""

    def __init__(self, code: str, message: str = "", status: int = 400) -> None:
        super().__init__(code, message, status)
        self.code, self.message, self.status = code, message, status

    @property
    def body(self) -> bytes:
        """What is sent."""
        return orjson.dumps({"__type": self.code, "Message": self.message}) if self.code else b""
