"""Redaction alone, without Spark and without a lake: a text, or texts in every line of JSON Lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.console import output, say
from jobs.readers.lines import MAX_LINE_BYTES
from jobs.redact_input import JSON_LINES, UNDECIDED, Input, opened, parsed, written
from jobs.redact_lines import ERROR, PII, REDACTED, TEXT, Document, of_line, of_text, redact_documents, unreadable
from jobs.settings import given_key, given_policy
from transforms.documents import Reason
from transforms.errors import DropError, UsageError
from transforms.pii.keys import EVERYTHING, is_path, leaves
from transforms.pii.policy import Keys
from transforms.pii.replacements import restore

if TYPE_CHECKING:
    from jobs.scorers.second_opinion import ComprehendOpinion

_BATCH_LINES, _BATCH_BYTES = 1000, 1 << 20


def redact_file(
    source: Path,
    target: Path,
    form: str | None,
    policy_file: str | None,
    key_file: str | None,
    language: str,
    keys: str | None,
    *,
    explained: bool,
) -> None:
    """Write a text without its personal data, or JSON Lines with that of their texts taken out.

    Of JSON Lines, `redacted_text` and `pii` take the place of `text`; where `keys` (parted by commas) or the policy say
    what is searched, it stays under its key. A line whose texts cannot be read becomes one with an `error_code`, a
    Reason. `form` is TEXT or JSON_LINES; None tells by name and content. `language` is that of texts whose line has no
    field `language`. `explained` says each find on standard error.
    Raises UsageError for a policy, key or keys that cannot be used, DropError for a text that is too long or not UTF-8,
    ServiceError where a second opinion cannot be had.
    """
    policy = given_policy(policy_file)
    key = given_key(key_file) if key_file else b""
    policy.require(key)  # before anything is written
    wanted = _wanted(keys, policy.keys)
    opinion = _second_opinion() if policy.second_opinion else None

    redact = partial(redact_documents, policy=policy, key=key, opinion=opinion, language=language, explained=explained)
    reasons: Counter[Reason] = Counter()
    with opened(source, form, lambda row: _holds(row, wanted)) as given, output(target) as out:
        for batch in _batches(given, wanted, redact):
            redact(batch)
            for document in batch:
                in_lines = given.form == JSON_LINES
                out.write(written(document.row) if in_lines else (document.row[REDACTED] or "").encode())
                reasons.update([document.reason] if document.reason else [])
                if document.said:
                    out.flush()  # where both go one way, a text stands before what is said of it
                for line in document.said:
                    say(line)
    for reason, count in reasons.most_common():
        say(f"not redacted: {count} {reason}")
    if opinion:
        say(f"second opinion: {opinion.calls} calls, {opinion.units} units")


def _second_opinion() -> ComprehendOpinion:
    from jobs.scorers.second_opinion import ComprehendOpinion  # boto3 takes half a second to import

    return ComprehendOpinion()


def _wanted(told: str | None, keys: Keys) -> Keys:
    """The policy's keys; the command line's stand above what it has searched."""
    if told is None:
        return keys
    paths = tuple(path.strip() for path in told.split(","))
    if not all(map(is_path, paths)):
        raise UsageError(f"--keys {told}: write keys parted by commas, such as subject,to.*.address")
    return replace(keys, search=paths)


def _holds(row: dict[str, Any], keys: Keys) -> bool:
    """Whether a line has what is looked for, or had it before it was redacted."""
    return bool(leaves(row, keys.search)) if keys.search else isinstance(row.get(TEXT), str) or REDACTED in row


def _batches(given: Input, keys: Keys, redact: Callable[[list[Document]], None]) -> Iterator[list[Document]]:
    """What is redacted together: some lines, or the one text."""
    if given.form == JSON_LINES:
        yield from _lines(given, keys)
    elif given.form == UNDECIDED:
        yield [_strings_first(given.text(), keys, redact)]
    else:
        yield [of_text(given.text())]


def _lines(given: Input, keys: Keys) -> Iterator[list[Document]]:
    unmet = set(keys.search)
    batch: list[Document] = []
    size = 0
    for number, line in given.lines():
        row, reason = parsed(line)
        unmet -= {path for path in unmet if leaves(row, [path])}
        where = f"line {number}"
        batch.append(unreadable(where, reason) if reason else of_line(where, row, keys))
        size += 0 if isinstance(line, Reason) else len(line)
        if len(batch) == _BATCH_LINES or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    yield batch
    for path in sorted(unmet):
        say(f"no line has the key {path}")


def _strings_first(text: str, keys: Keys, redact: Callable[[list[Document]], None]) -> Document:
    """A text of which some lines are JSON, without what is found in their strings by themselves."""
    lines = text.split("\n")
    rows = [parsed(line.encode()).row for line in lines]
    every = replace(keys, search=(EVERYTHING,))
    documents = [of_line(f"line {number}", row, every) for number, row in enumerate(rows, 1)]
    redact(documents)
    for number, document in enumerate(documents):
        if document.row.pop(PII) or document.row.pop(ERROR, None):
            lines[number] = written(document.row).decode().rstrip("\n")
    whole = replace(of_text("\n".join(lines)), decodes=False)
    whole.said = [line for document in documents for line in document.said]
    return whole


def restore_file(source: Path, target: Path, form: str | None, key_file: str) -> None:
    """Write a text, or JSON Lines, with every encrypted find turned back: of `redacted_text`, or else of every string.

    Raises UsageError for a key that it was not encrypted under, DropError for a text that is too long or not UTF-8.
    """
    key = given_key(key_file)
    with opened(source, form, lambda row: REDACTED in row) as given, output(target) as out:
        if given.form != JSON_LINES:
            out.write(restore(given.text(MAX_LINE_BYTES), key).encode())  # ciphertexts are longer than what they hold
            return
        for number, line in given.lines():
            if isinstance(line, Reason):
                raise DropError(f"{source}, line {number}: {line}, so that it cannot be written either")
            row, reason = parsed(line)
            for leaf in leaves(row, [REDACTED] if REDACTED in row else [EVERYTHING]).values():
                if isinstance(value := leaf.holder[leaf.at], str):
                    leaf.holder[leaf.at] = restore(value, key)
            out.write(line + b"\n" if reason else written(row))
