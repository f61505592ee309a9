"""DynamoDB on this machine: Amazon's own DynamoDB Local, where Maven and Java can have it, and moto's server.

A test's id says which it ran against. The tables are those that `infra/template.yaml` declares.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import py4j
import pytest
from filelock import FileLock
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from py4j.java_gateway import JavaGateway
from ruamel.yaml import YAML
from werkzeug.serving import make_server

from jobs.spark.session import java_home
from transforms.errors import AuraStreamError

TEMPLATE = Path(__file__).parents[3] / "infra" / "template.yaml"
SERVERS = ("dynamodb-local", "moto")
VERSION = "2.6.1"
# Kept between runs; its licence allows use and not redistribution, so it is fetched by each who tests.
JARS = Path.home() / ".cache" / "aurastream" / f"dynamodb-local-{VERSION}"
_POM = f"""<project>
  <modelVersion>4.0.0</modelVersion><groupId>aurastream</groupId><artifactId>tests</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>com.amazonaws</groupId><artifactId>DynamoDBLocal</artifactId><version>{VERSION}</version>
  </dependency></dependencies>
</project>
"""
_MAVEN_SECONDS = 600


@dataclass(frozen=True)
class Dynamo:
    """A server on this machine."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """What makes boto3 use this server, and nothing of whoever runs the tests."""
        return {
            "AWS_ENDPOINT_URL_DYNAMODB": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @cached_property
    def client(self) -> Any:
        """A client of the server."""
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client("dynamodb", endpoint_url=self.url, region_name="us-east-1", **keys)

    def create(self, resource: str, table: str) -> None:
        """Make a table as the template declares it, under another name."""
        properties = declared(resource)
        self.client.create_table(
            TableName=table,
            SSESpecification={"Enabled": True, "SSEType": properties["SSESpecification"]["SSEType"]},
            **{name: properties[name] for name in ("AttributeDefinitions", "KeySchema", "BillingMode")},
        )
        self.client.update_time_to_live(
            TableName=table, TimeToLiveSpecification=dict(properties["TimeToLiveSpecification"])
        )


def declared(resource: str) -> dict[str, Any]:
    """The properties of one of the template's resources."""
    properties: dict[str, Any] = YAML().load(TEMPLATE)["Resources"][resource]["Properties"]
    return properties


@pytest.fixture(scope="session")
def dynamodb() -> Iterator[Callable[[str], Dynamo]]:
    """Starts a server of `SERVERS`, once for the session, or skips the test, with the reason."""
    with ExitStack() as running:

        @cache
        def start(name: str) -> Dynamo:
            if name == "moto":
                return running.enter_context(_moto())
            missing = cannot_be_had()
            if missing:
                pytest.skip(f"moto alone stands in for DynamoDB, for DynamoDB Local cannot be had: {missing}")
            return running.enter_context(dynamodb_local())

        yield start


@cache
def cannot_be_had() -> str:
    """Why DynamoDB Local cannot run here; empty where it can."""
    try:
        java_home()
        _fetch()
    except (AuraStreamError, OSError, subprocess.SubprocessError) as error:
        return str(error)
    return ""


def _fetch() -> None:
    """Have Maven fetch DynamoDB Local's jars, all of them or none, where they are not there yet."""
    JARS.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{JARS}.lock"):
        if not JARS.exists():
            with tempfile.TemporaryDirectory(dir=JARS.parent) as work:
                pom = Path(work) / "pom.xml"
                pom.write_text(_POM, encoding="utf-8")
                subprocess.run(
                    ["mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", f"-DoutputDirectory={work}/jars"],
                    check=True, capture_output=True, timeout=_MAVEN_SECONDS,
                )  # fmt: skip
                (Path(work) / "jars").rename(JARS)


@contextmanager
def dynamodb_local() -> Iterator[Dynamo]:
    """DynamoDB Local on 127.0.0.1 alone. It has no option for that: Spark's bridge to Java sets it before the start."""
    _fetch()
    (bridge,) = (Path(py4j.__file__).parents[4] / "share" / "py4j").glob("py4j*.jar")
    gateway = JavaGateway.launch_gateway(
        jarpath=str(bridge),
        classpath=f"{JARS}/*",
        javaopts=[f"-Dsqlite4java.library.path={JARS}", "-Xmx512m"],
        java_path=str(java_home() / "bin" / "java"),
        enable_auth=True,
        die_on_exit=True,
    )
    try:
        options = ["-inMemory", "-sharedDb", "-disableTelemetry"]
        arguments = gateway.new_array(gateway.jvm.java.lang.String, len(options))
        for i, option in enumerate(options):
            arguments[i] = option
        local = gateway.jvm.com.amazonaws.services.dynamodbv2.local
        server = local.main.ServerRunner.createServerFromCommandLineArgs(arguments)
        jetty = server.getClass().getDeclaredField("server")
        jetty.setAccessible(True)
        (connector,) = jetty.get(server).getConnectors()
        connector.setHost("127.0.0.1")
        connector.setPort(0)  # any that is free
        server.start()
        yield Dynamo(f"http://127.0.0.1:{connector.getLocalPort()}")
    finally:
        gateway.shutdown()
        gateway.java_process.stdin.close()
        gateway.java_process.wait(10)


@contextmanager
def _moto() -> Iterator[Dynamo]:
    """moto's server, with what it lacks: conditions that are atomic, and transactions that are made once."""
    app = DomainDispatcherApplication(create_backend_app)
    alone = threading.Lock()
    made: dict[str, list[bytes]] = {}  # answers of transactions, by their tokens

    def one_at_a_time(environ: Any, start_response: Any) -> list[bytes]:
        if not environ.get("HTTP_X_AMZ_TARGET", "").endswith(".TransactWriteItems"):
            with alone:
                return list(app(environ, start_response))
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        token = json.loads(body)["ClientRequestToken"]
        environ["wsgi.input"] = BytesIO(body)
        with alone:
            if token in made:
                start_response("200 OK", [("Content-Type", "application/x-amz-json-1.0")])
                return made[token]
            started: list[Any] = []
            answer = list(app(environ, lambda *arguments: started.extend(arguments)))
            if started[0] == "200 OK":
                made[token] = answer
            start_response(*started)
            return answer

    server = make_server("127.0.0.1", 0, one_at_a_time, threaded=True, request_handler=MotoRequestHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Dynamo(f"http://127.0.0.1:{server.port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
