"""Telephone numbers: what stands around them, and what is given out."""

from __future__ import annotations

import pytest

from transforms.pii.validators import Validator, contact


def kept(validator: Validator, marked: str) -> bool:
    before, value, after = marked.replace("»", "«").split("«")
    start = len(before.encode())
    end = start + len(value.encode())
    return validator((before + value + after).encode(), start, end) == (start, end)


@pytest.mark.parametrize(
    ("validator", "marked", "expected"),
    [
        (contact.phone, "«467 3395»", True),
        (contact.phone, "«467 339»", False),
        (contact.phone, "«22.11.2026»", False),
        (contact.phone, "«2026-11-22» 10", False),
        (contact.phone, "«02.02.26»-05", False),
        (contact.phone_international, "«+12125550187»", True),
        (contact.phone_international, "x«+12125550187»", False),
        (contact.phone_international, "2«+3 4 5 6 7 8 9»", False),
        (contact.phone_international, "+12125550187«+12125550187»", True),
        (contact.phone_us, "«212 555 0187»", True),
        (contact.phone_us, "«112 555 0187»", False),
        (contact.phone_us, "«212 155 0187»", False),
        (contact.phone_us, "order no. «212-555-0187»", False),
        (contact.phone_us, "#«212-555-0187»", False),
        (contact.phone_trunk, "«07700 900123»", True),
        (contact.phone_trunk, "«0770090012»", False),
        (contact.phone_trunk, "61 «03574895 66»", False),
        (contact.phone_trunk, "62701 «07700 900123»", True),
        (contact.phone_trunk, "«07700 900123» 45", False),
        (contact.phone_nine, "«633 349 565»", True),
        (contact.phone_nine, "«650 300 000»", False),
        (contact.phone_nine, "1 «650 300 200»", False),
        (contact.phone_nine, "«650 300 200».50", False),
        (contact.phone_national, "«630 75 89 15»", True),
        (contact.phone_national, "«55 1234 5678»", True),
        (contact.phone_national, "«12 0000 1234»", False),  # given out nowhere
        (contact.phone_national, "«2001 2345»", False),
        (contact.phone_national, "«9123 4500»", False),
        (contact.phone_national, "Elm Street «9123 4567»", False),
        (contact.phone_bare, "«2125550187»", True),
        (contact.phone_bare, "«2121550187»", False),  # no exchange begins with 1
        (contact.phone_bare, "Episodio: «2125550187»", False),
        (contact.phone_bare, "«09171234567»", True),
        (contact.phone_bare, "«2125550187».5", False),
        (contact.phone_local, "«555-0187»", True),
        (contact.phone_local, "(«555-0187»)", False),
        (contact.phone_local, "«800-1000»", False),
        (contact.phone_local, "«467 3395», Springfield", False),
        (contact.phone_area, "«(31) 345-678»", True),
        (contact.phone_area, "«(31) 345-6»", False),
        (contact.phone_area, "«31-45-67-89»-10", False),
    ],
)
def test_what_is_kept(validator: Validator, marked: str, expected: bool) -> None:
    assert kept(validator, marked) is expected
