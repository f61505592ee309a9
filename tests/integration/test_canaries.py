"""Personal data of every place of a drop is in no byte of what a night leaves, says or sends.

What lies in the drop is left out, and so is what a user types: an error may show an option as it was given.
"""

from __future__ import annotations

import base64
import gzip
import json
import pickle
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from backports import zstd

from jobs.analyze import analyze_file
from jobs.lake.views import views
from jobs.settings import ScoringSettings
from tests.conftest import write_key
from tests.infra.serving import serving
from tests.integration.canaries import Canaries
from tests.integration.canary_drop import canary_drop
from tests.integration.children import ON_SPARK, Children, Ended
from tests.integration.lakes import DS, answer
from tests.integration.paid import CREDENTIALS
from tests.integration.wire import Wire, wired
from transforms.pii.policy import DEFAULT_POLICY

# Most of what is dropped is to be rejected.
PLAN = ("plan", "--drops", "drops", "--lake", "lake", "--ds", DS)
NIGHT = ("nightly", *PLAN[1:], "--max-rejected", "100%", "--max-failed", "100%")
PAID = ("--scorer", "comprehend", "--quota-tps", "500", "--language", "en", "--key-file", "key")
TRIED = {  # what becomes of documents that are not scored
    *("BAD_DATE", "CORRUPT_COMPRESSION", "CORRUPT_FILE", "DROPPED_BY_POLICY", "DUPLICATE_ID", "DUPLICATE_KEY"),
    *("ID_NOT_STRING", "INVALID_UTF8", "LINE_TOO_LONG", "LONE_SURROGATE", "MALFORMED_CSV", "MALFORMED_JSON"),
    *("NOT_AN_OBJECT", "NUL_CHARACTER", "TEXT_BLANK", "TEXT_MISSING", "TEXT_NOT_STRING", "TEXT_TOO_LARGE"),
    "UNSUPPORTED_LANGUAGE",
}
VIEWS = ("scores", "runs", *views())
POLICY = """
version = "1"
[replace]
SSN = "drop"
EMAIL = "pseudonym"
PHONE = "mask"
NAME = "number"
"""
TYPES = sorted({finder.type for finder in DEFAULT_POLICY.finders})
KEEP = """
version = "1"
[columns]
document_id = "keep"
source = "keep"
source_file = "keep"
language = "keep"
[replace]
""" + "\n".join(f'{each} = "keep"' for each in TYPES)
SENT = b"I am happy with it"  # of texts that are not rejected
LATENCY = 3.0  # seconds that a night waits for an answer, so that it can be killed meanwhile


@dataclass
class World:
    """A drop, a key and policies in a folder, and the commands that work on them."""

    folder: Path
    canaries: Canaries
    children: Children

    def holds_none(self, ended: Ended, code: int = 0) -> None:
        """How a command ended, and that it said nothing of what it must not."""
        assert ended.code == code, ended.said.decode()
        assert self.canaries.found_in(ended.said) == set()

    def left(self) -> dict[str, set[str]]:
        """Canaries in the lake, event logs and temporary folders; the key may lie in its own file."""
        roots = [self.folder / name for name in ("lake", "events", "out") if (self.folder / name).exists()]
        found = self.canaries.found_below(*roots, self.children.temporary, self.children.spark)
        key = str(self.folder / "lake" / "keys" / "content.key")
        return {name: places for name, places in found.items() if (name, places) != (key, {"key"})}


@pytest.fixture
def world(tmp_path: Path) -> World:
    canaries = Canaries()
    canary_drop(tmp_path / "drops", canaries)
    write_key(tmp_path / "key", canaries.secret(bytes(range(131, 163)), "key"))
    (tmp_path / "policy.toml").write_text(POLICY)
    (tmp_path / "keep.toml").write_text(KEEP)
    for made in ("events", "out"):
        (tmp_path / made).mkdir()
    return World(tmp_path, canaries, Children(tmp_path, CREDENTIALS))


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with serving() as server, wired(server.url) as wire:
        yield wire


@pytest.fixture(scope="module")
def slow() -> Iterator[Wire]:
    with serving("--latency", str(LATENCY)) as server, wired(server.url) as wire:
        yield wire


def sent_to(wire: Wire) -> dict[str, str]:
    wire.requests.clear()
    return {"AWS_ENDPOINT_URL_COMPREHEND": wire.url}


