"""What each reply means for the items of its batch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.scorers.batches import Batch
from jobs.scorers.outcomes import (
    CALL_ATTEMPTS,
    FIRST_PAUSE,
    ITEM_RETRIES,
    LONGEST_PAUSE,
    Answers,
    Call,
    CallOutcome,
    Rejected,
    Reply,
    Signal,
    Throttled,
    Unanswered,
    longest_pause,
    outcome_of,
    reason_code,
)
from transforms.sentiment.protocols import Failure

NOW = 1_000_000.0
BEFORE, AFTER = NOW - 60, NOW + 60
CALL = Call(Batch([7, 8, 9]), resent=[0, 0, 0], probe=False, ended=NOW, last_answer=BEFORE)


def unanswered(call: Call, *, billed: bool = False) -> CallOutcome[str]:
    return outcome_of(Unanswered("InternalServerException", billed=billed), call)


def test_what_was_answered_has_ended_and_is_paid() -> None:
    assert outcome_of(Answers({0: "a", 1: "b", 2: "c"}, {}), CALL) == CallOutcome(
        Signal.ANSWERED, ended={7: "a", 8: "b", 9: "c"}, again=[], unbilled=[]
    )


def test_what_was_not_is_sent_again_with_others_at_once_and_was_not_billed() -> None:
    assert outcome_of(Answers({0: "a"}, {2: "InternalServerException"}), CALL) == CallOutcome(
        Signal.ANSWERED, ended={7: "a"}, again=[8, 9], unbilled=[8, 9]
    )


def test_an_item_fails_with_the_last_code_once_it_was_sent_again_often_enough() -> None:
    call = CALL._replace(resent=[ITEM_RETRIES - 1, ITEM_RETRIES, ITEM_RETRIES])
    assert outcome_of(Answers({}, {1: "InternalServerException"}), call) == CallOutcome(
        Signal.ANSWERED,
        ended={8: Failure("INTERNAL_SERVER_EXCEPTION"), 9: Failure("NO_ANSWER")},
        again=[7],
        unbilled=[7, 8, 9],
    )


def test_a_call_that_answered_nothing_is_followed_by_a_pause() -> None:
    outcome = outcome_of(Answers[str]({}, {}), CALL._replace(resent=[0, 2, 1]))
    assert (outcome.again, outcome.longest_pause) == ([7, 8, 9], longest_pause(3))


def test_a_throttled_call_is_made_again_and_is_no_attempt() -> None:
    batch = Batch([7, 8], unanswered=2, since=BEFORE)
    assert outcome_of(Throttled(), CALL._replace(batch=batch)) == CallOutcome(
        Signal.THROTTLED, retry=batch, longest_pause=longest_pause(2), unbilled=[7, 8]
    )


@pytest.mark.parametrize("billed", [False, True])
def test_a_call_without_an_answer_is_made_again(*, billed: bool) -> None:
    assert unanswered(CALL, billed=billed) == CallOutcome(
        Signal.OUT_OF_ORDER,
        retry=Batch([7, 8, 9], unanswered=1, since=NOW),
        longest_pause=longest_pause(1),
        unbilled=() if billed else [7, 8, 9],
        unconfirmed=[7, 8, 9] if billed else (),
    )


@pytest.mark.parametrize("billed", [False, True])
def test_after_its_attempts_a_batch_is_halved(*, billed: bool) -> None:
    call = CALL._replace(batch=Batch([7, 8, 9], CALL_ATTEMPTS - 1, BEFORE))
    assert unanswered(call, billed=billed) == CallOutcome(
        Signal.OUT_OF_ORDER,
        apart=[Batch([7, 8], 0, BEFORE), Batch([9], 0, BEFORE)],  # since when is remembered
        unbilled=() if billed else [7, 8, 9],
        unconfirmed=[7, 8, 9] if billed else (),
    )


def test_probes_of_an_outage_are_no_attempts() -> None:
    call = CALL._replace(batch=Batch([7, 8, 9], CALL_ATTEMPTS - 1, BEFORE), probe=True)
    assert unanswered(call).retry == call.batch


def test_a_text_alone_is_to_blame_only_if_others_were_answered_meanwhile() -> None:
    alone = CALL._replace(batch=Batch([7], CALL_ATTEMPTS - 1, NOW), ended=AFTER + 1)

    none_since = unanswered(alone._replace(last_answer=BEFORE))
    assert (none_since.retry, none_since.ended) == (Batch([7], CALL_ATTEMPTS, NOW), {})

    others_since = unanswered(alone._replace(last_answer=AFTER))
    assert (others_since.retry, others_since.ended) == (None, {7: Failure("INTERNAL_SERVER_EXCEPTION")})


def test_a_rejected_batch_is_halved_at_once_until_an_item_is_alone() -> None:
    rejected = Rejected("InvalidRequestException")
    assert outcome_of(rejected, CALL._replace(batch=Batch([7, 8, 9], 2, BEFORE))) == CallOutcome(
        Signal.ANSWERED, apart=[Batch([7, 8], 0, BEFORE), Batch([9], 0, BEFORE)], unbilled=[7, 8, 9]
    )
    assert outcome_of(rejected, CALL._replace(batch=Batch([9]))) == CallOutcome(
        Signal.ANSWERED, ended={9: Failure("INVALID_REQUEST_EXCEPTION")}, unbilled=[9]
    )


def test_what_is_rejected_whatever_the_texts_say_is_not_halved() -> None:
    failure = Failure("UNSUPPORTED_LANGUAGE")
    assert outcome_of(Rejected("UNSUPPORTED_LANGUAGE", every=True), CALL) == CallOutcome(
        Signal.ANSWERED, ended={7: failure, 8: failure, 9: failure}, unbilled=[7, 8, 9]
    )


@st.composite
def calls_and_replies(draw: st.DrawFn) -> tuple[Call, Reply[str]]:
    places = draw(st.lists(st.integers(0, 99), min_size=1, max_size=25, unique=True))
    times = st.sampled_from([BEFORE, NOW, AFTER])
    call = Call(
        Batch(places, draw(st.integers(0, CALL_ATTEMPTS)), draw(st.none() | times)),
        draw(st.lists(st.integers(0, ITEM_RETRIES), min_size=len(places), max_size=len(places))),
        draw(st.booleans()),
        NOW,
        draw(times),
    )
    found = st.sets(st.integers(0, len(places) - 1)).map(lambda some: Answers(dict.fromkeys(some, "a"), {}))
    flag = draw(st.booleans())
    others: list[Reply[str]] = [Throttled(), Unanswered("X", billed=flag), Rejected("X", every=flag)]
    return call, draw(found | st.sampled_from(others))


@given(calls_and_replies())
def test_every_item_goes_one_way_and_its_units_too(made: tuple[Call, Reply[str]]) -> None:
    call, reply = made
    outcome = outcome_of(reply, call)

    halves = [place for batch in outcome.apart for place in batch.places]
    retried = outcome.retry.places if outcome.retry else ()
    assert sorted([*outcome.ended, *outcome.again, *halves, *retried]) == sorted(call.batch.places)

    answered = [place for place, each in outcome.ended.items() if not isinstance(each, Failure)]
    assert sorted([*answered, *outcome.unbilled, *outcome.unconfirmed]) == sorted(call.batch.places)


def test_pauses_double_up_to_the_longest() -> None:
    assert [longest_pause(attempt) for attempt in (0, 1, 2)] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert longest_pause(10) == LONGEST_PAUSE


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
