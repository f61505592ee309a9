"""Where options come from: the command line, the environment, a file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from jobs.drops import Format
from jobs.settings import NightlySettings
from jobs.stores.open import open_lake
from tests.jobs.commands.running import REQUIRED, invoke, refused, write_config

DS = "2026-11-22"

pytestmark = pytest.mark.usefixtures("here")


def test_every_option_reaches_the_job(told: list[NightlySettings]) -> None:
    result = invoke(
        *("nightly", "--drops", "in", "--lake", "lake", "--ds", DS, "--format", "csv", "--date-pattern", "%Y/%m/%d"),
        *("--map", "text=body", "--map", "document_id=the ticket", "--language", "EN ", "--reprocess"),
        *("--key-file", "key", "--policy", "policy.toml", "--follow-links", ".", "--follow-links", ".."),
    )

    assert result.stdout == "Nothing new to score.\n"
    assert told == [
        NightlySettings(
            drops="in",
            lake="lake",
            ds=DS,
            file_format=Format.CSV,
            date_pattern="%Y/%m/%d",
            follow_links=(".", ".."),
            mapping={"text": "body", "document_id": "the ticket"},
            scorer="local",
            language="en",
            reprocess=True,
            key_file="key",
            policy="policy.toml",
        )
    ]


def test_defaults(told: list[NightlySettings]) -> None:
    invoke("nightly", *REQUIRED)

    assert told == [NightlySettings(drops="drops", lake="lake", ds=datetime.now(UTC).date().isoformat())]


def test_the_command_line_comes_first_then_the_environment_then_the_file(told: list[NightlySettings]) -> None:
    config = write_config(
        """
        drops = "file, all"
        lake = "file, all"
        scorer = "file, all"
        language = "file, all"
        key-file = "file, all"
        [nightly]
        lake = "file, one"
        scorer = "file, one"
        language = "file, one"
        key-file = "file, one"
        [runs]
        lake = "file, another"
        """
    )
    environment = {
        "AURASTREAM_SCORER": "environment, all",
        "AURASTREAM_LANGUAGE": "environment, all",
        "AURASTREAM_KEY_FILE": "environment, all",
        "AURASTREAM_NIGHTLY_LANGUAGE": "environment, one",
        "AURASTREAM_NIGHTLY_KEY_FILE": "environment, one",
        "AURASTREAM_RUNS_LAKE": "environment, another",
        "AURASTREAM_DATE_PATTERN": "",  # as good as unset
    }

    invoke("nightly", "--config", config, "--key-file", "command line", **environment)

    (settings,) = told
    assert settings.drops == "file, all"
    assert settings.lake == "file, one"
    assert settings.scorer == "environment, all"
    assert settings.language == "environment, one"
    assert settings.key_file == "command line"
    assert settings.date_pattern is None


def test_every_type_of_value_comes_from_a_file(told: list[NightlySettings], here: Path) -> None:
    config = write_config(
        """
        ds = 2026-11-22
        map = { text = "body", document_id = "the ticket" }
        documents = 120
        [nightly]
        drops = "in"
        lake = "lake"
        reprocess = true
        follow-links = ["."]
        format = "jsonl"
        [sql]
        format = "csv"
        parameter = ["a", "b, c"]
        [sample]
        out = "made"
        """
    )

    invoke("nightly", AURASTREAM_CONFIG=str(config))
    (settings,) = told
    assert (settings.ds, settings.reprocess, settings.file_format) == (DS, True, "jsonl")
    assert settings.mapping == {"text": "body", "document_id": "the ticket"}
    assert settings.follow_links == (".",)

    assert invoke("sample", "--config", config).exit_code == 0
    assert list(here.glob("made/ds=2026-11-22/*.parquet"))

    open_lake("lake", create=True)[1].ledger()
    answer = invoke("sql", "--config", config, "--lake", "lake", "select ? as x, ? as y")
    assert answer.stdout.splitlines() == ["x,y", 'a,"b, c"']


def test_several_columns_come_from_the_environment(told: list[NightlySettings]) -> None:
    invoke("nightly", *REQUIRED, AURASTREAM_MAP="text=body document_id=ticket", AURASTREAM_REPROCESS="1")

    assert told[0].mapping == {"text": "body", "document_id": "ticket"}
    assert told[0].reprocess


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lake", "Expected '=' after a key"),
        ("lake = 5", "lake must be a string"),
        ("lake = true", "lake must be a string"),
        ("[nightly]\nlake = ['a', 'b']", "lake must be a string"),
        ("drops = { a = 1 }", "drops must be a string"),
        ("lake = { a = 1 }", "no command is named lake a"),
        ("[lake.create]\ndrops = 'a'", "no option is named lake.create.drops"),
        ("lake = ''", "'--lake': it is empty"),
        ("map = 'text=body'", 'map must be a table such as { text = "body" }'),
        ("map = { text = 5 }", "map must be a table"),
        ("parameter = 'one'", 'parameter must be a list such as ["a", "b"]'),
        ("documents = '5'", "documents must be a whole number"),
        ("documents = true", "documents must be a whole number"),
        ("[nightly]\nreprocess = 'maybe'", "reprocess must be true or false"),
        ("ds = 2026-11-22T10:00:00Z", "ds must be a date such as 2026-11-22"),
        ("ds = 20261122", "ds must be a date such as 2026-11-22"),
        ("[nightly]\nlake = 'lake'\nds = '22 November'", "'22 November' is not a date"),
        ("color = 'red'", "no option is named color"),
        ("key_file = 'k'", "no option is named key_file"),
        ("mapping = { text = 'body' }", "no option is named mapping"),
        ("config = 'x'", "no option is named config"),
        ("query = 'select 1'", "no option is named query"),
        ("[nightli]\ndrops = 'd'", "no option is named nightli"),
        ("[runs]\ndrops = 'd'\nds = 2026-11-22", "no option is named runs.drops, runs.ds"),
        ("nightly = 3", "[nightly] must be a table of its options"),
    ],
)
def test_a_file_that_cannot_be_meant_so_is_refused(text: str, words: str, told: list[NightlySettings]) -> None:
    refused(invoke("nightly", "--drops", "drops", "--config", write_config(text)), words)
    assert told == []


def test_a_file_that_is_none_is_refused() -> None:
    refused(invoke("runs", "--config", "none.toml"), "--config none.toml: No such file or directory")
    refused(invoke("runs", "--config", "."), "is a directory")
    Path("latin.toml").write_bytes(b'lake = "caf\xe9"')
    refused(invoke("runs", AURASTREAM_CONFIG="latin.toml"), "--config latin.toml: it is not UTF-8")
