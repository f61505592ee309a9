"""README and docs say what is so: their commands run, their output is the output, their names and links exist.

`python -m tests.test_readme` writes the outputs in SESSIONS anew, or those of the pages that it is given. What needs
the local AWS is a `shellsession`, everything else a `console`.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from jobs.cli import cli
from jobs.drops.compression import MAX_EXPANDED_BYTES, MAX_EXPANSION
from jobs.drops.footer import MAX_FOOTER_BYTES
from jobs.drops.thrift import MOST_LISTED
from jobs.lake.config import LakeConfig
from jobs.lake.layout import Lake
from jobs.readers.archives import MAX_MEMBER_BYTES, MAX_MEMBERS
from jobs.readers.columnar import MAX_PAGE_BYTES
from jobs.readers.conversations import MAX_CONVERSATION_BYTES
from jobs.readers.delimited import MAX_RECORD_CHARACTERS
from jobs.readers.letters import MAX_LETTER_BYTES
from jobs.readers.lines import MAX_LINE_BYTES
from jobs.readers.mail import MAX_ENCODED_WORDS, MAX_MAIL_BYTES, MAX_NESTED, MAX_PARTS
from jobs.scorers.batches import BUDGET_SPENT
from jobs.scorers.calls import DEADLINE_REACHED, SERVICE_UNAVAILABLE
from jobs.scorers.comprehend import BOUGHT_BY_A_JOB
from jobs.scorers.outcomes import NO_ANSWER
from jobs.stores.open import Stores
from transforms.documents import MAX_TEXT_BYTES, Reason
from transforms.pii.policy_file import parse_policy
from transforms.sentiment.buying import CACHE_UNAVAILABLE
from transforms.sentiment.scoring import UNSUPPORTED_LANGUAGE

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
SESSIONS = (README, ROOT / "docs" / "redaction.md")  # pages whose commands are run, each in a shell of its own
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])

# What differs from run to run, and what stands for it when outputs are compared.
VOLATILE = {
    r"scoring: \d+ of \d+ tasks\n": "",  # said every ten seconds
    r"(audit|planning): \d+ of \d+ tasks\n": "",
    r"\b01[0-9A-HJKMNP-TV-Z]{24}\b": "<run>",
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+\+00:00)?": "<time>",
    r"[0-9a-f]{64}": "<key>",
    r"policy [0-9a-f]{12}": "policy <id>",
    r"\b\d+\.\d+ s\b": "<seconds>",
    r"(?m)(^calls +)\d+": r"\1<calls>",  # some are not full, by the lake's key
    r"(?m)(^cache hits +)\d+": r"\1<hits>",  # two workers may score the same text at once
    r" +\d+(?=  \$0\.00  )": "<hits>",
    r" +\d+\.\d(?=  (yes|no))": "<seconds>",
    r"(?<= )/\S+(?=/drops/)": "<folder>",
}

END = "-- end of command:"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")) if kind == language]


def commands(block: str) -> Iterator[tuple[str, str]]:
    """Each `$ command` of a block, and the output below it."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


Run = Callable[[str], str]


