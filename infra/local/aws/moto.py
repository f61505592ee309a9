"""The Glue catalog, CloudWatch, SNS, STS and Secrets Manager on this machine: moto, with a stricter Glue and a journal.

The journal is what moto itself has not: what was changed is there at the next start.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

from infra.local.aws.part import HOST, Launch, Part, Place, answers

_Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_JOURNAL = Path("journal.jsonl")
# What a call that begins so leaves as it was.
_READS = ("BatchGet", "Describe", "Get", "List", "Query", "Scan", "Search", "TransactGet")
# What moto tells a call's service, region and parameters by.
_KEPT = ("CONTENT_TYPE", "HTTP_AUTHORIZATION", "HTTP_HOST", "HTTP_X_AMZ_TARGET", "PATH_INFO")
_SERVICES = ("GLUE", "CLOUDWATCH", "SNS", "STS", "SECRETS_MANAGER")


def launch(place: Place) -> Launch:
    """A moto server. It is also where clients go for services that no part has, so that they do not go to AWS."""
    url = f"http://{HOST}:{place.ports[0]}"
    endpoints = {f"AWS_ENDPOINT_URL_{service}": url for service in _SERVICES}
    return Launch(
        f"moto {version('moto')}",
        command(place.ports[0]),
        {"AWS_ENDPOINT_URL": url} | endpoints,
        lambda: answers(place.ports[0]),
    )


def command(port: int) -> list[str]:
    """What starts a moto server with every service it has."""
    return [sys.executable, "-m", "infra.local.aws.moto", str(port)]


PART = Part("moto", launch)


def serve(port: int) -> None:
    """Answer calls until SIGTERM, with what the journal in the working directory says was changed before."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import run_simple

    _make_glue_strict()
    application = _journaled(DomainDispatcherApplication(create_backend_app), _JOURNAL)
    run_simple(HOST, port, application, threaded=True, request_handler=MotoRequestHandler)


def _journaled(application: _Application, journal: Path) -> _Application:
    """An application that makes its calls again when it starts: those of AWS's JSON protocol that changed something.

    It makes one call after the other, for moto checks a condition, and then changes, without a lock of its own. And
    DynamoDB's transactions once, whoever sends them again with their token.
    """
    alone = threading.Lock()
    made: dict[str, list[bytes]] = {}  # answers of transactions, by their tokens

    def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if target.rpartition(".")[2].startswith(_READS) or not target:
            with alone:
                return list(application(environ, start_response))
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        with alone:
            status, headers, answer = make(environ, body)
            if status.startswith("200"):
                kept = {name: value for name, value in environ.items() if name in _KEPT}
                file.write(json.dumps(kept | {"body": body.decode()}) + "\n")
                file.flush()
        start_response(status, headers)
        return answer

    def make(environ: dict[str, Any], body: bytes) -> tuple[str, list[tuple[str, str]], list[bytes]]:
        once = environ["HTTP_X_AMZ_TARGET"].endswith(".TransactWriteItems")
        token = json.loads(body).get("ClientRequestToken", "") if once else ""
        if token in made:
            return "200 OK", [("Content-Type", "application/x-amz-json-1.0")], made[token]
        started: list[Any] = []
        answer = list(application({**environ, "wsgi.input": BytesIO(body)}, lambda *said: started.extend(said)))
        if token and started[0] == "200 OK":
            made[token] = answer
        return started[0], started[1], answer

    if journal.exists():
        for line in journal.read_text(encoding="utf-8").splitlines():
            with suppress(ValueError):  # of a line that was cut when the server was killed, and of the one that ends it
                kept = json.loads(line)
                body = kept.pop("body").encode()
                make(_environ(kept, body), body)
    file = journal.open("a", encoding="utf-8")
    file.write("\n")
    return call


def _environ(kept: dict[str, str], body: bytes) -> dict[str, Any]:
    from werkzeug.test import create_environ

    return {**create_environ(kept["PATH_INFO"], method="POST", data=body), **kept}


def _make_glue_strict() -> None:
    """Have moto's Glue do what it leaves out, as the real one: refuse an update of a version that is not the newest.

    https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateTable.html. Column statistics, which it does not have, are
    answered as none: Trino asks for them, and writes them.
    """
    from moto.core.responses import ActionResult
    from moto.glue.exceptions import GlueClientError
    from moto.glue.responses import GlueResponse

    update_table = GlueResponse.update_table

    def update_newest_table(self: Any) -> Any:
        wanted = self.parameters.get("VersionId")
        if wanted is not None:
            table = self.glue_backend.get_table(self.parameters["DatabaseName"], self.parameters["TableInput"]["Name"])
            if wanted != table.as_dict()["VersionId"]:
                raise GlueClientError(
                    "ConcurrentModificationException", "Update table failed due to concurrent modifications."
                )
        return update_table(self)

    GlueResponse.update_table = update_newest_table  # type: ignore[method-assign] # moto has no other way in
    answer = ActionResult({"ColumnStatisticsList": [], "Errors": []})  # what an action does not have is left out
    for verb in ("get", "update", "delete"):
        for of in ("table", "partition"):
            setattr(GlueResponse, f"{verb}_column_statistics_for_{of}", lambda _: answer)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
