"""What mail programs write around what a person wrote, in six languages and those next to them, as patterns.

How sure a mark must be is for those who read by them: `quoting.py` cuts the text that is stored,
`sentiment/local/own.py` what is scored. Case is as programs write it; signs beyond ASCII stand in no class, so that
patterns may be of bytes.
"""

from typing import Final

# A header's name: who sent the earlier mail, which comes first, and the others.
SENDER: Final = "From|Von|De|Da|Van"
HEADER: Final = (
    "Sent|Date|To|Cc|Subject|Gesendet|Datum|An|Betreff|Envoyé(?: le)?|À|à|Objet|Enviado(?: el| em)?|Enviada(?: em)?"
    "|Para|Asunto|Fecha|Assunto|Data|Inviato|A|Oggetto|Verzonden|Aan|Onderwerp"
)
# The line before a quote says who wrote when: what it begins with, what it holds.
OPENS: Final = "On|Am|Le|El|Il|Op|Em|W dniu"
WROTE: Final = r"wrote|writes|schrieb|a écrit|escribió|scrisse|ha scritto|escreveu|schreef|napisał(?:\(a\))?"
# What stands between dashes above an earlier mail, and what stands alone before a colon.
DIVIDER: Final = (
    "Original Message|Original-Nachricht|Ursprüngliche Nachricht|Message d'origine|Message original|Mensaje original"
    "|Messaggio originale|Mensagem original|Forwarded message|Weitergeleitete Nachricht|Message transféré"
    "|Mensaje reenviado|Messaggio inoltrato|Mensagem encaminhada|Mensagem reencaminhada"
)
FORWARDED: Final = (
    "Begin forwarded message|Anfang der weitergeleiteten Nachricht|Début du message transféré"
    "|Inicio del mensaje reenviado|Inizio messaggio inoltrato|Início da mensagem (?:re)?encaminhada"
)
# What a device or a program signs with.
SENT_FROM: Final = (
    "Sent from my|Gesendet von meinem|Von meinem .{2,30} gesendet|Envoyé (?:de|depuis) mon|Enviado desde mi|Inviato da"
    "|Enviado (?:do|a partir do) meu|Get Outlook for|Obtenir Outlook pour|Obtener Outlook para|Ottieni Outlook per"
    "|Obter o Outlook para"
)
