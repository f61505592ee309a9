"""Labelled text that the sentiment scorer may learn from, and for measuring what it may not: README.md has licences."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple
from zlib import crc32

import orjson

from training.corpora import is_held_out

LABELS: Final = ("POSITIVE", "NEGATIVE", "NEUTRAL", "MIXED")


class Row(NamedTuple):
    """A text and its label; `source` is whose labels they are."""

    source: str
    language: str
    text: str
    label: int  # index into LABELS
    held_out: bool


# Files of one source: what is left out together.
SOURCES: Final = {
    "vader_tweets": ("vader_tweets",),
    "vader_amazon": ("vader_amazon",),
    "vader_nyt": ("vader_nyt",),
    "senti4sd": ("senti4sd_train",),
    "mams": ("mams_train",),
    "goemotions": ("goemotions_train",),
    "xed": tuple(f"xed_{language}" for language in ("en", "es", "fr", "de", "it", "pt")),
}
MEASURED_TOO: Final = {"mams": ("mams_val",), "goemotions": ("goemotions_dev",)}


def rows(data: Path, source: str, files: tuple[str, ...] | None = None) -> Iterator[Row]:
    """The labelled texts of a source below `data`. Raises FileNotFoundError where it is not there."""
    for name in files or SOURCES[source]:
        language = name[-2:] if source == "xed" else "en"
        for row in _read(data / "sentiment" / f"{name}.jsonl"):
            yield Row(source, language, row["text"], LABELS.index(row["label"]), is_held_out(row["doc_id"]))


def support(data: Path) -> Iterator[tuple[Row, int | None, str]]:
    """The support texts, for measuring only: each with its second label where it has one, and its kind.

    Held out are those of the half that nobody looked at when templates were written.
    """
    for row in _read(data / "domain" / "support_texts.jsonl"):
        label, second = LABELS.index(row["label"]), LABELS.index(row["alt"]) if row["alt"] else None
        yield (
            Row("domain", row["language"], row["text"], label, crc32(row["id"].encode()) % 2 == 1),
            second,
            row["kind"],
        )


def _read(path: Path) -> Iterator[dict[str, str]]:
    with path.open("rb") as lines:
        for line in lines:
            yield orjson.loads(line)
