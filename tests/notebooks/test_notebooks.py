"""The notebooks, run as the scripts that they are: their charts, their figures beside the SQL's, no personal data.

On a lake of the sample's month, redacted and scored as a night does, on the same in S3, and on one of a single night.
"""

from __future__ import annotations

import csv
import re
import runpy
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import matplotlib
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.text import Text

import aurastream
from aurastream.lake import Lake
from jobs.analyze import analyze_texts
from jobs.label_sample import label_sample, write_sample
from jobs.sample_story import story
from jobs.settings import ScoringSettings
from tests.aurastream.test_lake import in_s3
from tests.aws import Aws, aws, queried
from tests.sql.lakes import published_lake
from tests.sql.rows import Row

__all__ = ["aws", "queried"]  # the fixtures

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("[0-9]*.py"))
NAMES = [path.stem for path in NOTEBOOKS]
# How many charts each has, where a labelled sample and another scorer are given.
CHARTS = dict(zip(NAMES, (3, 2, 2, 3, 3, 1), strict=True))
NIGHTS, LAST = 30, date(2026, 11, 22)
# What the sample has of personal data in texts: addresses of mail, telephone numbers, cards, accounts, SSNs.
PERSONAL = re.compile(
    r"@example|@mail\.example|555.01\d\d|4111 1111|5555-5555|3782822|GB82 WEST|DE8937|078-05|219-09-99"
)


class Ran(NamedTuple):
    """What a notebook showed: all that is printed, its conclusion, and its charts."""

    said: str
    conclusion: str
    figures: list[Figure]


Run = Callable[..., Ran]


def month(count: int, nights: int) -> tuple[list[Row], list[str]]:
    """Rows of the last nights of the sample's month, and the texts before they were redacted."""
    made = []
    for night in range(NIGHTS - nights, NIGHTS):
        ds = (LAST - timedelta(NIGHTS - 1 - night)).isoformat()
        made += [(ds, document) for document in story(count, ds, 7, night, NIGHTS)]
    texts = [document["text"] for _, document in made]
    rows = analyze_texts(texts, ScoringSettings(scorer="local", language="detect"), None).to_pylist()
    told = ("document_id", "source")
    return [
        row | {"ds": ds} | {key: each[key] for key in told} for row, (ds, each) in zip(rows, made, strict=True)
    ], texts


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    found, texts = month(80, NIGHTS)
    assert PERSONAL.search("\n".join(texts)), "there is nothing to be hidden"
    rejected = {
        "ds": LAST.isoformat(),
        "document_id": "r",
        "status": "REJECTED",
        "error_code": "TEXT_BLANK",
        "times": 3,
    }
    return [*found, rejected]


