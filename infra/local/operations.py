"""Comprehend's operations: what each takes, what it refuses, and what it answers. No sockets, no clock, no accounts.

Limits, codes and shapes are those of the service's API model (botocore, `comprehend/2017-11-27`) and of Guidelines and
quotas in the Developer Guide. Members that are missing, empty or of no listed value get the ValidationException that
the service itself sends (aws/aws-sdk-java#1684 shows one); the model lists no code for them. No message holds what was
sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from infra.local.answers import Sentiment
from infra.local.jobs import Harm, Job, Jobs
from infra.local.refusal import JSON, Refusal
from transforms.sentiment.protocols import Scores

MAX_DOCUMENTS = 25
MAX_BYTES = 5_000
MAX_SINGLE_BYTES = 100_000  # of operations on one text but DetectSentiment
MIN_LANGUAGE_CHARACTERS = 20
LANGUAGES = ("en", "es", "fr", "de", "it", "pt", "ar", "hi", "ja", "ko", "zh", "zh-TW")
PII_LANGUAGES = ("en", "es")
LANGUAGE_SCORE = 0.99  # our detector has no figure that compares

START_JOB, DESCRIBE_JOB = "StartSentimentDetectionJob", "DescribeSentimentDetectionJob"
_JOB = {"InputDataConfig": dict, "OutputDataConfig": dict, "DataAccessRoleArn": str}
_S3_URI = re.compile(r"s3://[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9](/.*)?")
_ROLE = re.compile(r"arn:aws(-[^:]+)?:iam::[0-9]{12}:role/.+")
_LABELS = ("POSITIVE", "NEGATIVE", "NEUTRAL", "MIXED")  # in the order of `Scores`


class Answer(NamedTuple):
    """What an operation says, and the texts that are billed for it."""

    body: JSON
    billed: Sequence[str]


class Desk(NamedTuple):
    """What operations work with."""

    sentiment: Sentiment
    item_error: Callable[[], str | None]  # asked once a document: the code that it fails with, if it is to fail
    jobs: Jobs
    harm: Harm | None  # what is to become of a job that is started


# Takes a request; raises Refusal.
Operation = Callable[[JSON, Desk], Answer]


def batch_detect_sentiment(request: JSON, desk: Desk) -> Answer:
    """The sentiment of up to 25 texts in one language."""
    texts = _text_list(request)
    language = _language(request)
    return _batch(texts, desk, lambda good: [_sentiment(desk.sentiment(text, language)) for text in good])


def detect_sentiment(request: JSON, desk: Desk) -> Answer:
    """The sentiment of one text."""
    text = _text(request, MAX_BYTES)
    return Answer(_sentiment(desk.sentiment(text, _language(request))), [text])


def batch_detect_dominant_language(request: JSON, desk: Desk) -> Answer:
    """The languages of up to 25 texts. Each should have 20 characters, says the model; shorter ones pass."""
    return _batch(_text_list(request), desk, _languages)


def detect_dominant_language(request: JSON, _: Desk) -> Answer:
    """The language of one text, which must have 20 characters."""
    text = _text(request, MAX_SINGLE_BYTES)
    if len(text) < MIN_LANGUAGE_CHARACTERS:
        raise Refusal(
            "InvalidRequestException", f"The text must contain at least {MIN_LANGUAGE_CHARACTERS} characters."
        )
    return Answer(_languages([text])[0], [text])


def detect_pii_entities(request: JSON, _: Desk) -> Answer:
    """The personal data in one text, in its order, as our detectors see it."""
    text = _pii_text(request)
    entities = [
        {"Score": find["confidence"], "Type": find["type"], "BeginOffset": find["start"], "EndOffset": find["end"]}
        for find in _finds(text)
    ]
    return Answer({"Entities": entities}, [text])


def contains_pii_entities(request: JSON, _: Desk) -> Answer:
    """The types of personal data in one text, each with the surest find's confidence."""
    text = _pii_text(request)
    surest: dict[str, float] = {}
    for find in _finds(text):
        surest[find["type"]] = max(find["confidence"], surest.get(find["type"], 0.0))
    return Answer({"Labels": [{"Name": name, "Score": score} for name, score in surest.items()]}, [text])


def start_sentiment_detection_job(request: JSON, desk: Desk) -> Answer:
    """A job over the lines of files in S3. With a token that is known nothing is started, and that job's name given."""
    language = _language(request)
    told = {name: _member(request, name, kind) for name, kind in _JOB.items()}
    for config in ("InputDataConfig", "OutputDataConfig"):
        if not _S3_URI.fullmatch(_member(told[config], "S3Uri", str)):
            raise _invalid(f"{config}.s3Uri", f"Member must satisfy regular expression pattern: {_S3_URI.pattern}")
    if not _ROLE.fullmatch(told["DataAccessRoleArn"]):
        raise _invalid("DataAccessRoleArn", f"Member must satisfy regular expression pattern: {_ROLE.pattern}")
    if told["InputDataConfig"].get("InputFormat") != "ONE_DOC_PER_LINE":
        raise Refusal("InvalidRequestException", "Only ONE_DOC_PER_LINE is known here.")
    return Answer(_job_said(desk.jobs.start(request, language, desk.harm)), [])


