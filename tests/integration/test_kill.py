"""A driver of Spark that is killed leaves readers what they had; one more run gives the table of one without the kill.

`test_milestones.py` kills at every milestone, without Spark.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.sample import write_sample
from tests.conftest import write_key
from tests.integration.lakes import DS, content, ledger_of, nightly, opened, published

DOCUMENTS = 3000


@pytest.fixture(scope="module")
def drops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two arrivals for one date; the second is added by the test."""
    folder = tmp_path_factory.mktemp("drops")
    write_sample(str(folder / "drops"), DOCUMENTS, DS, 1)
    write_sample(str(folder / "late"), DOCUMENTS // 3, DS, 2)
    for file in (folder / "late" / f"ds={DS}").iterdir():
        file.rename(folder / "drops" / f"ds={DS}" / f"late-{file.name}")
    return folder / "drops"


@pytest.fixture(scope="module")
def first(drops: Path, tmp_path_factory: pytest.TempPathFactory, spark: object) -> Callable[[Path], None]:
    """Makes a lake in which the first arrival is published."""
    base = tmp_path_factory.mktemp("lake")
    late = tmp_path_factory.mktemp("aside")
    key = base / "keys" / "content.key"
    key.parent.mkdir()
    write_key(key)
    for file in list((drops / f"ds={DS}").glob("late-*")):
        file.rename(late / file.name)
    nightly(drops, base)
    for file in late.iterdir():
        file.rename(drops / f"ds={DS}" / file.name)

    def make(target: Path) -> None:
        shutil.copytree(base, target)

    return make


@pytest.fixture(scope="module")
def expected(
    drops: Path, first: Callable[[Path], None], tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, Any]]:
    """The table of a run that nobody killed."""
    lake = tmp_path_factory.mktemp("unharmed") / "lake"
    first(lake)
    nightly(drops, lake)
    rows = published(lake)
    assert len(rows) > DOCUMENTS * 4 // 3
    return content(rows)


def test_kill_minus_nine(
    drops: Path, first: Callable[[Path], None], expected: list[dict[str, Any]], tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    first(lake)
    before = published(lake)

    command = [sys.executable, "-m", "tests.integration.killed", str(drops), str(lake)]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, cwd=Path(__file__).parents[2])

    assert ended.returncode == -9, ended.stderr
    assert published(lake) == before

    assert nightly(drops, lake)

    assert content(published(lake)) == expected
    ledger = ledger_of(lake)
    states = [run.state for run in ledger.runs()]
    assert states == ["PUBLISHED", "INTERRUPTED", "PUBLISHED"]
    for run in ledger.runs():
        assert Path(opened(lake)[0].run_row(run.ds, run.run_id)).exists()
        assert Path(opened(lake)[0].report(run.run_id)).exists()
        assert bool(list(lake.glob(f"scores/ds=*/run={run.run_id}"))) == (run.state == "PUBLISHED")
    assert list((lake / "locks").iterdir()) == []


def test_two_nights_at_once_by_two_processes(drops: Path, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    program = str(Path(sys.executable).with_name("aurastream"))
    command = [program, "nightly", "--drops", str(drops), "--lake", str(lake), "--ds", DS, "--max-rejected", "100%"]
    nights = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ)
        for _ in range(2)
    ]
    said = [night.communicate() for night in nights]

    runs = ledger_of(lake).runs()
    codes = sorted(night.returncode for night in nights)
    assert len(published(lake)) > DOCUMENTS * 4 // 3
    if len(runs) == 1:  # the second began after the first had published
        assert codes == [0, 0]
        assert any("Nothing new" in out for out, _ in said)
    else:
        assert codes == [0, 4]
        assert sorted(run.state for run in runs) == ["CONFLICT", "PUBLISHED"]
        assert sum("publishes nothing" in err for _, err in said) == 1
