"""Amazon Comprehend on this machine: `aurastream-local comprehend`, unlimited. What it counted ends with it."""

from __future__ import annotations

import sys
from importlib.metadata import version

from infra.local.aws.part import HOST, Launch, Part, Place, answers


def launch(place: Place) -> Launch:
    """The server that this repository has."""
    (port,) = place.ports
    return Launch(
        f"aurastream-local comprehend {version('aurastream')}",
        [sys.executable, "-m", "infra.local.cli", "comprehend", "--port", str(port)],
        {"AWS_ENDPOINT_URL_COMPREHEND": f"http://{HOST}:{port}"},
        lambda: answers(port),
        {name: value for name, value in place.environment.items() if name.startswith("AWS_")},  # its jobs read S3
    )


PART = Part("comprehend", launch)
