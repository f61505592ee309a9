"""Latin spellings of names in other scripts, as their bearers write them in English mails."""

from __future__ import annotations

from random import Random

_CYRILLIC = {
    **dict(
        zip("абвгдезийклмнопрстуфыэъьіґ", "a b v g d e z i y k l m n o p r s t u f y e # # i g".split(), strict=True)
    ),
    **{"ё": "yo", "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "yu", "я": "ya"},
    **{"є": "ye", "ї": "yi", "ћ": "c", "ђ": "dj", "љ": "lj", "њ": "nj", "џ": "dz", "ј": "j", "ў": "u"},
}
_GREEK = {
    **dict(zip("αβγδεζηικλμνξοπρσςτυω", "a v g d e z i i k l m n x o p r s s t y o".split(), strict=True)),
    **{"θ": "th", "φ": "f", "χ": "ch", "ψ": "ps"},
    **dict(zip("άέήίόύώϊϋΐΰ", "a e i i o y o i y i y".split(), strict=True)),
}
_GEORGIAN = dict(
    zip(
        "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
        "a b g d e v z t i k l m n o p zh r s t u p k gh q sh ch ts dz ts ch kh j h".split(),
        strict=True,
    )
)
_ARMENIAN = dict(
    zip(
        "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆև",
        "a b g d e z e y t zh i l kh ts k h dz gh ch m y n sh o ch p j r s v t r ts u p k o f ev".split(),
        strict=True,
    )
)
_LETTERS = _CYRILLIC | _GREEK | _GEORGIAN | _ARMENIAN
# The parts of a Hangul syllable in the order of its code.
_FIRST = "g kk n d tt r m b pp s ss # j jj ch k t p h".split()
_MIDDLE = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i".split()
_LAST = "# k k k n n n t l k m l l l p l m p p t t ng t t k t p t".split()
_KOREAN_SURNAMES = {
    "김": "Kim",
    "이": "Lee",
    "박": "Park",
    "최": "Choi",
    "정": "Jung",
    "강": "Kang",
    "조": "Cho",
    "윤": "Yoon",
}


def latin(name: str, rng: Random) -> str:
    """The name in Latin letters; "" where its script is none of those known here."""
    if name in _KOREAN_SURNAMES:
        return _KOREAN_SURNAMES[name]
    if all("\uac00" <= character <= "\ud7a3" for character in name):
        parts = [_syllable(character) for character in name]
        return rng.choice(("", "", "-")).join(parts).capitalize()
    letters = [_LETTERS.get(character, "?") for character in name.lower()]
    spelled = "".join(letters).replace("#", "")
    return spelled.capitalize() if spelled and "?" not in spelled else ""


def _syllable(character: str) -> str:
    code = ord(character) - 0xAC00
    return (_FIRST[code // 588] + _MIDDLE[code % 588 // 28] + _LAST[code % 28]).replace("#", "")
