"""Cases: texts with the find between « and », and texts that are left alone."""

FOUND: dict[str, list[str]] = {
    "id_english": [
        "Patient ID: «123456»",
        "MRN «12-345-678»",
        "medical record number: «A-45678»",
        "Your policy number is «POL123456789».",
        "Policy #: «789XYZ»",
        "Claim ID: «CL-123456789»",
        "member id «XYZ 123456»",
        "employee's number is «E12345»",
        "student ID «321654»",
        "health insurance card number «1234 567 890»",
        "medical license no. «ME12345»",
        "NPI «1003000126»",
    ],
    "id_alone": ["Name, ID: «789012»", "\nID #«45678», ok"],
    "id_spanish": [
        "NHC: «2569870».",
        "NASS: «28 26985366 56».",
        "NºCol: «28 28 20943».",
        "n.º de historia clínica «H-45678»",
        "CIPA: «nhc- 7134615»",
        "número de póliza: «AB-123456»",
        "tarjeta sanitaria «ABCD123456789»",
        "cédula de identidad «1.234.567»",
    ],
    "id_french": [
        "numéro de patient : «123456»",
        "n° de dossier médical «AB-4567»",
        "RPPS «10001234567»",
        "numéro client «C45678»",
    ],
    "id_german": ["Versichertennummer: «A12345»", "Kunden-Nr. «45678»", "Patienten-ID «P-7788»", "LANR «123456601»"],
    "id_italian": ["numero di cartella clinica «12345»", "matricola «A-4567»", "codice cliente: «C45678»"],
    "id_portuguese": ["prontuário nº «123456»", "número do utente: «1234567»", "RG «12.345.678-9»"],
    "id_elsewhere": ["personnummer «121212 1212»", "NRIC «S1234567A»"],
    "id_answer": ["Your customer record, please?\nCustomer: Sure, it's «12345».", "member id? It is «AB-4567»"],
    "medicare": ["«1EG4-TE5-MK73»", "«1EG4TE5MK73»"],
    "medicare_au": ["«2123 45670 1»"],
    "tfn": ["TFN «876 543 210»"],
    "dea": ["«BB1388568»"],
}

CLEAN: list[str] = [
    "Order ID: 1234567, invoice #12345, ticket number 45678, case number 2023-456",
    "order id? It's 45678",
    "the patient is 123 cm tall; a member of 1999; policy of 2020",
    "1SG4-TE5-MK73, 1EG4TE5MK734",
    "2123 45671 1",
    "BG8207031",
    "our customer number one, employee of the month 12",
]
