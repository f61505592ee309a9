"""Who is meant by a label such as `End-User`, `AGENT 2` or `Support Engineer`: a customer, or an agent or a machine.

What may begin a turn's line as well as stand in a field is said apart: the local scorer reads transcripts by it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from transforms.schemas import Role

CUSTOMER, AGENT = Role.CUSTOMER, Role.AGENT
# In small letters, of six languages and those beside them.
CUSTOMERS: Final = frozenset(
    (
        *("customer", "client", "caller", "guest", "user", "visitor", "patient", "passenger", "buyer", "consumer"),
        *("requester", "shopper", "subscriber"),
        *("kunde", "kundin", "anrufer", "anruferin", "nutzer", "gast", "patientin", "klant", "beller", "klient"),
        *("klientka", "cliente", "clienta", "usuario", "usuário", "paciente", "comprador", "utente", "utilizador"),
        *("appelant", "appelante", "usager"),
    )
)
AGENTS: Final = frozenset(
    (
        *("agent", "representative", "rep", "advisor", "adviser", "operator", "support", "csr", "moderator", "staff"),
        *("receptionist", "helpdesk", "hotline", "bot", "chatbot", "voicebot", "ivr", "assistant"),
        *("mitarbeiter", "mitarbeiterin", "berater", "beraterin", "agentin", "kundenservice", "kundendienst"),
        *("conseiller", "conseillère", "conseillere", "opérateur", "opératrice", "agente", "soporte", "asesor"),
        *("asesora", "operador", "operadora", "operatore", "operatrice", "assistenza", "assistente", "consulente"),
        *("atendente", "suporte", "medewerker", "konsultant", "konsultantka"),
    )
)
_OTHER = re.compile(r"[\W\d_]+")
_WORD = re.compile(r"[^\W\d_]+")
# A role and the name of who has it: `Agent Bob`, `Bob Smith (Agent)`.
_OF_ONE = re.compile(r"([^\W\d_]+)(?: [^\W\d_a-z][^\W\d_]*){1,2}|[^()]{1,60}\(([^()]{1,40})\)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")  # between the words of SupportAgent
# One word each, or one that a label's words make together; with those that are a role in a field alone.
_ROLES = dict.fromkeys((*CUSTOMERS, "enduser", "reporter", "contact", "lead", "prospect"), CUSTOMER) | dict.fromkeys(
    (
        *AGENTS,
        *("admin", "employee", "team", "teammate", "engineer", "specialist", "consultant", "supervisor", "technician"),
        *("associate", "customerservice", "customerservices", "customercare", "customersuccess", "clientservices"),
        *("caseowner", "teamlead", "system", "trigger", "automation"),
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

    Of several words each has to be known, or name who has the role: a sentence that begins with one is no label.
    """
    if not isinstance(label, str):
        return None
    if role := _ROLES.get(plain(label)):
        return role
    words = [word.lower() for word in _WORD.findall(_CAMEL.sub(" ", label[:80]))]
    if not words or not all(word in _ROLES or word in _BESIDE for word in words):
        named = _OF_ONE.fullmatch(label.strip())
        return _ROLES.get(plain(named[1] or named[2])) if named else None
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
