"""How well a model finds names and places: recall and precision by overlap, set by set, on rows never trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from training.corpora import is_held_out
from transforms.pii import tagger
from transforms.pii.tagger.model import Model
from transforms.text import fold, origins

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
    folded = [fold(text) for text in texts]
    tags = tagger.tag([text.encode() for text in folded], model)
    finds: list[list[Find]] = [[] for _ in texts]
    for row, start, end, kind, sure in zip(*(column.tolist() for column in tags), strict=True):
        origin = origins(texts[row], folded[row])
        finds[row].append((int(origin[start]), int(origin[end - 1]) + 1, tagger.TYPES[kind], sure))
    return finds


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
