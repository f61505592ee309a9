"""A plugin that deals out tests as `--dist loadfile`, with three differences.

Files whose tests may take longest come first. Those that ask Trino are of one process, for it takes long to start. And
the harmed nights, half of all tests, come last and one by one, so that all processes end at nearly the same time.
pytest-xdist 3.8's own groups (`--dist loadgroup`) are not seen by pytest 9.2.
"""

from functools import cache
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

_LAST = "test_milestones.py"
_read = cache(Path.read_text)


class _Scheduling(LoadFileScheduling):  # type: ignore[misc] # it has no types
    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        if file.endswith(_LAST):
            return nodeid
        return "Trino" if "queried" in _read(self.config.rootpath / file) else file  # the fixture in tests/aws.py


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _Scheduling:
    """What deals out tests."""
    return _Scheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in the order of their tests' longest time limit."""
    limits: dict[Path, float] = {}
    for item in items:
        limit = item.get_closest_marker("timeout")
        limits[item.path] = max([limits.get(item.path, 0), *(limit.args if limit else ())])
    items.sort(key=lambda item: (item.path.name == _LAST, -limits[item.path]))
