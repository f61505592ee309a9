"""Things that are called like people stay; people who are called like things do not."""

from __future__ import annotations

import pyarrow as pa
import pytest

from transforms.pii.policy import DEFAULT_POLICY, Policy
from transforms.pii.policy_file import parse_policy
from transforms.pii.redactor import redact


def redacted(text: str, policy: Policy = DEFAULT_POLICY) -> str:
    (written,) = redact(pa.array([text]), policy).texts.texts()
    assert written is not None
    return written


@pytest.mark.parametrize(
    "text",
    [
        "Edward Jones and Morgan Stanley both declined the transfer.",
        "The Ralph Lauren shirt and the Kate Spade bag faded.",
        "A Ford Fiesta hit my GMC Yukon outside Trader Joe's.",
        "The Remington shaver and the Miele vacuum are fine.",
        "We moved from Asana to Trello, then to Jira and Confluence.",
        "One Granny Smith, a Waldorf salad and an Earl Grey.",
        "Sherlock Holmes and Peter Rabbit arrived torn.",
        "Take the Jubilee line after Valentine's Day.",
        "He likes to quote Luke 6:31 and Ruth 1:16.",
        "Mark all as read. Will it work? May we cancel? Bill is overdue.",
        "Your table is at desk B12, gate 14, room 7C-201.",
    ],
)
def test_things_stay(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Edward Jonesson called about the refund.", "Jonesson"),
        ("My manager Luke Harrington is rude.", "Harrington"),
        ("Please ask Mark Okafor, not me.", "Okafor"),
        ("Will Thackeray from support hung up.", "Thackeray"),
        ("I spoke to Grace Adeyemi in room 12.", "Adeyemi"),
        ("Kind regards,\nRuth Castellano", "Castellano"),
    ],
)
def test_people_go(text: str, left: str) -> None:
    assert left not in redacted(text)


def test_a_policys_own_list_takes_things_out() -> None:
    policy = parse_policy('version = "1"\n[deny]\nFIRM = ["Edward Jones"]', "policy.toml")
    assert redacted("Edward Jones declined it.", policy) == "[FIRM] declined it."
