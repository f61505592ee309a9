"""What is looked for: one row per way a kind of personal data is written."""

from __future__ import annotations

from transforms.pii.detectors import (
    addresses,
    addresses_asia,
    addresses_east,
    contact,
    credentials,
    dates,
    finance,
    government,
    network,
    positions,
    spoken,
    vehicles,
)
from transforms.pii.detectors.detector import Detector

__all__ = ["DETECTORS", "VERSION", "Detector"]

# Counts up when a validator or the redactor changes what is found; a change of the rows shows by itself.
VERSION = "4"

DETECTORS: tuple[Detector, ...] = (
    *contact.ROWS,
    *spoken.ROWS,
    *network.ROWS,
    *credentials.ROWS,
    *finance.ROWS,
    *government.ROWS,
    *vehicles.ROWS,
    *dates.ROWS,
    *addresses.ROWS,
    *addresses_asia.ROWS,
    *addresses_east.ROWS,
    *positions.ROWS,
)
