import base64

import pyarrow as pa
import pytest

from transforms.decoding import ENCODED, decode, decoded


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


# The bytes of a picture are no text, whatever their order.
BINARY = bytes(range(128, 256)) + bytes(range(7, 256, 3))

DECODED = {
    "url": ("kim%40example.com", "kim@example.com"),
    "a form": ("name=Kim+Novak&mail=kim%40example.com", "name=Kim Novak&mail=kim@example.com"),
    "html entities": ("kim&#64;example.com &amp; Jos&eacute;", "kim@example.com & José"),
    "twice": ("kim&amp;#64;example.com", "kim@example.com"),
    "read as Latin-1": ("Anna M\u00c3\u00bcller, gr\u00c3\u00bc\u00c3\u009fe", "Anna Müller, grüße"),
    "read as Windows-1252": ("I don\u2019t, Zoë Öz".encode().decode("cp1252"), "I don\u2019t, Zoë Öz"),
    "a picture that was read as Latin-1": ("late \u00f0\u009f\u0098\u00a0", "late 😠"),
    "read so twice": ("MÃƒÂ¼ller", "Müller"),
    "html": ("<p>It <b>came</b> late.</p><style>p{}</style>Again", "It came late.\nAgain"),
    "quoted-printable, an address": ("mail kim=40example.com", "mail kim@example.com"),
    "quoted-printable": ("Caf=C3=A9, a=3Db, 5=E2=82=AC", "Café, a=b, 5€"),
    "a long line of quoted-printable": (f"{'It was late. ' * 6}and=\nrew", f"{'It was late. ' * 6}andrew"),
    "json": ("J\\u00f6rg \\ud83d\\ude00", "Jörg 😀"),
    "json lines": ('Hello,\\nMy name is \\"Kim\\"\\r\\n\\tbye', 'Hello,\nMy name is "Kim"\n\n bye'),
    "base64": (f"see {base64_of('My name is Kim Novak')}", "see My name is Kim Novak"),
    "base64 in lines": (
        base64.encodebytes(b"My name is Kim Novak, of example street. " * 4).decode() + "bye",
        "My name is Kim Novak, of example street. " * 4 + "\nbye",
    ),
    "base64 of html": (base64_of("<html><p>It was late</p></html>"), "It was late"),
    "base64 of a picture": (f"see {base64.b64encode(BINARY).decode()} there", f"see {ENCODED} there"),
    "base64 of a picture in lines": (f"see\n{base64.encodebytes(BINARY).decode()}there", f"see\n{ENCODED}\nthere"),
}


@pytest.mark.parametrize(("text", "expected"), DECODED.values(), ids=DECODED)
def test_what_is_encoded_is_decoded(text: str, expected: str) -> None:
    assert decoded(text) == expected
    assert decode(pa.array([text, None, "plain"])).to_pylist() == [expected, None, "plain"]


@pytest.mark.parametrize(
    "text",
    [
        *("50% off", "10%20%30%", "10%20", "100%ab", "20%!", "a%zz%20", "%", "caf%E9"),
        *("AT&T", "a & b;", "&nosuch;", "a < b and c > d", "<kim@example.com>", "I <3 you"),
        *("a=b", "x=20", "mode=3D", "PASSWORD=\nUSER=kim", "1+1=2", "ID=12345"),
        *("C:\\new\\table", "see C:\\users\\kim", "\\\\server\\new", "a regex \\d+\\n", "docs\\notes", "and\\or", "\\"),
        *("Donaudampfschifffahrtsgesellschaft", "https://example.com/a/products/Electronics/Phones/AAbbcc1122/4711"),
        # pragma: allowlist nextline secret
        *("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl", "kim.novak.of.example.street@example.com"),
        *("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "A" * 200, "a_b_c_d_e_f_g_h_i_j_k_l_m"),
        *("hello😀", "", "\u00f6", "«CAFÉ»", "NESTLÉ® Â® été", "AMANHÃ\u00a0cedo", "Â¿Qué?", "il a été”"),
    ],
)
def test_what_only_looks_encoded_stays(text: str) -> None:
    assert decoded(text) == text


def test_nothing_to_decode_costs_no_copy() -> None:
    texts = pa.array(["It came late.", None, "50 percent"])
    assert decode(texts) is texts


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        *("%41" * 100_000, "%" * 300_000, "&" * 300_000, "&amp;" * 60_000, "=\n" * 150_000, "=41" * 100_000),
        *("\\" * 300_000, "\\n" * 150_000, "a:\\" * 100_000, ".\\" * 150_000, "\\u00f6" * 50_000),
        *(
            "A" * 300_000,
            ("A" * 76 + "\n") * 4_000,
            "Ab1" * 100_000,
            "A" * 19 + "-" * 300_000,
            ("a" * 70 + "=\n") * 4_000,
        ),
    ],
    ids=lambda text: text[:9],
)
def test_hostile_texts_are_decoded_in_bounded_time(text: str) -> None:
    decoded(text)
