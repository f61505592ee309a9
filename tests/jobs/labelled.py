"""A lake of documents to label, and who labels them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from random import Random

from jobs.label_sample import COLUMNS
from tests.jobs.commands.running import invoke
from tests.sql.lakes import published_lake
from tests.sql.rows import Row
from transforms.agreement import LABELS

DS = "2026-11-22"


def documents(count: int, seed: int = 1) -> list[Row]:
    """Scored documents of two sources, a third of which are copies; of each text the same label and scores."""
    random, rows = Random(seed), []
    for number in range(count):
        text = f"[NAME] says {number if number % 3 else number % 30}"
        drawn = Random(f"{seed}{text}")
        label = drawn.choices(LABELS, [4, 4, 1, 2])[0]
        sure = drawn.choice([0.45, 0.7, 0.97])
        scores = {f"score_{each.lower()}": sure if each == label else (1 - sure) / 3 for each in LABELS}
        rows.append(
            {
                "ds": DS,
                "document_id": f"d{number:04}",
                "source": random.choice(["mail", "chat"]),
                "language": "en",
                "scorer": "local",
                "scorer_version": "1",
                "sentiment": label,
                "redacted_text": text,
                "content_key": sha256(text.encode()).hexdigest(),
            }
            | scores
        )
    return rows


def person(text: str, seed: str, rows: dict[str, Row]) -> str:
    """What a person says of a text: mostly what the scorer does."""
    random = Random(f"{seed}{text}")
    return str(rows[text]["sentiment"] if random.random() < 0.7 else random.choice(LABELS))


ROWS = documents(300)
BY_TEXT = {row["redacted_text"]: row for row in ROWS}


def lake_to_label(root: Path) -> str:
    """Its last date has ROWS and a rejected document, the one before another document."""
    rejected = {"ds": DS, "document_id": "r", "status": "REJECTED", "error_code": "TEXT_BLANK"}
    earlier = {"ds": "2026-11-21", "document_id": "early", "sentiment": "NEUTRAL", "content_key": "e"}
    return str(published_lake(root, [*ROWS, rejected, earlier]))


def labelled(lake: str, path: Path, n: int, seed: str = "kim", say: Callable[[str], str] | None = None) -> Path:
    """A sample that was drawn by the command, and labelled in a spreadsheet that saves with semicolons."""
    assert invoke("label-sample", "--lake", lake, "--n", str(n), "--out", path).exit_code == 0
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter=";")
        writer.writeheader()
        for row in rows:
            said = say(row["redacted_text"]) if say else person(row["redacted_text"], seed, BY_TEXT)
            writer.writerow(row | {"label": said})
    return path
