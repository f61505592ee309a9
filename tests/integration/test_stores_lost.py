"""A lake whose files are gone, emptied, cut off or damaged, on a disk that is full, read-only, or locked by others.

What is asked of it, and the next nights, give exactly what an unharmed lake gives, or an error that names the file and
says what to do; no text is billed twice. Once the file is restored all goes on as if nothing had been.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import jobs.nightly
from jobs.run.workers import ThisProcess
from jobs.scorers import registry
from jobs.stores.local import ledger as local_ledger
from jobs.stores.local import sqlite as local_sqlite
from tests.conftest import document, write_json_lines
from tests.integration.counting import BILL, billed
from tests.integration.harmed import small_gate
from tests.integration.lakes import DS, listed_runs, nightly
from tests.integration.whole import Rows, by_source, seen, settled
from tests.jobs.commands.running import invoke, refused
from transforms.errors import AuraStreamError, CacheUnavailable, LakeBusy, LakeError

pytestmark = pytest.mark.harms_its_lake
ADVICE = ("restore it", "rollback", "rebuild", "run again", "another --lake", "reprocess")


@dataclass(frozen=True)
class World:
    """A lake with a date that was paid for and published, a late file for it, and what comes of that without harm."""

    drops: Path
    base: Path
    before: Rows
    after: dict[str, Rows]
    bill: Counter[str]

    def lake(self, folder: Path) -> Path:
        """The lake, to be harmed, and its bill."""
        shutil.copytree(self.base, folder / "lake")
        shutil.copy(self.base.with_name("bill"), folder / "bill")
        return folder / "lake"

    def night(self, lake: Path) -> None:
        paid_night(self.drops, lake)

    def is_whole(self, lake: Path) -> None:
        """The table and the bill are those of a lake that nobody harmed."""
        assert by_source(seen(str(lake))) == self.after
        assert billed() == self.bill


def paid_night(drops: Path, lake: Path) -> None:
    nightly(drops, lake, scorer="counting", language="en", quota_tps=1000.0)


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    """The small gate, this process as the worker, and a scorer that keeps a bill."""
    with pytest.MonkeyPatch.context() as patch:
        small_gate(patch.setattr)
        patch.setattr(jobs.nightly, "workers_for", lambda *_, **__: ThisProcess())
        patch.setitem(registry._SCORERS, "counting", "tests.integration.counting:CountingScorer")
        yield


@pytest.fixture(autouse=True)
def _bill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BILL, str(tmp_path / "bill"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    drops, base, unharmed = folder / "drops", folder / "lake", folder / "unharmed"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(BILL, str(folder / "bill"))
        write_json_lines(drops / "base.jsonl", texts("base"))
        paid_night(drops, base)
        before = seen(str(base))
        write_json_lines(drops / "late.jsonl", texts("late"))
        shutil.copytree(base, unharmed)
        shutil.copy(folder / "bill", folder / "unharmed bill")
        patch.setenv(BILL, str(folder / "unharmed bill"))
        paid_night(drops, unharmed)
        return World(drops, base, before, by_source(seen(str(unharmed))), billed())


def texts(name: str) -> list[dict[str, object]]:
    """Some of its own, one that both files have, one that is blank."""
    own = [document(document_id=f"{name}{i}", text=f"Text {i} of {name} is good.") for i in range(4)]
    shared = document(document_id=f"{name}8", text="Text 0 of base is good.")
    return [*own, shared, document(document_id=f"{name}9", text=" ")]


# A file of the lake and what is done to it.

FILES: dict[str, Callable[[Path], list[Path]]] = {
    "ledger": lambda lake: [lake / "ledger.sqlite"],
    "meter": lambda lake: [lake / "meter.sqlite"],
    "cache": lambda lake: [lake / "cache.sqlite"],
    "key": lambda lake: [lake / "keys" / "content.key"],
    "a file": lambda lake: sorted(lake.glob("scores/*/*/*.parquet"))[:1],
    "a date": lambda lake: sorted((lake / "scores" / f"ds={DS}").glob("*/*.parquet")),
    "row of a run": lambda lake: sorted(lake.glob("runs/*/*.parquet")),
}
DAMAGES: dict[str, Callable[[bytes], bytes | None]] = {
    "deleted": lambda _: None,
    "emptied": lambda _: b"",
    "cut": lambda whole: whole[: len(whole) // 2],
    "garbage": lambda whole: random.Random(len(whole)).randbytes(len(whole)),
}


def flipped(seed: int) -> Callable[[bytes], bytes]:
    def flip(whole: bytes) -> bytes:
        chance, turned = random.Random(seed), bytearray(whole)
        turned[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        return bytes(turned)

    return flip


@contextmanager
def harm(paths: list[Path], damage: Callable[[bytes], bytes | None]) -> Iterator[None]:
    """Files are damaged in it, and restored from a copy afterwards."""
    copies = {path: path.read_bytes() for path in paths}
    for path, whole in copies.items():
        harmed = damage(whole)
        path.unlink() if harmed is None else path.write_bytes(harmed)
    yield
    for path, whole in copies.items():
        path.touch(0o600)
        path.write_bytes(whole)
        for of_sqlite in ("-wal", "-shm", "-journal"):
            path.with_name(path.name + of_sqlite).unlink(missing_ok=True)


def asked(world: World, lake: Path) -> list[AuraStreamError]:
    """What sql, runs and two nights say of a lake; where they say nothing, all of it is right."""
    said = []
    nights = [False, False]

    def readers() -> None:
        rows = seen(str(lake))
        assert by_source(rows) == world.after if any(nights) else rows == world.before

    def night(number: int) -> None:
        world.night(lake)
        nights[number] = True
        readers()

    for ask in (readers, lambda: listed_runs(lake), lambda: night(0), lambda: night(1), readers):
        try:
            ask()
        except AuraStreamError as error:
            said.append(error)
    return said


def held(world: World, lake: Path, paths: list[Path], damage: Callable[[bytes], bytes | None]) -> list[AuraStreamError]:
    """Damage a lake, ask it, restore it, and have a night: what was said, each naming the file and what to do."""
    changed = lake.joinpath("ledger.sqlite") in paths
    with harm(paths, damage):
        said = asked(world, lake)
        assert max(billed().values()) == 1
        assert not changed or len(said) == 5, "a ledger of before a night that published is not restored"
    for error in said:
        assert any(path.name in str(error) for path in paths), error
        assert any(words in str(error) for words in ADVICE), error
    world.night(lake)
    world.is_whole(lake)
    settled(str(lake))
    return said


# 32 bytes are a key, whichever they are.
UNSEEN = {("key", "garbage")}


@pytest.mark.parametrize(("name", "damage"), [(n, d) for n in FILES for d in DAMAGES if (n, d) not in UNSEEN])
def test_a_file_that_is_gone_or_damaged(world: World, name: str, damage: str, tmp_path: Path) -> None:
    lake = world.lake(tmp_path)

    said = held(world, lake, FILES[name](lake), DAMAGES[damage])

    assert said


@pytest.mark.parametrize("name", ["a file", "row of a run"])
@pytest.mark.parametrize("seed", [pytest.param(n, marks=[pytest.mark.slow] if n > 3 else []) for n in range(20)])
def test_a_bit_of_a_table_that_has_turned(world: World, name: str, seed: int, tmp_path: Path) -> None:
    """Pages have checksums; what turns elsewhere is told or changes nothing that is read."""
    lake = world.lake(tmp_path)

    held(world, lake, FILES[name](lake), flipped(seed))


@pytest.mark.parametrize("name", ["ledger", "meter", "cache"])
@pytest.mark.parametrize("seed", [pytest.param(n, marks=[pytest.mark.slow] if n > 3 else []) for n in range(20)])
def test_a_bit_of_a_store_that_has_turned(world: World, name: str, seed: int, tmp_path: Path) -> None:
    """What is not promised: SQLite has no checksums, so a bit that turns within a value may be taken for the value.

    What is: an error is one of ours that names the file, and once it is restored all is as if nothing had been.
    """
    lake = world.lake(tmp_path)
    paths = FILES[name](lake)
    said = []
    with harm(paths, flipped(seed)):
        for ask in (lambda: seen(str(lake)), lambda: listed_runs(lake), lambda: world.night(lake)):
            try:
                ask()
            except AuraStreamError as error:
                said.append(str(error))
    assert all(any(words in each for words in ADVICE) for each in said), said
    shutil.rmtree(lake)
    lake = world.lake(tmp_path)
    world.night(lake)
    world.is_whole(lake)


# Rebuilt.


@pytest.mark.parametrize("damage", ["deleted", "emptied"])
def test_what_was_lost_is_filled_and_nothing_is_paid_for_again(world: World, damage: str, tmp_path: Path) -> None:
    lake = world.lake(tmp_path)
    harmed = [lake / "meter.sqlite", lake / "cache.sqlite"]
    spent = invoke("rebuild", "--lake", lake).stdout  # nothing was lost yet
    assert "0 units entered" in spent
    for path in harmed:
        path.unlink() if damage == "deleted" else path.write_bytes(b"")
    with pytest.raises(LakeError, match=r"meter\.sqlite has lost what run \w+ spent"):
        world.night(lake)

    said = invoke("rebuild", "--lake", lake)

    assert said.exit_code == 0
    assert "4 scores put, 0 were there" in said.stdout
    assert billed() == Counter(dict.fromkeys(billed(), 1))
    world.night(lake)
    world.is_whole(lake)
    assert "0 units entered" in invoke("rebuild", "--lake", lake).stdout


def test_a_plan_says_that_the_cache_is_lost(world: World, tmp_path: Path) -> None:
    """It would count everything as to be bought."""
    lake = world.lake(tmp_path)
    (lake / "cache.sqlite").unlink()
    told = ("--drops", world.drops, "--lake", lake, "--scorer", "counting", "--language", "en", "--ds", DS)

    refused(invoke("plan", *told), "cache.sqlite, has lost what run", "aurastream rebuild --lake", exit_code=1)


# Locked.


@contextmanager
def locked(path: Path, seconds: float | None = None) -> Iterator[None]:
    """Somebody else writes, for so long or all the while."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        over = threading.Timer(seconds or 0, other.close)
        if seconds:
            over.start()
        yield
        if seconds:
            over.join()


