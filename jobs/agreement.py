"""How far a scorer agrees with who labelled a sample, or with another scorer."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from jobs.drops.charset import charset_of
from jobs.label_sample import CONFIDENCE, unseal
from jobs.lake.asking import whole
from jobs.lake.export import require_published
from jobs.lake.layout import Lake
from jobs.stores.open import open_lake
from jobs.stores.protocols import Ledger
from transforms.agreement import LABELS, Agreement, Judged, agreement
from transforms.documents import MAX_TEXT_BYTES
from transforms.errors import UsageError

WORST = 10  # documents that are shown, of those in which labels differ


class Document(NamedTuple):
    """A document in which labels differ: what was judged, what the scorer says, its score, the redacted text."""

    document_id: str
    judged: str
    scorer: str
    confidence: float
    text: str


class Found(NamedTuple):
    """How far labels agree. what: whose, and of how many documents, by name; worst: where they differ most."""

    what: dict[str, str]
    agreement: Agreement
    worst: list[Document]


def of_files(files: Sequence[Path]) -> Found:
    """How far the scorer agrees with who labelled a sample: a file each, all of the same draw.

    Raises UsageError where a file is none, labels none, or holds another draw.
    """
    drawn: dict[tuple[str, str], dict[str, Any]] = {}
    votes: dict[tuple[str, str], Counter[str]] = {}
    by_file = []
    if not files:
        raise UsageError("give the files that were labelled")
    if len({path.absolute() for path in files}) < len(files):
        raise UsageError("a file is given twice: each who labelled has one")
    for path in files:
        labelled = 0
        for row, key, label in _labels(path):
            drawn.setdefault(key, row)
            if row["sample"] != next(iter(drawn.values()))["sample"]:
                raise UsageError(f"{path}: it is of another draw than {files[0]}: give files of one sample")
            if label:
                votes.setdefault(key, Counter())[label] += 1
                labelled += 1
        if not labelled:
            raise UsageError(f"{path}: nothing is labelled: write one of {', '.join(LABELS)} into the column label")
        by_file.append(f"{labelled:,} by {path.name}")
    keys = list(votes)
    rows = [drawn[key] for key in keys]
    population = np.zeros(1 + max(row["stratum"] for row in drawn.values()), dtype=np.int64)
    for row in drawn.values():
        population[row["stratum"]] = row["population"]
    judged = Judged(
        votes=np.array([[votes[key][label] for label in LABELS] for key in keys]),
        label=np.array([LABELS.index(row["label"]) for row in rows]),
        confidence=np.array([row["confidence"] for row in rows]),
        stratum=np.array([row["stratum"] for row in rows]),
        draws=np.array([row["draws"] for row in rows]),
        documents=np.ones(len(rows), dtype=np.int64),
        population=population,
    )
    spoken = int(population[np.unique(judged.stratum)].sum())
    of_night = f"{spoken:,} of {population.sum():,} of {rows[0]['ds']}"
    what = {
        "labels": f"{', '.join(by_file)}, of {len(drawn):,} texts",
        "documents": f"{judged.draws.sum():,} drawn, which speak for {of_night}",
        "scorer": rows[0]["scorer"],
    }
    against = judged.votes.sum(axis=1) - judged.votes[np.arange(len(rows)), judged.label]
    worst = np.argsort(-judged.confidence * against / judged.votes.sum(axis=1), kind="stable")
    return Found(
        what,
        agreement(judged),
        [
            Document(keys[at][0], _said(votes[keys[at]]), rows[at]["label"], rows[at]["confidence"], rows[at]["text"])
            for at in worst[:WORST]
            if against[at]
        ],
    )


def of_lakes(lake: str, other: str, ds: str | None) -> Found:
    """How far two scorers agree on a date that both lakes have published: the other's labels are taken for right.

    What both have scored is compared, by document_id. Bounds take its texts, with all their copies, for a sample of
    what might have come. Raises UsageError where the date is not published, or no document is scored in both.
    """
    (first, stores), (second, other_stores) = (open_lake(each, create=False) for each in (lake, other))
    ledger, others = stores.ledger(), other_stores.ledger()
    if ds is None:
        ds = max(set(ledger.publications()) & set(others.publications()), default=None)
    if ds is None:
        raise UsageError(f"{lake} and {other} have published no date that is the same")
    own, theirs = (_scored(*each, ds) for each in ((first, ledger), (second, others)))
    both = own.join(theirs, "document_id", right_suffix="_other", join_type="inner").sort_by("document_id")
    if not len(both):
        raise UsageError(f"no document of {ds} is scored in both {lake} and {other}")
    label, said = (
        np.array([LABELS.index(each) for each in both[name].to_pylist()]) for name in ("label", "label_other")
    )
    confidence, sure = both["confidence"].to_numpy(), both["confidence_other"].to_numpy()
    # A text is one draw with all its copies, but for those that a scorer gave another label.
    keys = both["content_key"].to_pylist()
    pairs = [f"{key} {one} {other}" for key, one, other in zip(keys, label, said, strict=True)]
    _, first_of, times = np.unique(pairs, return_index=True, return_counts=True)
    judged = Judged(
        votes=np.eye(len(LABELS), dtype=np.int64)[said[first_of]],
        label=label[first_of],
        confidence=confidence[first_of],
        stratum=np.zeros(len(first_of), dtype=np.int64),
        draws=np.ones(len(first_of), dtype=np.int64),
        documents=times,
        population=np.array([len(first_of)]),
        whole=False,
    )
    what = {
        "documents": f"{len(both):,} of {ds} that both scored, {len(set(keys)):,} texts; "
        f"{len(own) - len(both):,} are scored in {lake} alone, {len(theirs) - len(both):,} in {other}",
        "scorer": _names(own),
        "compared with": _names(theirs),
    }
    differ = [at for at in first_of[np.argsort(-(confidence * sure)[first_of], kind="stable")] if label[at] != said[at]]
    worst = both.take(np.array(differ[:WORST], dtype=np.int64)).to_pylist()
    texts = _texts(first, ledger, ds, [row["document_id"] for row in worst])
    return Found(
        what,
        agreement(judged),
        [
            Document(row["document_id"], row["label_other"], row["label"], row["confidence"], texts[row["document_id"]])
            for row in worst
        ],
    )


def _scored(lake: Lake, ledger: Ledger, ds: str) -> pa.Table:
    require_published(ledger.publications(), ds)
    sql = (
        f"SELECT document_id, content_key, sentiment AS label, {CONFIDENCE} AS confidence, "  # noqa: S608 - our own words
        "scorer || ' ' || scorer_version AS scorer FROM scores WHERE ds = CAST(? AS date) AND status = 'SCORED'"
    )
    return whole(lake, ledger, sql, [ds])


def _names(scored: pa.Table) -> str:
    return ", ".join(sorted(set(scored["scorer"].to_pylist())))


def _texts(lake: Lake, ledger: Ledger, ds: str, ids: Sequence[str]) -> dict[str, str]:
    if not ids:
        return {}
    sql = (
        "SELECT document_id, redacted_text FROM scores WHERE ds = CAST(? AS date) "  # noqa: S608 - marks alone
        f"AND document_id IN ({', '.join('?' * len(ids))})"
    )
    rows = whole(lake, ledger, sql, [ds, *ids]).to_pylist()
    return {row["document_id"]: row["redacted_text"] for row in rows}


def _labels(path: Path) -> Iterator[tuple[dict[str, Any], tuple[str, str], str]]:
    """A labelled file's rows: what was sealed, the document's id and stratum, and its label, "" where it has none.

    As a spreadsheet may have saved it: with commas, semicolons or tabs, in whatever charset. Raises UsageError.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    text = content.decode(charset_of(content) or "utf-8", errors="replace").removeprefix("\ufeff")
    header = text.partition("\n")[0]
    csv.field_size_limit(max(csv.field_size_limit(), MAX_TEXT_BYTES))  # a sample has whole texts
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count))
    if missing := {"label", "document_id", "drawn"} - set(rows.fieldnames or ()):
        raise UsageError(
            f"{path}: it has no column {', '.join(sorted(missing))}: give what label-sample wrote, labelled"
        )
    seen = set[tuple[str, str]]()
    for number, row in enumerate(rows, 2):
        label = (row["label"] or "").strip().upper()
        if label and label not in LABELS:
            raise UsageError(f"{path}, row {number}: what the column label holds is none of {', '.join(LABELS)}")
        try:
            drawn = unseal(row["drawn"] or "")
        except ValueError:
            raise UsageError(f"{path}, row {number}: the column drawn is not as label-sample wrote it") from None
        key = (row["document_id"], str(drawn["stratum"]))
        if key in seen:
            raise UsageError(f"{path}, row {number}: the same text again: a file is what one person labelled")
        seen.add(key)
        yield drawn | {"text": row.get("redacted_text") or ""}, key, label


def _said(votes: Counter[str]) -> str:
    if votes.total() == 1:
        return next(iter(votes))
    return ", ".join(f"{count} {label}" for label, count in votes.most_common())
