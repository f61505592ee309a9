"""Starting, looking at and stopping parts, whichever they are: small web servers here."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from infra.local.aws import stack
from infra.local.aws.part import HOST, Launch, Missing, Part, Place, answers
from infra.local.cli import cli
from transforms.errors import ServiceError

WEB = [sys.executable, "-m", "http.server", "--bind", HOST]


def web(name: str) -> Part:
    """A web server. The next part's folder holds what was known when it was launched."""

    def launch(place: Place) -> Launch:
        (place.folder / "told.json").write_text(json.dumps(dict(place.environment)))
        (port,) = place.ports
        url = f"http://{HOST}:{port}"
        return Launch(
            "a web server", [*WEB, str(port)], {f"AWS_ENDPOINT_URL_{name.upper()}": url}, lambda: answers(port)
        )

    return Part(name, launch)


def failing(says: str, *, patience: float = 60) -> Part:
    """One that says something and ends, or with little patience never is ready."""
    script = f"print({says!r})" if patience == 60 else "import time; time.sleep(600)"
    return Part("three", lambda _: Launch("it", [sys.executable, "-c", script], {}, lambda: False), patience=patience)


ONE, TWO = web("one"), web("two")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "stack"
    stack.down(tmp_path / "stack")


def up(folder: Path, *parts: Part) -> list[str]:
    said: list[str] = []
    stack.up(folder, parts, said.append)
    return said


def pid(folder: Path, name: str) -> int:
    process = stack.read(folder)[name].process
    assert process is not None
    return process.pid


def test_a_part_knows_those_before_it(folder: Path) -> None:
    up(folder, ONE, TWO)

    one, two = (json.loads((folder / name / "told.json").read_text()) for name in ("one", "two"))
    assert "AWS_ENDPOINT_URL_ONE" not in one
    assert one["AWS_REGION"] == "us-east-1"
    assert two["AWS_ENDPOINT_URL_ONE"] == stack.environment(folder)["AWS_ENDPOINT_URL_ONE"]


def test_more_parts_join_those_that_run(folder: Path) -> None:
    up(folder, ONE)
    first = pid(folder, "one")

    assert up(folder, ONE, TWO) == ["two: starting a web server"]

    assert pid(folder, "one") == first
    assert {name: entry.state for name, entry in stack.read(folder).items()} == {"one": "running", "two": "running"}


def test_a_stack_that_is_stopped_has_its_ports_again_if_they_are_free(folder: Path) -> None:
    up(folder, ONE, TWO)
    before = stack.environment(folder)
    stack.down(folder)
    taken = stack.read(folder)["two"].ports[0]
    with socket.create_server((HOST, taken)):
        up(folder, ONE, TWO)

    after = stack.environment(folder)
    assert after["AWS_ENDPOINT_URL_ONE"] == before["AWS_ENDPOINT_URL_ONE"]
    assert after["AWS_ENDPOINT_URL_TWO"] != before["AWS_ENDPOINT_URL_TWO"]


def test_a_port_that_clients_were_told_of_is_not_changed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "_LET_GO_SECONDS", 0.2)
    up(folder, ONE, TWO)
    killed = psutil.Process(pid(folder, "two"))
    killed.kill()
    killed.wait(60)
    port = stack.read(folder)["two"].ports[0]

    with socket.create_server((HOST, port)), pytest.raises(ServiceError, match=rf"port of two, one of {port}.*`up`"):
        up(folder, ONE, TWO)

    up(folder, ONE, TWO)
    assert stack.read(folder)["two"].ports == (port,)


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("OSError: Address already in use", "another process took its port"),
        ("write x: No space left on device", "the disk is full"),
        ("whatever", r".*three\.log says why"),
    ],
)
def test_a_part_that_ends_at_once_is_an_error(folder: Path, says: str, told: str) -> None:
    with pytest.raises(ServiceError, match=f"^three ended while it started: {told}"):
        up(folder, ONE, failing(says))

    assert stack.read(folder)["one"].state == "running"
    assert stack.read(folder)["three"].state == "ended"
    assert says in stack.log_of(folder, "three").read_text()