@contextmanager
def shell(folder: Path) -> Iterator[Run]:
    """A shell as on a terminal: variables and jobs stay. Gives what a command prints, standard error among it."""
    search = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    set_by_whoever_tests = ("AURASTREAM_", "AWS_", "PYTHONUNBUFFERED")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(set_by_whoever_tests)}
    with subprocess.Popen(
        ["bash"],
        cwd=folder,
        env=environment | {"PATH": search},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as bash:
        assert bash.stdin is not None
        assert bash.stdout is not None
        said, heard = bash.stdout, bash.stdin

        def run(command: str) -> str:
            heard.write(f"{command}\nprintf '\\n{END} %s\\n' $?\n")
            heard.flush()
            lines: list[str] = []
            while not (line := said.readline()).startswith(END):
                assert line, f"the shell has ended: {lines}"
                lines.append(line)
            output = "".join(lines)[:-1]  # less the newline before the end
            assert line == f"{END} 0\n", output
            return output

        try:
            yield run
        finally:
            os.killpg(bash.pid, signal.SIGTERM)


def settled(output: str) -> str:
    for pattern, stands in VOLATILE.items():
        output = re.sub(pattern, stands, output)
    if re.search("BUDGET_SPENT|to take up", output):  # which texts a budget is spent on is up to the workers' haste
        output = re.sub(r"[\d.,]+", "<n>", output)
    return output


def session(page: Path, kind: str = "console") -> list[tuple[str, str]]:
    return [pair for block in blocks(page, kind) for pair in commands(block)]


def test_the_session_shows_the_commands() -> None:
    assert {"sample", "plan", "nightly", "sql", "runs", "rollback", "analyze"} <= {
        command.split()[1] for command, _ in session(README)
    }


@pytest.mark.parametrize("page", SESSIONS, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_session_is_what_happens(page: Path, tmp_path: Path) -> None:
    with shell(tmp_path) as run:
        for command, output in session(page):
            assert settled(run(command)) == settled(output), command


@pytest.mark.aws
@pytest.mark.timeout(600)
def test_the_night_on_local_aws_is_what_happens(tmp_path: Path) -> None:
    night = session(README, "shellsession")
    assert {"lake", "sample", "nightly", "sql"} <= {command.split()[1] for command, _ in night}
    with shell(tmp_path) as run:
        try:
            for command, output in night:
                assert settled(run(command)) == settled(output), command
        finally:
            run("aurastream-local aws down --dir aws")


def test_volatile_is_not_everything() -> None:
    assert settled("documents       305 = 282 SCORED + 5 REJECTED") == "documents       305 = 282 SCORED + 5 REJECTED"
    assert settled("started 2026-11-22 03:00:01  run 01M84KKDQNGN6HEKWN918RR6JS") == "started <time>  run <run>"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", BLOCK.sub("", page.read_text(encoding="utf-8"))):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            linked = page.parent / path if path else page
            assert linked.exists(), target
            assert not anchor or anchor in anchors(linked), target


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", BLOCK.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_configuration_that_is_shown_is_taken(page: Path, tmp_path: Path) -> None:
    """A block with a ledger's table is a lake.toml, one with a version a policy, any other a command's options."""
    for number, text in enumerate(blocks(page, "toml")):
        config = tmp_path / f"{number}.toml"
        config.write_text(text, encoding="utf-8")
        if "ledger_table" in tomllib.loads(text):
            assert LakeConfig.model_validate(tomllib.loads(text))
            continue
        if "version" in tomllib.loads(text):
            assert parse_policy(text, str(page)).version
            continue
        result = CliRunner().invoke(cli, ["runs", "--config", str(config), "--lake", str(tmp_path / "none")])
        assert (result.exit_code, "no lake" in result.stderr) == (1, True), result.stderr


def test_every_command_and_option_is_documented() -> None:
    """Each command's usage in the README has its options, and no others."""
    (usage,) = [block for block in blocks(README, "") if "aurastream sample" in block]
    told: dict[str, set[str]] = {}
    for part in usage.split("aurastream ")[1:]:
        words = part.split()
        name = " ".join(words[:2] if isinstance(cli.commands.get(words[0]), click.Group) else words[:1])
        told.setdefault(name, {"--config"}).update(re.findall(r"--[a-z-]+", part))

    assert told == {
        name: {parameter.opts[-1] for parameter in command.params if isinstance(parameter, click.Option)}
        for name, command in every_command(cli.commands)
    }
    assert "`--config FILE`" in README.read_text(encoding="utf-8")


def every_command(commands: Mapping[str, click.Command]) -> Iterator[tuple[str, click.Command]]:
    """Commands, and those of groups, by what one writes."""
    for name, command in commands.items():
        if isinstance(command, click.Group):
            yield from ((f"{name} {own}", found) for own, found in every_command(command.commands))
        else:
            yield name, command


def table(page: Path, heading: str) -> list[list[str]]:
    """The rows of the table below a heading of a page, cell by cell."""
    section = page.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return rows[2:]


def test_reason_codes_are_those_of_the_code() -> None:
    told = [row[0].strip("`") for row in table(ROOT / "docs" / "input.md", "Reason codes")]

    failed = [UNSUPPORTED_LANGUAGE, NO_ANSWER]
    deferred = [BUDGET_SPENT, DEADLINE_REACHED, SERVICE_UNAVAILABLE, BOUGHT_BY_A_JOB, CACHE_UNAVAILABLE]
    assert told == [*map(str, Reason), *failed, *deferred]


def test_limits_are_those_of_the_code() -> None:
    told = {row[0]: row[1] for row in table(ROOT / "docs" / "input.md", "Limits")}

    assert MAX_MAIL_BYTES == MAX_LETTER_BYTES == MAX_CONVERSATION_BYTES == MAX_MEMBER_BYTES
    assert told == {
        "a text": f"{MAX_TEXT_BYTES:,} bytes of UTF-8",
        "a line": f"{MAX_LINE_BYTES:,} bytes",
        "a CSV record of several lines": f"{MAX_RECORD_CHARACTERS:,} characters",
        "what a file expands to": f"beyond {MAX_EXPANDED_BYTES:,} bytes, {MAX_EXPANSION} times its size",
        "a mail, a letter, a conversation; a member of an archive that is not read as a stream": (
            f"{MAX_MAIL_BYTES:,} bytes"
        ),
        "a mail's parts": (
            f"{MAX_PARTS:,}, of which {MAX_NESTED} hold parts; {MAX_ENCODED_WORDS:,} encoded words in headers"
        ),
        "an archive": (
            f"{MAX_MEMBERS:,} members; archives in it to a depth of 3, which expand with it to what a file may"
        ),
        "a Parquet file's pages": (
            f"of the columns read of a row group, the largest page and the dictionary of each: {MAX_PAGE_BYTES:,} bytes"
        ),
        "a Parquet file's footer": f"{MAX_FOOTER_BYTES:,} bytes, and {MOST_LISTED:,} row groups or columns",
    }


def test_the_lake_is_laid_out_as_told() -> None:
    lake = Lake("/lake")
    tables = [lake.scores("DATE", "RUN"), lake.run_row("DATE", "RUN"), lake.audit("RUN"), lake.report("RUN")]
    stores = re.findall(r"^    ([a-z]+[./<>_a-z]+) ", Stores.__doc__ or "", re.MULTILINE)
    told = [row[0].strip("`").rstrip("/") for row in table(ROOT / "docs" / "operations.md", "The lake")]

    assert told == [*map(lake.path_of, tables), *(store.replace("<run_id>", "RUN") for store in stores)]


def rewrite(page: Path) -> None:
    """Put what a page's commands print below them."""
    with tempfile.TemporaryDirectory() as folder, shell(Path(folder)) as run:

        def block(found: re.Match[str]) -> str:
            if found[1] not in ("console", "shellsession"):
                return found[0]
            said = [f"$ {command}\n{run(command)}" for command, _ in commands(found[2])]
            shown = re.sub(r"(scoring|audit|planning): .* tasks\n", "", "".join(said))
            return f"```{found[1]}\n" + shown.replace(folder, "/home/kim") + "```"

        page.write_text(BLOCK.sub(block, page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    for each in map(Path, sys.argv[1:]) if sys.argv[1:] else SESSIONS:
        rewrite(each)
