"""Amazon Comprehend: sentiment and the dominant language, 25 texts a call.

Endpoint, region and credentials are those of the AWS SDK: `AWS_ENDPOINT_URL_COMPREHEND`, `AWS_REGION`, the credential
chain. On AWS nothing of it is set.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from jobs.aws import new_session
from jobs.scorers.call_policy import CallPolicy
from jobs.scorers.calls import Calls
from jobs.scorers.open_jobs import OpenJob, OpenJobs
from jobs.scorers.outcomes import Answers, Rejected, Throttled, Unanswered
from jobs.stores.protocols import Meter
from transforms.cost import text_units
from transforms.errors import ScorerError, ScorerUnavailable
from transforms.pii.redacted import RedactedText
from transforms.sentiment.protocols import Claimed, Deferred, Failure, Outcome, Scores, Usage
from transforms.sentiment.scoring import UNSUPPORTED_LANGUAGE

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

T = TypeVar("T")

# Seconds. A batch is answered within one; longer is a stall, and the call is made again.
CONNECT_TIMEOUT, READ_TIMEOUT = 3.0, 8.0
# Not all are in the service's model: told by their names, as the SDK's own retries tell them.
_THROTTLES = {
    "ThrottlingException", "Throttling", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded",
    "RequestThrottled", "RequestThrottledException", "LimitExceededException", "ResourceLimitExceededException",
    "SlowDown",
}  # fmt: skip
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_DENIED = {
    "AccessDenied", "AccessDeniedException", "UnrecognizedClientException", "InvalidClientTokenId",
    "InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature", "MissingAuthenticationToken",
    "MissingAuthenticationTokenException", "NotAuthorized", "OptInRequired", "SubscriptionRequiredException",
    "UnknownOperationException",
}  # fmt: skip
SENTIMENT = "BatchDetectSentiment"
BOUGHT_BY_A_JOB = "BOUGHT_BY_A_JOB"
# Fresh credentials that are refused as well are no accident.
_RENEWALS = 3


class ComprehendScorer:
    """`Scorer` by BatchDetectSentiment. Client and connections are made late: they cannot travel to workers."""

    name = "comprehend"
    version = "comprehend-2017-11-27"  # the API's; Amazon does not number the model behind it
    # Of the API's model; the languages of https://docs.aws.amazon.com/comprehend/latest/dg/supported-languages.html
    languages = frozenset({"ar", "de", "en", "es", "fr", "hi", "it", "ja", "ko", "pt", "zh", "zh-TW"})
    max_bytes = 5_000  # https://docs.aws.amazon.com/comprehend/latest/dg/guidelines-and-limits.html
    paid = True

    def __init__(self, policy: CallPolicy, meter: Meter) -> None:
        """The meter stays open: it is whoever's who opened it."""
        self.usage = Usage()
        self._client = Client(policy.threads)

        def send(texts: Sequence[RedactedText], language: str) -> Answers[Scores]:
            reply = self._client.call("batch_detect_sentiment", TextList=texts, LanguageCode=language)
            return _answers(reply, lambda found: shares(found["SentimentScore"]))

        self._calls = Calls(SENTIMENT, send, policy, meter, self.usage)
        self._open_jobs = OpenJobs(policy.jobs) if policy.jobs else None

    def units(self, text: RedactedText) -> int:
        """100 characters each, 3 at least."""
        return text_units(text)

    def score(self, texts: Sequence[RedactedText], language: str) -> Iterator[Mapping[int, Outcome | Claimed]]:
        """See `Scorer.score`. Texts of a language that the service refuses end as UNSUPPORTED_LANGUAGE.

        Raises ScorerUnavailable where the lake does not say which texts are in open jobs.
        """
        rest = set(range(len(texts)))
        try:
            for job, mine in self._open_jobs.holding(texts, language) if self._open_jobs else ():
                rest -= set(mine)
                yield from self._of_job(job, mine, texts)
            yield from self._buy(texts, sorted(rest), language)
        except OSError as error:
            raise ScorerUnavailable(f"the files of Amazon Comprehend's jobs cannot be used: {error}") from None

    def _of_job(
        self,
        job: OpenJob,  # noqa: ARG002 - whoever's it is
        places: Sequence[int],
        texts: Sequence[RedactedText],  # noqa: ARG002
    ) -> Iterator[Mapping[int, Outcome | Claimed]]:
        """Texts that an open job was paid for: they wait for the run that fetches it (jobs/run/fetching.py)."""
        yield dict.fromkeys(places, Deferred(BOUGHT_BY_A_JOB))

    def _buy(
        self, texts: Sequence[RedactedText], places: Sequence[int], language: str
    ) -> Iterator[Mapping[int, Outcome | Claimed]]:
        """Buy the texts at some places, by calls."""
        for ended in self._calls.run([texts[place] for place in places], language):
            yield {places[place]: outcome for place, outcome in ended.items()}

    def stop(self, code: str) -> None:
        """See `Scorer.stop`."""
        self._calls.stop(code)

    def close(self) -> None:
        """See `Scorer.close`."""
        self._client.close()


