"""Who is meant by a label."""

import pytest

from transforms.roles import AGENT, CUSTOMER, role_of, whose
from transforms.schemas import Role


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("End-User", CUSTOMER),
        ("customer_1", CUSTOMER),
        ("VIP customer", CUSTOMER),
        ("Kundin", CUSTOMER),
        ("cliente", CUSTOMER),
        ("Usuário", CUSTOMER),
        ("Opératrice", AGENT),
        ("Suporte", AGENT),
        ("IVR", AGENT),
        ("Sales Rep", AGENT),
        ("Support Engineer", AGENT),
        ("SupportAgent", AGENT),
        ("Customer Service Agent", AGENT),
        ("customer success manager", AGENT),
        ("Contact center", AGENT),
        ("Conseillère", AGENT),
        ("Mitarbeiter 3", AGENT),
        ("Agent Bob", AGENT),
        ("Bob Smith (Support)", AGENT),
        ("Visitor 4711", CUSTOMER),
        ("Agent was rude", None),
        ("Agent Bob Was Very Rude", None),
        ("Kim (Berlin)", None),
        ("Kim", None),
        ("Member", None),  # of GitHub's staff, or of a club
        ("Me", None),
        ("Sales", None),
        ("Service", None),
        ("The agent", None),  # the beginning of what a customer says
        ("My support", None),
        ("Service call", None),
        (None, None),
        (5, None),
    ],
)
def test_labels(label: object, role: str | None) -> None:
    assert role_of(label) == role


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        ({CUSTOMER}, CUSTOMER),
        ({CUSTOMER, None}, CUSTOMER),  # who is not known to be an agent counts as a customer
        ({AGENT}, AGENT),
        ({AGENT, CUSTOMER}, None),
        ({AGENT, None}, None),
        ({None}, None),
        (set(), None),
    ],
)
def test_whose_words_a_conversation_is(roles: set[Role | None], role: Role | None) -> None:
    assert whose(roles) == role
