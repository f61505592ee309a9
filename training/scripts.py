"""Latin spellings of names in other scripts, as their bearers write them in English mails."""

# ruff: noqa: RUF001 -- letters of other scripts are what this is about.

from __future__ import annotations

from random import Random

# Letter and spelling by turns, "-" for none.
_CYRILLIC = (
    "а a б b в v г g д d е e ё yo ж zh з z и i й y к k л l м m н n о o п p р r с s т t у u ф f х kh ц ts ч ch ш sh"
    " щ shch ъ - ы y ь - э e ю yu я ya і i ґ g є ye ї yi ћ c ђ dj љ lj њ nj џ dz ј j ў u"
)
_GREEK = (
    "α a β v γ g δ d ε e ζ z η i θ th ι i κ k λ l μ m ν n ξ x ο o π p ρ r σ s ς s τ t υ y φ f χ ch ψ ps ω o"
    " ά a έ e ή i ί i ό o ύ y ώ o ϊ i ϋ y ΐ i ΰ y"
)
_GEORGIAN = (
    "ა a ბ b გ g დ d ე e ვ v ზ z თ t ი i კ k ლ l მ m ნ n ო o პ p ჟ zh რ r ს s ტ t უ u ფ p ქ k ღ gh ყ q შ sh ჩ ch ც ts"
    " ძ dz წ ts ჭ ch ხ kh ჯ j ჰ h"
)
_ARMENIAN = (
    "ա a բ b գ g դ d ե e զ z է e ը y թ t ժ zh ի i լ l խ kh ծ ts կ k հ h ձ dz ղ gh ճ ch մ m յ y ն n շ sh ո o չ ch պ p"
    " ջ j ռ r ս s վ v տ t ր r ց ts ւ u փ p ք k օ o ֆ f և ev"
)
_PAIRS = f"{_CYRILLIC} {_GREEK} {_GEORGIAN} {_ARMENIAN}".split()
_LETTERS = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True))
# The parts of a Hangul syllable in the order of its code.
_FIRST, _MIDDLE, _LAST = (
    spellings.split()
    for spellings in (
        "g kk n d tt r m b pp s ss - j jj ch k t p h",
        "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i",
        "- k k k n n n t l k m l l l p l m p p t t ng t t k t p t",
    )
)
_KOREAN_SURNAMES = {
    "김": "Kim", "이": "Lee", "박": "Park", "최": "Choi", "정": "Jung", "강": "Kang", "조": "Cho", "윤": "Yoon",
}  # fmt: skip


def latin(name: str, rng: Random) -> str:
    """The name in Latin letters; "" where its script is none of those known here."""
    if name in _KOREAN_SURNAMES:
        return _KOREAN_SURNAMES[name]
    if all("\uac00" <= character <= "\ud7a3" for character in name):
        parts = [_syllable(character) for character in name]
        return rng.choice(("", "", "-")).join(parts).capitalize()
    letters = [_LETTERS.get(character, "?") for character in name.lower()]
    spelled = "".join(letters).replace("-", "")
    return spelled.capitalize() if spelled and "?" not in spelled else ""


def _syllable(character: str) -> str:
    code = ord(character) - 0xAC00
    return (_FIRST[code // 588] + _MIDDLE[code % 588 // 28] + _LAST[code % 28]).replace("-", "")
