"""What of a text counts: what its writer says, not what is quoted, signed or said by an agent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.sentiment.local.own import own_words


def own(text: str) -> str:
    return own_words(text.encode()).decode()


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("Fine.\n> It broke.\nThanks", "Fine.\n\nThanks"),
        (">> It broke.\nFine now.", "\nFine now."),
        ("Fine now.\n-----Original Message-----\nIt broke.", "Fine now."),
        ("Tudo certo.\n-----Mensagem original-----\nAssunto: raiva\nPéssimo!", "Tudo certo."),
        ("Fine now.\nFrom: me\nSent: Monday\nSubject: It broke", "Fine now."),
        ("Passt.\nVon: mir\nGesendet: Montag\nBetreff: kaputt", "Passt."),
        ("Fine now.\nOn Monday, [NAME] wrote:\nIt broke.", "Fine now."),
        ("Ça va.\nLe 3 mai, [NAME] a écrit :\nC'est nul.", "Ça va."),
        ("Va bien.\nDe : moi\nÀ : vous\nObjet : nul", "Va bien."),
        ("Passt.\nAnfang der weitergeleiteten Nachricht:\nEs tropft.", "Passt."),
        ("Tudo certo.\nEnviado do meu iPhone\nPéssimo!", "Tudo certo."),
        ("It leaks.\nKind regards,\n[NAME]\nHappy Homes, award-winning", "It leaks.\nKind regards,\n"),
        ("Es tropft.\nMit freundlichen Grüßen\n[NAME]\nSchöner Wohnen GmbH", "Es tropft.\nMit freundlichen Grüßen\n"),
        ("Gotea.\nUn cordial saludo,\n[NAME]\nAmor por su casa", "Gotea.\nUn cordial saludo,\n"),
        ("It leaks.\nThanks,\n[NAME]\nJoy Ltd", "It leaks.\nThanks,\n"),
        ("It leaks.\n-- \nBest Homes", "It leaks.\n-- \n"),
        ("It leaks.\nRegards\n[NAME]\nPS: The smell is awful.", "It leaks.\nRegards\n\nPS: The smell is awful."),
        ("Agent: Lovely!\nCustomer: It broke.\nAgent: Great, bye!", "It broke.\n"),
        ("10:02 Customer: It broke.\n10:03 Mia: Wonderful!\n10:04 Customer: Hello?", "It broke.\nHello?"),
        ("BOT: Great!\n[NAME]: no\nBOT: Was this helpful?", "no\n"),
        ("CONSEILLÈRE : Super !\n[NAME] : Ça fuit\u00a0!", "Ça fuit\u00a0!"),
        ("Conseiller : Super !\nClient : Ça fuit\ndepuis mai.", "Ça fuit\ndepuis mai."),
    ],
)
def test_what_others_say_is_left_out(text: str, counts: str) -> None:
    assert own(text) == counts


@pytest.mark.parametrize(
    "text",
    [
        "From: Berlin\nI want my money back.",  # no mail's header
        "Thanks for this.\nIt leaks.",  # no line that is a closing alone
        "hi\nthanks\nit still leaks",  # a chat
        "Best:\nit is quiet.",
        "Hello\nRegards\n" + "It leaks again. " * 60,  # too long for a signature
        "Customer: ACME\nProblem: it leaks\nSince: Monday",  # a form
        "Reporter: ACME\nSystem: it leaks",  # of a bug
        "Pros: quiet\nCons: it leaks",
        "> all of it is quoted",
        "-----Original Message-----",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert own(text) == text


@given(
    st.lists(st.sampled_from([*"\n:> -ab", "Agent: ", "Customer: ", "Regards\n", "é", "\u2003: "]), max_size=60).map(
        "".join
    )
)
def test_what_counts_is_text_and_never_nothing(text: str) -> None:
    counts = own(text)  # valid UTF-8 in, valid out

    assert len(counts) <= len(text)
    assert bool(counts.strip()) == bool(text.strip())


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "line", ["Regards\n", "Agent: hello\n", "From: a\n", "---- a\n", "On a\n", "kind kind ", "12:00 a"]
)
def test_any_text_takes_a_time_that_grows_as_it_does(line: str) -> None:
    own("a\n" + line * (1_000_000 // len(line)))