def test_a_part_that_never_answers_is_an_error(folder: Path) -> None:
    with pytest.raises(ServiceError, match=r"three was not ready within 0\.5 seconds"):
        up(folder, failing("", patience=0.5))

    assert not psutil.pid_exists(pid(folder, "three"))


def test_a_part_that_was_not_waited_for_is_started_anew(folder: Path) -> None:
    """Whoever waited was interrupted: whether it works nobody knows."""
    up(folder, ONE)
    entries = stack.read(folder)
    stack._write(folder, {"one": replace(entries["one"], ready=False)})
    before = psutil.Process(pid(folder, "one"))
    assert stack.read(folder)["one"].state == "starting"

    up(folder, ONE)

    assert not before.is_running()
    assert stack.read(folder)["one"].ports == entries["one"].ports


def test_what_cannot_be_had_is_done_without(folder: Path) -> None:
    up(folder, ONE, Part("three", lambda _: Missing("it needs a bigger machine")))

    shown = CliRunner().invoke(cli, ["aws", "status", "--dir", str(folder)]).output.splitlines()
    assert shown[0].split() == ["part", "state", "endpoint", "process", "server"]
    assert shown[3].split(maxsplit=2) == ["three", "missing", "it needs a bigger machine"]
    assert "AWS_ENDPOINT_URL_ONE" in stack.environment(folder)


def test_another_process_of_the_same_number_is_not_ours(folder: Path) -> None:
    up(folder, ONE)
    entry = stack.read(folder)["one"]
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        assert entry.process is not None
        recycled = replace(entry, process=replace(entry.process, pid=stranger.pid, started=entry.process.started - 60))
        stack._write(folder, {"one": recycled, "own": entry})

        assert stack.read(folder)["one"].state == "ended"
        stack.down(folder)

        assert stranger.poll() is None
        assert stranger.stdin is not None
        stranger.stdin.close()


def test_servers_see_nothing_of_the_shell_that_starts_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SeaweedFS takes a variable S3 for its flag."""
    monkeypatch.setenv("S3", "8333")
    monkeypatch.setenv("AWS_PROFILE", "of-somebody")

    up(folder, ONE)

    seen = psutil.Process(pid(folder, "one")).environ()
    assert not {"S3", "AWS_PROFILE"} & seen.keys()
    assert seen["PATH"] == os.environ["PATH"]


def test_env_wants_all_that_was_started(folder: Path) -> None:
    with pytest.raises(ServiceError, match=r"nothing runs in .*; `aurastream-local aws up` starts it"):
        stack.environment(folder)
    up(folder, ONE, TWO)
    killed = psutil.Process(pid(folder, "two"))
    killed.kill()
    killed.wait(60)
    with pytest.raises(ServiceError, match=r"two of .* does not run"):
        stack.environment(folder)


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ServiceError, match=r"file/stack cannot be used: .*; name another with --dir"):
        up(tmp_path / "file" / "stack", ONE)


@pytest.mark.parametrize("content", ["{", "[]", '{"form": 0, "parts": {}}', '{"form": 1, "parts": {"one": {}}}'])
def test_a_state_of_another_version(tmp_path: Path, content: str) -> None:
    (tmp_path / "state.json").write_text(content)

    with pytest.raises(ServiceError, match=r"state\.json is not of this version; .* another folder with --dir"):
        stack.read(tmp_path)


def test_before_anything_was_started(tmp_path: Path) -> None:
    def run(command: str) -> tuple[int, str]:
        ended = CliRunner().invoke(cli, ["aws", command, "--dir", str(tmp_path / "none")])
        return ended.exit_code, ended.output

    assert run("status")[0] == 0
    assert "nothing was started" in run("status")[1]
    assert run("down") == (0, "")
    assert run("env")[0] == 1
    assert not (tmp_path / "none").exists()
