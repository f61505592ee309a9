"""The commands on a lake: sql, runs, rollback."""

from __future__ import annotations

import click

from jobs.options import COMMAND_EPILOG, as_date, config_option, lake_option, option


@click.command(epilog=COMMAND_EPILOG, short_help="Answer one SQL query over what is published.")
@config_option
@lake_option
@option(
    "output",
    "--format",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    help="How rows are printed; table cuts long values.",
)
@option("parameters", "--parameter", multiple=True, metavar="VALUE", help="A value for a ? of the query, in order.")
@click.argument("query")
def sql(lake: str, output: str, parameters: tuple[str, ...], query: str) -> None:
    """Answer one SQL query over what is published.

    Tables: scores, runs. Views: daily_sentiment, sentiment_by_source, rejected, pii_exposure. Nothing can be changed.

    \b
    Examples
      aurastream sql --lake lake "select * from daily_sentiment"
      aurastream sql --lake lake "describe scores"
      aurastream sql --lake lake --format csv --parameter 2026-11-22 \\
          "select * from rejected where ds = ?"
    """
    from jobs.published import answer

    click.echo(answer(lake, query, parameters, output), nl=False)


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
    from jobs.published import list_runs

    click.echo(list_runs(lake))


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
    from jobs.lake import open_lake
    from jobs.services.ledger import LocalLedger

    taken_back, now = LocalLedger(open_lake(lake, create=False).ledger).rollback(ds)
    click.echo(f"{ds}: readers see run {now}; run {taken_back} is taken back")
