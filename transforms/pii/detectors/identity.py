"""Numbers of one person, as a word says: patient, policy, member, customer, employee, student, licence of a doctor.

Numbers of things and events (orders, invoices, tickets, cases, parcels) are none.
"""

from __future__ import annotations

from transforms.pii.context import THINGS
from transforms.pii.detectors.detector import CODE, OF, SPACE, Detector
from transforms.pii.validators import government, identity, shaped

_APOSTROPHE = "['\u2019]"
_SEP = rf"(?:{SPACE}+|[-/.])?"

# Of whom or of what in English, then what says that it is a number.
_OF_WHOM = (
    "applicant|beneficiary|borrower|certificate|citizen|claim(?:ant)?|client|contract|customer|donor|employee"
    "|enrol{1,2}ment"
    "|faculty|group|guest|health|identification|identity|inmate|insurance|insured|investor|licensee|loan|loyalty"
    "|medical|medicaid"
    "|medicare|member(?:ship)?|national|officer|owner|participant|passenger|patient|payroll|person(?:al|nel)?"
    "|policy(?:holder)?|prescri(?:ber|ption)"
    "|pension|provider|register|resident|reward|military|service|social|staff|student|subscriber|user|tax(?:payer)?|tenant"
    "|vet(?:eran)?|worker"
    "|nursing|physician|professional|badge|voter|pupil|matriculation|roll|visa|green|alien|employer|encounter"
    "|admission|episode|visit"
)
_NUMBER = (
    rf"id(?:entifier|entification|s)?(?:{OF}(?:no|number|code|card))?|nos?|nr|num(?:ber)?s?|#|code"
    rf"|card(?:{OF}(?:no|number|id))?"
)
_ENGLISH = (
    rf"(?:{_OF_WHOM})(?:'s)?(?:{OF}(?:account|benefit|card|contract|file|health|identification|identity|insurance"
    rf"|licen[cs]e|member|plan|policy"
    rf"|program|record|reference|registration|security|service|holder)){{0,2}}{OF}(?:{_NUMBER})"
    rf"|medical{OF}record|mrn|nhin|npi|dea|ein|tin|mbi|emr|ni number|tfn|a-number|uscis|nin|nrc|bvn|pps|ppsn"
    rf"|imei(?:{OF}[12])?|iccid|known{OF}travell?er|ktn|redress(?:{OF}control)?|global{OF}entry|frequent{OF}fl[iy]er|skymiles"
    rf"|mileage{OF}plus|aadvantage|avios"
)

