"""docs/redaction.md lists every type with everything that finds it."""

from __future__ import annotations

from pathlib import Path

from transforms.pii import tagger
from transforms.pii.detectors import DETECTORS
from transforms.pii.policy import TYPES, Replacement

PAGE = (Path(__file__).parents[3] / "docs" / "redaction.md").read_text(encoding="utf-8")


def row(pii_type: str) -> str:
    names = [f"`{detector.name}`" for detector in DETECTORS if detector.type == pii_type]
    if pii_type in tagger.TYPES:
        names.append("the tagger")
    return f"| `{pii_type}` | {', '.join(names)} |"


def test_every_type_has_its_row() -> None:
    table = [line for line in PAGE.splitlines() if line.startswith("| `") and line.split("`")[1] in TYPES]
    assert table == [row(pii_type) for pii_type in sorted(TYPES)]


def test_every_replacement_is_explained() -> None:
    for replacement in Replacement:
        assert f"\n| `{replacement}` |" in PAGE
