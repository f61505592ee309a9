"""The nightly job's stages in this process, without Spark and without a lake: one text, or the documents of a file."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pyarrow as pa
from tqdm import tqdm
from ulid import ULID

from jobs.drops import list_drop, plan_splits
from jobs.intake import language_of
from jobs.lake import given_key
from jobs.output import output, say
from jobs.pipeline import Recipe, score_documents, services
from jobs.readers import read_split
from jobs.services.caches import CacheChoice
from jobs.services.calls import Terms
from jobs.services.sqlite import MEMORY
from jobs.settings import given_policy
from jobs.stopwatch import Stopwatch
from transforms.cost import DEFAULT_TPS
from transforms.documents import Reason, documents
from transforms.errors import UsageError
from transforms.schemas import Status
from transforms.scoring import Stamp, reject


def analyze_text(text: str, scorer: str, language: str | None, key_file: Path | None, policy: Path | None) -> str:
    """One text's row of `scores`, as indented JSON. Raises UsageError for a scorer or a key that is none."""
    batch = documents({"document_id": ["1"], "text": [text]}, [1], "")
    recipe = _recipe({}, scorer, language, key_file, policy)
    (rows,) = _score(iter([batch]), recipe)
    return orjson.dumps(rows.to_pylist()[0], option=orjson.OPT_INDENT_2).decode()


def analyze_file(
    source: Path,
    target: Path | None,
    mapping: Mapping[str, str],
    scorer: str,
    language: str | None,
    key_file: Path | None,
    policy: Path | None,
) -> None:
    """The rows of `scores` of every document of a file, as JSON Lines in the documents' order.

    `target` is written whole or not at all; None or `-` is standard output. Raises UsageError, DropError.
    """
    recipe = _recipe(mapping, scorer, language, key_file, policy)
    listing = list_drop(str(source), datetime.now(UTC).date().isoformat(), file_format=None, date_pattern=None)
    for name, reason in listing.skipped:
        say(f"skipped {name}: {reason}")
    total = sum(file.size for file in listing.files)
    seen: set[str] = set()
    with output(target) as out, tqdm(total=None, unit=" documents", disable=not sys.stderr.isatty()) as bar:
        for split in plan_splits(listing.files, max(total, 1)):
            for rows in _score(read_split(split, recipe.mapping), recipe):
                unique = reject(rows, _repeated(rows, seen), Reason.DUPLICATE_ID)
                out.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in unique.to_pylist())
                bar.update(rows.num_rows)


def _recipe(
    mapping: Mapping[str, str], scorer: str, language: str | None, key_file: Path | None, policy_file: Path | None
) -> Recipe:
    policy = given_policy(policy_file)
    if policy.second_opinion:
        raise UsageError("a second opinion is for `aurastream redact` alone, for now")
    key = given_key(key_file) if key_file else b""
    policy.require(key)
    run_id = str(ULID())
    return Recipe(
        stamp=Stamp(run_id=run_id, scored_at=datetime.now(UTC)),
        mapping=mapping,
        language=language_of(language, scorer),
        scorer=scorer,
        policy=policy,
        # Without a key to keep, fingerprints are comparable within this call alone.
        key=key or secrets.token_bytes(32),
        terms=Terms(Path(MEMORY), run_id, DEFAULT_TPS),
        cache=CacheChoice(Path(MEMORY)),
    )


def _score(batches: Iterator[pa.RecordBatch], recipe: Recipe) -> Iterator[pa.RecordBatch]:
    watch = Stopwatch()
    with services(recipe, watch) as opened:
        yield from score_documents(batches, recipe, opened, watch)


def _repeated(rows: pa.RecordBatch, seen: set[str]) -> pa.Array:
    """Which rows have an id that an accepted row before them has; `seen` grows."""
    repeated = []
    for document_id, status in zip(rows["document_id"].to_pylist(), rows["status"].to_pylist(), strict=True):
        accepted = status != Status.REJECTED
        repeated.append(accepted and document_id in seen)
        if accepted:
            seen.add(document_id)
    return pa.array(repeated, pa.bool_())
