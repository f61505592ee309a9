"""Countries by the names that stand in addresses: the English one, and others of it in six languages.

Left out are Georgia, which is a state of the United States as well, and Jordan and Chad, which are people's names.
"""

from __future__ import annotations

_PLAIN = """
Afghanistan Albania Algeria Andorra Angola Argentina Armenia Australia Austria Azerbaijan Bahamas Bahrain Bangladesh
Barbados Belarus Belgium Belize Benin Bhutan Bolivia Botswana Brazil Brunei Bulgaria Burundi Cambodia Cameroon Canada
Chile China Colombia Comoros Croatia Cuba Cyprus Czechia Denmark Djibouti Dominica Ecuador Egypt Eritrea Estonia
Eswatini Ethiopia Fiji Finland France Gabon Gambia Germany Ghana Greece Greenland Grenada Guatemala Guinea Guyana
Haiti Honduras Hungary Iceland India Indonesia Iran Iraq Ireland Israel Italy Jamaica Japan Kazakhstan Kenya Kiribati
Kosovo Kuwait Kyrgyzstan Laos Latvia Lebanon Lesotho Liberia Libya Liechtenstein Lithuania Luxembourg Madagascar
Malawi Malaysia Maldives Mali Malta Mauritania Mauritius Mexico Micronesia Moldova Monaco Mongolia Montenegro Morocco
Mozambique Myanmar Namibia Nauru Nepal Netherlands Nicaragua Niger Nigeria Norway Oman Pakistan Palau Palestine Panama
Paraguay Peru Philippines Poland Portugal Qatar Romania Russia Rwanda Samoa Senegal Serbia Seychelles Singapore
Slovakia Slovenia Somalia Spain Sudan Suriname Sweden Switzerland Syria Taiwan Tajikistan Tanzania Thailand Togo Tonga
Tunisia Turkey Turkmenistan Tuvalu Uganda Ukraine Uruguay Uzbekistan Vanuatu Venezuela Vietnam Yemen Zambia Zimbabwe
"""
_SEVERAL_WORDS = (
    "Antigua and Barbuda|Bosnia and Herzegovina|Burkina Faso|Cape Verde|Central African Republic|Costa Rica|"
    "Dominican Republic|El Salvador|Equatorial Guinea|Ivory Coast|Marshall Islands|New Zealand|North Korea|"
    "North Macedonia|Papua New Guinea|Puerto Rico|San Marino|Saudi Arabia|Sierra Leone|Solomon Islands|South Africa|"
    "South Korea|South Sudan|Sri Lanka|Timor-Leste|Trinidad and Tobago|United Arab Emirates|"
    "United Kingdom|United States"
)
# English name -> other names of it.
_OTHERWISE = {
    "Algeria": "Algérie",
    "Austria": "Österreich|Autriche",
    "Belgium": "Belgique|België|Belgien|Bélgica|Belgio",
    "Brazil": "Brasil|Brésil|Brasilien|Brasile",
    "Canada": "Canadá|Kanada",
    "Czechia": "Czech Republic|Tschechien",
    "Denmark": "Danmark|Dänemark",
    "Dominican Republic": "República Dominicana",
    "Finland": "Suomi|Finnland",
    "France": "Francia|França|Frankreich",
    "Germany": "Deutschland|Allemagne|Alemania|Germania|Alemanha",
    "Greece": "Griechenland|Grèce|Grecia",
    "Ireland": "Irlanda|Irlande|Irland|Éire",
    "Italy": "Italia|Italie|Italien|Itália",
    "Ivory Coast": "Côte d'Ivoire",
    "Japan": "Japón|Japon",
    "Mexico": "México|Mexique|Mexiko|Messico",
    "Morocco": "Maroc|Marruecos",
    "Myanmar": "Burma",
    "Netherlands": "Nederland|The Netherlands|Holland|Pays-Bas|Países Bajos|Niederlande|Paesi Bassi",
    "Norway": "Norge|Norwegen",
    "Panama": "Panamá",
    "Peru": "Perú",
    "Poland": "Polska|Polen|Pologne|Polonia",
    "Portugal": "Portogallo",
    "South Korea": "Korea",
    "Spain": "España|Espagne|Spagna|Espanha|Spanien",
    "Sweden": "Sverige|Schweden",
    "Switzerland": "Schweiz|Suisse|Svizzera|Suiza|Suíça",
    "Tunisia": "Tunisie",
    "Turkey": "Türkiye|Türkei",
    "United Arab Emirates": "UAE",
    "United Kingdom": (
        "UK|U.K.|Great Britain|England|Scotland|Wales|Northern Ireland|Reino Unido|Royaume-Uni|Regno Unito|"
        "Großbritannien"
    ),
    "United States": (
        "New Mexico|USA|U.S.A.|US|Estados Unidos|États-Unis|Stati Uniti|Vereinigte Staaten|"
        "United States of America|EE. UU.|EE.UU."
    ),
    "Vietnam": "Viet Nam",
}

NAMES = frozenset((*_PLAIN.split(), *_SEVERAL_WORDS.split("|")))
ENGLISH = {name.casefold(): name for name in NAMES} | {
    name.casefold(): english for english, names in _OTHERWISE.items() for name in names.split("|")
}
