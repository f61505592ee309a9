"""Calls of many items: each ends once, whatever the service does, and none is sent again that was answered."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from jobs.scorers.batches import BUDGET_SPENT
from jobs.scorers.call_policy import CallPolicy
from jobs.scorers.calls import CLAIM_PAUSE, DEADLINE_REACHED, OUTAGE_SECONDS, SERVICE_UNAVAILABLE, Calls
from jobs.scorers.outcomes import CALL_ATTEMPTS, ITEM_RETRIES, Answers, Rejected, Throttled, Unanswered
from jobs.stores.protocols import Meter
from jobs.stores.steps import FAILURES, LEASE_SECONDS, RETRY_SECONDS
from tests.jobs.scorers.meters import local_meter
from transforms.cost import ITEMS_A_CALL
from transforms.errors import ScorerError
from transforms.pii.redacted import RedactedText
from transforms.sentiment.protocols import Claimed, Deferred, Failure, Usage

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
    """A meter, and time that passes when somebody sleeps."""

    meter: Meter

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self._lock = threading.Lock()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds
        time.sleep(0)

    def __call__(self) -> float:
        return self.now

    def calls(
        self, service: Service, policy: CallPolicy | None = None, usage: Usage | None = None, quota: str = "sentiment"
    ) -> Calls[str]:
        policy = policy or CallPolicy("R1", TPS)
        return Calls(quota, service, policy, self.meter, usage or Usage(), self, self.sleep)

    def spent(self) -> int:
        return self.meter.spending.of_runs(["R1"])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World()
    with closing(local_meter(tmp_path / "meter.sqlite", world)) as world.meter:
        yield world


def texts(count: int, length: int = 10) -> list[RedactedText]:
    return [RedactedText(f"text {number}".ljust(length, ".")) for number in range(count)]


def run(
    world: World,
    service: Service,
    sent: Sequence[RedactedText],
    budget: int | None = None,
    policy: CallPolicy | None = None,
) -> tuple[Ended, Usage]:
    world.meter.spending.begin("R1", "2026-11", budget)
    usage = Usage()
    ended: Ended = {}
    for some in world.calls(service, policy, usage).run(sent, "en"):
        assert ended.keys().isdisjoint(some), "an item ended twice"
        ended |= some
    assert len(ended) == len(sent), "an item was lost"
    return ended, usage


def test_batches_are_full_and_every_item_is_sent_once(world: World) -> None:
    service = Service()
    sent = texts(1010)

    ended, usage = run(world, service, sent)

    assert ended == {place: text.upper() for place, text in enumerate(sent)}
    assert Counter(map(len, service.calls)) == {25: 40, 10: 1}
    assert set(service.answered.values()) == {1}
    assert usage == Usage(calls=41)
    assert world.spent() == 1010 * 3


def test_nothing_to_send_makes_no_call(world: World) -> None:
    service = Service()
    assert run(world, service, [])[0] == {}
    assert service.calls == []


@pytest.mark.parametrize("poison", [0, 12, 24])
def test_one_poison_text_costs_ten_calls_more_and_no_neighbour(world: World, poison: int) -> None:
    sent = texts(25)

    def refuse(_: int, batch: Sequence[str]) -> None:
        if sent[poison] in batch:
            raise Rejected("InvalidRequestException")

    service = Service(refuse)
    ended, usage = run(world, service, sent)

    assert ended.pop(poison) == Failure("INVALID_REQUEST_EXCEPTION")
    assert sorted(ended) == [place for place in range(25) if place != poison]
    assert usage.calls <= 11
    assert set(service.answered.values()) == {1}


def test_a_language_that_is_refused_is_no_texts_fault(world: World) -> None:
    def refuse(*_: object) -> None:
        raise Rejected("UNSUPPORTED_LANGUAGE", every=True)

    ended, usage = run(world, Service(refuse), texts(60))

    assert set(ended.values()) == {Failure("UNSUPPORTED_LANGUAGE")}
    assert usage.calls == 3
    assert world.spent() == 0


def test_items_without_an_answer_are_sent_again_three_times(world: World) -> None:
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
    ended, _ = run(world, service, sent)

    assert ended[1] == Failure("INTERNAL_SERVER_EXCEPTION")
    assert ended[3] == sent[3].upper()
    assert (tries[sent[1]], tries[sent[3]]) == (1 + ITEM_RETRIES, 3)
    assert max(count for text, count in tries.items() if text not in (sent[1], sent[3])) == 1
    assert world.spent() == 29 * 3


def test_an_item_the_service_forgets_counts_as_one_without_an_answer(world: World) -> None:
    ended, usage = run(world, Service(lambda *_: Answers({}, {})), texts(1))
    assert ended == {0: Failure("NO_ANSWER")}
    assert usage.calls == 1 + ITEM_RETRIES


def test_throttled_calls_are_made_again_and_cost_nothing(world: World) -> None:
    def every_other(number: int, _: Sequence[str]) -> None:
        if number % 2:
            raise Throttled

    service = Service(every_other)
    ended, usage = run(world, service, texts(100))

    assert all(isinstance(each, str) for each in ended.values())
    assert usage.throttles == usage.calls - 4
    assert world.spent() == 300
    _, before, after = (world.meter.rate_limit.turn("sentiment", 1.0).at for _ in range(3))
    assert after - before > 1.01  # seconds; the rate has fallen


@pytest.mark.parametrize("billed", [False, True])
def test_unanswered_calls_are_made_again_and_what_may_have_been_billed_stays_spent(
    world: World, *, billed: bool
) -> None:
    def twice(number: int, _: Sequence[str]) -> None:
        if number <= 2:
            raise Unanswered("ReadTimeoutError", billed=billed)

    ended, usage = run(world, Service(twice), texts(20))

    assert all(isinstance(each, str) for each in ended.values())
    assert usage.unconfirmed_units == (120 if billed else 0)
    assert world.spent() == 60 + usage.unconfirmed_units


def test_a_text_that_the_service_always_dies_of_is_found_and_no_neighbour_lost(world: World) -> None:
    sent = texts(50)

    def die(_: int, batch: Sequence[str]) -> None:
        if sent[7] in batch:
            raise Unanswered("InternalServerException", billed=False)

    ended, usage = run(world, Service(die), sent)

    assert ended.pop(7) == Failure("INTERNAL_SERVER_EXCEPTION")
    assert all(isinstance(each, str) for each in ended.values())
    assert usage.calls <= 2 + 11 * (CALL_ATTEMPTS + 1)


def test_an_outage_of_five_minutes_is_waited_out_with_a_call_each_half_minute(world: World) -> None:
    down = (world.now + 0.05, world.now + 300)
    during: list[float] = []

    def outage(*_: object) -> None:
        if down[0] <= world.now < down[1]:
            during.append(world.now)
            raise Unanswered("ServiceUnavailable", billed=False)

    ended, _ = run(world, Service(outage), texts(5000))

    assert all(isinstance(each, str) for each in ended.values())
    assert len(during) <= FAILURES + CallPolicy("R1", TPS).threads + 300 / RETRY_SECONDS
    assert world.now < down[1] + 2 * RETRY_SECONDS


def test_an_outage_without_end_leaves_the_rest_to_the_next_run(world: World) -> None:
    start = world.now

    def outage(number: int, _: Sequence[str]) -> None:
        if number > 10:
            raise Unanswered("ServiceUnavailable", billed=False)

    ended, _ = run(world, Service(outage), texts(2000))

    counts = Counter(each if isinstance(each, Deferred) else "answered" for each in ended.values())
    assert counts.keys() == {"answered", Deferred(SERVICE_UNAVAILABLE)}
    assert OUTAGE_SECONDS <= world.now - start <= OUTAGE_SECONDS + 120
    assert world.spent() == counts["answered"] * 3


def test_a_budget_is_used_up_and_not_exceeded(world: World) -> None:
    service = Service()
    ended, _ = run(world, service, texts(1000, length=450), budget=2003)

    answered = [each for each in ended.values() if isinstance(each, str)]
    assert len(answered) == 2003 // 5
    assert set(ended.values()) - set(answered) == {Deferred(BUDGET_SPENT)}
    assert world.spent() == 2000


def test_with_what_is_left_of_a_budget_shorter_texts_are_sent(world: World) -> None:
    ended, usage = run(world, Service(), [*texts(1, length=2000), *texts(3)], budget=8)

    assert [isinstance(ended[place], str) for place in range(4)] == [False, True, True, False]
    assert usage.calls == 1


def test_after_the_deadline_no_call_is_made(world: World) -> None:
    service = Service(lambda *_: world.sleep(0.01))

    ended, _ = run(world, service, texts(10_000), policy=CallPolicy("R1", TPS, world.now + 0.5))

    counts = Counter(each if isinstance(each, Deferred) else "answered" for each in ended.values())
    assert counts[Deferred(DEADLINE_REACHED)] > 1000
    assert counts["answered"] == sum(map(len, service.calls)) >= 25


def test_a_turn_that_comes_after_the_deadline_is_not_taken(world: World) -> None:
    """At a call each ten seconds, the second one would be made five after the deadline."""
    service = Service()
    ended, _ = run(world, service, texts(50), policy=CallPolicy("R1", 0.1, world.now + 5))

    assert Counter(map(type, ended.values())) == {str: 25, Deferred: 25}
    assert Deferred(DEADLINE_REACHED) in ended.values()
    assert len(service.calls) == 1
    assert world.spent() == 75


def test_a_turn_that_comes_after_the_deadline_is_not_waited_for(world: World) -> None:
    began = world.now
    ended, _ = run(world, Service(), texts(50), policy=CallPolicy("R1", 0.01, world.now + 5))

    assert Deferred(DEADLINE_REACHED) in ended.values()
    assert world.now - began < 5


def test_a_deadline_that_passes_while_others_buy_is_kept(world: World) -> None:
    sent, service = texts(10), Service()
    world.meter.spending.begin("R0", "2026-11", None)
    deque(world.calls(Service(), CallPolicy("R0", TPS)).run(sent[:3], "en"))
    ended, _ = run(world, service, sent, policy=CallPolicy("R1", TPS, world.now + CLAIM_PAUSE / 2))

    assert Counter(ended.values()) == {Claimed(): 3, Deferred(DEADLINE_REACHED): 7}
    assert service.calls == []
    assert world.spent() == 0


def test_what_makes_calls_useless_ends_the_run_and_keeps_what_was_answered(world: World) -> None:
    def denied(number: int, _: Sequence[str]) -> None:
        if number > 3:
            raise ScorerError("not allowed")

    sent = texts(5000)
    world.meter.spending.begin("R1", "2026-11", None)
    ended: Ended = {}
    with pytest.raises(ScorerError, match="not allowed"):
        deque(map(ended.update, world.calls(Service(denied)).run(sent, "en")))

    assert len(ended) == 75
    assert world.spent() == 75 * 3
    (free,) = world.calls(Service()).run([text for place, text in enumerate(sent) if place not in ended][:25], "en")
    assert Claimed() not in free.values()


def test_a_reader_that_leaves_ends_the_calls(world: World) -> None:
    service = Service(lambda *_: time.sleep(0.001))
    world.meter.spending.begin("R1", "2026-11", None)
    answers = world.calls(service).run(texts(50_000), "en")
    next(answers)
    assert isinstance(answers, Iterator)
    answers.close()  # type: ignore[attr-defined] # a generator

    made = len(service.calls)
    time.sleep(0.05)
    assert made == len(service.calls) < 1000


def test_answers_wait_for_their_reader(world: World) -> None:
    """What a crash may cost is bounded by the calls in flight, not by how slow the cache is."""
    service = Service()
    policy = CallPolicy("R1", TPS)
    read = 0
    for some in world.calls(service, policy).run(texts(10_000), "en"):
        read += len(some)
        time.sleep(0.005)
        assert sum(service.answered.values()) - read <= 3 * policy.threads * ITEMS_A_CALL


def test_a_text_that_another_worker_is_buying_is_left_to_it(world: World) -> None:
    """Until its lease has run out, and it has been looked up again in vain."""
    sent = texts(30)
    world.meter.spending.begin("R1", "2026-11", None)
    first, second = Service(), Service()
    one, two = world.calls(first), world.calls(second)
    assert [list(some.values()) for some in one.run(sent[:3], "en")] == [[text.upper() for text in sent[:3]]]

    ended: Ended = {}
    deque(map(ended.update, two.run(sent, "en")))
    assert {place for place, each in ended.items() if each == Claimed()} == {0, 1, 2}
    assert sum(second.answered.values()) == 27
    assert world.spent() == 30 * 3

    world.now += LEASE_SECONDS
    (again,) = two.run(sent[:3], "en")
    assert list(again.values()) == [text.upper() for text in sent[:3]]


def test_claims_are_by_operation_and_language_and_show_no_text(world: World, tmp_path: Path) -> None:
    policy = CallPolicy("R1", TPS, key=b"key")
    world.meter.spending.begin("R1", "2026-11", None)
    for quota in ("sentiment", "language"):
        calls = world.calls(Service(), policy, quota=quota)
        assert [list(some.values()) for some in calls.run([RedactedText("a text of mine")], "en")] == [
            ["A TEXT OF MINE"]
        ]

    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"claimed_texts" in written
    assert b"text of mine" not in written
    assert "key" not in repr(policy)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_goes_wrong_every_item_ends_once(world: World, seed: int) -> None:
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
    ended, _ = run(world, service, sent)

    failed = {sent[place] for place, each in ended.items() if not isinstance(each, str)}
    assert failed == poison
    assert set(service.answered.values()) == {1}
