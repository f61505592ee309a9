"""Every row of the table: what it finds, what it leaves alone, and that the prefilter lets all of it through."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transforms.pii.detectors import DETECTORS, Detector
from transforms.pii.policy import DEFAULT_POLICY
from transforms.pii.redactor import find, prefilter

# Detector -> texts, the find between « and ».
FOUND = {
    "email": [
        "mail «joe@example.com».",
        "«joe+tag@mail.example.co.uk», please",
        "<«o'brien_99@example.org»>",
        "«jo_e@my-example.com»",
        "mailto:«joe@example.com»",
        "«josé@example.com»",
        "«a@xn--d1acufc.xn--p1ai»",
        "«jo@例え.jp»",
        "邮箱«joe@example.com»谢谢",
    ],
    "iban": [
        "to «GB82 WEST 1234 5698 7654 32» AND MORE",
        "«gb82west12345698765432»",
        "«DE89370400440532013000».",
        "«NL91-ABNA-0417-1643-00»",
        "«MT84MALT011000012345MTLCAST001S»",
    ],
    "iban_context": ["IBAN: «GB00 WEST 1234 5698 7654 32»", "my iban is «DE00370400440532013000»"],
    "card": [
        "«4111 1111 1111 1111»",
        "«4111111111111111» 12/26",
        "1234 «4111-1111-1111-1111»",
        "«3714 496353 98431»",
        "«30569309025904»",
        "«5555.5555.5555.4444»",
        "«630427373398»",
    ],
    "card_context": [
        "CC «4012-8888-9999-1111»",
        "card number is «4012 8888 9999 1111»",
        "Visa: «4111111111111112»",
        "tarjeta «1234 5678 9012 3456»",
    ],
    "ssn": ["«123-45-6789»"],
    "ssn_context": ["SSN «123456789»", "social security number: «123 45 6789»", "ssn is «123.45.6789»"],
    "ipv4": ["from «192.168.0.1».", "«1.2.3.4»:8080", "«255.255.255.255»"],
    "ipv6": [
        "«2001:db8:85a3:0:0:8a2e:370:7334»",
        "«fe80::1»: yes",
        "«dead:beef::cafe»",
        "«::1»",
        "«2001:db8::»",
        "«fe80::1%eth0»",
        "(«::ffff:0:1»)",
    ],
    "url": [
        "see «http://example.com/a?b=c#d», ok",
        "(«https://user:secret@example.com:8080/x_(y»)",
        "Visit «www.example.com». Then",
        "«HTTPS://EXAMPLE.COM»!",
        "«ftp://example.org/file.txt»;",
    ],
    "domain": [
        "at «example.com».",
        '"«shop.example.co.uk»"',
        "«example.com/path»!",
        "«my-shop.museum/visit»",
        "...«example.org»",
    ],
    "phone_international": [
        "«+44 20 7946 0958»",
        "«+49 (0)30 123456»",
        "«+1 (212) 555-0187»",
        "«+12125550187»",
        "«0044 20 7946 0958»",
        "«+1-212-555-0187 ext. 12»",
        "«+33 6 12 34 56 78», or",
    ],
    "phone_us": [
        "«212-555-0187»",
        "«(212) 555-0187»",
        "«212.555.0187»",
        "«1-800-555-0199»",
        "on «212 555 0187».",
        "_«212-555-0187»_",
        "«(212)555-0187x11144»",
    ],
    "phone_trunk": [
        "«07700 900123»", "«06 12 34 56 78»",
        "«06.12.34.56.78»", "«030/1234567»", "«(020) 7946 0958»", "«06-10446904»",
    ],
    "phone_nine": ["«633 349 565»"],
    "phone_context": [
        "call «2125550187»", "tel: «467 3395»", "Phone number is «555-0187».",
        "móvil «633349565»", "fax no. «99 668472»",
    ],
}  # fmt: skip

CLEAN = [
    "on 2026-11-22 at 10:00",
    "2026-11-22T10:00:00Z",
    "call on 22.11.2026",
    "01.02.2026 12:30 and 22/11/2026",
    "02.02.26-05.02.26",
    "12:30:45",
    "$1,234,567.89 or 1.234.567,89 or 1 234 567.89",
    "650 000 000 and 1 650 300 200",
    "order #4500123, invoice 1000004500123",
    "call me about order 4500123",
    "v10.0.1, 1.2.3.4.5, 256.1.1.1",
    "std::vector, a::b, Foo::Bar, :: and :::",
    "e.g. this, i.e. that. end.Next sentence, and/or",
    "ASP.NET, node.js, setup.py, file.txt",
    "@handle, joe@localhost, 5 @ 3.50",
    "000-12-3456, 666-12-3456, 987-65-4321, 123-00-4567, 123-45-0000",
    "4111 1111 1111 1112",
    "GB83 WEST 1234 5698 7654 32",
    "[EMAIL] [PHONE] [CREDIT_DEBIT_NUMBER] [INTERNATIONAL_BANK_ACCOUNT_NUMBER] [SSN] [IP_ADDRESS] [URL]",
    "call [PHONE] 467 3395",
]


def finds(text: str) -> list[tuple[str, str, str]]:
    (row,) = find(pa.array([text]), DEFAULT_POLICY).to_pylist()
    return [(each["detector"], each["type"], text[each["start"] : each["end"]]) for each in row]


def test_every_row_has_cases() -> None:
    assert list(FOUND) == [detector.name for detector in DETECTORS]


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
def test_no_row_matches_a_bracket(detector: Detector) -> None:
    assert not re.search(detector.pattern, "[", re.ASCII)
    assert not re.search(detector.pattern, "]", re.ASCII)


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.name)
def test_the_prefilter_lets_every_match_through(detector: Detector) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(re.compile(detector.expression, re.ASCII)))
    def holds(text: str) -> None:
        assert pc.match_substring_regex(pa.array([text]), prefilter(DEFAULT_POLICY))[0].as_py()
        assert pc.match_substring_regex(pa.array([text]), detector.trigger)[0].as_py()

    holds()
