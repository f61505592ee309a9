"""Cards and bank accounts."""

from __future__ import annotations

from transforms.pii.detectors.detector import LONG_WORD, OF, SPACE, Detector, announced
from transforms.pii.validators import finance, shaped

_COUNTRY = rf"[A-Za-z]{{2}}[0-9]{{2}}(?:{SPACE}+|-)?[A-Za-z0-9]"
_SEP = rf"(?:{SPACE}+|-)?"
_BASE58 = "1-9A-HJ-NP-Za-km-z"
_CVV_WORDS = (
    rf"cvv2?|cvc2?|cvn2?|csc|cid|security{OF}code|card{OF}verification{OF}(?:value|code|number)|c[oó]d(?:igo"
    rf"|\.)?{OF}de{OF}seguridad"
    rf"|code{OF}de{OF}s[eé]curit[eé]|cryptogramme(?:{OF}visuel)?|(?:karten)?pr[uü]f(?:nummer|ziffer)|sicherheitscode"
    rf"|codice{OF}di{OF}sicurezza|c[oó]digo{OF}de{OF}seguran[cç]a"
)
_EXPIRY_WORDS = (
    rf"exp|expiry|expir(?:es|ing|ation|e|a|aci[oó]n)|expires{OF}on|exp(?:iry|iration)?{OF}dates?|valid{OF}(?:thru"
    rf"|through|until|till|to)"
    rf"|good{OF}thru|caduca(?:{OF}en)?|caducidad|fecha{OF}de{OF}(?:caducidad|vencimiento|expiraci[oó]n)|vencimiento"
    rf"|vence|v[aá]lida?{OF}(?:hasta|at[eé])"
    rf"|date{OF}d{OF}expiration|expirant{OF}le|valable{OF}jusqu{OF}(?:au?|en)|g[uü]ltig{OF}bis|ablaufdatum"
    rf"|l[aä]uft{OF}ab|scadenza"
    rf"|scade|valida{OF}fino{OF}al?|data{OF}di{OF}scadenza|validade|expira"
)
_MONTH_YEAR = rf"(?:0[1-9]|1[0-2]){SPACE}*[/-]{SPACE}*(?:20)?[0-9]{{2}}\b"
# Words that announce an account; those that are also verbs (compte, conta, cuenta) with a further word.
_ACCOUNT_WORDS = (
    rf"accounts?|account{OF}(?:holder{OF})?(?:no|number|num|id|code)|acct|acc|a/c|bank{OF}details|ccc|rib|clabe|cbu"
    rf"|(?:n[uú]mero|n[º°]|n\.?o|n\.?[º°]){OF}(?:de{OF})?(?:la{OF})?cuenta|cuenta{OF}(?:bancaria|corriente|n[uú]mero"
    rf"|n[º°.o]+|de{OF}ahorros?)|cta"
    rf"|num[eé]ro{OF}de{OF}compte|n[°º]{OF}(?:de{OF})?compte|compte{OF}(?:bancaire|courant|n[°º.o]+|num[eé]ro)"
    rf"|konto|kontonummer|konto-?nr|bankkonto|conto{OF}(?:corrente|bancario|n[°º.o]+|numero)|numero{OF}di{OF}conto|c/c"
    rf"|conta{OF}(?:corrente|banc[aá]ria|poupan[cç]a|n[º°.o]+|n[uú]mero)|n[uú]mero{OF}da{OF}conta|rekening(?:nummer)?"
)
_ROUTING_WORDS = (
    rf"routing|(?:aba|bank){OF}routing|routing{OF}transit|aba|rtn|transit|institution{OF}(?:and{OF}transit|number)"
    rf"|sort{OF}codes?"
    r"|bsb|blz|bankleitzahl|ifsc|micr"
)
_WALLET_WORDS = (
    rf"(?:crypto|bitcoin|btc|eth|ethereum|ltc|litecoin|doge|dogecoin|solana|sol|xrp|ripple|tron|trx|usdt|cardano|ada"
    rf"|monero|xmr"
    rf"|wallet|deposit|receiving){OF}(?:wallet{OF})?(?:address|adresse|direcci[oó]n|id)|(?:crypto|bitcoin|btc"
    rf"|ethereum|eth){OF}wallet"
    rf"|wallet|billetera|portefeuille|portafoglio|carteira"
)

