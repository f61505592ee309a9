"""The scorer against a server that behaves like Comprehend, in another process, over the real protocol."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from jobs.scorers.call_policy import CallPolicy
from jobs.scorers.comprehend import ComprehendLanguages, ComprehendScorer
from jobs.stores.protocols import Meter
from tests.infra.serving import Server, serving
from tests.jobs.scorers.meters import local_meter
from transforms.errors import ScorerError, ScorerUnavailable
from transforms.pii.redacted import RedactedText
from transforms.sentiment.protocols import Claimed, Failure, Outcome, Scores


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


POLICY = CallPolicy("R1", 500.0)


@pytest.fixture
def meter(tmp_path: Path) -> Iterator[Meter]:
    with closing(local_meter(tmp_path / "meter.sqlite")) as meter:
        meter.spending.begin(POLICY.run_id, "2026-11", None)
        yield meter


def texts(count: int) -> list[RedactedText]:
    return [RedactedText(f"It was text number {number}, and it was good.") for number in range(count)]


def scored(
    meter: Meter, sent: list[RedactedText], language: str = "en", policy: CallPolicy = POLICY
) -> tuple[dict[int, Outcome | Claimed], ComprehendScorer]:
    scorer = ComprehendScorer(policy, meter)
    ended: dict[int, Outcome | Claimed] = {}
    for some in scorer.score(sent, language):
        ended |= some
    scorer.close()
    assert len(ended) == len(sent)
    return ended, scorer


Faulty = Callable[..., AbstractContextManager[Server]]


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Faulty:
    """Starts a server with a schedule of faults and more options."""

    @contextmanager
    def start(faults: str, *options: str) -> Iterator[Server]:
        (tmp_path / "faults.toml").write_text(faults)
        with serving("--faults", str(tmp_path / "faults.toml"), "--answers", "hash", *options) as server:
            monkeypatch.setenv("AWS_ENDPOINT_URL_COMPREHEND", server.url)
            yield server

    return start


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_COMPREHEND", server.url)
        yield server


def test_scores_are_shares_and_every_text_is_billed_once(server: Server, meter: Meter) -> None:
    sent = [*texts(60), RedactedText("Terrible. It broke, and nobody cares. " * 20)]

    ended, scorer = scored(meter, sent)

    assert all(isinstance(each, Scores) and sum(each) == pytest.approx(1) for each in ended.values())
    assert isinstance(ended[60], Scores)
    assert ended[60].negative > 0.5
    usage = server.usage()
    assert (usage["calls"], usage["billed"], usage["most_billed"]) == (3, 61, 1)
    assert usage["units"] == sum(map(scorer.units, sent))
    assert (scorer.usage.calls, scorer.usage.throttles, scorer.usage.unconfirmed_units) == (3, 0, 0)


@pytest.mark.parametrize("language", sorted(ComprehendScorer.languages))
def test_each_of_its_languages_is_taken(server: Server, meter: Meter, language: str) -> None:
    ended, _ = scored(meter, texts(1), language)
    assert isinstance(ended[0], Scores)


def test_a_language_that_the_service_refuses_fails_without_more_calls(server: Server, meter: Meter) -> None:
    ended, scorer = scored(meter, texts(30), "xx")

    assert {type(each) for each in ended.values()} == {Failure}
    assert scorer.usage.calls <= 60
    assert server.usage()["units"] == 0


FAULTS = {
    "server errors": ('kind = "error"\nshare = 0.2', 0),
    "out of service": ('kind = "error"\nstatus = 503\nshare = 0.2', 0),
    "resets": ('kind = "reset"\nshare = 0.2', 0),
    "resets with the answer on its way": ('kind = "reset"\nbilled = true\nshare = 0.1', 1),
    "throttles without a body": ('kind = "throttle"\nshare = 0.2', 0),
    "slow answers": ('kind = "slow"\nseconds = 0.2\nshare = 0.3', 0),
    "documents that fail once in a while": ('kind = "item_error"\nshare = 0.1', 0),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_lose_no_text(fault: str, faulty: Faulty, meter: Meter) -> None:
    schedule, may_bill_twice = FAULTS[fault]
    with faulty(f"[[fault]]\n{schedule}\n", "--seed", "3") as server:
        ended, scorer = scored(meter, texts(500))

        usage = server.usage()
        assert [each for each in ended.values() if not isinstance(each, Scores)] == []
        assert usage["texts_billed"] == 500
        assert (usage["most_billed"] > 1) == bool(may_bill_twice)
        lost = usage["units"] - 500 * 3
        assert 0 <= lost <= scorer.usage.unconfirmed_units


def test_throttling_by_the_service_itself_is_waited_out(faulty: Faulty, meter: Meter) -> None:
    """We are told fifty times the quota that there is."""
    with faulty("", "--tps", "10") as server:
        ended, scorer = scored(meter, texts(1000))

        assert all(isinstance(each, Scores) for each in ended.values())
        assert scorer.usage.throttles > 0
        assert server.usage()["billed"] == 1000


def test_a_stall_is_given_up_and_the_call_made_again(
    faulty: Faulty, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.scorers.comprehend.READ_TIMEOUT", 0.5)
    with faulty('[[fault]]\nkind = "stall"\nseconds = 30\ncalls = 2\n') as server:
        ended, scorer = scored(meter, texts(100))

        assert all(isinstance(each, Scores) for each in ended.values())
        assert scorer.usage.unconfirmed_units == 2 * 25 * 3
        assert server.usage()["most_billed"] == 1


def test_one_poison_document_costs_ten_calls_more(faulty: Faulty, meter: Meter) -> None:
    with faulty('[[fault]]\nkind = "reject"\ntext = "number 33,"\n') as server:
        ended, scorer = scored(meter, texts(100))

        assert [place for place, each in ended.items() if isinstance(each, Failure)] == [33]
        assert ended[33] == Failure("INVALID_REQUEST_EXCEPTION")
        assert scorer.usage.calls <= 4 + 10
        assert server.usage()["most_billed"] == 1


def test_expired_credentials_are_fetched_anew(
    faulty: Faulty, meter: Meter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each time the source is asked, it gives another key; the server takes none for longer than half a second."""
    source = tmp_path / "source.py"
    source.write_text(
        "import json, time\n"
        "expires = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + 7200))\n"
        "key = {'Version': 1, 'AccessKeyId': f'AK{time.time_ns()}', 'SecretAccessKey': 's', 'SessionToken': 't'}\n"
        "print(json.dumps(key | {'Expiration': expires}))\n"
    )
    (tmp_path / "config").write_text(f"[default]\ncredential_process = {sys.executable} {source}\n")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    faults = '[[fault]]\nkind = "expire"\nseconds = 0.5\n[[fault]]\nkind = "slow"\nseconds = 0.1\n'
    with faulty(faults) as server:
        ended, _ = scored(meter, texts(1000), policy=CallPolicy("R1", 20.0))

        assert all(isinstance(each, Scores) for each in ended.values())
        usage = server.usage()
        assert (usage["billed"], usage["most_billed"]) == (1000, 1)
        assert usage["operations"]["BatchDetectSentiment"]["failed"] > 0