def describe_sentiment_detection_job(request: JSON, desk: Desk) -> Answer:
    """How far a job is."""
    job = desk.jobs.find(_member(request, "JobId", str))
    said = {**_job_said(job), "LanguageCode": job.language, "Message": job.message}
    return Answer({"SentimentDetectionJobProperties": {**said, "OutputDataConfig": {"S3Uri": job.output}}}, [])


def _job_said(job: Job) -> JSON:
    return {"JobId": job.id, "JobStatus": job.status}


OPERATIONS: Mapping[str, Operation] = {
    "BatchDetectSentiment": batch_detect_sentiment,
    "DetectSentiment": detect_sentiment,
    "BatchDetectDominantLanguage": batch_detect_dominant_language,
    "DetectDominantLanguage": detect_dominant_language,
    "DetectPiiEntities": detect_pii_entities,
    "ContainsPiiEntities": contains_pii_entities,
    START_JOB: start_sentiment_detection_job,
    DESCRIBE_JOB: describe_sentiment_detection_job,
}
# Those whose answer has an ErrorList.
BATCH_OPERATIONS = tuple(name for name in OPERATIONS if name.startswith("Batch"))


def _batch(texts: list[str], desk: Desk, answers: Callable[[list[str]], list[JSON]]) -> Answer:
    """Answer the texts that do not fail, and list those that do; neither list names a text."""
    codes = [desk.item_error() for _ in texts]
    good = [text for text, code in zip(texts, codes, strict=True) if code is None]
    places = [index for index, code in enumerate(codes) if code is None]
    results = [{"Index": index, **answer} for index, answer in zip(places, answers(good), strict=True)]
    errors = [
        {"Index": index, "ErrorCode": code, "ErrorMessage": "The fault schedule lets this document fail."}
        for index, code in enumerate(codes)
        if code is not None
    ]
    return Answer({"ResultList": results, "ErrorList": errors}, good)


def _sentiment(scores: Scores) -> JSON:
    positive, negative, neutral, mixed = scores
    return {
        "Sentiment": _LABELS[scores.index(max(scores))],
        "SentimentScore": {"Positive": positive, "Negative": negative, "Neutral": neutral, "Mixed": mixed},
    }


def _languages(texts: list[str]) -> list[JSON]:
    # Not at the top, and so for the detectors below: a server that is asked for sentiment alone is up sooner.
    import pyarrow as pa

    from transforms.language import detect

    codes: list[str | None] = detect(pa.array(texts, pa.string())).to_pylist()
    return [{"Languages": [{"LanguageCode": code, "Score": LANGUAGE_SCORE}] if code else []} for code in codes]


def _finds(text: str) -> list[JSON]:
    import pyarrow as pa

    from transforms.pii.policy import COMPREHEND_TYPES, DEFAULT_POLICY
    from transforms.pii.redactor import find

    (finds,) = find(pa.array([text], pa.string()), DEFAULT_POLICY).to_pylist()
    return [each for each in finds if each["type"] in COMPREHEND_TYPES]


def _text_list(request: JSON) -> list[str]:
    texts: list[str] = _member(request, "TextList", list)
    if not texts:
        raise _invalid("TextList", "Member must have length greater than or equal to 1")
    for text in texts:
        if type(text) is not str:
            raise _unreadable("TextList", "a list of strings")
        if not text:
            raise _invalid("TextList", "Each member must have length greater than or equal to 1")
    if len(texts) > MAX_DOCUMENTS:
        raise Refusal(
            "BatchSizeLimitExceededException",
            f"The request has {len(texts)} documents; the limit is {MAX_DOCUMENTS}.",
        )
    for text in texts:
        _fits(text, MAX_BYTES)
    return texts


def _text(request: JSON, max_bytes: int) -> str:
    text: str = _member(request, "Text", str)
    if not text:
        raise _invalid("Text", "Member must have length greater than or equal to 1")
    _fits(text, max_bytes)
    return text


def _pii_text(request: JSON) -> str:
    text = _text(request, MAX_SINGLE_BYTES)
    if _language(request) not in PII_LANGUAGES:
        raise Refusal("UnsupportedLanguageException", f"The language must be one of {', '.join(PII_LANGUAGES)}.")
    return text


def _language(request: JSON) -> str:
    language: str = _member(request, "LanguageCode", str)
    if language not in LANGUAGES:
        raise _invalid("LanguageCode", f"Member must satisfy enum value set: [{', '.join(LANGUAGES)}]")
    return language


def _member(request: JSON, name: str, kind: type) -> Any:
    value = request.get(name)
    if value is None:
        raise _invalid(name, "Member must not be null")
    if type(value) is not kind:
        raise _unreadable(name, {"str": "a string", "list": "a list"}.get(kind.__name__, "an object"))
    return value


def _fits(text: str, max_bytes: int) -> None:
    if len(text) * 4 > max_bytes and (size := len(text.encode())) > max_bytes:
        raise Refusal(
            "TextSizeLimitExceededException",
            f"Input text size exceeds limit. Max length of request text allowed is {max_bytes} bytes while in this "
            f"request the text size is {size} bytes",
        )


def _invalid(name: str, constraint: str) -> Refusal:
    where = name[0].lower() + name[1:]
    return Refusal(
        "ValidationException",
        f"1 validation error detected: Value at '{where}' failed to satisfy constraint: {constraint}",
    )


def _unreadable(name: str, wanted: str) -> Refusal:
    return Refusal("SerializationException", f"{name} must be {wanted}")
