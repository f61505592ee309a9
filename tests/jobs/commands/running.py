"""Running commands in this process."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from jobs.cli import cli

REQUIRED = ("--drops", "drops", "--lake", "lake")


def invoke(*arguments: str | Path, **environment: str) -> Result:
    """Run in this process; nothing but a line of text may end a command."""
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def refused(result: Result, *words: str, exit_code: int = 2) -> None:
    """It ended with a code and one line that says why."""
    assert result.exit_code == exit_code, result.output
    assert result.stdout == ""
    error = result.stderr.rstrip("\n").split("\n")[-1]
    assert error.startswith("Error: ")
    for word in words:
        assert word in error


def write_config(text: str) -> Path:
    path = Path("aurastream.toml")
    path.write_text(text, encoding="utf-8")
    return path
