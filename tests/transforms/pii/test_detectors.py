"""Every row of the table: what it finds, what it leaves alone, and that its trigger is in all it finds."""

from __future__ import annotations

import re
from importlib import import_module
from pkgutil import iter_modules

import pyarrow as pa
import pytest
import re2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.transforms.pii import cases
from transforms.pii.detectors import DETECTORS, Detector
from transforms.pii.policy import DEFAULT_POLICY
from transforms.pii.redactor import find
from transforms.pii.triggers import triggers

pytestmark = pytest.mark.usefixtures("no_tagger")

MODULES = [import_module(f"{cases.__name__}.{module.name}") for module in iter_modules(cases.__path__)]
FOUND = {name: texts for module in MODULES for name, texts in module.FOUND.items()}
NEAR_MISSES = {name: texts for module in MODULES for name, texts in module.CLEAN.items()}
CLEAN = list(dict.fromkeys(text for module in MODULES for texts in module.CLEAN.values() for text in texts))
GAPS = (" ", ": ", " is ", " (no dashes): ", "?\nCustomer: ", '":"', ">", "\n", "#", " that you asked for is ")


def finds(text: str) -> list[tuple[str, str, str]]:
    (row,) = find(pa.array([text]), DEFAULT_POLICY).to_pylist()
    return [(each["detector"], each["type"], text[each["start"] : each["end"]]) for each in row]


def test_every_row_has_cases() -> None:
    assert sorted(FOUND) == sorted(detector.name for detector in DETECTORS)


@pytest.mark.parametrize("name", [detector.name for detector in DETECTORS])
def test_every_row_has_near_misses(name: str) -> None:
    assert len(NEAR_MISSES.get(name, ())) >= 2


def test_a_secret_is_found_beside_its_key() -> None:
    """The one row whose finds and near misses always have another's find beside them."""
    key, secret = "AKIAIOSFODNN7" + "EXAMPLE", "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
    found = [("aws_access_key", "AWS_ACCESS_KEY", key)]
    assert finds(f"{key},{secret}") == [*found, ("aws_secret_key_pair", "AWS_SECRET_KEY", secret)]
    assert finds(f"{key},{secret.lower()}") == found
    assert finds(f"{key},{secret}/") == found


# All but the row that has just had its test, and one whose pattern says as much as its validator.
VALIDATED = [row for row in DETECTORS if row.validator and row.name not in ("aws_secret_key_pair", "plate_uk")]


@pytest.mark.parametrize("detector", VALIDATED, ids=lambda detector: detector.name)
def test_every_validator_refuses_a_near_miss(detector: Detector) -> None:
    """Announced where the row asks for it and of its form, so that nothing but a check digit, a range or what stands
    beside it keeps it."""
    pattern, validator = re.compile(detector.expression, re.ASCII), detector.validator
    assert validator
    assert any(
        not validator(text.encode(), *(len(text[:edge].encode()) for edge in match.span(pattern.groups)))
        for text in NEAR_MISSES[detector.name]
        for match in pattern.finditer(text)
    )


@pytest.mark.parametrize(("name", "marked"), [(name, text) for name, texts in FOUND.items() for text in texts])
def test_finds(name: str, marked: str) -> None:
    before, value, _ = re.split("[«»]", marked)
    detector = next(detector for detector in DETECTORS if detector.name == name)
    text = marked.replace("«", "").replace("»", "")
    found = finds(text)
    assert [each[1:] for each in found] == [(detector.type, value)]
    assert text.index(value) == len(before)
    # The row itself finds it, not another that happens to cover it.
    data = text.encode()
    match = re.compile(detector.expression.encode()).search(data) if text.isascii() else None
    if match and found[0][0] != name:
        span = match.span(match.re.groups)
        assert not detector.validator or detector.validator(data, *span)


@pytest.mark.parametrize("text", CLEAN)
def test_leaves_alone(text: str) -> None:
    assert finds(text) == []


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.name)
def test_no_row_matches_a_placeholder(detector: Detector) -> None:
    """Which is a NUL by then."""
    assert not re.search(detector.pattern, "\0", re.ASCII)


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.name)
def test_every_match_holds_the_triggers_and_can_be_judged(detector: Detector) -> None:
    pattern, validator = re.compile(detector.expression, re.ASCII), detector.validator
    wanted = [re2.compile(trigger) for trigger in (detector.trigger, *triggers(detector.essence)) if trigger]
    assert wanted, "without a trigger, the row is searched for in every text: give it one by hand"

    # A word that announces a value, some of what may stand between, a value: drawn from the whole it takes minutes.
    value = st.from_regex(re.compile(detector.pattern, re.ASCII), fullmatch=True)
    words = st.sampled_from(detector.context or ("",)).flatmap(
        lambda word: st.from_regex(rf"(?i:{word})", fullmatch=True)
    )
    texts = st.tuples(words, st.sampled_from(GAPS), value).map("".join) if detector.context else value

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(texts)
    def holds(text: str) -> None:
        for match in pattern.finditer(text):
            assert all(trigger.search(text) for trigger in wanted)
            start, end = (len(text[:edge].encode()) for edge in match.span(pattern.groups))
            kept = validator(text.encode(), start, end) if validator else None
            assert kept is None or 0 <= kept[0] < kept[1] <= len(text.encode())

    holds()
