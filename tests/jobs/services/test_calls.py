"""Calls of many items: each ends once, whatever the service does, and none is sent again that was answered."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from jobs.services.batches import BUDGET_SPENT, ITEMS_A_CALL
from jobs.services.calls import (
    CALL_ATTEMPTS,
    DEADLINE_REACHED,
    ITEM_RETRIES,
    OUTAGE_SECONDS,
    SERVICE_UNAVAILABLE,
    Answers,
    Calls,
    Rejected,
    Terms,
    Throttled,
    Unanswered,
    reason_code,
)
from jobs.services.claims import LEASE_SECONDS
from jobs.services.pace import FAILURES, RETRY_SECONDS
from jobs.services.spending import LocalSpending
from transforms.errors import ScorerError
from transforms.sentiment.protocols import Claimed, Deferred, Failure, RedactedText, Usage

TPS = 2000.0
Ended = dict[int, str | Failure | Deferred | Claimed]


class Service:
    """Answers a text in capitals; what else it does, a test says."""

    def __init__(self, before: Callable[[int, Sequence[str]], Answers[str] | None] = lambda *_: None) -> None:
        self.before = before  # number of the call, its texts -> instead of the answer; or it raises
        self.calls: list[list[str]] = []
        self.answered: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, texts: Sequence[RedactedText], language: str) -> Answers[str]:
        assert language == "en"
        with self._lock:
            self.calls.append(list(texts))
            number = len(self.calls)
        answers = self.before(number, texts) or Answers({i: text.upper() for i, text in enumerate(texts)}, {})
        with self._lock:
            self.answered.update(texts[i] for i in answers.found)
        return answers


class World:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self._lock = threading.Lock()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds
        time.sleep(0)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def meter(tmp_path: Path) -> Path:
    return tmp_path / "meter.sqlite"


def texts(count: int, length: int = 10) -> list[RedactedText]:
    return [RedactedText(f"text {number}".ljust(length, ".")) for number in range(count)]


def run(
    meter: Path,
    service: Service,
    sent: Sequence[RedactedText],
    budget: int | None = None,
    stop_at: float | None = None,
    world: World | None = None,
) -> tuple[Ended, Usage]:
    world = world or World()
    spending = LocalSpending(meter)
    spending.begin("R1", "2026-11", budget)
    usage = Usage()
    calls = Calls("sentiment", service, Terms(meter, "R1", TPS, stop_at), usage, world, world.sleep)
    ended: Ended = {}
    for some in calls.run(sent, "en"):
        assert ended.keys().isdisjoint(some), "an item ended twice"
        ended |= some
    calls.close()
    assert len(ended) == len(sent), "an item was lost"
    spending.close()
    return ended, usage


def spent(meter: Path) -> int:
    spending = LocalSpending(meter)
    units = spending.of_runs(["R1"])
    spending.close()
    return units


def test_batches_are_full_and_every_item_is_sent_once(meter: Path) -> None:
    service = Service()
    sent = texts(1010)

    ended, usage = run(meter, service, sent)

    assert ended == {place: text.upper() for place, text in enumerate(sent)}
    assert Counter(map(len, service.calls)) == {25: 40, 10: 1}
    assert set(service.answered.values()) == {1}
    assert usage == Usage(calls=41)
    assert spent(meter) == 1010 * 3


def test_nothing_to_send_makes_no_call(meter: Path) -> None:
    service = Service()
    assert run(meter, service, [])[0] == {}
    assert service.calls == []


def test_one_poison_text_costs_ten_calls_more_and_no_neighbour(meter: Path) -> None:
    sent = texts(25)
    for poison in (0, 12, 24):

        def refuse(_: int, batch: Sequence[str], poison: str = sent[poison]) -> None:
            if poison in batch:
                raise Rejected("InvalidRequestException")

        service = Service(refuse)
        ended, usage = run(meter.with_name(f"{poison}.sqlite"), service, sent)

        assert ended.pop(poison) == Failure("INVALID_REQUEST_EXCEPTION")
        assert sorted(ended) == [place for place in range(25) if place != poison]
        assert usage.calls <= 11
        assert set(service.answered.values()) == {1}


def test_a_language_that_is_refused_is_no_texts_fault(meter: Path) -> None:
    def refuse(*_: object) -> None:
        raise Rejected("UNSUPPORTED_LANGUAGE", every=True)

    ended, usage = run(meter, Service(refuse), texts(60))

    assert set(ended.values()) == {Failure("UNSUPPORTED_LANGUAGE")}
    assert usage.calls == 3
    assert spent(meter) == 0


def test_items_without_an_answer_are_sent_again_three_times(meter: Path) -> None:
    sent = texts(30)
    tries: Counter[str] = Counter()

    def some_fail(_: int, batch: Sequence[str]) -> Answers[str]:
        tries.update(batch)
        # The second never works, the fourth at the third try.
        bad = {text for text in batch if text == sent[1] or (text == sent[3] and tries[text] < 3)}
        return Answers(
            {i: text.upper() for i, text in enumerate(batch) if text not in bad},
            {i: "InternalServerException" for i, text in enumerate(batch) if text in bad},
        )

    service = Service(some_fail)
    ended, _ = run(meter, service, sent)

    assert ended[1] == Failure("INTERNAL_SERVER_EXCEPTION")
    assert ended[3] == sent[3].upper()
    assert (tries[sent[1]], tries[sent[3]]) == (1 + ITEM_RETRIES, 3)
    assert max(count for text, count in tries.items() if text not in (sent[1], sent[3])) == 1
    assert spent(meter) == 29 * 3


def test_an_item_the_service_forgets_counts_as_one_without_an_answer(meter: Path) -> None:
    ended, usage = run(meter, Service(lambda *_: Answers({}, {})), texts(1))
    assert ended == {0: Failure("NO_ANSWER")}
    assert usage.calls == 1 + ITEM_RETRIES


def test_throttled_calls_are_made_again_and_cost_nothing(meter: Path) -> None:
    def every_other(number: int, _: Sequence[str]) -> None:
        if number % 2:
            raise Throttled

    service = Service(every_other)
    ended, usage = run(meter, service, texts(100))

    assert all(isinstance(each, str) for each in ended.values())
    assert usage.throttles == usage.calls - 4
    assert spent(meter) == 300


@pytest.mark.parametrize("billed", [False, True])
def test_unanswered_calls_are_made_again_and_what_may_have_been_billed_stays_spent(
    meter: Path, *, billed: bool
) -> None:
    def twice(number: int, _: Sequence[str]) -> None:
        if number <= 2:
            raise Unanswered("ReadTimeoutError", billed=billed)

    ended, usage = run(meter, Service(twice), texts(20))

    assert all(isinstance(each, str) for each in ended.values())
    assert usage.unconfirmed_units == (120 if billed else 0)
    assert spent(meter) == 60 + usage.unconfirmed_units


def test_a_text_that_the_service_always_dies_of_is_found_and_no_neighbour_lost(meter: Path) -> None:
    sent = texts(50)

    def die(_: int, batch: Sequence[str]) -> None:
        if sent[7] in batch:
            raise Unanswered("InternalServerException", billed=False)

    ended, usage = run(meter, Service(die), sent)

    assert ended.pop(7) == Failure("INTERNAL_SERVER_EXCEPTION")
    assert all(isinstance(each, str) for each in ended.values())
    assert usage.calls <= 2 + 11 * (CALL_ATTEMPTS + 1)


def test_an_outage_of_five_minutes_is_waited_out_with_a_call_each_half_minute(meter: Path) -> None:
    world = World()
    down = (world.now + 0.05, world.now + 300)
    during: list[float] = []

    def outage(*_: object) -> None:
        if down[0] <= world.now < down[1]:
            during.append(world.now)
            raise Unanswered("ServiceUnavailable", billed=False)

    ended, _ = run(meter, Service(outage), texts(5000), world=world)

    assert all(isinstance(each, str) for each in ended.values())
    in_flight = Terms(meter, "R1", TPS).threads
    assert len(during) <= FAILURES + in_flight + 300 / RETRY_SECONDS
    assert world.now < down[1] + 2 * RETRY_SECONDS


def test_an_outage_without_end_leaves_the_rest_to_the_next_run(meter: Path) -> None:
    world = World()
    start = world.now

    def outage(number: int, _: Sequence[str]) -> None:
        if number > 10:
            raise Unanswered("ServiceUnavailable", billed=False)

    ended, _ = run(meter, Service(outage), texts(2000), world=world)

    counts = Counter(each if isinstance(each, Deferred) else "answered" for each in ended.values())
    assert counts.keys() == {"answered", Deferred(SERVICE_UNAVAILABLE)}
    assert OUTAGE_SECONDS <= world.now - start <= OUTAGE_SECONDS + 120
    assert spent(meter) == counts["answered"] * 3


def test_a_budget_is_used_up_and_not_exceeded(meter: Path) -> None:
    service = Service()
    ended, _ = run(meter, service, texts(1000, length=450), budget=2003)

    answered = [each for each in ended.values() if isinstance(each, str)]
    assert len(answered) == 2003 // 5
    assert set(ended.values()) - set(answered) == {Deferred(BUDGET_SPENT)}
    assert spent(meter) == 2000


def test_with_what_is_left_of_a_budget_shorter_texts_are_sent(meter: Path) -> None:
    ended, usage = run(meter, Service(), [*texts(1, length=2000), *texts(3)], budget=8)

    assert [isinstance(ended[place], str) for place in range(4)] == [False, True, True, False]
    assert usage.calls == 1


def test_after_the_deadline_no_call_is_made(meter: Path) -> None:
    world = World()
    service = Service(lambda *_: world.sleep(0.01))

    ended, _ = run(meter, service, texts(10_000), stop_at=world.now + 0.5, world=world)

    counts = Counter(each if isinstance(each, Deferred) else "answered" for each in ended.values())
    assert counts[Deferred(DEADLINE_REACHED)] > 1000
    assert counts["answered"] == sum(map(len, service.calls)) >= 25


def test_what_makes_calls_useless_ends_the_run_and_keeps_what_was_answered(meter: Path) -> None:
    def denied(number: int, _: Sequence[str]) -> None:
        if number > 3:
            raise ScorerError("not allowed")

    calls = Calls("sentiment", Service(denied), Terms(meter, "R1", TPS), Usage())
    ended: Ended = {}
    answers = calls.run(texts(5000), "en")
    with pytest.raises(ScorerError, match="not allowed"):
        deque(map(ended.update, answers))
    calls.close()

    assert len(ended) == 75


def test_a_reader_that_leaves_ends_the_calls(meter: Path) -> None:
    service = Service(lambda *_: time.sleep(0.001))
    calls = Calls("sentiment", service, Terms(meter, "R1", TPS), Usage())
    answers = calls.run(texts(50_000), "en")
    next(answers)
    assert isinstance(answers, Iterator)
    answers.close()  # type: ignore[attr-defined] # a generator
    calls.close()

    made = len(service.calls)
    time.sleep(0.05)
    assert made == len(service.calls) < 1000


def test_answers_wait_for_their_reader(meter: Path) -> None:
    """What a crash may cost is bounded by the calls in flight, not by how slow the cache is."""
    service = Service()
    terms = Terms(meter, "R1", TPS)
    calls = Calls("sentiment", service, terms, Usage())
    read = 0
    for some in calls.run(texts(10_000), "en"):
        read += len(some)
        time.sleep(0.005)
        assert sum(service.answered.values()) - read <= 3 * terms.threads * ITEMS_A_CALL
    calls.close()


def test_a_text_that_another_worker_is_buying_is_left_to_it(meter: Path) -> None:
    """Until its lease has run out, and it has been looked up again in vain."""
    world, sent = World(), texts(30)
    terms = Terms(meter, "R1", TPS, key=b"key")
    first, second = Service(), Service()
    one = Calls("sentiment", first, terms, Usage(), world, world.sleep)
    two = Calls("sentiment", second, terms, Usage(), world, world.sleep)
    assert [list(some.values()) for some in one.run(sent[:3], "en")] == [[text.upper() for text in sent[:3]]]

    ended: Ended = {}
    deque(map(ended.update, two.run(sent, "en")))
    assert {place for place, each in ended.items() if each == Claimed()} == {0, 1, 2}
    assert sum(second.answered.values()) == 27
    assert spent(meter) == 0  # of a run that was not entered; nothing is reserved for long

    world.now += LEASE_SECONDS
    (again,) = two.run(sent[:3], "en")
    assert list(again.values()) == [text.upper() for text in sent[:3]]
    one.close()
    two.close()


def test_claims_are_by_operation_and_language_and_show_no_text(meter: Path) -> None:
    terms = Terms(meter, "R1", TPS, key=b"key")
    for quota in ("sentiment", "language"):
        calls = Calls(quota, Service(), terms, Usage())
        assert [list(some.values()) for some in calls.run([RedactedText("a text of mine")], "en")] == [
            ["A TEXT OF MINE"]
        ]
        calls.close()

    assert b"text of mine" not in meter.read_bytes()
    assert "key" not in repr(terms)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_goes_wrong_every_item_ends_once(meter: Path, seed: int) -> None:
    chance = random.Random(seed)
    sent = texts(3000)
    poison = set(chance.sample(sent, 3))

    def anything(_: int, batch: Sequence[str]) -> Answers[str] | None:
        if not poison.isdisjoint(batch):
            raise Rejected("InvalidRequestException")
        match chance.randrange(20):
            case 0:
                raise Throttled
            case 1:
                raise Unanswered("ConnectionClosedError", billed=True)
            case 2:
                raise Unanswered("InternalServerException", billed=False)
            case 3:
                bad = chance.randrange(len(batch))
                found = {i: text.upper() for i, text in enumerate(batch) if i != bad}
                return Answers(found, {bad: "InternalServerException"})
        return None

    service = Service(anything)
    ended, _ = run(meter, service, sent)

    failed = {sent[place] for place, each in ended.items() if not isinstance(each, str)}
    assert failed == poison
    assert set(service.answered.values()) == {1}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("InternalServerException", "INTERNAL_SERVER_EXCEPTION"),
        ("TextSizeLimitExceeded", "TEXT_SIZE_LIMIT_EXCEEDED"),
        ("INVALID_UTF8", "INVALID_UTF8"),
        ("500", "ERROR_500"),
        ("", "ERROR"),
        ("a b\n<c>", "A_B_C"),
    ],
)
def test_reason_codes(said: str, code: str) -> None:
    assert reason_code(said) == code
