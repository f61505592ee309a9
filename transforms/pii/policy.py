"""What is taken out, and what stands in its place."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from transforms.pii.detectors import DETECTORS, VERSION, Detector


@dataclass(frozen=True)
class Policy:
    """The types that are taken out; each find gives way to `[TYPE]`."""

    version: str
    types: frozenset[str]

    @property
    def detectors(self) -> list[tuple[int, Detector]]:
        """The rows of the table that look for this policy's types, each with its place there."""
        return [(place, row) for place, row in enumerate(DETECTORS) if row.type in self.types]

    def placeholder(self, pii_type: str) -> str:
        """What stands in a text in place of a find."""
        return f"[{pii_type}]"

    @cached_property
    def id(self) -> str:
        """Twelve hex digits that change with what changes the redacted text: this policy, the detectors' rows."""
        rows = [
            (row.name, row.type, row.expression, row.confidence, row.validator and row.validator.__name__)
            for _, row in self.detectors
        ]
        return hashlib.sha256(repr((self.version, VERSION, rows)).encode()).hexdigest()[:12]


DEFAULT_POLICY = Policy(version="1", types=frozenset(detector.type for detector in DETECTORS))
