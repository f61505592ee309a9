"""Every file and folder that a command makes is for its owner alone, where the umask would open all to everybody.

`sample` is left out: its drop is made up, and it is to be read by whoever tries it. So is what Java itself puts into
`/tmp/hsperfdata_USER`, wherever it is told to keep files: counters, in files for their owner alone.
"""

from __future__ import annotations

import signal
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import document, write_json_lines, write_key
from tests.infra.serving import Server, serving
from tests.integration.children import ON_SPARK, Children
from tests.integration.lakes import DS
from tests.integration.paid import CREDENTIALS, FAST, distinct_drop

NIGHT = ("nightly", "--drops", "drops", "--lake", "lake", "--ds", DS)
PAID = (*NIGHT, "--scorer", "comprehend", "--quota-tps", str(FAST), "--language", "en")
LATENCY = 3.0  # seconds that a night waits for an answer, so that it can be killed meanwhile


@pytest.fixture
def children(tmp_path: Path) -> Children:
    """Whoever works in this folder lets everybody read and write what he makes."""
    distinct_drop(tmp_path / "drops", 30)
    return Children(tmp_path, CREDENTIALS, umask=0)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving("--latency", str(LATENCY)) as server:
        yield server


@contextmanager
def private(folder: Path) -> Iterator[set[Path]]:
    """Whatever is made below a folder is its owner's alone, what goes again before the end included. What was seen."""
    given = {folder, *folder.rglob("*")}
    seen, opened, over = set[Path](), set[str](), threading.Event()

    def look() -> None:
        for path in folder.rglob("*"):
            if path not in given:
                try:
                    mode = path.lstat().st_mode
                except FileNotFoundError:
                    continue
                seen.add(path)
                # An owner may run what is unpacked to be run: Java's libraries.
                if not stat.S_ISLNK(mode) and mode & 0o077:
                    opened.add(f"{stat.filemode(mode)} {path}")

    def watch() -> None:
        while not over.wait(0.02):
            look()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
    look()
    assert opened == set()


def names(seen: set[Path]) -> set[str]:
    """Their last parts, without what differs from run to run."""
    return {path.name for path in seen}


def test_all_that_commands_make_without_spark(children: Children, tmp_path: Path) -> None:
    write_key(tmp_path / "key")
    (tmp_path / "text").write_text("Write to ann.lee@example.com.")
    (tmp_path / "policy.toml").write_text('version = "1"\n[replace]\nEMAIL = "encrypt"')
    mails = f"drops/ds={DS}/mails.jsonl"
    commands = [
        NIGHT,
        ("runs", "--lake", "lake"),
        ("sql", "--lake", "lake", "select * from scores"),
        ("plan", *NIGHT[1:], "--reprocess"),
        ("analyze", "--lake", "lake", "--in", mails, "--out", "analyzed.jsonl"),
        ("redact", "--in", "text", "--out", "redacted.txt", "--policy", "policy.toml", "--key-file", "key"),
        ("restore", "--in", "redacted.txt", "--out", "restored.txt", "--key-file", "key"),
    ]
    with private(tmp_path) as seen:
        for command in commands:
            ended = children.run(*command)
            assert ended.code == 0, ended.said.decode()
    assert {path.name for path in seen if path.parent == tmp_path / "lake"} >= {
        *("scores", "runs", "audits", "reports", "keys", "locks", "ledger.sqlite", "cache.sqlite", "meter.sqlite")
    }
    assert names(seen) >= {"analyzed.jsonl", "redacted.txt", "restored.txt", "content.key", "index.html"}


def test_a_paid_night_that_is_killed(children: Children, tmp_path: Path, server: Server) -> None:
    server.reset()
    with private(tmp_path) as seen:
        told = {"AWS_ENDPOINT_URL_COMPREHEND": server.url}
        assert children.killed(lambda: bool(server.texts()), *PAID, **told).code == -signal.SIGKILL
    assert names(seen) >= {"meter.sqlite", "meter.sqlite-wal", "locks"}


def test_a_night_on_spark_that_is_killed(children: Children, tmp_path: Path, server: Server) -> None:
    """What Java unpacks lies where Spark's files lie, which is what the next start removes."""
    server.reset()
    told = ON_SPARK | {"AWS_ENDPOINT_URL_COMPREHEND": server.url}
    with private(tmp_path) as seen:
        assert children.killed(lambda: bool(server.texts()), *PAID, **told).code == -signal.SIGKILL
    (left,) = (path for path in children.spark.glob("aurastream-spark-*/*") if path.name != "locks")
    kept = [path.name for path in left.rglob("*")]
    for start in ("shuffle_", "blockmgr-", "pyspark-", "liblz4-java-"):
        assert [name for name in kept if name.startswith(start)], f"{start} in {kept}"
    assert [path for path in seen if path.is_relative_to(children.temporary)]


@pytest.mark.slow
def test_nights_on_spark_and_a_rollback(children: Children, tmp_path: Path, server: Server) -> None:
    """Free and paid; one that was killed has left its folder to the first."""
    told = ON_SPARK | {"AWS_ENDPOINT_URL_COMPREHEND": server.url}
    server.reset()
    with private(tmp_path):
        assert children.killed(lambda: bool(server.texts()), *PAID, **told).code == -signal.SIGKILL
        for command in (NIGHT, (*PAID, "--reprocess"), ("rollback", "--lake", "lake", "--ds", DS)):
            ended = children.run(*command, **told)
            assert ended.code == 0, ended.said.decode()
            assert [path for path in children.spark.glob("aurastream-spark-*/*") if path.name != "locks"] == []


def test_what_is_open_is_seen(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"rw-r--r-- .*open"), private(tmp_path):
        write_json_lines(tmp_path / "open", [document()]).chmod(0o644)
    (tmp_path / "open").unlink()
    with pytest.raises(AssertionError, match=r"rwxr-xr-x .*passing"), private(tmp_path) as seen:
        pass_by(tmp_path / "passing", seen)


def pass_by(folder: Path, seen: set[Path]) -> None:
    """Be there until it is seen."""
    folder.mkdir()
    folder.chmod(0o755)
    while folder not in seen:
        time.sleep(0.01)
    folder.rmdir()
