"""Buying from a service: each text once, every answer kept as it comes, nothing more where that fails."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest

from tests.transforms.sentiment.fakes import DictCache
from transforms.errors import CacheError
from transforms.pii.redacted import RedactedText
from transforms.sentiment.buying import Answers, Buyer
from transforms.sentiment.protocols import Cached, Claimed, Deferred, Failure

ONE, TWO, THREE = b"1", b"2", b"3"
TEXTS = {ONE: RedactedText("one"), TWO: RedactedText("two"), THREE: RedactedText("three")}


class Shop:
    """A service that bills a unit a character."""

    stopped = ""

    def units(self, text: RedactedText) -> int:
        return len(text)

    def stop(self, code: str) -> None:
        self.stopped = code


def told(*rounds: Sequence[Mapping[int, str | Failure | Deferred | Claimed]]) -> Callable[[object], Answers[str]]:
    """Answers, those of one call after another."""
    left = iter(rounds)
    return lambda _: iter(next(left))


def entry(answer: str) -> Cached:
    return Cached(None, answer, "1")


def buyer(cache: DictCache, shop: Shop, *, defer: bool = False) -> Buyer[str]:
    return Buyer(shop, cache, lambda cached: cached.language or None, defer_without_cache=defer)


def test_answers_are_billed_and_kept_and_failures_are_not() -> None:
    cache, shop = DictCache(), Shop()
    bought = buyer(cache, shop)

    bought.buy(TEXTS, told([{1: "es", 0: "en"}, {2: Failure("BROKEN")}]), entry)

    assert bought.answers == {ONE: "en", TWO: "es", THREE: Failure("BROKEN")}
    assert bought.units == {ONE: 3, TWO: 3}
    assert cache == {ONE: entry("en"), TWO: entry("es")}


def test_an_answer_is_kept_before_the_next_one_comes() -> None:
    cache = DictCache()

    def ask(_: Sequence[RedactedText]) -> Iterator[Mapping[int, str]]:
        yield {0: "en"}
        assert cache == {ONE: entry("en")}
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        buyer(cache, Shop()).buy(TEXTS, ask, entry)


def test_what_others_buy_is_looked_up_and_asked_for_again_until_it_is_there() -> None:
    cache, shop = DictCache({TWO: entry("es"), THREE: entry("")}), Shop()
    bought = buyer(cache, shop)

    # An entry that holds no answer of this kind is none.
    bought.buy(TEXTS, told([{0: "en", 1: Claimed(), 2: Claimed()}], [{0: Claimed()}], [{0: "de"}]), entry)

    assert bought.answers == {ONE: "en", TWO: "es", THREE: "de"}
    assert bought.units == {ONE: 3, THREE: 5}


def test_where_the_cache_cannot_keep_nothing_more_is_bought() -> None:
    cache, shop = DictCache(), Shop()
    cache.writes_left = 0
    bought = buyer(cache, shop, defer=True)

    bought.buy(TEXTS, told([{0: "en"}, {1: "es"}, {2: Deferred("CACHE_UNAVAILABLE")}]), entry)

    assert shop.stopped == "CACHE_UNAVAILABLE"
    assert bought.units == {ONE: 3, TWO: 3}  # was on its way
    assert cache == {}
    assert cache.writes_left == -1  # asked once, and not again
    with pytest.raises(CacheError):
        buyer(cache, shop).buy(TEXTS, told([{0: "en"}]), entry)


def test_where_the_cache_cannot_be_asked_what_others_buy_waits() -> None:
    cache, shop = DictCache(), Shop()
    cache.looks_left = 0
    claimed: list[dict[int, str | Failure | Deferred | Claimed]] = [{0: "en", 1: "es", 2: Claimed()}]
    bought = buyer(cache, shop, defer=True)

    bought.buy(TEXTS, told(claimed), entry)

    assert bought.answers[THREE] == Deferred("CACHE_UNAVAILABLE")
    with pytest.raises(CacheError):
        buyer(cache, shop).buy(TEXTS, told(claimed), entry)
