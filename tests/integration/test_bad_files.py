"""A bad file harms no other: of a drop with one of each kind the good ones are published, in bounded memory.

No Spark here: a night runs in a process of its own that says how much memory it took.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conftest import document, write_json_lines, write_key
from tests.integration.bad_files import CANARY, Codes, bombs, damaged, good, passed_over
from tests.integration.lakes import DS, content, published

# What a night takes for good files alone is some 250 MB, most of it libraries.
MOST_MEGABYTES = 1100

# `vanishing` goes, and `swapped` becomes a link, between the listing and the reading.
NIGHT = r"""
import json, re, sys
from pathlib import Path
import jobs.drops.compression, jobs.nightly, jobs.run.workers
from jobs.settings import NightlySettings

folder, lake, key, secret = sys.argv[1:]
jobs.run.workers.FEW_BYTES = 1 << 30  # all of it in this process
jobs.drops.compression.MAX_EXPANDED_BYTES = 8 << 20  # what comes before the limit is scored, which takes its time
listed = jobs.nightly.listed

def meanwhile(*told):
    found = listed(*told)
    for name in ("vanishing.jsonl", "swapped.jsonl"):
        path = Path(folder, "ds=2026-11-22", name)
        if path.exists():
            path.unlink()
            if name == "swapped.jsonl":
                path.symlink_to(secret)
    return found

jobs.nightly.listed = meanwhile
from expectations.limits import NONE
record = jobs.nightly.run(NightlySettings(drops=folder, lake=lake, ds="2026-11-22", key_file=key, limits=NONE))
# Not getrusage: what that says begins with the most that the process before exec had.
peak = int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) >> 10
summary = record.summary
print(json.dumps([peak, summary.documents, summary.scored + summary.rejected + summary.failed + summary.deferred]))
"""


class Night(NamedTuple):
    """What a night came to."""

    folder: Path
    rows: list[dict[str, Any]]
    said: str
    megabytes: int
    documents: int
    ended: int  # documents that have a status

    def named(self, name: str) -> list[dict[str, Any]]:
        return [row for row in self.rows if row["source_file"] == name]


def night(folder: Path) -> Night:
    write_key(folder / "key")
    arguments = [folder / "drops", folder / "lake", folder / "key", folder / "elsewhere" / "secret.jsonl"]
    command = [sys.executable, "-c", NIGHT, *map(str, arguments)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=root, env=os.environ)
    assert done.returncode == 0, done.stderr
    rows = [{**row, "source_file": row["source_file"].rpartition("/")[2]} for row in published(folder / "lake")]
    return Night(folder, rows, done.stderr, *json.loads(done.stdout))


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Night, Night, Codes]:
    """The night of the good files, and that of the same among bad ones, with what is expected of these."""
    clean, mixed = (tmp_path_factory.mktemp(name) for name in ("clean", "mixed"))
    codes: Codes = {}
    for folder in (clean, mixed):
        drop = folder / "drops" / f"ds={DS}"
        drop.mkdir(parents=True)
        good(drop)
    secret = write_json_lines(mixed / "elsewhere" / "secret.jsonl", [document(text=CANARY)])
    secret.chmod(0o600)
    for name in ("vanishing.jsonl", "swapped.jsonl"):
        write_json_lines(drop / name, [document(text=CANARY)])
        codes[name] = {"FILE_UNREADABLE"}
    codes |= bombs(drop) | damaged(drop) | passed_over(drop, secret, mixed / "lake")
    return night(clean), night(mixed), codes


def test_the_good_files_are_published_as_they_are_without_the_bad_ones(nights: tuple[Night, Night, Codes]) -> None:
    clean, mixed, codes = nights
    assert {row["status"] for row in clean.rows} == {"SCORED"}
    assert content([row for row in mixed.rows if row["source_file"] not in codes]) == content(clean.rows)


def test_each_bad_file_is_told_of(nights: tuple[Night, Night, Codes]) -> None:
    _, mixed, codes = nights
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in mixed.rows:
        if row["status"] == "REJECTED":
            found[row["source_file"]].add(row["error_code"])
            assert row["redacted_text"] is None
    assert {name: found.get(name, set()) for name in codes} == codes


def test_the_counts_add_up(nights: tuple[Night, Night, Codes]) -> None:
    for each in nights[:2]:
        assert len(each.rows) == each.documents == each.ended


def test_memory_is_bounded_by_no_file(nights: tuple[Night, Night, Codes]) -> None:
    assert nights[1].megabytes < MOST_MEGABYTES


def test_what_is_passed_over_is_said_and_no_text_is(nights: tuple[Night, Night, Codes]) -> None:
    _, mixed, _ = nights
    drop = mixed.folder / "drops" / f"ds={DS}"
    for name, reason in {
        "out.jsonl": "a link out of the drop",
        "folder out": "a link out of the drop",
        "lake.parquet": "a link into the lake",
        "pipe.jsonl": "not a regular file",
        "empty.jsonl": "empty",
    }.items():
        assert f"skipped {drop}/{name}: {reason}\n" in mixed.said
    assert CANARY not in mixed.said
    assert "\x1b" not in mixed.said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_rejected(tmp_path: Path) -> None:
    drop = tmp_path / "drops" / f"ds={DS}"
    drop.mkdir(parents=True)
    good(drop)
    write_json_lines(drop / "locked.jsonl", [document()]).chmod(0)
    done = night(tmp_path)
    assert [row["error_code"] for row in done.named("locked.jsonl")] == ["FILE_UNREADABLE"]
    assert [row["status"] for row in done.named("a.jsonl")] == ["SCORED"] * 3
