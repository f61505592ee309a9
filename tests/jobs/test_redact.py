"""`aurastream redact` and `aurastream restore` as users meet them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from jobs.cli import cli
from jobs.readers.lines import MAX_LINE_BYTES
from tests.conftest import write_key
from transforms.documents import MAX_TEXT_BYTES

POLICY = """version = "1"
[replace]
EMAIL = "encrypt"
SSN = "drop"
"""


def invoke(*arguments: str | Path, stdin: str | bytes = "") -> Result:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.toml").write_text(POLICY)
    write_key(tmp_path / "key", b"a key of 16 bytes or more")
    return tmp_path


def rows(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_text_in_text_out() -> None:
    result = invoke("redact", stdin="call me on 212-555-0187\r\nor\n joe@example.com")
    assert (result.stdout_bytes, result.stderr) == (b"call me on [PHONE]\r\nor\n [EMAIL]", "")


def test_empty_input() -> None:
    assert invoke("redact").stdout == ""


def test_json_lines_keep_their_other_fields() -> None:
    lines = '{"id": 7, "text": "é joe@example.com", "rate": 1.50, "big": 12345678901234567890123}\n\n{"text": "plain"}'
    first, second = rows(invoke("redact", stdin=lines))
    find = {"type": "EMAIL", "start": 2, "end": 17, "detector": "email", "confidence": 0.99}
    assert first == {
        "id": 7, "rate": 1.5, "big": 12345678901234567890123, "redacted_text": "é [EMAIL]", "pii": [find],
    }  # fmt: skip
    assert second == {"redacted_text": "plain", "pii": []}


def test_lines_that_cannot_be_used_are_lines_with_a_reason() -> None:
    lines = b'{"text": 5, "id": 1}\nnope\n[1]\n{"id": 2}\n{"text": "\\ud800", "x": "\\ud800"}\n"\xff"\n{"text": "a"}\n'
    result = invoke("redact", "--format", "jsonl", stdin=lines)
    assert [(row.get("error_code"), row["redacted_text"]) for row in rows(result)] == [
        ("TEXT_NOT_STRING", None),
        ("MALFORMED_JSON", None),
        ("NOT_AN_OBJECT", None),
        ("TEXT_MISSING", None),
        ("LONE_SURROGATE", None),
        ("INVALID_UTF8", None),
        (None, "a"),
    ]
    assert rows(result)[0]["id"] == 1
    assert rows(result)[4]["x"] == "\ud800"
    assert "not redacted: 1 TEXT_MISSING" in result.stderr


@pytest.mark.parametrize(
    ("name", "options", "json_lines"),
    [
        ("in.jsonl", [], True),
        ("in.ndjson", [], True),
        ("in.txt", [], False),
        ("in", [], True),
        ("in", ["--format", "text"], False),
    ],
)
def test_the_format(name: str, options: list[str], json_lines: bool, here: Path) -> None:
    (here / name).write_text('{"text": "joe@example.com"}\n')
    result = invoke("redact", "--in", name, "--out", "out", *options)
    assert (result.exit_code, result.output) == (0, "")
    written = (here / "out").read_text()
    assert ("redacted_text" in written) is json_lines
    assert "[EMAIL]" in written


LINES = b'{"text": "call 212-555-0187"}\n{"text": "and\\nthen 212-555-0186"}\n'


@pytest.mark.parametrize(
    ("before", "errors"),
    [
        (b"\xef\xbb\xbf", []),
        (b"\n \r\n", []),
        (b"\xef\xbb\xbf\n", []),
        (b'xt": "call 212-555-0185"}\n', ["MALFORMED_JSON"]),
        (b'{"text": "call 212-5\n', ["MALFORMED_JSON"]),
        (b'{"no": 1}\n', ["TEXT_MISSING"]),
    ],
)
def test_what_stands_before_json_lines_makes_no_text_of_them(before: bytes, errors: list[str]) -> None:
    result = invoke("redact", stdin=before + LINES)
    assert [row["error_code"] for row in rows(result) if "error_code" in row] == errors
    assert [row["redacted_text"] for row in rows(result)[-2:]] == ["call [PHONE]", "and\nthen [PHONE]"]
    assert "55501" not in result.stdout.replace("-", "")


def test_a_mark_before_a_text_is_no_part_of_it() -> None:
    assert invoke("redact", stdin=b"\xef\xbb\xbfjoe@example.com").stdout_bytes == b"[EMAIL]"


def test_lines_of_json_without_texts_are_searched_both_ways() -> None:
    lines = b'{"body": "joe@example.com", "n": 1}\n'
    lines += b'{"of": ["n\\u00e9e le 3 f\\u00e9vrier 1985", "plain"]}\nnot JSON 212-555-0187\n'
    result = invoke("redact", "--explain", stdin=lines)
    assert result.stdout == ('{"body": "[EMAIL]", "n": 1}\n{"of": ["née le [DATE_TIME]", "plain"]}\nnot JSON [PHONE]\n')
    said = result.stderr.splitlines()
    assert "Say --format jsonl" in said[0]
    assert [line.split(":")[0] for line in said[1:]] == ["line 1, body, 0-15", "line 2, of.0, 7-21", "text, 77-89"]


def test_few_texts_among_other_lines_leave_it_undecided() -> None:
    result = invoke("redact", stdin='a log\nof 212-555-0187\nthat says\n{"text": "joe@example.com"}\n')
    assert result.stdout == 'a log\nof [PHONE]\nthat says\n{"text": "[EMAIL]"}\n'
    assert "few of the first hold a text" in result.stderr


CARD = base64.b64encode(b"My card is 4111 1111 1111 1111, thanks.").decode()


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (f"See {CARD} .", "See My card is [CREDIT_DEBIT_NUMBER], thanks. ."),
        ("Write to kim=40example=2Ecom now", "Write to [EMAIL] now"),
        ("<p>Write to k<b>im</b>@example.com &amp; wait</p>", "Write to [EMAIL] & wait"),
        ("Fine\\u0021 joe\\u0040example.com", "Fine! [EMAIL]"),
        ("50% off, a=b, AT&T", "50% off, a=b, AT&T"),
    ],
)
def test_what_is_encoded_is_decoded_before_it_is_searched(text: str, redacted: str) -> None:
    assert invoke("redact", stdin=text).stdout == redacted
    [row] = rows(invoke("redact", "--format", "jsonl", stdin=json.dumps({"text": text})))
    assert row["redacted_text"] == redacted
    assert all(redacted[find["start"] :].startswith(f"[{find['type']}]") for find in row["pii"])


def test_lines_of_json_that_are_one_text_keep_their_escapes() -> None:
    lines = '{"a": "one\\ntwo \\u0041"}\n{"b": "joe@example.com\\nthree"}\n'
    out = invoke("redact", stdin=lines).stdout
    assert out == lines.replace("joe@example.com", "[EMAIL]")
    assert all(json.loads(line) for line in out.splitlines())


def test_the_longest_text(here: Path) -> None:
    longest = ("a " * (MAX_TEXT_BYTES // 2)).encode()
    (here / "long.txt").write_bytes(longest)
    assert invoke("redact", "--in", "long.txt").stdout_bytes == longest
    result = invoke("redact", "--format", "text", stdin=longest + b"b")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "-: a text has at most 1,048,576 bytes. Cut it" in result.stderr
    lines = [{"text": "a" * MAX_TEXT_BYTES + "b"}, {"text": "joe@example.com"}, {"text": "a" * MAX_LINE_BYTES}]
    result = invoke("redact", stdin="\n".join(map(json.dumps, lines)))
    assert [(row["redacted_text"], row.get("error_code")) for row in rows(result)] == [
        (None, "TEXT_TOO_LARGE"), ("[EMAIL]", None), (None, "LINE_TOO_LONG"),
    ]  # fmt: skip


def test_explain_says_what_decided_and_never_the_value() -> None:
    text = "SSN is 123-45-6789, joe@example.com, mobile: 467 3395; a 4111 1111 1111 1111"
    result = invoke("redact", "--explain", stdin=text)
    lines = result.stderr.splitlines()
    assert lines[0] == "text, 7-18: SSN ***-**-**** by ssn_context, 0.90: after 'SSN is', check ssn_announced"
    assert lines[1] == "text, 20-35: EMAIL ***@*******.*** by email, 0.99: pattern"
    assert lines[2].startswith("text, 45-53: PHONE *** **** by phone_context, ")
    assert "after 'mobile'" in lines[2]
    assert lines[3] == "text, 57-76: CREDIT_DEBIT_NUMBER **** **** **** **** by card, 0.95: pattern, check card"
    assert not any(value in result.output for value in ("6789", "joe", "3395", "1111"))


def test_explain_shows_what_announced_a_find_and_no_other_find() -> None:
    # pragma: allowlist nextline secret
    key, secret = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # of Amazon's documentation
    result = invoke("redact", "--explain", stdin=f"NHC: 3082475; {key} {secret}")
    assert "after 'NHC'" in result.stderr
    assert not any(value in result.output for value in ("3082475", key, secret))


def test_explain_counts_lines_and_knows_the_policy(here: Path) -> None:
    (here / "deny.toml").write_text(
        'version = "1"\n[deny]\nPROJECT = ["Falcon"]\n[[custom]]\nname = "ticket"\ntype = "TICKET"\n'
        'pattern = "T[0-9]+"\ncontext = ["case"]\n'
    )
    lines = '{"text": "é"}\n{"text": "é falcon, case: T17"}\n'
    result = invoke("redact", "--explain", "--policy", "deny.toml", stdin=lines)
    assert result.stderr.splitlines() == [
        "line 2, 2-8: PROJECT ****** by deny_project, 1.00: deny list",
        "line 2, 16-19: TICKET *** by ticket, 0.90: after 'case'",
    ]


def test_encrypted_and_restored(here: Path) -> None:
    text = "write to joe@example.com or call 212-555-0187\n"
    sealed = invoke("redact", "--policy", "policy.toml", "--key-file", "key", stdin=text).stdout
    assert "joe" not in sealed
    assert invoke("restore", "--key-file", "key", stdin=sealed).stdout == text.replace("212-555-0187", "[PHONE]")
    lines = "\n".join(json.dumps({"id": number, "text": f'"{text}'}) for number in range(2)) + "\n"
    sealed = invoke("redact", "--policy", "policy.toml", "--key-file", "key", stdin=lines).stdout
    restored = rows(invoke("restore", "--key-file", "key", stdin=sealed + "{}\n"))
    assert [row.get("redacted_text") for row in restored] == ['"' + text.replace("212-555-0187", "[PHONE]")] * 2 + [
        None
    ]


def test_all_strings_are_restored_where_none_is_a_redacted_text() -> None:
    policy = ("--policy", "policy.toml", "--key-file", "key")
    line = '{"a": {"b": ["joe@example.com", 1]}}\n'
    sealed = invoke("redact", *policy, "--keys", "a", stdin=line)
    assert "joe" not in sealed.stdout
    (row,) = rows(invoke("restore", "--format", "jsonl", "--key-file", "key", stdin=sealed.stdout))
    assert row["a"] == {"b": ["joe@example.com", 1]}


def test_documents_that_the_policy_leaves_out() -> None:
    policy = ("--policy", "policy.toml", "--key-file", "key")
    result = invoke("redact", *policy, stdin='{"id": 1, "text": "ssn 123-45-6789"}\n')
    (row,) = rows(result)
    assert (row["id"], row["redacted_text"], row["error_code"]) == (1, None, "DROPPED_BY_POLICY")
    assert [each["type"] for each in row["pii"]] == ["SSN"]
    result = invoke("redact", *policy, stdin="ssn 123-45-6789")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "not redacted: 1 DROPPED_BY_POLICY\n")


@pytest.mark.parametrize(
    ("arguments", "stdin", "exit_code", "words"),
    [
        (["redact", "--in", "nope"], "", 2, ["--in", "does not exist"]),
        (["redact", "--policy", "nope"], "", 2, ["--policy nope", "No such file"]),
        (["redact", "--policy", "key"], "", 2, ["--policy key: "]),
        (["redact", "--policy", "policy.toml"], "", 2, ["--key-file"]),
        (["redact", "--policy", "policy.toml", "--key-file", "nope"], "", 2, ["--key-file nope"]),
        (["redact", "--in", "policy.toml", "--out", "policy.toml"], "", 2, ["--out is the file"]),
        (["redact", "--out", "no/such/folder"], "", 2, ["--out no/such/folder"]),
        (["redact"], b"joe \xff", 1, ["byte 5 is not UTF-8"]),
        (["redact"], "joe".encode("utf-16"), 1, ["-: it is UTF-16", "iconv"]),
        (["redact", "--format", "jsonl"], '{"text": "joe"}'.encode("utf-16-le"), 1, ["-: it is UTF-16"]),
        (["redact", "--keys", "a..b"], "", 2, ["--keys a..b: write keys parted by commas"]),
        (["restore"], "", 2, ["--key-file is needed"]),
        (["restore", "--key-file", "key"], f"[EMAIL:{'ab' * 20}]", 2, ["type EMAIL", "another key"]),
        (["restore", "--key-file", "key"], b"\xff", 1, ["byte 1 is not UTF-8"]),
    ],
)
def test_wrong_ways(arguments: list[str], stdin: str | bytes, exit_code: int, words: list[str]) -> None:
    result = invoke(*arguments, stdin=stdin)
    assert result.exit_code == exit_code, result.output
    assert result.stdout == ""
    for word in words:
        assert word in result.stderr
    assert "joe" not in result.stderr


def test_a_failed_call_leaves_no_file(here: Path) -> None:
    assert invoke("redact", "--out", "out", stdin=b"\xff").exit_code == 1
    assert {path.name for path in here.iterdir()} == {"policy.toml", "key"}


KEYS = """version = "1"
[keys]
search = ["*"]
never = ["id", "to.*.id"]
always = {EMAIL = ["from", "to.*.address"], PIN = ["pin"]}
[allow]
values = ["Kim"]
"""


def test_keys_say_what_is_searched_what_never_and_what_is_taken(here: Path) -> None:
    (here / "keys.toml").write_text(KEYS)
    line = {
        "id": "212-555-0187",
        "from": "Kim",
        "to": [{"id": "joe@example.com", "address": "ann", "n": 2125550187, "yes": True}],
        "pin": 1234,
        "none": None,
        "deep": {"er": ["joe@example.com"]},
    }
    first = invoke("redact", "--policy", "keys.toml", "--explain", "--format", "jsonl", stdin=json.dumps(line))
    (row,) = rows(first)
    assert [(each["key"], each["type"], each["detector"]) for each in row.pop("pii")] == [
        ("to.0.n", "PHONE", "phone_bare"),
        ("deep.er.0", "EMAIL", "email"),
        ("from", "EMAIL", "keys"),
        ("to.0.address", "EMAIL", "keys"),
        ("pin", "PIN", "keys"),
    ]
    assert row == {
        "id": "212-555-0187",
        "from": "[EMAIL]",
        "to": [{"id": "joe@example.com", "address": "[EMAIL]", "n": "[PHONE]", "yes": True}],
        "pin": "[PIN]",
        "none": None,
        "deep": {"er": ["[EMAIL]"]},
    }
    assert "line 1, to.0.address, 0-3: EMAIL *** by keys, 1.00: its key" in first.stderr
    (again,) = rows(invoke("redact", "--policy", "keys.toml", "--format", "jsonl", stdin=json.dumps(row)))
    assert again == row | {"pii": []}


def test_the_command_lines_keys_stand_above_the_policys(here: Path) -> None:
    (here / "keys.toml").write_text(KEYS)
    line = '{"id": "joe@example.com", "a": "joe@example.com", "b": "joe@example.com", "text": "212-555-0187"}'
    result = invoke("redact", "--policy", "keys.toml", "--keys", "a, id,c.d", stdin=line)
    (row,) = rows(result)
    assert [row[each] for each in ("id", "a", "b", "text")] == [
        "joe@example.com",
        "[EMAIL]",
        "joe@example.com",
        "212-555-0187",
    ]
    assert result.stderr == "no line has the key c.d\n"


def test_a_line_is_left_out_whole_for_one_of_its_keys() -> None:
    line = '{"a": "ssn 123-45-6789", "b": "joe@example.com", "c": "joe@example.com"}'
    result = invoke("redact", "--policy", "policy.toml", "--key-file", "key", "--keys", "a,b", stdin=line)
    (row,) = rows(result)
    assert (row["a"], row["b"], row["c"]) == (None, None, "joe@example.com")
    assert row["error_code"] == "DROPPED_BY_POLICY"


def test_a_text_that_cannot_be_read_takes_the_other_keys_with_it() -> None:
    (row,) = rows(invoke("redact", "--keys", "a,b", stdin='{"a": "joe@example.com", "b": "\\ud800"}'))
    assert (row["a"], row["b"], row["error_code"]) == (None, None, "LONE_SURROGATE")
