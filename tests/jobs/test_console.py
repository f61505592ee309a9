"""What a command gives: whole, or not at all."""

import json
import os
from datetime import datetime
from pathlib import Path

import pytest

from jobs.console import json_log, log_run, output, say
from transforms.errors import UsageError


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    with output(target) as out:
        out.write(b"one\n")
        out.writelines([b"two\n", b"three\n"])
        assert not target.exists()

    assert target.read_bytes() == b"one\ntwo\nthree\n"
    assert list(tmp_path.iterdir()) == [target]


def test_of_a_command_that_fails_nothing_appears_and_what_was_there_stays(tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("before")

    def half() -> None:
        with output(target) as out:
            out.write(b"half")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        half()
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_is_not_there_is_said_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"), output(tmp_path / "typo" / "out.jsonl"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="Permission denied"), output(tmp_path / "out.jsonl"):
        pass


def test_nothing_that_is_said_is_obeyed_by_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\x1b[31m\u202eb")
    assert capsys.readouterr().err == "a\\x1b[31m\\u202eb\n"


def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    with output(Path(os.devnull)) as out:
        out.write(b"gone")
    assert not Path(os.devnull).is_file()

    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("before")
    link.symlink_to(target)
    with output(link) as out:
        out.write(b"after")
    assert link.is_symlink()
    assert target.read_text() == "after"


def test_lines_in_json_bear_the_run_and_end_with_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with json_log(command="plan"):
        say("first \x1b[31m")
        log_run("R1")
        say("second")
    say("third")

    *lines, last = capsys.readouterr().err.splitlines()
    told = [json.loads(line) for line in lines]
    assert all(datetime.fromisoformat(each.pop("at")).tzinfo for each in told)
    assert told == [
        {"command": "plan", "message": "first \\x1b[31m"},
        {"command": "plan", "run": "R1", "message": "second"},
    ]
    assert last == "third"
