"""The arguments of the Glue job: options of `aurastream nightly` among those that Glue adds, and what it is to do.

Glue hands a script whatever the job's parameters are, and would say nothing of one that is misspelt: a night whose
`--budegt 5` is passed over has no cap. So what is near one of ours is refused, and of the rest the name is logged.
"""

from __future__ import annotations

import argparse
import difflib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from expectations.limits import Limits
from jobs.console import say
from jobs.formats import Format
from jobs.settings import DEFAULT_CASCADE, DEFAULT_LIMITS, NightlySettings, parse_dollars, parse_mapping, parse_share
from transforms.cost import DEFAULT_TPS
from transforms.errors import UsageError

# Options of `aurastream nightly` that mean nothing where there is no machine of one's own.
NOT_HERE = ("config", "follow-links")
# What Glue adds or takes for itself (Glue Developer Guide, "Using job parameters in AWS Glue jobs"), as Glue spells it.
OF_GLUE = frozenset(
    {
        *("JOB_NAME", "JOB_ID", "JOB_RUN_ID", "SECURITY_CONFIGURATION", "TempDir", "scriptLocation", "class", "conf"),
        *("job-language", "job-bookmark-option", "job-bookmark-from", "job-bookmark-to", "encryption-type"),
        *("additional-python-modules", "python-modules-installer-option", "python-virtual-env"),
        *("extra-files", "extra-jars", "extra-py-files", "user-jars-first", "datalake-formats"),
        *("enable-auto-scaling", "enable-continuous-cloudwatch-log", "enable-continuous-log-filter"),
        *("continuous-log-logGroup", "continuous-log-logStreamPrefix", "continuous-log-conversionPattern"),
        *("continuous-log-conversion-pattern", "custom-logGroup-prefix", "custom-logStream-prefix"),
        *("enable-glue-datacatalog", "enable-job-insights", "enable-metrics", "enable-observability-metrics"),
        *("enable-rename-algorithm-v2", "enable-s3-parquet-optimized-committer", "enable-spark-ui"),
        *("enable-lakeformation-fine-grained-access", "spark-event-logs-path", "executor-cores", "worker-type"),
        *("customer-driver-env-vars", "customer-executor-env-vars", "use-postgres-driver", "disable-proxy-v2"),
        *("write-shuffle-files-to-s3", "write-shuffle-spills-to-s3"),
    }
)  # fmt: skip
# Options of Glue's whose value may begin with a dash.
_DASHED = {"python-modules-installer-option", "conf"}
# How near a word has to be to one of ours (difflib's ratio): `budegt` to `budget` is 0.83, two letters apart in six.
_NEAR = 0.75
_FLAGS = ("reprocess", "each-line", "turns", "whole", "attachments")
COMMANDS = ("nightly", "plan", "verify", "rollback")


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a run of the job is to do."""

    command: str  # of COMMANDS
    night: NightlySettings
    max_age: int | None  # of the last published date, in days; None: any
    metrics: str | None  # the stack that metrics are put under; None: they are not put
    execution: str | None  # of the state machine, by which its end finds this run


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise UsageError(message)


def job(arguments: Sequence[str]) -> Job:
    """What the job's arguments ask for; `--map` takes pairs with commas between.

    Raises UsageError: for what cannot be meant, and for whatever is likely to be one of ours and is not.
    """
    parser = _Parser(prog="glue.py", allow_abbrev=False, add_help=False)
    for name in ("drops", "lake"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--command", choices=COMMANDS, default=COMMANDS[0])
    parser.add_argument("--max-age", type=int)
    for name in ("ds", "metrics", "execution"):
        parser.add_argument(f"--{name}")
    for name in ("language", "policy", "key-file", "cache", "deadline", "date-pattern", "records"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--scorer", default="comprehend")
    parser.add_argument("--sample", type=parse_share, default=DEFAULT_CASCADE.sample)
    parser.add_argument("--agreement", type=float, default=DEFAULT_CASCADE.agreement)
    parser.add_argument("--without-cache", choices=["stop", "defer"], default="stop")
    parser.add_argument("--quota-tps", type=float, default=DEFAULT_TPS)
    parser.add_argument("--budget", type=parse_dollars)
    for name, share in zip(("max-rejected", "max-failed"), DEFAULT_LIMITS, strict=True):
        parser.add_argument(f"--{name}", type=parse_share, default=share)
    parser.add_argument("--map", dest="mapping", default="")
    parser.add_argument("--format", dest="file_format", type=Format)
    for name in _FLAGS:
        parser.add_argument(f"--{name}", choices=["true", "false"], default="false")
    ours = [option.removeprefix("--") for option in parser._option_string_actions]
    told = vars(parser.parse_args([f"--{name}={value}" for name, value in _ours(arguments, ours)]))
    of_job = {name: told.pop(name) for name in ("command", "max_age", "metrics", "execution")}
    limits = Limits(told.pop("max_rejected"), told.pop("max_failed"))
    if of_job["command"] == "rollback" and told["ds"] is None:
        raise UsageError("--command rollback takes a date's last publication back: say which by --ds")
    night = NightlySettings(
        **told
        | {
            "ds": told["ds"] or datetime.now(UTC).date().isoformat(),
            "limits": limits,
            "mapping": parse_mapping(tuple(filter(None, told["mapping"].split(",")))),
            **{name: told[name] == "true" for name in (flag.replace("-", "_") for flag in _FLAGS)},
        }
    )
    return Job(night=night, **of_job)


def _ours(arguments: Sequence[str], ours: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Our options with their values, each once; what is neither ours nor Glue's is refused or logged by name."""
    given: set[str] = set()
    words = iter(arguments)
    waits = None  # for its value: one of ours
    expected = False  # the next word may be a value of another's
    for word in words:
        name, has_value, value = word.lstrip("-").partition("=")
        if waits is not None:
            if not _may_be_value(word):
                raise UsageError(f"--{waits} is given no value: what stands after it is {_told(word)}")
            yield waits, word
            waits = None
        elif word.startswith("--") and name in ours:
            if name in given:
                raise UsageError(f"--{name} is given twice: give it once")
            given.add(name)
            if not has_value:
                waits = name
            elif value.strip():
                yield name, value
            else:
                raise UsageError(f"--{name} is given no value")
            expected = False
        elif word.startswith("--") and name in OF_GLUE:
            if name in _DASHED and not has_value:
                next(words, None)
            expected = not has_value
        elif _looks_like_option(word) or (not expected and (_folded(word) in {*ours, *NOT_HERE})):
            _refuse_if_near(word, ours)
            if _looks_like_option(word):
                say(f"{word.partition('=')[0]} is passed over: it is an option neither of this job nor of Glue")
            expected = not has_value
        else:
            expected = False
    if waits is not None:
        raise UsageError(f"--{waits} is given no value")


