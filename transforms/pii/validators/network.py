"""Addresses on a network."""

from __future__ import annotations

import ipaddress
import re

from transforms.pii.validators import Span

_SOFTWARE = frozenset(b"ado.net asp.net java.io java.net ml.net socket.io system.io system.net vb.net".split())
_OCTET = re.compile(rb"[0-9]+")


def ipv4(text: bytes, start: int, end: int) -> Span | None:
    """Four octets of at most 255, in no longer dotted number, and not all zero, which is no machine's.

    Leading zeros are read as decimal; what stands between octets may be more than a dot.
    """
    octets = _OCTET.findall(text[start:end])
    if len(octets) != 4 or any(int(octet) > 255 for octet in octets) or not any(map(int, octets)):
        return None
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    longer = (before[-1:] == b"." and before[:1].isdigit()) or (after[:1] == b"." and after[1:].isdigit())
    return None if longer else (start, end)


def mac_bare(text: bytes, start: int, end: int) -> Span | None:
    """Twelve hex digits that are neither a number nor a word."""
    address = text[start:end]
    return None if address.isalpha() or (address.isdigit() and not address.startswith(b"00")) else (start, end)


def ipv6(text: bytes, start: int, end: int) -> Span | None:
    """What `ipaddress` reads, in no longer word, and not code: one-letter names around `::`."""
    if text[max(0, start - 1) : start].isalnum() or text[end : end + 1].isalnum():
        return None
    if text[max(0, start - 1) : start] == b":" or (
        text[end : end + 1] == b":" and (text[end + 1 : end + 2].isalnum() or text[end + 1 : end + 2] == b":")
    ):
        return None
    address = text[start:end]
    try:
        ipaddress.IPv6Address(address.decode())
    except ipaddress.AddressValueError:
        return None
    groups = [group for group in address.split(b":") if group]
    telling = any(len(group) > 1 or group.isdigit() for group in groups)
    return (start, end) if telling else None


def mac(text: bytes, start: int, end: int) -> Span | None:
    """Six octets (IEEE 802) in no longer row of them, and no number in groups: dots need a letter."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    longer = (before[-1:] in (b":", b"-", b".") and before[:1].isalnum()) or (
        after[:1] in (b":", b"-", b".") and after[1:].isalnum()
    )
    address = text[start:end]
    number = b"." in address and address.replace(b".", b"").isdigit()
    return None if longer or number else (start, end)


def domain(text: bytes, start: int, end: int) -> Span | None:
    """A host, and no name of software that is made like one."""
    return None if text[start:end].lower() in _SOFTWARE else (start, end)


def url(text: bytes, start: int, end: int) -> Span | None:
    """A host with a dot or a user in it: neither `http://localhost` nor what stands where an address was."""
    address = text[start:end]
    host = address[address.find(b"://") + 3 :] if b"://" in address[:10] else address[address.index(b".") + 1 :]
    for mark in (b"/", b"?", b"#"):
        host = host.partition(mark)[0]
    return (start, end) if b"." in host or b"@" in host else None
