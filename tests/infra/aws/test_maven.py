"""What Maven fetches is kept whole and as pinned, or not at all. A script stands in for Maven, to fail as it would."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from infra.local.aws.cache import cache_folder
from infra.local.aws.dynamodb import launch
from infra.local.aws.maven import fetched
from infra.local.aws.part import Place
from transforms.errors import ServiceError

ARTIFACT = "org.example:thing:1:zip"
RIGHT = {"thing-1.zip": hashlib.sha256(b"content\n").hexdigest()}
# What a call of Maven with -DoutputDirectory=… is to do.
COPIES = 'for each in "$@"; do case $each in -DoutputDirectory=*) out=${each#*=};; esac; done; mkdir -p $out'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, and no program on the path but the shell's."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def maven(home: Path, script: str) -> None:
    program = home / "mvn"
    program.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{COPIES}\n{script}\n")
    program.chmod(0o755)


def fetch(checksums: dict[str, str] = RIGHT) -> Path:
    return fetched("thing-1", [ARTIFACT], checksums, lambda _: None, transitive=False)


def test_fetches_once(home: Path) -> None:
    maven(home, f'echo content > $out/thing-1.zip; cp "$3" {home}/pom.xml')
    folder = fetch()
    (home / "mvn").unlink()

    assert fetch() == folder == home / "home" / ".cache" / "aurastream" / "thing-1"
    assert [path.name for path in folder.iterdir()] == ["thing-1.zip"]
    pom = (home / "pom.xml").read_text()
    assert "<artifactId>thing</artifactId><version>1</version><type>zip</type>" in pom


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo other > $out/thing-1.zip", r"not what was pinned \(thing-1\.zip\); remove it from Maven's own"),
        ("true", r"not what was pinned \(thing-1\.zip\)"),
        ("echo content > $out/thing-1.zip; echo > $out/more", r"not what was pinned \(more\)"),
        ("echo '[ERROR] unknown host'; exit 1", "see that Maven reaches its repository, .* It says: unknown host"),
        ("echo '[ERROR] No space left on device'; exit 1", "free some of the disk"),
        ("exit 3", "it ended with 3"),
    ],
)
def test_what_fails_leaves_nothing(home: Path, script: str, told: str) -> None:
    maven(home, script)

    with pytest.raises(ServiceError, match=told):
        fetch()

    assert [path.name for path in cache_folder().iterdir()] == ["thing-1.lock"]
    maven(home, "echo content > $out/thing-1.zip")
    assert fetch().is_dir()


def test_without_maven(home: Path) -> None:
    with pytest.raises(ServiceError, match="there is no `mvn`; install Maven"):
        fetch()


def test_without_maven_moto_stands_in_for_dynamodb(home: Path) -> None:
    said: list[str] = []

    started = launch(Place(home, (12_345,), {}, said.append))

    assert started.what.startswith("moto ")
    assert "in place of DynamoDB Local 2.6.1: " in started.what
    assert "there is no `mvn`" in said[-1]
