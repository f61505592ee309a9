"""The local scorer: shares that are each text's own, whatever stands beside it."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.pii.redacted import RedactedText
from transforms.sentiment.local.model import LANGUAGES, load
from transforms.sentiment.local.scorer import SAYS_NOTHING, LocalScorer, scores
from transforms.sentiment.protocols import Scores

# Whatever people write, and what the scorer looks for.
texts = st.lists(
    st.lists(
        st.one_of(
            st.sampled_from(
                ["not", "good", "awful", "but", "?", "!!", "😡", "👍🏽", ":(", "[NAME]", "\n", "Ñandú", "don't"]
            ),
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
        ),
        max_size=40,
    ).map(" ".join),
    min_size=1,
    max_size=40,
)


def scored(*documents: str, language: str = "en") -> list[Scores]:
    (answers,) = LocalScorer().score([RedactedText(text) for text in documents], language)
    found = [answers[place] for place in range(len(documents))]
    assert all(isinstance(each, Scores) for each in found)
    return [each for each in found if isinstance(each, Scores)]


@settings(deadline=None)  # the first call reads the model
@given(documents=texts, language=st.sampled_from(LANGUAGES))
def test_shares_are_shares(documents: Sequence[str], language: str) -> None:
    for shares in scored(*documents, language=language):
        assert math.isclose(sum(shares), 1, abs_tol=1e-5)
        assert all(0 <= share <= 1 for share in shares)


@settings(deadline=None)
@given(documents=texts, language=st.sampled_from(LANGUAGES), data=st.data())
def test_a_text_has_its_scores_whatever_stands_beside_it(
    documents: Sequence[str], language: str, data: st.DataObject
) -> None:
    together = scores(load(), documents, language)
    order = data.draw(st.permutations(range(len(documents))))

    assert np.array_equal(scores(load(), [documents[place] for place in order], language), together[order])
    for text, shares in zip(documents, together, strict=True):
        assert np.array_equal(scores(load(), [text], language)[0], shares)


def test_batches_beyond_a_slice_change_nothing() -> None:
    documents = [f"Order {number} came late, but the crew was kind. " * (number % 7) for number in range(3_000)]
    together = scores(load(), documents, "en")

    for first in range(0, 3_000, 701):
        assert np.array_equal(scores(load(), documents[first : first + 701], "en"), together[first : first + 701])


@pytest.mark.parametrize(
    "text", ["", " ", "[NAME]", "[NAME] [PHONE_1], [EMAIL:abc]", "https://example.com/awful", "@bad"]
)
def test_what_holds_no_word_is_neutral(text: str) -> None:
    (shares,) = scored(text)

    assert max(shares) == shares.neutral


def test_placeholders_carry_nothing() -> None:
    with_, without = scored("The crew of [NAME] was kind [PHONE:***-***].", "The crew of  was kind .")

    assert with_ == without
    assert scored("[NAME][NAME]")[0] == SAYS_NOTHING


@pytest.mark.parametrize(
    ("language", "text", "label"),
    [
        ("en", "My parcel never arrived.", "negative"),  # implied complaint
        ("en", "WHERE IS MY MONEY", "negative"),
        ("de", "Das Paket kam nie an.", "negative"),
        ("es", "No funciona nada", "negative"),
        ("pt", "Ninguém responde.", "negative"),
        ("en", "not good", "negative"),  # negation
        ("en", "I don't like it", "negative"),
        ("en", "not bad at all", "positive"),
        ("en", "Does the insurance cover lost or damaged phones?", "neutral"),  # questions
        ("en", "Is there a free trial?", "neutral"),
        ("en", "The kettle is on the table.", "neutral"),
        ("en", "ok", "neutral"),
        ("en", "Great phone, but the battery dies fast.", "mixed"),  # contrast
        ("en", "The food was great but the waiter was rude.", "mixed"),
        ("en", "Thanks for nothing.", "negative"),  # sarcasm, as far as it goes
        ("en", "😡", "negative"),
        ("fr", "😡", "negative"),
        ("en", ":)", "positive"),
        ("en", ":(", "negative"),
        ("en", "thx", "positive"),
        ("fr", "Merci beaucoup, parfait", "positive"),
        ("en", "I love it, the support was wonderful!!!", "positive"),  # emphasis
        ("en", "ABSOLUTELY TERRIBLE!!!", "negative"),
        # The same in other languages: implied complaint,
        ("it", "Il frigorifero non raffredda più.", "negative"),
        ("fr", "Toujours aucune réponse à mes deux lettres.", "negative"),
        ("es", "Me cobraron dos noches de más.", "negative"),
        ("de", "Der Drucker streikt seit gestern.", "negative"),
        # questions that hold bad words,
        ("en", "Where do I report a broken street light?", "neutral"),
        ("de", "Wie melde ich ein gestohlenes Fahrrad?", "neutral"),
        ("es", "¿Qué hago si se me rompe el reloj?", "neutral"),
        ("fr", "La garantie couvre-t-elle un écran cassé ?", "neutral"),
        ("it", "Posso spostare la visita a giovedì?", "neutral"),
        ("pt", "Onde entrego o formulário?", "neutral"),
        # plain facts,
        ("en", "The parcel came on Tuesday.", "neutral"),
        ("de", "Das Paket kam am Dienstag.", "neutral"),
        ("es", "El curso empieza a las nueve.", "neutral"),
        ("fr", "Le train part à 9 h.", "neutral"),
        ("it", "La riunione è lunedì alle dieci.", "neutral"),
        ("pt", "A reunião é na quinta às dez.", "neutral"),
        ("en", "The ladder came on Wednesday.", "neutral"),
        ("de", "Das Regal kam am Samstag.", "neutral"),
        ("de", "Das Gutachten kam am Mittwoch an.", "neutral"),
        ("es", "La escalera llegó el miércoles.", "neutral"),
        ("fr", "L'échelle est arrivée mercredi.", "neutral"),
        ("it", "La scala è arrivata mercoledì.", "neutral"),
        ("pt", "A escada chegou na quarta.", "neutral"),
        # contrast,
        ("de", "Der Kuchen war köstlich, aber der Kellner war unverschämt.", "mixed"),
        ("es", "La comida estaba rica, pero el camarero fue grosero.", "mixed"),
        ("fr", "Le lit est confortable, mais la chambre était sale.", "mixed"),
        ("pt", "O quarto era lindo, mas o barulho foi horrível.", "mixed"),
        # negation, thanks, sarcasm and signs.
        ("de", "Nicht schlecht!", "positive"),
        ("it", "Niente male!", "positive"),
        ("de", "nicht zufrieden", "negative"),
        ("fr", "je ne suis pas content", "negative"),
        ("de", "Ihre Kollegin war sehr geduldig, vielen Dank!", "positive"),
        ("pt", "Amei o atendimento!", "positive"),
        ("es", "Muchísimas gracias por todo", "positive"),
        ("en", "Wonderful, another delay.", "negative"),
        ("de", "Na toll, schon wieder kein Strom.", "negative"),
        ("it", "👍", "positive"),
        ("pt", ":(", "negative"),
    ],
)
def test_plain_cases(language: str, text: str, label: str) -> None:
    (shares,) = scored(text, language=language)

    assert max(shares._asdict().items(), key=lambda each: each[1])[0] == label


def test_what_is_quoted_does_not_count() -> None:
    assert scored("Fine, thanks.\n> Everything is broken and awful.") == scored("Fine, thanks.\n")


@pytest.mark.parametrize(
    ("named", "otherwise"),
    [
        ("Is the Happy Horror Hotel open on Sunday?", "Is the Joyful Terror Hotel open on Sunday?"),
        ("¿Está abierto el Bello Horror los domingos?", "¿Está abierto el Triste Amor los domingos?"),
    ],
)
def test_what_a_name_holds_does_not_count(named: str, otherwise: str) -> None:
    assert scored(named) == scored(otherwise)


def test_capitals_everywhere_are_no_name() -> None:
    assert scored("Great Service, Will Buy Again") == scored("great service, will buy again")
    assert scored("Der Schlechte Kuchen war kalt", language="de") == scored(
        "der schlechte kuchen war kalt", language="de"
    )


def test_an_english_text_with_a_mark_is_given_its_label_with_more_certainty() -> None:
    plain = load()._replace(marked=np.ones(len(LANGUAGES), np.float32))
    marked, without = ["It works, thank you!", "Still no parcel 😡"], ["It works, thank you.", "[NAME]"]

    for language in LANGUAGES:
        ours, theirs = scores(load(), marked, language), scores(plain, marked, language)
        assert np.array_equal(ours.argmax(axis=1), theirs.argmax(axis=1))
        assert np.all(ours.max(axis=1) > theirs.max(axis=1)) == (language == "en")
        assert np.array_equal(ours, theirs) == (language != "en")
        assert np.array_equal(scores(load(), without, language), scores(plain, without, language))


@pytest.mark.timeout(60)
def test_a_long_text_takes_no_longer_than_its_parts() -> None:
    scored("I am not happy, but the crew was kind. " * 50_000)
