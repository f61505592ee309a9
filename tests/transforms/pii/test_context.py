"""Words reach the number that they announce, over what people put between, and no other number."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from transforms.pii.context import THINGS, naming, said_to_be, table
from transforms.pii.detectors.detector import Detector
from transforms.pii.policy import Policy
from transforms.pii.redactor import find

pytestmark = pytest.mark.usefixtures("no_tagger")

_BADGE = Detector(name="badge", type="BADGE", pattern=r"\b[0-9]{4,5}\b", confidence=0.9, context=("badge",))


def badges(text: str, **changed: Any) -> list[str]:
    detector = Detector(**{**_BADGE.__dict__, **changed})
    policy = Policy(version="1", custom=(detector,))
    (row,) = find(pa.array([text]), policy).to_pylist()
    return [text[each["start"] : each["end"]] for each in row if each["type"] == "BADGE"]


@pytest.mark.parametrize(
    "text",
    [
        "badge 4471",
        "Badge: 4471",
        "my BADGE number is 4471",
        "badge (5 digits): 4471",
        "the badge i gave you was 4471",
        "badge on file:\n4471",
        '{"badge":"4471"}',
        "badge=4471&x=1",
        "badge_no: 4471",
        "badgeNumber: 4471",
        "<badge>4471</badge>",
        "<td>Badge</td><td>4471</td>",
        "- badge: '4471'",
        "Agent: and your badge?\nCustomer: 4471",
        "Agent: your badge, please.\nCustomer: sure, it's 4471",
        "Agent: your badge, please.\nPassenger: 4471",
        "Rep: badge number? Dana Lee: 4471",
        "el badge es 4471",
        "badge ist 4471",
        "badge : c'est le 4471",
    ],
)
def test_a_word_reaches_its_number(text: str) -> None:
    assert badges(text) == ["4471"]


@pytest.mark.parametrize(
    "text",
    [
        "badges 4471",
        "abadge 4471",
        "badge of honour 4471",
        "badge! 4471",
        "badge for order 4471",
        "my badge costs $4471",
        "badge\nOrder: 4471",
        "badge 12 4471",
    ],
)
def test_it_reaches_over_no_other_word(text: str) -> None:
    assert badges(text) == []


def test_from_afar_it_takes_a_colon_or_is() -> None:
    afar = "the badge that was lost by Dana is 4471"
    assert badges(afar) == []
    assert badges(afar, far=True) == ["4471"]
    assert badges("the badge fell, 4471", far=True) == []


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("firmware 1.0.11.134", True),
        ("version is 10.2.3.4", True),
        ("v 10.2.3.4", True),
        ("§ 10.2.3.4", True),
        ("order number: 10.2.3.4", True),
        ("order from 10.2.3.4", True),
        ("order of the address: 10.2.3.4", False),
        ("reorder 10.2.3.4", False),
        ("the order came, IP 10.2.3.4", False),
    ],
)
def test_things_have_numbers(text: str, refused: bool) -> None:
    assert said_to_be(THINGS, text.encode(), text.encode().index(b"1")) is refused


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("name,badge\nDana,4471\nKim,5582", ["badge: 4471", "badge: 5582"]),
        ("BADGE DOB NAME\n4471 19850403 LEE,DANA", ["BADGE: 4471", "DOB: 19850403"]),
        ("NAME BADGE\nDana Lee 4471", ["BADGE: 4471"]),
        ("| name | badge |\n|---|---|\n| Dana | 4471 |\nbye 12", ["badge: 4471"]),
        ('"name";"badge"\n"LEE; DANA";"4471"', ["badge: 4471"]),
        ("name\tbadge\nDana\t4471", ["badge: 4471"]),
    ],
)
def test_the_head_of_a_column_announces_every_row(text: str, cells: list[str]) -> None:
    found = table(text.encode(), [start for start, _ in naming(text.encode())])
    assert found
    edges = zip(found.begins, found.ends, found.origins, strict=True)
    lines = [
        (found.data[:begin].rsplit(b"\n")[-1] + found.data[begin:end], end - begin, at) for begin, end, at in edges
    ]
    assert [line.decode() for line, _, _ in lines] == cells
    assert all(line.endswith(text.encode()[at : at + length]) for line, length, at in lines)


@pytest.mark.parametrize("text", ["", "name,badge", "the badge is lost\n12 players came", "a,b\nc,d", "a,b\n1,2,3"])
def test_no_table(text: str) -> None:
    assert table(text.encode(), [start for start, _ in naming(text.encode())]) is None


def test_finds_in_a_table_stand_where_they_are_in_the_text() -> None:
    text = "Dana wrote:\nname,ssn\nZoë,212456789\nKim,212456780\nbye"
    (row,) = find(pa.array([text]), Policy(version="1")).to_pylist()
    assert [text[each["start"] : each["end"]] for each in row] == ["212456789", "212456780"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "piece", ["badge ", "badge is ", "badge: 1 ", "is the ", "a,b\n1,2\n", "x y\n1 ", "? a: ", "<a"]
)
def test_a_megabyte_of_it_ends(piece: str) -> None:
    badges(piece * (1_000_000 // len(piece)), far=True)