def _looks_like_option(word: str) -> bool:
    """Whether it begins with a dash, also one that a word processor makes of `--`, and is no number."""
    return bool(word) and unicodedata.category(word[0]) == "Pd" and not re.fullmatch(r"-\d*\.?\d+", word)


def _may_be_value(word: str) -> bool:
    return bool(word.strip()) and not _looks_like_option(word)


def _told(word: str) -> str:
    """A word that stands where a value should, without what may be a value itself."""
    return word.partition("=")[0].partition(" ")[0] if word.strip() else "empty"


def _refuse_if_near(word: str, ours: Sequence[str]) -> None:
    given, name = word.partition("=")[0], _folded(word)
    if not name:
        raise UsageError(f"{given} stands alone: what comes after it would be no option")
    if name in NOT_HERE:
        raise UsageError(f"{given} is an option of `aurastream nightly`, and not of this job: give what it says here")
    meant = [
        *(each for each in ours if each.startswith(name)),
        *difflib.get_close_matches(name, [*ours, *NOT_HERE], 1, _NEAR),
        *(each for each in ours if _within(each, name) or _within(name, each)),
    ]
    if meant:
        raise UsageError(f"{given} is no option of this job: did you mean --{meant[0]}?")


def _folded(word: str) -> str:
    """An option's name as ours are written: `--keyFile`, `-KEY_FILE` and `--key-file=x` are `key-file`."""
    name = word.partition("=")[0].lstrip("".join({each for each in word if unicodedata.category(each) == "Pd"}))
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)
    return re.sub(r"[\W_]+", "-", parted).strip("-").casefold()


def _within(few: str, many: str) -> bool:
    """Whether words stand in a row within others: `budget` in `max-budget-usd`."""
    return f"-{few}-" in f"-{many}-"
