"""The process of DynamoDB Local: `python -m infra.local.aws.dynamodb_local JARS DATA PORT JAVA`.

It has no option for the address, and would listen on every one. py4j, Spark's bridge to Java, sets it before the start.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import py4j
from py4j.java_gateway import JavaGateway

from infra.local.aws.part import HOST


def serve(jars: str, data: str, port: int, java: str) -> None:
    """Answer calls until SIGTERM, or until Java ends. Tables are kept in the folder `data`."""
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
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        options = ["-dbPath", data, "-sharedDb", "-disableTelemetry"]
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


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
