"""A group of commands whose every error is one line and an exit code."""

from __future__ import annotations

from typing import Any

import click

from jobs.guard import type_and_place
from transforms.errors import AuraStreamError


class Failed(click.ClickException):
    """Ends a command with a message and a code; nothing in the message is obeyed by a terminal."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        from transforms.display import visible

        super().__init__("\n".join(map(visible, message.split("\n"))))
        self.exit_code = exit_code  # type: ignore[misc] # a class variable to click's annotations alone


class Commands(click.Group):
    """Turns every error into a line and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command. Of an unforeseen error, type and place are told, for its message could hold a text."""
        try:
            return super().invoke(ctx)
        except AuraStreamError as error:
            raise Failed(str(error), error.ending) from None
        except (click.exceptions.Exit, click.ClickException, click.Abort, BrokenPipeError):
            raise
        except Exception as error:  # noqa: BLE001 - its message could hold a document's text, so type and place alone
            if isinstance(error, OSError) and error.strerror and error.filename:
                raise Failed(f"{error.filename}: {error.strerror}") from None
            raise Failed(f"unexpected {type_and_place(error)}: please report it") from None
