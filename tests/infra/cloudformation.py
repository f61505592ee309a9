"""The templates as cfn-lint reads them: their own functions as `Ref` and `Fn::…`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from cfnlint.decode import cfn_yaml

from infra.policies import TEMPLATE

DATA = TEMPLATE.with_name("data.yaml")


@cache
def template() -> dict[str, Any]:
    """What works on data."""
    loaded: dict[str, Any] = cfn_yaml.load(str(TEMPLATE))
    return loaded


@cache
def data() -> dict[str, Any]:
    """What is kept."""
    loaded: dict[str, Any] = cfn_yaml.load(str(DATA))
    return loaded


def _both() -> dict[str, dict[str, Any]]:
    return {**data()["Resources"], **template()["Resources"]}


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """The resources of a type, by name."""
    return {name: each for name, each in _both().items() if each["Type"] == kind}


def properties(name: str) -> dict[str, Any]:
    """A resource's properties."""
    found: dict[str, Any] = _both()[name]["Properties"]
    return found


def said(value: Any) -> Any:
    """A value with `!Ref x`, `!Sub` and `!GetAtt` as the text that `!Sub` would have: ${x}."""
    if isinstance(value, dict):
        if set(value) == {"Ref"}:
            return f"${{{value['Ref']}}}"
        if set(value) == {"Fn::Sub"}:
            return said(value["Fn::Sub"])
        if set(value) == {"Fn::GetAtt"}:
            return f"${{{'.'.join(value['Fn::GetAtt'])}}}"
        return {name: said(each) for name, each in value.items()}
    if isinstance(value, list):
        return [said(each) for each in value]
    return value


def statements(document: Any) -> Iterator[dict[str, Any]]:
    """Every statement of a policy, wherever it stands, with actions and resources as lists."""
    document = said(document)
    if isinstance(document, dict):
        if "Effect" in document:
            yield document | {
                key: document[key] if isinstance(document[key], list) else [document[key]]
                for key in ("Action", "Resource")
                if key in document
            }
            return
        document = list(document.values())
    if isinstance(document, list):
        for each in document:
            yield from statements(each)


def named(text: str) -> set[str]:
    """What a text of `!Sub` names."""
    return set(re.findall(r"\$\{([^}!]+)\}", text))
