"""Charsets that are told by a file's bytes; what is damaged UTF-8 stays that."""

from __future__ import annotations

import pytest

from jobs.drops.charset import as_utf8, charset_of

TEXTS = {
    "cp1252": "Sehr geehrte Damen und Herren, die Lieferung für Frau Müller kam zu spät. £20, “naïve café”.",
    "latin-1": "¿Dónde está mi envío? ¡Qué desastre, señor! El niño llamó mañana.",
    "cp1251": "Спасибо большое, посылка пришла на следующий день, отличный сервис!",
    "shift_jis": "ありがとうございました。荷物は翌日に届きました。素晴らしいサービスです。",
    "gb18030": "非常感谢、包裹第二天就到了、服务很好。我很满意。",
    "utf-16": "Größe",
    "utf-16-le": "document_id,text\n1,Größe",
    "utf-32": "Größe",
}


@pytest.mark.parametrize("charset", TEXTS)
@pytest.mark.parametrize("size", [3, 1 << 20])
def test_a_charset_is_told_and_read_whatever_the_blocks(charset: str, size: int) -> None:
    data = TEXTS[charset].encode(charset)
    told = charset_of(data)
    blocks = iter([data[start : start + size] for start in range(0, len(data), size)])
    assert b"".join(as_utf8(blocks, told)).decode("utf-8-sig") == TEXTS[charset]


@pytest.mark.parametrize(
    "data",
    [
        b"plain",
        "Größe".encode(),
        "Größe".encode()[:-2],  # cut within a character
        "Größe, Grüße ".encode() + b"caf\xe9",  # damaged
        "𐀀𐀀".encode() + b"\xff \xe2\x82 \xff \xff",  # more characters are damaged than are not, and fewer bytes
        b"bad \xff byte",
        b"\xed\xa0\xbd",
        b"\xc3\x28",
        b"\x89PNG\0\0",
    ],
)
def test_what_is_utf_8_or_damaged_stays_so(data: bytes) -> None:
    assert charset_of(data) is None
    assert b"".join(as_utf8(iter([data]), None)) == data


LATE = b"plain\n" * 20_000 + "für Müller\n".encode("cp1252") + b"plain\n" * 10 + "spät".encode("cp1252")


@pytest.mark.parametrize("size", [1, 7, 5000, 120_004, 1 << 20])
def test_what_comes_late_tells_as_well(size: int) -> None:
    blocks = (LATE[start : start + size] for start in range(0, len(LATE), size))
    assert b"".join(as_utf8(blocks, None)).decode() == LATE.decode("cp1252")


def test_what_was_told_by_how_the_file_begins_is_not_told_again() -> None:
    data = "Größe\n".encode() + b"plain\n" * 20_000 + "für Müller\n".encode("cp1252")
    assert b"".join(as_utf8(iter([data[:50_000], data[50_000:]]), None)) == data
