"""How well a model finds names and places: recall and precision by overlap, set by set, on rows never trained on."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson

from training.corpora import is_held_out
from transforms.pii import tagger
from transforms.pii.folding import FOLDABLE, folded
from transforms.pii.tagger.model import Model
from transforms.rewriting import Change, Rewriting, rewrite
from transforms.text import normalising

_UNTIDY = re.compile(r"\s\s|[^\S \n]|^\s|\s$")

Find = tuple[int, int, str, float]  # from character to character, type, confidence


class Set(NamedTuple):
    """A labelled set: whether only its held-out rows are measured, and its labels for NAME and for ADDRESS.

    What overlaps a label of `beside` alone counts neither way.
    """

    file: str
    held_out: bool
    names: str
    places: str
    beside: str = ""


SETS = (
    Set("uner_ewt_dev", False, "PERSON", "LOCATION"),
    Set("btc_h_dev", True, "PERSON", "LOCATION"),
    Set("wnut17_train", True, "PERSON", "LOCATION"),
    Set("kurkowski_dev", True, "NAME DOCTOR CLIENT_NAME", "ADDRESS LOCATION CITY STATE ZIP LANDMARK", "USERNAME EMAIL"),
    Set("presidio_synth_v2", False, "PERSON", "STREET_ADDRESS GPE ZIP_CODE", "EMAIL_ADDRESS"),
    Set(
        "meddocan_es_dev",
        True,
        "NOMBRE_SUJETO_ASISTENCIA NOMBRE_PERSONAL_SANITARIO",
        "CALLE TERRITORIO PAIS",
        "FAMILIARES_SUJETO_ASISTENCIA CORREO_ELECTRONICO HOSPITAL INSTITUCION CENTRO_SALUD",
    ),
    Set("echr_es_manual", True, "PER LEGAL_PROFESSIONAL", "LOC", "NATIONALITY"),
    Set("echr_fr_manual", True, "PER LEGAL_PROFESSIONAL", "LOC", "NATIONALITY"),
)
PLAIN = ("vader_amazon", "mams_val", "xed_en", "xed_es", "xed_fr", "xed_de", "xed_it", "xed_pt")


def figures(data: Path, model: Model, thresholds: Sequence[float] = (0.5,)) -> Iterator[str]:
    """Yield a line for each set and threshold, then the share of ordinary texts in which anything is found."""
    for part in SETS:
        rows = read(data / "pii" / f"{part.file}.jsonl", part.held_out)
        finds = found([row["text"] for row in rows], model)
        for threshold in thresholds:
            line = f"{part.file:18} at {threshold}"
            for kind, labels in (("NAME", part.names), ("ADDRESS", part.places)):
                recall, precision = compare(rows, finds, kind, labels.split(), part.beside.split(), threshold)
                line += f"  {kind} recall {recall:.3f} precision {precision:.3f}"
            yield line
    for file in PLAIN:
        texts = [row["text"] for row in read(data / "sentiment" / f"{file}.jsonl", True)]
        sure = [max((find[3] for find in its), default=0.0) for its in found(texts, model)]
        shares = (f"{sum(value >= threshold for value in sure) / len(texts):.3f}" for threshold in thresholds)
        yield f"{file:18} texts with a find: {' '.join(shares)}"


def read(path: Path, held_out: bool) -> list[dict[str, Any]]:
    """The rows of a set, or its held-out rows alone."""
    rows = map(orjson.loads, path.read_bytes().splitlines())
    return [row for row in rows if not held_out or is_held_out(row["doc_id"])]


def found(texts: Sequence[str], model: Model) -> list[list[Find]]:
    """The finds in each text, offsets in its characters."""
    read = [as_read(text) for text in texts]
    tags = tagger.tag([data for data, _ in read], model)
    finds: list[list[Find]] = [[] for _ in texts]
    for row, start, end, kind, sure in zip(*(column.tolist() for column in tags), strict=True):
        origin = read[row][1]
        finds[row].append((int(origin[start]), int(origin[end - 1]) + 1, tagger.TYPES[kind], sure))
    return finds


def as_read(text: str) -> tuple[bytes, np.ndarray]:
    """The text as the tagger gets it, in UTF-8, and for every byte the character it comes from.

    It is normalised and folded; a NUL is a placeholder and stays.
    """
    origin = np.arange(len(text))
    if _UNTIDY.search(text) or not unicodedata.is_normalized("NFC", text):
        for rewriting in normalising(text):
            text, origin = rewriting.text, _moved(rewriting, origin)
    unlike = FOLDABLE.intersection(text) - {"\n"}
    if unlike:
        changes = (Change(place, place + 1, folded(sign)) for place, sign in enumerate(text) if sign in unlike)
        rewriting = rewrite(text, changes)
        text, origin = rewriting.text, _moved(rewriting, origin)
    data = text.replace("_", "~").encode()
    if len(data) == len(text):
        return data, origin
    return data, origin[np.cumsum((np.frombuffer(data, np.uint8) & 0xC0) != 0x80) - 1]


def _moved(rewriting: Rewriting, origin: np.ndarray) -> np.ndarray:
    """Of each character after some changes, the origin."""
    pieces, at = [], 0
    for start, end, new in rewriting.changes:
        pieces += [origin[at:start], np.full(len(new), origin[start])]
        at = end
    return np.concatenate([*pieces, origin[at:]])


def compare(
    rows: Sequence[dict[str, Any]],
    finds: Sequence[Sequence[Find]],
    kind: str,
    labels: Sequence[str],
    beside: Sequence[str],
    threshold: float,
) -> tuple[float, float]:
    """Recall and precision of the finds of a type; a find or a label counts where they overlap."""
    wanted = hit = told = right = 0
    for row, its in zip(rows, finds, strict=True):
        mine = [find for find in its if find[2] == kind and find[3] >= threshold]
        gold = [span for span in row["spans"] if span["type"] in labels]
        near = [span for span in row["spans"] if span["type"] in beside]
        wanted += len(gold)
        hit += sum(any(_meet(find, span) for find in mine) for span in gold)
        for find in mine:
            is_right = any(_meet(find, span) for span in gold)
            right += is_right
            told += is_right or not any(_meet(find, span) for span in near)
    return hit / max(wanted, 1), right / max(told, 1)


def _meet(find: Find, span: dict[str, Any]) -> bool:
    return bool(find[0] < span["end"] and span["start"] < find[1])
