"""One local Comprehend for all tests that need no options."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.clients import comprehend
from tests.infra.serving import Server, serving


@pytest.fixture(scope="session")
def _running() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def server(_running: Server) -> Server:
    """As if just started."""
    _running.reset()
    return _running


@pytest.fixture(scope="session")
def _client(_running: Server) -> Any:
    return comprehend(_running.url, parameter_validation=False)


@pytest.fixture
def client(server: Server, _client: Any) -> Any:
    """A client of `server` that sends whatever it is given: what cannot be is for the server to refuse."""
    return _client
