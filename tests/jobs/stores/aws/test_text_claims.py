"""What text claims have in DynamoDB beside their contract: a log that machines append to."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import ReadTimeoutError

from jobs.stores.aws.dynamodb import Item, Table
from jobs.stores.aws.text_claims import KEYS_AN_ENTRY, DynamoTextClaims
from jobs.stores.steps import CLOCKS_DIFFER, LEASE_SECONDS
from tests.jobs.stores.aws.faults import before_send, count_calls, lose_answers, refusal, the_first
from tests.jobs.stores.twins import AwsTwin, Clock, LocalTwin

KEYS = [number.to_bytes(32, "big") for number in range(KEYS_AN_ENTRY + 20)]
A, B, C = KEYS[:3]
DAY = 24 * 3600


@pytest.fixture
def claims(aws_twin: AwsTwin, clock: Clock) -> Iterator[DynamoTextClaims]:
    with closing(aws_twin.text_claims(clock)) as claims:
        yield claims


@pytest.fixture
def others(aws_twin: AwsTwin, clock: Clock) -> Iterator[DynamoTextClaims]:
    """Another machine's."""
    with closing(aws_twin.text_claims(clock)) as claims:
        yield claims


# What it takes.


def test_more_keys_than_one_entry_takes(claims: DynamoTextClaims, others: DynamoTextClaims) -> None:
    claims.claim("R1", "one", KEYS[1:], ())

    assert others.claim("R2", "two", KEYS, ()) == set(KEYS[:1])
    claims.release("one", KEYS)
    assert others.claim("R2", "two", KEYS, ()) == set(KEYS)


def test_one_call_claims_a_calls_texts(claims: DynamoTextClaims) -> None:
    calls = count_calls(claims._table.client)
    claims.claim("R1", "one", KEYS[:25], ())
    assert calls == ["Query", "PutItem"]

    calls.clear()
    claims.claim("R1", "one", KEYS[25:50], ())
    assert calls == ["PutItem"]


def test_where_others_append_what_they_say_is_read_first(claims: DynamoTextClaims, others: DynamoTextClaims) -> None:
    claims.claim("R1", "one", [A], ())
    others.claim("R1", "two", [B], ())
    calls = count_calls(claims._table.client)
    claims.claim("R1", "one", [C], ())
    assert calls == ["PutItem", "PutItem"]  # the first is refused

    others.claim("R1", "two", KEYS[3:4], ())
    calls.clear()
    claims.claim("R1", "one", KEYS[4:5], ())
    assert calls == ["Query", "PutItem"]


def test_a_run_is_forgotten_by_one_write(claims: DynamoTextClaims) -> None:
    claims.claim("R1", "one", KEYS[:100], ())
    calls = count_calls(claims._table.client)
    claims.forget("R1")

    assert calls == ["PutItem"]


# Answers that are lost, and refusals.


def test_a_claim_whose_answer_was_lost_is_the_holders(claims: DynamoTextClaims, clock: Clock) -> None:
    lose_answers(claims._table.client, "PutItem", the_first(2))
    assert claims.claim("R1", "one", KEYS[:3], ()) == set(KEYS[:3])

    clock.now += LEASE_SECONDS
    lose_answers(claims._table.client, "PutItem", the_first(1))
    assert claims.claim("R2", "two", KEYS[:3], KEYS[:2]) == set(KEYS[:2])


def test_a_claim_whose_answer_was_lost_stands_before_what_came_meanwhile(
    claims: DynamoTextClaims, others: DynamoTextClaims
) -> None:
    late: list[set[bytes]] = []

    def meanwhile() -> None:
        late.append(others.claim("R2", "two", [A, B], ()))

    lose_answers(claims._table.client, "PutItem", the_first(1), meanwhile)

    assert claims.claim("R1", "one", [A], ()) == {A}
    assert late == [{B}]


