"""The report of a lake: every figure is the answer of the query that it leads to, and pages lead to each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from jobs.lake.asking import asked
from jobs.lake.create import create_lake
from jobs.report.page import environment
from jobs.report.questions import week_of
from jobs.report.site import write_site
from jobs.storage import storage_of
from jobs.stores.open import open_lake
from tests.aws import Aws, aws, queried
from tests.jobs.commands.running import invoke
from tests.jobs.report.html import Page
from tests.jobs.report.lakes import EARLY, FAILED, FAILURES, HOSTILE, LAST, LATE, NIGHTS, REPLACED, reported_lake
from tests.sql.rows import Row

__all__ = ["aws", "queried"]  # the fixtures

share, points = (environment().filters[name] for name in ("share", "points"))


def opened(folder: Path, name: str) -> Page:
    return Page((folder / f"{name}.html").read_text(encoding="utf-8"))


def answers(root: str, page: Page) -> dict[str, list[Row]]:
    """What each query that a page shows answers, by its name."""
    lake, stores = open_lake(root, create=False)
    names = [str(attributes["id"])[2:] for tag, attributes in page.elements if tag == "h3" and "id" in attributes]
    queries = [text for tag, text in page.texts if tag == "code" and text.startswith("SELECT ")]
    found = {}
    for name, query in zip(names, queries, strict=True):
        with asked(lake, stores.ledger(), query) as answer:
            found[name] = pa.Table.from_batches(list(answer.batches), answer.schema).to_pylist()
    return found


@pytest.fixture(scope="module", params=["local", pytest.param("s3", marks=pytest.mark.aws)])
def written(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, site: Path
) -> Iterator[tuple[str, Path]]:
    """A lake's root, and the folder with its report."""
    if request.param == "local":
        yield str(site.parent / "lake"), site
        return
    running: Aws = request.getfixturevalue("queried")
    with running.used():
        root = f"{running.prefix()}/lake"
        list(create_lake(root))
        lake, stores = reported_lake(root, failed=True)
        out, folder = f"{running.prefix()}/site", tmp_path_factory.mktemp("from-s3")
        write_site(lake, stores, out)
        for stored in storage_of(out).list(out):
            with storage_of(out).open(stored.uri) as file:
                (folder / stored.uri.rpartition("/")[2]).write_bytes(file.read())
        yield root, folder


def test_figures_are_the_answers_of_their_queries(written: tuple[str, Path]) -> None:
    root, folder = written
    page = opened(folder, LATE)
    found = answers(root, page)
    assert {row["source"] for row in found["trend"]} == {"*", "chat", "mail", HOSTILE, None}
    texts = [text for _, text in page.texts]
    for row in found["trend"]:
        if row["scored"]:
            place = texts.index(f"{row['scored']:,} scored", texts.index(row["source"].replace("*", "all sources")))
            shown = (row["share_negative"], row["share_negative_low"], row["share_negative_high"])
            assert texts[place + 1 : place + 3] == [share(shown[0]), f"{share(shown[1])} to {share(shown[2])}"]
            assert points(row["change"]) in texts[place:]
    (mover, *_) = [row for row in found["movers"] if row["beyond_chance"]]
    assert (mover["source"], mover["label"]) == ("chat", "NEGATIVE")
    told = page.words()
    (moved,) = re.findall("What moved(.*)What failed", told)
    assert moved.count("against the 28 nights before") == 1
    assert f"More than nights differ anyway: chat , NEGATIVE {share(mover['share'])} on {LAST}" in told
    assert points(mover["change"]) in told
    for name, column in (("words", "words"), ("worst", "document_id"), ("costs", "units"), ("not_scored", "why")):
        assert found[name], name
        assert all(str(row[column]) in told for row in found[name] if row[column] != 0), name
    (run,) = found["run"]
    assert f"What it cost ${run['dollars']:.2f} for {run['billed_units']:,} units" in told


