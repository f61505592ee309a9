"""A site that was written once for all that look at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.report.site import write_site
from tests.jobs.report.lakes import reported_lake


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the report of a lake whose last run published nothing."""
    folder = tmp_path_factory.mktemp("report")
    lake, stores = reported_lake(str(folder / "lake"), failed=True)
    return Path(write_site(lake, stores, str(folder / "site"))).parent
