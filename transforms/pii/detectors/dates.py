"""Dates, times and ages, in English, Spanish, French, German, Italian and Portuguese."""

from __future__ import annotations

from transforms.pii.detectors.detector import SPACE, Detector
from transforms.pii.validators import dates

# Months' names that are nothing else, and those that need a year beside them: they are words too (may, out, set).
_MONTH = (
    "january|february|april|june|july|august|september|october|november|december"
    "|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre"
    "|janvier|f[eéÉ]vrier|avril|juin|juillet|ao[uûÛ]t|septembre|octobre|novembre|d[eéÉ]cembre"
    "|januar|j[aäÄ]nner|februar|m[aäÄ]rz|juni|juli|oktober|dezember"
    "|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre"
    "|janeiro|fevereiro|mar[cçÇ]o|maio|junho|julho|setembro|outubro|novembro|dezembro"
)
_SHORT_MONTH = (
    "jan|janv|feb|f[eéÉ]vr|apr|avr|abr|jun|jul|juil|aug|sept?|oct|okt|nov|dec|dez|dic|d[eéÉ]c|ene|ago|mar|march|mars"
    "|may|mai|fev|mag|giu|lug|ott"
)
_ANY_MONTH = rf"(?i:(?:{_MONTH}|{_SHORT_MONTH}))\b\.?"
_ONE_MONTH = (
    rf"(?:(?i:(?:{_MONTH}))\b|(?:Jan|Feb|Apr|Aug|Sept?|Oct|Okt|Nov|Dec|Dez)\b\.?|(?:March|Mars|May|Mai|mars|mai)\b)"
)
_DAY = r"(?:3[01]|[12][0-9]|0?[1-9])"
_ORDINAL = r"(?:(?:st|nd|rd|th|er|[.ºª°])|\b)"
_YEAR = r"(?:(?:1[5-9]|20)[0-9]{2})\b"
# What a bare year follows; without it, it may be any number.
_WHEN = (
    "(?:in|since|from|until|till|by|before|after|around|circa|early|late|mid)(?: (?:early|late|the year))?|year"
    "|en|desde|hasta|a[nñÑ]o|depuis|ann[eéÉ]e|jusqu'en|dal?|nel|anno|seit|bis|(?:im )?jahre?|em|at[eéÉ]|ano"
)
_OF = rf"(?:{SPACE}*[-/.,]{SPACE}*|{SPACE}+(?i:(?:of|de|di|del|do|d'|the){SPACE}+)?|)"
_WEEKDAY = (
    r"(?:\b(?i:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|lunes|martes|mi[eé]rcoles|jueves|viernes"
    r"|s[aá]bado|domingo|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|montag|dienstag|mittwoch|donnerstag"
    r"|freitag|samstag|sonntag|luned[iì]|marted[iì]|mercoled[iì]|gioved[iì]|venerd[iì]|sabato|domenica"
    rf"|(?:segunda|ter[cç]a|quarta|quinta|sexta)(?:-feira)?)[,.]?{SPACE}+(?i:(?:the|el|le|il|den){SPACE}+)?)?"
)
_HOUR = r"(?:2[0-3]|[01]?[0-9])"
_CLOCK = rf"{_HOUR}[:h][0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{{1,9}})?)?"
_HALF = r"(?:[aApP]\.?[mM]\b\.?)"
_ZONE = rf"{SPACE}*(?:Z\b|UTC\b|GMT\b|[+-][0-9]{{2}}:?[0-9]{{2}}\b)"
# After a date: the time of that day.
_TIME = (
    rf"(?:(?:T|,?{SPACE}+(?i:(?:at|um|alle|ore|[aà]|[aà]s|a{SPACE}+las){SPACE}+)?)"
    rf"{_CLOCK}(?:{SPACE}*{_HALF})?(?:{_ZONE})?)?"
)
_BIRTH = tuple(
    word + rf"(?:{SPACE}+(?:on|in|el|en|le|am|il|nel|em))?"
    for word in (
        "d[o0]b", "bday", "b-day", r"d\.o\.b\.?", rf"birth(?:{SPACE}*da(?:te|y))?", "born", "nacimiento",
        rf"f\.?{SPACE}?nac", "nacid[oa]",
        "naci[oóÓ]", "n[eéÉ]e?", "naissance", "geboren", "geb", "geburtsdatum", "nat[oa]", "nascita", "nascimento",
        "nascid[oa]", "nasceu",
    )
)  # fmt: skip

