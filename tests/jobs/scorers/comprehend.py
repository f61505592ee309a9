"""A server that answers DetectPiiEntities over the real protocol, held to botocore's model of the service."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.session import get_session
from botocore.validate import ParamValidator

_SHAPE = get_session().get_service_model("comprehend").operation_model("DetectPiiEntities").input_shape


@dataclass
class Comprehend:
    """Finds words by type; keeps every text that it was sent."""

    words: dict[str, str]  # word -> type
    errors: list[tuple[int, str]] = field(default_factory=list)  # status and code of the next answers
    texts: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if ParamValidator().validate(request, _SHAPE).has_errors():
            return 400, {"__type": "InvalidRequestException", "Message": "not of the model"}
        self.texts.append(request["Text"])
        if self.errors:
            status, code = self.errors.pop(0)
            return status, {"__type": code, "Message": "as asked"}
        if len(request["Text"].encode()) > 100_000:
            return 400, {"__type": "TextSizeLimitExceededException", "Message": "too long"}
        found = [
            {"Type": pii_type, "BeginOffset": match.start(), "EndOffset": match.end(), "Score": 0.98}
            for word, pii_type in self.words.items()
            for match in re.finditer(word, request["Text"])
        ]
        return 200, {"Entities": found}


@contextmanager
def serving(service: Comprehend) -> Iterator[Comprehend]:
    """The service on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["X-Amz-Target"] == "Comprehend_20171127.DetectPiiEntities"
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = service.answer(json.loads(body))
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
