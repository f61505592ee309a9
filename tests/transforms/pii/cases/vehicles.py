"""Cases: texts with the find between « and », and texts that are left alone."""

FOUND: dict[str, list[str]] = {
    "vin": ["a «1M8GDM9AXKP042788» there", "«1hgcm82633a004352»"],
    "vin_context": [
        "VIN: «WVWZZZ1JZ3W386752»",
        "bastidor «VSSZZZ6KZ1R123456»",
        "chassis number is «SALLAAA146A123456»",
    ],
    "plate_context": [
        "license plate «7ABC123»",
        "plate number is «ABC-1234» and",
        "matrícula «1234 BCD»",
        "Kennzeichen: «B AB 1234»",
        "targa «AB 123 CD»",
        "plaque d'immatriculation «AA-123-BB»",
        "placa «ABC1D23»",
    ],
    "plate_uk": ["the «AB51 ABC» in", "«BD62XYZ»", "«LN14-HGT»"],
    "plate_europe": ["«AB-123-CD» seen", "ein «M-AB 1234» stand"],
    "plate_far": ["«KA 01 AB 1234»", "«34 ABC 123» seen", "«ABJ-001AA»"],
}

CLEAN: list[str] = [
    "1M8GDM9A1KP042788 and 11111111111111111",
    "AB51 AIB, AB00 ABC, AB35 ABC, AQ51 ABC, ab51 abc",
    "82 ABC 123 and 31 ICT 2013",
    "the license plate is dirty, a plate of 12",
    "COVID-19, F-16, WINDOWS 10, B-52",
]
