"""How many names of which origin are found where: `python -m tests.benchmarks.pii_names --data ../shared/data`.

Names are the popular ones of the countries' lists. What the tagger learnt from is all of them but, where a model was
trained with `--without-names`, those whose hash falls in a fifth; `--held-out` counts these alone.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import numpy as np

from training.evaluate import found
from training.people import is_held_out_name
from transforms.pii.tagger import model

ORIGINS = {
    "anglo": "US GB CA AU NZ IE JM",
    "hispanic": "ES MX AR CL CO PE EC BO UY PY CR GT VE SV CU DO PR",
    "portuguese": "PT BR",
    "french": "FR BE LU HT",
    "german": "DE AT CH",
    "italian": "IT",
    "dutch": "NL SR",
    "nordic": "SE DK NO FI IS EE",
    "slavic": "PL CZ SK HR SI BA RS ME",
    "russian": "RU UA BY BG MK KZ",
    "balkan": "RO HU LT LV AL MD",
    "greek": "GR CY",
    "turkish": "TR AZ",
    "caucasian": "GE AM",
    "arabic": "EG MA DZ SA AE JO IQ LB KW TN LY PK BD",
    "persian": "IR",
    "hebrew": "IL",
    "indian": "IN NP LK",
    "african": "ZA ML",
    "chinese": "CN TW",
    "korean": "KR",
    "japanese": "JP",
    "vietnamese": "VN",
    "thai": "TH KH",
    "malay": "MY",
    "filipino": "PH",
}
# Names that the lists have too few of, or none: our own.
MORE = {
    "african": (
        "Chinonso Tochukwu Damilola Oluwatobi Kwadwo Akwasi Abenaa Wangari Kipkemboi Sizwe Nomfundo Zinhle Tafara Rumbidzai"
        " Mwajuma Tsegaye Senait Makeda Lerato Bongiwe",
        "Onyekachi Oyelaran Amoah Wanyama Mbeki Mhlongo Chigumbura Zuberi Desta Mwangi Nkemelu Osafo Kiptoo Maluleke",
    ),
    "persian": ("", "Golzar Mahdavi Rouhani Nikzad Khosravi Tavakoli Ranjbar Soltani Mokhtari Danesh"),
    "indian": (
        "Raghav Bhaskar Tejas Gautham Ishaan Lavanya Keerthi Poornima Shruti Gayatri Jagdish Paramjit",
        "Balakrishnan Chakraborty Deshpande Gowda Kulshrestha Mahajan Raghunathan Bajwa Thakur Bhandari",
    ),
    "vietnamese": ("Thuy Duong Ngan Quyen Hau Toan Phong Uyen Nhi Dieu", ""),
    "thai": ("Somporn Chaiwat Apinya Wirote Orawan Busaba Kriangkrai Duangjai Sompong Pichai", "Chantara Srisawat Buakaew Rungrot Meesuk"),
    "chinese": ("Xiaoming Meihua Jianguo Haoran Yuxuan Zihan Lihua Guiying Weimin Shufen", ""),
    "malay": ("Wahyu Hartati Suparman Zainuddin Rosmah Azman Kadek Puspita", "Kurniawan Prasetyo Siswanto Rahmadi Hakim"),
    "filipino": ("Mariel Jericho Ligaya Amihan Bayani Dalisay", ""),
    "greek": ("", "Papadakis Vlahos Nikolaidis Georgiou Samaras Kotsis"),
    "hebrew": ("", "Elbaz Shoham Ben-Ari Zohar Tzur Almog Barak Hadad"),
}  # fmt: skip
SURNAME_FIRST = ("chinese", "korean", "vietnamese")
FRAMES = {
    "full": [
        "Yesterday {full} sent us the wrong invoice again.",
        "We think {full} still owes us money for that repair.",
    ],
    "end": ["The parcel was signed for by {full}.", "That complaint came from {full}"],
    "first": ["The bike that {first} sold me has no brakes.", "Could you let {first} know that we are closed today?"],
    "start": ["{first} never rang me back about the boiler.", "{first} was unfriendly and slow today."],
    "signature": [
        "I am still waiting for an answer.\n\nKind regards,\n{full}",
        "Can you resend the file?\nThx\n{first}",
    ],
    "list": ["{first}, {first2} & {first3} were in the chat.", "Minutes go to {first}, {first2} and {first3}."],
    "small": ["ty, {small}", "{smallfirst} fixed my router, great service"],
    "capitals": ["{FULL} HAS NOT PAID YET", "Passenger: {FULL}, seat 14C"],
    "this is": ["Hello, this is {full}, I lost my card.", "this is {first} speaking"],
}
PLAIN_FRAMES = {
    "cyrillic": ["{full} отправил нам счёт.", "Счёт оплатила {full}.", "Всего доброго,\n{full}", "{full}, {full2} и {full3} пришли."],
    "greek": ["Ο {full} έστειλε τον λογαριασμό.", "Χαιρετισμούς,\n{full}"],
    "arabic": ["أرسل {full} الفاتورة.", "تحياتي\n{full}"],
    "hebrew": ["{full} שלח את החשבונית.", "בתודה\n{full}"],
    "devanagari": ["{full} ने बिल भेजा।", "सादर\n{full}"],
    "thai": ["คุณ{full} ส่งใบแจ้งหนี้", "ด้วยความเคารพ\n{full}"],
    "hangul": ["{full}님이 청구서를 보냈어요.", "수고하세요.\n{full} 올림", "예약자: {full}"],
    "han": ["{full}寄来了发票。", "联系人：{full}", "祝好\n{full}"],
    "kana": ["{full}さんが請求書を送りました。", "担当：{full}"],
}  # fmt: skip
# Full names of scripts, our own.
NATIVE = {
    "cyrillic": "Всеволод Тимашев|Злата Ермолаева|Марьяна Ковальчук|Тихон Разумовский|Любомир Гнатюк|Пелагея Лукина-Белая",
    "greek": "Θεόκλητος Ράπτης|Λυδία Μαυρομάτη|Αχιλλέας Δούκας|Μυρτώ Καραγιάννη",
    "arabic": "مهند الزهراني|رنيم القحطاني|لبنى الشمري|پژمان کیانی|طارق بن زياد",
    "hebrew": "אליאב שטרן|רונית בן-עמי|יהונתן קפלן|שקד אוחיון",
    "devanagari": "ओंकार जाधव|लावण्या अय्यर|तेजस्विनी पवार|भुवन थापा",
    "thai": "ธนวัฒน์ เจริญสุข|พิมพ์ชนก ศรีทอง|ชยพล วงศ์ใหญ่|อรอนงค์ มีสุข",
    "hangul": "남궁민아|서도현|표예린|황보석|탁재훈",
    "han": "欧阳若兰|邓思颖|钱伟民|葉曉彤|龙飞",
    "kana": "小野寺翼|三浦しおり|星野 遥|大橋拓真|まつだゆうこ",
}


def stock(data: Path, held_out: bool) -> dict[str, tuple[list[str], list[str]]]:
    """Forenames and surnames in Latin letters by origin."""
    stocks: dict[str, tuple[list[str], list[str]]] = {}
    lists = [_lists(data / "names" / f"{kind}_by_country.csv") for kind in ("forenames", "surnames")]
    for origin, countries in ORIGINS.items():
        both = []
        for of_countries, more in zip(lists, MORE.get(origin, ("", "")), strict=True):
            names = {name for country in countries.split() for name in of_countries[country]} | set(more.split())
            both.append(sorted(name for name in names if name and (not held_out or is_held_out_name(name))))
        stocks[origin] = both[0], both[1]
    return stocks


def _lists(path: Path) -> dict[str, list[str]]:
    names = defaultdict(list)
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            name = row["Romanized Name"].strip()
            if name[:1].isupper() and len(name) > 1:
                names[row["Country"]].append(name)
    return names


def filled(
    rng: Random, origin: str, first: Sequence[str], last: Sequence[str]
) -> dict[str, list[tuple[str, list[str]]]]:
    """By frame, texts and the names that stand in them."""
    texts: dict[str, list[tuple[str, list[str]]]] = {}
    for frame, patterns in FRAMES.items():
        for pattern in patterns * 20:
            one, two, three = (rng.choice(first) for _ in range(3))
            surname = rng.choice(last)
            full = f"{surname} {one}" if origin in SURNAME_FIRST else f"{one} {surname}"
            values = {"first": one, "first2": two, "first3": three, "full": full, "FULL": full.upper()}
            values |= {"small": full.lower(), "smallfirst": one.lower()}
            texts.setdefault(frame, []).append(
                (pattern.format(**values), [value for key, value in values.items() if f"{{{key}}}" in pattern])
            )
    return texts


def native(rng: Random) -> Iterator[tuple[str, str, list[str]]]:
    """Script, text, names."""
    for script, patterns in PLAIN_FRAMES.items():
        names = NATIVE[script].split("|")
        for pattern in patterns:
            for name in names:
                others = rng.sample(names, 2)
                text = pattern.format(full=name, full2=others[0], full3=others[1])
                yield script, text, [name, *(others if "full2" in pattern else [])]


def share(rows: Sequence[tuple[str, list[str]]], loaded: model.Model) -> tuple[float, float]:
    """Of the names: how many are found, and how many whole."""
    hit = whole = wanted = 0
    for (text, names), finds in zip(rows, found([text for text, _ in rows], loaded), strict=True):
        covered = np.zeros(len(text), bool)
        for start, end, _, sure in finds:
            if sure >= 0.5:
                covered[start:end] = True
        for name in names:
            start = text.index(name)
            letters = [at for at in range(start, start + len(name)) if name[at - start] not in " -"]
            wanted += 1
            hit += bool(covered[letters].any())
            whole += bool(covered[letters].all())
    return hit / wanted, whole / wanted


def main(arguments: Sequence[str]) -> None:
    """Print recall by origin and frame, in percent."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, help="instead of the shipped one")
    parser.add_argument("--held-out", action="store_true", help="only names that --without-names leaves out")
    options = parser.parse_args(arguments)
    loaded = model.read(options.model.read_bytes()) if options.model else model.load()
    rng = Random(7)  # noqa: S311 - variety, no secrets
    print(f"{'found':12}" + "".join(f"{frame:>10}" for frame in FRAMES) + "     whole")
    low = []
    sums = defaultdict(list)
    for origin, (first, last) in stock(options.data, options.held_out).items():
        if len(first) < 3 or len(last) < 2:
            continue
        shares = {frame: share(rows, loaded) for frame, rows in filled(rng, origin, first, last).items()}
        low += [f"{origin} {frame}" for frame, (hit, _) in shares.items() if hit < 0.85]
        for frame, (hit, whole) in shares.items():
            sums[frame].append(hit)
            sums["whole"].append(whole)
        line = "".join(f"{100 * hit:10.0f}" for hit, _ in shares.values())
        print(f"{origin:12}{line}{100 * np.mean([whole for _, whole in shares.values()]):10.0f}")
    print(f"{'mean':12}" + "".join(f"{100 * np.mean(sums[frame]):10.0f}" for frame in [*FRAMES, "whole"]))
    print(f"{len(low)} of {sum(map(len, sums.values())) // 2} below 85: {', '.join(low)}")
    by_script = defaultdict(list)
    for script, text, names in native(rng):
        by_script[script].append((text, names))
    for script, rows in by_script.items():
        hit, whole = share(rows, loaded)
        print(f"{script:12}{100 * hit:10.0f} found{100 * whole:10.0f} whole")


if __name__ == "__main__":
    main(sys.argv[1:])
