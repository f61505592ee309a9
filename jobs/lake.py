"""The lake's layout: where every table, store and report lies, and the key that fingerprints are made with."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from transforms.errors import LakeError, UsageError

KEY_BYTES = 32


@dataclass(frozen=True)
class Lake:
    """A lake on a local path.

    scores/ds=…/run=<run_id>/   one directory per date and run; readers see those that the ledger points to
    runs/ds=…/<run_id>.parquet  one row per run
    audits/<run_id>/            what the audit found: validation.json and Data Docs
    reports/<run_id>.html       one page per run
    ledger.sqlite, meter.sqlite, cache.sqlite, keys/content.key, locks/
    """

    root: Path

    def scores(self, ds: str, run_id: str) -> Path:
        """Where a run writes one date."""
        return self.root / "scores" / f"ds={ds}" / f"run={run_id}"

    def run_row(self, ds: str, run_id: str) -> Path:
        """The run's row of the table `runs`."""
        return self.root / "runs" / f"ds={ds}" / f"{run_id}.parquet"

    def audit(self, run_id: str) -> Path:
        """What the audit of a run found."""
        return self.root / "audits" / run_id

    def report(self, run_id: str) -> Path:
        """The run's page."""
        return self.root / "reports" / f"{run_id}.html"

    def lock(self, run_id: str) -> Path:
        """Held as long as the run's process lives."""
        return self.root / "locks" / f"{run_id}.lock"

    @property
    def ledger(self) -> Path:
        """The ledger's local twin."""
        return self.root / "ledger.sqlite"

    @property
    def meter(self) -> Path:
        """The ledger's second file, which every paid call writes: the pace of calls, and units reserved."""
        return self.root / "meter.sqlite"

    @property
    def cache(self) -> Path:
        """The score cache's local twin."""
        return self.root / "cache.sqlite"

    @property
    def key_file(self) -> Path:
        """The key of content and subject keys."""
        return self.root / "keys" / "content.key"


def open_lake(location: str, *, create: bool) -> Lake:
    """The lake at a local path, made where `create` allows it.

    Raises UsageError for a location that is no local path, LakeError where there is no lake and none may be made.
    """
    if "://" in location:
        raise UsageError(f"--lake {location}: a lake lies on a local path, for now")
    lake = Lake(Path(location).absolute())
    if not create and not lake.ledger.exists():
        raise LakeError(f"no lake at {lake.root}: run `aurastream nightly` first, or name another --lake")
    try:
        for part in ("scores", "runs", "audits", "reports", "locks"):
            (lake.root / part).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LakeError(f"the lake {lake.root} cannot be written: {error.strerror}") from None
    return lake


def content_key(lake: Lake) -> bytes:
    """The lake's key: 32 random bytes, made on first use, readable by their owner alone.

    Losing it loses nothing but the cache; sharing it lets others test guesses of a text against its fingerprint.
    """
    folder = lake.key_file.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not lake.key_file.exists():
        fresh = folder / f".{secrets.token_hex(8)}"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
        try:
            os.link(fresh, lake.key_file)  # of two first uses at once, one key stays
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    key = lake.key_file.read_bytes()
    if len(key) != KEY_BYTES:
        raise LakeError(f"{lake.key_file} is not {KEY_BYTES} bytes long: restore it, or delete it to start anew")
    return key


def given_key(path: Path) -> bytes:
    """A key that the user keeps elsewhere: a file of at least 16 bytes. Raises UsageError."""
    try:
        key = path.read_bytes()
    except OSError as error:
        raise UsageError(f"--key-file {path}: {error.strerror}") from None
    if len(key) < 16:
        raise UsageError(f"--key-file {path}: a key has at least 16 bytes")
    return key
