"""A policy's id changes with what changes the redacted text, and it says which detectors are listened to."""

from __future__ import annotations

import dataclasses
from typing import Any

import pyarrow as pa
import pytest
from botocore.session import get_session

from transforms.pii import policy as module
from transforms.pii import tagger
from transforms.pii.detectors import DETECTORS, Detector
from transforms.pii.policy import COMPREHEND_TYPES, DEFAULT_POLICY, TYPES, Columns, Keys, Policy, Replacement, Treatment
from transforms.pii.redactor import redact

ROW = Detector("ticket", "TICKET", "T[0-9]", 0.9)


def test_id_is_short_and_stable() -> None:
    assert Policy(DEFAULT_POLICY.version).id == DEFAULT_POLICY.id
    assert len(DEFAULT_POLICY.id) == 12


CHANGES: list[dict[str, Any]] = [
    {"version": "other"},
    {"default": Replacement.NUMBER},
    {"replacements": (("EMAIL", Replacement.KEEP),)},
    {"threshold": 0.4},
    {"thresholds": (("NAME", 0.6),)},
    {"languages": frozenset({"en"})},
    {"allow": frozenset({"x"})},
    {"allow_patterns": ("x",)},
    {"day_first": True},
    {"keep_eponyms": False},
    {"custom": (ROW,)},
    {"second_opinion": "comprehend"},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_id_changes_with_the_policy(change: dict[str, Any]) -> None:
    assert dataclasses.replace(DEFAULT_POLICY, **change).id != DEFAULT_POLICY.id


def test_id_changes_with_every_field_but_columns_and_keys() -> None:
    """They change no text that is scored: known texts stay known."""
    changed = {name for change in CHANGES for name in change}
    assert {*changed, "columns", "keys"} == {field.name for field in dataclasses.fields(Policy)}
    kept = dataclasses.replace(DEFAULT_POLICY, columns=Columns(document_id=Treatment.KEEP), keys=Keys(never=("id",)))
    assert kept.id == DEFAULT_POLICY.id


@pytest.mark.parametrize(
    "change",
    [{"pattern": "x"}, {"confidence": 0.6}, {"validator": None}, {"context": ("x",)}, {"name": "x"}, {"type": "SSN"}],
    ids=str,
)
def test_id_changes_with_a_row(change: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    before = DEFAULT_POLICY.id
    rows = [dataclasses.replace(row, **change) if row.name == "card" else row for row in DETECTORS]
    monkeypatch.setattr(module, "DETECTORS", tuple(rows))
    assert dataclasses.replace(DEFAULT_POLICY).id != before


def test_id_changes_with_the_detectors_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = DEFAULT_POLICY.id
    monkeypatch.setattr(module, "VERSION", "other")
    assert dataclasses.replace(DEFAULT_POLICY).id != before


def test_id_changes_with_the_tagger(monkeypatch: pytest.MonkeyPatch) -> None:
    before = DEFAULT_POLICY.id
    monkeypatch.setattr(tagger, "VERSION", "other")
    assert dataclasses.replace(DEFAULT_POLICY).id != before


def test_only_the_types_of_the_policy_are_taken_out() -> None:
    phones = Policy("1", default=Replacement.KEEP, replacements=(("PHONE", Replacement.TYPE),))
    redaction = redact(pa.array(["joe@example.com 212-555-0187, Mr. John Smith"]), phones)
    assert redaction.texts.array.to_pylist() == ["joe@example.com [PHONE], Mr. John Smith"]


def test_the_types_are_those_of_comprehend_and_more() -> None:
    model = get_session().get_service_model("comprehend")
    assert set(model.shape_for("PiiEntityType").enum) - {"ALL"} == COMPREHEND_TYPES
    found = {row.type for row in DETECTORS} | set(tagger.TYPES)
    assert found >= COMPREHEND_TYPES
    assert found == TYPES
