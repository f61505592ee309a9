import pytest

from transforms.quoting import own_words

DISCLAIMER = (
    "This e-mail and any files transmitted with it are confidential and intended solely for the addressee. If you are "
    "not the intended recipient, please notify the sender and delete it."
)
MAILS = {
    "a quote": "It came late.\n\nOn Fri, 20 Nov 2026 at 09:00, Desk <desk@example.com> wrote:\n> We are great.\n> Bye",
    "two lines": "It came late.\n\nOn Fri, 20 Nov 2026 at 09:00, Desk\n<desk@example.com> wrote:\n\n> Bye",
    "a quote without marks": "It came late.\nOn 20/11/2026 Desk wrote:\nWe are great.",
    "German": "It came late.\n\nAm 20.11.2026 um 09:00 schrieb Desk <desk@example.com>:\n> Bye",
    "French": "It came late.\n\nLe 20/11/2026 à 09:00, Desk a écrit :\n> Bye",
    "Outlook": "It came late.\n\nFrom: Desk\nSent: Friday\nTo: Kim\nSubject: Great\n\nWe are great.",
    "a divider": "It came late.\n-----Original Message-----\nWe are great.",
    "Portuguese Outlook": "It came late.\nDe: Desk\nEnviada em: hoje\nPara: Kim\nAssunto: Great\n\nWe are great.",
    "a Portuguese divider": "It came late.\n-------- Mensagem encaminhada --------\nWe are great.",
    "an Italian divider": "It came late.\nInizio messaggio inoltrato:\nWe are great.",
    "a signature": "It came late.\n-- \nKim Novak\nExample Street",
    "a phone": "It came late.\n\nSent from my iPhone",
    "a Portuguese phone": "It came late.\n\nEnviado do meu iPhone",
    "a disclaimer": f"It came late.\n\n{DISCLAIMER}",
}


@pytest.mark.parametrize("text", MAILS.values(), ids=MAILS)
def test_only_what_was_written_is_left(text: str) -> None:
    assert own_words(text) == "It came late."


def test_answers_between_quotes_stay() -> None:
    assert own_words("On 20/11/2026 Desk wrote:\n> How was it?\nLate.\n> And now?\nBroken.") == "Late.\nBroken."


@pytest.mark.parametrize(
    "text",
    [
        *("My sister wrote: it was late.", "a -- b", "I like > and <", "From: here\nto there", "Date: today\nTo: you"),
        *("He wrote 3 mails:\nnone was read", "It is confidential.", "> all of it", "-- \nKim"),
        "---------- Forwarded message ---------\nFrom: Desk\nIt came late.",
    ],
)
def test_other_texts_stay(text: str) -> None:
    assert own_words(text) == text


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        *("> a\n" * 50_000, "a\n" * 50_000, "wrote 10:00:\n" * 20_000 + "> a", "x" * 500_000),
        *("From: a\n\n" * 30_000, "a 10:00 wrote " * 30_000, f"{DISCLAIMER}\n\n" * 2_000),
    ],
    ids=lambda text: text[:9],
)
def test_hostile_mails_take_bounded_time(text: str) -> None:
    own_words(text)
