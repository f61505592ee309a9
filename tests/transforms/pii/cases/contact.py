"""Cases: texts with the find between « and », and texts that are left alone."""

FOUND = {
    "email": [
        "mail «joe@example.com».",
        "«joe+tag@mail.example.co.uk», please",
        "<«o'brien_99@example.org»>",
        "«jo_e@my-example.com»",
        "mailto:«joe@example.com»",
        "«josé@example.com»",
        "«a@xn--d1acufc.xn--p1ai»",
        "«jo@例え.jp»",
        "邮箱«joe@example.com»谢谢",
    ],
    "phone_international": [
        "«+44 20 7946 0958»",
        "«+49 (0)30 123456»",
        "«+1 (212) 555-0187»",
        "«+12125550187»",
        "«0044 20 7946 0958»",
        "«+1-212-555-0187 ext. 12»",
        "«+33 6 12 34 56 78», or",
    ],
    "phone_us": [
        "«212-555-0187»",
        "«(212) 555-0187»",
        "«212.555.0187»",
        "«1-800-555-0199»",
        "on «212 555 0187».",
        "_«212-555-0187»_",
        "«(212)555-0187x11144»",
    ],
    "phone_trunk": [
        "«07700 900123»",
        "«06 12 34 56 78»",
        "«06.12.34.56.78»",
        "«030/1234567»",
        "«(020) 7946 0958»",
        "«06-10446904»",
    ],
    "phone_nine": ["«633 349 565»"],
    "phone_context": [
        "call «2125550187»",
        "tel: «467 3395»",
        "Phone number is «555-0187».",
        "móvil «633349565»",
        "fax no. «99 668472»",
    ],
}

CLEAN = [
    "on 2026-11-22 at 10:00",
    "2026-11-22T10:00:00Z",
    "call on 22.11.2026",
    "01.02.2026 12:30 and 22/11/2026",
    "02.02.26-05.02.26",
    "12:30:45",
    "$1,234,567.89 or 1.234.567,89 or 1 234 567.89",
    "650 000 000 and 1 650 300 200",
    "order #4500123, invoice 1000004500123",
    "call me about order 4500123",
    "@handle, joe@localhost, 5 @ 3.50",
    "call [PHONE] 467 3395",
]
