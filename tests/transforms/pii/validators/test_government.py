"""Check digits and ranges of numbers that a state gives, against published examples."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.pii.validators import Validator, government, government_abroad


def span(text: str) -> tuple[bytes, int, int]:
    return text.encode(), 0, len(text)


@settings(deadline=None)
@given(st.text("0123456789", min_size=1, max_size=18))
def test_verhoeff_has_one_check_digit_for_every_number(number: str) -> None:
    assert sum(government.verhoeff(f"{number}{digit}".encode()) for digit in range(10)) == 1


def test_verhoeff_published_example() -> None:
    assert government.verhoeff(b"2363")
    assert not government.verhoeff(b"2633")


@pytest.mark.parametrize(
    ("validator", "good", "bad"),
    [
        (government.ssn, "123-45-6789", "666-45-6789"),
        (government.itin, "911-70-1234", "911-69-1234"),
        (government.sin, "130 692 544", "130 692 545"),
        (government.aadhaar, "3123 4567 8909", "3123 4567 8908"),
        (government.nino, "AB123456C", "GB123456C"),
        (government.utr, "1955839661", "2955839661"),
        (government.nhs, "401-023-2137", "401-023-2138"),
        (government.npi, "1234567893", "1234567890"),
        (government.dea, "BB1388568", "BB1388569"),
        (government.medicare_au, "2123 45670 1", "2123 45671 1"),
        (government.driver_id_uk, "MORGA607054SM9IJ", "MORGA687054SM9IJ"),
        (government_abroad.dni, "12345678Z", "12345678A"),
        (government_abroad.dni, "X9613851N", "Y9613851N"),
        (government_abroad.nir, "255081416802538", "255081416802539"),
        (government_abroad.nir, "185052A00608435", "185052B00608435"),
        (government_abroad.tax_id_de, "86095742719", "86095742718"),
        (government_abroad.tax_id_de, "12345678903", "11112345678"),
        (government_abroad.fiscal_code, "RSSMRA85T10A56NH", "RSSMRA85T10A56NA"),
        (government_abroad.fiscal_code, "RSSMRA85T50A562S", "RSSMRA85T40A562S"),
        (government_abroad.cpf, "111.444.777-35", "111.444.777-53"),
        (government_abroad.cpf, "11144477735", "11111111111"),
        (government_abroad.cnpj, "11.222.333/0001-81", "11.222.333/0001-18"),
        (government_abroad.cnpj, "12.ABC.345/01DE-35", "12.ABC.345/01DF-35"),
        (government_abroad.pesel, "44051401458", "44051401459"),
        (government_abroad.nip, "123-456-32-18", "123-456-32-19"),
        (government_abroad.hetu, "131052-308T", "131052-308U"),
        (government_abroad.personnummer, "198712202384", "198712202385"),
        (government_abroad.fodselsnummer, "01010750160", "01010750161"),
        (government_abroad.rijksregister, "85.07.30-033.28", "85.07.30-033.29"),
        (government_abroad.kimlik, "10000000146", "10000000148"),
        (government_abroad.south_african, "8001015009087", "8001015009086"),
        (government_abroad.thai, "1-2345-67890-12-1", "1-2345-67890-12-2"),
        (government_abroad.nric, "S2740116C", "S2740116D"),
        (government_abroad.nric, "F2346401L", "F2346401K"),
        (government_abroad.nric, "M4332674T", "M4332674U"),
        (government_abroad.resident_kr, "9601211021413", "9601211021414"),
        (government_abroad.resident_kr, "9111245678906", "9111245678907"),
        (government_abroad.resident_cn, "11010519491231002X", "110105194912310021"),
        (government_abroad.rut, "12.345.678-5", "12.345.678-6"),
        (government_abroad.kvnr, "A000500015", "A000500016"),
        (government_abroad.rvnr, "15070649C103", "15070649C104"),
    ],
)
def test_check_digits(validator: Validator, good: str, bad: str) -> None:
    assert validator(*span(good)) == (0, len(good))
    assert validator(*span(bad)) is None


def test_a_professions_licence_is_no_drivers() -> None:
    text = b"medical license no. ME12345"
    assert government.driver_id(text, 20, 27) is None
    assert government.driver_id(b"drivers license no. ME12345", 20, 27) == (20, 27)


def test_a_bare_social_insurance_number_is_no_amount() -> None:
    assert government.sin_bare(b"130 692 544", 0, 11) == (0, 11)
    assert government.sin_bare(b"$130 692 544", 1, 12) is None
    assert government.sin_bare(b"130 692 544 100", 0, 11) is None
