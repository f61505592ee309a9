"""Latin spellings of names."""

# ruff: noqa: RUF001 -- letters of other scripts are what this is about.

from random import Random

import pytest

from training.scripts import latin


@pytest.mark.parametrize(
    ("name", "spellings"),
    [
        ("Щербаков", {"Shcherbakov"}),
        ("Ганна", {"Ganna"}),
        ("Ζωή", {"Zoi"}),
        ("ნინო", {"Nino"}),
        ("Աննա", {"Anna"}),
        ("최", {"Choi"}),
        ("하늘", {"Haneul", "Ha-neul"}),
        ("王", {""}),
        ("Ana", {""}),
    ],
)
def test_a_name_is_spelled_in_latin_letters(name: str, spellings: set[str]) -> None:
    assert {latin(name, Random(seed)) for seed in range(20)} == spellings