def test_credentials_that_stay_expired_are_for_another_time(faulty: Faulty, meter: Meter) -> None:
    with faulty('[[fault]]\nkind = "reject"\ntext = "It"\ncode = "ExpiredTokenException"\n') as server:
        with pytest.raises(ScorerUnavailable, match="expired, new ones too"):
            scored(meter, texts(1))

        assert server.usage()["calls"] == 3


def test_a_source_of_credentials_that_fails_may_not_fail_later(
    server: Server, meter: Meter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[default]\ncredential_process = false\n")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(ScorerUnavailable, match="the source of the credentials fails"):
        scored(meter, texts(1))


def test_either_name_of_the_region_is_read(server: Server, meter: Meter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    ended, _ = scored(meter, texts(1))
    assert isinstance(ended[0], Scores)


def test_without_credentials_or_region_it_says_so(
    server: Server, meter: Meter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(ScorerError, match="no region is set") as raised:
        scored(meter, texts(1))
    assert not isinstance(raised.value, ScorerUnavailable)  # it stays so until somebody sets one
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(ScorerError, match="no credentials were found"):
        scored(meter, texts(1))


def test_who_is_not_allowed_is_told_and_no_text_with_it(faulty: Faulty, meter: Meter) -> None:
    faults = '[[fault]]\nkind = "reject"\ntext = "It"\ncode = "AccessDeniedException"\n'
    with faulty(faults) as server:
        with pytest.raises(ScorerError, match=r"refuses the call \(AccessDeniedException\)") as raised:
            scored(meter, texts(1000))

        assert "number" not in str(raised.value)
        assert server.usage()["calls"] <= 3 * POLICY.threads


def test_languages_are_asked_for(server: Server, meter: Meter) -> None:
    sent = [
        RedactedText("The parcel came two days late and nobody answered the telephone."),
        RedactedText("Das Paket kam zwei Tage zu spät und niemand ging ans Telefon."),
        RedactedText("12345"),
    ]
    detector = ComprehendLanguages(POLICY, meter)
    ended: dict[int, object] = {}
    for some in detector.detect(sent):
        ended |= some
    detector.close()

    assert ended == {0: "en", 1: "de", 2: ""}
    assert server.usage()["units"] == 9
    assert detector.usage.calls == 1
