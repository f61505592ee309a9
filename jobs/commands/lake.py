"""The commands on a lake: lake create, lake repair, lake verify, runs, rollback, rebuild."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from jobs.commands.options import COMMAND_EPILOG, as_date, cache_option, config_option, lake_option, option


@click.group(short_help="Make a lake in S3, or repair its catalog.")
def lake() -> None:
    """Make a lake in S3, or repair what Athena reads of it. One on a local path is made by its first night.

    \b
    Example
      aurastream lake create --lake s3://acme-lake/mail
    """


@lake.command(epilog=COMMAND_EPILOG, short_help="Make a lake in S3, and all that belongs to it.")
@config_option
@lake_option
@option("--kms-key", metavar="KEY", help="What all of a new lake is encrypted with: an id, ARN or alias/NAME.")
def create(lake: str, kms_key: str | None) -> None:
    """Make what is missing of a lake in S3: bucket, tables, database, workgroup, key, and lake.toml, which names them.

    Nothing that is there is changed, so it can be run again. Where a permission is lacking, it says which.

    \b
    Example
      aurastream lake create --lake s3://acme-lake/mail
    """
    from jobs.lake.create import create_lake
    from jobs.stores.open import open_lake

    for made in create_lake(lake, kms_key):
        click.echo(f"{'none' if made.new is None else 'made' if made.new else 'there':<8}{made.what}")
    _, stores = open_lake(lake, create=False)
    stores.keys().content_key()


@lake.command(epilog=COMMAND_EPILOG, short_help="Have Athena show what is published.")
@config_option
@lake_option
def repair(lake: str) -> None:
    """Make the tables, partitions and views of the Glue catalog anew where they are not what the ledger says.

    Each night and each rollback show by themselves what they publish. This is for a catalog that somebody changed.

    \b
    Example
      aurastream lake repair --lake s3://acme-lake/mail
    """
    from jobs.lake.catalog import repair as mend
    from jobs.stores.open import open_lake
    from transforms.errors import UsageError

    opened, stores = open_lake(lake, create=False)
    if opened.config is None:
        raise UsageError(f"--lake {lake}: a lake on this machine has no catalog, and needs no repair")
    lost = mend(opened, stores.ledger())
    click.echo(f"catalog         {opened.config.database} shows what is published; {lost:,} partitions were lost")


@lake.command(epilog=COMMAND_EPILOG, short_help="Hold what readers see to what was published.")
@config_option
@lake_option
@option("--max-age", metavar="DAYS", type=click.IntRange(min=0), help="How old the last published date may be.")
def verify(lake: str, max_age: int | None) -> None:
    """Hold what readers see to what was published: the files of the last seven dates, and what Athena shows of all.

    \b
    Example
      aurastream lake verify --lake s3://acme-lake/mail --max-age 1
    """
    from jobs.lake.verify import require_recent
    from jobs.lake.verify import verify as hold
    from jobs.stores.open import open_lake

    opened, stores = open_lake(lake, create=False)
    verified, today = hold(opened, stores.ledger()), datetime.now(UTC).date()
    click.echo(f"verified        {verified.documents:,} documents of {len(verified.dates)} dates")
    click.echo(f"last date       {verified.last or 'none'}")
    if max_age is not None:
        require_recent(verified, today, max_age)


@click.command(epilog=COMMAND_EPILOG, short_help="List every run.")
@config_option
@lake_option
def runs(lake: str) -> None:
    """List every run, one line each, the newest last.

    The last column says whether readers see the run: yes, no longer (replaced or taken back), or why not.

    \b
    Example
      aurastream runs --lake lake
    """
    from jobs.lake.published import run_summaries
    from jobs.stores.open import open_lake
    from transforms.display import runs_text

    _, stores = open_lake(lake, create=False)
    click.echo(runs_text(run_summaries(stores.ledger(), stores.liveness().lives)))


@click.command(epilog=COMMAND_EPILOG, short_help="Take a date's last publication back.")
@config_option
@lake_option
@option("--ds", metavar="DATE", callback=as_date, required=True, help="The date to take back.")
def rollback(lake: str, ds: str) -> None:
    """Take a date's last publication back: readers see the run before, at once. Nothing is copied.

    The files that the run took for that date count as new again.

    \b
    Example
      aurastream rollback --lake lake --ds 2026-11-22
    """
    from jobs.rollback import rollback as take_back

    click.echo(take_back(lake, ds))


@click.command(epilog=COMMAND_EPILOG, short_help="Fill a meter and a cache that were lost.")
@config_option
@lake_option
@cache_option
def rebuild(lake: str, cache: str) -> None:
    """Fill a meter and a cache that were lost from what the ledger and the published rows know.

    Enters what runs were billed, and puts published scores into the cache. Nothing that is there is changed, and
    nothing bought; running it twice does nothing twice.

    \b
    Example
      aurastream rebuild --lake lake
    """
    from jobs.rebuild import rebuild as fill

    done = fill(lake, cache)
    click.echo(f"meter           {done.units:,} units entered, of {done.runs:,} runs that have bought")
    click.echo(f"cache           {done.put:,} scores put, {done.known:,} were there")
