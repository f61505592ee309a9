"""Documents for people to label, and how far a scorer agrees with them, or with another scorer.

Who labels is not to be led by the scorer: what it said, and how the document was drawn, stands in a column that no
one reads at a glance, so that one file is all that is sent and sent back.
"""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from jobs.drops.charset import charset_of
from jobs.lake.asking import asked
from jobs.lake.export import require_published
from jobs.lake.files import using
from jobs.lake.layout import Lake
from jobs.lake.types import Parameter
from jobs.storage import absolute, storage_of
from jobs.stores.open import open_lake
from jobs.stores.protocols import Ledger
from transforms.agreement import LABELS, Agreement, Judged, agreement
from transforms.answers import defused
from transforms.documents import MAX_TEXT_BYTES
from transforms.errors import UsageError
from transforms.sampling import allocated, fits

COLUMNS = ("label", "redacted_text", "source", "language", "document_id", "drawn")
_SEALED = {
    **dict.fromkeys(("sample", "ds", "scorer", "label"), str),
    **dict.fromkeys(("stratum", "population", "draws"), int),
    "confidence": float,
}
_STRATA = 10_000  # at most
WORST = 10  # documents that are shown, of those in which labels differ

# Of the scorer's label. Under 0.5 it counts as unsure, as in the view run_quality.
_CONFIDENCE = "greatest(score_positive, score_negative, score_neutral, score_mixed)"
_BAND = f"CASE WHEN {_CONFIDENCE} < 0.5E0 THEN 0 WHEN {_CONFIDENCE} < 0.8E0 THEN 1 ELSE 2 END"
# What documents are drawn by, and what stays of it where there are too many strata for so few documents.
_BY = (("sentiment", "band", "source"), ("sentiment", "band"), ("sentiment",), ())


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


def label_sample(lake: str, n: int, ds: str | None, seed: int) -> tuple[str, list[dict[str, str]]]:
    """Draw `n` scored documents of a date, the last that is published if none is given; the date, and a row a text.

    Strata are label, confidence (under 0.5, under 0.8, above) and source, or less where those would be too many; how
    many of each: `transforms.sampling.allocated`. Which: those whose ids have the smallest hash with `seed`. A text
    that was drawn more than once in a stratum is one row. Rows have COLUMNS, one of each stratum first, so that what is
    labelled of them in their order tells most; `label` is empty.
    Raises UsageError where nothing of the date is published, or scored.
    """
    opened, ledger = _opened(lake)
    ds = _date(ledger, ds)
    counts = _asked(
        opened,
        ledger,
        f"SELECT sentiment, {_BAND} AS band, source, count(*) AS documents FROM scores "  # noqa: S608 - our own words
        "WHERE ds = CAST(? AS date) AND status = 'SCORED' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        [ds],
    ).to_pylist()
    if not counts:
        raise UsageError(f"no document of {ds} is scored: give another --ds")
    for by in _BY:
        sizes = Counter[tuple[Any, ...]]()
        for row in counts:
            sizes[tuple(row[name] for name in by)] += row["documents"]
        if fits(np.array(list(sizes.values())), n):
            break
    else:
        raise UsageError(f"--n {n} are too few to tell anything")
    given = dict(zip(sizes, allocated(np.array(list(sizes.values())), n).tolist(), strict=True))
    rows = _asked(
        opened,
        ledger,
        f"SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY {', '.join(by) or '1'} "  # noqa: S608 - our own words
        f"ORDER BY md5(to_utf8('{seed:d}:' || document_id)), document_id) AS place FROM ("
        "SELECT document_id, source, language, redacted_text, content_key, scorer, scorer_version, sentiment, "
        f"{_CONFIDENCE} AS confidence, {_BAND} AS band "
        "FROM scores WHERE ds = CAST(? AS date) AND status = 'SCORED')) WHERE place <= ? ORDER BY place, document_id",
        [ds, max(given.values())],
    ).to_pylist()
    numbers = {stratum: number for number, stratum in enumerate(sizes)}
    texts: dict[tuple[int, str], dict[str, Any]] = {}
    for row in rows:
        stratum = tuple(row[name] for name in by)
        if row["place"] <= given[stratum]:
            text = texts.setdefault((numbers[stratum], row["content_key"]), row | {"draws": 0, "stratum": stratum})
            text["draws"] += 1
    name = hashlib.sha256(json.dumps([ds, seed, sorted(row["document_id"] for row in texts.values())]).encode())
    return ds, [
        {
            "label": "",
            "redacted_text": row["redacted_text"] or "",
            "source": row["source"] or "",
            "language": row["language"] or "",
            "document_id": row["document_id"],
            "drawn": _sealed(
                {
                    "sample": name.hexdigest()[:12],
                    "ds": ds,
                    "scorer": f"{row['scorer']} {row['scorer_version']}",
                    "label": row["sentiment"],
                    "confidence": round(row["confidence"], 6),
                    "stratum": numbers[row["stratum"]],
                    "population": sizes[row["stratum"]],
                    "draws": row["draws"],
                }
            ),
        }
        for row in texts.values()
    ]


