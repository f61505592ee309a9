"""Dependencies run one way: transforms <- expectations <- jobs <- infra, and within jobs as DECISIONS.md says."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("transforms", "expectations", "jobs", "infra", "tests")
MAY_IMPORT = {
    "transforms": {"transforms"},
    "expectations": {"transforms", "expectations"},
    "jobs": {"transforms", "expectations", "jobs"},
    "infra": {"transforms", "expectations", "jobs", "infra"},
}
# Within jobs, from the bottom up: a module imports from its own level or below.
LEVELS = (
    {"jobs.drops", "jobs.readers", "jobs.stopwatch", "jobs.templates"},
    {
        "jobs.settings",
        "jobs.services",
        "jobs.session",
        "jobs.lake",
        "jobs.progress",
        "jobs.page",
        "jobs.sample",
        "jobs.output",
    },
    {"jobs.pipeline", "jobs.spread", "jobs.published", "jobs.runs"},
    {"jobs.carry", "jobs.duplicates", "jobs.buying", "jobs.budget"},
    {"jobs.intake"},
    {"jobs.nightly", "jobs.plan", "jobs.analyze", "jobs.redact"},
    {"jobs.options"},
    {"jobs.commands"},
    {"jobs.cli"},
)
# Where a library may be imported, by the module's prefix.
ALONE = {
    "boto3": ("jobs.services",),
    "great_expectations": ("expectations",),
    "pyspark": ("jobs.session", "jobs.spread", "jobs.progress", "jobs.buying", "jobs.nightly"),
    "vaderSentiment": ("transforms.sentiment.vader",),
    "eldc": ("transforms.language",),
    "aiohttp": ("infra.local.comprehend",),
    "click": ("jobs.cli", "jobs.commands", "jobs.options", "jobs.output", "infra.local"),
}
# What transforms may not know: the world.
WORLD = {"boto3", "great_expectations", "os", "pathlib", "pyspark"} | {
    "random",
    "socket",
    "subprocess",
    "tempfile",
    "time",
}


def modules(package: str) -> list[tuple[str, Path]]:
    found = []
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found.append((".".join(parts).removesuffix(".__init__"), path))
    return found


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


ALL = [module for package in MAY_IMPORT for module in modules(package)]


def level(module: str) -> int:
    (found,) = [i for i, names in enumerate(LEVELS) if any(module == n or module.startswith(n + ".") for n in names)]
    return found


@pytest.mark.parametrize(("module", "path"), ALL, ids=[module for module, _ in ALL])
def test_dependencies_run_one_way(module: str, path: Path) -> None:
    package = module.split(".")[0]
    for imported in imports(path):
        top = imported.split(".")[0]
        if top in OURS:
            assert top in MAY_IMPORT[package], f"{module} imports {imported}"
        if package == "transforms":
            assert top not in WORLD, f"{module} imports {imported}"
        if top in ALONE:
            assert module.startswith(ALONE[top]), f"{module} imports {imported}"
        if package == "jobs" and module != "jobs" and imported.startswith("jobs."):
            assert level(imported) <= level(module), f"{module} imports {imported}"


def test_transforms_does_not_read_the_clock() -> None:
    for module, path in modules("transforms"):
        calls = {
            node.func.attr
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        assert not calls & {"now", "utcnow", "today", "getenv", "urandom"}, module