_O = rf"{SPACE}?"
_AM = rf"(?:'m|'s|{SPACE}+(?:am|is|was))"
_UNIT = r"years?|yrs?|months?|weeks?|days?"
_ONES = "one|two|three|four|five|six|seven|eight|nine"
_SPELLED = (
    rf"(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -](?:{_ONES}))?|{_ONES}|ten|eleven|twelve"
    r"|(?:thir|four|fif|six|seven|eigh|nine)teen)"
)
_NUMBER = r"[0-9]{1,3}"
_ROMANCE_SPELLED = (
    "dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|quince|veinte|treinta|cuarenta|cincuenta|sesenta|setenta"
    "|ochenta|noventa|deux|trois|quatre|cinq|sept|huit|neuf|dix|quinze|vingt|trente|quarante|cinquante|soixante"
    "|due|tre|quattro|cinque|sei|sette|otto|nove|dieci|venti|trenta|quaranta|cinquanta|sessanta|settanta|ottanta"
    "|dois|duas|tr[eê]s|quatro|oito|dez|vinte|quarenta|cinquenta|sessenta|oitenta"
)
_COUNT = (
    rf"(?:{_NUMBER}{SPACE}*|(?i:{_ROMANCE_SPELLED})(?:{SPACE}+[yei]{SPACE}+(?i:un[oa]?|{_ROMANCE_SPELLED}))?{SPACE}+)"
)
_ROMANCE_UNIT = r"(?i:a[nñÑ]os?|ans|anos|anni|mes(?:es|i)?|mois|semanas?|d[iíÍ]as)\b"
_ROMANCE_YEARS = r"(?i:a[nñÑ]os?|ans|anos|anni|mes(?:es|i)?|mois)\b"
_PERSON = (
    "pacientes?|var[oóÓ]n|mujer|hombre|ni[nñÑ][oa]s?|bebe|beb[eéÉ]|se[nñÑ]ora?|chic[oa]|joven|lactante|hij[oa]s?|herman[oa]"
    "|padre|madre|masculino|femenino|adolescente|gestante|embarazada|patiente?|femme|homme|fille|gar[cçÇ]on|enfant|fils|s(?:oe|œ|Œ)ur|fr[eèÈ]re"
    "|nourrisson|paziente|donna|uomo|ragazz[oa]|bambin[oa]|figli[oa]|signor[ae]?|mulher|homem|menin[oa]|crian[cçÇ]a"
    "|filh[oa]|rapaz|senhora?|jovem|sexo"
)
_AGED = r"[aâÂ]g[eéÉ]e?s?|[aâÂ]ge|edad|et[aàÀ]|idade"
_HAS = (
    rf"(?:a|desde|hasta){SPACE}+los|aos|tiene|tengo|ten[iíÍ]a|tem|tenho|tinha|cumpl(?:e|i[oóÓ]|ir)|ho|ha|aveva"
    rf"|j'ai|(?:il|elle|on){SPACE}+a|avait"
)
_ROMANCE_TRIGGER = (
    rf"(?:[0-9]{SPACE}*|(?i:un[oa]?|{_ROMANCE_SPELLED}){SPACE}+)(?i:a[nñÑ]o|ans|anos|anni|mes|mois|sem|d[iíÍ]as)"
)
_FOREIGN_MONTH = (
    "января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря"
    "|stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|października|listopada|grudnia"
    "|januari|februari|maart|mei|augustus"
)
_HOURS = rf"[0-9]{SPACE}*(?i:h|uhr|o)"
# A number beside a month: what every named date holds.
_NEAR_MONTH = (
    rf"[0-9](?:{_ORDINAL}{_OF})?{_ANY_MONTH}|[0-9](?i:{_SHORT_MONTH})[0-9]"
    rf"|{_ANY_MONTH}(?:[^0-9A-Za-z\x00]|(?i:of|de|del|di|do|d'|the){SPACE})*[0-9]"
)

