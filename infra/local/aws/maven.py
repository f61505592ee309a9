"""What Maven fetches: once for every stack of this user, checked against checksums that stand here, all or nothing."""

from __future__ import annotations

import errno
import hashlib
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from filelock import FileLock

from transforms.errors import ServiceError

_PATIENCE = 1800.0  # seconds
_TELL_SECONDS = 5.0


def cache_folder() -> Path:
    """Where fetched software is kept."""
    return Path.home() / ".cache" / "aurastream"


def fetched(
    name: str, artifacts: Sequence[str], checksums: Mapping[str, str], say: Callable[[str], None], *, transitive: bool
) -> Path:
    """Where the files of Maven artifacts lie; fetched if they are not there yet.

    `name` is the folder's, below `cache_folder`. Artifacts are `group:artifact:version[:type]`; `transitive` takes what
    they need as well. Checksums are SHA-256 in hexadecimal digits by file name: those files and no others have to come.
    Raises ServiceError where they cannot be had, and says what to do.
    """
    folder = cache_folder() / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not folder.exists():
                with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{name}-") as work:
                    _copy(name, artifacts, Path(work), say, transitive)
                    _check(Path(work) / "files", checksums, name)
                    (Path(work) / "files").rename(folder)
    except OSError as error:
        what = "the disk is full; free some of it" if error.errno == errno.ENOSPC else f"{error.strerror}; mend that"
        raise ServiceError(f"{name} cannot be kept in {folder.parent}: {what}, and run the command again") from None
    return folder


def _copy(name: str, artifacts: Sequence[str], work: Path, say: Callable[[str], None], transitive: bool) -> None:
    """Have Maven put the files into `work`/files."""
    (work / "pom.xml").write_text(_pom(artifacts), encoding="utf-8")
    command = [
        "mvn", "-Dstyle.color=never", "-f", str(work / "pom.xml"), "dependency:copy-dependencies",
        f"-DoutputDirectory={work}/files", f"-DexcludeTransitive={str(not transitive).lower()}",
    ]  # fmt: skip
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


def _pom(artifacts: Sequence[str]) -> str:
    dependencies = []
    for artifact in artifacts:
        group, name, version, kind = [*artifact.split(":"), "jar"][:4]
        dependencies.append(
            f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version>"
            f"<type>{kind}</type></dependency>"
        )
    return (
        "<project><modelVersion>4.0.0</modelVersion><groupId>aurastream</groupId><artifactId>local-aws</artifactId>"
        f"<version>1</version><dependencies>{''.join(dependencies)}</dependencies></project>"
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
