"""The server as a process: what it says, how it ends, and what happens on the wire."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, get_args
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import psutil
import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from click.testing import CliRunner

from infra.local.cli import cli
from infra.local.faults import Rule
from infra.local.operations import OPERATIONS
from infra.local.usage import Counts
from tests.infra.clients import comprehend, refusal
from tests.infra.desk import Desk
from tests.infra.serving import Server, serving

PAGE = Path(__file__).parents[2] / "docs" / "local.md"
COMMAND = [sys.executable, "-m", "infra.local.cli", "comprehend", "--answers", "hash"]


def address(server: Server) -> tuple[str, int]:
    host, _, port = server.url.removeprefix("http://").partition(":")
    return host, int(port)


def posting(body: bytes, operation: str) -> bytes:
    """A call, as bytes."""
    head = f"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: Comprehend_20171127.{operation}\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def test_its_first_words_point_an_sdk_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen([*COMMAND, "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(3)]
        for name, value in re.findall(r"(AWS_\w+)=(\S+)", "".join(said)):
            monkeypatch.setenv(name, value)
        answer = boto3.client("comprehend").detect_sentiment(Text="x", LanguageCode="en")
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=10)

    assert all(line.startswith("export AWS_") for line in said)
    assert re.fullmatch(r"export AWS_ENDPOINT_URL_COMPREHEND=http://127\.0\.0\.1:\d+\n", said[0])
    assert answer["Sentiment"]
    assert rest == "", "nothing is logged"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_also_amid_a_stalled_call(number: signal.Signals, tmp_path: Path) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text('[[fault]]\nkind = "stall"\n', encoding="utf-8")
    command = [*COMMAND, "--port", "0", "--faults", str(faults)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
            while not json.load(urlopen(f"http://127.0.0.1:{port}/usage", timeout=10))["calls"]:
                time.sleep(0.02)
            process.send_signal(number)
            _, errors = process.communicate(timeout=10)

    assert (process.returncode, errors) == (0, "")


def test_a_port_in_use_is_said(server: Server) -> None:
    port = server.url.rpartition(":")[2]

    result = CliRunner().invoke(cli, ["comprehend", "--port", port, "--answers", "hash"])

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: port {port} cannot be listened on: Address already in use\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "70000"], "70000 is not in the range"),
        (["--tps", "0"], "0.0 is not in the range"),
        (["--latency", "-1"], "-1.0 is not in the range"),
        (["--answers", "magic"], "'magic' is not one of 'local', 'hash'"),
        (["--faults", "none.toml"], "--faults none.toml: No such file or directory"),
        (["--faults", "bytes.toml"], "--faults bytes.toml: it is not UTF-8"),
        (["--faults", "wrong.toml"], "--faults wrong.toml: fault.0.slow.seconds: Field required; faults: Extra inputs"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_usage(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bytes.toml").write_bytes(b"\xff")
    Path("wrong.toml").write_text('faults = 1\n[[fault]]\nkind = "slow"\n', encoding="utf-8")

    result = CliRunner().invoke(cli, ["comprehend", *arguments])

    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith("Error: ")
    assert words in result.stderr.splitlines()[-1]


def test_it_listens_to_this_machine_alone(server: Server) -> None:
    connections = psutil.Process(server.process.pid).net_connections("tcp")

    assert {each.laddr for each in connections if each.status == psutil.CONN_LISTEN} == {address(server)}
    assert address(server)[0] == "127.0.0.1"


def test_a_connection_is_kept_for_the_next_call(server: Server) -> None:
    with socket.create_connection(address(server)) as connection:
        for _ in range(3):
            connection.sendall(posting(b'{"Text": "x", "LanguageCode": "en"}', "DetectSentiment"))
            assert connection.recv(10_000).startswith(b"HTTP/1.1 200 OK\r\n")
    assert server.usage()["peak_in_flight"] == 1


def test_a_client_that_asks_before_it_sends_is_told_to(server: Server) -> None:
    """As SDKs for Java do."""
    with socket.create_connection(address(server)) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(10_000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert b"UnknownOperationException" in connection.recv(10_000)


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("POST", "/usage"), ("GET", "/nothing")])
def test_there_is_nothing_else(method: str, path: str, server: Server) -> None:
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(server.url + path, method=method), timeout=10)
    with refused.value as said:
        assert said.code in (404, 405)


def test_latency_and_the_rate_of_many_at_once() -> None:
    with serving("--answers", "hash", "--latency", "0.3", "--tps", "2") as slow, ThreadPoolExecutor(8) as threads:
        client = comprehend(slow.url, max_pool_connections=8)

        def call(number: int) -> str:
            start = time.monotonic()
            try:
                client.detect_sentiment(Text=f"text {number}", LanguageCode="en")
            except client.exceptions.ClientError as error:
                return str(error.response["Error"]["Code"])
            assert time.monotonic() - start >= 0.3
            return "ok"

        ended = list(threads.map(call, range(8)))
        usage = slow.usage()

    passed = ended.count("ok")
    assert 2 <= passed <= 2 + 2 * (usage["last_call"] - usage["first_call"]) + 1e-3
    assert ended.count("ThrottlingException") == 8 - passed > 0
    assert usage["operations"]["DetectSentiment"]["throttled"] == 8 - passed
    assert 2 <= usage["peak_in_flight"] <= 8
    assert abs(usage["last_call"] - time.time()) < 30


# One rule after another for the first, one fault for each of the others.
SCRIPT = """
fault = [
    { kind = "reject", text = "poison" },
    { kind = "error", operation = "BatchDetectSentiment", calls = 1 },
    { kind = "error", operation = "BatchDetectSentiment", status = 503, calls = 1 },
    { kind = "throttle", operation = "BatchDetectSentiment", calls = 1 },
    { kind = "reset", operation = "BatchDetectSentiment", calls = 1 },
    { kind = "reset", operation = "BatchDetectSentiment", billed = true, calls = 1 },
    { kind = "stall", operation = "DetectSentiment", seconds = 0.8 },
    { kind = "item_error", operation = "BatchDetectDominantLanguage", calls = 1 },
    { kind = "expire", operation = "DetectDominantLanguage", seconds = 0 },
    { kind = "reset", operation = "DetectPiiEntities", calls = 1 },
    { kind = "slow", operation = "DetectPiiEntities", seconds = 0.3 },
    { kind = "stall", operation = "ContainsPiiEntities", seconds = 0.8, billed = true },
]
"""


@pytest.fixture(scope="module")
def _faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    faults = tmp_path_factory.mktemp("faults") / "faults.toml"
    faults.write_text(SCRIPT, encoding="utf-8")
    with serving("--answers", "hash", "--faults", str(faults)) as server:
        yield server


@pytest.fixture
def faulty(_faulty: Server) -> Server:
    _faulty.reset()
    return _faulty


def bought(server: Server) -> dict[str, tuple[int, int]]:
    """How often each text was sent and billed."""
    return {each["text"]: (each["sent"], each["billed"]) for each in server.texts()}


def test_errors_and_resets(faulty: Server) -> None:
    client = comprehend(faulty.url)

    def batch(text: str) -> Any:
        return client.batch_detect_sentiment(TextList=[text], LanguageCode="en")

    def told(text: str) -> tuple[int, str]:
        return refusal(client, "batch_detect_sentiment", TextList=["x", text], LanguageCode="en")[:2]

    assert told("poisoned") == (400, "InvalidRequestException")
    assert told("500") == (500, "InternalServerException")
    assert told("503") == (503, "ServiceUnavailable")
    assert told("429") == (429, "429")
    assert refusal(client, "detect_dominant_language", Text="x" * 20)[:2] == (400, "ExpiredTokenException")
    for text in ("reset", "reset, billed"):
        with pytest.raises(ConnectionClosedError):
            batch(text)
    assert batch("answered")["ResultList"]

    assert bought(faulty) == {
        "x": (4, 0),
        "poisoned": (1, 0),
        "500": (1, 0),
        "503": (1, 0),
        "429": (1, 0),
        "x" * 20: (1, 0),
        "reset": (1, 0),
        "reset, billed": (1, 1),
        "answered": (1, 1),
    }
    counts = faulty.usage()["operations"]["BatchDetectSentiment"]
    assert counts == {"calls": 7, "throttled": 1, "failed": 5, "documents": 2, "units": 6}


def test_a_reset_is_one(faulty: Server) -> None:
    body = b'{"TextList": ["x"], "LanguageCode": "en"}'
    with socket.create_connection(address(faulty)) as connection:
        for status in (b"500", b"503", b"429"):
            connection.sendall(posting(body, "BatchDetectSentiment"))
            assert connection.recv(10_000).startswith(b"HTTP/1.1 " + status)
        connection.sendall(posting(body, "BatchDetectSentiment"))
        with pytest.raises(ConnectionResetError):
            connection.recv(10_000)


def test_the_sdk_s_own_retries_know_a_reset(faulty: Server) -> None:
    client = comprehend(faulty.url, retries={"mode": "standard", "total_max_attempts": 2})

    answer = client.detect_pii_entities(Text="twice", LanguageCode="en")

    assert answer["ResponseMetadata"]["RetryAttempts"] == 1
    assert bought(faulty) == {"twice": (2, 1)}


def test_stalls(faulty: Server) -> None:
    """Who goes has paid if the rule says so; who waits is answered."""
    patient, impatient = comprehend(faulty.url), comprehend(faulty.url, read_timeout=0.3)
    for operation in ("detect_sentiment", "contains_pii_entities"):
        with pytest.raises(ReadTimeoutError):
            getattr(impatient, operation)(Text="gone", LanguageCode="en")
        start = time.monotonic()
        getattr(patient, operation)(Text="waits", LanguageCode="en")  # longer than the other stall lasts
        assert time.monotonic() - start >= 0.8

    counts = faulty.usage()["operations"]
    assert counts["DetectSentiment"] == {"calls": 2, "throttled": 0, "failed": 1, "documents": 1, "units": 3}
    assert counts["ContainsPiiEntities"] == {"calls": 2, "throttled": 0, "failed": 0, "documents": 2, "units": 6}


def test_slow_answers_and_documents_that_fail(faulty: Server) -> None:
    client = comprehend(faulty.url)
    with pytest.raises(ConnectionClosedError):
        client.detect_pii_entities(Text="reset", LanguageCode="en")
    start = time.monotonic()
    client.detect_pii_entities(Text="slow", LanguageCode="en")
    assert time.monotonic() - start >= 0.3

    answer = client.batch_detect_dominant_language(TextList=["fails", "does not"])
    (failed,) = answer["ErrorList"]
    assert (failed["Index"], failed["ErrorCode"]) == (0, "InternalServerException")
    assert [each["Index"] for each in answer["ResultList"]] == [1]
    assert bought(faulty) == {"reset": (1, 0), "slow": (1, 1), "fails": (1, 0), "does not": (1, 1)}


def test_the_page_says_what_is_so(server: Server) -> None:
    page = PAGE.read_text(encoding="utf-8")
    command = cli.commands["comprehend"]
    rows = re.findall(r"^\| (.*?) \|(.*)", page, re.MULTILINE)
    told = {
        name: re.findall(r"`([\w-]+)`", cells) for first, cells in rows for name in re.findall(r"`([\w-]+)`", first)
    }

    assert {option.opts[0] for option in command.params} == {name for name in told if name.startswith("--")}
    assert set(OPERATIONS) <= set(told)
    assert set(server.usage()) <= set(told)
    assert set(Counts.__dataclass_fields__) <= set(told["operations"])
    common = {field.alias or name for name, field in Rule.model_fields.items()}
    assert common <= set(told)
    for rule in Rule.__subclasses__():
        (kind,) = get_args(rule.model_fields["kind"].annotation)
        own = set(rule.model_fields) - set(Rule.model_fields) - {"kind"}
        assert own == set(told[kind]) & {"status", "text", "code", "seconds", "billed", "answers"}, kind


def test_the_page_s_faults_are_taken() -> None:
    (example,) = re.findall(r"^```ini\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    desk = Desk(faults=example)
    calls = [desk.service.receive("BatchDetectSentiment", b"{}", "") for _ in range(100)]

    assert sum(call.strike.reset == "billed" for call in calls) == 3
    assert {call.refusal.status for call in calls if call.strike.refusal and call.refusal} == {503}
