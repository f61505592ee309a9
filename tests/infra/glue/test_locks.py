"""What the tests of `make test-glue` run under is what AWS Glue has."""

import sys
import sysconfig
from importlib.metadata import distributions
from pathlib import Path

import pytest

from infra.glue.build import LOCK, PINS, ROOT, names

TESTED = ROOT / "requirements.glue-test.lock"


def test_it_has_glues_modules_and_what_is_shipped() -> None:
    tested, glue = names(TESTED), names(PINS) | names(LOCK)

    assert {name: tested.get(name) for name in glue} == glue
    assert tested["pyspark"] == "3.5.6"


@pytest.mark.parametrize("lock", sorted(ROOT.glob("requirements*.lock")), ids=lambda path: str(path.name))
def test_locks_have_hashes_and_name_no_registry(lock: Path) -> None:
    lines = lock.read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if line and not line.startswith((" ", "#"))]
    followed = [after for line, after in zip(lines, [*lines[1:], ""], strict=True) if line in entries]

    assert entries
    assert all("==" in entry for entry in entries)
    assert all(line.startswith("    --hash=sha256:") for line in followed)
    assert "//" not in "".join(lines)


@pytest.mark.skipif("venv-glue" not in sys.prefix, reason="not the environment of `make test-glue`")
def test_these_are_the_modules_that_are_tested() -> None:
    # Those that are installed: setuptools, once imported, puts copies of its own on the path.
    installed = distributions(path=[sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    here = {each.metadata["Name"].lower().replace("_", "-").replace(".", "-"): each.version for each in installed}
    assert {name: here.get(name) for name in names(TESTED) if name != "pip"} == {
        name: version for name, version in names(TESTED).items() if name != "pip"
    }
