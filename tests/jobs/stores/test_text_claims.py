"""Claims on texts: of several who want to buy one, one does."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from jobs.stores.protocols import TextClaims
from jobs.stores.steps import LEASE_SECONDS
from tests.jobs.stores.processes import at_once, meet
from tests.jobs.stores.twins import Clock, Twin

A, B, C = b"a" * 32, b"b" * 32, b"c" * 32


@pytest.fixture
def claims(twin: Twin, clock: Clock) -> Iterator[TextClaims]:
    with closing(twin.text_claims(clock)) as claims:
        yield claims


def test_what_is_free_is_whose_who_asks(claims: TextClaims) -> None:
    assert claims.claim("R1", "one", [A, B, A], ()) == {A, B}
    assert claims.claim("R1", "one", [B, C], ()) == {B, C}  # its own, too
    assert claims.claim("R1", "two", [A, B, C], ()) == set()
    assert claims.claim("R2", "three", [], ()) == set()


def test_what_another_has_given_up_is_free(claims: TextClaims) -> None:
    claims.claim("R1", "one", [A, B], ())
    claims.release("two", [A])
    claims.release("one", [B, C])

    assert claims.claim("R2", "two", [A, B], ()) == {B}


def test_what_a_run_that_is_over_had_claimed_is_free(claims: TextClaims) -> None:
    claims.claim("R1", "one", [A], ())
    claims.claim("R1", "two", [B], ())
    claims.claim("R2", "three", [C], ())
    claims.forget("R1")
    claims.forget("unheard of")

    assert claims.claim("R3", "four", [A, B, C], ()) == {A, B}


def test_a_lease_runs_out_for_who_has_looked_the_text_up_in_vain(claims: TextClaims, clock: Clock) -> None:
    claims.claim("R1", "one", [A, B], ())

    clock.now += LEASE_SECONDS - 1
    assert claims.claim("R1", "two", [A, B], [A, B]) == set()
    clock.now += 1
    assert claims.claim("R1", "two", [A, B], ()) == set()
    assert claims.claim("R1", "two", [A, B], [B]) == {B}
    assert claims.claim("R1", "one", [A, B], [A, B]) == {A}  # and it is another's now


def test_a_lease_begins_anew_with_each_claim(claims: TextClaims, clock: Clock) -> None:
    claims.claim("R1", "one", [A], ())
    clock.now += LEASE_SECONDS
    claims.claim("R1", "one", [A], ())
    clock.now += LEASE_SECONDS - 1

    assert claims.claim("R2", "two", [A], [A]) == set()


def test_claims_are_kept(twin: Twin, clock: Clock) -> None:
    with closing(twin.text_claims(clock)) as claims:
        claims.claim("R1", "one", [A], ())
    with closing(twin.text_claims(clock)) as claims:
        assert claims.claim("R2", "two", [A, B], [A]) == {B}


MANY = [number.to_bytes(32, "big") for number in range(100)]


def test_of_threads_that_claim_at_once_one_has_each(claims: TextClaims) -> None:
    with ThreadPoolExecutor(4) as pool:
        own = list(pool.map(lambda holder: _claim_all(claims, str(holder)), range(4)))

    assert sorted(key for keys in own for key in keys) == MANY


def test_of_processes_that_claim_at_once_one_has_each(twin: Twin) -> None:
    with at_once(3) as pool:
        own = pool.starmap(_open_and_claim_all, [(twin, str(number)) for number in range(3)])

    assert sorted(key for keys in own for key in keys) == MANY


def _open_and_claim_all(twin: Twin, holder: str) -> list[bytes]:
    with closing(twin.text_claims()) as claims:
        meet()
        return _claim_all(claims, holder)


def _claim_all(claims: TextClaims, holder: str) -> list[bytes]:
    """What a holder has of many texts, asked for as many at a time as one call has."""
    batches = (MANY[start : start + 25] for start in range(0, len(MANY), 25))
    return [key for batch in batches for key in claims.claim("R1", holder, batch, ())]
