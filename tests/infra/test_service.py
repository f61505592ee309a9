"""The rate, the bill and the counts, by a clock that the test turns."""

from collections.abc import Iterable
from typing import Any

import pytest

from infra.local.service import Bucket, Reply, Service
from infra.local.usage import units
from tests.infra.desk import SECOND, Desk, code


def passed(bucket: Bucket, moments: Iterable[int]) -> list[bool]:
    return [bucket.take(moment) for moment in moments]


def test_a_bucket_holds_one_second_and_fills_at_its_rate() -> None:
    bucket = Bucket(10)

    assert passed(bucket, [0] * 11) == [True] * 10 + [False]
    assert passed(bucket, [99_999_999, 100_000_000, 100_000_001]) == [False, True, False]
    assert passed(bucket, [5 * SECOND] * 11) == [True] * 10 + [False], "never more than a second's worth"


def test_a_bucket_loses_nothing_in_a_long_time() -> None:
    bucket = Bucket(10)
    passed(bucket, [0] * 10)

    assert all(bucket.take(number * SECOND // 10) for number in range(1, 100_000))


@pytest.mark.parametrize(("tps", "calls"), [(0.5, 1), (1, 1), (2.5, 2), (200, 200)])
def test_a_bucket_holds_one_call_at_least(tps: float, calls: int) -> None:
    assert passed(Bucket(tps), [0] * (calls + 1)) == [True] * calls + [False]


def test_half_a_call_a_second_is_one_every_two() -> None:
    assert passed(Bucket(0.5), [0, SECOND, 2 * SECOND - 1, 2 * SECOND]) == [True, False, False, True]


def test_each_operation_has_its_own_rate() -> None:
    desk = Desk(tps=2)

    assert desk.codes(3) == ["ok", "ok", "ThrottlingException"]
    assert desk.codes(3, operation="DetectSentiment") == ["ok", "ok", "ThrottlingException"]
    desk.at(0.5)
    assert desk.codes(2) == ["ok", "ThrottlingException"]


def test_throttling_reads_as_the_service_has_it() -> None:
    desk = Desk(tps=1)
    desk.call()

    assert desk.call() == Reply(400, b'{"__type":"ThrottlingException","Message":"Rate exceeded"}')


def test_calls_that_are_refused_take_from_the_rate_as_well() -> None:
    desk = Desk(tps=2)

    assert code(desk.call("")) == "ValidationException"
    assert desk.codes(2) == ["ok", "ThrottlingException"]


@pytest.mark.parametrize(("characters", "billed"), [(1, 3), (300, 3), (301, 4), (400, 4), (401, 5), (5_000, 50)])
def test_a_unit_is_100_characters_and_a_document_has_3(characters: int, billed: int) -> None:
    assert units("é" * characters) == billed


def test_the_bill_has_what_was_answered_and_nothing_else() -> None:
    desk = Desk(tps=3, faults='[[fault]]\nkind = "item_error"\ncalls = 1')
    desk.call("fails", "x" * 301, "y")  # 4 + 3 units, the first document fails
    desk.call("y")  # 3
    desk.call("z", "")  # refused
    desk.call("throttled")
    desk.at(1)
    desk.call("y", operation="DetectSentiment")  # 3

    usage = desk.service.usage.report()
    assert usage["operations"]["BatchDetectSentiment"] == {
        "calls": 4,
        "throttled": 1,
        "failed": 1,
        "documents": 3,
        "units": 10,
    }
    assert usage["operations"]["DetectSentiment"] == {
        "calls": 1,
        "throttled": 0,
        "failed": 0,
        "documents": 1,
        "units": 3,
    }
    assert {
        name: usage[name] for name in ("calls", "units", "texts_sent", "texts_billed", "billed", "most_billed")
    } == {
        "calls": 5,
        "units": 13,
        "texts_sent": 6,  # with the empty one
        "texts_billed": 2,
        "billed": 4,
        "most_billed": 2,
    }
    assert usage["last_call"] - usage["first_call"] == pytest.approx(1)
    assert {each["text"]: (each["sent"], each["billed"]) for each in desk.service.usage.texts()} == {
        "fails": (1, 0),
        "x" * 301: (1, 1),
        "y": (3, 3),
        "z": (1, 0),
        "": (1, 0),
        "throttled": (1, 0),
    }


def test_two_operations_that_bill_a_text_once_bill_it_once_each() -> None:
    desk = Desk()
    desk.call("y")
    desk.call("y", operation="DetectSentiment")

    assert desk.service.usage.report()["most_billed"] == 1


def test_a_text_twice_in_a_call_is_billed_twice() -> None:
    desk = Desk()
    desk.call("y", "y")

    usage = desk.service.usage.report()
    assert (usage["units"], usage["texts_billed"], usage["most_billed"]) == (6, 1, 2)


def test_nothing_called() -> None:
    usage = Desk().service.usage.report()

    assert (usage["calls"], usage["first_call"], usage["last_call"]) == (0, None, None)
    assert (usage["most_billed"], usage["peak_in_flight"]) == (0, 0)


def test_reset_forgets_counts_rates_and_faults() -> None:
    desk = Desk(tps=2, faults='[[fault]]\nkind = "error"\ncalls = 1')
    before = desk.codes(4)
    under_way = desk.service.receive("DetectSentiment", b'{"Text": "late", "LanguageCode": "en"}', "key")

    desk.service.reset()
    desk.service.answer(under_way)

    assert desk.service.usage.report()["calls"] == 0
    assert desk.service.usage.report()["units"] == 0, "a call from before the reset"
    assert desk.service.usage.texts() == []
    assert desk.codes(4) == before == ["InternalServerException", "ok", "ok", "ThrottlingException"]


def test_what_goes_wrong_inside_is_said_without_the_text() -> None:
    def broken(text: str, _: str) -> Any:
        raise ValueError(text)

    reply = Service(broken).answer(
        Service(broken).receive("DetectSentiment", b'{"Text": "kim", "LanguageCode": "en"}', "")
    )

    assert (reply.status, code(reply)) == (500, "InternalServerException")
    assert b"unexpected ValueError at test_service.py" in reply.body
    assert b"kim" not in reply.body
