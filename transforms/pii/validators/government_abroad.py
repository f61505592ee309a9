"""Numbers that a state gives its people outside the English-speaking countries."""

from __future__ import annotations

from transforms.pii.validators import SEPARATORS, Span, digits_of, luhn, weighted

_DNI_LETTERS = b"TRWAGMYFPDXBNJZSQVHLCKE"
_CF_ODD = dict(zip(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10,
     22, 25, 24, 23),
    strict=True))  # fmt: skip
_CF_DIGITS = bytes.maketrans(b"LMNPQRSTUV", b"0123456789")  # letters in place of digits, where two people share a code
_FI_CHECKS = b"0123456789ABCDEFHJKLMNPRSTUVWXY"


def _day(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= 31


def dni(text: bytes, start: int, end: int) -> Span | None:
    """Spanish DNI or NIE: the letter is the number modulo 23, X, Y, Z standing for 0, 1, 2 (RD 1553/2005)."""
    number = digits_of(text, start, end).upper()
    digits = number[:-1].translate(bytes.maketrans(b"XYZ", b"012"))
    return (start, end) if number[-1] == _DNI_LETTERS[int(digits) % 23] else None


def nir(text: bytes, start: int, end: int) -> Span | None:
    """French NIR: 97 less the number modulo 97 is its key; 2A and 2B, Corsica, stand for 19 and 18 (INSEE)."""
    number = digits_of(text, start, end).upper()
    body = number[:13].replace(b"2A", b"19").replace(b"2B", b"18")
    return (start, end) if int(number[13:]) == 97 - int(body) % 97 else None


def tax_id_de(text: bytes, start: int, end: int) -> Span | None:
    """German Steuer-ID: of its first ten digits one or two are missing, none stands there more than three times, no
    three alike in a row; the eleventh checks them (BZSt; ISO/IEC 7064 mod 11,10)."""
    digits = digits_of(text, start, end)
    counts = [digits[:10].count(b"%d" % digit) for digit in range(10)]
    if max(counts) > 3 or counts.count(0) > 2 or any(digits[at : at + 3] == digits[at : at + 1] * 3 for at in range(8)):
        return None
    return (start, end) if _mod_11_10(digits) else None


def _mod_11_10(digits: bytes) -> bool:
    product = 10
    for digit in digits[:-1]:
        product = ((digit - 48 + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == digits[-1] - 48


def fiscal_code(text: bytes, start: int, end: int) -> Span | None:
    """Italian codice fiscale: sixteen characters in the shape of one are one where no letter stands for a digit, else
    where the last letter checks the others (DM 23/12/1976, omocodia)."""
    code = text[start:end].upper()
    figures = code[6:8] + code[9:11] + code[12:15]
    day = int(code[9:11].translate(_CF_DIGITS))  # a woman's plus forty
    if not (1 <= day <= 31 or 41 <= day <= 71):
        return None
    if figures.isdigit():
        return start, end
    even = (character - (48 if character < 65 else 65) for character in code[1:15:2])
    return (start, end) if (sum(_CF_ODD[c] for c in code[:15:2]) + sum(even)) % 26 + 65 == code[15] else None


def _check_11(digits: bytes, weights: range | tuple[int, ...]) -> int:
    """The check digit modulo 11 as Brazil has it: 0 for remainders 0 and 1."""
    rest = weighted(digits, weights) % 11
    return 0 if rest < 2 else 11 - rest


def cpf(text: bytes, start: int, end: int) -> Span | None:
    """Brazilian CPF: two check digits modulo 11 (Receita Federal); not all digits the same."""
    digits = digits_of(text, start, end)
    first = _check_11(digits, range(10, 1, -1))
    second = _check_11(digits[:9] + b"%d" % first, range(11, 1, -1))
    return (start, end) if digits[9:] == b"%d%d" % (first, second) and len(set(digits)) > 1 else None


def cnpj(text: bytes, start: int, end: int) -> Span | None:
    """Brazilian CNPJ: two check digits modulo 11, letters counting as their ASCII code less 48 (IN RFB 2.229/2024)."""
    number = digits_of(text, start, end).upper()
    weights = (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
    first = _check_11(number[:12], weights)
    second = _check_11(number[:12] + b"%d" % first, (6, *weights))
    return (start, end) if number[12:] == b"%d%d" % (first, second) and len(set(number)) > 1 else None


def pesel(text: bytes, start: int, end: int) -> Span | None:
    """Polish PESEL: a date (the month says the century, by twenties) and a check digit (weights 1-3-7-9)."""
    digits = digits_of(text, start, end)
    holds = weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0
    return (start, end) if holds and _day(int(digits[2:4]) % 20, int(digits[4:6])) else None


def nip(text: bytes, start: int, end: int) -> Span | None:
    """Polish NIP: the tenth digit checks the others, modulo 11."""
    digits = digits_of(text, start, end)
    holds = weighted(digits, (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11 == digits[9] - 48
    return (start, end) if holds and int(digits) else None


def hetu(text: bytes, start: int, end: int) -> Span | None:
    """Finnish personal identity code: a date, and a check character, modulo 31 (DVV)."""
    number = text[start:end].upper()
    check = _FI_CHECKS[int(number[:6] + number[7:10]) % 31]
    return (start, end) if number[10] == check and _day(int(number[2:4]), int(number[:2])) else None


def personnummer(text: bytes, start: int, end: int) -> Span | None:
    """Swedish personal identity number: a date (the day plus 60 in coordination numbers) and Luhn (Skatteverket)."""
    digits = text[start:end].translate(None, b"-+")[-10:]
    return (start, end) if luhn(digits) and _day(int(digits[2:4]), int(digits[4:6]) % 60) else None


def fodselsnummer(text: bytes, start: int, end: int) -> Span | None:
    """Norwegian national identity number: two check digits modulo 11 (Skatteetaten)."""
    digits = digits_of(text, start, end)
    holds = weighted(digits, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)) % 11 == 0
    holds = holds and weighted(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0
    return (start, end) if holds and _day(int(digits[2:4]) % 40, int(digits[:2]) % 40) else None


def rijksregister(text: bytes, start: int, end: int) -> Span | None:
    """Belgian national number: 97 less the number modulo 97, with a 2 in front for those born after 1999."""
    digits = digits_of(text, start, end)
    checks = [97 - int(century + digits[:9]) % 97 for century in (b"", b"2")]
    return (start, end) if int(digits[9:]) in checks else None


def bsn(text: bytes, start: int, end: int) -> Span | None:
    """Dutch citizen service number: modulo 11 with the last weight -1 (elfproef)."""
    digits = digits_of(text, start, end)
    return (start, end) if weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0 else None


def kimlik(text: bytes, start: int, end: int) -> Span | None:
    """Turkish identity number: the tenth digit checks by odd and even places, the eleventh by the sum (NVI)."""
    digits = [digit - 48 for digit in text[start:end]]
    tenth = (7 * sum(digits[:9:2]) - sum(digits[1:8:2])) % 10
    return (start, end) if digits[9] == tenth and digits[10] == sum(digits[:10]) % 10 else None


def south_african(text: bytes, start: int, end: int) -> Span | None:
    """South African identity number: a date, citizen 0, 1 or 2, and Luhn (DHA)."""
    digits = text[start:end]
    holds = luhn(digits) and digits[10] in b"012" and _day(int(digits[2:4]), int(digits[4:6]))
    return (start, end) if holds else None


def thai(text: bytes, start: int, end: int) -> Span | None:
    """Thai identity number: the last digit checks the others, modulo 11 (DOPA)."""
    digits = digits_of(text, start, end)
    return (start, end) if (11 - weighted(digits, range(13, 1, -1)) % 11) % 10 == digits[12] - 48 else None


def nric(text: bytes, start: int, end: int) -> Span | None:
    """Singapore NRIC or FIN: the letter checks the digits, modulo 11, with a row of letters for each kind (ICA)."""
    number = text[start:end].upper()
    total = weighted(number[1:8], (2, 7, 6, 5, 4, 3, 2)) + {b"T": 4, b"G": 4, b"M": 3}.get(number[:1], 0)
    if number[:1] == b"M":
        return (start, end) if number[8] == b"KLJNPQRTUWX"[10 - total % 11] else None
    letters = b"JZIHGFEDCBA" if number[:1] in b"ST" else b"XWUTRQPNMLK"
    return (start, end) if number[8] == letters[total % 11] else None


def resident_cn(text: bytes, start: int, end: int) -> Span | None:
    """Chinese resident identity number: modulo 11 with X for ten (GB 11643-1999, ISO/IEC 7064 mod 11-2)."""
    number = text[start:end].upper()
    check = b"10X98765432"[weighted(number, (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)) % 11]
    return (start, end) if number[17] == check else None


def rut(text: bytes, start: int, end: int) -> Span | None:
    """Chilean RUT: modulo 11 with K for ten (Registro Civil)."""
    number = digits_of(text, start, end).upper()
    check = b"0123456789K0"[11 - weighted(number[-2::-1], (2, 3, 4, 5, 6, 7, 2, 3)) % 11]
    return (start, end) if number[-1] == check else None


def kvnr(text: bytes, start: int, end: int) -> Span | None:
    """German health insurance number: letter as two digits, then Luhn's way from the left (§ 290 SGB V)."""
    number = text[start:end].upper()
    digits = b"%02d" % (number[0] - 64) + number[1:9]
    total = sum(sum(divmod((digit - 48) * (1 + place % 2), 10)) for place, digit in enumerate(digits))
    return (start, end) if total % 10 == number[9] - 48 else None


def rvnr(text: bytes, start: int, end: int) -> Span | None:
    """German pension insurance number: area, date, letter, serial, check digit (VKVV § 2)."""
    number = text[start:end].translate(None, SEPARATORS).upper()
    digits = number[:8] + b"%02d" % (number[8] - 64) + number[9:11]
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    total = sum(sum(divmod((digit - 48) * weight, 10)) for digit, weight in zip(digits, weights, strict=True))
    holds = total % 10 == number[11] - 48 and _day(int(number[4:6]), int(number[2:4]) % 50)
    return (start, end) if holds else None


def resident_kr(text: bytes, start: int, end: int) -> Span | None:
    """Korean resident or foreigner number: with a dash its shape says it; without, a check digit modulo 11, as
    numbers given before October 2020 have; foreigners' count two more."""
    number = text[start:end]
    if b"-" in number:
        return start, end
    check = 11 - weighted(number, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11 + (2 if number[6] in b"5678" else 0)
    return (start, end) if check % 10 == number[12] - 48 else None
