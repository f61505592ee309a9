"""User names, passwords and keys: what looks like one."""

from __future__ import annotations

import base64
import json

import pyarrow as pa
import pytest

from transforms.pii.policy import DEFAULT_POLICY
from transforms.pii.redactor import find
from transforms.pii.validators import Validator, credentials

SECRET = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"


def kept(validator: Validator, marked: str) -> str | None:
    before, value, after = marked.replace("»", "«").split("«")
    text, start = (before + value + after).encode(), len(before.encode())
    span = validator(text, start, start + len(value.encode()))
    return text[slice(*span)].decode() if span else None


@pytest.mark.parametrize(
    ("validator", "marked", "expected"),
    [
        (credentials.secret, "«hunter2».", "hunter2"),
        (credentials.secret, "«hunter2.»", "hunter2"),
        (credentials.secret, "«hunter»", None),
        (credentials.secret, '"«hunter»"', "hunter"),
        (credentials.secret, "«correctHorse»", "correctHorse"),
        (credentials.secret, "«Correct»", None),
        (credentials.secret, "«CORRECT»", None),
        (credentials.secret, "«a1!»", None),
        (credentials.secret, "«********»", None),
        (credentials.secret, "«$PASS1»", None),
        (credentials.secret, "«<secret1>»", None),
        (credentials.secret, "«os.environ(X1»", None),
        (credentials.username, "username: «joe»", "joe"),
        (credentials.username, "username: «joe»@example.com", None),
        (credentials.username, "username is «known»", None),
        (credentials.username, "username is «joe_doe.»", "joe_doe"),
        (credentials.username, "user: «unknown»", None),
        (credentials.username, "user: «joe1»", "joe1"),
        (credentials.username, "username: «jo»", None),
        (credentials.handle, "«@joe»", "@joe"),
        (credentials.handle, "«@Override»", None),
        (credentials.handle, "«@123»", None),
        (credentials.handle, "«@example».com", None),
        (credentials.key, "«a8Kd03mZq7Rt5Yw1»", "a8Kd03mZq7Rt5Yw1"),
        (credentials.key, "«a8Kd03mZq7Rt5Yw»", None),  # fifteen
        (credentials.key, "«internationalisation»", None),
        (credentials.key, "«1234567890123456»", None),
        (credentials.key, "«aaaaaaaaaaaaaaa1»", None),
        (credentials.aws_secret, f"«{SECRET}»", SECRET),
        (credentials.aws_secret, f"«{SECRET}»A", None),
        (credentials.aws_secret, f"«{SECRET.lower()}»", None),
        (credentials.aws_secret, "«" + "aB" * 20 + "»", None),
    ],
)
def test_what_is_kept(validator: Validator, marked: str, expected: str | None) -> None:
    assert kept(validator, marked) == expected


@pytest.mark.parametrize(
    ("header", "valid"),
    [({"alg": "none"}, True), ({"typ": "JWT"}, True), ({"nope": 1}, False), (["alg"], False)],
)
def test_json_web_token(header: object, valid: bool) -> None:
    encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode().replace("_", "~")
    assert (kept(credentials.json_web_token, f"«{encoded}.eyJhIjoxfQ.sig»") is not None) is valid


def test_json_web_token_of_no_base64() -> None:
    assert kept(credentials.json_web_token, "«eyJ+.eyJhIjoxfQ.sig»") is None


def test_a_secret_key_beside_its_access_key_needs_no_word() -> None:
    access = "AKIA" + "IOSFODNN7EXAMPLE"
    (finds,) = find(pa.array([f"{access}, {SECRET}"]), DEFAULT_POLICY).to_pylist()
    assert [each["type"] for each in finds] == ["AWS_ACCESS_KEY", "AWS_SECRET_KEY"]
    assert find(pa.array([SECRET]), DEFAULT_POLICY).to_pylist() == [[]]
