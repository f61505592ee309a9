"""Documents for people to label.

Who labels is not to be led by the scorer: what it said, and how the document was drawn, is sealed in a column that no
one reads at a glance, so that one file is all that is sent and sent back. `jobs.agreement` reads it.
"""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jobs.lake.asking import whole
from jobs.lake.export import require_published
from jobs.lake.files import using
from jobs.storage import absolute, storage_of
from jobs.stores.open import open_lake
from transforms.agreement import LABELS
from transforms.answers import defused
from transforms.errors import UsageError
from transforms.sampling import allocated, fits

COLUMNS = ("label", "redacted_text", "source", "language", "document_id", "drawn")
_SEALED = {
    **dict.fromkeys(("sample", "ds", "scorer", "label"), str),
    **dict.fromkeys(("stratum", "population", "draws"), int),
    "confidence": float,
}
_STRATA = 10_000  # at most

# Of the scorer's label. Under 0.5 it counts as unsure, as in the view run_quality.
CONFIDENCE = "greatest(score_positive, score_negative, score_neutral, score_mixed)"
_BAND = f"CASE WHEN {CONFIDENCE} < 0.5E0 THEN 0 WHEN {CONFIDENCE} < 0.8E0 THEN 1 ELSE 2 END"
# What documents are drawn by, and what stays of it where there are too many strata for so few documents.
_BY = (("sentiment", "band", "source"), ("sentiment", "band"), ("sentiment",), ())


class Sample(NamedTuple):
    """What was drawn: rows of COLUMNS, of the date `ds`; `passed_over`: the last that is published, if it has none."""

    ds: str
    rows: list[dict[str, str]]
    passed_over: str | None


def label_sample(lake: str, n: int, ds: str | None, seed: int) -> Sample:
    """Draw `n` scored documents of a date, a row a text; of the last that has any, if none is given.

    Strata are label, confidence (under 0.5, under 0.8, above) and source, or less where those would be too many; how
    many of each: `transforms.sampling.allocated`. Which: those whose ids have the smallest hash with `seed`. A text
    that was drawn more than once in a stratum is one row. Rows have COLUMNS, one of each stratum first, so that what is
    labelled of them in their order tells most; `label` is empty.
    Raises UsageError where nothing of the date is published, or scored.
    """
    given_none = ds is None
    opened, stores = open_lake(lake, create=False)
    ledger = stores.ledger()
    publications = ledger.publications()
    last = max(publications, default=None)
    if ds is None and last is not None:
        found = whole(opened, ledger, "SELECT max(ds) AS ds FROM scores WHERE status = 'SCORED'")["ds"][0].as_py()
        ds = last if found is None else found.isoformat()
    if ds is None:
        raise UsageError("nothing is published yet")
    require_published(publications, ds)
    counts = whole(
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
    rows = whole(
        opened,
        ledger,
        f"SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY {', '.join(by) or '1'} "  # noqa: S608 - our own words
        f"ORDER BY md5(to_utf8('{seed:d}:' || document_id)), document_id) AS place FROM ("
        "SELECT document_id, source, language, redacted_text, content_key, scorer, scorer_version, sentiment, "
        f"{CONFIDENCE} AS confidence, {_BAND} AS band "
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
    sample = [
        {
            "label": "",
            "redacted_text": row["redacted_text"] or "",
            "source": row["source"] or "",
            "language": row["language"] or "",
            "document_id": row["document_id"],
            "drawn": seal(
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
    return Sample(ds, sample, last if given_none and last != ds else None)


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


def seal(drawn: Mapping[str, Any]) -> str:
    """How a document was drawn, and what the scorer said, as the column `drawn` has it."""
    return base64.urlsafe_b64encode(json.dumps(drawn, separators=(",", ":")).encode()).decode()


def unseal(column: str) -> dict[str, Any]:
    """What `seal` sealed. Raises ValueError where it is nothing of the kind."""
    try:
        drawn: dict[str, Any] = json.loads(base64.urlsafe_b64decode(column))
        well = {name: type(drawn[name]) for name in _SEALED} == _SEALED and drawn["label"] in LABELS
    except (binascii.Error, KeyError, TypeError) as error:
        raise ValueError from error
    if not (well and 0 <= drawn["stratum"] < _STRATA and 1 <= drawn["draws"] <= drawn["population"]):
        raise ValueError
    return drawn
