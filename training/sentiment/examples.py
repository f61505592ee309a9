"""What the sentiment scorer learns from: labelled text of all sources and text of our own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from training.sentiment.generate import generated
from training.sentiment.sources import SOURCES, Row, rows

_MOST: Final = {"xed_en": 9_000, "goemotions_en": 22_000}
_GENERATED: Final = 70_000


def name_of(row: Row) -> str:
    """The source and language of a text: what has labels of its own, as frequent as they are there."""
    return f"{row.source}_{row.language}"


def examples_of(
    data: Path, seed: int, without: Sequence[str] = (), made: int = _GENERATED, held_out: bool | None = None
) -> list[Row]:
    """Everything to learn from but some sources; the same for the same seed. held_out: see `generated`."""
    rng = np.random.default_rng(seed)
    found: list[Row] = []
    for source in SOURCES:
        if source in without:
            continue
        its = list(rows(data, source))
        for name, most in _MOST.items():
            named = [row for row in its if name_of(row) == name]
            if len(named) > most:
                kept = {int(i) for i in rng.permutation(len(named))[:most]}
                its = [row for row in its if name_of(row) != name] + [r for i, r in enumerate(named) if i in kept]
        found += its
    if "generated" not in without and made:
        found += generated(seed, made, held_out)
    return found
