"""A second opinion on personal data: Amazon Comprehend's DetectPiiEntities, for what was redacted here already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from jobs.aws import new_session
from transforms.cost import text_units
from transforms.errors import ServiceError
from transforms.pii.redacted import RedactedText
from transforms.pii.redactor import Opinion
from transforms.text import split_utf8

LANGUAGES = frozenset({"en", "es"})
_MAX_BYTES = 100_000  # of a text in one call (Amazon Comprehend's quota for DetectPiiEntities)


class ComprehendOpinion:
    """Asks of each distinct text once; `calls` and `units` (100 characters, 3 at least a call) count what it cost."""

    def __init__(self) -> None:
        # Its retries, five in all with growing pauses, also answer throttling.
        config = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=5, read_timeout=30)
        self._client = new_session().client("comprehend", config=config)
        self._answers: dict[tuple[str, str], list[Opinion]] = {}
        self.calls = 0
        self.units = 0

    def __call__(self, texts: Sequence[RedactedText], languages: Sequence[str]) -> list[list[Opinion]]:
        """What Comprehend finds in each text; nothing in languages that it does not know. Raises ServiceError."""
        return [self._opinions(text, language) for text, language in zip(texts, languages, strict=True)]

    def _opinions(self, text: RedactedText, language: str) -> list[Opinion]:
        if language not in LANGUAGES or not text.strip():
            return []
        if (text, language) not in self._answers:
            opinions = []
            before = 0
            for part in split_utf8(text, _MAX_BYTES):
                opinions += [
                    Opinion(each["Type"], before + each["BeginOffset"], before + each["EndOffset"], each["Score"])
                    for each in self._ask(part, language)
                ]
                before += len(part)
            self._answers[text, language] = opinions
        return self._answers[text, language]

    def _ask(self, text: RedactedText, language: str) -> list[dict[str, Any]]:
        self.calls += 1
        self.units += text_units(text)
        try:
            answer = self._client.detect_pii_entities(Text=text, LanguageCode=language)
        except ClientError as error:
            raise ServiceError(f"Comprehend refused a second opinion: {error.response['Error']['Code']}") from None
        except BotoCoreError as error:
            raise ServiceError(f"Comprehend gives no second opinion: {type(error).__name__}") from None
        entities: list[dict[str, Any]] = answer["Entities"]
        return entities