ROWS = (
    Detector(
        name="id_english",
        type="ID_NUMBER",
        pattern=CODE,
        context=(_ENGLISH,),
        confidence=0.7,
        validator=shaped,
        unless=THINGS,
    ),
    Detector(
        name="id_alone",
        type="ID_NUMBER",
        pattern=rf"(?:^|[\n,;.(|]{SPACE}*)(?:ID|Id|id)(?:{OF}(?:[Nn]o|[Nn]umber)\.?)?{SPACE}*[:#=]{SPACE}*#?({CODE})",
        confidence=0.55,
        validator=shaped,
    ),
    Detector(
        name="id_spanish",
        type="ID_NUMBER",
        pattern=rf"{CODE}|(?:NHC|nhc){OF}{CODE}",
        context=(
            (
                rf"nhc|n\.h\.c|nass|nuss|nss|cipa?|sip|n\.?[ºo°]?\.?{OF}col(?:egiad[oa]|\.)?"
                rf"|col(?:egiad[oa])?{OF}n\.?[ºo°]?|colegiad[oa]"
                rf"|(?:n[uú]mero|n[uú]m|n[º°o.]+){OF}(?:de{OF})?(?:la{OF})?(?:historia|paciente|p[oó]liza|afiliad[oa]"
                rf"|afiliaci[oó]n|asegurad[oa]|tarjeta"
                rf"|empleado|cliente|soci[oa]|alumn[oa]|matr[ií]cula|seguridad|identificaci[oó]n|identidad|seguro"
                rf"|documento|c[eé]dula|expediente{OF}acad[eé]mico)"
                rf"(?:{OF}(?:cl[ií]nica|sanitaria|social|de{OF}identidad|m[eé]dic[oa]))?"
                rf"|historia{OF}(?:cl[ií]nica)|p[oó]liza|afiliaci[oó]n|tarjeta{OF}sanitaria|seguridad{OF}social"
                rf"|c[eé]dula(?:{OF}de{OF}(?:identidad|ciudadan[ií]a))?"
                rf"|legajo|episodio|cuil|cuit|curp|rfc|rut|c\.i|(?:id|c[oó]digo){OF}(?:de(?:l)?{OF})?(?:paciente|cliente"
                rf"|empleado|usuario|socio|alumno|asegurado)"
            ),
        ),
        confidence=0.75,
        validator=shaped,
        languages=("es",),
    ),
    Detector(
        name="id_french",
        type="ID_NUMBER",
        pattern=CODE,
        context=(
            (
                rf"(?:num[eé]ro|n[°ºo.]+|id(?:entifiant)?|code){OF}(?:de{OF}|du{OF}|d{OF}|de{OF}la{OF})?(?:patient"
                rf"|dossier{OF}m[eé]dical|assur[eé]e?|police|client|adh[eé]rent"
                rf"|[eé]tudiant|employ[eé]|salari[eé]|contrat|carte|allocataire|abonn[eé]|s[eé]jour"
                rf"|s[eé]curit[eé]{OF}sociale|permis|membre)"
                rf"(?:{OF}(?:d{OF}identit[eé]|vitale|nationale))*|ipp|rpps|adeli|matricule|carte{OF}(?:vitale"
                rf"|d{OF}identit[eé])|cni"
            ),
        ),
        confidence=0.72,
        validator=shaped,
        languages=("fr",),
    ),
    Detector(
        name="id_german",
        type="ID_NUMBER",
        pattern=CODE,
        context=(
            (
                rf"(?:patienten|versicherten|versicherungs|versicherungsschein|kunden|mitglieds?|personal|personalausweis"
                rf"|ausweis|matrikel|krankenversicherten"
                rf"|krankenversicherungs|sozialversicherungs|rentenversicherungs|fall|policen|vertrags|mitarbeiter|arzt"
                rf"|studenten|sch[uü]ler|steuer|umsatzsteuer"
                rf"|krankenkassen|betriebsst[aä]tten){OF}(?:nummer|nr|id|kennung)|(?:personal)?ausweis|ust-?id(?:nr)?"
                rf"|kvnr|rvnr|lanr|bsnr|svnr|sv-?nummer|ahv(?:{OF}(?:nr|nummer))?"
                rf"|versicherten{OF}nr|e?gk{OF}nummer|perso"
            ),
        ),
        confidence=0.72,
        validator=shaped,
        languages=("de",),
    ),
    Detector(
        name="id_italian",
        type="ID_NUMBER",
        pattern=CODE,
        context=(
            (
                rf"(?:numero|n\.?[°º]?|codice|id){OF}(?:di{OF}|del(?:la)?{OF}|dell{OF})?(?:paziente|cartella|tessera"
                rf"|polizza|cliente|assistito|documento|carta|soci[oa]"
                rf"|dipendente|matricola|studente|iscrizione|assicurat[oa]|patente)(?:{OF}(?:clinica|sanitaria"
                rf"|d{OF}identit[aà]|elettronica))*"
                rf"|matricola|tessera{OF}sanitaria|carta{OF}d{OF}identit[aà]|cie|polizza|partita{OF}iva|p\.?{OF}iva"
            ),
        ),
        confidence=0.72,
        validator=shaped,
        languages=("it",),
    ),
    Detector(
        name="id_portuguese",
        type="ID_NUMBER",
        pattern=CODE,
        context=(
            (
                rf"(?:n[uú]mero|n[º°o.]+|c[oó]digo|id){OF}(?:d[eoa]{OF})?(?:paciente|prontu[aá]rio|cliente|ap[oó]lice"
                rf"|benefici[aá]rio|utente|matr[ií]cula|funcion[aá]rio"
                rf"|cart[aã]o|s[oó]cio|aluno|segurad[oa]|processo{OF}cl[ií]nico|identidade|contribuinte"
                rf"|seguran[cç]a)(?:{OF}(?:sus|social|(?:de{OF}|do{OF})cidad[aã]o|de{OF}sa[uú]de))*"
                rf"|prontu[aá]rio|matr[ií]cula|ap[oó]lice|rg|niss|sns|cns|crm(?:[/-][A-Z]{{2}})?|pis(?:/pasep)?|nit"
                rf"|t[ií]tulo{OF}de{OF}eleitor|cart[aã]o{OF}(?:de|do){OF}cidad[aã]o"
                rf"|cart[aã]o{OF}(?:do{OF})?sus|bilhete{OF}de{OF}identidade|carteira{OF}de{OF}identidade|utente"
                rf"|contribuinte"
            ),
        ),
        confidence=0.72,
        validator=shaped,
        languages=("pt",),
    ),
    Detector(
        name="id_elsewhere",
        type="ID_NUMBER",
        pattern=rf"[A-Za-z]?[0-9]{{2}}(?:{_SEP}[0-9]){{2,12}}[A-Za-z]?\b",
        context=(
            (
                rf"cpr(?:-?nr|-?nummer)?|personnummer|pnr|fødselsnummer|henkilötunnus|hetu|tckn"
                rf"|kimlik(?: no)?|nric|fin|rrn|frn|hkid|tnin|thai{OF}(?:national{OF})?id"
            ),
        ),
        confidence=0.7,
    ),
    Detector(
        name="id_answer",  # asked for in one line of a conversation, given in the next
        type="ID_NUMBER",
        pattern=rf"(?i:it{_APOSTROPHE}?s|it{SPACE}+is|that{_APOSTROPHE}?s|that{SPACE}+is)[ #:]+({CODE})",
        confidence=0.6,
        validator=identity.answer,
        languages=("en",),
    ),
    Detector(
        name="iccid",  # of a SIM card
        type="ID_NUMBER",
        pattern=r"\b89[0-9]{17,18}\b",
        confidence=0.75,
        validator=identity.iccid,
        unless=THINGS,
    ),
    Detector(
        name="medicare",
        type="ID_NUMBER",
        pattern=r"\b[1-9][AC-HJKMNP-RT-Yac-hjkmnp-rt-y][0-9AC-HJKMNP-RT-Yac-hjkmnp-rt-y][0-9]-?[AC-HJKMNP-RT-Yac-hjkmnp-rt-y][0-9AC-HJKMNP-RT-Yac-hjkmnp-rt-y][0-9]-?"
        r"[AC-HJKMNP-RT-Yac-hjkmnp-rt-y]{2}[0-9]{2}\b",
        confidence=0.85,
        trigger=r"[0-9][A-Za-z][0-9A-Za-z][0-9]",
        unless=THINGS,
    ),
    Detector(
        name="medicare_au",
        type="ID_NUMBER",
        pattern=rf"\b[2-6][0-9]{{3}}{SPACE}+[0-9]{{5}}{SPACE}+[0-9]\b",
        confidence=0.7,
        validator=government.medicare_au,
        unless=THINGS,
    ),
    Detector(
        name="tfn",
        type="ID_NUMBER",
        pattern=rf"[0-9]{{3}}{_SEP}[0-9]{{3}}{_SEP}[0-9]{{2,3}}\b",
        context=(rf"tfn|tax{OF}file{OF}(?:number|no)",),
        confidence=0.9,
    ),
    Detector(
        name="dea",
        type="ID_NUMBER",
        pattern=r"\b[ABCDEFGHJKLMPRSTUX][A-Z9][0-9]{7}\b",
        confidence=0.7,
        validator=government.dea,
        unless=THINGS,
    ),
)