def test_a_claim_that_arrives_after_anothers_is_none(claims: DynamoTextClaims, others: DynamoTextClaims) -> None:
    held_back: list[AWSPreparedRequest] = []

    def hold_back(request: AWSPreparedRequest, **_: object) -> None:
        if not held_back:
            held_back.append(request)
            others.claim("R2", "two", [A, B], ())
            raise ReadTimeoutError(endpoint_url=request.url)

    before_send(claims._table.client, "PutItem", hold_back)

    assert claims.claim("R1", "one", [A, B, C], ()) == {C}
    assert claims._table.client.boto._endpoint.http_session.send(held_back[0]).status_code == 400
    assert others.claim("R2", "two", [A, B, C], ()) == {A, B}


def test_a_lease_begins_when_the_claim_is_written(
    claims: DynamoTextClaims, others: DynamoTextClaims, clock: Clock
) -> None:
    slow = the_first(1)

    def wait(**_: object) -> None:
        clock.now += 30 if slow() else 0

    before_send(claims._table.client, "PutItem", wait)
    claims.claim("R1", "one", [A], ())
    clock.now += LEASE_SECONDS - 1

    assert others.claim("R1", "two", [A], [A]) == set()


def test_of_machines_whose_answers_are_lost_or_refused_one_has_each(aws_twin: AwsTwin, clock: Clock) -> None:
    with ThreadPoolExecutor(4) as pool:
        own = list(pool.map(lambda seed: _claim_in_turn(aws_twin, clock, seed), range(4)))

    assert sorted(key for keys in own for key in keys) == KEYS[:60]


def _claim_in_turn(twin: AwsTwin, clock: Clock, seed: int) -> list[bytes]:
    """What a machine has of texts that all want, in an order of its own, three at a time."""
    chance = random.Random(seed)
    wanted = chance.sample(KEYS[:60], 60)
    with closing(twin.text_claims(clock)) as claims:
        lose_answers(claims._table.client, "PutItem", lambda: chance.random() < 0.2)
        before_send(
            claims._table.client,
            "*",
            lambda **_: refusal(400, "ThrottlingException") if chance.random() < 0.1 else None,
        )
        batches = [wanted[start : start + 3] for start in range(0, 60, 3)]
        return [key for batch in batches for key in claims.claim("R1", str(seed), batch, ())]


# Leases that are over.


def test_of_those_who_find_a_lease_over_at_once_one_has_it(
    aws_twin: AwsTwin, claims: DynamoTextClaims, clock: Clock
) -> None:
    claims.claim("R1", "dead", KEYS[:8], ())
    clock.now += LEASE_SECONDS
    with ThreadPoolExecutor(3) as pool:
        own = list(pool.map(lambda holder: _take_over(aws_twin, clock, str(holder)), range(3)))

    assert sorted(key for keys in own for key in keys) == KEYS[:8]


def _take_over(twin: AwsTwin, clock: Clock, holder: str) -> list[bytes]:
    with closing(twin.text_claims(clock)) as claims:
        return [key for key in KEYS[:8] for key in claims.claim("R2", holder, [key], [key])]


def test_of_those_who_find_a_run_over_at_once_one_has_its_texts(
    aws_twin: AwsTwin, claims: DynamoTextClaims, clock: Clock
) -> None:
    claims.claim("R1", "dead", KEYS[:8], ())
    claims.forget("R1")
    with ThreadPoolExecutor(3) as pool:
        own = list(pool.map(lambda holder: _take_over(aws_twin, clock, str(holder)), range(3)))

    assert sorted(key for keys in own for key in keys) == KEYS[:8]


# Whatever happens.


