"""Builds what AWS Glue is given, in dist/: the same bytes of the same sources, wherever it is built.

python -m infra.glue.build [DIR]

aurastream-glue-5.1.gluewheels.zip  our wheel, and those of requirements.glue.lock that Glue does not bring
glue.py                             the script
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAME = "aurastream-glue-5.1.gluewheels.zip"
LOCK = ROOT / "requirements.glue.lock"
PINS = Path(__file__).with_name("base-requirements.txt")
# Glue 5.1 has glibc 2.34 (Glue Developer Guide, "AWS Glue environment details").
_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
# The earliest time that a zip can hold; also that of all files in our wheel.
_EPOCH, _EPOCH_SECONDS = (1980, 1, 1, 0, 0, 0), "315532800"


def build(target: Path) -> None:
    """Write zip and script into a folder. Raises CalledProcessError where a wheel cannot be built or had."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        wheels = Path(work, "wheels")
        wheels.mkdir()
        ours = _our_wheel(wheels)
        shipped = _shipped()
        _download(shipped, Path(work, "lock"), wheels)
        names = [requirement.split(" ", 1)[0] for requirement in shipped]
        (wheels / "requirements.txt").write_text("\n".join([ours, *names, ""]), encoding="utf-8")
        _zip(wheels, target / NAME)
    shutil.copyfile(ROOT / "jobs" / "glue.py", target / "glue.py")


def names(path: Path) -> dict[str, str]:
    """The packages of a requirements file, by their names in one spelling, with their versions."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = (re.match(r"([A-Za-z0-9._-]+)==([^\s\\]+)", line) for line in lines)
    return {_spelled(each[1]): each[2] for each in found if each}


def _spelled(name: str) -> str:
    """A package's name in the one spelling that the Packaging User Guide gives it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _shipped() -> list[str]:
    """The entries of the lock, with their hashes, that Glue does not bring."""
    brought = names(PINS)
    entries = re.findall(r"^([A-Za-z0-9._-]+)==((?:.*\\\n)*.*)$", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    return [f"{name}=={rest}".replace("\\\n", "") for name, rest in entries if _spelled(name) not in brought]


def _our_wheel(wheels: Path) -> str:
    """Build our wheel; its requirement."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-cache-dir"]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": _EPOCH_SECONDS}
    subprocess.run([*command, "--wheel-dir", str(wheels), str(ROOT)], check=True, env=environment)  # noqa: S603 - ours
    (wheel,) = wheels.glob("aurastream-*.whl")
    return f"aurastream[documents]=={wheel.name.split('-')[1]}"


def _download(entries: list[str], lock: Path, wheels: Path) -> None:
    lock.write_text("\n".join(entries), encoding="utf-8")
    platforms = [word for each in _PLATFORMS for word in ("--platform", each)]
    subprocess.run(  # noqa: S603 - names and hashes of the lock
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
            *("--require-hashes", "--only-binary=:all:", "--python-version", "3.11", "--implementation", "cp"),
            *(*platforms, "--dest", str(wheels), "-r", str(lock)),
        ],
        check=True,
    )


def _zip(folder: Path, target: Path) -> None:
    """Zip a folder, under its own name; wheels are compressed already."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.iterdir()):
            entry = zipfile.ZipInfo(f"{folder.name}/{path.name}", _EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist")
