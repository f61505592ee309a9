"""A lake in S3 and DynamoDB is the lake of a folder: the same rows, whatever a night is made of and goes through."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.aws.s3 import BUCKETS
from jobs import storage
from jobs.lake.create import create_lake
from jobs.lake.published import published_files, run_rows
from jobs.lake.sql import query
from jobs.plan import plan
from jobs.run.lifecycle import RunRecord
from jobs.settings import NightlySettings
from jobs.stores.protocols import TakenFile
from tests.aws import Aws, aws
from tests.conftest import document, write_json_lines, write_key
from tests.integration.golden_drops import every_fault, every_format
from tests.integration.lakes import DS, content, nightly, opened
from tests.integration.paid import FAST, random_drop
from tests.weather import bad_weather

__all__ = ["aws"]  # the fixture

PAID: dict[str, Any] = {"scorer": "comprehend", "quota_tps": FAST, "language": "en"}


@pytest.fixture
def here(aws: Aws) -> Iterator[Aws]:
    with aws.used():
        yield aws


@pytest.fixture
def lake(here: Aws) -> str:
    """A new lake in S3."""
    root = f"{here.prefix()}/lake"
    assert {made.new for made in create_lake(root)} >= {True}
    return root


def rows(location: str | Path) -> list[dict[str, Any]]:
    """What readers see, by DuckDB over the published files."""
    layout, stores = opened(location)
    ledger = stores.ledger()
    ordered = "SELECT * FROM scores ORDER BY ds, source_file, source_row"
    found: list[dict[str, Any]] = query(
        published_files(layout, ledger.publications()), run_rows(layout, ledger), ordered
    ).to_pylist()
    return found


def night(drops: Path | str, location: str | Path, tmp_path: Path, **told: Any) -> RunRecord:
    record = nightly(drops, location, key_file=tmp_path / "key", **told)
    assert record is not None
    return record


@pytest.mark.aws
def test_a_night_in_s3_is_that_of_a_folder(here: Aws, lake: str, tmp_path: Path) -> None:
    """Paid for by the second scorer once: what the first lake has bought says nothing to the other."""
    write_key(tmp_path / "key")
    drops = random_drop(tmp_path / "drops", 7, 60)
    for place in (lake, tmp_path / "here"):
        record = night(drops, place, tmp_path, **PAID)
        assert record.verdict.holds
        write_json_lines(drops / f"ds={DS}" / "late.jsonl", [document(document_id=f"l-{place}", text="Too late.")])
        night(drops, place, tmp_path, **PAID)
        (drops / f"ds={DS}" / "late.jsonl").unlink()

    there, ours = rows(lake), rows(tmp_path / "here")
    late = ("document_id", "content_key", "subject_key")
    assert content(there, *late) == content(ours, *late)
    assert len(there) > 50
    _, stores = opened(lake)
    assert len(stores.ledger().runs()) == 2
    assert stores.ledger().rollback(DS)[1] == stores.ledger().runs()[0].run_id
    assert len(rows(lake)) == len(there) - 1


@pytest.mark.aws
@pytest.mark.parametrize("told", [{}, PAID], ids=["local", "comprehend"])
def test_every_format_and_every_fault(here: Aws, lake: str, told: dict[str, Any], tmp_path: Path) -> None:
    """Also where the drop lies in S3."""
    write_key(tmp_path / "key")
    day = tmp_path / "drops" / f"ds={DS}"
    every_format(day)
    every_fault(day)
    (day / "gone.jsonl").unlink()  # a link to nothing, which S3 has not
    drop = here.prefix()
    bucket, prefix = drop.removeprefix("s3://").split("/", 1)
    for path in (path for path in day.rglob("*") if path.is_file()):
        key = f"{prefix}/ds={DS}/{path.relative_to(day)}"
        here.client("s3").upload_file(str(path), bucket, key)

    night(tmp_path / "drops", tmp_path / "here", tmp_path, **told)
    from_folder = rows(tmp_path / "here")
    night(drop, lake, tmp_path, **told)
    found = json.loads(json.dumps(rows(lake), default=str).replace(drop, str(tmp_path / "drops")))
    expected = json.loads(json.dumps(from_folder, default=str))
    order = lambda row: (row["source_file"], row["source_row"])  # noqa: E731
    assert sorted(content(found), key=order) == sorted(content(expected), key=order)


OLDER, TONIGHT = 99_700, 300


@pytest.mark.aws
@pytest.mark.timeout(900)
def test_what_was_taken_before_is_not_looked_at_again(
    here: Aws, lake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a year of nights in the drop, a request lists a thousand objects and asks for a hundred whether they are new.

    Tonight's are read once to tell what they are, and once for their documents.
    """
    drop, bucket = here.prefix(), BUCKETS[1]
    put_many(here, drop, "2026-11-20", OLDER, tmp_path)
    seen_before = [TakenFile("2026-11-20", *stored) for stored in storage.storage_of(drop).list(drop)]
    assert len(seen_before) == OLDER
    _, stores = opened(lake)
    stores.keys().content_key()
    ledger = stores.ledger()
    ledger.begin("BEFORE", "2026-11-20", ["2026-11-20"], alone=False)
    ledger.publish("BEFORE", {"2026-11-20": None}, {"2026-11-20": []}, seen_before, {})
    ledger.settle("BEFORE")
    for number in range(TONIGHT):
        line = json.dumps(document(document_id=f"{number}", text=f"Fine {number}.")).encode()
        key = f"{drop.removeprefix(f's3://{bucket}/')}/ds={DS}/{number}.jsonl"
        here.client("s3").put_object(Bucket=bucket, Key=key, Body=line)

    with (
        bad_weather(here.environment["AWS_ENDPOINT_URL_S3"], 0.0) as s3,
        bad_weather(here.environment["AWS_ENDPOINT_URL_DYNAMODB"], 0.0) as dynamodb,
    ):
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", dynamodb.url)
        storage._s3.cache_clear()
        planned = plan(NightlySettings(drops=drop, lake=lake, ds=DS))
        asked = s3.asked + dynamodb.asked
        storage._s3.cache_clear()

    assert planned.files == TONIGHT
    assert asked["LIST"] <= (OLDER + TONIGHT) // 1000 + 1
    assert asked["BatchGetItem"] <= (OLDER + TONIGHT) // 100 + 10
    assert asked["GET"] <= TONIGHT + 5  # and lake.toml
    assert asked.total() <= asked["LIST"] + asked["BatchGetItem"] + TONIGHT + 20


def put_many(aws: Aws, drop: str, ds: str, count: int, tmp_path: Path) -> None:
    """Put so many small files of a date into a drop, by SeaweedFS's own copying: a minute less than by S3."""
    folder = tmp_path / f"ds={ds}"
    folder.mkdir()
    for number in range(count):
        line = json.dumps(document(document_id=f"{ds} {number}", text=f"Fine {ds} {number}."))
        (folder / f"{number}.jsonl").write_text(line)
    filer = json.loads((aws.folder / "state.json").read_text())["parts"]["s3"]["ports"][3]
    target = f"http://127.0.0.1:{filer}/buckets/{drop.removeprefix('s3://')}/"
    weed = Path(sys.executable).with_name("weed")
    subprocess.run([weed, "filer.copy", folder, target], check=True, capture_output=True)