@pytest.fixture(scope="module")
def local(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(published_lake(tmp_path_factory.mktemp("notebooks") / "lake", rows))


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Runs a notebook, but what ran already on the same lake."""
    ran: dict[tuple[str, str], Ran] = {}

    def once(name: str, lake: str, **told: str) -> Ran:
        if (name, lake) not in ran:
            ran[name, lake] = shown(name, {"AURASTREAM_LAKE": lake} | told)
        return ran[name, lake]

    matplotlib.use("Agg")
    with matplotlib.rc_context():
        yield once


def shown(name: str, told: dict[str, str]) -> Ran:
    said = StringIO()
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(said):
        for key in ("AURASTREAM_LABELLED", "AURASTREAM_OTHER"):
            patched.delenv(key, raising=False)
        for key, value in told.items():
            patched.setenv(key, value)
        names = runpy.run_path(str(NOTEBOOKS[NAMES.index(name)]))
    figures = [plt.figure(number) for number in plt.get_fignums()]
    for figure in figures:
        figure.draw_without_rendering()
    plt.close("all")
    return Ran(said.getvalue(), "\n".join(names["conclusion"]), figures)


@pytest.fixture(scope="module")
def others(local: str, rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A labelled sample, in which every tenth document is something else, and a lake of another scorer."""
    folder = tmp_path_factory.mktemp("others")
    sample = label_sample(local, 60, None, 7).rows
    labels = {row["document_id"]: row.get("sentiment") for row in rows}
    for number, row in enumerate(sample):
        row["label"] = "MIXED" if number % 10 == 0 else str(labels[row["document_id"]])
    write_sample(sample, str(folder / "labelled.csv"))
    last = [row for row in rows if row["ds"] == LAST.isoformat()]
    other = published_lake(folder / "other", [row | {"scorer": "other"} for row in last])
    return {"AURASTREAM_LABELLED": str(folder / "labelled.csv"), "AURASTREAM_OTHER": str(other)}


def texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def check_chart(axes: Axes, figure: Figure) -> None:
    """Something is drawn, its scales are named, bars begin at zero, and shares have bounds."""
    assert axes.get_title(loc="left")
    assert axes.get_xlabel()
    assert any(each.get_ylabel() for each in figure.axes)
    assert axes.lines or axes.patches or axes.collections
    for container in axes.containers:
        if isinstance(container, BarContainer):
            assert (axes.get_ylim() if container.orientation == "vertical" else axes.get_xlim())[0] == 0
    if re.search("% of scored|95% bounds", texts(figure)):  # an area, error bars or lines
        assert axes.collections or any(isinstance(each, ErrorbarContainer) for each in axes.containers)


@pytest.mark.parametrize("name", NAMES)
def test_charts_are_there_and_no_output_holds_personal_data(
    name: str, run: Run, local: str, others: dict[str, str]
) -> None:
    ran = run(name, local, **others)
    assert len(ran.figures) == CHARTS[name]
    for figure in ran.figures:
        for axes in figure.axes:
            check_chart(axes, figure)
    assert ran.conclusion in ran.said
    everything = ran.said + "".join(map(texts, ran.figures))
    assert PERSONAL.search(everything) is None
    assert "nan" not in ran.conclusion.lower()


def one(lake: str, sql: str) -> Row:
    (found,) = aurastream.connect(lake).sql(sql).to_dict("records")
    return {str(key): value for key, value in found.items()}


def test_the_first_look_states_what_the_tables_have(run: Run, local: str, others: dict[str, str]) -> None:
    has = one(local, "SELECT count(*) AS all_of_them, count(DISTINCT ds) AS nights FROM scores")
    last = one(
        local,
        "SELECT count(*) AS came, count(sentiment) AS scored, count(*) FILTER (WHERE sentiment = 'NEGATIVE') AS bad "
        "FROM scores WHERE ds = DATE '2026-11-22'",
    )
    said = run(NAMES[0], local, **others).conclusion
    assert f"{has['all_of_them']:,} documents of {has['nights']} nights" in said
    assert f"{last['came']} documents came, {last['scored']} were scored, and 3 were not" in said
    assert f"{last['bad']} of them, {100 * last['bad'] / last['scored']:.0f}%, are NEGATIVE" in said


def test_trends_state_what_the_views_have(run: Run, local: str, others: dict[str, str]) -> None:
    lake = aurastream.connect(local)
    sure = lake.sql("SELECT * FROM weekly_trend WHERE beyond_chance AND change > 0 AND source IS NOT NULL")
    moved = one(local, "SELECT count(*) AS of, count(*) FILTER (WHERE beyond_chance) AS sure FROM movers")
    said = run(NAMES[1], local, **others).conclusion
    assert said.count("got worse by more than chance") == len(sure)
    for each in sure.to_dict("records"):
        assert f"went from {100 * each['share_negative_before']:.0f}% to {100 * each['share_negative']:.0f}%" in said
    assert ("No source got worse" in said) == sure.empty
    assert f"Last night {moved['sure']} of {moved['of']} comparisons are beyond chance" in said


def test_complaints_lead_to_the_outage_and_the_wave(run: Run, local: str, others: dict[str, str]) -> None:
    ran = run(NAMES[2], local, **others)
    words = aurastream.connect(local).sql(
        "SELECT words FROM words_by_sentiment WHERE source = 'chat' AND week = DATE '2026-11-09' "
        "ORDER BY z DESC LIMIT 1"
    )
    assert "It got worse most for chat in the week of 2026-11-09" in ran.conclusion
    assert f'apart: "{words["words"].iloc[0]}"' in ran.conclusion
    wave = one(local, "SELECT count(*) AS times FROM scores WHERE redacted_text LIKE 'WIN a%'")
    assert f"One text came {wave['times']} times as review" in ran.conclusion


def test_quality_states_what_the_tables_have(run: Run, local: str, others: dict[str, str]) -> None:
    ran = run(NAMES[3], local, **others)
    assert "3 have no score" in ran.conclusion
    assert "Why: TEXT_BLANK 3." in ran.conclusion
    drifted = aurastream.connect(local).sql("SELECT * FROM drift WHERE verdict IN ('shifted', 'drifted')")
    assert ran.conclusion.count("last night.") == len(drifted.dropna(subset="source"))
    hits = one(local, "SELECT count(*) FILTER (WHERE cache_hit) AS hits, count(sentiment) AS scored FROM scores")
    assert f"{hits['hits']:,} of {hits['scored']:,} scores came from cache or a copy" in ran.conclusion


def test_trust_states_what_agreement_has(run: Run, local: str, others: dict[str, str]) -> None:
    found = aurastream.agreement([others["AURASTREAM_LABELLED"]])
    accuracy = found.measures.loc["accuracy"]
    ran = run(NAMES[4], local, **others)
    assert f"agrees with people on {100 * accuracy['value']:.0f}% of documents" in ran.conclusion
    assert f"are {100 * accuracy['low']:.0f}% and {100 * accuracy['high']:.0f}%" in ran.conclusion
    assert "agrees with the other scorer on 100% of documents" in ran.conclusion
    unsure = one(
        local,
        "SELECT count(*) AS n FROM scores WHERE ds = DATE '2026-11-22' "
        "AND greatest(score_positive, score_negative, score_neutral, score_mixed) < 0.5",
    )
    assert f"the scorer is unsure of {unsure['n']:,}:" in ran.conclusion


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_lake_of_one_night_and_no_labels_is_told_too(name: str, run: Run, tmp_path: Path) -> None:
    ran = run(name, str(published_lake(tmp_path / "lake", month(40, 1)[0])))
    assert ran.conclusion
    assert "nan" not in ran.conclusion.lower()


@pytest.mark.aws
def test_they_run_on_s3_unchanged(run: Run, rows: list[Row], queried: Aws, local: str, others: dict[str, str]) -> None:
    """What Athena answers is what DuckDB answers here, but for who is said to have answered."""
    with queried.used():
        lake = in_s3(f"{queried.prefix()}/lake", rows)
        for name in NAMES[:5]:
            assert run(name, lake, **others).conclusion == run(name, local, **others).conclusion
        ran = run(NAMES[5], lake)
        samples = [aurastream.connect(each).label_sample(60)["document_id"].to_list() for each in (lake, local)]
        assert samples[0] == samples[1]
    assert "Athena answered" in ran.conclusion
    assert "awswrangler alone answered the same; Athena read" in ran.conclusion


def test_rendered_notebooks_have_pictures_and_no_personal_data() -> None:
    folder = Path(__file__).parents[2] / "docs" / "notebooks"
    pages = sorted(folder.glob("[0-9]*.md"))
    assert [page.stem for page in pages] == NAMES
    for page in pages:
        text = page.read_text(encoding="utf-8")
        shown = re.findall(r"!\[(.*?)\]\((.+?)\)", text)
        assert len(shown) >= 1
        assert all(len(said.split()) >= 4 for said, _ in shown)  # what it shows, and not what it is
        pictures = [picture for _, picture in shown]
        assert all((folder / picture).read_bytes().startswith(b"\x89PNG") for picture in pictures)
        assert PERSONAL.search(text) is None
        assert "Traceback" not in text
    labelled = list(csv.DictReader(StringIO((folder / "labelled.csv").read_text(encoding="utf-8-sig"))))
    assert not any(PERSONAL.search(row["redacted_text"]) for row in labelled)
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 1_500_000


def test_the_door_gives_frames(local: str, others: dict[str, str]) -> None:
    lake = aurastream.connect(local)
    assert isinstance(lake, Lake)
    drawn = lake.label_sample(20)
    assert drawn.columns[0] == "label"
    assert set(drawn["document_id"]) <= set(lake.documents(ds=LAST)["document_id"])
    found = lake.agreement(others["AURASTREAM_OTHER"], LAST)
    assert found.measures.loc["accuracy", "value"] == pytest.approx(1)
    assert found.confusion["share"].sum() == pytest.approx(1)
    assert found.worst.empty


@pytest.mark.parametrize("name", NAMES)
def test_each_chart_says_what_it_shows_to_who_does_not_see_it(name: str) -> None:
    """In the script's cell, and so in the notebook as rendered, in its order."""
    root = Path(__file__).parents[2]
    cells = (root / "notebooks" / f"{name}.py").read_text(encoding="utf-8").split("\n# %%")
    said = [match[1] if (match := re.match(' alt="(.+)"\n', cell)) else "" for cell in cells if "plt.show()" in cell]
    assert len(said) >= CHARTS[name] - 1  # a cell may draw several
    assert all(said)
    shown = re.findall(r"!\[(.*?)\]\(", (root / "docs" / "notebooks" / f"{name}.md").read_text(encoding="utf-8"))
    assert list(dict.fromkeys(shown)) == said