def test_a_paid_night_that_is_killed_and_one_more_with_questions(world: World, wire: Wire, slow: Wire) -> None:
    run, lake = world.children.run, world.folder / "lake"
    night = (*NIGHT, *PAID, "--policy", "policy.toml")
    ended = world.children.killed(lambda: SENT in slow.sent(), *night, **sent_to(slow))
    world.holds_none(ended, -signal.SIGKILL)
    assert world.left() == {}

    world.holds_none(run(*night, **sent_to(wire)))
    codes = answer(lake, "select distinct error_code from scores where error_code is not null").split()[1:]
    assert set(codes) == TRIED
    assert world.left() == {}
    nothing_sent(world, wire)
    nothing_sent(world, slow)

    world.holds_none(run("runs", "--lake", "lake"))
    world.holds_none(run("sql", "--lake", "lake", "--format", "json", "select * from scores"))
    for view in VIEWS:
        assert world.canaries.found_in(answer(lake, f"select * from {view}").encode()) == set()
    world.holds_none(run(*PLAN, "--reprocess", "--map", "text=body"))
    # Wrong calls: a cast that shows a value, a map, a first publication that cannot be taken back.
    world.holds_none(run("sql", "--lake", "lake", "select cast(document_id as integer) from scores"), 2)
    world.holds_none(run(*NIGHT, "--map", "txt=body"), 2)
    world.holds_none(run("rollback", "--lake", "lake", "--ds", DS), 1)
    assert world.left() == {}


