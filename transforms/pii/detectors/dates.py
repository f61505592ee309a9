"""Dates, times and ages."""

from __future__ import annotations

from transforms.pii.detectors.detector import Detector

ROWS: tuple[Detector, ...] = ()
