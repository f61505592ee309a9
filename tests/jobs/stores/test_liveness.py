"""Who lives: a run does until it says that it does not, or its process ends."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from jobs.stores.local.liveness import LocalLiveness
from tests.jobs.stores.processes import SPAWN
from tests.jobs.stores.twins import Twin
from transforms.errors import LakeError


def test_a_run_lives_as_long_as_it_is_held(twin: Twin) -> None:
    liveness = twin.liveness()
    assert not liveness.lives("R1")
    with liveness.hold("R1"):
        assert liveness.lives("R1")
        assert twin.liveness().lives("R1")
        assert not liveness.lives("R2")
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(liveness.lives, "R1").result()
        assert liveness.lives("R1")  # asking ends nothing
    assert not liveness.lives("R1")


def test_also_where_it_ends_with_an_error(twin: Twin) -> None:
    with pytest.raises(KeyError), twin.liveness().hold("R1"):
        raise KeyError

    assert not twin.liveness().lives("R1")


def test_several_runs_live_at_once(twin: Twin) -> None:
    liveness = twin.liveness()
    with liveness.hold("R1"):
        with liveness.hold("R2"):
            pass
        assert [liveness.lives(run_id) for run_id in ("R1", "R2")] == [True, False]


def test_a_run_of_another_process_lives_until_that_is_killed(twin: Twin) -> None:
    held = SPAWN.Event()
    process = SPAWN.Process(target=_hold, args=(twin, held))
    process.start()
    assert held.wait(60)
    assert twin.liveness().lives("R1")

    process.kill()
    process.join()
    assert not twin.liveness().lives("R1")


def _hold(twin: Twin, held: Event) -> None:
    with twin.liveness().hold("R1"):
        held.set()
        time.sleep(600)


# The local twin.


def test_no_file_is_left(tmp_path: Path) -> None:
    liveness = LocalLiveness(tmp_path / "locks")
    with liveness.hold("R1"):
        pass
    (tmp_path / "locks" / "killed.lock").touch()
    assert not any(liveness.lives(run_id) for run_id in ("R1", "R2", "killed"))

    assert list((tmp_path / "locks").iterdir()) == []


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "locks").touch()
    with pytest.raises(LakeError, match=r"locks cannot be used: \w+"), LocalLiveness(tmp_path / "locks").hold("R1"):
        pass

    (tmp_path / "folder" / "R1.lock").mkdir(parents=True)
    with pytest.raises(LakeError, match=r"folder cannot be used: \w+"):
        LocalLiveness(tmp_path / "folder").lives("R1")


def test_what_the_dead_have_left_goes_and_the_living_live_on(twin: Twin) -> None:
    died = SPAWN.Process(target=_die, args=(twin,))
    died.start()
    died.join()

    with twin.liveness().hold("R2"):
        twin.liveness().sweep()

        assert twin.liveness().lives("R2")
    assert not twin.liveness().lives("R1")


def _die(twin: Twin) -> None:
    twin.liveness().hold("R1").__enter__()
    os.kill(os.getpid(), signal.SIGKILL)