ROWS = (
    Detector(
        name="date_numeric",
        type="DATE_TIME",
        pattern=r"\b(?:(?:19|20)[0-9]{2}(?:-[01]?[0-9]-[0-3]?[0-9]|/[01]?[0-9]/[0-3]?[0-9]|\.[01]?[0-9]\.[0-3]?[0-9])"
        r"|[0-3]?[0-9](?:-[0-3]?[0-9]-|/[0-3]?[0-9]/|\.[0-3]?[0-9]\.)(?:(?:19|20)[0-9]{2}|[0-9]{2}))"
        rf"(?:{_TIME}\b|\b)",
        trigger=r"[0-9][-/.][0-9]{1,2}[-/.][0-9]",
        confidence=0.8,
        validator=dates.numeric,
    ),
    Detector(
        name="date_month_numeric",
        type="DATE_TIME",
        pattern=r"\b(?:0?[1-9]|1[0-2])/(?:19|20)[0-9]{2}\b",
        trigger=r"[0-9]/[12][0-9]{3}",
        confidence=0.6,
        validator=dates.month,
    ),
    Detector(
        name="date_short",
        type="DATE_TIME",
        pattern=r"[0-3]?[0-9]/[0-3]?[0-9]\b",
        trigger="[0-9]/[0-9]",
        confidence=0.55,
        validator=dates.short,
        context=("today", "on", "since", "until", "till", "dated?", "due", "el", "d[iíÍ]a", "le", "am", "vom", "il"),
    ),
    Detector(
        name="date_named",
        type="DATE_TIME",
        pattern=rf"{_WEEKDAY}\b(?:{_DAY}{_ORDINAL}{_OF}{_ANY_MONTH}{_OF}(?:{_YEAR}|[0-9]{{2}}\b)"
        rf"|{_ANY_MONTH}(?:{SPACE}+(?i:the{SPACE}+)?|-|)(?:{_DAY}{_ORDINAL}(?:{SPACE}*,{SPACE}*|-|{SPACE}+)(?:of{SPACE}+)?)?{_YEAR}"
        rf"|{_ANY_MONTH}{_OF}{_YEAR}|[0-3][0-9](?i:{_SHORT_MONTH})(?:19|20)[0-9]{{2}}\b){_TIME}",
        trigger=_NEAR_MONTH,
        confidence=0.85,
        validator=dates.day,
    ),
    Detector(
        name="date_day",
        type="DATE_TIME",
        pattern=rf"{_WEEKDAY}\b(?:{_DAY}{_ORDINAL}{_OF}{_ONE_MONTH}|{_ONE_MONTH}(?:{SPACE}+(?:the{SPACE}+)?|-){_DAY}{_ORDINAL}){_TIME}",
        trigger=_NEAR_MONTH,
        confidence=0.7,
        validator=dates.day,
    ),
    Detector(
        name="date_elsewhere",  # Japanese, Chinese, Korean; Russian, Polish, Dutch
        type="DATE_TIME",
        pattern=rf"(?:(?:19|20)[0-9]{{2}}|(?:昭和|平成|令和|大正|民国)[0-9]{{1,2}}){_O}[年년]{_O}[0-9]{{1,2}}{_O}[月월]"
        rf"(?:{_O}[0-9]{{1,2}}{_O}[日号일])?|\b[0-9]{{1,2}}{SPACE}(?i:{_FOREIGN_MONTH})(?:{SPACE}(?:19|20)[0-9]{{2}}\b)?",
        trigger=rf"[年년]{_O}[0-9]|[0-9]{SPACE}(?i:{_FOREIGN_MONTH})",
        confidence=0.8,
    ),
    Detector(
        name="date_birth",
        type="DATE_TIME",
        pattern=r"(?:[0-9O]{1,2}(?:[-/.][0-9O]{1,2}[-/.]| [0-9]{1,2} | [-/.] [0-9]{1,2} [-/.] )(?:[0-9]{4}|'?[0-9]{2})"
        r"|(?:19|20)[0-9]{2}[-/. ][0-9]{1,2}[-/. ][0-9]{1,2}|[0-9]{1,2}/[0-9]{1,2}"
        r"|(?:19|20)[0-9]{2}(?:[01][0-9][0-3][0-9])?"
        rf"|[0-3][0-9][01][0-9](?:19|20)?[0-9]{{2}}|[0-9]{{2}}[01][0-9][0-3][0-9]"
        rf"|[0-3]?[0-9][- ]?(?i:{_SHORT_MONTH})[- ]?(?:19|20)?[0-9]{{2}}"
        rf"|(?i:{_MONTH}|{_SHORT_MONTH}\.?)(?:{SPACE}|-)'?[0-9]{{2}})\b",
        trigger=r"(?i:d[o0]b|o\.b|bday|b-day|birth|born|nac|naiss|geb|nasc|(?:^|[^A-Za-z0-9])(?:n[eéÉ]e?|nat[oa])(?:[^A-Za-z0-9]|n|id))",
        confidence=0.85,
        validator=dates.birth,
        context=_BIRTH,
    ),
    Detector(
        name="date_year",
        type="DATE_TIME",
        pattern=rf"(?i:(?:^|[^A-Za-z0-9\x00])(?:{_WHEN})(?:{SPACE}+(?:the|el|l'))?{SPACE}+)((?:19[0-9]{{2}}|20[0-3][0-9])\b)",
        confidence=0.55,
        validator=dates.day,
    ),
    Detector(
        name="clock_12",
        type="DATE_TIME",
        pattern=r"(?:^|[^A-Za-z0-9\x00\[])((?:1[0-2]|0?[1-9])"
        rf"(?:[:.][0-5][0-9](?::[0-5][0-9])?{SPACE}*{_HALF}|{SPACE}*(?:AM\b|[pP][mM]\b|[aApP]\.[mM]\b\.?)|am\b)(?:{_ZONE})?)",
        trigger=rf"[0-9]{SPACE}*[aApP]\.?[mM]",
        confidence=0.65,
        validator=dates.clock,
    ),
    Detector(
        name="clock_24",
        type="DATE_TIME",
        pattern=rf"\b(?:{_CLOCK}{SPACE}*(?:h|hs|hrs|(?i:hours|uhr|heures|horas|ore))|{_HOUR}{SPACE}+(?:Uhr|o'?clock)"
        rf"|[0-2][0-9]h[0-5][0-9])\b",
        trigger=_HOURS,
        confidence=0.6,
        validator=dates.clock,
    ),
    Detector(
        name="clock_context",
        type="DATE_TIME",
        pattern=rf"(?:{_CLOCK}\b(?:{_ZONE})?|{_HOUR}{SPACE}+(?i:heures?|horas|uhr|ore)\b)",
        trigger=rf"[0-9][:h][0-9]{{2}}|{_HOURS}",
        confidence=0.6,
        validator=dates.clock,
        context=("at", "um", "alle", "ore", "a las?", "[aàÀ]s?", "time", "hora", "heure", "uhrzeit", "orario"),
    ),
    Detector(
        name="age_english",
        type="AGE",
        pattern=rf"\b(?:{_NUMBER}|(?i:{_SPELLED}))(?:{SPACE}*-{SPACE}*|{SPACE}*)(?:(?i:{_UNIT})(?:{SPACE}*-{SPACE}*|{SPACE}+)(?i:old|of{SPACE}+age))\b|\b{_NUMBER}{SPACE}*(?i:y/?o|y\.o\.?)\b",
        trigger=rf"(?i:(?:year|yr|month|week|day)s?(?:{SPACE}|-)+o(?:ld|f)|[0-9]{SPACE}*y\.?/?o)",
        confidence=0.8,
        validator=dates.age_english,
        languages=("en",),
    ),
    Detector(
        name="age_context",
        type="AGE",
        pattern=rf"{_NUMBER}\b",
        trigger=r"(?i:(?:^|[^A-Za-z0-9])(?:how old|age[ds]?|alter|edad|et[àÀ]|idade|[aâÂ]ge|turn(?:ed|ing|s))"
        r"(?:[^A-Za-z0-9]|n|id))",
        confidence=0.7,
        validator=dates.age_announced,
        context=(
            "how old (?:are|is) (?:you|he|she|the patient|your [a-z]{3,8})",
            "age[ds]?",
            "age of",
            "alter",
            "alter von",
            "edad",
            "et[àÀ]",
            "idade",
            "[aâÂ]ge",
            "turn(?:ed|ing|s)",
        ),
    ),
    Detector(
        name="age_i_am",
        type="AGE",
        pattern=rf"\b(?i:(?:i|he|she){_AM}){SPACE}+([1-9][0-9]?)(?:{SPACE}+(?i:and|now|today|years|y/?o|male|female|m|f)\b"
        rf"|{SPACE}*,{SPACE}*(?i:male|female|married|single|m|f)\b|[.,;!?)]|\n|$)",
        trigger=rf"(?i:(?:i|he|she){_AM}){SPACE}+[0-9]",
        confidence=0.6,
        validator=dates.age,
        languages=("en",),
    ),
    Detector(
        name="age_sex",  # I (34F), 34/m
        type="AGE",
        pattern=rf"\((?:[1-9][0-9](?:[MF]|,{_O}(?i:[mf]|male|female|nb))|(?i:[mf]|male|female),{_O}[1-9][0-9])\)"
        r"|\b(?:[1-9][0-9]/[MFmf]|[MFmf]/[1-9][0-9])\b",
        trigger=r"\([1-9MFmf]|[0-9]/[MFmf]|[MFmf]/[1-9]",
        confidence=0.6,
    ),
    Detector(
        name="age_elsewhere",  # Japanese, Chinese, Korean, Russian
        type="AGE",
        pattern=rf"\b[0-9]{{1,3}}{_O}(?:歳|岁|歲|周岁|살|세)|(?:мне|ему|ей|возраст){_O}:?{_O}[0-9]{{1,3}}{_O}(?:год[ау]?|лет)",  # noqa: RUF001 - Russian
        trigger=rf"[0-9]{_O}(?:歳|岁|歲|周|살|세|год|лет)",
        confidence=0.75,
        validator=dates.age,
    ),
    Detector(
        name="age_romance",
        type="AGE",
        pattern=rf"(?:^|[^A-Za-z0-9~À-ɏ\x00])(?:"
        rf"(?i:{_PERSON})(?:(?:,?{SPACE}+[a-zà-ÿ]+){{0,2}},?{SPACE}+(?:de|di|d')|,?(?:{SPACE}+con)?){SPACE}*"
        rf"|(?i:{_AGED})(?:{SPACE}*[:,]|{SPACE}+(?:de|di|gli))*{SPACE}*"
        rf"|(?i:{_HAS}){SPACE}+)({_COUNT}{_ROMANCE_YEARS})",
        trigger=_ROMANCE_TRIGGER,
        confidence=0.75,
        validator=dates.age_romance,
        languages=("es", "fr", "it", "pt"),
    ),
    Detector(
        name="age_of_life",
        type="AGE",
        pattern=rf"\b{_COUNT}{_ROMANCE_UNIT}{SPACE}+(?i:de{SPACE}+(?:edad|idade|vida)|d'[aâ]ge|di{SPACE}+(?:et[aà]|vita))",
        trigger=_ROMANCE_TRIGGER,
        confidence=0.8,
        validator=dates.age,
        languages=("es", "fr", "it", "pt"),
    ),
    Detector(
        name="age_german",
        type="AGE",
        pattern=rf"\b{_NUMBER}(?:{SPACE}+(?i:jahren?|monate?n?|wochen|tagen?){SPACE}+(?i:alt(?:e[rsnm]?)?)|{SPACE}*-?{SPACE}*(?i:j(?:ä|ae)hrig(?:e[rsnm]?)?))\b",
        trigger=rf"[0-9](?:{SPACE}|-)*(?i:j[aä]|monat|woche|tag)",
        confidence=0.8,
        validator=dates.age,
        languages=("de",),
    ),
)
