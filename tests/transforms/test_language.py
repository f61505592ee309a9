"""Labels become Comprehend's codes; languages are detected, or nothing is said, and placeholders do not count."""

# ruff: noqa: RUF001 -- letters of other scripts are what these tests are about.

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from transforms.language import VERSION, canonical, detect


def detected(*texts: str | None) -> list[str | None]:
    return list(detect(pa.array(texts, pa.string())).to_pylist())


def code(label: str | None) -> str | None:
    (found,) = canonical(pa.array([label], pa.string())).to_pylist()
    assert found is None or isinstance(found, str)
    return found


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("en", "en"),
        ("EN", "en"),
        (" en-US\n", "en"),
        ("EN_gb", "en"),
        ("pt-BR", "pt"),
        ("de-Latn-DE", "de"),
        ("zh", "zh"),
        ("zh-Hans", "zh"),
        ("zh-CN", "zh"),
        ("zh_hans_sg", "zh"),
        ("zh-Hans-HK", "zh"),
        ("zh-TW", "zh-TW"),
        ("ZH_tw", "zh-TW"),
        ("zh-Hant", "zh-TW"),
        ("zh-HK", "zh-TW"),
        ("zh-Hant-HK", "zh-TW"),
        ("sr-Latn", "sr"),
        ("tlh", "tlh"),
        ("fil-PH", "fil"),
        ("Klingon (formal)", None),
        ("ann.lee@example.com", None),
        ("english", None),
        ("xx", None),
        ("und", None),
        ("", None),
        (None, None),
    ],
)
def test_canonical(label: str | None, expected: str | None) -> None:
    assert code(label) == expected


def test_a_label_that_is_no_code_stays_where_that_is_wanted() -> None:
    labels = pa.array(["Klingon (formal)", "en-US", "XX-yy"], pa.string())
    assert canonical(labels, codes_alone=False).to_pylist() == ["klingon (formal)", "en", "xx"]


def test_canonical_keeps_the_order_and_the_length() -> None:
    labels = pa.array(["fr-CA", None, "en", "fr-CA", "zh-hk"], pa.string())
    assert canonical(labels).to_pylist() == ["fr", None, "en", "fr", "zh-TW"]
    assert canonical(labels.slice(2)).to_pylist() == ["en", "fr", "zh-TW"]
    assert canonical(labels.slice(0, 0)).type == pa.string()


def test_a_detected_language_is_canonical() -> None:
    found = detect(pa.array([text for text, _ in SENTENCES], pa.string()))
    assert canonical(found).equals(found)


SENTENCES = [
    ("The parcel came two days late and nobody answered the phone.", "en"),
    ("Das Paket kam zwei Tage zu spät, und niemand ging ans Telefon.", "de"),
    ("El paquete llegó con dos días de retraso y nadie contestó al teléfono.", "es"),
    ("Le colis est arrivé avec deux jours de retard et personne n'a répondu.", "fr"),
    ("Il pacco è arrivato con due giorni di ritardo e nessuno ha risposto.", "it"),
    ("A encomenda chegou com dois dias de atraso e ninguém atendeu o telefone.", "pt"),
    ("وصل الطرد متأخرا يومين ولم يرد أحد على الهاتف", "ar"),
    ("पार्सल दो दिन देर से आया और किसी ने फ़ोन नहीं उठाया।", "hi"),
    ("荷物は二日遅れて届き、誰も電話に出ませんでした。", "ja"),
    ("소포가 이틀 늦게 도착했고 아무도 전화를 받지 않았습니다.", "ko"),
    ("包裹晚了两天才到，而且没有人接电话。", "zh"),
    ("包裹晚了兩天才到，而且沒有人接電話。", "zh-TW"),
    ("Het pakket kwam twee dagen te laat en niemand nam de telefoon op.", "nl"),
    ("Paczka przyszła dwa dni za późno i nikt nie odbierał telefonu.", "pl"),
    ("Посылка пришла на два дня позже, и никто не отвечал на звонки.", "ru"),
    ("Paketet kom två dagar för sent och ingen svarade i telefonen.", "sv"),
    ("Paket iki gün geç geldi ve kimse telefona bakmadı.", "tr"),
    ("Paketti tuli kaksi päivää myöhässä, eikä kukaan vastannut puhelimeen.", "fi"),
    ("Посилка прийшла на два дні пізніше, і ніхто не відповідав.", "uk"),
    ("Το δέμα ήρθε δύο μέρες αργότερα και κανείς δεν απαντούσε.", "el"),
    ("Gói hàng đến muộn hai ngày và không ai nghe điện thoại.", "vi"),
]


