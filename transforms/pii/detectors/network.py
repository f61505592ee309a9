"""Addresses on a network."""

from __future__ import annotations

from transforms.pii.context import THINGS
from transforms.pii.detectors.detector import LETTERS, OF, Detector
from transforms.pii.validators import network

_LABEL = rf"[{LETTERS}0-9](?:[{LETTERS}0-9-]*[{LETTERS}0-9])?"
_URL = rf"[{LETTERS}0-9!#$%&'()*+,./:;=?@_~-]"
_URL_END = rf"[{LETTERS}0-9#$%&+/=@_~-]"  # no closing punctuation
_TAIL = rf"(?::[0-9]+)?(?:[/?#](?:{_URL}*{_URL_END})?)?"
# Top-level domains known without a path; those that are also words (at, in, it, me, no, to, us) stay out.
_TLDS = (
    "ai|app|au|biz|br|ca|cc|ch|cloud|cn|co|com|cz|de|dev|dk|edu|es|eu|fi|fr|gov|hu|ie|info|io|jp|kr|mil|mx|net|nl|nz"
    "|online|org|pl|pt|ru|se|shop|site|store|tech|tv|uk|xyz|za"
)
_HEX = "[0-9A-Fa-f]{1,4}"
_DOTTED = r"[0-9]\.[0-9]{1,3}\.[0-9]"
_DEFANGED = r"[\[({] ?(?:\.|(?i:dot)) ?[\])}]"
_COLONS = r"::|(?:[0-9A-Fa-f]{1,4}:){7}"
_ADDRESS = r"://|[wW]{3}[0-9]{0,2}\."
_DOT = r"[^ ]\.[a-z]{2}"

ROWS = (
    Detector(
        name="ipv4",
        type="IP_ADDRESS",
        pattern=r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b",
        trigger=_DOTTED,
        confidence=0.95,
        validator=network.ipv4,
        unless=THINGS,
    ),
    Detector(
        name="ipv4_defanged",  # as reports of attacks write it, so that nobody follows it
        type="IP_ADDRESS",
        pattern=rf"\b[0-9]{{1,3}}(?:(?:{_DEFANGED}|\.)[0-9]{{1,3}}){{0,2}}{_DEFANGED}[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{0,2}}\b",
        trigger=rf"[0-9]{_DEFANGED}[0-9]",
        confidence=0.95,
        validator=network.ipv4,
    ),
    Detector(
        name="ipv6",
        type="IP_ADDRESS",
        pattern=rf"(?:{_HEX}:){{7}}{_HEX}|{_HEX}(?::{_HEX}){{0,6}}::(?:{_HEX}(?::{_HEX}){{0,6}})?(?:%[0-9A-Za-z]+)?"
        rf"|::{_HEX}(?::{_HEX}){{0,6}}",
        trigger=_COLONS,
        confidence=0.95,
        validator=network.ipv6,
    ),
    Detector(
        name="mac",
        type="MAC_ADDRESS",
        pattern=r"\b(?:[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})\b",
        trigger=r"[0-9A-Fa-f][:.-][0-9A-Fa-f]{2}[0-9A-Fa-f:.-]",
        confidence=0.95,
        validator=network.mac,
    ),
    Detector(
        name="mac_context",
        type="MAC_ADDRESS",
        pattern=r"[0-9A-Fa-f]{12}\b",
        trigger="[0-9A-Fa-f]{12}",
        confidence=0.85,
        validator=network.mac_bare,
        context=(
            rf"(?:wi-?fi{OF}|wlan{OF}|ethernet{OF}|bluetooth{OF})?mac(?:{OF}(?:addr(?:ess)?|id))?",
            rf"bssid|(?:physical|hardware|bluetooth){OF}address|adresse{OF}mac|direcci[oó]n{OF}mac|indirizzo{OF}mac",
        ),
    ),
    Detector(
        name="url",
        type="URL",
        pattern=rf"\b(?i:https?|ftps?|sftp|wss?)://{_URL}*{_URL_END}|\b(?i:www)[0-9]{{0,2}}\.{_URL}*{_URL_END}",
        trigger=_ADDRESS,
        confidence=0.99,
        validator=network.url,
    ),
    Detector(
        name="domain",
        type="URL",
        pattern=rf"(?:^|[^@{LETTERS}0-9])((?:{_LABEL}\.)*[0-9-]*[{LETTERS}](?:[{LETTERS}0-9-]*[{LETTERS}0-9])?\.(?:(?:{_TLDS})(?:\.[a-z]{{2}})?\b{_TAIL}|[a-z]{{2,}}/{_URL}*{_URL_END}))",
        trigger=_DOT,
        confidence=0.7,
        validator=network.domain,
    ),
)
