"""Who is meant by a label such as `End-User`, `AGENT 2` or `Support Engineer`: a customer, or an agent or a machine."""

from __future__ import annotations

import re
from collections.abc import Collection

from transforms.schemas import Role

CUSTOMER, AGENT = Role.CUSTOMER, Role.AGENT
_OTHER = re.compile(r"[\W\d_]+")
_WORD = re.compile(r"[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")  # between the words of SupportAgent
# One word each, or one that a label's words make together. Of English, and of the languages next to it.
_ROLES = dict.fromkeys(
    (
        *("customer", "caller", "client", "guest", "visitor", "enduser", "requester", "consumer", "reporter"),
        *("user", "contact", "lead", "buyer", "shopper", "prospect", "subscriber", "patient", "passenger"),
        *("kunde", "kundin", "anrufer", "anruferin", "cliente", "clienta", "klant", "beller", "klient", "klientka"),
    ),
    CUSTOMER,
) | dict.fromkeys(
    (
        *("agent", "representative", "rep", "advisor", "adviser", "operator", "support", "admin", "csr", "moderator"),
        *("staff", "employee", "team", "teammate", "helpdesk", "engineer", "specialist", "consultant", "supervisor"),
        *("technician", "associate", "customerservice", "customerservices", "customercare", "customersuccess"),
        *("clientservices", "caseowner", "teamlead", "agente"),
        *("bot", "chatbot", "system", "ivr", "assistant", "trigger", "automation", "voicebot"),
        *("mitarbeiter", "mitarbeiterin", "berater", "beraterin", "agentin", "kundenservice", "kundendienst"),
        *("conseiller", "conseillère", "conseillere", "asesor", "asesora", "operador", "operadora", "operatore"),
        *("operatrice", "atendente", "medewerker", "konsultant", "konsultantka"),
    ),
    AGENT,
)
# Of several words, what makes an agent of them; and what may stand beside, and says of nobody who it is.
_OFFICES = frozenset(("manager", "center", "centre", "desk", "internal"))
_BESIDE = _OFFICES | frozenset(
    (
        *("sales", "service", "services", "technical", "tech", "it", "billing", "live", "chat", "call", "virtual"),
        *("senior", "junior", "level", "tier", "first", "second", "line", "care", "success", "account", "product"),
        *("field", "help", "automated", "ai", "human", "vip", "new", "existing", "external", "end", "store"),
    )
)


def role_of(label: object) -> Role | None:
    """Which Role a label is known to be; None for any other.

    Of several words each has to be known: a sentence that begins with one is no label.
    """
    if not isinstance(label, str):
        return None
    if role := _ROLES.get(plain(label)):
        return role
    words = [word.lower() for word in _WORD.findall(_CAMEL.sub(" ", label[:80]))]
    if not words or not all(word in _ROLES or word in _BESIDE for word in words):
        return None
    roles = {_ROLES[word] for word in words if word in _ROLES}
    if len(words) > 1 and not _OFFICES.isdisjoint(words):
        return AGENT
    return AGENT if AGENT in roles else CUSTOMER if roles else None


def whose(roles: Collection[Role | None]) -> Role | None:
    """Whose words a text is that several spoke; None where nobody said, or both did.

    A speaker who is not known to be an agent counts as a customer.
    """
    if AGENT in roles:
        return AGENT if len({*roles}) == 1 else None
    return CUSTOMER if CUSTOMER in roles else None


def plain(label: str) -> str:
    """A label, or a key, without signs and digits, in lower case."""
    return _OTHER.sub("", label[:80]).lower()