class ComprehendLanguages:
    """`LanguageDetector` by BatchDetectDominantLanguage."""

    version = "comprehend-2017-11-27"
    max_bytes = 5_000

    def __init__(self, policy: CallPolicy, meter: Meter) -> None:
        """The meter stays open: it is whoever's who opened it."""
        self.usage = Usage()
        self._client = Client(policy.threads)

        def send(texts: Sequence[RedactedText], _: str) -> Answers[str]:
            return _answers(self._client.call("batch_detect_dominant_language", TextList=texts), _dominant)

        self._calls = Calls("BatchDetectDominantLanguage", send, policy, meter, self.usage)

    def units(self, text: RedactedText) -> int:
        """100 characters each, 3 at least."""
        return text_units(text)

    def detect(self, texts: Sequence[RedactedText]) -> Iterator[Mapping[int, str | Failure | Deferred | Claimed]]:
        """See `LanguageDetector.detect`."""
        yield from self._calls.run(texts, "")

    def stop(self, code: str) -> None:
        """See `Scorer.stop`."""
        self._calls.stop(code)

    def close(self) -> None:
        """See `Scorer.close`."""
        self._client.close()


def _dominant(found: Mapping[str, Any]) -> str:
    likeliest = max(found["Languages"], key=lambda each: float(each["Score"]), default={"LanguageCode": ""})
    return str(likeliest["LanguageCode"])


def shares(found: Mapping[str, float]) -> Scores:
    """Four shares that sum to 1: the service rounds its own."""
    told = [float(found[name]) for name in ("Positive", "Negative", "Neutral", "Mixed")]
    return Scores(*(share / sum(told) for share in told))


def _answers(reply: Mapping[str, Any], read: Callable[[Mapping[str, Any]], T]) -> Answers[T]:
    return Answers(
        {each["Index"]: read(each) for each in reply["ResultList"]},
        {each["Index"]: each.get("ErrorCode", "NoErrorCode") for each in reply["ErrorList"]},
    )


class Client:
    """The SDK's client, made by the first call that needs it, and anew when its credentials have expired."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._making = threading.Lock()
        self._client: Any = None

    def call(self, operation: str, **arguments: Any) -> Mapping[str, Any]:
        """One call. Raises Throttled, Unanswered, Rejected, and ScorerError where calling again is of no use.

        Where that may be of use later, for credentials have expired or their source fails, it is ScorerUnavailable.
        """
        from botocore.exceptions import (
            BotoCoreError,
            ClientError,
            ConnectTimeoutError,
            EndpointConnectionError,
            HTTPClientError,
        )
        from botocore.parsers import ResponseParserError

        for _ in range(_RENEWALS):
            client = self._made()
            try:
                answer: Mapping[str, Any] = getattr(client, operation)(**arguments)
                return answer
            except ClientError as error:
                if error.response["Error"]["Code"] not in _EXPIRED:
                    raise _told(error) from None
                self._renew(client)
            except (EndpointConnectionError, ConnectTimeoutError) as error:
                raise Unanswered(type(error).__name__, billed=False) from None
            except (HTTPClientError, ResponseParserError) as error:  # resets, stalls, half an answer
                raise Unanswered(type(error).__name__, billed=True) from None
            except BotoCoreError as error:
                raise _not_callable(error) from None
        raise ScorerUnavailable(
            "Amazon Comprehend says that the credentials have expired, new ones too: renew their source"
        )

    def _made(self) -> Any:
        with self._making:
            if self._client is None:
                from botocore.config import Config
                from botocore.exceptions import BotoCoreError

                config = Config(
                    retries={"total_max_attempts": 1, "mode": "standard"},  # the one layer of retries is `Calls`
                    connect_timeout=CONNECT_TIMEOUT,
                    read_timeout=READ_TIMEOUT,
                    max_pool_connections=self._threads,
                    parameter_validation=False,  # what is sent is made here
                    user_agent="aurastream",  # the SDK would make up its own for each call, a fifth of a call's CPU
                )
                try:
                    self._client = new_session().client("comprehend", config=config)
                except (BotoCoreError, ValueError) as error:
                    raise _not_callable(error) from None
            return self._client

    def close(self) -> None:
        """Let go of the connections."""
        with self._making:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _renew(self, refused: Any) -> None:
        with self._making:
            if self._client is refused:
                self._client = None


def _not_callable(error: Exception) -> ScorerError:
    """What the SDK says before it has sent anything: of regions, credentials and endpoints, never of a text."""
    name = type(error).__name__
    said = {
        "NoRegionError": "no region is set: set AWS_REGION",
        "NoCredentialsError": "no credentials were found: see `aws configure`, or the job's role",
        "PartialCredentialsError": "the credentials are incomplete",
        "CredentialRetrievalError": "the source of the credentials fails",
        "TokenRetrievalError": "the sign-in has expired: see `aws sso login`",
        "ProfileNotFound": "AWS_PROFILE names a profile that is not there",
    }
    kind = ScorerUnavailable if name == "CredentialRetrievalError" else ScorerError  # the others need somebody
    return kind(f"Amazon Comprehend cannot be called: {said.get(name, name)}")


def _told(error: ClientError) -> Exception:
    """What an error of the service means for the call."""
    code = str(error.response["Error"]["Code"])
    status = error.response["ResponseMetadata"].get("HTTPStatusCode", 0)
    if code in _THROTTLES or status == 429:
        return Throttled()
    if code in _DENIED or status in (401, 403):
        return ScorerError(
            f"Amazon Comprehend refuses the call ({code}): check the credentials, and that whoever the job runs as may "
            "call comprehend:BatchDetectSentiment and comprehend:BatchDetectDominantLanguage"
        )
    if status >= 500:
        return Unanswered(code, billed=False)
    if code == "UnsupportedLanguageException":
        return Rejected(UNSUPPORTED_LANGUAGE, every=True)
    return Rejected(code)
