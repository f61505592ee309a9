"""A plugin that deals out tests as `--dist loadfile`, and files that ask Trino to one process: it takes long to start.

pytest-xdist's own groups (`--dist loadgroup`, 3.8) are not seen by pytest 9.2.
"""

from functools import cache
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

_read = cache(Path.read_text)


class _OneTrino(LoadFileScheduling):  # type: ignore[misc] # it has no types
    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "Trino" if "queried" in _read(self.config.rootpath / file) else file  # the fixture in tests/aws.py


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _OneTrino:
    """See above."""
    return _OneTrino(config, log)
