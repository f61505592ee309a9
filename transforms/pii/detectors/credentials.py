"""User names, passwords and keys."""

from __future__ import annotations

from transforms.pii.detectors.detector import Detector

ROWS: tuple[Detector, ...] = ()
