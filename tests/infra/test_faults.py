"""The schedule of faults: what it does to which call, always the same."""

import json

import pytest

from infra.local.faults import parse_faults
from tests.infra.desk import Desk, code
from transforms.errors import UsageError

BODY = b'{"Text": "x", "LanguageCode": "en"}'


def fault(**fields: object) -> str:
    """One rule of a file."""
    written = {True: "true", False: "false"}
    return "[[fault]]\n" + "".join(
        f"{name.rstrip('_')} = {written[value] if isinstance(value, bool) else repr(value)}\n"
        for name, value in fields.items()
    )


@pytest.mark.parametrize(
    ("rule", "status", "said"),
    [
        (fault(kind="error"), 500, "InternalServerException"),
        (fault(kind="error", status=503), 503, "ServiceUnavailable"),
        (fault(kind="outage"), 503, "ServiceUnavailable"),
        (fault(kind="throttle"), 429, "429"),
        (fault(kind="reject", text="x"), 400, "InvalidRequestException"),
        (fault(kind="reject", text="x", code="TeapotException"), 400, "TeapotException"),
        (fault(kind="expire", seconds=0), 400, "ExpiredTokenException"),
    ],
)
def test_what_a_fault_says(rule: str, status: int, said: str) -> None:
    desk = Desk(faults=rule)
    reply = desk.call()

    assert (reply.status, code(reply)) == (status, said)
    counts = desk.service.usage.report()["operations"]["BatchDetectSentiment"]
    assert (counts["throttled"], counts["failed"]) == ((1, 0) if said == "429" else (0, 1))
    assert counts["units"] == 0


def test_a_share_is_drawn_by_the_call_s_number_and_the_seed() -> None:
    rule = fault(kind="error", share=0.3)
    first = Desk(faults=rule).codes(1000)

    assert first == Desk(faults=rule).codes(1000)
    assert first != Desk(faults=rule, seed=2).codes(1000)
    assert first.count("InternalServerException") == pytest.approx(300, abs=45)  # three standard deviations


def test_no_rule_moves_another_s_draws() -> None:
    alone = Desk(faults=fault(kind="throttle", share=0.0) + fault(kind="error", share=0.3)).codes(200)
    among = Desk(faults=fault(kind="throttle", share=0.5) + fault(kind="error", share=0.3)).codes(200)

    assert "429" in among
    assert all(one == other for one, other in zip(alone, among, strict=True) if other != "429")


def test_the_clock_moves_no_draws() -> None:
    rule = fault(kind="error", share=0.5, from_=1)
    early, late = Desk(faults=rule), Desk(faults=rule)
    early.codes(1), late.codes(1)
    early.at(1)
    late.codes(50)
    late.at(1)

    assert late.codes(50) == early.codes(100)[50:]


def test_two_rules_of_a_kind_draw_each_for_itself() -> None:
    desk = Desk(faults=fault(kind="error", share=0.5) + fault(kind="error", share=0.5))

    assert desk.codes(1000).count("ok") == pytest.approx(250, abs=45)


def test_share_0_and_1() -> None:
    assert set(Desk(faults=fault(kind="error", share=0)).codes(100)) == {"ok"}
    assert set(Desk(faults=fault(kind="error", share=1)).codes(100)) == {"InternalServerException"}


def test_a_window_counts_from_the_first_call() -> None:
    desk = Desk(faults=fault(kind="outage", from_=10, until=20))
    desk.at(5)
    seen = []
    for seconds in (5, 14.9, 15, 24.9, 25):
        desk.at(seconds)
        seen.append(code(desk.call()))

    assert seen == ["ok", "ok", "ServiceUnavailable", "ServiceUnavailable", "ok"]


def test_so_many_times_and_no_more() -> None:
    assert Desk(faults=fault(kind="error", calls=2)).codes(4) == ["InternalServerException"] * 2 + ["ok"] * 2


def test_one_operation() -> None:
    desk = Desk(faults=fault(kind="error", operation="DetectSentiment", calls=1))

    assert desk.codes(2) == ["ok", "ok"]
    assert desk.codes(2, operation="DetectSentiment") == ["InternalServerException", "ok"]


def test_the_first_rule_that_ends_a_call_ends_it() -> None:
    desk = Desk(faults=fault(kind="throttle", calls=1) + fault(kind="error", calls=1))

    assert desk.codes(3) == ["429", "InternalServerException", "ok"]


def test_what_the_service_does_not_see_takes_nothing_from_its_rate() -> None:
    desk = Desk(tps=1, faults=fault(kind="outage", calls=5))

    assert desk.codes(7) == ["ServiceUnavailable"] * 5 + ["ok", "ThrottlingException"]


