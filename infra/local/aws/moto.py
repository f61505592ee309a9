"""The Glue catalog, CloudWatch, SNS, STS and Secrets Manager on this machine: moto, in memory, with a stricter Glue."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterable
from importlib.metadata import version
from io import BytesIO
from typing import Any

from infra.local.aws.part import HOST, Launch, Part, Place, answers

_Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
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
    """Answer calls until SIGTERM."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import run_simple

    _make_glue_strict()
    application = _strict(DomainDispatcherApplication(create_backend_app))
    run_simple(HOST, port, application, threaded=True, request_handler=MotoRequestHandler)


def _strict(application: _Application) -> _Application:
    """One call after the other, for moto checks a condition, and then changes, without a lock of its own.

    And DynamoDB's transactions made once, whoever sends them again with their token.
    """
    alone = threading.Lock()
    made: dict[str, list[bytes]] = {}  # answers of transactions, by their tokens

    def one_at_a_time(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if not environ.get("HTTP_X_AMZ_TARGET", "").endswith(".TransactWriteItems"):
            with alone:
                return list(application(environ, start_response))
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        token = json.loads(body).get("ClientRequestToken", "")
        environ["wsgi.input"] = BytesIO(body)
        with alone:
            if token in made:
                start_response("200 OK", [("Content-Type", "application/x-amz-json-1.0")])
                return made[token]
            started: list[Any] = []
            answer = list(application(environ, lambda *arguments: started.extend(arguments)))
            if token and started[0] == "200 OK":
                made[token] = answer
            start_response(*started)
            return answer

    return one_at_a_time


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
