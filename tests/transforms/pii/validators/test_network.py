"""Addresses on a network, against the standard library."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.pii.validators import network


def span(text: str) -> tuple[bytes, int, int]:
    return text.encode(), 0, len(text)


@settings(deadline=None)
@given(st.ip_addresses(v=4).map(str).filter(lambda address: address != "0.0.0.0"))
def test_ipv4_takes_every_address(address: str) -> None:
    assert network.ipv4(*span(address)) == (0, len(address))


@settings(deadline=None)
@given(st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){3}", fullmatch=True))
def test_ipv4_is_what_the_standard_library_reads(text: str) -> None:
    stripped = ".".join(str(int(octet)) for octet in text.split("."))
    try:
        address = ipaddress.IPv4Address(stripped)
    except ipaddress.AddressValueError:
        assert network.ipv4(*span(text)) is None
    else:
        assert network.ipv4(*span(text)) == ((0, len(text)) if int(address) else None)


@settings(deadline=None)
@given(st.integers(2**112, 2**128 - 1).map(lambda number: str(ipaddress.IPv6Address(number))))
def test_ipv6_takes_every_form(address: str) -> None:
    assert network.ipv6(*span(address)) == (0, len(address))


def test_ipv6_stands_alone() -> None:
    assert network.ipv6(b"xfe80::1", 1, 8) is None
    assert network.ipv6(b"fe80::1g", 0, 7) is None
    assert network.ipv6(b":fe80::1", 1, 8) is None
    assert network.ipv6(b"2001::25de::cade", 0, 10) is None
    assert network.ipv6(b"fe80::1: yes", 0, 7) == (0, 7)


@pytest.mark.parametrize(
    ("text", "end", "kept"),
    [
        (b"00:1a:2b:3c:4d:5e", 17, True),
        (b"00:1a:2b:3c:4d:5e:6f", 17, False),
        (b"00:1a:2b:3c:4d:5e. Then", 17, True),
        (b"0012.3456.789a", 14, True),
        (b"1234.5678.9012", 14, False),
    ],
)
def test_mac(text: bytes, end: int, kept: bool) -> None:
    assert network.mac(text, 0, end) == ((0, end) if kept else None)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("http://example.com", True),
        ("https://example.com:8080/x?y#z", True),
        ("www.example.com", True),
        ("http://joe:pw@localhost/x", True),  # pragma: allowlist secret
        ("http://localhost:8080/x.html", False),
        ("http://url_removed", False),
        ("www.example", False),
    ],
)
def test_url(text: str, kept: bool) -> None:
    assert network.url(*span(text)) == ((0, len(text)) if kept else None)
