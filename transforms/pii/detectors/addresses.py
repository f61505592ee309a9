"""Streets, places and postal codes, where their form says so; bare places are the tagger's."""

from __future__ import annotations

from transforms.pii.detectors.detector import LETTERS, OF, SPACE, Detector
from transforms.pii.validators import addresses

_CAPITAL = "A-Z\u00c0-\u00de"
_S = rf"{SPACE}+"
_O = rf"{SPACE}?"
_COMMA = rf"(?:{SPACE}|,)+"
_NAME = rf"[{_CAPITAL}](?:[{LETTERS}'.-]*[{LETTERS}])?"
_CITY = rf"{_NAME}(?:{_S}(?:(?:de|del|la|las|los|of|upon|on|le|les|am|an|der|do|da|dos){_S}){{0,2}}{_NAME}){{0,3}}"
# The United States' states and territories (USPS), less those that are words in capitals; those and ID need a ZIP code.
_SURE_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|GU|IL|IA|KS|KY|LA|MD|MI|MN|MO|MS|MT|NC|ND|NE|NH|NJ|NM|NV|NY|OH|PR|RI|SC|SD|TN"
    "|TX|UT|VA|VI|VT|WA"
    "|WI|WV|WY"
)
_STATES = (
    rf"{_SURE_STATES}|ON|QC|BC|AB|SK|NSW|HI|ID|IN|MA|ME|OK|OR|PA|AE|AP|AA|MB|NS|NB|NL|PE|YT|NT|NU|VIC|QLD|TAS"
    rf"|ACT|SA"
)
_ZIP = r"[0-9]{5}(?:-?[0-9]{4})?\b"
_POSTCODE_UK = (
    rf"(?:GIR{SPACE}*0AA|[A-PR-UWYZ](?:[0-9]{{1,2}}|[A-HK-Y][0-9]{{1,2}}|[0-9][A-HJKPSTUW]"
    rf"|[A-HK-Y][0-9][ABEHMNPRVWXY]){SPACE}*[0-9][ABD-HJLNP-UW-Z]{{2}})\b"
)
_POSTCODE_CA = rf"[ABCEGHJ-NPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z](?:{SPACE}+|-)?[0-9][ABCEGHJ-NPRSTV-Z][0-9]\b"
_STATE_OR_CODE = (
    rf"(?:(?:{_SURE_STATES})\b|(?:{_STATES})\.?{_COMMA}(?:{_ZIP}|{_POSTCODE_CA}|[0-9]{{4}}\b)|{_ZIP}"
    rf"|{_POSTCODE_UK}|{_POSTCODE_CA})"
)
_TAIL = rf"(?:(?:{_COMMA}{_CITY})?{_COMMA}{_STATE_OR_CODE})"
_UNIT_WORD = "(?:Apt|Apartment|Appt|Suite|Ste|Unit|Flat|Floor|Fl|Room|Rm|Bldg|Building|Level|Lot|PMB)"
_UNIT = (
    rf"(?:(?:,{SPACE}*#{SPACE}*|{_COMMA}{_UNIT_WORD}\b\.?{SPACE}*#?{SPACE}*)"
    rf"[A-Za-z]?-?(?:[0-9]{{1,5}}[A-Za-z]?|[A-Z])\b)"
)
_HOUSE = rf"\b[0-9]{{1,5}}(?:-[0-9]{{1,5}}|{SPACE}1/2)?[A-Za-z]?,?{_S}"
_WORD = rf"(?:{_NAME}\.?|[0-9]{{1,3}}(?:st|nd|rd|th|ST|ND|RD|TH)\b|of|de|la|the|del|du)"
_SUFFIXES = (
    "Street|St|Str|Avenue|Ave|Av|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Circle|Cir|Terrace|Terr|Ter|Trail"
    "|Trl|Parkway|Pkwy"
    "|Highway|Hwy|Crescent|Cres|Mews|Turnpike|Tpke|Alley|Expressway|Pike|Close|Freeway|Sq|Pl|Causeway|Esplanade|Row"
    "|STREET|ST|AVENUE|AVE|ROAD|RD|BOULEVARD|BLVD|LANE|LN|DRIVE|DR|COURT|CT"
)
_PARTICLE = "de|del|la|las|los|el|di|della|delle|dei|degli|dell'|da|do|das|dos|du|des|le|les|of|y|e|i|l'|d'|san|sta|den"
_NAME_OR_NUMBER = rf"[{_CAPITAL}0-9][{LETTERS}0-9'.ªº-]*"
_NAMES = rf"(?:(?:{_PARTICLE})?{SPACE}*){{0,3}}{_NAME_OR_NUMBER}(?:{_S}(?:{_NAME_OR_NUMBER}|{_PARTICLE})){{0,5}}"
_ANY_NAMES = rf"(?:[0-9]{{1,2}}{_S}de{_S})?[{LETTERS}'ªº][{LETTERS}0-9'.ªº-]*(?:{_S}[{LETTERS}0-9'.ªº-]+){{0,5}}"
_NO = rf"(?:{SPACE}|,)*(?:(?:n[.ºo°]{{1,3}}|n[uú]m\.?|no\.|N[.ºo°]{{1,3}}){SPACE}*)?"
_FLOOR = (
    rf"(?:(?:{SPACE}|[,.-])*(?:[0-9]{{1,3}}{SPACE}*[.]?[ºª°oa]?(?:{SPACE}*,?{SPACE}*[A-H]\b)?|[A-D]\b|(?:[Pp]iso"
    rf"|[Pp]lanta|[Ee]sc(?:alera)?\.?|[Pp]ortal"
    rf"|[Pp]uerta|[Pp]ta\.?|[Bb]ajo|[AaÁá]tico|[Ii]zq(?:uierda|da|do)?\.?|[Dd]cha\.?|[Dd]pto\.?|[Ll]ocal|[Bb]loque"
    rf"|[Aa]pto\.?|[Aa]ndar|[Ss]cala|[Ii]nterno){SPACE}*[0-9A-Z]{{0,3}}\b))"
)
_EUROPEAN_TAIL = rf"(?:(?:{SPACE}|[,.;-])+(?:[A-Z]{{1,2}}-)?(?:[0-9]{{4,5}}|[0-9]{{4,5}}-[0-9]{{3}}){_S}{_CITY})?"
_PART_OF_HOUSE = (
    "(?:apt|apartment|flat|suite|unit|building|bldg|block|tower|floor|door|entrance|staircase|wohnung|whg|aufgang|piso"
    "|puerta|portal|escalera|bloque|appartement|appt|b[aâ]timent|[eé]tage|porte|scala|interno|bloco|andar|apto)\\.?"
)
_LIVING = (
    "(?:live[sd]?|living|stay(?:s|ing)?|move[ds]?|moving|reside[sd]?|located|based|house|home|address|deliver(?:ed|y)?|ship(?:ped"
    rf"|ping)?|send|sent|pick(?:ed)?{_S}up|leave|come)"
)

