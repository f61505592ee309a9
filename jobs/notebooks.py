"""The notebooks, in JupyterLab."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.resources import files

from jobs.storage import absolute, storage_of
from jobs.stores.open import open_lake
from transforms.errors import UsageError

FOLDER = "notebooks"
_TOLD = (
    "--ServerApp.ip=127.0.0.1",
    # Nothing phones home.
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=None",
)
_KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}  # of the environment that runs this


def open_notebooks(lake: str) -> None:
    """Write the notebooks into the folder `notebooks`, but for those that are there, and run JupyterLab on 127.0.0.1.

    They begin with this lake. Raises UsageError where JupyterLab is not installed, LakeError where there is no lake.
    """
    try:
        import jupytext  # noqa: F401 - as below
        from jupyterlab.labapp import LabApp
    except ImportError:
        raise UsageError("JupyterLab is not installed: install AuraStream with its extra `notebooks`") from None
    location, folder = absolute(lake), absolute(FOLDER)
    open_lake(location, create=False)
    for name, notebook in notebooks():
        storage_of(folder).put_if_absent(f"{folder}/{name}.ipynb", notebook)
    os.environ["AURASTREAM_LAKE"] = location
    LabApp.launch_instance([*_TOLD, f"--ServerApp.root_dir={folder}"])


def notebooks() -> Iterator[tuple[str, bytes]]:
    """Every notebook's name and its content, made of its script, in their order."""
    import jupytext

    for script in sorted(files("notebooks").iterdir(), key=lambda each: each.name):
        if script.name.endswith(".py") and script.name[0].isdigit():
            made = jupytext.reads(script.read_text(encoding="utf-8"), fmt="py:percent")
            made.metadata["kernelspec"] = _KERNEL
            yield script.name.removesuffix(".py"), jupytext.writes(made, fmt="ipynb").encode()
