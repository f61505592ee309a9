"""Redaction alone, without Spark and without a lake: a text, or the `text` of every line of JSON Lines."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import pyarrow as pa

from jobs.console import output, say
from jobs.settings import given_key, given_policy
from transforms.documents import Reason
from transforms.errors import DropError
from transforms.pii.explain import explain
from transforms.pii.policy import Policy
from transforms.pii.redactor import SecondOpinion, redact
from transforms.pii.replacements import Cut, render, restore

if TYPE_CHECKING:
    from jobs.scorers.second_opinion import ComprehendOpinion

TEXT, JSON_LINES = "text", "jsonl"
FORMATS = (TEXT, JSON_LINES)
_BATCH_LINES = 1000


class Parsed(NamedTuple):
    """One line: its fields but `text`, its text, or why it has none."""

    row: dict[str, Any]
    text: str | None
    reason: Reason | None


def redact_file(
    source: Path,
    target: Path,
    form: str | None,
    policy_file: str | None,
    key_file: str | None,
    language: str,
    *,
    explained: bool,
) -> None:
    """Write a text without its personal data, or JSON Lines with `redacted_text` and `pii` in place of `text`.

    A line that holds no text that can be read becomes one with an `error_code`, a Reason. `form` is one of FORMATS;
    None tells by name and first line. `language` is that of texts whose line has no field `language`. `explained` says
    each find on standard error.
    Raises UsageError for a policy or key that cannot be used, DropError for a text that is not UTF-8, ServiceError
    where a second opinion cannot be had.
    """
    policy = given_policy(policy_file)
    key = given_key(key_file) if key_file else b""
    policy.require(key)  # before anything is written
    opinion = _second_opinion() if policy.second_opinion else None
    reasons: Counter[Reason] = Counter()
    with _lines(source, form) as (lines, found_form), output(target) as out:
        for batch in _batches(lines, found_form, source):
            for (where, _), done in zip(
                batch, _redacted([each for _, each in batch], policy, key, opinion, language), strict=True
            ):
                text = done.row["redacted_text"] or ""
                out.write(_line(done.row) if found_form == JSON_LINES else text.encode())
                reasons.update([done.reason] if done.reason else [])
                if explained:
                    out.flush()  # where both go one way, a text stands before what is said of it
                for each in explain(done.text, done.row["pii"], policy) if explained and done.text else ():
                    found = f"{each.type} {each.value} by {each.detector}, {each.confidence}: {each.decided}"
                    say(f"{where}, {each.span}: {found}")
    for reason, count in reasons.most_common():
        say(f"not redacted: {count} {reason}")
    if opinion:
        say(f"second opinion: {opinion.calls} calls, {opinion.units} units")


def _second_opinion() -> ComprehendOpinion:
    from jobs.scorers.second_opinion import ComprehendOpinion  # boto3 takes half a second to import

    return ComprehendOpinion()


def _batches(lines: Iterable[bytes], form: str, source: Path) -> Iterator[list[tuple[str, Parsed]]]:
    """What is redacted together, each with where it stands: some lines, or the one text."""
    if form == TEXT:
        yield [("text", Parsed({}, _decoded(b"".join(lines), source), None))]
        return
    parsed = ((f"line {number}", _parsed(line)) for number, line in enumerate(lines, 1) if line.strip())
    while batch := list(islice(parsed, _BATCH_LINES)):
        yield batch


def restore_file(source: Path, target: Path, form: str | None, key_file: str) -> None:
    """Write a text, or the `redacted_text` of JSON Lines, with every encrypted find turned back.

    Raises UsageError for a key that it was not encrypted under, DropError for a text that is not UTF-8.
    """
    key = given_key(key_file)
    with _lines(source, form) as (lines, found_form), output(target) as out:
        if found_form == JSON_LINES:
            for line in lines:
                row = _parsed(line).row
                if isinstance(row.get("redacted_text"), str):
                    row["redacted_text"] = restore(row["redacted_text"], key)
                    out.write(_line(row))
                else:
                    out.write(line)
        else:
            out.write(restore(_decoded(b"".join(lines), source), key).encode())


@contextmanager
def _lines(source: Path, form: str | None) -> Iterator[tuple[Iterable[bytes], str]]:
    """A file's lines, or standard input's, and their format."""
    with _opened(source) as file:
        first = file.readline()
        by_name = {".txt": TEXT, ".jsonl": JSON_LINES, ".ndjson": JSON_LINES}.get(source.suffix.lower())
        yield chain([first] if first else [], file), form or by_name or _by_content(first)


@contextmanager
def _opened(source: Path) -> Iterator[BinaryIO]:
    if str(source) == "-":
        yield sys.stdin.buffer
    else:
        with source.open("rb") as file:
            yield file


def _by_content(line: bytes) -> str:
    parsed = _parsed(line)
    return JSON_LINES if parsed.text is not None or "redacted_text" in parsed.row else TEXT


def _decoded(data: bytes, source: Path) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise DropError(f"{source}: byte {error.start + 1} is not UTF-8; convert the text first") from None


def _parsed(line: bytes) -> Parsed:
    """A line's fields and text, or why there is none."""
    try:
        row = json.loads(line.decode())
    except UnicodeDecodeError:
        return Parsed({}, None, Reason.INVALID_UTF8)
    except (ValueError, RecursionError):
        return Parsed({}, None, Reason.MALFORMED_JSON)
    if not isinstance(row, dict):
        return Parsed({}, None, Reason.NOT_AN_OBJECT)
    text = row.pop("text", None)
    if text is None:
        return Parsed(row, None, Reason.TEXT_MISSING)
    if not isinstance(text, str):
        return Parsed(row, None, Reason.TEXT_NOT_STRING)
    return Parsed(row, text, None) if _is_unicode(text) else Parsed(row, None, Reason.LONE_SURROGATE)


def _line(row: dict[str, Any]) -> bytes:
    # What other fields hold of half characters is written as the escapes that it came as.
    text = json.dumps(row, ensure_ascii=False)
    return (text if _is_unicode(text) else json.dumps(row)).encode() + b"\n"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _laid_out(text: str, pii: list[dict[str, Any]], policy: Policy, key: bytes) -> str:
    """A text as it came, with its lines and spaces, less its finds; the redactor's own is normalised, to be scored."""
    return render(text, [Cut(each["start"], each["end"], each["type"]) for each in pii], policy, key)


def _redacted(
    parsed: list[Parsed], policy: Policy, key: bytes, opinion: SecondOpinion | None, language: str
) -> list[Parsed]:
    """The rows with `redacted_text` and `pii`, and an `error_code` where the text could not be taken."""
    languages = [str(each.row.get("language") or language) for each in parsed]
    texts = pa.array([each.text for each in parsed], pa.string())
    redaction = redact(texts, policy, key, opinion, languages)
    dropped = set(redaction.dropped.tolist())
    done = []
    for number, (each, pii) in enumerate(zip(parsed, redaction.pii.to_pylist(), strict=True)):
        redacted = None if each.text is None or number in dropped else _laid_out(each.text, pii, policy, key)
        reason = Reason.DROPPED_BY_POLICY if number in dropped else each.reason
        finds = [find | {"confidence": round(find["confidence"], 4)} for find in pii or ()]
        row = each.row | {"redacted_text": redacted, "pii": finds} | ({"error_code": reason} if reason else {})
        done.append(Parsed(row, each.text, reason))
    return done
