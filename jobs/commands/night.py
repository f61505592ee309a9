"""The commands of a night: sample, plan, nightly."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jobs.commands.options import (
    COMMAND_EPILOG,
    Command,
    agreement_option,
    as_date,
    attachments_option,
    budget_option,
    cache_option,
    config_option,
    deadline_option,
    each_line_option,
    key_file_option,
    lake_option,
    language_option,
    map_option,
    max_failed_option,
    max_rejected_option,
    option,
    policy_option,
    quota_option,
    records_option,
    sample_option,
    scorer_option,
    turns_option,
    whole_option,
)
from jobs.formats import Format
from transforms.display import visible
from transforms.errors import UsageError

if TYPE_CHECKING:
    from jobs.settings import NightlySettings


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


@click.command(epilog=COMMAND_EPILOG, short_help="Write a sample drop.")
@config_option
@option(
    "target",
    "--out",
    default="drops",
    metavar="PATH",
    help="Where the drop is written, in its folder ds=DATE: a folder, or s3://….",
)
@option("--documents", default=2000, type=click.IntRange(min=1), help="How many documents.")
@option("--ds", metavar="DATE", callback=as_date, help="The drop's date; today (UTC) if not given.")
@option("--days", type=click.IntRange(min=1), help="So many drops, the last of --ds, in which something happens.")
@option("--seed", default=7, help="The same seed writes the same documents.")
def sample(target: str, documents: int, ds: str | None, days: int | None, seed: int) -> None:
    """Write a sample drop: a support desk's mails, chats and reviews, with made-up people.

    JSON Lines, gzipped JSON Lines, CSV, Parquet and plain text; five of its rows cannot be used, on purpose.

    With --days a month of drops tells a story, to be found by who asks: docs/analysts.md.

    \b
    Examples
      aurastream sample --out drops --documents 2000 --ds 2026-11-22
      aurastream sample --out drops --documents 500 --days 30 --ds 2026-11-22
    """
    from jobs.sample import write_sample

    last = ds or _today()
    if days is None:
        paths = write_sample(target, documents, last, seed)
    else:
        from jobs.sample_story import write_story

        paths = write_story(target, documents, last, seed, days)
    for path in paths:
        click.echo(path)


def _drop_options(command: Command) -> Command:
    """What `nightly` and `plan` are both told: the drop, the lake, and how to score."""
    options = (
        config_option,
        option(
            "--drops",
            required=True,
            metavar="PATH",
            help="The drop: a folder, a file, or a URI such as s3://bucket/drops.",
        ),
        lake_option,
        option("--ds", metavar="DATE", callback=as_date, help="The date of files whose path names none; today (UTC)."),
        option(
            "--follow-links",
            multiple=True,
            metavar="DIR",
            help="A folder that links in the drop may lead into; others than into the drop are passed over.",
        ),
        option("--date-pattern", metavar="PATTERN", help="Where a path holds its date: %Y/%m/%d. ds=DATE needs none."),
        map_option,
        records_option,
        each_line_option,
        turns_option,
        whole_option,
        attachments_option,
        scorer_option,
        sample_option,
        agreement_option,
        language_option,
        option("--reprocess", is_flag=True, help="Take files again that a published run has taken."),
        key_file_option,
        policy_option,
        quota_option,
        cache_option,
    )
    for each in reversed(options):
        command = each(command)
    return command


def _file_format(name: str) -> Callable[[Command], Command]:
    return option(
        "file_format",
        name,
        type=click.Choice(["auto", *(form.value for form in Format if form is not Format.UNKNOWN)]),
        default="auto",
        metavar="FORMAT",
        help="What every file is: jsonl, csv, mail and so on; auto, the default, tells by name and content.",
    )


def _settings(
    drops: str,
    lake: str,
    ds: str | None,
    file_format: str,
    mapping: tuple[str, ...],
    follow_links: tuple[str, ...],
    **others: Any,
) -> NightlySettings:
    from jobs.settings import NightlySettings, parse_mapping

    for linked in follow_links:
        if not Path(linked).is_dir():
            raise UsageError(f"--follow-links {linked}: there is no such folder")
    return NightlySettings(
        drops=drops,
        lake=lake,
        ds=ds or _today(),
        file_format=None if file_format == "auto" else Format(file_format),
        mapping=parse_mapping(mapping),
        follow_links=follow_links,
        **others,
    )


@click.command(epilog=COMMAND_EPILOG, short_help="Say what a drop is, and write nothing.")
@config_option
@_file_format("--format")
@option("--ds", metavar="DATE", callback=as_date, help="The date of files whose path names none; today (UTC).")
@option("--date-pattern", metavar="PATTERN", help="Where a path holds its date: %d-%m-%Y.")
@map_option
@records_option
@each_line_option
@turns_option
@whole_option
@attachments_option
@click.argument("drops", metavar="PATH")
def check(drops: str, file_format: str, ds: str | None, mapping: tuple[str, ...], **told: Any) -> None:
    """Say of each file of a drop, or of one file, what it is and what would become of its documents.

    Format, charset, columns with types and examples of which only the shape is shown, documents, dates and languages,
    what would be rejected and why, and the --map that may do. Nothing is written.

    \b
    Examples
      aurastream check drops
      aurastream check tickets.json --records tickets[] --map text=comment.body
    """
    from jobs import check as job
    from jobs.settings import parse_mapping

    form = None if file_format == "auto" else Format(file_format)
    told |= {"drops": drops, "ds": ds or _today(), "file_format": form, "mapping": parse_mapping(mapping)}
    for line in job.check(job.CheckSettings(**told)):
        click.echo(visible(line))


@click.command(epilog=COMMAND_EPILOG, short_help="Say what a night would cost, and buy nothing.")
@_drop_options
@_file_format("--file-format")
@deadline_option
@option("output", "--format", type=click.Choice(["text", "json"]), default="text", help="How the plan is printed.")
def plan(output: str, **told: Any) -> None:
    """Say what `nightly` would buy of a drop, and what it would cost, and buy nothing.

    Reads, redacts, looks up and counts as `nightly` does. The dollars are those of Amazon's list, by what this lake has
    bought this month. With --deadline it says whether calls at the quota would be done by then, and else what would.

    \b
    Example
      aurastream plan --drops drops --lake lake --scorer comprehend
    """
    from jobs.plan import done_by
    from jobs.plan import plan as count
    from transforms.display import plan_text

    counted = count(_settings(**told))
    done = done_by(counted, told["deadline"], datetime.now(UTC)) if told["deadline"] else None
    if output == "json":
        when = {"done_by": done.at.isoformat(timespec="seconds"), "late": done.late} if done else {}
        click.echo(json.dumps(counted.to_dict() | when, indent=2))
        return
    click.echo(plan_text(counted))
    if done:
        click.echo(f"{'deadline':<16}{done.said}{f'; {done.instead}' if done.late else ''}")


@click.command(epilog=COMMAND_EPILOG, short_help="Score what is new in a drop, and publish it.")
@_drop_options
@_file_format("--format")
@max_rejected_option
@max_failed_option
@budget_option
@deadline_option
@option(
    "--without-cache",
    type=click.Choice(["stop", "defer"]),
    default="stop",
    help="Where the cache cannot be used: stop, or leave to the next run what cannot be looked up. Nothing is bought.",
)
def nightly(max_rejected: float, max_failed: float, **told: Any) -> None:
    """Score what is new in a drop, and publish it if what was written holds what it must.

    Files that a published run has taken are not taken again, so running twice scores nothing twice; documents of them
    that ended DEFERRED are. The lake is made where there is none, and so is its key, unless --key-file names another.

    \b
    Examples
      aurastream nightly --drops drops --lake lake
      aurastream nightly --drops tickets.csv --lake lake --ds 2026-11-22 \\
          --map document_id=ticket --map text=body
      aurastream nightly --drops drops --lake lake --scorer comprehend \\
          --budget 25.00 --deadline 05:30
    """
    from expectations.limits import Limits
    from jobs import nightly as job
    from jobs.lake.layout import Lake
    from jobs.storage import absolute
    from transforms.display import run_text

    record = job.run(_settings(limits=Limits(max_rejected, max_failed), **told))
    if record is None:
        click.echo("Nothing new to score.")
        return
    click.echo(run_text(record.summary))
    lake = Lake(absolute(told["lake"]) if ":" in told["lake"] else told["lake"].rstrip("/"))
    click.echo(f"{'report':<16}{lake.report(record.summary.run_id)}")
