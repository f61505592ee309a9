"""A worker's part of the audit: reads back one file of what was written."""

from __future__ import annotations

import time
from typing import NamedTuple

from expectations.read_back import ReadBack, read_back
from jobs.storage import storage_of
from transforms.pii.policy import Policy
from transforms.text import Fingerprint


class Searched(NamedTuple):
    """By which policy the rows of which run are searched for personal data that is left, and what certifies them."""

    policy: Policy
    run_id: str
    fingerprints: tuple[Fingerprint, ...] = ()  # of each scorer


class Written(NamedTuple):
    """A file of a date, or some of its row groups."""

    ds: str
    uri: str
    groups: range | None = None  # None: all


def read_back_file(told: Searched, _: int, written: Written) -> tuple[ReadBack, float]:
    """What a file holds, and the seconds of CPU that it took to see. Raises LakeError."""
    started = time.process_time()
    with storage_of(written.uri).open(written.uri) as source:
        found = read_back(source, written.uri, written.ds, told.policy, told.run_id, told.fingerprints, written.groups)
    return found, time.process_time() - started
