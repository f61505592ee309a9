"""Diseases, signs and scores that bear a name: `Parkinson's disease`, `mal de Crohn`. They say nobody's name.

Only with a word of medicine beside the name. `Crohn's` alone may be Mrs Crohn's.
"""

from __future__ import annotations

_NAMES = (
    "Addison|Alport|Alzheimer|Apert|Asperger|Babinski|Barr(?:é|e)|Barrett|Barthel|Bartter|Basedow|Bechterew|"
    "Beh(?:ç|c)et|Bell|Binet|Bishop|Boerhaave|Bowen|Braden|Bright|Brudzinski|Brugada|Buerger|Burkitt|Castleman|"
    "Chagas|Charcot|Chiari|Chvostek|Clark|Coombs|Creutzfeldt|Jakob|Crigler|Najjar|Crohn|Cushing|Dandy|Walker|"
    "Di ?George|Down|Dravet|Duchenne|Becker|Dupuytren|Ebstein|Edwards|Ehlers|Danlos|Eisenmenger|Epstein|Ewing|"
    "Fabry|Fallot|Fanconi|Felty|Fitz|Hugh|Curtis|Fournier|Friedreich|Gaucher|Gilbert|Gilles de la Tourette|"
    "Tourette|Glasgow|Gleason|Goodpasture|Gorlin|Graves|Guillain|G(?:ü|u)nther|Hansen|Hashimoto|Henoch|"
    "Sch(?:ö|oe|o)nlein|Hirschsprung|Hodgkin|Homan|Horner|Horton|Huntington|Hurler|Hunter|Hutchinson|Gilford|"
    "Kaposi|Karnofsky|Kartagener|Kawasaki|Kernig|Klinefelter|Korsakoff?|Wernicke|Lambert|Eaton|Lennox|Gastaut|"
    "Lesch|Nyhan|Lewy|Lou Gehrig|Gehrig|Lynch|Mallory|Weiss|Marfan|McBurney|McMurray|M(?:é|e)ni(?:è|e)re|Merkel|"
    "Murphy|Lasegue|Lasègue|Niemann|Pick|Noonan|Osler|Rendu|Weber|Paget|Pancoast|Parkinson|Patau|Perthes|Legg|"
    "Calv(?:é|e)|Peyronie|Pott|Prader|Willi|Ramsay Hunt|Raynaud|Reed|Sternberg|Reiter|Rett|Reye|Rinne|Romberg|"
    "Rovsing|Sheehan|Shy|Drager|Sj(?:ö|o)gren|Steele|Richardson|Olszewski|Stevens|Johnson|Still|Sturge|Takayasu|"
    "Tay|Sachs|Tietze|Tinel|Phalen|Todd|Trendelenburg|Trousseau|Turner|Usher|Virchow|Von Willebrand|"
    "von Willebrand|Von Hippel|von Hippel|Lindau|Von Recklinghausen|von Recklinghausen|Wegener|Werner|West|"
    "Whipple|Wilms|Wilson|Wiskott|Aldrich|Wolff|White|Zollinger|Ellison"
)
_SIGNS = (  # no common surnames: words that may stand beside anybody's name will do
    "Addenbrooke|Apgar|Babinski|Barthel|Binet|Blumberg|Braden|Brudzinski|Chvostek|Coombs|Glasgow|Gleason|"
    "Karnofsky|Kernig|Lasegue|Las(?:è|e)gue|McBurney|McMurray|Phalen|Rinne|Romberg|Rovsing|Tinel|Trendelenburg|"
    "Trousseau|Virchow"
)
_EN = (
    "[Dd]iseases?|[Ss]yndromes?|[Ll]ymphomas?|[Pp]alsy|[Ss]arcomas?|[Tt]umou?rs?|[Tt]hyroiditis|[Cc]horea|"
    "[Aa]taxia|[Cc]ontracture|[Mm]uscular [Dd]ystrophy|[Pp]henomenon|[Oo]esophagus|[Ee]sophagus|[Dd]ementia|"
    "[Bb]ody [Dd]ementia|[Nn]ephritis|[Gg]angrene|[Dd]isorder|[Mm]alformation|[Aa]nomaly|[Ee]ncephalopathy|"
    "[Pp]sychosis|[Cc]arcinoma"
)
_ROMANCE = (
    "enfermedad|s[íi]ndrome|signos?|linfoma|sarcoma|tumor|escala|[íi]ndice|test|enfermidade|doen[çc]a|maladie|"
    "syndrome|signe|lymphome|sarcome|tumeur|[ée]chelle|score|malattia|sindrome|segno|morbo|scala|mal|fen[óo]meno|"
    "tetralog[íi]a|t[ée]tralogie|tiroiditis|thyro[ïi]dite|tiroidite|corea|chor[ée]e|par[áa]lisis|paralysie|"
    "maniobra|maniobras|prueba|esófago|anemia|ataxia|contractura|distrofia|c[ée]lulas?|gangrena|virus|punto|"
    "triada|tríada"
)
_GERMAN = "Krankheit|Syndrom|Lymphom|Zeichen|Sarkom|Tumor|Demenz|Thyreoiditis|Ph[äa]nomen"

# RE2.
PATTERN = (
    rf"\b(?:{_NAMES})(?:[- ](?:{_NAMES}))*(?:'?s)?[- ](?:{_EN}|{_GERMAN})\b"
    rf"|\b(?:{_SIGNS})(?:'?s)? (?:(?i:coma )?(?i:sign|score|scale|test|node|point|index))\b"
    rf"|\b(?i:{_ROMANCE}) (?:de |di |d'|da |do )(?:{_NAMES}|{_SIGNS})(?:[- ](?:{_NAMES}))*\b"
    rf"|\bMorbus (?:{_NAMES})\b|\b[Tt]etralogy of Fallot\b"
)
