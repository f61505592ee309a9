"""Dependencies run one way: transforms <- expectations <- jobs <- infra, and within jobs from the bottom up.

Fences say who alone may use what: a library, files, sqlite3.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("transforms", "expectations", "jobs", "infra", "aurastream", "notebooks", "tests")
MAY_IMPORT = {
    "transforms": {"transforms"},
    "expectations": {"transforms", "expectations"},
    "jobs": {"transforms", "expectations", "jobs"},
    "infra": {"transforms", "expectations", "jobs", "infra"},
    "aurastream": {"transforms", "jobs", "aurastream"},  # the door from Python
    "notebooks": {"aurastream"},  # the top
}
# Within jobs, from the bottom up: a module imports from its own level or below.
LEVELS = (
    {
        "jobs.formats",
        "jobs.aws",
        "jobs.guard",
        "jobs.milestones",
        "jobs.s3_get",
        "jobs.storage",
        "jobs.console",
        "jobs.lake.layout",
        "jobs.lake.config",
        "jobs.lake.types",
        "jobs.lake.views",
    },
    {
        "jobs.drops",
        "jobs.readers",
        "jobs.stores",
        "jobs.lake.files",
        "jobs.lake.parquet",
        "jobs.sample",
        "jobs.sample_story",
    },
    {
        "jobs.scorers",
        "jobs.lake.published",
        "jobs.lake.sql",
        "jobs.lake.asking",
        "jobs.lake.export",
        "jobs.lake.athena",
        "jobs.lake.create",
        "jobs.lake.catalog",
        "jobs.lake.verify",
        "jobs.spark",
    },
    {"jobs.settings"},
    {"jobs.report"},
    {"jobs.run"},
    {"jobs.redact_input", "jobs.redact_lines"},
    {
        *("jobs.nightly", "jobs.check", "jobs.plan", "jobs.rebuild", "jobs.rollback", "jobs.metrics", "jobs.analyze"),
        "jobs.doctor",
        "jobs.redact",
        "jobs.agreement",
        "jobs.label_sample",
        "jobs.notebooks",
        "jobs.agreement_text",
    },
    {"jobs.commands", "jobs.glue", "jobs.glue_arguments"},
    {"jobs.cli"},
)
AWS = (
    *(
        *("jobs.storage", "jobs.s3_get"),
        "jobs.stores.aws",
        "jobs.scorers",
        "jobs.lake.athena",
        "jobs.lake.create",
        "jobs.metrics",
        "jobs.doctor",
    ),
    *("infra.local.aws", "infra.local.athena", "infra.deploy"),
    "notebooks.6_from_athena",
)
# Where a library may be imported, by the module's prefix.
ALONE = {
    "aiohttp": ("infra.local.comprehend", "infra.local.athena"),
    "awswrangler": ("jobs.lake.athena", "notebooks.6_from_athena"),
    "boto3": ("jobs.aws", "infra", "notebooks.6_from_athena"),
    "botocore": ("jobs.aws", *AWS),
    "charset_normalizer": ("jobs.drops.charset",),
    "click": ("jobs.cli", "jobs.commands", "jobs.console", "infra.local", "infra.deploy"),
    "duckdb": ("jobs.lake.sql",),
    "eldc": ("transforms.language",),
    "fast_mail_parser": ("jobs.readers.mail",),
    "fastavro": ("jobs.readers.tables", "jobs.readers.survey"),
    "filelock": ("jobs.stores.local", "infra.local.aws"),
    "great_expectations": ("expectations",),
    "IPython": ("notebooks",),
    "jupyterlab": ("jobs.notebooks",),
    "jupytext": ("jobs.notebooks",),
    "lxml": ("jobs.readers.extraction",),
    "matplotlib": ("notebooks",),
    "moto": ("infra.local.aws.moto",),
    "pandas": ("expectations", "aurastream", "notebooks"),
    "psutil": ("infra.local.aws.process",),
    "py4j": ("jobs.spark", "infra.local.aws.dynamodb_local"),
    "pypdfium2": ("jobs.readers.extraction",),
    "python_calamine": ("jobs.readers.tables", "jobs.readers.survey"),
    "pyspark": ("jobs.spark", "jobs.run.daemon"),
    "shutil": ("jobs.storage", "jobs.spark.session", "infra.local.aws", "infra.glue"),  # the second looks for `java`
    # A process for what may not end well.
    "subprocess": ("jobs.readers.apart", "jobs.readers.letters", "jobs.spark", "infra"),
    "sqlglot": ("infra.local.athena",),
    "sqlite3": ("jobs.stores.local",),
    "striprtf": ("jobs.readers.extraction",),
    "tarfile": ("jobs.readers.archives", "jobs.scorers.comprehend_jobs", "infra.local"),
    "tempfile": (
        *("jobs.storage", "jobs.stores.open", "jobs.doctor.here", "jobs.spark.scratch"),
        *("infra.local.aws", "infra.glue"),
    ),
    "vaderSentiment": (),
    "xlsxwriter": ("jobs.lake.export",),
}
# What transforms and expectations may not know: the world.
WORLD = {"boto3", "os", "pathlib", "pyspark", "random", "socket", "subprocess", "tempfile", "time"}

# Files are written, listed and removed here alone.
TOUCHES_FILES = ("jobs.storage", "jobs.drops", "jobs.stores.local")
LISTS_ITS_OWN_PACKAGE = ("jobs.lake.views", "jobs.notebooks")  # by importlib.resources
OF_PATHS = {
    *("chmod", "glob", "hardlink_to", "iterdir", "mkdir", "rename", "rglob", "rmdir", "scandir", "symlink_to", "touch"),
    *("unlink", "write_bytes", "write_text"),
}
OF_OS = {"link", "listdir", "makedirs", "mkdir", "remove", "rename", "replace", "scandir", "unlink", "walk"}


def modules(package: str) -> list[tuple[str, Path]]:
    found = []
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found.append((".".join(parts).removesuffix(".__init__"), path))
    return found


def parsed(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def imports(path: Path) -> Iterator[str]:
    for node in parsed(path):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


ALL = [module for package in MAY_IMPORT for module in modules(package)]


def below(module: str, prefixes: tuple[str, ...] | set[str]) -> bool:
    return any(module == prefix or module.startswith(f"{prefix}.") for prefix in prefixes)


def level(module: str) -> int:
    (found,) = [i for i, names in enumerate(LEVELS) if below(module, names)]
    return found


def packages_of_jobs() -> set[str]:
    """Packages that hold modules of several levels: importing one is importing nothing."""
    return {module for module, path in modules("jobs") if path.name == "__init__.py"}


@pytest.mark.parametrize(("module", "path"), ALL, ids=[module for module, _ in ALL])
def test_dependencies_run_one_way(module: str, path: Path) -> None:
    package = module.split(".")[0]
    several_levels = {each for each in packages_of_jobs() if not any(below(each, names) for names in LEVELS)}
    for imported in imports(path):
        top = imported.split(".")[0]
        if top in OURS:
            assert top in MAY_IMPORT[package], f"{module} imports {imported}"
        if package in ("transforms", "expectations"):
            assert top not in WORLD, f"{module} imports {imported}"
        if top in ALONE:
            assert below(module, ALONE[top]), f"{module} imports {imported}"
        if package == "jobs" and module not in several_levels and imported.startswith("jobs."):
            assert imported in several_levels or level(imported) <= level(module), f"{module} imports {imported}"


@pytest.mark.parametrize(("module", "path"), ALL, ids=[module for module, _ in ALL])
def test_data_files_are_read_one_way(module: str, path: Path) -> None:
    """By importlib.resources, of what may be imported alone."""
    package = module.split(".")[0]
    for node in parsed(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "files" and node.args:
            named = node.args[0]
            top = str(named.value).split(".")[0] if isinstance(named, ast.Constant) else package
            given_out = (module, top) == ("jobs.notebooks", "notebooks")  # scripts that it copies, and does not run
            allowed = top in {package, *MAY_IMPORT[package]} or given_out
            assert top not in OURS or allowed, f"{module}:{node.lineno} {top}"


@pytest.mark.parametrize(("module", "path"), modules("jobs"), ids=[module for module, _ in modules("jobs")])
def test_files_are_touched_in_one_place(module: str, path: Path) -> None:
    """Drops, the lake, audits, reports, policies and keys go through `jobs.storage`."""
    if below(module, TOUCHES_FILES):
        return
    for node in parsed(path):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute):
            of_os = isinstance(node.func.value, ast.Name) and node.func.value.id == "os"
            allowed = {"iterdir"} if below(module, LISTS_ITS_OWN_PACKAGE) else set()
            assert node.func.attr not in (OF_OS if of_os else OF_PATHS) - allowed, (
                f"{module}:{node.lineno} {node.func.attr}"
            )
        if isinstance(node.func, ast.Attribute | ast.Name):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            modes = [each.value for each in node.args if isinstance(each, ast.Constant)]
            assert not (name == "open" and {"w", "wb", "a", "ab", "x", "xb"} & set(modes)), f"{module}:{node.lineno}"


def test_transforms_does_not_read_the_clock() -> None:
    for module, path in modules("transforms"):
        calls = {
            node.func.attr
            for node in parsed(path)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        assert not calls & {"now", "utcnow", "today", "getenv", "urandom"}, module


@pytest.mark.parametrize(("module", "path"), modules("notebooks"), ids=[module for module, _ in modules("notebooks")])
def test_a_notebook_tells_a_story_and_defines_nothing(module: str, path: Path) -> None:
    """What would be a function belongs to the package; what a reader may change stands in the cell of parameters."""
    if path.name == "__init__.py":
        return
    assert not any(isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda) for node in parsed(path)), module
    cells = path.read_text(encoding="utf-8").split("# %%")
    assert sum(cell.startswith(' tags=["parameters"]') for cell in cells) == 1
    assert [cell.strip().removeprefix("[markdown]").strip() for cell in cells if "# ## " in cell][-1] == "# ## In words"
