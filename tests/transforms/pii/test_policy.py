"""A policy's id changes with what changes the redacted text."""

from __future__ import annotations

import dataclasses
from typing import Any

import pyarrow as pa
import pytest

from transforms.pii import policy as module
from transforms.pii.detectors import DETECTORS
from transforms.pii.policy import DEFAULT_POLICY, Policy
from transforms.pii.redactor import redact


def test_id_is_short_and_stable() -> None:
    again = Policy(DEFAULT_POLICY.version, DEFAULT_POLICY.types)
    assert again.id == DEFAULT_POLICY.id
    assert len(again.id) == 12


@pytest.mark.parametrize("change", [{"version": "other"}, {"types": frozenset({"EMAIL"})}])
def test_id_changes_with_the_policy(change: dict[str, Any]) -> None:
    assert dataclasses.replace(DEFAULT_POLICY, **change).id != DEFAULT_POLICY.id


@pytest.mark.parametrize(
    "change",
    [{"pattern": "x"}, {"confidence": 0.1}, {"validator": None}, {"context": ("x",)}, {"name": "x"}, {"type": "SSN"}],
    ids=str,
)
def test_id_changes_with_a_row(change: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [dataclasses.replace(row, **change) if row.name == "card" else row for row in DETECTORS]
    monkeypatch.setattr(module, "DETECTORS", tuple(rows))
    assert dataclasses.replace(DEFAULT_POLICY).id != DEFAULT_POLICY.id


def test_id_changes_with_the_detectors_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "VERSION", "other")
    assert dataclasses.replace(DEFAULT_POLICY).id != DEFAULT_POLICY.id


def test_only_the_types_of_the_policy_are_taken_out() -> None:
    redaction = redact(pa.array(["joe@example.com 212-555-0187"]), Policy("1", frozenset({"PHONE"})))
    assert redaction.texts.array.to_pylist() == ["joe@example.com [PHONE]"]
