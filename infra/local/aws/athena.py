"""Athena on this machine: our own endpoint, in front of Trino, or of DuckDB where Trino cannot be had."""

from __future__ import annotations

import sys
from importlib.metadata import version

from infra.local.aws.part import HOST, Launch, Part, Place, answers
from infra.local.aws.trino import VARIABLE, VERSION


def launch(place: Place) -> Launch:
    """The server that this repository has."""
    (port,) = place.ports
    engine = f"Trino {VERSION}" if VARIABLE in place.environment else f"DuckDB {version('duckdb')}, in place of Trino"
    return Launch(
        f"our own, asks {engine}",
        [sys.executable, "-m", "infra.local.athena.server", str(port)],
        {"AWS_ENDPOINT_URL_ATHENA": f"http://{HOST}:{port}"},
        lambda: answers(port),
        {name: value for name, value in place.environment.items() if name.startswith("AWS_") or name == VARIABLE},
    )


PART = Part("athena", launch)