ROWS = (
    Detector(
        name="street_english",
        type="ADDRESS",
        pattern=rf"{_HOUSE}(?:{_WORD}{_S}){{1,4}}(?:{_SUFFIXES})\b\.?(?:{_S}(?:N|S|E|W|NE|NW|SE|SW|North|South|East"
        rf"|West)\b\.?)?{_UNIT}?{_TAIL}?",
        confidence=0.85,
        validator=addresses.street,
    ),
    Detector(
        name="street_lower",
        type="ADDRESS",
        pattern=rf"\b[0-9]{{2,5}}{_S}(?:[nsew]\.?{_S})?(?:[a-z]{{3,}}{_S}){{1,2}}(?:street|avenue|ave|blvd|boulevard|lane|road"
        rf"|rd)\b{_TAIL}?",
        confidence=0.6,
        validator=addresses.street_lower,
    ),
    Detector(
        name="street_said",  # any house and street, after a word for living there
        type="ADDRESS",
        pattern=rf"(?i:\b{_LIVING}{_S}(?:[a-z]{{2,9}}{_S}){{0,3}}?)((?:[1-9][0-9]{{0,4}}[a-z]?){_S}(?:[nsew]\.?{_S})?"
        rf"(?i:(?:[{LETTERS}'.-]+{_S}|[0-9]{{1,3}}(?:st|nd|rd|th){_S}){{1,3}}(?:street|st|str|avenue|ave|road|rd|boulevard|blvd"
        rf"|lane|ln|drive|dr|court|ct|circle|cir|terrace|trail|parkway|pkwy|highway|hwy|crescent|close|place|pl|way|square|sq"
        rf"|row|gardens|grove|walk|hill|mews|loop|path|crossing|bend))\b(?i:{_COMMA}{_PART_OF_HOUSE}{_S}#?[0-9]{{1,4}}-?[a-z]?\b)?{_TAIL}?)",
        trigger=rf"(?i:{_LIVING}(?:{_S}[a-z]+)*){_S}[1-9]",
        confidence=0.7,
        validator=addresses.street_lower,
    ),
    Detector(
        name="street_tail",
        type="ADDRESS",
        pattern=rf"{_HOUSE}(?:(?:{_WORD}|[0-9]{{1,4}}){_S}){{0,5}}(?:{_WORD}|[0-9]{{1,4}})(?:{_UNIT}{_TAIL}?"
        rf"|{_UNIT}?{_COMMA}{_CITY}{_COMMA}{_STATE_OR_CODE})",
        trigger=rf"(?:{SPACE}|,){_UNIT_WORD}\b|,{SPACE}*#|(?:{SPACE}|,){_STATE_OR_CODE}",
        confidence=0.85,
        validator=addresses.street,
    ),
    Detector(
        name="flat",
        type="ADDRESS",
        pattern=rf"\b(?:Flat|Unit|Apartment|Suite"
        rf"|Apt){_S}[0-9]{{1,4}}[A-Za-z]?,{SPACE}*{_NAME}(?:{_S}{_NAME}){{0,3}}(?:{_TAIL})?",
        confidence=0.7,
    ),
    Detector(
        name="flat_lower",  # two of them in a row: one is in every advertisement
        type="ADDRESS",
        pattern=rf"\b(?i:{_PART_OF_HOUSE}{_S}#?[0-9]{{1,4}}-?[a-z]?{_COMMA}{_PART_OF_HOUSE}{_S}#?[0-9]{{1,4}}-?[a-z]?"
        rf"(?:{_COMMA}{_PART_OF_HOUSE}{_S}#?[0-9]{{1,4}}-?[a-z]?)?)\b",
        confidence=0.7,
    ),
    Detector(
        name="box",
        type="ADDRESS",
        pattern=rf"\b(?i:(?:g\.?)?p\.?{SPACE}*o\.?{SPACE}*b(?:ox|\.)?|post{_S}office{_S}box|(?:locked|private|mail){_S}bag"
        rf"|apartado{_S}(?:de{_S}correos|postal|a[eé]reo)|apdo\.?|casilla(?:{_S}(?:de{_S}correos?|postal))?|bo[iî]te{_S}postale"
        rf"|postfach|schlie(?:ß|ss)fach|casella{_S}postale|caixa{_S}postal|postbus|postb[ou]ks|box{_S}postal|postilokero"
        rf"|skrytka{_S}pocztowa)\b\.?{SPACE}*(?:#|n[º°.o]{{0,3}}{SPACE})?{SPACE}*(?:[0-9]{{1,2}}(?:{SPACE}[0-9]{{2}}){{1,2}}|[0-9]{{1,7}})\b"
        rf"(?:{_COMMA}(?:[A-Z]{{1,2}}-)?(?:[0-9]{{4}}{SPACE}?[A-Z]{{2}}|[0-9]{{4,5}}|[0-9]{{2,3}}[ -][0-9]{{2,3}}){_S}"
        rf"{_CITY}|{_TAIL})?|\bBP{SPACE}?[0-9]{{1,6}}[ ,]{{1,2}}[0-9]{{5}}{_S}{_CITY}"
        rf"|(?:а/я|абонентский{_S}ящик){SPACE}?№?{SPACE}?[0-9]{{1,6}}\b"  # noqa: RUF001 - Russian
        r"|私書箱第?[0-9]{1,5}号?|사서함 ?[0-9]{1,5}호?|(?:邮政信箱|郵政信箱|信箱)[0-9]{1,5}号?",
        trigger=rf"(?i:box|p\.?{SPACE}*o\.?{SPACE}*b\.?|bag|correos?|postal|a[eé]reo|apdo|casilla|fach|postale|postbus|postb[ou]ks"
        rf"|lokero|pocztowa|bp|а/я|ящик)\.?{SPACE}*(?:[#№]|n[º°.o]{{0,3}}{SPACE})?{SPACE}*[0-9]|私書箱|사서함|信箱",  # noqa: RUF001
        confidence=0.85,
    ),
    Detector(
        name="city_state",
        type="ADDRESS",
        pattern=rf"\b{_CITY},{SPACE}*(?:(?:{_SURE_STATES})\b(?:{_COMMA}{_ZIP})?|(?:{_STATES}){_COMMA}{_ZIP})",
        trigger=r",[ \t\n\v\f\r]*[A-Z][A-Z]",
        confidence=0.8,
        validator=addresses.city,
    ),
    Detector(
        name="state_zip",
        type="ADDRESS",
        pattern=rf"\b(?:{_SURE_STATES}|HI|IN|MA|ME|OK|OR|PA){_S}{_ZIP}",
        confidence=0.75,
    ),
    Detector(
        name="zip_plus_four",
        type="ADDRESS",
        pattern=r"\b[0-9]{5}-[0-9]{4}\b",
        confidence=0.55,
        validator=addresses.code_alone,
    ),
    Detector(
        name="postcode_uk",
        type="ADDRESS",
        pattern=rf"\b{_POSTCODE_UK}",
        confidence=0.75,
        trigger=r"[0-9][A-Z]{2}",
        validator=addresses.postcode_uk,
    ),
    Detector(
        name="postcode_canada",
        type="ADDRESS",
        pattern=rf"\b{_POSTCODE_CA}",
        confidence=0.75,
        trigger=r"[A-Z][0-9][A-Z]",
        validator=addresses.postcode_canada,
    ),
    Detector(
        name="postal_code",
        type="ADDRESS",
        pattern=rf"(?i:[A-Z]{{1,2}}[0-9][0-9A-Z]?{_O}[0-9][A-Z]{{2}}|[A-Z][0-9][A-Z]{_O}[0-9][A-Z][0-9]"
        rf"|[A-Z][0-9][0-9W]{_O}[0-9A-Z]{{4}}|[0-9]{{5}}[ -]?[0-9]{{3,4}}|[0-9]{{2,3}} [0-9]{{3}}|[0-9]{{4,6}})\b",
        context=(
            f"zip(?:{OF}code)?", f"post(?:al)?{OF}codes?", f"pin{OF}?code", "eircode", f"c[oó]d(?:igo|\\.)?{OF}postal",
            f"code{OF}postal", "plz", "postleitzahl", "cep", f"codice{OF}(?:di{OF}avviamento{OF})?postale", "postcode",
            "postnummer", "kod pocztowy", "индекс", "邮编", "郵便番号", "우편번호",
        ),
        validator=addresses.postal_code,
        confidence=0.72,
    ),
    Detector(
        name="postal_code_short",  # CAP 00184: words so short that nothing may part them from the number
        type="ADDRESS",
        pattern=r"(?:^|[^A-Za-z0-9\x00])(?i:c\.?p\.?|cap)[ .:#=-]{1,3}([0-9]{5})\b",
        confidence=0.72,
    ),
    Detector(
        name="town_europe",
        type="ADDRESS",
        pattern=rf"(?:[,;(\n-]|[0-9a-zºª°]\.|s/n,?|\bin){SPACE}*(?:(?:[A-Z]{{1,2}}-)?((?:0[1-9]"
        rf"|[1-9][0-9])[0-9]{{3}}{_S}{_CITY}))",
        confidence=0.62,
        validator=addresses.town,
    ),
    Detector(
        name="postcode_netherlands",
        type="ADDRESS",
        pattern=rf"\b[1-9][0-9]{{3}}{SPACE}*[A-Z]{{2}}{_COMMA}{_CITY}",
        confidence=0.6,
        validator=addresses.postcode_nl,
    ),
    Detector(
        name="postcode_portuguese",
        type="ADDRESS",
        pattern=rf"\b[0-9]{{5}}-[0-9]{{3}}\b|\b[0-9]{{4}}-[0-9]{{3}}{_S}{_CITY}",
        confidence=0.6,
        validator=addresses.code_alone,
        languages=("pt",),
    ),
    Detector(
        name="street_spanish",
        type="ADDRESS",
        pattern=rf"\b(?:[Cc]/\.?|(?:[Aa]v(?:d|da|gda)?|Pl(?:a?za)?|Pza|Cno|Ctra|Urb|Jr|P[ºo])\.|P\.?º){SPACE}*"
        rf"{_ANY_NAMES}{_NO}(?:[0-9]{{1,4}}(?:-[0-9]{{1,4}})?(?:{SPACE}?[A-Za-z]\b)?|[sS]/[nN]"
        rf"|[Kk]m\.?{SPACE}*[0-9]{{1,4}}){_FLOOR}{{0,3}}{_EUROPEAN_TAIL}"
        rf"|\b(?:Calle|CALLE|Avda|[Aa]venida|AVENIDA|[Aa]vinguda|Plaza|Pza|Pla[cç]a|Paseo|Ronda|Traves[ií]a|Camino"
        rf"|Carretera|Ctra|Glorieta|Urbanizaci[oó]n"
        rf"|Pol[ií]gono|Rambla|Carrer|Passeig|Callej[oó]n|Cuesta|Costanilla|Jir[oó]n|Barrio|Paraje){_S}"
        rf"{_ANY_NAMES}{_NO}(?:[0-9]{{1,4}}(?:-[0-9]{{1,4}})?(?:{SPACE}?[A-Za-z]\b)?|[sS]/[nN]"
        rf"|[Kk]m\.?{SPACE}*[0-9]{{1,4}}){_FLOOR}{{0,3}}{_EUROPEAN_TAIL}"
        rf"|\bcalle{_S}{_ANY_NAMES}(?:{SPACE}*,{SPACE}*[0-9]{{1,4}}\b"
        rf"|{SPACE}*,?{SPACE}*s/n){_FLOOR}{{0,3}}{_EUROPEAN_TAIL}"
        rf"|\b{_NAME}(?:{_S}(?:{_NAME}|{_PARTICLE})){{0,4}}{_COMMA}[sS]/[nN]{_EUROPEAN_TAIL}"
        rf"|\bcalle{_S}{_NAMES}{_NO}(?:[0-9]{{1,4}}\b|s/n){_FLOOR}{{0,3}}{_EUROPEAN_TAIL}"
        rf"|\b(?:Calle|Carrera|Cra\.?|Cl\.?|Cll\.?|Diagonal|Transversal"
        rf"|Kr\.?){_S}[0-9]{{1,3}}{SPACE}*[A-Za-z]?{SPACE}*(?:#|No\.?"
        rf"|N[º°.]){SPACE}*[0-9]{{1,3}}[A-Za-z]?{SPACE}*-?{SPACE}*[0-9]{{0,3}}",
        confidence=0.8,
        validator=addresses.street_romance,
        languages=("es", "ca", "gl", "eu"),
    ),
    Detector(
        name="street_french",
        type="ADDRESS",
        pattern=rf"\b[0-9]{{1,4}}(?:{SPACE}*(?:bis|ter|quater|[A-D])\b)?,?{_S}(?i:rue|avenue|av\.|boulevard|bd\.?"
        rf"|blvd|place|all[eé]es?|chemin|impasse|quai|route|square|passage|faubourg"
        rf"|sentier|voie|r[eé]sidence|rond-point|esplanade|promenade){_S}{_NAMES}{_EUROPEAN_TAIL}",
        confidence=0.85,
        languages=("fr",),
    ),
    Detector(
        name="street_italian",
        type="ADDRESS",
        pattern=rf"\b(?:Via|V\.le|Viale|Piazza|P\.zza|P\.za|Piazzale|P\.le|Corso|C\.so|Vicolo|Contrada|Lungotevere"
        rf"|Lungarno|Strada|Borgo|Salita|Largo){_S}{_NAMES}{_NO}[0-9]{{1,4}}(?:/[A-Za-z0-9]{{1,3}}"
        rf"|[A-Za-z])?\b{_FLOOR}{{0,2}}{_EUROPEAN_TAIL}"
        rf"|\b(?:via|viale|piazza|corso){_S}{_NAMES},?{_S}[0-9]{{1,4}}(?:/[A-Za-z0-9]{{1,3}})?(?:{SPACE}"
        rf"|[,-])+[0-9]{{5}}{_S}{_CITY}",
        confidence=0.75,
        validator=addresses.street_romance,
        languages=("it",),
    ),
    Detector(
        name="street_portuguese",
        type="ADDRESS",
        pattern=rf"\b(?:Rua|R\.|Avenida|Av\.|Travessa|Tv\.|Pra[cç]a|Alameda|Al\.|Estrada|Rodovia|Rod\.|Largo|Ladeira"
        rf"|Beco|Cal[cç]ada){_S}{_NAMES}{_NO}(?:[0-9]{{1,5}}[A-Z]?\b|s/n){_FLOOR}{{0,3}}"
        rf"(?:(?:{SPACE}|[,-])+(?:[0-9]{{4,5}}-[0-9]{{3}}{_S})?{_CITY})?",
        confidence=0.75,
        validator=addresses.street_romance,
        languages=("pt",),
    ),
    Detector(
        name="street_germanic",
        type="ADDRESS",
        pattern=rf"\b(?:{_NAME}{_S}){{0,2}}(?:[{_CAPITAL}][{LETTERS}'.-]*(?:stra(?:ß|ss)e|str\.?|gasse|weg|platz"
        rf"|allee|damm|ufer|straat|laan|gracht|plein|kade|gatan|gata|v[aä]gen|vej|gade|veien|katu|tie|polku)"
        rf"|(?:Stra(?:ß|ss)e|Str\.|Platz|Allee|Weg|ul\."
        rf"|[Uu]lica)(?:{_S}{_NAME}){{0,3}}){_S}[0-9]{{1,4}}(?:{SPACE}?[a-hA-H]\b)?(?:[-/][0-9]{{1,4}}[a-h]?)?\b{_EUROPEAN_TAIL}",
        confidence=0.8,
        validator=addresses.street_romance,
    ),
    Detector(
        name="street_postcode",  # any name and number, with a postcode and a town after it
        type="ADDRESS",
        pattern=rf"\b{_NAME}(?:{_S}(?:{_NAME}"
        rf"|{_PARTICLE})){{0,4}},?{_S}[0-9]{{1,4}}(?:-[0-9]{{1,4}})?[a-z]?(?:{SPACE}"
        rf"|[,.-])+(?:[A-Z]{{1,2}}-)?[0-9]{{5}}{_S}{_CITY}",
        confidence=0.75,
        validator=addresses.street_romance,
    ),
    Detector(
        name="address_label",
        type="ADDRESS",
        pattern=rf"(?:^|[\n.,;|(]{SPACE}*|(?i:home|mailing|billing|shipping|postal|street|residential|delivery"
        rf"|current|permanent|branch|his|her|my|our|your|their|patient){_S})"
        rf"(?i:address(?:es)?|domicilio|direcci[oó]n|adresse|anschrift|wohnhaft|indirizzo|residenza|endere[cç]o"
        rf"|morada){SPACE}*:{SPACE}*([^\n\x00|;@:]+)",
        confidence=0.7,
        validator=addresses.labelled,
    ),
    Detector(
        name="place_label",
        type="ADDRESS",
        pattern=rf"(?:^|[\n.,;|(]{SPACE}*)(?:Localidad(?:/{SPACE}*Provincia)?|Ciudad|Poblaci[oó]n|Provincia|Municipio"
        rf"|Pa[ií]s|City|Country|Town|County|Ville|Commune|Pays|Stadt|Wohnort|Ort|Citt[aà]|Comune"
        rf"|Paese|Cidade|Munic[ií]pio){SPACE}*:{SPACE}*({_CITY}(?:{SPACE}*,{SPACE}*{_CITY})?)",
        validator=addresses.place,
        trigger=r"(?:Localidad|Ciudad|Poblaci.{1,2}n|Provincia|Municipio|Pa.{1,2}s|City|Country|Town|County|Ville"
        r"|Commune|Pays|Stadt|Wohnort|Ort|Citt.{1,2}|Comune|Paese|Cidade|Munic.{1,2}pio)[ \t\n\v\f\r]*:",
        confidence=0.7,
    ),
)  # fmt: skip
