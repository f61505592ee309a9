"""What becomes of an exception that nobody foresaw: its message could hold a document's text, so none of it passes."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from transforms.errors import AuraStreamError

Answer = TypeVar("Answer")


def type_and_place(error: BaseException) -> str:
    """The type of an exception, and where it was raised."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"


def guarded(function: Callable[[], Answer]) -> Answer:
    """What a function answers; of an exception that is not ours its type and place alone, as AuraStreamError."""
    try:
        return function()
    except (AuraStreamError, StopIteration):
        raise
    except Exception as error:  # noqa: BLE001 - nothing of another's message may pass
        name = traceback.extract_tb(error.__traceback__)[-1].name
        raise AuraStreamError(f"{type_and_place(error)} in {name}") from None
