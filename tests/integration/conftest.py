"""After every night that a test plays, whatever came of it, the lake is whole once the next start has begun."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.run.lifecycle import finish_interrupted
from jobs.stores.open import open_lake
from tests.integration.whole import settled


@pytest.fixture(autouse=True)
def _lakes_are_whole(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    yield
    if request.node.get_closest_marker("harms_its_lake"):
        return
    for ledger in tmp_path.rglob("ledger.sqlite"):
        lake = str(ledger.parent)
        finish_interrupted(*open_lake(lake, create=False))
        settled(lake)