def content_of(lake: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(lake)): path.read_bytes()
        for path in lake.rglob("*")
        if path.is_file() and not path.name.endswith(("-shm", "-wal", ".lock"))
    }


def test_a_ledger_that_is_locked_for_too_long(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = world.lake(tmp_path)
    before = content_of(lake)
    told = ("--drops", world.drops, "--lake", lake, "--scorer", "counting", "--language", "en", "--ds", DS)
    monkeypatch.setattr(local_ledger, "BUSY_SECONDS", 0.05)
    with locked(lake / "ledger.sqlite"):
        with pytest.raises(LakeBusy, match=r"ledger\.sqlite cannot be used: database is locked"):
            world.night(lake)
        for command in (("nightly", *told), ("runs", "--lake", lake), ("sql", "--lake", lake, "select 1")):
            refused(invoke(*command), "ledger.sqlite cannot be used: database is locked", exit_code=4)

    assert content_of(lake) == before
    world.night(lake)
    world.is_whole(lake)


@pytest.mark.parametrize(("name", "kind"), [("meter", LakeBusy), ("cache", CacheUnavailable)])
def test_a_store_that_is_locked_for_too_long(
    world: World, name: str, kind: type[AuraStreamError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = world.lake(tmp_path)
    monkeypatch.setattr(local_sqlite, "BUSY_SECONDS", 0.05)
    with locked(lake / f"{name}.sqlite"), pytest.raises(kind, match=rf"{name}\.sqlite cannot be used") as told:
        world.night(lake)

    assert told.value.ending == 4
    assert seen(str(lake)) == world.before
    monkeypatch.undo()
    monkeypatch.setenv(BILL, str(tmp_path / "bill"))
    world.night(lake)
    assert by_source(seen(str(lake))) == world.after
    assert max(billed().values()) <= 2  # a call was in flight whose answer could not be kept


@pytest.mark.parametrize("name", ["ledger", "meter", "cache"])
def test_a_store_that_is_locked_for_a_while_is_waited_for(world: World, name: str, tmp_path: Path) -> None:
    lake = world.lake(tmp_path)
    with locked(lake / f"{name}.sqlite", 0.5):
        world.night(lake)

    world.is_whole(lake)


# A disk of its own: full, or read-only.


@contextmanager
def disk(place: Path, options: str) -> Iterator[Callable[[str], None]]:
    """A small file system; what is given mounts it with other options."""
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=False, capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted: {mounted.stderr.strip()}")

    def remount(how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", str(place)], check=True)

    try:
        yield remount
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


SIZES = [4, 12, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 512]  # kB, from nothing to enough


@pytest.mark.parametrize("size", SIZES)
def test_a_disk_that_is_full(world: World, size: int, tmp_path: Path) -> None:
    """The first night of a lake, and one more when there is room."""
    lake = tmp_path / "disk" / "lake"
    keys = ("content_key", "subject_key")  # of another key
    with disk(tmp_path / "disk", f"size={size}k") as remount:
        said = ""
        try:
            paid_night(world.drops, lake)
        except AuraStreamError as error:
            said = f"{type(error).__name__}: {error}"
        assert bool(said) == (size < SIZES[-1]), said
        assert not said or str(lake) in said, said
        remount("size=8m")
        paid_night(world.drops, lake)

        assert by_source(seen(str(lake)), *keys) == {
            name: [{column: row[column] for column in row if column not in keys} for row in rows]
            for name, rows in world.after.items()
        }
        settled(str(lake))
        assert set(billed()) == set(world.bill)
        in_flight = any(store in said for store in ("cache.sqlite", "meter.sqlite"))  # an answer could not be kept
        assert max(billed().values()) <= 1 + in_flight


def test_a_disk_that_is_read_only(world: World, tmp_path: Path) -> None:
    with disk(tmp_path / "disk", "size=8m") as remount:
        lake = tmp_path / "disk" / "lake"
        shutil.copytree(world.base, lake)
        shutil.copy(world.base.with_name("bill"), tmp_path / "bill")
        before = content_of(lake)
        remount("ro")
        assert seen(str(lake)) == world.before
        with pytest.raises(LakeError, match=r"meter\.sqlite cannot be used: .*Read-only file system"):
            world.night(lake)
        assert "yes" in listed_runs(lake)
        assert content_of(lake) == before
        remount("rw")
        world.night(lake)
        world.is_whole(lake)
