"""What a part of AWS on this machine is: one server, in a module of its own, and a line of `parts.PARTS`."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from transforms.errors import ServiceError

HOST = "127.0.0.1"
REGION = "us-east-1"
# Access key and secret that every part takes. DynamoDB Local wants letters and digits alone in the first.
KEYS = ("local", "local-secret")


@dataclass(frozen=True)
class Place:
    """Where a part is to run."""

    folder: Path  # its own, there already, kept between one start and the next
    ports: tuple[int, ...]  # free ones on `HOST`, as many as the part asked for; the same ones while the stack is up
    environment: Mapping[str, str]  # what `env` prints of the parts before it, credentials and region included
    say: Callable[[str], None]  # tells whoever waits what takes long; a line


@dataclass(frozen=True)
class Launch:
    """How a part is started. Its folder is the working directory."""

    what: str  # the server and its version, as `status` shows it; and in place of what, if it stands in for another
    command: Sequence[str]  # does not return until SIGTERM, and then ends what it started; binds to `HOST` alone
    endpoints: Mapping[str, str]  # variables for clients, such as AWS_ENDPOINT_URL_S3, and for the parts after it
    ready: Callable[[], bool]  # whether it can be used; asked every few tenths of a second, raises nothing
    environment: Mapping[str, str] = field(default_factory=dict)  # variables of the server's own, beside `KEPT`


@dataclass(frozen=True)
class Missing:
    """A part that cannot be had here. The stack does without it, and `status` says why."""

    reason: str


@dataclass(frozen=True)
class Part:
    """A server. Parts are launched in the order of `PARTS`, and then waited for.

    `launch` fetches what is missing, writes the server's configuration to its folder, and starts nothing. It raises
    ServiceError where the stack cannot do without it, and is called only when the part is not running.
    """

    name: str
    launch: Callable[[Place], Launch | Missing]
    ports: int = 1
    patience: float = 60.0  # seconds until it is ready, on a busy machine


def free_ports(number: int, but: Collection[int] = ()) -> tuple[int, ...]:
    """Free ports but some, with those 10,000 above, where SeaweedFS listens as well; below the ones clients are given.

    Those of two processes that start at once differ. Raises ServiceError.
    """
    ports: list[int] = []
    for port in range(12_000 + os.getpid() % 350 * 30, 22_700):
        if port not in but and are_free((port,)):
            ports.append(port)
        if len(ports) == number:
            return tuple(ports)
    raise ServiceError(f"this machine has no {number} free ports below 22700; end what listens there")


def are_free(ports: Sequence[int]) -> bool:
    """Whether nothing listens on any of them, or 10,000 above."""
    with ExitStack() as held:
        try:
            for port in (*ports, *(port + 10_000 for port in ports)):
                listening = held.enter_context(socket.socket())
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # those just let go of are free
                listening.bind((HOST, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether something listens on a port."""
    try:
        socket.create_connection((HOST, port), timeout=2).close()
    except OSError:
        return False
    return True
