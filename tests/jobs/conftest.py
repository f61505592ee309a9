"""Where commands stand in tests, and what `nightly` is told there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import jobs.nightly
from jobs.settings import NightlySettings


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("AURASTREAM_")]:
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[NightlySettings]:
    """What `nightly` would run with."""
    settings: list[NightlySettings] = []
    monkeypatch.setattr(jobs.nightly, "run", settings.append)
    return settings
