"""Every operation through the SDK: what it answers, and what it refuses."""

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from infra.local.operations import LANGUAGES, OPERATIONS
from tests.infra.clients import MODEL, mistakes, refusal
from tests.infra.serving import Server
from transforms.pii.policy import COMPREHEND_TYPES

ENGLISH = "The new kettle works well and I am happy with it."
GERMAN = "Der neue Wasserkocher ist leider schon wieder kaputt."
PERSONAL = "I am Kim Novak, call me on 212-555-0187 or 212-555-0188."


def test_sentiment_of_a_batch(client: Any) -> None:
    texts = [
        "I love it!",
        "I hate it!",
        "The kettle is on the table.",
        "I love the kettle, but the delivery was terrible.",
    ]

    answer = client.batch_detect_sentiment(TextList=texts, LanguageCode="en")

    assert [each["Sentiment"] for each in answer["ResultList"]] == ["POSITIVE", "NEGATIVE", "NEUTRAL", "MIXED"]
    assert [each["Index"] for each in answer["ResultList"]] == [0, 1, 2, 3]
    assert answer["ErrorList"] == []
    for each in answer["ResultList"]:
        scores = each["SentimentScore"]
        assert sum(scores.values()) == pytest.approx(1)
        assert max(scores, key=scores.__getitem__).upper() == each["Sentiment"]


def test_one_text_is_scored_as_in_a_batch(client: Any) -> None:
    alone = client.detect_sentiment(Text=ENGLISH, LanguageCode="en")
    (among,) = client.batch_detect_sentiment(TextList=[ENGLISH], LanguageCode="en")["ResultList"]

    assert (alone["Sentiment"], alone["SentimentScore"]) == ("POSITIVE", among["SentimentScore"])


def test_a_long_text_counts_to_its_end(client: Any) -> None:
    loved, hated = "I love it. " * 80, "I hate it. " * 80  # 880 bytes each

    alone = client.detect_sentiment(Text=loved, LanguageCode="en")["SentimentScore"]
    both = client.detect_sentiment(Text=loved + hated, LanguageCode="en")["SentimentScore"]

    assert alone["Positive"] > 0.5
    assert both["Positive"] < alone["Positive"]
    assert both["Negative"] + both["Mixed"] > alone["Negative"] + alone["Mixed"]


def test_other_languages_are_answered_by_a_hash(client: Any) -> None:
    first, second, other = (
        client.detect_sentiment(Text=text, LanguageCode="ar")["SentimentScore"] for text in (GERMAN, GERMAN, GERMAN * 2)
    )

    assert first == second
    assert first != other
    assert sum(first.values()) == pytest.approx(1)
    assert client.detect_sentiment(Text=GERMAN, LanguageCode="en")["SentimentScore"] != first


def test_dominant_language(client: Any) -> None:
    answer = client.batch_detect_dominant_language(TextList=[ENGLISH, GERMAN, "12 34", "Danke!"])

    assert [[each["LanguageCode"] for each in found["Languages"]] for found in answer["ResultList"][:3]] == [
        ["en"],
        ["de"],
        [],
    ]
    assert client.detect_dominant_language(Text=GERMAN)["Languages"] == [{"LanguageCode": "de", "Score": 0.99}]


def test_personal_data(client: Any) -> None:
    entities = client.detect_pii_entities(Text=PERSONAL, LanguageCode="en")["Entities"]
    labels = client.contains_pii_entities(Text=PERSONAL, LanguageCode="en")["Labels"]

    assert [(each["Type"], PERSONAL[each["BeginOffset"] : each["EndOffset"]]) for each in entities] == [
        ("NAME", "Kim Novak"),
        ("PHONE", "212-555-0187"),
        ("PHONE", "212-555-0188"),
    ]
    assert [each["Name"] for each in labels] == ["NAME", "PHONE"]
    assert labels[1]["Score"] == max(each["Score"] for each in entities if each["Type"] == "PHONE")