def test_a_poisoned_document_is_refused_wherever_it_is() -> None:
    desk = Desk(faults=fault(kind="reject", text="poison"))

    assert code(desk.call("x", "a poisoned text")) == "InvalidRequestException"
    assert code(desk.call("poison", operation="DetectSentiment")) == "InvalidRequestException"
    assert code(desk.call("x", "y")) == "ok"


def test_a_key_expires_some_seconds_after_its_first_call() -> None:
    desk = Desk(faults=fault(kind="expire", seconds=2))
    seen = []
    for seconds, key in ((0, "old"), (1.9, "old"), (1.9, "new"), (2, "old"), (2, "new"), (3.9, "new"), (3.9, "old")):
        desk.at(seconds)
        seen.append(code(desk.call(key=key)))

    assert seen == ["ok", "ok", "ok", "ExpiredTokenException", "ok", "ExpiredTokenException", "ExpiredTokenException"]


def test_documents_fail_one_by_one() -> None:
    def failed(seed: int) -> list[list[int]]:
        desk = Desk(faults=fault(kind="item_error", share=0.2, code="TEXT_UNREADABLE"), seed=seed)
        bodies = [json.loads(desk.call(*map(str, range(25))).body) for _ in range(40)]
        for body in bodies:
            assert sorted(each["Index"] for each in body["ResultList"] + body["ErrorList"]) == list(range(25))
            assert {each["ErrorCode"] for each in body["ErrorList"]} <= {"TEXT_UNREADABLE"}
        errors = [[each["Index"] for each in body["ErrorList"]] for body in bodies]
        assert desk.service.usage.report()["billed"] == 1000 - sum(map(len, errors))
        return errors

    assert failed(1) == failed(1) != failed(2)
    assert sum(map(len, failed(1))) == pytest.approx(200, abs=38)


def test_so_many_documents_and_no_more() -> None:
    body = json.loads(Desk(faults=fault(kind="item_error", calls=2)).call(*"abcd").body)

    assert [each["Index"] for each in body["ErrorList"]] == [0, 1]
    assert [each["Index"] for each in body["ResultList"]] == [2, 3]


def test_delays_add_up() -> None:
    desk = Desk(
        faults=fault(kind="slow", seconds=1.5)
        + fault(kind="slow", seconds=2)
        + fault(kind="stall", seconds=10, billed=True)
        + fault(kind="stall")
    )
    strike = desk.service.receive("DetectSentiment", b"{}", "").strike

    assert (strike.wait, strike.hold) == (30, 13.5)


def test_an_answer_that_is_reset_is_billed_and_lost() -> None:
    desk = Desk(faults=fault(kind="reset", calls=1) + fault(kind="reset", billed=True))
    unseen, billed = (desk.service.receive("DetectSentiment", BODY, "") for _ in range(2))
    desk.service.answer(billed)

    assert (unseen.strike.reset, billed.strike.reset) == ("unseen", "billed")
    counts = desk.service.usage.report()["operations"]["DetectSentiment"]
    assert (counts["failed"], counts["documents"]) == (1, 1)


def test_every_mistake_is_told_at_once() -> None:
    text = (
        fault(kind="error", status=418, share=1.5)
        + fault(kind="slow")
        + fault(kind="fire")
        + fault(kind="reset", billed="yes", colour="red")
        + fault(kind="outage", from_=5, until=5)
        + fault(kind="item_error", operation="DetectSentiment")
        + fault(kind="throttle", operation="DetectSentimant", calls=0)
        + fault(kind="reject", text="", code="no code")
    )
    with pytest.raises(UsageError) as refused:
        parse_faults(text + "surprise = 1\n[other]\n", "--faults faults.toml")

    said = str(refused.value)
    assert said.startswith("--faults faults.toml: ")
    assert "\n" not in said
    for mistake in (
        "fault.0.error.status: ",
        "fault.0.error.share: ",
        "fault.1.slow.seconds: Field required",
        "fault.2: ",
        "fault.3.reset.billed: ",
        "fault.3.reset.colour: ",
        "fault.4.outage: Value error, until must be later than from",
        "fault.5.item_error: Value error, operation must be one of BatchDetectSentiment, BatchDetectDominantLanguage",
        "fault.6.throttle.calls: ",
        "fault.7.reject.text: ",
        "fault.7.reject.code: ",
        "fault.7.reject.surprise: ",
        "other: ",
    ):
        assert mistake in said


@pytest.mark.parametrize("text", ["[[fault]", "fault = 1", '[[fault]]\nkind = "slow"\nseconds = inf', "[[fault]]\n"])
def test_what_is_no_schedule(text: str) -> None:
    with pytest.raises(UsageError, match=r"^faults\.toml: "):
        parse_faults(text, "faults.toml")