@pytest.mark.parametrize(("text", "language"), SENTENCES, ids=[language for _, language in SENTENCES])
def test_sentences(text: str, language: str) -> None:
    assert detected(text) == [language]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I love it", "en"),
        ("Great idea!", "en"),
        ("me too", "en"),
        ("sehr gut", "de"),
        ("très bien", "fr"),
        ("muy bien", "es"),
        ("muito bom", "pt"),
        ("很好", "zh"),
    ],
)
def test_short_texts(text: str, language: str) -> None:
    assert detected(text) == [language]


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " \n\t",
        "12345 !!!",
        "4012-8888 / 3,50 €",
        "👍👍 😀",
        "\x00",
        "ok",
        "No",
        "haha",
        "[NAME] [EMAIL]",
        "[PHONE_1]: [PHONE:***]",
        "https://www.example.com/that/was/not/very/good",
        "someone.with.a.long.name@the-good-company.example.com",
    ],
)
def test_nothing_is_said_where_nothing_tells(text: str | None) -> None:
    assert detected(text) == [None]


@pytest.mark.parametrize("text", [text for text, _ in SENTENCES])
def test_what_is_no_language_does_not_count(text: str) -> None:
    about = (
        "[NAME] [CREDIT_DEBIT_NUMBER] [PHONE_1] [PHONE:***] [EMAIL:ibcemhhlnopamkpgj] "
        "https://example.com/the/way/we/were?and=so#on www.this-is-the-shop.example "
        "ann.of.the.house@example.com @the_best "
    )
    assert detected(about + text, text + about, about + text + about) == detected(text) * 3


def test_an_address_does_not_take_the_chinese_around_it() -> None:
    assert detected("包裹晚了两天才到，请联系ann@example.com没有人接电话") == ["zh"]
    assert detected("请看https://example.com/about包裹晚了两天才到没有人接电话") == ["zh"]


def test_two_languages_the_one_with_more_of_the_text() -> None:
    english, german = SENTENCES[0][0], SENTENCES[1][0]
    assert detected(f"{english} {english} {english} Danke!") == ["en"]
    assert detected(f"{german} {german} {german} Best, Kim") == ["de"]


def test_a_nul_does_not_end_the_text() -> None:
    assert detected("\x00" + SENTENCES[3][0]) == ["fr"]


def test_order_nulls_and_type() -> None:
    texts = pa.array(["Je ne sais pas ce que c'est", None, "1", "I do not know what this is"], pa.string())
    assert detect(texts).to_pylist() == ["fr", None, None, "en"]
    assert detect(texts.slice(3)).to_pylist() == ["en"]
    assert detect(texts.slice(0, 0)).equals(pa.array([], pa.string()))
    assert detect(texts.slice(1, 2)).type == pa.string()


def test_a_text_has_its_language_alone_or_among_others_and_in_threads() -> None:
    texts = [text for text, _ in SENTENCES]
    together = detected(*texts)
    assert [found for text in texts for found in detected(text)] == together
    with ThreadPoolExecutor(4) as pool:
        assert all(found == together for found in pool.map(lambda _: detected(*texts), range(50)))


@pytest.mark.timeout(60)  # a fifth of a second, if no more than the beginning is looked at
def test_a_long_text_is_judged_by_its_beginning() -> None:
    english, spanish = SENTENCES[0][0] + " ", SENTENCES[2][0] + " "
    assert detected(english * 20 + spanish * 100_000) == ["en"]
    assert detected("a@" * 1_000_000, "[" * 1_000_000, "x" * 1_000_000)[:2] == [None, None]


def test_the_version_names_the_library() -> None:
    assert VERSION.startswith("eldc-")
