"""Two nights at once, each a process of its own, on one lake in S3: they share pace and budget, and one publishes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jobs.lake.create import create_lake
from jobs.stores.aws.liveness import LEASE_SECONDS
from tests.aws import Aws, aws
from tests.benchmarks.comprehend_nights import Quota
from tests.infra.serving import Server, serving
from tests.integration.children import Children, Ended
from tests.integration.lakes import opened
from tests.integration.paid import distinct_drop
from tests.integration.whole import seen
from transforms.cost import dollars
from transforms.errors import Ending
from transforms.schemas import RunState

__all__ = ["aws"]  # the fixture

pytestmark = [pytest.mark.aws, pytest.mark.timeout(600)]

TPS = 4.0
DOCUMENTS = 3000  # of three units each, in 120 calls: a night that begins late finds the other still buying


@pytest.fixture
def server() -> Iterator[Server]:
    """Comprehend, which refuses what is beyond the quota."""
    with serving("--answers", "hash", "--latency", "0.2", "--tps", str(TPS)) as server:
        yield server


@pytest.fixture
def lake(aws: Aws) -> Iterator[str]:
    with aws.used():
        root = f"{aws.prefix()}/lake"
        list(create_lake(root))
        yield root


def at_once(aws: Aws, server: Server, tmp_path: Path, *nights: tuple[str, ...]) -> list[Ended]:
    """Play nights at the same time, each with folders of its own; how each ended."""
    environment = aws.environment | {"AWS_ENDPOINT_URL_COMPREHEND": server.url}

    def play(number: int) -> Ended:
        told = ("--scorer", "comprehend", "--language", "en", "--quota-tps", str(TPS))
        return Children(tmp_path / f"night {number}", environment).run("nightly", *nights[number], *told)

    with ThreadPoolExecutor(len(nights)) as pool:
        return list(pool.map(play, range(len(nights))))


def test_nights_of_two_drops_share_the_quota_and_keep_their_budgets(
    aws: Aws, lake: str, server: Server, tmp_path: Path
) -> None:
    days = ("2026-11-21", "2026-11-22")
    # The names differ in what redaction leaves: of texts that both nights have, one waits for what the other buys.
    names = ("mails", "chats")
    drops = [distinct_drop(tmp_path / name, DOCUMENTS, name, ds) for name, ds in zip(names, days, strict=True)]
    budget = dollars(2 * DOCUMENTS)  # of the first, for two of three texts
    quota = Quota(server, TPS)
    told = [("--drops", str(drop), "--lake", lake, "--ds", ds) for drop, ds in zip(drops, days, strict=True)]
    ended = at_once(aws, server, tmp_path, (*told[0], "--budget", str(budget)), told[1])
    share, usage = quota.share(), server.usage()

    assert [each.code for each in ended] == [0, 0], b"".join(each.said for each in ended).decode()
    assert share >= 0.97
    scored = {ds: sum(str(row["ds"]) == ds and row["status"] == "SCORED" for row in seen(lake)) for ds in days}
    assert scored == {days[0]: DOCUMENTS * 2 // 3, days[1]: DOCUMENTS}
    assert (usage["most_billed"], usage["billed"]) == (1, sum(scored.values()))


def test_what_nights_of_two_dates_have_in_common_one_of_them_buys(
    aws: Aws, lake: str, server: Server, tmp_path: Path
) -> None:
    days, count, common = ("2026-11-21", "2026-11-22"), 1200, 900
    starts = (0, count - common)
    drops = [distinct_drop(tmp_path / ds, count, "mails", ds, start) for ds, start in zip(days, starts, strict=True)]
    ended = at_once(
        aws,
        server,
        tmp_path,
        *[("--drops", str(drop), "--lake", lake, "--ds", ds) for drop, ds in zip(drops, days, strict=True)],
    )

    assert [each.code for each in ended] == [0, 0], b"".join(each.said for each in ended).decode()
    assert [row["status"] for row in seen(lake)] == ["SCORED"] * 2 * count
    usage = server.usage()
    assert (usage["most_billed"], usage["billed"]) == (1, 2 * count - common)


def test_of_two_nights_of_one_drop_one_buys_and_publishes(aws: Aws, lake: str, server: Server, tmp_path: Path) -> None:
    drops = distinct_drop(tmp_path / "drops", DOCUMENTS)
    told = ("--drops", str(drops), "--lake", lake, "--budget", str(dollars(3 * DOCUMENTS)))
    ended = at_once(aws, server, tmp_path, told, told)

    refused = [each for each in ended if each.code]
    assert [each.code for each in refused] == [Ending.TRY_AGAIN]
    assert b"right now" in refused[0].said
    usage = server.usage()
    assert (usage["most_billed"], usage["billed"], usage["units"]) == (1, DOCUMENTS, 3 * DOCUMENTS)
    runs = opened(lake)[1].ledger().runs()
    assert [run.state for run in runs] == [RunState.PUBLISHED]
    assert {row["run_id"] for row in seen(lake)} == {runs[0].run_id}
    assert len(seen(lake)) == DOCUMENTS


def test_a_night_that_was_killed_is_taken_over_once_its_lease_has_ended(
    aws: Aws, lake: str, server: Server, tmp_path: Path
) -> None:
    """The lease is the real one: the next start watches for half a minute that no heart beats, and then goes on."""
    drops = distinct_drop(tmp_path / "drops", 500)
    night = Children(tmp_path / "night", aws.environment | {"AWS_ENDPOINT_URL_COMPREHEND": server.url})
    told = ("nightly", "--drops", str(drops), "--lake", lake, "--scorer", "comprehend", "--quota-tps", str(TPS))

    night.killed(lambda: server.usage()["calls"] >= 10, *told)
    killed = time.monotonic()
    ended = night.run(*told)

    assert ended.code == 0, ended.said.decode()
    assert time.monotonic() - killed > LEASE_SECONDS / 2  # it was watched
    usage = server.usage()
    assert usage["texts_billed"] == 500
    assert usage["billed"] - 500 <= 25 * usage["peak_in_flight"]
    assert [run.state for run in opened(lake)[1].ledger().runs()] == [RunState.INTERRUPTED, RunState.PUBLISHED]
    assert {row["status"] for row in seen(lake)} == {"SCORED"}
