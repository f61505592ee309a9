"""Cases: texts with the find between « and », and texts that are left alone."""

FOUND = {
    "street_polish": ["«ul. Długa 8/14 m. 3, 31-147 Kraków»", "do «00-950 Warszawa» i"],
    "street_russian": ["на «ул. Ленина, д. 8, кв. 3» и", "«Садовая улица, дом 8»"],
    "street_turkish": ["adres: «Atatürk Caddesi No: 14/3»", "«Bahar Mahallesi Gül Sokak No 7 Daire 2»"],
}

CLEAN = {
    "street_polish": ("12-345 razy", "ul. bez numeru"),
    "street_russian": ("улица Ленина длинная", "5 улиц, дом большой"),
    "street_turkish": ("Cadde No", "Sokak dar, No 5"),
}