def write_sample(rows: Sequence[Mapping[str, str]], out: str) -> None:
    """Write rows as CSV where there is no file, whole or not at all; UTF-8 with a mark, which spreadsheets know."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([defused(row[name]) for name in COLUMNS] for row in rows)
    uri = absolute(out)
    if storage_of(uri).stat(uri) is not None:
        raise UsageError(f"{out} is there already, and may be labelled: give another --out")
    with using(uri), storage_of(uri).create(uri) as file:
        file.write(text.getvalue().encode("utf-8-sig"))


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
    (first, ledger), (second, others) = _opened(lake), _opened(other)
    if ds is None:
        ds = max(set(ledger.publications()) & set(others.publications()), default=None)
    if ds is None:
        raise UsageError(f"{lake} and {other} have published no date that is the same")
    own, theirs = (_scored(*each, _date(each[1], ds)) for each in ((first, ledger), (second, others)))
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
    # Texts that are alike in all that counts are one element: a night has many texts, and few kinds of them.
    kinds, kind, draws = np.unique(
        np.stack([said[first_of], label[first_of], np.floor(confidence[first_of] * 100), times]).astype(np.int64),
        axis=1,
        return_inverse=True,
        return_counts=True,
    )
    judged = Judged(
        votes=np.eye(len(LABELS), dtype=np.int64)[kinds[0]],
        label=kinds[1],
        confidence=np.bincount(kind.ravel(), weights=confidence[first_of]) / draws,
        stratum=np.zeros(len(draws), dtype=np.int64),
        draws=draws,
        documents=kinds[3],
        population=np.array([draws.sum()]),
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


def _opened(location: str) -> tuple[Lake, Ledger]:
    lake, stores = open_lake(location, create=False)
    return lake, stores.ledger()


def _date(ledger: Ledger, ds: str | None) -> str:
    """The date that is meant: the last, where none is given. Raises UsageError where it is not published."""
    publications = ledger.publications()
    ds = ds or max(publications, default=None)
    if ds is None:
        raise UsageError("nothing is published yet")
    require_published(publications, ds)
    return ds


def _asked(lake: Lake, ledger: Ledger, sql: str, parameters: Sequence[Parameter]) -> pa.Table:
    with asked(lake, ledger, sql, parameters) as answer:
        return pa.Table.from_batches(list(answer.batches), answer.schema)


def _scored(lake: Lake, ledger: Ledger, ds: str) -> pa.Table:
    sql = (
        f"SELECT document_id, content_key, sentiment AS label, {_CONFIDENCE} AS confidence, "  # noqa: S608 - our own words
        "scorer || ' ' || scorer_version AS scorer FROM scores WHERE ds = CAST(? AS date) AND status = 'SCORED'"
    )
    return _asked(lake, ledger, sql, [ds])


def _names(scored: pa.Table) -> str:
    return ", ".join(sorted(set(scored["scorer"].to_pylist())))


def _texts(lake: Lake, ledger: Ledger, ds: str, ids: Sequence[str]) -> dict[str, str]:
    if not ids:
        return {}
    sql = (
        "SELECT document_id, redacted_text FROM scores WHERE ds = CAST(? AS date) "  # noqa: S608 - marks alone
        f"AND document_id IN ({', '.join('?' * len(ids))})"
    )
    rows = _asked(lake, ledger, sql, [ds, *ids]).to_pylist()
    return {row["document_id"]: row["redacted_text"] for row in rows}


def _sealed(drawn: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(drawn, separators=(",", ":")).encode()).decode()


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
            drawn = json.loads(base64.urlsafe_b64decode(row["drawn"] or ""))
            key = (row["document_id"], str(drawn["stratum"]))
            if {name: type(drawn[name]) for name in _SEALED} != _SEALED or drawn["label"] not in LABELS:
                raise ValueError
            if not (0 <= drawn["stratum"] < _STRATA and 1 <= drawn["draws"] <= drawn["population"]):
                raise ValueError
        except (binascii.Error, ValueError, KeyError, TypeError):
            raise UsageError(f"{path}, row {number}: the column drawn is not as label-sample wrote it") from None
        if key in seen:
            raise UsageError(f"{path}, row {number}: the same text again: a file is what one person labelled")
        seen.add(key)
        yield drawn | {"text": row.get("redacted_text") or ""}, key, label


def _said(votes: Counter[str]) -> str:
    if votes.total() == 1:
        return next(iter(votes))
    return ", ".join(f"{count} {label}" for label, count in votes.most_common())