def test_the_index_shows_what_its_queries_answer(written: tuple[str, Path]) -> None:
    root, folder = written
    page = opened(folder, "index")
    found, told = answers(root, page), page.words()
    plots = [text for tag, text in page.texts if tag == "title" and re.match(r"[\d-]+: ", text)]
    nights = [row for row in found["trend"] if row["share_negative"] is not None]
    assert len(plots) == len(nights) == 4 * len(NIGHTS)
    bounds = ((row["share_negative_low"], row["share_negative_high"]) for row in nights)
    shown = {
        f"{row['ds']}: {share(row['share_negative'])} of {row['scored']:,}, {share(low)} to {share(high)}"
        for row, (low, high) in zip(nights, bounds, strict=True)
    }
    assert set(plots) == shown
    (month,) = found["months"]
    assert (month["runs"], month["runs_not_published"]) == (4, 1)
    assert "1 of the 4 runs begun in 2026-11 published nothing" in told
    assert {row["run_id"] for row in found["runs"]} == {EARLY, LATE, REPLACED, FAILED}
    assert all(share(row["share_negative"]) in told for row in found["weeks"] if row["share_negative"] is not None)


def test_every_link_leads_somewhere(site: Path) -> None:
    pages = {path.name: Page(path.read_text(encoding="utf-8")) for path in site.iterdir()}
    assert set(pages) == {"index.html", *(f"{run}.html" for run in (EARLY, LATE, REPLACED, FAILED))}
    places = {name: {str(a["id"]) for _, a in page.elements if "id" in a} for name, page in pages.items()}
    for name, page in pages.items():
        for link in page.all("a"):
            target, _, place = str(link["href"]).partition("#")
            assert not place or place in places[target or name], link
            assert not target or target in pages, link


def test_a_source_with_markup_is_shown_as_text(site: Path) -> None:
    for path in site.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not Page(text).all("script")
        assert "\u202e" not in text
    for name in ("index", LATE, EARLY):
        assert HOSTILE in opened(site, name).words()


def test_a_night_has_a_line_for_each_source_and_date(site: Path) -> None:
    dates = [text for tag, text in opened(site, EARLY).texts if tag == "span" and re.fullmatch(r"2026-\d\d-\d\d", text)]
    own = [each.isoformat() for each in NIGHTS[:-1]]
    assert [text for text in dates if text in own].count(own[0]) >= 4
    assert set(dates) == set(own)


def test_a_failure_looks_like_one(site: Path) -> None:
    assert opened(site, "index").all("header") == [{"class": "bad"}]
    failed = opened(site, FAILED)
    assert failed.all("header") == [{"class": "bad"}]
    assert FAILURES[0] in failed.words()
    assert "Nothing that readers see: the run published nothing" in failed.words()
    assert opened(site, LATE).all("header") == [{}]


def test_a_run_that_was_replaced_says_by_which(site: Path) -> None:
    page = opened(site, REPLACED)
    assert f"{LAST}: readers see run {LATE}" in page.words()
    assert "Nothing that readers see any more" in page.words()
    assert "By source and date" not in page.words()


def test_texts_keep_their_lines(site: Path) -> None:
    assert "The app is down, says [NAME].\nAgain & again on 2026-11-" in opened(site, LATE).words()


def test_a_lake_without_a_run(tmp_path: Path) -> None:
    lake, stores = open_lake(str(tmp_path / "lake"), create=True)
    assert not stores.ledger().runs()
    assert invoke("report", "--lake", lake.root, "--out", tmp_path / "site").exit_code == 0
    assert "No run yet" in opened(tmp_path / "site", "index").words()
    (tmp_path / "file").touch()
    said = invoke("report", "--lake", lake.root, "--out", tmp_path / "file")
    assert (said.exit_code, "cannot be written" in said.stderr) == (1, True)


def test_it_may_be_written_over_what_nights_have_left(site: Path) -> None:
    lake, _ = open_lake(str(site.parent / "lake"), create=False)
    said = invoke("report", "--lake", lake.root, "--out", f"{lake.root}/reports/")
    assert said.stdout == f"{lake.root}/reports/index.html\n"
    assert Path(lake.report(LATE)).read_bytes() == (site / f"{LATE}.html").read_bytes()


@pytest.mark.parametrize("folder", ["", "/scores", "/reports/site", "/../lake/audits"])
def test_it_is_not_written_among_the_lake_s_own_files(site: Path, folder: str) -> None:
    root = site.parent / "lake"
    before = sorted(root.rglob("*"))
    said = invoke("report", "--lake", root, "--out", f"{root}{folder}")
    assert (said.exit_code, "is inside the lake" in said.stderr) == (2, True)
    assert sorted(root.rglob("*")) == before


def test_weeks_begin_on_mondays() -> None:
    assert week_of(date(2026, 11, 22)) == week_of(date(2026, 11, 16)) == date(2026, 11, 16)
