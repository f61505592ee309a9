"""Check sums and ranges, against the published examples."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.pii.validators import Span, finance, luhn, network


def span(text: str) -> tuple[bytes, int, int]:
    return text.encode(), 0, len(text)


@settings(deadline=None)
@given(st.text("0123456789", min_size=1, max_size=18))
def test_luhn_has_one_check_digit_for_every_number(number: str) -> None:
    assert sum(luhn(f"{number}{digit}".encode()) for digit in range(10)) == 1


def test_luhn_published_example() -> None:
    assert luhn(b"79927398713")
    assert not luhn(b"79927398710")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("4111111111111111", (0, 16)),
        ("4111 1111 1111 1111 12", (0, 19)),  # the expiry that follows stays out
        ("411111111111116", None),  # a Visa number has no 15 digits
        ("9111111111111111", None),  # nobody issues 9
        ("378282246310005", (0, 15)),
    ],
)
def test_card(text: str, kept: Span | None) -> None:
    assert finance.card(*span(text)) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("GB82WEST12345698765432", (0, 22)),
        ("GB82WEST12345698765432 AND", (0, 22)),
        ("GB82 WEST 1234 5698 7654 32 AND\n-MORE", (0, 27)),
        ("GB82-WEST-1234-5698-7654-32A", None),
        ("GB82WEST1234569876543", None),  # one too few
        ("GB82WEST123456987654321", None),  # one too many
        ("XX82WEST12345698765432", None),
        ("GB28WEST12345698765432", None),  # transposed
    ],
)
def test_iban(text: str, kept: Span | None) -> None:
    assert finance.iban(*span(text)) == kept


@settings(deadline=None)
@given(st.ip_addresses(v=4).map(str))
def test_ipv4_takes_every_address(address: str) -> None:
    assert network.ipv4(*span(address)) == (0, len(address))


@settings(deadline=None)
@given(st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){3}", fullmatch=True))
def test_ipv4_is_what_the_standard_library_reads(text: str) -> None:
    stripped = ".".join(str(int(octet)) for octet in text.split("."))
    try:
        ipaddress.IPv4Address(stripped)
    except ipaddress.AddressValueError:
        assert network.ipv4(*span(text)) is None
    else:
        assert network.ipv4(*span(text)) == (0, len(text))


@settings(deadline=None)
@given(st.integers(2**112, 2**128 - 1).map(lambda number: str(ipaddress.IPv6Address(number))))
def test_ipv6_takes_every_form(address: str) -> None:
    assert network.ipv6(*span(address)) == (0, len(address))


def test_ipv6_stands_alone() -> None:
    assert network.ipv6(b"xfe80::1", 1, 8) is None
    assert network.ipv6(b"fe80::1g", 0, 7) is None
    assert network.ipv6(b":fe80::1", 1, 8) is None