def test_types_that_comprehend_has_not_are_left_out(client: Any) -> None:
    text = "CPF 529.982.247-25, kim@example.com"  # ours alone finds the first

    assert [each["Type"] for each in client.detect_pii_entities(Text=text, LanguageCode="en")["Entities"]] == ["EMAIL"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_of_the_model_is_taken(language: str, client: Any) -> None:
    assert client.detect_sentiment(Text="!", LanguageCode=language)["Sentiment"]


def test_the_tables_are_those_of_the_model() -> None:
    request = MODEL.operation_model("DetectSentiment").input_shape

    assert list(LANGUAGES) == request.members["LanguageCode"].enum
    assert set(OPERATIONS) <= set(MODEL.operation_names)
    types = MODEL.shape_for("PiiEntityType").enum
    assert set(types) >= COMPREHEND_TYPES


BATCH = {"TextList": ["x"], "LanguageCode": "en"}
SINGLE = {"Text": "x" * 20, "LanguageCode": "en"}
LIMITS = [
    ("batch_detect_sentiment", BATCH, 25, 5_000),
    ("batch_detect_dominant_language", {"TextList": ["x"]}, 25, 5_000),
    ("detect_sentiment", SINGLE, None, 5_000),
    ("detect_dominant_language", {"Text": "x" * 20}, None, 100_000),
    ("detect_pii_entities", SINGLE, None, 100_000),
    ("contains_pii_entities", SINGLE, None, 100_000),
]
EACH = pytest.mark.parametrize(("operation", "request_", "documents", "size"), LIMITS, ids=[row[0] for row in LIMITS])


def with_text(request: dict[str, Any], text: str) -> dict[str, Any]:
    return request | ({"TextList": ["x", text]} if "TextList" in request else {"Text": text})


@EACH
def test_limits(
    operation: str, request_: dict[str, Any], documents: int | None, size: int, client: Any, server: Server
) -> None:
    fits, too_long = "é" * (size // 2), "é" * (size // 2) + "x"  # UTF-8 counts, not characters

    getattr(client, operation)(**with_text(request_, fits))
    status, code, message = refusal(client, operation, **with_text(request_, too_long))
    assert (status, code) == (400, "TextSizeLimitExceededException")
    assert f"allowed is {size} bytes while in this request the text size is {size + 1} bytes" in message
    if documents is not None:
        getattr(client, operation)(**request_ | {"TextList": ["x"] * documents})
        refused = refusal(client, operation, **request_ | {"TextList": ["x"] * (documents + 1)})
        assert refused[:2] == (400, "BatchSizeLimitExceededException")

    name = "".join(part.title() for part in operation.split("_"))
    counts = server.usage()["operations"][name]
    assert (counts["calls"], counts["failed"]) == ((4, 2) if documents else (2, 1))
    assert counts["documents"] == (documents + 2 if documents else 1)


@EACH
def test_what_the_model_does_not_allow(
    operation: str, request_: dict[str, Any], documents: int | None, size: int, client: Any
) -> None:
    invalid: list[dict[str, Any]] = [{}, with_text(request_, "")]
    unreadable: list[dict[str, Any]] = []
    if documents is None:
        unreadable += [request_ | {"Text": 5}, request_ | {"Text": ["x"]}]
    else:
        invalid += [request_ | {"TextList": []}]
        unreadable += [request_ | {"TextList": ["x", 5]}]
    if "LanguageCode" in request_:
        invalid += [request_ | {"LanguageCode": code} for code in ("xx", "EN", "")]
        invalid += [{name: value for name, value in request_.items() if name != "LanguageCode"}]
        unreadable += [request_ | {"LanguageCode": 5}]

    for request in invalid:
        status, code, message = refusal(client, operation, **request)
        assert (status, code) == (400, "ValidationException"), request
        assert message.startswith("1 validation error detected: Value at '"), request
    for request in unreadable:
        assert refusal(client, operation, **request)[:2] == (400, "SerializationException"), request


@pytest.mark.parametrize("operation", ["detect_pii_entities", "contains_pii_entities"])
def test_personal_data_is_found_in_two_languages(operation: str, client: Any) -> None:
    getattr(client, operation)(Text="x", LanguageCode="es")

    assert refusal(client, operation, Text="x", LanguageCode="de")[:2] == (400, "UnsupportedLanguageException")


def test_one_text_whose_language_is_asked_must_have_20_characters(client: Any) -> None:
    client.batch_detect_dominant_language(TextList=["x" * 19])
    client.detect_dominant_language(Text="x" * 20)

    assert refusal(client, "detect_dominant_language", Text="x" * 19)[:2] == (400, "InvalidRequestException")


def test_operations_that_are_not_there(client: Any, server: Server) -> None:
    assert refusal(client, "detect_entities", Text="secret", LanguageCode="en")[:2] == (
        400,
        "UnknownOperationException",
    )

    assert server.usage()["operations"]["DetectEntities"] == {
        "calls": 1,
        "throttled": 0,
        "failed": 1,
        "documents": 0,
        "units": 0,
    }
    assert server.texts() == [{"text": "secret", "sent": 1, "billed": 0}]


def post(server: Server, body: bytes, operation: str = "DetectSentiment") -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a refused call that is written by hand."""
    request = Request(server.url, body, {"X-Amz-Target": f"Comprehend_20171127.{operation}"})
    with pytest.raises(HTTPError) as refused:
        urlopen(request, timeout=10)
    with refused.value as said:
        return said.code, dict(said.headers), said.read()


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"Text": "\xff"}', b'{"Text": "\\ud800", "LanguageCode": "en"}', b'{"TextList": "x"}'],
)
def test_what_cannot_be_read(body: bytes, server: Server) -> None:
    operation = "BatchDetectDominantLanguage" if b"TextList" in body else "DetectSentiment"

    status, _, said = post(server, body, operation)

    assert (status, json.loads(said)["__type"]) == (400, "SerializationException")
    assert server.usage()["operations"][operation]["failed"] == 1


@pytest.mark.parametrize(
    "request_",
    [
        {"Text": "kim@example.com " * 400, "LanguageCode": "en"},
        {"Text": "kim@example.com", "LanguageCode": "kim@example.com"},
        {"Text": {"kim@example.com": 1}},
        {"Text": ""},
    ],
)
def test_errors_hold_nothing_of_what_was_sent(request_: dict[str, Any], server: Server) -> None:
    _, headers, said = post(server, json.dumps(request_).encode())

    assert json.loads(said).keys() == {"__type", "Message"}
    assert b"kim" not in said
    assert headers["Content-Type"] == "application/x-amz-json-1.1"
    assert headers["x-amzn-RequestId"]


def test_the_model_is_a_test() -> None:
    shape = MODEL.operation_model("BatchDetectSentiment").output_shape
    good = {"ResultList": [{"Index": 0, "Sentiment": "MIXED", "SentimentScore": {"Mixed": 1.0}}], "ErrorList": []}

    assert mistakes(shape, good) == []
    assert mistakes(shape, good | {"ResultList": [{"Sentiment": "Mixed"}]}) == ["Mixed is no SentimentType"]
    assert mistakes(shape, good | {"ResultList": [{"Index": "0"}]})
    assert mistakes(shape, good | {"Results": []})
    assert mistakes(shape, {"ResultList": []})
