"""Things that are called like people and places: firms, products, dishes, tools, books, days, and words at a beginning.

What the tagger takes them for stays. Only names that few people bear, or with the word beside them that says what they
are; a policy's own list takes them out all the same.
"""

from __future__ import annotations

_FIRMS = (
    "Abercrombie (?:&|and) Fitch|Alexander McQueen|Alfa Romeo|Applebee's|Arby's|Aston Martin|Aunt Jemima"
    "|Barnes (?:&|and) Noble|Ben (?:&|and) Jerry'?s|Ben Sherman|Betty Crocker|Black (?:&|and) Decker"
    "|Brooks Brothers|Calvin Klein|Captain Morgan|Carl's Jr|Cath Kidston|Charles Schwab|Charles Tyrwhitt|Chili's"
    "|Christian Dior|Christian Louboutin|Coco Chanel|Crate (?:&|and) Barrel|Daniel Wellington|Denny's|Donna Karan"
    "|Dr\\.? (?:Martens|Oetker|Pepper)|Duncan Hines|Eddie Bauer|Edward Jones|Elizabeth Arden|Emporio Armani"
    "|Ernest Jones|Est[eé]e Lauder|Ethan Allen|Fannie Mae|Fred Perry|Freddie Mac|Giorgio Armani|Goldman Sachs"
    "|H\\.? ?Samuel|Hamilton Beach|Hardee's|Harley[- ]Davidson|Harry Winston|Harvey Nichols|Helly Hansen"
    "|Hugo Boss|J\\.?P\\.? ?Morgan(?: Chase)?|Jack (?:&|and) Jones|Jack Daniel'?s|Jack Wills|Jack Wolfskin"
    "|Jim Beam|Jimmy Choo|Jimmy Dean|Jimmy John's|John Deere|John Lewis|Johnnie Walker|Johnson (?:&|and) Johnson"
    "|Kate Spade|Kenneth Cole|Kiehl's|Kohl's|Land Rover|Laura Ashley|Levi Strauss|Levi's|Little Caesars"
    "|Louis Vuitton|Lowe's|Macy's|Marc Jacobs|Marks (?:&|and) Spencer|Mary Kay|McDonald's|Mercedes[- ]Benz"
    "|Merrill Lynch|Michael Hill|Michael Kors|Morgan Stanley|Morphy Richards"
    "|Mrs?\\.? (?:Clean|Coffee|Fields|Muscle|Beast|Porky)|Newman's Own|Oscar Mayer|Papa John'?s|Patek Philippe"
    "|Paul Smith|Procter (?:&|and) Gamble|Ralph Lauren|Raymond James|Robert Dyas|Rolls[- ]Royce|Russell Hobbs"
    "|Sallie Mae|Sam(?:uel)? Adams|Sam's Club|Sara Lee|Smith (?:&|and) Wesson|Stella Artois|Stella McCartney"
    "|Steve Madden|Tag Heuer|Ted Baker|Tiffany (?:&|and) Co|Tommy Hilfiger|Tory Burch|Trader Joe's|Uncle Ben's"
    "|Vera Wang|Victoria's Secret|Warner Bros\\.?|Wells Fargo|Wendy's|Williams[- ]Sonoma|Yves Saint Laurent"
    "|Yankee Candle"
)
_MODELS = (
    "(?:Nike )?Air Jordans?|Ford (?:Bronco|Escort|Fiesta|Focus|Fusion|Mondeo|Mustang|Sierra)"
    "|Seat (?:Leon|Ibiza|Cordoba)|Kia (?:Rio|Sorento)|Hyundai (?:Tucson|Santa Fe)|GMC (?:Sierra|Yukon)"
    "|Chev(?:y|rolet) (?:Malibu|Tahoe|Colorado|Silverado)|Dodge Dakota|Cadillac Seville"
    "|Toyota (?:Camry|Sienna|Tacoma|Yaris)|Honda Civic|Nissan (?:Murano|Juke)|Opel Corsa"
    "|Renault (?:Clio|Megane|Zoe)|Citro[eë]n Picasso|Skoda Octavia|Dacia Sandero|VW Polo"
    "|Alexa (?:app|device|skill|speaker)s?"
)
# Makers whose name is a surname: with what they make.
_MADE = (
    "(?:Bosch|Braun|Canon|Casio|Chase|Dyson|Fender|Gibson|Gillette|Hoover|Kenwood|Kodak|Marshall|Miele|Philips"
    "|Remington|Siemens|Singer|Steinway|Tesla|Wilson|Yamaha) (?:account|amplifier|app|bank|battery|blade|blender"
    "|camera|car|card|charger|cleaner|cordless|dishwasher|drill|dryer|fridge|fryer|guitar|hair ?dryer|headphones?"
    "|iron|kettle|keyboard|lamp|lens|machine|microwave|mixer|monitor|oven|piano|printer|racket|razor|screen"
    "|shaver|speakers?|toaster|toothbrush|tv|vacuum|washer|watch)s?"
)
_TOOLS = (
    "Airtable|Ansible|Asana|Bitbucket|Bixby|Confluence|Cortana|Datadog|Django|Dropbox|Elasticsearch|Figma|GitHub"
    "|GitLab|Grafana|HubSpot|Jenkins|Jira|Kafka|Kibana|Klarna|Kubernetes|Magento|Mailchimp|MariaDB|Monzo|Okta"
    "|Photoshop|PlayStation|Postgres|Revolut|Salesforce|Selenium|Shopify|Siri|Splunk|Spotify|Terraform|Travis CI"
    "|Trello|Twilio|Venmo|Zapier|Zelle|Zendesk|Alexa (?:and|or) Siri"
    "|Cassandra (?:cluster|database|db|node|table)s?|Julia (?:code|language|package)s?|Ruby on Rails|Wi-Fi"
    "|Bluetooth"
)
_DISHES = (
    "Bakewell (?:tart|pudding)|Basil (?:pesto|chicken)|Beef Wellington|Bloody Mary|Caesar (?:dressing|salad|wrap)"
    "|Chicken (?:Kiev|Marsala)|Cobb salad|Earl Grey|Eggs Benedict|Ginger (?:ale|beer|tea|snaps?)|Granny Smith"
    "|Harvey Wallbanger|Jasmine (?:[Rr]ice|[Tt]ea)|Lady Grey|Olive (?:[Oo]il|Garden)|Peach Melba|Pizza Margherita"
    "|the Margherita|Margherita pizza|Rosemary (?:bread|chicken|[Ff]ocaccia|lamb|oil|potatoes|salt)"
    "|Salisbury steak|Shirley Temple|Tom Collins|Victoria sponge|Waldorf salad"
)
_STORIES = (
    "Alan Wake|Alice in Wonderland|Anna Karenina|Batman|Bob the Builder|Darth Vader|David Copperfield|Doctor Who"
    "|Don Quixote|Donald Duck|Donkey Kong|Dorian Gray|Dr\\.? (?:Seuss|Who)|Duke Nukem|Forrest Gump"
    "|Great Expectations|Han Solo|Harry Potter|Indiana Jones|James Bond|Jane Eyre|John Wick|Lara Croft"
    "|Luigi's Mansion|Luke Skywalker|Mario Kart|Mary Poppins|Max Payne|Mickey Mouse|Moby Dick|Oliver Twist"
    "|Paddington Bear|Peppa Pig|Peter (?:Pan|Rabbit)|Robinson Crusoe|Sherlock Holmes|Spider-Man|Super Mario"
    "|Thomas the Tank|Winnie the Pooh"
)
_DAYS = (
    "Guy Fawkes (?:[Dd]ay|[Nn]ight)|Martin Luther King Day|Saint Nicholas Day"
    "|(?:St\\.?|Saint) (?:Andrew|David|George|Patrick)'?s [Dd]ay|Valentine'?s(?: [Dd]ay)?"
    "|(?:Elizabeth|Jubilee|Victoria) [Ll]ine|Victoria (?:[Cc]oach )?[Ss]tation"
)
_VERSES = (
    "(?:[1-3] )?(?:Acts|Amos|Colossians|Corinthians|Daniel|Deuteronomy|Ephesians|Esther|Exodus|Ezekiel|Ezra"
    "|Galatians|Genesis|Hebrews|Hosea|Isaiah|James|Jeremiah|Job|Joel|John|Jonah|Joshua|Jude|Judges|Kings"
    "|Leviticus|Luke|Malachi|Mark|Matthew|Micah|Nehemiah|Numbers|Peter|Philippians|Proverbs|Psalms?|Revelation"
    "|Romans|Ruth|Samuel|Thessalonians|Timothy|Titus) [0-9]{1,3}:[0-9]{1,3}"
)
# Words that begin a sentence with a capital, and the word after them that says they are no names.
_BEGINNINGS = (
    "Mark (?:all|each|every|it|my|our|that|the|them|these|this|those|your)|May (?:i|I|it|they|we|you)"
    "|Will (?:anyone|i|I|it|my|our|somebody|someone|that|the|there|these|they|this|those|we|you|your)"
    "|Bill (?:amount|is (?:wrong|incorrect|overdue|due|unpaid|too)|payment|was (?:wrong|incorrect|overdue|due"
    "|unpaid|too))|Grace period|Rich text|Art (?:class|print|supplies|work)|Drew (?:a|the)|Sue (?:them|me)"
    "|Rob (?:me|us)|Pat (?:it|dry)|Frank(?:ly| opinion)|Chase (?:them|it|up)|Skip (?:it|the|this)"
    "|Hope (?:i|I|it|so|that|the|this|to|you)|Joy of"
)
_NUMBERED = "(?i:aisle|bay|desk|floor|gate|locker|platform|room|seat) [A-Za-z]?[0-9]{1,4}[A-Za-z]?(?:-[0-9]{1,4})?"

# RE2.
PATTERN = (
    rf"\b(?:{_FIRMS}|{_MODELS}|{_MADE}|{_TOOLS}|{_DISHES}|{_STORIES}|{_DAYS}|{_VERSES}|{_BEGINNINGS}|{_NUMBERED})"
    r"(?:'s|s')?(?:\b|$)"
)
