"""Cases: texts with the find between « and », and texts that are left alone."""

FOUND = {
    "iban": [
        "to «GB82 WEST 1234 5698 7654 32» AND MORE",
        "«gb82west12345698765432»",
        "«DE89370400440532013000».",
        "«NL91-ABNA-0417-1643-00»",
        "«MT84MALT011000012345MTLCAST001S»",
    ],
    "iban_context": ["IBAN: «GB00 WEST 1234 5698 7654 32»", "my iban is «DE00370400440532013000»"],
    "card": [
        "«4111 1111 1111 1111»",
        "«4111111111111111» 12/26",
        "1234 «4111-1111-1111-1111»",
        "«3714 496353 98431»",
        "«30569309025904»",
        "«5555.5555.5555.4444»",
        "«630427373398»",
    ],
    "card_context": [
        "CC «4012-8888-9999-1111»",
        "card number is «4012 8888 9999 1111»",
        "Visa: «4111111111111112»",
        "tarjeta «1234 5678 9012 3456»",
    ],
}

CLEAN = [
    "4111 1111 1111 1112",
    "GB83 WEST 1234 5698 7654 32",
    "[EMAIL] [PHONE] [CREDIT_DEBIT_NUMBER] [INTERNATIONAL_BANK_ACCOUNT_NUMBER] [SSN] [IP_ADDRESS] [URL]",
]
