"""Cases: texts with the find between « and », and near misses of each detector, left alone."""

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

CLEAN: dict[str, tuple[str, ...]] = {
    "vin": ("1M8GDM9A1KP042788 and 11111111111111111", "1M8GDM9AXKP042787"),
    "vin_context": ("VIN: ABCDEFGHJKLMNPRST", "the vin is on the door, the telaio is blue"),
    "plate_context": ("the license plate is dirty, a plate of 12", "plate 2024", "number plates and plates of 4"),
    "plate_uk": ("AB51 AIB, AB00 ABC, AB35 ABC, AQ51 ABC, ab51 abc", "part AB51 ABC", "model number: AB12XYZ"),
    "plate_europe": ("COVID-19, F-16, WINDOWS 10, B-52", "model AB-123-CD", "SKU: M-AB 1234"),
    "plate_far": ("82 ABC 123 and 31 ICT 2013", "serial ABC-123DE", "part no. ABC123DE"),
}
