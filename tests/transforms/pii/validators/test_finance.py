"""Check sums of cards, accounts and wallets, against published examples."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.pii.validators import Span, Validator, finance, luhn


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


@pytest.mark.parametrize(
    ("validator", "good", "bad"),
    [
        (finance.routing, "121000358", "121000359"),
        (finance.routing, "3222-7162-7", "4222-7162-7"),
        (finance.ccc, "2100 0418 45 0200051332", "2100 0418 54 0200051332"),
        (finance.swift, "DEUTDEFF", "DEUTXXFF"),
        (finance.base58check, "16Yeky6GMjeNkAiNcBY7ZhrLoMSgg1BoyZ", "16Yeky6GMjeNkAiNcBY7ZhrLoMSgg1Boyz"),
        (finance.base58check, "TJCnKsPa7y5okkXvQAidZBzqx3QyQ6sxMW", "TJCnKsPa7y5okkXvQAidZBzqx3QyQ6sxWM"),
        (finance.base58check, "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyhT"),
        # BIP 173, BIP 350
        (
            finance.bech32,
            "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
            "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T5",
        ),
        (
            finance.bech32,
            "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
            "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj1",
        ),
        (finance.bech32, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bc1Qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    ],
)
def test_check_sums(validator: Validator, good: str, bad: str) -> None:
    assert validator(*span(good)) == (0, len(good))
    assert validator(*span(bad)) is None


def test_a_bank_stands_near_a_bare_swift_code() -> None:
    text = b"at the bank ABNANL2A"
    assert finance.swift_near(text, 12, 20) == (12, 20)
    assert finance.swift_near(b"at the bonk ABNANL2A", 12, 20) is None
    assert finance.swift_near(b"at the bank " + b"." * 60 + b" ABNANL2A", 73, 81) is None


def test_an_expiry_stands_after_a_card_alone() -> None:
    assert finance.after_card(b"4111 1111 1111 1111 12/26", 20, 25) == (20, 25)
    assert finance.after_card(b"1111 12/26", 5, 10) is None
    assert finance.after_card(b"4111 1111 1111 1111 12/26/2026", 20, 25) is None