@pytest.mark.parametrize("seed", range(3))
def test_machines_have_what_the_local_twin_gives(aws_twin: AwsTwin, tmp_path: Path, clock: Clock, seed: int) -> None:
    chance = random.Random(seed)
    with ExitStack() as stack:
        local = stack.enter_context(closing(LocalTwin(tmp_path).text_claims(clock)))
        machines = [stack.enter_context(closing(aws_twin.text_claims(clock))) for _ in range(3)]
        for machine in machines:
            lose_answers(machine._table.client, "PutItem", lambda: chance.random() < 0.1)
        run = 0
        for _ in range(60):
            clock.now += chance.choice([0, 0, 1, LEASE_SECONDS / 2, LEASE_SECONDS])
            number = chance.randrange(3)
            keys, holder = chance.sample(KEYS[:8], 3), f"holder {number}"
            match chance.choice(["claim", "claim", "claim", "give up", "end"]):
                case "claim":
                    asked = (f"R{run}", holder, keys, chance.sample(KEYS[:8], 4))
                    assert machines[number].claim(*asked) == local.claim(*asked)
                case "give up":
                    for claims in (machines[number], local):
                        claims.release(holder, keys)
                case "end":
                    for claims in (machines[number], local):
                        claims.forget(f"R{run}")
                    run += 1


# What is read of the log.


def test_who_opens_them_later_reads_claims_whose_lease_may_not_be_over(
    aws_twin: AwsTwin, claims: DynamoTextClaims, clock: Clock
) -> None:
    old, older = B, A
    claims.claim("R1", "one", [older], ())
    claims.claim("R1", "one", [old], ())  # is read, for it tells that no more need be
    clock.now += 1
    claims.claim("R1", "one", KEYS[3:4], ())
    claims.claim("R1", "one", KEYS[4:5], ())
    clock.now += LEASE_SECONDS + CLOCKS_DIFFER
    claims.claim("R1", "one", [C], ())

    with closing(aws_twin.text_claims(clock)) as late:
        assert late.claim("R2", "two", [older, C, *KEYS[3:5]], ()) == {older}


def test_who_opens_them_when_all_are_old_goes_on_with_the_log(
    aws_twin: AwsTwin, table: Table, claims: DynamoTextClaims, clock: Clock
) -> None:
    claims.claim("R1", "one", [A], ())
    claims.claim("R1", "one", [B], ())
    clock.now += DAY

    with closing(aws_twin.text_claims(clock)) as late:
        assert late.claim("R2", "two", [A, C], ()) == {A, C}
    assert claims.claim("R1", "one", [A], ()) == set()
    assert [int(item["sk"]) for item in table.query("claims")] == [1, 2, 3]


def test_what_another_machine_gives_up_is_free(claims: DynamoTextClaims, others: DynamoTextClaims) -> None:
    claims.claim("R1", "one", [A, B], ())
    assert others.claim("R2", "two", [A, B], ()) == set()
    claims.release("one", [A])
    claims.release("two", [B])  # which is not its own

    assert others.claim("R2", "two", [A, B], ()) == {A}


def test_an_entry_that_came_while_the_log_was_read_is_not_passed_over(
    claims: DynamoTextClaims, others: DynamoTextClaims, monkeypatch: pytest.MonkeyPatch
) -> None:
    others.claim("R2", "two", [C], ())
    claims.claim("R1", "one", [C], ())
    claims._shared = True
    others.claim("R2", "two", [A], ())
    others.claim("R2", "two", [B], ())
    read, missed = claims._table.query, the_first(1)

    def query(pk: str, *, after: str) -> Iterator[Item]:
        found = read(pk, after=after)
        if missed():
            next(found)
        yield from found

    monkeypatch.setattr(claims._table, "query", query)

    assert claims.claim("R1", "one", [A, B], ()) == set()


# What stays.


def test_items_go_when_they_are_of_no_use(table: Table, claims: DynamoTextClaims, clock: Clock) -> None:
    claims.claim("R1", "one", [A], ())
    claims.forget("R1")

    ends = [next(table.query(pk))["expires_at"] for pk in ("claims", "claims-over#R1")]
    assert ends == [clock.now + 10 * DAY, clock.now + 30 * DAY]


def test_no_item_holds_a_fingerprint(table: Table, claims: DynamoTextClaims) -> None:
    key = bytes(range(32))
    claims.claim("R1", "one", [key], ())

    assert [item["keys"] for item in table.query("claims")] == [key[-8:]]
