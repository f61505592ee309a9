"""The twins that each store's contract is held against."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.jobs.stores.twins import Clock, LocalTwin, Twin


@pytest.fixture(params=["local"])
def twin(request: pytest.FixtureRequest, tmp_path: Path) -> Twin:
    """The stores of a new lake."""
    return {"local": LocalTwin}[request.param](tmp_path)


@pytest.fixture
def clock() -> Clock:
    return Clock()