ROWS = (
    Detector(
        name="iban",
        type="INTERNATIONAL_BANK_ACCOUNT_NUMBER",
        pattern=rf"\b[A-Za-z]{{2}}[0-9]{{2}}(?:(?:{SPACE}+|-)?[A-Za-z0-9]){{11,30}}",
        trigger=_COUNTRY,
        confidence=0.99,
        validator=finance.iban,
    ),
    Detector(
        name="iban_context",
        type="INTERNATIONAL_BANK_ACCOUNT_NUMBER",
        pattern=rf"[A-Za-z]{{2}}[0-9]{{2}}(?:(?:{SPACE}+|-)?[A-Za-z0-9]){{11,30}}",
        trigger=_COUNTRY,
        confidence=0.6,
        validator=finance.iban_length,
        context=("iban",),
    ),
    Detector(
        name="card",
        type="CREDIT_DEBIT_NUMBER",
        pattern=rf"\b[0-9]{{3}}(?:(?:{SPACE}+|[-.])?[0-9]){{9,16}}\b",
        confidence=0.95,
        validator=finance.card,
    ),
    Detector(
        name="card_context",
        type="CREDIT_DEBIT_NUMBER",
        pattern=rf"[0-9](?:(?:{SPACE}+|[-.])?[0-9]){{11,18}}\b",
        confidence=0.6,
        context=(
            "amex", "card", "carta", "cart[aã]o", "carte", "cc", "credit", "debit", "karte", "kreditkarte",
            "mastercard", "tarjeta",
            "visa",
        ),
    ),
    Detector(
        name="card_masked",
        type="CREDIT_DEBIT_NUMBER",
        pattern=rf"(?:(?:[*xX#]{{4}}|[0-9]{{4}})(?:{SPACE}|-)?)(?:(?:[*xX#•]{{4}})(?:{SPACE}|-)?){{1,2}}[0-9]{{3,4}}\b",
        confidence=0.7,
    ),
    Detector(
        name="card_ending",
        type="CREDIT_DEBIT_NUMBER",
        pattern=announced(
            rf"(?:card|tarjeta|visa|mastercard|amex){OF}(?:ending|ends|terminada|acabada|que{OF}termina)(?:{OF}(?:in"
            rf"|with|en))?",
            r"[0-9]{4}\b",
        ),
        confidence=0.7,
        validator=finance.alone,
    ),
    Detector(
        name="card_cvv",
        type="CREDIT_DEBIT_CVV",
        pattern=announced(_CVV_WORDS, r"[0-9]{3,4}\b"),
        confidence=0.8,
        validator=finance.alone,
    ),
    Detector(
        name="card_expiry",
        type="CREDIT_DEBIT_EXPIRY",
        pattern=announced(_EXPIRY_WORDS, _MONTH_YEAR),
        confidence=0.8,
        validator=finance.alone,
    ),
    Detector(
        name="card_expiry_after_number",
        type="CREDIT_DEBIT_EXPIRY",
        pattern=rf"[0-9]{{2}}(?:{SPACE}|[,;|-])+({_MONTH_YEAR})",
        confidence=0.7,
        validator=finance.after_card,
    ),
    Detector(
        name="swift",
        type="SWIFT_CODE",
        pattern=announced(
            rf"swift(?:{OF}(?:/{OF})?bic)?|bic(?:{OF}(?:/{OF})?swift)?", r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?\b"
        ),
        trigger=r"(?i:swift|bic)",
        confidence=0.9,
        validator=finance.swift,
    ),
    Detector(
        name="swift_near",
        type="SWIFT_CODE",
        pattern=r"\b[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?\b",
        trigger=r"[A-Z]{6}",
        confidence=0.6,
        validator=finance.swift_near,
    ),
    Detector(
        name="bank_account",
        type="BANK_ACCOUNT_NUMBER",
        pattern=announced(_ACCOUNT_WORDS, rf"(?:[A-Za-z]{{2,8}}[-~]?)?[0-9](?:{_SEP}[0-9]){{4,19}}\b"),
        confidence=0.74,
    ),
    Detector(
        name="bank_account_ending",
        type="BANK_ACCOUNT_NUMBER",
        pattern=announced(rf"(?:account|acct){OF}(?:ending|ends)(?:{OF}(?:in|with))?|cuenta{OF}(?:terminada"
        rf"|que{OF}termina){OF}en", r"[0-9]{3,4}\b"),
        confidence=0.7,
        validator=finance.alone,
    ),
    Detector(
        name="bank_account_ccc",
        type="BANK_ACCOUNT_NUMBER",
        pattern=rf"\b[0-9]{{4}}{_SEP}[0-9]{{4}}{_SEP}[0-9]{{2}}{_SEP}[0-9]{{10}}\b",
        confidence=0.8,
        validator=finance.ccc,
        languages=("es", "ca", "eu", "gl"),
    ),
    Detector(
        name="bank_routing",
        type="BANK_ROUTING",
        pattern=announced(
            _ROUTING_WORDS, rf"[0-9]{{2}}{_SEP}[0-9]{{2}}{_SEP}[0-9]{{2}}\b|[0-9](?:{_SEP}[0-9]){{7,8}}\b"
            rf"|[A-Z]{{4}}0[A-Z0-9]{{6}}\b"
        ),
        confidence=0.85,
    ),
    Detector(
        name="bank_routing_bare",
        type="BANK_ROUTING",
        pattern=r"\b[0-9]{4}-[0-9]{4}-[0-9]\b",
        confidence=0.7,
        validator=finance.routing,
    ),
    Detector(
        name="wallet_base58",
        type="CRYPTO_WALLET_ADDRESS",
        pattern=rf"\b[13LMDXTr2mn][{_BASE58}]{{24,34}}\b",
        trigger=LONG_WORD,
        confidence=0.99,
        validator=finance.base58check,
    ),
    Detector(
        name="wallet_bech32",
        type="CRYPTO_WALLET_ADDRESS",
        pattern=r"\b(?:bc|BC|tb|TB|ltc|LTC|tltc|bcrt|addr|stake)1[02-9AC-HJ-NP-Zac-hj-np-z]{11,110}\b",
        confidence=0.99,
        validator=finance.bech32,
    ),
    Detector(
        name="wallet_hex",
        type="CRYPTO_WALLET_ADDRESS",
        pattern=r"\b0x[0-9A-Fa-f]{40}\b",
        confidence=0.95,
    ),
    Detector(
        name="wallet_monero",
        type="CRYPTO_WALLET_ADDRESS",
        pattern=rf"\b[48][0-9AB][{_BASE58}]{{93}}\b",
        confidence=0.95,
        trigger=LONG_WORD,
    ),
    Detector(
        name="wallet_context",
        type="CRYPTO_WALLET_ADDRESS",
        pattern=announced(_WALLET_WORDS, r"(?:[a-z]{1,10}[:1])?[A-Za-z0-9]{25,110}\b"),
        confidence=0.7,
        validator=shaped,
    ),
)  # fmt: skip
