"""What says less than a find: the year, a band, an area, a country, or nothing where that is not sure."""

from __future__ import annotations

import pytest

from transforms.pii.countries import ENGLISH, NAMES
from transforms.pii.generalise import GENERALS, area, band, country, year


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("3 February 1985", "1985"),
        ("12/31/2024 23:59", "2024"),
        ("１９８５年", "1985"),
        ("1985 to 1985", "1985"),
        ("1985-1987", None),
        ("3/4/85", None),  # of which century
        ("at 10:30", None),
        ("119850", None),
    ],
)
def test_years(value: str, said: str | None) -> None:
    assert year(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("34-year-old", "30-39"),
        ("9", "0-9"),
        ("89 años", "80-89"),
        ("90", "90+"),
        ("aged 104", "90+"),
        ("8 months old", "0-9"),
        ("34 semanas", "0-9"),
        ("31 to 33", "30-39"),
        ("29 to 31", None),
        ("thirty", None),
        ("3405", None),
    ],
)
def test_bands(value: str, said: str | None) -> None:
    assert band(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Austin, TX 78704", "787"),
        ("78704-1234", "787"),
        ("Main St\n78704, USA.", "787"),
        ("12345 Main Street", None),  # the house
        ("12345 Main Street, 78704", "787"),
        ("28013 Madrid", None),
        ("SW1A 1AA", None),
        ("apt 178704", None),
    ],
)
def test_areas(value: str, said: str | None) -> None:
    assert area(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Calle Mayor 1, 28013 Madrid, ESPAÑA", "Spain"),
        ("Spain.", "Spain"),
        ("1 Main St, U.S.A.", "United States"),
        ("Belfast, Northern Ireland", "United Kingdom"),
        ("Santa Fe, New Mexico", "United States"),
        ("Seoul, South\n Korea", "South Korea"),
        ("Spain Street 4", None),
        ("Atlanta, Georgia", None),  # a state of the United States as well
    ],
)
def test_countries(value: str, said: str | None) -> None:
    assert country(value) == said


def test_what_is_said_has_the_form_that_is_told() -> None:
    assert set(ENGLISH.values()) == NAMES
    for general in GENERALS.values():
        for value in ("3 May 1985", *map(str, range(130)), "Austin, TX 78704", *ENGLISH):
            said = general.of(value)
            assert said is None or general.form.fullmatch(said), said
