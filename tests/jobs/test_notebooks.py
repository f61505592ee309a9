"""The notebooks open in JupyterLab, with their lake, on this machine alone."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from jupyterlab.labapp import LabApp

from tests.jobs.commands.running import invoke, refused
from tests.sql.lakes import published_lake

ROWS = [{"ds": "2026-11-22", "document_id": "a", "sentiment": "POSITIVE"}]


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AURASTREAM_LAKE", "")  # what the command sets is gone after the test
    return published_lake(tmp_path / "lake", ROWS)


def test_they_are_written_but_for_those_that_are_there(
    lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[list[str]] = []
    monkeypatch.setattr(LabApp, "launch_instance", told.append)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "1_first_look.ipynb").write_text("mine")
    assert invoke("notebook", "--lake", "lake").exit_code == 0

    written = sorted(path.name for path in (tmp_path / "notebooks").iterdir())
    assert len(written) == 6
    assert (tmp_path / "notebooks" / "1_first_look.ipynb").read_text() == "mine"
    cells = json.loads((tmp_path / "notebooks" / "6_from_athena.ipynb").read_text())["cells"]
    assert [cell["metadata"].get("tags") for cell in cells].count(["parameters"]) == 1
    assert {"--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={tmp_path / 'notebooks'}"} < set(told[0])
    assert os.environ["AURASTREAM_LAKE"] == str(lake)


def test_what_is_lacking_is_said(lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(invoke("notebook", "--lake", tmp_path / "none"), "no lake", exit_code=1)
    assert not (tmp_path / "notebooks").exists()
    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", None)
    refused(invoke("notebook", "--lake", lake), "extra `notebooks`")


@pytest.mark.slow
def test_jupyterlab_has_them_on_this_machine_alone(lake: Path, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    own = {"ServerApp": {"open_browser": False, "allow_root": True, "ip": "0.0.0.0"}}
    (config / "jupyter_server_config.json").write_text(json.dumps(own))
    environment = os.environ | {"JUPYTER_CONFIG_DIR": str(config), "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-m", "jobs.cli", "notebook", "--lake", str(lake)],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            assert running.stderr is not None
            address = re.compile(r"http://127\S+:(\d+)/lab\?token=(\w+)")
            said = next(found for line in running.stderr if (found := address.search(line)))
            url = f"http://127.0.0.1:{said[1]}/api/contents?token={said[2]}"
            for _ in range(50):
                try:
                    with urllib.request.urlopen(url, timeout=10) as answer:
                        names = {each["name"] for each in json.load(answer)["content"]}
                    break
                except OSError:
                    time.sleep(0.2)
            assert "1_first_look.ipynb" in names
        finally:
            running.send_signal(signal.SIGKILL)
