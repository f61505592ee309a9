"""The process of DynamoDB Local: `python -m infra.local.aws.dynamodb_local JARS DATA PORT JAVA`.

It has no option for the address, and would listen on every one. py4j, Spark's bridge to Java, sets it before the start.

It also waits for the disk after every item, 12 ms each: a thousand puts take 13 s. So its file is in memory while it
runs (1 to 2 s, measured), and goes to the folder of the stack when it ends. Where this process is killed, the file
stays in memory, and the next start goes on with it: only a machine that goes down takes what came since the start.
"""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
from pathlib import Path

import py4j
from py4j.java_gateway import JavaGateway

from infra.local.aws.part import HOST

MEMORY = Path("/dev/shm")  # noqa: S108 - Linux's file system in memory; what lies in it is for this user alone
# What has to be free there, in bytes: in a container it may be tiny.
_ROOM = 2_000_000_000
# In the folder of the data: where in memory it is meanwhile.
_ELSEWHERE = "in-memory"


def serve(jars: str, data: Path, port: int, java: str) -> None:
    """Answer calls until SIGTERM, or until Java ends. Tables are kept in the folder `data`."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    folder = _taken_up(data)
    try:
        _run(jars, folder, port, java)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what is kept is kept whole
        _put_down(folder, data)


def _run(jars: str, folder: Path, port: int, java: str) -> None:
    (bridge,) = (Path(py4j.__file__).parents[4] / "share" / "py4j").glob("py4j*.jar")
    gateway = JavaGateway.launch_gateway(
        jarpath=str(bridge),
        classpath=f"{jars}/*",
        javaopts=[f"-Dsqlite4java.library.path={jars}", "-Xmx512m"],
        java_path=java,
        enable_auth=True,
        die_on_exit=True,  # also where this process is killed
        redirect_stdout=sys.stdout,
        redirect_stderr=sys.stderr,
    )
    try:
        options = ["-dbPath", str(folder), "-sharedDb", "-disableTelemetry"]
        arguments = gateway.new_array(gateway.jvm.java.lang.String, len(options))
        for i, option in enumerate(options):
            arguments[i] = option
        local = gateway.jvm.com.amazonaws.services.dynamodbv2.local
        server = local.main.ServerRunner.createServerFromCommandLineArgs(arguments)
        jetty = server.getClass().getDeclaredField("server")
        jetty.setAccessible(True)
        (connector,) = jetty.get(server).getConnectors()
        connector.setHost(HOST)
        connector.setPort(port)
        server.start()
        gateway.java_process.wait()
    finally:
        gateway.shutdown()
        gateway.java_process.stdin.close()
        gateway.java_process.wait()


def _taken_up(data: Path) -> Path:
    """The folder to run in: in memory, with what is kept, or with what a process that was killed left there."""
    elsewhere = data / _ELSEWHERE
    if elsewhere.exists():
        left = Path(elsewhere.read_text(encoding="utf-8"))
        if left.is_dir():
            return left
        elsewhere.unlink()  # the machine went down
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < _ROOM:
        return data
    folder = Path(tempfile.mkdtemp(prefix="aurastream-dynamodb-", dir=MEMORY))
    for path in data.iterdir():
        shutil.copyfile(path, folder / path.name)
    elsewhere.write_text(str(folder), encoding="utf-8")
    return folder


def _put_down(folder: Path, data: Path) -> None:
    """Keep what is in memory."""
    if folder == data:
        return
    for path in folder.iterdir():
        new = data / f"{path.name}.new"
        shutil.copyfile(path, new)
        new.replace(data / path.name)
    for path in data.iterdir():  # a journal that is over, for one
        if path.name != _ELSEWHERE and not (folder / path.name).exists():
            path.unlink()
    (data / _ELSEWHERE).unlink()  # until here, what is in memory is what counts
    shutil.rmtree(folder)


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