def test_single_files(world: World, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Those that lie in the drop, by other names: a message may show the name that a command was given."""
    monkeypatch.setattr(tempfile, "tempdir", str(world.children.temporary))
    files = [path for path in sorted((world.folder / "drops").rglob("*")) if path.is_file() and path.stat().st_size]
    assert len(files) > 10
    for number, path in enumerate(files):
        plain = path.rename(world.folder / f"{number}{path.suffix}")
        analyze_file(plain, world.folder / "out" / f"{plain.name}.jsonl", ScoringSettings(), None)
    assert world.canaries.found_in("".join(capfd.readouterr()).encode()) == set()
    (world.folder / "text").write_text(f"Write to {world.canaries.email('given text')}.")
    run = world.children.run
    world.holds_none(run("redact", "--in", "text", "--explain", "--out", "out/redacted.txt"))
    for option in ("--policy", "--config"):  # in place of what it should be
        world.holds_none(run("analyze", option, "text", "a text"), 2)
    assert world.left() == {}


def nothing_sent(world: World, wire: Wire) -> None:
    """In requests, which there were."""
    assert SENT in wire.sent()
    assert set().union(*(world.canaries.found_in(bytes(request)) for request in wire.requests)) == set()


def test_a_night_on_spark_that_is_killed_and_one_more(world: World, wire: Wire, slow: Wire) -> None:
    on_spark = with_event_logs(world)
    night = (*NIGHT, *PAID, "--policy", "policy.toml")

    ended = world.children.killed(lambda: SENT in slow.sent(), *night, **on_spark, **sent_to(slow))
    world.holds_none(ended, -signal.SIGKILL)
    left = spark_folders(world)
    kept = [path for path in left[0].rglob("*") if path.is_file()]
    assert any(path.name.startswith("shuffle_") for path in kept), kept
    assert any(path.parent.name.startswith("pyspark-") for path in kept), kept  # what tasks are told
    assert world.left() == {}

    world.holds_none(world.children.run(*night, **on_spark, **sent_to(wire)))
    assert spark_folders(world) == []
    assert not left[0].exists()
    assert len([*(world.folder / "events").iterdir()]) == 2
    assert world.left() == {}
    nothing_sent(world, wire)
    nothing_sent(world, slow)


@pytest.mark.slow
def test_a_free_night_on_spark(world: World) -> None:
    world.holds_none(world.children.run(*NIGHT, **with_event_logs(world)))
    assert len([*(world.folder / "events").iterdir()]) == 1
    assert world.left() == {}


def with_event_logs(world: World) -> dict[str, str]:
    """Spark is asked for them as users do who have no option of ours for it."""
    logs = f"--conf spark.eventLog.enabled=true --conf spark.eventLog.dir={world.folder / 'events'} pyspark-shell"
    return ON_SPARK | {"PYSPARK_SUBMIT_ARGS": logs}


def spark_folders(world: World) -> list[Path]:
    """Of processes that run, or were killed."""
    return [folder for folder in world.children.spark.glob("aurastream-spark-*/*") if folder.name != "locks"]


def test_a_night_whose_audit_finds_personal_data_and_one_more(world: World) -> None:
    """Rows that are not published hold it, until the next night removes them; nothing else does."""
    # The lake's own key is the same as the one beside it: one canary more.
    own = world.folder / "lake" / "keys" / "content.key"
    own.parent.mkdir(parents=True)
    write_key(own, (world.folder / "key").read_bytes())
    world.holds_none(world.children.run(*NIGHT, module="tests.integration.unredacted"), 3)
    found = world.left()
    assert found
    assert all("/scores/" in name for name in found), found

    world.holds_none(world.children.run(*NIGHT))
    assert world.left() == {}


def test_where_types_are_kept_the_search_finds_them(world: World, wire: Wire) -> None:
    """The positive control: the same night with redaction switched off."""
    ended = world.children.run(*NIGHT, *PAID, "--policy", "keep.toml", **sent_to(wire))
    assert ended.code == 0
    said = world.canaries.found_in(ended.said)
    assert said >= {"name.gzip", "name.skipped", "name.skipped folder", "name.empty", "name.link", "name.BAD_DATE"}
    sent = world.canaries.found_in(wire.sent())
    # A language that is kept as it came, an e-mail address, is one that no scorer knows: such texts are not sent.
    assert sent >= {"text.text", "text.phone", "text.person", "jsonl.ssn", "gzip.ssn", "zstd.ssn"}
    in_lake = set().union(*world.left().values())
    beside = ("document_id", "source", "source.phone", "language")
    formats = ("jsonl", "gzip", "zstd", "csv", "parquet")
    assert in_lake >= {f"{name}.{put}" for name in formats for put in (*beside, "text", "phone", "person")}
    assert in_lake >= {"text.text", "jsonl.UNSUPPORTED_LANGUAGE", "jsonl.TEXT_BLANK", "name.jsonl"}
    assert in_lake >= {f"name.{kind}" for kind in ("csv", "parquet", "folder", "person", "unreadable")}
    # What is ignored, kept as a fingerprint alone, or rejected, is nowhere all the same.
    nowhere = ("subject_id", "created_at", "role", "unmapped", "MALFORMED_JSON", "TEXT_NOT_STRING", "TEXT_TOO_LARGE")
    assert not {place for place in in_lake | said | sent if place.endswith(nowhere)}


def compressed_lz4(data: bytes) -> bytes:
    """As lz4-java writes it, and so Spark."""
    body: bytes = pa.Codec("lz4_raw").compress(data, asbytes=True)
    sizes = len(body).to_bytes(4, "little") + len(data).to_bytes(4, "little")
    return b"LZ4Block\x26" + sizes + b"\0\0\0\0" + body


def parquet(data: bytes, **how: object) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"a": [data.decode(), "another"]}), sink, **how)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def sqlite(data: bytes) -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (value)")
    connection.execute("INSERT INTO t VALUES (?)", (data,))
    connection.commit()
    serialized: bytes = connection.serialize()
    connection.close()
    return serialized


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "raw": bytes,
    "capitals": bytes.upper,
    "gzip": gzip.compress,
    "gzip cut off": lambda data: gzip.compress(data + bytes(str([*range(9999)]), "ascii"))[:-500],
    "zstd": zstd.compress,
    "zstd cut off": lambda data: zstd.compress(data + bytes(str([*range(99999)]), "ascii"))[:-500],
    "lz4 of Spark": lambda data: compressed_lz4(data * 9),
    "base64": base64.b64encode,
    "base64 without its end": lambda data: base64.b64encode(data + b"?").rstrip(b"="),
    "base64 for URLs": lambda data: base64.urlsafe_b64encode(b"?\xff?\xfe" + data),
    "base64 in a path": lambda data: b"abc/" + base64.b64encode(data),
    "hex": lambda data: data.hex().encode(),
    "URL": lambda data: "".join(f"%{byte:02X}" for byte in data).encode(),
    "JSON": lambda data: "".join(f"\\u{byte:04x}" for byte in data).encode(),
    "HTML": lambda data: "".join(f"&#{byte};" for byte in data).encode(),
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "UTF-16 BE": lambda data: data.decode().encode("utf-16-be"),
    "pickle": lambda data: pickle.dumps({"batch": [data, data.decode()]}, 5),
    "parquet": lambda data: parquet(data, compression="zstd"),
    "parquet of deltas": lambda data: parquet(
        b"another " + data, compression="gzip", use_dictionary=False, column_encoding="DELTA_BYTE_ARRAY"
    ),
    "sqlite": sqlite,
    "gzip in sqlite": lambda data: sqlite(b"x" * 9999 + gzip.compress(data)),
    "gzip in base64 in JSON": lambda data: json.dumps({"a": base64.b64encode(gzip.compress(data)).decode()}).encode(),
    "parquet in gzip": lambda data: gzip.compress(parquet(data, compression="zstd")),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["email", "phone", "ssn"])
def test_what_is_planted_is_found(form: str, kind: str, tmp_path: Path) -> None:
    canaries = Canaries()
    planted: str = getattr(canaries, kind)("planted")
    (tmp_path / "file").write_bytes(FORMS[form](f"<{planted}>".encode()))

    assert canaries.found_below(tmp_path) == {str(tmp_path / "file"): {"planted"}}


@pytest.mark.parametrize("written", [str, quote, str.upper])
def test_what_is_planted_in_a_name_is_found(written: Callable[[str], str], tmp_path: Path) -> None:
    canaries = Canaries()
    (tmp_path / "a" / written(canaries.email("planted"))).mkdir(parents=True)

    assert [*canaries.found_below(tmp_path).values()] == [{"planted"}]
