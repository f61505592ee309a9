"""What Maven fetches, checked against checksums that stand here; see cache.py for where it is kept."""

from __future__ import annotations

import hashlib
import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from infra.local.aws.cache import kept
from transforms.errors import ServiceError

_PATIENCE = 1800.0  # seconds
_TELL_SECONDS = 5.0


def fetched(
    name: str,
    artifacts: Sequence[str],
    checksums: Mapping[str, str],
    say: Callable[[str], None],
    *,
    transitive: bool,
    unpack: Callable[[Path], Path] = lambda files: files,
) -> Path:
    """Where the files of Maven artifacts lie; fetched if they are not there yet.

    `name` is the folder's, below `cache_folder`. Artifacts are `group:artifact:version[:type]`; `transitive` takes what
    they need as well. Checksums are SHA-256 in hexadecimal digits by file name: those files and no others have to come.
    `unpack` is given their folder, and returns the one within it that is kept in its place.
    Raises ServiceError where they cannot be had, and says what to do.
    """

    def make(work: Path) -> Path:
        _copy(name, artifacts, work, say, transitive)
        _check(work / "files", checksums, name)
        return unpack(work / "files")

    return kept(name, make)


def _copy(name: str, artifacts: Sequence[str], work: Path, say: Callable[[str], None], transitive: bool) -> None:
    """Have Maven put the files into `work`/files."""
    (work / "pom.xml").write_text(_pom(artifacts, transitive), encoding="utf-8")
    # `copy` does not look at what they need, which for archives of servers is most of the time.
    goal = "dependency:copy-dependencies" if transitive else "dependency:copy"
    command = ["mvn", "-Dstyle.color=never", "-f", str(work / "pom.xml"), goal, f"-DoutputDirectory={work}/files"]
    say(f"{name}: Maven fetches it, this once")
    log, began = work / "log", time.monotonic()
    told = began
    with log.open("wb") as out:
        try:
            maven = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)  # noqa: S603
        except FileNotFoundError:
            raise ServiceError(f"{name} is fetched by Maven, and there is no `mvn`; install Maven") from None
        with maven:
            try:
                while maven.poll() is None:
                    now = time.monotonic()
                    if now - began > _PATIENCE:
                        raise ServiceError(f"{name}: Maven did not end within {_PATIENCE:g} s; run the command again")
                    if now - told > _TELL_SECONDS:
                        told = now
                        say(f"{name}: {now - began:.0f} s, {_progress(log)}")
                    time.sleep(0.2)
            finally:
                maven.kill()
    if maven.returncode:
        errors = [line for line in log.read_text(errors="replace").splitlines() if line.startswith("[ERROR]")]
        said = errors[0].removeprefix("[ERROR]").strip()[:300] if errors else f"it ended with {maven.returncode}"
        full = any("no space left" in line.lower() for line in errors)
        advice = "free some of the disk" if full else "see that Maven reaches its repository"
        raise ServiceError(f"Maven cannot fetch {name}; {advice}, and run the command again. It says: {said}")


def _progress(log: Path) -> str:
    """What Maven says last of the files that it fetches at the moment, such as `194/258 MB`."""
    said = re.findall(rb"Progress \(\d+\): ([^\r\n]+)", log.read_bytes())
    return said[-1].decode(errors="replace").strip() if said else "waiting"


def _pom(artifacts: Sequence[str], transitive: bool) -> str:
    """A project that depends on them, or that has them copied."""
    kind_of = "dependency" if transitive else "artifactItem"
    items = []
    for artifact in artifacts:
        group, name, version, kind = [*artifact.split(":"), "jar"][:4]
        items.append(
            f"<{kind_of}><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version>"
            f"<type>{kind}</type></{kind_of}>"
        )
    listed = "".join(items)
    wanted = f"<dependencies>{listed}</dependencies>"
    if not transitive:
        wanted = (
            "<build><plugins><plugin><artifactId>maven-dependency-plugin</artifactId><configuration><artifactItems>"
            f"{listed}</artifactItems></configuration></plugin></plugins></build>"
        )
    return (
        "<project><modelVersion>4.0.0</modelVersion><groupId>aurastream</groupId><artifactId>local-aws</artifactId>"
        f"<version>1</version>{wanted}</project>"
    )


def _check(folder: Path, checksums: Mapping[str, str], name: str) -> None:
    """Raise ServiceError where the files are not exactly those."""
    found = {}
    for path in folder.iterdir():
        with path.open("rb") as file:
            found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    differing = sorted(each for each in found.keys() | checksums.keys() if found.get(each) != checksums.get(each))
    if differing:
        raise ServiceError(
            f"{name}: what Maven fetched is not what was pinned ({', '.join(differing[:3])}); remove it from Maven's "
            f"own repository, ~/.m2, and run the command again"
        )
