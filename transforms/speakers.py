"""The words by which records and transcripts call who speaks, in small letters: six languages and those beside them.

Both may begin a turn's line as well as stand in a field. What is sure in one of these alone is for its reader to add.
"""

from typing import Final

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
